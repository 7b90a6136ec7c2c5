"""A folder is judged as its owner runs it: `.env`, database, channel layer, terminal, port."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys

import pytest

from tutorial.checking.run import run_checks
from tutorial.checking.surroundings import (
    environment_note,
    notes,
    odd_line,
    overruled,
    port_note,
    verdict,
)
from tutorial.environment import SHELL_VENV, VENV

from .conftest import finished

KNOWN = ["SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "DATABASE_URL", "CHANNELS_URL", "TIME_ZONE"]
KNOWN += ["CSRF_TRUSTED_ORIGINS", "CHAT_MESSAGES_PER_MINUTE"]


# .env as it stands

ODD = {
    "DEBUG=True  # local only": ["DEBUG", "comment", "DEBUG=True"],
    'DEBUG="True" # local only': ["DEBUG", "comment"],
    "DEBUG=Ture": ["DEBUG", "Ture", "False"],
    "DEBUG = True": ["space", "DEBUG=True"],
    "DEBUG: True": ["DEBUG=True"],
    "set DEBUG=True": ["DEBUG=True"],
    "$env:DEBUG = True": ["DEBUG=True"],
    "  DEBUG=True": ["beginning"],
    "just some words": ["NAME=value"],
    "DEBUG=“True”": ["quotes"],
    'DEBUG="True': ["quote", "one end"],
    "ALLOWED_HOSTS=127.0.0.1, localhost": ["space", "ALLOWED_HOSTS=127.0.0.1,localhost"],
    "ALLOWED_HOSTS=127.0.0.1 localhost": ["space", "ALLOWED_HOSTS=127.0.0.1,localhost"],
    "ALLOWED_HOSTS=['127.0.0.1','localhost']": ["no list", "127.0.0.1,localhost"],
    "ALLOWED_HOSTS=127.0.0.1;localhost": ["127.0.0.1,localhost"],
    "ALLOWED_HOSTS=http://127.0.0.1:8000": ["scheme", "127.0.0.1"],
    "ALLOWED_HOSTS=127.0.0.1:8000,localhost": ["port", "127.0.0.1"],
    "CSRF_TRUSTED_ORIGINS=https://a.example, https://b.example": ["space"],
    "DATABASE_URL=sqlite://db.sqlite3": ["DATABASE_URL", "three slashes", "sqlite:///db.sqlite3"],
    "DATABASE_URL=db.sqlite3": ["scheme"],
    "DATABASE_URL=sqllite:///db.sqlite3": ["sqllite", "sqlite:///db.sqlite3"],
    "DATABASE_URL=": ["empty"],
    "DATABASE_URL=sqlite:///C:\\chat\\db.sqlite3": ["backslashes", "C:/chat/db.sqlite3"],
    "DATABASE_URL=sqlite:///db.sqlite3 ": ["space"],
    "CHANNELS_URL=memory://": ["CHANNELS_URL", "inmemory"],
    "CHANNELS_URL=inmemory": ["scheme"],
    "CHANNELS_URL=http://localhost": ["http", "inmemory"],
    "SECRET_KEY=$a9f": ["$", "another variable"],
    "CHAT_MESSAGES_PER_MINUTE=sixty": ["sixty", "number"],
    "ALOWED_HOSTS=localhost": ["ALOWED_HOSTS", "ALLOWED_HOSTS"],
    "secret_key=x": ["SECRET_KEY"],
}
RIGHT = """\
# a comment

