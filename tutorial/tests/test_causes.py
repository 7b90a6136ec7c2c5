"""What the answers of `check` promise: the reader's own file and line, and the cause.

Each kind of mistake is made in several ways on a stage. Most need no server: the project is
visited in a process of its own, and what it prints is explained. The long proofs go through
`check` as a reader does.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from tutorial.checking import verdict
from tutorial.checking.causes import never_awaited, suspects
from tutorial.checking.causes.files import misspelt_settings
from tutorial.checking.console import Console, Said
from tutorial.checking.context import Known, context
from tutorial.checking.folder import Project
from tutorial.checking.forms import not_sent
from tutorial.checking.knocking import WINDOWS
from tutorial.checking.places import is_given, place_of, texts_given, where
from tutorial.checking.recognise import COMMON, Problem, explain, fill
from tutorial.checking.run import checks_file, run_checks
from tutorial.checking.windows import looked_at
from tutorial.course.chapters import COURSE

from .conftest import finished

CHECKED = [of for of in COURSE if checks_file(of).is_file()]

SETTINGS, ASGI = "config/settings.py", "config/asgi.py"
CONSUMERS, ROUTING = "chat/consumers.py", "chat/routing.py"
SCRIPT, ROOM = "chat/static/chat/room.js", "templates/chat/room.html"
ROOMS, VIEWS = "templates/chat/rooms.html", "chat/views.py"
TESTS = "tests/test_consumer.py"


def mend(folder, file, find, replace):
    """Replace a text that stands in a file exactly once."""
    text = (folder / file).read_text("utf-8")
    assert text.count(find) == 1, f"{find!r} stands {text.count(find)} times in {file}"
    (folder / file).write_text(text.replace(find, replace), "utf-8", newline="\n")


def made(number, folder, *changes):
    """The folder of a reader who has done chapter `number`, with changes.

    They are file, find and replace, one behind the other.
    """
    shutil.copytree(finished(number), folder)
    for number in range(0, len(changes), 3):
        mend(folder, *changes[number : number + 3])
    return folder


def line_of(folder, file, text):
    """The number of the first line with this text."""
    lines = (folder / file).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def told(said, words, folder):
    """Assert that an answer has all words, and names no given file as the place."""
    for word in words:
        assert word in said, f"{word!r} is not in: {said}"
    for file in re.findall(r"([\w./-]+\.(?:py|js|html)), line", said):
        assert not is_given(folder, file), f"a given file is blamed: {said}"
    assert "place that is not named" not in said and "COURSE" not in said
    assert len(said) < 500


# What the reader's process prints

WINDOW = f"""{WINDOWS}
async def visit():
    window = Window("/ws/chat/lobby/", "")
    await until(lambda: window.entered or window.task.done(), 1)
    window.say(message="hello")
    await until(lambda: window.heard("hello") or window.task.done(), 0.5)
    print(await window.leave())

asyncio.run(visit())
"""

PAGES = """
from django.test import Client
for path in ("/", "/chat/", "/chat/lobby/"):
    Client(raise_request_exception=True).get(path, HTTP_HOST="127.0.0.1")
