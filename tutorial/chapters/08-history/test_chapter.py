"""What chapter 8's result must do: rooms and messages stay, and everybody reads what was said."""

import functools
import json
import re
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psutil

from tutorial.checking.knocking import knock
from tutorial.checking.places import place_of, where
from tutorial.checks import (
    PlayedServer,
    Problem,
    Visitor,
    blame_server,
    get,
    handshake,
    open_page,
    open_socket,
    pause,
    project,
    server,
    step,
    wait_until,
)

SURROUNDINGS = {"owner": "test_messages_point_to_rooms_and_users"}

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
    patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0] / 1000
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
print(json.dumps(
    {"models": models, "mode": mode, "patience": patience, "waits": waits, "age": age}
))
"""

IN_WORDS = """
import json
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from chat.models import Message, Room

def words(thing):
    try:
        return str(thing)
    except TypeError:
        return ""

with transaction.atomic():
    room = Room(name={typed!r})
    others = [field.name for field in Room._meta.fields if field.name != "name"]
    room.full_clean(exclude=others, validate_unique=False, validate_constraints=False)
    room.save()
    name = Room.objects.get(pk=room.pk).name
    transaction.set_rollback(True)
User = get_user_model()
unseen = User(username="bob" + chr(0x1160))
unseen.set_unusable_password()
try:
    unseen.full_clean(validate_unique=False)
    twice = True
except ValidationError:
    twice = False
message = Message(room=room, user=User(username="ursula"), text="good morning")
found = {{"name": name, "twice": twice, "room": words(room), "message": words(message)}}
print(json.dumps(found))
"""

SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.get_or_create(username={!r})[0])
print(client.cookies["sessionid"].value)
"""

KEPT = """
from django.contrib.auth import get_user_model
from django.utils.timezone import localtime
from chat.models import Message, Room
User = get_user_model()
User.objects.filter(username="warden").update(is_staff=True, is_superuser=True)
room, user = Room.objects.get_or_create(name="archive")[0], User.objects.get(username="warden")
message = Message.objects.get_or_create(room=room, user=user, text="kept for ever")[0]
print(localtime(message.created_at).year)
"""

SAID_BEFORE = """
from django.contrib.auth import get_user_model
from django.db import transaction
from chat.models import Message, Room
room, user = Room.objects.get(name="lobby"), get_user_model().objects.first()
with transaction.atomic():
    for number in range(60):
        said = f"<i>line</i> {number:03}"
        Message.objects.get_or_create(room=room, text=said, defaults={"user": user})
"""

WORDS = "() => document.body.innerText"
FIELDS = (
    "() => [...document.querySelectorAll('input, textarea')].map((field) => field.value).join()"
)
TO_THE_TOP = """async () => {
  document.querySelector("#chat-log").scrollTop = 0;
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  await frame().then(frame);  // its scroll event comes with the next frame
}"""
BELOW = """() => {
  const log = document.querySelector("#chat-log");
  return log.scrollHeight - log.scrollTop - log.clientHeight;
}"""

ROOM, CONSUMERS = "雑談", "chat/consumers.py"
COMPOSED, DECOMPOSED = "\u304c", "\u304b\u3099"  # が, as it is stored, and as it may be typed


@functools.cache
def found():
    """What is to be seen of the models and of the database, as the project has them."""
    return json.loads(project.shell(LOOK))


@functools.cache
def member(name):
    """A visitor who is logged in as the user of this name, who is made if need be."""
    return Visitor.with_session(project.shell(SIGN_IN.format(name)).strip())


@functools.cache
def lobby():
    """A page of alice's browser in the lobby; `page.errors` has what its scripts have raised."""
    page = open_page("/chat/lobby/", visitor=member("alice"))
    page.errors = [error.words.rstrip(".") for error in page.console.said if error.line]
    page.on("pageerror", lambda error: page.errors.append(str(error).rstrip(".")))
    return page


def enter(name, room=ROOM):
    """A window of a user in a room."""
    return open_socket(f"/ws/chat/{room}/", visitor=member(name))


def path_of(answer):
    """The path of an answer's address, as people read it."""
    return urllib.parse.unquote(urllib.parse.urlsplit(answer.url).path)


def need_whole_scripts(page):
    """Raise `Problem` when a script of alice's page has raised something."""
    if page.errors:
        raise Problem(f"A script of the room's page ends with: {page.errors[0]}.")


