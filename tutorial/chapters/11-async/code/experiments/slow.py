"""Who waits when one message takes three seconds? ``python -m experiments.slow``

Alice says "slow" in the kitchen. A moment later bob says something in the library, and somebody
opens a page. The server is one of its own, with a database of its own.
"""

import tempfile
import time
from threading import Thread
from urllib.request import urlopen

from tests.server import Server, hear, say


def in_words(seconds):
    return "at once" if seconds < 1 else f"after {seconds:.0f} seconds"


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        (alice,) = server.sign_in("alice", room="kitchen")
        (bob,) = server.sign_in("bob", room="library")
        server.start()
        try:
            with (
                server.window(alice, "kitchen") as kitchen,
                server.window(bob, "library") as library,
            ):
                watch(server, kitchen, library)
        finally:
            server.stop()


def watch(server, kitchen, library):
    """Print who hears or sees something how long after alice has said "slow"."""
    began, answered = time.monotonic(), {}

    def note(who, answer):
        answer()
        answered[who] = time.monotonic() - began

    say(kitchen, message="slow")
    time.sleep(0.3)  # her message is under way
    say(library, message="hello")
    waiting = {
        "bob, in the library,": lambda: hear(library),
        "a page": lambda: urlopen(f"{server.url}/accounts/login/").close(),
        "alice, in the kitchen,": lambda: hear(kitchen),
    }
    threads = [Thread(target=note, args=pair) for pair in waiting.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for who in waiting:
        print(f"{who} has an answer {in_words(answered[who])}")


if __name__ == "__main__":
    main()
