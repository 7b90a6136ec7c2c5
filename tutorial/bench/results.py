"""What a run of the benchmark found, and what chapters and tests read of the one that is kept."""

import json
import math
import os
import platform
import re
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from tutorial.environment import Trouble

KEPT = Path(__file__).resolve().with_name("results.json")
PACKAGES = (
    *("django", "channels", "daphne", "uvicorn", "asgiref", "twisted", "autobahn", "websockets"),
)


@dataclass
class Sample:
    """What one measurement found.

    `times`: seconds from a message's time to be sent until everyone has it, for each that everyone
    has. `cpu`: the servers' processor time in seconds; `busy`: the share of the time in which the
    clients' core worked. `lost`, `repeated`: deliveries too few and too many.
    """

    seconds: float = 0.0
    deliveries: int = 0
    payload: int = 0  # bytes of all deliveries
    cpu: float = 0.0
    busy: float = 0.0
    lost: int = 0
    repeated: int = 0
    times: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """One round of one row with so many clients; `memory`: KiB per connection, None if unknown."""

    one_by_one: Sample
    fixed: Sample
    memory: float | None


@dataclass(frozen=True)
class Times:
    """How long messages took to reach everyone: milliseconds, of so many messages; None of none."""

    median_ms: float | None
    p99_ms: float | None
    messages: int


@dataclass(frozen=True)
class Cell:
    """A row with so many clients, over all rounds.

    `rates`: deliveries per second of each round, when each message waits for the one before;
    `per_second`: their median. `cpu_us`: the servers' processor time per delivery, in microseconds.
    `memory_kib`: memory per connection, known with the most clients only. `busy`: the share of
    their core that the clients needed. `payload`: bytes of a delivery. `deliveries`, `lost`,
    `repeated`: counted in both modes.
    """

    row: str
    clients: int
    rates: list[float]
    per_second: float
    one_by_one: Times
    fixed_rate: Times
    cpu_us: float
    memory_kib: float | None
    busy: float
    payload: float
    deliveries: int
    lost: int
    repeated: int


@dataclass(frozen=True)
class Results:
    """A run: when, with which versions, on what kind of machine, how, which rows, what came out.

    `rows` are dicts with `key`, `label`, `stage`, `server` and `processes`. `settings` has
    `clients`, `rounds`, `seconds`, `rate`, `payload`, `reference` and `cores_of_their_own`.
    """

    date: str
    versions: dict[str, str]
    machine: dict[str, str | int]
    settings: dict
    rows: list[dict]
    cells: list[Cell]

    def cell(self, key: str, clients: int) -> Cell | None:
        """What a row did with so many clients; None when it was not measured."""
        found = (one for one in self.cells if (one.row, one.clients) == (key, clients))
        return next(found, None)

    def faults(self, key: str) -> str:
        """In words, what a row lost and repeated; empty when nothing, as it should be."""
        cells = [cell for cell in self.cells if cell.row == key]
        lost, repeated = sum(cell.lost for cell in cells), sum(cell.repeated for cell in cells)
        words = [f"lost {lost:,}"] if lost else []
        return " and ".join(words + ([f"repeated {repeated:,}"] if repeated else []))

    def ratio(self, key: str, clients: int, to: str | None = None) -> float | None:
        """How many times as many deliveries per second a row makes as the row `to`.

        The two of each round are compared, and the median is taken. Without `to` it is the run's
        reference. None when one of them was not measured, lost or repeated something.
        """
        to = to or self.settings["reference"]
        mine, other = self.cell(key, clients), self.cell(to, clients)
        if not (mine and other) or self.faults(key) or self.faults(to):
            return None
        pairs = zip(mine.rates, other.rates, strict=True)
        return statistics.median(one / another for one, another in pairs)

    def as_dict(self) -> dict:
        """The document, as JSON can hold it, with each cell's ratio and each row's faults."""
        document = asdict(self)
        for cell in document["cells"]:
            cell["ratio"] = rounded(self.ratio(cell["row"], cell["clients"]))
        for row in document["rows"]:
            row["faults"] = self.faults(row["key"])
        return document

    def as_json(self) -> str:
        """The document as a text."""
        return json.dumps(self.as_dict(), indent=2, sort_keys=True) + "\n"


def from_json(text: str) -> Results:
    """The results that `as_json` wrote."""
    document = json.loads(text)
    cells = []
    for stored in document["cells"]:
        stored.pop("ratio")
        times = {name: Times(**stored[name]) for name in ("one_by_one", "fixed_rate")}
        cells.append(Cell(**stored | times))
    for row in document["rows"]:
        row.pop("faults")
    return Results(**document | {"cells": cells})


@cache
def load() -> Results:
    """The results that are kept in the repository; raises `Trouble` when there are none."""
    try:
        return from_json(KEPT.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Trouble(f"{KEPT.name} can't be read: {error}. `bench --keep` makes it.") from error


def ratio(key: str, clients: int, to: str = "5") -> float:
    """`Results.ratio` of the results that are kept; raises `Trouble` where there is none."""
    found = load().ratio(key, clients, to)
    if found is None:
        raise Trouble(f"The kept results can't compare {key} with {to} at {clients} clients.")
    return found


def summed_up(key: str, clients: int, rounds: list[Measured]) -> Cell:
    """One row's rounds with so many clients, as a cell."""
    fast, both = [one.one_by_one for one in rounds], []
    for one in rounds:
        both += [one.one_by_one, one.fixed]
    rates = [rounded(one.deliveries / one.seconds) for one in fast]
    deliveries = sum(one.deliveries for one in both)
    memory = [one.memory for one in rounds if one.memory is not None]
    return Cell(
        row=key,
        clients=clients,
        rates=rates,
        per_second=rounded(statistics.median(rates)),
        one_by_one=times(second for one in fast for second in one.times),
        fixed_rate=times(second for one in rounds for second in one.fixed.times),
        cpu_us=rounded(statistics.median(1e6 * one.cpu / max(1, one.deliveries) for one in fast)),
        memory_kib=rounded(statistics.median(memory)) if memory else None,
        busy=rounded(statistics.median(one.busy for one in fast), 2),
        payload=rounded(sum(one.payload for one in both) / max(1, deliveries)),
        deliveries=deliveries,
        lost=sum(one.lost for one in both),
        repeated=sum(one.repeated for one in both),
    )


def times(seconds: Iterable[float]) -> Times:
    """The median and the 99th percentile of some times."""
    found = sorted(1000 * one for one in seconds)
    if not found:
        return Times(None, None, 0)
    return Times(rounded(statistics.median(found)), rounded(nearest_rank(found, 0.99)), len(found))


def nearest_rank(ordered: list[float], share: float) -> float:
    """The smallest of some ordered numbers that at least this share of them does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def rounded(number: float | None, digits: int = 4) -> float | None:
    """A number with so many digits that count; None stays None."""
    return None if number is None else float(f"{number:.{digits}g}")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def machine() -> dict[str, str | int]:
    """The kind of this machine, by which nobody could find it."""
    processor = platform.processor()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        processor = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", text, re.MULTILINE)[1].strip()
    except (OSError, TypeError):
        pass
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": processor or "unknown",
        "cores": os.cpu_count() or 1,
    }
