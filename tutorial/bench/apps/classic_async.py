"""Stage 5's consumer, asynchronous: what comes of that alone."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    """One window in one room."""

    async def connect(self):
        name = self.scope["url_route"]["kwargs"]["name"]
        self.group = f"room-{name}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)["message"]
        event = {"type": "chat.message", "message": message}
        await self.channel_layer.group_send(self.group, event)

    async def chat_message(self, event):
        """Pass on what somebody said in the room."""
        await self.send(text_data=json.dumps({"message": event["message"]}))
