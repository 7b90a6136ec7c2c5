"""The addresses of the chat's pages, below /chat/."""

from django.urls import path, re_path

from .views import RoomListView, RoomView

app_name = "chat"
urlpatterns = [
    path("", RoomListView.as_view(), name="rooms"),
    re_path(r"^(?P<name>[-a-zA-Z0-9_]{1,50})/$", RoomView.as_view(), name="room"),
]
