"""What chapter 9's result must do: nothing that a stranger sends harms anybody."""

import functools
import json

from tutorial.checking.dotenv import name_of, set_line
from tutorial.checking.knocking import knock, minute_of_silence
from tutorial.checking.leaving import refused_slowly, told_to_go
from tutorial.checking.places import where
from tutorial.checking.playing import PlayedRoom, judge_pauses
from tutorial.checks import (
    Problem,
    Visitor,
    blame_server,
    open_page,
    open_socket,
    project,
    server,
    step,
    wait_until,
)

RECOGNISE = [
    (
        r"No handler for message type silence",
        "After half a minute in which nothing comes, __call__() hands on an event of the type "
        "silence, and the consumer in chat/consumers.py has no method silence(self, event): the "
        "connection breaks. “Ask again who it is” has it.",
    ),
    (
        r"invalid close code (\d+)",
        "Daphne refuses to close with {0}. config/asgi.py has to call "
        "server.allow_all_close_codes(), which is in the given config/server.py.",
    ),
    (
        r"object has no attribute '(CHAT_MESSAGES_PER_MINUTE)'",
        "chat/limits.py asks for the setting {0}, and there is none. Set it in config/settings.py, "
        "from the environment.",
    ),
    (
        r"KeyError: '((?:bad|too)_\w+|blank)'",
        "A refusal {0!r} is raised, and REFUSALS in chat/frames.py has no such entry. Is it spelt "
        "the same at both places?",
    ),
    (
        r"frames\.Refusal: (\w+)",
        "The refusal {0} is raised and nobody catches it. In receive() of chat/consumers.py, "
        "read_frame and say belong into a try: with except Refusal behind it.",
    ),
    (
        r"JSONDecodeError|RecursionError",
        "{place} reads JSON that is none, and nobody catches the error. A ValueError or a "
        'RecursionError there is a Refusal("bad_json").',
    ),
    (
        r"KeyError: '(message)'|TypeError: (?:list indices|string indices|the JSON object)[^\n]*",
        "{place} takes something out of a frame before it is known that it is there. Let "
        "read_frame look at the frame's shape first, and raise Refusal for all else.",
    ),
]

ROOM, CONSUMERS = "/ws/chat/lobby/", "chat/consumers.py"
LIMIT = "CHAT_MESSAGES_PER_MINUTE"

REFUSED = {
    "nonsense": "bad_json",
    "[" * 30_000: "bad_json",
    "[1]": "bad_frame",
    b"binary": "bad_frame",
    '{"massage": "hello"}': "bad_frame",
    '{"message": 1}': "bad_frame",
    '{"message": " \\n "}': "blank",
    '{"message": "\\u200b"}': "blank",
    json.dumps({"message": "x" * 501}): "too_long",
    json.dumps({"message": "x" * 70_000}): "too_long",
    json.dumps({"message": "short", "more": "x" * 70_000}): "too_long",
    '{"message": "a\\u0000b"}': "bad_text",
    '{"message": "\\ud83d"}': "bad_text",
}


SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
for name in {names}:
    client = Client()
    client.force_login(get_user_model().objects.get_or_create(username=name)[0])
    print(name, client.cookies["sessionid"].value)
