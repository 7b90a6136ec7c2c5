"""Compares a file of the reader's with the stage's: the places where the two differ.

Pure functions. A local name that is called otherwise is no difference, nor is the order of methods
or the division into lines.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from tutorial.checking.comparing import course_apart, take_apart
from tutorial.checking.comparing.nature import LARGE, SMALL, STYLE, WORDS, nature
from tutorial.checking.comparing.pairing import (
    ALIKE,
    LARGEST,
    Change,
    Pairs,
    aliased,
    align_scopes,
    differing,
    pair_units,
)
from tutorial.checking.comparing.units import WORD, Taken, Unit, in_scope

ROUNDS = 4
"""How often a file is compared: a renaming that is found lets others be seen."""


@dataclass(eq=False)
class Place:
    """A place where the two versions differ.

    `kind`: "missing" (the stage's unit is not there), "changed", "moved", "extra" (the reader's
    own), "twice", "comma" (two strings are one). `line` is the reader's, or the one where what is
    missing belongs; `shown` is the stage's line that says it best. `count`: how many lines or
    statements are meant. `changes`: the tokens that differ.
    """

    kind: str
    stage: Unit | None
    own: Unit | None
    nature: str = SMALL
    line: int = 1
    shown: int = 1
    count: int = 1
    changes: list[Change] = field(default_factory=list)
    whole: bool = True
    """Whether the whole unit is meant, or only the line that is `shown`."""


@dataclass
class Comparison:
    """The two versions, taken apart, and the places where they differ.

    `kept` has the reader's units that are the same as the stage's, by the `id` of these.
    """

    stage: list[Unit]
    own: list[Unit]
    places: list[Place]
    kept: dict[int, Unit]


def compare(name: str, stage_text: str, own_text: str) -> Comparison:
    """Compare two versions of the file `name`; raises what `take_apart` does."""
    stage, plain, renames = course_apart(name, stage_text), take_apart(name, own_text), {}
    for turn in range(ROUNDS):
        own = take_apart(name, own_text, renames) if turn else plain
        aliases = align_scopes(stage.units, own.units)
        pairs = pair_units(stage.units, own.units)
        if not add_renamings(renames, pairs.changed, stage, own, aliases):
            break
    places = [*find_commas(stage.units, pairs), *find_moved(pairs)]
    if name.endswith(".py"):
        places += find_crossed(pairs.kept, set(stage.bound))
    places += [Place("changed", a, b, changes=differing(a, b)) for a, b in pairs.changed]
    places += [Place("missing", unit, None) for unit in pairs.missing]
    places += [Place("extra", None, unit) for unit in pairs.extra]
    another_way = said_elsewhere(places)
    places = without_consequences(places)
    kept = {id(a): b for a, b in pairs.kept}
    for place in places:
        find_lines(place, stage.units, kept)
        if place.kind == "changed":
            bound = bound_below(place.stage, stage, own, plain, aliases)
            place.nature = nature(name, place.stage, place.own, place.changes, bound)
            localise(place, stage_text.splitlines(), own_text.splitlines())
        elif place.kind in ("missing", "extra"):
            weigh(place, stage.units, own.units)
        if place in another_way and place.nature == SMALL:
            place.nature = LARGE
    return Comparison(stage.units, own.units, places, kept)


def weigh(place: Place, stage: list[Unit], own: list[Unit]) -> None:
    """Say what it amounts to that a unit is missing, or is the reader's own, or stands twice."""
    if place.kind == "missing":
        place.nature = WORDS if place.stage.sort == "text" else SMALL
    elif stands_twice(place.own, stage, own):
        place.kind = "twice"
    else:
        harmless = place.own.sort == "import" or not place.own.words
        place.nature = STYLE if harmless else LARGE


# Names that are called otherwise


def add_renamings(
    renames: dict[str, dict[str, str]],
    changed: list[tuple[Unit, Unit]],
    stage: Taken,
    own: Taken,
    aliases: dict[str, str],
) -> bool:
    """Add what the reader calls otherwise, by the reader's scope; return whether there is more."""
    votes: Counter = Counter()
    for a, b in changed:
        scope = a.scope if a.scope in stage.bound else ""
        ours, theirs = stage.bound.get(scope, set()), aliased(scope, aliases)
        for old, new in swapped_tokens(a, b):
            if old in ours and new in own.bound.get(theirs, set()) - ours:
                votes[theirs, old, new] += 1
    added = False
    for (scope, old, new), _ in votes.most_common():
        known = renames.setdefault(scope, {})
        if new not in known and old not in known.values():
            known[new], added = old, True
    return added


def swapped_tokens(stage: Unit, own: Unit) -> Iterator[tuple[str, str]]:
    """The tokens that stand in each other's place."""
    for ours, theirs in differing(stage, own):
        if len(ours) == len(theirs):
            yield from zip(ours, theirs, strict=True)


