"""What chapter 9's result must do: nothing that a stranger sends harms anybody."""

import functools
import json

from tutorial.checks import (
    PlayedServer,
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

ROOM = "/ws/chat/lobby/"

REFUSED = {
    "nonsense": "bad_json",
    "[" * 30_000: "bad_json",
    "[1]": "bad_frame",
    b"binary": "bad_frame",
    '{"massage": "hello"}': "bad_frame",
    '{"message": 1}': "bad_frame",
    '{"message": " \\n "}': "blank",
    json.dumps({"message": "x" * 501}): "too_long",
    json.dumps({"message": "x" * 70_000}): "too_long",
    '{"message": "a\\u0000b"}': "bad_text",
    '{"message": "\\ud83d"}': "bad_text",
}


SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
for name in {names}:
    client = Client()
    client.force_login(get_user_model().objects.create_user(name))
    print(name, client.cookies["sessionid"].value)
"""


@functools.cache
def sessions():
    """The session keys of some users, who are logged in, by name; and a room to be in."""
    printed = project.shell(SIGN_IN.format(names=["ann", "ben", "cat", "leaver"]))
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


@step(
    "Not too much, not too fast",
    see="of twenty messages in a moment some fifteen are taken, the others refused as too_fast",
    hint='seconds_to_wait(self.scope["user"]) in say(), behind the check of the form.',
)
def test_who_is_too_fast_is_told_to_wait():
    with open_socket(ROOM, visitor=visitor("cat")) as window:
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
            return
    raise Problem(
        "60 messages in a second are all taken. In say(), refuse with too_fast when "
        "seconds_to_wait returns more than 0. (Is CHAT_MESSAGES_PER_MINUTE 0 or large in .env?)"
    )


@step(
    "Not too much, not too fast",
    see="nothing new",
    hint="Two settings of Daphne's, in config/settings.py.",
)
def test_the_server_hangs_up_on_what_is_far_too_large():
    with open_socket(ROOM, visitor=visitor("ann")) as window:
        try:
            window.send("x" * 200_000)
            closed = window.close_code(1) is not None
        except Problem:
            closed = True
        if not closed:
            raise Problem(
                "A frame of 200 KB is read into memory before it is refused. Set "
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


@step(
    "A page that comes back",
    see="you stop the server, start it, and the page is connected again without a reload",
    hint="connect() makes a socket, lose() calls it again after a pause.",
)
def test_the_page_comes_back_and_says_why_when_it_does_not():
    page = open_page("/chat/lobby/", visitor=visitor("ann"))
    stage = PlayedServer(page)
    if not stage.wait(lambda: len(stage.opened) >= 1, 2):
        raise Problem("The room's page opens no WebSocket. Is connect() called at the end?")
    trick = "<img src=x alt=trick>"
    stage.tell(type="error", code="blank", detail="A sentence to show.", retry_after=None)
    stage.tell(
        type="message",
        id=999_999,
        username="ben",
        message=trick,
        created_at="2026-06-21T12:00:00+00:00",
    )
    if not wait_until(page, lambda: "A sentence to show." in page.locator("body").inner_text()):
        raise Problem(
            "A refusal reaches the page, and the page does not show it. In room.js, frames of type "
            'error belong into the element "error": hear.error.'
        )
    if page.locator("img[alt=trick]").count():
        raise Problem(
            "A message with HTML in it becomes an element in the page: a stranger's script would "
            "run in every window. In log.js, put text in with textContent, not with innerHTML."
        )
    if not wait_until(page, lambda: trick in page.locator("#chat-log").inner_text()):
        raise Problem(
            "A message reaches the page with type message, and the log does not show it as it was "
            "said. In room.js, hear.message is show."
        )
    stage.opened[-1].close(code=1011)
    page.wait_for_timeout(150)
    if len(stage.opened) > 1:
        raise Problem("The page knocks without a pause. setTimeout(connect, …) waits.")
    if not stage.wait(lambda: len(stage.opened) >= 2, 1.5, fast=True):
        raise Problem(
            "The connection breaks, and the page does not make another one. In room.js, lose() "
            "calls connect() after a pause, unless there is a sentence for the close code."
        )
    stage.opened[-1].close(code=4404)
    if not wait_until(page, page.locator("#closed-4404").is_visible):
        raise Problem(
            "The page is closed with 4404, and does not show its sentence, the element closed-4404."
        )
    if stage.wait(lambda: len(stage.opened) >= 3, 0.3, fast=True):
        raise Problem(
            "The page has been told 4404, that its room does not exist, and connects again. That "
            "is in vain: return from lose() when the page has a sentence for the code."
        )
