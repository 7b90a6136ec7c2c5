"""What chapter 11's result must do: all that chapter 10's does, without the thread."""

from pathlib import Path

from tutorial.checking.knocking import knock, minute_of_silence
from tutorial.checking.leaving import told_to_go
from tutorial.checking.places import where
from tutorial.checking.runner import load
from tutorial.checks import (
    Problem,
    blame_server,
    clock,
    get,
    open_socket,
    project,
    server,
    step,
)

resume = load(Path(__file__).parents[1] / "10-resume" / "test_chapter.py")
"""The checks of chapter 10: what is promised there still holds."""

CONSUMERS, LOBBY = "chat/consumers.py", "/ws/chat/lobby/"

RECOGNISE = [
    (
        r"has no attribute 'finish_handlers_before_shutdown'",
        "config/server.py has no finish_handlers_before_shutdown(), and config/asgi.py calls it. "
        "“Throw the cure away” takes that line out, too.",
    ),
    (
        r"SynchronousOnlyOperation",
        "{place} asks the database on the event loop, which must not wait. For one query, use the "
        "async ORM: await ….afirst(), or async for. A function goes to the thread: "
        "await database_sync_to_async(f)(…), or @database_sync_to_async above its def. Both are in "
        "“The database from async code”.",
    ),
    (
        r"You cannot use AsyncToSync in the same thread",
        "{place} uses async_to_sync on the event loop. There you may wait yourself: write await "
        "in place of it.",
    ),
    (
        r"sync_to_async can only be applied to sync functions",
        "database_sync_to_async sends ordinary functions to the thread, and {place} gives it an "
        "async one. Leave async out in front of its def.",
    ),
    (
        r"object \w+ can't be used in 'await' expression",
        "Something is awaited that is no coroutine ({place}): a method that Channels calls, or one "
        "that you await, begins with async def.",
    ),
    (
        r"non-iterable coroutine object|'coroutine' object",
        "{place} calls an async method without await, and gets a coroutine in place of what the "
        "method returns. Put await in front of the call.",
    ),
    (
        r"'function' object has no attribute 'awaitable'",
        "dispatch() of chat/consumers.py is still that of chapter 10, and takes async methods for "
        "ordinary ones. “Deliver, once more” has the new one, and chat_message().",
    ),
    *resume.RECOGNISE,
]

SYNCHRONOUS = """
from chat.routing import websocket_urlpatterns
classes = [getattr(found.callback, "consumer_class", None) for found in websocket_urlpatterns]
print(*[found.__name__ for found in classes if getattr(found, "_sync", False)])
"""


@step(
    "The database from async code",
    see="the server starts, and in the console what is refused and what was missed comes as before",
    hint="AsyncWebsocketConsumer, async def in front of each method, await in front of each call; "
    "afirst and async for, or database_sync_to_async.",
)
def test_the_consumers_are_asynchronous():
    resume.sessions()
    if left := project.shell(SYNCHRONOUS).split():
        raise Problem(
            f"{' and '.join(left)} in chat/consumers.py: still synchronous. The base class is "
            "AsyncWebsocketConsumer now."
        )
    try:
        window = resume.window("ann")
    except Problem as problem:
        if "never answered" not in str(problem):
            raise
        raise Problem(
            "The handshake of a room is never answered. In connect(), write await self.accept(): "
            "without await the call does nothing."
        ) from None
    with window as one:
        one.say(nonsense=True)
        try:
            frame = one.hear()
        except Problem as problem:
            if "nothing came back" not in str(problem):
                raise
            raise Problem(
                "A frame that is not understood gets no answer. Is there an await in front of "
                "self.refuse in receive(), of self.send_frame in refuse(), and of self.send in "
                "send_frame()? Without it the call does nothing, and no error tells of it."
            ) from None
        if frame.get("code") != "bad_frame":
            raise Problem(f"A frame that is not understood should be a bad_frame, not {frame}.")
    for path, name, text in (
        ("/ws/chat/nowhere/", "connect", "self.close"),
        ("/ws/nobody/", "connect", "class NobodyConsumer"),
    ):
        since = len(server.log())
        with open_socket(path, visitor=resume.visitor("ann")) as nowhere:
            code = nowhere.close_code(1)
        if code != 4404:
            ends = f"is closed with {code}" if code else "stays open"
            line = where(project.copy, CONSUMERS, name, text)
            raise blame_server(
                since,
                f"Somebody opens a socket to a room that does not exist. It {ends}, and should "
                f"close with 4404. In {line}, is there an await in front of self.close(…)?",
            )
    knock("/ws/chat/nowhere/", resume.visitor("ann"))
    resume.who_is_told_to_go()
    resume.parts_of_a_catch_up()
    resume.who_may_not_go_on()


