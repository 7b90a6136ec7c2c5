"""What a chapter's test_chapter.py is written with. This page is all that its writer needs.

    from tutorial.checks import Problem, get, open_socket, step

    RECOGNISE = [(r"No route found for path '(.*?)'", "No address fits {0!r}. …")]

    @step("Give the socket an address", see="the room opens without an error", hint="…")
    def test_the_room_has_a_socket():
        with open_socket("/ws/chat/lobby/") as window:
            window.say(message="hello")
            if window.hear().get("message") != "hello":
                raise Problem("The server answers, but not with what was said. …")

Each function `test_…` is a step, in the order of the file. `step` names the heading in README.md
that it belongs to, and what the reader sees in the browser when it is done. The first step that
raises ends the run: a `Problem` is shown as it is; anything else is looked up in `RECOGNISE` and in
`tutorial.checking.recognise.COMMON`, or told with its file and line.

Nothing here imports the reader's code: it runs in processes of its own, on a copy of the folder,
with a database that is thrown away. So look from outside, and test what happens, not how it is
written:

- `get(path)`, `Visitor().get(path)`, `.post(path, **fields)`: pages; a Visitor keeps cookies and
  knows of CSRF tokens. An answer has `status`, `text`, `headers` and `url`; an error of the
  server (500) is raised as the sentence for it.
- `open_socket(path, origin=…, visitor=…)`: a WebSocket, as a page of this site opens it; it has
  `say(**fields)`, `send(text)`, `hear()`, `hears_nothing()`, `close_code()`.
- `handshake(path, origin=…)`: the status of a handshake only: 101, 403, …
- `project.settings`: the settings, as JSON has them; `project.path(name)`, `project.read(name)`;
  `project.manage("test", …)`: a command of manage.py, with `code` and `output`;
  `project.shell(code)`: what Python code prints that runs inside the project, after migrating, in
  a process that all calls share;
  `project.migrate()`: makes the tables, for a server with users: call it in the first step.
- `asgi_imports()`: what config/asgi.py imports, as `daphne` loads it, before Django is set up.
- `open_page(path, visitor=…)`: for what nothing else can tell: a page of a Playwright browser, with
  the list `page.sockets`; where there is no browser, the step is left to the reader's own eyes.
  `wait_until(page, lambda: …)` waits a little until something is true. `PlayedServer(page)` is a
  server that a check plays itself. `Visitor.with_session(key)` has a session that `project.shell`
  has made.
- `server.log()`: what the server has printed so far.
"""

import contextlib
import http.client
import http.cookiejar
import json
import re
import time
import types
import urllib.error
import urllib.parse
import urllib.request
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


def step(heading: str, see: str = "", hint: str = ""):
    """Mark a test function as a step: the heading in README.md, what to see, a hint."""

    def mark(function):
        function.heading, function.see, function.hint = heading, see, hint
        return function

    return mark


class _Lazy:
    """Stands for the context's project or server, which is started when it is first needed."""

    def __init__(self, find):
        self.__dict__["find"] = find

    def __getattr__(self, name):
        return getattr(self.find(), name)


def running_server() -> Server:
    """The server on the reader's project; started at the first call, shared by all steps."""
    if context.server is None:
        context.server = Server(context.project)
        context.closing.callback(context.server.stop)
        with sentences():
            context.server.start()
    return context.server


project = _Lazy(lambda: context.project)
server = _Lazy(running_server)


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


# Pages


@dataclass(frozen=True)
class Answer:
    """What the server answered to a request, after its redirections."""

    status: int
    text: str
    headers: dict
    url: str


