"""The rounds: each server afresh in each round, with more and more clients."""

import contextlib
import datetime
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from tutorial.bench import results
from tutorial.bench.crowd import Crowd, at_fixed_rate, fit, one_by_one, settle
from tutorial.bench.frames import PAYLOAD
from tutorial.bench.processes import (
    Children,
    Interrupts,
    Project,
    Server,
    cores,
    need_files,
    prepare,
)
from tutorial.bench.results import Measured, Results
from tutorial.bench.rows import Row, reference
from tutorial.environment import Trouble

RATE = 1000  # deliveries per second at the fixed rate: about half of what the slowest row can do
WARM_UP = 100  # messages to the first client


@dataclass(frozen=True)
class Plan:
    """How to measure: the numbers of clients, the rounds, the seconds for either mode.

    `least`: a measurement has at least so many messages, even when they take longer.
    """

    clients: tuple[int, ...] = (10, 200, 1000)
    rounds: int = 5
    one_by_one: float = 0.5
    fixed_rate: float = 0.8
    least: int = 3


QUICK = Plan((10, 200), rounds=1, one_by_one=0.4, fixed_rate=0.4)


def numbers_of_clients(text: str) -> tuple[int, ...]:
    """What `--clients` says, the smallest number first; raises `Trouble` when it is no list."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 10_000 for part in parts):
        raise Trouble(f"{text!r} names no numbers of clients. Say it like this: 10,200,1000")
    return tuple(sorted({int(part) for part in parts}))


def plan(quick: bool, clients: str | None) -> Plan:
    """The plan that the options ask for; raises `Trouble` when `--clients` is no list."""
    usual = QUICK if quick else Plan()
    return replace(usual, clients=numbers_of_clients(clients)) if clients else usual


def steps(rows: list[Row], plan: Plan) -> int:
    """How many steps a run has."""
    return len(rows) * (1 + plan.rounds * (1 + len(plan.clients)))


def run(
    rows: list[Row], plan: Plan, interrupts: Interrupts, begin: Callable[[str], None]
) -> Results:
    """Measure the rows and return what came out.

    `begin` is called before each step with what it is. Raises `Trouble` when something can't be
    measured, and KeyboardInterrupt when it is interrupted; neither leaves a process or a file.
    """
    need_files(max(plan.clients))
    found: dict[tuple[str, int], list[Measured]] = {}
    with contextlib.ExitStack() as stack:
        with interrupts.held():
            folder = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(folder)).resolve()
            children = Children(interrupts)
            stack.callback(children.end)
        projects = []
        for row in rows:
            begin(f"preparing {row.label}")
            projects.append(prepare(row, folder / row.key, children))
        for _ in range(plan.rounds):
            for project in projects:
                begin(f"{project.row.label}: starting")
                serve(project, plan, children, begin, found)
    return Results(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        versions=results.versions(),
        machine=results.machine(),
        settings={
            "clients": list(plan.clients),
            "rounds": plan.rounds,
            "seconds": {"one_by_one": plan.one_by_one, "fixed_rate": plan.fixed_rate},
            "rate": RATE,
            "payload": PAYLOAD,
            "reference": reference(rows),
            "cores_of_their_own": can_pin(),
        },
        rows=[
            {name: getattr(row, name) for name in ("key", "label", "stage", "server", "processes")}
            for row in rows
        ],
        cells=[results.summed_up(*where, rounds) for where, rounds in found.items()],
    )


def can_pin() -> bool:
    """Whether servers and clients have cores of their own here."""
    with cores() as servers:
        return bool(servers)


def serve(
    project: Project,
    plan: Plan,
    children: Children,
    begin: Callable[[str], None],
    found: dict[tuple[str, int], list[Measured]],
) -> None:
    """Measure a row for one round and add to `found`; it ends at the first loss or repeat."""
    row = project.row
    with cores(row.processes) as servers, contextlib.ExitStack() as stack:
        server = Server(project, children, servers)
        stack.callback(children.end)
        server.start()
        crowd = Crowd(server.ports, project.session)
        stack.callback(crowd.close)
        try:
            crowd.grow(row.processes)  # one at each of its processes
            fit(crowd)
            all(crowd.say_to_all() for _ in range(WARM_UP))  # up to the first that is lost
            before, first = server.memory(), len(crowd.clients)
            for count in plan.clients:
                begin(f"{row.label}: {count} clients")
                crowd.grow(count)
                settle(crowd)
                memory = None
                if count == plan.clients[-1] and count > first:
                    memory = (server.memory() - before) / (count - first) / 1024
                fast = one_by_one(crowd, plan.one_by_one, plan.least, server.cpu)
                interval = count / RATE
                messages = max(2, round(plan.fixed_rate / interval))
                fixed = at_fixed_rate(crowd, interval, messages)
                found.setdefault((row.key, count), []).append(Measured(fast, fixed, memory))
                if fast.lost or fast.repeated or fixed.lost or fixed.repeated:
                    break
        except (Trouble, OSError, psutil.Error) as error:
            server.need_alive()
            raise Trouble(f"Row {row.key} can't be measured. {error}") from error
        server.need_alive()
