"""What chapter 6's check has its own copy of the reader's project do; never the project itself.

The copy's `config/__init__.py` imports it, so it runs in `manage.py test` and in each server that
a test starts. Only the standard library and the reader's packages are there. In the environment:

- `CHECK_RUNS`: names of runs. The tests are loaded once; where there are several names, each run
  is a fork of the process that has loaded them. A run's output is `CHECK_PLACE/NAME.log`, its exit
  code `CHECK_PLACE/NAME.code`.
- `CHECK_SECONDS`: what a browser's waiting may take.
- `CHECK_SERVER`: the module beside this one that says how a server behaves. A run sets it.

The run `own` changes nothing, and a run with the name of a module beside this one makes what that
one says: tests that want a browser are skipped in them. In the runs of `SERVERS` it is the other
way round: tests with a communicator are skipped.
"""

import asyncio
import contextlib
import functools
import importlib
import inspect
import itertools
import os
import sys
import traceback
import types
import unittest
from dataclasses import dataclass, field
from pathlib import Path

RUNS = os.environ.get("CHECK_RUNS", "").split()
SERVERS = {"browser": "slow", "browser-quick": ""}
"""The runs with a browser: name → how their servers behave."""

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent
run_tests = unittest.TextTestRunner.run
browser_runs, browsers, windows, tried, used = [], [], [], set(), {}


def prepare() -> None:
    """Do what the environment says."""
    if server := os.environ.get("CHECK_SERVER"):
        behave(server)
    elif RUNS:
        unittest.TextTestRunner.run = begin
        stand_before_playwright()


def behave(name: str) -> None:
    """Have the project behave as the module `name` says."""
    importlib.import_module(f"{__package__}.{name}")


def begin(runner, suite):
    """Take the place of the runner's `run`: do all runs."""
    if len(RUNS) == 1:
        return do(RUNS[0], runner, suite)
    children = []
    for name in RUNS:
        if not (child := os.fork()):
            do(name, runner, suite)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return unittest.TestResult()


def do(name: str, runner, suite):
    """Do a run, and leave its output and exit code behind."""
    place = Path(os.environ["CHECK_PLACE"])
    with (place / f"{name}.log").open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    code, result = 1, unittest.TestResult()
    try:
        os.environ.pop("CHECK_RUNS")
        os.environ["CHECK_SERVER"] = SERVERS.get(name, name if name != "own" else "")
        if name in SERVERS:
            for_browsers(name)
        else:
            without_browsers(name)
            suite = type(suite)(those_without_browsers(suite))
        result = run_tests(runner, suite)
        code = int(not result.wasSuccessful())
        tell_windows()
        for what in tried:
            tell("tried", what)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    (place / "part").mkdir(exist_ok=True)
    (place / "part" / name).write_text(str(code))
    (place / "part" / name).replace(place / f"{name}.code")
    return result


# Runs without a browser


