"""Looks at a reader's folder: where it differs from a stage, and what of it is still to come."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.checking.comparing import KEYED
from tutorial.checking.comparing.compare import Comparison, Place, compare
from tutorial.checking.comparing.nature import LARGE, SIGNATURE, SMALL, STYLE, WORDS
from tutorial.checking.comparing.shown import Text, earlier_places, later_places, text_of
from tutorial.checking.comparing.units import Unit
from tutorial.course.chapters import chapter
from tutorial.course.stages import is_made, stage_before, stage_files

LARGEST = 60_000
"""Bytes of a file that is compared; larger ones are left out."""

ASIDE = 3
"""Places that are kept in a file that the chapter does not have one type."""

OWN_PLACES, OWN_PART, OWN_CHAPTER = 3, 0.12, 0.3
"""A file is the reader's own from so many places on that are said otherwise, if they are such a
part of it; a chapter, if they are such a part of what was typed."""

GATHERED = {"missing", "extra", "twice"}
"""The kinds of places that are told as one, when one stands below the other."""


@dataclass(eq=False)
class Found:
    """A place in a file where the folder differs. Without a `place` the whole file is not there.

    `block`, `section`: the numbers of the block that shows it, and of its heading; `typed`: this
    chapter has one type it; `pending`: it is still to come; `old`: the text had it before, and
    takes it out in one of the blocks `goes`.
    """

    file: str
    place: Place | None
    block: int | None = None
    section: int = 0
    typed: bool = False
    pending: bool = False
    goes: tuple[int, ...] = ()

    @property
    def old(self) -> bool:
        """Whether the text had it before."""
        return bool(self.goes)

    @property
    def nature(self) -> str:
        """What it amounts to."""
        return self.place.nature if self.place else SMALL

    @property
    def is_there(self) -> bool:
        """Whether it is not to come any more, and may be a fault."""
        return not self.pending and self.nature in (SMALL, SIGNATURE, LARGE)


@dataclass
class Looked:
    """What a look at a folder has found; `texts`: the stage's and the reader's, of each file."""

    text: Text
    found: list[Found] = field(default_factory=list)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    unread: bool = False
    """Whether a file that the chapter has one type could not be compared, is the reader's own, or
    is further on."""
    typed: int = 0
    """What this chapter has one type and is there, in the files that differ somewhere."""
    other: int = 0
    """Places where the reader says something else."""
    reached: int = -1
    """The last block of which something is typed."""

    @property
    def own_way(self) -> bool:
        """Whether the chapter as a whole is the reader's own."""
        return self.other >= OWN_PLACES and self.other > OWN_CHAPTER * (self.typed + self.other)


def look(number: int, folder: Path) -> Looked:
    """Compare a folder with stage `number`, file by file.

    What can't be read or is too large is left out. Raises `Trouble` when there is no such stage.
    """
    looked, before = Looked(text_of(number)), stage_files(stage_before(number))
    for name, stored in stage_files(number).items():
        if not is_compared(name, number):
            continue
        ours, theirs = stored.read_text("utf-8"), read_own(folder / name)
        typed = name not in chapter(number).gives
        blocks = looked.text.blocks_of(name) if typed else []
        if theirs is not None:
            looked.texts[name] = ours, theirs
            if theirs != ours:
                look_at_file(looked, number, name, typed, before.get(name))
            else:
                final = [block for block in blocks if looked.text.blocks[block].is_final]
                looked.reached = max([looked.reached, *final])
        elif (folder / name).exists():
            looked.unread = looked.unread or bool(blocks)
        elif blocks:
            section = looked.text.blocks[blocks[0]].section
            looked.found.append(Found(name, None, blocks[0], section, typed=True, pending=True))
    for found in looked.found:
        if found.old:
            later = (block for block in found.goes if block > looked.reached)
            found.block = next(later, found.goes[-1])
            found.section = looked.text.blocks[found.block].section
        found.pending = found.pending and (found.block is None or found.block > looked.reached)
    looked.found = without_renamed(looked)
    if looked.unread:
        looked.found = [found for found in looked.found if found.pending or found.nature != LARGE]
    return looked


def is_compared(name: str, number: int) -> bool:
    """Whether a file of the stage is compared: not what commands write, no pictures, no styles."""
    compared = name.endswith((".py", ".js", ".html")) or Path(name).name in KEYED
    return compared and not is_made(name, number)


def read_own(file: Path) -> str | None:
    """The text of a reader's file; None when it is missing, too large, or can't be read."""
    try:
        if file.stat().st_size > LARGEST:
            return None
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return None


