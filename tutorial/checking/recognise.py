"""Puts into words what went wrong, from what the reader's project printed."""

import re
from pathlib import Path

from tutorial.checking.causes import cause, never_awaited, suspects
from tutorial.checking.places import chains, last_traceback, place_of, places

__all__ = [
    "COMMON",
    "HOW_UTF8",
    "Problem",
    "explain",
    "last_traceback",
    "never_awaited",
    "place_of",
    "places",
    "recognise",
    "suspects",
]

HOW_UTF8 = (
    "Save it again as UTF-8: your editor's “Save as” or its status bar lets you choose. "
    "PowerShell's > and Notepad's “Unicode” write UTF-16."
)


class Problem(Exception):
    """What is wrong, where, and what to do: a sentence or two for the reader.

    `output`: what the project printed, where the sentence is still to be found in it.
    """

    def __init__(self, sentence: str, output: str | None = None):
        super().__init__(sentence)
        self.output = output


COMMON = [
    (
        r"COURSE: timeout",
        "Your project does not come to an end. A loop at {place} runs for ever, or waits for "
        "something that never comes.",
    ),
    (
        r"^Timeout \(0:00:",
        "Your project does not come to an end. A loop at {place} runs for ever, or waits for "
        "something that never comes.",
    ),
    (
        r"COURSE: models have changes without a migration",
        "Your models have changes that no migration knows of. Run: "
        "python manage.py makemigrations chat",
    ),
    (
        r"COURSE: config/asgi.py has no application",
        "config/asgi.py has no `application` that can be called. That name is what runserver and "
        "daphne look for.",
    ),
    (
        r"COURSE: ended with (-?\d+)|COURSE: the server does not start",
        "Your project ends by itself before it has started. Does something in it call os._exit() "
        "or sys.exit()? Settings, models and urls must not.",
    ),
    (
        r"SECRET_KEY is not set|Set the SECRET_KEY environment variable"
        r"|SECRET_KEY setting must not be empty",
        "SECRET_KEY is not set. It comes from the file .env beside manage.py: copy .env.example "
        "to .env and put a line SECRET_KEY=… into it. (A file that is saved as UTF-16 is not "
        "understood either.)",
    ),
    (
        r"UnicodeDecodeError: '[\w-]+' codec can't decode[^\n]*",
        "A file is not saved as UTF-8. " + HOW_UTF8,
    ),
    (
        r"ImproperlyConfigured: Requested setting",
        "Settings are needed before Django knows where they are ({place}). In config/asgi.py, "
        "what needs settings or models is imported below get_asgi_application().",
    ),
    (
        r"AppRegistryNotReady: Apps aren't loaded yet",
        "Models are imported before Django has loaded its apps ({place}). In config/asgi.py, "
        "imports of your own modules stand below the line with get_asgi_application().",
    ),
    (
        r"ModuleNotFoundError: No module named '([^']+)'",
        "There is no module {0}, which {place} wants to import. Is its name spelt right, and is "
        "the file there?",
    ),
    (
        r"ImportError: cannot import name '([^']+)' from '([^']+)'",
        "{1} has nothing that is called {0}, which {place} wants to import.",
    ),
    (
        r"No installed app with label|(?:LookupError|ImproperlyConfigured): AUTH_USER_MODEL refers",
        'The user model is not found: AUTH_USER_MODEL names it as chat.User, so "chat" has to '
        "stand in INSTALLED_APPS, and chat/models.py needs a class User.",
    ),
    (
        r"InconsistentMigrationHistory",
        "The database was made before the custom user model. Delete db.sqlite3 and migrate again.",
    ),
    (
        r"Invalid HTTP_HOST header: '([^']+)'",
        "Your project refuses the host name {0}. ALLOWED_HOSTS in .env has to name 127.0.0.1 and "
        "localhost.",
    ),
    (
        r"(?:TemplateDoesNotExist|django\.template\.exceptions\.TemplateDoesNotExist): (\S+)",
        "The template {0} is not found. It belongs into the folder templates/ beside manage.py, "
        "and TEMPLATES in the settings has to name that folder in DIRS.",
    ),
    (
        r"TemplateSyntaxError: ([^\n]+)",
        "A template can't be read: {0}.",
    ),
    (
        r"No route found for path '([^']*)'",
        "No route fits the path {0!r}. Compare it with the pattern in chat/routing.py: it has no "
        "slash at its beginning, and one at its end.",
    ),
    (
        r"No application configured for scope type 'websocket'",
        "The server has nobody for WebSockets: the ProtocolTypeRouter in config/asgi.py has no "
        '"websocket" yet.',
    ),
    (
        r"Django can only handle ASGI/HTTP connections, not (\w+)",
        "WebSockets reach Django itself, which only knows HTTP. ASGI_APPLICATION has to name the "
        "ProtocolTypeRouter of config/asgi.py.",
    ),
    (
        r"AttributeError: 'str' object has no attribute 'read'",
        "{place} reads a text with json.load, which is for files. For texts it is json.loads.",
    ),
    (
        r"SynchronousOnlyOperation",
        "Code at {place} calls the database from async code. Do it in a sync function.",
    ),
    (
        r"SystemCheckError: System check identified[^\n]*\s+(?:ERRORS:)?\s*([^\n]+(?:\n[^\n]+)?)",
        "Django's own checks find this: {0}",
    ),
    (
        r"(?:address|port) (?:is )?already in use|Address already in use",
        "The port is in use: another server is still running. End it with Ctrl-C in its terminal.",
    ),
    (
        r"OperationalError: no such table: (\w+)",
        "The database has no table {0}. A migration is missing: python manage.py makemigrations.",
    ),
    (
        r"(?:IndentationError|SyntaxError|TabError): ([^\n]+)",
        "{place} can't be read by Python: {0}.",
    ),
]
"""What may come up in any chapter: a pattern, and the sentence for it.

`{0}`, `{1}` are the pattern's groups; `{place}` is the last line of the reader's own files in the
traceback, as "chat/consumers.py, line 12", or "your project" where there is none.
"""


