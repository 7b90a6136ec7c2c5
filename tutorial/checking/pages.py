"""Pages of the reader's project, as a visitor fetches them."""

import http.client
import http.cookiejar
import re
import types
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from tutorial.checking.context import blame_server, context, running_server
from tutorial.checking.recognise import Problem


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
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    @classmethod
    def with_session(cls, key: str) -> "Visitor":
        """A visitor who has this session's cookie, as if they had logged in."""
        answer = http.client.HTTPMessage()
        answer["Set-Cookie"] = f"sessionid={key}; Path=/"
        found = cls()
        told = types.SimpleNamespace(info=lambda: answer)
        found.cookies.extract_cookies(told, urllib.request.Request(running_server().url))
        return found

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
        headers = {"Referer": url, "Origin": base} if data is not None else {}
        request = urllib.request.Request(url, data, headers)
        try:
            with self.opener.open(request, timeout=context.patience) as got:
                return Answer(
                    got.status, got.read().decode("utf-8", "replace"), dict(got.headers), got.url
                )
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            if error.code >= 500:
                raise blame_server(since, f"{path} is answered with HTTP {error.code}.") from None
            return Answer(error.code, text, dict(error.headers), error.url)
        except (OSError, http.client.HTTPException) as error:
            if "https" in str(error) or "SSL" in str(error).upper():
                raise Problem(
                    f"{path} leads to https://, which runserver does not speak. That is what your "
                    "settings do when DEBUG is off: put DEBUG=True into .env."
                ) from None
            raise blame_server(since, f"{path} gets no answer: {error}.") from None

    @property
    def cookie(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)


def get(path: str) -> Answer:
    """Fetch a page as a visitor who has never been here."""
    return Visitor().get(path)
