"""The addresses of the WebSockets."""

from django.urls import re_path

from .consumers import ChatConsumer

websocket_urlpatterns = [
    re_path(r"^ws/chat/(?P<name>[-a-zA-Z0-9_]{1,50})/$", ChatConsumer.as_asgi()),
]
