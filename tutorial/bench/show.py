"""The benchmark on a terminal: a bar while it runs, a table and a few sentences at the end."""

import contextlib
from collections.abc import Callable, Iterator

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tutorial.bench.results import Cell, Results

HEADINGS = (
    *("deliveries\nper second", "\nratio", "median\nms", "99 %\nms", "CPU\nµs", "memory\nKiB"),
)
BUSY = 25.0
"""Per cent of all cores that others may use before the figures are worth a warning."""


def warn_if_busy(console: Console) -> None:
    """Say so when others use this machine; looks for half a second."""
    used = psutil.cpu_percent(interval=0.5)
    if used > BUSY:
        console.print(
            f"Other programs use {used:.0f} % of this machine's cores. Figures from a busy machine "
            "can be wrong by several times: end what else runs, then measure."
        )


@contextlib.contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr, where that is a terminal; gives what has to be called before each step.

    It is drawn at these calls only: between them it would take the clients' time.
    """
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(
        *columns,
        TextColumn("{task.description}"),
        console=console,
        auto_refresh=False,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=steps)
        begun = -1

        def begin(step: str) -> None:
            nonlocal begun
            begun += 1
            bar.update(task, completed=begun, description=step, refresh=True)

        yield begin


def table(found: Results) -> Table:
    """The results, one part for each number of clients; it fits into 80 columns."""
    most = max(found.settings["clients"])
    shown = Table(box=None, padding=(0, 0, 0, 2), pad_edge=False, header_style="")
    shown.add_column("\nclients, server", no_wrap=True)
    for heading in HEADINGS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for clients in found.settings["clients"]:
        shown.add_row()
        shown.add_row(f"[bold]{clients:,} clients[/bold]")
        for row in found.rows:
            if cell := found.cell(row["key"], clients):
                shown.add_row(row["label"], *figures(found, cell, clients == most))
            else:
                shown.add_row(row["label"], "not measured")
    return shown


def figures(found: Results, cell: Cell, with_memory: bool) -> list[str]:
    """What stands in the table's columns for a cell."""
    ratio = found.ratio(cell.row, cell.clients)
    return [
        f"{cell.per_second:,.0f}",
        f"{ratio:.2f}" if ratio else "unranked",
        short(cell.fixed_rate.median_ms),
        short(cell.fixed_rate.p99_ms),
        short(cell.cpu_us),
        short(cell.memory_kib) if with_memory else "",
    ]


def short(number: float | None) -> str:
    """A number in as many digits as matter; a dash for None."""
    if number is None:
        return "–"
    return f"{number:.1f}" if number < 100 else f"{number:,.0f}"


def sentences(found: Results) -> list[str]:
    """What has to be known to read the table, and which rows are not ranked."""
    labels = {row["key"]: row["label"] for row in found.rows}
    how, faults = found.settings, {key: found.faults(key) for key in labels}
    rounds = f"medians of {how['rounds']} rounds" if how["rounds"] > 1 else "one round"
    apart = "had cores of their own" if how["cores_of_their_own"] else "shared their cores"
    said = [
        f"The ratio is of deliveries per second to “{labels[how['reference']]}” in the same round; "
        f"{rounds}. Servers and clients {apart}.",
        f"Times: until everyone has a message, at {how['rate']:,} deliveries per second. CPU: per "
        "delivery. Memory: per connection.",
    ]
    for key, fault in faults.items():
        if fault:
            said.append(f"“{labels[key]}” is not ranked. Of its deliveries it {fault}.")
    if faults[how["reference"]]:
        said.append("As it is what the others are compared with, there are no ratios.")
    busiest = max(found.cells, key=lambda cell: cell.busy)
    if busiest.busy > 0.9:
        said.append(
            f"The clients needed {busiest.busy:.0%} of their core with “{labels[busiest.row]}”: it "
            "may be faster than this says."
        )
    return said


def show(found: Results, console: Console) -> None:
    """Print the table and its sentences."""
    console.print(table(found))
    for sentence in sentences(found):
        console.print(f"\n{sentence}", markup=False)
