"""The mutants of a chapter: what its reader types, with one small fault in it. Pure functions.

Four kinds, each made of the lines that are typed in the chapter:

- `line`: a line is gone;
- `word`: a `return`, `not` or `await` is gone;
- `swap`: two neighbouring statements have changed places;
- `name`: a word that a program reads is another: a key, id, path, name, code or number.

Left out is what shows itself: a Python file that can't be parsed, a bracket or a template's tag
without its other half. And what is no fault: comments, docstrings, words for people, two
independent assignments that change places.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from tutorial.author import mutating
from tutorial.course.chapters import chapter
from tutorial.course.stages import changed_files, is_made, stage_before, stage_files

KINDS = ("line", "word", "swap", "name")


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, the line as the text has it, and the file with the fault in it."""

    kind: str
    file: str
    line: int
    """Counted from 1."""
    text: str
    """The line as the text of the course has it, without its indentation."""
    change: str
    """What stands there instead, in one line."""
    content: str = field(repr=False)
    """The whole file with the fault."""

    @property
    def id(self) -> str:
        """The same as long as the fault and its place are: `line:chat/views.py:24:1f0c8e2a`."""
        digest = hashlib.sha256(f"{self.text}\0{self.change}".encode()).hexdigest()
        return f"{self.kind}:{self.file}:{self.line}:{digest[:8]}"

    def make(self, folder: Path) -> None:
        """Put the fault into the project in `folder`."""
        (folder / self.file).write_text(self.content, encoding="utf-8", newline="\n")


def mutants(number: int, kinds: Iterable[str] = KINDS) -> list[Mutant]:
    """The mutants of chapter `number` of these kinds, kind by kind, in the order of the files.

    Raises `Trouble` when there is no such chapter, or it is still to come.
    """
    typed = typed_places(number)
    files = stage_files(number)
    found = []
    for kind in kinds:
        for name, lines in typed.items():
            found += of_text(kind, name, files[name].read_text(encoding="utf-8"), lines)
    return found


def sample(number: int, count: int, kinds: Iterable[str] = KINDS) -> list[Mutant]:
    """`count` of a chapter's mutants, or all where it has fewer: always the same ones."""
    found = mutants(number, kinds)
    count = min(count, len(found))
    return [found[(2 * turn + 1) * len(found) // (2 * count)] for turn in range(count)]


def typed_places(number: int) -> dict[str, set[int]]:
    """The lines, counted from 1, that are typed in chapter `number`, by file; no blank ones.

    Given files and those that a command makes are left out.
    """
    after, before = stage_files(number), stage_files(stage_before(number))
    places = {}
    for name in changed_files(before, after):
        if name in after and name not in chapter(number).gives and not is_made(name, number):
            old = before[name].read_text(encoding="utf-8") if name in before else ""
            if new := new_lines(old, after[name].read_text(encoding="utf-8")):
                places[name] = new
    return places


def new_lines(old: str, new: str) -> set[int]:
    """The lines of `new`, counted from 1, that `old` does not have; blank ones don't count."""
    before = [line for line in old.splitlines() if line.strip()]
    numbered = [(n, line) for n, line in enumerate(new.splitlines(), start=1) if line.strip()]
    matcher = SequenceMatcher(None, before, [line for _, line in numbered], autojunk=False)
    return {
        numbered[place][0]
        for kind, _, _, first, last in matcher.get_opcodes()
        if kind != "equal"
        for place in range(first, last)
    }


def of_text(kind: str, file: str, text: str, typed: set[int]) -> Iterator[Mutant]:
    """The mutants of one kind that a file has; `typed`: its lines that count, from 1."""
    lines, seen = text.splitlines(), set()
    language = mutating.language_of(file)
    for first, last, new in getattr(language, kind)(lines):
        if not typed.intersection(range(first, last)):
            continue
        changed = [*lines[: first - 1], *new, *lines[last - 1 :]]
        content = "\n".join(changed) + "\n"
        if content in seen or changed == lines or not language.parses(content):
            continue
        seen.add(content)
        # The line that is named is the first one that is not as it was.
        same = next(n for n, line in enumerate([*new, None]) if lines[first - 1 + n] != line)
        change = " ⏎ ".join(line.strip() for line in new[same:])
        yield Mutant(kind, file, first + same, lines[first - 1 + same].strip(), change, content)
