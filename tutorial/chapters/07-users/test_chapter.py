"""What chapter 7's result must do: people have accounts, and the server says who speaks."""

import re
import urllib.parse

from tutorial.checks import (
    Problem,
    Visitor,
    blame_server,
    get,
    handshake,
    open_page,
    open_socket,
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

ROOM = "/ws/chat/lobby/"
PASSWORD = "corridor-kettle-9"
people = {}


def member(name):
    """A visitor who is logged in as the user of this name, who is signed up if need be."""
    if name not in people:
        people[name] = Visitor()
        people[name].post(
            "/accounts/signup/", username=name, password1=PASSWORD, password2=PASSWORD
        )
    return people[name]


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
    eve = Visitor()
    eve.post("/accounts/signup/", username="eve", password1="password", password2="password")
    if logged_in(eve):
        raise Problem(
            "Somebody can sign up with the password “password”. In config/settings.py, list "
            "Django's validators in AUTH_PASSWORD_VALIDATORS."
        )


@step(
    "Log in, log out",
    see="you log in and are led to the rooms; each page says who you are",
    hint="LOGIN_REDIRECT_URL in config/settings.py.",
)
def test_people_log_in():
    alice = Visitor()
    answer = alice.post("/accounts/login/", username="alice", password=PASSWORD)
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
    if not form or "post" not in form[1].lower():
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
    see="you can change your password at the top of each page",
    hint="PasswordChangeView in config/urls.py, with its template_name.",
)
def test_there_is_a_form_for_a_new_password():
    page = people["alice"].get("/accounts/password/")
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
            since, f"A stranger's socket closes with {code}. The page waits for 4401."
        )


@step(
    "Know who is on the line",
    see="logged in, you can stay in the room",
    hint='The user is in self.scope["user"]; is_authenticated is no function.',
)
def test_a_member_may_stay():
    with open_socket(ROOM, visitor=people["alice"]) as window:
        window.say(message="hello")
        if window.hear().get("message") != "hello":
            raise Problem("alice says hello, and what comes back is something else.")


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
                raise Problem(f'The frame is {heard}. The page looks for the name at "username".')
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
    page.wait_for_timeout(50)
    page.locator("#chat-message-input").fill("here I am")
    page.keyboard.press("Enter")
    wait_until(page, lambda: page.locator("#chat-log").input_value())
    shown = page.locator("#chat-log").input_value()
    if "here I am" not in shown or "alice" not in shown:
        raise Problem(
            f"alice writes “here I am”, and the log shows “{shown.strip()}”. In room.js, show the "
            "username and the message of each frame."
        )


@step(
    "Take the new tests over",
    see="python manage.py test ends with OK",
    hint="Each .given file goes in place of your own.",
)
def test_the_tests_are_taken_over():
    for name in ("tests/test_consumer.py", "tests/test_browser.py"):
        if project.path(f"{name}.given").is_file():
            raise Problem(
                f"{name}.given still stands beside your tests of chapter 6, which know of no "
                "users. Put it in place of yours; or delete it, if you have changed yours to fit."
            )
