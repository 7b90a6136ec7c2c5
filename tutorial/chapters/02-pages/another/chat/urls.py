from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from chat import views


class Short(SlugConverter):
    regex = "[-a-zA-Z0-9_]{1,50}"


register_converter(Short, "short")

app_name = "talk"
urlpatterns = [
    path("", views.index, name="index"),
    path("<short:room>/", views.enter, name="enter"),
]
