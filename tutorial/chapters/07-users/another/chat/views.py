from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from .forms import NewPersonForm, RoomForm


def sign_up(request):
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        name, password = form.cleaned_data["username"], form.cleaned_data["password1"]
        login(request, authenticate(request, username=name, password=password))
        return redirect("chat:rooms")
    return render(request, "registration/signup.html", {"form": form})


@login_required
def rooms(request):
    form = RoomForm(request.POST or None)
    if form.is_valid():
        return redirect("chat:room", name=form.cleaned_data["name"])
    return render(request, "chat/rooms.html", {"form": form})


@login_required
def room(request, name):
    return render(request, "chat/room.html", {"name": name})
