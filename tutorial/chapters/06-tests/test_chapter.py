"""What chapter 6's result must do: tests that pass, and that fail when the chat is broken.

The reader's tests run in copies of the folder: once with the reader's own consumer, where they have
to pass, and once with each break in `broken/`, where at least one has to fail. Each of them breaks
what is around the reader's consumer, so that its groups keep their names. In the copies no
browser can be opened, so tests that want one are skipped.
"""

import functools
import re
import shutil
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tutorial.checking import browsers
from tutorial.checking.folder import Project
from tutorial.checks import ForYourEyes, Problem, context, project, step

RECOGNISE = [
    (
        r"NameError: name '(\w+)' is not defined",
        "{place} uses the name {0}, which is neither imported nor set there.",
    ),
]

BROKEN = Path(__file__).with_name("broken")
RIGHT = Path(__file__).parents[1] / "05-groups" / "code" / "chat" / "consumers.py"

SWAP = """

# Added by the check, in its own copy: another consumer, and no browsers.
import unittest

import put_in_by_the_check
from channels.consumer import AsyncConsumer

if hasattr(put_in_by_the_check, "ChatConsumer"):
    as_asgi = AsyncConsumer.as_asgi.__func__
    AsyncConsumer.as_asgi = classmethod(
        lambda cls, **initial: as_asgi(put_in_by_the_check.ChatConsumer)
    )

try:
    import playwright.sync_api
except ImportError:
    pass
else:
    def no_browser():
        raise unittest.SkipTest("the check opens no browser")

    playwright.sync_api.sync_playwright = no_browser
"""


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
    def browsers(self) -> int:
        """How many wanted a browser."""
        return len(re.findall(r"skipped [\"'].*(?:opens no browser|No Chromium)", self.output))

    @property
    def labels(self) -> list[str]:
        """The tests that have really run, as manage.py test takes them."""
        found = re.findall(r"^test\w* \(([\w.]+)\)(?!(?:\n.*)? \.\.\. skipped )", self.output, re.M)
        return sorted(set(found))

    @property
    def failed(self) -> list[str]:
        """The names of the tests that failed."""
        return re.findall(r"^(?:FAIL|ERROR): ([\w.]+)", self.output, re.M)


def run_tests(name: str | None, labels: tuple[str, ...] = ()) -> Outcome:
    """Run the reader's tests, broken as `broken/` says, with the "right" consumer, or with None.

    `labels`: which tests; all without it.
    """
    copy = context.project.beside / f"with-{name}" / context.project.copy.name
    shutil.copytree(context.project.copy, copy)
    put = copy / "put_in_by_the_check.py"
    if name:
        shutil.copyfile(RIGHT if name == "right" else BROKEN / f"{name}.py", put)
    else:
        put.write_text("", "utf-8")
    with (copy / "config" / "__init__.py").open("a", encoding="utf-8") as package:
        package.write(SWAP)
    with_it = Project(copy, context.project.beside)
    try:
        # Without PATH no browser is found, so the server is not started for one, either.
        done = with_it.manage(
            "test", "--noinput", "-v2", *labels, PATH="", PLAYWRIGHT_BROWSERS_PATH="0"
        )
    except Problem:
        raise Problem(
            "Your tests don't come to an end. What is awaited there for ever? Look "
            "for a loop that never ends."
        ) from None
    output = done.output.replace("\r\n", "\n").replace(f"{copy}/", f"{context.project.copy}/")
    return Outcome(done.code, output)


@functools.cache
def own() -> Outcome:
    """The tests' outcome with the reader's own consumer; raises `Problem` without a test."""
    project.need_manage()
    if not any(project.path("tests").glob("*.py")):
        raise Problem("There is no folder tests/ with tests in it, beside manage.py.")
    return run_tests(None)


@functools.cache
def with_broken() -> dict[str, Outcome]:
    """The outcomes with every break, of the tests that need no browser."""
    names = [file.stem for file in sorted(BROKEN.glob("*.py"))]
    with ThreadPoolExecutor(3) as pool:
        found = pool.map(lambda name: run_tests(name, tuple(own().labels)), names)
        return dict(zip(names, found, strict=True))


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
    if with_broken()[name].code == 0:
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
    if own().code == 0:
        return
    name = (own().failed or ["A test"])[0]
    trouble = first_failure(own()) if own().failed else own().output
    if not own().failed or "Failed to import test module" in trouble:
        raise Problem("", output=trouble)
    strangers = run_tests("strangers", tuple(own().labels))
    if strangers.ran and not {*own().failed} & {*strangers.failed}:
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
    right = run_tests("right")
    if right.code == 0:
        raise Problem(
            f"{name} fails with your consumer, and passes with a right one. So the test is good, "
            f"and chat/consumers.py is broken ({last_line(trouble)}). Mend it; `check 5` says "
            "more."
        )
    raise Problem(
        f"{name} fails, though the consumer does what it should. {place(trouble)} ends with "
        f"{last_line(trouble)}."
    )


def place(trouble: str) -> str:
    """The reader's last line in a traceback."""
    from tutorial.checking.recognise import place_of

    return place_of(trouble, context.project.copy)


def last_line(trouble: str) -> str:
    """The error at a traceback's end."""
    return trouble.strip().splitlines()[-1].strip().rstrip(".")


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
        "that it hears nothing.",
    )
    slipped_through(
        "nobody_leaves",
        "one that goes on sending to windows that have left. Disconnect a window, let another "
        "one speak, and assert that the first hears nothing.",
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
    if not browsers.found_by_tests():
        raise ForYourEyes(f"Your browser's test is skipped. {browsers.NO_BROWSER}")
