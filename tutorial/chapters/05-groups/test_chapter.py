"""What chapter 5's result must do: what one window says, all windows in the room hear."""

import functools
import json
import re

from tutorial.checks import Problem, clock, handshake, open_socket, project, server, step

RECOGNISE = [
    (
        r"'NoneType' object has no attribute '(group_\w+)'",
        "{place} has no channel layer to call {0} of. CHANNEL_LAYERS in config/settings.py has to "
        'name one under "default".',
    ),
    (
        r"ValueError: No handler for message type ([\w.]+)",
        "An event of the type {0} has reached a consumer that has no method for it. The method's "
        "name is the type with _ in place of each dot: chat.message is handled by chat_message.",
    ),
    (
        r"ValueError: Incoming message has no 'type' attribute",
        'An event has no type, so no consumer knows what to do with it. Put "type": '
        '"chat.message" into the dict that group_send is given.',
    ),
    (
        r"TypeError: Group name must be",
        "{place} uses a group name that the layer refuses. ASCII letters, digits, hyphens, "
        "underscores and periods are allowed, fewer than 100 of them.",
    ),
    (
        r"AttributeError: '(?![a-z]|NoneType)\w+' object has no attribute '(\w+)'",
        "{place} looks for self.{0}, which nobody has set. What connect() finds out, disconnect() "
        "and receive() know only when connect() keeps it: self.{0} = …",
    ),
    (
        r"KeyError: '(\w+)'",
        "{place} looks for {0!r} where it is not. The pattern's name in chat/routing.py, the "
        "event's keys and the frame's have to fit what is looked for.",
    ),
]

LOBBY, LIBRARY = "/ws/chat/lobby/", "/ws/chat/library/"

LAYERS = """
import importlib.util, json, os
import environ

own, read = os.environ["CHANNELS_URL"], environ.Env.read_env


def layer(address):
    if address:
        os.environ["CHANNELS_URL"] = address
    spec = importlib.util.find_spec(os.environ["DJANGO_SETTINGS_MODULE"])
    settings = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(settings)
        return str(settings.CHANNEL_LAYERS["default"])
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def without_its_line(*arguments, **more):
    read(*arguments, **more)
    os.environ.pop("CHANNELS_URL", None)


try:
    redis = layer("redis://127.0.0.1:6379/0")
    environ.Env.read_env = staticmethod(without_its_line)
    os.environ.pop("CHANNELS_URL")
    print(json.dumps([redis, layer(None)]))
finally:
    os.environ["CHANNELS_URL"], environ.Env.read_env = own, read
"""

LOOK = """
import asyncio, gc, json, warnings
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from config.asgi import application

HEADERS = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
LONG = 30  # seconds; a busy machine needs some
groups = getattr(get_channel_layer(), "groups", {})


def members():
    return sum(len(channels) for channels in groups.values())


async def enter():
    window = WebsocketCommunicator(application, "/ws/chat/lobby/", headers=HEADERS)
    await window.connect(timeout=LONG)
    return window


async def enter_and_leave():
    window = await enter()
    for _ in range(40):  # the yes may come before the group
        if inside := members():
            break
        await asyncio.sleep(0.05)
    await window.disconnect(timeout=LONG)
    return [inside, members()]


async def talk():
    window = await enter()
    await window.send_to(text_data='{"message": "hello"}')
    await asyncio.sleep(0.1)
    await window.disconnect(timeout=LONG)


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    counts = asyncio.run(enter_and_leave())
    try:
        asyncio.run(talk())
    except Exception:
        pass  # the server tells of it better
    gc.collect()
print(json.dumps([*counts, [f"{w.filename}:{w.lineno}: {w.category.__name__}: {w.message}"
                            for w in caught]]))
"""

STOP = """
from asgiref.sync import SyncToAsync
import config.asgi
from twisted.internet import reactor

reactor.callWhenRunning(reactor.stop)
reactor.run()
try:
    SyncToAsync.single_thread_executor.submit(int)
except RuntimeError:
    print("waited for")
"""


TWICE = (
    "What is said arrives more than once. Only chat_message() sends to the window; receive() gives "
    "the event to the group, once."
)


@functools.cache
def look() -> tuple[int, int, list[str]]:
    """The groups' members while a window is open and after it; all warnings on the way."""
    return json.loads(project.shell(LOOK))


def never_run(*names: str) -> None:
    """Raise `Problem` for a method of the layer that is called and never runs.

    Daphne swallows Python's warnings, so the server's log does not tell.
    """
    for warning in look()[2]:
        if re.search("never awaited|non-async-marked", warning):
            place = re.search(r"((?:chat|config))[/\\](\w+\.py):(\d+):", warning)
            where = "{}/{}, line {}".format(*place.groups()) if place else "A consumer"
            name = re.search(r"(group_\w+)' was", warning)
            if name and name[1] not in names:
                continue
            what = name[1] if name else names[0]
            raise Problem(
                f"{where} makes a coroutine that nobody runs: the layer's methods are async. "
                f"Write async_to_sync(self.channel_layer.{what})(…): the method's name in the "
                "first pair of parentheses, what it is given in the second."
            )


