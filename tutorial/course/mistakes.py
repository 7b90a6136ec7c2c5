"""The known mistakes: what people get wrong in a chapter, from its `mistakes.toml`.

An entry says what to do to the right version: `file` and either `find` and `replace`, or `content`
(with an `encoding`), or `remove = true`; and what is told of it.
"""

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tutorial.course.chapters import Chapter


def mistakes(of: Chapter) -> list[dict]:
    """The entries of a chapter's mistakes.toml; none without the file."""
    file = of.folder / "mistakes.toml"
    return tomllib.loads(file.read_text("utf-8")).get("mistake", []) if file.is_file() else []


@contextlib.contextmanager
def made(mistake: dict, folder: Path) -> Iterator[None]:
    """Make a mistake in a folder, and take it back at the end; raises what `make_mistake` does."""
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

    Raises `ValueError` when the text to find does not stand there exactly once.
    """
    file = folder / mistake["file"]
    if mistake.get("remove"):
        file.unlink()
    elif "content" in mistake:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(mistake["content"].encode(mistake.get("encoding", "utf-8")))
    else:
        text = file.read_text("utf-8")
        if text.count(mistake["find"]) != 1:
            raise ValueError(
                f"The mistake {mistake['name']!r}: {mistake['find']!r} stands "
                f"{text.count(mistake['find'])} times in {mistake['file']}"
            )
        file.write_text(text.replace(mistake["find"], mistake["replace"]), "utf-8", newline="\n")
