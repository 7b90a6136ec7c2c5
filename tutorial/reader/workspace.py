"""Where a learner types: a folder beside the clone, begun by `start` and taken on by `next`.

`.tutorial.json` in that folder remembers which chapter is under way, what is done, and what was
laid in, as hashes, so that `next` never overwrites what the learner changed.
"""

import json
import locale
import os
from collections.abc import Callable, Iterable
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
from tutorial.reader.changes import KEPT, Change, free_name, hash_of, take_back
from tutorial.reader.demo import ROOM, ROOMS_FROM, USERS, USERS_FROM, finish_seed, start_seed
from tutorial.reader.editors import VSCODE

MODELS_FROM = 2
"""The first stage with a model: before it, a database would be made for the wrong users."""

ADMIN = ("admin", "at-the-front-door")
"""The name and password of whoever may go into the admin; they are no secret."""

LOBBY = 120
"""Messages in the lobby: more than a page and a catch-up hold."""

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
    unseen: dict[str, list[str]] = field(default_factory=dict)
    """The number of a chapter → what a reader has to look at, since the check could not."""
    stage: dict[str, str] = field(default_factory=dict)
    """The version of the course: file → hash of it as the chapter under way began."""
    changes: list[dict] = field(default_factory=list)
    """What the tool has changed here, as `Change` has it; the newest is the last."""
    hint: list | None = None
    """The step that hints were given for, by its name, and how many."""
    moved: str | None = None
    """Where `start` has moved what was here before."""


@dataclass(frozen=True)
class Started:
    """What `start` has done: the folder, where older work went, the users it made, if any."""

    chapter: Chapter
    folder: Path
    moved_to: Path | None
    users: dict[str, str]
    left_behind: bool
    """Whether the caller's working directory is the folder that was moved aside."""
    new: bool
    """Whether it was made; otherwise it was there, untouched."""


@dataclass(frozen=True)
class Continued:
    """What `next` has done: files laid in, and the diff for each that meets the learner's own."""

    chapter: Chapter
    laid: list[str]
    replaced: dict[str, str]
    """Those of them that the reader had typed → where the reader's are now."""
    beside: dict[str, str]
    unseen: list[str]
    """What the checks of the chapter before could not look at."""


@dataclass(frozen=True)
class Undone:
    """What `undo` has done: which change, the files that are as before, those laid beside."""

    what: str
    back: list[str]
    beside: list[str]


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
        kinds = {"course": str, "done": list, "steps": list, "laid": dict, "unseen": dict}
        kinds |= {"stage": dict, "changes": list}
        for name, kind in kinds.items():
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


def record(
    folder: Path, number: int, steps: Iterable[str], done: bool, unseen: Iterable[str] = ()
) -> None:
    """Remember which steps of chapter `number` have passed, and whether that was all of it.

    What is done once stays done: a folder is broken on purpose, too. `unseen`: what the reader has
    to look at in place of the check.
    """
    progress = read_progress(folder)
    if number == progress.chapter:
        progress.steps = list(steps)
    if done:
        progress.done = sorted({*progress.done, number})
        progress.unseen[str(number)] = list(unseen)
    write_progress(folder, progress)


