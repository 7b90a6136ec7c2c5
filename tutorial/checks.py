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
raises `Problem` ends the run. What the project itself has printed is looked up in `RECOGNISE` and
in `tutorial.checking.recognise.COMMON`, or told with its file and line. Any other exception is an
error of the check's own: the reader is told so, and the step counts as not looked at.

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
  `wait_until(page, lambda: …)` waits a little until something is true, `pause(page, seconds)` lets
  the page go on. `PlayedServer(page)` is a server that a check plays itself.
  `Visitor.with_session(key)` has a session that `project.shell` has made.
- `server.log()`: what the server has printed so far.
- `clock.now()`, `clock.sleep(seconds)`: time as a machine gives it that may be busy with other
  things. Never measure or wait by the wall's clock: what is right must not fail there.

`SURROUNDINGS = {"env": "test_…", "owner": "test_…"}` says to which steps it belongs how the
reader's `.env` reads, and how the project loads with their own database; otherwise to the first.
"""

from tutorial.checking.clock import clock
from tutorial.checking.context import (
    ForYourEyes,
    blame_server,
    context,
    running_server,
    sentences,
)
from tutorial.checking.pages import Answer, Visitor, get
from tutorial.checking.recognise import Problem
from tutorial.checking.sockets import Socket, handshake, open_socket
from tutorial.checking.windows import PlayedServer, open_page, pause, wait_until

__all__ = [
    "Answer",
    "ForYourEyes",
    "PlayedServer",
    "Problem",
    "Socket",
    "Visitor",
    "asgi_imports",
    "blame_server",
    "clock",
    "context",
    "get",
    "handshake",
    "open_page",
    "open_socket",
    "pause",
    "project",
    "server",
    "step",
    "wait_until",
]


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


project = _Lazy(lambda: context.project)
server = _Lazy(running_server)


def asgi_imports() -> list[str]:
    """The project's modules that config/asgi.py imports before Django is set up.

    It is loaded in a process of its own, as `daphne config.asgi:application` loads it.
    """
    with sentences():
        return context.project.inside("asgi")
