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
import sys
import threading
import tokenize
import traceback
from pathlib import Path

from tutorial.checking.context import ForYourEyes, context, sentences
from tutorial.checking.folder import Project
from tutorial.checking.recognise import HOW_UTF8, Problem


def main(wanted: dict) -> int:
    """Run the steps until the first open one; return 0 when all are kept."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdout = sys.stderr
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
            tell("open", name=None, problem=problem)
            return 1
        for name, step in steps_of(chapter):
            tell("begin", name=name)
            try:
                with sentences():
                    step()
            except ForYourEyes as reason:
                tell("unseen", name=name, why=str(reason))
            except Problem as problem:
                tell("open", name=name, problem=str(problem))
                return 1
            except Exception as error:
                tell("open", name=name, problem=in_words(error), details=traceback.format_exc())
                return 1
            else:
                tell("kept", name=name)
        tell("end")
    return 0


def load(file: Path):
    """The module with a chapter's checks."""
    spec = importlib.util.spec_from_file_location("chapter_checks", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def steps_of(module) -> list:
    """The steps of a module, in the order of the file: pairs of name and function."""
    return [(name, value) for name, value in vars(module).items() if name.startswith("test_")]


def in_words(error: Exception) -> str:
    """A sentence for an exception that a check did not foresee."""
    if isinstance(error, AssertionError) and str(error):
        return str(error)
    first = (str(error).splitlines() or ["no more is known"])[0]
    return f"This step can't be checked as your project is now: {type(error).__name__}: {first}"


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