@step(
    "Make rooms and messages",
    see="python manage.py migrate says: Applying chat.0002_room_message... OK",
    hint="Room and Message in chat/models.py, with foreign keys; then makemigrations and migrate.",
)
def test_messages_point_to_rooms_and_users():
    user = project.settings["AUTH_USER_MODEL"]
    models = {name: keys for name, keys in found()["models"].items() if name != user}
    if not models:
        raise Problem(
            "chat/models.py has no models beside the user. Make one for rooms and one for messages."
        )
    if not any(user in keys and len(set(keys) & set(models)) for keys in models.values()):
        raise Problem(
            "No model in chat/models.py points both to a user and to a room. A message does: with "
            "two fields that are a ForeignKey."
        )
    in_words = json.loads(project.shell(IN_WORDS.format(typed=f" {DECOMPOSED} ")))
    if in_words["name"] != COMPOSED:
        raise Problem(
            "A room that is made in the admin keeps its name as it was typed, with spaces around "
            "it, and decomposed as some keyboards write it. In chat/models.py, Room.clean(), which "
            "every form of a room calls, has to normalise the name."
        )
    if in_words["twice"]:
        raise Problem(
            "Somebody can sign up as “bob” with a character behind it that nobody sees, and stand "
            "beside the other bob. In chat/models.py, User.clean() has to hand the name to "
            "validate_seen."
        )
    for of, wanted, at in (
        ("room", [COMPOSED], "Room.__str__() has to return its name"),
        ("message", ["good morning", "ursula"], "Message.__str__() has to return who says what"),
    ):
        if not any(word in in_words[of] for word in wanted):
            raise Problem(
                f"The shell and the admin show a {of} as “{in_words[of]}”, which tells nothing of "
                f"it. In chat/models.py, {at}."
            )


@step(
    "Make rooms and messages",
    see="at /admin/ there are rooms and messages; the list of messages shows the text, the user, "
    "the room and the time, and has a field to search",
    hint="admin.site.register(Room), and a MessageAdmin with list_display, raw_id_fields and "
    "search_fields, in chat/admin.py.",
)
def test_the_admin_has_rooms_and_messages():
    warden = member("warden")
    year = project.shell(KEPT).strip()
    for path, holds in (("/admin/chat/room/", "archive"), ("/admin/chat/message/", "kept for")):
        answer = warden.get(path)
        if answer.status != 200 or holds not in answer.text:
            model = "Room" if "room" in path else "Message"
            raise Problem(
                f"The admin has no list of them at {path} ({answer.status}). In chat/admin.py, "
                f"register {model}."
            )
    table = answer.text.partition('id="result_list"')[2]
    for what, shown in (("user", "warden"), ("room", "archive"), ("created_at", year)):
        if shown not in table:
            raise Problem(
                f"The admin's list of messages does not show each one's {what}. In chat/admin.py, "
                'list_display of MessageAdmin is ["text", "user", "room", "created_at"].'
            )
    for query, wanted in (("for ever", True), ("warden", True), ("unsaid", False)):
        try:
            text = warden.get(f"/admin/chat/message/?q={urllib.parse.quote(query)}").text
        except Problem as problem:
            if "FieldError" not in str(problem):
                raise
            raise Problem(
                f"{problem} That comes of a search in the admin's list of messages. In "
                "chat/admin.py, search_fields of MessageAdmin names a field that there is not: it "
                'is ["text", "user__username"].'
            ) from None
        if ("kept for ever" in text) != wanted:
            raise Problem(
                f"In the admin's list of messages somebody searches for “{query}”, and "
                f"{'does not find' if wanted else 'finds'} what warden has said: “kept for ever”. "
                'In chat/admin.py, search_fields of MessageAdmin is ["text", "user__username"].'
            )
    if re.search(r"<option[^>]*>\s*archive", warden.get("/admin/chat/message/add/").text):
        raise Problem(
            "The admin's page of one message has a list to choose from with every room there is, "
            "and every user. In chat/admin.py, raw_id_fields of MessageAdmin names both."
        )


