"""Which steps of a chapter a later one takes back: they are not asked for from there on.

`chapters/outgrown.json` holds them, computed from the stages by `proofs outgrown`: the number of a
chapter → the name of a step → the first later chapter at whose end it does not hold any more.
"""

import functools
import json

from tutorial.course.chapters import CHAPTERS

FILE = CHAPTERS / "outgrown.json"


@functools.cache
def table() -> dict[int, dict[str, int]]:
    """All steps that are outgrown; see the top of this module."""
    return {int(number): steps for number, steps in json.loads(FILE.read_text("utf-8")).items()}


def outgrown(number: int, seen_from: int) -> set[str]:
    """The names of those steps of chapter `number` that chapter `seen_from` has taken back."""
    return {name for name, first in table().get(number, {}).items() if first <= seen_from}
