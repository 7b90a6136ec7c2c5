"""`watch`: runs the checks at every save, and listens for keys meanwhile."""

import ast
import contextlib
import hashlib
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tutorial.checking.folder import LEFT_OUT
from tutorial.checking.run import Report
from tutorial.checking.show import is_plain, show, tell_notes
from tutorial.course.stages import file_diff, stage_before, stage_files
from tutorial.environment import Trouble
from tutorial.reader.changes import free_name
from tutorial.reader.files import file_to_edit
from tutorial.reader.hints import hints
from tutorial.reader.keys import Keyboard, keyboard
from tutorial.reader.workspace import begin_change, end_change, read_progress

KEYS = "h hint · s solution · r reset a file · n next chapter · l list · q quit"
WAITING = 1.0
"""Seconds that a file may take to be one that Python can read, before it is looked at as it is."""

Events = queue.Queue[tuple[str, str]]


def watch(
    folder: Path,
    look: Callable[[Console], Report],
    go_on: Callable[[], None],
    show_course: Callable[[], None],
) -> None:
    """Check `folder` now and at every save, until q or Ctrl-C.

    `look(console)` runs the checks; `go_on()` and `show_course()` do what the keys n and l say.
    """
    events: Events = queue.Queue()
    threading.Thread(target=report_saves, args=(folder, events), daemon=True).start()
    with keyboard(events) as keys, contextlib.suppress(KeyboardInterrupt):
        watching = Watching(folder, Console(highlight=False), keys, look, go_on, show_course)
        watching.check()
        while watching.goes_on:
            watching.obey(*events.get())


class Watching:
    """What `watch` knows: the last report, what is asked, and what the folder held then."""

    def __init__(
        self,
        folder: Path,
        console: Console,
        keys: Keyboard,
        look: Callable[[Console], Report],
        go_on: Callable[[], None],
        show_course: Callable[[], None],
    ):
        self.folder, self.console, self.keys = folder, console, keys
        self.look, self.go_on, self.show_course = look, go_on, show_course
        self.report: Report | None = None
        self.seen: dict[str, str] = {}
        self.goes_on = True
        self.asked: Callable[[], None] | None = None
        """What is done when the answer is yes."""
        self.answer = ""
        self.hints = self.solutions = 0
        """How often they have been asked for since the last look."""

    def check(self) -> None:
        """Run the checks and show what came out; what is typed meanwhile is dropped."""
        self.seen = contents(self.folder)
        self.keys.deaf = True
        try:
            if not is_plain(self.console):
                self.console.rule()
            self.report = self.look(self.console)
        finally:
            self.keys.deaf = False
        show(self.report, self.console, self.folder)
        tell_notes(self.folder, self.console)
        self.asked, self.hints, self.solutions = None, 0, 0
        if not self.report.green:
            self.say(f"Edit: {file_to_edit(self.report, self.folder)}")
        keys = KEYS if self.keys.there else "Save a file. Ctrl-C ends."
        self.console.print(f"[dim]  {keys}[/dim]")

    def obey(self, kind: str, what: str) -> None:
        """Do what an event says: a save, or a key."""
        if kind == "save":
            if contents(self.folder) != self.seen:
                wait_until_it_parses(self.folder)
                self.check()
        elif self.asked:
            self.take_answer(what)
        else:
            act = {
                "h": self.hint,
                "s": self.solution,
                "r": self.ask_to_reset,
                "n": self.ask_to_go_on,
                "l": self.show_course,
                "q": self.quit,
            }.get(what)
            if act:
                act()

    def say(self, words: str) -> None:
        """Print a line."""
        self.console.print(f"\n  {words}", soft_wrap=True, markup=False)

    def quit(self) -> None:
        """End."""
        self.goes_on = False

    def ask(self, question: str, act: Callable[[], None]) -> None:
        """Ask whether to do something; `yes` and Enter does it, all else does not.

        A single letter would not do: a command that is typed into the wrong window has many.
        """
        self.say(f"{question} Type yes and press Enter; any other key leaves it.")
        self.asked, self.answer = act, ""

    def take_answer(self, key: str) -> None:
        """Take a key as part of an answer."""
        act = self.asked
        if key == "enter" and self.answer == "yes":
            self.asked = None
            try:
                act()
            except Trouble as trouble:
                self.say(str(trouble))
            self.check()
        elif "yes".startswith(self.answer + key):
            self.answer += key
        else:
            self.asked = None
            self.say("It is left as it is.")

    def ask_to_go_on(self) -> None:
        """Ask whether to go on to the next chapter, when this one is done."""
        if not self.report.green:
            self.say(f"“{self.report.open.heading}” is open. n works when the chapter is done.")
            return
        self.ask("Go on to the next chapter?", self.go_on)

    def ask_to_reset(self) -> None:
        """Ask whether to give the file that is to be edited back, as the chapter began."""
        file = file_to_edit(self.report, self.folder).relative_to(self.folder).as_posix()
        number = self.report.chapter.number
        self.ask(
            f"Give back {file} as chapter {number} began? Yours stays beside it.",
            lambda: self.say(reset(self.folder, number, file)),
        )

    def hint(self) -> None:
        """Show the next hint for the open step: where, what, nearly the line."""
        found = hints(self.report, self.folder)
        if not found:
            self.say("No step is open.")
            return
        self.say(found[min(self.hints, len(found) - 1)])
        self.hints += 1

    def solution(self) -> None:
        """Show how the text has the file that is to be edited, when asked for twice."""
        file = file_to_edit(self.report, self.folder)
        name = file.relative_to(self.folder).as_posix()
        if not self.solutions:
            self.solutions = 1
            self.say(f"s once more shows {name} as it is at the chapter's end.")
            return
        from tutorial.reader.showing import print_text_diff

        stage = stage_files(self.report.chapter.number).get(name)
        own = file if file.is_file() else None
        print_text_diff(file_diff(name, own, stage, ("yours", "the text's")))


