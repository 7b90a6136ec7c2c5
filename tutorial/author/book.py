"""The book: helpers for the blocks in a chapter's README.md. Writing a chapter is doing it.

A block is one line of Python in an HTML comment, which Markdown hides, and what cog writes below:

    <!-- [[[cog book.show("chat/routing.py") ]]] -->
    …
    <!-- [[[end]]] -->

While cog goes through a chapter, the helpers type, run and break things in a folder that begins
as the stage before, with what the chapter gives. At the chapter's end it has to be the stage.
"""

import io
import os
import re
import sys
import tempfile
from pathlib import Path

from cogapp import Cog
from cogapp.cogapp import CogError

from tutorial.author import replay
from tutorial.bench import results
from tutorial.course import source
from tutorial.course.chapters import COURSE, Chapter, chapter
from tutorial.course.mistakes import made, mistakes
from tutorial.course.project import make_env_file
from tutorial.course.stages import (
    changed_files,
    given_files,
    stage_before,
    stage_files,
    write_files,
)
from tutorial.environment import ROOT

LONGEST = 40
"""Lines that one block of code may have."""

LANGUAGES = {
    **{".py": "python", ".js": "javascript", ".html": "html", ".css": "css", ".toml": "toml"},
    **{".json": "json", ".svg": "xml", ".yml": "yaml", ".conf": "nginx", ".md": "markdown"},
}
NAMES = {"Pipfile": "toml", ".env": "ini", ".env.example": "ini", "Dockerfile": "dockerfile"}

NOT_COMPARED = re.compile(r"(^|/)(\.env|db\.sqlite3.*|__pycache__(/.*)?|staticfiles/.*)$")
SUM = re.compile(r"(?<=\[\[\[end\]\]\]) \((sum|checksum): [^)]*\)")


class BookError(CogError):
    """Something in a chapter's text that is not true; says where and what."""


