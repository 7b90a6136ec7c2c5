"""The keys that a person presses while `watch` is at work, as a library reads them.

Prompt Toolkit tells a key from the bytes of a function key, and what is typed from what is pasted.
Only what is one key by itself counts.
"""

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Iterable, Iterator

from tutorial.environment import WINDOWS

PASTE_ON, PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""What asks a terminal to say what is pasted, and not to."""

TOGETHER = 0.05
"""Seconds within which keys are one go: nobody types as fast."""

NAMES = {"c-m": "enter", "c-j": "enter"}


def meant(presses: Iterable) -> str | None:
    """The one key that was meant by what came in one go: a letter, "enter", or None.

    `presses`: key presses of Prompt Toolkit's. A pasted line comes as many, or as one that is no
    letter: it does not count.
    """
    presses = list(presses)
    if len(presses) != 1:
        return None
    key = getattr(presses[0].key, "value", presses[0].key)
    if key in NAMES:
        return NAMES[key]
    return key.lower() if len(key) == 1 and key.isalpha() else None


class Keyboard:
    """Reads keys and puts each that is meant into a queue, as `("key", letter)`.

    `there` says whether there is a keyboard; while `deaf` is set, all keys are dropped.
    """

    def __init__(self, events: queue.Queue):
        self.events, self.there, self.deaf = events, False, False

    def read(self, source) -> None:
        """Read from Prompt Toolkit's input, for ever."""
        asyncio.run(self.listen(source))

    async def listen(self, source) -> None:
        """Put what comes in one go into the queue, if it is one key that is meant."""
        ready = asyncio.Event()
        with source.attach(ready.set):
            while not source.closed:
                await ready.wait()
                ready.clear()
                presses = source.read_keys()
                while True:  # until nothing more comes for a moment
                    await asyncio.sleep(TOGETHER)
                    more = source.read_keys() if ready.is_set() else []
                    ready.clear()
                    if not more:
                        break
                    presses += more
                presses += source.flush_keys()
                key = meant(presses)
                if not self.deaf:
                    self.events.put(("key", key or "stray"))
        self.events.put(("key", "q"))


@contextlib.contextmanager
def keyboard(events: queue.Queue) -> Iterator[Keyboard]:
    """A keyboard that puts its keys into the queue; the terminal is as before at the end."""
    found = Keyboard(events)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield found
        return
    from prompt_toolkit.input import create_input

    source = create_input()
    found.there = True
    with quiet(source):
        threading.Thread(target=found.read, args=(source,), daemon=True).start()
        print(PASTE_ON, end="", flush=True)
        try:
            yield found
        finally:
            print(PASTE_OFF, end="", flush=True)


def quiet(source):
    """A context in which keys come one by one, and unseen; Ctrl-C goes on to end the program."""
    if WINDOWS:
        return source.raw_mode()
    import termios

    from prompt_toolkit.input.vt100 import raw_mode

    class Quiet(raw_mode):
        @classmethod
        def _patch_lflag(cls, attrs: int) -> int:
            return attrs & ~(termios.ECHO | termios.ICANON | termios.IEXTEN)

    return Quiet(source.fileno())
