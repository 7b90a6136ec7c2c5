"""Windows that are opened without a server, in the process of `project.shell`.

There no network hides what happens behind a closed door: who was told to go and is in a room all
the same, and what happens while nobody says anything.
"""

import json

from tutorial.checking.context import context
from tutorial.checking.pages import Visitor
from tutorial.checking.recognise import Problem

WINDOWS = '''
import asyncio, json, os, sys, time, traceback
from channels.layers import get_channel_layer
from config.asgi import application

def ordinary(clock):
    return lambda: clock() + later

later, clocks = 0, {clock: ordinary(clock) for clock in (time.time, time.monotonic)}

def turn(hands):
    """Put others in the place of the clocks, here and in the reader's modules."""
    for module in [time, *sys.modules.values()]:
        file = getattr(module, "__file__", None) or ""
        if module is time or file.startswith(os.getcwd()):
            for name, value in list(vars(module).items()):
                if callable(value) and value.__hash__ and value in hands:
                    setattr(module, name, hands[value])

async def until(happens, seconds=5):
    """Wait until something is true, but not for ever; say whether it came true."""
    for _ in range(int(seconds / 0.02)):
        if happens():
            return True
        await asyncio.sleep(0.02)
    return bool(happens())

class Window:
    """A page's connection; `told` is what it was told, `task` the consumer's work."""

    def __init__(self, path, cookie):
        headers = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
        if cookie:
            headers.append((b"cookie", cookie.encode()))
        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "root_path": "",
            "scheme": "ws", "query_string": b"", "headers": headers, "subprotocols": [],
            "client": ["127.0.0.1", 1], "server": ["127.0.0.1", 80],
        }
        self.said, self.told = asyncio.Queue(), []
        self.said.put_nowait({"type": "websocket.connect"})

        async def tell(event):
            self.told.append(event)

        self.task = asyncio.ensure_future(application(scope, self.said.get, tell))

    def say(self, **frame):
        self.said.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    @property
    def code(self):
        """The code with which it is closed; None: it is open."""
        closing = [event for event in self.told if event["type"] == "websocket.close"]
        return closing[0].get("code", 1000) if closing else None

    @property
    def entered(self):
        return any(event["type"] == "websocket.accept" for event in self.told)

    def heard(self, text):
        return any(text in (event.get("text") or "") for event in self.told)

    async def leave(self):
        """Hang up; the traceback of what went wrong meanwhile, or nothing."""
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await until(self.task.done, 2)
        if not self.task.done():
            self.task.cancel()
            return ""
        error = None if self.task.cancelled() else self.task.exception()
        return "".join(traceback.format_exception(error)) if error else ""
'''

KNOCK = """
layer = get_channel_layer()
group_send, sent = layer.group_send, []
members = lambda: sum(map(len, getattr(layer, "groups", {}).values()))

async def note(group, event):
    sent.append(event)
    await group_send(group, event)

async def knock(path, cookie, says):
    layer.group_send, before = note, members()
    try:
        window = Window(path, cookie)
        await until(lambda: window.code or window.task.done())
        inside = await until(lambda: members() > before, 0.15)
        if says:
            window.say(message="behind the door")
        told = says and await until(lambda: sent, 0.15)
        trouble = await window.leave()
        return {"code": window.code, "inside": inside, "told": told, "trouble": trouble}
    finally:
        layer.group_send = group_send
"""


def knock(path: str, visitor: Visitor | None = None, says: bool = True) -> dict:
    """Open a window that is to be closed at once, and speak before it has hung up, if it `says`.

    Returns its close `code`, whether it is `inside` a group behind that, and whether what it says
    is `told` to one. Raises `Problem` for an exception in the consumer.
    """
    cookie = visitor.cookie if visitor else ""
    return answer(KNOCK, f"knock({path!r}, {cookie!r}, {says!r})")


MINUTE = """
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

async def minute(path, cookie, key, other_cookie):
    global later
    one, other = Window(path, cookie), Window(path, other_cookie)
    trouble = ""
    try:
        await until(lambda: one.entered and other.entered)
        await asyncio.sleep(0.1)
        await sync_to_async(Session.objects.filter(pk=key).delete)()
        turn(clocks)
        later = 60
        await until(lambda: one.code or one.task.done(), 0.6)
        other.say(message="a minute later")
        await until(lambda: other.heard("a minute later") or other.task.done(), 3)
        await asyncio.sleep(0.1)
    finally:
        turn({clocks[clock]: clock for clock in clocks})
        trouble = await one.leave() or await other.leave()
    return {"hears": one.heard("a minute later"), "code": one.code, "trouble": trouble,
            "alive": other.heard("a minute later")}
"""


def minute_of_silence(path: str, visitor: Visitor, key: str, other: Visitor) -> dict:
    """Two windows, a minute in which one's session `key` is ended, then the other one speaks.

    Nobody has to wait for the minute: the clocks are put forward. Returns whether the first window
    `hears` that, and its close `code`; and whether the other one is `alive` and hears itself.
    Raises `Problem` for an exception in the consumer.
    """
    arguments = f"{path!r}, {visitor.cookie!r}, {key!r}, {other.cookie!r}"
    return answer(MINUTE, f"minute({arguments})")


def answer(code: str, call: str) -> dict:
    """What a coroutine in the reader's process gives; raises `Problem` for its `trouble`."""
    printing = f"print(json.dumps(asyncio.run({call})))"
    found = json.loads(context.project.shell(WINDOWS + code + printing))
    if found["trouble"]:
        raise Problem("", output=found["trouble"])
    return found
