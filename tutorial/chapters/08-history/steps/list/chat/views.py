"""The pages, in the order in which a visitor meets them."""

from django.contrib.auth import login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.urls import reverse_lazy
from django.views.generic import CreateView, FormView, TemplateView

from .forms import RoomForm, SignUpForm
from .models import Room


class SignUpView(CreateView):
    """Make an account and log in with it."""

    form_class = SignUpForm
    template_name = "registration/signup.html"
    success_url = reverse_lazy("chat:rooms")

    def form_valid(self, form):
        response = super().form_valid(form)
        login(self.request, self.object)
        return response


class RoomListView(LoginRequiredMixin, FormView):
    """The rooms, and a form that enters one by its name and makes it where there is none."""

    form_class = RoomForm
    template_name = "chat/rooms.html"
    extra_context = {"rooms": Room.objects}

    def form_valid(self, form):
        self.success_url = form.save().get_absolute_url()
        return super().form_valid(form)


class RoomView(LoginRequiredMixin, TemplateView):
    """A room; its name comes from the address."""

    template_name = "chat/room.html"
