from json import dumps, loads

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer

from chat import forms, models, names


class Nowhere(WebsocketConsumer):
    def connect(self):
        self.accept()
        self.close(4404)


class Window(WebsocketConsumer):
    place = None

    def connect(self):
        self.accept()
        self.user = self.scope["user"]
        wanted = names.normalise(self.scope["url_route"]["kwargs"]["room"])
        try:
            if self.user.is_anonymous:
                return self.close(4401)
            self.place = models.Room.objects.get(name=wanted)
        except models.Room.DoesNotExist:
            return self.close(4404)
        self.layer("group_add", self.channel_name)

    def disconnect(self, code):
        if self.place is not None:
            self.layer("group_discard", self.channel_name)

    def receive(self, text_data=None, bytes_data=None):
        form = forms.WriteForm(data={"text": loads(text_data)["message"]})
        if self.place and form.is_valid():
            stored = form.save(commit=False)
            stored.room, stored.user = self.place, self.user
            stored.save()
            self.layer("group_send", {"type": "stored", "frame": stored.as_frame()})

    def stored(self, event):
        self.send(dumps(event["frame"] | {"more": None}))

    def layer(self, method, argument):
        async_to_sync(getattr(self.channel_layer, method))(f"r.{self.place.id}", argument)