"""
NAMES = ["ann", "ben", "cat", "leaver", "quiet", "gone"]


@functools.cache
def sessions():
    """The session keys of some users, who are logged in, by name; and a room to be in.

    From here on `.env` asks for one message in a minute, and a short burst: what it says otherwise
    is its owner's choice.
    """
    set_line(project, LIMIT, "1")
    printed = project.shell(SIGN_IN.format(names=NAMES))
    found = dict(line.split() for line in printed.splitlines())
    Visitor.with_session(found["ann"]).post("/chat/", name="lobby")
    return found


def visitor(name):
    """A visitor who is logged in."""
    return Visitor.with_session(sessions()[name])


def refusal(window, sent):
    """What a window is told about a frame that comes to nothing."""
    frame = window.hear()
    name = f"{sent[:40]!r}{'…' if len(sent) > 40 else ''}"
    if frame.get("type") != "error":
        raise Problem(
            f"{name} was sent, and the answer is {str(frame)[:80]}. A frame that comes to nothing "
            'is answered with {"type": "error", "code": "…", "detail": "a sentence"}.'
        )
    if not (isinstance(frame.get("detail"), str) and frame["detail"].strip()):
        raise Problem(f"The refusal of {name} has no detail, a sentence for a person: {frame}.")
    return frame


@step(
    "Refuse with a sentence",
    see="a bad frame from the console gets an answer, and the connection lives",
    hint="read_frame raises Refusal, receive catches it, refuse sends it.",
)
def test_a_bad_frame_gets_a_sentence():
    ann, ben = visitor("ann"), visitor("ben")
    with open_socket(ROOM, visitor=ann) as one, open_socket(ROOM, visitor=ben) as other:
        if (code := other.close_code(0.3)) is not None:
            raise Problem(
                f"A room that exists is closed with {code} at once, though somebody who is logged "
                "in wants to enter. Look at connect() in chat/consumers.py."
            )
        since = len(server.log())
        for sent, code in REFUSED.items():
            one.send(sent)
            told = refusal(one, sent)
            if told.get("code") != code:
                raise Problem(
                    f"{sent[:40]!r} is refused as {told.get('code')!r}. Its code is {code!r}."
                )
        one.say(message="<b>still</b> here")
        heard = one.hear()
        if heard.get("type") != "message" or heard.get("message") != "<b>still</b> here":
            raise Problem(
                f"After the refusals “<b>still</b> here” was said, and {heard} came. A message is "
                'a frame with "type": "message", and its text is as it was said.'
            )
        if other.hear().get("message") != "<b>still</b> here":
            raise Problem(
                "Another window hears something of the frames that were refused. A refusal goes "
                "to the one who sent the frame, and to nobody else."
            )
        if "Traceback" in server.log()[since:]:
            raise Problem("The refusals work, but there is a traceback in the server's log.")


@functools.cache
def lobby():
    """The lobby's page, and we are its server."""
    played = PlayedRoom(open_page("/chat/lobby/", visitor=visitor("ann")))
    if not played.wait(lambda: played.opened):
        raise Problem("The room's page opens no WebSocket. Is connect() called at the end?")
    return played


TRICK, SENTENCE = "<img src=x alt=trick>", "A sentence to show."


@step(
    "Refuse with a sentence",
    see='in the console, document.getElementById("chat-message-input").value = "\\u200b", and then '
    "Enter in the field: “Write something first.” stands above it",
    hint="hear has a function for each type of frame: message shows it, error puts detail into the "
    "element error.",
)
def test_the_page_says_what_was_refused():
    played = lobby()
    page = played.page
    refused = {"code": "blank", "detail": SENTENCE, "client_id": None, "retry_after": None}
    played.tell(type="error", **refused)
    played.tell_message(999_999, None, TRICK)
    if not wait_until(page, lambda: SENTENCE in page.locator("body").inner_text()):
        raise Problem(
            "A refusal reaches the page, and the page does not show it. In room.js, frames of type "
            'error belong into the element "error": hear.error.'
        )
    if page.locator("img[alt=trick]").count():
        raise Problem(
            "A message with HTML in it becomes an element in the page: a stranger's script would "
            "run in every window. In log.js, put text in with textContent, not with innerHTML."
        )
    if not wait_until(page, lambda: TRICK in page.locator("#chat-log").inner_text()):
        raise Problem(
            "A message reaches the page with type message, and the log does not show it as it was "
            "said. In room.js, hear.message is show."
        )
    page.locator("#chat-message-input").fill("hello")
    page.keyboard.press("Enter")
    if not played.wait(lambda: played.said("message")):
        raise Problem("A line is written and Enter pressed, and the page sends no message.")
    if not wait_until(page, lambda: SENTENCE not in page.locator("body").inner_text()):
        raise Problem(
            "A message was refused, and the sentence for it still stands in the page when the next "
            "one has been sent. In room.js, empty the element error when the form is submitted."
        )


