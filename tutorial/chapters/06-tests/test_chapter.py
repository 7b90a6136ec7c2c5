"""What chapter 6's result must do: tests that pass, and that fail when the chat is broken.

The reader's tests run in a copy of the folder: with the reader's own consumer, where they have to
pass, and with each break in `broken/`, where at least one has to fail. Each of them breaks what is
around the reader's consumer, so that its groups keep their names. In these runs no browser can be
opened: the tests that want one have a run of their own. `inside/` says what the copy has for that.
"""

import functools
import os
import re
import shutil
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tutorial.checking import browsers
from tutorial.checking import clock as clock_file
from tutorial.checking.context import Known
from tutorial.checking.folder import Project, end, start
from tutorial.checking.recognise import never_awaited, place_of
from tutorial.checks import ForYourEyes, Problem, clock, context, project, step

RECOGNISE = [
    (
        r"NameError: name '(\w+)' is not defined",
        "{place} uses the name {0}, which is neither imported nor set there.",
    ),
]

HERE = Path(__file__).parent
RIGHT = HERE.parent / "05-groups" / "code" / "chat" / "consumers.py"
BREAKS = ("echo", "all_rooms", "one_room", "nobody_leaves", "never_taken_out", "strangers")

STILL_TRIED = {
    "echo": "a window in another room",
    "all_rooms": "a window that leaves",
    "never_taken_out": "a page of another site",
}
"""A break → what has to be tried all the same: another promise, in another test."""

FORKS = sys.platform == "linux"
"""Whether a process that has loaded the tests may be forked for each run: elsewhere it is risky."""

TOO_BUSY = "This machine was too busy with other things for a browser's test."

TESTING, BROWSING = 12.0, 12.0
"""Seconds that a run may take, without a browser and with one."""

EXPECTING = 2.5
"""Seconds that a browser may wait for what a test expects of its page."""

PUT_IN = "put_in_by_the_check"


@dataclass(frozen=True)
class Outcome:
    """How the reader's tests went: all output, and the names of those that failed."""

    code: int
    output: str

    @property
    def ran(self) -> int:
        """How many tests have really run."""
        return int((re.findall(r"^Ran (\d+) tests?", self.output, re.M) or [0])[-1]) - self.skipped

    @property
    def skipped(self) -> int:
        """How many were skipped."""
        return len(re.findall(r"\.\.\. skipped ", self.output))

    @property
    def browsers(self) -> list[str]:
        """Those that wanted a browser, tests or classes of tests."""
        skipped = (
            r"^\w+ \(([\w.]+)\)(?:\n.*)? \.\.\. skipped ['\"].*(?:opens no browser|No Chromium)"
        )
        found = re.findall(skipped, self.output, re.M)
        return [*found, *(test for test, *_ in self.told("a browser is wanted"))]

    @property
    def failed(self) -> list[str]:
        """The names of the tests that failed."""
        return re.findall(r"^(?:FAIL|ERROR): ([\w.]+)", self.output, re.M)

    def told(self, what: str) -> list[list[str]]:
        """What the run has told of such a thing: the test, and more."""
        return [
            line.split("|") for line in re.findall(rf"^CHECK: {what}\|(.*)$", self.output, re.M)
        ]

    def failed_among(self, names: list[str]) -> list[str]:
        """The names of those that failed and are among these tests or classes, or of such a one."""
        found = re.findall(r"^(?:FAIL|ERROR): (\w+) \(([\w.]+)\)", self.output, re.M)
        return [
            test
            for test, label in found
            if any(f"{label}.".startswith(f"{name}.") for name in names)
            or any(f"{name}.".startswith(f"{label}.") for name in names)
        ]


