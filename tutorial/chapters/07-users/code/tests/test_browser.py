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

    def page(self, name, room):
        """Open a room in a browser window of its own, as the user of this name."""
        (session,) = self.server.sign_in(name)
        context = self.browser.new_context()
        self.addCleanup(context.close)
        context.add_cookies([{"name": "sessionid", "value": session, "url": self.server.url}])
        page = context.new_page()
        page.goto(f"{self.server.url}/chat/{room}/")
        page.wait_for_function("socket.readyState === WebSocket.OPEN")
        return page

    def test_two_people_talk(self):
        alice, bob = self.page("alice", "lobby"), self.page("bob", "lobby")
        alice.locator("#chat-message-input").fill("How are you?")
        alice.keyboard.press("Enter")
        expect(bob.locator("#chat-log")).to_have_value("alice: How are you?\n")
        bob.locator("#chat-message-input").fill("Fine!")
        bob.locator("#chat-message-submit").click()
        for page in (alice, bob):
            expect(page.locator("#chat-log")).to_have_value("alice: How are you?\nbob: Fine!\n")
