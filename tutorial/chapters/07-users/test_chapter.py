"""What chapter 7's result must do: people have accounts, and the server says who speaks."""

import re
import urllib.parse

from tutorial.checking.knocking import knock
from tutorial.checking.places import where
from tutorial.checks import (
    PlayedServer,
    Problem,
    Visitor,
    blame_server,
    get,
    handshake,
    open_page,
    open_socket,
    pause,
    project,
    server,
    step,
    wait_until,
)

RECOGNISE = [
    (
        r"Manager isn't available; 'auth.User' has been swapped",
        "SignUpForm makes users of Django's own model. In chat/forms.py, give it a "
        "class Meta(UserCreationForm.Meta) with model = User, which is yours.",
    ),
    (
        r"KeyError: 'user'",
        "{place} looks for the user in the scope, and nobody has put one there. In config/asgi.py, "
        "AuthMiddlewareStack(…) belongs around URLRouter(…).",
    ),
    (
        r"TypeError: Object of type (?:UserLazyObject|User|SimpleLazyObject) is not JSON",
        "{place} puts the user itself into the frame, but JSON has no such thing. The name does: "
        'self.scope["user"].username.',
    ),
    (
        r"NoReverseMatch: Reverse for '([\w:]+)' not found",
        "A page names the address {0!r}, and config/urls.py (or chat/urls.py) has none of that "
        "name ({place}).",
    ),
    (
        r"AttributeError: '\w+' object has no attribute 'group'",
        "{place} uses self.group in a window that never got in. Give it a value in the class: "
        "group = None.",
    ),
]

ROOM, CONSUMERS = "/ws/chat/lobby/", "chat/consumers.py"
PASSWORD, NEW_PASSWORD = "corridor-kettle-9", "saucepan-gallery-4"
people = {}

BAD_PASSWORDS = (
    ("password", "is one of the most common", "CommonPasswordValidator"),
    ("kX3$q9", "has six characters", "MinimumLengthValidator"),
    ("8301947265", "is nothing but digits", "NumericPasswordValidator"),
    ("evelina-1", "is nearly her name", "UserAttributeSimilarityValidator"),
)
"""Passwords for somebody called evelina: what is bad about each, and who refuses no other one."""

LOG_IN, SIGN_UP, NEW = "/accounts/login/", "/accounts/signup/", "/accounts/password/"
BASE, HOME = "templates/base.html", "templates/home.html"
LINKS = (
    # who looks at which page, and what must lead where; no given template has such a link there
    (None, LOG_IN, BASE, LOG_IN),
    (None, SIGN_UP, BASE, SIGN_UP),
    ("alice", "/chat/", BASE, "/chat/"),
    ("alice", "/chat/", BASE, NEW),
    (None, "/", HOME, SIGN_UP),
    (None, "/", HOME, LOG_IN),
    ("alice", "/", HOME, "/chat/"),
)

SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.get_or_create(username={!r})[0])
print(client.cookies["sessionid"].value)
"""

WORDS = """() => document.body.innerText
  + [...document.querySelectorAll("textarea, output")].map((field) => field.value).join()"""


def member(name):
    """A visitor who is logged in as the user of this name, who is made if need be."""
    if name not in people:
        people[name] = Visitor.with_session(project.shell(SIGN_IN.format(name)).strip())
    return people[name]


def words(page):
    """All that a page shows; None while it is being left for another one."""
    from playwright.sync_api import Error

    try:
        return page.evaluate(WORDS)
    except Error:
        return None


def leads_to(path, text):
    """Whether a page has a link to this path."""
    return re.search(rf"""\bhref=["']?{path}["'?#\s>]""", text)


def logged_in(visitor):
    """Whether the visitor has a session."""
    return project.settings["SESSION_COOKIE_NAME"] + "=" in visitor.cookie


@step(
    "Let people sign up",
    see="at /accounts/signup/ you sign up as alice, and land on /chat/",
    hint="SignUpForm in chat/forms.py, SignUpView in chat/views.py, its address in config/urls.py.",
)
def test_people_sign_up():
    project.migrate()
    if get("/accounts/signup/").status == 404:
        raise Problem("There is no page at /accounts/signup/. config/urls.py gives it its address.")
    alice = Visitor()
    answer = alice.post(
        "/accounts/signup/", username="alice", password1=PASSWORD, password2=PASSWORD
    )
    people["alice"] = alice
    if "/accounts/signup/" in answer.url:
        raise Problem(
            "Somebody fills in the form at /accounts/signup/ rightly, and gets it back. Look at "
            "what SignUpView does, and at the fields of SignUpForm."
        )
    if not logged_in(alice):
        raise Problem(
            "Whoever has signed up is not logged in and will be asked for the password again. In "
            "SignUpView.form_valid(), call login(self.request, self.object)."
        )
    if not answer.url.endswith("/chat/"):
        raise Problem(f"Signing up leads to {answer.url}. It should lead to /chat/.")


@step(
    "Log in, log out",
    see="a password such as `password` is refused, and the form says why",
    hint="AUTH_PASSWORD_VALIDATORS in config/settings.py.",
)
def test_bad_passwords_are_refused():
    for password, why, validator in BAD_PASSWORDS:
        eve = Visitor()
        eve.post(SIGN_UP, username="evelina", password1=password, password2=password)
        if logged_in(eve):
            raise Problem(
                f"Somebody called evelina can sign up with the password “{password}”, which {why}. "
                f"In config/settings.py, AUTH_PASSWORD_VALIDATORS has to list the {validator}, "
                "under its whole name: django.contrib.auth.password_validation.…"
            )


@step(
    "Log in, log out",
    see="you log in and are led to the rooms; each page says who you are",
    hint="LOGIN_REDIRECT_URL in config/settings.py.",
)
def test_people_log_in():
    alice = Visitor()
    answer = alice.post(LOG_IN, username="alice", password=PASSWORD)
    if answer.status == 404 and LOG_IN in answer.url:
        raise Problem(f"There is no page at {LOG_IN}. config/urls.py gives it its address.")
    if "/accounts/profile/" in answer.url:
        raise Problem(
            "A log-in leads to /accounts/profile/, where there is no page. In config/settings.py, "
            'set LOGIN_REDIRECT_URL = "chat:rooms".'
        )
    if not logged_in(alice):
        raise Problem(
            "alice signs up, and her name and password don't let her in at /accounts/login/."
        )
    if not answer.url.endswith("/chat/") or answer.status != 200:
        raise Problem(f"A log-in leads to {answer.url} ({answer.status}), and should to /chat/.")
    if "alice" not in answer.text:
        raise Problem(
            "alice is logged in, and no page tells her so. templates/base.html shows her name."
        )
    people["alice"] = alice


@step(
    "Log in, log out",
    see="the button at the top logs you out",
    hint="A form with method=post and the token, in templates/base.html.",
)
def test_people_log_out():
    carol = member("carol")
    answer = carol.get("/accounts/logout/")
    if answer.status == 404:
        raise Problem("There is nothing at /accounts/logout/. config/urls.py gives it its address.")
    if not logged_in(carol):
        raise Problem(
            "A link logs people out: /accounts/logout/ obeys a GET. Then any page in the world can "
            "do it to them. Take Django's LogoutView, which wants a POST."
        )
    page = carol.get("/chat/").text
    form = re.search(r"(<form[^>]*/accounts/logout/[^>]*>)(.*?)</form>", page, re.DOTALL)
    if not form or not re.search(r"""method=["']?post["'\s>]""", form[1], re.IGNORECASE):
        raise Problem(
            "No page has a form that logs out with POST. A link is not enough: Django answers a "
            'GET with 405. In templates/base.html, make it a form with method="post".'
        )
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form[2])
    if not token:
        raise Problem(
            "The form that logs out has no token, so Django refuses it (403). In "
            "templates/base.html, write {% csrf_token %} into it."
        )
    data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1]}).encode()
    answer = carol.fetch("/accounts/logout/", data)
    if logged_in(carol):
        raise Problem("The button that logs out is pressed, and carol is still logged in.")
    if answer.status != 200 or urllib.parse.urlsplit(answer.url).path != "/":
        raise Problem(
            f"Logging out leads to {answer.url} ({answer.status}), and should to the home page: "
            'LOGOUT_REDIRECT_URL = "home" in config/settings.py.'
        )


@step(
    "Log in, log out",
    see="logged out, the top of each page has links to log in and to sign up, and so has the home "
    "page; logged in, they lead to the rooms and to a new password",
    hint="{% if user.is_authenticated %} … {% else %} … {% endif %} in templates/base.html and in "
    "templates/home.html, with {% url … %} in each link.",
)
def test_the_pages_lead_on():
    pages = {}
    for name, path, file, wanted in LINKS:
        if (name, path) not in pages:
            pages[name, path] = (member(name) if name else Visitor()).get(path).text
        page = pages[name, path]
        # The home page's own link stands in <main>; above it there is one of every page.
        page = page.partition("<main")[2] or page if file == HOME else page
        if not leads_to(wanted, page):
            who = f"{name} is logged in" if name else "Somebody is not logged in"
            at = "on the home page" if file == HOME else "at the top of the pages"
            raise Problem(
                f"{who}, and no link {at} leads to {wanted}. It belongs into {file}, between "
                f"{{% {'if user.is_authenticated' if name else 'else'} %}} and "
                f"{{% {'else' if name else 'endif'} %}}."
            )
    if leads_to(LOG_IN, pages["alice", "/chat/"]):
        raise Problem(
            "alice is logged in, and her pages have a link to log in all the same. In "
            "templates/base.html, it belongs between {% else %} and {% endif %}."
        )