class Runs:
    """The runs of the reader's tests in a copy of the project: begun in groups, in processes."""

    def __init__(self):
        self.place = context.project.beside / "tests"
        self.copy = self.place / context.project.copy.name
        self.project = Project(self.copy, self.place)
        self.processes = {}
        shutil.copytree(context.project.copy, self.copy)
        inside = self.copy / PUT_IN
        inside.mkdir()
        for file in (*(HERE / "inside").glob("*.py"), *(HERE / "broken").glob("*.py")):
            shutil.copyfile(file, inside / file.name)
        shutil.copyfile(clock_file.__file__, inside / "clock.py")
        shutil.copyfile(RIGHT, inside / "consumers.py")
        (inside / "__init__.py").touch()
        with (self.copy / "config" / "__init__.py").open("a", encoding="utf-8") as package:
            package.write(f"\n\nimport {PUT_IN}.within  # added by the check, in its own copy\n")

    def begin(self, *names: str) -> None:
        """Begin these runs."""
        kept = ("PLAYWRIGHT_BROWSERS_PATH", "DISPLAY")
        variables = self.project.variables | {n: os.environ[n] for n in kept if n in os.environ}
        variables |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(context.project.beside))
        variables["CHECK_PLACE"] = str(self.place)
        variables["CHECK_SECONDS"] = str(EXPECTING * clock.stretch)
        for group in [names] if FORKS else [[name] for name in names]:
            log = self.place / f"{group[0]}.main.log"
            command = self.project.command("manage", "test", "--noinput", "-v2")
            with log.open("wb") as output:
                here = variables | {"CHECK_RUNS": " ".join(group)}
                process = start(command, self.copy, here, output)
            context.closing.callback(end, process)
            self.processes |= dict.fromkeys(group, (process, log))

    def outcome(self, name: str, patience: float = TESTING) -> Outcome | None:
        """What has come of a run; None when it has not come to an end."""
        process, log = self.processes[name]
        code = self.place / f"{name}.code"
        clock.wait(lambda: code.exists() or process.poll() is not None, patience)
        if code.exists():
            return Outcome(int(code.read_text()), self.output(self.place / f"{name}.log"))
        if process.poll() is None:
            return None
        return Outcome(process.returncode, self.output(log))

    def output(self, log: Path) -> str:
        """What a run has printed, as if it had run in the project itself."""
        output = log.read_text("utf-8", "replace").replace("\r\n", "\n")
        output = output.replace(str(self.copy / PUT_IN), f"<{PUT_IN}>")
        return output.replace(str(self.copy), str(context.project.copy))


@functools.cache
def runs() -> Runs:
    """The runs, begun all at once."""
    project.need_manage()
    files = list(project.path("tests").glob("*.py"))
    if not files:
        raise Problem("There is no folder tests/ with tests in it, beside manage.py.")
    found = Runs()
    found.begin("own", "late", *BREAKS)
    tests = [file for file in files if file.name != "server.py"]  # that one is given
    if any(b"playwright" in file.read_bytes() for file in tests) and not no_browser():
        found.begin("browser")
    return found


@functools.cache
def no_browser() -> str | None:
    """Why no test can have a browser here; None when it can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return browsers.NO_PLAYWRIGHT
    return None if browsers.found_by_tests() else browsers.NO_BROWSER


@functools.cache
def own() -> Outcome:
    """The outcome with the reader's own consumer; raises `Problem` when the tests never end."""
    if found := runs().outcome("own"):
        return found
    raise Problem(
        "Your tests don't come to an end. What is awaited there for ever? Look for a loop that "
        "never ends."
    )


def by_itself(name: str, patience: float = TESTING) -> Outcome:
    """The outcome of a run that is begun now; one that never ends has failed."""
    runs().begin(name)
    return runs().outcome(name, patience) or Outcome(1, "")


def first_failure(outcome: Outcome) -> str:
    """The first failure's traceback."""
    _, _, found = outcome.output.partition("\n" + "=" * 70 + "\n")
    return (
        found.partition("\n" + "-" * 70 + "\n")[2]
        .partition("\n" + "=" * 70)[0]
        .partition("\n" + "-" * 70)[0]
    )


def slipped_through(name: str, sentence: str) -> None:
    """Raise `Problem` with the sentence when no test fails with this break."""
    found = runs().outcome(name)
    if found and found.code == 0:
        raise Problem(f"Your tests all pass with a broken chat: {sentence}")


