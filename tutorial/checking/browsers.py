"""A browser for checks, where one is installed."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
CHANNELS = ("chrome", "msedge")
"""Browsers that Playwright itself finds where macOS and Windows install them."""

NO_PLAYWRIGHT = (
    "Playwright, which steers a browser, is not installed here. With a network, "
    "`python3 -m tutorial test --install` brings it."
)
NO_BROWSER = (
    "There is no Chromium, Chrome or Edge here that Playwright can steer. With a network, "
    "`python3 -m tutorial test --install` brings one."
)
STARTING = 120_000
"""Milliseconds that a browser may take to start, on a machine that is busy with other things."""


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
    found = [{"executable_path": path} for path in map(shutil.which, NAMES) if path]
    if Path(playwright.chromium.executable_path).exists():
        found.append({})
    for choice in [*found, *({"channel": channel} for channel in CHANNELS)]:
        with contextlib.suppress(Error):  # one that is there, but doesn't run
            return playwright.chromium.launch(args=arguments, timeout=STARTING, **choice)
    return None


def found() -> bool:
    """Whether a browser opens here."""
    try:
        with launch(LookupError):
            return True
    except LookupError:
        return False


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
