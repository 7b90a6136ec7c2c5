"""A clock that goes as fast as the machine lets this process work.

On a machine that is busy with other things an answer takes longer, and nobody's project is wrong
for that. So whoever waits here waits by this clock: a thread looks many times a second how much of
the time this process could have used, and counts no more than that.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable

TICK = 0.02
"""Seconds between two looks."""

BURST, EVERY = 0.012, 15
"""The processor time, in seconds, that is used up to see how long it takes, at every so many ticks.

A shorter burst would fit into what a busy machine gives to whoever has just slept.
"""


class Clock(threading.Thread):
    """Counts seconds from its start; `stretch` says how many real ones go into one of them."""

    def __init__(self):
        super().__init__(daemon=True)
        self.counted = 0.0
        self.bursts = deque([1.0], maxlen=3)
        self.seen = deque([(time.monotonic(), 0.0)], maxlen=20)

    def run(self) -> None:
        """Count, for ever."""
        ticks, before = 0, time.monotonic()
        while True:
            time.sleep(TICK)
            if ticks % EVERY == 0:
                self.bursts.append(burst())
            ticks += 1
            now = time.monotonic()
            # A tick that came late was one in which this process could not work.
            self.counted += min(now - before, 1.5 * TICK) / self.crowd
            before = now
            if ticks % 5 == 0:
                self.seen.append((now, self.counted))

    @property
    def crowd(self) -> float:
        """How many times longer work takes here than on a machine that has nothing else to do."""
        return max(1.0, sorted(self.bursts)[len(self.bursts) // 2])

    @property
    def stretch(self) -> float:
        """How many seconds have gone by, of late, for each one that was counted; at least 1.

        For what can only wait by the wall's clock.
        """
        (then, counted), now = self.seen[0], time.monotonic()
        return max(1.0, (now - then) / max(self.counted - counted, TICK))

    def now(self) -> float:
        """The seconds counted so far."""
        return self.counted

    def wait(self, happens: Callable, seconds: float, nap: Callable[[float], None] = time.sleep):
        """What `happens()` gives, as soon as that counts as true, or at last after the seconds.

        `nap(seconds)` is how to pass the time in between.
        """
        until = self.counted + seconds
        while not (came := happens()) and self.counted < until:
            nap(TICK)
        return came

    def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.wait(lambda: False, seconds)

    def within(self, seconds: float, function: Callable):
        """What `function()` returns or raises; raises `TimeoutError` when it takes longer.

        It is then left to itself in its thread.
        """
        answers: queue.SimpleQueue = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put((function(), None))
            except BaseException as error:
                answers.put((None, error))

        threading.Thread(target=work, daemon=True).start()
        until = self.counted + seconds
        while self.counted < until:
            try:
                answer, error = answers.get(timeout=TICK)
            except queue.Empty:
                continue
            if error is not None:
                raise error
            return answer
        raise TimeoutError("no answer in time")


def burst() -> float:
    """Use up a little processor time; return how many times longer that took by the clock."""
    began, used = time.monotonic(), time.thread_time()
    while (spent := time.thread_time() - used) < BURST:
        pass
    taken = (time.monotonic() - began) / spent
    return taken if taken > 1.3 else 1.0


clock = Clock()
"""The clock of this process; whoever needs it starts it."""
