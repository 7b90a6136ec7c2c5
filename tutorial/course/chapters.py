"""The course's chapters, in their order. This is the only list of them.

What a chapter teaches and which files it changes stands in its `chapter.toml`:

- `title`, `minutes`, `terms`: its title, how long it takes, the terms that it teaches;
- `finishes`: project files that get their final form in it; their text stands at the top level;
- `gives`: files that are laid in the learner's folder, where all others are typed or made;
- `removes` (optional): files of the chapter that it builds on which are no longer there;
- `builds_on` (optional): the number of that chapter; without it, the one before.
"""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tutorial.environment import ROOT, Trouble

CHAPTERS = ROOT / "tutorial" / "chapters"

PART_1 = "Part I: the project"
PART_2 = "Part II: beyond it"

PROJECT = 10
"""The chapter at whose end the project is what stands at the top level; it ends Part I."""

ORDER = (
    *("project", "pages", "asgi", "echo", "groups", "tests", "users", "history", "trust", "resume"),
    *("async", "redis", "rabbitmq", "deploy", "fanout", "sse"),
)

TITLES_TO_COME = {
    "async": "The same consumer, asynchronous",
    "redis": "Several processes, one chat: Redis",
    "rabbitmq": "The same on RabbitMQ",
    "deploy": "In production",
    "fanout": "One event for a whole process",
    "sse": "Server-sent events, the simpler sibling",
}

KINDS = {
    "title": str,
    "minutes": int,
    "terms": list,
    "finishes": list,
    "gives": list,
    "removes": list,
    "builds_on": int,
}
OPTIONAL = {"removes", "builds_on"}


@dataclass(frozen=True)
class Chapter:
    """One chapter: its number and its short name; the rest is read from its `chapter.toml`.

    Reading it raises `Trouble` when the file can't be read or says something else than it may.
    """

    number: int
    name: str

    @property
    def part(self) -> str:
        """The part of the course that it belongs to."""
        return PART_1 if self.number <= PROJECT else PART_2

    @property
    def folder(self) -> Path:
        """Where the chapter is, or will be."""
        return CHAPTERS / f"{self.number:02}-{self.name}"

    @property
    def readme(self) -> Path:
        """Where its text is, or will be."""
        return self.folder / "README.md"

    @property
    def toml(self) -> Path:
        """Where its `chapter.toml` is, or will be."""
        return self.folder / "chapter.toml"

    @property
    def exists(self) -> bool:
        """Whether the chapter is written; the others are still to come."""
        return self.readme.is_file()

    @property
    def has_stage(self) -> bool:
        """Whether the project as of its end can be built."""
        return self.toml.is_file()

    @cached_property
    def details(self) -> dict:
        """What its `chapter.toml` says; empty when there is none yet."""
        return read_details(self.toml) if self.has_stage else {}

    @property
    def title(self) -> str:
        """Its title."""
        return self.details.get("title") or TITLES_TO_COME.get(self.name, self.name.capitalize())

    @property
    def minutes(self) -> int | None:
        """How long it takes; None as long as nobody knows."""
        return self.details.get("minutes")

    @property
    def terms(self) -> list[str]:
        """The terms that it teaches."""
        return self.details.get("terms", [])

    @property
    def finishes(self) -> list[str]:
        """The project files that get their final form in it."""
        return self.details.get("finishes", [])

    @property
    def gives(self) -> list[str]:
        """The files that are laid in the learner's folder."""
        return self.details.get("gives", [])

    @property
    def removes(self) -> list[str]:
        """The files of the chapter that it builds on which are no longer there."""
        return self.details.get("removes", [])

    @property
    def builds_on(self) -> int:
        """The number of the chapter that it builds on; 0 for an empty folder."""
        return self.details.get("builds_on", self.number - 1)


COURSE = tuple(Chapter(number, name) for number, name in enumerate(ORDER, start=1))


def chapter(number: int) -> Chapter:
    """The chapter with this number; raises `Trouble` when there is none."""
    if not 1 <= number <= len(COURSE):
        raise Trouble(f"There is no chapter {number}. The course has chapters 1 to {len(COURSE)}.")
    return COURSE[number - 1]


def read_details(path: Path) -> dict:
    """What a `chapter.toml` says; raises `Trouble` with a sentence when it is not in order."""
    where = path.relative_to(ROOT).as_posix()
    try:
        details = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Trouble(f"{where} can't be read: {error}") from error
    for name, value in details.items():
        if name not in KINDS:
            raise Trouble(f"{where}: “{name}” means nothing here. Known: {', '.join(KINDS)}.")
        if type(value) is not KINDS[name]:
            raise Trouble(f"{where}: “{name}” has to be a {KINDS[name].__name__}, not {value!r}.")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise Trouble(f"{where}: “{name}” has to be a list of strings.")
    missing = [name for name in KINDS if name not in details and name not in OPTIONAL]
    if missing:
        raise Trouble(f"{where}: {', '.join(missing)} missing.")
    number = int(path.parent.name.split("-")[0])
    if not 0 <= details.get("builds_on", number - 1) < number:
        raise Trouble(f"{where}: a chapter builds on one that stands before it.")
    return details
