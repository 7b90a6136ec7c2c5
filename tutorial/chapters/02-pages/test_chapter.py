"""What chapter 2's result must do: users, rooms, and windows that hear only themselves."""

import difflib
import functools
import html.parser
import json
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tutorial.checking.context import Known
from tutorial.checking.forms import not_sent
from tutorial.checks import (
    Problem,
    Visitor,
    get,
    open_page,
    pause,
    project,
    server,
    step,
    wait_until,
)

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

SURROUNDINGS = {"owner": "test_users_are_of_your_own_making"}

IDS = ("chat-log", "chat-message-input", "chat-message-submit")
ROOMS_IDS = ("room-name-input", "room-name-submit")

ASK = Path(__file__).with_name("ask.py")
"""The code that is run inside the project, to ask what it knows of its templates."""

PAIRED = {
    *("title", "header", "nav", "main", "section", "div", "form", "label", "button", "textarea"),
    *("select", "ul", "ol", "h1", "h2", "a"),
}
"""Elements that have an end, always."""


class Outline(html.parser.HTMLParser):
    """What a page is made of: its words, ids, labels and links, and what is wrong with its tags."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.faults = [], []
        self.ids, self.labels, self.links = set(), [], []
        self.title, self.words = None, ""
        self.feed(text)
        self.faults += [f"<{tag}> is never closed" for tag in self.open if tag in PAIRED]

    def handle_starttag(self, tag: str, attributes: list) -> None:
        """Note an element, what it is called and what it leads to."""
        found = {name: value or "" for name, value in attributes}
        if tag == "body" and "head" in self.open:
            self.open.remove("head")  # which may be left unclosed
        if tag in PAIRED or tag in ("head", "script", "style"):
            self.open.append(tag)
        self.ids.add(found.get("id"))
        if tag == "title":
            self.title = self.title or ""
        if tag == "label" and "for" in found:
            self.labels.append(found["for"])
        if tag == "a" and "href" in found:
            self.links.append((found["href"], "nav" in self.open))

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        if tag in self.open:
            while (last := self.open.pop()) != tag:
                if last in PAIRED:
                    self.faults.append(f"<{last}> is not closed before </{tag}>")
        elif tag in PAIRED:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """Note words for people."""
        if "title" in self.open:
            self.title += data
        elif not {"head", "script", "style"}.intersection(self.open):
            self.words += data


def outline(answer, template: str, ids: tuple[str, ...]) -> Outline:
    """What a page is made of; raises `Problem` when it is not in order.

    `template`: the file that the text writes for it; `ids`: what the page has to have.
    """
    page = Outline(answer.text)
    path = urlsplit(answer.url).path
    if "<html" not in answer.text.lower():
        raise Problem(
            f"The page at {path} does not use the base template, so it has no navigation and no "
            f'style. {template} begins with {{% extends "base.html" %}}.'
        )
    if missing := [name for name in ids if name not in page.ids]:
        raise Problem(
            f"The page at {path} has nothing with the id {', '.join(missing)}. The script and the "
            f"later chapters look for it; it belongs into {template}."
        )
    if page.title is not None and not page.title.strip():
        raise Problem(
            f"The page at {path} has an empty title. What does the block title in {template} show?"
        )
    for fault in page.faults:
        raise Problem(f"The tags of the page at {path} don't fit: {fault}. Look at {template}.")
    for name in page.labels:
        if name not in page.ids:
            raise Problem(
                f'The page at {path} has a label for="{name}", and nothing there has this id. Look '
                f"at {template}."
            )
    return page


@functools.cache
def templates() -> dict:
    """What Django does not tell of the templates: see ask.py."""
    return json.loads(project.shell(ASK.read_text("utf-8")).splitlines()[-1])


def room(name):
    """The page of a room; raises `Problem` when there is none, or when it lacks what it needs."""
    answer = get(f"/chat/{name}/")
    if answer.status != 200:
        raise Problem(
            f"/chat/{name}/ is answered with HTTP {answer.status}. In config/urls.py, chat/ leads "
            "to chat.urls, and there a pattern leads to the room."
        )
    if name not in Outline(answer.text).words:
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
        "User.objects.filter(username='alice').delete()\n"
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
    outline(room("lobby"), "templates/chat/room.html", IDS)
    room("kitchen-2_b")
    for file, block, known in templates()["blocks"]:
        raise Known(
            f"{file} fills a block that is called {block}, and the base template has none, so it "
            f"is never shown. The blocks there are: {', '.join(known)}."
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
    first = get("/chat/")
    if first.status != 200:
        raise Problem(f"/chat/ is answered with HTTP {first.status}. It should show the form.")
    if said := not_sent(first.text, "/chat/", {"name"}, project.copy):
        raise Known(said)
    page = outline(first, "templates/chat/rooms.html", ROOMS_IDS)
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
    refused = Visitor().post("/chat/", name="two words")
    if refused.status != 200 or urlsplit(refused.url).path != "/chat/":
        raise Problem(
            f"“two words” was typed at /chat/, and that led to {urlsplit(refused.url).path} (HTTP "
            f"{refused.status}). The form should refuse it and show the page again: SlugField."
        )
    for expression, name, near in templates()["attributes"]:
        raise Known(
            f"A template asks for {expression}, and there is no {name}, so nothing is shown. Did "
            f"you mean {near}? Look at templates/chat/rooms.html."
        )
    if not set(Outline(refused.text).words.split()) - set(page.words.split()):
        raise Problem(
            "“two words” was typed at /chat/ and refused, and the page does not say why. "
            "templates/chat/rooms.html shows it with {{ form.name.errors }}."
        )
    outline(refused, "templates/chat/rooms.html", ROOMS_IDS)
    too_long(51)


def too_long(length):
    """Raise `Problem` unless the form refuses a name of this length."""
    try:
        answer = Visitor().post("/chat/", name="x" * length)
    except Problem:
        answer = None  # a name that is not so long went well
    if answer is None or answer.status != 200 or urlsplit(answer.url).path != "/chat/":
        raise Problem(
            f"A name of {length} letters was typed at /chat/, and the form took it, though no "
            "address is for so long a name. In chat/forms.py: SlugField(max_length=50)."
        )


@step(
    "A form that leads to a room",
    see="“Rooms” in the navigation of every page, and a button on the first page, lead to /chat/",
    hint="A link with {% url 'chat:rooms' %} in templates/base.html and in templates/home.html.",
)
def test_two_links_lead_there():
    if not [place for href, place in Outline(room("lobby").text).links if is_rooms(href)]:
        raise Problem(
            "A room's page has no link to /chat/. Put one into the navigation, in "
            "templates/base.html: then every page has it."
        )
    if False not in [place for href, place in Outline(get("/").text).links if is_rooms(href)]:
        raise Problem("The first page has no link to /chat/. Put it into templates/home.html.")


def is_rooms(href: str) -> bool:
    """Whether a link leads to the page of rooms."""
    return urlsplit(href).path.rstrip("/") == "/chat"


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
    one.evaluate(NOTE_SCROLLING)
    log, field = one.locator("#chat-log"), one.locator("#chat-message-input")
    field.fill("only for me")
    one.keyboard.press("Enter")
    wait_until(one, lambda: "?" in one.url or log.input_value())
    pause(one, 0.3)  # a page that loads itself anew has shown the line before
    if "?" in one.url:
        raise Problem(
            "Sending a line loads the page anew, and the log is empty again. In room.js, the "
            "submit listener calls event.preventDefault() first."
        )
    shown = log.input_value()
    if shown.strip() != "only for me":
        raise Problem(
            f"“only for me” was sent from the room's page, and its log shows “{shown.strip()}”. "
            "In chat/static/chat/room.js, the submit listener puts the input's value into the log."
        )
    if shown.count("\n") > 1:
        raise Problem(
            "One line is written and sent, and the log gets two. In chat/static/chat/room.js, the "
            "form's submit is handled twice."
        )
    if field.input_value():
        raise Problem(
            "“only for me” was sent, and it still stands in the input. In "
            "chat/static/chat/room.js, the submit listener empties it for the next line: "
            'input.value = "".'
        )
    if odd := one.evaluate("window.oddScrolling"):
        raise Known(
            f"In chat/static/chat/room.js, scrollTop is set to {odd}, so a full log does not show "
            "its last line. Write: log.scrollTop = log.scrollHeight"
        )
    for name, near in misspelt(one):
        raise Known(
            f"In chat/static/chat/room.js, {name} is set, and no element of a page reads that. Did "
            f"you mean {near}?"
        )
    field.fill("and this")
    one.locator("#chat-message-submit").click()
    wait_until(one, lambda: "and this" in log.input_value())
    if list(filter(None, log.input_value().split("\n"))) != ["only for me", "and this"]:
        raise Problem(
            "A second line was sent, with the button, and it does not stand below the first one. "
            "In chat/static/chat/room.js, each line goes to the log's end, with \\n behind it."
        )
    if other.locator("#chat-log").input_value().strip():
        raise Problem("A second window shows what the first one said. That is chapter 5.")


NOTE_SCROLLING = """() => {
  const { get, set } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollTop");
  Object.defineProperty(Element.prototype, "scrollTop", {
    configurable: true,
    get,
    set(value) {
      if (!Number.isFinite(Number(value))) window.oddScrolling = String(value);
      set.call(this, value);
    },
  });
}"""
"""Has a page note in `oddScrolling` to what it was scrolled that is no number."""

SET_BY_SCRIPTS = """() => {
  const element = document.querySelector("#chat-log");
  const known = [];
  for (const name in element) known.push(name);
  return [Object.keys(element), known];
}"""


def misspelt(page):
    """What a script has set of the log that elements don't have, with what they have: pairs."""
    own, known = page.evaluate(SET_BY_SCRIPTS)
    for name in own:
        for near in difflib.get_close_matches(name, sorted({*known} - {*own}), n=1, cutoff=0.85):
            yield name, near
