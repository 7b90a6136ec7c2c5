"""Broken: what is said in one room is heard in all of them."""

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer


class ChatConsumer(WebsocketConsumer):
    groups = ["everybody"]

    def receive(self, text_data=None, bytes_data=None):
        event = {"type": "chat.message", "text": text_data}
        async_to_sync(self.channel_layer.group_send)("everybody", event)

    def chat_message(self, event):
        self.send(text_data=event["text"])