def look_at_file(looked: Looked, number: int, name: str, typed: bool, stored: Path | None) -> None:
    """Compare a file that differs, and note what is found.

    `typed`: it is not a given one; `stored` has its text in the stage before.
    """
    ours, theirs = looked.texts[name]
    shown = typed and bool(looked.text.blocks_of(name))
    try:
        compared = compare(name, ours, theirs)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        looked.unread = looked.unread or shown
        return
    before, earlier = earlier_places(number, name, stored)
    final = {unit.place for unit in compared.stage}
    ahead = later_places(number, name, ours) - final - earlier
    further = [unit for unit in compared.own if unit.place in ahead and unit.sort != "import"]
    if any(len(unit.tokens) > 3 for unit in further):
        looked.unread = looked.unread or shown
        return
    blocks = blocks_by_unit(looked.text, name, compared.stage)
    there = [unit for unit in compared.stage if id(unit) in compared.kept]
    new = [unit for unit in there if unit.place not in before and unit.words]
    begun = {blocks[id(unit)] for unit in new} - {None}
    found = []
    for place in gathered(compared, blocks):
        block = blocks[id(place.stage)] if place.stage else None
        if place.stage and not place.whole:
            block = looked.text.block_of(name, place.stage, place.shown)
        one = Found(name, place, block, 0 if block is None else looked.text.blocks[block].section)
        is_old = place.own and place.own.place in earlier and place.own.place not in final
        one.typed = typed and is_new(place, compared.stage, blocks, before)
        if place.kind == "extra" and (place.own.sort == "import" and is_old or name in KEYED):
            continue  # it does no harm
        if place.kind == "extra" and (is_old or not place.own.words):
            line = theirs.splitlines()[place.own.line - 1].strip()
            one.goes = blocks_against(place.own, line, looked.text, name, compared.stage, blocks)
        if one.old:
            place.nature, one.typed = SMALL if place.own.words else STYLE, typed
            one.pending = begun.isdisjoint(one.goes)
        elif is_old or place.kind == "moved" or place.kind == "missing" and not place.own:
            one.pending = block is not None and block not in begun
        found.append(one)
    strange = sum(one.nature == LARGE and not one.pending for one in found)
    if shown:
        looked.reached = max([looked.reached, *begun])
        looked.other += strange
        looked.typed += len(new)
    if strange >= OWN_PLACES and strange > OWN_PART * max(len(compared.stage), 8):
        looked.unread = looked.unread or shown
    elif shown or len(found) <= ASIDE:
        looked.found += found


def blocks_by_unit(text: Text, name: str, units: list[Unit]) -> dict[int, int | None]:
    """The block that shows each unit, by its `id`; a bracket belongs to what stands above it."""
    blocks: dict[int, int | None] = {}
    above = None
    for unit in units:
        block = text.block_of(name, unit)
        blocks[id(unit)] = above = above if block is None and not unit.words else block
    return blocks


def blocks_against(
    unit: Unit, line: str, text: Text, name: str, stage: list[Unit], blocks: dict[int, int | None]
) -> tuple[int, ...]:
    """The blocks that take out what the stage does not have any more; `line` is its first line.

    Where none says so, it is the last one that shows something of the same scope, or of the file.
    """
    of_file = text.blocks_of(name)
    taking = tuple(number for number in of_file if line in text.blocks[number].takes)
    near = [blocks[id(other)] for other in stage if other.scope == unit.scope]
    return taking or tuple([number for number in near if number is not None] or of_file)[-1:]


def is_new(
    place: Place, stage: list[Unit], blocks: dict[int, int | None], before: set[tuple]
) -> bool:
    """Whether a place is about what this chapter has one type, or stands beside that now."""
    if place.stage is None:
        same = [unit for unit in stage if unit.tokens == place.own.tokens]
        around = same if place.kind == "twice" else []
    else:
        here, beside = stage.index(place.stage), place.kind in ("moved", "comma")
        around = stage[max(here - beside, 0) : here + 1 + beside]
    return any(blocks[id(unit)] is not None or unit.place not in before for unit in around)


def gathered(compared: Comparison, blocks: dict[int, int | None]) -> list[Place]:
    """The places, one for all that are missing, or are the reader's own, one below the other."""
    order = {id(unit): number for number, unit in enumerate(compared.stage)}
    order |= {id(unit): number for number, unit in enumerate(compared.own)}
    places = [(place.kind, order[id(place.stage or place.own)], place) for place in compared.places]
    kept: list[Place] = []
    last = None
    for _, here, place in sorted(places, key=lambda one: one[:2]):
        unit = place.stage or place.own
        block = blocks.get(id(unit))
        if place.kind in GATHERED and place.whole and last == (place.kind, here - 1, block):
            first = kept[-1]
            first.count += place.count if unit.line > (first.stage or first.own).line else 0
            first.nature = place.nature if first.nature == WORDS else first.nature
        else:
            kept.append(place)
        last = place.kind, here, block
    return kept


# What is called otherwise everywhere


def without_renamed(looked: Looked) -> list[Found]:
    """Leave out the places where something is called otherwise, in the same way everywhere."""
    renamed = [(found, pairs) for found in looked.found if (pairs := renamings(found))]
    votes = Counter(pair for _, pairs in renamed for pair in pairs)
    if not any(count > 1 for count in votes.values()):
        return looked.found
    ours, theirs = (
        {name for texts in looked.texts.values() for name in names_in(texts[side])}
        for side in (0, 1)
    )
    sure = {(a, b) for (a, b), n in votes.items() if n > 1 and a not in theirs and b not in ours}
    gone = [found for found, pairs in renamed if pairs <= sure]
    return [found for found in looked.found if found not in gone]


def renamings(found: Found) -> set[tuple[str, str]]:
    """The names that are others in a place, when nothing else is."""
    pairs = set()
    for ours, theirs in found.place.changes if found.place and found.nature == SMALL else []:
        if len(ours) != len(theirs):
            return set()
        pairs |= {(bare_name(a), bare_name(b)) for a, b in zip(ours, theirs, strict=True)}
    return pairs if all(a.isidentifier() and b.isidentifier() for a, b in pairs) else set()


def bare_name(token: str) -> str:
    """A name without quotes; Channels calls the handler of "chat.message" chat_message."""
    return token.strip("'\"`").replace(".", "_")


def names_in(text: str) -> set[str]:
    """The names in a text, as `bare_name` has them."""
    dotted = re.findall(r"\w+(?:\.\w+)+", text)
    return {*re.findall(r"\w+", text), *(name.replace(".", "_") for name in dotted)}