WITHOUT_LINE = """
import importlib, os, sys
os.environ.pop("CHAT_MESSAGES_PER_MINUTE", None)
settings = importlib.reload(sys.modules[os.environ["DJANGO_SETTINGS_MODULE"]])
print(repr(settings.CHAT_MESSAGES_PER_MINUTE))
"""

FORGOTTEN = """
from types import SimpleNamespace as User
from unittest import mock
from chat import limits
with mock.patch.object(limits, "time", return_value=1e9):
    for number in [1] * 9 + [*range(2, 400), 1]:
        wait = limits.seconds_to_wait(User(pk=-number))
print(not wait)
"""


@step(
    "Not too much, not too fast",
    see="of twenty messages in a moment some fifteen are taken, the others refused as too_fast",
    hint='seconds_to_wait(self.scope["user"]) in say(), behind the check of the form.',
)
def test_who_is_too_fast_is_told_to_wait():
    with open_socket(ROOM, visitor=visitor("cat")) as window:
        for _ in range(8):
            window.say(message=" ")
            if refusal(window, " ").get("code") != "blank":
                line = where(project.copy, CONSUMERS, "say", "seconds_to_wait")
                raise Problem(
                    "Blank messages count as if they had been said: after some of them the next "
                    f"one is too_fast. In {line}, ask seconds_to_wait behind the form's check."
                )
        for number in range(60):
            window.say(message=f"message {number}")
            if window.hear().get("type") == "message":
                continue
            window.say(message="one more")
            told = refusal(window, "one more")
            if told.get("code") != "too_fast" or not told.get("retry_after"):
                raise Problem(
                    f"Many messages in a second are refused with {told}. It should be too_fast, "
                    "with the seconds to wait in retry_after."
                )
            if "one more" in visitor("cat").get("/chat/lobby/").text:
                line = where(project.copy, CONSUMERS, "say", "seconds_to_wait")
                raise Problem(
                    "A message is refused as too_fast, and stored all the same. In "
                    f"{line}, ask seconds_to_wait before the message is stored: that belongs above "
                    "form.save()."
                )
            break
        else:
            raise Problem(
                "60 messages in a second are all taken. In say(), refuse with too_fast when "
                "seconds_to_wait returns more than 0."
            )
    how = f'Write {LIMIT} = env.int("{LIMIT}", default=60) into config/settings.py.'
    if number > 12:
        raise Problem(
            f"The line {LIMIT}=1 in .env changes nothing: {number} messages in a moment are taken. "
            f"The settings have to read it from the environment. {how}"
        )
    if project.shell(FORGOTTEN).strip() == "True":
        raise Problem(
            "Who is too fast has only to wait until 300 others have written: then the cache "
            "forgets. In config/settings.py, CACHES takes the address CACHE_URL, by default "
            "locmemcache://?max_entries=100000."
        )
    set_line(project, LIMIT, None)
    usual = project.shell(WITHOUT_LINE).strip()
    if not usual.isdigit() or not 1 <= int(usual) <= 300:
        raise Problem(
            f"Without a line in .env, one user may say {usual} messages in a minute. The text has "
            f"60. {how}"
        )
    names = [name_of(line.lstrip("# ")) for line in project.read(".env.example").splitlines()]
    for name, value in ((LIMIT, "60"), ("CACHE_URL", "locmemcache://?max_entries=100000")):
        if name not in names:
            raise Problem(
                f"The file .env.example does not tell of {name}, so nobody who copies it can know "
                f"of it. Add the line {name}={value} to it."
            )


