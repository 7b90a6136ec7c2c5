"""Goes through the steps of a chapter's test_chapter.py, in a process of its own.

`python -I -c "…" JSON`: see `tutorial.checking.run`. Each line on standard output is an event
behind the nonce. The repository's root is not on the path, so no check can import the course's
project.
"""

import contextlib
import importlib.util
import io
import json
import os
import re
import sys
import threading
import tokenize
import traceback
from collections.abc import Callable
from pathlib import Path

from tutorial.checking.clock import clock
from tutorial.checking.context import Fault, ForYourEyes, Known, context, sentences
from tutorial.checking.folder import Project
from tutorial.checking.recognise import HOW_UTF8, Problem
from tutorial.checking.surroundings import Owner, misread
from tutorial.checking.verdict import begin, complaint, verdict

STEP = 15.0
"""Seconds that a step may take, by the clock that knows how busy the machine is."""

ENOUGH = 0.7
"""Of an answer's time, so much has to have been given before its absence means something."""

BUSY = "This machine was too busy with other things to look at it."


def main(wanted: dict) -> int:
    """Run the steps until the first open one; return 0 when there is none."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdout = sys.stderr
    clock.start()
    threading.Thread(target=end_with_parent, daemon=True).start()

    def tell(event: str, **more) -> None:
        print(wanted["nonce"] + json.dumps({"event": event} | more), file=events, flush=True)

    chapter = load(Path(wanted["file"]))
    copy = Path(wanted["copy"])
    context.project = Project(copy, Path(wanted["beside"]))
    context.patience = wanted["patience"]
    context.table = getattr(chapter, "RECOGNISE", [])
    with contextlib.ExitStack() as closing:
        context.closing = closing
        closing.callback(context.project.close)
        if problem := unreadable(copy):
            tell("open", name=None, problem=problem, known=True)
            return 1
        steps = [(name, step) for name, step in steps_of(chapter) if name not in wanted["skip"]]
        owner = Owner(context.project, Path(wanted["folder"]), wanted["number"])
        closing.callback(owner.close)
        belongs = {"env": steps[0][0], "owner": steps[0][0]} if steps else {}
        belongs |= getattr(chapter, "SURROUNDINGS", {})
        try:
            misread(context.project, wanted["number"])
        except Problem as problem:
            tell("open", name=belongs["env"], problem=str(problem), known=True)
            return 1
        for name, step in steps:
            tell("begin", name=name)
            with watched(name, tell):
                event, more = outcome([step, owner.judge] if name == belongs["owner"] else [step])
            tell(event, name=name, **more)
            if event == "open":
                return 1
        tell("end")
    return 0


def outcome(looks: list[Callable[[], None]]) -> tuple[str, dict]:
    """Do what belongs to a step; return what came of it, and what is to be told of that."""
    begin()
    try:
        with sentences():
            for look in looks:
                look()
            if said := complaint():
                raise Known(said)
    except ForYourEyes as reason:
        return "unseen", {"why": str(reason)}
    except Problem as problem:
        found = verdict(problem)
        return "open", {"problem": str(found), "known": isinstance(found, Known)}
    except Exception as error:
        return in_a_browser(error) or ("fault", {"why": fault(error)} | details())
    return "kept", {}


def in_a_browser(error: Exception) -> tuple[str, dict] | None:
    """What an error of Playwright's means: that the page is not as it should be, or no time.

    None when it is no error of Playwright's.
    """
    if type(error).__module__.partition(".")[0] != "playwright":
        return None
    if waited := re.search(r"Timeout ([\d.]+)ms", str(error)):
        # Playwright waits by the wall's clock: what was that worth on this machine?
        if float(waited[1]) / 1000 / clock.stretch < ENOUGH * context.patience:
            return "unseen", {"why": BUSY}
    first = (str(error).splitlines() or [""])[0]
    wanted = [line.strip() for line in str(error).splitlines() if "waiting for" in line]
    said = f"The browser can't do on your page what a reader would do there: {first}"
    if wanted:
        said += f" ({wanted[0].removeprefix('- ')})"
    return "open", {"problem": f"{said}.", "known": False} | details()


def fault(error: Exception) -> str:
    """A sentence for an error of the check's own."""
    words = str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
    first = (words.splitlines() or ["no more is known"])[0]
    return (
        "The check itself has failed here. That is a fault of the course, not of your project "
        f"({first})."
    )


def details() -> dict:
    """The traceback of what is being handled, for whoever writes checks."""
    return {"details": traceback.format_exc()}


@contextlib.contextmanager
def watched(name: str, tell: Callable):
    """End this process, and say so, when a step does not come to an end."""
    over = threading.Event()

    def look() -> None:
        until = clock.now() + STEP
        while not over.wait(0.2):
            if clock.now() > until:
                tell("open", name=name, problem=endless(), known=True)
                os._exit(1)

    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def endless() -> str:
    """The sentence for a step that does not come to an end."""
    where = context.server.busy_at() if context.server else None
    if where:
        return f"Your server is busy without end: {where}. A loop there never ends."
    return (
        "This step does not come to an end: something in your project waits for ever. Try it by "
        "hand with python manage.py runserver."
    )


def load(file: Path):
    """The module with a chapter's checks."""
    spec = importlib.util.spec_from_file_location("chapter_checks", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def steps_of(module) -> list:
    """The steps of a module, in the order of the file: pairs of name and function."""
    return [(name, value) for name, value in vars(module).items() if name.startswith("test_")]


def unreadable(folder: Path) -> str | None:
    """What is wrong with the first file that can't be read or compiled; None when all can."""
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.name == ".env" or file.suffix in (".html", ".js", ".css", ".toml"):
            try:
                file.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                return f"{name} is not saved as UTF-8. {HOW_UTF8}"
        elif file.suffix == ".py" and file.is_file():
            try:
                source = file.read_bytes()
                source.decode(tokenize.detect_encoding(io.BytesIO(source).readline)[0])
            except (SyntaxError, UnicodeDecodeError):
                return f"{name} is not saved as UTF-8. {HOW_UTF8}"
            try:
                compile(source, name, "exec", dont_inherit=True)
            except SyntaxError as error:
                line = f", line {error.lineno}" if error.lineno else ""
                if "null bytes" in str(error):
                    return f"{name} is not saved as UTF-8. {HOW_UTF8}"
                text = f"\n    {error.text.strip()}" if error.text else ""
                return f"{name}{line} can't be read by Python: {error.msg}.{text}"
            except (ValueError, RecursionError, MemoryError) as error:
                return f"{name} can't be read by Python: {error}."
    return None


def end_with_parent() -> None:
    """End this process when standard input does."""
    sys.stdin.read()
    os._exit(1)
