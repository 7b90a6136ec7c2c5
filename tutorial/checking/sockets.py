"""WebSockets of the reader's project, as a page of its own opens them."""

import json
import urllib.parse

from tutorial.checking.clock import TICK, clock
from tutorial.checking.context import blame_server, context, running_server
from tutorial.checking.pages import LONGEST, Visitor
from tutorial.checking.recognise import Problem


class Socket:
    """A window's WebSocket; `path` is only for the sentences.

    `since` is how long the server's log was when all was well: before it opened, or when the last
    frame was heard.
    """

    def __init__(self, connection, path: str, since: int):
        self.connection, self.path, self.since, self.said = connection, path, since, None

    def __enter__(self):
        return self

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __exit__(self, *_):
        self.close()

    def say(self, **fields) -> None:
        """Send a frame of JSON."""
        self.send(json.dumps(fields))

    def send(self, text: str | bytes) -> None:
        """Send a frame as it is."""
        from websockets.exceptions import ConnectionClosed

        self.said = text
        try:
            self.connection.send(text)
        except ConnectionClosed:
            raise blame_server(
                self.since, f"The server has closed {self.path} before {text} could be said."
            ) from None

    def hear(self, patience: float | None = None) -> dict:
        """The next frame. Raises `Problem` when none comes, or when it is no JSON object."""
        from websockets.exceptions import ConnectionClosed

        told = f"{self.said} was sent" if self.said else "A window opened"
        try:
            text = self.receive(patience or context.patience)
        except TimeoutError:
            raise blame_server(
                self.since, f"{told} to {self.path}, and nothing came back."
            ) from None
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            raise blame_server(
                self.since, f"{told} to {self.path}, and the server closed the connection ({code})."
            ) from None
        self.since = len(running_server().log())
        try:
            frame = json.loads(text)
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            raise Problem(
                f"{self.path} sent {text!r}. The page expects JSON: an object such as "
                '{"message": "hello"}. json.dumps(…) makes it.'
            )
        return frame

    def hears_nothing(self, seconds: float = 0.4) -> bool:
        """Whether no frame comes for a while."""
        try:
            self.receive(seconds)
        except TimeoutError:
            return True
        return False

    def receive(self, seconds: float) -> str | bytes:
        """The next frame as it came; raises `TimeoutError`, and what the connection does."""
        until = clock.now() + seconds
        while True:
            try:
                return self.connection.recv(timeout=TICK)
            except TimeoutError:
                if clock.now() > until:
                    raise

    def close_code(self, patience: float | None = None) -> int | None:
        """The code with which the server closes; None when it does not."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self.receive(patience or context.patience)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def connect(path: str, origin: str | None, visitor: Visitor | None):
    """Open a connection with the websockets library; its exceptions come through."""
    from websockets.sync.client import connect

    base = running_server().url
    return clock.within(
        min(context.patience, 4.0),
        lambda: connect(
            base.replace("http", "ws") + urllib.parse.quote(path),
            origin=base if origin == "own" else origin,
            additional_headers={"Cookie": visitor.cookie} if visitor else {},
            open_timeout=LONGEST,
            close_timeout=0.5,
            proxy=None,
            compression=None,
        ),
    )


def open_socket(path: str, origin: str | None = "own", visitor: Visitor | None = None) -> Socket:
    """Open a WebSocket; raises `Problem` with the reason when the handshake fails."""
    from websockets.exceptions import InvalidMessage, InvalidStatus, WebSocketException

    since = len(running_server().log())
    try:
        return Socket(connect(path, origin, visitor), path, since)
    except InvalidStatus as refused:
        status = refused.response.status_code
        raise blame_server(since, STATUS.get(status, STATUS[0]).format(path, status)) from None
    except (TimeoutError, InvalidMessage):  # daphne hangs up by itself after 5 s
        raise blame_server(
            since,
            f"The handshake at {path} is never answered. A consumer that has its own connect() "
            "has to call self.accept() in it.",
        ) from None
    except (WebSocketException, OSError) as error:
        raise blame_server(since, f"No WebSocket can be opened at {path}: {error}.") from None


STATUS = {
    0: "The handshake at {} is answered with HTTP {}, not with 101.",
    403: "The handshake at {} is refused (HTTP {}), though it comes from your own page. Look at "
    "what stands around URLRouter in config/asgi.py, and at what connect() does.",
    404: "The handshake at {} is answered with HTTP {}: a server answers that speaks no WebSocket. "
    '"daphne" has to be the first line of INSTALLED_APPS in config/settings.py.',
}


def handshake(path: str, origin: str | None = "own", visitor: Visitor | None = None) -> int:
    """The status of a handshake: 101 when the connection opens. 0: it is never answered."""
    from websockets.exceptions import InvalidStatus, WebSocketException

    try:
        connect(path, origin, visitor).close()
    except InvalidStatus as refused:
        return refused.response.status_code
    except (WebSocketException, OSError):
        return 0
    return 101
