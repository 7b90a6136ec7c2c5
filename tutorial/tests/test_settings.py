"""What the settings promise: all that differs between two machines comes from the environment."""

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("manage.py", "config", "chat", "templates", ".env.example")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP")
KEY = {"SECRET_KEY": "a-long-secret-of-many-different-characters-0123456789-and-more"}
NO_ISSUES = "System check identified no issues (0 silenced)."


@pytest.fixture
def project(tmp_path):
    """A copy of the project without ``.env`` and database, in a folder with an unusual name."""
    folder = tmp_path / "ein ordner 雑"
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


def environment(variables):
    """A clean environment with these variables."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | variables


def run(*command, cwd, **variables):
    """Run Python with this command line; return the process that has ended."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment(variables),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def manage(project, *arguments, **variables):
    """Run a command of manage.py; return what it printed. It must succeed."""
    done = run("manage.py", *arguments, cwd=project, **(KEY | variables))
    assert done.returncode == 0, done.stderr
    return (done.stdout + done.stderr).strip()


def settings(project, *names, cwd=None, **variables):
    """Return the values of these settings, as JSON has them."""
    code = (
        "import json\nfrom django.conf import settings\n"
        f"print(json.dumps([getattr(settings, name) for name in {names!r}], default=str))"
    )
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings", **KEY, **variables}
    done = run("-c", code, cwd=cwd or project, PYTHONPATH=str(project), **variables)
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    return values if len(names) > 1 else values[0]


# ---- The secret key, and where values come from -----------------------------------------------


@pytest.mark.parametrize("variables", [{}, {"SECRET_KEY": ""}], ids=["missing", "empty"])
def test_without_a_secret_key_the_error_names_the_file_to_copy(project, variables):
    done = run("manage.py", "check", cwd=project, **variables)
    assert done.returncode != 0
    assert "SECRET_KEY is not set. Copy the file .env.example to .env" in done.stderr


def test_the_example_copied_as_env_is_enough(project):
    shutil.copy2(project / ".env.example", project / ".env")
    done = run("manage.py", "check", cwd=project)
    assert (done.returncode, done.stdout.strip()) == (0, NO_ISSUES)
    assert run("manage.py", "migrate", cwd=project).returncode == 0
    assert (project / "db.sqlite3").exists()


def test_the_example_has_every_variable_that_the_settings_read(project):
    tree = ast.parse((ROOT / "config/settings.py").read_text(encoding="utf-8"))
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] == "env"
        if isinstance(node.args[0], ast.Constant)
    }
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert read == {line.removeprefix("# ").split("=")[0] for line in lines if "=" in line}


def test_a_variable_of_the_machine_wins_over_the_file(project):
    text = "SECRET_KEY=from-the-file\nTIME_ZONE=Europe/Vienna\nLANGUAGE_CODE=de\n"
    (project / ".env").write_text(text, encoding="utf-8")
    names = ("SECRET_KEY", "TIME_ZONE", "LANGUAGE_CODE")
    assert settings(project, *names, SECRET_KEY="mine", LANGUAGE_CODE="ja") == [
        "mine",
        "Europe/Vienna",
        "ja",
    ]


DEFAULTS = {
    "DEBUG": False,
    "ALLOWED_HOSTS": [],
    "CSRF_TRUSTED_ORIGINS": [],
    "TIME_ZONE": "UTC",
    "LANGUAGE_CODE": "en",
    "CHAT_MESSAGES_PER_MINUTE": 60,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 3600,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}
