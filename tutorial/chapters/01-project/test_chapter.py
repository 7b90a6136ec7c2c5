"""What chapter 1's result must do: a project runs, and its machine decides how."""

import functools
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tutorial.checking.context import Known
from tutorial.checks import Problem, get, project, server, step

RECOGNISE = [
    (
        r"TemplateDoesNotExist: (home\.html|base\.html)",
        "The template {0} is not found. In config/settings.py, DIRS in TEMPLATES has to name the "
        "folder templates/ beside manage.py, and {0} belongs there.",
    ),
    (
        r"ModuleNotFoundError: No module named '(?:environ|django)'",
        "Django or django-environ is not installed where you start the project. Call pipenv "
        "install as the text shows, and work inside the environment: pipenv shell.",
    ),
]

SURROUNDINGS = {"env": "test_the_machine_decides", "owner": "test_the_machine_decides"}

OWN = {
    "SECRET_KEY": "a-key-that-only-the-machine-knows",
    "DEBUG": "False",
    "ALLOWED_HOSTS": "one.example,two.example",
    "DATABASE_URL": "sqlite:///elsewhere.sqlite3",
    "TIME_ZONE": "Asia/Tokyo",
    "LANGUAGE_CODE": "de",
    "CSRF_TRUSTED_ORIGINS": "https://one.example",
    "SECURE_COOKIES": "False",
    "SECURE_SSL_REDIRECT": "False",
    "SECURE_PROXY_SSL_HEADER": "HTTP_X_OF_THE_PROXY,https",
    "SECURE_HSTS_SECONDS": "4711",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "False",
    "SECURE_HSTS_PRELOAD": "False",
}
"""What the machine's environment says in the step that asks who wins."""

NEEDED = ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "DATABASE_URL", "TIME_ZONE")
"""What every settings file has to read; the rest only where .env.example says that it does."""

LEFT_OUT = ("DEBUG", "TIME_ZONE", "LANGUAGE_CODE")
"""What `ask.py` leaves out of it, to see the defaults."""

ASK = Path(__file__).with_name("ask.py")
"""The code that is run inside the project with it."""


@functools.cache
def asked() -> dict:
    """What the project says of itself where the machine's environment says what `OWN` does."""
    done = project.manage("shell", "-v0", "-c", ASK.read_text("utf-8"), **OWN)
    line = next((line for line in done.output.splitlines() if line.startswith("HERE")), None)
    if line is None:
        raise Problem("", output=done.output)
    return json.loads(line.removeprefix("HERE"))


def deaf() -> list[str]:
    """The variables of `OWN` that the settings don't follow."""
    found = asked()["settings"]
    expected = OWN | {
        "DEBUG": False,
        "ALLOWED_HOSTS": OWN["ALLOWED_HOSTS"].split(","),
        "DATABASE_URL": found["DATABASE_URL"],
        "CSRF_TRUSTED_ORIGINS": [OWN["CSRF_TRUSTED_ORIGINS"]],
        "SECURE_COOKIES": [False, False],
        "SECURE_SSL_REDIRECT": False,
        "SECURE_PROXY_SSL_HEADER": OWN["SECURE_PROXY_SSL_HEADER"].split(","),
        "SECURE_HSTS_SECONDS": int(OWN["SECURE_HSTS_SECONDS"]),
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_HSTS_PRELOAD": False,
    }
    names = [name for name in OWN if found[name] != expected[name]]
    return names + ["DATABASE_URL"] * ("elsewhere.sqlite3" not in found["DATABASE_URL"])


def named() -> list[str]:
    """The variables of `OWN` that .env.example names, in a comment or not."""
    example = project.read(".env.example")
    return [name for name in OWN if re.search(rf"^#?[ \t]*{name}=", example, re.MULTILINE)]


def packages() -> set[str]:
    """The packages that the Pipfile asks for, as pip spells them."""
    if not project.path("Pipfile").is_file():
        raise Problem("The Pipfile is missing. pipenv install makes it, beside manage.py.")
    try:
        wanted = tomllib.loads(project.read("Pipfile")).get("packages", {})
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"The Pipfile can't be read: {error}.") from None
    return {re.sub(r"[-_.]+", "-", name).lower() for name in wanted}


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
    for name, version in {"django": "~=5.2.0", "django-environ": "~=0.14.0"}.items():
        if name not in packages():
            raise Problem(
                f"The Pipfile does not name {name} below [packages], so it will be missing "
                f'elsewhere. Call: pipenv install "{name}{version}"'
            )


@step(
    "Move what differs into .env",
    see="the text's command with env TIME_ZONE=Asia/Tokyo prints Asia/Tokyo, without it UTC",
    hint="environ.Env(), env.read_env(BASE_DIR / “.env”), and env(…) for each setting.",
)
def test_the_machine_decides():
    for name in (".env.example", ".env"):
        if not project.path(name).is_file():
            raise Problem(f"The file {name} is missing. It belongs beside manage.py.")
    found = asked()["settings"]
    if found["DEBUG"] not in (True, False):
        raise Problem(
            f"With DEBUG=False in the environment, DEBUG is the text {found['DEBUG']!r}, and every "
            "text that is not empty counts as true. Read it with env.bool(…)."
        )
    for name, near in asked()["misspelt"]:
        raise Known(
            f"config/settings.py sets {name}, which Django does not know. Did you mean {near}?"
        )
    missing = [name for name in deaf() if name in NEEDED]
    if {"DEBUG", "SECRET_KEY"} <= {*missing} and "overwrite" in project.read("config/settings.py"):
        raise Problem(
            "The lines of .env win over the machine's environment. It has to be the other way "
            "round: call env.read_env(…) without overwrite."
        )
    promised = [name for name in named() if name in ("LANGUAGE_CODE", "CSRF_TRUSTED_ORIGINS")]
    missing += [name for name in deaf() if name in promised]
    if missing:
        raise Problem(
            f"The machine's environment sets {', '.join(missing)}, and your settings don't follow. "
            "In config/settings.py, read it with env(…), below env.read_env(…)."
        )
    if Path(found["DATABASE_URL"]).resolve() != project.path("elsewhere.sqlite3").resolve():
        raise Problem(
            "DATABASE_URL names the file elsewhere.sqlite3, and where that lies hangs on the "
            "folder from which manage.py is called. In config/settings.py, put BASE_DIR / in front "
            'of DATABASES["default"]["NAME"].'
        )


