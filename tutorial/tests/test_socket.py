"""What the socket promises, over a real WebSocket to a real server: frames, refusals, rights."""

import asyncio
import json
import math
import re
import socket
import sys
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from chat.frames import REFUSALS
from tests.server import Server, hear, say

LIMITS = ("--websocket-max-message-size", "131072", "--websocket-max-frame-size", "131072")
DAPHNE = (sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", "{port}", *LIMITS)
COMMANDS = {"runserver": Server.runserver, "daphne": (*DAPHNE, "config.asgi:application")}
SENDERS = [f"sender-{number}" for number in range(30)]
WAYS_OUT = ["expired", "damaged", "deactivated", "deleted", "logged-out"]
LEAVERS = [f"{when}-{way}" for when in ("late", "out", "deaf", "silent") for way in WAYS_OUT]
NAMES = ["alice", "bob", "hasty", *SENDERS, *LEAVERS]
PASSWORD, NEW_PASSWORD = "corridor-kettle-9", "kettle-corridor-9"
MESSAGE_KEYS = {"type", "id", "previous", "username", "message", "created_at", "client_id"}
ERROR_KEYS = {"type", "code", "detail", "client_id", "retry_after"}
SOME_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
ORDINARY = re.compile(
    r"WebSocket (HANDSHAKING|CONNECT|DISCONNECT|REJECT) "
    r"|HTTP (GET|POST) "
    r"|127\.0\.0\.1:\d+ - - \["
    r"|\d{4}-\d\d-\d\d \S+ INFO "
    r"|(\d{4}-\d\d-\d\d \S+ WARNING +)?Session data corrupted$"  # by a test below
)


# ---- Servers and people ------------------------------------------------------------------------


@contextmanager
def serving(folder, names=NAMES, **options):
    """A server that runs, with ``sessions``: the session cookie of each of these users."""
    server = Server(folder, **options)
    server.sessions = dict(zip(names, server.sign_in(*names), strict=True))
    start(server)
    try:
        yield server
        assert_only_ordinary_lines(server)
    finally:
        server.stop()


def start(server):
    server.start()
    server.log_read = len(server.log())


def assert_only_ordinary_lines(server):
    """Read what is new in the server's log."""
    log = server.log()
    lines = log[server.log_read :].splitlines()
    server.log_read = len(log)
    assert [line for line in lines if not ORDINARY.match(line)] == []


@contextmanager
def serving_with(module, text, folder, **options):
    """A server that has this small module of ours, ``module``.py, on its path."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    variables = {"PYTHONPATH": str(folder)} | options.pop("variables", {})
    with serving(folder, variables=variables, **options) as server:
        yield server


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, project, tmp_path_factory):
    folder, command = tmp_path_factory.mktemp("server"), COMMANDS[request.param]
    with serving(folder, command=command, project=project) as server:
        yield server


@pytest.fixture(autouse=True)
def log_stays_ordinary(request):
    yield
    if "server" in request.fixturenames:
        assert_only_ordinary_lines(request.getfixturevalue("server"))


class Visitor:
    """Somebody with cookies, who fetches pages and sends the site's forms."""

    def __init__(self, server, session=None):
        self.server, self.cookies = server, {"sessionid": session} if session else {}

    def request(self, method, path, body=None):
        """Return the status and the body; cookies are kept, redirects are not followed."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        line = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        line.request(method, path, body, headers)
        response = line.getresponse()
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        body = response.read()
        line.close()
        return response.status, body

    def post(self, path, **data):
        """Send a form as a page of this site does; it must be accepted."""
        self.request("GET", "/accounts/login/")
        data["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        status, body = self.request("POST", path, urlencode(data))
        assert status == 302, body.decode()

    @property
    def session(self):
        return self.cookies["sessionid"]


@pytest.fixture
def windows():
    """Open windows that are closed at the end: ``windows(server, name, room, **options)``."""
    with ExitStack() as stack:

        def enter(server, name=None, room="welcome", **options):
            session = server.sessions.get(name, name)
            return stack.enter_context(server.window(session, quote(room), **options))

        yield enter


numbers = count(1)


@pytest.fixture
def room(server):
    """A room that nobody else is in."""
    return make_room(server)


def make_room(server, name=None):
    name = name or f"room-{next(numbers)}"
    Visitor(server, server.sessions["alice"]).post("/chat/", name=name)
    return name


def close_code(window):
    """Read until the server closes, within 10 s; return its code, None for a broken line."""
    with pytest.raises(ConnectionClosed) as raised:
        while True:
            window.recv(timeout=10)
    return raised.value.rcvd and raised.value.rcvd.code


def catch_up(window, after=0):
    """Return the messages after this id and the frame that ends them."""
    say(window, after=after)
    frames = [json.loads(window.recv(timeout=10))]
    while frames[-1]["type"] != "caught_up":
        frames.append(json.loads(window.recv(timeout=10)))
    return frames[:-1], frames[-1]


# ---- Frames ------------------------------------------------------------------------------------


def test_a_message_has_these_keys_and_no_others(server, room, windows):
    alice, bob = windows(server, "alice", room), windows(server, "bob", room)
    say(alice, message=" hello ")
    heard = hear(bob)
    assert heard == hear(alice)
    assert set(heard) == MESSAGE_KEYS
    assert (heard["username"], heard["message"], heard["previous"]) == ("alice", "hello", None)
    assert type(heard["id"]) is int and heard["client_id"] is None
    created_at = datetime.fromisoformat(heard["created_at"])
    assert created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created_at) < timedelta(seconds=30)


def test_messages_form_a_chain_in_each_room(server, room, windows):
    alice, elsewhere = windows(server, "alice", room), windows(server, "alice", make_room(server))
    previous = None
    for number in range(5):
        say(elsewhere, message="between")
        hear(elsewhere)
        say(alice, message=str(number))
        heard = hear(alice)
        assert heard["previous"] == previous
        previous = heard["id"]


@pytest.mark.parametrize(
    "spelling",
    [str.lower, str.upper, "{{{}}}".format, "urn:uuid:{}".format, lambda id: id.replace("-", "")],
    ids=["lower", "upper", "braces", "urn", "hex"],
)
def test_a_client_id_comes_back_canonical(server, windows, spelling):
    alice, client_id = windows(server, "alice"), str(uuid4())
    say(alice, message="hi", client_id=spelling(client_id))
    assert hear(alice)["client_id"] == client_id
    say(alice, message="  ", client_id=spelling(str(UUID(int=1))))
    assert hear(alice, "error")["client_id"] == str(UUID(int=1))


# ---- Catching up -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(server):
    """The ids of the 250 messages in the room ``archive``."""
    make_room(server, "archive")
    code = (
        "alice, room = User.objects.get(username='alice'), Room.objects.get(name='archive')\n"
        "for n in range(250): print(room.messages.create(user=alice, text=str(n)).pk)"
    )
    return [int(line) for line in server.shell(code).split()]


def test_catching_up_gives_the_whole_chain_a_hundred_at_a_time(server, archive, windows):
    alice, frames, more, after = windows(server, "alice", "archive"), [], True, 0
    while more:
        part, end = catch_up(alice, after)
        assert end == {"type": "caught_up", "last": part[-1]["id"], "more": len(part) == 100}
        frames, more, after = frames + part, end["more"], end["last"]
    assert [frame["id"] for frame in frames] == archive
    assert [frame["previous"] for frame in frames] == [None, *archive[:-1]]
    assert [frame["message"] for frame in frames] == [str(number) for number in range(250)]
    assert all(set(frame) == MESSAGE_KEYS for frame in frames)


@pytest.mark.parametrize(
    ("place", "length", "more"),
    [(0, 100, True), (148, 100, True), (149, 100, False), (150, 99, False), (249, 0, False)],
)
def test_a_part_ends_where_it_should(server, archive, windows, place, length, more):
    messages, end = catch_up(windows(server, "alice", "archive"), archive[place])
    assert [message["id"] for message in messages] == archive[place + 1 : place + 1 + length]
    assert end["more"] is more
    if messages:
        assert messages[0]["previous"] == archive[place]


@pytest.mark.parametrize("after", [0, 1_000_000, 2**63 - 2])
def test_in_an_empty_room_there_is_nothing_to_catch_up(server, windows, after):
    alice = windows(server, "alice", make_room(server))
    assert catch_up(alice, after) == ([], {"type": "caught_up", "last": after, "more": False})


# ---- Sending again -----------------------------------------------------------------------------


def test_what_is_sent_again_is_confirmed_to_its_sender_alone(server, room, windows):
    alice, bob = windows(server, "alice", room), windows(server, "bob", room)
    client_id = str(uuid4())
    say(alice, message="once", client_id=client_id)
    first = hear(alice)
    for text in ("once", "once, in other words", "", "x" * 501):
        say(alice, message=text, client_id=client_id)
        assert hear(alice) == first
    say(alice, message="next")
    assert [hear(bob)["message"] for _ in range(2)] == ["once", "next"]
    assert [frame["message"] for frame in catch_up(bob)[0]] == ["once", "next"]


def test_a_client_id_counts_for_one_user_in_one_room(server, room, windows):
    client_id, places = str(uuid4()), [("alice", room), ("bob", room), ("alice", "welcome")]
    ids = set()
    for name, place in places:
        window = windows(server, name, place)
        say(window, message="mine", client_id=client_id)
        ids.add(hear(window)["id"])
    assert len(ids) == 3


# ---- What a client sends wrong -----------------------------------------------------------------


def message(text, **more):
    return json.dumps({"message": text, **more})


def after(value):
    return json.dumps({"after": value})


WRONG = {
    "empty text": ("", "bad_json"),
    "white space": (" \n", "bad_json"),
    "not JSON": ("hello", "bad_json"),
    "half of it": ('{"message": "x"', "bad_json"),
    "two objects": ('{"message": "x"}{"message": "y"}', "bad_json"),
    "single quotes": ("{'message': 'x'}", "bad_json"),
    "a comma too many": ('{"message": "x",}', "bad_json"),
    "a bare line break": ('{"message": "a\nb"}', "bad_json"),
    "a byte order mark": ("\ufeff" + message("x"), "bad_json"),
    "deep lists, open": ("[" * 60_000, "bad_json"),
    "deep lists, closed": ("[" * 30_000 + "]" * 30_000, "bad_json"),
    "deep objects": ('{"a":' * 13_000, "bad_json"),
    "5,000 digits": ('{"after": %s}' % ("9" * 5000), "bad_json"),
    "empty binary": (b"", "bad_frame"),
    "binary": (b"\x00\xff", "bad_frame"),
    "right, but binary": (message("x").encode(), "bad_frame"),
    "null": ("null", "bad_frame"),
    "a number": ("17", "bad_frame"),
    "NaN": ("NaN", "bad_frame"),
    "infinity": ("-Infinity", "bad_frame"),
    "a text": ('"hello"', "bad_frame"),
    "a list": ("[]", "bad_frame"),
    "an object in a list": ('[{"message": "x"}]', "bad_frame"),
    "an empty object": ("{}", "bad_frame"),
    "another key": ('{"Message": "x"}', "bad_frame"),
    "our own kind of frame": ('{"type": "chat.message", "text": "x"}', "bad_frame"),
    "a client_id alone": (json.dumps({"client_id": SOME_ID}), "bad_frame"),
    "message: null": (message(None), "bad_frame"),
    "message: a number": (message(1), "bad_frame"),
    "message: NaN": (message(math.nan), "bad_frame"),
    "message: true": (message(True), "bad_frame"),
    "message: a list": (message(["x"]), "bad_frame"),
    "message: an object": (message({"message": "x"}), "bad_frame"),
    "message twice, at last a number": ('{"message": "x", "message": 1}', "bad_frame"),
    "client_id: a number": (message("x", client_id=1), "bad_frame"),
    "client_id: 0": (message("x", client_id=0), "bad_frame"),
    "client_id: false": (message("x", client_id=False), "bad_frame"),
    "client_id: a list": (message("x", client_id=[SOME_ID]), "bad_frame"),
    "client_id: empty": (message("x", client_id=""), "bad_frame"),
    "client_id: no UUID": (message("x", client_id="y"), "bad_frame"),
    "client_id: too long": (message("x", client_id=SOME_ID + "0"), "bad_frame"),
    "client_id: far too long": (message("x", client_id="0" * 60_000), "bad_frame"),
    "client_id: NUL": (message("x", client_id="\0" * 32), "bad_frame"),
    "client_id: half a character": (message("x", client_id="\ud83d" * 32), "bad_frame"),
    "blank: empty": (message(""), "blank"),
    "blank: white space": (message(" \t\n\u3000"), "blank"),
    "blank: zero width": (message("\u200b\u2060"), "blank"),
    "blank: direction marks": (message("\u202e\u200f"), "blank"),
    "501 characters": (message("x" * 501), "too_long"),
    "501 emoji": (message("🙂" * 501), "too_long"),
    "64 KiB and a byte": (message("x").ljust(64 * 1024 + 1), "too_long"),
    "64 KiB in two-byte characters": (
        '{"message": "x", "more": "%s"}' % ("é" * 33_000),
        "too_long",
    ),
    "128 KiB": ("x" * 128 * 1024, "too_long"),
    "NUL": (message("a\0b"), "bad_text"),
    "half a character": (message("a \ud83d"), "bad_text"),
    "two halves, the wrong way": (message("\ude42\ud83d"), "bad_text"),
    "after: negative": (after(-1), "bad_after"),
    "after: beyond all ids": (after(2**63 - 1), "bad_after"),
    "after: 4,000 digits": ('{"after": %s}' % ("9" * 4000), "bad_after"),
    "after: a float": (after(1.0), "bad_after"),
    "after: infinity": ('{"after": 1e999}', "bad_after"),
    "after: NaN": (after(math.nan), "bad_after"),
    "after: true": (after(True), "bad_after"),
    "after: a text": (after("1"), "bad_after"),
    "after: null": (after(None), "bad_after"),
    "after: a list": (after([1]), "bad_after"),
}


@pytest.mark.parametrize(("frame", "code"), WRONG.values(), ids=WRONG)
def test_a_wrong_frame_gets_an_error_and_harms_nobody(server, windows, frame, code):
    alice, bob = windows(server, "alice"), windows(server, "bob")
    alice.send(frame)
    error = json.loads(alice.recv(timeout=10))
    assert error == {
        "type": "error",
        "code": code,
        "detail": REFUSALS[code],
        "client_id": None,
        "retry_after": None,
    }
    say(alice, message="still here")
    for window in (alice, bob):
        assert json.loads(window.recv(timeout=10))["message"] == "still here"


FINE = {
    "500 characters": ("x" * 500, None),
    "500 emoji": ("🙂" * 500, None),
    "500 and white space around": (f"  {'x' * 500}\n", "x" * 500),
    "one character": ("0", None),
    "HTML": ("<img src=x onerror=alert(1)></script>", None),
    "right to left": ("\u202eabc \u2067שלום\u2069", None),
    "a family": ("👨\u200d👩\u200d👧", None),
    "combining marks": ("e\u0301 हिन्दी", None),
    "two lines": ("one\ntwo", None),
    "a bell": ("ding\a", None),
    "template braces": ("{{ user }} {% now %}", None),
}


@pytest.mark.parametrize(("text", "heard"), FINE.values(), ids=FINE)
def test_a_fine_text_is_heard_and_kept_as_it_is(server, windows, text, heard):
    alice, bob = windows(server, "alice"), windows(server, "bob")
    say(alice, message=text)
    frame = hear(bob)
    assert frame["message"] == (heard or text)
    assert catch_up(alice, frame["id"] - 1)[0][-1] == frame


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ('{"message": "\\ud83d\\ude42"}', "🙂"),
        ('{"message": 1, "message": "x"}', "x"),
        (message("x").ljust(64 * 1024), "x"),
        (message("x", client_id=None, more=[1], type="error"), "x"),
    ],
    ids=["escapes", "keys twice", "64 KiB", "more keys"],
)
def test_an_unusual_frame_is_fine(server, windows, frame, text):
    alice = windows(server, "alice")
    alice.send(frame)
    assert json.loads(alice.recv(timeout=10))["message"] == text


def test_every_code_is_listed_and_can_be_met():
    assert {code for _, code in WRONG.values()} | {"too_fast"} == set(REFUSALS)


@pytest.mark.parametrize(
    "frames",
    ["x" * (128 * 1024 + 1), b"x" * 1_000_000, ["x" * 100_000] * 2],
    ids=["text", "binary", "in parts"],
)
def test_a_frame_beyond_128_kib_ends_its_connection_only(server, windows, frames):
    alice, bob = windows(server, "alice"), windows(server, "bob")
    with pytest.raises(ConnectionClosed):
        alice.send(frames)
        alice.recv(timeout=10)
    say(bob, message="all is well")
    assert hear(bob)["message"] == "all is well"


def test_broken_utf8_ends_its_connection_only(server, windows):
    alice, bob = windows(server, "alice"), windows(server, "bob")
    alice.send(b"\xff\xfe", text=True)
    close_code(alice)
    say(bob, message="all is well")
    assert hear(bob)["message"] == "all is well"


def test_the_twentieth_refusal_in_a_minute_is_the_last(server, windows):
    alice, bob = windows(server, "alice"), windows(server, "bob")
    for _ in range(19):
        alice.send("nonsense")
        assert hear(alice, "error")["code"] == "bad_json"
    say(alice, message="sorry")
    assert hear(bob)["message"] == "sorry"
    for _ in range(5):
        alice.send("nonsense")
    say(alice, message="too late")
    assert close_code(alice) == 1008
    say(bob, message="gone?")
    assert hear(bob)["message"] == "gone?"


class Deaf:
    """A client that sends and never reads, until the server can't write to it any more."""

    def __init__(self, server, name, room="welcome"):
        self.line = socket.socket()
        self.line.settimeout(10)
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.line.connect(("127.0.0.1", server.port))
        lines = [
            f"GET /ws/chat/{room}/ HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            f"Origin: {server.url}",
            f"Cookie: sessionid={server.sessions[name]}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        self.line.sendall("\r\n".join([*lines, "", ""]).encode())
        assert self.line.recv(12) == b"HTTP/1.1 101"

    def send(self, payload, opcode=1):
        """Send a short frame, masked with zeros."""
        self.line.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload)

    def close(self):
        """Say goodbye, and leave the line open."""
        self.send((1000).to_bytes(2, "big"), opcode=8)


@contextmanager
def deaf(*arguments):
    client = Deaf(*arguments)
    with client.line:
        yield client


# ---- The handshake -----------------------------------------------------------------------------

ORIGINS = {
    "another site": "http://evil.example",
    "another port": "http://127.0.0.1:1",
    "no port": "http://127.0.0.1",
    "another name of this machine": "http://localhost:{port}",
    "null": "null",
    "a file": "file:///",
    "upper case": "HTTP://127.0.0.1:{port}",
    "no scheme": "//127.0.0.1:{port}",
    "another scheme": "ftp://127.0.0.1:{port}",
    "the same over HTTPS": "https://127.0.0.1:{port}",
    "a path": "http://127.0.0.1:{port}/",
    "a user": "http://127.0.0.1:{port}@evil.example",
    "a suffix": "http://127.0.0.1:{port}.evil.example",
    "a broken one": "http://[",
    "two": "http://127.0.0.1:{port}, http://evil.example",
    "a star": "*",
    "only a name": "127.0.0.1:{port}",
    "empty": "",
}
SYNTAX_ERRORS = {"a suffix", "a broken one", "two", "a star", "only a name", "empty"}  # Autobahn's


@pytest.mark.parametrize("kind", ORIGINS)
def test_a_foreign_origin_is_refused(server, kind):
    headers = {
        "Cookie": f"sessionid={server.sessions['alice']}",
        "Origin": ORIGINS[kind].format(port=server.port),
    }
    assert handshake_status(server, headers) == (400 if kind in SYNTAX_ERRORS else 403)


def test_a_missing_origin_is_refused(server):
    headers = {"Cookie": f"sessionid={server.sessions['alice']}"}
    assert handshake_status(server, headers) == 403


TRUSTED = {"https://*.trusted.example", "http://other.example:81"}
ORIGINS_WHERE_THEY_ARE_TRUSTED = {
    "https://a.trusted.example": 101,
    "https://a.b.trusted.example": 101,
    "http://other.example:81": 101,
    "https://other.example:81": 403,
    "http://other.example": 403,
    "http://a.trusted.example": 403,
    "https://a.trusted.example.evil.example": 403,
    "https://nottrusted.example": 403,
}


def test_trusted_origins_are_let_in_by_djangos_own_rule(project, tmp_path):
    variables = {"CSRF_TRUSTED_ORIGINS": ",".join(TRUSTED)}
    options = {"variables": variables, "project": project}
    with serving(tmp_path, names=["alice"], **options) as server:
        cookie = {"Cookie": f"sessionid={server.sessions['alice']}"}
        said = {
            origin: handshake_status(server, cookie | {"Origin": origin})
            for origin in ORIGINS_WHERE_THEY_ARE_TRUSTED
        }
    assert said == ORIGINS_WHERE_THEY_ARE_TRUSTED


@pytest.mark.parametrize("host", ["evil.example", "a b", "127.0.0.1.evil.example", "\xff"])
def test_a_foreign_host_is_refused_though_its_origin_is_the_same(server, host):
    assert handshake_status(server, {"Host": host, "Origin": f"http://{host}"}) == 403


def handshake_status(server, headers, path="/ws/chat/welcome/"):
    """Return the status of the HTTP answer to a handshake with these headers."""
    line = HTTPConnection("127.0.0.1", server.port, timeout=10)
    line.putrequest("GET", path, skip_host="Host" in headers)
    fixed = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    fixed["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    for name, value in (fixed | headers).items():
        line.putheader(name, value)
    line.endheaders()
    response = line.getresponse()
    line.close()
    return response.status


COOKIES = {
    "none": None,
    "empty": "sessionid=",
    "short": "sessionid=x",
    "unknown": "sessionid=" + "a" * 32,
    "long": "sessionid=" + "a" * 5000,
    "a lone quote": 'sessionid="',
    "an octal escape": 'sessionid="\\377\\400"',
    "nonsense": "=;;;= ;\t, sessionid",
    "beyond ASCII": "sessionid=ÿÿÿÿÿÿÿÿÿÿ",
    "percent": "sessionid=%00%00%00%00%00%00",
}


@pytest.mark.parametrize("cookie", COOKIES.values(), ids=COOKIES)
def test_who_is_not_logged_in_is_told_so(server, cookie):
    address = f"ws://127.0.0.1:{server.port}/ws/chat/welcome/"
    headers = {} if cookie is None else {"Cookie": cookie}
    with connect(address, origin=server.url, additional_headers=headers) as window:
        assert close_code(window) == 4401


ENDED = {
    "expired": "Session.objects.filter(pk={key!r}).update(expire_date='2001-01-01T00:00Z')",
    "damaged": "Session.objects.filter(pk={key!r}).update(session_data='x')",
    "deactivated": "User.objects.filter(username={name!r}).update(is_active=False)",
    "deleted": "User.objects.filter(username={name!r}).delete()",
}


def put_out(server, name, way):
    """End somebody's rights: by the form, or behind the back of the server's process."""
    key = server.sessions[name]
    if way == "logged-out":
        return Visitor(server, key).post("/accounts/logout/")
    imports = "from django.contrib.sessions.models import Session\n"
    server.shell(imports + ENDED[way].format(name=name, key=key))


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_is_out_can_not_come_in(server, windows, way):
    put_out(server, f"late-{way}", way)
    assert close_code(windows(server, f"late-{way}")) == 4401


PATHS = ["/", "/ws/", "/ws/chat//", "/ws/chat/welcome", "/ws/chat/a%2fb/", "/%", "/ws/chat/a/b/"]
NO_ROOMS = ["%ff", "%00", "%2e%2e", "%0a", "%ed%a0%80", "%zz", "%", "nowhere", "x" * 3000, "%20"]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_is_at_an_unknown_path_whoever_asks(server, path):
    for name in (None, "alice"):
        assert code_at(server, path, name) == 4404


@pytest.mark.parametrize("name", NO_ROOMS, ids=lambda name: name[:10])
def test_a_nonsense_room_is_not_found(server, name):
    assert code_at(server, f"/ws/chat/{name}/", "alice") == 4404
    assert code_at(server, f"/ws/chat/{name}/", None) == 4401


def code_at(server, path, name):
    headers = {"Cookie": f"sessionid={server.sessions[name]}"} if name else {}
    address = f"ws://127.0.0.1:{server.port}{path}"
    with connect(address, origin=server.url, additional_headers=headers) as window:
        return close_code(window)


def test_a_path_that_is_too_long_ends_its_connection_only(server, windows):
    with pytest.raises((InvalidHandshake, OSError)):
        code_at(server, f"/ws/chat/{'x' * 100_000}/", "alice")
    alice = windows(server, "alice")
    say(alice, message="all is well")
    assert hear(alice)["message"] == "all is well"


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("雑談", "雑談"),
        ("हिन्दी", "हिन्दी"),
        ("が" * 50, "が" * 50),
        ("n" * 50, "n" * 50),
        ("がぎぐ", "か\u3099き\u3099く\u3099"),
        ("café", "cafe\u0301"),
        ("a b?#%&", " a b?#%& "),
    ],
)
def test_a_room_is_found_by_its_name_however_it_is_written(server, windows, name, spelling):
    make_room(server, spelling)
    there, here = windows(server, "alice", name), windows(server, "bob", spelling)
    say(here, message="same place?")
    assert hear(there) == hear(here)


