"""What runs inside the reader's project: `python -I -B inside.py manage FOLDER [ARGUMENT …]`, which
runs manage.py as the reader does, or `python -I -B inside.py answer FOLDER`.

Only the standard library is imported here, and nothing of the course but notes.py. `answer` takes
requests as lines of JSON on standard input, `[NONCE, KIND, ARGUMENT, …]`. KIND says what to do:

- `probe`: set Django up, run its checks, load the pages' addresses, look for missing migrations;
  answer with the settings;
- `migrate`: the same, and migrate;
- `shell`: run the argument as Python code after `migrate`; answer with what it printed;
- `asgi`: load the ASGI application as `daphne` does; answer with what was imported too early.

An answer is one line of JSON behind NONCE; an error ends the process. When standard input ends this
process ends, too; the line `where?` there makes it write on standard error where each of its
threads is.
"""

import contextlib
import faulthandler
import functools
import importlib.machinery
import importlib.util
import io
import json
import math
import os
import queue
import re
import runpy
import sys
import threading
import time

WORKING = 5.0
"""Seconds of its own work after which a request says where it is, and ends.

How long it may wait is the affair of whoever asks, who knows how busy the machine is.
"""

requests: queue.Queue[str] = queue.Queue()
worked_out = math.inf
"""The process's own time, in seconds, at which the request under way has worked for too long."""


def main() -> None:
    """Do what the command line says."""
    kind, folder, *arguments = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.chdir(folder)
    take_notes()
    hash_quickly()
    sys.path.insert(0, folder)
    threading.Thread(target=obey, daemon=True).start()
    if kind == "manage":
        sys.argv = ["manage.py", *arguments]
        runpy.run_path("manage.py", run_name="__main__")
        return
    threading.Thread(target=watch, daemon=True).start()
    sys.stdout = sys.stderr
    while True:
        nonce, kind, *arguments = json.loads(requests.get())
        with limits():
            answer = globals()[kind](*arguments)
        print(nonce + json.dumps(answer, default=str), file=answers, flush=True)


def take_notes() -> None:
    """Have tracebacks tell more, as notes.py says; it stands beside this file."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes.py")
    spec = importlib.util.spec_from_file_location("course_notes", beside)
    notes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notes)
    notes.take()


def hash_quickly() -> None:
    """Have Django hash passwords in a few rounds: a check's people have nothing to hide."""
    with contextlib.suppress(ImportError):
        from django.contrib.auth.hashers import PBKDF2PasswordHasher

        PBKDF2PasswordHasher.iterations = 100


def obey() -> None:
    """Pass requests on; say where the threads are when asked; end with standard input."""
    for line in sys.stdin:
        if line.strip() == "where?":
            faulthandler.dump_traceback(all_threads=True)
        else:
            requests.put(line)
    os._exit(0)


@contextlib.contextmanager
def limits():
    """End the process, with where it is, when a request works for too long."""
    global worked_out
    worked_out = time.process_time() + WORKING
    yield
    worked_out = math.inf


def watch() -> None:
    """End the process, with where it is, when it has worked for too long."""
    while time.process_time() < worked_out:
        time.sleep(0.1)
    print("COURSE: timeout", file=sys.stderr)
    faulthandler.dump_traceback(all_threads=True)
    os._exit(1)


def name_settings() -> None:
    """Set DJANGO_SETTINGS_MODULE as manage.py does."""
    with open("manage.py", encoding="utf-8", errors="replace") as file:
        found = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)""", file.read())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", found[1] if found else "config.settings")


@functools.cache
def probe() -> dict:
    """Set Django up and run its checks; return the settings that JSON can hold."""
    name_settings()
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.urls import get_resolver

    django.setup()
    call_command("check", stdout=io.StringIO())
    get_resolver().url_patterns  # noqa: B018
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except SystemExit:
        sys.exit("COURSE: models have changes without a migration")
    return {name: getattr(settings, name) for name in dir(settings) if name.isupper()}


@functools.cache
def migrate() -> dict:
    """As `probe`; then migrate."""
    settings = probe()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return settings


def shell(code: str) -> str:
    """Run code after migrating; return what it printed."""
    migrate()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<the check>", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


class Watcher:
    """Notes which modules of the project are imported before Django's apps are ready."""

    def __init__(self):
        self.early = []

    def find_spec(self, name, path=None, target=None):
        """Note the name; others find the module."""
        loaded = getattr(sys.modules.get("django.apps"), "apps", None)
        if not (loaded and (loaded.ready or loaded.loading)):
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            if spec and spec.origin and os.path.dirname(spec.origin).startswith(os.getcwd()):
                self.early.append(name)
        return None


def asgi() -> list:
    """Load config.asgi in a fresh process; return the project's modules imported too early."""
    watcher = Watcher()
    sys.meta_path.insert(0, watcher)
    import config.asgi

    if not callable(getattr(config.asgi, "application", None)):
        sys.exit("COURSE: config/asgi.py has no application")
    allowed = {"config", "config.asgi", os.environ.get("DJANGO_SETTINGS_MODULE"), None}
    return [name for name in watcher.early if name not in allowed]


if __name__ == "__main__":
    sys.path[:] = [place for place in sys.path if place != os.path.dirname(__file__)]
    main()