def bound_below(
    head: Unit, stage: Taken, own: Taken, plain: Taken, aliases: dict[str, str]
) -> tuple[set[str], set[str]]:
    """The names that are bound in what a head opens, on both sides.

    Those that the reader still uses there without binding them are left out; `plain` is the
    reader's file before names were changed.
    """
    scope = head.opens if head.opens in stage.bound else ""
    below = [unit for unit in plain.units if head.opens and in_scope(unit.scope, head.opens)]
    used = {word for unit in below for word in unit.words} | {head.name}
    return stage.bound.get(scope, set()) - used, own.bound.get(aliased(scope, aliases), set())


# Places


def find_commas(stage: list[Unit], pairs: Pairs) -> Iterator[Place]:
    """Strings of a list that have become one for want of a comma; they are taken out of `pairs`."""
    fused = {}
    for first, second in zip(stage, stage[1:], strict=False):
        a, b = first.tokens[0], second.tokens[0]
        alone = len(first.tokens) == len(second.tokens) == 1 and first.scope == second.scope
        if alone and a[0] == a[-1] == b[0] and a[0] in "'\"":
            fused[first.scope, a[:-1] + b[1:]] = first, second
    for unit in [*pairs.extra, *(b for _, b in pairs.changed)]:
        if found := fused.get((unit.scope, unit.tokens[0])):
            pairs.changed = [(a, b) for a, b in pairs.changed if b is not unit and a not in found]
            pairs.missing = [a for a in pairs.missing if a not in found]
            pairs.extra = [b for b in pairs.extra if b is not unit]
            yield Place("comma", found[0], unit)


def find_moved(pairs: Pairs) -> Iterator[Place]:
    """Units that stand elsewhere in the file; they are taken out of `pairs`."""
    for unit in list(pairs.missing):
        same = [other for other in pairs.extra if other.tokens == unit.tokens and unit.words]
        near = [other for other in same if other.scope == unit.scope]
        if near or same and len(unit.tokens) > 2:
            found = [*near, *same][0]
            pairs.missing.remove(unit)
            pairs.extra.remove(found)
            yield Place("moved", unit, found)


def find_crossed(kept: list[tuple[Unit, Unit]], functions: set[str]) -> Iterator[Place]:
    """What may stand in any order, and still stands on the wrong side of something else.

    `functions` are the scopes of functions: what they hold is not run where it stands.
    """
    pairs = sorted(kept, key=lambda pair: pair[0].line)
    crossed = [*crossed_calls(pairs), *used_too_early(pairs, functions)]
    for unit, own in dict(crossed).items():
        yield Place("moved", unit, own)


def crossed_calls(pairs: list[tuple[Unit, Unit]]) -> Iterator[tuple[Unit, Unit]]:
    """Calls, and imports below code, at a module's top that have passed what was above them."""
    above: tuple[Unit, Unit] | None = None
    for unit, own in pairs:
        if unit.scope or unit.sort not in ("import", "call", "made"):
            continue
        counts = above and not unit.sort == above[0].sort == "made"
        if counts and own.line < above[1].line:
            yield unit, own
        if unit.sort != "import":
            above = unit, own


def used_too_early(
    pairs: list[tuple[Unit, Unit]], functions: set[str]
) -> Iterator[tuple[Unit, Unit]]:
    """Units that give a meaning to a name which the reader uses above them."""
    named = [pair for pair in pairs if pair[0].name.isidentifier() and not pair[0].ordered]
    for unit, own in named:
        for other, theirs in pairs:
            passed = other.line > unit.line and theirs.line < own.line
            at_once = other.scope == unit.scope or other.scope not in functions
            if passed and at_once and in_scope(other.scope, unit.scope) and uses(other, unit.name):
                yield unit, own
                break


def uses(unit: Unit, name: str) -> bool:
    """Whether a statement needs a name; an import brings its own."""
    tokens = ("", *unit.tokens, "")
    return unit.sort != "import" and any(
        token == name and before != "." and after != "="
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
    )


def said_elsewhere(places: list[Place]) -> list[Place]:
    """The places whose lost words stand in others of the same scope: another way of saying it."""
    if len(places) ** 2 > LARGEST:
        return []
    found = []
    for place in places:
        if place.kind in ("missing", "changed") and (lost := tokens_lost(place)):
            others = [other for other in places if other is not place and other.own]
            others = [one for one in others if in_scope(one.own.scope, place.stage.scope)]
            added = {token for other in others for token in tokens_added(other)}
            if len(lost & added) >= ALIKE * len(lost):
                found.append(place)
    return found


def tokens_lost(place: Place) -> set[str]:
    """The tokens of the stage's that the reader does not have here, signs left out."""
    lost = [place.stage.tokens] if place.kind == "missing" else [ours for ours, _ in place.changes]
    return {token for tokens in lost for token in tokens if WORD.search(token)}


