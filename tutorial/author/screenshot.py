"""Takes the pictures: the README's, and those of what a chapter's reader will have.

A scene opens windows on a stage, lets people talk, waits until all is to be seen, and shoots the
windows. Its picture shows them side by side.
"""

import base64
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tutorial.course.chapters import PROJECT, chapter
from tutorial.course.stages import write_stage
from tutorial.environment import ROOT
from tutorial.reader.demo import USERS_FROM

IMAGES = ROOT / "tutorial" / "images"
TALK = (
    ("alice", "Good morning! Is anybody here?"),
    ("bob", "I am. Your message came without a reload."),
    ("alice", "So did yours. Shall we try the old messages?"),
    ("bob", "おはよう。部屋の名前も日本語でいいんだね。"),
    ("alice", "<b>Any</b> text is fine, and it stays text."),
)
OLD_MESSAGES = """
for name in ("café", "kitchen"):
    Room.objects.create(name=name)
users = User.objects.order_by("username")
room = Room.objects.get(name="雑談")
for number in range(1, 61):
    text = f"This is the message number {number}."
    Message.objects.create(room=room, user=users[number % 2], text=text)
"""
LOG_OUT = """
from django.contrib.sessions.models import Session
Session.objects.filter(pk={session!r}).delete()
"""
SIDE_BY_SIDE = """
<!doctype html>
<style>
  body {{ margin: 0; padding: 16px; background: #8a9186; width: max-content }}
  body {{ display: flex; gap: 16px }}
</style>
{images}
"""


class Stage:
    """A stage's server, and windows of a browser on it, each as wide and high as `size`, in px."""

    def __init__(self, server, browser, size: dict[str, int]):
        self.server, self.browser, self.size = server, browser, size
        self.sessions: dict[str, str] = {}
        self.shots: list[bytes] = []

    def open(self, path: str, user: str | None = None, scheme: str = "light"):
        """Open a page, as a user who is logged in or as nobody; return it."""
        context = self.browser.new_context(
            viewport=self.size, color_scheme=scheme, locale="en-GB", timezone_id="Europe/London"
        )
        if user:
            cookie = {"name": "sessionid", "value": self.sessions[user], "url": self.server.url}
            context.add_cookies([cookie])
        page = context.new_page()
        page.goto(f"{self.server.url}{path}")
        return page

    def shoot(self, *pages) -> None:
        """Take these windows into the picture, as they are now."""
        self.shots += [page.screenshot() for page in pages]

    def picture(self) -> bytes:
        """What was shot, side by side, as a PNG."""
        images = "".join(
            f'<img src="data:image/png;base64,{base64.b64encode(shot).decode()}">'
            for shot in self.shots
        )
        page = self.browser.new_page()
        page.set_content(SIDE_BY_SIDE.format(images=images))
        return page.locator("body").screenshot()


def say(page, text: str) -> None:
    """Write a line in a room's page, and send it as soon as the page takes it."""
    line = page.locator("#chat-message-input")
    line.fill(text)
    while line.input_value():  # until it is connected, an early page keeps the line
        line.press("Enter")
        page.wait_for_timeout(50)


def shows(text: str, *pages) -> None:
    """Wait until the text is to be seen in each of these pages; raise AssertionError after 5 s."""
    from playwright.sync_api import expect

    for page in pages:
        log = page.locator("textarea#chat-log")
        if log.count():
            expect(log).to_have_value(re.compile(re.escape(text)))
        else:
            expect(page.locator("main")).to_contain_text(text)


# The scenes


def talk(stage: Stage) -> None:
    """Two people in a room, one in a light and one in a dark window."""
    alice, bob = stage.open("/chat/雑談/", "alice"), stage.open("/chat/雑談/", "bob", "dark")
    shows("Connected.", alice, bob)
    for name, text in TALK:
        say({"alice": alice, "bob": bob}[name], text)
        shows(text, alice, bob)
    stage.shoot(alice, bob)


def first_page(stage: Stage) -> None:
    """The page that the empty address leads to."""
    page = stage.open("/")
    page.set_viewport_size({"width": 400, "height": 200})
    stage.shoot(page)


def one_stays_empty(stage: Stage) -> None:
    """What is written in one window does not reach the other."""
    writer, other = stage.open("/chat/lobby/"), stage.open("/chat/lobby/")
    say(writer, "Hello? Is anybody there?")
    shows("Hello? Is anybody there?", writer)
    stage.shoot(writer, other)


def lines_come_back(stage: Stage) -> None:
    """The server sends a line back to the window that it came from, and to no other."""
    writer, other = stage.open("/chat/lobby/"), stage.open("/chat/lobby/")
    for line in ("This line has been to the server.", "So has this one."):
        say(writer, line)
        shows(line, writer)
    stage.shoot(writer, other)


