"""Two things in which Daphne needs help; called by config/asgi.py."""

from daphne.ws_protocol import WebSocketProtocol


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
