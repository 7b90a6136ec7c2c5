"""A copy of the reader's folder, and the processes that run in it."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tutorial.checking.clock import clock
from tutorial.checking.recognise import HOW_UTF8, Problem, places

INSIDE = Path(__file__).with_name("inside.py")
STARTING, ANSWERING, COMMAND = 6.0, 7.0, 10.0
"""Seconds that the server may take until it listens, a process inside the project until it has
answered, and a command until its end; by the clock that knows how busy the machine is."""

KEPT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
)
"""The variables of this machine that the reader's project sees."""

LEFT_OUT = {".git", ".venv", "venv", "env", "node_modules", "__pycache__", "staticfiles"}
LARGEST = 2_000_000  # bytes of a file that is copied
MOST = 3_000  # files that are copied


def copy_folder(folder: Path, copy: Path) -> None:
    """Copy a project's files; left out are databases, environments and what is very large.

    Raises `Problem` when there are far too many files for a project.
    """
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        here = copy / Path(place).relative_to(folder)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = Path(place, name)
            if name.startswith("db.sqlite3") or name in (".tutorial.json", "tutorial.py"):
                continue
            count += 1
            if count > MOST:
                raise Problem(
                    f"{folder} holds thousands of files. Is it the folder with your project, the "
                    "one in which manage.py stands? Name it with --workspace."
                )
            with contextlib.suppress(OSError):
                if file.is_file() and file.stat().st_size <= LARGEST:
                    shutil.copyfile(file, here / name)


class Done(NamedTuple):
    """A command that has ended: its exit code, and what it printed."""

    code: int
    output: str


class Project:
    """The copy of a reader's project, and a place beside it for the database and the log."""

    def __init__(self, copy: Path, beside: Path):
        self.copy, self.beside = copy, beside
        self._settings = None
        self._inside = None

    def path(self, name: str) -> Path:
        """A file of the project."""
        return self.copy / name

    def read(self, name: str) -> str:
        """The text of a file; raises `Problem` when it is missing or no UTF-8."""
        try:
            return self.path(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise Problem(f"The file {name} is missing.") from None
        except UnicodeDecodeError:
            raise Problem(f"{name} is not saved as UTF-8. {HOW_UTF8}") from None

    def need_manage(self) -> None:
        """Raise `Problem` when there is no manage.py."""
        if not self.path("manage.py").is_file():
            raise Problem(
                "There is no manage.py in this folder, so there is no Django project to check. Is "
                "it the right folder? It is the one that `start` has made; name another one with "
                "--workspace."
            )

    @property
    def settings(self) -> dict:
        """The settings, as JSON has them; the project is loaded and looked over for it, once."""
        if self._settings is None:
            self._settings = self.inside("probe")
        return self._settings

    def migrate(self) -> None:
        """Make the tables that the server needs, for checks that go through pages."""
        self._settings = self.inside("migrate")

    def shell(self, code: str) -> str:
        """What Python code prints that runs in the project, on a migrated database.

        All calls share one process, each with names of its own.
        """
        return self.inside("shell", code)

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which the project runs."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        database = (self.beside / "db.sqlite3").as_posix()
        return kept | {
            "DATABASE_URL": f"sqlite:///{database}",
            "CHANNELS_URL": "inmemory://",
            "DJANGO_COLORS": "nocolor",
        }

    def command(self, kind: str, *arguments: str) -> list[str]:
        """The command line that does something inside the project: see inside.py."""
        return [sys.executable, "-I", "-B", "-u", str(INSIDE), kind, str(self.copy), *arguments]

    def manage(self, *arguments: str, patience: float = COMMAND, **variables: str) -> Done:
        """Run a command of manage.py; raises `Problem` when it does not come to an end."""
        self.need_manage()
        with tempfile.TemporaryFile(dir=self.beside) as log:
            command = self.command("manage", *arguments)
            process = start(command, self.copy, self.variables | variables, log)
            try:
                in_time = clock.wait(lambda: process.poll() is not None, patience)
                if not in_time:
                    ask_where(process)
            finally:
                end(process)
            log.seek(0)
            output = log.read().decode("utf-8", "replace")
        if not in_time:
            raise Problem("", output=output + "\nCOURSE: timeout")
        return Done(process.returncode, output)

    def inside(self, kind: str, *arguments: str, **variables: str):
        """What `inside.py` answers; raises `Problem` with the output when it does not.

        All requests go to one process, but those for `asgi` and those with variables: they get one
        of their own, in which nothing is loaded yet.
        """
        self.need_manage()
        if variables or kind == "asgi":
            with contextlib.closing(Inside(self, variables)) as fresh:
                return fresh.ask(kind, *arguments)
        if self._inside is None or self._inside.process.poll() is not None:
            self.close()
            self._inside = Inside(self, {})
        return self._inside.ask(kind, *arguments)

    def close(self) -> None:
        """End the process that answers, if there is one."""
        if self._inside:
            self._inside.close()


class Inside:
    """A process in the project that answers requests."""

    def __init__(self, project: Project, variables: dict[str, str]):
        self.file = project.beside / f"{secrets.token_hex(4)}.log"
        command = project.command("answer")
        with self.file.open("wb") as log:
            self.process = start(command, project.copy, project.variables | variables, log)

    def ask(self, kind: str, *arguments: str):
        """The answer to a request; raises `Problem` with the output when none comes."""
        nonce, since = secrets.token_hex(8), self.file.stat().st_size
        until = clock.now() + ANSWERING
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps([nonce, kind, *arguments]).encode() + b"\n")
            self.process.stdin.flush()
        while clock.now() < until:
            ended = self.process.poll() is not None
            output = self.file.read_bytes()[since:].decode("utf-8", "replace")
            for line in output.splitlines(keepends=True):
                if line.startswith(nonce) and line.endswith("\n"):
                    return json.loads(line.removeprefix(nonce))
            if ended:
                raise Problem("", output=output or f"COURSE: ended with {self.process.returncode}")
            time.sleep(0.01)
        ask_where(self.process)
        self.close()
        output = self.file.read_bytes()[since:].decode("utf-8", "replace")
        raise Problem("", output=output + "\nCOURSE: timeout")

    def close(self) -> None:
        """End the process."""
        end(self.process)


