"""The addresses of the pages."""

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path
from django.views.generic import TemplateView

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("chat/", include("chat.urls")),
    path("admin/", admin.site.urls),
    *staticfiles_urlpatterns(),  # with DEBUG on: scripts and styles, whatever the server is
]
