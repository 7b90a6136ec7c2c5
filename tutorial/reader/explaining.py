"""`explain`: puts a message, or what a command says, into words, from what `check` knows.

An answer comes from the tables that the checks use, and from the chapters' known mistakes.
"""

import contextlib
import queue
import subprocess
import sys
import threading
from pathlib import Path

from tutorial.checking.recognise import COMMON, recognise
from tutorial.checking.run import checks_file
from tutorial.checking.runner import load
from tutorial.course.chapters import COURSE, Chapter
from tutorial.course.mistakes import fits, mistakes, troubles
from tutorial.environment import Trouble, plain_environment
from tutorial.reader.workspace import find_workspace, read_progress

SILENCE = 0.6
"""Seconds without a word after which what a command has said so far is looked at."""


def explain(words: list[str], command: bool) -> int:
    """Explain a message, or with `command` what a command says; return the exit code.

    Without words the message is what comes on standard input. Raises `Trouble` when there is none.
    """
    here = find_workspace() or Path.cwd()
    if command and words:
        return explain_command(words, here)
    message = " ".join(words) or ("" if sys.stdin.isatty() else sys.stdin.read())
    if not message.strip():
        raise Trouble(
            "Explain what? Name the message, or a command: explain -- python manage.py runserver"
        )
    found = explain_text(message, here)
    for answer in found or ["Nothing of that is known as somebody's mistake."]:
        print(f"→ {answer}")
    return 0 if found else 1


def explain_text(message: str, folder: Path) -> list[str]:
    """What is known of a message, each in a paragraph; nothing when nothing is known.

    `folder`: the reader's, whose lines are named.
    """
    found = []
    chapters = known_chapters(folder)
    tables = [entry for of in reversed(chapters) for entry in table_of(of)]
    if said := recognise(message, folder, [*tables, *COMMON]):
        found.append(said)
    for of in chapters:
        for entry in mistakes(of):
            if fits(entry["symptom"], message):
                text = f"{entry['cause'].strip()} Cure: {entry['cure'].strip()}"
                found.append(f"{text} (Chapter {of.number}: {of.title})")
    for trouble in troubles():
        if fits(trouble["symptom"], message):
            found += [f"{each['cause']} Cure: {each['cure']}" for each in trouble["causes"]]
    return list(dict.fromkeys(found))


def known_chapters(folder: Path) -> list[Chapter]:
    """The chapters that a reader has come to; elsewhere than in a reader's folder, all."""
    place = find_workspace(folder)
    last = read_progress(place).chapter if place else len(COURSE)
    return [of for of in COURSE[:last] if checks_file(of).is_file()]


def table_of(of: Chapter) -> list[tuple[str, str]]:
    """The sentences of a chapter's checks for what a project prints."""
    return getattr(load(checks_file(of)), "RECOGNISE", [])


def explain_command(command: list[str], folder: Path) -> int:
    """Run a command, show what it says, and explain it; return its exit code.

    Raises `Trouble` when it can't be run.
    """
    words = [sys.executable if word in ("python", "python3", "py") else word for word in command]
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=plain_environment() | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Trouble(f"{command[0]} can't be run: {error}") from error
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said, told, line = "", set(), ""
    try:
        while line is not None:
            with contextlib.suppress(queue.Empty):
                while line is not None:
                    line = lines.get(timeout=SILENCE)
                    if line is not None:
                        print(line, end="", flush=True)
                        said += line
            for answer in explain_text(said, folder) if said.strip() else []:
                if answer not in told:
                    told.add(answer)
                    print(f"\n→ {answer}\n", flush=True)
            if line is None:
                break
            said = said[-20_000:]
            line = lines.get()
            if line is not None:
                print(line, end="", flush=True)
                said += line
    except KeyboardInterrupt:
        process.terminate()
    code = process.wait()
    if not told:
        print("\nNothing of that is known as somebody's mistake.")
    return code
