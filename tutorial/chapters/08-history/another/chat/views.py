from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.generic import CreateView

from chat.forms import EnterForm, SignUpForm
from chat.models import Message, Room
from chat.names import normalise


class SignUpView(CreateView):
    form_class = SignUpForm
    template_name = "registration/signup.html"

    def form_valid(self, form):
        login(self.request, form.save())
        return redirect("chat:rooms")


@login_required
def rooms(request):
    form = EnterForm(request.POST or None)
    if form.is_valid():
        return redirect(form.room())
    return render(request, "chat/rooms.html", {"form": form, "rooms": Room.objects})


@login_required
def room(request, name):
    found = Room.objects.filter(name=normalise(name)).first()
    if not found:
        raise Http404
    messages = Message.objects.filter(room=found).select_related("user")
    if request.GET.get("before", "").isdigit():
        messages = messages.filter(id__lt=int(request.GET["before"]))
    count = messages.count()
    context = {"room": found, "messages": messages[max(0, count - 50) :], "has_older": count > 50}
    return render(request, "chat/room.html", context)
