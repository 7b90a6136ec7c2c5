"""Each message of TROUBLESHOOTING that no line of a chapter brings about, brought about."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest

from tutorial.author import replay
from tutorial.checking import browsers
from tutorial.course.chapters import COURSE
from tutorial.course.mistakes import fits, make_mistake, mistakes, troubles
from tutorial.reader.explaining import explain_text

from .conftest import finished


@contextlib.contextmanager
def server(stage, tmp_path):
    """A stage's server, for a while."""
    folder = tmp_path / "my-chat"
    shutil.copytree(finished(stage), folder)
    running = replay.Server(folder)
    try:
        assert running.wait(60), running.output
        yield running
    finally:
        running.stop()


def ask(running, method, path, headers, body=None):
    """Do a request with these headers; return what the server's terminal says to it."""
    since = len(running.output)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request(method, path, body, headers)
    connection.getresponse().read()
    connection.close()
    running.settle()
    return running.output[since:]


def port_in_use(stage, tmp_path):
    """Start a second server on a port that is taken, as a reader does; it is ended after a while.

    Returns what the terminal says, and whether the command goes on.
    """
    folder = tmp_path / "my-chat"
    shutil.copytree(finished(stage), folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}"]
        log = tmp_path / "second.log"
        with log.open("wb") as out:
            second = subprocess.Popen(
                command,
                cwd=folder,
                env=replay.environment(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        said, end = "", time.monotonic() + 60
        while "in use" not in said and time.monotonic() < end:
            time.sleep(0.1)
            said = log.read_text("utf-8", "replace")
        time.sleep(0.5)  # whoever ends because of it has ended by then
        alive = second.poll() is None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(second.pid, signal.SIGKILL)
        second.wait()
    return said, alive


def bring_port_in_use(tmp_path):
    return port_in_use(2, tmp_path)[0]


def bring_port_in_use_daphne(tmp_path):
    said, alive = port_in_use(3, tmp_path)
    assert alive, "Daphne goes on without a port"
    return said


def bring_host_in_the_network(tmp_path):
    with server(2, tmp_path) as running:
        return ask(running, "GET", "/", {"Host": "192.168.0.9:8000"})


def bring_https_on_http(tmp_path):
    with server(1, tmp_path) as running:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", running.port)) as s,
        ):
            ssl._create_unverified_context().wrap_socket(s, server_hostname="localhost")
        running.settle()
        return running.output


def bring_csrf_token_missing(tmp_path):
    with server(2, tmp_path) as running:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        form["Cookie"] = f"csrftoken={'x' * 32}"
        return ask(running, "POST", "/chat/", form, "name=lobby")


def bring_csrf_origin(tmp_path):
    with server(2, tmp_path) as running:
        return ask(running, "POST", "/chat/", {"Origin": "https://chat.example.com"}, "name=lobby")


def bring_no_websocket_in_the_server(tmp_path):
    with server(2, tmp_path) as running:
        return ask(running, "GET", "/ws/chat/lobby/", {"Upgrade": "websocket"})


def bring_refused(tmp_path):
    with server(4, tmp_path) as running:
        key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": "http://evil.example"}
        return ask(running, "GET", "/ws/chat/lobby/", key | upgrade)


def bring_the_browser_says_failed(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with contextlib.ExitStack() as stack:
        try:
            browser = stack.enter_context(browsers.launch(LookupError))
        except LookupError as missing:
            pytest.skip(str(missing))
        page, said = browser.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.evaluate(f"new WebSocket('ws://127.0.0.1:{port}/ws/chat/lobby/')")
        page.wait_for_event("console")
        return "\n".join(said)


BRINGS = {name: value for name, value in globals().items() if name.startswith("bring_")}


@pytest.mark.slow
@pytest.mark.parametrize("trouble", troubles(), ids=lambda trouble: trouble["name"])
def test_a_trouble_says_what_it_is_said_to(trouble, tmp_path):
    said = BRINGS[f"bring_{trouble['name'].replace('-', '_')}"](tmp_path)
    assert fits(trouble["symptom"], said), said
    answers = "\n".join(explain_text(said, tmp_path))
    assert all(each["cause"] in answers and each["cure"] in answers for each in trouble["causes"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "of, mistake",
    [
        pytest.param(of, mistake, id=f"{of.name}-{mistake['name']}")
        for of in COURSE
        for mistake in mistakes(of)
        if "command" in mistake
    ],
)
def test_a_command_says_what_it_is_said_to(of, mistake, tmp_path):
    folder = tmp_path / "my-chat"
    shutil.copytree(finished(of.number), folder)
    make_mistake(mistake, folder)
    said = replay.output_of(folder, mistake["command"])
    assert fits(mistake["symptom"], said), said


def test_a_symptom_fits_whatever_its_names_and_numbers_are():
    symptom = "ValueError: No route found for path 'ws/chat/lobby/'."
    assert fits(symptom, "…\nValueError: No route found for path 'ws/room/x/'.\n")
    assert not fits(symptom, "ValueError: No template found for path 'ws/room/x/'.")
    assert not fits("TimeoutError", "All is well.") and fits("TimeoutError", "TimeoutError")