def look_up(output: str, folder: Path, table: list) -> str | None:
    """The sentence of the first entry whose pattern is found in the output, or None.

    Of several tracebacks the first one counts: the others may come of it.
    """
    for part in (*chains(output), output):
        for pattern, sentence in table:
            if found := re.search(pattern, part, re.MULTILINE):
                groups = [(group or "").strip() for group in found.groups()]
                return fill(sentence, groups, place_of(part, folder))
    return None


def fill(sentence: str, groups: list[str], place: str | None) -> str:
    """A sentence with what belongs into it; without a place it speaks of the project."""
    if place is None:
        sentence = sentence.replace(" ({place})", "").replace("at {place}", "in your project")
        sentence = re.sub(r"^\{place\}|(?<=[.?] )\{place\}", "Your project", sentence)
    return sentence.format(*groups, place=place or "your project")


def recognise(output: str, folder: Path, table: list) -> str | None:
    """The sentence for what is known to be wrong when a project prints this, or None.

    What happened, as `tutorial.checking.causes` finds it out, comes before the table.
    """
    output = output.replace("\r\n", "\n")
    return cause(output, folder) or look_up(output, folder, table)


def explain(output: str, folder: Path, table: list, fallback: bool = True) -> str | None:
    """The sentence for an output: what is known, or else (`fallback`) the error with its place."""
    output = output.replace("\r\n", "\n")
    said = recognise(output, folder, [*table, *COMMON])
    if said or not fallback:
        return said
    errors = re.findall(r"^(?:\w+\.)*(\w+(?:Error|Exception|Warning|\w)): (.+)$", output, re.M)
    errors = [error for error in errors if error[0] != "COURSE"]
    if "Traceback (" in output and errors:
        name, detail = errors[-1]
        place = place_of(output, folder) or "Your project"
        return f"{place} raises {name}: {detail.strip()}".replace(f"{folder}/", "")
    lines = [line for line in output.strip().splitlines() if not line.startswith("COURSE: n")]
    last = lines[-1:] or ["nothing at all"]
    return f"Your project ends with: {last[0].strip()}".replace(f"{folder}/", "")
