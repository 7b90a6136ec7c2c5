"""What the course's tests share: the long proofs, and copies of the checkout to try things on."""

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tutorial.author.proofs import ready_folder
from tutorial.course.chapters import PROJECT
from tutorial.course.stages import write_stage

ROOT = Path(__file__).resolve().parents[2]
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)


LATER = (11,)
"""The stages beyond the project that keep all its promises; each has its own kind of consumer."""


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the long proofs, too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow") or os.environ.get("CI") == "true":
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="a long proof: test --slow"))


@pytest.fixture(
    scope="session",
    params=[PROJECT, *(pytest.param(number, marks=pytest.mark.slow) for number in LATER)],
    ids=lambda number: f"stage-{number}",
)
def project(request, tmp_path_factory):
    """The folder of a project that keeps all promises of the finished chat."""
    if request.param == PROJECT:
        return ROOT
    folder = tmp_path_factory.mktemp(f"stage-{request.param}")
    write_stage(request.param, folder)
    return folder


@functools.cache
def finished(number: int) -> Path:
    """The folder of a reader who has done chapter `number`, database and all; made once, to copy.

    0: an empty one. It is gone when the tests end.
    """
    if not number:
        return Path(KEPT_UNTIL_THE_END.enter_context(tempfile.TemporaryDirectory()))
    return KEPT_UNTIL_THE_END.enter_context(ready_folder(number))


KEPT_UNTIL_THE_END = contextlib.ExitStack()
atexit.register(KEPT_UNTIL_THE_END.close)


def copy_checkout(folder: Path) -> Path:
    """Copy the files of this checkout, committed or not, to `folder`; return it."""
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    for name in os.fsdecode(names).split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def plain_variables(**more: str) -> dict[str, str]:
    """The environment as a learner's shell has it, without this test run's own `.venv` in it."""
    ours = str(ROOT / ".venv")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "DJANGO_"))}
    path = [part for part in kept["PATH"].split(os.pathsep) if not part.startswith(ours)]
    return kept | {"PATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1"} | more


class Running:
    """A command that runs, its output read line by line; ended by `end()` if it has not yet."""

    def __init__(self, command, folder, **variables):
        self.began = time.monotonic()
        self.output = ""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=plain_variables(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def read_until(self, text: str) -> float:
        """Read up to the line with this text; return the seconds since the start."""
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return time.monotonic() - self.began
        raise AssertionError(f"ended without {text!r}:\n{self.output}")

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal, read the rest, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        """Read the rest and return the exit code."""
        self.output += self.process.communicate(timeout=300)[0]
        return self.process.returncode


@pytest.fixture
def run():
    """Start commands that don't outlive the test: `run(command, folder, VARIABLE="…")`."""
    started = []

    def start(command, folder, **variables):
        started.append(Running(command, folder, **variables))
        return started[-1]

    yield start
    for running in started:
        running.end(signal.SIGTERM)


def processes_with(text: str) -> list[str]:
    """The command lines of the running processes that contain this text."""
    listed = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if text in line]
