"""Loads the reader's project as its owner runs it: `python -I -B owner.py COPY FOLDER BESIDE`.

Only the standard library is imported here, and nothing of the course. `.env` counts as it stands:
no variable replaces what it says. COPY is a copy of the owner's FOLDER; the database there, where
it is SQLite's, is copied to BESIDE, since even opening one writes. Prints one line of JSON behind
`OWNER`:

- `layer`: what went wrong when the channel layer was loaded, or null;
- `database`: "none" where no database has been made, "other" for one of another user model,
  "read" when `unapplied` holds, "not read" for one that is no SQLite, or locked;
- `unapplied`: the migrations that are not applied, as "chat.0002_room_message".

Ends with the project's own traceback where it can't be loaded.
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import sys


def main() -> None:
    """Do what the command line says."""
    copy, folder, beside = sys.argv[1:]
    os.chdir(copy)
    sys.path.insert(0, copy)
    with open("manage.py", encoding="utf-8", errors="replace") as file:
        found = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)""", file.read())
    os.environ["DJANGO_SETTINGS_MODULE"] = found[1] if found else "config.settings"
    answers, sys.stdout = sys.stdout, sys.stderr
    import django
    from django.conf import settings

    layer = load_layer(getattr(settings, "CHANNEL_LAYERS", None))
    django.setup()
    answer = {"layer": layer, "database": "not read", "unapplied": []}
    with contextlib.suppress(OSError, sqlite3.Error):
        answer |= look_at_database(settings.DATABASES["default"], copy, folder, beside)
    print("OWNER" + json.dumps(answer), file=answers, flush=True)


def load_layer(layers: dict | None) -> str | None:
    """Load the channel layer; return what goes wrong, in the words of the error."""
    if not layers:
        return None
    try:
        from channels.layers import get_channel_layer

        get_channel_layer()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def look_at_database(database: dict, copy: str, folder: str, beside: str) -> dict:
    """What is to be said of the owner's own database; it is copied first."""
    if not database.get("ENGINE", "").endswith("sqlite3"):
        return {}
    name = os.path.abspath(str(database["NAME"]))
    if os.path.commonpath([name, copy]) == copy:
        name = os.path.join(folder, os.path.relpath(name, copy))
    if not os.path.isfile(name) or not os.path.getsize(name):
        return {"database": "none"}
    own = os.path.join(beside, "own.sqlite3")
    for ending in ("", "-wal"):
        if os.path.isfile(name + ending):
            shutil.copyfile(name + ending, own + ending)

    from django.conf import settings
    from django.db import DatabaseError, connection
    from django.db.migrations.exceptions import InconsistentMigrationHistory
    from django.db.migrations.executor import MigrationExecutor

    connection.settings_dict["NAME"] = own
    try:
        tables = connection.introspection.table_names()
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except InconsistentMigrationHistory:
        return {"database": "other"}
    except DatabaseError:
        return {}
    finally:
        connection.close()
    if "auth_user" in tables and settings.AUTH_USER_MODEL != "auth.User":
        return {"database": "other"}
    unapplied = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    return {"database": "read" if "django_migrations" in tables else "none", "unapplied": unapplied}


if __name__ == "__main__":
    sys.path[:] = [place for place in sys.path if place != os.path.dirname(__file__)]
    main()
