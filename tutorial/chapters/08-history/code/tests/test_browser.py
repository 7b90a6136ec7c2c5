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

    def page(self, name, room="welcome"):
        """Open a room in a browser window of its own, as the user of this name."""
        (session,) = self.server.sign_in(name, room=room)
        context = self.browser.new_context()
        self.addCleanup(context.close)
        context.add_cookies([{"name": "sessionid", "value": session, "url": self.server.url}])
        page = context.new_page()
        page.goto(f"{self.server.url}/chat/{room}/")
        expect(page.locator("#connection")).to_have_text("Connected.")
        return page

    def write(self, page, text):
        """Type a message and press Enter."""
        page.locator("#chat-message-input").fill(text)
        page.keyboard.press("Enter")

    def texts(self, page):
        return page.locator("#chat-log li p")

    def test_two_people_talk(self):
        alice, bob, carol = self.page("alice"), self.page("bob"), self.page("carol", "library")
        self.write(alice, "How are you?")
        expect(self.texts(bob)).to_have_text(["How are you?"])
        self.write(bob, "<b>Fine</b>, thank you!")
        for page in (alice, bob):
            expect(self.texts(page)).to_have_text(["How are you?", "<b>Fine</b>, thank you!"])
        expect(self.texts(carol)).to_have_count(0)
