"""What chapter 1's checks ask of a project from inside, in `manage.py shell`: prints it as JSON.

It runs where the machine's environment says what `OWN` in test_chapter.py does.
"""

import difflib
import json
import os
import runpy
import shutil
import sys
import tempfile
import zoneinfo

from django.apps import apps
from django.conf import global_settings, settings
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import get_supported_language_variant

MODULE = sys.modules[settings.SETTINGS_MODULE]
PLAIN = ("PATH", "HOME", "SYSTEMROOT", "TMPDIR", "TEMP", "DJANGO_SETTINGS_MODULE")
"""What any machine's environment has."""

OF_MIDDLEWARE = ("security.W001", "security.W002", "security.W003")


def read():
    """What each variable has come to in the settings."""
    return {
        "SECRET_KEY": settings.SECRET_KEY,
        "DEBUG": settings.DEBUG,
        "ALLOWED_HOSTS": list(settings.ALLOWED_HOSTS or []),
        "DATABASE_URL": str(settings.DATABASES.get("default", {}).get("NAME")),
        "TIME_ZONE": settings.TIME_ZONE,
        "LANGUAGE_CODE": settings.LANGUAGE_CODE,
        "CSRF_TRUSTED_ORIGINS": list(settings.CSRF_TRUSTED_ORIGINS or []),
        "SECURE_COOKIES": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE],
        "SECURE_SSL_REDIRECT": settings.SECURE_SSL_REDIRECT,
        "SECURE_PROXY_SSL_HEADER": list(settings.SECURE_PROXY_SSL_HEADER or []),
        "SECURE_HSTS_SECONDS": settings.SECURE_HSTS_SECONDS,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": settings.SECURE_HSTS_INCLUDE_SUBDOMAINS,
        "SECURE_HSTS_PRELOAD": settings.SECURE_HSTS_PRELOAD,
    }


def misspelt():
    """The names that Django does not read, though it reads nearly the same ones: pairs."""
    own = {name for name, value in vars(MODULE).items() if name[0] != "_" and not callable(value)}
    known = [name for name in dir(global_settings) if name.isupper() and name not in own]
    for name in sorted(own - set(dir(global_settings))):
        for near in difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.9):
            yield name, near


def no_such_thing():
    """Settings that name a class which can't be imported, though nothing needs it yet."""
    try:
        import_string(settings.DEFAULT_AUTO_FIELD)
    except ImportError:
        yield "DEFAULT_AUTO_FIELD"


def sessions_are_kept():
    """Whether there is a table for sessions, where they are kept in one."""
    return apps.is_installed("django.contrib.sessions") or "db" not in settings.SESSION_ENGINE


def warnings():
    """What `manage.py check` warns of, and `check --deploy` of MIDDLEWARE: pairs of id and words.

    Not of the language, which is ours here.
    """
    for message in checks.run_checks(include_deployment_checks=True):
        kind = (message.id or "").partition(".")[0]
        not_asked = kind == "translation" or kind == "security" and message.id not in OF_MIDDLEWARE
        if message.level >= checks.WARNING and not message.is_silenced() and not not_asked:
            yield message.id, message.msg


def without_env_file(*left_out, **changed):
    """What the settings are where no .env is, and the machine does not set these variables.

    `changed` are set to other values.
    """
    package, here = settings.SETTINGS_MODULE.partition(".")[0], os.getcwd()
    before = dict(os.environ)
    kept = {name: before[name] for name in (*PLAIN, *read()) if name in before}
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(package, os.path.join(place, package))
        os.environ.clear()
        os.environ.update({name: kept[name] for name in kept if name not in left_out} | changed)
        os.chdir(place)
        try:
            file = os.path.join(place, os.path.relpath(MODULE.__file__, here))
            found = runpy.run_path(file, run_name=settings.SETTINGS_MODULE)
        except (Exception, SystemExit) as error:
            return {"error": f"{type(error).__name__}: {error}"}
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)
    return in_short(found)


def in_short(found):
    """What matters of settings that were loaded so: key, DEBUG, and what can't be right."""
    zone, language = found.get("TIME_ZONE") or "UTC", found.get("LANGUAGE_CODE") or "en"
    wrong = []
    try:
        zoneinfo.ZoneInfo(zone)
    except (KeyError, OSError, TypeError, ValueError):
        wrong.append(f"TIME_ZONE is {zone!r}, and there is no such zone")
    try:
        get_supported_language_variant(language)
    except (LookupError, TypeError):
        wrong.append(f"LANGUAGE_CODE is {language!r}, and Django knows no such language")
    names = ("SECRET_KEY", "DEBUG", "SECURE_SSL_REDIRECT")
    return {name: found.get(name) for name in names} | {"wrong": wrong}


answer = {
    "settings": read(),
    "misspelt": list(misspelt()),
    "no such thing": list(no_such_thing()),
    "sessions": sessions_are_kept(),
    "warnings": list(warnings()),
    "without a key": without_env_file("SECRET_KEY"),
    "by default": without_env_file("DEBUG", "TIME_ZONE", "LANGUAGE_CODE"),
    "at home": without_env_file("SECURE_SSL_REDIRECT", ALLOWED_HOSTS="127.0.0.1,localhost,[::1]"),
}
print("HERE" + json.dumps(answer, default=str))