class Book:
    """What the blocks of one chapter call. `folder` is the reader's, `capture` runs commands."""

    def __init__(self, number: int, folder: Path, capture: bool):
        self.chapter: Chapter = chapter(number)
        self.folder, self.capture = folder, capture
        self.files = stage_files(number)
        self.before = stage_files(stage_before(number))
        write_files(self.before | given_files(number), folder)
        if (folder / ".env.example").is_file():
            make_env_file(folder)

    # What a block prints, and what it says when something is wrong.

    def out(self, text: str) -> None:
        """Print a block's text, with the blank lines around it that Markdown needs."""
        sys.modules["cog"].out(f"\n{text.strip()}\n\n")

    def previous(self) -> str:
        """What stands in the block now."""
        return sys.modules["cog"].previous

    def error(self, block: str, problem: str) -> BookError:
        """An error that names the chapter and the block."""
        return BookError(f"Chapter {self.chapter.number}, {block}: {problem}")

    def fence(self, language: str, text: str) -> str:
        """A fenced block of Markdown."""
        mark = "````" if "```" in text else "```"
        return f"{mark}{language}\n{text.rstrip()}\n{mark}"

    # Code that the reader types.

    def show(
        self,
        path: str,
        symbol: str | None = None,
        *,
        start: str | None = None,
        end: str | None = None,
        step: str | None = None,
        place: str | None = None,
    ) -> None:
        """Show a file, a symbol of it, or its lines from `start` to `end`; and type them.

        The text is the stage's, or that in `steps/STEP/`. `place` says where it goes when the
        words that are found without it will not do.
        """
        block = f"show({', '.join(repr(part) for part in (path, symbol or start) if part)})"
        target = self.target(path, step, block)
        file = self.folder / path
        current = file.read_text("utf-8") if file.is_file() else ""
        if symbol:
            span = source.symbol_span(target, symbol)
            if span is None:
                raise self.error(block, f"{path} has no {symbol}")
        elif start:
            try:
                span = source.range_span(target, start, end)
            except ValueError as problem:
                raise self.error(block, f"in {path}, {problem}") from None
        else:
            span = (0, len(target.splitlines()))
        shown = target.splitlines()[slice(*span)]
        if len(shown) > LONGEST:
            raise self.error(block, f"{len(shown)} lines; a block has at most {LONGEST}")
        where = place or self.place(path, symbol, span, current, target)
        typed = source.type_in(current, target, span, symbol)
        if not source.stands_in(shown, typed):
            raise self.error(block, "what is shown can't be typed into what is there by then")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(typed, "utf-8", newline="\n")
        if not shown:
            self.out(f"**{path}**{where}.")
            return
        language = NAMES.get(Path(path).name) or LANGUAGES.get(Path(path).suffix, "text")
        self.out(f"**{path}**{where}:\n\n{self.fence(language, dedented(shown))}")

    def target(self, path: str, step: str | None, block: str) -> str:
        """The text that the file is to have, at a step or at the chapter's end."""
        if step:
            stored = self.chapter.folder / "steps" / step / path
        else:
            stored = self.files.get(path)
        if stored is None or not stored.is_file():
            raise self.error(block, f"there is no {path} in the {'step' if step else 'stage'}")
        return stored.read_text("utf-8")

    def place(
        self, path: str, symbol: str | None, span: source.Span, current: str, target: str
    ) -> str:
        """Words for where the shown lines go, to stand behind the file's name."""
        lines = target.splitlines()
        if span == (0, len(lines)):
            return ", the whole file" if current else ", a new file"
        if not current:
            return ", a new file that begins with this"
        if symbol:
            *parents, last = symbol.split(".")
            inside = f", in `{'.'.join(parents)}`" if parents else ""
            if source.symbol_span(current, symbol):
                return f"{inside}, in place of the old `{last}`"
            before = source.neighbour(target, symbol)
            while before and not source.symbol_span(current, ".".join([*parents, before])):
                before = source.neighbour(target, ".".join([*parents, before]))
            if before:
                return f"{inside}, below `{before}`"
            return inside or (", at the end" if span[1] == len(lines) else ", below the imports")
        old = current.splitlines()
        first, last = lines[span[0]].strip(), lines[span[1] - 1].strip()
        if first in (line.strip() for line in old) and span[1] - span[0] > 1:
            return f", from the line `{first}` to the line `{last}`"
        above = [line.strip() for line in lines[: span[0]] if line.strip()]
        kept = [line for line in above if line in (other.strip() for other in old)]
        if span[1] == len(lines):
            return ", at the end"
        if first.startswith(("import ", "from ")) and not "".join(lines[span[0] - 1 : span[0]]):
            # The first import below an empty line: it goes where no new empty line is needed.
            following = lines[span[1]].strip()
            if following and following in (line.strip() for line in old):
                return f", directly above `{following}`"
        return f", below `{kept[-1]}`" if kept else ", at the top"

    def remove(self, path: str, text: str) -> None:
        """Show lines that the reader takes out of a file, and take them out."""
        file = self.folder / path
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
        gone = text.strip("\n").splitlines()
        wanted = [line.strip() for line in gone]
        found = [
            n
            for n in range(len(lines) - len(gone) + 1)
            if [line.strip() for line in lines[n : n + len(gone)]] == wanted
        ]
        if len(found) != 1:
            raise self.error(f"remove({path!r})", f"the text stands there {len(found)} times")
        shown = lines[found[0] : found[0] + len(gone)]
        kept = lines[: found[0]] + lines[found[0] + len(gone) :]
        if path in self.files:
            target = self.files[path].read_text("utf-8").splitlines()
            kept = source.with_blank_lines(kept, target)
        file.write_text("\n".join(kept) + "\n", "utf-8", newline="\n")
        language = NAMES.get(Path(path).name) or LANGUAGES.get(Path(path).suffix, "text")
        words = "this line" if len(shown) == 1 else "these lines"
        self.out(f"Take {words} out of **{path}**:\n\n{self.fence(language, dedented(shown))}")

    def delete(self, path: str) -> None:
        """Say that a file goes, and delete it."""
        if not (self.folder / path).is_file():
            raise self.error(f"delete({path!r})", "there is no such file")
        (self.folder / path).unlink()
        self.out(f"Delete the file **{path}**.")

    # Commands that the reader runs.

    def run(
        self,
        command: str,
        *,
        changes: bool = False,
        makes: tuple[str, ...] = (),
        only: str | None = None,
        last: int | None = None,
        stdin: str = "",
        expect: int = 0,
    ) -> None:
        """Show a command with its true output, and run it.

        `changes`: it changes files, so it always runs; others run when outputs are captured.
        `makes`: these files are taken from the stage in place of running it (`pipenv install`),
        and no output is shown. `only`: show the lines in which this pattern is found; `last`: show
        this many. `expect`: its exit code.
        """
        prompt = f"$ {command}"
        if makes:
            write_files({name: self.files[name] for name in makes}, self.folder)
            self.out(self.fence("console", prompt))
        elif not changes and (kept := self.kept(prompt)):
            self.out(kept)
        else:
            try:
                output = replay.run(self.folder, command, stdin, expect)
            except ValueError as problem:
                raise self.error(f"run({command!r})", str(problem)) from None
            self.out(self.fence("console", f"{prompt}\n{chosen(output, only, last)}"))

    def shell(self, *parts: str) -> None:
        """Show what happens when these lines are typed at `python manage.py shell -v0`."""
        prompt = "$ python manage.py shell -v0"
        head = f"{prompt}\n>>> {parts[0].splitlines()[0]}"
        try:
            text = self.kept(head) or self.fence(
                "pycon", f"{prompt}\n{replay.shell(self.folder, parts)}"
            )
        except ValueError as problem:
            raise self.error(f"shell({parts[0]!r})", str(problem)) from None
        self.out(text)

    def serve(self, *requests: str, only: str | None = None, last: int | None = None) -> None:
        """Show what the server's terminal says while these requests reach it.

        A request is `GET /path` or `WS /path {"message": "…"}`; `WS alice@/path …` logs in first.
        """
        prompt = "$ python manage.py runserver"
        text = self.kept(prompt)
        if not text:
            output, _ = replay.serve(self.folder, requests)
            text = self.fence("console", f"{prompt}\n{chosen(output, only, last)}")
        self.out(text)

    def bench(self, command: str) -> None:
        """Show the benchmark's command, and a table of the results that are kept for the course.

        For each row and number of clients: deliveries per second, and the ratio to the first row.
        """
        kept = results.load()
        counts = kept.settings["clients"]
        lines = [
            f"| server | {' | '.join(f'{count:,} windows' for count in counts)} |",
            f"| --- |{' ---: |' * len(counts)}",
        ]
        for row in kept.rows:
            cells = [kept.cell(row["key"], count) for count in counts]
            ratios = [f"{kept.ratio(row['key'], count):.2g}" for count in counts]
            figures = [f"{c.per_second:,.0f} ({r})" for c, r in zip(cells, ratios, strict=True)]
            lines.append(f"| {row['label']} | {' | '.join(figures)} |")
        machine, versions = kept.machine, kept.versions
        about = (
            f"Deliveries per second, and in brackets the ratio to the first row. {kept.date}, "
            f"{machine['system']} on {machine['cores']} cores ({machine['processor']}), Python "
            f"{versions['python']}, Django {versions['django']}, Channels {versions['channels']}, "
            f"Daphne {versions['daphne']}, uvicorn {versions['uvicorn']}; Daphne where nothing "
            f"else is said; medians of {kept.settings['rounds']} rounds."
        )
        table = "\n".join(lines)
        self.out(f"{self.fence('console', f'$ {command}')}\n\n{table}\n\n{about}")

    def mistake(
        self,
        name: str,
        *requests: str,
        command: str | None = None,
        only: str | None = None,
        last: int = 1,
        of: int | None = None,
    ) -> None:
        """Make a mistake of mistakes.toml, show the true error's last lines, and take it back.

        What fails is `command`, or the server at one of the `requests`. `of`: the chapter whose
        mistake it is, when it is an earlier one's.
        """
        known = mistakes(chapter(of) if of else self.chapter)
        broken = {entry["name"]: entry for entry in known}.get(name)
        if broken is None:
            raise self.error(f"mistake({name!r})", "mistakes.toml has no such entry")
        text = self.kept("")
        if not text:
            try:
                with made(broken, self.folder):
                    if command:
                        output = self.failing(command)
                    else:
                        output, _ = replay.serve(self.folder, requests)
            except ValueError as problem:
                raise self.error(f"mistake({name!r})", str(problem)) from None
            shown = chosen(output, only, last) if only else replay.last_error(output, last)
            if not shown.strip():
                raise self.error(f"mistake({name!r})", "the error does not show")
            text = self.fence("text", shown)
        self.out(text)

    def failing(self, command: str) -> str:
        """The output of a command that has to fail."""
        try:
            replay.run(self.folder, command, expect=-1000)
        except ValueError as problem:
            return replay.stable(str(problem).partition("\n")[2], self.folder)
        raise AssertionError("no command ends with -1000")

    def kept(self, head: str) -> str | None:
        """In the fast mode, the block as it stands when it begins with this; else None."""
        old = self.previous().strip()
        inside = old.partition("\n")[2]
        return old if old and not self.capture and inside.startswith(head) else None

    # What is known from elsewhere.

    def head(self) -> None:
        """The chapter's length and its terms."""
        terms = ", ".join(self.chapter.terms)
        self.out(f"*About {self.chapter.minutes} minutes. New words: {terms}.*")

    def given(self, whats: dict[str, str]) -> None:
        """The files that the chapter gives, each with a line that says what it is."""
        gives = self.chapter.gives
        if set(gives) != set(whats):
            raise self.error("given()", f"describes {sorted(whats)}, but it gives {gives}")
        self.out("\n".join(f"- {self.link(name)}: {whats[name]}" for name in gives))

    def changed(self) -> None:
        """Links to every file of the stage that the chapter makes or changes."""
        names = [name for name in changed_files(self.before, self.files) if name in self.files]
        self.out(" · ".join(self.link(name) for name in names))

    def link(self, name: str) -> str:
        """A link to a file of the stage."""
        where = os.path.relpath(self.files[name], self.chapter.folder).replace(os.sep, "/")
        return f"[{name}]({where})"

    def next(self) -> None:
        """A link to the next chapter."""
        following = next((c for c in COURSE if c.number > self.chapter.number), None)
        if following is None:
            self.out("This was the last chapter.")
            return
        name = f"{following.number}. {following.title}"
        if not following.exists:
            self.out(f"Next: **{name}**")
        else:
            link = f"**[{name}](../{following.folder.name}/README.md)**"
            self.out(f"In your folder, type `python3 -m tutorial next`. Next: {link}")

    # The chapter's end.

    def finish(self) -> None:
        """Hold the folder against the stage; raises `BookError` where they differ."""
        typed = {
            path.relative_to(self.folder).as_posix(): path
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        typed = {name: path for name, path in typed.items() if not NOT_COMPARED.search(name)}
        differ = changed_files(typed, self.files)
        if differ:
            from tutorial.course.stages import file_diff

            name = differ[0]
            raise self.error(
                "at its end",
                f"who follows the text does not get the stage: {', '.join(differ)}\n"
                + file_diff(name, typed.get(name), self.files.get(name)),
            )


def dedented(lines: list[str]) -> str:
    """Lines as they stand in their file: a method keeps its indentation, ready to copy."""
    return "\n".join(lines)


def chosen(output: str, only: str | None, last: int | None) -> str:
    """Those lines of an output that are shown."""
    lines = output.rstrip().splitlines()
    if only:
        lines = [line for line in lines if re.search(only, line)]
    return "\n".join(lines[-last:] if last else lines)


def write_chapter(number: int, capture: bool, text: str | None = None) -> str:
    """Go through a chapter's text and return it with all its blocks written.

    `capture`: run every command; without it outputs stay as they stand in the text. Raises
    `BookError` for a block that can't be typed, and when the reader does not end at the stage.
    """
    text = chapter(number).readme.read_text("utf-8") if text is None else text
    with tempfile.TemporaryDirectory(prefix="book-") as place:
        folder = Path(place, replay.NAME)
        folder.mkdir()
        book = Book(number, folder, capture)
        written = process(book, text)
        book.finish()
    return written


def process(book: Book, text: str) -> str:
    """Go through a text, or a part of it, doing what its blocks say; return it with them written.

    Raises what the blocks do.
    """
    cog = Cog()
    cog.options.hash_output = True
    written = io.StringIO()
    name = book.chapter.readme.relative_to(ROOT).as_posix()
    cog.process_file(io.StringIO(text), written, fname=name, globals={"book": book})
    return written.getvalue()


def parts(text: str) -> list[tuple[str, str]]:
    """A chapter's text cut at its headings: pairs of a heading and the text up to its end.

    What stands above the first heading belongs to the first part, with "" as its heading.
    """
    found, heading, lines = [], "", []
    for line in text.splitlines(keepends=True):
        if line.startswith("## "):
            found.append((heading, "".join(lines)))
            heading, lines = line.removeprefix("## ").strip(), []
        lines.append(line)
    return [*found, (heading, "".join(lines))]


def write(numbers: list[int], capture: bool = True) -> list[int]:
    """Write all blocks of these chapters anew; return the numbers of those that changed."""
    changed = []
    for number in numbers:
        readme = chapter(number).readme
        old = readme.read_text("utf-8")
        new = write_chapter(number, capture, SUM.sub("", old))
        if new != old:
            readme.write_text(new, "utf-8", newline="\n")
            changed.append(number)
    return changed