@step(
    "Not too much, not too fast",
    see='socket.send("x".repeat(200000)) in the console, and it says “closed 1006”',
    hint="Two settings of Daphne's, in config/settings.py.",
)
def test_the_server_hangs_up_on_what_is_far_too_large():
    with open_socket(ROOM, visitor=visitor("ann")) as window:
        try:
            window.send(["x" * 20_000] * 10)  # in ten parts, as one message
            closed = window.close_code(1) is not None
        except Problem:
            closed = True
        if not closed:
            raise Problem(
                "A message of 200 KB is read into memory before it is refused. Set "
                "DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE and DAPHNE_WEBSOCKET_MAX_FRAME_SIZE in "
                "config/settings.py, and the server hangs up while it arrives."
            )


@step(
    "Ask again who it is",
    see="you log out in a second tab, write in the first, and it says so",
    hint="is_logged_in() at every frame, with a session that is read anew.",
)
def test_who_has_logged_out_can_not_go_on():
    ben = visitor("ben")
    leaver = visitor("leaver")
    leaver.get("/chat/")
    with open_socket(ROOM, visitor=leaver) as one, open_socket(ROOM, visitor=ben) as other:
        one.say(message="before")
        one.hear(), other.hear()
        token = next(c.value for c in leaver.cookies if c.name == "csrftoken")
        leaver.post("/accounts/logout/", csrfmiddlewaretoken=token)
        one.say(message="after")
        code = one.close_code(1.5)
        if not other.hears_nothing():
            raise Problem(
                "Somebody has logged out in another tab, and what they write afterwards still "
                "reaches the room. Ask at every frame, in receive(), and with a new session of the "
                'same key: scope["session"] keeps what it has read at the handshake.'
            )
        if code != 4401:
            raise Problem(
                "Somebody has logged out in another tab and writes: the connection should be "
                f"closed with 4401, but {f'it is {code}' if code else 'it stays open'}."
            )
    with open_socket("/ws/chat/nowhere/", visitor=ben) as nowhere:
        if (code := nowhere.close_code(1)) != 4404:
            raise Problem(
                "Somebody opens a socket to a room that does not exist. It "
                f"{f'is closed with {code}' if code else 'stays open'}, and should close with "
                f"4404. Look at connect() and NOT_FOUND in {CONSUMERS}."
            )
    behind = knock(ROOM)
    if behind["code"] != 4401 or behind["inside"] or behind["told"]:
        line = where(project.copy, CONSUMERS, "connect", "is_logged_in")
        raise Problem(
            "Nobody is logged in, and a socket to a room should be closed with 4401 and be in no "
            f"group. In {line}, connect() has to end with return when is_logged_in() is not true."
        )
    gone = told_to_go(ROOM, visitor("gone"), sessions()["gone"], ben)
    if gone["code"] != 4401 or gone["hears"]:
        line = where(project.copy, CONSUMERS, "leave")
        raise Problem(
            "Somebody has logged out and is told to go with 4401. Until the line is closed, their "
            f"window still hears the room. In {line}, leave() has to leave the group, too: "
            "self.disconnect(code)."
        )
    silent = minute_of_silence(ROOM, visitor("quiet"), sessions()["quiet"], ben)
    if not silent["alive"]:
        raise Problem(
            "After a minute without a word, a window does not hear any more what is said. Look at "
            f"__call__() and silence() in {CONSUMERS}."
        )
    if silent["hears"]:
        line = where(project.copy, CONSUMERS, "silence")
        raise Problem(
            "Somebody has logged out, says nothing, and still hears the room a minute later. In "
            f"{line}, silence() has to ask is_logged_in(); __call__() makes an event of that type "
            "when nothing comes for half a minute."
        )


LEAVING = """
import config.asgi
from daphne.ws_protocol import WebSocketProtocol

class Leaving(WebSocketProtocol):
    client_addr = None

    def __init__(self):
        self.state = self.STATE_CLOSING

    def sendMessage(self, *_, **__):
        print("tries to send it")

Leaving().serverSend("too late", False)
"""


