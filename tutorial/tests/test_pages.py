"""What people meet in the pages, in a real browser before a real server."""

import json
import re
import signal
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.server import PROJECT, Server, find_browser
from tutorial.tests.test_socket import wait_for_enough_of_a_stretch

ALERTING = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(1)</script>"
REVERSING = "abc\u202edef"
PASSWORD = "corridor-kettle-9"
LONG_NAME, LONG_ROOM, LONG_WORD = "u" * 150, "r" * 50, "w" * 500
WITH_PASSWORD = ["dora", "emil", "fay"]
NAMES = ["alice", "bob", "carol", ALERTING, SCRIPT, REVERSING, LONG_NAME, *WITH_PASSWORD]
STRANGE_ROOMS = [ALERTING, "<script>alert(1)<\\script>", REVERSING]
INSECURE = (sys.executable, "manage.py", "runserver", "--noreload", "--insecure", "{port}")

SEED = f"""
from datetime import UTC, datetime
from django.contrib.auth.hashers import make_password
password = make_password({PASSWORD!r})
for name in {WITH_PASSWORD!r}:
    User.objects.create(username=name, password=password)
for name in {STRANGE_ROOMS!r}:
    Room.objects.create(name=name)
alice = User.objects.create(username="alice")
for name in ("past-mouse", "past-keys", "past-link", "past-place"):
    room = Room.objects.create(name=name)
    Message.objects.bulk_create(
        Message(room=room, user=alice, text=f"number {{n}} " + n % 4 * "and more words on it ")
        for n in range(1, 121)
    )
message = Message.objects.create(room=Room.objects.create(name="new-year"), user=alice, text="!")
when = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
Message.objects.filter(pk=message.pk).update(created_at=when)
"""

# An init script: pauses between two attempts to connect are noted, and skipped.
NOTE_PAUSES = """
    window.pauses = [];
    const later = window.setTimeout;
    Math.random = () => 0.5;
    window.setTimeout = (call, pause) => {
        if (call.name !== "connect") return later(call, pause);
        window.pauses.push(pause);
        return later(call, 0);
    };
"""

# An init script: the page's socket is at hand, to be cut, and only good news make a new one.
HOLD_SOCKET = """
    const later = window.setTimeout;
    window.setTimeout = (call, pause) => later(call, call.name === "connect" ? 1e6 : pause);
    window.WebSocket = class extends WebSocket {
        constructor(address) {
            super(address);
            window.held = this;
        }
    };
"""


# ---- Servers and windows -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared_server(project, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("pages"), project=project)
    server.shell(SEED)
    server.sessions = dict(zip(NAMES, server.sign_in(*NAMES), strict=True))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(shared_server):
    """A server that a test may stop: it is started again for the next one."""
    yield shared_server
    if shared_server.process.poll() is None:
        shared_server.process.send_signal(signal.SIGCONT)
    else:
        shared_server.start()


