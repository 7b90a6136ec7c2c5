"""Where a learner types: a folder beside the clone, begun by `start` and taken on by `next`.

`.tutorial.json` in that folder remembers which chapter is under way, what is done, and what was
laid in, as hashes, so that `next` never overwrites what the learner changed.
"""

import hashlib
import json
import locale
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tutorial.course.chapters import COURSE, Chapter, chapter
from tutorial.course.project import make_env_file, settings_variables
from tutorial.course.stages import (
    file_diff,
    given_files,
    outside,
    stage_before,
    stage_files,
    write_files,
)
from tutorial.environment import ROOT, VENV, Trouble, plain_environment
from tutorial.reader.demo import ROOM, ROOMS_FROM, USERS, USERS_FROM, finish_seed, start_seed

MODELS_FROM = 2
"""The first stage with a model: before it, a database would be made for the wrong users."""

DEFAULT = ROOT.parent / "my-chat"
PROGRESS = ".tutorial.json"

EMPTY_PIPFILE = "[packages]\n\n[dev-packages]\n"
"""For a folder without a Pipfile: Pipenv would take one from a folder above."""

LAUNCHER = '''\
"""Runs the course's tool on this folder: python3 -m tutorial check. No part of your project."""

import runpy
import sys
from pathlib import Path

COURSE = {course}
TOOL = Path(COURSE, "tutorial", "__main__.py")

if __name__ == "__main__":
    if not TOOL.is_file():
        sys.exit(
            f"The course is not at {{COURSE}} any more. In the folder where it is now, call:\\n"
            f'python3 -m tutorial list --workspace "{{Path(__file__).resolve().parent}}"'
        )
    sys.path[0] = COURSE
    runpy.run_path(str(TOOL), run_name="__main__")
'''
"""The text of `tutorial.py` in a learner's folder."""


@dataclass
class Progress:
    """What `.tutorial.json` remembers of a learner's folder."""

    chapter: int
    """The chapter that is under way."""
    course: str
    """The folder of the course that the workspace belongs to."""
    done: list[int] = field(default_factory=list)
    """The chapters whose checks have all passed."""
    steps: list[str] = field(default_factory=list)
    """The steps of the chapter under way that have passed, by their names."""
    laid: dict[str, str] = field(default_factory=dict)
    """File → hash of what was laid in."""


@dataclass(frozen=True)
class Started:
    """What `start` has done: the folder, where older work went, the users it made, if any."""

    chapter: Chapter
    folder: Path
    moved_to: Path | None
    users: dict[str, str]
    left_behind: bool
    """Whether the caller's working directory is the folder that was moved aside."""


@dataclass(frozen=True)
class Continued:
    """What `next` has done: files laid in, and the diff for each that meets the learner's own."""

    chapter: Chapter
    laid: list[str]
    beside: dict[str, str]
    checked: bool
    """Whether the checks of the chapter before have passed."""


def find_workspace(folder: Path | None = None) -> Path | None:
    """The learner's folder that `folder` (default: the working directory) is, or lies in.

    None when there is none.
    """
    folder = (folder or Path.cwd()).resolve()
    found = (place for place in (folder, *folder.parents) if (place / PROGRESS).is_file())
    return next(found, None)


def open_workspace(folder: Path | None = None) -> tuple[Path, Progress]:
    """The learner's folder, as `find_workspace` finds it, and its progress.

    When the course it belongs to is gone, it is handed to this one: the clone was moved. Raises
    `Trouble` when there is no such folder.
    """
    found = find_workspace(folder)
    if found is None:
        raise Trouble(
            f"{folder or Path.cwd()} is no folder of the course. Go to the one that `start` made, "
            "or make one: python3 -m tutorial start 1"
        )
    progress = read_progress(found)
    if progress.course != str(ROOT) and not Path(progress.course, "tutorial").is_dir():
        progress.course = str(ROOT)
        lay_tool(found)
        write_progress(found, progress)
    return found, progress


