"""Runs commands and servers in a reader's folder, and makes their output the same every time.

Only whoever writes chapters needs this; see `tutorial.author.book`.
"""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE")
"""The variables of this machine that a command of the book sees."""

STABLE = (
    (re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d"), "21/Jun/2026 12:00:00"),
    (re.compile(r"\b[A-Z][a-z]+ \d\d, \d{4} - \d\d:\d\d:\d\d"), "June 21, 2026 - 12:00:00"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"), "2026-06-21 12:00:00,000"),
    (re.compile(r"\[127\.0\.0\.1:\d+\]"), "[127.0.0.1:50000]"),
    (re.compile(r"\[\d+\.\d\d, 127\.0\.0\.1:\d+\]"), "[0.02, 127.0.0.1:50000]"),
    (re.compile(r"\b0x[0-9a-f]{6,}"), "0x7f0000000000"),
    (re.compile(r"\bin \d+\.\d+ ?s\b"), "in …s"),
    (re.compile(r'"[^"\n]*[/\\]site-packages[/\\]'), '"…/site-packages/'),
    (re.compile(r'"[^"\n]*[/\\]lib[/\\]python3\.\d+[/\\]'), '"…/python3/'),
    (re.compile(r"^[ ~^]*\^[ ~^]*\n", re.MULTILINE), ""),
)
"""What differs from run to run, and what stands there in the text."""

LOOKING = 1.5
"""Seconds within which Daphne sees that a handler has failed: it looks once a second."""

NAME = "my-chat"
"""What the folder is called in the text."""


def environment() -> dict[str, str]:
    """The environment of a command: this Python as `python`, no colours, nothing written beside."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "DJANGO_COLORS": "nocolor",
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }


def stable(output: str, folder: Path, port: int | None = None) -> str:
    """The output without what is different at every run: times, paths, ports, addresses."""
    for place in {str(folder.resolve()), str(folder)}:
        output = output.replace(place, NAME)
    if port:
        output = re.sub(rf"\b{port}\b", "8000", output)
    for pattern, text in STABLE:
        output = pattern.sub(text, output)
    return "\n".join(line.rstrip() for line in output.splitlines())


def run(folder: Path, command: str, stdin: str = "", expect: int = 0) -> str:
    """Run a command in the folder; return what it printed.

    Raises `ValueError` when its exit code is not `expect`.
    """
    words = shlex.split(command)
    if words[:2] == ["pipenv", "run"]:
        words = words[2:]
    if words[0] in ("python", "python3", "py"):
        words[0] = sys.executable
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment(),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )
    if done.returncode != expect:
        raise ValueError(f"{command!r} ended with {done.returncode}:\n{done.stdout}")
    return stable(done.stdout, folder)


def output_of(folder: Path, command: str) -> str:
    """What a command prints in the folder, however it ends."""
    try:
        return run(folder, command)
    except ValueError as ended:
        return str(ended)


SHELL = """
import code, json, sys
console = code.InteractiveConsole(dict(globals()))
for part in json.loads({parts!r}):
    lines = part.split("\\n")
    for number, line in enumerate(lines):
        print("... " if number else ">>> ", line, sep="")
        more = console.push(line)
    if more:
        console.push("")
"""


def shell(folder: Path, parts: tuple[str, ...]) -> str:
    """Type each part at the prompt of `manage.py shell`; return what stands on the screen."""
    command = [sys.executable, "manage.py", "shell", "-v0", "-c"]
    return run(folder, shlex.join([*command, SHELL.format(parts=json.dumps(parts))]))


SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
if "Room" in globals():
    Room.objects.get_or_create(name={room!r})
client = Client()
client.force_login(get_user_model().objects.get_or_create(username={name!r})[0])
print("sessionid=" + client.cookies["sessionid"].value)
"""


def sign_in(folder: Path, name: str, path: str) -> str:
    """Log a user in, made where missing as the room at this path is; return the cookie."""
    code = SIGN_IN.format(name=name, room=path.strip("/").rpartition("/")[2])
    run(folder, "python manage.py migrate -v0")
    command = shlex.join([sys.executable, "manage.py", "shell", "-v0", "-c", code])
    return run(folder, command).splitlines()[-1]


class Server:
    """`python manage.py runserver` in a folder, on a free port, ended by `stop()`."""

    def __init__(self, folder: Path):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder, self.output = folder, ""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", f"127.0.0.1:{self.port}"],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=os.name == "posix",
        )
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        """Collect what the server prints."""
        for line in self.process.stdout:
            self.output += line

    def wait(self, seconds: float = 20) -> bool:
        """Wait until it listens; return whether it does. False when it shows an error first."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return True
            if "Traceback (" in self.output:
                break
            time.sleep(0.05)
        self.settle()
        return False

    def settle(self) -> None:
        """Wait until it has printed nothing for a while."""
        length = -1
        while length != len(self.output):
            length = len(self.output)
            time.sleep(0.4)

    def request(self, words: str) -> str:
        """Do what `GET /path`, or `WS /path {"message": "…"}`, says; return the answer.

        `WS alice@/path …` is sent by a user who is logged in.
        """
        method, path, *frame = words.split(" ", 2)
        if method == "WS":
            name, _, path = path.rpartition("@")
            cookie = sign_in(self.folder, name, path) if name else None
            return self.talk(path, *frame, cookie=cookie)
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urlopen(Request(url, method=method), timeout=10) as answer:
                return answer.read().decode("utf-8", "replace")
        except HTTPError as error:
            return f"HTTP {error.code}"

    def talk(self, path: str, frame: str | None = None, cookie: str | None = None) -> str:
        """Open a WebSocket as a page of this site would, send a frame, return the answer.

        Each line is a frame; the answer is that to the last one.
        """
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        origin = f"http://127.0.0.1:{self.port}"
        try:
            with connect(
                f"ws://127.0.0.1:{self.port}{path}",
                origin=origin,
                additional_headers={"Cookie": cookie} if cookie else {},
                proxy=None,
            ) as socket:
                if frame is None:
                    return ""
                for line in frame.splitlines():
                    socket.send(line)
                    answer = socket.recv(timeout=2)
                time.sleep(LOOKING)  # for what the server does after it has answered
                return answer
        except (WebSocketException, TimeoutError, OSError) as error:
            time.sleep(LOOKING)
            return str(error)

    def stop(self) -> str:
        """End it; return all that it has printed, the same at every run."""
        self.settle()
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        return stable(self.output, self.folder, self.port)


def serve(folder: Path, requests: tuple[str, ...]) -> tuple[str, list[str]]:
    """Start the server, do the requests in turn; return its terminal and the answers."""
    server = Server(folder)
    try:
        answers = [server.request(words) for words in requests] if server.wait() else []
        return server.stop(), [stable(answer, folder, server.port) for answer in answers]
    finally:
        server.stop()


def last_error(output: str, lines: int = 1) -> str:
    """The end of the last traceback in an output; the end of the output without one."""
    found = output.rstrip().splitlines()
    start = max((n for n, line in enumerate(found) if line.startswith("Traceback (")), default=None)
    if start is None:
        return "\n".join(found[-lines:])
    end = next(
        (n for n in range(start + 1, len(found)) if found[n] and not found[n].startswith(" ")),
        len(found) - 1,
    )
    return "\n".join(found[max(start + 1, end - lines + 1) : end + 1])
