"""What a reader sees half-way: goes through a chapter and runs its checks after each section.

After a section its steps have to be ticked off, and the next section's step has to be the open one.
"""

import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tutorial.author import book, replay
from tutorial.checking.run import Report, run_checks
from tutorial.course.chapters import Chapter, chapter
from tutorial.course.project import make_env_file
from tutorial.reader.workspace import MODELS_FROM

NOTHING_TO_DO = {"Take the new tests over"}
"""Sections in which whoever has typed all as it is shown finds all done."""


def half_way(of: Chapter, folder: Path) -> Iterator[str]:
    """Go through a chapter in an empty folder, as its reader does; stop after each section.

    Gives the section's heading. Raises what the text's blocks do.
    """
    reader = book.Book(of.number, folder, capture=False)
    for heading, text in book.parts(of.readme.read_text("utf-8")):
        book.process(reader, text)
        if (folder / ".env.example").is_file():
            make_env_file(folder)
            with_own_key(folder / ".env")
        if of.number >= MODELS_FROM and (folder / "chat/migrations/0001_initial.py").is_file():
            migrate = [sys.executable, "manage.py", "migrate", "-v0"]
            env = replay.environment()
            subprocess.run(migrate, cwd=folder, env=env, capture_output=True, check=False)
        yield heading


def with_own_key(env: Path) -> None:
    """Put a secret of the reader's own into `.env`, as chapter 1 says."""
    key = f"SECRET_KEY={secrets.token_urlsafe(50)}"
    env.write_text(re.sub(r"(?m)^SECRET_KEY=.*$", key, env.read_text("utf-8")), "utf-8")


def wrong_after_sections(number: int) -> Iterator[str]:
    """What the checks of a chapter say wrongly half-way, a sentence for each section."""
    of, passed = chapter(number), []
    with tempfile.TemporaryDirectory(prefix="half-", ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve() / replay.NAME
        folder.mkdir()
        for heading in half_way(of, folder):
            passed.append(heading)
            report = run_checks(number, folder, compare=False)
            if heading in [step.heading for step in report.steps]:
                yield from wrong_now(report, passed)


def wrong_now(report: Report, passed: list[str]) -> Iterator[str]:
    """What a report says wrongly of a reader who has passed these sections."""
    done = [*report.kept, *report.unseen]
    for step in report.steps:
        if step.heading in passed and step.name not in done:
            yield f"after “{passed[-1]}”: {step.name} is open: {report.problem}"
            return
    left = [s.heading for s in report.steps if s.heading not in [*passed, *NOTHING_TO_DO]]
    if left and (not report.open or report.open.heading != left[0]):
        there = f"“{report.open.heading}” is: {report.problem}" if report.open else "nothing is"
        yield f"after “{passed[-1]}”: “{left[0]}” should be open, and {there}"
