"""Shows a report to a reader: steps ticked off, the open one with its problem and where to read."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from tutorial.checking.run import Report, Step, run_checks


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
            tell_step(report.open, of.readme, console, hint)
    elif report.green:
        console.print("[green]All of it is done.[/green]")
        console.print(
            "Read the chapter to its end, then go on: [bold]python3 -m tutorial next[/bold]"
        )
    else:
        console.print("Nothing could be checked.")


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


def tell_step(step: Step, readme: Path, console: Console, hint: bool) -> None:
    """Say where the step is in the text, and what is seen when it is done."""
    console.print(f"  Read: [bold]{escape(step.heading)}[/bold] in {readme}", soft_wrap=True)
    if step.see:
        tell(f"When it is done: {step.see}.", console)
    if hint and step.hint:
        tell(f"Hint: {step.hint}", console)


def tell(text: str, console: Console, indent: int = 2) -> None:
    """Print sentences, indented; a long one goes on below itself, without spaces at its end."""
    for line in Text(text).wrap(console, max(console.width - indent, 20)):
        line.rstrip()
        console.print(Text(" " * indent) + line, highlight=False, soft_wrap=True)
