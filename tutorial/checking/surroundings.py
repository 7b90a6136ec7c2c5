"""What surrounds a reader's project where its owner runs it.

The checks put a database of their own, an in-memory layer and a free port in place of the owner's,
to be quick and harmless. What they replace is looked at here: `.env` as it stands, the database as
it is, the channel layer's package; and, in notes that make nothing red, the terminal, its virtual
environment, and the port.
"""

import contextlib
import difflib
import json
import os
import re
import socket
import sys
from pathlib import Path

from tutorial.checking.clock import clock
from tutorial.checking.folder import KEPT, Project, end, start
from tutorial.checking.recognise import Problem
from tutorial.course.stages import stage_files
from tutorial.environment import SHELL_VENV, VENV

OWNER = Path(__file__).with_name("owner.py")
LOADING = 8.0
"""Seconds that the owner's project may take to load, by the clock that knows how busy we are."""

DATABASE_FROM = 2
"""The first chapter whose text has the reader migrate."""

PORT = 8000
"""Where `runserver` listens when it is told nothing else."""


# .env as it stands

YES, NO = ("true", "on", "ok", "y", "yes", "1"), ("false", "off", "n", "no", "0", "")
ADDRESSES = {"DATABASE_URL": "sqlite:///db.sqlite3", "CHANNELS_URL": "inmemory://"}
"""What is an address, and what it is in the course until a chapter says otherwise."""

LISTS = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")
BOOLEANS = (
    *("DEBUG", "SECURE_COOKIES", "SECURE_SSL_REDIRECT"),
    *("SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"),
)
NUMBERS = ("CHAT_MESSAGES_PER_MINUTE", "SECURE_HSTS_SECONDS")
HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:]+\]")


def misread(project: Project, number: int) -> None:
    """Raise `Problem` for the first line of `.env` that reads otherwise than it looks.

    Only names that chapter `number` knows are judged by their values.
    """
    file, example = project.path(".env"), stage_files(number).get(".env.example")
    if not file.is_file():
        return
    known = re.findall(r"^#?[ \t]*([A-Z_]+)=", example.read_text("utf-8") if example else "", re.M)
    if said := odd_line(file.read_bytes(), known):
        raise Problem(said)


def odd_line(content: bytes, known: list[str]) -> str | None:
    """What is odd in a `.env`, in a sentence or two; None when it reads as it looks.

    `known`: the names that the project reads. Source: what django-environ 0.14 does with a line.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        return (
            ".env begins with a byte order mark (BOM), which becomes part of its first name, so "
            "that line is not found. Save it as UTF-8 without BOM."
        )
    text = content.decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"In .env, line {number},"
        found = re.fullmatch(r"(?:export )?([A-Za-z_0-9]+)=(.*)", line)
        if not found:
            return f"{where} “{line.strip()[:60]}” {wrong_form(line)}"
        name, value = found.groups()
        if name not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
            if near and not re.search(rf"(?m)^{near[0]}=", text):
                return f"{where} the name {name} is read by nobody. Did you mean {near[0]}?"
            continue
        if said := odd_value(name, value):
            return f"{where} {said}"
    return None


def wrong_form(line: str) -> str:
    """What keeps a line from being read as NAME=value."""
    found = re.match(r"\s*(?:(export|set)\s+|\$env:)?([A-Za-z_0-9]+)\s*(=|:)\s*(.*)", line)
    if not found:
        return "is no line of the form NAME=value, so it is not read. Take it out, or put # first."
    name, value = found[2], found[4]
    if re.search(r"\s=|=\s", line.strip()) and found[3] == "=":
        return (
            f"has a space beside the =, and django-environ does not read such a line. Write "
            f"{name}={value.strip()} without spaces."
        )
    return f"is not read: write {name}={value.strip()}, at the line's very beginning."


def odd_value(name: str, value: str) -> str | None:
    """What is odd in the value of a name that the project knows; None when nothing is."""
    bare = unquoted(value)
    if bare == value and re.search(r"\s#", value):
        kept = re.split(r"\s+#", value)[0]
        return (
            f"{name} has a comment behind its value, and that is read as part of it. A comment "
            f"has a line of its own: write {name}={kept}"
        )
    if bare != bare.strip() and name not in (*LISTS, *BOOLEANS):
        return f"{name} has a space beside its value, which becomes part of it. Take it out."
    if re.search(r"^[“”„‘’]|[“”„‘’]$", value):
        return (
            f"{name} has typographic quotes, which are read as part of the value. Write it without "
            'quotes, or with plain ones: "…"'
        )
    if bare == value and (value[:1] in ("'", '"') or value[-1:] in ("'", '"')):
        return f"{name} has a quote at one end only, which is read as part of the value."
    if bare.startswith("$"):
        return (
            f"{name} begins with $. django-environ takes that for the name of another variable. "
            "Take a value that does not begin with it: for a key, python -c "
            '"import secrets; print(secrets.token_urlsafe(50))" prints one.'
        )
    for names, look in ((LISTS, odd_list), (BOOLEANS, odd_boolean), (NUMBERS, odd_number)):
        if name in names and (said := look(name, bare)):
            return said
    return odd_address(name, bare) if name in ADDRESSES else None


def unquoted(value: str) -> str:
    """A value without a pair of quotes around it."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def odd_list(name: str, value: str) -> str | None:
    """What is odd in a list of hosts or origins."""
    if re.search(r"[\[\]'\";]", value) and not re.search(r"\[[0-9a-fA-F:]+\]", value):
        right = ",".join(re.findall(r"[\w.*:/-]+", value))
        return f"{name} is no list in Python: names with commas between them. Write {name}={right}"
    if re.search(r"\s", value):
        right = ",".join(part for part in re.split(r"[\s,;]+", value) if part)
        return (
            f"{name} has a space in its list, and that becomes part of a name, which then fits "
            f"nobody. Write {name}={right}"
        )
    if name != "ALLOWED_HOSTS":
        return None
    for host in filter(None, value.split(",")):
        if not HOST.fullmatch(host):
            bare = re.sub(r"^\w+://|[:/].*$", "", re.sub(r"^\w+://", "", host))
            return (
                f"{name} names “{host}”. A host stands there without scheme, port and path: {bare}"
            )
    return None


