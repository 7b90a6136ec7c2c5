"""What the book promises: no block is stale, none is written by hand, and the text is enough."""

import os
import shutil
from pathlib import Path

import pytest

from tutorial.author import book, replay
from tutorial.author.book import BookError, CogError
from tutorial.course import source
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.mistakes import made, mistakes

WRITTEN = [c for c in COURSE if c.exists and "[[[cog" in c.readme.read_text("utf-8")]
ECHO = 4


def text(number=ECHO):
    return chapter(number).readme.read_text("utf-8")


@pytest.mark.parametrize("written", WRITTEN, ids=lambda c: c.name)
def test_every_block_is_fresh_and_who_follows_the_text_gets_the_stage(written):
    assert book.write_chapter(written.number, capture=False) == text(written.number)


@pytest.mark.slow
@pytest.mark.parametrize("written", WRITTEN, ids=lambda c: c.name)
def test_every_output_is_true(written):
    assert book.write_chapter(written.number, capture=True) == text(written.number)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda c: c.name)
def test_each_term_is_bold_once(written):
    lines = [line for line in text(written.number).splitlines() if not line.startswith("#")]
    prose = "\n".join(lines).lower().replace("\n", " ")
    for term in written.terms:
        found = [form for form in (term, term + "s") if f"**{form.lower()}**" in prose]
        assert len(found) == 1, f"{term} is not bold, or in two forms"
        assert prose.count(f"**{found[0].lower()}**") == 1, f"{term} is bold more than once"


def test_a_block_that_is_edited_by_hand_is_caught():
    edited = text().replace("self.accept()\n```", "self.accept()  # yes\n```", 1)
    assert edited != text()
    with pytest.raises(CogError, match="edited"):
        book.write_chapter(ECHO, capture=False, text=edited)


def test_an_output_that_is_edited_by_hand_is_caught_without_running_it():
    edited = text().replace("ValueError: No route found", "ValueError: No way found", 1)
    assert edited != text()
    with pytest.raises(CogError, match="edited"):
        book.write_chapter(ECHO, capture=False, text=edited)


def test_a_stale_block_is_caught_and_written_anew():
    stale = book.SUM.sub("", text()).replace("self.accept()\n```", "self.accept(  )\n```", 1)
    assert book.write_chapter(ECHO, capture=False, text=stale) == text()


def without(block):
    """The chapter's text without one block."""
    start = text().index(f"<!-- [[[cog {block}")
    end = text().index("\n", text().index("[[[end]]]", start))
    return text()[:start] + text()[end:]


@pytest.mark.parametrize(
    "block, missing",
    [
        ('book.show("config/asgi.py", start="from config.origin', "from config.origin import"),
        ('book.show("chat/routing.py")', "chat/routing.py"),
        ('book.show("chat/static/chat/room.js", start="const address', "new WebSocket"),
    ],
)
def test_what_the_text_forgets_is_named(block, missing):
    with pytest.raises(BookError, match="does not get the stage") as caught:
        book.write_chapter(ECHO, capture=False, text=without(block))
    assert missing in str(caught.value)


@pytest.mark.parametrize(
    "block, problem",
    [
        ('book.show("chat/nowhere.py")', "there is no chat/nowhere.py"),
        ('book.show("chat/consumers.py", "ChatConsumer.nothing")', "no ChatConsumer.nothing"),
        ('book.show("chat/consumers.py", start="no such")', "no line begins with"),
        ('book.show("config/settings.py")', "at most 40"),
        ('book.mistake("none")', "no such entry"),
        ("book.run(\"python -c 'raise SystemExit(3)'\")", "ended with 3"),
        ('book.remove("config/asgi.py", "no such line")', "0 times"),
    ],
)
def test_a_block_that_cannot_be_is_named(block, problem):
    broken = f"<!-- [[[cog {block} ]]] -->\n<!-- [[[end]]] -->\n"
    with pytest.raises(BookError, match="Chapter 4") as caught:
        book.write_chapter(ECHO, capture=False, text=broken)
    assert problem in str(caught.value)


