"""Says where a reader's folder differs from the text: the nearest place that may explain a red
step, and one quiet line when all is green. It is never the verdict: another way may be as right.

What a folder holds is compared with the chapter's stage. What is not typed yet is told as that, and
what the stage before or a half-way version of the text has is never wrong. Where the reader went a
way of their own, nothing is said. `.env` is not looked at.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tutorial.checking.comparing import KEYED
from tutorial.checking.comparing.compare import Place
from tutorial.checking.comparing.look import Found, Looked, look
from tutorial.checking.comparing.nature import LARGE, SIGNATURE, SMALL, STYLE, WORDS

FEW, MANY = 3, 6
"""Places that the quiet line may be about where some are the reader's own way; and those with which
something is still said of a red step."""

LONGEST = 100
"""Characters of a line that are quoted."""

LATE = {SMALL: 0, SIGNATURE: 0, STYLE: 2, LARGE: 3, WORDS: 4}
"""What is told first of a red step; 1 is what is still to come."""

NOTHING = (
    "All that the text has you type{} is in your files; look at the database, the terminal or the "
    "server."
)
PENDING = "The first thing of the text that isn't in your files yet: {}"
TAKEN_OUT = "The text takes this out, and it is still in your files: {}"
RED = "{} If you mean it so, look elsewhere."
GREEN = "One thing is not as in the text: {} If you mean it so, all is well."

SECRET = re.compile(r"(\w*(?:SECRET|PASSWORD|TOKEN)\w*\s*=\s*)[rbf]?[\"'].*")


@dataclass(frozen=True)
class Difference:
    """Where a folder differs from the text, and the sentence that says so.

    `line` is the reader's line, or the one where what is missing belongs; `heading` is where the
    text shows it. `kind`: "missing", "changed", "moved", "extra", "twice", "comma", "file" (one
    that is not there), "pending" (not typed yet) or "none" (all that is typed is there).
    """

    file: str
    line: int | None
    heading: str | None
    kind: str
    sentence: str


def nearest(number: int, folder: Path, heading: str | None = None) -> Difference | None:
    """The place that may explain why the step below `heading` is red; None when nothing is known.

    Raises `Trouble` when there is no stage `number`.
    """
    looked = look(number, folder)
    if looked.own_way or sum(found.is_there for found in looked.found) > MANY:
        return None
    headings = looked.text.headings
    upto = headings.index(heading) if heading in headings else len(headings)
    told = [found for found in looked.found if found.nature != WORDS]
    told = [found for found in told if not (found.pending and found.section > upto)]
    if told:
        return difference(min(told, key=lambda found: rank(found, upto)), looked, RED)
    if looked.unread:
        return None
    so_far = " up to here" if any(found.pending for found in looked.found) else ""
    return Difference("", None, heading, "none", NOTHING.format(so_far))


def quiet(number: int, folder: Path) -> Difference | None:
    """Where a folder that is all green differs from the text in a few typed lines, or None.

    Raises `Trouble` when there is no stage `number`.
    """
    looked = look(number, folder)
    if looked.own_way or looked.unread:
        return None
    own = [found for found in looked.found if found.nature == LARGE]
    slips = [found for found in looked.found if found.nature == SMALL]
    other = sum(found.place.kind != "extra" for found in own)
    told = [found for found in slips if found.typed and found.place]
    if not told or own and len(slips) + other > FEW:
        return None
    return difference(min(told, key=lambda found: rank(found, 0)), looked, GREEN)


def rank(found: Found, upto: int) -> tuple:
    """What is lowest is told: `upto` is the number of the red step's heading."""
    block = 999 if found.block is None else found.block
    changes = found.place.changes if found.place else []
    late, cost = LATE[found.nature] + found.old, sum(len(a) + len(b) for a, b in changes)
    if found.pending:
        late, cost = 1, block + found.old / 2
    return (found.section > upto, not found.typed, late, cost, block)


# The words


