"""What one member or many strangers can't take from the others."""

import sys
import threading
from http.client import HTTPConnection

import psutil
import pytest

from tests.server import Server
from tutorial.tests.test_socket import COMMANDS, serving

UVICORN = (sys.executable, "-m", "uvicorn", "--port", "{port}", "config.asgi:application")
PEOPLE, PAGES = [f"reader-{number}" for number in range(30)], 10


@pytest.mark.parametrize("command", COMMANDS)
def test_pages_leave_no_connection_to_the_database_behind(project, tmp_path, command):
    with serving(tmp_path, PEOPLE, command=COMMANDS[command], project=project) as server:
        before = open_files(server)
        for _ in range(2):
            load_pages(server)
        # SQLite itself keeps a file open for each of those that were used at once, for the next.
        assert open_files(server) - before <= len(PEOPLE) + 10


@pytest.mark.parametrize("command", [*COMMANDS, "uvicorn"])
def test_every_server_serves_scripts_and_styles_while_debug_is_on(project, tmp_path, command):
    server = Server(tmp_path, command=(COMMANDS | {"uvicorn": UVICORN})[command], project=project)
    server.start()
    try:
        for path in ("/static/chat/style.css", "/static/chat/room.js"):
            line = HTTPConnection("127.0.0.1", server.port, timeout=60)
            line.request("GET", path)
            assert line.getresponse().status == 200, path
            line.close()
    finally:
        server.stop()


def open_files(server):
    return psutil.Process(server.process.pid).num_fds()


def load_pages(server):
    """Have each of these people load some pages, all at once."""

    def load(session):
        for _ in range(PAGES):
            line = HTTPConnection("127.0.0.1", server.port, timeout=60)
            line.request("GET", "/chat/", headers={"Cookie": f"sessionid={session}"})
            assert line.getresponse().read()
            line.close()

    readers = [
        threading.Thread(target=load, args=(session,)) for session in server.sessions.values()
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
