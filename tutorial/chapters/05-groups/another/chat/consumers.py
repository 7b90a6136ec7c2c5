from asgiref.sync import async_to_sync
from channels.generic.websocket import JsonWebsocketConsumer


def group_of(scope):
    return "chat." + scope["url_route"]["kwargs"]["name"]


class Talk(JsonWebsocketConsumer):
    def call_layer(self, name, *arguments):
        method = getattr(self.channel_layer, name)
        return async_to_sync(method)(group_of(self.scope), *arguments)

    def connect(self):
        self.accept()
        self.call_layer("group_add", self.channel_name)

    def receive_json(self, content, **kwargs):
        self.call_layer("group_send", {"type": "line", "line": content["message"]})

    def line(self, event):
        self.send_json({"message": event["line"], "length": len(event["line"])})

    def disconnect(self, code):
        self.call_layer("group_discard", self.channel_name)
