"""Servers and what they need: their projects, their ports, their cores, and their end."""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tutorial.bench.rows import Row
from tutorial.checking.folder import KEPT
from tutorial.course.project import settings_variables
from tutorial.course.stages import write_stage
from tutorial.environment import WINDOWS, Trouble
from tutorial.reader.demo import ROOMS_FROM, USERS_FROM

INSIDE = Path(__file__).with_name("inside.py")
ROOM, USER = "bench", "alice"
STARTING = 30.0  # seconds that a server may take until it listens
ATTEMPTS = 3  # at a free port: somebody may take it before the server does

SERVERS = {
    "daphne": ("-v", "0", "-b", "127.0.0.1", "-p", "{port}", "{application}"),
    "uvicorn": (
        *("--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"),
        *("--loop", "asyncio", "--http", "h11", "--ws", "websockets", "--lifespan", "off"),
        *("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "2", "{application}"),
    ),
}
"""The arguments of each server. Neither writes a line per request, neither compresses."""


class Interrupts:
    """Ctrl-C, SIGTERM and SIGHUP as one KeyboardInterrupt, and none where `held` protects.

    Only the first one is raised: what follows it is the clearing up and the process's end, in
    which further ones are ignored. As a context manager it puts the handlers of before back, unless
    there was one.
    """

    def __init__(self):
        self.holding, self.noted = False, False

    def __enter__(self) -> "Interrupts":
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        self.before = {number: signal.signal(number, self.note) for number in numbers}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self.before.items():
            signal.signal(number, signal.SIG_IGN if self.noted else handler)

    def note(self, *_) -> None:
        """Take a signal."""
        self.noted = True
        if not self.holding:
            self.stop()

    def stop(self) -> None:
        """Raise KeyboardInterrupt, and nothing more from then on."""
        self.holding = True
        raise KeyboardInterrupt

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let what is done in here come to its end first."""
        before, self.holding = self.holding, True
        try:
            yield
        finally:
            self.holding = before
        if self.noted and not before:
            self.stop()


class Children:
    """The processes that the benchmark has started; `end` ends them all."""

    def __init__(self, interrupts: Interrupts):
        self.interrupts, self.running = interrupts, []

    def start(self, arguments: list[str], folder: Path, variables: dict, log: Path):
        """Run inside.py on a project's folder, its output in `log`; return the process.

        Its standard input is a pipe that closes with this process, which ends it.
        """
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if WINDOWS else {}
        with self.interrupts.held(), log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", str(INSIDE), str(folder), *arguments],
                env=variables,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=not WINDOWS,  # Ctrl-C is for us alone
                **apart,
            )
            self.running.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs, and wait for it."""
        with self.interrupts.held():
            for process in self.running:
                process.kill()
            for process in self.running:
                process.wait()
                process.stdin.close()
            self.running.clear()


@dataclass(frozen=True)
class Project:
    """A row's project, ready to be served: its folder, environment, and a client's cookie."""

    row: Row
    folder: Path
    variables: dict[str, str]
    session: str | None


def prepare(row: Row, folder: Path, children: Children) -> Project:
    """Write a row's project into a new folder, and a database to begin with.

    Raises `Trouble` when the stage is still to come, or the project does not start.
    """
    folder.mkdir()
    if row.stage:
        write_stage(row.stage, folder)
    for name, source in row.overlay.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
    # None of the machine's own variables: a setting there would be measured, too.
    variables = {name: os.environ[name] for name in KEPT if name in os.environ}
    variables |= settings_variables(folder)
    variables |= {"DEBUG": "off", "SECRET_KEY": secrets.token_urlsafe(50)}
    variables |= {"ALLOWED_HOSTS": "127.0.0.1", "CHAT_MESSAGES_PER_MINUTE": "0", **row.variables}
    if not row.stage:
        return Project(row, folder, variables, None)
    wanted = {
        "user": USER if row.stage >= USERS_FROM else None,
        "room": ROOM if row.stage >= ROOMS_FROM else None,
    }
    log = folder / "prepare.log"
    process = children.start(["prepare", "", json.dumps(wanted)], folder, variables, log)
    if process.wait():
        raise Trouble(f"The project of row {row.key} does not start:\n{end_of(log)}")
    shutil.move(folder / "db.sqlite3", folder / "first.sqlite3")
    session = re.search(r"^session=(\w+)$", log.read_text("utf-8", "replace"), re.MULTILINE)
    return Project(row, folder, variables, session and session[1])


class Server:
    """A row's server, as fresh as its database; `ports` are those of its processes."""

    def __init__(self, project: Project, children: Children, cores: list[int]):
        self.project, self.children = project, children
        self.cores = ",".join(map(str, cores))
        self.started, self.processes, self.ports = [], [], []

    def start(self) -> None:
        """Start it and wait until it listens; raises `Trouble` when it does not."""
        folder = self.project.folder
        for old in folder.glob("db.sqlite3*"):
            old.unlink()
        if self.project.row.stage:
            shutil.copyfile(folder / "first.sqlite3", folder / "db.sqlite3")
        for number in range(self.project.row.processes):
            self.start_one(folder / f"server-{number}.log")

    def start_one(self, log: Path) -> None:
        """Start one process of it at a free port."""
        row, deadline = self.project.row, time.monotonic() + STARTING
        for _ in range(ATTEMPTS):
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            arguments = [
                part.format(port=port, application=row.application) for part in SERVERS[row.server]
            ]
            process = self.children.start(
                [row.server, self.cores, *arguments],
                self.project.folder,
                self.project.variables,
                log,
            )
            while process.poll() is None and time.monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0 and process.poll() is None:
                        self.started.append(process)
                        self.processes.append(psutil.Process(process.pid))
                        self.ports.append(port)
                        return
                time.sleep(0.02)
            if process.poll() is None:
                raise Trouble(
                    f"The server of row {row.key} did not listen within {STARTING:.0f} seconds. "
                    f"It says:\n{end_of(log)}"
                )
        raise Trouble(f"The server of row {row.key} ends at once. It says:\n{end_of(log)}")

    def need_alive(self) -> None:
        """Raise `Trouble` when one of its processes has ended."""
        for number, process in enumerate(self.started):
            if process.poll() is not None:
                log = self.project.folder / f"server-{number}.log"
                raise Trouble(
                    f"The server of row {self.project.row.key} has ended while it was measured. "
                    f"It says:\n{end_of(log)}"
                )

    def cpu(self) -> float:
        """The processor time of all its processes so far, in seconds."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)

    def memory(self) -> int:
        """The memory that all its processes have now, in bytes."""
        return sum(process.memory_info().rss for process in self.processes)


def end_of(log: Path) -> str:
    """The last lines of a log, indented."""
    lines = log.read_text("utf-8", "replace").splitlines()[-12:]
    return "\n".join("    " + line for line in lines) or "    (nothing)"


@contextlib.contextmanager
def cores(processes: int = 1) -> Iterator[list[int]]:
    """Keep this process on one core; give the others, one for each of a server's processes.

    Gives an empty list where there are no two cores, or where the system can't be told. At its
    end this process may use all that it could before.
    """
    this = psutil.Process()
    before = this.cpu_affinity() if hasattr(this, "cpu_affinity") else []
    if len(before) < 2:
        yield []
        return
    try:
        # The first and the last one: neighbours may be two halves of the same core.
        this.cpu_affinity(before[-1:])
        yield before[:1] if processes == 1 else before[:-1]
    finally:
        this.cpu_affinity(before)


def need_files(count: int) -> None:
    """Make sure that this process, and so the servers, may have `count` connections open.

    Raises `Trouble` when the machine does not allow it.
    """
    if WINDOWS:
        if count > 500:
            raise Trouble("On Windows the clients are at most 500. Say fewer with --clients.")
        return
    import resource

    needed = count + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (ValueError, OSError):
        raise Trouble(
            f"{count} clients need {needed} open files, and this machine allows a process {hard}. "
            f"Say fewer with --clients, or allow more (ulimit -n {needed})."
        ) from None
