"""What the tool changes in a reader's folder, and how it is taken back, byte for byte.

Whatever writes over, beside or away a reader's file does so through a `Change`, which remembers
what stood there. The folder's progress file keeps the last ones; `undo` takes back the newest.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

KEPT = 10
"""How many changes a folder remembers."""


@dataclass
class Change:
    """One change: `what` says which, in words; `before` and `after` hold what it is about."""

    what: str
    before: dict[str, str | None] = field(default_factory=dict)
    """File → what stood there, in base64; None: there was none."""
    after: dict[str, str | None] = field(default_factory=dict)
    """File → a hash of what the tool has put there; None: it has taken it away."""
    progress: dict = field(default_factory=dict)
    """What the progress file said before, of all but changes."""

    def write(self, folder: Path, name: str, content: bytes) -> None:
        """Put this into the file `name` of a folder, and remember what stood there."""
        self.remember(folder, name)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        self.after[name] = hash_of(folder / name)

    def remove(self, folder: Path, name: str) -> None:
        """Take the file `name` away, and remember what stood there."""
        self.remember(folder, name)
        (folder / name).unlink()
        self.after[name] = None

    def remember(self, folder: Path, name: str) -> None:
        """Remember what stands in a file, unless that is known from an earlier write."""
        file = folder / name
        there = base64.b64encode(file.read_bytes()).decode() if file.is_file() else None
        self.before.setdefault(name, there)


def take_back(change: Change, folder: Path) -> tuple[list[str], list[str]]:
    """Take a change back; return the files that are as before, and those laid beside.

    A file that has been changed since is left alone: what stood there before the change is laid
    beside it, as NAME.before.
    """
    back, beside = [], []
    for name, content in change.before.items():
        file = folder / name
        if hash_of(file) == change.after[name]:
            back.append(name)
        elif content is not None:
            file = free_name(file, "before")
            beside.append(file.relative_to(folder).as_posix())
        else:
            continue  # it was new, and is the reader's own by now
        if content is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(base64.b64decode(content))
    return back, beside


def free_name(file: Path, ending: str) -> Path:
    """A name beside a file that is not taken: NAME.ending, NAME.ending-2, …"""
    found, number = file.with_name(f"{file.name}.{ending}"), 1
    while found.exists():
        number += 1
        found = file.with_name(f"{file.name}.{ending}-{number}")
    return found


def hash_of(path: Path) -> str | None:
    """A hash of a file's content; None when there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
