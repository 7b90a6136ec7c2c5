"""`watch`: runs the checks at every save, and listens for keys meanwhile."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console

from tutorial.checking.folder import LEFT_OUT
from tutorial.checking.run import Report
from tutorial.checking.show import check, show
from tutorial.course.stages import changed_files, stage_before, stage_files
from tutorial.environment import WINDOWS, Trouble

KEYS = "h hint · n next chapter · l list · r reset a file · q quit"


def watch(
    folder: Path,
    number: Callable[[], int],
    done: Callable[[Report], None],
    go_on: Callable[[], None],
    show_course: Callable[[], None],
) -> None:
    """Check `folder` now and at every save, until q or Ctrl-C.

    `number()` is the chapter under way; `done(report)` remembers a report; `go_on()` and
    `show_course()` do what the keys n and l say.
    """
    console = Console(highlight=False)
    events: queue.Queue[str] = queue.Queue()
    threading.Thread(target=report_saves, args=(folder, events), daemon=True).start()
    with keys(events) as has_keys, contextlib.suppress(KeyboardInterrupt):
        report, event = None, "save"
        while event != "q":
            if event == "save":
                console.rule()
                report = check(number(), folder, console)
                done(report)
                show(report, console)
                console.print(f"\n  Edit: {file_to_edit(report, folder)}", soft_wrap=True)
                console.print(f"[dim]  {KEYS if has_keys else 'Save a file. Ctrl-C ends.'}[/dim]")
            elif event == "h" and report and report.open:
                console.print(f"\n  Hint: {report.open.hint or 'There is none for this step.'}")
            elif event == "l":
                show_course()
            elif event in ("n", "r"):
                act = go_on if event == "n" else partial(reset, report, folder)
                event = attempt(console, act)
                continue
            event = next_event(events)


def attempt(console: Console, act: Callable) -> str:
    """Do something that may meet a `Trouble`, which is told; return the event to go on with."""
    try:
        if said := act():
            console.print(f"\n  {said}", soft_wrap=True)
    except Trouble as trouble:
        console.print(f"\n  {trouble}", soft_wrap=True)
    return "save"


def next_event(events: queue.Queue) -> str:
    """The next key or save; several saves at once are one."""
    event = events.get()
    while event == "save" and not events.empty():
        event = events.get()
    return event


def report_saves(folder: Path, events: queue.Queue) -> None:
    """Put "save" into the queue whenever a file of the project has changed."""
    from watchfiles import DefaultFilter, watch

    class Project(DefaultFilter):
        ignore_dirs = (*DefaultFilter.ignore_dirs, *LEFT_OUT)

        def __call__(self, change, path: str) -> bool:
            name = Path(path).name
            ours = name.startswith((".tutorial.json", "db.sqlite3"))
            return super().__call__(change, path) and not ours

    for _ in watch(folder, watch_filter=Project(), debounce=300, step=50, raise_interrupt=False):
        events.put("save")


def file_to_edit(report: Report, folder: Path) -> Path:
    """The file that is most likely the next to edit.

    The one whose line the problem blames; else the first, in the text's order, that is as it was
    before the chapter; else one that the problem names.
    """
    problem = report.problem or ""
    number = report.chapter.number
    after, before = stage_files(number), stage_files(stage_before(number))
    typed = in_reading_order(
        [
            name
            for name in changed_files(before, after)
            if name in after and name not in report.chapter.gives
        ],
        report.chapter.readme,
    )
    own = {name: folder / name for name in typed if (folder / name).is_file()}
    begun = {name: before[name] for name in typed if name in before}
    untouched = [name for name in typed if name not in changed_files(begun, own)]
    named = [name for name in [*typed, *after] if name in problem]
    blamed = [name for name in named if f"{name}, line" in problem and name not in untouched]
    missing = [name for name in untouched if name not in before]
    modules = [name for name in missing if name.removesuffix(".py").replace("/", ".") in problem]
    return folder / [*modules, *blamed, *untouched, *named, *typed, "manage.py"][0]


def in_reading_order(names: list[str], readme: Path) -> list[str]:
    """The files in the order in which the chapter's text shows them; the others come last."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    shown = {name: text.find(f"**{name}**") for name in names}
    return sorted(names, key=lambda name: shown[name] if shown[name] >= 0 else len(text))


def reset(report: Report, folder: Path) -> str:
    """Lay the stage's version of the file to edit in; the reader's is moved aside. Says so.

    Raises `Trouble` when the stage has no such file.
    """
    file = file_to_edit(report, folder)
    name = file.relative_to(folder).as_posix()
    source = stage_files(report.chapter.number).get(name)
    if source is None:
        raise Trouble(f"The course has no {name} to lay back.")
    said = f"{name} is now as it is at the end of chapter {report.chapter.number}."
    if file.exists():
        aside = file.with_name(f"{file.name}.mine")
        number = 1
        while aside.exists():
            number += 1
            aside = file.with_name(f"{file.name}.mine-{number}")
        file.rename(aside)
        said += f" Yours is {aside.name}."
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(source.read_bytes())
    return said


@contextlib.contextmanager
def keys(events: queue.Queue) -> Iterator[bool]:
    """Put each key that is pressed into the queue; gives whether there is a keyboard at all."""
    if not sys.stdin.isatty():
        yield False
        return
    if WINDOWS:
        import msvcrt

        read, restore = msvcrt.getwch, lambda: None
    else:
        import termios
        import tty

        before = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)

        def read() -> str:
            return os.read(sys.stdin.fileno(), 1).decode("ascii", "ignore")

        def restore() -> None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def listen() -> None:
        while key := read().lower():
            if key in "hnlrq":
                events.put(key)
        events.put("q")

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield True
    finally:
        restore()
