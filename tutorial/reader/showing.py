"""Prints what the tool has to say: the map of the course, diffs, what `start` and `next` did."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from tutorial.checking.folder import LEFT_OUT
from tutorial.checking.run import Step, checks_file, read_steps
from tutorial.course.chapters import COURSE, Chapter
from tutorial.environment import ROOT
from tutorial.reader import shells
from tutorial.reader.editors import VSCODE
from tutorial.reader.workspace import Continued, Progress, Started, Undone

console = Console(highlight=False, soft_wrap=True)
CALL = "py -m tutorial" if sys.platform == "win32" else "python3 -m tutorial"
CHANGE_FOLDER = 'cd /d "{}"' if sys.platform == "win32" else 'cd "{}"'
SHORT = 40  # lines of a diff that `next` shows


def print_course(progress: Progress | None = None) -> None:
    """Print the map of the course, with ticks and an arrow where there is progress."""
    part = None
    for chapter in COURSE:
        if chapter.part != part:
            part = chapter.part
            console.print(f"\n[bold]{part}[/bold]")
            table = Table.grid(padding=(0, 2))
        table.add_row(
            mark(chapter.number, progress),
            f"{chapter.number:>2}",
            f"[cyan]{chapter.name}[/cyan]",
            chapter.title,
            f"{chapter.minutes} min" if chapter.exists else "[dim]to come[/dim]",
        )
        if chapter is COURSE[-1] or COURSE[chapter.number].part != part:
            console.print(table)
    if progress is None:
        console.print(f"\nSee what you will build: [bold]{CALL} demo[/bold]")
        console.print(f"Begin: [bold]{CALL} start 1[/bold]")
        return
    here = COURSE[progress.chapter - 1]
    console.print(f"\nYou are in chapter {here.number}. Its text: {here.readme}", markup=False)
    if done := headings_done(progress):
        console.print(f"Done in it: {', '.join(done)}", markup=False)
    left = sum(of.minutes for of in COURSE if of.exists and of.number not in progress.done)
    console.print(f"Left: about {in_hours(left)} for the chapters that are written.", markup=False)


def mark(number: int, progress: Progress | None) -> str:
    """The sign before a chapter: done, under way, or none."""
    if progress and number in progress.done:
        return "[green]✓[/green]"
    return "[bold]→[/bold]" if progress and number == progress.chapter else " "


def headings_done(progress: Progress) -> list[str]:
    """The headings of the chapter under way whose steps have all passed."""
    steps = steps_of(progress)
    open_ = {step.heading for step in steps if step.name not in progress.steps}
    return list(dict.fromkeys(step.heading for step in steps if step.heading not in open_))


def steps_of(progress: Progress) -> list[Step]:
    """The steps of the chapter under way; none where it has no checks yet."""
    of = COURSE[progress.chapter - 1]
    return read_steps(of) if checks_file(of).is_file() else []


def in_hours(minutes: int) -> str:
    """A time in words, to a quarter of an hour: "2 ¼ hours"."""
    if minutes < 60:
        return f"{minutes} minutes"
    hours, quarters = divmod(round(minutes / 15), 4)
    return f"{hours}{('', ' ¼', ' ½', ' ¾')[quarters]} hours"


def print_where(folder: Path, progress: Progress) -> None:
    """Say where a reader is: chapter, step, when it was last at work, and the line that goes on."""
    here = COURSE[progress.chapter - 1]
    done = here.number in progress.done
    print(f"Chapter {here.number}, {here.title}.")
    following = next((s.heading for s in steps_of(progress) if s.name not in progress.steps), None)
    if done:
        print("All its steps are done.")
    elif following:
        print(f"The next step: {following}.")
    last = max(
        (file.stat().st_mtime for file in folder.rglob("*") if is_work(file, folder)), default=0
    )
    print(f"You last worked here on {datetime.fromtimestamp(last):%A, %d %B %Y, %H:%M}.")
    if shells.is_active():
        print(f"\nGo on: {CALL} {'next' if done else 'watch'}")
    else:
        print(f"\nGo on:\n\n    {shells.activation()}\n    {CALL} {'next' if done else 'watch'}\n")
    print_reading(here)


def is_work(file: Path, folder: Path) -> bool:
    """Whether a file in a reader's folder is work of theirs, for the time when it was saved."""
    inside = file.relative_to(folder)
    return file.is_file() and not LEFT_OUT & set(inside.parts) and file.suffix != ".pyc"


