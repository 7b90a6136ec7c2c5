"""Takes the README's picture: two people in one room, each in a window of their own."""

import base64
import os
import sys
import tempfile
from pathlib import Path

from tutorial.environment import ROOT

PICTURE = ROOT / "tutorial" / "images" / "two-windows.png"
SIZE = {"width": 560, "height": 520}
TALK = (
    ("alice", "Good morning! Is anybody here?"),
    ("bob", "I am. Your message came without a reload."),
    ("alice", "So did yours. Shall we try the old messages?"),
    ("bob", "おはよう。部屋の名前も日本語でいいんだね。"),
    ("alice", "<b>Any</b> text is fine, and it stays text."),
)
SIDE_BY_SIDE = """
<style>body {{ margin: 0; padding: 16px; display: flex; gap: 16px; background: #8a9186 }}</style>
{images}
"""


def take_screenshot(picture: Path = PICTURE) -> Path:
    """Run the project, have two users talk in two browser windows, write the PNG and return it.

    Needs the packages of the tests and a Chromium; see `tests.server.find_browser` for its errors.
    """
    sys.path.insert(0, str(ROOT))
    from playwright.sync_api import expect, sync_playwright

    from tests.server import Server, find_browser

    executable = find_browser()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(folder)
        sessions = dict(
            zip(("alice", "bob"), server.sign_in("alice", "bob", room="雑談"), strict=True)
        )
        server.start()
        try:
            browser = playwright.chromium.launch(
                executable_path=executable, args=["--no-sandbox"] if os.name == "posix" else []
            )
            pages = {}
            for (name, session), scheme in zip(sessions.items(), ("light", "dark"), strict=True):
                context = browser.new_context(viewport=SIZE, color_scheme=scheme)
                context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
                pages[name] = context.new_page()
                pages[name].goto(f"{server.url}/chat/雑談/")
                expect(pages[name].locator("#connection")).to_have_text("Connected.")
            for count, (name, text) in enumerate(TALK, start=1):
                pages[name].locator("#chat-message-input").fill(text)
                pages[name].keyboard.press("Enter")
                for page in pages.values():
                    expect(page.locator("#chat-log li")).to_have_count(count)
            images = "".join(
                f'<img src="data:image/png;base64,{base64.b64encode(page.screenshot()).decode()}">'
                for page in pages.values()
            )
            both = browser.new_page()
            both.set_content(SIDE_BY_SIDE.format(images=images))
            picture.parent.mkdir(exist_ok=True)
            both.locator("body").evaluate("body => body.style.width = 'max-content'")
            both.locator("body").screenshot(path=picture)
            browser.close()
        finally:
            server.stop()
    return picture
