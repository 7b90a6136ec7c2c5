"""What a learner's folder promises: it works at once, and nothing of theirs is ever lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tutorial.checking.run import read_steps
from tutorial.course.chapters import CHAPTERS, COURSE, chapter
from tutorial.course.stages import given_files, stage_files
from tutorial.environment import INSIDE, PYTHON, Trouble
from tutorial.reader import shells, workspace
from tutorial.reader.workspace import (
    find_workspace,
    go_on,
    open_workspace,
    read_progress,
    record,
    start,
    undo,
)

from .conftest import BASE_PYTHON, ROOT, copy_checkout, plain_variables

TUTORIAL = [BASE_PYTHON, "-m", "tutorial"]
UNREACHABLE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
OFFLINE = UNREACHABLE | {"NO_PROXY": "", "no_proxy": "", "PIP_CONFIG_FILE": os.devnull}
ITS_OWN = {"tutorial.py", ".tutorial.json", ".venv"}


def call(command, folder, **variables):
    """Run a command as a learner in a folder; return the exit code and what it printed."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=plain_variables(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.returncode, done.stdout


def tool(*arguments, root=ROOT, folder=None):
    """Call the tool of the checkout at `root` with this Python."""
    return call([sys.executable, "-c", INSIDE, root, *arguments], folder or root)


def content(folder):
    """The files in a folder: path → bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def expected(*lots):
    return {name: path.read_bytes() for files in lots for name, path in files.items()}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder in which chapter 6 begins, at a place with an unusual name."""
    return start(6, tmp_path_factory.mktemp("work") / "ein ordner 雑").folder


@pytest.fixture
def mine(prepared, tmp_path):
    """A copy of it to try things on: a moved folder, that is."""
    return shutil.copytree(prepared, tmp_path / "noch ein ordner 談")


# start


def test_chapter_1_begins_with_what_it_gives_and_a_pipfile_of_its_own(tmp_path):
    code, output = tool("start", "1", tmp_path / "my-chat")
    assert code == 0, output
    assert str(tmp_path / "my-chat") in output
    assert "pipenv shell" not in output  # chapter 1 says when
    found = content(tmp_path / "my-chat")
    given = expected(given_files(1))
    assert {name: found[name] for name in given} == given
    assert found.keys() - given.keys() == {"Pipfile", *ITS_OWN}
    assert b"[packages]" in found["Pipfile"] and b"://" not in found["Pipfile"]


def test_a_chapter_begins_as_the_one_before_ended_with_env_file_and_database(prepared):
    found = content(prepared)
    files = expected(stage_files(5), given_files(6))
    assert {name: found[name] for name in files} == files
    assert found.keys() - files.keys() == {".env", "db.sqlite3", *ITS_OWN}
    code, output = call([PYTHON, "manage.py", "migrate", "--check"], prepared)
    assert code == 0, output
    assert find_workspace(prepared / "chat") == prepared
    assert read_progress(prepared).chapter == 6


def test_every_chapter_begins_with_a_project_that_starts(tmp_path):
    failing = []
    for number in (each.number for each in COURSE if each.has_stage and each.number > 1):
        folder = tmp_path / str(number)
        for files in (stage_files(chapter(number).builds_on), given_files(number)):
            workspace.write_files(files, folder)
        variables = {"SECRET_KEY": "for-this-test", "DEBUG": "on"}
        code, output = call([sys.executable, "manage.py", "check"], folder, **variables)
        if code:
            failing.append(f"chapter {number}: {output.strip().splitlines()[-1]}")
    assert failing == []


def test_work_that_is_there_is_moved_aside_and_the_answer_says_where(tmp_path):
    folder = tmp_path / "my-chat"
    for number in (1, 2):
        start(1, folder)
        (folder / "mine.py").write_text(f"# {number}")
    code, output = tool("start", "2", folder, folder=folder)
    assert code == 0, output
    assert f"now in {tmp_path / 'my-chat-2'}" in output
    assert "Your terminal is still in the folder that was moved" in output
    assert (tmp_path / "my-chat-1" / "mine.py").read_text() == "# 1"
    assert (tmp_path / "my-chat-2" / "mine.py").read_text() == "# 2"
    assert not (folder / "mine.py").exists()


def test_an_empty_folder_is_used_as_it_is(tmp_path):
    started = start(1, tmp_path)
    assert started.folder == tmp_path and started.moved_to is None


