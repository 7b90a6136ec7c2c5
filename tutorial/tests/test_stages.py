"""What the stages promise: each is a whole project, and no file of theirs is stored twice."""

import http.cookiejar
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

from tutorial.author.commits import Layers, Version, layers_of, plan, with_list
from tutorial.course.chapters import COURSE, PROJECT, chapter, read_details
from tutorial.course.project import settings_variables
from tutorial.course.stages import (
    build,
    drafts,
    given_files,
    read_text,
    stage_before,
    stage_diff,
    stage_files,
    typed_lines,
    write_stage,
)
from tutorial.environment import INSIDE, Trouble
from tutorial.reader.demo import PAGES_FROM, ROOMS_FROM, USERS, USERS_FROM

from .conftest import LATER, ROOT, copy_checkout, plain_variables

STAGES = [current.number for current in COURSE if current.has_stage]
NOT_THE_PROJECT = re.compile(r"(README\.md|CONTRIBUTING\.md|LICENSE|\.ci/.*|tutorial/.*)")
MOST_TYPED, MOST_TERMS = 150, 3

CHECK = """
import django
from django.core.management import call_command
django.setup()
call_command("check")
call_command("makemigrations", check=True, dry_run=True)
"""
FILL = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
from django.contrib.auth import get_user_model
user = get_user_model().objects.create_user("carol", password="a-password-for-a-test")
if {with_rooms}:
    from chat.models import Message, Room
    room = Room.objects.create(name="before")
    Message.objects.create(room=room, user=user, text="said before")
"""
LOOK = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
from django.contrib.auth import get_user_model
assert get_user_model().objects.get().check_password("a-password-for-a-test")
if {with_rooms}:
    from chat.models import Message
    (message,) = Message.objects.all()
    assert (message.room.name, message.text) == ("before", "said before")
    assert message.user.username == "carol"
"""


def project_files():
    """The files of this checkout that belong to the project, committed or not."""
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    return {
        name
        for name in names.split("\0")
        if name and (ROOT / name).is_file() and not NOT_THE_PROJECT.fullmatch(name)
    }


