"""Pages of the reader's project, as a visitor fetches them."""

import re
import urllib.parse
from dataclasses import dataclass

import requests

from tutorial.checking.clock import clock
from tutorial.checking.context import blame_server, context, running_server
from tutorial.checking.recognise import Problem

LONGEST = 60.0
"""Seconds after which an answer that nobody waits for any more is given up."""


@dataclass(frozen=True)
class Answer:
    """What the server answered to a request, after its redirections."""

    status: int
    text: str
    headers: dict
    url: str


class Visitor:
    """Somebody with a browser: keeps cookies, sends CSRF tokens along."""

    def __init__(self):
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy between us and this machine

    @classmethod
    def with_session(cls, key: str) -> "Visitor":
        """A visitor who has this session's cookie, as if they had logged in."""
        found = cls()
        found.session.cookies.set("sessionid", key, domain="127.0.0.1", path="/")
        return found

    @property
    def cookies(self):
        """The cookies, as http.cookiejar has them."""
        return self.session.cookies

    @property
    def cookie(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)

    def get(self, path: str) -> Answer:
        """Fetch a page. Raises `Problem` for an error of the server."""
        return self.fetch(path, None)

    def post(self, path: str, **fields: str) -> Answer:
        """Fill in and send the form of the page at this path. Raises `Problem` as `get` does."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        if found:
            fields["csrfmiddlewaretoken"] = found[1]
        return self.fetch(path, urllib.parse.urlencode(fields).encode())

    def fetch(self, path: str, data: bytes | None) -> Answer:
        """Do a request and return the answer, whatever its status is below 500."""
        base = running_server().url
        since = len(running_server().log())
        url = base + urllib.parse.quote(path, safe="/?=&%")
        try:
            got = clock.within(context.patience, lambda: self.ask(url, base, data))
        except (requests.RequestException, OSError) as error:
            if "https" in str(error) or "SSL" in str(error).upper():
                raise Problem(
                    f"{path} leads to https://, which runserver does not speak. That is what your "
                    "settings do when DEBUG is off: put DEBUG=True into .env."
                ) from None
            raise blame_server(since, f"{path} gets no answer: {in_short(error)}.") from None
        if got.status_code >= 500:
            raise blame_server(since, f"{path} is answered with HTTP {got.status_code}.")
        text = got.content.decode("utf-8", "replace")
        return Answer(got.status_code, text, dict(got.headers), got.url)

    def ask(self, url: str, base: str, data: bytes | None) -> requests.Response:
        """The answer to a request; raises what requests does."""
        if data is None:
            return self.session.get(url, timeout=LONGEST)
        headers = {"Referer": url, "Origin": base}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.session.post(url, data, headers=headers, timeout=LONGEST)


def in_short(error: Exception) -> str:
    """An error's words, without the objects that a library puts around them."""
    return re.sub(r"^.*?: (?=[A-Z])|[()']|<[^>]*>:? ?", "", str(error))[:160] or "no more is known"


def get(path: str) -> Answer:
    """Fetch a page as a visitor who has never been here."""
    return Visitor().get(path)
