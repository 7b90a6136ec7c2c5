"""The known mistakes: what people get wrong in a chapter, from its `mistakes.toml`.

An entry says what to do to the right version:

- `file` and either `find` and `replace`, or `content` (with an `encoding`), or `remove = true`;
  with `bom = true` the file then begins with a byte order mark, as PowerShell writes it;
- or, with or without a file, `before`: commands that are run in the folder, whose database has
  been migrated first. `["!no database is made"]`: it has none.

The rest is what is told of it: `words` that `check` has to say, and `blames`, which it must not
say; symptom, cause and cure.
"""

import codecs
import contextlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tutorial.course.chapters import CHAPTERS, Chapter

NO_DATABASE = "!no database is made"


def mistakes(of: Chapter) -> list[dict]:
    """The entries of a chapter's mistakes.toml; none without the file."""
    file = of.folder / "mistakes.toml"
    return tomllib.loads(file.read_text("utf-8")).get("mistake", []) if file.is_file() else []


def troubles() -> list[dict]:
    """The entries of troubles.toml: messages with several causes, whatever the chapter."""
    return tomllib.loads((CHAPTERS.parent / "troubles.toml").read_text("utf-8"))["trouble"]


VARIABLE = re.compile(r"…|\b\d+(?:\.\d+)*(?::\d+)?\b|'[^']*'|\"[^\"]*\"|/[\w/.-]+|https?://\S+")
"""What stands in a symptom for something that is different each time: names, numbers, paths."""

TELLING = 12
"""Letters that a symptom must have besides, to be looked for with anything in their place."""


def fits(symptom: str, message: str) -> bool:
    """Whether a message is the one of a symptom's first line, whatever its names and numbers."""
    first = symptom.strip().splitlines()[0].strip()
    if len(re.sub(r"\W", "", VARIABLE.sub("", first))) < TELLING:
        return first in message
    parts, at = [], 0
    for found in VARIABLE.finditer(first):
        parts.append(re.escape(first[at : found.start()]))
        at = found.end()
    parts.append(re.escape(first[at:]))
    return re.search(r"[^\n]*?".join(parts), message) is not None


@contextlib.contextmanager
def made(mistake: dict, folder: Path) -> Iterator[None]:
    """Make a mistake in a file, and take it back at the end; raises what `make_mistake` does."""
    file = folder / mistake["file"]
    old = file.read_bytes() if file.is_file() else None
    make_mistake(mistake, folder)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        if old is not None:
            file.write_bytes(old)


def make_mistake(mistake: dict, folder: Path) -> None:
    """Make a mistake in a folder, for good.

    Raises `ValueError` when the text to find does not stand there exactly once, or a command fails.
    """
    if "file" in mistake:
        change_file(mistake, folder / mistake["file"])
    if "before" in mistake:
        change_database(mistake, folder)


def change_file(mistake: dict, file: Path) -> None:
    """Make a mistake in its file; raises `ValueError` as `make_mistake` does."""
    if mistake.get("remove"):
        file.unlink()
    elif "content" in mistake:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(mistake["content"].encode(mistake.get("encoding", "utf-8")))
    elif "find" in mistake:
        text = file.read_text("utf-8")
        if text.count(mistake["find"]) != 1:
            raise ValueError(
                f"The mistake {mistake['name']!r}: {mistake['find']!r} stands "
                f"{text.count(mistake['find'])} times in {mistake['file']}"
            )
        file.write_text(text.replace(mistake["find"], mistake["replace"]), "utf-8", newline="\n")
    if mistake.get("bom"):
        file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())


def change_database(mistake: dict, folder: Path) -> None:
    """Make the folder's database, and run the mistake's commands; raises as `make_mistake` does."""
    if NO_DATABASE in mistake["before"]:
        (folder / "db.sqlite3").unlink(missing_ok=True)
        return
    # What this process has in its environment would win over the folder's .env.
    read = {line.partition("=")[0] for line in (folder / ".env").read_text("utf-8").splitlines()}
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in read and not name.startswith("DJANGO_")
    }
    own["PYTHONDONTWRITEBYTECODE"] = "1"
    for command in ("python manage.py migrate -v0", *mistake["before"]):
        words = [sys.executable if word == "python" else word for word in command.split()]
        done = subprocess.run(
            words, cwd=folder, env=own, capture_output=True, encoding="utf-8", errors="replace"
        )
        if done.returncode:
            raise ValueError(f"The mistake {mistake['name']!r}: {command} says {done.stderr}")
