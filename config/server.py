"""Three things in which Daphne needs help; called by config/asgi.py."""

from asgiref.sync import SyncToAsync
from daphne.ws_protocol import WebSocketProtocol
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


def allow_all_close_codes():
    """Let consumers close with the protocol's own codes, as ASGI says they may.

    Daphne closes through a function of Autobahn that takes 1000 and 3000 to 4999 only.
    """
    WebSocketProtocol.serverClose = lambda self, code=None: self.sendCloseFrame(code or 1000)


def ignore_sends_to_who_is_leaving():
    """Send nothing to a client that has said goodbye while its line is still open.

    Daphne tells the consumer once the line is closed; until then its own send would raise.
    """
    send = WebSocketProtocol.serverSend

    def send_if_open(self, *arguments):
        if self.state == self.STATE_OPEN:
            send(self, *arguments)

    WebSocketProtocol.serverSend = send_if_open
