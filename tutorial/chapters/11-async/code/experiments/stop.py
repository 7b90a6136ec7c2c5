"""Does a server end while its clients talk and leave? ``python -m experiments.stop``

Twenty windows say thirty things each, ten of them leave, and the server is told to stop meanwhile.
That is done three times, each time with a server and a database of its own.
"""

import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from threading import Thread

from tests.server import Server, hear, say

SERVERS, WINDOWS, MESSAGES = 3, 20, 30


def main():
    if os.name == "nt":
        return print("On Windows a process that is told to stop is ended at once.")
    stayed = [number for number in range(1, SERVERS + 1) if not ends_in_time(number)]
    print(
        "At least one had to be killed." if stayed else f"All {SERVERS} have ended by themselves."
    )


def ends_in_time(number):
    """Stop a server in the midst of it; print and return whether it is gone within 5 seconds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = Server(folder)
        (session,) = server.sign_in("alice")
        server.start()
        windows = [stack.enter_context(server.window(session)) for _ in range(WINDOWS)]
        for window in windows * MESSAGES:
            say(window, message="hello")
        for window in windows[::2]:
            Thread(target=window.close).start()
        hear(windows[1])  # the talk is under way
        began = time.monotonic()
        try:
            server.stop()  # SIGTERM, as service managers send it
        except subprocess.TimeoutExpired:
            print(f"Server {number}: still there after 5 seconds")
            return False
        print(f"Server {number}: gone after {time.monotonic() - began:.1f} seconds")
        return True


if __name__ == "__main__":
    main()