def test_nothing_is_made_in_around_or_instead_of_the_repository(tmp_path):
    (tmp_path / "link").symlink_to(ROOT)
    for folder in (ROOT, ROOT / "x", tmp_path / "link" / "x", ROOT.parent, Path.home(), Path("/")):
        code, output = tool("start", "2", folder)
        assert code == 1 and "Traceback" not in output
        assert "course" in output or "no place for it" in output
    assert not (ROOT / "x").exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [("0", "no chapter"), ("17", "no chapter"), ("x", "no chapter"), ("1.2", "still to come")],
)
def test_a_wrong_number_gets_a_sentence(tmp_path, number, words):
    code, output = tool("start", number, tmp_path / "new")
    assert code == 1 and words in output and "Traceback" not in output
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    code, output = tool("start", "1", tmp_path / "file" / "new")
    assert code == 1 and "could not be made" in output and "Traceback" not in output


# In the folder


def test_the_tool_answers_there_and_shows_where_one_is(mine):
    record(mine, 5, [], done=True)
    steps = read_steps(chapter(6))
    record(mine, 6, [step.name for step in steps if step.heading == steps[0].heading], done=False)
    code, output = call([*TUTORIAL, "list"], mine, **OFFLINE)
    assert code == 0, output
    lines = {line.split()[2]: line for line in output.splitlines() if line[:1] in "✓→" and line}
    assert lines["tests"][0] == "→" and lines["groups"][0] == "✓"
    assert f"Done in it: {steps[0].heading}" in output and str(chapter(6).readme) in output
    assert "hours for the chapters that are written" in output
    code, output = call([*TUTORIAL, "list", "--json"], mine / "chat", PYTHONPATH=str(mine))
    assert [c["number"] for c in json.loads(output) if c["under_way"]] == [6]
    assert call([BASE_PYTHON, "tutorial.py", "list"], mine)[0] == 0


def test_pipenv_runs_the_project_there_at_once_and_without_a_network(mine):
    pipenv = [PYTHON, "-m", "pipenv", "run", "python"]
    where = "import sys, django, environ; print(sys.prefix)"
    code, output = call([*pipenv, "-c", where], mine, **OFFLINE)
    assert code == 0, output
    assert output.strip().endswith(str(ROOT / ".venv"))
    code, output = call([*pipenv, "manage.py", "check"], mine, **OFFLINE)
    assert code == 0 and "no issues" in output, output
    assert "ein ordner 雑" not in output


def test_pipenv_does_not_take_a_pipfile_from_above_in_chapter_1(tmp_path):
    (tmp_path / "Pipfile").write_text("[packages]\n")
    start(1, tmp_path / "my-chat")
    code, output = call([PYTHON, "-m", "pipenv", "--where"], tmp_path / "my-chat", **OFFLINE)
    assert code == 0 and output.strip().endswith("my-chat"), output


def test_when_the_course_was_moved_the_folder_says_so_and_how_to_go_on(mine, tmp_path):
    progress = read_progress(mine)
    progress.course = str(tmp_path / "gone")
    workspace.write_progress(mine, progress)
    launcher = mine / "tutorial.py"
    launcher.write_text(launcher.read_text("utf-8").replace(str(ROOT), progress.course), "utf-8")
    (mine / ".venv").write_text(f"{tmp_path / 'gone' / '.venv'}\n")
    code, output = call([*TUTORIAL, "list"], mine)
    assert code == 1 and "not at" in output and "Traceback" not in output
    assert f'list --workspace "{mine}"' in output
    assert tool("list", "--workspace", mine)[0] == 0
    code, output = call([*TUTORIAL, "list"], mine)
    assert code == 0 and "You are in chapter 6" in output
    assert (mine / ".venv").read_text("utf-8").strip() == str(ROOT / ".venv")


def test_the_folder_of_a_course_with_an_unusual_name(tmp_path):
    root = copy_checkout(tmp_path / "der kurs “雑”")
    code, output = tool("start", "1", root=root)
    assert code == 0, output
    mine = tmp_path / "my-chat"
    launcher = (mine / "tutorial.py").read_text("utf-8")
    made = compile(launcher, "tutorial.py", "exec")
    names = {"__name__": "tutorial"}
    exec(made, names)
    assert names["COURSE"] == str(root) and names["TOOL"].is_file()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"chapter": 99, "course": ""}', "\ufffd\0"])
def test_a_progress_file_that_is_broken_is_a_sentence(mine, text):
    (mine / ".tutorial.json").write_text(text, "utf-8")
    for command in (["list"], ["next"]):
        code, output = tool(*command, folder=mine)
        assert code == 1 and "can't be understood" in output and "Traceback" not in output


def test_elsewhere_next_says_what_to_do(tmp_path):
    code, output = tool("next", folder=tmp_path)
    assert code == 1 and "start 1" in output and "Traceback" not in output


# next