def without_browsers(name: str) -> None:
    """Skip tests that want a browser, wait by a clock that knows how busy we are, and behave."""
    os.environ |= {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": "0"}
    from channels.testing import WebsocketCommunicator

    wait_by_our_clock()
    note_windows(WebsocketCommunicator)
    if name != "own":
        behave(name)
    note_what_is_tried()


def those_without_browsers(suite) -> list:
    """The tests but those that open a browser themselves: no server is started for them.

    Who opens one in another way is skipped on the way, at `sync_playwright()`.
    """
    from django.test.utils import iter_test_cases

    kept = []
    for test in iter_test_cases(suite):
        method = getattr(test, getattr(test, "_testMethodName", ""), None)
        if opens_a_browser(method) or opens_a_browser(type(test).setUpClass):
            tell("a browser is wanted", test.id())
        else:
            kept.append(test)
    return kept


def opens_a_browser(function) -> bool:
    """Whether a function speaks of `sync_playwright`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return "sync_playwright" in getattr(code, "co_names", ())


def wait_by_our_clock() -> None:
    """Have event loops and communicators wait by the time that this process has got."""
    import asgiref.testing

    from .clock import Clock

    clock = Clock()
    clock.start()
    asyncio.BaseEventLoop.time = lambda self: clock.now()
    asgiref.testing.time = types.SimpleNamespace(monotonic=clock.now)


def note_windows(communicator: type) -> None:
    """Note each window that is made: where, and in which test."""
    make = communicator.__init__

    def noted(self, *arguments, **more):
        windows.append((self, *whose()))
        make(self, *arguments, **more)

    communicator.__init__ = noted


def tell_windows() -> None:
    """Tell of each window that was let in and has never been closed."""
    for window, test, place in windows:
        future = window._future
        if window.response_headers is not None and (not future.done() or future.cancelled()):
            tell("a window is left open", test, place)


def note_what_is_tried() -> None:
    """Note what is tried with windows, however that comes out."""
    from channels.routing import ProtocolTypeRouter

    answer, inside = ProtocolTypeRouter.__call__, []

    async def noted(self, scope, receive, send):
        if scope["type"] != "websocket":
            return await answer(self, scope, receive, send)
        path, said = scope["path"], dict(scope["headers"])
        if said.get(b"origin", b"").rpartition(b"/")[2] != said.get(b"host"):
            tried.add("a page of another site")
        if any(other != path for other in inside):
            tried.add("a window in another room")
        inside.append(path)
        try:
            await answer(self, scope, receive, send)
            if inside.count(path) > 1:
                tried.add("a window that leaves")
        finally:
            inside.remove(path)

    ProtocolTypeRouter.__call__ = noted


def whose() -> tuple[str, str]:
    """The test that is under way, or nothing, and the innermost line of the reader's files."""
    frame, place = sys._getframe(1), ""
    while frame:
        code, file = frame.f_code, Path(frame.f_code.co_filename)
        if file.is_relative_to(FOLDER) and file.parent != HERE:
            place = place or f"{file.relative_to(FOLDER).as_posix()}, line {frame.f_lineno}"
            if code.co_name.startswith("test"):
                return code.co_name, place
        frame = frame.f_back
    return "", place


def tell(*what: str) -> None:
    """Tell the check of something, on a line of its own."""
    print("\nCHECK:", "|".join(what), flush=True)


# Runs with a browser


def stand_before_playwright() -> None:
    """Have what a test imports from Playwright skip it, or be watched."""
    try:
        from playwright import sync_api
    except ImportError:
        sync_api = types.ModuleType("playwright.sync_api")
        sync_api.__getattr__ = lambda name: None
        sync_api.sync_playwright = None
        whole = types.ModuleType("playwright")
        whole.sync_api = sync_api
        sys.modules |= {"playwright": whole, "playwright.sync_api": sync_api}
    real = sync_api.sync_playwright

    def sync_playwright():
        if not browser_runs or real is None:
            raise unittest.SkipTest("the check opens no browser")
        return Watched(real())

    sync_api.sync_playwright = sync_playwright


def for_browsers(name: str) -> None:
    """Skip tests with a communicator; have browsers wait no longer than they need, and behave."""
    from channels.testing import WebsocketCommunicator
    from playwright import sync_api

    def skip(*arguments, **more):
        raise unittest.SkipTest("only the browser is wanted")

    WebsocketCommunicator.__new__ = skip
    browser_runs.append(name)
    patience = 1000 * float(os.environ["CHECK_SECONDS"])
    sync_api.expect.set_options(timeout=patience)
    watch(sync_api, patience)


def watch(sync_api, patience: float) -> None:
    """Note what tests do with their browsers and pages."""
    launch, stop = sync_api.BrowserType.launch, unittest.TestResult.stopTest
    expect = type(sync_api.expect).__call__

    def launched(self, *arguments, **more):
        browsers.append(browser := launch(self, *arguments, **more))
        return browser

    def stopped(self, test):
        tell_pages(test.id())
        stop(self, test)

    def expected(self, actual, *arguments, **more):
        note(getattr(actual, "page", actual), "expect")
        return expect(self, actual, *arguments, **more)

    sync_api.BrowserType.launch = launched
    unittest.TestResult.stopTest = stopped
    type(sync_api.expect).__call__ = expected
    for kind in (sync_api.Browser, sync_api.BrowserContext):
        kind.new_page = opening(kind.new_page, patience)
    for kind, names in ((sync_api.Page, ALL), (sync_api.Locator, TYPING)):
        for name, method in list(vars(kind).items()):
            if name in names and inspect.isfunction(method):
                setattr(kind, name, using(name, method))
    sync_api.Page.keyboard = property(using("keyboard", sync_api.Page.keyboard.fget))


TYPING = {"fill", "press", "press_sequentially", "type", "click", "tap", "keyboard"}
WAITING = {"expect", "evaluate", "wait_for_event", "wait_for_function", "wait_for_selector"}
WAITING |= {"expect_event", "expect_websocket", "wait_for_timeout"}
LOOKING = {"expect", "evaluate", "content", "inner_text", "input_value", "text_content", "locator"}
LOOKING |= {"get_by_label", "get_by_role", "get_by_test_id", "get_by_text", "query_selector"}
ALL = TYPING | WAITING | LOOKING | {"close"}
"""What is done with a page: something goes in, something is waited for, something is read."""


@dataclass
class Used:
    """A page that a test has opened, where it did so, and what was done with the page."""

    page: object
    place: str
    done: list[str] = field(default_factory=list)


def opening(method, patience: float):
    """A method that opens a page; the page is noted when a test is under way."""

    def opened(self, *arguments, **more):
        page = method(self, *arguments, **more)
        page.set_default_timeout(patience)
        test, place = whose()
        if test:
            used[page] = Used(page, place)
        return page

    return opened


def using(name: str, method):
    """A method of a page or of what is on it, whose use is noted."""

    @functools.wraps(method)
    def noted(self, *arguments, **more):
        if name != "close" or whose()[0]:  # what a clean-up closes, nobody has looked at
            note(getattr(self, "page", self), name)
        return method(self, *arguments, **more)

    return noted


def note(page, name: str) -> None:
    """Note that something was done with a page."""
    if page in used:
        used[page].done.append(name)


def tell_pages(test: str) -> None:
    """Tell of pages that a test has left open, not looked at, or typed into at once."""
    for one in list(used.values()):
        with contextlib.suppress(Exception):
            if not one.page.is_closed() and one.page.context.browser.is_connected():
                tell("a page is left open", test, one.place)
        if not (LOOKING | TYPING | {"close"}) & set(one.done):
            tell("a page is not looked at", test, one.place)
        before = itertools.takewhile(lambda name: name not in TYPING, one.done)
        if TYPING & set(one.done) and not WAITING & set(before):
            tell("a page is typed into at once", test, one.place)
    used.clear()


class Watched:
    """Playwright's context; tells of a browser that is still open at its end."""

    def __init__(self, real):
        self.real = real

    def __enter__(self):
        return self.real.__enter__()

    def __exit__(self, *error):
        for browser in browsers:
            with contextlib.suppress(Exception):
                if browser.is_connected():
                    tell("a browser is left open", "", "")
        return self.real.__exit__(*error)

    def __getattr__(self, name):
        return getattr(self.real, name)


prepare()