Client().post("/chat/", {"name": "lobby"}, HTTP_HOST="127.0.0.1")
"""

SERVER = """
from channels.routing import get_default_application
get_default_application()
"""


def visited(folder, code):
    """What the project prints while it is visited."""
    beside = folder.parent / "beside"
    beside.mkdir()
    done = Project(folder, beside).manage("shell", "-v0", "-c", code, patience=60.0)
    return done.output


def mistake(name, number, code, *change, words):
    """A mistake of a chapter, how to visit the project, and the words of the answer."""
    return pytest.param(number, code, change, words, id=name)


VISITED = [
    # a list that lost a comma
    mistake(
        "comma-in-apps",
        *(2, PAGES, SETTINGS, '"django.contrib.staticfiles",', '"django.contrib.staticfiles"'),
        words=["comma", "INSTALLED_APPS", "config/settings.py, line 39"],
    ),
    mistake(
        "comma-with-a-comment",
        *(3, SERVER, SETTINGS, '"daphne",  # first', '"daphne"  # first'),
        words=["comma", "INSTALLED_APPS", '"daphne"', "config/settings.py, line"],
    ),
    mistake(
        "comma-in-middleware",
        *(1, PAGES, SETTINGS, '"django.middleware.common.CommonMiddleware",'),
        '"django.middleware.common.CommonMiddleware"',
        words=["comma", "MIDDLEWARE", "config/settings.py, line"],
    ),
    mistake(
        "comma-in-processors",
        *(1, PAGES, SETTINGS, '"django.template.context_processors.request",'),
        '"django.template.context_processors.request"',
        words=["comma", "config/settings.py, line"],
    ),
    # nothing is called application
    mistake(
        "application-has-no-name",
        *(3, SERVER, ASGI, "application = ProtocolTypeRouter(", "ProtocolTypeRouter("),
        words=["config/asgi.py", "application", "line 11"],
    ),
    mistake(
        "application-misspelt",
        *(4, SERVER, ASGI, "application = ProtocolTypeRouter(", "aplication = ProtocolTypeRouter("),
        words=["config/asgi.py", "calls it aplication", "application"],
    ),
    mistake(
        "application-annotated",
        *(4, SERVER, ASGI, "application = ProtocolTypeRouter(", "application: ProtocolTypeRouter("),
        words=["config/asgi.py", "application"],
    ),
    mistake(
        "application-a-module",
        *(3, SERVER, SETTINGS, '"config.asgi.application"', '"config.asgi"'),
        words=["ASGI_APPLICATION", "config.asgi.application"],
    ),
    mistake(
        "application-in-no-module",
        *(3, SERVER, SETTINGS, '"config.asgi.application"', '"config.agsi.application"'),
        words=["ASGI_APPLICATION", "config.agsi", "config.asgi.application"],
    ),
    mistake(
        "an-import-in-asgi",
        *(4, SERVER, ASGI, "from chat.routing import", "from chat.routng import"),
        words=["chat.routng", "config/asgi.py, line", "chat.routing"],
    ),
    mistake(
        "websockets",
        *(4, WINDOW, ASGI, '"websocket": SameOrigin', '"websockets": SameOrigin'),
        words=['"websockets"', '"websocket"', "config/asgi.py, line"],
    ),
    mistake(
        "no-urlrouter",
        *(4, WINDOW, ASGI, "URLRouter(websocket_urlpatterns)", "websocket_urlpatterns"),
        words=["URLRouter", "config/asgi.py, line"],
    ),
    # a route that is built wrongly
    mistake(
        "as-asgi-not-called",
        *(4, WINDOW, ROUTING, "as_asgi()", "as_asgi"),
        words=["chat/routing.py, line 8", "parentheses"],
    ),
    mistake(
        "as-asgi-too-late",
        *(4, WINDOW, ROUTING, "ChatConsumer.as_asgi())", "ChatConsumer).as_asgi()"),
        words=["chat/routing.py, line 8", "parenthesis", "ChatConsumer.as_asgi()"],
    ),
    mistake(
        "as-view-too-late",
        *(2, PAGES, "chat/urls.py", 'RoomListView.as_view(), name="rooms")'),
        'RoomListView, name="rooms").as_view()',
        words=["chat/urls.py, line", "as_view"],
    ),
    mistake(
        "path-with-a-regular-expression",
        *(4, WINDOW, ROUTING, "import re_path", "import path", ROUTING, "re_path(", "path("),
        words=["chat/routing.py, line 8", "path() takes no regular expression"],
    ),
    mistake(
        "a-single-route",
        *(4, WINDOW, ROUTING, "urlpatterns = [", "urlpatterns = (", ROUTING, "()),\n]", "())\n)"),
        words=["chat/routing.py, line 7", "brackets"],
    ),
    mistake(
        "slash-in-front",
        *(4, WINDOW, ROUTING, '"^ws/', '"^/ws/'),
        words=["No route", "ws/chat/lobby/", "chat/routing.py, line 8", "slash"],
    ),
    mistake(
        "routes-misspelt",
        *(4, SERVER, ROUTING, "websocket_urlpatterns =", "websocket_urlpattern ="),
        words=[
            "websocket_urlpatterns",
            "Did you mean websocket_urlpattern",
            "config/asgi.py, line",
        ],
    ),
    mistake(
        "key-of-the-route",
        *(5, WINDOW, ROUTING, "?P<name>", "?P<nmae>"),
        words=["chat/consumers.py, line", '"name"', '"nmae"'],
    ),
    mistake(
        "address-misspelt",
        *(2, PAGES, "chat/urls.py", 'name="rooms"', 'name="roms"'),
        words=["rooms", "chat/urls.py, line", "has roms"],
    ),
    mistake(
        "consumer-before-the-address",
        *(4, WINDOW, ROUTING, 're_path(r"^ws/chat/', 're_path(ChatConsumer.as_asgi(), r"^ws/chat/'),
        *(ROUTING, '/$", ChatConsumer.as_asgi())', '/$")'),
        words=["chat/routing.py, line 8", "address comes first"],
    ),
    mistake(
        "a-module-as-text",
        *(2, PAGES, "config/urls.py", 'include("chat.urls")', '"chat.urls"'),
        words=["config/urls.py, line", "include('chat.urls')"],
    ),
    mistake(
        "application-with-a-comma",
        *(4, WINDOW, ASGI, "    }\n)", "    }\n),"),
        words=["config/asgi.py, line 23", "comma"],
    ),
    mistake(
        "router-outside",
        *(4, WINDOW, ASGI, "SameOriginValidator(URLRouter(", "URLRouter(SameOriginValidator("),
        words=["config/asgi.py, line 21", "SameOriginValidator", "innermost"],
    ),
    mistake(
        "patterns-misspelt",
        *(2, PAGES, "chat/urls.py", "urlpatterns =", "url_patterns ="),
        words=["chat/urls.py, line", "url_patterns", "looks for urlpatterns"],
    ),
    mistake(
        "router-not-called",
        *(4, WINDOW, ASGI, "URLRouter(websocket_urlpatterns)", "URLRouter"),
        words=["config/asgi.py, line", "URLRouter", "routes"],
    ),
    mistake(
        "addresses-misspelt",
        *(2, PAGES, "config/urls.py", 'include("chat.urls")', 'include("chat.url")'),
        words=["config/urls.py, line", "Did you mean chat.urls"],
    ),
    # a method that is not what Channels calls
    mistake(
        "connect-without-self",
        *(4, WINDOW, CONSUMERS, "def connect(self):", "def connect():"),
        words=["chat/consumers.py, line 11", "def connect(self)"],
    ),
    mistake(
        "receive-without-self",
        *(4, WINDOW, CONSUMERS, "def receive(self, ", "def receive("),
        words=["chat/consumers.py, line 14", "def receive(self, text_data=None"],
    ),
    mistake(
        "disconnect-without-code",
        *(5, WINDOW, CONSUMERS, "def disconnect(self, code):", "def disconnect(self):"),
        words=["chat/consumers.py, line 18", "def disconnect(self, code)"],
    ),
    mistake(
        "handler-without-event",
        *(5, WINDOW, CONSUMERS, "def chat_message(self, event):", "def chat_message(self):"),
        words=["chat/consumers.py, line 26", "def chat_message(self, event)"],
    ),
    mistake(
        "handler-misspelt",
        *(5, WINDOW, CONSUMERS, "def chat_message(", "def chat_mesage("),
        words=["chat/consumers.py, line 26", "chat_message(self, event)", "chat_mesage"],
    ),
    mistake(
        "async-receive",
        *(4, WINDOW, CONSUMERS, "def receive(self", "async def receive(self"),
        words=["chat/consumers.py, line 14", "async", "receive"],
    ),
    mistake(
        "async-handler",
        *(5, WINDOW, CONSUMERS, "def chat_message(self", "async def chat_message(self"),
        words=["chat/consumers.py, line 26", "async", "chat_message"],
    ),
    mistake(
        "async-base",
        *(4, WINDOW, CONSUMERS, "import WebsocketConsumer", "import AsyncWebsocketConsumer"),
        *(CONSUMERS, "(WebsocketConsumer)", "(AsyncWebsocketConsumer)"),
        words=["chat/consumers.py, line 12", "connect begin with async def", "WebsocketConsumer"],
    ),
    mistake(
        "handler-without-self",
        *(5, WINDOW, CONSUMERS, "def chat_message(self, event):", "def chat_message(event):"),
        words=["chat/consumers.py, line 26", "self is missing", "def chat_message(self, event)"],
    ),
    mistake(
        "type-misspelt",
        *(5, WINDOW, CONSUMERS, '"chat.message"', '"chat.mesage"'),
        words=["chat.mesage", "chat/consumers.py, line 26", "chat_message"],
    ),
    mistake(
        "own-call-that-does-not-fit",
        *(5, WINDOW, CONSUMERS, "self.send(text_data=json.dumps("),
        "self.disconnect()\n        self.send(text_data=json.dumps(",
        words=["chat/consumers.py, line 28 calls disconnect", "line 18", "missing 1 required"],
    ),
    # a name that is not there
    mistake(
        "attribute-of-the-consumer",
        *(5, WINDOW, CONSUMERS, "self.channel_layer.group_send", "self.chanel_layer.group_send"),
        words=["chat/consumers.py, line 24", "chanel_layer", "Did you mean channel_layer"],
    ),
    mistake(
        "attribute-of-a-module",
        *(4, WINDOW, CONSUMERS, "json.dumps(", "json.dump_s("),
        words=["chat/consumers.py, line 16", "dump_s", "Did you mean dumps"],
    ),
    mistake(
        "name",
        *(4, WINDOW, CONSUMERS, "json.dumps(", "jsn.dumps("),
        words=["chat/consumers.py, line 16", "jsn", "Did you mean json"],
    ),
    mistake(
        "name-of-an-attribute",
        *(5, WINDOW, CONSUMERS, "(self.group, event)", "(group, event)"),
        words=["chat/consumers.py, line 24", "Did you mean self.group"],
    ),
    mistake(
        "key-of-the-scope",
        *(5, WINDOW, CONSUMERS, '["url_route"]', '["url_rout"]'),
        words=["chat/consumers.py, line 13", '"url_rout"', '"url_route"'],
    ),
    mistake(
        "key-of-the-frame",
        *(4, WINDOW, CONSUMERS, ')["message"]', ')["mesage"]'),
        words=["chat/consumers.py, line 15", '"mesage"', '"message"'],
    ),
    mistake(
        "key-as-an-attribute",
        *(5, WINDOW, CONSUMERS, 'self.scope["url_route"]', "self.scope.url_route"),
        words=["chat/consumers.py, line 13", '["url_route"]'],
    ),
    mistake(
        "import-left-out",
        *(5, WINDOW, CONSUMERS, "from asgiref.sync import async_to_sync\n", ""),
        words=["chat/consumers.py, line 14", "from asgiref.sync import async_to_sync"],
    ),
    mistake(
        "method-of-the-base-class",
        *(4, WINDOW, CONSUMERS, "self.accept()", "super().conect()"),
        words=["chat/consumers.py, line 12", "Did you mean connect"],
    ),
    mistake(
        "file-in-place-of-text",
        *(4, WINDOW, CONSUMERS, "json.loads(", "json.load("),
        words=["chat/consumers.py, line 15", "json.loads"],
    ),
    mistake(
        "keyword",
        *(4, WINDOW, CONSUMERS, "self.send(text_data=", "self.send(text_dat="),
        words=["chat/consumers.py, line 16", "text_dat", "Did you mean text_data"],
    ),
    mistake(
        "imported-name",
        *(2, PAGES, VIEWS, "from .forms import RoomForm", "from .forms import RomForm"),
        words=["chat/views.py, line", "RomForm", "Did you mean RoomForm"],
    ),
    mistake(
        "imported-module",
        *(2, PAGES, VIEWS, "from .forms import RoomForm", "from .form import RoomForm"),
        words=["chat/views.py, line", "chat.form", "Did you mean chat.forms"],
    ),
    mistake(
        "named-module",
        *(1, PAGES, SETTINGS, '"django.contrib.messages",', '"django.contrib.mesages",'),
        words=["config/settings.py, line 38", "Did you mean django.contrib.messages"],
    ),
    mistake(
        "variable",
        *(1, PAGES, SETTINGS, 'env.bool("DEBUG", default=False)', 'env.bool("DEBUGG")'),
        words=["config/settings.py, line", "DEBUGG", "DEBUG="],
    ),
    mistake(
        "group-and-channel-swapped",
        *(5, WINDOW, CONSUMERS, "group_add)(self.group, self.channel_name)"),
        "group_add)(self.channel_name, self.group)",
        words=["chat/consumers.py, line 15", "The group comes first"],
    ),
    mistake(
        "no-f-in-front",
        *(5, WINDOW, CONSUMERS, 'f"room-{name}"', '"room-{name}"'),
        words=["chat/consumers.py, line 14", "an f is missing"],
    ),
    mistake(
        "layer-not-waited-for",
        *(5, WINDOW, CONSUMERS, "async_to_sync(self.channel_layer.group_send)(self.group, event)"),
        "self.channel_layer.group_send(self.group, event)",
        words=["chat/consumers.py, line 24", "async_to_sync(self.channel_layer.group_send)"],
    ),
    # a template that lost something
    mistake(
        "static-not-loaded",
        *(2, PAGES, ROOM, "{% load static %}\n", ""),
        words=["templates/chat/room.html, line", "{% load static %}"],
    ),
    mistake(
        "block-not-closed",
        *(2, PAGES, ROOM, "{{ name }}{% endblock %}", "{{ name }}"),
        words=["templates/chat/room.html, line", "{% endblock %}"],
    ),
    mistake(
        "address-in-a-template",
        *(2, PAGES, "templates/home.html", "'chat:rooms'", "'chat:room_s'"),
        words=["templates/home.html, line", "room_s", "chat/urls.py, line", "has rooms"],
    ),
    mistake(
        "filter-misspelt",
        *(2, PAGES, ROOMS, "default_if_none", "default_if_nonee"),
        words=["templates/chat/rooms.html, line", "default_if_nonee"],
    ),
    mistake(
        "template-misspelt",
        *(2, PAGES, VIEWS, '"chat/room.html"', '"chat/rom.html"'),
        words=["chat/views.py, line", "Did you mean chat/room.html"],
    ),
    mistake(
        "tag-misspelt",
        *(2, PAGES, ROOMS, "{% csrf_token %}", "{% csrftoken %}"),
        words=["templates/chat/rooms.html, line 8", "Did you mean csrf_token"],
    ),
    mistake(
        "tag-not-closed",
        *(2, PAGES, ROOM, "{% block main %}", "{% block main }"),
        words=["templates/chat/room.html, line 18", "closes nothing"],
    ),
    mistake(
        "text-without-quotes",
        *(2, PAGES, ROOM, "'chat/room.js'", "chat/room.js"),
        words=["templates/chat/room.html, line 17", "quotes"],
    ),
    mistake(
        "parent-misspelt",
        *(2, PAGES, ROOM, '"base.html"', '"bse.html"'),
        words=["templates/chat/room.html, line 1", "Did you mean base.html"],
    ),
    # a word left out that decides
    mistake(
        "view-without-return",
        *(2, PAGES, VIEWS, "return super().form_valid(form)", "super().form_valid(form)"),
        words=["chat/views.py, line", "form_valid", "return"],
    ),
]
EVERY_TIME = {"comma-in-apps", "disconnect-without-code", "attribute-of-the-consumer", "websockets"}


@pytest.mark.parametrize(
    "number, code, change, words",
    [
        p if p.id in EVERY_TIME else pytest.param(*p.values, id=p.id, marks=pytest.mark.slow)
        for p in VISITED
    ],
)
def test_what_a_project_prints_is_told_with_its_place_and_cause(
    number, code, change, words, tmp_path
):
    folder = made(number, tmp_path / "my-chat", *change)
    output = visited(folder, code)
    said = explain(output, folder, COMMON)
    told(said, words, folder)


def test_a_place_is_the_readers_own_and_never_a_given_file(tmp_path):
    folder = made(5, tmp_path / "my-chat")
    given = (
        f'Traceback (most recent call last):\n  File "{folder}/config/origin.py", line 21, in x\n'
    )
    own = f'  File "{folder}/chat/consumers.py", line 14, in connect\n'
    error = "TypeError: something odd\n"
    assert place_of(given + own + error, folder) == "chat/consumers.py, line 14"
    assert place_of(own.join([given, ""]) + given[35:] + error, folder) == (
        "chat/consumers.py, line 14"
    )
    assert place_of(given + error, folder) is None
    assert explain(given + error, folder, []) == ("Your project raises TypeError: something odd")
    mend(folder, "config/origin.py", "return False", "return None")
    assert place_of(given + error, folder) == "config/origin.py, line 21"


def test_what_is_given_is_known_by_its_text_of_any_chapter(tmp_path):
    folder = made(9, tmp_path / "my-chat")
    for name in ("config/origin.py", "config/server.py", "chat/limits.py", "tests/server.py"):
        assert is_given(folder, name), name
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
        assert is_given(folder, name), f"{name} with other line ends"
    for name in (CONSUMERS, SETTINGS, "chat/missing.py"):
        assert not is_given(folder, name), name
    assert "chat/consumers.py" not in texts_given()


@pytest.mark.parametrize(
    "sentence, said",
    [
        ("{place} looks for {0}.", "Your project looks for x."),
        ("Is it there ({place})? {place} says so.", "Is it there? Your project says so."),
        ("A loop at {place} runs for ever.", "A loop in your project runs for ever."),
        ("Something, which {place} wants.", "Something, which your project wants."),
    ],
)
def test_without_a_place_a_sentence_speaks_of_the_project(sentence, said):
    assert fill(sentence, ["x"], None) == said


def test_every_sentence_can_do_without_a_place(tmp_path):
    for _, sentence in COMMON:
        said = fill(sentence, ["x", "y", "z"], None)
        assert "{" not in said.replace("{% ", "") and "not named" not in said


def test_the_line_of_something_is_found_by_its_function_and_text(tmp_path):
    folder = made(7, tmp_path / "my-chat")
    assert where(folder, CONSUMERS, "connect", "self.close") == "chat/consumers.py, line 20"
    assert where(folder, CONSUMERS, "receive") == "chat/consumers.py, line 29"
    assert where(folder, CONSUMERS, "nowhere") == "chat/consumers.py"
    (folder / CONSUMERS).write_text("class (")
    assert where(folder, CONSUMERS, "receive") == "chat/consumers.py"


# What can't be meant so


MORE = "        self.success_url = '/'"
RECEIVE = "    def receive("

SUSPECTED = {
    "accept-not-called": (4, CONSUMERS, "self.accept()", "self.accept", ["line 12", "parenthe"]),
    "compared": (7, CONSUMERS, "group = None", "group == None", ["line 15", "A single = sets"]),
    "conect": (4, CONSUMERS, "def connect(", "def conect(", ["line 11", "conect", "connect()"]),
    "recieve": (4, CONSUMERS, "def receive(", "def recieve(", ["line 14", "recieve", "receive()"]),
    "disconect": (5, CONSUMERS, "def disconnect(", "def disconect(", ["line 18", "disconnect()"]),
    "half-a-call": (
        *(5, CONSUMERS, "group_add)(self.group, self.channel_name)"),
        "group_add(self.group, self.channel_name))",
        ["line 15", "async_to_sync(self.channel_layer.group_add)(…)"],
    ),
    "not-raised": (
        *(9, CONSUMERS, "raise Refusal(form.refusal())", "Refusal(form.refusal())"),
        ["line", "Refusal(…)", "raise"],
    ),
    "behind-the-return": (
        *(2, VIEWS, "return super().form_valid(form)", "return super().form_valid(form)\n" + MORE),
        ["line 18", "never reached", "line 17"],
    ),
    "no-return": (
        *(8, "chat/models.py", "        return {", "        {"),
        ["line 54", "nothing is done with it", "return", "as_frame()"],
    ),
    "form-class": (2, VIEWS, "form_class =", "form_clas =", ["line 12", "Is form_class meant"]),
    "template-name": (
        *(2, VIEWS, 'template_name = "chat/room.html"', 'template = "chat/room.html"'),
        ["line 23", "RoomView", "Is template_name meant"],
    ),
    "twice-defined": (
        *(
            4,
            CONSUMERS,
            "    def receive(",
            "    def receive(self, data):\n        pass\n\n" + RECEIVE,
        ),
        ["line 17", "receive() twice", "line 14"],
    ),
    "method-as-truth": (
        *(
            6,
            TESTS,
            "assertTrue(await carol.receive_nothing())",
            "assertTrue(carol.receive_nothing)",
        ),
        ["receive_nothing", "without parentheses"],
    ),
    "compared-by-assert-true": (
        *(6, TESTS, "assertEqual(await alice.receive_json_from(),"),
        "assertTrue(await alice.receive_json_from(),",
        ["assertTrue", "assertEqual"],
    ),
    "login-urls": (
        7,
        SETTINGS,
        "LOGIN_REDIRECT_URL",
        "LOGIN_REDIRECT_URLS",
        ["LOGIN_REDIRECT_URL"],
    ),
    "asgi-aplication": (3, SETTINGS, "ASGI_APPLICATION", "ASGI_APLICATION", ["ASGI_APPLICATION"]),
}


@pytest.mark.parametrize("name", SUSPECTED)
def test_what_can_not_be_meant_so_is_found_in_the_files(name, tmp_path):
    number, file, find, replace, words = SUSPECTED[name]
    folder = made(number, tmp_path / "my-chat", file, find, replace)
    said = suspects(folder)
    assert said
    told(said, [file, *words], folder)


@pytest.mark.parametrize("of", CHECKED, ids=lambda of: of.name)
def test_nothing_is_suspected_of_right_work(of, tmp_path):
    folder = made(of.number, tmp_path / "my-chat")
    assert suspects(folder) is None
    shutil.copytree(of.folder / "another", folder, dirs_exist_ok=True)
    assert suspects(folder) is None


def test_a_layer_under_another_name_is_found(tmp_path):
    folder = made(5, tmp_path / "my-chat")
    text = (folder / SETTINGS).read_text().replace("CHANNEL_LAYERS", "CHANNEL_LAYER")
    (folder / SETTINGS).write_text(text)
    found = list(misspelt_settings(folder))
    assert found[0][:2] == (SETTINGS, "CHANNEL_LAYER") and found[0][3] == "CHANNEL_LAYERS"


# Coroutines


def awaited(**note):
    """The line that a process leaves of a coroutine that was never awaited."""
    return f"some log\nCOURSE: never awaited {json.dumps(note)}\nmore log\n"


def test_a_coroutine_that_was_never_awaited_is_told_with_its_line(tmp_path):
    folder = made(11, tmp_path / "my-chat")
    line = line_of(folder, CONSUMERS, "return await self.close(")
    log = awaited(
        callee="AsyncWebsocketConsumer.close", file=None, line=None, called=[CONSUMERS, line]
    )
    said = never_awaited(log, folder)
    told(
        said,
        [
            f"{CONSUMERS}, line {line}",
            "connect() calls close(…) without await",
            "await self.close(code=NOT_FOUND)",
        ],
        folder,
    )
    assert explain(log, folder, []) == said
    assert never_awaited("nothing of the kind", folder) is None


def test_an_async_method_in_a_sync_consumer_is_told_where_it_begins(tmp_path):
    folder = made(5, tmp_path / "my-chat")
    log = awaited(callee="ChatConsumer.chat_message", file=CONSUMERS, line=26, called=None)
    words = [f"{CONSUMERS}, line 26", "async", "def chat_message(self, event)"]
    told(never_awaited(log, folder), words, folder)
    log = awaited(callee="ChatConsumer.say", file=CONSUMERS, line=26, called=[CONSUMERS, 23])
    told(
        never_awaited(log, folder), [f"{CONSUMERS}, line 23", "line 26", "leave async out"], folder
    )


def test_what_somebody_has_caught_on_purpose_is_no_cause(tmp_path):
    folder = made(5, tmp_path / "my-chat")
    own = f'  File "{folder}/chat/consumers.py", line 15, in connect\n'
    caught = 'COURSE: note {"name": "_cache", "of": "Store", "near": "_key", "own": false}\n'
    output = (
        f"Traceback (most recent call last):\n{own}{caught}"
        "AttributeError: 'Store' object has no attribute '_cache'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        f"Traceback (most recent call last):\n{own}OddError: something odd\n"
    )
    assert explain(output, folder, []) == (
        "chat/consumers.py, line 15 raises OddError: something odd"
    )
    first = output.partition("\n\n")[0] + "\n"
    assert "Did you mean _key?" in explain(first, folder, [])


def test_two_strings_of_a_message_are_no_list_that_lost_a_comma(tmp_path):
    folder = made(
        2,
        tmp_path / "my-chat",
        VIEWS,
        "class RoomView",
        'ODD = (\n    "some"\n    "thing")\nclass RoomView',
    )
    frame = f'  File "{folder}/chat/views.py", line 9, in x\n'
    output = f"Traceback (most recent call last):\n{frame}OddError: something\n"
    assert "comma" not in explain(output, folder, [])


def test_of_several_errors_the_first_is_told(tmp_path):
    folder = made(5, tmp_path / "my-chat")
    errors = [
        "Traceback (most recent call last):\n"
        f'  File "{folder}/chat/consumers.py", line {line}, in x\n'
        f'COURSE: note {{"name": "{name}", "of": "X", "near": "{near}", "own": false}}\n'
        f"AttributeError: 'X' object has no attribute '{name}'\n"
        for line, name, near in ((15, "gruop_add", "group_add"), (19, "gruop", "group"))
    ]
    said = explain("log\n".join(errors), folder, [])
    told(said, ["line 15", "gruop_add", "Did you mean group_add?"], folder)


def test_right_work_leaves_no_coroutine_behind(tmp_path):
    folder = made(5, tmp_path / "my-chat")
    assert "COURSE: never awaited" not in visited(folder, WINDOW)


# Forms

FORM = """<form method="post"><input name="csrfmiddlewaretoken" type="hidden">
<input id="room-name-input" name="name"><button>Enter</button></form>"""


@pytest.mark.parametrize(
    "change, words",
    [
        (
            (' name="name"', ""),
            ["templates/chat/rooms.html, line 12", "has no name", 'name="name"'],
        ),
        (('name="name"', 'name="room"'), ["is called room", 'name="name"']),
        ((' method="post"', ""), ["templates/chat/rooms.html, line 7", 'method="post"']),
        ((' method="post"', ' method="get"'), ['method="post"']),
        (("<form", "<div"), ["no form"]),
        (('<input id="room-name-input" name="name">', ""), ["no field", "name"]),
        (("</form>", "</form>", '<input id="room-name-input" name="name">'), ["outside"]),
    ],
)
def test_a_form_that_would_not_send_what_is_typed_is_told_with_its_line(change, words, tmp_path):
    folder = made(2, tmp_path / "my-chat")
    text = FORM.replace(*change[:2])
    if change[2:]:
        text = text.replace(change[2], "") + change[2]
    said = not_sent(text, "/chat/", {"name"}, folder)
    told(said, words, folder)


def test_a_form_that_sends_is_right_however_it_is_written():
    for text in (FORM, FORM.replace("post", "POST"), "<form></form>" + FORM):
        assert not_sent(text, "/chat/", {"name"}, Path()) is None


# As a reader calls it: slow, as each is a whole check


@dataclass(frozen=True)
class Made:
    """A mistake, and the words of the answer; `quick`: made at every test run."""

    number: int
    changes: tuple
    words: list


TWO_LISTENERS = """byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  show(input.value);
  input.value = "";
});