def test_next_lays_in_what_is_missing_or_unchanged_and_nothing_else(mine):
    before = content(mine)
    (mine / "chat" / "views.py").write_text("# mine")
    code, output = tool("next", folder=mine)
    assert code == 0, output
    given = expected(given_files(7))
    after = content(mine)
    assert {name: after[name] for name in given} == given
    assert after["chat/views.py"] == b"# mine"
    untouched = before.keys() - given.keys() - {"chat/views.py", ".tutorial.json"}
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}
    assert not [name for name in after if name.endswith(".given")]
    assert "In chapter 6 a step is open" in output, "it has looked again"
    assert str(CHAPTERS.name) in output and "You are in chapter 7 now" in output
    assert read_progress(mine).chapter == 7


def test_next_overwrites_nothing_that_the_learner_changed(mine):
    own, name = "# mine\n", "tests/test_browser.py"
    (mine / name).write_text(own, "utf-8")
    record(mine, 6, [], done=True)
    code, output = tool("next", folder=mine)
    assert code == 0, output
    assert (mine / name).read_text("utf-8") == own
    assert (mine / f"{name}.given").read_bytes() == given_files(7)[name].read_bytes()
    assert f"{name}.given" in output and "\n-" in output and "\n+" in output
    assert f"Laid in {name}\n" not in output
    assert "When you last checked it" not in output


def test_what_a_learner_typed_as_the_text_says_is_taken_for_unchanged(mine):
    typed = stage_files(6)
    for name in given_files(7).keys() & typed.keys():
        shutil.copy(typed[name], mine / name)
    continued = go_on(mine)
    assert set(continued.laid) == set(given_files(7)) and continued.beside == {}


def test_next_ends_at_the_last_chapter(mine):
    progress = read_progress(mine)
    progress.chapter = max(each.number for each in COURSE if each.has_stage)
    workspace.write_progress(mine, progress)
    with pytest.raises(Trouble, match="last chapter"):
        go_on(mine)
    code, output = tool("next", folder=mine)
    assert code == 0 and "the last one that is written" in output


def test_diff_there_begins_at_the_learners_files(mine):
    (mine / "chat" / "routing.py").write_text("# mine\n")
    (mine / "notes.txt").write_text("mine")
    code, output = tool("diff", "6", folder=mine)
    assert code == 0 and "--- yours/chat/routing.py" in output and "-# mine" in output
    assert "notes.txt" not in output and "chat/consumers.py" not in output
    assert tool("diff", "6", "--workspace", mine)[1] == output


def test_progress_is_kept_in_one_go(mine):
    record(mine, 6, ["one", "two"], done=True)
    record(mine, 4, ["other"], done=True)
    record(mine, 4, [], done=False)
    progress = open_workspace(mine)[1]
    assert (progress.steps, progress.done) == (["one", "two"], [4, 6]), "what is done stays done"
    assert not list(mine.glob("*.new"))
    assert os.access(mine / ".tutorial.json", os.W_OK)


# What is taken back