def read_progress(folder: Path) -> Progress:
    """What the folder's `.tutorial.json` says; raises `Trouble` when it can't be understood."""
    try:
        progress = Progress(**json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
        chapter(progress.chapter)
        for name, kind in {"course": str, "done": list, "steps": list, "laid": dict}.items():
            if not isinstance(getattr(progress, name), kind):
                raise TypeError(f"“{name}” is no {kind.__name__}")
    except (OSError, ValueError, TypeError, Trouble) as error:
        raise Trouble(
            f"{folder / PROGRESS} can't be understood ({error}). Your own files are safe. Begin "
            "the chapter again with `start`: the folder is moved aside, not deleted."
        ) from error
    return progress


def write_progress(folder: Path, progress: Progress) -> None:
    """Write `.tutorial.json` in one go."""
    draft = folder / f"{PROGRESS}.new"
    draft.write_text(json.dumps(asdict(progress), indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / PROGRESS)


def record(folder: Path, number: int, steps: Iterable[str], done: bool) -> None:
    """Remember which steps of chapter `number` have passed, and whether that was all of it."""
    progress = read_progress(folder)
    if number == progress.chapter:
        progress.steps = list(steps)
    progress.done = sorted({*progress.done, number} if done else {*progress.done} - {number})
    write_progress(folder, progress)


def hash_of(path: Path) -> str | None:
    """A hash of a file's content; None when there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def start(number: int, folder: Path | None = None) -> Started:
    """Make the folder in which chapter `number` begins; work that is there is moved aside.

    Raises `Trouble` when the chapter is still to come, when the folder is, holds or lies in the
    repository, and when it can't be written.
    """
    folder = outside(folder or DEFAULT)
    if folder in (Path.home().resolve(), Path(folder.anchor)):
        raise Trouble(f"{folder} is no place for it. Name a new folder.")
    before, given = stage_files(stage_before(number)), given_files(number)
    try:
        here = Path.cwd().resolve()
        moved_to = move_aside(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_files(before, folder)
        lay_tool(folder)
        if "Pipfile" not in before:
            (folder / "Pipfile").write_text(EMPTY_PIPFILE, encoding="utf-8")
        if ".env.example" in before:
            make_env_file(folder)
        # Given files may need what is still to be typed: the database is made without them.
        users = prepare_database(folder, stage_before(number))
        write_files(given, folder)
        laid = {name: hash_of(folder / name) for name in before | given}
        write_progress(folder, Progress(number, str(ROOT), laid=laid))
    except OSError as error:
        raise Trouble(f"{folder} could not be made: {error}") from error
    left_behind = bool(moved_to) and here.is_relative_to(folder)
    return Started(chapter(number), folder, moved_to, users, left_behind)


def move_aside(folder: Path) -> Path | None:
    """Rename a folder (or file) that has content: my-chat → my-chat-1; return where it is now.

    None when there was nothing to move. Raises `Trouble` when it can't be renamed.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    number = 1
    while (target := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    try:
        os.rename(folder, target)
    except OSError as error:
        raise Trouble(
            f"{folder} could not be moved aside: {error}. Is a server or a terminal still at work "
            "in it? End it, or name another folder."
        ) from error
    return target


def lay_tool(folder: Path) -> None:
    """Lay in what makes `python3 -m tutorial` and `pipenv run` work in the folder."""
    launcher = LAUNCHER.format(course=json.dumps(str(ROOT), ensure_ascii=False))
    (folder / "tutorial.py").write_text(launcher, encoding="utf-8")
    if (folder / ".venv").is_dir():
        return  # the learner's own
    # Pipenv reads this file in the encoding of the locale.
    with (folder / ".venv").open("w", encoding=locale.getencoding(), errors="ignore") as file:
        file.write(f"{VENV}\n")


def prepare_database(folder: Path, stage: int) -> dict[str, str]:
    """Make a database for a project as of `stage`, once it has models; return who can log in.

    Where it has them, it gets the demo's users (name → password) and room. Raises `Trouble` when
    the project does not migrate.
    """
    if stage < MODELS_FROM:
        return {}
    users = USERS if stage >= USERS_FROM else {}
    room = ROOM if stage >= ROOMS_FROM else None
    finish_seed(start_seed(folder, plain_environment() | settings_variables(folder), room, users))
    return users


def next_chapter(progress: Progress) -> Chapter:
    """The chapter that comes next; raises `Trouble` after the last, or when it can't be built."""
    later = [other for other in COURSE[progress.chapter :] if other.has_stage]
    if not later:
        raise Trouble("This is the last chapter that is written.")
    following = later[0]
    if following.builds_on != progress.chapter:
        raise Trouble(
            f"Chapter {following.number} builds on chapter {following.builds_on}, so it begins in "
            f"a folder of its own: python3 -m tutorial start {following.number}"
        )
    return following


def go_on(folder: Path | None = None) -> Continued:
    """Take the learner's folder on to the next chapter.

    Each file that the chapter gives is laid in where the learner has none or has not changed it;
    otherwise it is written beside as NAME.given. Raises `Trouble` when there is no such folder or
    no next chapter.
    """
    folder, progress = open_workspace(folder)
    following = next_chapter(progress)
    before = stage_files(following.builds_on)
    laid, beside = [], {}
    try:
        for name, source in given_files(following.number).items():
            target = folder / name
            own, given = hash_of(target), hash_of(source)
            unchanged = {None, progress.laid.get(name)}
            if name in before:
                unchanged.add(hash_of(before[name]))
            if own == given:
                progress.laid[name] = given
            elif own in unchanged:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                progress.laid[name] = given
                laid.append(name)
            else:
                shutil.copyfile(source, target.with_name(f"{target.name}.given"))
                beside[name] = file_diff(name, target, source, ("yours", "given"))
    except OSError as error:
        raise Trouble(f"A given file could not be laid in: {error}") from error
    checked = progress.chapter in progress.done
    progress.chapter, progress.steps = following.number, []
    write_progress(folder, progress)
    return Continued(following, laid, beside, checked)