# ---- Losing one's rights while connected -------------------------------------------------------


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_is_out_can_not_write_from_that_moment(server, room, windows, way):
    outsider, bob = windows(server, f"out-{way}", room), windows(server, "bob", room)
    say(outsider, message="in")
    assert hear(bob)["message"] == "in"
    put_out(server, f"out-{way}", way)
    say(outsider, message="out")
    assert close_code(outsider) == 4401
    say(bob, message="nobody else?")
    assert hear(bob)["message"] == "nobody else?"
    assert "out" not in [frame["message"] for frame in catch_up(bob)[0]]


def test_a_changed_password_ends_what_was_open(server, room, windows):
    dave = Visitor(server)
    name = f"dave-{next(numbers)}"
    dave.post("/accounts/signup/", username=name, password1=PASSWORD, password2=PASSWORD)
    old, elsewhere = dave.session, Visitor(server)
    elsewhere.post("/accounts/login/", username=name, password=PASSWORD)
    open_windows = [windows(server, session, room) for session in (old, elsewhere.session)]
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    dave.post("/accounts/password/", old_password=PASSWORD, **new)
    for window in open_windows:
        say(window, message="with the old password")
        assert close_code(window) == 4401
    window = windows(server, dave.session, room)
    assert catch_up(window)[0] == []
    say(window, message="with the new one")
    assert hear(window)["message"] == "with the new one"


