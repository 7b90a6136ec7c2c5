"""What a person sees, in two windows of a real browser."""

from playwright.sync_api import expect, sync_playwright

from .server import ServerTestCase, find_browser


class TwoWindowsTests(ServerTestCase):
    @classmethod
    def setUpClass(cls):
        executable = find_browser()
        super().setUpClass()
        playwright = cls.enterClassContext(sync_playwright())
        cls.browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def page(self, room):
        """Open a room in a browser window, and wait until its socket is open."""
        page = self.browser.new_page()
        self.addCleanup(page.close)
        page.goto(f"{self.server.url}/chat/{room}/")
        page.wait_for_function("socket.readyState === WebSocket.OPEN", timeout=5000)
        return page

    def test_two_windows_talk(self):
        alice, bob, carol = self.page("lobby"), self.page("lobby"), self.page("library")
        alice.locator("#chat-message-input").fill("How are you?")
        alice.keyboard.press("Enter")
        expect(bob.locator("#chat-log")).to_have_value("How are you?\n")
        bob.locator("#chat-message-input").fill("Fine!")
        bob.locator("#chat-message-submit").click()
        for page in (alice, bob):
            expect(page.locator("#chat-log")).to_have_value("How are you?\nFine!\n")
        expect(carol.locator("#chat-log")).to_have_value("")
