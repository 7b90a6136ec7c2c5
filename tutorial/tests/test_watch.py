"""What `watch` promises: it obeys keys that are meant, and what it changes can be taken back."""

import contextlib
import json
import os
import queue
import shutil
import sys
import time

import pytest
from rich.console import Console

from tutorial.checking.run import Report, read_steps
from tutorial.course.chapters import chapter
from tutorial.course.stages import stage_before, stage_files
from tutorial.environment import Trouble
from tutorial.reader import watching, workspace
from tutorial.reader.files import file_to_edit
from tutorial.reader.hints import hints
from tutorial.reader.keys import Keyboard, meant
from tutorial.reader.watching import Watching, contents, reset, wait_until_it_parses
from tutorial.reader.workspace import Progress, read_progress, write_progress

from .conftest import ROOT, finished

ECHO = 4
CONSUMERS = "chat/consumers.py"


@pytest.fixture
def folder(tmp_path):
    """The folder of a reader who has done chapter 4, and is in it."""
    shutil.copytree(finished(ECHO), tmp_path / "my-chat")
    write_progress(tmp_path / "my-chat", Progress(ECHO, str(ROOT)))
    return tmp_path / "my-chat"


def snapshot(folder):
    """All files of a folder but the progress file, with their bytes."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".tutorial.json"
    }


class Said:
    """A Watching on a folder whose checks find what they are told to, and what it has said."""

    def __init__(self, folder, green):
        self.console = Console(width=200, record=True, quiet=False, file=open(os.devnull, "w"))
        self.looks, self.went = 0, []
        report = Report(chapter(ECHO), read_steps(chapter(ECHO)))
        if green:
            report.kept = [step.name for step in report.steps]
        else:
            report.kept, report.open = [], report.steps[0]
            report.problem = f"{CONSUMERS}, line 3 is odd."

        def look(console):
            self.looks += 1
            return report

        self.watching = Watching(
            folder,
            self.console,
            Keyboard(queue.Queue()),
            look,
            go_on=lambda: self.went.append("on"),
            show_course=lambda: None,
        )
        self.watching.check()

    def press(self, *keys):
        """Press keys; return what was said to that."""
        self.console.export_text()
        for key in keys:
            self.watching.obey("key", key)
        return self.console.export_text()


# Keys


class Press:
    """A key press, as Prompt Toolkit has it."""

    def __init__(self, key):
        self.key = key


def test_only_one_key_by_itself_is_meant():
    from prompt_toolkit.keys import Keys

    assert meant([Press("N")]) == "n"
    assert meant([Press(Keys.ControlM)]) == "enter"
    for stray in ([Press("n"), Press("r")], [Press(Keys.F3)], [Press(Keys.BracketedPaste)], []):
        assert meant(stray) is None
    assert meant([Press(Keys.Escape)]) is None and meant([Press("3")]) is None


def test_n_works_only_when_the_chapter_is_done_and_asks(folder):
    open_ = Said(folder, green=False)
    assert "is open" in open_.press("n") and not open_.watching.asked
    done = Said(folder, green=True)
    assert "Type yes" in done.press("n")
    assert "left as it is" in done.press("y", "x") and not done.went
    done.press("n", "y", "e", "s", "enter")
    assert done.went == ["on"]


def test_words_typed_into_the_wrong_window_change_nothing(folder):
    before = snapshot(folder)
    for green in (True, False):
        said = Said(folder, green)
        for line in (
            "clear",
            "python manage.py runserver",
            "git diff --summary",
            "ls -ry",
            "query",
        ):
            said.press(*("stray" if not c.isalpha() else c for c in line), "enter")
        assert said.went == [] and said.watching.goes_on in (True, False)
    assert snapshot(folder) == before


def test_a_solution_is_shown_only_when_asked_for_twice(folder, capsys):
    said = Said(folder, green=False)
    assert "once more" in said.press("s")
    assert "text" not in capsys.readouterr().out
    (folder / CONSUMERS).write_text("mine = 1\n")
    said.press("s")
    assert "-mine = 1" in capsys.readouterr().out


def test_hints_come_in_three_steps(folder):
    (folder / CONSUMERS).write_text(
        (folder / CONSUMERS).read_text().replace("        self.accept()\n", "        pass\n")
    )
    said = Said(folder, green=False)
    assert "Where:" in said.press("h")
    assert "What:" in said.press("h")
    third = said.press("h")
    assert "Nearly the line:" in third and "self.accept()" in third
    assert len(hints(said.watching.report, folder)) == 3
    assert hints(Said(folder, green=True).watching.report, folder) == []


@pytest.mark.parametrize("number", range(1, 12))
def test_every_step_has_three_hints(number, tmp_path):
    of = chapter(number)
    for step in read_steps(of):
        report = Report(of, read_steps(of), open=step, problem="It is not so yet.")
        found = hints(report, finished(stage_before(number)))
        assert [words.partition(":")[0] for words in found] == ["Where", "What", "Nearly the line"]
        assert all(len(words) > 25 for words in found), found


# Saves


def test_what_the_tool_writes_is_no_save(folder):
    said = Said(folder, green=False)
    said.watching.obey("save", "")
    assert said.looks == 1
    write_progress(folder, read_progress(folder))
    (folder / "chat" / "consumers.py.given").write_text("x")
    (folder / "db.sqlite3").write_bytes(b"")
    said.watching.obey("save", "")
    assert said.looks == 1
    (folder / CONSUMERS).write_text("x = 1\n")
    said.watching.obey("save", "")
    said.watching.obey("save", "")
    assert said.looks == 2


def test_a_file_that_does_not_parse_gets_a_moment(folder, monkeypatch):
    (folder / CONSUMERS).write_text("class Chat(\n")
    monkeypatch.setattr(watching, "WAITING", 0.3)
    began = time.monotonic()
    wait_until_it_parses(folder)
    assert time.monotonic() - began >= 0.3
    (folder / CONSUMERS).write_text("class Chat:\n    pass\n")
    monkeypatch.setattr(watching, "WAITING", 60)
    wait_until_it_parses(folder)  # at once


def test_contents_are_the_readers_work(folder):
    names = set(contents(folder))
    assert CONSUMERS in names and ".env" in names
    assert not {name for name in names if name.startswith((".tutorial", "db.", "tutorial.py"))}


# Reset, and undo


@pytest.mark.parametrize("name", [CONSUMERS, "config/asgi.py"])
def test_reset_gives_a_file_back_as_the_chapter_began_and_undo_takes_that_back(folder, name):
    (folder / name).write_text("mine = 'é'\r\n", newline="")
    before = snapshot(folder)
    said = reset(folder, ECHO, name)
    source = stage_files(stage_before(ECHO)).get(name)
    if source:
        assert (folder / name).read_bytes() == source.read_bytes()
    else:
        assert not (folder / name).exists()
    assert f"{name}.mine" in said and (folder / f"{name}.mine").read_bytes() == before[name]
    workspace.undo(folder)
    assert snapshot(folder) == before


def test_reset_of_what_is_as_it_was_says_so(folder):
    shutil.copyfile(stage_files(3)["config/asgi.py"], folder / "config/asgi.py")
    with pytest.raises(Trouble, match="as chapter 4 began"):
        reset(folder, ECHO, "config/asgi.py")


def test_the_file_to_edit_is_the_one_that_is_blamed_or_the_texts_first(folder):
    said = Said(folder, green=False)
    assert file_to_edit(said.watching.report, folder) == folder / CONSUMERS
    report = Report(chapter(ECHO), read_steps(chapter(ECHO)), problem="Nobody answers.")
    assert file_to_edit(report, finished(3)) == finished(3) / CONSUMERS


# In a terminal


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_stray_input_in_a_real_terminal_changes_nothing(folder):
    import pty
    import select

    command = f"import sys; sys.path[0] = {str(ROOT)!r}; from tutorial.cli import main; main()"
    before = snapshot(folder)
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, "-u", "-c", command, "watch"])
    output = b""

    def read_until(text, seconds=90.0):
        nonlocal output
        end = time.monotonic() + seconds
        while text not in output and time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):
                    output += os.read(terminal, 65536)
        assert text in output, output.decode(errors="replace")
        output = output.partition(text)[2]

    try:
        read_until(b"q quit")
        for stray in (
            *(b"\x1bOR", b"\x1b[13~", b"\x1b[A", b"\x1b", b"\t", "雑".encode()),
            *(b"clear\r", b"python manage.py runserver\r", b"n\r", b"yes\r", b"ry\r"),
            b"\x1b[200~python manage.py runserver\ryes\r\x1b[201~",
        ):
            os.write(terminal, stray)
            time.sleep(0.3)  # it comes in one go, and the next one in another
        os.write(terminal, b"l")
        read_until(b"You are in chapter 4")
        assert snapshot(folder) == before
        assert json.loads((folder / ".tutorial.json").read_text())["chapter"] == ECHO
        os.write(terminal, b"n")
        read_until(b"Type yes")
        for key in (b"y", b"e", b"s", b"\r"):
            os.write(terminal, key)
            time.sleep(0.2)
        read_until(b"You are in chapter 5")
        read_until(b"q quit")
        os.write(terminal, b"q")
        _, status = os.waitpid(child, 0)
        child = 0
        assert os.waitstatus_to_exitcode(status) == 0
    finally:
        if child:
            os.kill(child, 9)
            os.waitpid(child, 0)
        os.close(terminal)
    workspace.undo(folder)
    assert snapshot(folder) == before
