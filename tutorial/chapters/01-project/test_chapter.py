"""What chapter 1's result must do: a project runs, and its machine decides how."""

import json
import re

from tutorial.checks import Problem, get, project, step

RECOGNISE = [
    (
        r"TemplateDoesNotExist: (home\.html|base\.html)",
        "The template {0} is not found. In config/settings.py, DIRS in TEMPLATES has to name the "
        "folder templates/ beside manage.py, and {0} belongs there.",
    ),
    (
        r"ModuleNotFoundError: No module named '(?:environ|django)'",
        "Django or django-environ is not installed where you start the project. Call pipenv "
        "install as the text shows, and work inside pipenv shell.",
    ),
]

OWN = {
    "SECRET_KEY": "a-key-that-only-the-machine-knows",
    "DEBUG": "False",
    "ALLOWED_HOSTS": "one.example,two.example",
    "DATABASE_URL": "sqlite:///elsewhere.sqlite3",
    "TIME_ZONE": "Asia/Tokyo",
}
"""What the machine's environment says in the step that asks who wins."""

ASK = """
import json
from django.conf import settings as s
print("HERE" + json.dumps([
    s.SECRET_KEY, s.DEBUG, list(s.ALLOWED_HOSTS), str(s.DATABASES["default"]["NAME"]), s.TIME_ZONE
], default=str))
"""