@step(
    "Get what tests need",
    see="python manage.py test says Found 0 test(s), and no error",
    hint="pipenv install --dev …, and an empty file tests/__init__.py.",
)
def test_there_is_a_place_for_tests():
    packages = tomllib.loads(project.read("Pipfile"))
    for name in ("playwright", "websockets"):
        if name not in packages.get("dev-packages", {}):
            raise Problem(
                f"{name} is not among the [dev-packages] of your Pipfile. Run: "
                "pipenv install --dev playwright websockets"
            )
    if not project.path("tests/__init__.py").is_file() and own().ran + own().skipped == 0:
        raise Problem(
            "python manage.py test finds no test: the file tests/__init__.py is missing. It is "
            "empty, and makes a package of the folder, in which Django looks for tests."
        )


@step(
    "Open a window without a server",
    see="python manage.py test ends with OK",
    hint="Read the first line that python manage.py test prints of your own file.",
)
def test_the_tests_pass():
    if own().ran == 0 and not own().failed:
        raise Problem(
            "python manage.py test finds no test that needs no browser. A file with tests is "
            "called test….py, and so are the methods: test_…, in a class of test cases."
        )
    if said := never_awaited(own().output, context.project.copy):
        raise Known(said)
    if own().code == 0:
        need_patience()
        need_closed_windows()
        return
    name = (own().failed or ["A test"])[0]
    trouble = first_failure(own()) if own().failed else own().output
    if not own().failed or "Failed to import test module" in trouble:
        raise Problem("", output=trouble)
    strangers = runs().outcome("strangers")
    if strangers and strangers.ran and not {*own().failed} & {*strangers.failed}:
        raise Problem(
            f"{name} fails, and passes when the origin is not looked at: your window is "
            "refused as a stranger's. Give WebsocketCommunicator the headers of a page of your "
            'own: headers=[(b"host", b"testserver"), (b"origin", b"http://testserver")].'
        )
    if found := re.search(r"cannot unpack non-iterable coroutine|coroutine '(\S+)' was", trouble):
        raise Problem(
            f"{place(trouble)} in {name} calls an async method and does not wait for it"
            + (f" ({found[1]})" if found[1] else "")
            + ". Put await in front of the call."
        )
    if by_itself("right").code == 0:
        raise Problem(
            f"{name} fails with your consumer, and passes with a right one. So the test is good, "
            f"and chat/consumers.py is broken ({error_in(trouble)}). Mend it; `check 5` says "
            "more."
        )
    raise Problem(
        f"{name} fails, though the consumer does what it should. {place(trouble)} ends with "
        f"{error_in(trouble)}."
    )


def need_patience() -> None:
    """Raise `Problem` when a test fails where an event takes a moment."""
    late = runs().outcome("late")
    if late and late.failed:
        trouble = first_failure(late)
        raise Problem(
            f"{late.failed[0]} passes on some days only: where an event takes a moment to arrive, "
            f"{place(trouble)} ends with {error_in(trouble)}. Wait for what a window hears, with "
            "await window.receive_json_from(), before you go on, and before you close it."
        )


def need_closed_windows() -> None:
    """Raise `Problem` when a test leaves a window open."""
    for test, at in own().told("a window is left open"):
        raise Problem(
            f"{test} leaves a window open, made at {at}: its consumer is in its group for ever, "
            "and the tests that follow find it there. Close each window at a test's end: "
            "await window.disconnect()."
        )


def place(trouble: str) -> str:
    """The reader's last line in a traceback."""
    return place_of(trouble, context.project.copy) or "The test"


def error_in(trouble: str) -> str:
    """The first line of the error in a traceback, which may go on for some lines."""
    found = re.findall(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Expired)\b.*)$", trouble, re.M)
    last = found or trouble.strip().splitlines() or ["no word of it"]
    return last[-1].strip().rstrip(".")


@step(
    "Open a window without a server",
    see="the test fails when receive() answers its own window only",
    hint="Two windows in one room, and the second one hears, too.",
)
def test_an_echo_is_noticed():
    slipped_through(
        "echo",
        "one that sends what is said back to the sender only, as in chapter 4. Let a second "
        "window in the same room hear it, too.",
    )


