"""The addresses of the chat's pages, below /chat/."""

from django.urls import re_path

from .views import RoomView

app_name = "chat"
urlpatterns = [
    re_path(r"^(?P<name>[-a-zA-Z0-9_]{1,50})/$", RoomView.as_view(), name="room"),
]
