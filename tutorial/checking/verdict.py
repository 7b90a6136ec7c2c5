"""Looks for the cause of a step's problem where nobody has looked yet.

That is: at coroutines that were never awaited, in the browser's console, and at what in the
reader's files can't be meant so.
"""

import contextlib

from tutorial.checking.causes import never_awaited, suspects
from tutorial.checking.context import Known, context
from tutorial.checking.recognise import Problem
from tutorial.checking.windows import looked_at


def begin() -> None:
    """A step begins: no page has been looked at in it."""
    looked_at.clear()


def complaint() -> str | None:
    """What Python or the browser says, in a step in which all seems to be as it should be."""
    if said := left_behind():
        return said
    return next(filter(None, (asked(page, page_is_broken) for page in looked_at)), None)


def verdict(problem: Problem) -> Problem:
    """The problem with its cause, when Python, the browser or a look at the files knows it.

    Whatever goes wrong in looking for it, the problem stands.
    """
    if not isinstance(problem, Known):
        with contextlib.suppress(Exception):
            return cause_of(problem)
    return problem


def cause_of(problem: Problem) -> Problem:
    """As `verdict`, for a problem whose cause is not known; raises what its searches do."""
    if said := left_behind():
        return Known(said)
    for page in looked_at:
        if said := asked(page, page_says):
            return Known(said)
        if "twice" in str(problem) and (said := asked(page, page_listens)):
            return Known(said)
    if said := suspects(context.project.copy):
        words = str(problem)
        return Known(f"{words}{'' if words.endswith(('.', '?')) else '.'} {said}")
    return problem


def left_behind() -> str | None:
    """The sentence for a coroutine that was never awaited in the server, or None."""
    log = context.server.log() if context.server else ""
    with contextlib.suppress(Exception):
        return never_awaited(log, context.project.copy)
    return None


def asked(page, look) -> str | None:
    """What a page answers; nothing when it is closed, or hangs."""
    with contextlib.suppress(Exception):
        page.wait_for_timeout(10)
        return look(page.console)
    return None


def page_is_broken(console) -> str | None:
    """The sentence for a script that can't run as it is written."""
    return console.broken(context.project.copy)


def page_says(console) -> str | None:
    """The sentence for what the browser says of a page."""
    return console.verdict(context.project.copy)


def page_listens(console) -> str | None:
    """The sentence for two listeners where one is wanted."""
    return console.listeners(context.project.copy)
