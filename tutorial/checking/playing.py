"""A room's server that a check plays: it answers, hangs up or keeps silent, as the check wants."""

import contextlib
import json
import math
import re
from collections.abc import Iterator

from tutorial.checking.console import Said
from tutorial.checking.recognise import Problem
from tutorial.checking.windows import PlayedServer, give_time

NOTE = """
const Own = window.WebSocket;
window.__attempts = [];
window.WebSocket = class extends Own {
  constructor(...given) {
    super(...given);
    const attempt = { began: Date.now(), ended: null, told: 0 };
    window.__attempts.push(attempt);
    this.addEventListener("message", () => { attempt.told += 1; });
    this.addEventListener("close", () => { attempt.ended ??= Date.now(); });
  }
};
"""
"""Has the page note when, by its own clock, each of its connections began and ended, and how often
it was told something."""

A_WHILE = 10.0
"""Seconds of the page's time that go by at once, less than a page waits for an answer."""


@contextlib.contextmanager
def errors_of(page) -> Iterator[None]:
    """Tell an error of the page's own timers, which comes out of its clock, as the page's error."""
    try:
        yield
    except Exception as error:
        found = re.match(r"Clock\.\w+: (\w+Error: .*)", str(error))
        if not found:
            raise
        if place := re.search(r"(https?://\S+?):(\d+):\d+", str(error)):
            page.console.said.append(Said(found[1], place[1], int(place[2])))
        raise Problem(f"The browser says of the page's script: {found[1]}.") from None


class PlayedRoom(PlayedServer):
    """Plays the server for the page of a room.

    `parted` has the connections that the page has closed by itself. A question what came `after` a
    message is answered at once: nothing did. A frame that is no JSON object is noted as `{"":
    text}`. The page's clock stands still, and goes on by `pass_time` and `pause`.
    """

    hangs_up = False
    """Whether each new connection is closed before it is open, as by a server that is away."""
    answers = True
    """Whether questions are answered; a server that does not answer seems to be dead."""

    def __init__(self, page):
        self.page, self.opened, self.heard, self.parted, self.sent = page, [], [], [], 0
        page.clock.install()
        page.route_web_socket("**/ws/**", lambda socket: self.open(socket))
        page.add_init_script(NOTE)
        page.reload()
        with errors_of(page):  # a moment to come, as far off as it may be on a busy machine
            page.clock.pause_at(page.evaluate("Date.now()") + 20_000)

    def open(self, socket) -> None:
        """Note a new connection, and what is said on it."""
        self.opened.append(socket)
        self.heard.append(heard := [])
        self.sent = 0
        socket.on_message(lambda text: self.hear(heard, text))
        socket.on_close(lambda code, reason: self.part(socket))
        if self.hangs_up:
            socket.close(code=1013)

    def hear(self, heard: list, text: str | bytes) -> None:
        """Note a frame, and answer a question."""
        try:
            frame = json.loads(text)
        except ValueError:
            frame = None
        heard.append(frame if isinstance(frame, dict) else {"": text})
        if self.answers and isinstance(frame, dict) and "after" in frame:
            self.tell(type="caught_up", last=frame["after"], more=False)

    def tell(self, **frame) -> None:
        """Send a frame to the page."""
        self.sent += 1
        super().tell(**frame)

    def part(self, socket) -> None:
        """Note that the page has closed a connection, and let it go."""
        self.parted.append(socket)
        socket.close()

    def said(self, key: str, number: int = -1) -> list[dict]:
        """The frames with this key that the page has said on a connection, by default the last."""
        return [frame for frame in self.heard[number] if key in frame] if self.heard else []

    def tell_message(self, id: int, previous: int | None, text: str = "", **more) -> None:
        """Send a message to the page, said by `ben` or another `username`."""
        what = {"username": "ben", "message": text or f"number {id}", "client_id": None}
        when = "2026-06-21T12:00:00+00:00"
        self.tell(
            **{"type": "message", "id": id, "previous": previous, "created_at": when} | what | more
        )

    def pass_time(self, seconds: float) -> None:
        """Let the page's clock go on, with all that is due then, once it knows what it was told."""
        self.wait(lambda: not self.attempts() or self.attempts()[-1]["told"] >= self.sent)
        with errors_of(self.page):
            self.page.clock.run_for(round(1000 * seconds))
        give_time(self.page)

    def attempts(self) -> list[dict]:
        """When each connection since the page was loaded `began` and `ended`, and what was `told`.

        The times are milliseconds by the page's clock; `told` is the number of frames.
        """
        return self.page.evaluate("window.__attempts")

    def pause(self, most: float, number: int | None = None) -> float | None:
        """The seconds of the page's time between the end of a connection and the next attempt.

        It is the connection with this number, from 1, or the last one. None when there is no
        attempt within `most` seconds, or the connection has not ended.
        """
        number = number or len(self.attempts())
        if not number or not self.wait(lambda: self.attempts()[number - 1]["ended"]):
            return None
        ended = self.attempts()[number - 1]["ended"]
        for _ in range(math.ceil(most / A_WHILE) + 1):
            if len(made := self.attempts()) > number:
                return (made[number]["began"] - ended) / 1000
            self.pass_time(A_WHILE)
        return None


def judge_pauses(pauses: list[float | None]) -> None:
    """Raise `Problem` for the seconds before each attempt of a page whose server is away.

    They are few at first, double each time, and are never more than a minute; None is more.
    """
    how = "In room.js, lose() doubles pause each time, from 1 to LONGEST_PAUSE seconds."
    if None in pauses:
        raise Problem(f"The server is away, and the page tries less than once in a minute. {how}")
    if pauses[0] > 4 or pauses[1] > 8:
        raise Problem(
            f"The server was away for a moment, and the page tries again after {pauses[0]:.0f} "
            f"seconds, and {pauses[1]:.0f} seconds after that. {how}"
        )
    if max(pauses[4:]) < 6:
        raise Problem(
            f"The server is away for long, and the page knocks every {pauses[-1]:.0f} seconds, for "
            f"ever. {how}"
        )