def print_course_as_json(progress: Progress | None = None) -> None:
    """Print the map of the course for programs."""
    chapters = [
        {
            "number": chapter.number,
            "name": chapter.name,
            "title": chapter.title,
            "part": chapter.part,
            "minutes": chapter.minutes,
            "terms": chapter.terms,
            "exists": chapter.exists,
        }
        | (
            {
                "done": chapter.number in progress.done,
                "under_way": chapter.number == progress.chapter,
            }
            if progress
            else {}
        )
        for chapter in COURSE
    ]
    print(json.dumps(chapters, indent=2))


def print_text_diff(text: str) -> None:
    """Print a unified diff: in colours on a terminal, as it is elsewhere."""
    if console.is_terminal:
        # This theme's colours are the terminal's own, readable on light and dark.
        console.print(Syntax(text, "diff", theme="ansi_light", word_wrap=True))
    else:
        print(text)


def print_diff(number: int, diffs: Iterable[tuple[str, str]], workspace: Path | None) -> None:
    """Print what `stage_diff` found."""
    nothing = True
    for name, text in diffs:
        nothing = False
        if text == "given":
            console.print(f"[dim]{name} is given ({CALL} diff {number} --file {name})[/dim]")
        elif text == "made":
            console.print(f"[dim]{name} is written by a command[/dim]")
        else:
            print_text_diff(text)
    if nothing:
        whose = "Your files are" if workspace else "The stage before is"
        print(f"Nothing to show: {whose} as at stage {number}.")


def print_start(started: Started) -> None:
    """Say where the folder is and what to do there."""
    if started.moved_to:
        print(f"What was there is now in {started.moved_to}")
    title = f"chapter {started.chapter.number}, {started.chapter.title}"
    if started.new:
        print(f"Made {started.folder}: {title}.")
    else:
        print(f"{started.folder} is there already, as it was made for {title}. It stays as it is.")
    if started.users:
        users = ", ".join(f"{name} ({password})" for name, password in started.users.items())
        print(f"In its database there are, with their passwords: {users}")
    if started.left_behind:
        print("Your terminal is still in the folder that was moved.")
    enters = started.chapter.number > 1 and not shells.is_active()
    and_enter = ", and step into the course's environment" if enters else ""
    print(f"Go {'to the new one' if started.left_behind else 'there'}{and_enter}:")
    print(f"\n    {CHANGE_FOLDER.format(started.folder)}")
    print(f"    {shells.activation()}\n" if enters else "")
    print_reading(started.chapter)


def print_vscode(laid: bool) -> None:
    """Say what became of the settings for VS Code."""
    if laid:
        print(f"Made {VSCODE}: the interpreter, imports as they are, a save only when you save.")
    else:
        print(f"{VSCODE} is there already, and stays as it is.")


def ask(question: str) -> bool:
    """Ask the person, who says y or n; nobody to ask means no."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} (y/n) ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def print_next(continued: Continued) -> None:
    """Say what was laid in, and show where it would meet the learner's own work."""
    before, number = continued.chapter.builds_on, continued.chapter.number
    for what in continued.unseen:
        print(f"The check of chapter {before} could not look at this: {what}. Have you seen it?")
    for name in continued.laid:
        if name in continued.replaced:
            print(f"Replaced {name}. Yours is now in {continued.replaced[name]}")
        else:
            print(f"Laid in {name}")
    for name, text in continued.beside.items():
        print(f"\n{name} has changes of your own and is left alone. The course's version is")
        print(f"beside it, in {name}.given. Take over what you need: + is what it has, - is yours.")
        lines = text.splitlines()
        print_text_diff("\n".join(lines[:SHORT]))
        if len(lines) > SHORT:
            more = f"{CALL} diff {number} --file {name}"
            print(f"… {len(lines) - SHORT} more lines: {more}")
    if continued.laid or continued.beside:
        print(f"({CALL} undo takes that back.)")
    print(f"You are in chapter {number} now, {continued.chapter.title}.")
    print_reading(continued.chapter)


def print_end(chapter: Chapter) -> None:
    """Say that no later chapter is written."""
    print(f"Chapter {chapter.number} is the last one that is written so far. You have come to the")
    print("end of the course as it is: what you have built is yours to go on with.")


def print_undone(undone: Undone) -> None:
    """Say what has been taken back."""
    print(f"Taken back: {undone.what}.")
    for name in undone.back:
        print(f"As before: {name}")
    for name in undone.beside:
        print(f"What stood there has been changed since, so it is left; see {name}")


def print_reading(chapter: Chapter) -> None:
    """Say where a chapter's text is."""
    if chapter.exists:
        print(f"Read: {chapter.readme}")
    else:
        print(f"The chapter's text is still to come: {chapter.readme.relative_to(ROOT)}")