def python(folder, code):
    """Run code with the project in `folder`; return what it printed, fail when it fails."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=plain_variables(SECRET_KEY="for-this-test", **settings_variables(folder)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(root, *arguments):
    """Call the tool of the checkout at `root` with this Python; return exit code and output."""
    command = [sys.executable, "-c", INSIDE, str(root), *map(str, arguments)]
    done = subprocess.run(
        command, cwd=root, env=plain_variables(), capture_output=True, text=True, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """A folder with every stage that exists, each in a folder named by its number."""
    folder = tmp_path_factory.mktemp("stages")
    for number in STAGES:
        write_stage(number, folder / str(number))
    return folder


# What is stored


def test_stage_10_is_the_top_level_project_byte_for_byte():
    files = stage_files(PROJECT)
    assert set(files) == project_files()
    assert all(path.read_bytes() == (ROOT / name).read_bytes() for name, path in files.items())


def test_every_project_file_is_finished_by_exactly_one_chapter():
    finished = [name for current in COURSE for name in current.finishes]
    assert sorted(finished) == sorted(project_files())


def test_no_draft_is_what_the_stage_would_have_anyway():
    idle = []
    for number in STAGES:
        before = stage_files(stage_before(number))
        for name, path in drafts(chapter(number)).items():
            if name in before and before[name].read_bytes() == path.read_bytes():
                idle.append(path.relative_to(ROOT).as_posix())
            if name in chapter(number).finishes:
                idle.append(f"{path.relative_to(ROOT).as_posix()}, which its chapter finishes")
    assert idle == []


def test_no_file_is_stored_twice():
    stored = [ROOT / name for name in project_files()]
    stored += [path for current in COURSE for path in drafts(current).values()]
    places = {}
    for path in stored:
        if path.stat().st_size:  # an empty __init__.py is an empty __init__.py
            places.setdefault(path.read_bytes(), []).append(path.relative_to(ROOT).as_posix())
    assert [found for found in places.values() if len(found) > 1] == []


@pytest.mark.parametrize("number", STAGES)
def test_a_chapter_gives_what_its_stage_has_and_the_stage_before_has_not(number):
    before = stage_files(stage_before(number))
    for name, path in given_files(number).items():
        assert name not in before or before[name].read_bytes() != path.read_bytes(), name


# What a chapter asks of the reader


@pytest.mark.parametrize("number", STAGES)
def test_a_chapter_teaches_at_most_three_terms(number):
    assert 1 <= len(chapter(number).terms) <= MOST_TERMS
    assert chapter(number).title and chapter(number).minutes


def test_no_term_is_taught_twice():
    terms = [term.lower() for current in COURSE for term in current.terms]
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.parametrize("number", STAGES)
def test_a_chapter_has_at_most_150_lines_to_type(number):
    typed = typed_lines(number)
    assert sum(typed.values()) <= MOST_TYPED, typed


def test_the_lines_to_type_are_those_that_are_new(tmp_path):
    (tmp_path / "empty").touch()
    assert read_text(tmp_path / "empty") == read_text(None) == []
    typed = typed_lines(3)
    assert "Pipfile.lock" not in typed and typed["config/settings.py"] < 10


# Every stage is a whole project


@pytest.mark.parametrize("number", STAGES)
def test_a_stage_passes_djangos_check_and_lacks_no_migration(stages, number):
    python(stages / str(number), CHECK)


def test_ruff_finds_nothing_in_any_stage(stages):
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "."]
    done = subprocess.run(ruff, cwd=stages, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("number", LATER)
def test_the_projects_own_tests_hold_at_a_later_stage(stages, number):
    folder = stages / str(number)
    variables = plain_variables(SECRET_KEY="for-this-test", **settings_variables(folder))
    command = [sys.executable, "manage.py", "test", "--noinput"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0 and re.search(r"^Ran [1-9]", done.stderr, re.M), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [number for number in STAGES if number > 1])
def test_a_stage_migrates_from_the_one_before_with_data_in_the_database(tmp_path, number):
    before = stage_before(number)
    if before == 1:  # it has no models yet, and its text says not to migrate
        before = number
    with_rooms = before >= ROOMS_FROM
    write_stage(before, tmp_path / "before")
    write_stage(number, tmp_path / "after")
    python(tmp_path / "before", FILL.format(with_rooms=with_rooms))
    shutil.copy(tmp_path / "before" / "db.sqlite3", tmp_path / "after")
    python(tmp_path / "after", LOOK.format(with_rooms=with_rooms))


class Visitor:
    """Somebody with a browser's cookies, at one server."""

    def __init__(self, address):
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        keeper = urllib.request.HTTPCookieProcessor(self.cookies)
        self.open = urllib.request.build_opener(keeper).open

    def visit(self, path, **form):
        """Get a page, or send it a form after that; return the status and the path it led to."""
        url = urllib.parse.urljoin(self.address, path)
        with self.open(url, timeout=10) as answer:
            page = answer.read().decode()
        if form:
            form["csrfmiddlewaretoken"] = re.search(r'csrfmiddlewaretoken" value="(\w+)', page)[1]
            with self.open(url, urllib.parse.urlencode(form).encode(), timeout=10) as answer:
                pass
        return answer.status, urllib.parse.urlsplit(answer.url).path


@pytest.mark.slow
@pytest.mark.parametrize("number", STAGES)
def test_the_demo_serves_a_stage_and_its_pages_answer(run, tmp_path, number):
    root = copy_checkout(tmp_path / "checkout") if number == PROJECT else ROOT
    command = [sys.executable, "-c", INSIDE, str(root), "demo", "--stage", str(number)]
    demo = run([*command, "--port", "0", "--no-browser"], tmp_path, TMPDIR=str(tmp_path))
    demo.read_until("Press Ctrl-C to end.")
    links = re.findall(r"^  (http://\S+)$", demo.output, re.MULTILINE)
    assert [urllib.parse.urlsplit(link).hostname for link in links] == ["127.0.0.1", "localhost"]
    visitor = Visitor(links[0])
    assert visitor.visit("/") == (200, "/")
    if number >= USERS_FROM:
        assert visitor.visit("/accounts/signup/")[0] == 200
        alice = {"username": "alice", "password": USERS["alice"]}
        assert visitor.visit(links[0], **alice) == (200, "/chat/welcome/")
    if number >= PAGES_FROM:
        assert visitor.visit("/chat/") == (200, "/chat/")
        assert visitor.visit("/chat/welcome/") == (200, "/chat/welcome/")
    assert demo.end() == 0
    assert "Traceback" not in demo.output
    assert not list(tmp_path.glob("stage-*"))


