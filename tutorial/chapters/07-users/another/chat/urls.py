from django.urls import path

from . import views

app_name = "chat"
urlpatterns = [
    path("", views.rooms, name="rooms"),
    path("<slug:name>/", views.room, name="room"),
]
