"""What is told of where a folder differs from the text: the place, or nothing, and never a verdict.

Samples are fixed: what is drawn from the mutants and the known mistakes is the same every time.
"""

import ast
import re
import shutil

import pytest

from tutorial.author import book
from tutorial.author.mutants import sample, typed_places
from tutorial.checking.differs import nearest, quiet
from tutorial.course.chapters import COURSE
from tutorial.course.mistakes import make_mistake, mistakes
from tutorial.course.project import make_env_file
from tutorial.course.stages import stage_before, typed_lines, write_stage

CHAPTERS = [chapter for chapter in COURSE if chapter.exists and chapter.has_stage]
chapters = pytest.mark.parametrize("of", CHAPTERS, ids=lambda of: of.name)

DRAWN = {"line": 6, "word": 3, "name": 4, "swap": 3}
"""How many faults of each kind are drawn from a chapter."""

HARMLESS = {"if not SECRET_KEY:", "admin.site.register(Room)"}

WITHOUT_COMMANDS = (4, 7, 10)
"""Chapters that are typed quickly: nothing in them makes files."""


def stage(number, folder):
    """The folder of a reader who has done chapter `number`."""
    folder.mkdir(exist_ok=True)
    write_stage(number, folder)
    make_env_file(folder)
    return folder


def change(folder, file, old, new):
    """Put `new` in place of what stands there once."""
    text = (folder / file).read_text("utf-8")
    assert old in text, f"{file} has no {old!r}"
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def names(found, mutant):
    """Whether the place of a mutant is told: its file, and its line or what stands in it."""
    if found is None or found.file != mutant.file:
        return False
    return mutant.text[:80] in found.sentence or abs((found.line or -9) - mutant.line) <= 1


# A line that is gone, a word, a name, two statements in the wrong order


@chapters
def test_one_fault_is_named_red_or_green(of, tmp_path):
    folder = stage(of.number, tmp_path)
    faults = [fault for kind, count in DRAWN.items() for fault in sample(of.number, count, [kind])]
    for mutant in faults:
        right = (folder / mutant.file).read_bytes()
        mutant.make(folder)
        red, green = nearest(of.number, folder), quiet(of.number, folder)
        (folder / mutant.file).write_bytes(right)
        assert names(red, mutant) or harmless(mutant), f"{mutant}\n{red}"
        if not is_old(mutant, of.number):
            assert names(green, mutant) or harmless(mutant), f"{mutant}\n{green}"


def is_old(mutant, number):
    """Whether the statement that has moved was typed before: the quiet line tells of new ones."""
    return mutant.kind == "swap" and mutant.line not in typed_places(number)[mutant.file]


def harmless(mutant):
    """Whether nothing depends on it: statements that don't need each other may change places."""
    return mutant.kind == "swap" and mutant.text in HARMLESS


@chapters
def test_two_faults_are_told_one_at_a_time(of, tmp_path):
    folder = stage(of.number, tmp_path)
    first, second = sample(of.number, 2, ["line"])
    first.make(folder)
    if first.file != second.file:
        second.make(folder)
    for found in (nearest(of.number, folder), quiet(of.number, folder)):
        assert names(found, first) or names(found, second)


def test_a_line_is_told_with_its_place_its_line_and_the_words_that_are_lost(tmp_path):
    folder = stage(7, tmp_path)
    change(folder, "chat/consumers.py", "return self.close", "self.close")
    red, green = nearest(7, folder, "Know who is on the line"), quiet(7, folder)
    assert red.sentence == (
        "In `connect` of chat/consumers.py, line 20, the text has "
        "`return self.close(code=LOGGED_OUT)`; yours has `self.close(code=LOGGED_OUT)` "
        "(without `return`). If you mean it so, look elsewhere."
    )
    assert (red.file, red.line, red.kind) == ("chat/consumers.py", 20, "changed")
    assert red.heading == "Know who is on the line"
    assert green.sentence.endswith("(without `return`). If you mean it so, all is well.")
    assert green.sentence.startswith("One thing is not as in the text: in `connect`")


def test_a_lost_tag_a_title_and_a_paragraph_are_told(tmp_path):
    for file, line in (
        ("templates/chat/room.html", "    </div>\n"),
        ("templates/chat/room.html", "{% block title %}{{ name }}{% endblock %}\n"),
        ("templates/chat/rooms.html", "  <h1>Rooms</h1>\n"),
    ):
        folder = stage(2, tmp_path)
        change(folder, file, line, "")
        for found in (nearest(2, folder), quiet(2, folder)):
            assert (found.file, found.kind) == (file, "missing")
            assert f"`{line.strip()}`" in found.sentence


