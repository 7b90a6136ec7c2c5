from time import time

from asgiref.sync import async_to_sync
from channels.generic.websocket import JsonWebsocketConsumer, WebsocketConsumer
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from .forms import MessageForm
from .frames import SENTENCES, No, text_of
from .limits import seconds_to_wait
from .models import Message, Room


class ChatConsumer(JsonWebsocketConsumer):
    def connect(self):
        self.where, self.faults = None, []
        self.accept()
        if not self.still_here():
            return
        rooms = Room.objects.filter(name=self.scope["url_route"]["kwargs"]["name"].strip())
        if not rooms:
            return self.close(4404)
        self.where = rooms[0]
        async_to_sync(self.channel_layer.group_add)(f"r{self.where.pk}", self.channel_name)

    def disconnect(self, code):
        if self.where:
            async_to_sync(self.channel_layer.group_discard)(f"r{self.where.pk}", self.channel_name)
            self.where = None

    def still_here(self):
        key = self.scope["session"].session_key
        stored = Session.objects.filter(session_key=key).first()
        user = stored and stored.get_decoded().get("_auth_user_id")
        self.user = user and get_user_model().objects.filter(pk=user, is_active=True).first()
        self.asked = time()
        if not self.user:
            self.go(4401)
        return bool(self.user)

    def go(self, code):
        self.disconnect(code)
        self.close(code)

    def receive(self, text_data=None, bytes_data=None):
        if not (self.where and self.still_here()):
            return
        try:
            form = MessageForm({"text": text_of(text_data)})
            form.instance = Message(room=self.where, user=self.user)
            if not form.is_valid():
                raise No(form.refusal())
            pause = seconds_to_wait(self.user)
            if pause:
                return self.no("too_fast", 1 + int(pause))
            frame = form.save().as_frame()
        except No as no:
            return self.no(str(no))
        async_to_sync(self.channel_layer.group_send)(
            f"r{self.where.pk}", {"type": "news", "frame": {**frame, "type": "message"}}
        )

    def no(self, code, pause=None):
        self.send_json(
            {"type": "error", "code": code, "detail": SENTENCES[code], "retry_after": pause}
        )
        self.faults = [t for t in self.faults if t > time() - 60] + [time()]
        if len(self.faults) > 19:
            self.go(1008)

    def news(self, event):
        if self.where and (time() < self.asked + 30 or self.still_here()):
            self.send_json(event["frame"])


class NobodyConsumer(WebsocketConsumer):
    def websocket_connect(self, message):
        self.accept()
        self.close(4404)
