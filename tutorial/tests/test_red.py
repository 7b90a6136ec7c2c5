"""Red means wrong: what could not be looked at is neither done nor wrong; right is never red."""

import contextlib
import os
import shutil
import threading
from types import SimpleNamespace

import psutil
import pytest
from rich.console import Console

from tutorial import environment
from tutorial.author.outgrown import later_stages, steps_outgrown
from tutorial.checking import run, runner, show
from tutorial.checking.context import MINE, own_fault
from tutorial.checking.run import Report, Step, checks_file, needs_browser, read_steps, run_checks
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.outgrown import outgrown, table
from tutorial.reader import asking
from tutorial.reader.workspace import Progress, go_on, read_progress, record, write_progress

from .conftest import ROOT, finished

CHECKED = [c for c in COURSE if checks_file(c).is_file()]
BROWSERS = [c for c in CHECKED if needs_browser(c)]
SAMPLE = {4, 9}
"""Chapters that stand for the others in what takes long: a short one, and one with all there is."""

NO_PLAYWRIGHT = 'import sys\nsys.modules["playwright"] = None\n'


def some(chapters):
    """Chapters as parameters: the first is always run, the others are long proofs."""
    return [
        pytest.param(c, id=c.name, marks=[pytest.mark.slow] if place else [])
        for place, c in enumerate(chapters)
    ]


def right(report):
    """Whether nothing is red, and something was looked at."""
    assert report.problem is None and report.code in (0, 3) and report.kept, report.problem
    return report


# Without a browser


@pytest.mark.parametrize("of", some(BROWSERS))
def test_without_playwright_the_browsers_steps_are_left_to_the_readers_eyes(of, monkeypatch):
    monkeypatch.setattr(run, "BOOT", NO_PLAYWRIGHT + run.BOOT)
    report = right(run_checks(of.number, finished(of.number)))
    assert report.code == 3
    for why in report.unseen.values():
        assert "Playwright" in why and "test --install" in why
    assert len(report.kept) + len(report.unseen) == len(report.steps)


@pytest.mark.parametrize("of", some(BROWSERS))
def test_without_a_browser_they_are_too(of, monkeypatch, tmp_path):
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    report = right(run_checks(of.number, finished(of.number)))
    if report.code == 0:
        pytest.skip("a browser is installed here where Playwright finds it by itself")
    for why in report.unseen.values():
        assert "Chromium" in why and "test --install" in why


def test_a_browser_that_does_not_start_is_none(monkeypatch, tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    report = right(run_checks(4, finished(4)))
    assert report.code in (0, 3)


def test_the_packages_for_browsers_are_installed_once_they_are_needed(monkeypatch, tmp_path):
    calls = []

    def ensure(dev):
        calls.append(dev)
        raise environment.Trouble("no network")

    monkeypatch.setattr(environment, "ensure", ensure)
    monkeypatch.setattr(environment, "is_ready", lambda dev: False)
    monkeypatch.setattr(asking, "TRIED", tmp_path / "tried")
    for _ in range(2):  # the second time it is known that there is no network
        asking.install_for_browsers()
    assert calls == [True]
    os.utime(tmp_path / "tried", (0, 0))
    monkeypatch.setattr(environment, "ensure", lambda dev: calls.append(dev))
    asking.install_for_browsers()
    assert calls == [True, True] and not (tmp_path / "tried").exists()


# On a busy machine


@contextlib.contextmanager
def a_tenth_of_the_time():
    """Stop the processes that this one has started, nine tenths of the time."""
    over = threading.Event()

    def stop_and_go():
        me = psutil.Process()
        while not over.wait(0.05):
            children = me.children(recursive=True)
            for go in (False, True):
                for child in children:
                    with contextlib.suppress(psutil.Error):
                        (child.resume if go else child.suspend)()
                if not go:
                    over.wait(0.45)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="processes are stopped by a signal")
@pytest.mark.parametrize("number", sorted(SAMPLE))
def test_a_machine_that_is_ten_times_busier_makes_nothing_red(number):
    with a_tenth_of_the_time():
        report = right(run_checks(number, finished(number)))
    assert report.kept


def test_no_time_at_all_is_no_cross():
    report = run_checks(4, finished(4), limit=0.2)
    assert report.problem is None and report.code == 3
    assert set(report.unseen) == {step.name for step in report.steps}
    assert "no time" in next(iter(report.unseen.values()))


# The course's own faults


def test_an_error_in_a_check_is_the_courses_fault(monkeypatch, tmp_path):
    file = tmp_path / "test_chapter.py"
    file.write_text(
        "from tutorial.checks import project, step\n"
        "RECOGNISE = [('IntegrityError', 'Look at say() in chat/consumers.py.')]\n"
        "@step('Say who answers, and where', see='this')\n"
        "def test_one():\n    {}['nothing']\n"
        "@step('Send it back', see='that')\n"
        "def test_two():\n    project.shell('{}[2]')\n"
        "@step('Open it from the page', see='more')\n"
        "def test_three():\n    project.shell('print(1)')\n",
        "utf-8",
    )
    monkeypatch.setattr(run, "checks_file", lambda of: file)
    report = run_checks(4, finished(4))
    assert report.code == 3 and report.kept == ["test_three"]
    assert set(report.unseen) == {"test_one", "test_two"}
    for why in report.unseen.values():
        assert "fault of the course" in why and "KeyError" in why
    assert "say()" not in str(report)


