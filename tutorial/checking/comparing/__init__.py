"""Compares a reader's files with the stage's: what `tutorial.checking.differs` speaks from.

`units` says what is compared; `statements`, `scripts` and `pages` take files apart into it;
`pairing` finds out what belongs together, `compare` where two versions differ, `nature` what that
amounts to; `shown` knows what the text has one type, and `look` looks at a folder.
"""

from functools import lru_cache

from tutorial.checking.comparing.pages import key_units, page_units
from tutorial.checking.comparing.scripts import take_script
from tutorial.checking.comparing.statements import take_python
from tutorial.checking.comparing.units import Taken

KEYED = ("Pipfile", ".env.example")
"""Files of which only the names in front of `=` are compared: their values are the owner's."""

MOST, LONGEST = 1_500, 1_000
"""Units of a file that is compared, and tokens of one of them."""


def take_apart(name: str, text: str, renames: dict[str, dict[str, str]] | None = None) -> Taken:
    """Take the file `name` apart; `renames`: for a scope, other names for those that it has.

    Raises what `ast.parse` does when Python can't read it, and `ValueError` when it is too long.
    """
    if name.endswith(".py"):
        taken = take_python(name, text, renames or {})
    elif name.endswith(".js"):
        taken = take_script(text, renames or {})
    else:
        taken = Taken(list(page_units(text) if name.endswith(".html") else key_units(text)))
    if len(taken.units) > MOST or any(len(unit.tokens) > LONGEST for unit in taken.units):
        raise ValueError(f"{name} is too long to be compared")
    return taken


@lru_cache(maxsize=128)
def course_apart(name: str, text: str) -> Taken:
    """A file of the course's, taken apart: not to be changed. Raises what `take_apart` does."""
    return take_apart(name, text)