def odd_boolean(name: str, value: str) -> str | None:
    """What is odd in a value that is true or false."""
    if value.lower() in (*YES, *NO):
        return None
    return f"{name} is “{value}”, which is none of the words for true, so it is read as False."


def odd_number(name: str, value: str) -> str | None:
    """What is odd in a whole number."""
    return None if re.fullmatch(r"\d+", value) else f"{name} is “{value}”, and not a whole number."


def odd_address(name: str, value: str) -> str | None:
    """What is odd in the address of a database or of a channel layer."""
    import environ

    scheme, mark, rest = value.partition("://")
    example = ADDRESSES[name]
    env = environ.Env
    schemes = [*env.DB_SCHEMES] if name == "DATABASE_URL" else [*env.CHANNELS_SCHEMES, "amqp"]
    if not value:
        return f"{name} is empty. Write {name}={example}, or take the line out."
    if not mark:
        return f"{name} is “{value}”, which is no address with a scheme, such as {example}"
    if scheme not in schemes:
        near = difflib.get_close_matches(scheme.lower(), schemes, n=1, cutoff=0.5)
        guess = f"{near[0]}://{rest}" if near else example
        return f"{name} begins with {scheme}://, which is not known there. Did you mean {guess}?"
    if scheme == "sqlite" and rest and rest != ":memory:" and not rest.startswith("/"):
        return (
            f"{name} has two slashes, so “{rest}” is read as a host, and the database lives in "
            f"memory or in another file. A path comes behind three slashes: sqlite:///{rest}"
        )
    if "\\" in rest:
        return f"{name} has backslashes. Write the path with /: {value.replace(chr(92), '/')}"
    return None


# The owner's database and channel layer


class Owner:
    """The project as its owner runs it, loaded in a process of its own; `judge` waits for it."""

    def __init__(self, project: Project, folder: Path, number: int):
        self.number, self.file = number, project.beside / "owner.log"
        self.process = None
        if project.path("manage.py").is_file() and project.path(".env").is_file():
            variables = {name: os.environ[name] for name in KEPT if name in os.environ}
            places = (project.copy, folder.resolve(), project.beside.resolve())
            command = [sys.executable, "-I", "-B", "-u", str(OWNER), *map(str, places)]
            with self.file.open("wb") as log:
                self.process = start(command, project.copy, variables, log)

    def judge(self) -> None:
        """Raise `Problem` for what is wrong with the owner's database or layer."""
        if self.process is None:
            return
        if not clock.wait(lambda: self.process.poll() is not None, LOADING):
            return  # the steps say what keeps the project from loading
        output = self.file.read_text("utf-8", "replace")
        found = re.search(r"^OWNER(.*)$", output, re.M)
        if found is None:
            raise Problem("", output=output)
        if said := verdict(json.loads(found[1]), self.number):
            raise Problem(said)

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process:
            end(self.process)


