from django.urls import path

from chat.consumers import Echo

sockets = [path("ws/chat/<slug:room>/", Echo.as_asgi(), name="socket")]