def test_a_room_that_is_gone_takes_no_message(server, room, windows):
    alice, bob = windows(server, "alice", room), windows(server, "bob", room)
    server.shell(f"Room.objects.get(name={room!r}).delete()")
    say(alice, message="anybody?")
    assert close_code(alice) == 1013
    assert close_code(windows(server, "alice", room)) == 4404
    make_room(server, room)
    say(bob, message="in the old one")
    assert close_code(bob) == 1013
    assert catch_up(windows(server, "bob", room))[0] == []


IMPATIENT = """
from config.asgi import application
from chat import consumers
consumers.ASK_AGAIN = 1
"""


@pytest.fixture(scope="module")
def impatient(project, tmp_path_factory):
    """A server that looks at a silent window's login after one second."""
    command = (*DAPHNE, "impatient:application")
    options = {"command": command, "project": project}
    with serving_with("impatient", IMPATIENT, tmp_path_factory.mktemp("it"), **options) as server:
        yield server


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_is_out_soon_hears_nothing_more(impatient, windows, way):
    assert seconds_until_deaf(impatient, windows, way, pause=0.1) < 3


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_is_out_is_closed_even_if_nobody_speaks(impatient, windows, way):
    name = f"silent-{way}"
    listener = windows(impatient, name, make_room(impatient))
    put_out(impatient, name, way)
    assert close_code(listener) == 4401


