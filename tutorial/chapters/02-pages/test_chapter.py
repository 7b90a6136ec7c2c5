"""What chapter 2's result must do: users, rooms, and windows that hear only themselves."""

import re
from urllib.parse import urljoin, urlsplit

from tutorial.checks import Problem, Visitor, get, open_page, project, server, step, wait_until

RECOGNISE = [
    (
        r"Reverse accessor|fields\.E30[45]",
        "There are two models for users, Django's and your own. Say which one counts: "
        'AUTH_USER_MODEL = "chat.User" in config/settings.py.',
    ),
    (
        r"has an invalid view, pass (\w+)\.as_view\(\)",
        "An address leads to the class {0} itself. In chat/urls.py, write .as_view() behind it: "
        "{0}.as_view().",
    ),
    (
        r"TypeError: (?:\w+\.)?as_view\(\) takes 1 positional argument but 2 were given",
        "In chat/urls.py, as_view stands without its parentheses. It has to be called: .as_view().",
    ),
    (
        r"NoReverseMatch: '(\w+)' is not a registered namespace",
        'No app calls itself {0}. Put the line app_name = "{0}" into chat/urls.py.',
    ),
    (
        r"NoReverseMatch: Reverse for '([^']+)' with keyword arguments '([^\n]+?)' not found",
        "The address {0} can't be made of {1}. The pattern in chat/urls.py has to use the same "
        "name for the room's name as the view does: (?P<name>…).",
    ),
    (
        r"NoReverseMatch: Reverse for '(\w+)' not found",
        "There is no address that is called {0}. Look at the name=… of each path in chat/urls.py.",
    ),
]

IDS = ("chat-log", "chat-message-input", "chat-message-submit")


def room(name):
    """The page of a room; raises `Problem` when there is none, or when it lacks what it needs."""
    answer = get(f"/chat/{name}/")
    if answer.status != 200:
        raise Problem(
            f"/chat/{name}/ is answered with HTTP {answer.status}. In config/urls.py, chat/ leads "
            "to chat.urls, and there a pattern leads to the room."
        )
    if name not in re.sub(r"<[^>]+>", "", answer.text):
        raise Problem(
            f"/chat/{name}/ does not say which room it is. The pattern in chat/urls.py calls that "
            "part of the address name, and templates/chat/room.html shows {{ name }}."
        )
    return answer


@step(
    "Users of your own, first",
    see="in the admin you find yourself below Chat, Users",
    hint="A class User(AbstractUser), AUTH_USER_MODEL, then makemigrations and migrate.",
)
def test_users_are_of_your_own_making():
    if project.settings["AUTH_USER_MODEL"].startswith("auth."):
        raise Problem(
            "Your users are still Django's own. Write a class User(AbstractUser) in "
            'chat/models.py, and AUTH_USER_MODEL = "chat.User" in config/settings.py.'
        )
    said = project.shell(
        "from django.contrib import admin\n"
        "from django.contrib.auth import get_user_model\n"
        "User = get_user_model()\n"
        "User.objects.create_user('alice', password='a-long-secret')\n"
        "print(User.objects.filter(username='alice').count(), admin.site.is_registered(User))"
    ).split()
    if said[-2:-1] != ["1"]:
        raise Problem("A user was made, and is not in the database. Look at chat/models.py.")
    if said[-1] != "True":
        raise Problem(
            "The admin does not show your users. In chat/admin.py: "
            "admin.site.register(User, UserAdmin)."
        )


@step(
    "A page for each room",
    see="/chat/lobby/ has a heading, a log and a Send button",
    hint="RoomView, its address in chat/urls.py, include(…) in config/urls.py, and its template.",
)
def test_each_room_has_a_page():
    text = room("lobby").text
    room("kitchen-2_b")
    missing = [name for name in IDS if not re.search(rf"""id=["']?{name}["'\s>]""", text)]
    if missing:
        raise Problem(
            f"The room's page has nothing with the id {', '.join(missing)}. The script and the "
            "later chapters look for it; it belongs into templates/chat/room.html."
        )
    for name in ("two words", "x" * 51):
        if get(f"/chat/{name}/").status == 200:
            raise Problem(
                f"/chat/{name}/ opens a room. Until chapter 8 a name has 1 to 50 letters, digits, "
                "hyphens and underscores: look at the pattern in chat/urls.py."
            )


