"""The command line. It decides nothing: each command is a function of another module."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tutorial.course.chapters import COURSE, PROJECT
from tutorial.environment import Trouble

Number = Annotated[int, typer.Argument(min=1, max=len(COURSE), help="The chapter's number.")]
Workspace = Annotated[
    Path | None,
    typer.Option(help="The folder that `start` made, when it is not the working directory."),
]

app = typer.Typer(
    help="Django Channels, step by step.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; a `Trouble` becomes its sentence on stderr and exit code 1.

    `--plain` may stand behind each command: words alone, without colours, signs and movement.
    """
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    if "--plain" in sys.argv[:end]:
        sys.argv.remove("--plain")
        os.environ["NO_COLOR"] = "1"
    try:
        app(prog_name="py -m tutorial" if sys.platform == "win32" else "python3 -m tutorial")
    except Trouble as trouble:
        sys.exit(f"\n{trouble}")


@app.callback(invoke_without_command=True)
def _nothing(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from tutorial.reader.showing import print_where
    from tutorial.reader.workspace import find_workspace, open_workspace

    if find_workspace():
        print_where(*open_workspace())
    else:
        show_course()


def chapter_number(text: str) -> int:
    """The number that `start` was given; raises `Trouble` when it is none, or an exercise's."""
    if text.isdecimal() and 1 <= int(text) <= len(COURSE):
        return int(text)
    if all(part.isdecimal() for part in text.split(".")) and text.count(".") == 1:
        raise Trouble(f"Exercise {text} is still to come.")
    raise Trouble(f"{text} is no chapter. The course has chapters 1 to {len(COURSE)}.")


@app.command("list")
def show_course(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    workspace: Workspace = None,
) -> None:
    """Show the map of the course, and in a folder of yours where you are."""
    from tutorial.reader.showing import print_course, print_course_as_json
    from tutorial.reader.workspace import find_workspace, open_workspace

    progress = open_workspace(workspace)[1] if workspace or find_workspace() else None
    (print_course_as_json if as_json else print_course)(progress)


@app.command()
def start(
    number: Annotated[str, typer.Argument(help="The chapter's number.", metavar="N")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Default: my-chat beside the course.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Move away whatever is there.")] = False,
    vscode: Annotated[
        bool, typer.Option("--vscode", help="Write the settings that VS Code needs there.")
    ] = False,
) -> None:
    """Make the folder in which a chapter begins; work that is there already is moved aside."""
    from tutorial.reader import workspace
    from tutorial.reader.editors import lay_vscode
    from tutorial.reader.showing import ask, print_start, print_vscode

    started = workspace.start(chapter_number(number), folder, (lambda _: True) if yes else ask)
    if vscode:
        print_vscode(lay_vscode(started.folder))
    print_start(started)


@app.command("next")
def go_on(workspace: Workspace = None) -> None:
    """Take your folder on to the next chapter; nothing that you wrote is overwritten."""
    from tutorial.reader.asking import go_on

    go_on(workspace)


@app.command()
def undo(workspace: Workspace = None) -> None:
    """Take back the last change that the tool has made to your files."""
    from tutorial.reader import workspace as module
    from tutorial.reader.showing import print_undone

    print_undone(module.undo(workspace))


@app.command()
def diff(
    number: Annotated[
        int | None,
        typer.Argument(min=1, max=len(COURSE), metavar="[N]", help="Default: the one under way."),
    ] = None,
    file: Annotated[str | None, typer.Option(metavar="FILE", help="This file only.")] = None,
    workspace: Workspace = None,
) -> None:
    """Show what a chapter changes: from the stage before, or from your files in your folder."""
    from tutorial.course.stages import stage_diff
    from tutorial.reader.showing import print_diff
    from tutorial.reader.workspace import find_workspace, open_workspace

    yours = None
    if workspace or find_workspace() or number is None:
        yours, progress = open_workspace(workspace)
        number = number or progress.chapter
    print_diff(number, stage_diff(number, file, yours), yours)


@app.command()
def build(
    number: Annotated[int | None, typer.Argument(min=1, max=len(COURSE), metavar="N")] = None,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR")] = None,
    git: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A Git repository of all stages of Part I.")
    ] = None,
) -> None:
    """Write stage N into the new folder DIR, or with --git one commit per stage."""
    if git and number is None:
        from tutorial.author.commits import build_commits

        print(f"Wrote the stages as commits into {build_commits(git)}")
    elif number and folder and not git:
        from tutorial.course.stages import build

        print(f"Wrote stage {number} into {build(number, folder)}")
    else:
        raise Trouble("Call it in one of two ways: build N DIR, or build --git DIR")


@app.command()
def absorb(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `build --git` made.")],
    force: Annotated[bool, typer.Option(help="Overwrite what no commit holds.")] = False,
) -> None:
    """Read changed and rebased commits of the stages back into the chapters."""
    from tutorial.author.commits import absorb

    for line in absorb(folder, force) or ["Nothing to change: the stages are as the commits are."]:
        print(line)


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
    """Run the chat with two users and a room, or as it is after a chapter, until Ctrl-C."""
    from tutorial.reader.demo import run_stage_demo

    raise typer.Exit(run_stage_demo(stage, port=port, browser=not no_browser, lan=lan))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    slow: Annotated[bool, typer.Option(help="The long proofs, too (always so under CI).")] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Only install what tests and checks need.")
    ] = False,
) -> None:
    """Run every test: the project's own with Django's runner, then the course's with pytest.

    Further arguments go to pytest; then the project's own tests are left out:
    `test -k demo`, `test tutorial/tests/test_setup.py`.
    """
    from tutorial.author.testing import install_browser, run_tests

    if install:
        raise typer.Exit(install_browser())
    raise typer.Exit(run_tests(context.args, slow))


