"""What chapter 11's result must do: all that chapter 10's does, without the thread."""

import time
from pathlib import Path

from tutorial.checking.runner import load
from tutorial.checks import Problem, blame_server, get, project, server, step

resume = load(Path(__file__).parents[1] / "10-resume" / "test_chapter.py")
"""The checks of chapter 10: what is promised there still holds."""

RECOGNISE = [
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
    "async def and await",
    see="the room works as before",
    hint="AsyncWebsocketConsumer, async def in front of each method, await in front of each call.",
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


@step(
    "The database from async code",
    see="what is refused, what is sent twice and what was missed: all as before",
    hint="afirst and async for, or database_sync_to_async; an await in front of all of them.",
)
def test_what_chapter_10_promised_still_holds():
    with resume.window("ann") as one:
        one.say(message="I am here")
        resume.message(one, "A message was said")
        project.shell(
            "from django.contrib.auth import get_user_model\n"
            "get_user_model().objects.filter(username='ann').update(is_active=False)"
        )
        since = len(server.log())
        one.say(message="am I still here?")
        code = one.close_code(1.5)
        project.shell(
            "from django.contrib.auth import get_user_model\n"
            "get_user_model().objects.filter(username='ann').update(is_active=True)"
        )
        if code != 4401:
            how = f"is closed with {code}" if code else "can still write"
            raise blame_server(
                since,
                f"Somebody whose account is deactivated {how}; the window should be closed with "
                "4401. In receive(), is there an await in front of self.is_logged_in()? Without "
                "it the answer is a coroutine, and every object is true.",
            )
    resume.test_what_is_said_twice_is_stored_once()
    resume.test_a_message_says_which_one_was_before()
    resume.test_a_catch_up_comes_in_parts()
    resume.test_all_is_as_right_as_before()


@step(
    "Deliver, once more",
    see="what is said is heard even while the thread has something else to do",
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


@step(
    "Slow in three ways",
    see="bob and the page have their answers at once, whatever alice says",
    hint="take the lines with sleep out again.",
)
def test_nothing_slow_is_left_on_the_loop():
    with resume.window("ann") as one:
        one.say(message="slow")
        time.sleep(0.1)
        began = time.monotonic()
        get("/accounts/login/")
        if time.monotonic() - began > 1.5:
            raise Problem(
                "Somebody says “slow” in a room, and the whole site waits: a blocking call stands "
                "on the event loop. Take the lines with sleep out of say(), or wait with await."
            )
        if resume.message(one, "A message was said").get("message") != "slow":
            raise Problem("Somebody says “slow”, and something else is heard.")
        if time.monotonic() - began > 1.5:
            raise Problem(
                "Somebody says “slow”, and it takes its time. Take the lines with sleep out of "
                "say() again."
            )
