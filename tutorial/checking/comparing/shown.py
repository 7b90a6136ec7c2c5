"""What a chapter's text has one type: its blocks, in the text's order, read out of README.md.

A block is what `book.show` writes (see `tutorial.author.book`): a file, a symbol of it, or lines;
or what `book.remove` does: lines that go.
"""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tutorial.checking.comparing import course_apart
from tutorial.checking.comparing.units import Unit
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.source import range_span, symbol_span
from tutorial.course.stages import stage_files
from tutorial.environment import ROOT

WRITTEN = {
    "config/urls.py": """
from django.contrib import admin
from django.urls import path
urlpatterns = [
    path("admin/", admin.site.urls),
]
""",
    "chat/admin.py": "from django.contrib import admin",
    "chat/models.py": "from django.db import models",
    "chat/views.py": "from django.shortcuts import render",
}
"""What Django's commands write into files that the text then has one change."""

BLOCK = re.compile(r"<!-- \[\[\[cog book\.((show|remove)\(.*\)) \]\]\] -->$")


@dataclass(frozen=True)
class Block:
    """A block of the text that has one type something, or take it out.

    `section` is the number of its heading. `span` is where it stands in the stage's file, from 0
    and half open; or in `step`, the text of a half-way version. `takes`: lines that go.
    """

    file: str
    section: int
    span: tuple[int, int]
    step: str | None = None
    takes: frozenset[str] = frozenset()

    @property
    def is_final(self) -> bool:
        """Whether what it shows stays."""
        return self.step is None and not self.takes

    def shows(self, unit: Unit, line: int) -> bool:
        """Whether it shows this line of a unit of the stage's, as it is there."""
        if self.step is None:
            return self.span[0] < line <= self.span[1]
        return bool(unit.words) and unit.place in places_in(self.file, self.step, self.span)


@dataclass(frozen=True)
class Text:
    """A chapter's headings and blocks, in the text's order; the first heading is for its top."""

    headings: tuple[str, ...]
    blocks: tuple[Block, ...]

    def blocks_of(self, file: str) -> list[int]:
        """The numbers of the blocks that show something of a file."""
        return [number for number, block in enumerate(self.blocks) if block.file == file]

    def block_of(self, file: str, unit: Unit, line: int | None = None) -> int | None:
        """The number of the first block that shows a unit of the stage's, or a line of it; or None.

        It has to show it as it stays: what it looks like half-way does not count.
        """
        line = line or unit.line
        shown = (n for n in self.blocks_of(file) if self.blocks[n].shows(unit, line))
        return next(shown, None)


def text_of(number: int) -> Text:
    """The headings and blocks of chapter `number`; blocks that can't be read are left out."""
    return read_text(number, chapter(number).readme.read_text("utf-8"))


@lru_cache(maxsize=32)
def read_text(number: int, readme: str) -> Text:
    """The headings and blocks in the text of chapter `number`."""
    headings, blocks, fenced, files = [""], [], False, stage_files(number)
    for line in readme.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and re.match(r"##+ ", line):
            headings.append(line.lstrip("# "))
        elif found := BLOCK.match(line):
            call = ast.parse(found[1]).body[0].value
            values = [ast.literal_eval(value) for value in call.args]
            if found[2] == "remove":
                lines = {line.strip() for line in values[1].splitlines()} - {""}
                blocks.append(Block(values[0], len(headings) - 1, (0, 0), takes=frozenset(lines)))
                continue
            named = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
            step = named.get("step")
            stored = steps_folder(number) / step / values[0] if step else files.get(values[0])
            block = read_block(stored, len(headings) - 1, *values, **named)
            blocks += [block] if block else []
    return Text(tuple(headings), tuple(blocks))


def read_block(
    stored: Path | None,
    section: int,
    file: str,
    symbol: str | None = None,
    *,
    start: str | None = None,
    end: str | None = None,
    step: str | None = None,
    place: str | None = None,
) -> Block | None:
    """The block that `book.show` writes for these arguments, or None when it can't be found.

    `stored` has the text of the file.
    """
    try:
        text = stored.read_text("utf-8")
        if symbol:
            first, last = symbol_span(text, symbol)
        elif start:
            first, last = range_span(text, start, end)
        else:
            first, last = 0, len(text.splitlines())
    except (OSError, AttributeError, ValueError, TypeError):
        return None
    return Block(file, section, (first, last), text if step else None)


def steps_folder(number: int) -> Path:
    """Where a chapter's half-way versions are."""
    return chapter(number).folder / "steps"


def earlier_places(number: int, file: str, stored: Path | None) -> tuple[set[tuple], set[tuple]]:
    """The places of what a file has in the stage before, and of that with its half-way versions.

    `stored` has its text in the stage before.
    """
    text = stored.read_text("utf-8") if stored else WRITTEN.get(file, "")
    before = places_in(file, text)
    steps = [path for path in sorted(steps_folder(number).glob(f"*/{file}")) if path.is_file()]
    return before, before.union(*(places_in(file, path.read_text("utf-8")) for path in steps))


def later_places(number: int, file: str, text: str) -> frozenset[tuple]:
    """The places of what a file has as the next chapter that changes it leaves it.

    `text` is what it has at the end of chapter `number`.
    """
    for later in COURSE[number:]:
        stored = ROOT / file if file in later.finishes else later.folder / "code" / file
        if stored.is_file() and (changed := stored.read_text("utf-8")) != text:
            return places_in(file, changed)
    return frozenset()


@lru_cache(maxsize=256)
def places_in(file: str, text: str, span: tuple[int, int] | None = None) -> frozenset[tuple]:
    """The places of the units in a text of the course's, or in some lines of it."""
    first, last = span or (0, len(text))
    units = course_apart(file, text).units
    return frozenset(unit.place for unit in units if first < unit.line <= last)
