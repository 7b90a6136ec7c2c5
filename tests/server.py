"""A real server to test: ``runserver`` in a process of its own, with a database of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import SkipTest

from django.test import SimpleTestCase
from websockets.sync.client import connect

PROJECT = Path(__file__).resolve().parent.parent

SIGN_IN = """
from django.test import Client
if "Room" in globals():
    Room.objects.get_or_create(name={room!r})
for name in {names!r}:
    client = Client()
    client.force_login(User.objects.get_or_create(username=name)[0])
    print(client.cookies["sessionid"].value)
"""


class Server:
    """A server on a free port of 127.0.0.1, whose files are in ``folder``.

    ``variables`` are added to its environment. ``command`` is what starts it, with ``{port}``
    where the port belongs. Start it with ``start()``; its database is there before.
    """

    runserver = (sys.executable, "manage.py", "runserver", "--noreload", "{port}")

    def __init__(self, folder, variables=(), command=runserver, project=PROJECT):
        self.folder, self.command, self.project = Path(folder), command, project
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "SECRET_KEY": "only for tests, and nowhere else in the whole world",
            "DEBUG": "True",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "CHANNELS_URL": "inmemory://",
            "CHAT_MESSAGES_PER_MINUTE": "0",
            **dict(variables),
        }
        self.manage("migrate", "-v0")

    def manage(self, *arguments):
        """Run a command of manage.py on the server's database; return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=self.project, env=self.environment, check=True, stdout=subprocess.PIPE
        )
        return done.stdout.decode().strip()

    def shell(self, code):
        """Run Python in ``manage.py shell``, which knows all models; return what it printed."""
        return self.manage("shell", "-v0", "-c", code)

    def sign_in(self, *names, room="welcome"):
        """Make users and the room where they are missing; return each user's session cookie."""
        return self.shell(SIGN_IN.format(names=names, room=room)).split()

    def start(self):
        """Start the server and wait until it listens."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [part.format(port=self.port) for part in self.command],
                cwd=self.project,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"The server did not start:\n{self.log()}")

    def stop(self):
        """Ask the server to stop; raise TimeoutExpired if it has not done so within 5 s."""
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        finally:
            self.process.kill()
            self.process.wait()

    def log(self):
        """Return what the server has printed so far."""
        return (self.folder / "log").read_text()

    def window(self, session=None, room="welcome", origin=None):
        """Return a WebSocket to a room, opened as a page would with this session cookie."""
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/chat/{room}/",
            origin=origin or self.url,
            additional_headers={"Cookie": f"sessionid={session}"} if session else {},
            compression=None,
        )


class ServerTestCase(SimpleTestCase):
    """Tests with a ``server`` that starts empty for each class; see Server for ``variables``."""

    variables = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = Server(folder, cls.variables)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)


def say(window, **frame):
    """Send a frame."""
    window.send(json.dumps(frame))


def hear(window, type="message"):
    """Return the next frame of this type; raise TimeoutError if none comes within 10 s."""
    while True:
        frame = json.loads(window.recv(timeout=10))
        if frame["type"] == type:
            return frame


def find_browser():
    """Return a Chromium for Playwright: its path, or None for Playwright's own.

    Raises SkipTest where there is neither; under ``CI=true`` that is an error.
    """
    from playwright.sync_api import sync_playwright

    for name in ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"):
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).exists():
            return None
    reason = "No Chromium here. `pipenv run playwright install chromium` brings one."
    raise RuntimeError(reason) if os.environ.get("CI") else SkipTest(reason)