byId("chat-form").addEventListener("submit", (event) => {"""
EARLY = "<script src=\"{% static 'chat/room.js' %}\"></script>"
DISCONNECT = """    def disconnect(self, code):
        self.room = None

    async def leave_room(self, code):"""
LAYER = (
    """CHANNEL_LAYERS = {"default": env.channels("CHANNELS_URL", default="inmemory://")}
# A window that falls behind loses events without a word once this many wait (100 by default).
CHANNEL_LAYERS["default"]""",
    """CHANNEL_LAYER = {"default": env.channels("CHANNELS_URL", default="inmemory://")}
CHANNEL_LAYER["default"]""",
)
SENDS = """await alice.send_json_to({"message": "hello"})
        self.assertTrue(await carol"""
SCRIPT_TAG = "<script src=\"{% static 'chat/room.js' %}\" defer></script>"

CHECKED_MISTAKES = {
    # a script that does not load, or does more than it should; one that sends before it may
    "script-syntax": Made(
        4, (SCRIPT, "({ data }) =>", "({ data } =>"), [f"{SCRIPT}, line", "SyntaxError"]
    ),
    "script-method": Made(
        4, (SCRIPT, "JSON.parse(", "JSON.prase("), [f"{SCRIPT}, line", "Did you mean parse"]
    ),
    "script-name": Made(
        4, (SCRIPT, "socket.onclose", "sokcet.onclose"), [f"{SCRIPT}, line", "Did you mean socket"]
    ),
    "script-id": Made(
        *(4, (SCRIPT, 'byId("chat-form")', 'byId("chat-from")')),
        [f"{SCRIPT}, line", "no element with the id chat-from", "chat-form"],
    ),
    "script-listener": Made(
        4,
        (SCRIPT, "addEventListener", "addEventListner"),
        [SCRIPT, "Did you mean addEventListener"],
    ),
    "script-not-deferred": Made(
        4, (ROOM, SCRIPT_TAG, "", ROOM, "<h1>", f"{EARLY}<h1>"), [SCRIPT, "defer", ROOM]
    ),
    "script-loaded-twice": Made(
        4, (ROOM, SCRIPT_TAG, f"{SCRIPT_TAG}\n  {SCRIPT_TAG}"), ["twice", "<script>"]
    ),
    "script-not-there": Made(4, (ROOM, "'chat/room.js'", "'chat/rom.js'"), ["rom.js", "404"]),
    "script-export": Made(
        8, (SCRIPT, "goToEnd, show }", "goToEnd, shw }"), [SCRIPT, "shw", "Did you mean show?"]
    ),
    "script-specifier": Made(8, (SCRIPT, '"./log.js"', '"log.js"'), [SCRIPT, "./log.js"]),
    "script-two-listeners": Made(
        *(7, (SCRIPT, TWO_LISTENERS.splitlines()[0], TWO_LISTENERS)),
        [SCRIPT, "two listeners", "twice"],
    ),
    "script-two-listeners-at-first": Made(
        2, (SCRIPT, TWO_LISTENERS.splitlines()[0], TWO_LISTENERS), [SCRIPT, "two listeners"]
    ),
    "script-sends-at-once": Made(
        *(4, (SCRIPT, "new WebSocket(address);", "new WebSocket(address);\nsocket.send('{}');")),
        [f"{SCRIPT}, line", "CONNECTING"],
    ),
    "script-sends-when-it-begins": Made(
        *(9, (SCRIPT, "new WebSocket(address);", "new WebSocket(address);\n  socket.send('{}');")),
        [f"{SCRIPT}, line", "CONNECTING"],
    ),
    # a template that lost something
    "template-id-of-the-form": Made(2, (ROOM, 'id="chat-form"', 'id="chatform"'), ["chat-form"]),
    "template-id-of-the-log": Made(4, (ROOM, 'id="chat-log"', 'id="chatlog"'), ["chat-log"]),
    "template-method": Made(2, (ROOMS, '<form method="post">', "<form>"), [ROOMS, "post"]),
    "template-name": Made(2, (ROOMS, 'name="name"', 'name="room"'), [ROOMS, 'name="name"']),
    "template-token": Made(2, (ROOMS, "{% csrf_token %}", ""), [ROOMS, "csrf_token"]),
    # a method that is not what Channels calls
    "conect": Made(5, (CONSUMERS, "def connect(", "def conect("), [CONSUMERS, "conect", "connect"]),
    "recieve": Made(4, (CONSUMERS, "def receive(", "def recieve("), [CONSUMERS, "recieve"]),
    "accept": Made(4, (CONSUMERS, "self.accept()", "self.accept"), [CONSUMERS, "parenthe"]),
    "disconnect": Made(
        *(5, (CONSUMERS, "def disconnect(self, code)", "def disconnect(self)")),
        ["chat/consumers.py, line 18", "def disconnect(self, code)"],
    ),
    "not-async": Made(
        *(11, (CONSUMERS, "    async def disconnect(self, code):", DISCONNECT)),
        [CONSUMERS, "disconnect()", "async def"],
    ),
    # a name that is not there
    "layer": Made(5, (SETTINGS, *LAYER), [SETTINGS, "CHANNEL_LAYER,", "CHANNEL_LAYERS"]),
    "keyword": Made(7, (CONSUMERS, "(code=", "(cod="), [CONSUMERS, "cod=", "Did you mean code"]),
    # a word left out that decides, a line left out
    "return-in-a-view": Made(
        2, (VIEWS, "return super()", "super()"), [VIEWS, "form_valid", "return"]
    ),
    "return-in-connect": Made(
        *(8, (CONSUMERS, "return self.close(code=NOT_FOUND)", "self.close(code=NOT_FOUND)")),
        [f"{CONSUMERS}, line", "return", "connect"],
    ),
    "return-in-a-model": Made(
        8, ("chat/models.py", "        return {", "        {"), ["as_frame", "return"]
    ),
    "await-of-the-layer": Made(
        *(11, (CONSUMERS, "await self.channel_layer.group_send", "self.channel_layer.group_send")),
        [CONSUMERS, "group_send(…) without await"],
    ),
    "await-of-a-method": Made(
        11,
        (CONSUMERS, "await self.refuse(", "self.refuse("),
        [CONSUMERS, "refuse(…) without await"],
    ),
    "await-of-leaving": Made(
        *(11, (CONSUMERS, "await self.leave(LOGGED_OUT)", "self.leave(LOGGED_OUT)")),
        [CONSUMERS, "leave(…) without await"],
    ),
    "await-in-a-test": Made(
        *(6, ("tests/test_consumer.py", SENDS, SENDS.replace("await ", "", 1))),
        ["tests/test_consumer.py, line", "send_json_to(…) without await"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKED_MISTAKES)
def test_check_tells_the_cause_of_a_mistake(name, tmp_path):
    found = CHECKED_MISTAKES[name]
    folder = made(found.number, tmp_path / "my-chat", *found.changes)
    report = run_checks(found.number, folder)
    assert report.problem, f"green: {report.log[-2000:]}"
    told(report.problem, found.words, folder)


# What nobody has looked at yet


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """The folder of a reader in chapter 5, which a step is about; nothing runs."""
    folder = made(5, tmp_path / "my-chat")
    monkeypatch.setattr(context, "project", SimpleNamespace(copy=folder))
    monkeypatch.setattr(context, "server", None)
    verdict.begin()
    return folder


class Page:
    """A page whose console says what it is told to."""

    def __init__(self, folder, words="", url="", line=None):
        self.console = Console.__new__(Console)
        self.console.page, self.console.said = self, [Said(words, url, line)]

    def wait_for_timeout(self, _):
        """Nothing else happens."""


def test_a_problem_whose_cause_is_known_stays_as_it_is(reader):
    mend(reader, CONSUMERS, "self.accept()", "self.accept")
    problem = Known("the cause")
    assert verdict.verdict(problem) is problem


def test_a_problem_stands_whatever_goes_wrong_in_looking_for_its_cause(reader, monkeypatch):
    def fail(*_):
        raise RuntimeError("a fault of the course")

    monkeypatch.setattr(verdict, "suspects", fail)
    monkeypatch.setattr(verdict, "never_awaited", fail)
    problem = Problem("A window never opens.")
    assert verdict.verdict(problem) is problem
    assert verdict.complaint() is None


def test_a_problem_gets_the_cause_that_the_files_tell(reader):
    problem = Problem("A window never opens.")
    assert verdict.verdict(problem) is problem, "right work is suspected of something"
    mend(reader, CONSUMERS, "self.accept()", "self.accept")
    found = verdict.verdict(problem)
    assert isinstance(found, Known)
    told(str(found), ["A window never opens. chat/consumers.py, line 16"], reader)


def test_what_the_browser_says_of_a_readers_script_is_the_verdict(reader):
    url = "http://127.0.0.1:1/static/chat/room.js"
    looked_at.append(Page(reader, "ReferenceError: when is odd", url, 12))
    found = verdict.verdict(Problem("The log stays empty."))
    assert isinstance(found, Known)
    told(str(found), [f"{SCRIPT}, line 12", "“ReferenceError: when is odd”"], reader)
    assert verdict.complaint() == str(found)
    verdict.begin()
    assert verdict.complaint() is None


def test_what_the_browser_says_of_other_scripts_is_no_complaint(reader):
    for words, url, line in (
        ("ReferenceError: x", "http://127.0.0.1:1/chat/lobby/", 3),
        ("a network error", "http://127.0.0.1:1/static/chat/room.js", None),
        ("TypeError: Failed to fetch", "http://127.0.0.1:1/static/chat/room.js", 3),
    ):
        looked_at.append(Page(reader, words, url, line))
        assert verdict.complaint() is None, words


def test_a_coroutine_that_the_server_tells_of_makes_a_step_red(reader, monkeypatch):
    log = awaited(callee="ChatConsumer.say", file=CONSUMERS, line=26, called=[CONSUMERS, 23])
    monkeypatch.setattr(context, "server", SimpleNamespace(log=lambda: log))
    assert f"{CONSUMERS}, line 23" in verdict.complaint()
    found = verdict.verdict(Problem("Nothing came back."))
    assert isinstance(found, Known) and f"{CONSUMERS}, line 23" in str(found)