@step(
    "Choose a channel layer",
    see='python manage.py shell -v0 -c "from django.conf import settings; '
    'print(settings.CHANNEL_LAYERS)" names the InMemoryChannelLayer and your capacity',
    hint="CHANNEL_LAYERS in config/settings.py, read with env.channels from CHANNELS_URL.",
)
def test_a_channel_layer_is_chosen_in_the_environment():
    layer = (project.settings.get("CHANNEL_LAYERS") or {}).get("default")
    if not layer:
        raise Problem(
            "There is no channel layer: CHANNEL_LAYERS in config/settings.py names none under "
            '"default".'
        )
    redis, default = json.loads(project.shell(LAYERS))
    if "redis" not in redis.lower():
        raise Problem(
            "CHANNELS_URL says redis://…, and the layer stays the same. In config/settings.py, "
            "read it from the environment: env.channels("
            '"CHANNELS_URL", default="inmemory://").'
        )
    if "Error: " in default or "ImproperlyConfigured: Invalid" in default:
        raise Problem(
            "Where neither the environment nor .env has a CHANNELS_URL, your project does not "
            f"start: {default}. In config/settings.py, give env.channels the address of the layer "
            'in memory for that: default="inmemory://".'
        )
    if "CHANNELS_URL" not in project.read(".env.example"):
        raise Problem(
            "The settings read CHANNELS_URL, and .env.example does not name it. Whoever copies "
            "that file should find the line."
        )
    capacity = (layer.get("CONFIG") or {}).get("capacity", 100)
    if not isinstance(capacity, int) or capacity <= 100:
        raise Problem(
            "The layer keeps 100 waiting events for a window and drops the rest without a word. "
            'In config/settings.py, give it a larger "capacity" in its "CONFIG".'
        )


@step(
    "Enter and leave",
    see="the room opens as before, and the server's terminal shows no error",
    hint="group_add in connect(), group_discard in disconnect(), both through async_to_sync.",
)
def test_a_window_is_in_a_group_as_long_as_it_is_open():
    since = len(server.log())
    open_socket(LOBBY).close()
    clock.sleep(0.3)
    if "Traceback (" in server.log()[since:]:
        raise Problem("", output=server.log()[since:])
    never_run("group_add", "group_discard")
    inside, left, _ = look()
    if not inside:
        raise Problem(
            "A window opens, and no group has it. In chat/consumers.py, connect() has to call "
            "async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)."
        )
    if left:
        raise Problem(
            "A window is closed, and its group still has it: what is said goes on being put aside "
            "for nobody. In chat/consumers.py, disconnect() has to call group_discard with the "
            "same names as group_add in connect()."
        )


@step(
    "Say it to the room",
    see="two windows in the same room: what you write in one stands in both",
    hint="receive() hands an event to group_send; the method that its type names sends the frame.",
)
def test_everyone_in_the_room_hears():
    never_run("group_send")
    before = None
    with open_socket(LOBBY) as one, open_socket(LOBBY) as other:
        for speaker, said in ((one, "hello"), (other, "<b>Grüße</b> 雑談")):
            speaker.say(message=said)
            heard = speaker.hear()
            if heard.get("message") == before:
                raise Problem(TWICE)
            if heard.get("message") != said:
                raise Problem(
                    f"“{said}” was said, and its own window got {heard}. The frame has to be "
                    '{"message": "…"}, with what was said.'
                )
            listener = other if speaker is one else one
            try:
                heard = listener.hear()
            except Problem:
                raise Problem(
                    "One window speaks, and the other window in the room hears nothing. In "
                    "chat/consumers.py, receive() has to give the event to group_send; only "
                    "chat_message() calls self.send()."
                ) from None
            if heard.get("message") == before:
                raise Problem(TWICE)
            if heard.get("message") != said:
                raise Problem(f"“{said}” was said, and the other window got {heard}.")
            before = said
        if not (one.hears_nothing() and other.hears_nothing(0.1)):
            raise Problem(TWICE)


@step(
    "Say it to the room",
    see="a window in another room stays empty",
    hint="The group's name has the room's name in it.",
)
def test_another_room_hears_nothing():
    with open_socket(LOBBY) as here, open_socket(LIBRARY) as elsewhere:
        here.say(message="only here")
        here.hear()
        if not elsewhere.hears_nothing():
            raise Problem(
                "What is said in one room is heard in another room. Each room needs a group of "
                "its own: put the room's name into the group's name in connect()."
            )
    if handshake(LOBBY, origin="http://evil.example") != 403:
        raise Problem(
            "A page of another site can open a WebSocket again. In config/asgi.py, "
            "SameOriginValidator(…) stands around URLRouter(…), as in chapter 4."
        )


@step(
    "Let the server stop",
    see="Ctrl-C ends the server, also while windows are open",
    hint="config/server.py is given. Call its function at the end of config/asgi.py.",
)
def test_a_stopping_server_waits_for_the_consumers():
    if "waited for" not in project.shell(STOP):
        raise Problem(
            "A stopping server does not wait for your consumers, so it may hang for ever. At the "
            "end of config/asgi.py, call server.finish_handlers_before_shutdown()."
        )