@pytest.mark.slow
def test_who_is_out_hears_nothing_more_within_a_minute(server, windows):
    assert seconds_until_deaf(server, windows, "logged-out", pause=1) < 60


def seconds_until_deaf(server, windows, way, pause):
    """Talk until somebody who is out and only listens is closed; return how long that took."""
    name, room = f"deaf-{way}", make_room(server)
    listener, alice = windows(server, name, room), windows(server, "alice", room)
    put_out(server, name, way)
    began = time.monotonic()
    while time.monotonic() - began < 70:
        say(alice, message="who listens?")
        hear(alice)
        try:
            listener.recv(timeout=pause)
        except TimeoutError:
            continue
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 4401
            return time.monotonic() - began
    return math.inf


# ---- Nothing lost, nothing twice ---------------------------------------------------------------


class Page:
    """A window that follows the rule of the room's page: it notices gaps and asks again."""

    def __init__(self, socket):
        self.socket, self.shown, self.complete = socket, {}, 0
        self.asked, self.gaps, self.answered = 0, 0, asyncio.Event()

    async def ask(self, after=None):
        self.asked += 1
        self.answered.clear()
        await self.socket.send(json.dumps({"after": self.complete if after is None else after}))

    async def listen(self):
        async for text in self.socket:
            frame = json.loads(text)
            if frame["type"] == "caught_up":
                self.complete, self.asked = max(self.complete, frame["last"]), self.asked - 1
                if frame["more"]:
                    await self.ask(frame["last"])
                elif not self.asked:
                    self.answered.set()
            else:
                assert self.shown.setdefault(frame["id"], frame) == frame
                previous = frame["previous"] or 0
                if previous == self.complete:
                    self.complete = frame["id"]
                elif previous > self.complete and previous not in self.shown:
                    self.gaps += 1
                    if not self.asked:
                        await self.ask()