@app.command()
def proofs(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mutants, outgrown or headings.")],
    number: Annotated[
        int | None, typer.Argument(min=1, max=len(COURSE), metavar="[N]", show_default=False)
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Of this kind only; may be given more than once.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="10: every tenth case only.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, max=2, help="How many run at a time.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Throw earlier results away.")] = False,
) -> None:
    """For maintainers: what takes hours, by chapter; taken up where it was stopped."""
    from tutorial.author.proofs import Options, run_proof

    raise typer.Exit(run_proof(name, number, Options(tuple(kind or ()), every, jobs, again)))


@app.command()
def bench(
    stages: Annotated[
        str | None, typer.Option(metavar="KEY,…", help="These rows only: 5,10,bare.")
    ] = None,
    clients: Annotated[
        str | None, typer.Option(metavar="N,…", help="Default: 10,200,1000.", show_default=False)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One round, in half a minute.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw what comes out, too.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="For maintainers: store it, with chapter 11's chart.")
    ] = False,
) -> None:
    """Measure servers side by side, with the bare server as the ceiling; takes five minutes."""
    from tutorial.bench.run import run_bench

    raise typer.Exit(run_bench(stages, clients, quick, as_json, chart, keep))


@app.command()
def screenshot() -> None:
    """For maintainers: take the pictures of the README and of the chapters anew."""
    from tutorial.author.screenshot import SCENES, take_screenshot
    from tutorial.environment import ROOT

    for name in SCENES:
        print(f"Wrote {take_screenshot(name).relative_to(ROOT)}", flush=True)


@app.command()
def check(
    number: Annotated[
        str | None, typer.Argument(metavar="N", help="Default: the chapter under way.")
    ] = None,
    workspace: Workspace = None,
    hint: Annotated[bool, typer.Option(help="Show the open step's hint.")] = False,
    every: Annotated[bool, typer.Option("--all", help="All chapters up to that one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check your folder, step by step; 0: all is right, 1: a step is open, 3: as far as seen."""
    from rich.console import Console

    from tutorial.reader import asking

    console = Console(highlight=False, stderr=as_json)
    raise typer.Exit(asking.check(number, workspace, console, hint, every, as_json))


@app.command()
def hint(workspace: Workspace = None) -> None:
    """Show a hint for the open step: where; called again, what; and then nearly the line."""
    from tutorial.reader.asking import give_hint

    give_hint(workspace)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def explain(context: typer.Context) -> None:
    """Put a message into words; behind --, run a command and explain what it says.

    `explain -- python manage.py runserver`; or `explain "No route found for path"`; or a message
    on standard input.
    """
    from tutorial.reader.explaining import explain

    raise typer.Exit(explain(context.args, command="--" in sys.argv))


@app.command()
def watch(workspace: Workspace = None) -> None:
    """Check your folder at every save, until q or Ctrl-C."""
    from tutorial.reader import asking, watching
    from tutorial.reader import workspace as module
    from tutorial.reader.showing import print_next

    folder, _ = module.open_workspace(workspace)
    watching.watch(
        folder,
        look=lambda console: asking.look(folder, module.read_progress(folder).chapter, console),
        go_on=lambda: print_next(module.go_on(folder)),
        show_course=lambda: show_course(workspace=folder),
    )


@app.command()
def write(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[N…]", min=1)] = None,
    fast: Annotated[bool, typer.Option(help="Keep the outputs as they stand.")] = False,
) -> None:
    """For maintainers: write the blocks in the chapters' texts anew, by doing the chapters."""
    from cogapp.cogapp import CogError

    from tutorial.author import book, overview

    for number in numbers or [chapter.number for chapter in COURSE if chapter.exists]:
        try:
            changed = book.write([number], capture=not fast)
        except CogError as error:
            raise Trouble(str(error)) from error
        print(f"Chapter {number}: {'written anew' if changed else 'as it was'}")
    for file in overview.write():
        print(f"{file.name}: written anew")
