"""What becomes of a window that is told to go, that goes on and on, or that stays for days.

As in `tutorial.checking.knocking`, windows are opened without a server, and nobody has to wait: the
clocks are put forward. What comes with right work is waited for as long as the machine needs:
whoever asks knows how busy it is, and ends it.
"""

from tutorial.checking.knocking import answer
from tutorial.checking.pages import Visitor

PAIR = """
LONG = 600
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

def members():
    return sum(map(len, getattr(get_channel_layer(), "groups", {}).values()))

async def pair(path, cookie, other_cookie):
    windows = Window(path, cookie), Window(path, other_cookie)
    await until(lambda: all(window.entered or window.task.done() for window in windows), LONG)
    await asyncio.sleep(0.1)
    return windows

def put_back():
    turn({clocks[clock]: clock for clock in clocks})
"""

GONE = """
async def gone(path, cookie, key, other_cookie):
    before = members()
    one, other = await pair(path, cookie, other_cookie)
    await sync_to_async(Session.objects.filter(pk=key).delete)()
    one.say(message="after the end")
    await until(lambda: one.code or one.task.done(), 4)
    other.say(message="behind the door")
    await until(lambda: other.heard("behind the door") or other.task.done(), LONG)
    await asyncio.sleep(0.1)
    trouble = await one.leave() or await other.leave()
    return {"hears": one.heard("behind the door"), "code": one.code, "trouble": trouble,
            "left": members() <= before}
"""


def told_to_go(path: str, visitor: Visitor, key: str, other: Visitor) -> dict:
    """Two windows; one's session `key` is ended, it speaks, and then the other one speaks.

    Returns the first one's close `code`, whether it `hears` the other one all the same, and whether
    at the end both have `left` their groups. Raises `Problem` for an exception in the consumer.
    """
    arguments = f"{path!r}, {visitor.cookie!r}, {key!r}, {other.cookie!r}"
    return answer(PAIR + GONE, f"gone({arguments})")


SLOWLY = """
async def slowly(path, cookie):
    global later
    window, sent = Window(path, cookie), 0
    refused = lambda: sum('"error"' in (event.get("text") or "") for event in window.told)
    await until(lambda: window.entered or window.task.done(), LONG)
    await asyncio.sleep(0.1)
    turn(clocks)
    try:
        for count, pause in ((1, 30), (10, 35), (9, 0), (1, 0)):
            early = window.code
            for _ in range(count):
                window.say(nonsense=True)
            sent += count
            await until(lambda: window.code or window.task.done() or refused() >= sent, LONG)
            await asyncio.sleep(0.1)
            later += pause
        await until(lambda: window.code or window.task.done(), 5)
    finally:
        put_back()
    return {"early": early, "code": window.code, "trouble": await window.leave()}
"""


def refused_slowly(path: str, visitor: Visitor) -> dict:
    """A window with 1 refusal, 10 after 30 seconds, 9 after 35 more, and then another one.

    Returns the close code that it has `early`, after 20 refusals in 65 seconds, and the `code` at
    the end, when the last 20 lie within 35. Raises `Problem` for an exception in the consumer.
    """
    return answer(PAIR + SLOWLY, f"slowly({path!r}, {visitor.cookie!r})")


DAYS = """
async def caught_up(window):
    before = sum("caught_up" in (event.get("text") or "") for event in window.told)
    window.say(after=10**9)
    ended = lambda: sum("caught_up" in (event.get("text") or "") for event in window.told) > before
    await until(lambda: ended() or window.code or window.task.done(), LONG)
    return ended()

async def days(path, cookie, other_cookie):
    global later
    one, other = await pair(path, cookie, other_cookie)
    turn(clocks)
    try:
        later = 100_000
        await asyncio.sleep(0.1)
        answered = await caught_up(one)
        other.say(message="a day later")
        # By the time that these are answered, whoever is in the room has heard it.
        await caught_up(other)
        await caught_up(one)
        await asyncio.sleep(0.1)
    finally:
        put_back()
    trouble = await one.leave() or await other.leave()
    return {"caught_up": answered, "hears": one.heard("a day later"), "trouble": trouble}
"""


def after_days(path: str, visitor: Visitor, other: Visitor) -> dict:
    """Two windows that stay for more than a day; one catches up, then the other one speaks.

    Returns whether the first one has `caught_up`, and whether it `hears` the other one: the channel
    layer has forgotten both. Raises `Problem` for an exception in the consumer.
    """
    return answer(PAIR + DAYS, f"days({path!r}, {visitor.cookie!r}, {other.cookie!r})")


DELETED = """
from chat.models import Room

async def deleted(path, cookie, name):
    window = Window(path, cookie)
    await until(lambda: window.entered or window.task.done(), LONG)
    await asyncio.sleep(0.1)
    await sync_to_async(Room.objects.filter(name=name).delete)()
    window.say(message="is anybody there?")
    await until(lambda: window.code or window.task.done(), 5)
    return {"code": window.code, "trouble": await window.leave()}
"""


def room_deleted(path: str, visitor: Visitor, name: str) -> dict:
    """A window in the room `name`, which is deleted; then it says something.

    Returns the close `code`. Raises `Problem` for an exception in the consumer.
    """
    return answer(PAIR + DELETED, f"deleted({path!r}, {visitor.cookie!r}, {name!r})")
