"""What runs inside the reader's project: `python -I -B inside.py KIND NONCE FOLDER [ARGUMENT …]`.

Only the standard library is imported here, and nothing of the course. KIND says what to do:

- `manage`: run manage.py with the arguments, as the reader does;
- `probe`: set Django up, run its checks, load the pages' addresses, look for missing migrations;
  answer with the settings;
- `migrate`: the same, and migrate;
- `shell`: run the argument as Python code after `migrate`; answer with what it printed;
- `asgi`: load the ASGI application as `daphne` does; answer with what was imported too early.

An answer is one line of JSON behind NONCE. When standard input ends this process ends, too; a line
there makes it write on standard error where each of its threads is.
"""

import faulthandler
import importlib.machinery
import io
import json
import os
import re
import runpy
import sys
import threading
import time

WORKING, WAITING = 2.5, 6.5
"""Seconds of its own work, or by the clock, after which a process says where it is, and ends."""


def main() -> None:
    """Do what the command line says."""
    kind, nonce, folder, *arguments = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.chdir(folder)
    sys.path.insert(0, folder)
    threading.Thread(target=obey, daemon=True).start()
    if kind == "manage":
        sys.argv = ["manage.py", *arguments]
        runpy.run_path("manage.py", run_name="__main__")
        return
    faulthandler.dump_traceback_later(WAITING, exit=True)
    threading.Thread(target=watch, daemon=True).start()
    sys.stdout = sys.stderr
    answer = globals()[kind](*arguments)
    print(nonce + json.dumps(answer, default=str), file=answers, flush=True)
    os._exit(0)


def obey() -> None:
    """End with standard input; say where the threads are at each line of it."""
    for _ in sys.stdin:
        faulthandler.dump_traceback(all_threads=True)
    os._exit(0)


def watch() -> None:
    """End the process, with where it is, when it has worked for too long."""
    while time.process_time() < WORKING:
        time.sleep(0.1)
    print("COURSE: timeout", file=sys.stderr)
    faulthandler.dump_traceback(all_threads=True)
    os._exit(1)


def name_settings() -> None:
    """Set DJANGO_SETTINGS_MODULE as manage.py does."""
    with open("manage.py", encoding="utf-8", errors="replace") as file:
        found = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)""", file.read())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", found[1] if found else "config.settings")


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


def migrate() -> dict:
    """As `probe`; then migrate."""
    settings = probe()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return settings


def shell(code: str) -> str:
    """Run code after migrating; return what it printed."""
    migrate()
    sys.stdout = io.StringIO()
    exec(compile(code, "<the check>", "exec"), {"__name__": "__main__"})
    return sys.stdout.getvalue()


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