@step(
    "A form that leads to a room",
    see="at /chat/ you type a name, press Enter, and are in the room",
    hint="RoomForm, RoomListView with form_valid, and templates/chat/rooms.html.",
)
def test_the_form_leads_to_a_room():
    if (status := get("/chat/").status) != 200:
        raise Problem(f"/chat/ is answered with HTTP {status}. It should show the form.")
    answer = Visitor().post("/chat/", name="lobby")
    if answer.status == 403:
        raise Problem(
            "The form at /chat/ is refused with HTTP 403. Put {% csrf_token %} into the form in "
            "templates/chat/rooms.html."
        )
    if urlsplit(answer.url).path != "/chat/lobby/" or answer.status != 200:
        raise Problem(
            f"“lobby” was typed at /chat/, and that led to {urlsplit(answer.url).path} (HTTP "
            f"{answer.status}), not to /chat/lobby/. Look at form_valid in chat/views.py; the "
            "input's name in templates/chat/rooms.html has to be name."
        )
    answer = Visitor().post("/chat/", name="two words")
    if answer.status != 200 or urlsplit(answer.url).path != "/chat/":
        raise Problem(
            f"“two words” was typed at /chat/, and that led to {urlsplit(answer.url).path} (HTTP "
            f"{answer.status}). The form should refuse it and show the page again: SlugField."
        )
    if not re.search(r'href="/chat/?"', get("/").text):
        raise Problem("The first page has no link to /chat/. Put it into templates/home.html.")


@step(
    "Send, and hear yourself",
    see="no more 404 for room.js in the server's terminal",
    hint="The file lies at chat/static/chat/room.js; the folder chat is there twice, on purpose.",
)
def test_the_pages_scripts_are_found():
    answer = room("lobby")
    scripts = re.findall(r"""<script[^>]+src=["']([^"']+)""", answer.text)
    for script in scripts:
        address = urljoin(answer.url, script)
        if address.startswith(server.url) and get(urlsplit(address).path).status != 200:
            raise Problem(
                f"The room's page asks for {script}, and the answer is 404. The file belongs to "
                "chat/static/chat/, and its name in the template begins with chat/ as well: "
                "{% static 'chat/room.js' %}."
            )
    if not scripts and "<script" not in answer.text:
        raise Problem("The room's page has no script. templates/chat/room.html loads room.js.")


@step(
    "Send, and hear yourself",
    see="what you write stands in your own log, and a second window stays empty",
    hint="preventDefault(), then put the input's value into the log.",
)
def test_a_window_hears_itself_only():
    one, other = open_page("/chat/lobby/"), open_page("/chat/lobby/")
    one.locator("#chat-message-input").fill("only for me")
    one.keyboard.press("Enter")
    wait_until(one, lambda: "?" in one.url or one.locator("#chat-log").input_value())
    one.wait_for_timeout(300)  # a page that loads itself anew has shown the line before
    if "?" in one.url:
        raise Problem(
            "Sending a line loads the page anew, and the log is empty again. In room.js, the "
            "submit listener calls event.preventDefault() first."
        )
    shown = one.locator("#chat-log").input_value()
    if shown.strip() != "only for me":
        raise Problem(
            f"“only for me” was sent from the room's page, and its log shows “{shown.strip()}”. "
            "In chat/static/chat/room.js, the submit listener puts the input's value into the log."
        )
    if other.locator("#chat-log").input_value().strip():
        raise Problem("A second window shows what the first one said. That is chapter 5.")