def test_a_lost_comma_and_what_stands_twice_are_told_as_that(tmp_path):
    folder = stage(1, tmp_path)
    change(folder, "config/settings.py", '"django.contrib.messages",', '"django.contrib.messages"')
    assert 'no comma behind `"django.contrib.messages"`' in nearest(1, folder).sentence
    folder = stage(8, tmp_path)
    line = "  const when = new Date(time.dateTime);\n"
    change(folder, "chat/static/chat/log.js", line, 2 * line)
    assert "stands there twice" in nearest(8, folder).sentence


KNOWN = [
    pytest.param(of.number, mistake, id=f"{of.name}-{mistake['name']}")
    for of in CHAPTERS
    for mistake in mistakes(of)[::3]
    if mistake.get("find") and mistake["file"].endswith((".py", ".js", ".html"))
    if "migrations" not in mistake["file"]
]


@pytest.mark.parametrize("number, mistake", KNOWN)
def test_a_known_mistake_is_found_in_its_file(number, mistake, tmp_path):
    folder = stage(number, tmp_path)
    make_mistake(mistake, folder)
    assert nearest(number, folder).file == mistake["file"]


# Half-way


class Watched(book.Book):
    """A book that asks after each block where the folder differs."""

    def show(self, path, *arguments, **named):
        super().show(path, *arguments, **named)
        self.told.append((path, nearest(self.chapter.number, self.folder)))


@pytest.mark.parametrize("number", WITHOUT_COMMANDS)
def test_half_way_only_what_is_still_to_come_is_told(number, tmp_path):
    watched = Watched(number, tmp_path, capture=False)
    watched.told, before = [], 0
    for heading, text in book.parts(watched.chapter.readme.read_text("utf-8")):
        book.process(watched, book.SUM.sub("", text))
        told = watched.told[before:]
        assert {found and found.kind for _, found in told} <= {"pending", "none"}, told
        here = nearest(number, tmp_path, heading or None)
        assert here.kind == "none" or not heading, f"after {heading}: {here}"
        before = len(watched.told)
    assert nearest(number, tmp_path).kind == "none" and quiet(number, tmp_path) is None


def test_what_is_to_be_typed_next_is_told_up_to_the_heading(tmp_path):
    folder = stage(stage_before(4), tmp_path)
    found = nearest(4, folder, "Say who answers, and where")
    assert (found.file, found.kind) == ("chat/consumers.py", "pending")
    assert found.sentence.startswith("The first thing of the text that isn't in your files yet:")
    shutil.copy(stage(4, tmp_path / "done") / "chat/consumers.py", folder / "chat")
    assert nearest(4, folder, "Send it back").file != "chat/consumers.py"


def test_all_that_is_typed_is_there_is_said_so(tmp_path):
    for of in CHAPTERS:
        folder = stage(of.number, tmp_path / of.name)
        found = nearest(of.number, folder, None)
        assert found.kind == "none" and "All that the text has you type is in" in found.sentence
        assert quiet(of.number, folder) is None


# Another way is no fault


@chapters
def test_another_way_is_met_with_silence(of, tmp_path):
    folder = stage(of.number, tmp_path)
    shutil.copytree(of.folder / "another", folder, dirs_exist_ok=True)
    assert quiet(of.number, folder) is None
    assert nearest(of.number, folder) is None


