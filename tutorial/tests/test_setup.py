"""What the set-up promises. The long proofs install into copies of this checkout."""

import ast
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

import pytest

from tutorial.course.chapters import COURSE
from tutorial.environment import needs_dev_packages

from .conftest import BASE_PYTHON, ROOT, Running, copy_checkout

TUTORIAL = [BASE_PYTHON, "-m", "tutorial"]
LOCKS = [ROOT / "Pipfile.lock", ROOT / "tutorial" / "Pipfile.lock"]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
OFFLINE = dict.fromkeys(PROXIES, "http://127.0.0.1:9") | {
    "NO_PROXY": "",
    "no_proxy": "",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
}
MISLEADING = {
    "PIPENV_PIPFILE": "/nowhere/Pipfile",
    "PIPENV_CUSTOM_VENV_NAME": "elsewhere",
    "VIRTUAL_ENV": "/nowhere",
    "PIP_USER": "1",
    "PYTHONSAFEPATH": "",
}


def make_checkout(folder):
    copy_checkout(folder)
    for leftover in (*folder.glob("db.sqlite3*"), *folder.glob(".env")):
        leftover.unlink()
    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A fresh copy of the checkout, in a folder with an unusual name, set up by one call."""
    folder = make_checkout(tmp_path_factory.mktemp("setup") / "ein ordner 雑")
    first = Running([*TUTORIAL, "list"], folder, **MISLEADING)
    assert first.finish() == 0, first.output
    assert "making .venv" in first.output and "to come" in first.output
    return folder


@pytest.fixture
def moved(installed, tmp_path):
    """The same folder at another place."""
    return shutil.copytree(installed, tmp_path / "noch ein ordner 談", symlinks=True)


def test_the_locks_agree_on_what_they_share():
    versions = {}
    for path in LOCKS:
        lock = json.loads(path.read_text(encoding="utf-8"))
        for name, entry in (lock["default"] | lock["develop"]).items():
            versions.setdefault(name, set()).add(entry["version"])
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_names_no_download_address_and_has_a_hash_for_everything(path):
    text = path.read_text(encoding="utf-8")
    assert "://" not in text and "://" not in path.with_name("Pipfile").read_text("utf-8")
    lock = json.loads(text)
    assert lock["_meta"]["sources"] == []
    for name, entry in (lock["default"] | lock["develop"]).items():
        assert entry["version"].startswith("==") and entry["hashes"], name
        assert not re.search("platform|os_name|implementation", entry.get("markers", "")), name


def test_an_old_python_can_read_the_sentence_that_it_is_too_old():
    for name in ("__init__.py", "__main__.py"):
        ast.parse((ROOT / "tutorial" / name).read_text("utf-8"), feature_version=(3, 6))


def test_the_list_is_the_map_of_the_course():
    shown = subprocess.run(
        [sys.executable, "-m", "tutorial", "list", "--json"], cwd=ROOT, capture_output=True
    )
    chapters = json.loads(shown.stdout)
    assert [chapter["number"] for chapter in chapters] == list(range(1, 17))
    assert chapters[9]["name"] == "resume"


@pytest.mark.parametrize("arguments", [["--stage", "12"], ["--stage", "17"], ["--port", "x"]])
def test_a_wrong_or_early_request_gets_a_sentence(run, arguments):
    demo = run([sys.executable, "-m", "tutorial", "demo", *arguments], ROOT)
    assert demo.finish() in (1, 2)
    assert "Traceback" not in demo.output


def test_without_the_venv_module_it_says_what_to_install(run, tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "ensurepip.py").write_text("raise ImportError('left out')")
    first = run([*TUTORIAL, "demo"], checkout, PYTHONPATH=str(tmp_path / "without"))
    assert first.finish() == 1
    assert "without its venv module" in first.output and "Install" in first.output
    assert "Traceback" not in first.output


def test_without_a_network_it_says_so_and_goes_on_later(run, tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    (checkout / ".venv" / "bin").mkdir(parents=True)  # what an early interruption leaves
    (checkout / ".venv" / "bin" / "python").write_text("half written")
    first = run([*TUTORIAL, "demo"], checkout, **OFFLINE)
    assert first.finish() == 1
    assert "no network" in first.output and "Nothing is lost" in first.output
    assert "Traceback" not in first.output
    second = run([*TUTORIAL, "demo"], checkout, **OFFLINE)
    assert second.finish() == 1
    assert "making .venv" not in second.output  # that much was done already


@pytest.mark.slow
def test_the_second_start_needs_no_network_and_is_quick(installed, run):
    demo = [*TUTORIAL, "demo", "--no-browser", "--port", "0"]
    first = run(demo, installed, **OFFLINE)
    first.read_until("Press Ctrl-C to end.")
    assert first.end() == 0
    seconds = []
    for _ in range(3):
        again = run(demo, installed, **OFFLINE)
        seconds.append(again.read_until("Press Ctrl-C to end."))
        assert again.end() == 0
        assert "Setting up" not in again.output
    assert min(seconds) < 3, seconds


@pytest.mark.slow
def test_a_moved_folder_goes_on_without_a_network_and_is_made_anew_with_one(moved, run):
    called = run([*TUTORIAL, "list"], moved, **OFFLINE)
    assert called.finish() == 0, called.output
    assert "no network" in called.output and "still look for the old place" in called.output
    called = run([*TUTORIAL, "list"], moved, **OFFLINE)
    assert called.finish() == 0 and "moved" not in called.output

    again = moved.rename(moved.with_name("third folder"))
    found = again / ".venv" / "proofs" / "mutants-01.jsonl"
    found.parent.mkdir()
    found.write_text("{}")
    called = run([*TUTORIAL, "list"], again)
    assert called.finish() == 0, called.output
    assert "The folder of the course has moved: making .venv anew." in called.output
    script = run([str(again / ".venv" / "bin" / "daphne"), "--help"], again)
    assert script.finish() == 0, script.output
    pip = run([str(again / ".venv" / "bin" / "pip"), "--version"], again)
    assert pip.finish() == 0 and str(again) in pip.output
    assert not (again / ".venv" / "setup.aside").exists()
    assert found.read_text() == "{}"


def test_a_call_for_help_needs_no_packages_for_tests():
    assert needs_dev_packages(["test"]) and needs_dev_packages(["bench", "--quick"])
    assert not needs_dev_packages(["test", "--help"]) and not needs_dev_packages(["list"])


@pytest.mark.slow
def test_removed_packages_are_put_back(installed, run):
    remove = [".venv/bin/python", "-m", "pip", "uninstall", "-y", "typer", "django"]
    assert run(remove, installed).finish() == 0
    called = run([*TUTORIAL, "list"], installed)
    assert called.finish() == 0, called.output
    assert "installing the course's packages" in called.output
    assert run([".venv/bin/python", "-c", "import django, typer"], installed).finish() == 0


STARTABLE = [each.number for each in COURSE if each.has_stage]


@pytest.mark.slow
@pytest.mark.parametrize("number", STARTABLE)
def test_what_start_prints_runs_as_printed_on_a_bare_machine(installed, run, tmp_path, number):
    """Neither Pipenv on the PATH nor Playwright anywhere; each shell calls, and runs its lines."""
    folder = tmp_path / "my chat"
    bare = {"PATH": os.pathsep.join(places_without("pipenv")), "SHELL": "/nowhere", **OFFLINE}
    call = shlex.join([*TUTORIAL, "start", str(number), str(folder)])
    for shell in filter(is_there, ("bash", "fish")):
        started = run([shell, "-c", f"{call}; true"], installed, **bare)
        assert started.finish() == 0 and "Read: " in started.output, started.output
        assert "Setting up" not in started.output and "Bringing" not in started.output
        assert ("alice" in started.output) == (number > 7)
        lines = [line.strip() for line in started.output.splitlines() if line.startswith("    ")]
        assert len(lines) == (1 if number == 1 else 2), lines
        if number > 1:
            lines += ["python manage.py check", "pipenv --version", "python -m tutorial"]
        entered = run([shell, "-c", " && ".join(lines)], tmp_path, **bare)
        assert entered.finish() == 0, entered.output
        if number > 1:
            assert "no issues" in entered.output and "pipenv, version" in entered.output
            assert f"Chapter {number}, " in entered.output


def is_there(shell):
    """Whether a shell is installed; under CI it has to be."""
    if shutil.which(shell) is None and os.environ.get("CI"):
        pytest.fail(f"{shell} is not installed")
    return shutil.which(shell) is not None


def places_without(program):
    """The folders on the PATH in which there is no such program."""
    places = os.environ["PATH"].split(os.pathsep)
    return [place for place in places if shutil.which(program, path=place) is None]


@pytest.mark.slow
def test_a_killed_setup_is_taken_up_again_and_two_at_once_do_no_harm(run, tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    killed = run([*TUTORIAL, "list"], checkout)
    killed.read_until("installing Pipenv")
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.finish()

    one = run([*TUTORIAL, "list"], checkout)
    one.read_until("Setting up")
    two = run([*TUTORIAL, "list"], checkout)
    two.read_until("Waiting for it to end")
    assert one.finish() == 0 and two.finish() == 0, one.output + two.output
    assert "installing the project's packages" in one.output
    assert "installing the project's packages" not in two.output
    assert "to come" in one.output and "to come" in two.output
