"""The faults that nobody can see, from a chapter's `unseen.toml`: a short list with reasons.

    [[unseen]]
    file = "templates/chat/room.html"
    text = "</div>"                     # the line as the text has it
    kinds = ["line"]
    reason = "the browser closes it by itself"

For `text`, a part of the line will do, unless it is a tag. Without `kinds`, all kinds of faults in
it are meant; `tutorial/author/mutants.py` says which there are.
"""

import re
import tomllib
from dataclasses import dataclass

from tutorial.course.chapters import Chapter
from tutorial.environment import ROOT, Trouble

TAG = re.compile(r"</?\w+>")
"""An HTML tag: as a part of a line it would fit too many."""


@dataclass(frozen=True)
class Unseen:
    """A line of a file whose faults stay unseen, and why."""

    file: str
    text: str
    reason: str
    kinds: tuple[str, ...] = ()

    def fits(self, kind: str, file: str, line: str) -> bool:
        """Whether a fault of this kind in this line of this file is meant."""
        is_part = self.text in line and not TAG.fullmatch(self.text)
        is_meant = is_part or self.text.strip() == line.strip()
        return self.file == file and is_meant and kind in (self.kinds or (kind,))


def unseen(of: Chapter) -> list[Unseen]:
    """The entries of a chapter's `unseen.toml`; none without the file.

    Raises `Trouble` with a sentence when it can't be read or an entry is not in order.
    """
    path = of.folder / "unseen.toml"
    if not path.is_file():
        return []
    where = path.relative_to(ROOT).as_posix()
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("unseen", [])
    except ValueError as error:
        raise Trouble(f"{where} can't be read: {error}") from error
    found = []
    for entry in entries:
        try:
            one = Unseen(**entry | {"kinds": tuple(entry.get("kinds", ()))})
        except TypeError as error:
            raise Trouble(f"{where}: {entry} has to have file, text and reason: {error}") from error
        if not (one.file and one.text.strip() and one.reason.strip()):
            raise Trouble(f"{where}: {entry} has to have a file, a text and a reason.")
        found.append(one)
    return found
