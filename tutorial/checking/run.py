"""Runs the checks of a chapter in a process of its own, and says what came out."""

import ast
import contextlib
import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.checking.folder import KEPT, copy_folder
from tutorial.checking.recognise import Problem
from tutorial.course.chapters import Chapter, chapter
from tutorial.environment import WINDOWS, Trouble

LONGEST = 300.0
"""Seconds after which the checks are ended, however busy the machine is. What a step may take is
measured in the process that runs it."""

PATIENCE = 3.0
"""Seconds that an answer of the reader's project may take, on a machine that is not busy."""

FAILED = "The check itself has failed here. That is a fault of the course, not of your project."
NO_TIME = "This machine had no time to look at it. Check again when it is less busy."

RIGHT, WRONG, AS_FAR_AS_SEEN = 0, 1, 3
"""The exit codes of `check`."""

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
    """The steps that were asked for: those that a later chapter has taken back are left out."""
    kept: list[str] = field(default_factory=list)
    unseen: dict[str, str] = field(default_factory=dict)
    """Steps that could not be looked at → why, and what to do about it."""
    open: Step | None = None
    """The step whose section is wrong."""
    failed: str | None = None
    """The name of the step whose look showed it; often the same one."""
    problem: str | None = None
    known: bool = False
    """Whether the cause of the problem is known, rather than only where it shows."""
    differs: object = None
    """Where the folder differs from the text, when that may help."""
    details: str | None = None
    """A traceback for whoever writes checks; never shown to a reader."""
    log: str = ""
    """What the server printed."""
    seconds: float = 0.0

    @property
    def code(self) -> int:
        """0: all of it is right, 1: a step is open, 3: right as far as could be seen."""
        if self.problem is not None or len(self.kept) + len(self.unseen) < len(self.steps):
            return WRONG
        return RIGHT if self.kept and not self.unseen else AS_FAR_AS_SEEN

    @property
    def green(self) -> bool:
        """Whether nothing is open: all is right, as far as could be seen."""
        return self.code != WRONG and bool(self.kept)


def checks_file(of: Chapter) -> Path:
    """Where a chapter's checks are."""
    return of.folder / "test_chapter.py"


def needs_browser(of: Chapter) -> bool:
    """Whether a chapter's checks look at pages through a browser."""
    return bool(re.search(r"open_page|found_by_tests", checks_file(of).read_text("utf-8")))


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
    limit: float = LONGEST,
    begins: Callable[[Step], None] = lambda step: None,
    skip: Iterable[str] = (),
    compare: bool = True,
) -> Report:
    """Run the checks of chapter `number` on a copy of `folder`; nothing is written into it.

    After `limit` seconds they are ended. `begins` is told of each step at its start. The steps
    `skip` are left out. `compare`: look where the folder differs from the text, when no more is
    known of a problem, or when there is none. Raises `Trouble` when the chapter has no checks or
    the folder is none.
    """
    of = chapter(number)
    if not checks_file(of).is_file():
        raise Trouble(f"Chapter {number} has no checks yet.")
    if not folder.is_dir():
        raise Trouble(f"{folder} is not a folder.")
    began = time.monotonic()
    skip = set(skip)
    report = Report(of, [step for step in read_steps(of) if step.name not in skip])
    with tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True) as place:
        copy, beside = Path(place).resolve() / folder.resolve().name, Path(place).resolve() / "-"
        beside.mkdir()
        try:
            copy_folder(folder, copy)
        except Problem as problem:
            report.problem, report.known = str(problem), True
        else:
            wanted = {"number": number, "folder": folder.resolve(), "copy": copy, "beside": beside}
            wanted |= {"file": checks_file(of), "skip": sorted(skip), "patience": PATIENCE}
            collect(report, wanted, began + limit, begins)
            with contextlib.suppress(OSError):
                report.log = (beside / "server.log").read_text("utf-8", "replace")
    if report.problem:
        report.open = step_about(report)
    if compare:
        report.differs = difference(report, folder)
    report.seconds = time.monotonic() - began
    return report


def difference(report: Report, folder: Path):
    """Where the folder differs from the text, when no more is known of a problem, or all is green.

    Whatever goes wrong in comparing, the report stands without it.
    """
    number = report.chapter.number
    try:
        from tutorial.checking.differs import nearest, quiet

        if report.green:
            return quiet(number, folder)
        if report.known or not report.open:
            return None
        return nearest(number, folder, report.open.heading)
    except Exception:
        report.details = f"{report.details or ''}\n{traceback.format_exc()}"
        return None


def step_about(report: Report) -> Step | None:
    """The step whose section is wrong: the open one, unless the problem is in another's file.

    A file can keep the whole project from starting; then it is the first step that fails, whichever
    the file belongs to.
    """
    headings = headings_of(report.chapter, report.problem)
    about = [step for step in report.steps if step.heading in headings]
    if report.open and (not about or report.open.heading in headings):
        return report.open
    return (about or report.steps or [None])[0]


def headings_of(of: Chapter, sentence: str) -> list[str]:
    """The headings below which the text shows the first of its files that a sentence names."""
    heading, shown = "", []
    for line in of.readme.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif found := re.match(r"\*\*([\w./-]+)\*\*[,:]", line):
            shown.append((heading, found[1]))
    first = re.search("|".join(re.escape(name) for _, name in shown) or "$^", sentence)
    return [heading for heading, name in shown if first and name == first[0]]


def collect(report: Report, wanted: dict, deadline: float, begins: Callable[[Step], None]) -> None:
    """Run the steps on the copy, and put what they tell into the report."""
    known = {step.name: step for step in report.steps}
    current, ended = None, False
    with process(wanted) as (running, nonce):
        for line in lines_of(running, deadline):
            if not line.startswith(nonce):
                continue
            event = json.loads(line.removeprefix(nonce))
            kind, name = event["event"], event.get("name")
            current = known.get(name, current)
            if kind == "begin":
                begins(current)
            elif kind == "kept":
                report.kept.append(name)
            elif kind in ("unseen", "fault"):
                report.unseen[name] = event["why"]
                report.details = event.get("details", report.details)
            elif kind == "open":
                report.open, report.failed = known.get(name), name
                report.problem, report.known = event["problem"], event["known"]
                report.details = event.get("details", report.details)
            ended = ended or kind in ("end", "open")
        in_time = time.monotonic() < deadline
        if in_time:
            running.wait()
    if not ended:
        # Nothing of this is the reader's doing: their project runs in processes of its own.
        why = NO_TIME if not in_time else FAILED
        rest = report.steps[report.steps.index(current) if current else 0 :]
        report.unseen |= {step.name: why for step in rest}
        with contextlib.suppress(OSError):
            report.details = (wanted["beside"] / "runner.log").read_text("utf-8", "replace")


@contextlib.contextmanager
def process(wanted: dict) -> Iterator:
    """The process that runs the steps, and its nonce; it and its children are ended at the end."""
    nonce = secrets.token_hex(16)
    wanted = wanted | {"nonce": nonce}
    beside = wanted["beside"]
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
