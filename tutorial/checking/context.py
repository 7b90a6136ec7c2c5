"""The one project that this process checks, its server, and what is said when it fails."""

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.checking.clock import clock
from tutorial.checking.folder import Project, Server
from tutorial.checking.recognise import (
    COMMON,
    Problem,
    explain,
    last_traceback,
    places,
    recognise,
)


@dataclass
class Context:
    """The one project that this process checks; set by `tutorial.checking.runner`."""

    project: Project | None = None
    server: Server | None = None
    table: list = field(default_factory=list)
    patience: float = 3.0
    """Seconds that an answer may take, by the clock that knows how busy the machine is."""
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


context = Context()


class ForYourEyes(Exception):
    """A step that can't be looked at here: there is no browser, or no time. Says why."""


class Known(Problem):
    """A problem whose cause is known: its sentence stands in a table."""


class Fault(Exception):
    """An error of the check's own: the reader's work has no part in it."""


def running_server() -> Server:
    """The server on the reader's project; started at the first call, shared by all steps."""
    if context.server is None:
        context.server = Server(context.project)
        context.closing.callback(context.server.stop)
        with sentences():
            context.server.start()
    return context.server


@contextlib.contextmanager
def sentences():
    """Turn an error that the project's own words tell of into a `Problem` with a sentence.

    Raises `Fault` where it is the check's own code that failed, inside the project.
    """
    try:
        yield
    except Problem as problem:
        if problem.output is None:
            raise
        if error := own_fault(problem.output, context.project.copy):
            raise Fault(error) from None
        raise in_words(problem.output) from None


def in_words(output: str) -> Problem:
    """The problem that an output of the reader's project tells of."""
    folder, tables = context.project.copy, [*context.table, *COMMON]
    kind = Known if recognise(output.replace("\r\n", "\n"), folder, tables) else Problem
    return kind(explain(output, folder, context.table))


MINE = "<the check>"
"""What code that a check has had run inside the project is called in a traceback."""

DOUBTFUL = re.compile(
    r"^(?:NameError|SyntaxError|IndexError|KeyError|AssertionError)\b|UNIQUE", re.M
)
"""Errors that code of a check makes by itself; others there are about what it found."""


def own_fault(output: str, folder: Path) -> str | None:
    """The error's last line when code of the check has failed, and nothing of the reader's."""
    trouble = last_traceback(output).strip()
    if f'File "{MINE}"' not in trouble or places(trouble, folder):
        return None
    last = trouble.splitlines()[-1]
    return last if DOUBTFUL.search(last) else None


def blame_server(since: int, otherwise: str) -> Problem:
    """The sentence for what went wrong in the server since its log had that length."""
    clock.sleep(0.2)
    log = running_server().log()[since:]
    if "Traceback (" in log:
        return in_words(log)
    if where := running_server().busy_at():
        return Known(f"Your server is busy without end: {where}. A loop there never ends.")
    if found := explain(log, context.project.copy, context.table, fallback=False):
        return Known(found)
    return Problem(otherwise)
