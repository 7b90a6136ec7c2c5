"""What chapter 8's result must do: rooms and messages stay, and everybody reads what was said."""

import json
import re
import urllib.parse
from datetime import UTC, datetime

from tutorial.checks import (
    Problem,
    Visitor,
    blame_server,
    get,
    handshake,
    open_page,
    open_socket,
    project,
    server,
    step,
    wait_until,
)

RECOGNISE = [
    (
        r"([\w.]+): \(fields\.W161\) Fixed default",
        "{0} has a fixed default: a call such as timezone.now() is done once, when the server "
        "starts. Write auto_now_add=True.",
    ),
    (
        r"TypeError: Group name must be",
        "{place} names the group after the room, and a group's name can't hold every character. "
        'Take the room\'s key: f"room-{{self.room.pk}}".',
    ),
    (
        r"(\w+)\.DoesNotExist",
        "{place} looks for a {0} that does not exist, with get(), which raises then. Take "
        "filter(…).first(), and close with 4404 when it is None.",
    ),
    (
        r"TypeError: Object of type datetime is not JSON",
        "{place} puts a time into the frame, but JSON has no times. created_at.isoformat() makes "
        "text of it.",
    ),
    (
        r"IntegrityError: NOT NULL constraint failed: \w+\.(\w+?)(?:_id)?$",
        "A message is stored ({place}) that has no {0}. The form has no such field: give it an "
        "instance=Message(room=…, user=…).",
    ),
    (
        r"ValueError: The (\w+) could not be created because the data didn't validate",
        "{place} saves a form whose data is not valid, such as a blank message. Ask "
        "form.is_valid() first, and leave when it says no.",
    ),
    (
        r"NoReverseMatch: Reverse for '([\w:]+)'",
        "No address named {0!r} fits ({place}). Does the pattern in chat/urls.py take any text? "
        '"<str:name>/" does.',
    ),
    (
        r"AttributeError: 'NoneType' object has no attribute 'isoformat'",
        "In chat/consumers.py, the room is told of a message that is not stored yet, so it has no "
        "time ({place}). form.save() comes first, without commit=False.",
    ),
    (
        r"RelatedObjectDoesNotExist: (\w+) has no (\w+)",
        "{place}: a {0} has no {1} yet. Set it before you use it.",
    ),
]

LOOK = """
import json, sqlite3
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

def pointers(model):
    return [field.related_model._meta.label for field in model._meta.fields if field.many_to_one]

models = {m._meta.label: pointers(m) for m in apps.get_app_config("chat").get_models()}
with connection.cursor() as cursor:
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
with transaction.atomic():
    connection.cursor().execute("SELECT 1")
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=0)
    try:
        other.execute("BEGIN IMMEDIATE")
        waits = False
    except sqlite3.OperationalError:
        waits = True
    other.close()
age = settings.DATABASES["default"].get("CONN_MAX_AGE", 0)
print(json.dumps({"models": models, "mode": mode, "waits": waits, "age": age}))
"""

SAID_BEFORE = """
from django.contrib.auth import get_user_model
from chat.models import Message, Room
room, user = Room.objects.get(name="lobby"), get_user_model().objects.first()
for number in range(60):
    Message.objects.create(room=room, user=user, text=f"<i>line</i> {number:03}")
"""

PASSWORD = "corridor-kettle-9"
ROOM = "雑談"
found = {}
people = {}


def member(name):
    """A visitor who is logged in as the user of this name, who is signed up if need be."""
    if name not in people:
        people[name] = Visitor()
        people[name].post(
            "/accounts/signup/", username=name, password1=PASSWORD, password2=PASSWORD
        )
    return people[name]


def enter(name, room=ROOM):
    """A window of a user in a room."""
    return open_socket(f"/ws/chat/{room}/", visitor=member(name))


def path_of(answer):
    """The path of an answer's address, as people read it."""
    return urllib.parse.unquote(urllib.parse.urlsplit(answer.url).path)


@step(
    "Make rooms and messages",
    see="python manage.py migrate makes the tables; the admin lists rooms and messages",
    hint="Room and Message in chat/models.py, with foreign keys; then makemigrations and migrate.",
)
def test_messages_point_to_rooms_and_users():
    found.update(json.loads(project.shell(LOOK)))
    user = project.settings["AUTH_USER_MODEL"]
    models = {name: keys for name, keys in found["models"].items() if name != user}
    if not models:
        raise Problem(
            "chat/models.py has no models beside the user. Make one for rooms and one for messages."
        )
    if not any(user in keys and len(set(keys) & set(models)) for keys in models.values()):
        raise Problem(
            "No model in chat/models.py points both to a user and to a room. A message does: with "
            "two fields that are a ForeignKey."
        )


