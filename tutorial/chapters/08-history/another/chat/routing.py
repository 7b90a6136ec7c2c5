from django.urls import re_path

from .consumers import Nowhere, Window

websocket_urlpatterns = [
    re_path(r"^ws/chat/(?P<room>[^/]+)/$", Window.as_asgi()),
    re_path(r"^.*$", Nowhere.as_asgi()),
]
