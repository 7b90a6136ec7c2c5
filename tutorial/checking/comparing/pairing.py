"""Finds out which units of two versions of a file belong together: pure functions."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from tutorial.checking.comparing.units import Unit, in_scope, moved_scope

ALIKE = 0.6
"""From here on, two units are taken for versions of one; 1 is the same."""

LARGEST = 2_500
"""Pairs of units that are compared with each other, at one place."""

DEEPEST = 6
"""How deep scopes may stand in each other."""

Change = tuple[tuple[str, ...], tuple[str, ...]]
"""Tokens of the stage's, and those of the reader's that stand in their place."""


@dataclass
class Pairs:
    """What belongs together: units of the stage's, and of the reader's."""

    kept: list[tuple[Unit, Unit]] = field(default_factory=list)
    changed: list[tuple[Unit, Unit]] = field(default_factory=list)
    missing: list[Unit] = field(default_factory=list)
    extra: list[Unit] = field(default_factory=list)


def pair_units(stage: list[Unit], own: list[Unit]) -> Pairs:
    """Find out which units belong together, scope by scope."""
    pairs = Pairs()
    by_scope: dict[str, tuple[list[Unit], list[Unit]]] = {}
    for side, units in enumerate((stage, own)):
        for unit in units:
            by_scope.setdefault(unit.scope, ([], []))[side].append(unit)
    for ours, theirs in by_scope.values():
        pair_free([u for u in ours if not u.ordered], [u for u in theirs if not u.ordered], pairs)
        pair_ordered([u for u in ours if u.ordered], [u for u in theirs if u.ordered], pairs)
    return pairs


def pair_free(stage: list[Unit], own: list[Unit], pairs: Pairs) -> None:
    """Pair units whose order does not count: the same ones, those of one name, those alike."""
    waiting = defaultdict(list)
    for unit in own:
        waiting[unit.key].append(unit)
    missing = []
    for unit in stage:
        if waiting[unit.key]:
            pairs.kept.append((unit, waiting[unit.key].pop(0)))
        else:
            missing.append(unit)
    extra = [unit for units in waiting.values() for unit in units]
    for unit in list(missing):
        same = [other for other in extra if other.sort == unit.sort and same_name(unit, other)]
        if same:
            pairs.changed.append((unit, same[0]))
            missing.remove(unit)
            extra.remove(same[0])
    pair_alike(missing, extra, pairs)


def same_name(stage: Unit, own: Unit) -> bool:
    """Whether two units give a meaning to the same name, or open the same scope."""
    return stage.name == own.name != "" or stage.opens == own.opens != ""


def pair_ordered(stage: list[Unit], own: list[Unit], pairs: Pairs) -> None:
    """Pair units whose order counts."""
    matcher = SequenceMatcher(None, [u.key for u in stage], [u.key for u in own], autojunk=False)
    for kind, i1, i2, j1, j2 in on_whole_lines(matcher.get_opcodes(), stage):
        ours, theirs = stage[i1:i2], own[j1:j2]
        if kind == "equal":
            pairs.kept += zip(ours, theirs, strict=True)
        elif divided_otherwise(ours, theirs):
            pairs.kept += [(unit, theirs[0]) for unit in ours]
        else:
            pair_runs(ours, theirs, pairs)
            pair_alike(ours, theirs, pairs, same_place=True)


def on_whole_lines(codes: list[tuple], stage: list[Unit]) -> list[list]:
    """Shift what is missing to where a line begins, if it says the same there."""
    codes = [list(code) for code in codes]
    for before, code, after in zip(codes, codes[1:], codes[2:], strict=False):
        if [before[0], code[0], after[0]] != ["equal", "delete", "equal"]:
            continue
        for step in (1, -1):
            while (
                before[1] < code[1] + step
                and code[2] + step < after[2]
                and stage[code[1] - 1].line == stage[code[1]].line
                and stage[code[1] - (step < 0)].key == stage[code[2] - (step < 0)].key
            ):
                for bound, places in ((before, (2, 4)), (code, (1, 2, 3, 4)), (after, (1, 3))):
                    for place in places:
                        bound[place] += step
    return codes


def divided_otherwise(stage: list[Unit], own: list[Unit]) -> bool:
    """Whether the two say the same in the same words, divided into statements otherwise."""
    if not stage or not own:
        return False
    ours, theirs = all_tokens(stage), all_tokens(own)
    if ours == theirs:
        return {unit.depth for unit in stage} == {unit.depth for unit in own}
    if len(stage) == len(own):
        return False
    return sorted(ours) == sorted(theirs) or same_but_braces(ours, theirs)


def all_tokens(units: list[Unit]) -> list[str]:
    """The tokens of some units, one after the other."""
    return [token for unit in units for token in unit.tokens]


def same_but_braces(ours: list[str], theirs: list[str]) -> bool:
    """Whether two texts are the same but for braces, which are balanced in both."""
    bare = [[token for token in side if token not in "{}"] for side in (ours, theirs)]
    balanced = all(side.count("{") == side.count("}") for side in (ours, theirs))
    return balanced and bare[0] == bare[1]


def pair_runs(stage: list[Unit], own: list[Unit], pairs: Pairs) -> None:
    """Pair what one version has in a line and the other in several; take it out of the lists."""
    for unit in list(stage):
        if run := run_of(unit, own):
            pairs.kept.append((unit, own[run.start]))
            stage.remove(unit)
            del own[run]
    for unit in list(own):
        if run := run_of(unit, stage):
            pairs.kept += [(ours, unit) for ours in stage[run]]
            own.remove(unit)
            del stage[run]


def run_of(unit: Unit, units: list[Unit]) -> slice | None:
    """Where two units or more, one below the other, say the same as one."""
    wanted = list(unit.tokens)
    for first in range(len(units)):
        for last in range(first + 2, len(units) + 1):
            said = all_tokens(units[first:last])
            if said == wanted or same_but_braces(said, wanted):
                return slice(first, last)
            if len(said) > len(wanted) + 2:
                break
    return None


def pair_alike(stage: list[Unit], own: list[Unit], pairs: Pairs, same_place: bool = False) -> None:
    """Pair units that are nearly the same, the most alike first; note what is left.

    `same_place`: they stand between the same neighbours, so that what is left says in another way
    what is missing.
    """
    scored = []
    if len(stage) * len(own) <= LARGEST:
        scored = [
            (unit_likeness(a, b), -i, -j) for i, a in enumerate(stage) for j, b in enumerate(own)
        ]
    ours, theirs = set(range(len(stage))), set(range(len(own)))
    for score, i, j in sorted(scored, reverse=True):
        if score >= ALIKE and -i in ours and -j in theirs:
            ours.remove(-i)
            theirs.remove(-j)
            pairs.changed.append((stage[-i], own[-j]))
    missing, extra = [stage[i] for i in sorted(ours)], [own[j] for j in sorted(theirs)]
    while same_place and missing and extra and missing[0].sort == extra[0].sort:
        pairs.changed.append((missing.pop(0), extra.pop(0)))
    pairs.missing += missing
    pairs.extra += extra


def unit_likeness(stage: Unit, own: Unit) -> float:
    """How much two units have in common; a word that is misspelt counts nearly as the same."""
    score = likeness(stage.tokens, own.tokens) + 0.01 * (stage.depth == own.depth)
    if score < ALIKE and len(stage.tokens) == len(own.tokens):
        words = [pair for pair in zip(stage.tokens, own.tokens, strict=True) if pair[0] != pair[1]]
        if len(words) == 1:
            score = max(score, SequenceMatcher(None, *words[0]).ratio() - 0.1)
    return score


def likeness(stage: Iterable[str], own: Iterable[str]) -> float:
    """How many tokens two texts have in common: 1 for all, 0 for none."""
    ours, theirs = Counter(stage), Counter(own)
    return 2 * (ours & theirs).total() / max(ours.total() + theirs.total(), 1)


def differing(stage: Unit, own: Unit) -> list[Change]:
    """The tokens in which two units differ."""
    matcher = SequenceMatcher(None, stage.tokens, own.tokens, autojunk=False)
    return [
        (stage.tokens[i1:i2], own.tokens[j1:j2])
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind != "equal"
    ]


# Scopes


def align_scopes(stage: list[Unit], own: list[Unit]) -> dict[str, str]:
    """Give what is called otherwise, or stands elsewhere, the stage's scopes, in place.

    Return the stage's scope → the one that it was.
    """
    aliases: dict[str, str] = {}
    for _ in range(DEEPEST):
        found = lonely_pairs(stage, own)
        aliases |= found
        for new, old in found.items():
            for unit in own:
                unit.scope = moved_scope(unit.scope, old, new)
                unit.opens = moved_scope(unit.opens, old, new)
        if not found:
            break
    return aliases


def lonely_pairs(stage: list[Unit], own: list[Unit]) -> dict[str, str]:
    """Scopes that only one side has, the stage's → the reader's, and that hold much the same.

    First those in the same scope; then functions that stand elsewhere.
    """
    opened = {unit.opens for unit in stage}, {unit.opens for unit in own}
    both = opened[0] & opened[1] | {""}
    heads = [u for u in stage if u.opens and u.opens not in opened[1]]
    others = [u for u in own if u.opens and u.opens not in opened[0]]
    if len(heads) * len(others) > LARGEST:
        return {}
    ours, theirs = [(u, inside(u, stage)) for u in heads], [(u, inside(u, own)) for u in others]
    every = [(a, b) for a in ours for b in theirs]
    in_place = [(a, b) for a, b in every if a[0].scope == b[0].scope and a[0].scope in both]
    elsewhere = [(a, b) for a, b in every if a[0].tokens == b[0].tokens]
    for pairs in (in_place, elsewhere):
        scored = [(likeness(a[1], b[1]), a[0].opens, b[0].opens) for a, b in pairs]
        found: dict[str, str] = {}
        for score, new, old in sorted(scored, reverse=True):
            if score >= ALIKE and new not in found and old not in found.values():
                found[new] = old
        if found:
            return found
    return {}


def inside(head: Unit, units: list[Unit]) -> Counter:
    """The tokens of a head and of all that stands in its scope."""
    return Counter(all_tokens([head, *(u for u in units if in_scope(u.scope, head.opens))]))


def aliased(scope: str, aliases: dict[str, str]) -> str:
    """What the reader calls a scope of the stage's."""
    for new, old in reversed(aliases.items()):
        scope = moved_scope(scope, new, old)
    return scope