@step(
    "Let the list make rooms",
    see="you enter 雑談, and it stands in the list",
    hint="RoomForm.save() and RoomListView.form_valid(); <str:name> in chat/urls.py.",
)
def test_a_name_makes_a_room():
    alice = member("alice")
    for name in (ROOM, "हिन्दी", "lobby"):
        answer = alice.post("/chat/", name=f" {name} ")
        if path_of(answer) == "/chat/":
            raise Problem(
                f"The room “{name}” can't be made: the form at /chat/ comes back. Look at the "
                "field of RoomForm: any name that validate_room_name allows is right."
            )
        if path_of(answer) != f"/chat/{name}/" or answer.status != 200:
            raise Problem(
                f"Who enters “ {name} ” comes to {path_of(answer)} ({answer.status}). It should be "
                f"/chat/{name}/."
            )
        if name not in alice.get("/chat/").text:
            raise Problem(f"The room {name} was entered, and the list at /chat/ does not show it.")
    for name in ("a/b", "..", "n" * 51, "un\u200bseen"):
        if path_of(alice.post("/chat/", name=name)) != "/chat/":
            raise Problem(
                f"A room can be called {name!r}. RoomForm has to use validate_room_name, and at "
                "most 50 characters."
            )


@step(
    "Show what was said",
    see="the lobby opens; an address that is no room answers 404",
    hint="RoomView.get_object() looks the room up, and makes none.",
)
def test_only_rooms_have_pages():
    alice = member("alice")
    answer = alice.get("/chat/nowhere/")
    if answer.status != 404 or "nowhere" in alice.get("/chat/").text:
        raise Problem(
            f"/chat/nowhere/ is no room, and a GET is answered with {answer.status}, not 404. "
            "Opening an address must not make a room: take get_object_or_404."
        )
    if (answer := alice.get(f"/chat/{ROOM}/")).status != 200 or ROOM not in answer.text:
        raise Problem(
            f"/chat/{ROOM}/ is a room, and its page ({answer.status}) does not show its name."
        )
    if "/accounts/login/" not in get(f"/chat/{ROOM}/").url:
        raise Problem("Who is not logged in can open a room. LoginRequiredMixin comes first.")


@step(
    "Show what was said",
    see="after a reload all is still there; older messages have a link",
    hint="The newest first, 50 of them, turned around.",
)
def test_the_page_shows_the_last_messages():
    project.shell(SAID_BEFORE)
    page = member("bob").get("/chat/lobby/").text
    if "<i>line</i>" in page:
        raise Problem("A message can bring HTML into the page. Templates must not call it safe.")
    lines = re.findall(r"&lt;i&gt;line&lt;/i&gt; (\d+)", page)
    if not lines:
        raise Problem(
            "60 messages are stored in the room, and its page shows none of them. "
            "RoomView.get_context_data() hands them to the template as `messages`."
        )
    if lines[-1] != "059" or lines != sorted(lines):
        raise Problem(
            f"The page should show the last 50 messages, the newest at its end; it shows those "
            f"from {lines[0]} to {lines[-1]}. Order them newest first, take 50, turn them around."
        )
    if len(lines) != 50:
        raise Problem(f"The page shows {len(lines)} messages of 60. It should be the last 50.")
    link = re.search(r'href="(\?before=\d+)"', page)
    if not link:
        raise Problem("There are older messages, and no link to them: has_older tells the page.")
    older = member("bob").get(f"/chat/lobby/{link[1]}").text
    lines = re.findall(r"&lt;i&gt;line&lt;/i&gt; (\d+)", older)
    if lines != [f"{number:03}" for number in range(10)]:
        raise Problem(
            f"Behind “Older messages” the lines {lines[:1]} to {lines[-1:]} are shown, and 000 to "
            "009 are wanted: those with an id below `before`."
        )