@step(
    "Move what differs into .env",
    see="with .env renamed, python manage.py check says that SECRET_KEY is not set",
    hint="env(“SECRET_KEY”, default=“”), and an error where it is empty; DEBUG is off by default.",
)
def test_the_defaults_are_careful():
    alone = asked()["without a key"]
    if "error" in alone and "SECRET_KEY" not in alone["error"]:
        raise Problem(
            f"Without a SECRET_KEY, config/settings.py ends with {alone['error']}. That does not "
            "say what is missing: raise ImproperlyConfigured there with a sentence that names "
            "SECRET_KEY, and import it."
        )
    if alone.get("SECRET_KEY"):
        raise Problem(
            "Without .env, and without a SECRET_KEY from the machine, config/settings.py has a key "
            "all the same, one that everybody can read. Give SECRET_KEY no default that works."
        )
    default = asked()["by default"]
    if "error" in default and not any(name in default["error"] for name in LEFT_OUT):
        raise Problem(
            f"Where {', '.join(LEFT_OUT)} are not set, config/settings.py ends with "
            f"{default['error']}."
        )
    for said in default.get("wrong", []):
        raise Problem(f"Where nothing sets it, {said}. Look at its default in config/settings.py.")
    if default.get("DEBUG"):
        raise Problem(
            "Where nothing sets it, DEBUG is on, so a server that forgets it shows its insides to "
            'everybody. In config/settings.py, read it with env.bool("DEBUG", default=False).'
        )


@step(
    "Move what differs into .env",
    see=".env.example and .env lie beside manage.py, and your key stands in .env only",
    hint="All that the settings read stands in .env.example, with a value that is no secret.",
)
def test_the_example_names_what_is_needed():
    example = project.read(".env.example")
    read = [*NEEDED, *(["LANGUAGE_CODE"] if "LANGUAGE_CODE" not in deaf() else [])]
    if missing := [name for name in read if name not in named()]:
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
    "Move what differs into .env",
    see="python manage.py check finds no issues, and /admin/ shows a form with colours",
    hint="INSTALLED_APPS, MIDDLEWARE and TEMPLATES as the text has them, each line of them.",
)
def test_the_parts_that_are_the_same_everywhere():
    for name, words in asked()["warnings"]:
        raise Problem(
            f"Django warns: {words} ({name}). Compare INSTALLED_APPS, MIDDLEWARE and TEMPLATES in "
            "config/settings.py with the text."
        )
    for name in asked()["no such thing"]:
        raise Problem(
            f"{name} in config/settings.py names {project.settings[name]}, and there is no such "
            "thing. Compare it with the text."
        )
    if not asked()["sessions"]:
        raise Problem(
            "Nobody can log in: there is no table for sessions. Put django.contrib.sessions into "
            "INSTALLED_APPS in config/settings.py."
        )
    admin = get("/admin/")
    if admin.status != 200:
        return  # that is the next section's affair
    if get("/admin").status == 404:
        raise Problem(
            "/admin is answered with HTTP 404, and /admin/ is there. Leading from one to the other "
            "is what django.middleware.common.CommonMiddleware does: it belongs to MIDDLEWARE in "
            "config/settings.py."
        )
    for sheet in re.findall(r'href="([^"]+\.css)"', admin.text)[:1]:
        address = urljoin(admin.url, sheet)
        if address.startswith(server.url) and get(urlsplit(address).path).status != 200:
            raise Problem(
                f"The admin's pages have no colours: {sheet} is answered with HTTP 404. "
                "django.contrib.staticfiles, which serves such files, belongs to INSTALLED_APPS in "
                "config/settings.py."
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
    done = project.manage("check", "--deploy", DEBUG="False", ALLOWED_HOSTS="chat.example.com")
    found = re.findall(r"\((security\.W\d+)\) ((?:[^.\n]|\.\w)+)", done.output)
    if found:
        code, words = found[0]
        raise Problem(
            f"With DEBUG off, check --deploy still warns ({len(found)} in all): {words} ({code}). "
            "In config/settings.py, the block “if not DEBUG:” is about that. Does it stand there, "
            "whole?"
        )
    if done.code:
        raise Problem("", output=done.output)
    if asked()["at home"].get("SECURE_SSL_REDIRECT"):
        raise Problem(
            "With DEBUG off, your own machine is led to https:// as well, and no browser forgets "
            "that. In config/settings.py, SECURE_SSL_REDIRECT is off by default where there is "
            "nothing but 127.0.0.1, localhost and [::1] in ALLOWED_HOSTS."
        )
    promised = [name for name in named() if name.startswith("SECURE_")]
    if missing := [name for name in deaf() if name in promised]:
        raise Problem(
            "In config/settings.py, the block “if not DEBUG:” does not follow the machine's "
            f"environment, which sets {', '.join(missing)}. Read it there with env.bool(…) or "
            "env.int(…): .env.example says that it can be set."
        )