# build, diff, chapter.toml


def test_build_writes_a_stage_and_overwrites_nothing(tmp_path):
    code, output = tool(ROOT, "build", 2, tmp_path / "ein ordner 雑")
    assert code == 0, output
    written = {
        path.relative_to(tmp_path / "ein ordner 雑").as_posix(): path.read_bytes()
        for path in (tmp_path / "ein ordner 雑").rglob("*")
        if path.is_file()
    }
    assert written == {name: path.read_bytes() for name, path in stage_files(2).items()}
    code, output = tool(ROOT, "build", 3, tmp_path / "ein ordner 雑")
    assert code == 1 and "is not empty" in output and "Traceback" not in output


def test_build_stays_outside_the_repository(tmp_path):
    (tmp_path / "link").symlink_to(ROOT)
    for folder in (ROOT / "new", tmp_path / "link" / "new", ROOT.parent):
        with pytest.raises(Trouble, match="course"):
            build(2, folder)
    assert not (ROOT / "new").exists()


def test_stages_are_built_without_git(tmp_path):
    checkout = copy_checkout(tmp_path / "from a zip")
    code, output = tool(checkout, "build", PROJECT, tmp_path / "built")
    assert code == 0, output
    assert (tmp_path / "built" / "manage.py").stat().st_mode & 0o100


@pytest.mark.parametrize("arguments", [["17", "x"], ["2"], ["2", "x", "--git", "y"], []])
def test_a_wrong_call_of_build_gets_a_sentence(arguments):
    code, output = tool(ROOT, "build", *arguments)
    assert code in (1, 2) and "Traceback" not in output


def test_diff_shows_what_is_typed_and_names_what_is_given():
    diffs = dict(stage_diff(4))
    assert diffs["config/origin.py"] == "given"
    assert "+class " in diffs["chat/consumers.py"]
    assert diffs["chat/consumers.py"].startswith("--- /dev/null\n+++ stage 4/")
    ((name, diff),) = stage_diff(4, "config/origin.py")
    assert name == "config/origin.py" and diff.count("\n+") > 5
    with pytest.raises(Trouble, match="no file nope.py"):
        list(stage_diff(4, "nope.py"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", "can't be read"),
        ("title = 3", "“title” has to be a str"),
        ("finishes = [1]", "list of strings"),
        ("finishs = []", "“finishs” means nothing"),
        ('title = "x"', "minutes, terms, finishes, gives missing"),
        ('title="x"\nminutes=1\nterms=[]\nfinishes=[]\ngives=[]\nbuilds_on=9', "stands before it"),
    ],
)
def test_a_chapter_toml_that_is_not_in_order_is_a_trouble(tmp_path, monkeypatch, text, words):
    monkeypatch.setattr("tutorial.course.chapters.ROOT", tmp_path)
    (tmp_path / "03-asgi").mkdir()
    (tmp_path / "03-asgi" / "chapter.toml").write_text(text)
    with pytest.raises(Trouble, match=re.escape(words)):
        read_details(tmp_path / "03-asgi" / "chapter.toml")


# Commits and back


def test_layers_of_stages_keep_drafts_where_they_appear():
    old, new = Version(b"old"), Version(b"new")
    layers = layers_of([{"a": old, "b": old}, {"a": old, "c": old}, {"a": new, "c": old}])
    assert layers.top == {"a": new, "c": old}
    assert layers.drafts == {1: {"a": old, "b": old}, 2: {}, 3: {}}
    assert layers.finishes == {1: [], 2: ["c"], 3: ["a"]}
    assert layers.removes == {1: [], 2: ["b"], 3: []}


def test_a_list_in_a_toml_is_edited_and_the_rest_kept():
    toml = 'a = 1  # why\n# Finished.\nfinishes = [\n    "x",\n]\n\n# Given.\ngives = []\n'
    assert with_list(toml, "finishes", ["x", "y"]) == toml.replace('"x",\n', '"x",\n    "y",\n')
    assert with_list(toml, "removes", ["z"]) == toml + '\nremoves = [\n    "z",\n]\n'