class Restyled(ast.NodeTransformer):
    """Calls the variables of functions otherwise, and turns the order of methods round."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        given = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
        stored = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
        own = {n.id for n in stored if isinstance(n.ctx, ast.Store)} - given
        for name in stored:
            name.id = f"my_{name.id}" if name.id in own else name.id
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.generic_visit(node)
        methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        turned = iter(reversed(methods))
        node.body = [next(turned) if n in methods else n for n in node.body]
        return node


def restyled(name, text):
    """A text in another style; it does the same."""
    if name.endswith(".py"):
        return ast.unparse(Restyled().visit(ast.parse(text))) + "\n"
    lines = [line.replace("  ", "    ") for line in text.splitlines()]
    if name.endswith(".js"):
        lines = [re.sub(r"^([^'`]*);$", r"\1", line.split("  //")[0]) for line in lines]
        lines = [re.sub(r'"([^"\'`]*)"', r"'\1'", line) for line in lines]
        lines = [re.sub(r"\((\w+)\) =>", r"\1 =>", line) for line in lines]
    return "\n".join(lines) + "\n"


@chapters
def test_another_style_is_no_difference(of, tmp_path):
    folder = stage(of.number, tmp_path)
    for name in typed_lines(of.number):
        if name.endswith((".py", ".js", ".html")):
            text = (folder / name).read_text("utf-8")
            (folder / name).write_text(restyled(name, text), "utf-8")
    assert quiet(of.number, folder) is None
    assert nearest(of.number, folder).kind == "none"


PAGE, SCRIPT = "templates/chat/room.html", "chat/static/chat/room.js"
CONSUMER, SETTINGS = "chat/consumers.py", "config/settings.py"
SET_DEFAULT = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")'
MESSAGE = '["message"]\n        self.send(text_data=json.dumps({"message": message}))'
SEND = "socket.send(JSON.stringify({ message: input.value }));"

OWN = {
    "words on a page": (1, "templates/home.html", "A chat in real time", "Talk to me"),
    "words for a screen reader": (2, PAGE, '"Messages"', '"All of them"'),
    "words in a script": (7, SCRIPT, '"You are not logged in."', '"Log in!"'),
    "words in a refusal": (9, "chat/frames.py", '"This was not JSON."', '"Not JSON, sorry"'),
    "a look into it": (5, CONSUMER, "        message =", "        print(1)\n        message ="),
    "a look in the browser": (4, SCRIPT, "const socket", "console.log(1);\nconst socket"),
    "a view": (
        2,
        "chat/views.py",
        "class RoomView(",
        "class Mine(View):\n    x = 1\n\n\nclass RoomView(",
    ),
    "an address": (
        2,
        "chat/urls.py",
        "patterns = [",
        'patterns = [\n    path("me/", Mine.as_view()),',
    ),
    "a method": (
        8,
        "chat/models.py",
        "    def __str",
        "    def mine(self):\n        x()\n\n    def __str",
    ),
    "an app": (1, SETTINGS, "INSTALLED_APPS = [", 'INSTALLED_APPS = [\n    "mine",'),
    "an attribute": (2, PAGE, '<form id="chat-form">', '<form id="chat-form" class="wide">'),
    "no docstring": (5, CONSUMER, '    """One window in one room."""\n', ""),
    "a parameter": (5, CONSUMER, "disconnect(self, code)", "disconnect(self, close_code)"),
    "types": (5, CONSUMER, "disconnect(self, code)", "disconnect(self, code: int) -> None"),
    "imports": (
        7,
        "chat/views.py",
        ".forms import RoomForm, SignUpForm",
        "chat.forms import (\n    SignUpForm,\n    RoomForm,\n)",
    ),
    "two statements": (
        7,
        CONSUMER,
        "return self.close(code=LOGGED_OUT)",
        "self.close(code=LOGGED_OUT)\n            return",
    ),
    "one moves a word": (
        4,
        CONSUMER,
        MESSAGE,
        MESSAGE[11:].replace("message})", 'message["message"]})'),
    ),
    "another test": (8, CONSUMER, "if self.room is None:", "if not self.room:"),
    "braces": (4, SCRIPT, "WebSocket.OPEN) return;", "WebSocket.OPEN) {\n    return;\n  }"),
    "a line in three": (4, SCRIPT, SEND, SEND.replace("(J", "(\n    J").replace("})", "}),\n  ")),
    "an argument": (4, SCRIPT, "(event) => {\n  event.", "(e) => {\n  e."),
    "a time zone": (1, SETTINGS, 'default="UTC"', 'default="Europe/Berlin"'),
    "a call by place": (7, CONSUMER, "close(code=LOGGED_OUT)", "close(LOGGED_OUT)"),
    "another form": (
        3,
        "config/asgi.py",
        SET_DEFAULT,
        SET_DEFAULT.replace(".setdefault(", "[").replace('", "', '"] = "').rstrip(")"),
    ),
}
"""Chapter, file, what the text has, and what one may have in its place."""


@pytest.mark.parametrize("number, file, old, new", OWN.values(), ids=OWN)
def test_something_of_ones_own_is_met_with_silence(number, file, old, new, tmp_path):
    folder = stage(number, tmp_path)
    change(folder, file, old, new)
    assert quiet(number, folder) is None
    assert nearest(number, stage(number, folder)).kind == "none"


RENAMED = {
    "a class": (4, "ChatConsumer", "Talk", CONSUMER, "chat/routing.py"),
    "an attribute": (5, "self.group", "self.inside", CONSUMER),
    "an event and its handler": (5, "chat.message", "say.it", CONSUMER),
    "a test": (
        6,
        "test_nobody_else_hears_it",
        "test_others_hear_nothing",
        "tests/test_consumer.py",
    ),
    "a variable of a script": (4, "socket", "phone", SCRIPT),
}


@pytest.mark.parametrize(
    "number, old, new, files", [(*r[:3], r[3:]) for r in RENAMED.values()], ids=RENAMED
)
def test_what_is_called_otherwise_everywhere_is_no_difference(number, old, new, files, tmp_path):
    folder = stage(number, tmp_path)
    for file in files:
        text = (folder / file).read_text("utf-8")
        for one, other in ((old, new), (old.replace(".", "_"), new.replace(".", "_"))):
            text = text.replace(one, other)
        (folder / file).write_text(text, "utf-8")
    assert quiet(number, folder) is None
    assert nearest(number, folder).kind == "none"
    change(folder, files[0], new, old)
    if "test_" not in old:
        assert quiet(number, folder) is not None, "called otherwise in one place only"


def test_beside_something_of_ones_own_a_slip_is_still_told(tmp_path):
    folder = stage(8, tmp_path)
    change(folder, "chat/models.py", "class Message(", "class Mine:\n    x = 1\n\n\nclass Message(")
    change(folder, "chat/consumers.py", "if self.room is None:", "if not self.room:")
    change(
        folder,
        "chat/consumers.py",
        "return self.close(code=NOT_FOUND)",
        "self.close(code=NOT_FOUND)",
    )
    for found in (nearest(8, folder), quiet(8, folder)):
        assert "(without `return`)" in found.sentence


# What is never told, and what never goes wrong


def test_no_value_of_the_owners_is_told(tmp_path):
    folder = stage(8, tmp_path)
    (folder / ".env").write_text("SECRET_KEY=s3cret\nDEBUG=True\n", "utf-8")
    assert nearest(8, folder).kind == "none" and quiet(8, folder) is None
    change(folder, ".env.example", "DATABASE_URL=sqlite:///db.sqlite3", "DATABASE_UR=s3cret")
    change(
        folder,
        "config/settings.py",
        'SECRET_KEY = env("SECRET_KEY", default="")',
        'SECRET_KEY = "s3cret"',
    )
    for number in (1, 5, 8):
        for found in (nearest(number, folder), quiet(number, folder)):
            assert found is None or "s3cret" not in found.sentence


GARBAGE = {
    "nothing": b"",
    "no Python": b"def (:\n",
    "no text": bytes(range(256)) * 50,
    "zeros": b"\0" * 1000,
    "UTF-16": "x = 1\n".encode("utf-16"),
    "too much": b"x = 1\n" * 20_000,
    "many lines": b"}\n" * 9_000,
    "brackets": b"(" * 2_000,
    "a deep list": b"x = " + b"[" * 90 + b"]" * 90,
    "tags": b"<a {% x %}" * 500,
    "a long sum": b"x = " + b"+".join([b"1"] * 3_000),
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_whatever_a_file_holds_there_is_no_error(content, tmp_path):
    folder = stage(9, tmp_path)
    for file in (
        "chat/consumers.py",
        "chat/static/chat/room.js",
        "templates/chat/room.html",
        "Pipfile",
    ):
        right = (folder / file).read_bytes()
        (folder / file).write_bytes(content)
        nearest(9, folder, "Refuse with a sentence")
        quiet(9, folder)
        (folder / file).write_bytes(right)


def test_a_file_that_cannot_be_read_is_left_out_and_nothing_is_claimed(tmp_path):
    folder = stage(5, tmp_path)
    (folder / "chat/consumers.py").write_text("def (:\n", "utf-8")
    assert nearest(5, folder) is None and quiet(5, folder) is None
    change(folder, "config/settings.py", "= 1000", "= 10")
    assert nearest(5, folder).file == "config/settings.py"


def test_a_folder_that_is_empty_or_something_else_is_no_error(tmp_path):
    assert nearest(4, tmp_path).kind == "pending"
    (tmp_path / "chat").write_text("no folder", "utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/asgi.py").mkdir()
    nearest(4, tmp_path)
    assert quiet(4, tmp_path) is None


def test_line_ends_and_a_byte_order_mark_are_no_difference(tmp_path):
    folder = stage(5, tmp_path)
    for file in ("chat/consumers.py", "chat/static/chat/room.js"):
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert nearest(5, folder).kind == "none" and quiet(5, folder) is None