def start(
    number: int, folder: Path | None = None, ask: Callable[[str], bool] = lambda question: False
) -> Started:
    """Make the folder in which chapter `number` begins; work that is there is moved aside.

    One that is untouched since it was made for this chapter stays as it is. `ask(question)` is
    asked before something is moved that is no folder of the course. Raises `Trouble` when the
    answer is no, when the chapter is still to come, when the folder is, holds or lies in the
    repository, and when it can't be written.
    """
    folder = outside(folder or DEFAULT)
    if folder in (Path.home().resolve(), Path(folder.anchor)):
        raise Trouble(f"{folder} is no place for it. Name a new folder.")
    before, given = stage_files(stage_before(number)), given_files(number)
    if is_untouched(folder, number):
        return Started(chapter(number), folder, None, who_can_log_in(number), False, False)
    if has_content(folder) and not (folder / PROGRESS).is_file():
        question = f"{folder} is no folder of the course. Move it aside, and make one in its place?"
        if not ask(question):
            raise Trouble(
                f"{folder} is no folder of the course, and is left as it is. Name another folder, "
                "or say that it may be moved aside: --yes"
            )
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
        laid = {name: hash_of(folder / name) for name in (*before, *given, "Pipfile")}
        moved = str(moved_to) if moved_to else None
        progress = Progress(number, str(ROOT), laid=laid, stage=hashes(before), moved=moved)
        write_progress(folder, progress)
    except OSError as error:
        raise Trouble(f"{folder} could not be made: {error}") from error
    left_behind = bool(moved_to) and here.is_relative_to(folder)
    return Started(chapter(number), folder, moved_to, users, left_behind, True)


OURS = (PROGRESS, "tutorial.py", ".venv", ".env", "Pipfile", "db.sqlite3", VSCODE)
"""What `start` lays into a folder beside the project's files, by the beginnings of the names."""


def is_untouched(folder: Path, number: int) -> bool:
    """Whether a folder is as `start` has made it for chapter `number`."""
    if not (folder / PROGRESS).is_file():
        return False
    try:
        progress = read_progress(folder)
    except Trouble:
        return False
    if (progress.chapter, progress.course) != (number, str(ROOT)) or progress.changes:
        return False
    there = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    own = {name for name in there if not name.startswith(OURS)}
    fresh = hashes(stage_files(stage_before(number)) | given_files(number))
    return own <= set(progress.laid) and all(
        hash_of(folder / name) == kept == fresh.get(name, kept)
        for name, kept in progress.laid.items()
    )


def who_can_log_in(number: int) -> dict[str, str]:
    """Who can log in where chapter `number` begins: name → password."""
    stage = stage_before(number)
    if stage < MODELS_FROM:
        return {}
    return dict([ADMIN]) | (USERS if stage >= USERS_FROM else {})


def has_content(folder: Path) -> bool:
    """Whether there is a file of this name, or a folder that is not empty."""
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))


