"""What `python3 -m tutorial bench` does, from its options to its exit code."""

import sys
from pathlib import Path

from rich.console import Console

from tutorial.bench import measure, results, show
from tutorial.bench.chart import CHART, draw
from tutorial.bench.processes import Interrupts
from tutorial.bench.rows import chosen
from tutorial.environment import Trouble

INTERRUPTED = 130  # the exit code after Ctrl-C, as a shell has it


def run_bench(
    stages: str | None,
    clients: str | None,
    quick: bool,
    as_json: bool,
    chart: Path | None,
    keep: bool,
) -> int:
    """Measure, and print, draw and keep what is asked for; return the exit code.

    `stages`, `clients`: lists as they are typed, None for all. Raises `Trouble` for what a person
    can put right.
    """
    try:
        with Interrupts() as interrupts:
            rows = chosen(stages)
            plan = measure.plan(quick, clients)
            if keep and (stages or clients or quick):
                raise Trouble("What is kept is a whole run. With --keep, say nothing else.")
            if chart and not chart.resolve().parent.is_dir():
                raise Trouble(f"There is no folder {chart.resolve().parent} for the chart.")
            show.warn_if_busy(Console(stderr=True, highlight=False))
            with show.progress(measure.steps(rows, plan)) as begin:
                found = measure.run(rows, plan, interrupts, begin)
            if as_json:
                print(found.as_json(), end="")
            else:
                show.show(found, Console(highlight=False))
            with interrupts.held():  # the two that are kept belong together
                if chart:
                    write(chart, draw(found))
                if keep:
                    write(results.KEPT, found.as_json())
                    write(CHART, draw(found))
    except KeyboardInterrupt:
        print("\nInterrupted: nothing was kept, and no server runs on.", file=sys.stderr)
        return INTERRUPTED
    return 0


def write(path: Path, text: str) -> None:
    """Write a file and say so; raises `Trouble` when it can't be written."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Trouble(f"{path} can't be written: {error.strerror}") from error
    print(f"Wrote {path}", file=sys.stderr)
