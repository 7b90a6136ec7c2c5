"""A browser for checks, where one is installed."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
CHANNELS = ("chrome", "msedge")
"""Browsers that Playwright itself finds where macOS and Windows install them."""

NO_PLAYWRIGHT = (
    "Playwright, which steers a browser, is not installed yet. Chapter 6 installs it; so does "
    "`python3 -m tutorial test` at once (Ctrl-C ends the course's own tests, which follow)."
)
NO_BROWSER = (
    "There is no browser here that Playwright can steer. `pipenv run playwright install chromium` "
    "brings one."
)


@contextlib.contextmanager
def launch(missing: type[Exception]) -> Iterator:
    """A Chromium under Playwright; raises `missing` where one of the two is not installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise missing(NO_PLAYWRIGHT) from None
    with sync_playwright() as playwright:
        browser = open_first(playwright)
        if browser is None:
            raise missing(NO_BROWSER)
        try:
            yield browser
        finally:
            browser.close()


def open_first(playwright):
    """The first browser that opens: that on PATH, Playwright's own, the system's; or None."""
    from playwright.sync_api import Error

    arguments = ["--no-sandbox"] if os.name == "posix" else []
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path or Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.launch(executable_path=path, args=arguments)
    for channel in CHANNELS:
        with contextlib.suppress(Error):
            return playwright.chromium.launch(channel=channel, args=arguments)
    return None


def found_by_tests() -> bool:
    """Whether the given `tests/server.py` finds a browser: on PATH, or Playwright's own."""
    if any(map(shutil.which, NAMES)):
        return True
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return False
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()
