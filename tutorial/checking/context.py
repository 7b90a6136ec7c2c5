"""The one project that this process checks, its server, and what is said when it fails."""

import contextlib
import time
from dataclasses import dataclass, field

from tutorial.checking.folder import Project, Server
from tutorial.checking.recognise import Problem, explain


@dataclass
class Context:
    """The one project that this process checks; set by `tutorial.checking.runner`."""

    project: Project | None = None
    server: Server | None = None
    table: list = field(default_factory=list)
    patience: float = 3.0
    """Seconds that an answer may take."""
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)


context = Context()


class ForYourEyes(Exception):
    """A step that can't be checked here, because there is no browser."""


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
    """Turn an error that the project's own words tell of into a `Problem` with a sentence."""
    try:
        yield
    except Problem as problem:
        if problem.output is None:
            raise
        raise Problem(explain(problem.output, context.project.copy, context.table)) from None


def blame_server(since: int, otherwise: str) -> Problem:
    """The sentence for what went wrong in the server since its log had that length."""
    time.sleep(0.2)
    log = running_server().log()[since:]
    if "Traceback (" in log:
        return Problem(explain(log, context.project.copy, context.table))
    if where := running_server().busy_at():
        return Problem(f"Your server is busy without end: {where}. A loop there never ends.")
    if found := explain(log, context.project.copy, context.table, fallback=False):
        return Problem(found)
    return Problem(otherwise)