def everyone_hears(stage: Stage) -> None:
    """Two windows in a room hear each other, and one in another room hears nothing."""
    kitchen, listener = stage.open("/chat/kitchen/"), stage.open("/chat/lobby/")
    speaker = stage.open("/chat/lobby/")
    for page, line in ((speaker, "Can you read this?"), (listener, "I can!")):
        say(page, line)
        shows(line, speaker, listener)
    stage.shoot(speaker, listener, kitchen)


def lines_have_names(stage: Stage) -> None:
    """Who comes in has to log in, and each line says whose it is."""
    bob, alice = stage.open("/chat/lobby/", "bob"), stage.open("/chat/lobby/", "alice")
    for page, line in ((alice, "Hello, it's me."), (bob, "I see. It says so.")):
        say(page, line)
        shows(line, alice, bob)
    stage.shoot(stage.open("/chat/lobby/"), alice, bob)


def rooms_remember(stage: Stage) -> None:
    """The list of rooms, a room with what was said before, and the same at its beginning."""
    stage.server.shell(OLD_MESSAGES)
    old, room = stage.open("/chat/雑談/", "alice"), stage.open("/chat/雑談/", "alice")
    shows("Connected.", old, room)
    old.locator("#older").scroll_into_view_if_needed()
    stage.shoot(stage.open("/chat/", "alice"), old, room)


def no_in_a_sentence(stage: Stage) -> None:
    """One writes too fast, another has logged out, and a third has lost the connection."""
    alice, bob = (stage.open("/chat/雑談/", name) for name in ("alice", "bob"))
    shows("Connected.", alice, bob)
    for number in range(1, 18):
        say(alice, f"This is line {number}.")
    shows("too fast", alice)
    stage.server.shell(LOG_OUT.format(session=stage.sessions["bob"]))
    say(bob, "May I still say something?")
    shows("You are not logged in any more.", bob)
    stage.shoot(alice, bob)
    stage.server.stop()
    shows("Trying again", alice)
    stage.shoot(alice)


def nothing_is_lost(stage: Stage) -> None:
    """What is written while the server is away waits, and arrives when the server is back."""
    alice, bob = (stage.open("/chat/雑談/", name) for name in ("alice", "bob"))
    say(bob, "Are you in the train?")
    shows("Are you in the train?", alice, bob)
    stage.server.stop()
    shows("Trying again", alice, bob)
    for line in ("I am. We are in a tunnel,", "and there is no signal here."):
        say(alice, line)
    stage.shoot(alice)
    stage.server.start()
    for page in (alice, bob):
        page.evaluate("dispatchEvent(new Event('online'))")  # so that it tries again at once
    shows("and there is no signal here.", bob)
    shows("Connected.", alice, bob)
    stage.shoot(bob)


SCENES: dict[str, tuple[int, Callable[[Stage], None]]] = {
    "two-windows": (PROJECT, talk),
    **{
        chapter(number).folder.name: (number, scene)
        for number, scene in (
            (1, first_page),
            (2, one_stays_empty),
            (4, lines_come_back),
            (5, everyone_hears),
            (7, lines_have_names),
            (8, rooms_remember),
            (9, no_in_a_sentence),
            (10, nothing_is_lost),
        )
    },
}
"""What is in a picture: the stage and the scene. The first is the README's, the others belong to
the chapters in which there is something new to see."""


def take_screenshot(name: str, folder: Path = IMAGES) -> Path:
    """Play a scene on its stage, write the picture `NAME.png` to the folder, and return its path.

    Needs the packages of the tests and a Chromium; see `tests.server.find_browser` for its errors.
    """
    sys.path.insert(0, str(ROOT))
    from playwright.sync_api import sync_playwright

    from tests.server import Server, find_browser

    number, scene = SCENES[name]
    width, height = (560, 520) if name == "two-windows" else (400, 480)
    executable = find_browser()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        project, files = Path(place, "project"), Path(place, "files")
        files.mkdir()
        write_stage(number, project)
        server = Server(files, {"CHAT_MESSAGES_PER_MINUTE": "60"}, project=project)
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"] if os.name == "posix" else []
        )
        stage = Stage(server, browser, {"width": width, "height": height})
        if number >= USERS_FROM:
            users = ("alice", "bob")
            stage.sessions = dict(zip(users, server.sign_in(*users, room="雑談"), strict=True))
        server.start()
        try:
            scene(stage)
            picture = folder / f"{name}.png"
            picture.write_bytes(stage.picture())
            browser.close()
        finally:
            server.stop()
    return picture