def start(command: list[str], folder: Path, variables: dict[str, str], log: BinaryIO):
    """Start a process with a pipe as standard input: when that ends, so does the process."""
    return subprocess.Popen(
        command, cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=log, stderr=log
    )


def ask_where(process: subprocess.Popen) -> None:
    """Have a process write into its log where each of its threads is."""
    with contextlib.suppress(OSError):
        process.stdin.write(b"where?\n")
        process.stdin.flush()
    clock.sleep(0.3)


def end(process: subprocess.Popen) -> None:
    """End a process, at once."""
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.kill()
    process.wait()


def need_this_host(settings: dict) -> None:
    """Raise `Problem` when the project does not answer to 127.0.0.1."""
    hosts = settings.get("ALLOWED_HOSTS") or (["127.0.0.1"] if settings.get("DEBUG") else [])
    if not {"*", "127.0.0.1"}.intersection(hosts):
        raise Problem(
            f"ALLOWED_HOSTS is {hosts}, so your project refuses to answer at 127.0.0.1. Put the "
            "line ALLOWED_HOSTS=127.0.0.1,localhost into the file .env beside manage.py."
        )


class Server:
    """`manage.py runserver` on the copy, on a free port; what it prints is in `log()`."""

    def __init__(self, project: Project):
        self.project, self.process = project, None
        self.file = project.beside / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, look the project over meanwhile, and wait until it listens.

        Raises `Problem` when the project does not start.
        """
        self.project.need_manage()
        arguments = ("runserver", "--noreload", f"127.0.0.1:{self.port}")
        with self.file.open("wb") as log:
            self.process = start(
                self.project.command("manage", *arguments),
                self.project.copy,
                self.project.variables,
                log,
            )
        settings = self.project.settings
        need_this_host(settings)
        until = clock.now() + STARTING
        while clock.now() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                break
            if "Traceback (" in self.log():
                clock.sleep(0.2)
                raise Problem("", output=self.log())
            time.sleep(0.03)
        else:
            if where := self.busy_at():
                raise Problem(f"Your server does not start: it is busy without end: {where}.")
            if self.process.poll() == 0 and not self.log().strip():
                raise Problem(
                    "manage.py does nothing: it ends at once. Is it empty? It is the file that "
                    "`django-admin startproject` wrote."
                )
            mark = "" if "Traceback (" in self.log() else "\nCOURSE: the server does not start"
            raise Problem("", output=self.log() + mark)
        if not settings.get("DEBUG"):
            raise Problem(
                "DEBUG is off, so runserver serves no stylesheets and scripts and leads to "
                "https://. Put the line DEBUG=True into the file .env beside manage.py."
            )

    def log(self) -> str:
        """What it has printed so far."""
        return self.file.read_text(encoding="utf-8", errors="replace") if self.process else ""

    def busy_at(self) -> str | None:
        """Where one of its threads is at work in the reader's files: file and line, or None."""
        if self.process.poll() is not None:
            return None
        since = len(self.log())
        ask_where(self.process)
        found = places(self.log()[since:], self.project.copy)
        return next((f"{name}, line {line}" for name, line in found if name != "manage.py"), None)

    def stop(self) -> None:
        """End it."""
        if self.process:
            end(self.process)
