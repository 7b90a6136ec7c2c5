"""The server's end of the WebSockets: one consumer for each open window."""

import asyncio
import json
from collections import deque
from time import monotonic

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer
from django.contrib.auth import get_user
from django.http import HttpRequest

from .forms import MessageForm
from .frames import Refusal, read_frame
from .limits import seconds_to_wait
from .models import Message, Room
from .names import normalise

# Close codes: 4000 to 4999 are the application's own (RFC 6455, section 7.4.2).
POLICY_VIOLATION, LOGGED_OUT, NOT_FOUND = 1008, 4401, 4404

ASK_AGAIN = 30  # seconds of silence after which the database is asked for a window's login
MAX_REFUSALS = 20  # in a minute


class ChatConsumer(WebsocketConsumer):
    """One window in one room. What the two sides may say stands in chat/frames.py."""

    room = None  # the window's Room, while it is in

    async def __call__(self, scope, receive, send):
        """Serve one window: what its client sends, and its silence."""

        async def receive_or_wonder():
            try:
                return await asyncio.wait_for(receive(), ASK_AGAIN)
            except TimeoutError:
                return {"type": "silence"}

        await super().__call__(scope, receive_or_wonder, send)

    def silence(self, event):
        if self.room:
            self.is_logged_in()

    def connect(self):
        self.accept()  # before all refusals: a page can read a close code, but no HTTP 403
        self.refused_at = deque(maxlen=MAX_REFUSALS)
        if not self.is_logged_in():
            return
        name = normalise(self.scope["url_route"]["kwargs"]["name"])
        self.room = Room.objects.filter(name=name).first()
        if self.room is None:
            return self.close(code=NOT_FOUND)
        self.group = f"room-{self.room.pk}"
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)

    def disconnect(self, code):
        if self.room:
            self.room = None
            async_to_sync(self.channel_layer.group_discard)(self.group, self.channel_name)

    def leave(self, code):
        """Close the socket with a code; hear and say nothing more."""
        self.disconnect(code)
        self.close(code=code)

    def is_logged_in(self):
        """Ask the database whose session this is now; leave if it is nobody's any more."""
        session = self.scope["session"]
        request = HttpRequest()
        request.session = session.__class__(session.session_key)
        self.scope["user"] = get_user(request)
        if not self.scope["user"].is_authenticated:
            self.leave(LOGGED_OUT)
        return self.scope["user"].is_authenticated

    def receive(self, text_data=None, bytes_data=None):
        if not self.room or not self.is_logged_in():
            return
        try:
            self.say(**read_frame(text_data))
        except Refusal as refusal:
            self.refuse(refusal)

    def say(self, message):
        """Store a message, then tell the room."""
        said = {"room": self.room, "user": self.scope["user"]}
        form = MessageForm({"text": message}, instance=Message(**said))
        if not form.is_valid():
            raise Refusal(form.refusal())
        if wait := seconds_to_wait(self.scope["user"]):
            raise Refusal("too_fast", retry_after=wait)
        text = json.dumps(form.save().as_frame())  # once for all windows
        event = {"type": "chat.message", "text": text}
        async_to_sync(self.channel_layer.group_send)(self.group, event)

    def chat_message(self, event):
        """Pass on what somebody said in the room."""
        if self.room:
            self.send(text_data=event["text"])

    def refuse(self, refusal):
        """Say why a frame came to nothing, and close on a client that goes on and on."""
        self.send_frame(refusal.as_frame())
        self.refused_at.append(monotonic())
        if len(self.refused_at) == MAX_REFUSALS and self.refused_at[-1] - self.refused_at[0] < 60:
            self.leave(POLICY_VIOLATION)

    def send_frame(self, frame):
        self.send(text_data=json.dumps(frame))


class NobodyConsumer(WebsocketConsumer):
    """Nobody is at this address."""

    def connect(self):
        self.accept()
        self.close(code=NOT_FOUND)