async def burst(server, room):
    """30 senders say 10 things each to 50 pages; return the pages."""

    def window(name):
        headers = {"Cookie": f"sessionid={server.sessions[name]}"}
        address = f"ws://127.0.0.1:{server.port}/ws/chat/{room}/"
        return connect_async(
            address, origin=server.url, additional_headers=headers, compression=None
        )

    async def talk(socket, name):
        for number in range(10):
            await socket.send(message(f"{name} {number}", client_id=str(uuid4())))
        await socket.send(after(2**62))  # its answer comes when all before it is stored
        while '"type": "caught_up"' not in (text := await socket.recv()):
            assert '"type": "error"' not in text

    listeners = await asyncio.gather(*(window("alice") for _ in range(50)))
    senders = await asyncio.gather(*(window(name) for name in SENDERS))
    pages = [Page(socket) for socket in listeners]
    tasks = [asyncio.create_task(page.listen()) for page in pages]
    await asyncio.gather(*(page.ask() for page in pages))
    await asyncio.gather(*map(talk, senders, SENDERS))
    await asyncio.gather(*(socket.close() for socket in senders))
    await asyncio.gather(*(page.ask() for page in pages))
    await asyncio.gather(*(page.answered.wait() for page in pages))
    await asyncio.gather(*(socket.close() for socket in listeners))
    await asyncio.gather(*tasks)
    return pages


