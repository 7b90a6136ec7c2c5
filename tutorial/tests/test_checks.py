"""What the checks promise: right work passes, everything else gets words, and gets them soon."""

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console

from tutorial import checks
from tutorial.checking.places import is_given
from tutorial.checking.recognise import COMMON, explain
from tutorial.checking.run import checks_file, read_steps, run_checks
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.mistakes import make_mistake, mistakes
from tutorial.course.stages import stage_before
from tutorial.environment import ROOT
from tutorial.reader.asking import look, wanted

from .conftest import finished

CHECKED = [c for c in COURSE if checks_file(c).is_file()]
MISTAKES = [
    pytest.param(c, mistake, id=f"{c.name}-{mistake['name']}", marks=pytest.mark.slow)
    for c in CHECKED
    for mistake in mistakes(c)
]
ECHO = 4

chapters = pytest.mark.parametrize("of", CHECKED, ids=lambda of: of.name)


def stage(number, folder):
    """The folder of a reader who has done chapter `number`."""
    shutil.copytree(finished(number), folder / "my-chat")
    return folder / "my-chat"


def check(number, folder, **options):
    """Check a folder; what it holds is the same afterwards, and each step was announced."""
    before, begun = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}, []
    report = run_checks(number, folder, begins=begun.append, **options)
    assert begun == report.steps[: len(begun)]
    assert len(begun) == len(report.steps) or not report.green
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert "Traceback" not in (report.problem or "")
    return report


def told(report):
    """All that is known about a report, for a test that fails."""
    return f"{report.open}\n{report.problem}\n{report.details}\n{report.log[-3000:]}"


@chapters
def test_the_stage_passes(of, tmp_path):
    report = check(of.number, stage(of.number, tmp_path))
    assert report.green, told(report)
    assert report.kept == [step.name for step in report.steps], "a step was left out"


@chapters
def test_the_stage_before_fails_with_a_step_that_has_a_heading(of, tmp_path):
    report = check(of.number, stage(stage_before(of.number), tmp_path))
    assert not report.green
    assert report.problem


@chapters
def test_a_differently_written_right_answer_passes(of, tmp_path):
    folder = stage(of.number, tmp_path)
    shutil.copytree(of.folder / "another", folder, dirs_exist_ok=True)
    report = check(of.number, folder)
    assert report.green, told(report)


@pytest.mark.parametrize("of, mistake", MISTAKES)
def test_a_known_mistake_is_recognised(of, mistake, tmp_path):
    folder = stage(of.number, tmp_path)
    make_mistake(mistake, folder)
    report = check(of.number, folder)
    assert not report.green
    for word in mistake["words"]:
        assert word in report.problem, told(report)
    for word in mistake.get("blames", []):
        assert word not in report.problem, told(report)
    for file in re.findall(r"([\w./-]+\.(?:py|js|html)), line", report.problem):
        assert not is_given(folder, file), f"a given file is blamed:\n{told(report)}"
    if not {"elsewhere", "command"} & set(mistake):
        assert mistake["symptom"] in report.log, f"the symptom is another:\n{report.log[-2000:]}"


@chapters
def test_a_chapter_knows_at_least_four_mistakes(of):
    known = mistakes(of)
    assert len(known) >= 4
    assert len({mistake["name"] for mistake in known}) == len(known)
    for mistake in known:
        assert mistake["words"] and mistake["symptom"] and mistake["cause"] and mistake["cure"]


@chapters
def test_each_step_belongs_to_a_heading_of_the_text_and_says_what_is_seen(of):
    headings = re.findall(r"^#+ (.+)$", of.readme.read_text("utf-8"), re.MULTILINE)
    for step in read_steps(of):
        assert step.heading in headings, step.name
        assert step.see and step.hint, step.name


@chapters
def test_another_has_only_files_that_differ(of):
    from tutorial.course.stages import stage_files

    files = stage_files(of.number)
    for path in (of.folder / "another").rglob("*"):
        name = path.relative_to(of.folder / "another").as_posix()
        if path.is_file() and name in files and "__pycache__" not in path.parts:
            assert path.read_bytes() != files[name].read_bytes(), name


def test_checks_import_nothing_of_the_project():
    for of in CHECKED:
        for node in ast.walk(ast.parse(checks_file(of).read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] in ("chat", "config", "tests")]


# Folders in any state


@pytest.fixture
def inside_the_repository():
    """An empty folder in the repository, whose settings and manage.py are not far."""
    folder = ROOT / "tutorial" / f"empty-{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@chapters
