"""What the demo promises. A copy of the project is served by the Python of this test run."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

from .conftest import ROOT, copy_checkout, processes_with

READY = "Press Ctrl-C to end."
DEMO = """
import sys
from pathlib import Path
sys.path[0] = sys.argv[1]
from tutorial.reader.demo import run_demo
from tutorial.environment import Trouble
port = int(sys.argv[2]) if sys.argv[2] else None
try:
    sys.exit(run_demo(port, browser=False, lan=sys.argv[3:] == ["lan"], project=Path.cwd()))
except Trouble as trouble:
    sys.exit(str(trouble))
"""
USERS = re.compile(r"(http://\S+)\s+name: (\w+)   password: (.+)")


def command(port="0", *more):
    return [sys.executable, "-c", DEMO, str(ROOT), port, *more]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A project that the demo has served once: it has its .env, its database and its users."""
    folder = copy_checkout(tmp_path_factory.mktemp("demo") / "ein ordner 雑")
    shutil.rmtree(folder / "tutorial")
    for leftover in (*folder.glob("db.sqlite3*"), *folder.glob(".env")):
        leftover.unlink()
    return folder


@pytest.fixture
def project(prepared, tmp_path):
    """A copy of such a project to try things on."""
    return shutil.copytree(prepared, tmp_path / "a project 雑")


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def port_in(output):
    return int(re.search(r"http://127\.0\.0\.1:(\d+)/accounts", output)[1])


def test_one_browser_holds_both_users_with_the_printed_links_and_passwords(prepared, run):
    demo = run(command(), prepared)
    demo.read_until(READY)
    users = USERS.findall(demo.output)
    assert [name for _, name, _ in users] == ["alice", "bob"]
    assert "//127.0.0.1:" in users[0][0] and "//localhost:" in users[1][0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        window = browser.new_context()
        pages = []
        for url, name, password in users:
            pages.append(page := window.new_page())
            page.goto(url)
            page.fill("[name=username]", name)
            page.fill("[name=password]", password)
            page.press("[name=password]", "Enter")
            page.wait_for_url("**/chat/welcome/")
        for page, (_, name, _) in zip(pages, users, strict=True):
            assert page.reload().status == 200
            assert name in page.content()
        browser.close()


def test_env_file_is_made_from_the_example_with_a_secret_of_its_own(project, run):
    (project / ".env").unlink(missing_ok=True)
    demo = run(command(), project)
    demo.read_until(READY)
    made = (project / ".env").read_text(encoding="utf-8")
    key = re.search(r"^SECRET_KEY=([\w-]{60,})$", made, re.MULTILINE)[1]
    assert key not in (project / ".env.example").read_text(encoding="utf-8")
    assert re.search(r"^DEBUG=(on|True)$", made, re.MULTILINE)


def test_env_file_and_changed_password_are_kept(project, run):
    mine = "SECRET_KEY=mine\nDEBUG=off\nDATABASE_URL=postgres://nobody@127.0.0.1:1/none\n"
    (project / ".env").write_text(mine, encoding="utf-8")
    demo = run(command(), project)
    demo.read_until(READY)
    demo.end()
    change = "from chat.models import User; u = User.objects.get(username='bob'); "
    change += "u.set_password('another'); u.save()"
    own_manage = [sys.executable, "manage.py", "shell", "-v", "0", "-c", change]
    changed = run(own_manage, project, DATABASE_URL="sqlite:///db.sqlite3")
    assert changed.finish() == 0, changed.output

    demo = run(command(), project)
    demo.read_until(READY)
    (_, _, alices), (_, _, bobs) = USERS.findall(demo.output)
    assert "changed" not in alices and "changed" in bobs
    assert (project / ".env").read_text(encoding="utf-8") == mine


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_soon_and_leaves_no_process(project, run, number):
    demo = run(command(), project)
    demo.read_until(READY)
    port = port_in(demo.output)
    assert len(processes_with(f"runserver 127.0.0.1:{port}")) == 2  # the autoreloader has a child
    began = time.monotonic()
    assert demo.end(number) == 0
    assert time.monotonic() - began < 5
    assert not processes_with(f"runserver 127.0.0.1:{port}")
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert "Traceback" not in demo.output


def test_a_port_in_use_is_an_error_when_it_was_asked_for(project, run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = run(command(str(port)), project)
        assert demo.finish() == 1
    assert f"Port {port} is in use" in demo.output
    assert "Traceback" not in demo.output


def test_another_port_is_taken_and_named_when_8000_is_in_use(project, run):
    try:
        taken = socket.create_server(("127.0.0.1", 8000))
    except OSError:
        taken = socket.socket()  # somebody else has it: as good
    with taken:
        demo = run(command(""), project)
        demo.read_until(READY)
        port = port_in(demo.output)
        assert port > 8000
        assert f"Port 8000 is in use, so the demo takes {port}." in demo.output
        assert status(f"http://127.0.0.1:{port}/") == 200


@pytest.mark.parametrize("name", ["chat/models.py", "chat/consumers.py", "config/urls.py"])
def test_a_project_that_does_not_start_is_reported_with_its_error(project, run, name):
    with (project / name).open("a", encoding="utf-8") as source:
        source.write("\ndef broken(:\n")
    demo = run(command(), project)
    assert demo.finish() == 1
    assert "SyntaxError" in demo.output and "The project does not start" in demo.output
    assert "tutorial/reader/demo.py" not in demo.output


def test_a_server_that_dies_is_reported(project, run):
    demo = run(command(), project)
    demo.read_until(READY)
    port = port_in(demo.output)
    listed = subprocess.run(["ps", "-A", "-o", "pid,ppid"], capture_output=True, text=True)
    family = [line.split() for line in listed.stdout.splitlines()]
    (served_by,) = [int(pid) for pid, parent in family if parent == str(demo.process.pid)]
    os.kill(served_by, signal.SIGKILL)
    assert demo.finish() == 1
    assert "The server has ended by itself" in demo.output
    assert not processes_with(f"runserver 127.0.0.1:{port}")


def test_lan_says_so_and_prints_an_address_that_answers(project, run):
    demo = run(command("0", "lan"), project)
    demo.read_until(READY)
    assert "CAUTION" in demo.output
    for url, _, _ in USERS.findall(demo.output):
        assert status(url) == 200
