"""What a stopping server promises: whatever its clients do, it is gone within 5 seconds."""

import asyncio
import os
import signal
import sys
import time
from contextlib import contextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.server import Server
from tutorial.tests.test_socket import COMMANDS, Deaf

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")

# The autoreloader's two processes get a process group of their own, like a command in a shell.
IN_A_GROUP = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"
RELOADING = (sys.executable, "-c", IN_A_GROUP, *Server.runserver[:3], "{port}")
SIGNALS = [signal.SIGTERM, signal.SIGINT]
SECONDS = 5


# ---- Clients -----------------------------------------------------------------------------------


class Crowd:
    """Clients that go on until the server is gone."""

    def __init__(self, server):
        self.server, self.steps, self.deaf = server, 0, []

    def window(self):
        return connect(
            f"ws://127.0.0.1:{self.server.port}/ws/chat/welcome/",
            origin=self.server.url,
            additional_headers={"Cookie": f"sessionid={self.server.sessions['alice']}"},
            compression=None,
            close_timeout=1,
        )

    async def wait(self):
        async with self.window() as socket:
            await socket.send('{"after": 0}')
            async for _ in socket:
                self.steps += 1

    async def talk(self):
        async with self.window() as socket:
            for _ in range(5):  # five messages in flight
                await socket.send('{"message": "hello"}')
            async for _ in socket:
                self.steps += 1
                await socket.send('{"message": "hello"}')

    async def come_and_go(self):
        while True:
            async with self.window() as socket:
                await socket.send('{"message": "I am off"}')
                self.steps += 1

    async def never_read(self):
        self.deaf.append(client := Deaf(self.server, "alice"))
        while True:
            client.send(b'{"after": 0}')
            await asyncio.sleep(0.05)


SCENES = {
    "idle": ([Crowd.wait] * 20, 20),
    "in flight": ([Crowd.talk] * 20, 500),
    "come and go": ([Crowd.come_and_go] * 10 + [Crowd.talk] * 2, 60),
    "never read": ([Crowd.never_read] * 3 + [Crowd.talk] * 10, 200),
}


async def kill_during(server, scene, number, group=False):
    """Send the signal in the middle of a scene; return the seconds until the process is gone."""
    members, steps = SCENES[scene]
    crowd = Crowd(server)
    tasks = [asyncio.create_task(member(crowd)) for member in members]
    async with asyncio.timeout(30):
        while crowd.steps < steps:
            await asyncio.sleep(0.01)
    began = time.monotonic()
    (os.killpg if group else os.kill)(server.process.pid, number)
    await asyncio.to_thread(server.process.wait, SECONDS)
    seconds = time.monotonic() - began
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(ended, (WebSocketException, OSError, asyncio.CancelledError, type(None))):
            raise ended
    for client in crowd.deaf:
        client.line.close()
    return seconds


# ---- Servers -----------------------------------------------------------------------------------


@contextmanager
def stopped(folder, **options):
    """A server that has not been started, and does not outlive the test."""
    server = Server(folder, **options)
    server.sessions = {"alice": server.sign_in("alice")[0]}
    try:
        yield server
    finally:
        if hasattr(server, "process") and server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, project, tmp_path_factory):
    options = {"command": COMMANDS[request.param], "project": project}
    with stopped(tmp_path_factory.mktemp("server"), **options) as server:
        yield server


@pytest.fixture(scope="module")
def reloading(project, tmp_path_factory):
    options = {"command": RELOADING, "project": project}
    with stopped(tmp_path_factory.mktemp("reloading"), **options) as server:
        yield server
        if is_alive(server):
            os.killpg(server.process.pid, signal.SIGKILL)


def is_alive(server):
    """Say whether any process of the server's group runs."""
    try:
        os.killpg(server.process.pid, 0)
    except ProcessLookupError:
        return False
    return True


# ---- Promises ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scene", "number"), [*zip(SCENES, SIGNALS * 2, strict=True)])
def test_the_server_ends_in_time(server, scene, number):
    server.start()
    assert asyncio.run(kill_during(server, scene, number)) < SECONDS
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("number", SIGNALS)
def test_the_autoreloader_and_its_child_end_in_time(reloading, number):
    end_both(reloading, "come and go", number)


def end_both(server, scene, number):
    """Ctrl-C reaches the whole group; SIGTERM, as a service manager sends it, the parent."""
    server.start()
    seconds = asyncio.run(kill_during(server, scene, number, group=number == signal.SIGINT))
    deadline = time.monotonic() + SECONDS - seconds
    while is_alive(server):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_the_server_ends_in_time_again_and_again(server, scene):
    for number in SIGNALS * 3:
        server.start()
        assert asyncio.run(kill_during(server, scene, number)) < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_the_autoreloader_ends_in_time_again_and_again(reloading, scene):
    for number in SIGNALS * 2:
        end_both(reloading, scene, number)
