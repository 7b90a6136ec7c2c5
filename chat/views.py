"""The pages, in the order in which a visitor meets them."""

from django.contrib.auth import login
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.views.generic import CreateView, DetailView, FormView

from .forms import RoomForm, SignUpForm
from .models import Room
from .names import normalise

PAGE_SIZE = 50  # messages


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


class RoomView(LoginRequiredMixin, DetailView):
    """A room with its last messages; with ``?before=<id>``, those before that message."""

    model = Room
    template_name = "chat/room.html"

    def get_object(self):
        return get_object_or_404(Room, name=normalise(self.kwargs["name"]))

    def get_context_data(self, **kwargs):
        messages = self.object.messages.select_related("user").order_by("-pk")
        before = self.request.GET.get("before", "")
        if before.isdecimal() and len(before) < 20:  # longer is no id
            messages = messages.filter(pk__lt=before)
        page = list(messages[: PAGE_SIZE + 1])
        return super().get_context_data(
            messages=page[PAGE_SIZE - 1 :: -1],
            has_older=len(page) > PAGE_SIZE,
            **kwargs,
        )
