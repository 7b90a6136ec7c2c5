from django.urls import path

from chat.consumers import Talk

websocket_urlpatterns = [path("ws/chat/<slug:name>/", Talk.as_asgi())]
