"""The pages, in the order in which a visitor meets them."""

from django.urls import reverse
from django.views.generic import FormView, TemplateView

from .forms import RoomForm


class RoomListView(FormView):
    """A form that enters a room by its name."""

    form_class = RoomForm
    template_name = "chat/rooms.html"

    def form_valid(self, form):
        self.success_url = reverse("chat:room", kwargs=form.cleaned_data)
        return super().form_valid(form)


class RoomView(TemplateView):
    """A room; its name comes from the address."""

    template_name = "chat/room.html"
