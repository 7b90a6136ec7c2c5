"""Something in which Daphne needs help; called by config/asgi.py."""

from asgiref.sync import SyncToAsync
from twisted.internet import reactor
from twisted.internet.threads import deferToThread


def finish_handlers_before_shutdown():
    """Have a stopping server wait for the consumers' thread before its event loop ends.

    All synchronous consumers share one thread, and each ``async_to_sync(…)`` in it waits for the
    loop. If the loop ended first, that thread would wait for ever and the process with it. So the
    handler that runs now may end, and those that wait for their turn are given up.
    """
    reactor.addSystemEventTrigger(
        "before",
        "shutdown",
        deferToThread,
        SyncToAsync.single_thread_executor.shutdown,
        cancel_futures=True,
    )
