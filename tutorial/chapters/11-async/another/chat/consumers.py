"""The server's end of the WebSockets: one consumer for each open window."""

import asyncio
import json
from collections import deque
from time import monotonic

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import aget_user
from django.db import IntegrityError
from django.http import HttpRequest

from .forms import MessageForm
from .frames import Refusal, read_frame
from .limits import seconds_to_wait
from .models import Message, Room
from .names import normalise

# Close codes: 4000 to 4999 are the application's own (RFC 6455, section 7.4.2).
POLICY_VIOLATION, TRY_AGAIN_LATER, LOGGED_OUT, NOT_FOUND = 1008, 1013, 4401, 4404

CATCH_UP = 100  # messages in one answer
ASK_AGAIN = 30  # seconds of silence after which the database is asked for a window's login
MAX_REFUSALS = 20  # in a minute


class ChatConsumer(AsyncWebsocketConsumer):
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

    async def silence(self, event):
        if self.room:
            await self.is_logged_in()

    async def connect(self):
        await self.accept()  # before all refusals: a page can read a close code, but no HTTP 403
        self.refused_at = deque(maxlen=MAX_REFUSALS)
        if not await self.is_logged_in():
            return
        name = normalise(self.scope["url_route"]["kwargs"]["name"])
        try:
            self.room = await Room.objects.aget(name=name)
        except Room.DoesNotExist:
            await self.close(code=NOT_FOUND)
            return
        self.group = f"room-{self.room.pk}"
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def disconnect(self, code):
        if self.room:
            self.room = None
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def leave(self, code):
        """Close the socket with a code; hear and say nothing more."""
        await self.disconnect(code)
        await self.close(code=code)

    async def is_logged_in(self):
        """Ask the database whose session this is now; leave if it is nobody's any more."""
        session = self.scope["session"]
        request = HttpRequest()
        request.session = session.__class__(session.session_key)
        self.scope["user"] = await aget_user(request)
        if not self.scope["user"].is_authenticated:
            await self.leave(LOGGED_OUT)
        return self.scope["user"].is_authenticated

    async def receive(self, text_data=None, bytes_data=None):
        if not self.room or not await self.is_logged_in():
            return
        try:
            frame = read_frame(text_data)
            if "after" in frame:
                await self.catch_up(**frame)
            else:
                await self.say(**frame)
        except Refusal as refusal:
            await self.refuse(refusal)

    async def say(self, message, client_id):
        """Store a message and tell the room; if it is stored already, tell its sender alone."""
        try:
            frame, is_new = await sync_to_async(self.save_message)(message, client_id)
        except IntegrityError:  # the room is gone, or another process has just stored the same
            return await self.leave(TRY_AGAIN_LATER)
        if not is_new:
            return await self.send_frame(frame)
        event = {"type": "chat.message", "text": json.dumps(frame)}  # once for all windows
        await self.channel_layer.group_send(self.group, event)

    def save_message(self, message, client_id):
        """Return a message's frame, and whether it was new and is stored now."""
        said = {"room": self.room, "user": self.scope["user"], "client_id": client_id}
        if client_id and (stored := Message.objects.filter(**said).first()):
            return stored.as_frame(self.room.id_before(stored.pk)), False
        form = MessageForm({"text": message}, instance=Message(**said))
        if not form.is_valid():
            raise Refusal(form.refusal(), client_id)
        if wait := seconds_to_wait(self.scope["user"]):
            raise Refusal("too_fast", client_id, retry_after=wait)
        stored = form.save()
        return stored.as_frame(self.room.id_before(stored.pk)), True

    async def dispatch(self, event):
        """Call the method for an event, without the trip to the thread that Channels makes before.

        It closes stale connections there.
        """
        handler = getattr(self, event["type"].replace(".", "_"))
        await handler(event)

    async def chat_message(self, event):
        """Pass on what somebody said in the room."""
        if self.room:
            await self.send(text_data=event["text"])

    async def catch_up(self, after):
        """Send what came after the message with this id, a part at a time."""
        # Join again, which does no harm: a layer forgets windows that were away for too long.
        await self.channel_layer.group_add(self.group, self.channel_name)
        messages = self.room.messages.filter(pk__gt=after).select_related("user")
        part = []
        async for message in messages[: CATCH_UP + 1]:
            part.append(message)
        earlier = self.room.messages.filter(pk__lte=after)
        previous = await earlier.values_list("pk", flat=True).alast()
        for message in part[:CATCH_UP]:
            await self.send_frame(message.as_frame(previous))
            after = previous = message.pk
        await self.send_frame({"type": "caught_up", "last": after, "more": len(part) > CATCH_UP})

    async def refuse(self, refusal):
        """Say why a frame came to nothing, and close on a client that goes on and on."""
        await self.send_frame(refusal.as_frame())
        self.refused_at.append(monotonic())
        if len(self.refused_at) == MAX_REFUSALS and self.refused_at[-1] - self.refused_at[0] < 60:
            await self.leave(POLICY_VIOLATION)

    async def send_frame(self, frame):
        await self.send(text_data=json.dumps(frame))


class NobodyConsumer(AsyncWebsocketConsumer):
    """Nobody is at this address."""

    async def connect(self):
        await self.accept()
        await self.close(code=NOT_FOUND)
