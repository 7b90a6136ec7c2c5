"""Shows a report to a reader: steps ticked off, the open one with its problem and where to read."""

import re
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from tutorial.checking.run import Report, Step, run_checks
from tutorial.checking.surroundings import overruled


def check(number: int, folder: Path, console: Console) -> Report:
    """Run a chapter's checks; in a terminal, a line says meanwhile which step is looked at.

    Raises what `run_checks` does.
    """
    with console.status("Looking at your folder …") as line:
        return run_checks(
            number, folder, begins=lambda step: line.update(f"{escape(step.heading)} …")
        )


def show(report: Report, console: Console, hint: bool = False) -> None:
    """Print the report; with `hint`, the open step's hint, too."""
    of = report.chapter
    console.print(f"\n[bold]{of.number}. {escape(of.title)}[/bold]\n")
    for heading, state, see in by_heading(report):
        mark = {"kept": "[green]✓[/green]", "unseen": "[cyan]?[/cyan]", "open": "[red]✗[/red]"}
        line = f"[dim]{escape(heading)}[/dim]" if state == "later" else escape(heading)
        console.print(f"  {mark.get(state, '[dim]·[/dim]')} {line}", highlight=False)
        if state == "unseen":
            tell(f"{report.why} Look yourself: {see}.".strip(), console, 4)
    console.print()
    if report.problem:
        tell(report.problem, console)
        console.print()
        if report.open:
            tell_step(report, console, hint)
    elif report.green:
        console.print("[green]All of it is done.[/green]")
        console.print(
            "Read the chapter to its end, then go on: [bold]python3 -m tutorial next[/bold]"
        )
    else:
        console.print("Nothing could be checked.")


def tell_overruled(folder: Path, console: Console) -> None:
    """Say so when a change of `.env` is not seen in this terminal."""
    if names := overruled(folder):
        tell(
            f"In this terminal {' and '.join(names)} is not what .env says, and the terminal wins: "
            "Pipenv has read an older .env when its shell began. Leave it with exit, and come back "
            "with pipenv shell.",
            console,
        )


def by_heading(report: Report) -> list[tuple[str, str, str]]:
    """For each heading in the text: its state, and what to see at its last step that is unseen.

    The state is that of its least finished step: open, later, unseen or kept.
    """
    states: dict[str, tuple[str, str]] = {}
    order = ("open", "later", "unseen", "kept")
    for step in report.steps:
        state = state_of(step, report)
        before = states.get(step.heading, ("kept", ""))
        states[step.heading] = min((state, step.see), before, key=lambda pair: order.index(pair[0]))
    return [(heading, state, see) for heading, (state, see) in states.items()]


def state_of(step: Step, report: Report) -> str:
    """Whether a step is kept, unseen, the open one, or comes later."""
    if step.name in report.kept:
        return "kept"
    if step.name in report.unseen:
        return "unseen"
    return "open" if step == report.open else "later"


def tell_step(report: Report, console: Console, hint: bool) -> None:
    """Say where in the text to read, and what is seen when the step is done."""
    step, readme = report.open, report.chapter.readme
    heading = where_to_read(report)
    console.print(f"  Read: [bold]{escape(heading)}[/bold] in {readme}", soft_wrap=True)
    if heading != step.heading:
        return
    if step.see:
        tell(f"When it is done: {step.see}.", console)
    if hint and step.hint:
        tell(f"Hint: {step.hint}", console)


def where_to_read(report: Report) -> str:
    """The heading to read below: the open step's, unless the problem is in a file shown elsewhere.

    A file can keep the whole project from starting; then the first step is the open one, whichever
    step the file belongs to.
    """
    heading, shown = "", []
    for line in report.chapter.readme.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif found := re.match(r"\*\*([\w./-]+)\*\*[,:]", line):
            shown.append((heading, found[1]))
    first = re.search("|".join(re.escape(name) for _, name in shown) or "$^", report.problem)
    headings = [heading for heading, name in shown if first and name == first[0]]
    if not headings or report.open.heading in headings:
        return report.open.heading
    return headings[0]


def tell(text: str, console: Console, indent: int = 2) -> None:
    """Print sentences, indented; a long one goes on below itself, without spaces at its end."""
    for line in Text(text).wrap(console, max(console.width - indent, 20)):
        line.rstrip()
        console.print(Text(" " * indent) + line, highlight=False, soft_wrap=True)
