from json import dumps, loads

from asgiref.sync import async_to_sync
from channels.generic.websocket import JsonWebsocketConsumer


class Window(JsonWebsocketConsumer):
    def connect(self):
        self.accept()
        self.user = self.scope["user"]
        self.inside = not self.user.is_anonymous
        if self.inside:
            self.where = "chat." + self.scope["url_route"]["kwargs"]["slug"]
            self.to_layer("group_add", self.where, self.channel_name)
        else:
            self.close(4401)

    def disconnect(self, code):
        if self.inside:
            self.to_layer("group_discard", self.where, self.channel_name)

    def receive(self, text_data=None, bytes_data=None, **kwargs):
        if self.inside:
            what = loads(text_data)["message"]
            self.to_layer(
                "group_send", self.where, {"type": "said", "what": what, "who": self.name}
            )

    def said(self, event):
        self.send(dumps({"message": event["what"], "username": event["who"], "extra": 1}))

    def to_layer(self, method, *arguments):
        async_to_sync(getattr(self.channel_layer, method))(*arguments)

    @property
    def name(self):
        return self.user.get_username()
