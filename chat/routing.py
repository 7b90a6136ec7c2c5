"""The addresses of the WebSockets."""

from django.urls import path, re_path

from .consumers import ChatConsumer, NobodyConsumer

websocket_urlpatterns = [
    path("ws/chat/<str:name>/", ChatConsumer.as_asgi()),
    re_path("", NobodyConsumer.as_asgi()),
]