def assert_whole(pages):
    """Each page shows all 300 messages, once, each one linked to the one before it."""
    said = sorted(f"{name} {number}" for name in SENDERS for number in range(10))
    for page in pages:
        frames = [page.shown[id] for id in sorted(page.shown)]
        assert sorted(frame["message"] for frame in frames) == said
        ids = [frame["id"] for frame in frames]
        assert [frame["previous"] for frame in frames] == [None, *ids[:-1]]
    assert all(page.shown == pages[0].shown for page in pages)


@pytest.fixture(scope="module")
def limited(project, tmp_path_factory):
    """A server with the limit that the settings have by default."""
    options = {"variables": {"CHAT_MESSAGES_PER_MINUTE": "60"}, "project": project}
    with serving(tmp_path_factory.mktemp("limited"), **options) as server:
        yield server


@pytest.mark.slow
def test_a_burst_reaches_every_listener_whole(limited):
    assert_whole(asyncio.run(asyncio.wait_for(burst(limited, make_room(limited)), 90)))


NARROW = """
from config.settings import *
CHANNEL_LAYERS["default"]["CONFIG"]["capacity"] = 1
"""
SLOW = """
import asyncio
from config.asgi import application
from chat.consumers import ChatConsumer
dispatch = ChatConsumer.dispatch

async def dispatch_slowly(self, event):
    await asyncio.sleep(0.01)
    await dispatch(self, event)

ChatConsumer.dispatch = dispatch_slowly
"""


