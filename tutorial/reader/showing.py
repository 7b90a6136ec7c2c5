"""Prints what the tool has to say: the map of the course, diffs, what `start` and `next` did."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from tutorial.course.chapters import COURSE, Chapter
from tutorial.environment import ROOT
from tutorial.reader.workspace import Continued, Progress, Started

console = Console(highlight=False, soft_wrap=True)
CALL = "py -m tutorial" if sys.platform == "win32" else "python3 -m tutorial"
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
            "" if chapter.exists else "[dim]to come[/dim]",
        )
        if chapter is COURSE[-1] or COURSE[chapter.number].part != part:
            console.print(table)
    if progress is None:
        console.print(f"\nSee what you will build: [bold]{CALL} demo[/bold]")
        console.print(f"Begin: [bold]{CALL} start 1[/bold]")
        return
    here = COURSE[progress.chapter - 1]
    console.print(f"\nYou are in chapter {here.number}. Its text: {here.readme}", markup=False)
    if progress.steps:
        console.print(f"Steps done: {', '.join(progress.steps)}", markup=False)


def mark(number: int, progress: Progress | None) -> str:
    """The sign before a chapter: done, under way, or none."""
    if progress and number in progress.done:
        return "[green]✓[/green]"
    return "[bold]→[/bold]" if progress and number == progress.chapter else " "


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
    print(f"Made {started.folder}: {title}.")
    if started.users:
        users = ", ".join(f"{name} ({password})" for name, password in started.users.items())
        print(f"Its database has two users, with these passwords: {users}")
    enters = started.chapter.number > 1  # chapter 1 explains the environment, and enters it later
    and_enter = ", and step into its environment" if enters else ""
    if started.left_behind:
        print("Your terminal is still in the folder that was moved.")
    print(f"Go {'to the new one' if started.left_behind else 'there'}{and_enter}:")
    print(f'\n    cd "{started.folder}"')
    print("    pipenv shell\n" if enters else "")
    print_reading(started.chapter)


def print_next(continued: Continued) -> None:
    """Say what was laid in, and show where it would meet the learner's own work."""
    before, number = continued.chapter.builds_on, continued.chapter.number
    if not continued.checked:
        print(f"When you last checked it, not all of chapter {before} was done.")
        print(f"You can go on all the same. To look again: {CALL} check {before}")
    for name in continued.laid:
        print(f"Laid in {name}")
    for name, text in continued.beside.items():
        print(f"\n{name} has changes of your own and is left alone. The course's version is")
        print(f"beside it, in {name}.given. Take over what you need: + is what it has, - is yours.")
        lines = text.splitlines()
        print_text_diff("\n".join(lines[:SHORT]))
        if len(lines) > SHORT:
            more = f"{CALL} diff {number} --file {name}"
            print(f"… {len(lines) - SHORT} more lines: {more}")
    print(f"You are in chapter {number} now, {continued.chapter.title}.")
    print_reading(continued.chapter)


def print_reading(chapter: Chapter) -> None:
    """Say where a chapter's text is."""
    if chapter.exists:
        print(f"Then read on: {chapter.readme}")
    else:
        print(f"The chapter's text is still to come: {chapter.readme.relative_to(ROOT)}")