def move_aside(folder: Path) -> Path | None:
    """Rename a folder (or file) that has content: my-chat → my-chat-1; return where it is now.

    None when there was nothing to move. Raises `Trouble` when it can't be renamed.
    """
    if not has_content(folder):
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

    It gets what the text of the next chapter takes for granted: somebody who may go into the admin,
    and where the project has them the demo's users (name → password) and room, and a lobby that is
    full. Raises `Trouble` when the project does not migrate.
    """
    if stage < MODELS_FROM:
        return {}
    users = USERS if stage >= USERS_FROM else {}
    room, lobby = (ROOM, LOBBY) if stage >= ROOMS_FROM else (None, 0)
    variables = plain_environment() | settings_variables(folder)
    finish_seed(start_seed(folder, variables, room, users, admin=ADMIN, lobby=lobby))
    return dict([ADMIN]) | users


def next_chapter(progress: Progress) -> Chapter | None:
    """The chapter that comes next; None after the last that is written.

    Raises `Trouble` when it begins in a folder of its own.
    """
    later = [other for other in COURSE[progress.chapter :] if other.has_stage]
    if not later:
        return None
    following = later[0]
    if following.builds_on != progress.chapter:
        raise Trouble(
            f"Chapter {following.number} builds on chapter {following.builds_on}, so it begins in "
            f"a folder of its own: python3 -m tutorial start {following.number}"
        )
    return following


def go_on(folder: Path | None = None) -> Continued:
    """Take the learner's folder on to the next chapter; `undo` takes it back.

    Each file that the chapter gives is laid in where the learner has none or has not changed it; a
    version that the learner has typed stays beside, as NAME.mine. Where it has changes of the
    learner's own, the course's is written beside, as NAME.given. Raises `Trouble` when there is no
    such folder or no next chapter.
    """
    folder, progress = open_workspace(folder)
    following = next_chapter(progress)
    if following is None:
        raise Trouble("This is the last chapter that is written so far.")
    before = stage_files(following.builds_on)
    change = begin_change(f"next, to chapter {following.number}", progress)
    laid, replaced, beside = [], {}, {}
    try:
        for name, source in given_files(following.number).items():
            target = folder / name
            own, given, was_laid = hash_of(target), hash_of(source), progress.laid.get(name)
            typed = name in before and own == hash_of(before[name])
            if own == given:
                progress.laid[name] = given
            elif own in (None, was_laid) or typed:
                if own not in (None, was_laid):
                    mine = free_name(target, "mine")
                    replaced[name] = mine.relative_to(folder).as_posix()
                    change.write(folder, replaced[name], target.read_bytes())
                change.write(folder, name, source.read_bytes())
                progress.laid[name] = given
                laid.append(name)
            else:
                change.write(folder, f"{name}.given", source.read_bytes())
                beside[name] = file_diff(name, target, source, ("yours", "given"))
    except OSError as error:
        take_back(change, folder)
        raise Trouble(f"A given file could not be laid in: {error}") from error
    unseen = progress.unseen.get(str(progress.chapter), [])
    progress.chapter, progress.steps = following.number, []
    progress.stage = hashes(stage_files(following.builds_on))
    end_change(folder, progress, change)
    return Continued(following, laid, replaced, beside, unseen)


def hashes(files: dict[str, Path]) -> dict[str, str]:
    """File → hash of its text, for files as `stage_files` gives them."""
    return {name: hash_of(source) for name, source in files.items()}


def begin_change(what: str, progress: Progress) -> Change:
    """A change that is about to be made; `end_change` makes it one that can be taken back."""
    said = asdict(progress)
    del said["changes"]
    return Change(what, progress=said)


def end_change(folder: Path, progress: Progress, change: Change) -> None:
    """Write the progress down, with the change."""
    progress.changes = [*progress.changes, asdict(change)][-KEPT:]
    write_progress(folder, progress)


def undo(folder: Path | None = None) -> Undone:
    """Take back the last change that the tool has made to the files of a learner's folder.

    Raises `Trouble` when there is none. After `start` it moves what was there before back.
    """
    folder, progress = open_workspace(folder)
    if not progress.changes:
        return undo_start(folder, progress)
    change = Change(**progress.changes[-1])
    try:
        back, beside = take_back(change, folder)
    except OSError as error:
        raise Trouble(f"It could not be taken back: {error}") from error
    then = Progress(**change.progress, changes=progress.changes[:-1])
    then.done, then.unseen = progress.done, progress.unseen  # what is done stays done
    write_progress(folder, then)
    return Undone(change.what, back, beside)


def undo_start(folder: Path, progress: Progress) -> Undone:
    """Move what `start` has moved aside back to its place; raises `Trouble` when that can't be."""
    moved = Path(progress.moved) if progress.moved else None
    if moved is None or not moved.exists():
        raise Trouble(
            "There is nothing to take back here: the tool has changed none of your files."
        )
    away = move_aside(folder)
    try:
        moved.rename(folder)
    except OSError as error:
        away.rename(folder)
        raise Trouble(f"{moved} could not be moved back: {error}") from error
    return Undone(f"start {progress.chapter}", [str(folder)], [str(away)])


def course_changes(folder: Path) -> list[str]:
    """The files of which the course has another version than when the chapter under way began.

    Empty for a folder that is as old as that record.
    """
    progress = read_progress(folder)
    if not progress.stage:
        return []
    now = hashes(stage_files(stage_before(progress.chapter)))
    return sorted(
        name
        for name in now.keys() | progress.stage.keys()
        if now.get(name) != progress.stage.get(name)
    )