@pytest.mark.slow
def test_what_the_layer_drops_is_caught_up(project, tmp_path):
    (tmp_path / "narrow.py").write_text(NARROW, encoding="utf-8")
    variables, command = {"DJANGO_SETTINGS_MODULE": "narrow"}, (*DAPHNE, "slow:application")
    options = {"variables": variables, "command": command, "project": project}
    with serving_with("slow", SLOW, tmp_path, **options) as server:
        pages = asyncio.run(asyncio.wait_for(burst(server, make_room(server)), 90))
    assert sum(page.gaps for page in pages) > 0
    assert_whole(pages)


def test_messages_survive_a_restart(project, tmp_path, windows):
    with serving(tmp_path, ["alice"], project=project) as server:
        alice = windows(server, "alice")
        client_id = str(uuid4())
        say(alice, message="before", client_id=client_id)
        before = hear(alice)
        server.stop()
        start(server)
        alice = windows(server, "alice")
        assert catch_up(alice)[0] == [before]
        say(alice, message="before", client_id=client_id)
        assert hear(alice) == before
        say(alice, message="after")
        assert hear(alice)["previous"] == before["id"]


# ---- How fast one may write --------------------------------------------------------------------


STRETCH = 15  # seconds in which so many messages are taken


def wait_for_enough_of_a_stretch():
    """Wait until the stretch that runs has time enough left for a burst."""
    gone = time.time() % STRETCH
    if gone > 10:
        time.sleep(STRETCH - gone)


