"""What the benchmark measures. This is the only list of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.environment import Trouble

APPS = Path(__file__).resolve().parent / "apps"


@dataclass(frozen=True)
class Row:
    """One server to measure.

    `key`: its name on the command line. `label`: its name in the table, at most 24 characters.
    `stage`: the stage whose project it serves, None for an application of its own. `overlay`: files
    laid over that project: path there → where the text is. `processes`: how many serve side by
    side. `variables`: what its environment has besides.
    """

    key: str
    label: str
    stage: int | None = None
    server: str = "daphne"
    application: str = "config.asgi:application"
    overlay: Mapping[str, Path] = field(default_factory=dict)
    processes: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)


BARE = {"application": "bare:application", "overlay": {"bare.py": APPS / "bare.py"}}

ROWS = (
    Row("5", "5 classic", 5),
    Row("5-async", "5 classic, async", 5, overlay={"chat/consumers.py": APPS / "classic_async.py"}),
    Row("10", "10 the project", 10),
    Row("11", "11 async", 11),
    Row("11-uvicorn", "11 async, uvicorn", 11, "uvicorn"),
    Row("bare", "bare ASGI", **BARE),
    Row("bare-uvicorn", "bare ASGI, uvicorn", server="uvicorn", **BARE),
)

REFERENCE = "5"
"""The row that ratios are to; where it is not measured, the first one that is."""


def chosen(keys: str | None, rows: tuple[Row, ...] = ROWS) -> list[Row]:
    """The rows with these keys (separated by commas), in the list's order; all for None.

    Raises `Trouble` when a key is unknown or none is named.
    """
    if keys is None:
        return list(rows)
    wanted = {key.strip() for key in keys.split(",")} - {""}
    unknown = sorted(wanted - {row.key for row in rows})
    if unknown or not wanted:
        what = f"There is no row {', '.join(unknown)}." if unknown else "No row is named."
        raise Trouble(f"{what} The rows are {', '.join(row.key for row in rows)}.")
    return [row for row in rows if row.key in wanted]


def reference(rows: list[Row]) -> str:
    """The key of the row that the others are compared with."""
    keys = [row.key for row in rows]
    return REFERENCE if REFERENCE in keys else keys[0]
