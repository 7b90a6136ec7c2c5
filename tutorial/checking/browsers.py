"""A browser for checks, where one is installed."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@contextlib.contextmanager
def launch(missing: type[Exception]) -> Iterator:
    """A Chromium under Playwright; raises `missing` where one of the two is not installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise missing from None
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        if path is None and not Path(playwright.chromium.executable_path).exists():
            raise missing
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if os.name == "posix" else []
        )
        browser.new_context_default_timeout = 3000
        try:
            yield browser
        finally:
            browser.close()