def contents(folder: Path) -> dict[str, str]:
    """A hash of each file of a project that counts when it is saved."""
    found = {}
    for file in folder.rglob("*"):
        inside = file.relative_to(folder)
        if counts(inside) and file.is_file():
            with contextlib.suppress(OSError):
                found[inside.as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def counts(name: Path) -> bool:
    """Whether a file, by its path in the project, is one of the reader's work."""
    ours = name.name.startswith((".tutorial.json", "db.sqlite3", "tutorial.py"))
    aside = name.suffix in (".given", ".mine", ".before", ".pyc")
    return not (ours or aside or LEFT_OUT & set(name.parts))


def wait_until_it_parses(folder: Path) -> None:
    """Wait until Python can read all files, or they have stayed as they are for a while."""
    before, since = contents(folder), time.monotonic()
    while time.monotonic() - since < WAITING and not all_parse(folder):
        time.sleep(0.1)
        if (now := contents(folder)) != before:
            before, since = now, time.monotonic()


def all_parse(folder: Path) -> bool:
    """Whether Python can read all Python files of a project."""
    for file in folder.rglob("*.py"):
        if counts(file.relative_to(folder)):
            try:
                ast.parse(file.read_bytes())
            except (SyntaxError, ValueError, OSError):
                return False
    return True


def report_saves(folder: Path, events: Events) -> None:
    """Put a save into the queue whenever a file of the project has changed."""
    from watchfiles import DefaultFilter, watch

    class Project(DefaultFilter):
        ignore_dirs = (*DefaultFilter.ignore_dirs, *LEFT_OUT)

        def __call__(self, change, path: str) -> bool:
            return super().__call__(change, path) and counts(Path(path).relative_to(folder))

    for _ in watch(folder, watch_filter=Project(), debounce=300, step=50, raise_interrupt=False):
        events.put(("save", ""))


def reset(folder: Path, number: int, name: str) -> str:
    """Give a file back as chapter `number` began; the reader's is laid beside it. Says so.

    `undo` takes it back. Raises `Trouble` when it is so already.
    """
    source = stage_files(stage_before(number)).get(name)
    file = folder / name
    content = source.read_bytes() if source else None
    there = file.read_bytes() if file.is_file() else None
    if there == content:
        raise Trouble(f"{name} is as chapter {number} began.")
    progress = read_progress(folder)
    change = begin_change(f"reset of {name}", progress)
    said = f"{name} is now as chapter {number} began."
    if there is not None:
        mine = free_name(file, "mine").relative_to(folder).as_posix()
        change.write(folder, mine, there)
        said += f" Yours is {mine}."
    if content is None:
        change.remove(folder, name)
        said = f"{name} is gone: chapter {number} began without it. Yours is {mine}."
    else:
        change.write(folder, name, content)
    end_change(folder, progress, change)
    return said
