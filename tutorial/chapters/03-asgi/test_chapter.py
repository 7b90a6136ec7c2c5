"""What chapter 3's result must do: the same pages, from a server that understands WebSocket."""

import functools
import re
import tomllib
from urllib.parse import urljoin, urlsplit

from tutorial.checks import (
    Problem,
    Visitor,
    asgi_imports,
    clock,
    get,
    handshake,
    project,
    server,
    step,
)

RECOGNISE = [
    (
        r"You have not set ASGI_APPLICATION",
        "The server does not know what to serve. Put this line into config/settings.py: "
        'ASGI_APPLICATION = "config.asgi.application".',
    ),
    (
        r"Cannot find '\w+:\w+' in ASGI_APPLICATION module",
        "ASGI_APPLICATION in config/settings.py leads nowhere. It is written with dots only: "
        '"config.asgi.application".',
    ),
    (
        r"WSGIHandler\.__call__\(\) takes",
        "ASGI_APPLICATION names config.wsgi, where the WSGI application is. The setting has to be "
        '"config.asgi.application".',
    ),
    (
        r"No application configured for scope type 'http'",
        "The ProtocolTypeRouter in config/asgi.py has nobody for pages. Give it Django as "
        '"http": ProtocolTypeRouter({{"http": django_application}}).',
    ),
    (
        r"get_asgi_application\(\) takes 0 positional",
        "In config/asgi.py, get_asgi_application stands without its parentheses. Called, it gives "
        "the application: get_asgi_application().",
    ),
    (
        r"daphne\.E001",
        'In config/settings.py, "daphne" has to be the first line of INSTALLED_APPS, above '
        "django.contrib.staticfiles: both bring a runserver, and the upper one counts.",
    ),
    (
        r"No module named '(daphne|channels)'",
        "{0} is not installed where you start the project. Call pipenv install as the text shows, "
        "and work inside the environment.",
    ),
    (
        r"Requested setting \w+, but settings are not configured",
        "config/asgi.py loads Django before it says where the settings are. Put "
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings") above '
        "get_asgi_application(). runserver works without; the daphne command does not.",
    ),
]


@functools.cache
def call():
    """Ask for a WebSocket, once; return the status and what the server says to that."""
    get("/")
    since = len(server.log())
    status = handshake("/ws/chat/lobby/")
    if status == 500:  # the reason comes a little later
        clock.wait(lambda: "Error: " in server.log()[since:], 1)
    return status, server.log()[since:]


@step(
    "Change the server",
    see="runserver says “Starting ASGI/Daphne”",
    hint='pipenv install, "daphne" first in INSTALLED_APPS, and ASGI_APPLICATION.',
)
def test_the_server_understands_websocket():
    if call()[0] == 404:
        raise Problem(
            "A WebSocket is answered with 404: it was taken for a page. The server is still "
            'Django\'s own. Make "daphne" the first line of INSTALLED_APPS in config/settings.py.'
        )


@step(
    "Change the server",
    see="channels and daphne stand in the Pipfile, below [packages]",
    hint="pipenv install writes them there; pip install does not.",
)
def test_the_pipfile_names_the_packages():
    if not project.path("Pipfile").is_file():
        raise Problem("The Pipfile is missing. pipenv install makes it, beside manage.py.")
    try:
        wanted = tomllib.loads(project.read("Pipfile")).get("packages", {})
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"The Pipfile can't be read: {error}.") from None
    for name, version in {"channels": "~=4.3.0", "daphne": "~=4.2.0"}.items():
        if name not in map(str.lower, wanted):
            raise Problem(
                f"The Pipfile does not name {name} below [packages], so it will be missing "
                f'elsewhere. Call: pipenv install "{name}{version}"'
            )


@step(
    "Change the server",
    see="every page looks as it did in chapter 2",
    hint="A page that fails now was broken in chapter 2: python3 -m tutorial check 2.",
)
def test_the_pages_are_as_before():
    paths = ["/", "/chat/", "/chat/lobby/"]
    for sheet in re.findall(r"""href=["']([^"']+\.css)["']""", get("/").text):
        address = urljoin(server.url, sheet)
        paths += [urlsplit(address).path] if address.startswith(server.url) else []
    for path in paths:
        if (status := get(path).status) != 200:
            raise Problem(
                f"{path} is answered with HTTP {status}, and in chapter 2 it was there. Try it "
                "with python manage.py runserver, and look at the terminal."
            )
    if not Visitor().post("/chat/", name="lobby").url.endswith("/chat/lobby/"):
        raise Problem("The form at /chat/ does not lead to the room any more; in chapter 2 it did.")


@step(
    "One door for each protocol",
    see="“No application configured for scope type 'websocket'” when a WebSocket calls",
    hint="ProtocolTypeRouter, with Django as “http”.",
)
def test_websockets_do_not_reach_django():
    if "Django can only handle ASGI/HTTP" in call()[1]:
        raise Problem(
            "A WebSocket still reaches Django itself, which only knows HTTP. In config/asgi.py, "
            'make it application = ProtocolTypeRouter({"http": …}).'
        )


STATIC = """
from django.templatetags.static import static
from django.test import Client
print(Client(SERVER_NAME="127.0.0.1").get(static("chat/room.js")).status_code)
"""


@step(
    "One door for each protocol",
    see="pages have their styles and scripts under daphne config.asgi:application, too",
    hint="staticfiles_urlpatterns() in config/urls.py: the import, and a line in urlpatterns.",
)
def test_every_server_serves_scripts_and_styles():
    if (status := project.shell(STATIC).strip()) != "200":
        raise Problem(
            f"Only runserver serves scripts and styles; under daphne they are answered with "
            f"{status}. In config/urls.py, put *staticfiles_urlpatterns() into urlpatterns."
        )


@step(
    "One door for each protocol",
    see="daphne config.asgi:application starts, as runserver does",
    hint="First os.environ.setdefault(…), then get_asgi_application(), then all else.",
)
def test_the_imports_are_in_the_safe_order():
    if early := asgi_imports():
        raise Problem(
            f"config/asgi.py imports {early[0]} above get_asgi_application(), before Django is set "
            "up. Move the import below that line."
        )
