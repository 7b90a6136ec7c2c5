"""What a reader sees half-way: after each section its steps are ticked off, the next is open."""

import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tutorial.author import book, replay
from tutorial.checking.run import checks_file, run_checks
from tutorial.course.chapters import COURSE
from tutorial.course.project import make_env_file
from tutorial.reader.workspace import MODELS_FROM

KEY = secrets.token_urlsafe(50)
NOTHING_TO_DO = {"Take the new tests over"}
"""Sections in which whoever has typed all as it is shown finds all done."""

CHAPTERS = [c for c in COURSE if c.exists and checks_file(c).is_file()]


def half_way(of, place):
    """The folder of a reader who goes through a chapter, after each section: heading and folder."""
    folder = Path(place, replay.NAME)
    folder.mkdir()
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
        yield heading, folder


def with_own_key(env):
    """Put a secret of the reader's own into `.env`, as chapter 1 says."""
    text = env.read_text("utf-8")
    env.write_text(re.sub(r"(?m)^SECRET_KEY=.*$", f"SECRET_KEY={KEY}", text), "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("of", CHAPTERS, ids=lambda of: of.name)
def test_after_each_section_its_steps_are_ticked_off_and_the_next_is_open(of, tmp_path):
    passed = []
    for heading, folder in half_way(of, tmp_path):
        passed.append(heading)
        report = run_checks(of.number, folder, compare=False)
        headings = [step.heading for step in report.steps]
        if heading not in headings:
            continue
        due = [step.name for step in report.steps if step.heading in passed]
        done = [*report.kept, *report.unseen]
        assert [name for name in due if name not in done] == [], (
            f"after “{heading}”: {report.open}\n{report.problem}\n{report.log[-2000:]}"
        )
        left = [
            step
            for step in report.steps
            if step.heading not in passed and step.heading not in NOTHING_TO_DO
        ]
        if left:
            assert report.open, f"after “{heading}”, “{left[0].heading}” is ticked off already"
            assert report.open.heading == left[0].heading, f"after “{heading}”: {report.problem}"
        else:
            assert report.green
