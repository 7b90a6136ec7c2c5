from json import dumps
from time import time

from asgiref.sync import async_to_sync, sync_to_async
from channels.generic.websocket import JsonWebsocketConsumer, WebsocketConsumer
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import DatabaseError

from .forms import MessageForm
from .frames import SENTENCES, No, parsed
from .limits import seconds_to_wait
from .models import Message, Room


class ChatConsumer(JsonWebsocketConsumer):
    where = None

    async def __call__(self, scope, receive, send):
        self.reply = send
        await super().__call__(scope, receive, send)

    async def dispatch(self, message):
        if message["type"] != "news":
            return await super().dispatch(message)
        if self.where and (time() < self.asked + 30 or await sync_to_async(self.still_here)()):
            await self.reply({"type": "websocket.send", "text": message["text"]})

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
        name = None
        try:
            kind, value, name = parsed(text_data)
            self.since(value) if kind == "after" else self.take(value, name)
        except No as no:
            self.no(str(no), name)

    def frame(self, message):
        older = Message.objects.filter(room=self.where, pk__lt=message.pk).order_by("-pk").first()
        return message.as_frame(older and older.pk)

    def since(self, id):
        async_to_sync(self.channel_layer.group_add)(f"r{self.where.pk}", self.channel_name)
        found = list(Message.objects.filter(room=self.where, pk__gt=id).order_by("pk")[:101])
        for message in found[:100]:
            self.send_json(self.frame(message))
            id = message.pk
        self.send_json({"type": "caught_up", "last": id, "more": len(found) == 101})

    def take(self, text, name):
        form = MessageForm({"text": text})
        form.instance = Message(room=self.where, user=self.user, client_id=name)
        if name:
            for message in self.user.messages.filter(room=self.where, client_id=name):
                return self.send_json(self.frame(message))
        if not form.is_valid():
            raise No(form.refusal())
        pause = seconds_to_wait(self.user)
        if pause:
            return self.no("too_fast", name, 1 + int(pause))
        try:
            message = form.save()
        except DatabaseError:
            return self.go(1013)
        async_to_sync(self.channel_layer.group_send)(
            f"r{self.where.pk}", {"type": "news", "text": dumps(self.frame(message))}
        )

    def no(self, code, name=None, pause=None):
        frame = {"type": "error", "code": code, "detail": SENTENCES[code], "retry_after": pause}
        self.send_json(frame | {"client_id": str(name) if name else None})
        self.faults = [t for t in self.faults if t > time() - 60] + [time()]
        if len(self.faults) > 19:
            self.go(1008)


class NobodyConsumer(WebsocketConsumer):
    def websocket_connect(self, message):
        self.accept()
        self.close(4404)
