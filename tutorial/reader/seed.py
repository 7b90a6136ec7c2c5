"""Prepares a project's database: run with the project's folder as working directory.

Migrates, then makes sure of the room and of the users that it gets as JSON in its first argument:
`{"room": "welcome", "users": {"alice": "a password"}}`. No room is made for null, as early stages
keep none. With `"admin": ["admin", "a password"]` there is a user who may do all, with
`"lobby": 120` a room called lobby, in which the users have said so many lines. Prints JSON:
`{"alice": true}`, true where that password is the user's. A user who has chosen another one keeps
it.

It loads the project's URLs and its ASGI or WSGI application, too, so that an error in them shows
up here, with its traceback, rather than in a server that never answers.
"""

import json
import os
import sys
from typing import TextIO

import django
from django.conf import settings
from django.core.management import call_command
from django.utils.module_loading import import_string


def main(answer: TextIO) -> None:
    """Do what this module says; the JSON goes to `answer`."""
    wanted = json.loads(sys.argv[1])
    django.setup()
    call_command("check")
    import_string(getattr(settings, "ASGI_APPLICATION", None) or settings.WSGI_APPLICATION)
    call_command("migrate", verbosity=0)

    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    fits = {}
    for name, password in wanted["users"].items():
        user = users.filter(username=name).first()
        if user is None:
            users.create_user(username=name, password=password)
        fits[name] = user is None or user.check_password(password)
    if admin := wanted.get("admin"):
        if not users.filter(username=admin[0]).exists():
            users.create_superuser(username=admin[0], password=admin[1])
    if wanted["room"]:
        from chat.models import Room

        Room.objects.get_or_create(name=wanted["room"])
    if lines := wanted.get("lobby"):
        fill_lobby(lines, [users.get(username=name) for name in wanted["users"]])
    print(json.dumps(fits), file=answer)


def fill_lobby(lines: int, users: list) -> None:
    """Let the users say so many lines in the room called lobby, in turn."""
    from chat.models import Message, Room

    room, _ = Room.objects.get_or_create(name="lobby")
    for number in range(1, lines + 1):
        user = users[number % len(users)]
        Message.objects.create(room=room, user=user, text=f"This is line {number}.")


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # the project, not the course
    answer, sys.stdout = sys.stdout, sys.stderr  # what Django prints is not the answer
    main(answer)
