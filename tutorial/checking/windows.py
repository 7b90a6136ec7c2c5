"""A browser's windows on the reader's project: for what nothing else can tell."""

import json

from tutorial.checking.browsers import launch
from tutorial.checking.clock import clock
from tutorial.checking.console import Console
from tutorial.checking.context import ForYourEyes, context, running_server
from tutorial.checking.pages import Visitor

looked_at: list = []
"""The pages that the step under way has looked at."""


def browser():
    """A Playwright browser, shared by all steps; raises `ForYourEyes` where there is none."""
    found = getattr(context, "browser", None)
    if found is None:
        found = context.browser = context.closing.enter_context(launch(ForYourEyes))
    return found


def open_page(path: str, visitor: Visitor | None = None):
    """A page of a browser's own window at this path, as Playwright has it; `visitor` is logged in.

    `page.sockets` holds the WebSockets that it has opened, `page.console` what the browser says of
    it. Raises what `browser` does.
    """
    window = browser().new_context()
    base = running_server().url
    if visitor:
        window.add_cookies(
            [{"name": c.name, "value": c.value, "url": base} for c in visitor.cookies]
        )
    page = window.new_page()
    give_time(page)
    page.sockets, page.console = [], Console(page)
    page.on("websocket", lambda opened: page.sockets.append(opened))
    page.goto(base + path)
    return page


def give_time(page) -> None:
    """Let Playwright wait for this page as long as the machine, busy as it is, makes us wait.

    From now on the page belongs to the step under way: see `tutorial.checking.verdict`.
    """
    if page not in looked_at:
        looked_at.append(page)
    page.set_default_timeout(1000 * context.patience * clock.stretch)


def pause(page, seconds: float) -> None:
    """Let the page go on for a while, by the clock that knows how busy the machine is."""
    clock.wait(lambda: False, seconds, lambda nap: page.wait_for_timeout(1000 * nap))
    give_time(page)


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

        def nap(_) -> None:
            if fast:
                self.page.clock.fast_forward(1000)
            self.page.wait_for_timeout(30)

        came = clock.wait(happens, seconds, nap)
        give_time(self.page)
        return bool(came)

    def tell(self, **frame) -> None:
        """Send a frame to the page."""
        self.opened[-1].send(json.dumps(frame))


def wait_until(page, happens) -> bool:
    """Wait until `happens()` is true, but not for ever; return whether it came true."""
    came = clock.wait(happens, 0.7 * context.patience, lambda _: page.wait_for_timeout(50))
    give_time(page)
    return bool(came)