def test_an_empty_folder_passes_nothing(of, tmp_path, inside_the_repository):
    for folder in (tmp_path, inside_the_repository):
        report = check(of.number, folder)
        assert not report.green and report.kept == []
        assert report.problem


def test_a_folder_with_only_the_course_tool_in_reach_cannot_borrow_its_project(
    inside_the_repository,
):
    shutil.copy(ROOT / "manage.py", inside_the_repository)
    report = check(ECHO, inside_the_repository)
    assert not report.green and report.kept == []
    assert "no module config" in report.problem


NOTE = "from django.db import models\nclass Note(models.Model):\n    pass\n"
LOOP = "while True:\n    pass\n"
SETTINGS, CONSUMERS = "config/settings.py", "chat/consumers.py"
BROKEN = {
    "no manage.py": ("manage.py", None, ["no manage.py"]),
    "no .env": (".env", None, ["SECRET_KEY", ".env.example"]),
    "a syntax error": (CONSUMERS, "class Chat(\n", ["chat/consumers.py", "line 1"]),
    "a syntax error in the settings": (SETTINGS, "x = = 1\n", ["config/settings.py, line 1"]),
    "an empty manage.py": ("manage.py", "", ["manage.py"]),
    "a loop in the settings": (SETTINGS, LOOP, ["config/settings.py", "for ever"]),
    "a loop in the consumers": (CONSUMERS, LOOP, ["chat/consumers.py", "line 1"]),
    "a loop in a handler": (
        CONSUMERS,
        ("message = json", "while True:\n            pass\n        message = json"),
        ["chat/consumers.py", "never ends"],
    ),
    "waiting for ever": (SETTINGS, "import time\ntime.sleep(1e6)\n", ["config/settings.py"]),
    "os._exit": (SETTINGS, "import os\nos._exit(0)\n", ["ends by itself"]),
    "os._exit in a handler": (
        CONSUMERS,
        ("message = json", "import os; os._exit(0)\n        message = json"),
        ["closed the connection"],
    ),
    "sys.exit": (SETTINGS, "import sys\nsys.exit()\n", ["ends by itself"]),
    "a wrong setting": (
        SETTINGS,
        ('"django.contrib.sessions",', '"django.contrib.sesions",'),
        ["django.contrib.sesions"],
    ),
    "a name that is not defined": (SETTINGS, ("env.bool(", "envv.bool("), ["line", "envv"]),
    "hosts that leave this machine out": (
        ".env",
        ("ALLOWED_HOSTS=127.0.0.1,localhost", "ALLOWED_HOSTS=example.com"),
        ["ALLOWED_HOSTS", "127.0.0.1"],
    ),
    "DEBUG off": (".env", ("DEBUG=on", "DEBUG=off"), ["DEBUG", ".env"]),
    "UTF-16 .env": (".env", "SECRET_KEY=x\n".encode("utf-16"), [".env", "UTF-8"]),
    "Latin-1 source": (CONSUMERS, "# é\n".encode("latin-1"), ["chat/consumers.py", "UTF-8"]),
    "null bytes": (CONSUMERS, b"x = 1\0\n", ["chat/consumers.py"]),
    "a failing import": (CONSUMERS, "import chanels\n", ["chanels", "chat/consumers.py"]),
    "a missing name": ("chat/routing.py", "urlpatterns = []\n", ["websocket_urlpatterns"]),
    "a missing migration": (
        "chat/models.py",
        ("import AbstractUser", f"import AbstractUser\n{NOTE}"),
        ["makemigrations"],
    ),
    "a missing template": ("templates/chat/room.html", None, ["chat/room.html", "templates"]),
    "an exception in the server": (
        CONSUMERS,
        ("message = json", "1 / 0\n        message = json"),
        ["chat/consumers.py, line 15", "ZeroDivisionError"],
    ),
    "no application": ("config/asgi.py", "x = 1\n", ["application"]),
    "much output": (SETTINGS, ("import environ", "print('x' * 5_000_000)\nimport environ"), []),
}
QUICK = ("no manage.py", "a syntax error", "UTF-16 .env", "os._exit")