@step(
    "Log in, log out",
    see="you can change your password at the top of each page, and stay logged in",
    hint="PasswordChangeView in config/urls.py, with its template_name and success_url.",
)
def test_there_is_a_form_for_a_new_password():
    alice = member("alice")
    page = alice.get(NEW)
    if page.status != 200 or 'name="new_password1"' not in page.text:
        raise Problem(
            f"At /accounts/password/ alice finds no form for a new password ({page.status}). It is "
            "Django's PasswordChangeView, in config/urls.py."
        )
    if "Django administration" in page.text or "site administration" in page.text.lower():
        raise Problem(
            "/accounts/password/ looks like the admin. Give PasswordChangeView your template: "
            'template_name="registration/password.html".'
        )
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    answer = alice.post(NEW, old_password=PASSWORD, **new)
    if urllib.parse.urlsplit(answer.url).path == NEW:
        raise Problem(
            "alice fills in the form for a new password rightly, and gets it back. In "
            "config/urls.py, its view is Django's PasswordChangeView."
        )
    if answer.status != 200 or not logged_in(alice):
        raise Problem(
            f"With a new password alice is led to {answer.url} ({answer.status}). She should stay "
            "logged in, and come to a page that is there: success_url of PasswordChangeView, in "
            "config/urls.py."
        )


@step(
    "Show the rooms to members only",
    see="logged out, you are asked to log in, and come to the room afterwards",
    hint="LoginRequiredMixin stands first among the base classes.",
)
def test_the_pages_are_for_members():
    for path in ("/chat/", "/chat/lobby/"):
        answer = get(path)
        if "/accounts/login/" in answer.url and answer.status == 404:
            raise Problem("Strangers are led to /accounts/login/, where there is no page.")
        if "/accounts/login/" not in answer.url:
            raise Problem(
                f"Who is not logged in gets {path} all the same ({answer.status}). In "
                "chat/views.py, LoginRequiredMixin has to be the first base class of its view."
            )
        if people["alice"].get(path).status != 200:
            raise Problem(f"alice is logged in, and does not get {path}.")


@step(
    "Know who is on the line",
    see="in a private window's console, the socket closes with 4401",
    hint="AuthMiddlewareStack in config/asgi.py; self.accept(), then self.close(code=4401).",
)
def test_a_stranger_is_told_to_log_in():
    if handshake(ROOM) == 403:
        raise Problem(
            "A stranger's handshake is refused with 403: a page can't read why, it sees 1006. In "
            "connect(), call self.accept() first, and then self.close(code=4401)."
        )
    since = len(server.log())
    with open_socket(ROOM) as window:
        code = window.close_code(1)
    if code is None:
        raise Problem(
            "Somebody who is not logged in can stay on the line and read along. In connect(), "
            'close with 4401 when self.scope["user"].is_authenticated is false.'
        )
    if code != 4401:
        raise blame_server(
            since,
            f"A stranger's socket closes with {code}. The page waits for 4401: in "
            "chat/consumers.py, that is the code which connect() gives to self.close().",
        )
    try:
        inside = knock(ROOM, says=False)["inside"]
    except Problem as problem:
        if not re.search(r", in disconnect\n[\s\S]*Group name", problem.output or ""):
            raise
        line = where(project.copy, CONSUMERS, "disconnect", "group_discard")
        raise Problem(
            "A stranger's window has never got in, and leaves a group all the same when it closes, "
            f"which fails: {line}. disconnect() has to ask first whether self.group is there."
        ) from None
    if inside:
        line = where(project.copy, CONSUMERS, "connect", "self.close")
        raise Problem(
            "Somebody who is not logged in is told 4401, and gets into the room's group all the "
            f"same. In {line}, connect() goes on behind self.close(…), which only sends the code. "
            "Put return in front of it."
        )


@step(
    "Know who is on the line",
    see="logged in, you can stay in the room",
    hint='The user is in self.scope["user"]; is_authenticated is no function.',
)
def test_a_member_may_stay():
    with open_socket(ROOM, visitor=people["alice"]) as window:
        window.say(message="hello")
        try:
            heard = window.hear()
        except Problem as problem:
            if "nothing came back" not in str(problem):
                raise
            raise Problem(
                f"{problem} In chat/consumers.py, a member's window gets into the room's group in "
                "connect(), and receive() sends to that group."
            ) from None
        if heard.get("message") != "hello":
            raise Problem(
                f"alice says hello, and the frame is {heard}. In chat/consumers.py, receive() puts "
                'what was said into the frame, at "message".'
            )


