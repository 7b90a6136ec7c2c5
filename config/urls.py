"""The addresses of the pages. Those of the WebSockets are in chat/routing.py."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path, reverse_lazy
from django.views.generic import TemplateView

from chat.views import SignUpView

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("chat/", include("chat.urls")),
    path("accounts/signup/", SignUpView.as_view(), name="signup"),
    path("accounts/login/", auth_views.LoginView.as_view(), name="login"),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path(
        "accounts/password/",
        auth_views.PasswordChangeView.as_view(
            template_name="registration/password.html", success_url=reverse_lazy("chat:rooms")
        ),
        name="password",
    ),
    path("admin/", admin.site.urls),
    *staticfiles_urlpatterns(),  # with DEBUG on: scripts and styles, whatever the server is
]
