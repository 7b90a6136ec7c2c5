import re

from django.shortcuts import redirect, render


def index(request):
    problem = ""
    if request.method == "POST":
        wanted = request.POST.get("name", "").strip()
        if re.fullmatch(r"[-\w]{1,50}", wanted, re.ASCII):
            return redirect("talk:enter", wanted)
        problem = "Only letters, digits, hyphens and underscores, please."
    return render(request, "index.html", {"problem": problem})


def enter(request, room):
    return render(request, "enter.html", {"room": room})