CHANGES = {
    "DEBUG": ("on", True, "DEBUG"),
    "ALLOWED_HOSTS": ("a.example,b.example", ["a.example", "b.example"], "ALLOWED_HOSTS"),
    "CSRF_TRUSTED_ORIGINS": ("https://a.example", ["https://a.example"], "CSRF_TRUSTED_ORIGINS"),
    "TIME_ZONE": ("Asia/Tokyo", "Asia/Tokyo", "TIME_ZONE"),
    "LANGUAGE_CODE": ("ja", "ja", "LANGUAGE_CODE"),
    "CHAT_MESSAGES_PER_MINUTE": ("0", 0, "CHAT_MESSAGES_PER_MINUTE"),
    "CACHE_URL": (
        "dummycache://",
        {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache", "LOCATION": ""}},
        "CACHES",
    ),
    "SECURE_SSL_REDIRECT": ("False", False, "SECURE_SSL_REDIRECT"),
    "SECURE_PROXY_SSL_HEADER": (
        "HTTP_X_FORWARDED_PROTO,https",
        ["HTTP_X_FORWARDED_PROTO", "https"],
        "SECURE_PROXY_SSL_HEADER",
    ),
    "SECURE_HSTS_SECONDS": ("7", 7, "SECURE_HSTS_SECONDS"),
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": ("no", False, "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
    "SECURE_HSTS_PRELOAD": ("off", False, "SECURE_HSTS_PRELOAD"),
    "SECURE_COOKIES": ("0", [False, False], "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"),
}


def test_the_defaults_are_those_of_a_site_behind_https(project):
    hosts = {"ALLOWED_HOSTS": ["chat.example.com"]}
    found = settings(project, *DEFAULTS, ALLOWED_HOSTS="chat.example.com")
    assert found == list((DEFAULTS | hosts).values())


def test_at_home_nobody_is_led_to_https(project):
    for hosts in ("127.0.0.1,localhost", "[::1]", ""):
        assert settings(project, "SECURE_SSL_REDIRECT", ALLOWED_HOSTS=hosts) is False
    mixed = "localhost,chat.example.com"
    assert settings(project, "SECURE_SSL_REDIRECT", ALLOWED_HOSTS=mixed) is True


@pytest.mark.parametrize("variable", CHANGES)
def test_the_environment_changes_it(project, variable):
    value, expected, *names = CHANGES[variable]
    assert settings(project, *names, **{variable: value}) == expected


def test_with_debug_on_nothing_asks_for_https(project):
    names = ("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE")
    assert settings(project, *names, DEBUG="True") == [False, 0, False]


def test_check_deploy_has_nothing_to_say(project):
    variables = {"ALLOWED_HOSTS": "chat.example.com"}
    assert manage(project, "check", "--deploy", **variables) == NO_ISSUES


def test_no_migration_is_missing(project):
    assert manage(project, "makemigrations", "--check", "--dry-run") == "No changes detected"


# ---- The database ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (None, "{project}/db.sqlite3"),
        ("sqlite:///data/chat.db", "{project}/data/chat.db"),
        ("sqlite:////srv/data/chat.db", "/srv/data/chat.db"),
        ("sqlite:///{project}/chat.db", "{project}/chat.db"),
    ],
    ids=["default", "relative", "absolute", "absolute, with a space and 雑"],
)
@pytest.mark.skipif(os.name == "nt", reason="these are the paths of other systems")
def test_the_file_is_where_it_should_be_whatever_the_working_directory(project, url, place):
    variables = {"DATABASE_URL": url.format(project=project)} if url else {}
    found = settings(project, "DATABASES", cwd=project.parent, **variables)["default"]["NAME"]
    assert found == place.format(project=project)


ASK_SQLITE = """
from django.db import connection
with connection.cursor() as cursor:
    for name in ("journal_mode", "synchronous", "busy_timeout"):
        print(cursor.execute(f"PRAGMA {name}").fetchone()[0])
"""
COUNT = """
from django.db import transaction
for _ in range(200):
    with transaction.atomic():
        room = Room.objects.get()
        Room.objects.update(name=int(room.name) + 1)
"""


def test_sqlite_is_set_up_for_several_writers(project):
    manage(project, "migrate", "-v0")
    assert manage(project, "shell", "-v0", "-c", ASK_SQLITE).split() == ["wal", "1", "20000"]


def test_two_writers_at_once_lose_nothing(project):
    manage(project, "migrate", "-v0")
    manage(project, "shell", "-v0", "-c", "Room.objects.create(name='0')")
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", COUNT]
    writers = [subprocess.Popen(command, cwd=project, env=environment(KEY)) for _ in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert manage(project, "shell", "-v0", "-c", "print(Room.objects.get())") == "400"


# ---- The channel layer -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        (None, "channels.layers.InMemoryChannelLayer"),
        ("inmemory://", "channels.layers.InMemoryChannelLayer"),
        ("redis://127.0.0.1:6379/1", "channels_redis.core.RedisChannelLayer"),
        ("redis+pubsub://127.0.0.1:6379/1", "channels_redis.pubsub.RedisPubSubChannelLayer"),
    ],
)
def test_the_channel_layer_comes_from_one_address(project, url, backend):
    variables = {"CHANNELS_URL": url} if url else {}
    layer = settings(project, "CHANNEL_LAYERS", **variables)["default"]
    assert (layer["BACKEND"], layer["CONFIG"]["capacity"]) == (backend, 1000)
    if url and url.startswith("redis"):
        assert layer["CONFIG"]["hosts"] == [url.replace("+pubsub", "")]


# ---- The code ----------------------------------------------------------------------------------


def test_ruff_has_nothing_to_say():
    for command in (["check"], ["format", "--check"]):
        done = run("-m", "ruff", *command, "--no-cache", ".", cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr


def code_lines(path):
    """Count the lines of a Python file that are not blank, a comment or part of a docstring."""
    source = path.read_text(encoding="utf-8")
    no_code = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines = {
        number
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in no_code and token.type != tokenize.ENDMARKER
        for number in range(token.start[0], token.end[0] + 1)
    }
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_lines_are_counted_as_they_are_meant(tmp_path):
    file = tmp_path / "example.py"
    file.write_text('"""Doc."""\n\n# why\nx = """\na\n"""  # so\n\ndef f():\n    """D\n    d."""\n')
    assert code_lines(file) == 4


def test_the_chat_is_small_enough_to_read():
    sizes = {path.name: code_lines(path) for path in (ROOT / "chat").glob("*.py")}
    assert sum(sizes.values()) <= 350, sizes
    assert sizes["consumers.py"] <= 120, sizes