class Visitor:
    """Somebody with a browser: keeps cookies, sends CSRF tokens along."""

    def __init__(self):
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    @classmethod
    def with_session(cls, key: str) -> "Visitor":
        """A visitor who has this session's cookie, as if they had logged in."""
        answer = http.client.HTTPMessage()
        answer["Set-Cookie"] = f"sessionid={key}; Path=/"
        found = cls()
        told = types.SimpleNamespace(info=lambda: answer)
        found.cookies.extract_cookies(told, urllib.request.Request(running_server().url))
        return found

    def get(self, path: str) -> Answer:
        """Fetch a page. Raises `Problem` for an error of the server."""
        return self.fetch(path, None)

    def post(self, path: str, **fields: str) -> Answer:
        """Fill in and send the form of the page at this path. Raises `Problem` as `get` does."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        if found:
            fields["csrfmiddlewaretoken"] = found[1]
        return self.fetch(path, urllib.parse.urlencode(fields).encode())

    def fetch(self, path: str, data: bytes | None) -> Answer:
        """Do a request and return the answer, whatever its status is below 500."""
        base = running_server().url
        since = len(running_server().log())
        url = base + urllib.parse.quote(path, safe="/?=&%")
        headers = {"Referer": url, "Origin": base} if data is not None else {}
        request = urllib.request.Request(url, data, headers)
        try:
            with self.opener.open(request, timeout=context.patience) as got:
                return Answer(
                    got.status, got.read().decode("utf-8", "replace"), dict(got.headers), got.url
                )
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            if error.code >= 500:
                raise blame_server(since, f"{path} is answered with HTTP {error.code}.") from None
            return Answer(error.code, text, dict(error.headers), error.url)
        except (OSError, http.client.HTTPException) as error:
            if "https" in str(error) or "SSL" in str(error).upper():
                raise Problem(
                    f"{path} leads to https://, which runserver does not speak. That is what your "
                    "settings do when DEBUG is off: put DEBUG=True into .env."
                ) from None
            raise blame_server(since, f"{path} gets no answer: {error}.") from None

    @property
    def cookie(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)


def get(path: str) -> Answer:
    """Fetch a page as a visitor who has never been here."""
    return Visitor().get(path)


# WebSockets


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
            text = self.connection.recv(timeout=patience or context.patience)
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
            self.connection.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False

    def close_code(self, patience: float | None = None) -> int | None:
        """The code with which the server closes; None when it does not."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self.connection.recv(timeout=patience or context.patience)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def connect(path: str, origin: str | None, visitor: Visitor | None):
    """Open a connection with the websockets library; its exceptions come through."""
    from websockets.sync.client import connect

    base = running_server().url
    return connect(
        base.replace("http", "ws") + urllib.parse.quote(path),
        origin=base if origin == "own" else origin,
        additional_headers={"Cookie": visitor.cookie} if visitor else {},
        open_timeout=min(context.patience, 4.0),
        close_timeout=0.5,
        proxy=None,
        compression=None,
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


def asgi_imports() -> list[str]:
    """The project's modules that config/asgi.py imports before Django is set up.

    It is loaded in a process of its own, as `daphne config.asgi:application` loads it.
    """
    with sentences():
        return context.project.inside("asgi")


# What only a browser can tell


def browser():
    """A Playwright browser, shared by all steps; raises `ForYourEyes` where there is none."""
    found = getattr(context, "browser", None)
    if found is None:
        from tutorial.checking.browsers import launch

        found = context.browser = context.closing.enter_context(launch(ForYourEyes))
    return found


def open_page(path: str, visitor: Visitor | None = None):
    """A page of a browser's own window at this path, as Playwright has it; `visitor` is logged in.

    `page.sockets` holds the WebSockets that it has opened. Raises what `browser` does.
    """
    window = browser().new_context()
    base = running_server().url
    if visitor:
        window.add_cookies(
            [{"name": c.name, "value": c.value, "url": base} for c in visitor.cookies]
        )
    page = window.new_page()
    page.set_default_timeout(1000 * context.patience)
    page.sockets = []
    page.on("websocket", lambda opened: page.sockets.append(opened))
    page.goto(base + path)
    return page


class PlayedServer:
    """Plays the server for a page's WebSockets: notes what it says, answers nothing by itself.

    `opened` has the page's connections, `heard` the frames that were said on each. The page's clock
    is ours, too: nobody has to wait for its pauses.
    """

    def __init__(self, page):
        self.page, self.opened, self.heard = page, [], []
        page.clock.install()
        page.route_web_socket("**/ws/**", lambda socket: self.open(socket))
        page.reload()

    def open(self, socket) -> None:
        """Note a new connection, and what is said on it."""
        self.opened.append(socket)
        self.heard.append(heard := [])
        socket.on_message(lambda text: heard.append(json.loads(text)))

    def wait(self, happens, seconds: float = 2.5, fast: bool = False) -> bool:
        """Wait until something is true, but not for ever; return whether it came true.

        `fast`: meanwhile the page's clock goes on by a second at every look.
        """
        end = time.monotonic() + seconds
        while not (came := happens()) and time.monotonic() < end:
            if fast:
                self.page.clock.fast_forward(1000)
            self.page.wait_for_timeout(30)
        return bool(came)

    def tell(self, **frame) -> None:
        """Send a frame to the page."""
        self.opened[-1].send(json.dumps(frame))


def wait_until(page, happens) -> bool:
    """Wait until `happens()` is true, but not for ever; return whether it came true."""
    deadline = time.monotonic() + 0.7 * context.patience
    while not (came := happens()) and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    return bool(came)
