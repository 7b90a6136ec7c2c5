"""Shows a report to a reader: steps ticked off, the open one with its problem and where to read."""

import re
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from tutorial.checking.run import AS_FAR_AS_SEEN, RIGHT, Report, Step, run_checks
from tutorial.checking.surroundings import notes

WORDS = {"kept": "done", "unseen": "not looked at", "open": "open", "later": "later"}
"""What is said of a state where signs and colours are not to be relied on."""

MARKS = {
    "kept": "[green]✓[/green]",
    "unseen": "[cyan]?[/cyan]",
    "open": "[red]✗[/red]",
    "later": "[dim]·[/dim]",
}
"""The signs before a heading."""


def check(number: int, folder: Path, console: Console, skip: Iterable[str] = ()) -> Report:
    """Run a chapter's checks; in a terminal, a line says meanwhile which step is looked at.

    `skip`: the names of steps that are left out. Raises what `run_checks` does.
    """
    if is_plain(console):
        return run_checks(number, folder, skip=skip)
    with console.status("Looking at your folder …") as line:
        return run_checks(
            number,
            folder,
            begins=lambda step: line.update(f"{escape(step.heading)} …"),
            skip=skip,
        )


def is_plain(console: Console) -> bool:
    """Whether words have to do without signs, colours and movement: `--plain`, NO_COLOR, a pipe."""
    return console.no_color or not console.is_terminal


def show(report: Report, console: Console, folder: Path, hint: bool = False) -> None:
    """Print the report on a reader's folder; with `hint`, the open step's hint, too."""
    of = report.chapter
    console.print(f"\n[bold]{of.number}. {escape(of.title)}[/bold]\n")
    for heading, state, steps in by_heading(report):
        line = f"[dim]{escape(heading)}[/dim]" if state == "later" else escape(heading)
        word = f" ({WORDS[state]})" if is_plain(console) else ""
        console.print(f"  {MARKS[state]} {line}{word}", highlight=False)
        for step in steps if state == "unseen" else ():
            tell(f"{report.unseen[step.name]} Look yourself: {step.see}.", console, 4)
    console.print()
    if report.problem:
        tell(report.problem, console)
        if report.differs:
            tell(report.differs.sentence, console)
        console.print()
        if place := place_to_open(report, folder):
            console.print(f"  Open: {place}", soft_wrap=True, highlight=False, markup=False)
        if report.open:
            tell_step(report, console, hint)
    else:
        tell_end(report, console)


def tell_end(report: Report, console: Console) -> None:
    """Say what no open step means: that all is done, or right as far as could be seen."""
    if report.code == RIGHT:
        console.print("[green]All of it is done.[/green]")
    elif report.code == AS_FAR_AS_SEEN and report.kept:
        console.print("[cyan]All that could be looked at here is right.[/cyan]")
        tell("What has a ? before it: look at it yourself, as it says there.", console, 0)
    else:
        console.print("Nothing could be looked at here.")
        return
    if report.differs:
        tell(report.differs.sentence, console, 0)
    console.print("Read the chapter to its end, then go on: [bold]python3 -m tutorial next[/bold]")


def tell_notes(folder: Path, console: Console) -> None:
    """Say what is worth knowing of the terminal and the port; it makes no step red."""
    for note in notes(folder):
        tell(f"By the way: {note}", console, 0)


def by_heading(report: Report) -> list[tuple[str, str, list[Step]]]:
    """For each heading in the text: its state, and those of its steps that have it.

    The state is that of its least finished step: open, later, unseen or kept.
    """
    states: dict[str, list[tuple[str, Step]]] = {}
    for step in report.steps:
        states.setdefault(step.heading, []).append((state_of(step, report), step))
    found = []
    for heading, pairs in states.items():
        there = {state for state, _ in pairs}
        least = next(state for state in ("open", "later", "unseen", "kept") if state in there)
        found.append((heading, least, [step for state, step in pairs if state == least]))
    return found


def state_of(step: Step, report: Report) -> str:
    """Whether a step is kept, unseen, the open one, or comes later."""
    if step == report.open:
        return "open"
    if step.name in report.kept:
        return "kept"
    return "unseen" if step.name in report.unseen else "later"


def tell_step(report: Report, console: Console, hint: bool) -> None:
    """Say where in the text to read, and what is seen when the step is done."""
    step, readme = report.open, report.chapter.readme
    console.print(f"  Read: [bold]{escape(step.heading)}[/bold] in {readme}", soft_wrap=True)
    if step.see:
        tell(f"When it is done: {step.see}.", console)
    if hint and step.hint:
        tell(f"Hint: {step.hint}", console)
    elif step.hint:
        tell("A hint, when you want one: python3 -m tutorial hint", console)


def place_to_open(report: Report, folder: Path) -> str | None:
    """The place that is wrong, as terminals and editors open it: `path:line`; None without one."""
    for said in (report.problem, report.differs.sentence if report.differs else ""):
        if found := re.search(r"([\w./-]+\.\w+), line (\d+)", said or ""):
            file = folder / found[1]
            if file.is_file():
                return f"{file}:{found[2]}"
    return None


def as_json(report: Report, folder: Path) -> dict:
    """The report for programs."""
    return {
        "chapter": report.chapter.number,
        "code": report.code,
        "steps": [
            {
                "name": step.name,
                "heading": step.heading,
                "state": state_of(step, report),
                "see": step.see,
                "why": report.unseen.get(step.name),
            }
            for step in report.steps
        ],
        "unseen": list(report.unseen),
        "open": report.open.name if report.open else None,
        "problem": report.problem,
        "read": report.open.heading if report.open else None,
        "differs": report.differs.sentence if report.differs else None,
        "notes": notes(folder),
        "seconds": round(report.seconds, 1),
    }


def tell(text: str, console: Console, indent: int = 2) -> None:
    """Print sentences, indented; a long one goes on below itself, without spaces at its end."""
    for line in Text(text).wrap(console, max(console.width - indent, 20)):
        line.rstrip()
        console.print(Text(" " * indent) + line, highlight=False, soft_wrap=True)
