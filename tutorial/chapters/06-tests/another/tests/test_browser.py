from playwright import sync_api

from tests.server import ServerTestCase, find_browser


class Windows(ServerTestCase):
    def test_second_window(self):
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=["--no-sandbox"]
            )
            pages = [browser.new_page() for _ in "ab"]
            for page in pages:
                with page.expect_websocket():
                    page.goto(f"{self.server.url}/chat/here/")
                page.wait_for_function("socket.readyState === 1")
            pages[0].fill("#chat-message-input", "Hello there")
            pages[0].click("#chat-message-submit")
            sync_api.expect(pages[1].locator("#chat-log")).to_have_value("Hello there\n")
            browser.close()