@step(
    "Say what must not happen",
    see="python manage.py test runs four tests",
    hint="receive_nothing() is true when no frame comes for a while.",
)
def test_what_must_not_happen_is_noticed():
    slipped_through(
        "all_rooms",
        "one that sends what is said to all rooms. Open a window in another room, and assert "
        "that it hears nothing. Close the windows after that.",
    )
    slipped_through(
        "one_room",
        "one that lets nobody into a room while there is somebody in another one. Who was not let "
        "in hears nothing either: assert of each window that connect() has said yes.",
    )
    slipped_through(
        "nobody_leaves",
        "one that goes on sending to windows that have left, and takes a moment to send at all. "
        "Disconnect a window, let another one speak, wait until that one has heard itself, and "
        "assert then that the first hears nothing.",
    )
    slipped_through(
        "never_taken_out",
        "one that never takes a window out of its group, so that the server's memory fills up. "
        "When a window has left, look at get_channel_layer().groups and assert that its group "
        "has one channel less.",
    )
    slipped_through(
        "strangers",
        "one that lets pages of every site in. Connect with a foreign Origin in the headers, and "
        "assert that it is refused.",
    )
    for name, what in STILL_TRIED.items():
        broken = runs().outcome(name)
        if [what] in own().told("tried") and broken and [what] not in broken.told("tried"):
            raise Problem(
                f"With one promise broken, your tests no longer try {what}: a test ends at its "
                f"first failure, and {(broken.failed or ['one'])[0]} is about more than one thing. "
                "Give each promise a test of its own, a method whose name begins with test_."
            )


@step(
    "Look through a browser's eyes",
    see="python manage.py test says OK, with a dot for each test and no s",
    hint="tests/server.py has ServerTestCase and find_browser(); Playwright opens the pages.",
)
def test_a_browser_is_opened():
    if not own().browsers:
        raise Problem(
            "None of your tests opens a browser. Write one that opens a room in two windows with "
            "Playwright, as the text does in tests/test_browser.py; its name begins with test_."
        )
    if reason := no_browser():
        raise ForYourEyes(f"Your browser's test is skipped here. {reason}")
    if "browser" not in runs().processes:
        runs().begin("browser")
    need_a_test_that_passes()


def need_a_test_that_passes() -> None:
    """Raise `Problem` when the browser's test fails with the reader's chat, or is careless."""
    began, counted = time.monotonic(), clock.now()
    found = runs().outcome("browser", BROWSING)
    busy = time.monotonic() - began > 3 * (clock.now() - counted) + 1
    if found is None and not busy:
        raise Problem("Your browser's test does not come to an end. What does it wait for?")
    if found is None:
        raise ForYourEyes(TOO_BUSY)
    failed = found.failed_among(own().browsers)
    if not failed:
        need_careful_pages(found)
        return
    trouble = first_failure(found)
    error = error_in(trouble)
    if re.search("Timeout|expected|did not start", error):
        if busy:
            raise ForYourEyes(TOO_BUSY)
        if not by_itself("browser-quick", BROWSING).failed_among(own().browsers):
            raise Problem(
                f"{failed[0]} fails where a line takes a moment until it is in another window: "
                f"{place(trouble)} ends with {error}. Before the second window answers, expect in "
                "it what the first one has said."
            )
    raise Problem(
        f"{failed[0]} fails in a real browser, in front of your own chat: {place(trouble)} ends "
        f"with {error}."
    )


def need_careful_pages(found: Outcome) -> None:
    """Raise `Problem` when a browser's test does with its pages what can't be meant."""
    for _, at in found.told("a page is not looked at"):
        raise Problem(
            f"{at} opens a page that the test never looks at, so it proves nothing. Expect of each "
            "page what it has to show; of one in another room, that its log stays empty: "
            'expect(….locator("#chat-log")).to_have_value("").'
        )
    for _, at in found.told("a page is typed into at once"):
        raise Problem(
            f"{at} opens a page, and the test types into it at once. Until its socket is open the "
            "page sends nothing, so this passes on some days only. Wait first: "
            'page.wait_for_function("socket.readyState === WebSocket.OPEN").'
        )
    for _, at in found.told("a page is left open"):
        raise Problem(
            f"{at} opens a page that is still open when its test is over: it hears what the next "
            "test says in its room. Note there that it is closed at the test's end: "
            "self.addCleanup(page.close)."
        )
    if found.told("a browser is left open"):
        raise Problem(
            "Playwright ends, and the browser that it has launched is still open. In "
            "tests/test_browser.py, note that it is closed after the last test: "
            "cls.addClassCleanup(cls.browser.close)."
        )