def test_after_a_burst_of_fifteen_a_pause_is_asked_for_and_enough(limited, windows):
    one, two = windows(limited, "hasty"), windows(limited, "hasty")
    client_ids = [str(uuid4()) for _ in range(16)]
    wait_for_enough_of_a_stretch()
    for number, client_id in enumerate(client_ids[:15]):
        say((one, two)[number % 2], message="quick", client_id=client_id)
    for window in (one, two):
        assert {hear(window)["client_id"] for _ in range(15)} == set(client_ids[:15])
    say(two, message="too quick", client_id=client_ids[15])
    error = hear(two, "error")
    assert (error["code"], error["client_id"]) == ("too_fast", client_ids[15])
    assert set(error) == ERROR_KEYS and 1 <= error["retry_after"] <= STRETCH
    say(one, message="quick", client_id=client_ids[0])  # said already: no limit counts
    assert hear(one)["client_id"] == client_ids[0]
    other = windows(limited, "bob")
    say(other, message="I have my own time")
    assert hear(two)["username"] == "bob"
    time.sleep(error["retry_after"])
    say(two, message="in time", client_id=client_ids[15])
    assert hear(two)["message"] == "in time"


def test_there_is_a_limit_for_any_pace(project, tmp_path, windows):
    options = {"variables": {"CHAT_MESSAGES_PER_MINUTE": "2"}, "project": project}
    with serving(tmp_path, ["alice"], **options) as server:
        alice = windows(server, "alice")
        for _ in range(11):  # five in 150 s, and as many in the next ones
            say(alice, message="slowly")
        assert 1 <= hear(alice, "error")["retry_after"] <= 150


ASK_THE_PACE = """
from threading import Thread
from types import SimpleNamespace as User
from unittest import mock
from chat import limits

def ask(pk, now=1e9):
    with mock.patch.object(limits, "time", return_value=now):
        return limits.seconds_to_wait(User(pk=pk))

first = [ask(1) > 0 for _ in range(20)]
for other in range(1000):
    ask(100 + other)
waits = []
asks = lambda: waits.append(limits.seconds_to_wait(User(pk=3)))
threads = [Thread(target=asks) for _ in range(64)]
with mock.patch.object(limits, "time", return_value=1e9):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print([first.count(False), ask(1) > 0, ask(1, 1e9 - 3600) > 0, waits.count(0)])
"""


def test_a_pace_is_not_forgotten_and_a_clock_that_is_set_back_mutes_nobody(project, tmp_path):
    options = {"variables": {"CHAT_MESSAGES_PER_MINUTE": "60"}, "project": project}
    server = Server(tmp_path, **options)
    assert server.shell(ASK_THE_PACE) == "[15, True, False, 15]"


def test_zero_is_no_limit(server, windows):
    alice = windows(server, "alice")
    for number in range(100):
        say(alice, message=str(number))
    assert [hear(alice)["message"] for _ in range(100)] == [str(number) for number in range(100)]


# ---- Nothing left behind -----------------------------------------------------------------------

GLASS = """
import json
from channels.layers import get_channel_layer
from config.asgi import application as inner

async def application(scope, receive, send):
    if scope["type"] != "http" or scope["path"] != "/groups":
        return await inner(scope, receive, send)
    members = sum(map(len, get_channel_layer().groups.values()))
    body = json.dumps([members, len(get_channel_layer().channels)]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture(scope="module")
def glass(project, tmp_path_factory):
    """A server that tells how many members its groups have, and how many channels there are."""
    options = {"command": (*DAPHNE, "glass:application"), "project": project}
    with serving_with("glass", GLASS, tmp_path_factory.mktemp("glass"), **options) as server:
        yield server


def assert_members(server, members):
    """Wait until the groups have this many members, and nothing waits in a channel of others."""
    deadline = time.monotonic() + 10
    while (left := json.loads(Visitor(server).request("GET", "/groups")[1])) != [members, members]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc on this system")
def test_visits_leave_nothing_open_and_nobody_in_a_group(glass):
    alice = Visitor(glass, glass.sessions["alice"])
    for number in range(500):
        assert alice.request("GET", "/chat/welcome/")[0] == 200
        if number % 5 < 2:
            with glass.window(glass.sessions["bob"]) as window:
                say(window, message="hello")
                hear(window)
    # A request's connection to the database stays until Python collects its rubbish.
    assert len(list(Path(f"/proc/{glass.process.pid}/fd").iterdir())) < 150
    assert_members(glass, 0)


def test_who_leaves_without_reading_leaves_no_trace(glass, windows):
    alice = windows(glass, "alice", make_room(glass, "long"))
    for _ in range(100):
        say(alice, message="x" * 500)
        hear(alice)
    with deaf(glass, "bob", "long") as client:
        for _ in range(100):
            client.send(after(0).encode())  # 7 MB wait for it: more than the system takes
        client.send(message("I am off").encode())
        assert hear(alice)["message"] == "I am off"
        client.close()
        for number in range(20):
            say(alice, message=str(number))
            assert hear(alice)["message"] == str(number)
    assert_members(glass, 1)
    assert_only_ordinary_lines(glass)
