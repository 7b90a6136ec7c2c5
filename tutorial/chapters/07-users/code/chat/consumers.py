"""The server's end of the WebSockets: one consumer for each open window."""

import json

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer

# Close codes: 4000 to 4999 are the application's own (RFC 6455, section 7.4.2).
LOGGED_OUT = 4401


class ChatConsumer(WebsocketConsumer):
    """One window in one room."""

    group = None  # the room's group, while the window is in

    def connect(self):
        self.accept()  # before all refusals: a page can read a close code, but no HTTP 403
        if not self.scope["user"].is_authenticated:
            return self.close(code=LOGGED_OUT)
        name = self.scope["url_route"]["kwargs"]["name"]
        self.group = f"room-{name}"
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)

    def disconnect(self, code):
        if self.group:
            async_to_sync(self.channel_layer.group_discard)(self.group, self.channel_name)

    def receive(self, text_data=None, bytes_data=None):
        if not self.group:
            return
        message = json.loads(text_data)["message"]
        frame = {"username": self.scope["user"].username, "message": message}
        event = {"type": "chat.message", "text": json.dumps(frame)}
        async_to_sync(self.channel_layer.group_send)(self.group, event)

    def chat_message(self, event):
        """Pass on what somebody said in the room."""
        self.send(text_data=event["text"])
