"""`check`: which folder and chapter a reader means, what is shown, and what is remembered."""

import json
import time
from pathlib import Path

from rich.console import Console

from tutorial import environment
from tutorial.checking import show
from tutorial.checking.run import AS_FAR_AS_SEEN, RIGHT, WRONG, Report, needs_browser
from tutorial.course.chapters import chapter
from tutorial.course.outgrown import outgrown
from tutorial.course.stages import lineage, stage_before
from tutorial.environment import VENV, Trouble
from tutorial.reader import workspace as workspace_module
from tutorial.reader.hints import hints
from tutorial.reader.showing import CALL, print_end, print_next
from tutorial.reader.workspace import (
    course_changes,
    find_workspace,
    next_chapter,
    open_workspace,
    read_progress,
    record,
    write_progress,
)

TRIED = VENV / "no-browser-packages"
"""When the packages that steer a browser could not be installed, as the time of this file."""

AGAIN = 600.0
"""Seconds after which that is tried again."""


def wanted(number: str | None, workspace: Path | None) -> tuple[Path, int]:
    """The folder to check, and the chapter: those named, else the ones that are under way.

    A folder that is named need not be one that `start` made. Raises `Trouble` when it is no
    folder, when there is no such chapter, and when nothing says which one is meant.
    """
    if number is not None and not number.isdecimal():
        raise Trouble(f"{number} is no chapter. Call it as: check 4")
    named = chapter(int(number)).number if number else None
    if workspace and not workspace.is_dir():
        raise Trouble(f"{workspace} is not a folder.")
    if workspace and named and find_workspace(workspace) is None:
        return workspace.resolve(), named
    folder, progress = open_workspace(workspace)
    return folder, named or progress.chapter


def check(
    number: str | None,
    workspace: Path | None,
    console: Console,
    hint: bool = False,
    every: bool = False,
    as_json: bool = False,
) -> int:
    """Check a folder and show what came out; return the exit code.

    `number`, `workspace`: as for `wanted`. `hint`: show the open step's hint. `every`: check all
    chapters up to that one. `as_json`: print for programs.
    """
    folder, chosen = wanted(number, workspace)
    numbers = [each.number for each in lineage(chosen)] if every else [chosen]
    reports = [look(folder, each, console) for each in numbers]
    if as_json:
        told = [show.as_json(report, folder) for report in reports]
        print(json.dumps(told if every else told[0], ensure_ascii=False, indent=1))
    else:
        for report in reports:
            show.show(report, console, folder, hint)
        show.tell_notes(folder, console)
        tell_course_changes(folder, console)
    codes = [report.code for report in reports]
    return next((code for code in (WRONG, AS_FAR_AS_SEEN) if code in codes), RIGHT)


def tell_course_changes(folder: Path, console: Console) -> None:
    """Say which files the course has in another version than when the chapter was begun."""
    if find_workspace(folder) != folder.resolve():
        return
    before = stage_before(read_progress(folder).chapter)
    for name in course_changes(folder):
        show.tell(
            f"By the way: since you began this chapter, the course has changed {name}. Yours stays "
            f"as it is. What is different: {CALL} diff {before} --file {name}",
            console,
            0,
        )


def look(folder: Path, number: int, console: Console) -> Report:
    """Run the checks of chapter `number` on a reader's folder, and remember what came out.

    What the chapter under way there has taken back is not asked for. The packages that steer a
    browser are installed when the checks need one for the first time. Raises what `run_checks`
    does.
    """
    own = find_workspace(folder) == folder.resolve()
    seen_from = read_progress(folder).chapter if own else number
    if needs_browser(chapter(number)):
        install_for_browsers()
    report = show.check(number, folder, console, skip=outgrown(number, seen_from))
    if own:
        unseen = [step.see for step in report.steps if step.name in report.unseen]
        record(folder, number, report.kept, report.green, unseen)
    return report


def give_hint(workspace: Path | None) -> None:
    """Look at a reader's folder, and show the next of the three hints for the open step.

    Raises `Trouble` when there is no folder of the course.
    """
    folder, progress = open_workspace(workspace)
    report = look(folder, progress.chapter, Console(highlight=False))
    found = hints(report, folder)
    if not found:
        print("No step is open.")
        return
    progress = read_progress(folder)
    step, given = progress.hint or ["", 0]
    number = min(given, len(found) - 1) if step == report.open.name else 0
    print(f"“{report.open.heading}” is open.\n{found[number]}")
    if number + 1 < len(found):
        print(f"More: {CALL} hint")
    progress.hint = [report.open.name, number + 1]
    write_progress(folder, progress)


def go_on(workspace: Path | None) -> None:
    """Take a reader's folder on to the next chapter, and say what that means for it.

    When the chapter under way was not done, as far as is known, it is looked at again first.
    Raises `Trouble` when there is no folder, or the next chapter begins in one of its own.
    """
    folder, progress = open_workspace(workspace)
    if next_chapter(progress) is None:
        print_end(chapter(progress.chapter))
        return
    if progress.chapter not in progress.done:
        report = look(folder, progress.chapter, Console(highlight=False))
        if report.open:
            print(f"In chapter {progress.chapter} a step is open: {report.open.heading}.")
            print(f"You can go on all the same. What it is: {CALL} check {progress.chapter}")
    print_next(workspace_module.go_on(folder))


def install_for_browsers() -> None:
    """Install the packages that steer a browser, unless they are there, or were not to be had."""
    if environment.is_ready(dev=True):
        return
    if TRIED.exists() and time.time() - TRIED.stat().st_mtime < AGAIN:
        return
    try:
        environment.ensure(dev=True)
        TRIED.unlink(missing_ok=True)
    except Trouble:
        TRIED.touch()  # the step that needs them is left open to the reader's eyes