def difference(found: Found, looked: Looked, tone: str) -> Difference:
    """What is told of a place, in the tone that fits the step."""
    ours, theirs = (text.splitlines() for text in looked.texts.get(found.file, ("", "")))
    heading = looked.text.headings[found.section] or None
    kind = found.place.kind if found.place else "file"
    line = found.place.line if found.place else None
    sentence = say(found, ours, theirs)
    if found.pending:
        kind, tone = "pending", TAKEN_OUT if found.old else PENDING
    elif tone == GREEN:
        sentence = sentence[0].lower() + sentence[1:]
    return Difference(found.file, line, heading, kind, tone.format(sentence))


def say(found: Found, ours: list[str], theirs: list[str]) -> str:
    """The sentence for a place, from the lines of the stage's file and of the reader's."""
    place = found.place
    if place is None:
        file = f"the file {found.file}"
        return f"{file}." if found.pending else f"The text has {file}; your folder does not."
    at, line = where(found), f"line {place.line}"
    text = quoted(line_of(ours, place.shown)) if place.stage else ""
    more = f" and {place.count - 1} more below it" if place.count > 1 else ""
    mine = quoted(masked(found.file, line_of(theirs, place.line)))
    if found.pending:
        return f"{text or mine} ({at[0].lower()}{at[1:]})."
    if place.kind == "missing":
        return f"{at}, at {line}, the text has {text}{more}; yours does not."
    if place.kind == "comma":
        return f"{at}, {line}, there is no comma behind {mine}."
    if place.kind == "twice":
        return f"{at}, {line}: {mine}{more} stands there twice; the text has it once."
    if place.kind == "extra":
        what = "is still there; the text has taken it out" if found.old else "is not in the text"
        return f"{at}, {line}: {mine}{more} {what}."
    if place.kind == "moved":
        there = stands(place, ours)
        return f"{at}, {line}: {mine} stands elsewhere than in the text, which has it {there}."
    if not place.changes:
        how = "less far in" if place.stage.depth > place.own.depth else "further in"
        return f"{at}, {line}: {mine} stands {how} than in the text."
    if text == mine:
        return f"{at}, {line}: what {mine} holds is not as in the text{apart(place)}."
    return f"{at}, {line}, the text has {text}; yours has {mine}{apart(place)}."


def where(found: Found) -> str:
    """The function, class or list, and the file."""
    unit = found.place.stage or found.place.own
    parts = [part for part in unit.scope.split(".") if part.isidentifier() and part != "item"]
    return f"In `{parts[-1]}` of {found.file}" if parts else f"In {found.file}"


def line_of(lines: list[str], number: int) -> str:
    """A line by its number, from 1, without what is blank at its ends."""
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def masked(file: str, line: str) -> str:
    """A reader's line without a value that may be secret."""
    return line.partition("=")[0].strip() if Path(file).name in KEYED else SECRET.sub(r"\1…", line)


def quoted(line: str) -> str:
    """A line as it is quoted: not too long."""
    return f"`{line if len(line) <= LONGEST else line[: LONGEST - 2] + ' …'}`"


def stands(place: Place, ours: list[str]) -> str:
    """Where the text has what stands elsewhere in the reader's file."""
    below = ours[max(place.stage.end, place.stage.until) :]
    below = [line for line in below if re.match(r"\s*[^\W#]", line)]
    return f"above {quoted(below[0])}" if below else "at the end"


def apart(place: Place) -> str:
    """The words that are lost, or too many, when there are no more than a few."""
    lost, added = place.changes[0]
    if len(place.changes) > 1 or len(lost) + len(added) > 6 or lost and added:
        return ""
    text = re.sub(r" ?([.()\[\]]) ?", r"\1", " ".join(lost or added)).strip(" ,")
    text = re.sub(r" ([,:;])", r"\1", text).replace("“", '"').replace("”", '"')
    if "·" in text or not text:
        return ""
    return f" (without `{text}`)" if lost else f" (`{text}` is more)"