def verdict(found: dict, number: int) -> str | None:
    """What is wrong, in words, with what `owner.py` has found in the folder of a chapter."""
    if layer := found["layer"]:
        return wrong_layer(layer)
    if number < DATABASE_FROM:
        return None
    if found["database"] == "none":
        return (
            "Your database has not been made yet, or it has no tables. In your folder, run: "
            "python manage.py migrate"
        )
    if found["database"] == "other":
        return (
            "Your database was made before your project had its own user model, and the two don't "
            "fit. Stop the server, delete db.sqlite3, and run: python manage.py migrate"
        )
    if names := found["unapplied"]:
        return (
            f"A migration is not applied to your database: {', '.join(names)}. Run: "
            "python manage.py migrate"
        )
    return None


PACKAGES = {"channels_redis": "channels_redis", "channels_rabbitmq": "channels_rabbitmq"}
"""The packages of the channel layers that a chapter uses: module → how Pipenv installs it."""


def wrong_layer(error: str) -> str:
    """The sentence for a channel layer that can't be loaded."""
    missing = next((name for name in PACKAGES if name in error), None)
    if missing and ("import" in error.lower() or "No module" in error):
        return (
            f"CHANNELS_URL in .env asks for a channel layer of {missing}, and that package is not "
            f"installed. Run pipenv install {PACKAGES[missing]}, or go back to "
            "CHANNELS_URL=inmemory://"
        )
    return (
        f"The channel layer that CHANNEL_LAYERS and CHANNELS_URL name can't be loaded: {error}. "
        "Until a chapter says otherwise, .env has CHANNELS_URL=inmemory://"
    )


# Notes


def notes(folder: Path) -> list[str]:
    """What is worth knowing where the reader's own server runs: the terminal and the port."""
    found = [overruled_note(folder), environment_note(folder), port_note(folder)]
    return [note for note in found if note]


def overruled(folder: Path) -> list[str]:
    """The names in the folder's `.env` that this terminal has with another value.

    `pipenv shell` puts the lines of `.env` into its environment when it begins, and a variable of
    the environment wins: later changes of the file are not seen from there.
    """
    try:
        text = (folder / ".env").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    lines = re.findall(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=(.*)$", text, re.MULTILINE)
    return [name for name, value in lines if os.environ.get(name, value) not in value]


def overruled_note(folder: Path) -> str | None:
    """Say so when a change of `.env` is not seen in this terminal."""
    names = overruled(folder)
    if not names:
        return None
    return (
        f"In this terminal {' and '.join(names)} is not what .env says, and the terminal wins: "
        "Pipenv has read an older .env when its shell began. Leave it with exit, and come back "
        "with pipenv shell."
    )


def environment_note(folder: Path) -> str | None:
    """Say so when another virtual environment is active, one that lacks what the project needs."""
    active = os.environ.get(SHELL_VENV)
    if not active or Path(active).resolve() == VENV.resolve():
        return None
    try:
        pipfile = (folder / "Pipfile").read_text("utf-8")
    except (OSError, ValueError):
        return None
    packages = pipfile.partition("[dev-packages]")[0].partition("[packages]")[2]
    wanted = {canonical(name) for name in re.findall(r'^"?([\w.-]+)"?[ \t]*=', packages, re.M)}
    places = [*Path(active).glob("lib/*/site-packages"), Path(active, "Lib", "site-packages")]
    there = {canonical(info.name.split("-")[0]) for p in places for info in p.glob("*-info")}
    lacking = sorted(wanted - there)
    if not lacking:
        return None
    return (
        f"In this terminal another virtual environment is active, {active}, and it lacks "
        f"{', '.join(lacking)}. `python manage.py …` runs with that one: leave it with deactivate, "
        "and go into the course's."
    )


def canonical(name: str) -> str:
    """A package's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def port_note(folder: Path, port: int = PORT) -> str | None:
    """Say so when the port is taken by anything but a server of this folder."""
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)):
            return None
    who = listener(port)
    if who is not None and folder.resolve() == who[1]:
        return None
    name = f" ({who[0]})" if who else ""
    return (
        f"Port {port} is taken by another program{name}, so `python manage.py runserver` can't "
        f"have it: end that one, or take another port: python manage.py runserver {port + 1}"
    )


def listener(port: int) -> tuple[str, Path] | None:
    """Who listens on a port of this machine: its command line and its folder; None: unknown."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or connection.laddr.port != port:
                continue
            if connection.pid is None:
                return None
            process = psutil.Process(connection.pid)
            words = " ".join(process.cmdline())
            return (words if len(words) < 60 else f"{words[:59]}…"), Path(process.cwd())
    return None
