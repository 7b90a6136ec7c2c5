"""What the course knows about a project that it runs: its `.env` and its settings."""

import os
import re
import secrets
from pathlib import Path
from urllib.parse import quote


def settings_variables(project: Path, hosts: tuple[str, ...] = ()) -> dict[str, str]:
    """The variables that make a project run here whatever its `.env` says; they win over it.

    SQLite in the project's folder, the in-memory channel layer, DEBUG on, and this machine (and
    `hosts`) as allowed hosts.
    """
    database = quote((project / "db.sqlite3").as_posix(), safe="/:")
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "on",
        "ALLOWED_HOSTS": ",".join(("localhost", "127.0.0.1", *hosts)),
        "DATABASE_URL": f"sqlite:///{database}",
        "CHANNELS_URL": "inmemory://",
    }


def make_env_file(project: Path) -> bool:
    """Make `.env` from `.env.example` with a fresh secret key and DEBUG on.

    Return whether it was made: one that is there already is never touched.
    """
    text = (project / ".env.example").read_text(encoding="utf-8")
    for name, value in (("SECRET_KEY", secrets.token_urlsafe(50)), ("DEBUG", "on")):
        line, found = f"{name}={value}", re.compile(rf"^#?[ \t]*{name}[ \t]*=.*$", re.MULTILINE)
        text = found.sub(line, text, count=1) if found.search(text) else f"{text}\n{line}\n"
    try:
        # Only its owner may read it: it holds a secret.
        file = os.open(project / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as env:
        env.write(text)
    return True