def test_a_row_that_the_check_inserts_twice_is_not_the_readers_doing(tmp_path):
    trouble = (
        "Traceback (most recent call last):\n"
        f'  File "{MINE}", line 3, in <module>\n'
        '  File "/usr/lib/django/db/models/query.py", line 9, in create\n'
        "django.db.utils.IntegrityError: UNIQUE constraint failed: chat_room.name\n"
    )
    assert "UNIQUE" in own_fault(trouble, tmp_path)
    theirs = trouble.replace("/usr/lib/django/db/models/query.py", f"{tmp_path}/chat/models.py")
    assert own_fault(theirs, tmp_path) is None
    missing = trouble.replace("UNIQUE", "NOT NULL")
    assert own_fault(missing, tmp_path) is None


def test_a_check_that_ends_its_own_process_is_the_courses_fault(monkeypatch, tmp_path):
    file = tmp_path / "test_chapter.py"
    file.write_text(
        "import os\nfrom tutorial.checks import step\n"
        "@step('Send it back')\ndef test_one():\n    os._exit(0)\n",
        "utf-8",
    )
    monkeypatch.setattr(run, "checks_file", lambda of: file)
    report = run_checks(4, finished(4))
    assert report.code == 3 and "fault of the course" in report.unseen["test_one"]


# Seen from a later chapter


@pytest.mark.slow
@pytest.mark.parametrize("of", CHECKED[:-1], ids=lambda of: of.name)
def test_what_is_not_outgrown_holds_on_the_last_stage(of):
    last = later_stages(of.number)[-1]
    skip = outgrown(of.number, last)
    if len(skip) == len(read_steps(of)):
        return
    right(run_checks(of.number, finished(last), skip=skip))


@pytest.mark.slow
@pytest.mark.parametrize("number", sorted(SAMPLE & set(table())))
def test_what_is_outgrown_is_so_since_the_chapter_that_the_table_names(number):
    wanted = table()[number]
    ends = sorted({end for first in wanted.values() for end in (first - 1, first)} - {number})
    found = steps_outgrown(number, {end: finished(end) for end in ends})
    assert found == wanted


def test_the_table_of_outgrown_steps_names_steps_and_chapters_that_there_are():
    for number, steps in table().items():
        names = {step.name for step in read_steps(chapter(number))}
        assert set(steps) <= names
        assert set(steps.values()) <= set(later_stages(number))


def test_steps_are_outgrown_from_the_first_stage_that_does_not_keep_them():
    def check(number, folder, skip, compare):
        report = Report(chapter(number), read_steps(chapter(number)))
        fails = [name for name in folder if name not in skip]
        report.failed, report.problem = (fails[0], "no") if fails else (None, None)
        return report

    folders = {7: ["a"], 5: [], 6: ["a", "b"], 8: ["c", "a"]}
    assert steps_outgrown(4, folders, check) == {"a": 6, "b": 6, "c": 8}


def test_an_earlier_chapter_is_seen_from_where_the_reader_is(tmp_path, monkeypatch):
    folder = tmp_path / "my-chat"
    shutil.copytree(finished(5), folder)
    write_progress(folder, Progress(5, str(ROOT), done=[4]))
    skipped = []

    def checks(number, folder, console, skip):
        skipped.append(skip)
        return Report(chapter(number), read_steps(chapter(number)), problem="broken on purpose")

    monkeypatch.setattr(show, "check", checks)
    monkeypatch.setattr(asking, "install_for_browsers", lambda: None)
    console = Console(quiet=True)
    asking.look(folder, 4, console)
    assert skipped == [outgrown(4, 5)]
    assert read_progress(folder).done == [4], "a tick stays"
    assert asking.check("5", folder, console, every=True) == 1
    assert len(skipped) == 6


# What is said of it


def report_with(**more):
    """A report of chapter 4 in which the first step is kept and the last one is not seen."""
    steps = [Step(f"test_{n}", f"Part {n}", f"sight {n}") for n in (1, 2)]
    return Report(chapter(4), steps, kept=["test_1"], unseen={"test_2": "No browser."}, **more)


def test_what_was_not_seen_has_its_own_sign_sentence_and_code(capsys):
    report = report_with()
    assert report.code == 3 and report.green
    show.show(report, Console(highlight=False, width=200), ROOT)
    said = capsys.readouterr().out
    assert "✓ Part 1" in said and "? Part 2" in said and "✗" not in said
    assert "No browser. Look yourself: sight 2." in said
    assert "All that could be looked at here is right." in said and "All of it is done" not in said
    told = show.as_json(report, ROOT)
    assert told["code"] == 3 and told["unseen"] == ["test_2"]


def test_all_unseen_is_neither_right_nor_wrong(capsys):
    report = report_with()
    report.kept, report.unseen = [], {"test_1": "No time.", "test_2": "No time."}
    assert report.code == 3 and not report.green
    show.show(report, Console(highlight=False, width=200), ROOT)
    assert "Nothing could be looked at here." in capsys.readouterr().out


def test_next_says_what_the_check_could_not_look_at(tmp_path):
    folder = tmp_path / "my-chat"
    shutil.copytree(finished(4), folder)
    write_progress(folder, Progress(4, str(ROOT)))
    record(folder, 4, ["test_1"], True, ["sight 2"])
    continued = go_on(folder)
    assert continued.unseen == ["sight 2"]


def test_playwrights_errors_are_about_the_page_or_about_time(monkeypatch):
    from playwright.sync_api import Error, TimeoutError

    waited = TimeoutError("Timeout 3000ms exceeded.\n  - waiting for locator('#chat-log')")
    for stretch, wanted in ((1.0, "open"), (1.3, "open"), (4.0, "unseen")):
        monkeypatch.setattr(runner, "clock", SimpleNamespace(stretch=stretch))
        event, more = runner.in_a_browser(waited)
        assert event == wanted
        assert ("#chat-log" in more["problem"]) if event == "open" else ("busy" in more["why"])
    assert runner.in_a_browser(Error("odd"))[0] == "open"
    assert runner.in_a_browser(KeyError("odd")) is None