export TIME_ZONE=Europe/London
SECRET_KEY='a#b $c “d” = e #f'
DEBUG="on"
ALLOWED_HOSTS=127.0.0.1,.example.com,[::1],*
DATABASE_URL=sqlite:////somewhere/else/db.sqlite3
CHANNELS_URL=inmemory://
CHAT_MESSAGES_PER_MINUTE=0
MY_OWN=whatever # it is
"""


@pytest.mark.parametrize("line", ODD)
def test_a_line_that_reads_otherwise_than_it_looks_is_told(line):
    said = odd_line(f"TIME_ZONE=UTC\n{line}\n".encode(), KNOWN)
    for word in (".env", "line", *ODD[line]):
        assert word in said, said


def test_what_reads_as_it_looks_is_left_alone():
    assert odd_line(RIGHT.encode(), KNOWN) is None
    for url in ("sqlite://:memory:", "postgres://me:p%40ss@127.0.0.1/chat", "sqlite:///./db"):
        assert odd_line(f"DATABASE_URL={url}\n".encode(), KNOWN) is None


def test_a_byte_order_mark_is_told():
    assert "byte order mark" in odd_line("SECRET_KEY=x\n".encode("utf-8-sig"), KNOWN)


def test_what_is_said_of_a_line_is_true(tmp_path):
    """Each odd line is read by django-environ itself, and comes out otherwise than it looks."""
    code = (
        "import sys, environ; environ.Env.read_env(sys.argv[1]); env = environ.Env();"
        "print(env.bool('DEBUG', None), env.list('ALLOWED_HOSTS', default=None),"
        " env.str('DATABASE_URL', None))"
    )
    for line, wrong in {
        "DEBUG=True  # local only": "False",
        "ALLOWED_HOSTS=127.0.0.1, localhost": "' localhost'",
        "DEBUG = True": "None",
        "  DEBUG=True": "None",
        "DEBUG=“True”": "False",
        "DEBUG=True\nDEBUG=False": "False",
    }.items():
        (tmp_path / ".env").write_text(line, "utf-8")
        kept = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
        command = [sys.executable, "-c", code, str(tmp_path / ".env")]
        done = subprocess.run(command, env=kept, capture_output=True, text=True, check=True)
        assert wrong in done.stdout, line


# The owner's database and layer


@pytest.fixture
def folder(tmp_path):
    """The folder of somebody who has done chapter 8, database and all."""
    shutil.copytree(finished(8), tmp_path / "my-chat")
    return tmp_path / "my-chat"


def manage(folder, *arguments):
    """Call manage.py as the owner does."""
    kept = {"PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=folder, env=kept, check=True)


def test_a_database_that_was_never_made_is_told(folder):
    (folder / "db.sqlite3").unlink()
    report = run_checks(8, folder)
    assert report.code == 1 and "python manage.py migrate" in report.problem
    assert not (folder / "db.sqlite3").exists()


@pytest.mark.slow
def test_a_migration_that_is_not_applied_is_told(folder):
    manage(folder, "migrate", "chat", "0001", "-v0")
    report = run_checks(8, folder)
    assert report.code == 1
    assert "chat.0002" in report.problem and "python manage.py migrate" in report.problem


@pytest.mark.slow
def test_a_database_that_was_made_before_the_custom_user_is_told(folder):
    settings = folder / "config" / "settings.py"
    text = settings.read_text("utf-8")
    (folder / "db.sqlite3").unlink()
    (folder / "chat").rename(folder / "away")
    plain = text.replace('AUTH_USER_MODEL = "chat.User"', "").replace('"chat",', "")
    settings.write_text(plain.replace("chat.", "away."), "utf-8")
    (folder / "config" / "urls.py").write_text("urlpatterns = []\n", "utf-8")
    kept = (folder / "config" / "asgi.py").read_text("utf-8")
    (folder / "config" / "asgi.py").write_text("application = None\n", "utf-8")
    manage(folder, "migrate", "-v0")
    (folder / "away").rename(folder / "chat")
    shutil.copyfile(finished(8) / "config" / "urls.py", folder / "config" / "urls.py")
    settings.write_text(text, "utf-8")
    (folder / "config" / "asgi.py").write_text(kept, "utf-8")
    report = run_checks(8, folder)
    assert report.code == 1
    assert "user model" in report.problem and "db.sqlite3" in report.problem


@pytest.mark.slow
def test_a_layer_whose_package_is_missing_is_told(folder):
    env = (folder / ".env").read_text("utf-8")
    redis = env.replace("CHANNELS_URL=inmemory://", "CHANNELS_URL=redis://127.0.0.1:6379/0")
    (folder / ".env").write_text(redis, "utf-8")
    report = run_checks(8, folder)
    if "channels_redis" in {path.name for path in VENV.glob("lib/*/site-packages/*")}:
        pytest.skip("channels_redis is installed here")
    assert report.code == 1
    assert "CHANNELS_URL" in report.problem and "channels_redis" in report.problem


@pytest.mark.slow
def test_a_database_full_of_the_readers_own_data_is_read_only(folder):
    with sqlite3.connect(folder / "db.sqlite3") as own:
        own.execute("PRAGMA journal_mode=WAL")
        own.execute("INSERT INTO chat_room (name, created_at) VALUES ('my own', '2026-06-21')")
        own.commit()
        before = {path.name: path.read_bytes() for path in folder.glob("db.sqlite3*")}
        report = run_checks(8, folder)
        assert report.code == 0, report.problem
        assert before == {path.name: path.read_bytes() for path in folder.glob("db.sqlite3*")}
    own.close()


def test_the_verdict_on_what_was_found():
    right = {"layer": None, "database": "read", "unapplied": []}
    assert verdict(right, 8) is None
    assert verdict(right | {"database": "not read"}, 8) is None
    assert verdict(right | {"database": "none"}, 1) is None
    assert "migrate" in verdict(right | {"database": "none"}, 2)
    assert "delete db.sqlite3" in verdict(right | {"database": "other"}, 2)
    assert "chat.0002" in verdict(right | {"unapplied": ["chat.0002_room"]}, 8)
    assert "inmemory://" in verdict(right | {"layer": "InvalidChannelLayerError: odd"}, 5)


# Notes, which make nothing red


@pytest.mark.parametrize(
    "line, told",
    [("DEBUG=True", True), ("DEBUG = 'on'", False), ("DEBUG=on # here", False), ("", False)],
)
def test_a_terminal_that_overrules_the_env_file_is_told(tmp_path, monkeypatch, line, told):
    monkeypatch.setenv("DEBUG", "on")
    (tmp_path / ".env").write_text(f"TIME_ZONE=UTC\n{line}\n")
    assert (overruled(tmp_path) == ["DEBUG"]) is told
    assert any("DEBUG is not what .env says" in note for note in notes(tmp_path)) is told


def test_another_virtual_environment_is_told_when_it_lacks_something(tmp_path, monkeypatch):
    (tmp_path / "Pipfile").write_text('[packages]\ndjango = "*"\n"django-environ" = "*"\n')
    packages = tmp_path / "other" / "lib" / "python3.11" / "site-packages"
    (packages / "Django-5.2.dist-info").mkdir(parents=True)
    for active, told in ((None, False), (VENV, False), (tmp_path / "other", True)):
        monkeypatch.setenv(SHELL_VENV, str(active or ""))
        note = environment_note(tmp_path)
        assert bool(note) is told
    assert "django-environ" in note and "django," not in note
    (packages / "django_environ-0.14.dist-info").mkdir()
    assert environment_note(tmp_path) is None


LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_port_that_is_taken_is_told_unless_it_is_this_folders_server(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for place, told in ((tmp_path, False), (tmp_path / "elsewhere", True)):
        command = [sys.executable, "-c", LISTEN]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, cwd=place, text=True, **pipes) as other:
            port = int(other.stdout.readline())
            note = port_note(tmp_path, port)
            other.stdin.close()
        assert bool(note) is told
    assert f"Port {port} is taken" in note and f"runserver {port + 1}" in note


def test_a_free_port_is_no_matter(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert port_note(tmp_path, port) is None