def test_nothing_is_planned_when_nothing_differs():
    empty = {number: [] for number in range(1, PROJECT + 1)}
    layers = Layers({}, {number: {} for number in empty}, empty, empty)
    assert plan(layers, layers) == []


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def amend(folder, stage, name, old, new):
    """Change a file in the commit of a stage and rebase the later ones on it."""
    commits = git(folder, "log", "--format=%H %s", "stages").splitlines()
    (commit,) = [line.split()[0] for line in commits if f" Stage {stage}: " in line]
    git(folder, "checkout", "-q", commit)
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")
    git(folder, "commit", "-q", "-a", "--amend", "--no-edit")
    git(folder, "rebase", "-q", "--onto", "HEAD", commit, "stages")


@pytest.fixture
def checkout(tmp_path):
    """A copy of this checkout, all of it committed."""
    folder = copy_checkout(tmp_path / "checkout")
    git(folder, "init", "-q")
    for name, value in (("user.name", "x"), ("user.email", "x@localhost"), ("core.hooksPath", "x")):
        git(folder, "config", name, value)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "copy")
    return folder


def test_stages_become_commits_and_absorb_finds_nothing_new(checkout, tmp_path):
    code, output = tool(checkout, "build", "--git", tmp_path / "commits")
    assert code == 0, output
    log = git(tmp_path / "commits", "log", "--reverse", "--format=%an|%s|%D").splitlines()
    assert len(log) == PROJECT
    for number, line in enumerate(log, start=1):
        author, subject, names = line.split("|")
        assert author == "Django Channels, step by step"
        assert subject == f"Stage {number}: {chapter(number).title}"
        assert f"tag: stage-{number}" in names
    code, output = tool(checkout, "absorb", tmp_path / "commits")
    assert code == 0 and "Nothing to change" in output, output
    assert git(checkout, "status", "--porcelain") == ""


def test_a_change_of_an_early_draft_goes_through_all_later_stages(checkout, tmp_path):
    commits = tmp_path / "commits"
    assert tool(checkout, "build", "--git", commits)[0] == 0
    amend(commits, 1, "config/settings.py", "BASE_DIR =", "HERE = 1\nBASE_DIR =")
    amend(commits, 5, "templates/404.html", "\n", "\n{# since chapter 5 #}\n")

    (checkout / "config" / "settings.py").open("a").write("# mine\n")
    code, output = tool(checkout, "absorb", commits)
    assert code == 1 and "config/settings.py" in output and "--force" in output
    code, output = tool(checkout, "absorb", "--force", commits)
    assert code == 0, output
    assert "new      tutorial/chapters/01-project/code/templates/404.html" in output

    changed = git(checkout, "status", "--porcelain", "-uall").split("\n")[:-1]
    settings = [drafts(current).get("config/settings.py") for current in COURSE]
    settings = {path.relative_to(ROOT).as_posix() for path in settings if path}
    assert {line[3:] for line in changed} == settings | {
        "config/settings.py",
        "templates/404.html",
        "tutorial/chapters/01-project/code/templates/404.html",
        "tutorial/chapters/01-project/chapter.toml",
        "tutorial/chapters/05-groups/chapter.toml",
    }
    first = git(checkout, "diff", "tutorial/chapters/01-project/chapter.toml")
    assert [line for line in first.splitlines()[4:] if line[0] in "+-"] == [
        '-    "templates/404.html",'
    ]
    for name in settings:
        assert "HERE = 1" in (checkout / name).read_text("utf-8")
    code, output = tool(checkout, "absorb", commits)
    assert "Nothing to change" in output, output
    assert tool(checkout, "build", 5, tmp_path / "5")[0] == 0
    assert "since chapter 5" in (tmp_path / "5" / "templates" / "404.html").read_text("utf-8")


def test_absorb_refuses_commits_that_are_not_the_stages(checkout, tmp_path):
    commits = tmp_path / "commits"
    assert tool(checkout, "build", "--git", commits)[0] == 0
    (commits / "manage.py").open("a").write("# more\n")
    code, output = tool(checkout, "absorb", commits)
    assert code == 1 and "not committed" in output
    git(commits, "commit", "-q", "-a", "-m", "One more")
    code, output = tool(checkout, "absorb", commits)
    assert code == 1 and "one commit per stage" in output and "One more" in output
    code, output = tool(checkout, "absorb", tmp_path)
    assert code == 1 and "no Git repository" in output
    assert git(checkout, "status", "--porcelain") == ""
