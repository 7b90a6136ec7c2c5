"""The server's end of the WebSockets: one consumer for each open window."""

import json

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer


class ChatConsumer(WebsocketConsumer):
    """One window in one room."""

    def connect(self):
        name = self.scope["url_route"]["kwargs"]["name"]
        self.group = f"room-{name}"
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)
        self.accept()

    def disconnect(self, code):
        async_to_sync(self.channel_layer.group_discard)(self.group, self.channel_name)

    def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)["message"]
        event = {"type": "chat.message", "message": message}
        async_to_sync(self.channel_layer.group_send)(self.group, event)

    def chat_message(self, event):
        """Pass on what somebody said in the room."""
        self.send(text_data=json.dumps({"message": event["message"]}))