def test_an_empty_file_has_no_box():
    empty = 'book.show("tests/__init__.py", place=", a new file that stays empty")'
    assert f"<!-- [[[cog {empty} ]]] -->\n\n**tests/__init__.py**, a new file" in text(6)
    assert "stays empty.\n\n<!-- [[[end]]]" in text(6)


def test_an_import_goes_where_it_needs_no_new_empty_line():
    assert "directly above `from channels.generic.websocket import WebsocketConsumer`" in text(5)
    assert "below `from chat.routing import websocket_urlpatterns" in text(4)


@pytest.fixture
def folder(tmp_path):
    """The reader's folder when chapter 4 is done."""
    from tutorial.course.project import make_env_file
    from tutorial.course.stages import write_stage

    write_stage(ECHO, tmp_path / "my-chat")
    make_env_file(tmp_path / "my-chat")
    return tmp_path / "my-chat"


def test_a_mistake_is_taken_back(folder):
    before = (folder / "chat/routing.py").read_bytes()
    entry = next(m for m in mistakes(chapter(ECHO)) if m["name"] == "no-as-asgi")
    with made(entry, folder):
        assert (folder / "chat/routing.py").read_bytes() != before
    assert (folder / "chat/routing.py").read_bytes() == before


def test_a_mistake_of_an_earlier_chapter_can_be_shown():
    block = 'book.mistake("wrong-address", command="python manage.py test tests.test_browser"'
    assert f"{block}, of={ECHO})" in text(6)
    with pytest.raises(BookError, match="no such entry"):
        broken = f"<!-- [[[cog {block}) ]]] -->\n<!-- [[[end]]] -->\n"
        book.write_chapter(6, capture=False, text=broken)


def test_an_output_is_the_same_at_every_run(tmp_path):
    lines = (
        '[21/Nov/2026 02:51:07] "GET / HTTP/1.1" 200 12\n',
        f'  File "{tmp_path}/chat/views.py", line 3, in get\n    x()\n    ^^^\n',
        "<function f at 0x7f3ac0ffee00>\nRan 3 tests in 0.123s\n",
    )
    shown = replay.stable("".join(lines), tmp_path)
    assert str(tmp_path) not in shown and "^" not in shown
    assert "my-chat/chat/views.py" in shown and "21/Jun/2026" in shown and "in …s" in shown


@pytest.mark.slow
def test_a_shell_session_shows_what_the_prompt_shows(folder):
    shown = replay.shell(folder, ("x = 20 + 1", "x * 2", "for n in range(2):\n    n"))
    assert shown.endswith(">>> x = 20 + 1\n>>> x * 2\n42\n>>> for n in range(2):\n...     n\n0\n1")


OLD = "import a\n\n\nclass A:\n    def one(self):\n        return 1\n"
NEW = """import a
import b

LIMIT = 3


class A:
    def one(self):
        return b.one

    def two(self):
        return LIMIT
"""


def test_parts_are_typed_where_they_belong_in_any_order():
    for order in (("LIMIT", "A.two", "A.one", "import b"), ("import b", "A.one", "A.two", "LIMIT")):
        typed = OLD
        for part in order:
            symbol = None if " " in part else part
            span = source.symbol_span(NEW, part) if symbol else source.range_span(NEW, part, None)
            typed = source.type_in(typed, NEW, span, symbol)
        assert typed == NEW


def test_a_decorator_and_a_comment_belong_to_a_symbol():
    code = "import a\n\n# Why.\n@a.b\ndef f():\n    pass\n"
    assert source.symbol_span(code, "f") == (2, 6)
    assert source.symbol_span("not python (", "f") is None


def test_no_module_keeps_cog_between_two_runs():
    for module in (book, replay, source):
        assert "import cog\n" not in Path(module.__file__).read_text("utf-8")


def test_writing_needs_no_network_and_leaves_the_repository_alone(tmp_path):
    before = {path: path.stat().st_mtime_ns for path in chapter(ECHO).folder.rglob("*")}
    book.write_chapter(ECHO, capture=False)
    assert before == {path: path.stat().st_mtime_ns for path in chapter(ECHO).folder.rglob("*")}
    assert shutil.which("git") is None or os.path.exists(chapter(ECHO).readme)
