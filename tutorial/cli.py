"""The command line. It decides nothing: each command is a function of another module."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from tutorial.course import COURSE, PROJECT
from tutorial.environment import Trouble

app = typer.Typer(
    help="Django Channels, step by step.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; a `Trouble` becomes its sentence on stderr and exit code 1."""
    try:
        app(prog_name="py -m tutorial" if sys.platform == "win32" else "python3 -m tutorial")
    except Trouble as trouble:
        sys.exit(f"\n{trouble}")


@app.callback(invoke_without_command=True)
def _nothing(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        show_course()


@app.command("list")
def show_course(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the map of the course."""
    if as_json:
        chapters = [asdict(chapter) | {"exists": chapter.exists} for chapter in COURSE]
        print(json.dumps(chapters, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    console, part = Console(highlight=False), None
    for chapter in COURSE:
        if chapter.part != part:
            part = chapter.part
            console.print(f"\n[bold]{part}[/bold]")
            table = Table.grid(padding=(0, 2))
        table.add_row(
            f"{chapter.number:>4}",
            f"[cyan]{chapter.name}[/cyan]",
            chapter.title,
            "" if chapter.exists else "[dim]to come[/dim]",
        )
        if chapter is COURSE[-1] or COURSE[chapter.number].part != part:
            console.print(table)
    console.print("\nSee what you will build: [bold]python3 -m tutorial demo[/bold]")


@app.command()
def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Default: 8000 or the next free one; 0: any.", show_default=False
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option(help="Only print the links.")] = False,
    lan: Annotated[bool, typer.Option(help="Let other machines of your network in.")] = False,
    stage: Annotated[
        int, typer.Option(min=1, max=len(COURSE), help="After which chapter.")
    ] = PROJECT,
) -> None:
    """Run the chat with two users and a room, until Ctrl-C."""
    if stage != PROJECT:
        raise Trouble(
            f"Stage {stage} comes with its chapter. Until then there is stage {PROJECT}, "
            "the finished project."
        )
    from tutorial.demo import run_demo

    raise typer.Exit(run_demo(port=port, browser=not no_browser, lan=lan))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    slow: Annotated[bool, typer.Option(help="The long proofs, too (always so under CI).")] = False,
) -> None:
    """Run every test: the project's own with Django's runner, then the course's with pytest.

    Further arguments go to pytest; then the project's own tests are left out:
    `test -k demo`, `test tutorial/tests/test_setup.py`.
    """
    from tutorial.testing import run_tests

    raise typer.Exit(run_tests(context.args, slow))


@app.command()
def screenshot() -> None:
    """Make the README's picture of two users talking anew."""
    from tutorial.environment import ROOT
    from tutorial.screenshot import take_screenshot

    print(f"Wrote {take_screenshot().relative_to(ROOT)}")
