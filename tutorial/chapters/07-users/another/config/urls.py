from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.urls import include, path
from django.views.generic import TemplateView

from chat import views


class NewPassword(PasswordChangeView):
    template_name = "registration/password.html"
    success_url = "/chat/"


accounts = [
    path("signup/", views.sign_up, name="signup"),
    path("login/", LoginView.as_view(next_page="chat:rooms"), name="login"),
    path("logout/", LogoutView.as_view(next_page="home"), name="logout"),
    path("password/", NewPassword.as_view(), name="password"),
]
urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html"), name="home"),
    path("chat/", include("chat.urls")),
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
]
