"""Broken: who has left stays in the group, and is still sent what is said."""

import contextlib

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer


class ChatConsumer(WebsocketConsumer):
    left = []

    def connect(self):
        self.group = "room-" + self.scope["path"].strip("/").rpartition("/")[2]
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)
        self.accept()

    def disconnect(self, code):
        self.left.append(self)

    def receive(self, text_data=None, bytes_data=None):
        for window in self.left:
            if window.group == self.group:
                with contextlib.suppress(Exception):  # its test may have ended
                    window.send(text_data=text_data)
        event = {"type": "chat.message", "text": text_data}
        async_to_sync(self.channel_layer.group_send)(self.group, event)

    def chat_message(self, event):
        self.send(text_data=event["text"])
