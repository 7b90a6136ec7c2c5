"""The addresses of the chat's pages, below /chat/."""

from django.urls import path

from .views import RoomListView, RoomView

app_name = "chat"
urlpatterns = [
    path("", RoomListView.as_view(), name="rooms"),
    path("<str:name>/", RoomView.as_view(), name="room"),
]
