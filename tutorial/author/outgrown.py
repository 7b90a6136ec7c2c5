"""Computes which steps of a chapter the later stages have outgrown: see `tutorial.course.outgrown`.

For each later stage, the chapter's checks run on it; a step that fails there is outgrown, and is
left out of the next run, until all others hold.
"""

import json
from collections.abc import Callable
from pathlib import Path

from tutorial.checking.run import Report, run_checks
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.outgrown import FILE
from tutorial.course.stages import lineage
from tutorial.environment import Trouble


def steps_outgrown(
    number: int,
    folders: dict[int, Path],
    check: Callable[..., Report] = run_checks,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, int]:
    """The steps of chapter `number` that a later stage does not keep → the first such stage.

    `folders`: the later stages' numbers → folders of readers who are there. Raises `Trouble` when
    a step can't be looked at here.
    """
    found: dict[str, int] = {}
    for later, folder in sorted(folders.items()):
        while True:
            report = check(number, folder, skip=found, compare=False)
            if report.unseen:
                raise Trouble(f"Stage {later}: {next(iter(report.unseen.values()))}")
            if report.problem is None:
                break
            if report.failed is None:
                raise Trouble(f"Stage {later}, chapter {number}: {report.problem}")
            found[report.failed] = later
            tell(f"  {report.failed} ends with chapter {later}: {report.problem}")
    return found


def later_stages(number: int) -> list[int]:
    """The numbers of the stages that build on stage `number`."""
    return [
        of.number
        for of in COURSE[number:]
        if of.has_stage and chapter(number) in lineage(of.number)
    ]


def keep(number: int, found: dict[str, int]) -> None:
    """Write what was found for a chapter into the table."""
    table = json.loads(FILE.read_text("utf-8")) | {str(number): found}
    table = {key: table[key] for key in sorted(table, key=int) if table[key]}
    FILE.write_text(json.dumps(table, indent=1) + "\n", "utf-8", newline="\n")