@step(
    "Store it, then tell the room",
    see="both windows hear the message with its id and its time",
    hint="ChatConsumer.say(): a MessageForm with an instance, form.save(), group_send.",
)
def test_what_is_said_is_stored_and_told():
    if handshake(f"/ws/chat/{ROOM}/", visitor=member("alice")) != 101:
        raise blame_server(0, f"No WebSocket can be opened in the room {ROOM}.")
    with enter("alice") as one, enter("bob") as other, enter("bob", "lobby") as elsewhere:
        one.say(message="hello", username="bob")
        frame = one.hear()
        if missing := {"id", "username", "message", "created_at"} - set(frame):
            raise Problem(f"The frame {frame} has no {', '.join(sorted(missing))}.")
        if not frame["id"]:
            raise Problem(
                "The frame has no id: the message was told before it was stored. Call form.save() "
                "first, and tell the room what it returns."
            )
        if (frame["username"], frame["message"]) != ("alice", "hello"):
            raise Problem(f"alice says hello, and the frame is {frame}.")
        try:
            when = datetime.fromisoformat(frame["created_at"])
        except (TypeError, ValueError):
            when = None
        if when is None or when.tzinfo is None:
            raise Problem(
                f"created_at is {frame['created_at']!r}. It should be a time with its zone, in "
                "ISO 8601: created_at.isoformat()."
            )
        if abs((datetime.now(UTC) - when).total_seconds()) > 60:
            raise Problem(f"A message said just now has the time {when}.")
        if other.hear() != frame:
            raise Problem("The second window in the room hears something else than the first one.")
        if not elsewhere.hears_nothing(0.2):
            raise Problem("What is said in one room is heard in another one.")
    if "hello" not in member("alice").get(f"/chat/{ROOM}/").text:
        raise Problem(
            "What alice has said is not in the room's page when it is opened again. Is it stored? "
            "form.save() comes first."
        )


@step(
    "Store it, then tell the room",
    see="a blank line goes nowhere",
    hint="Only a form that is valid is saved.",
)
def test_blank_and_long_messages_are_not_stored():
    with enter("alice") as one:
        for text in ("  \n", "x" * 501):
            one.say(message=text)
            one.say(message="next")
            heard = one.hear().get("message")
            if heard != "next":
                raise Problem(
                    f"A message of {len(text)} characters, {text[:5]!r} and so on, is passed on. "
                    "Ask the form: form.is_valid()."
                )


@step(
    "Store it, then tell the room",
    see="a socket to a room that does not exist closes with 4404",
    hint="Accept, look for the room, close with 4404 when there is none.",
)
def test_who_may_not_stay_is_told_why():
    alice = member("alice")
    cases = (
        (None, f"/ws/chat/{ROOM}/", 4401),
        (alice, "/ws/chat/nowhere/", 4404),
        (alice, "/ws/nowhere/", 4404),
    )
    for visitor, path, wanted in cases:
        since = len(server.log())
        with open_socket(path, visitor=visitor) as window:
            code = window.close_code(1)
        if code != wanted:
            who = "alice" if visitor else "A stranger"
            ends = f"is closed with {code}" if code else "stays open"
            raise blame_server(
                since, f"{who} opens a socket at {path}. It {ends}; it should close with {wanted}."
            )


@step(
    "Show it as it comes",
    see="you write, and the message stands in the log, with your own clock's time",
    hint='room.js: import { goToEnd, show } from "./log.js"; show(JSON.parse(data)).',
)
def test_the_page_shows_what_comes():
    since = len(server.log())
    page = open_page(f"/chat/{ROOM}/", visitor=member("alice"))
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    wait_until(page, lambda: page.sockets and "WebSocket CONNECT" in server.log()[since:])
    page.wait_for_timeout(50)
    if lost := re.search(r"GET (/static/\S+) 404", server.log()[since:]):
        raise Problem(
            f"The page asks for {lost[1]}, which does not exist. An import in room.js names the "
            "whole file: ./log.js."
        )
    if not page.sockets:
        raise Problem("The room's page opens no WebSocket. Its script, room.js, does it.")
    line = page.locator("#chat-log li p", has_text="written here")
    page.locator("#chat-message-input").fill("written here")
    page.keyboard.press("Enter")
    wait_until(page, lambda: line.count() or errors)
    if errors:
        raise Problem(f"A script of the room's page ends with: {errors[0]}.")
    if line.count() != 1:
        raise Problem(
            f"A message is written, and stands {line.count()} times in the log. In room.js, "
            "socket.onmessage calls show(JSON.parse(data)) of log.js."
        )


@step(
    "Let several write at once",
    see="db.sqlite3-wal stands beside the database",
    hint="init_command, transaction_mode and CONN_MAX_AGE in config/settings.py.",
)
def test_sqlite_is_set_up_for_several_writers():
    if found["mode"] != "wal":
        raise Problem(
            "SQLite works without a write-ahead log: writers lock readers out. In "
            'config/settings.py, OPTIONS needs "init_command": "PRAGMA journal_mode=WAL; …".'
        )
    if not found["waits"]:
        raise Problem(
            "A transaction does not say at once that it will write, and may fail in its midst. In "
            'config/settings.py, OPTIONS needs "transaction_mode": "IMMEDIATE".'
        )
    if found["age"] == 0:
        raise Problem(
            "The database is opened anew for every frame. In config/settings.py, set "
            '"CONN_MAX_AGE": None.'
        )
