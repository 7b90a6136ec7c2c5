from django.urls import path

from chat import consumers

websocket_urlpatterns = [path("ws/chat/<slug:slug>/", consumers.Window.as_asgi())]