def tokens_added(place: Place) -> set[str]:
    """The tokens that the reader has here and the stage does not."""
    if place.kind == "extra":
        return set(place.own.tokens)
    return {token for _, theirs in place.changes for token in theirs}


def without_consequences(places: list[Place]) -> list[Place]:
    """Leave out what follows from a head that is missing or elsewhere, or is the reader's own.

    What stood below it stands elsewhere then, or less far in.
    """
    for head in [place for place in places if place.kind == "moved" and place.stage.until]:
        both = [place for place in places if place.kind == "moved" and place is not head]
        gone = [p for p in both if holds(head.stage, p.stage) and holds(head.own, p.own)]
        places = [place for place in places if place not in gone]
    for head in [place for place in places if place.kind in ("missing", "changed")]:
        if head.stage.until and (head.kind == "missing" or other_brackets(head)):
            inner = [p for p in places if p.stage and holds(head.stage, p.stage) and p is not head]
            gone = [place for place in inner if place.kind != "changed" or not place.changes]
            lines = [place.own.line for place in gone if place.kind == "moved"]
            if lines:
                among = range(min(lines), max(lines))
                gone += [p for p in places if p.kind == "extra" and p.own.line in among]
            else:
                head.count += sum(place.kind == "missing" for place in gone)
            places = [place for place in places if place not in gone]
    for head in [place for place in places if place.kind in ("extra", "changed")]:
        if head.own.until and (head.kind == "extra" or other_brackets(head)):
            inner = [p for p in places if p.own and holds(head.own, p.own) and p is not head]
            gone = [p for p in inner if p.kind in ("extra", "moved") or not p.changes]
            places = [place for place in places if place not in gone]
    return places


def other_brackets(place: Place) -> bool:
    """Whether a list or a dict has become something else."""
    opens = place.stage.opens or place.own.opens
    return opens != "" and place.stage.tokens[-1] != place.own.tokens[-1]


def holds(head: Unit, unit: Unit) -> bool:
    """Whether a unit stands in what a head holds."""
    return head.line <= unit.line <= head.until and unit is not head


def stands_twice(unit: Unit, stage: list[Unit], own: list[Unit]) -> bool:
    """Whether a unit stands in its scope once more than in the stage's."""

    def count(units: list[Unit]) -> int:
        near = [other for other in units if other.scope == unit.scope]
        return sum(u.tokens == unit.tokens or u.opens == unit.opens != "" for u in near)

    counts = len(unit.tokens) > 3 and unit.sort != "import"
    return counts and count(own) > count(stage) > 0


# Lines


def find_lines(place: Place, stage: list[Unit], kept: dict[int, Unit]) -> None:
    """Note the line of the reader's file, and that of the stage's, where a place is."""
    if place.stage:
        place.shown = place.stage.line
    place.line = place.own.line if place.own else spot(place.stage, stage, kept)


def spot(unit: Unit, stage: list[Unit], kept: dict[int, Unit]) -> int:
    """The reader's line where a unit that is missing belongs.

    It keeps the distance to what is above it, as far as there is room.
    """
    here = stage.index(unit)
    above = next((u for u in reversed(stage[:here]) if id(u) in kept), None)
    below = next((u for u in stage[here + 1 :] if id(u) in kept), None)
    line = kept[id(above)].end + max(unit.line - above.end, 1) if above else unit.line
    return min(line, kept[id(below)].line) if below else line


def localise(place: Place, stage: list[str], own: list[str]) -> None:
    """Find the line of a changed unit that has changed; one that is not there makes it missing."""
    ours = bare_lines(stage[place.stage.line - 1 : place.stage.end])
    theirs = bare_lines(own[place.own.line - 1 : place.own.end])
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    found = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    _, i1, i2, j1, j2 = found[0] if found else ("equal", 0, 0, 0, 0)
    lost = "".join(ours[i1:i2]) and not "".join(theirs[j1:j2])
    if len(found) == 1 and lost and place.changes and len(ours) > 1:
        place.kind, place.nature, place.count = "missing", SMALL, i2 - i1
    elif len(ours) != len(theirs) or len(found) > 2:
        i1 = line_with(ours, [token for side, _ in place.changes for token in side])
        j1 = line_with(theirs, [token for _, side in place.changes for token in side])
    place.shown += i1
    place.line += j1
    place.whole = i1 == j1 == 0


def bare_lines(lines: list[str]) -> list[str]:
    """Lines without what is blank at their ends, and without a comment that fills one."""
    return ["" if line.strip().startswith(("#", "//")) else line.strip() for line in lines]


def line_with(lines: list[str], tokens: list[str]) -> int:
    """Which of the lines has most of these tokens; the first one where none has any."""
    words = {word for token in tokens for word in WORD.findall(token)}
    found = [len(words.intersection(re.findall(WORD, line))) for line in lines]
    return found.index(max(found)) if found else 0
