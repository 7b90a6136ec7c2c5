"""The pages, in the order in which a visitor meets them."""

from django.views.generic import TemplateView


class RoomView(TemplateView):
    """A room; its name comes from the address."""

    template_name = "chat/room.html"