def bytes_of(folder):
    """All files of a folder but the progress file, with their bytes."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".tutorial.json"
    }


def test_undo_takes_next_back_byte_for_byte(mine):
    name = "tests/test_browser.py"
    (mine / name).write_bytes(b"# mine \xc3\xa9\r\n")
    record(mine, 6, [], done=True)
    before, progress = bytes_of(mine), read_progress(mine)
    continued = go_on(mine)
    assert name in continued.beside and bytes_of(mine) != before
    undone = undo(mine)
    assert bytes_of(mine) == before and read_progress(mine) == progress
    assert "chapter 7" in undone.what and undone.beside == []
    with pytest.raises(Trouble, match="nothing to take back"):
        undo(mine)


def test_undo_loses_nothing_that_was_written_since(mine):
    record(mine, 6, [], done=True)
    laid = go_on(mine).laid[0]
    there = bytes_of(mine)
    (mine / laid).write_bytes(b"mine, and later")
    undone = undo(mine)
    assert (mine / laid).read_bytes() == b"mine, and later"
    for name in undone.beside:
        assert name.endswith(".before") and name.removesuffix(".before") in there
    assert read_progress(mine).chapter == 6 and read_progress(mine).done == [6]


def test_what_a_reader_typed_stays_beside_what_replaces_it(mine):
    name = "tests/test_consumer.py"
    typed = stage_files(6)[name].read_bytes()
    (mine / name).parent.mkdir(exist_ok=True)
    (mine / name).write_bytes(typed)
    record(mine, 6, [], done=True)
    code, output = tool("next", folder=mine)
    assert code == 0 and f"Replaced {name}. Yours is now in {name}.mine" in output
    assert (mine / f"{name}.mine").read_bytes() == typed


def test_undo_after_start_brings_back_what_was_there(mine):
    (mine / "notes.txt").write_text("mine")
    before = bytes_of(mine)
    started = start(1, mine)
    assert started.moved_to and "notes.txt" not in bytes_of(mine)
    undo(mine)
    assert bytes_of(mine) == before and read_progress(mine).chapter == 6


def test_start_leaves_an_untouched_folder_as_it_is(mine):
    before = {path: path.stat().st_mtime_ns for path in mine.rglob("*")}
    assert not start(6, mine).new
    assert before == {path: path.stat().st_mtime_ns for path in mine.rglob("*")}
    (mine / "chat" / "routing.py").write_text("# mine\n")
    assert start(6, mine).new


def test_start_asks_before_it_moves_what_is_not_the_courses(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat.png").write_bytes(b"cat")
    questions = []
    with pytest.raises(Trouble, match="--yes"):
        start(1, photos, lambda question: questions.append(question))
    assert bytes_of(photos) == {"cat.png": b"cat"} and "no folder of the course" in questions[0]
    assert start(1, photos, lambda question: True).moved_to.name == "photos-1"


def test_a_folder_begun_on_an_older_stage_is_taken_on_without_a_lost_line(mine):
    progress = read_progress(mine)
    assert workspace.course_changes(mine) == []
    progress.stage["chat/routing.py"] = "an older version"
    workspace.write_progress(mine, progress)
    assert workspace.course_changes(mine) == ["chat/routing.py"]
    before = content(mine)
    go_on(mine)
    after = content(mine)
    kept = before.keys() - given_files(7).keys() - {".tutorial.json"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert workspace.course_changes(mine) == []


# Commands that work where they are printed


@pytest.mark.parametrize("shell", ["bash", "fish", "sh", "dash", "zsh", "pwsh", "tcsh"])
def test_the_line_that_activates_works_in_the_shell_it_is_for(shell, tmp_path):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    where = "python -c 'import sys, pipenv; print(sys.prefix)'"
    line = f"{shells.activation(shell)}\n{where}\npipenv --version"
    flag = "-Command" if shell == "pwsh" else "-c"
    code, output = call([program, flag, line], tmp_path)
    assert code == 0, output
    assert str(PYTHON.parent.parent) in output and "pipenv, version" in output


def test_start_writes_what_vs_code_needs_once(tmp_path):
    folder = tmp_path / "my-chat"
    code, output = tool("start", "3", folder, "--vscode")
    assert code == 0 and "Made .vscode/settings.json" in output
    file = folder / ".vscode" / "settings.json"
    settings = json.loads(file.read_text("utf-8"))
    assert Path(settings["python.defaultInterpreterPath"]) == PYTHON
    assert settings["[python]"]["editor.codeActionsOnSave"]["source.organizeImports"] == "never"
    assert settings["files.autoSave"] == "off"
    file.write_text("{}")
    code, output = tool("start", "3", folder, "--vscode")
    assert code == 0 and "is there already, as it was made" in output, output
    assert "stays as it is" in output and file.read_text() == "{}"
    assert not (tmp_path / "my-chat-1").exists()


def test_a_path_that_means_something_to_a_shell_is_quoted():
    assert shells.quoted('/a $b/`c`/"d"', "bash") == '/a \\$b/\\`c\\`/\\"d\\"'
    assert shells.quoted("/a $b", "fish") == "/a \\$b"
    assert shells.quoted("C:\\a $b`", "pwsh") == "C:\\a `$b``"
    assert shells.activation("cmd").startswith('"') and "Activate.ps1" in shells.activation("pwsh")


def test_bare_it_says_where_you_are_and_how_to_go_on(mine):
    code, output = tool(folder=mine)
    assert code == 0
    assert (
        "Chapter 6, " in output and "The next step: " in output and "You last worked here" in output
    )
    assert "activate" in output and "-m tutorial watch" in output
    record(mine, 6, [], done=True)
    assert "-m tutorial next" in tool(folder=mine)[1]


def test_diff_needs_no_number_and_counts_no_blank_lines_nor_pipenvs_order(mine):
    stage = {
        name: source.read_text("utf-8")
        for name, source in stage_files(6).items()
        if name.endswith((".py", "Pipfile"))
    }
    for name, text in stage.items():
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text(text.replace("\n\n", "\n\n\n"), "utf-8")
    lines = stage["Pipfile"].splitlines()
    first = lines.index("[packages]")
    last = lines.index("", first) if "" in lines[first:] else len(lines)
    lines[first + 1 : last] = reversed(lines[first + 1 : last])
    (mine / "Pipfile").write_text("\n".join(lines) + "\n")
    code, output = tool("diff", folder=mine)
    assert code == 0 and "---" not in output, output
