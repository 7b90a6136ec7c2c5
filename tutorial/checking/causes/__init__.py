"""Finds the cause of what went wrong, from what the reader's project printed.

`cause(output, folder)` goes through the functions in `CAUSES`: each knows one kind of fault by
what has happened, an error or a note of notes.py, and finds the reader's own line for it.
`suspects(folder)` looks at the files alone.
"""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

from tutorial.checking.causes.calls import (
    goes_on,
    no_handler,
    no_response,
    none_returned,
    not_awaitable,
    swapped_or_bad_name,
    wrong_call,
)
from tutorial.checking.causes.commas import lost_comma
from tutorial.checking.causes.coroutines import never_awaited
from tutorial.checking.causes.files import suspects
from tutorial.checking.causes.names import (
    in_template,
    never_set,
    no_address,
    no_key,
    no_module,
    no_name,
    no_template,
    no_variable,
    not_imported,
)
from tutorial.checking.causes.routes import (
    application_not_loaded,
    half_an_application,
    no_application,
    no_application_but,
    no_patterns,
    no_protocol,
    no_route,
    no_view,
    route_and_bracket,
    routes_are_no_list,
    setting_not_set,
)
from tutorial.checking.causes.trouble import Trouble
from tutorial.checking.places import chains

__all__ = ["CAUSES", "cause", "never_awaited", "suspects"]

CAUSES: list[Callable[[Trouble], str | None]] = [
    not_awaitable,
    lost_comma,
    no_application,
    application_not_loaded,
    setting_not_set,
    route_and_bracket,
    routes_are_no_list,
    no_application_but,
    no_view,
    no_route,
    no_patterns,
    half_an_application,
    no_protocol,
    wrong_call,
    no_handler,
    swapped_or_bad_name,
    no_response,
    none_returned,
    goes_on,
    no_address,
    in_template,
    no_template,
    no_variable,
    no_module,
    no_key,
    never_set,
    not_imported,
    no_name,
]
"""In this order: the first that knows has the word."""


def cause(output: str, folder: Path) -> str | None:
    """The sentence for the cause that an output tells of, or None."""
    if said := never_awaited(output, folder):
        return said
    for part in chains(output):
        trouble = Trouble(part, folder)
        for look in CAUSES:
            said = None
            with contextlib.suppress(Exception):  # the error can be told without its cause, too
                said = look(trouble)
            if said:
                return re.sub(r"^your", "Your", said)
    return None