@step(
    "Deliver, once more",
    see="what is said is heard, and python manage.py test tests.test_models tests.test_consumer "
    "ends with OK",
    hint="dispatch calls the event's method right away, chat_message sends.",
)
def test_what_chapter_10_promised_still_holds():
    with resume.window("hal") as one:
        one.say(message="hello")
        try:
            resume.message(one, "A message was said")
        except Problem as problem:
            if "nothing came back" not in str(problem):
                raise
            raise Problem(
                "A message is said, and nobody hears it. Is there an await in front of "
                "group_send in say(), of self.send in chat_message(), and of self.say in "
                "receive()? Without it the call does nothing, and no error tells of it."
            ) from None
    resume.test_what_is_said_twice_is_stored_once()
    resume.test_a_message_says_which_one_was_before()
    resume.who_stays_for_days()
    resume.test_all_is_as_right_as_before()
    who_is_gone()


def who_is_gone():
    """Somebody has logged out, and speaks; and somebody else, who says nothing."""
    joe = resume.visitor("joe")
    gone = told_to_go(LOBBY, resume.visitor("hal"), resume.sessions()["hal"], joe)
    if gone["code"] != 4401 or gone["hears"] or not gone["left"]:
        line = where(project.copy, CONSUMERS, "disconnect" if not gone["left"] else "leave")
        raise Problem(
            "Windows that are told to go, or go by themselves, stay in their group. Is there an "
            "await in front of self.disconnect(…) in leave(), and of group_discard in "
            f"disconnect()? See {line}."
        )
    silent = minute_of_silence(LOBBY, resume.visitor("ida"), resume.sessions()["ida"], joe)
    if not silent["alive"]:
        raise Problem(
            "After a minute without a word, a window does not hear any more what is said. Look at "
            f"__call__() and silence() in {CONSUMERS}."
        )
    if silent["hears"]:
        line = where(project.copy, CONSUMERS, "silence")
        raise Problem(
            "Somebody has logged out, says nothing, and still hears the room a minute later. In "
            f"{line}, silence() has to ask is_logged_in(), with await."
        )


@step(
    "Deliver, once more",
    see="two windows hear each other, and the terminal stays quiet",
    hint="dispatch calls the event's method right away.",
)
def test_what_is_said_does_not_wait_for_the_thread():
    headers = {
        "host": "127.0.0.1",
        "origin": "http://127.0.0.1",
        "cookie": f"sessionid={resume.sessions()['ben']}",
    }
    came = project.shell(resume.BUSY.format(headers=headers)).strip()
    if came == "late":
        raise Problem(
            "While the thread is busy, no window hears what is said: Channels takes each event on "
            "a trip to the thread. Let dispatch() call the event's method right away."
        )
    if came != "heard":
        raise Problem(
            "A message is said with no server around it, and it can't be seen on its way to the "
            f"room ({came}). say() tells the room with the channel layer's group_send."
        )


CURE = """
import importlib
from twisted.internet import reactor
import config.asgi
from config import server

found, add = [], reactor.addSystemEventTrigger

def note(phase, event, *more, **options):
    found.extend(["called"] if (phase, event) == ("before", "shutdown") else [])
    return add(phase, event, *more, **options)

reactor.addSystemEventTrigger = note
importlib.reload(config.asgi)
print(*found, *["there"] * hasattr(server, "finish_handlers_before_shutdown"))
"""


@step(
    "Throw the cure away",
    see="python -m experiments.stop says “All 3 have ended by themselves.”, and in say() nothing "
    "slow is left",
    hint="take the call out of config/asgi.py, and the function out of config/server.py.",
)
def test_the_cure_is_gone_and_nothing_slow_is_left():
    found = project.shell(CURE).split()
    if "called" in found:
        raise Problem(
            "The server still finishes the thread's handlers before it ends, and no handler waits "
            "there any more. Take server.finish_handlers_before_shutdown() out of config/asgi.py."
        )
    if "there" in found:
        raise Problem(
            "config/server.py still has finish_handlers_before_shutdown(), which nobody calls any "
            "more. The text has the whole file without it."
        )
    nothing_slow_is_left()


def nothing_slow_is_left():
    """Somebody says “slow”, which the text has made slow for a while."""
    with resume.window("kim") as one:
        one.say(message="slow")
        clock.sleep(0.1)
        began = clock.now()
        get("/accounts/login/")
        if clock.now() - began > 1.5:
            raise Problem(
                "Somebody says “slow” in a room, and the whole site waits: a blocking call stands "
                "on the event loop. Take the lines with sleep out of say(), as the end of “Slow in "
                "three ways” says, or wait with await."
            )
        if resume.message(one, "A message was said").get("message") != "slow":
            raise Problem("Somebody says “slow”, and something else is heard.")
        if clock.now() - began > 1.5:
            raise Problem(
                "Somebody says “slow”, and it takes its time. Take the lines with sleep out of "
                "say() again, as the end of “Slow in three ways” says."
            )