@pytest.fixture(scope="module")
def public_server(project, tmp_path_factory):
    """A server as strangers would meet it: without DEBUG, with a limit on speed."""
    off = {"DEBUG": "False", "SECURE_SSL_REDIRECT": "False", "SECURE_COOKIES": "False"}
    variables = off | {"CHAT_MESSAGES_PER_MINUTE": "60"}
    options = {"variables": variables, "command": INSECURE, "project": project}
    server = Server(tmp_path_factory.mktemp("public"), **options)
    server.sessions = dict(zip(["alice"], server.sign_in("alice"), strict=True))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser():
    executable = find_browser()
    expect.set_options(timeout=10_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


class Windows:
    """Opens windows, each in a browser context of its own, and notes what they complain of.

    No dialog, no error on the console and no exception may be left at the test's end, but for
    console lines that contain one of ``allowed``.
    """

    def __init__(self, browser, server):
        self.browser, self.server = browser, server
        self.contexts, self.complaints, self.allowed = [], [], []

    def open(self, name=None, path="/", server=None, **options):
        """Open a page as the user of this name, or as nobody; return it."""
        server = server or self.server
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        context.set_default_timeout(10_000)
        context.on("dialog", self.note_dialog)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("console", self.note_line)
        if name:
            cookie = {"name": "sessionid", "value": server.sessions[name], "url": server.url}
            context.add_cookies([cookie])
        page = context.new_page()
        if path:
            page.goto(server.url + path)
        return page

    def enter(self, name, room, prepare=None, server=None, **options):
        """Open a room, made if there was none; return the connected page.

        ``prepare`` is called with the page before it has loaded anything.
        """
        server = server or self.server
        make_room(server, room)
        page = self.open(name, path=None, server=server, **options)
        if prepare:
            prepare(page)
        page.goto(f"{server.url}/chat/{quote(room)}/")
        expect_connection(page, "Connected.")
        return page

    def note_dialog(self, dialog):
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note_line(self, line):
        if line.type == "error":
            self.complaints.append(line.text)

    def close(self):
        for context in self.contexts:
            context.close()
        unexpected = [c for c in self.complaints if not any(text in c for text in self.allowed)]
        assert unexpected == []


@pytest.fixture
def windows(browser, server):
    windows = Windows(browser, server)
    yield windows
    windows.close()


def write(page, text):
    """Type a message and press Enter."""
    page.locator("#chat-message-input").fill(text)
    page.locator("#chat-message-input").press("Enter")


def texts(page):
    return page.locator("#chat-log li p")


def outbox(page):
    return page.locator("#outbox li")


def expect_connection(page, text, **options):
    expect(page.locator("#connection")).to_contain_text(text, **options)


def make_room(server, room):
    now = datetime.now(UTC).isoformat(" ")
    with closing(sqlite3.connect(server.folder / "db.sqlite3", isolation_level=None)) as database:
        database.execute(
            "INSERT OR IGNORE INTO chat_room (name, created_at) VALUES (?, ?)", [room, now]
        )


def stored(server, room):
    """The texts of a room's messages in the database."""
    query = (
        "SELECT text FROM chat_message m JOIN chat_room r ON r.id = m.room_id "
        "WHERE r.name = ? ORDER BY m.id"
    )
    with closing(sqlite3.connect(server.folder / "db.sqlite3")) as database:
        return [text for (text,) in database.execute(query, [room])]


def expect_all_agree(server, room, pages, count):
    """Each page shows each of the room's messages once, in the database's order."""
    for page in pages:
        expect(texts(page)).to_have_count(count, timeout=20_000)
        expect(outbox(page)).to_have_count(0, timeout=20_000)
    said = stored(server, room)
    assert len(said) == count
    for page in pages:
        expect(texts(page)).to_have_text(said)


# ---- Talking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ["雑談", "हिन्दी", "n" * 50])
def test_each_message_is_seen_once_in_order_without_a_reload(windows, server, room):
    alice, bob = windows.open("alice", "/chat/"), windows.open("bob", "/chat/")
    carol = windows.enter("carol", "elsewhere")
    for page in (alice, bob):
        page.locator("#room-name-input").fill(room)
        page.locator("#room-name-submit").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(room)
        expect_connection(page, "Connected.")
        page.evaluate("window.sameDocument = true")
    said = [f"{name} says {turn}" for turn in range(3) for name in ("alice", "bob")]
    for number, text in enumerate(said):
        writer, reader = (bob, alice) if number % 2 else (alice, bob)
        write(writer, text)
        expect(texts(reader)).to_have_text(said[: number + 1])
    for number in range(10):
        write(alice, f"alice {number}")
        write(bob, f"bob {number}")
    expect_all_agree(server, room, [alice, bob], 26)
    for name in ("alice", "bob"):
        numbered = [text for text in stored(server, room)[6:] if text.startswith(name)]
        assert numbered == [f"{name} {number}" for number in range(10)]
    for page in (alice, bob):
        assert page.evaluate("window.sameDocument")
    expect(texts(carol)).to_have_count(0)


def test_a_bad_room_name_gets_an_error_above_the_form(windows):
    page = windows.open("alice", "/chat/")
    field, error = page.locator("#room-name-input"), page.locator(".errorlist")
    for name, words in {
        "x" * 51: "at most 50 characters",
        "   ": "required",
        "../": "slash",
        "..": "dots",
        "a/b": "slash",
        REVERSING: "nobody sees",
    }.items():
        field.evaluate("(field) => { field.maxLength = 99; field.required = false }")
        field.fill(name)
        with page.expect_navigation():
            field.press("Enter")
        expect(error).to_contain_text(words)
        expect(field).to_be_focused()
        expect(field).to_have_value(name)
        expect(field).to_have_accessible_description(error.inner_text())
        assert page.url.endswith("/chat/")


def test_nobody_can_type_more_than_a_message_holds(windows):
    page = windows.enter("alice", "lobby")
    page.locator("#chat-message-input").press_sequentially("x" * 505, delay=0)
    expect(page.locator("#chat-message-input")).to_have_value("x" * 500)


# ---- Text is text ------------------------------------------------------------------------------

RUNS_FORWARD = """(element) => {
    const place = (at) => {
        const range = document.createRange(), text = element.firstChild;
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect().left;
    };
    return place(0) < place(2);
}"""


def test_markup_and_marks_in_names_and_messages_are_shown_as_text(windows, server):
    names, room = [ALERTING, SCRIPT, REVERSING], "text is text"
    pages = [windows.enter(name, room) for name in names]
    said = [ALERTING, SCRIPT, REVERSING, "\u2067abc\u200f", "ordinary"]
    for page in pages:
        for text in said:
            write(page, text)
        expect(outbox(page)).to_have_count(0)
    for page in [*pages, windows.enter("bob", room)]:
        expect(texts(page)).to_have_count(15)
        assert texts(page).all_inner_texts() == said * 3 == stored(server, room)
        people = page.locator("#chat-log li b")
        assert people.all_inner_texts() == [name for name in names for _ in said]
        assert page.locator("main img, #chat-log script").count() == 0
        for item in page.locator("#chat-log li", has_text="ordinary").all():
            boxes = [item.locator(tag).bounding_box()["x"] for tag in ("b", "time")]
            assert boxes == sorted(boxes), "the name has pushed the time to its other side"
            assert item.locator("time").evaluate(RUNS_FORWARD)
            assert item.locator("p").evaluate(RUNS_FORWARD)
    for page, name in zip(pages, names, strict=True):
        button = page.get_by_role("button", name="Log out")
        assert button.locator("bdi").inner_text() == name
        assert button.evaluate(RUNS_FORWARD)


def test_markup_and_marks_in_a_rooms_name_are_shown_as_text(windows, server):
    page = windows.open("alice", "/chat/")
    for room in STRANGE_ROOMS:
        page.locator(".rooms a", has_text=room).click()
        expect_connection(page, "Connected.")
        assert page.locator("h1").inner_text() == room
        assert page.evaluate("document.title") == room
        assert page.locator("main img").count() == 0
        page.goto(f"{server.url}/chat/")
    for link in page.locator(".rooms a", has_text="past-").all():
        assert link.evaluate(RUNS_FORWARD)


# ---- The past ----------------------------------------------------------------------------------


def numbers(page):
    return [int(text.split()[1]) for text in texts(page).all_inner_texts()]


def item_top(page, text):
    item = page.locator("#chat-log li", has=page.get_by_text(text))
    return item.evaluate("(item) => item.getBoundingClientRect().top")


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_older_messages_come_on_demand_and_the_reader_keeps_the_place(windows, by):
    page = windows.enter("bob", f"past-{by}")
    assert numbers(page) == list(range(71, 121))
    older = page.get_by_role("link", name="Older messages")
    for first in (21, 1):
        anchor = texts(page).first.inner_text().strip()
        older.scroll_into_view_if_needed()
        before = item_top(page, anchor)
        if by == "mouse":
            older.click()
        else:
            older.focus()
            page.keyboard.press("Enter")
        expect(texts(page)).to_have_count(121 - first)
        assert item_top(page, anchor) == pytest.approx(before, abs=1)
        assert numbers(page) == list(range(first, 121))
    expect(older).to_have_count(0)
    expect(page.locator("#chat-log")).to_be_focused()


def test_asking_twice_for_older_messages_brings_them_once(windows):
    page = windows.enter("bob", "past-mouse")
    page.locator("#older").evaluate("(link) => { link.click(); link.click() }")
    expect(texts(page)).to_have_count(100)
    page.locator("#older").evaluate("(link) => { link.click(); link.click() }")
    expect(page.locator("#older")).to_have_count(0)
    assert numbers(page) == list(range(1, 121))


def test_older_messages_are_an_ordinary_link_too(windows):
    page = windows.enter("bob", "past-link")
    with page.context.expect_page() as opened:
        page.locator("#older").click(modifiers=["ControlOrMeta"])
    assert numbers(page) == list(range(71, 121))
    other = opened.value
    expect(texts(other)).to_have_count(100)  # and goes on to the present
    assert numbers(other) == list(range(21, 121))
    expect(other.locator("#chat-log")).to_have_js_property("scrollTop", 0)


def test_older_messages_that_can_not_be_loaded_can_be_asked_for_again(windows):
    windows.allowed = ["Failed to load resource"]
    page = windows.enter("bob", "past-mouse")
    page.route("**/*before=*", lambda route: route.abort())
    page.locator("#older").click()
    expect(page.get_by_role("alert").first).to_contain_text("could not be loaded")
    page.unroute_all()
    page.locator("#older").click()
    expect(texts(page)).to_have_count(100)
    expect(page.locator("#error")).to_be_empty()


def test_new_messages_move_nobody_who_reads_the_past(windows):
    reader, writer = windows.enter("bob", "past-place"), windows.enter("alice", "past-place")
    last = texts(reader).last
    expect(last).to_be_in_viewport()
    write(writer, "number 121")
    expect(texts(reader)).to_have_count(51)
    expect(last).to_be_in_viewport(ratio=1)
    reader.set_viewport_size({"width": 500, "height": 400})
    expect(last).to_be_in_viewport(ratio=1)

    reader.locator("#chat-log").hover()
    reader.mouse.wheel(0, -400)
    expect(last).not_to_be_in_viewport()
    before = reader.locator("#chat-log").evaluate("(log) => log.scrollTop")
    write(writer, "number 122")
    expect(texts(reader)).to_have_count(52)
    assert reader.locator("#chat-log").evaluate("(log) => log.scrollTop") == before
    write(reader, "number 123")  # who writes wants to see it
    expect(last).to_have_text("number 123")
    expect(last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Asia/Tokyo", "1 Jan 2026, 09:30"), ("America/New_York", "31 Dec 2025, 19:30")],
)
def test_times_are_in_the_readers_own_zone(windows, zone, shown):
    page = windows.enter("bob", "new-year", timezone_id=zone, locale="en-GB")
    first, last = (getattr(page.locator("#chat-log time"), end) for end in ("first", "last"))
    expect(first).to_have_text(shown)
    written = datetime.fromisoformat(first.get_attribute("datetime"))
    assert written == datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    write(page, "now")
    expect(texts(page).last).to_have_text("now")
    assert datetime.fromisoformat(last.get_attribute("datetime")).utcoffset() is not None
    expect(last).to_have_text(re.compile(r"^\d+ \w+ 20\d\d, \d\d:\d\d$"))


# ---- The connection ----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["SIGKILL", "SIGTERM"])
def test_what_is_written_while_the_server_is_away_arrives_once(windows, server, ending):
    windows.allowed = ["WebSocket connection to", "Failed to load resource"]
    room = f"restart-{ending}"
    pages = alice, bob = windows.enter("alice", room), windows.enter("bob", room)
    for number in range(10):
        write(alice, f"in flight {number}")
    server.process.send_signal(signal.Signals[ending])
    server.process.wait(timeout=5)
    for page in pages:
        expect_connection(page, "Not connected")
    for number in range(3):
        write(alice, f"alice away {number}")
        write(bob, f"bob away {number}")
    expect(outbox(bob)).to_have_text([f"bob away {number} …" for number in range(3)])
    server.start()
    for page in pages:
        expect_connection(page, "Connected.", timeout=20_000)
    write(alice, "here again")
    expect_all_agree(server, room, pages, 17)


def test_the_pauses_between_two_attempts_grow_and_begin_anew(windows, server):
    # the page's icon may still be on its way when the server stops
    windows.allowed = ["WebSocket connection to", "Failed to load resource"]
    page = windows.enter("alice", "pauses", lambda page: page.add_init_script(NOTE_PAUSES))
    for _ in range(2):
        server.stop()
        page.wait_for_function("pauses.length > 7")
        assert page.evaluate("pauses")[:8] == [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
        server.start()
        expect_connection(page, "Connected.")
        write(page, "here")
        expect(outbox(page)).to_have_count(0)
        page.evaluate("pauses.length = 0")


def test_the_pauses_grow_while_a_message_breaks_off_each_line(windows):
    windows.allowed = ["WebSocket connection to", "Failed to load resource"]

    def break_off(socket):
        def hear(text):
            if "after" in json.loads(text):
                socket.send(json.dumps({"type": "caught_up", "last": 0, "more": False}))
            else:
                socket.close(code=1011)

        socket.on_message(hear)

    def prepare(page):
        page.add_init_script(NOTE_PAUSES)
        page.route_web_socket("**/ws/**", break_off)

    page = windows.enter("alice", "breaks off", prepare)
    write(page, "it can't be stored")
    page.wait_for_function("pauses.length > 5")
    assert page.evaluate("pauses")[:6] == [1000, 2000, 4000, 8000, 16000, 30000]


class Wire:
    """The network between a page and its server: notes frames, drops what ``drop`` says.

    ``drop`` is called with each frame of the server; ``cut`` lets nothing through any more.
    """

    def __init__(self, drop=lambda frame: False):
        self.drop, self.cut = drop, False
        self.sent, self.dropped, self.sockets = [], [], []

    def __call__(self, page):
        page.route_web_socket("**/ws/**", self.route)

    def route(self, socket):
        self.sockets.append(socket)
        if self.cut:
            return
        server = socket.connect_to_server()

        def from_page(text):
            self.sent.append(json.loads(text))
            if not self.cut:
                server.send(text)

        def from_server(text):
            if self.cut:
                return
            if self.drop(json.loads(text)):
                self.dropped.append(text)
            else:
                socket.send(text)

        socket.on_message(from_page)
        server.on_message(from_server)

    def wait_for_a_loss(self, page):
        deadline = time.monotonic() + 10
        while not self.dropped and time.monotonic() < deadline:
            page.evaluate("new Promise(requestAnimationFrame)")  # lets the routes go on
        assert self.dropped

    def drop_once(self, text):
        self.drop = lambda frame: frame.get("message") == text and not self.dropped


def test_what_is_unsent_survives_a_reload_and_is_sent_then(windows, server):
    wire = Wire()
    page = windows.enter("alice", "reload", wire)
    write(page, "before")
    expect(texts(page)).to_have_text(["before"])
    wire.cut = True
    for text in ("one", "two"):
        write(page, text)
    page.locator("#chat-message-input").fill("half a sent")
    page.reload()
    expect(outbox(page)).to_have_text(["one …", "two …"])
    expect(page.locator("#chat-message-input")).to_have_value("half a sent")
    assert stored(server, "reload") == ["before"]
    wire.cut = False
    page.reload()
    expect_all_agree(server, "reload", [page], 3)
    expect(page.locator("#chat-message-input")).to_have_value("half a sent")


def test_a_browser_without_a_network_says_so_and_comes_back(windows, server):
    windows.allowed = ["WebSocket connection to", "ERR_INTERNET_DISCONNECTED"]
    room = "offline"
    alice = windows.enter("alice", room, lambda page: page.add_init_script(HOLD_SOCKET))
    bob = windows.enter("bob", room)

    def go_offline():
        alice.context.set_offline(True)
        alice.evaluate("held.close()")  # as a lost network does sooner or later
        expect_connection(alice, "Not connected")

    go_offline()
    write(bob, "are you there?")
    expect(outbox(bob)).to_have_count(0)
    alice.context.set_offline(False)  # at once, not after the pause
    expect_connection(alice, "Connected.")
    expect_all_agree(server, room, [alice, bob], 1)

    go_offline()
    write(alice, "in a tunnel")
    expect(outbox(alice)).to_have_count(1)
    alice.context.set_offline(False)
    expect_all_agree(server, room, [alice, bob], 2)


def test_a_lost_confirmation_is_mended_by_sending_the_same_again(windows, server):
    wire = Wire()
    wire.drop_once("sure?")
    page = windows.enter("alice", "confirm", wire)
    write(page, "sure?")
    write(page, "next")
    expect(outbox(page)).to_have_count(2)
    wire.wait_for_a_loss(page)
    wire.sockets[-1].close(code=1012)
    expect_all_agree(server, "confirm", [page], 2)
    ids = [frame["client_id"] for frame in wire.sent if frame.get("message") == "sure?"]
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_lost_confirmation_on_a_living_connection_is_mended_by_looking_again(windows, server):
    wire = Wire()
    wire.drop_once("sure?")
    page = windows.enter("alice", "confirm-2", lambda page: (wire(page), page.clock.install()))
    write(page, "sure?")
    write(page, "next")
    wire.wait_for_a_loss(page)
    expect(outbox(page)).to_have_count(2)
    page.clock.run_for(31_000)
    expect_all_agree(server, "confirm-2", [page], 2)
    assert len(wire.sockets) == 1


def test_a_lost_message_is_fetched_when_the_next_one_names_it(windows, server):
    wire = Wire()
    wire.drop_once("two")
    alice, bob = windows.enter("alice", "gap"), windows.enter("bob", "gap", wire)
    for text in ("one", "two", "three"):
        write(alice, text)
    expect_all_agree(server, "gap", [alice, bob], 3)
    assert wire.dropped


def test_a_lost_last_message_is_fetched_within_half_a_minute(windows, server):
    wire = Wire()
    wire.drop_once("last")
    alice = windows.enter("alice", "last")
    bob = windows.enter("bob", "last", lambda page: (wire(page), page.clock.install()))
    write(alice, "first")
    expect(texts(bob)).to_have_count(1)
    write(alice, "last")
    expect(texts(alice)).to_have_count(2)
    wire.wait_for_a_loss(bob)
    bob.clock.run_for(31_000)
    expect_all_agree(server, "last", [alice, bob], 2)


def test_a_connection_on_which_nobody_answers_is_given_up_and_remade(windows, server):
    page = windows.enter("alice", "dead", lambda page: page.clock.install())
    write(page, "alive")
    expect(outbox(page)).to_have_count(0)
    server.process.send_signal(signal.SIGSTOP)
    write(page, "anybody?")
    page.clock.run_for(61_000)
    expect_connection(page, "Not connected")
    server.process.send_signal(signal.SIGCONT)
    page.clock.run_for(5_000)
    expect_connection(page, "Connected.")
    expect_all_agree(server, "dead", [page], 2)


# ---- Losing one's rights -----------------------------------------------------------------------


def log_in(page, name):
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def expect_no_more_attempts(page, opened):
    before = len(opened)
    page.clock.run_for(120_000)
    assert len(opened) == before


def test_who_logs_out_elsewhere_is_told_and_goes_on_after_logging_in(windows, server):
    opened = []
    page = windows.open(None, "/accounts/login/?next=/chat/")
    page.clock.install()
    log_in(page, "dora")
    page.on("websocket", lambda socket: opened.append(socket.url))
    page.locator("#room-name-input").fill("雑談 4401")
    page.keyboard.press("Enter")
    expect_connection(page, "Connected.")
    other_tab = page.context.new_page()
    other_tab.goto(server.url)
    other_tab.get_by_role("button", name="Log out").click()
    other_tab.get_by_role("link", name="Sign up").first.wait_for()
    write(page, "my last words")
    alert = page.get_by_role("alert").filter(has_text="not logged in any more")
    expect(alert).to_be_visible()
    expect_connection(page, "Closed.")
    expect(outbox(page)).to_have_text(["my last words …"])
    expect_no_more_attempts(page, opened)
    write(page, "and one more")
    page.locator("#chat-message-input").fill("half a sent")
    alert.get_by_role("link", name="log in again").click()
    log_in(page, "dora")
    expect(page.get_by_role("heading", level=1)).to_have_text("雑談 4401")
    expect(texts(page)).to_have_text(["my last words", "and one more"])
    expect(page.locator("#chat-message-input")).to_have_value("half a sent")
    assert stored(server, "雑談 4401") == ["my last words", "and one more"]


def test_words_of_one_person_are_not_sent_by_the_next_at_the_same_screen(windows, server):
    page = windows.open(None, "/accounts/login/?next=/chat/")
    page.add_init_script(HOLD_SOCKET.replace("1e6", "100"))
    log_in(page, "emil")
    page.locator("#room-name-input").fill("shared screen")
    page.keyboard.press("Enter")
    expect_connection(page, "Connected.")
    room = page.url
    page.context.clear_cookies()
    page.evaluate("held.close()")
    write(page, "emil's words")
    expect(page.locator("#closed-4401")).to_be_visible()
    page.goto(f"{server.url}/accounts/login/?next=/chat/")
    log_in(page, "fay")
    page.goto(room)
    expect_connection(page, "Connected.")
    expect(outbox(page)).to_have_count(0)
    assert stored(server, "shared screen") == []


def test_who_is_deactivated_is_told(windows, server):
    page = windows.enter("carol", "deactivated")
    server.shell("User.objects.filter(username='carol').update(is_active=False)")
    try:
        write(page, "may I?")
        expect(page.locator("#closed-4401")).to_be_visible()
        expect(outbox(page)).to_have_count(1)
        assert stored(server, "deactivated") == []
    finally:
        server.shell("User.objects.filter(username='carol').update(is_active=True)")


def test_a_room_that_is_gone_says_so_and_keeps_what_was_typed(windows, server):
    opened = []
    page = windows.enter("alice", "doomed", lambda page: page.clock.install())
    write(page, "still here")
    expect(outbox(page)).to_have_count(0)
    page.on("websocket", lambda socket: opened.append(socket.url))
    server.shell("Room.objects.get(name='doomed').delete()")
    write(page, "not any more")
    page.clock.run_for(5_000)
    expect(page.get_by_role("alert").filter(has_text="does not exist any more")).to_be_visible()
    expect_connection(page, "Closed.")
    expect(outbox(page)).to_have_text(["not any more …"])
    expect_no_more_attempts(page, opened)


# ---- Refusals ----------------------------------------------------------------------------------


def test_a_refused_message_is_explained_and_given_back(windows, server):
    page = windows.enter("alice", "refusals")
    field, error = page.locator("#chat-message-input"), page.locator("#error")
    expect(error).to_have_attribute("role", "alert")
    for text, words in {
        "x" * 501: "at most 500",
        "a\0b": "can't be stored",
        "\u200b": "Write something",
    }.items():
        field.evaluate("(field, text) => { field.maxLength = 999; field.value = text }", text)
        field.press("Enter")
        expect(error).to_contain_text(words)
        expect(field).to_have_value(text)
        expect(outbox(page)).to_have_count(0)
    write(page, "a better one")
    expect(texts(page)).to_have_text(["a better one"])
    expect(error).to_be_hidden()
    assert stored(server, "refusals") == ["a better one"]


def test_refused_messages_do_not_push_each_other_out(windows):
    wire = Wire()
    page = windows.enter("alice", "refusals-2", wire)
    wire.cut = True
    page.locator("#chat-message-input").evaluate("(field) => { field.maxLength = 999 }")
    for letter in "xy":
        write(page, letter * 501)
    wire.cut = False
    wire.sockets[-1].close()
    expect(outbox(page)).to_have_count(0)
    expect(page.locator("#chat-message-input")).to_have_value("x" * 501 + " " + "y" * 501)


def test_who_writes_too_fast_waits_and_all_arrives_in_order(windows, public_server):
    page = windows.enter("alice", "fast", server=public_server)
    wait_for_enough_of_a_stretch()
    said = [f"number {number}" for number in range(17)]
    for text in said[:-1]:
        write(page, text)
    expect(page.locator("#error")).to_contain_text("too fast")
    write(page, said[-1])
    expect(texts(page)).to_have_text(said, timeout=25_000)
    expect(page.locator("#error")).to_be_empty()
    assert stored(public_server, "fast") == said


# ---- Everybody can use it ----------------------------------------------------------------------

OUTLINE = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"


def test_a_keyboard_is_enough_from_logging_in_to_a_sent_message(windows):
    page = windows.open(None, "/accounts/login/")
    keyboard = page.keyboard
    expect(page.get_by_label("Username")).to_be_focused()
    keyboard.type("emil")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log in")).to_be_focused()
    assert page.evaluate(OUTLINE) >= 2
    keyboard.press("Enter")
    expect(page.locator("#room-name-input")).to_be_focused()
    keyboard.type("by keyboard")
    keyboard.press("Enter")
    expect_connection(page, "Connected.")
    expect(page.get_by_label("Your message")).to_be_focused()
    keyboard.type("hello")
    keyboard.press("Enter")
    expect(texts(page)).to_have_text(["hello"])
    expect(page.get_by_label("Your message")).to_be_focused()
    keyboard.type("again")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(texts(page)).to_have_text(["hello", "again"])
    keyboard.press("Shift+Tab")
    keyboard.press("Shift+Tab")
    expect(page.get_by_role("log")).to_be_focused()
    assert page.evaluate(OUTLINE) >= 2


def test_enter_that_ends_an_ime_composition_sends_nothing(windows):
    page = windows.enter("alice", "composed")
    session = page.context.new_cdp_session(page)
    selection = {"selectionStart": 2, "selectionEnd": 2}
    session.send("Input.imeSetComposition", {"text": "日本", **selection})
    enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    for kind in ("rawKeyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, **enter})
    page.locator("#chat-message-input").evaluate(
        """(input) => input.dispatchEvent(new KeyboardEvent(
            "keydown", { key: "Enter", isComposing: true, bubbles: true }))"""
    )
    session.send("Input.insertText", {"text": "日本語"})
    expect(page.locator("#chat-message-input")).to_have_value("日本語")
    expect(outbox(page)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(texts(page)).to_have_text(["日本語"])


def test_each_page_is_marked_up_for_screen_readers(windows, server):
    visitor, alice = windows.open(), windows.enter("alice", "marked up")
    write(alice, "hello")
    for role in ("log", "status"):
        expect(alice.get_by_role(role)).to_have_count(1)
    assert alice.locator("[role=alert]").count() == 3
    assert alice.get_by_role("list", name="Not sent yet").count() <= 1
    expect(alice.locator("[role=alert]:visible")).to_have_count(0)
    pages = [(visitor, "/"), (visitor, "/accounts/signup/"), (visitor, "/accounts/login/")]
    pages += [(alice, path) for path in ("/", "/chat/", "/chat/marked up/", "/accounts/password/")]
    for page, path in pages:
        page.goto(server.url + path)
        assert page.evaluate("document.documentElement.lang") == "en", path
        assert page.title(), path
        heading = "[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => h.tagName)"
        assert page.evaluate(heading) == ["H1"], path
        assert page.get_by_role("main").count() == page.get_by_role("navigation").count() == 1
        for field in page.locator("input:not([type=hidden])").all():
            assert field.evaluate("(field) => field.labels.length") == 1, path
        for button in page.locator("button, a").all():
            assert button.inner_text().strip(), path


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it, of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(windows, scheme):
    sheet = Path(PROJECT, "chat/static/chat/style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", light if scheme == "light" else dark))
    on_ground = [(name, "ground") for name in ("ink", "faint", "accent", "alarm")]
    for text, ground in [*on_ground, ("ink", "own"), ("faint", "own"), ("on-accent", "accent")]:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert not re.search(r": #[0-9a-f]{3}", sheet[sheet.index("* {") :]), "not a variable"
    page = windows.open(color_scheme=scheme)
    red, green, blue = (int(colours["ground"][at : at + 2], 16) for at in (1, 3, 5))
    expect(page.locator("body")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")


def test_a_phone_shows_all_without_scrolling_sideways(windows, server):
    phone = {"viewport": {"width": 320, "height": 640}}
    page = windows.enter(LONG_NAME, LONG_ROOM, **phone)
    write(page, LONG_WORD)
    expect(outbox(page)).to_have_count(0)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    inside = "(log) => log.scrollWidth <= log.clientWidth"
    assert page.evaluate(fits)
    assert page.locator("#chat-log").evaluate(inside)
    expect(page.locator("#chat-message-submit")).to_be_in_viewport(ratio=1)
    for path in ("/", "/chat/", "/accounts/password/"):
        page.goto(server.url + path)
        assert page.evaluate(fits), path
    visitor = windows.open(None, "/accounts/signup/", **phone)
    assert visitor.evaluate(fits)


def test_many_unsent_messages_leave_room_for_the_form(windows):
    wire = Wire()
    page = windows.enter("alice", "waiting", wire, viewport={"width": 360, "height": 640})
    wire.cut = True
    for number in range(15):
        write(page, f"number {number}")
    for part in ("#chat-log", "#chat-message-submit", "#connection"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    expect(outbox(page).last).to_be_in_viewport()


# ---- When something is wrong -------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nowhere/", "/chat/no-such-room/"])
def test_an_address_without_a_page_leads_back_to_the_start(windows, public_server, path):
    windows.allowed = ["404 (Not Found)"]
    page = windows.open("alice", path, server=public_server)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing here")
    page.get_by_role("main").get_by_role("link").click()
    expect(page).to_have_url(f"{public_server.url}/")


def test_a_form_without_its_token_is_refused_with_our_page(windows, public_server):
    windows.allowed = ["403 (Forbidden)"]
    page = windows.open(None, "/accounts/login/", server=public_server)
    page.context.clear_cookies()
    log_in(page, "dora")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")


def test_the_page_for_our_own_faults_stands_alone(windows):
    text = (PROJECT / "templates/500.html").read_text(encoding="utf-8")
    assert "{%" not in text and "{{" not in text
    page = windows.open()
    page.set_content(re.sub(r"\{#.*?#\}", "", text))
    expect(page.get_by_role("heading", level=1)).to_have_text("Something broke")
    page.get_by_role("link").wait_for()