@step(
    "Know who is on the line",
    see="in a room's console, type socket.onclose({ code: 4401 }): the log says that you are not "
    "logged in",
    hint="socket.onclose in room.js gets an event with a code: 4401 for who is not logged in.",
)
def test_the_page_says_why_it_was_closed():
    page = open_page("/chat/lobby/", visitor=member("alice"))
    room, played, said = page.url, PlayedServer(page), {}
    for code in (4401, 1011):
        if said:
            played.opened.clear()
            page.goto(room)
        if not played.wait(lambda: played.opened):
            raise Problem("The room's page opens no WebSocket. Its script, room.js, does it.")
        pause(page, 0.05)
        before = words(page)
        played.opened[-1].close(code=code)
        played.wait(lambda before=before: words(page) != before, 1.5)
        said[code] = words(page)
        if said[code] == before and code == 4401:
            raise Problem(
                "The server closes with 4401, and the room's page looks as it did. In "
                "chat/static/chat/room.js, socket.onclose shows that one is not logged in."
            )
    if said[4401] == said[1011]:
        raise Problem(
            "The room's page says the same to who is not logged in (4401) and to whose connection "
            "has broken (1011). In chat/static/chat/room.js, socket.onclose is given an event: "
            "look at its code."
        )


@step(
    "Let the server say who speaks",
    see="in a private window's console, type in one line: s = new WebSocket("
    '"ws://127.0.0.1:8000/ws/chat/lobby/"); s.onopen = () => s.send(\'{"message": "boo"}\'). No '
    "other window shows it, and the terminal has no traceback",
    hint="receive() returns at once when self.group is None.",
)
def test_a_stranger_is_not_heard():
    line = where(project.copy, CONSUMERS, "receive")
    unheard = Problem(
        "Somebody who is not logged in is told 4401, and what they send before they have hung up "
        f"is taken for a message. In {line}, receive() has to return at once when the window is in "
        "no group."
    )
    try:
        told = knock(ROOM)["told"]
    except Problem as problem:
        raise (unheard if ", in receive\n" in (problem.output or "") else problem) from None
    if told:
        raise unheard


@step(
    "Let the server say who speaks",
    see="bob lies in his console, and both windows still show bob",
    hint='The name comes from self.scope["user"].username, and from nowhere else.',
)
def test_nobody_speaks_in_anothers_name():
    bob = member("bob")
    with (
        open_socket(ROOM, visitor=people["alice"]) as one,
        open_socket(ROOM, visitor=bob) as other,
    ):
        other.say(message="I was wrong", username="alice")
        for window in (one, other):
            heard = window.hear()
            if "username" not in heard:
                raise Problem(
                    f'The frame is {heard}. The page looks for the name at "username": in '
                    "chat/consumers.py, receive() puts it there."
                )
            if heard["username"] == "alice":
                raise Problem(
                    "bob sends the name alice along, and your server believes him. The name has to "
                    'come from self.scope["user"], never from the frame.'
                )
            if (heard["username"], heard.get("message")) != ("bob", "I was wrong"):
                raise Problem(f"bob says “I was wrong”, and the frame is {heard}.")


@step(
    "Let the server say who speaks",
    see="the log shows alice: hello",
    hint="socket.onmessage in room.js shows the name, too.",
)
def test_the_page_shows_who_speaks():
    since = len(server.log())
    page = open_page("/chat/lobby/", visitor=people["alice"])
    wait_until(page, lambda: "WebSocket CONNECT" in server.log()[since:])
    pause(page, 0.05)
    said = []
    if page.sockets:
        page.sockets[0].on("framesent", lambda frame: said.append(str(frame)))
    page.locator("#chat-message-input").fill("here I am")
    page.keyboard.press("Enter")
    wait_until(page, lambda: page.locator("#chat-log").input_value())
    pause(page, 0.15)
    shown = page.locator("#chat-log").input_value()
    if "here I am" not in shown or "alice" not in shown:
        raise Problem(
            f"alice writes “here I am”, and the log shows “{shown.strip()}”. In room.js, show the "
            "username and the message of each frame."
        )
    if len(said) != 1 or shown.count("\n") > 1 or "here I am" not in said[0]:
        raise Problem(
            f"One line, “here I am”, is written and sent: the page sends {' and '.join(said)}, "
            f"and its log has {shown!r}. In chat/static/chat/room.js, is the form's submit handled "
            "twice, or a line shown that nobody has sent?"
        )


@step(
    "Take the new tests over",
    see="python manage.py test tests.test_consumer says: Ran 2 tests, OK",
    hint="Each .given file goes in place of your own.",
)
def test_the_tests_are_taken_over():
    for name in ("tests/test_consumer.py", "tests/test_browser.py"):
        if project.path(f"{name}.given").is_file():
            raise Problem(
                f"{name}.given still stands beside your tests of chapter 6, which know of no "
                "users. Put it in place of yours; or delete it, if you have changed yours to fit."
            )
