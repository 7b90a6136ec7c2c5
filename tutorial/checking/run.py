"""Runs the checks of a chapter in a process of its own, and says what came out."""

import ast
import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.checking.folder import KEPT, copy_folder
from tutorial.checking.recognise import Problem
from tutorial.course.chapters import Chapter, chapter
from tutorial.environment import WINDOWS, Trouble

LIMIT = 9.0
"""Seconds after which the checks are ended, whatever they wait for."""

# The package `tutorial` is made known to the process; the repository's root is not on its path.
BOOT = """
import importlib.util as u, json, sys
spec = u.spec_from_file_location("tutorial", sys.argv[1] + "/__init__.py",
                                 submodule_search_locations=[sys.argv[1]])
sys.modules["tutorial"] = m = u.module_from_spec(spec)
spec.loader.exec_module(m)
from tutorial.checking import runner
sys.exit(runner.main(json.loads(sys.argv[2])))
"""


@dataclass(frozen=True)
class Step:
    """A step of a chapter: its function's name, its heading in the text, what is seen, a hint."""

    name: str
    heading: str
    see: str = ""
    hint: str = ""


@dataclass
class Report:
    """What the checks have found."""

    chapter: Chapter
    steps: list[Step]
    kept: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """Steps for the reader's own eyes: there is no browser to check them with."""
    why: str = ""
    """Why they can't be checked here, and what to do about it."""
    open: Step | None = None
    problem: str | None = None
    details: str | None = None
    """A traceback for whoever writes checks; never shown to a reader."""
    log: str = ""
    """What the server printed."""
    seconds: float = 0.0

    @property
    def green(self) -> bool:
        """Whether all is done: no problem, and every step kept or left to the reader's eyes."""
        return (
            self.problem is None
            and len(self.kept) > 0
            and len(self.kept) + len(self.unseen) == len(self.steps)
        )


def checks_file(of: Chapter) -> Path:
    """Where a chapter's checks are."""
    return of.folder / "test_chapter.py"


def read_steps(of: Chapter) -> list[Step]:
    """The steps of a chapter, read from its file without running it."""
    steps = []
    for node in ast.parse(checks_file(of).read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        heading, more = node.name, {}
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "step":
                values = [ast.literal_eval(value) for value in call.args]
                heading = values[0]
                more = dict(zip(("see", "hint"), values[1:], strict=False))
                more |= {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        steps.append(Step(node.name, heading, **more))
    return steps


def run_checks(
    number: int,
    folder: Path,
    limit: float = LIMIT,
    begins: Callable[[Step], None] = lambda step: None,
) -> Report:
    """Run the checks of chapter `number` on a copy of `folder`; nothing is written into it.

    After `limit` seconds they are ended. `begins` is told of each step at its start. Raises
    `Trouble` when the chapter has no checks or the folder is none.
    """
    of = chapter(number)
    if not checks_file(of).is_file():
        raise Trouble(f"Chapter {number} has no checks yet.")
    if not folder.is_dir():
        raise Trouble(f"{folder} is not a folder.")
    began = time.monotonic()
    report = Report(of, read_steps(of))
    with tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True) as place:
        copy, beside = Path(place).resolve() / folder.resolve().name, Path(place).resolve() / "-"
        beside.mkdir()
        try:
            copy_folder(folder, copy)
        except Problem as problem:
            report.problem = str(problem)
        else:
            collect(report, copy, beside, began + limit, begins)
            with contextlib.suppress(OSError):
                report.log = (beside / "server.log").read_text("utf-8", "replace")
    report.seconds = time.monotonic() - began
    return report


def collect(
    report: Report, copy: Path, beside: Path, deadline: float, begins: Callable[[Step], None]
) -> None:
    """Run the steps on the copy, and put what they tell into the report."""
    known = {step.name: step for step in report.steps}
    current, ended = None, False
    patience = 6.0 if deadline - time.monotonic() > LIMIT else 3.0
    with process(report.chapter, copy, beside, patience) as (running, nonce):
        for line in lines_of(running, deadline):
            if not line.startswith(nonce):
                continue
            event = json.loads(line.removeprefix(nonce))
            kind, name = event["event"], event.get("name")
            current = known.get(name, current)
            if kind == "begin":
                begins(current)
            elif kind in ("kept", "unseen"):
                getattr(report, kind).append(name)
                report.why = event.get("why") or report.why
            elif kind == "open":
                report.open = known.get(name)
                report.problem, report.details = event["problem"], event.get("details")
            ended = ended or kind == "end"
        in_time = time.monotonic() < deadline
        code = running.wait() if in_time else None
    if report.problem is None and not (ended and code == 0):
        report.open = current
        report.problem = (
            "This step could not be brought to an end"
            + (
                "."
                if in_time
                else f" within {LIMIT:.0f} seconds. If the machine is busy, check again."
            )
            + " If it stops here again, something in it waits for ever or ends the process:"
            + " try it by hand with python manage.py runserver."
        )
        with contextlib.suppress(OSError):
            report.details = (beside / "runner.log").read_text("utf-8", "replace")


@contextlib.contextmanager
def process(of: Chapter, copy: Path, beside: Path, patience: float) -> Iterator:
    """The process that runs the steps, and its nonce; it and its children are ended at the end."""
    nonce = secrets.token_hex(16)
    wanted = {"nonce": nonce, "file": checks_file(of), "copy": copy, "beside": beside}
    wanted["patience"] = patience
    package = Path(__file__).resolve().parents[1]
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    for name in ("PLAYWRIGHT_BROWSERS_PATH", "DISPLAY", "CI", "PROGRAMFILES", "PROGRAMFILES(X86)"):
        if name in os.environ:
            kept[name] = os.environ[name]
    with (beside / "runner.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", BOOT, str(package), json.dumps(wanted, default=str)],
            cwd=beside,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            errors="replace",
            start_new_session=not WINDOWS,
        )
    try:
        yield running, nonce
    finally:
        if WINDOWS:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(running.pid)], check=False, **quiet)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()


def lines_of(running: subprocess.Popen, deadline: float) -> Iterator[str]:
    """The lines that a process prints until it ends or the deadline has come."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in running.stdout:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            line = lines.get(timeout=left)
            if line is None:
                return
            yield line
