"""The server's end of the WebSockets: one consumer for each open window."""

import json

from channels.generic.websocket import WebsocketConsumer


class ChatConsumer(WebsocketConsumer):
    """One window. It hears back what it says."""

    def connect(self):
        self.accept()

    def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)["message"]
        self.send(text_data=json.dumps({"message": message}))