def look_at_the_env_file():
    """Raise `Problem` for what django-environ would misread without a word."""
    if not project.path(".env").is_file():
        return
    text = project.read(".env")
    if re.search(r"^SECRET_KEY=[\"']?\$", text, re.MULTILINE):
        raise Problem(
            "In .env, the SECRET_KEY begins with $. django-environ takes that for the name of "
            "another variable. Make a key that has none: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    if found := re.search(r"^([A-Z_]+)(?: +=|= +).*$", text, re.MULTILINE):
        raise Problem(
            f"In .env, the line “{found[0][:60]}” has a space beside the =. Write {found[1]}=… "
            "without spaces; django-environ does not understand the line otherwise."
        )


@step(
    "Make the project",
    see="http://127.0.0.1:8000/ shows a page: the rocket, or your own",
    hint="pipenv install, pipenv shell, and django-admin startproject config . with the dot.",
)
def test_the_project_runs():
    if not project.path("manage.py").is_file() and project.path("config/manage.py").is_file():
        raise Problem(
            "manage.py lies in the folder config/: the dot was missing. Delete that folder, and "
            "call: django-admin startproject config ."
        )
    look_at_the_env_file()
    if (status := get("/").status) != 200:
        raise Problem(
            f"The first page, /, is answered with HTTP {status}. In config/urls.py, a path with "
            'the address "" leads to it.'
        )


@step(
    "Make the project",
    see="Pipfile and Pipfile.lock lie beside manage.py",
    hint="pipenv install writes them; pip install does not.",
)
def test_the_pipfile_names_the_packages():
    if not project.path("Pipfile").is_file():
        raise Problem("The Pipfile is missing. pipenv install makes it, beside manage.py.")
    pipfile = project.read("Pipfile")
    for name in ("django", "django-environ"):
        if not re.search(rf"^\s*[\"']?{name}[\"']?\s*=", pipfile, re.MULTILINE | re.IGNORECASE):
            raise Problem(
                f"The Pipfile does not name {name}, so it will be missing elsewhere. Call: "
                f"pipenv install {name}"
            )


@step(
    "Move what differs into .env",
    see="the same as before: only where the settings come from has changed",
    hint="environ.Env(), env.read_env(BASE_DIR / “.env”), and env(…) for each setting.",
)
def test_the_machine_decides():
    for name in (".env.example", ".env"):
        if not project.path(name).is_file():
            raise Problem(f"The file {name} is missing. It belongs beside manage.py.")
    done = project.manage("shell", "-v0", "-c", ASK, **OWN)
    line = next((line for line in done.output.splitlines() if line.startswith("HERE")), None)
    if line is None:
        raise Problem("", output=done.output)
    key, debug, hosts, database, zone = json.loads(line.removeprefix("HERE"))
    if debug not in (True, False):
        raise Problem(
            f"With DEBUG=False in the environment, DEBUG is the text {debug!r}, and every text "
            "that is not empty counts as true. Read it with env.bool(…)."
        )
    found = {
        "SECRET_KEY": key == OWN["SECRET_KEY"],
        "DEBUG": debug is False,
        "ALLOWED_HOSTS": hosts == OWN["ALLOWED_HOSTS"].split(","),
        "DATABASE_URL": database.endswith("elsewhere.sqlite3"),
        "TIME_ZONE": zone == OWN["TIME_ZONE"],
    }
    deaf = [name for name, heard in found.items() if not heard]
    if (
        "DEBUG" in deaf
        and "SECRET_KEY" in deaf
        and "overwrite" in project.read("config/settings.py")
    ):
        raise Problem(
            "The lines of .env win over the machine's environment. It has to be the other way "
            "round: call env.read_env(…) without overwrite."
        )
    if deaf:
        raise Problem(
            f"The machine's environment sets {', '.join(deaf)}, and your settings don't follow. "
            "In config/settings.py, read it with env(…), below env.read_env(…)."
        )


@step(
    "Move what differs into .env",
    see="the same as before: this file is for whoever gets your project",
    hint="All that the settings read stands in .env.example, with a value that is no secret.",
)
def test_the_example_names_what_is_needed():
    example = project.read(".env.example")
    missing = [name for name in OWN if not re.search(rf"^#?\s*{name}=", example, re.MULTILINE)]
    if missing:
        raise Problem(
            f".env.example says nothing of {', '.join(missing)}. Whoever gets your project copies "
            "that file, so it has to name all that the settings read."
        )
    if project.settings["SECRET_KEY"] in example and "insecure" not in example:
        raise Problem(
            "The SECRET_KEY of your .env stands in .env.example too, and that file goes into Git. "
            "Put a word in its place that is no key."
        )


@step(
    "A page of your own",
    see="your heading stands where the rocket was",
    hint='templates/home.html extends base.html; config/urls.py leads "" to it.',
)
def test_the_first_page_is_your_own():
    text = get("/").text
    if "The install worked successfully" in text:
        raise Problem(
            'The rocket is still there. In config/urls.py, lead the address "" to your page: '
            'TemplateView.as_view(template_name="home.html").'
        )
    if "<h1" not in text:
        raise Problem("Your first page has no heading: <h1> in templates/home.html, in its block.")
    if "<nav" not in text or "</html>" not in text:
        raise Problem(
            "Your first page does not use the given base template. templates/home.html begins with "
            '{% extends "base.html" %}.'
        )
    if (status := get("/admin/").status) != 200:
        raise Problem(
            f"/admin/ is answered with HTTP {status}. Keep its line in config/urls.py: later "
            "chapters look into it."
        )


@step(
    "Ask what the public would need",
    see="check --deploy has nothing to say when DEBUG is off",
    hint="“if not DEBUG:” in the settings, and a secret of your own in .env.",
)
def test_nothing_is_left_to_warn_of():
    if project.settings["SECRET_KEY"].startswith("django-insecure-"):
        raise Problem(
            "The SECRET_KEY in .env is still the example's, or one that startproject made. Make "
            'one of your own: python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    done = project.manage("check", "--deploy", DEBUG="False")
    found = re.findall(r"\((security\.W\d+)\) ([^.\n]+)", done.output)
    if found:
        code, words = found[0]
        raise Problem(
            f"With DEBUG off, check --deploy still warns ({len(found)} in all): {words} ({code}). "
            "In config/settings.py, the block “if not DEBUG:” is about that. Does it stand there, "
            "whole?"
        )
    if done.code:
        raise Problem("", output=done.output)