@step(
    "Let the list make rooms",
    see="you enter 雑談, and it stands in the list",
    hint="RoomForm.save() and RoomListView.form_valid(); <str:name> in chat/urls.py.",
)
def test_a_name_makes_a_room():
    alice = member("alice")
    for name in (ROOM, "हिन्दी", "lobby", COMPOSED):
        typed = DECOMPOSED if name == COMPOSED else name
        answer = alice.post("/chat/", name=f" {typed} ")
        if path_of(answer) == "/chat/":
            raise Problem(
                f"The room “{name}” can't be made: the form at /chat/ comes back. In "
                "chat/forms.py, look at the field of RoomForm: any name that validate_room_name "
                "allows is right."
            )
        if typed != name and path_of(answer) == f"/chat/{typed}/":
            raise Problem(
                "The room “が” can be made twice: composed, and decomposed as some keyboards write "
                "it. In chat/forms.py, RoomForm's field has to normalise the name."
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
                f"A room can be called {name!r}. In chat/forms.py, RoomForm has to use "
                "validate_room_name, and to take 50 characters at most."
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
            f"/chat/{ROOM}/ is a room, and its page ({answer.status}) does not show its name. In "
            "chat/views.py, RoomView gives the template its `room`: get_object() finds it, and "
            "get_context_data() returns what super().get_context_data() makes of it."
        )
    if (answer := alice.get(f"/chat/{DECOMPOSED}/")).status != 200:
        raise Problem(
            "A room's name is stored composed, and its page is answered with "
            f"{answer.status} when the address has it decomposed, as some keyboards write it. In "
            "chat/views.py, RoomView.get_object() has to normalise the name."
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
    if re.search(r'href="\?before=', older):
        raise Problem(
            "The page with the room's first message has a link to older ones all the same."
        )
    for before in ("x", "9" * 30):
        answer = member("bob").get(f"/chat/lobby/?before={before}")
        if answer.status != 200 or "&lt;i&gt;line" not in answer.text:
            raise Problem(
                f"/chat/lobby/?before={before} is answered with {answer.status}, and without the "
                "last messages. RoomView.get_context_data() ignores what is no id."
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
        try:
            frame = one.hear()
        except Problem as problem:
            if "nothing came back" not in str(problem):
                raise
            raise Problem(
                f"{problem} In chat/consumers.py, say() fills in a form, stores what it holds when "
                "it is valid, and sends that to the room's group."
            ) from None
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
    with enter("alice", DECOMPOSED) as window:
        try:
            window.say(message="hello")
            window.hear()
        except Problem:
            if window.close_code(0.1) != 4404:
                raise
            line = where(project.copy, CONSUMERS, "connect", "name = ")
            raise Problem(
                "A room's name is stored composed, and a socket to the same name written "
                f"decomposed, as some keyboards do, is closed with 4404. In {line}, take "
                "normalise(…) of the name."
            ) from None


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
                since,
                f"{who} opens a socket at {path}. It {ends}; it should close with {wanted}: in "
                "chat/consumers.py, connect() gives the code to self.close().",
            )
    for visitor, path, wanted in cases[:2]:
        behind = knock_at(path, visitor, wanted)
        if behind["inside"]:
            line = where(project.copy, CONSUMERS, "connect", "self.close")
            raise Problem(
                f"Who is told {wanted} at {path} gets into a group all the same. In {line}, "
                "connect() goes on behind self.close(…), which only sends the code. Put return in "
                "front of it."
            )


def knock_at(path, visitor, wanted):
    """What `knock` gives; raises `Problem` when what is said behind the door is stored or told."""
    line = where(project.copy, CONSUMERS, "receive")
    unheard = Problem(
        f"Who is told {wanted} at {path} can still send something until they have hung up, and it "
        f"is taken for a message. In {line}, receive() has to do nothing while the window is in no "
        "room."
    )
    try:
        behind = knock(path, visitor)
    except Problem as problem:
        output = problem.output or ""
        absent = re.search(
            r"AttributeError: '(?!NoneType)\w+' object has no attribute '(\w+)'", output
        )
        line = place_of(output, project.copy)
        if not absent or not line:
            raise (unheard if ", in receive\n" in output else problem) from None
        raise Problem(
            f"{line} asks for self.{absent[1]}, which a window that never got in does not have. "
            "Give room = None in the class, and let disconnect() and receive() ask first: "
            "if self.room."
        ) from None
    if behind["told"] and not behind["inside"]:
        raise unheard
    return behind


@step(
    "Show it as it comes",
    see="you write, and the message stands in the log, with your own clock's time",
    hint='room.js: import { goToEnd, show } from "./log.js"; show(JSON.parse(data)).',
)
def test_the_page_shows_what_comes():
    since = len(server.log())
    page = lobby()
    wait_until(
        page, lambda: page.errors or page.sockets and "WebSocket CONNECT" in server.log()[since:]
    )
    pause(page, 0.05)
    if lost := re.search(r"GET (/static/\S+) 404", server.log()[since:]):
        raise Problem(
            f"The page asks for {lost[1]}, which does not exist. An import in room.js names the "
            "whole file: ./log.js."
        )
    need_whole_scripts(page)
    if not page.sockets:
        raise Problem("The room's page opens no WebSocket. Its script, room.js, does it.")
    page.evaluate(TO_THE_TOP)
    line = page.locator("#chat-log li p", has_text="written here")
    page.locator("#chat-message-input").fill("written here")
    page.keyboard.press("Enter")
    wait_until(page, lambda: line.count() or page.errors)
    need_whole_scripts(page)
    if line.count() != 1:
        raise Problem(
            f"A message is written, and stands {line.count()} times in the log. In room.js, "
            "socket.onmessage calls show(JSON.parse(data)) of log.js."
        )
    if not wait_until(page, lambda: page.evaluate(BELOW) < 40):
        raise Problem(
            "Somebody reads at the top of the log and writes a line, and it comes where they don't "
            "see it. In chat/static/chat/room.js, call goToEnd() of log.js when a line was sent."
        )


@step(
    "Show it as it comes",
    see="below the log stands “Connected.”. Stop the server: it says to reload the page, and a "
    "line that you write now stays in its field",
    hint="socket.onopen and socket.onclose in room.js; and the submit listener returns while "
    "socket.readyState is not WebSocket.OPEN.",
)
def test_the_page_says_how_things_stand():
    page = lobby()
    first = re.search(r'id="connection"[^>]*>([^<]+)<', member("alice").get("/chat/lobby/").text)
    played = PlayedServer(page)
    for again, code in enumerate((4404, 1011)):
        if again:
            played.opened.clear()
            page.reload()
        if not played.wait(lambda: played.opened):
            raise Problem("The room's page opens no WebSocket. Its script, room.js, does it.")
        if first and not played.wait(lambda: first[1].strip() not in page.evaluate(WORDS)):
            raise Problem(
                f"The connection is open, and the page still says “{first[1].strip()}”. In "
                "chat/static/chat/room.js, socket.onopen puts other words into #connection."
            )
        opened = page.evaluate(WORDS)
        played.opened[-1].close(code=code)
        if not played.wait(lambda opened=opened: page.evaluate(WORDS) != opened, 1.5):
            raise Problem(
                f"The connection is closed ({code}), and the page looks as it did. In "
                "chat/static/chat/room.js, socket.onclose puts other words into #connection."
            )
        sentence = page.locator(f"#closed-{code}")
        if sentence.count() and not played.wait(sentence.is_visible, 1.0):
            raise Problem(
                f"The connection is closed with {code}. The page has a sentence for that, in an "
                f"element with the id closed-{code}, and does not show it: in "
                "chat/static/chat/room.js, socket.onclose sets its hidden to false."
            )
        page.locator("#chat-message-input").fill("not lost")
        page.keyboard.press("Enter")
        pause(page, 0.15)
        sent = any("CLOSED" in error for error in page.errors)  # a played server's line says so
        if sent or "not lost" not in page.evaluate(FIELDS) + page.evaluate(WORDS):
            raise Problem(
                "The connection is closed, somebody writes a line, and it is gone: nobody has "
                "heard it, and its field is empty. In chat/static/chat/room.js, the submit "
                "listener returns while socket.readyState is not WebSocket.OPEN."
            )
        need_whole_scripts(page)


PAGES, AT_ONCE = 32, 4


def opened_by_pages():
    """How many more files the server has open after many pages than before them."""
    process, alice = psutil.Process(server.process.pid), member("alice")
    alice.get("/chat/")
    before = len(process.open_files())
    with ThreadPoolExecutor(AT_ONCE) as readers:
        list(readers.map(alice.get, ["/chat/"] * PAGES))
    return len(process.open_files()) - before


@step(
    "Let several write at once",
    see="db.sqlite3-wal stands beside the database",
    hint="init_command, transaction_mode and CONN_MAX_AGE in config/settings.py.",
)
def test_sqlite_is_set_up_for_several_writers():
    if found()["mode"] != "wal":
        raise Problem(
            "SQLite works without a write-ahead log: writers lock readers out. In "
            'config/settings.py, OPTIONS needs "init_command": "PRAGMA journal_mode=WAL; …".'
        )
    if not found()["waits"]:
        raise Problem(
            "A transaction does not say at once that it will write, and may fail in its midst. In "
            'config/settings.py, OPTIONS needs "transaction_mode": "IMMEDIATE".'
        )
    if found()["patience"] < 10:
        raise Problem(
            f"A writer waits {found()['patience']:g} s for its turn, and then fails with “database "
            'is locked”. In config/settings.py, OPTIONS needs "timeout": 20.'
        )
    if found()["age"] == 0:
        raise Problem(
            "The database is opened anew for every frame. In config/settings.py, set "
            '"CONN_MAX_AGE": None.'
        )
    if opened_by_pages() > AT_ONCE + 2:
        raise Problem(
            "Each page leaves a connection to the database open when it has been sent. In "
            'config/asgi.py, put close_connections(…) of config/pages.py around what "http" has.'
        )