@step(
    "Close on who goes on and on",
    see="twenty bad frames in the console, and the connection is closed with 1008",
    hint="refuse() remembers when; config/asgi.py allows all close codes.",
)
def test_who_goes_on_and_on_is_closed():
    with open_socket(ROOM, visitor=visitor("ann")) as window:
        since = len(server.log())
        for _ in range(19):
            window.send("nonsense")
            refusal(window, "nonsense")
        window.send("nonsense")
        refusal(window, "nonsense")
        code = window.close_code(1.5)
        if code != 1008:
            how = f"it is closed with {code}" if code else "it is still open"
            raise blame_server(
                since,
                f"After twenty refusals in a minute the connection should be closed with 1008; "
                f"{how}. Let refuse() remember when, and leave(POLICY_VIOLATION).",
            )
    slowly = refused_slowly(ROOM, visitor("ben"))
    if slowly["early"] or slowly["code"] != 1008:
        line = where(project.copy, CONSUMERS, "refuse")
        when = "in 65 seconds" if slowly["early"] else "and one more, of which 20 in 35 seconds,"
        what = "is closed" if slowly["early"] else "is not closed"
        raise Problem(
            f"A window with 20 refusals {when} {what}. In {line}, it has to be closed when the "
            "last 20 lie within a minute: compare the newest time with the oldest of the 20."
        )
    said = project.shell(LEAVING).strip()
    if said:
        raise Problem(
            "Something is sent to a client that has said goodbye while its line is still open, and "
            f"Daphne {said}. config/asgi.py has to call server.ignore_sends_to_who_is_leaving(), "
            "which is in the given config/server.py."
        )


@step(
    "A page that comes back",
    see="you stop the server, start it, and the page is connected again without a reload",
    hint="connect() makes a socket, lose() calls it again after a pause.",
)
def test_the_page_comes_back_and_says_why_when_it_does_not():
    played = lobby()
    page = played.page
    said = page.locator("#connection").inner_text
    made = len(played.attempts())
    played.opened[-1].close(code=1011)
    first = played.pause(60, made)
    if first is None:
        raise Problem(
            "The connection breaks, and the page does not make another one. In room.js, lose() "
            "calls connect() after a pause, unless there is a sentence for the close code."
        )
    if first < 0.1:
        raise Problem("The page knocks without a pause. setTimeout(connect, …) waits.")
    played.hangs_up = True
    page.reload()
    judge_pauses([played.pause(60) for _ in range(8)])
    away = said()
    played.hangs_up = False
    if played.pause(60) is None or not wait_until(page, lambda: said() != away):
        raise Problem(
            f"The server is back and the page connected again, but it still says “{away}”. In "
            'room.js, socket.onopen puts “Connected.” into the element "connection".'
        )
    connected = said()
    played.opened[-1].close(code=1011)
    again = played.pause(60)
    if again is None or again > 4:
        raise Problem(
            "The server was away for long, came back, and goes away again for a moment. The page "
            "begins with a long pause; it should begin with a short one. In room.js, set pause "
            "to 1 when the connection opens."
        )
    if not played.wait(lambda: said() == connected, 1.5):
        raise Problem("The page connects once more, and does not say so.")
    played.opened[-1].close(code=4404)
    if not wait_until(page, page.locator("#closed-4404").is_visible):
        raise Problem(
            "The page is closed with 4404, and does not show its sentence, the element closed-4404."
        )
    if said() == connected:
        raise Problem(
            f"The page is closed with 4404, and still says “{connected}”. In room.js, lose() "
            'says in the element "connection" how it is.'
        )
    if played.pause(20) is not None:
        raise Problem(
            "The page has been told 4404, that its room does not exist, and connects again. That "
            "is in vain: return from lose() when the page has a sentence for the code."
        )