def spoil(folder, name, content):
    """Break a file: remove it, write it, or replace a text in it."""
    file = folder / name
    if content is None:
        file.unlink()
    elif isinstance(content, tuple):
        text = file.read_text("utf-8")
        assert content[0] in text, "the test no longer finds what it breaks"
        file.write_text(text.replace(*content), "utf-8")
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(
    "state", [s if s in QUICK else pytest.param(s, marks=pytest.mark.slow) for s in BROKEN]
)
def test_a_broken_folder_is_answered_in_words_within_ten_seconds(state, tmp_path):
    name, content, words = BROKEN[state]
    folder = stage(ECHO, tmp_path)
    spoil(folder, name, content)
    began = time.monotonic()
    report = run_checks(ECHO, folder)
    assert time.monotonic() - began < 10
    if not words:
        assert report.green, told(report)
        return
    assert not report.green
    for word in words:
        assert word in report.problem, told(report)
    assert "Traceback" not in report.problem and len(report.problem) < 600
    assert str(tmp_path) not in report.problem


def test_an_error_that_nobody_foresaw_is_told_with_its_place(tmp_path):
    output = (
        f'Traceback (most recent call last):\n  File "{tmp_path}/chat/views.py", line 7, in get\n'
        "    odd()\nchat.views.OddError: something odd\n"
    )
    said = explain(output, tmp_path, [])
    assert said == "chat/views.py, line 7 raises OddError: something odd"


def test_the_common_sentences_can_all_be_filled_in(tmp_path):
    for pattern, sentence in COMMON:
        groups = ["x"] * re.compile(pattern).groups
        assert sentence.format(*groups, place="here")


# The commands


def call(*arguments, folder=ROOT):
    """Call the command line; return its exit code and all that it printed."""
    command = f"import sys; sys.path[0] = {str(ROOT)!r}; from tutorial.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def test_check_ticks_off_and_names_the_heading_of_the_first_open_step(tmp_path):
    folder = stage(ECHO, tmp_path)
    spoil(folder, CONSUMERS, ('["message"]', '["massage"]'))
    code, said = call("check", str(ECHO), "--workspace", str(folder), "--hint")
    assert code == 1
    assert "✓ Say who answers, and where" in said
    assert "✗ Send it back" in said
    assert "Read: Send it back" in said and "README.md" in said
    assert "When it is done:" in said and "Hint:" in said
    assert "Traceback" not in said


def test_check_remembers_the_steps_in_the_progress_file_only(tmp_path):
    folder = stage(ECHO, tmp_path)
    progress = {"chapter": ECHO, "course": str(ROOT)}
    (folder / ".tutorial.json").write_text(json.dumps(progress))
    before = sorted(folder.rglob("*"))
    chosen, number = wanted(None, folder)
    assert (chosen, number) == (folder.resolve(), ECHO)
    report = look(chosen, number, Console(quiet=True))
    assert sorted(folder.rglob("*")) == before
    saved = json.loads((folder / ".tutorial.json").read_text())
    assert saved["done"] == [ECHO] and saved["steps"] == report.kept


@pytest.mark.parametrize("arguments", [["x"], ["99"], ["4", "--workspace", "nowhere"], []])
def test_a_wrong_request_gets_a_sentence(arguments, tmp_path):
    code, said = call("check", *arguments, folder=tmp_path)
    assert code == 1
    assert "Traceback" not in said and said.strip()


def test_the_step_that_is_open_is_the_one_whose_section_shows_the_wrong_file(tmp_path):
    folder = stage(2, tmp_path)
    text = (folder / "chat/urls.py").read_text()
    (folder / "chat/urls.py").write_text(text.replace("RoomView.as_view()", "RoomView"))
    report = check(2, folder)
    assert "chat/urls.py" in report.problem, told(report)
    assert report.open.heading == "A page for each room", told(report)


# watch


@pytest.mark.slow
def test_watch_answers_a_save_without_a_terminal(run, tmp_path):
    folder = stage(ECHO, tmp_path)
    (folder / ".tutorial.json").write_text(json.dumps({"chapter": ECHO, "course": str(ROOT)}))
    command = f"import sys; sys.path[0] = {str(ROOT)!r}; from tutorial.cli import main; main()"
    watch = run([sys.executable, "-u", "-c", command, "watch"], folder)
    watch.read_until("All of it is done")
    watch.read_until("Ctrl-C ends")
    saved = time.monotonic()
    spoil(folder, CONSUMERS, "class Chat(\n")
    watch.read_until("chat/consumers.py, line 1")
    assert time.monotonic() - saved < 3
    watch.read_until("Edit:")
    watch.end(signal.SIGTERM)
    assert "Traceback" not in watch.output


def test_the_interface_for_writers_is_described(tmp_path):
    for name in ("get", "Visitor", "open_socket", "handshake", "project", "open_page"):
        assert hasattr(checks, name) and name in checks.__doc__
    assert chapter(ECHO) in CHECKED
