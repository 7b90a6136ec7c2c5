"""The stages: the project as it is at the end of each chapter, put together from layers.

A stage is the layers of the chapters that it builds on, the newest version of each file winning.
A layer is the chapter's `code/` folder (drafts: versions that a later chapter changes) and the
files that it finishes, which stand at the top level.
"""

import difflib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tutorial.course.chapters import Chapter, chapter
from tutorial.environment import ROOT, Trouble

MADE = {"manage.py", "config/wsgi.py", "chat/apps.py", "Pipfile.lock"}
"""Files that are written by a command, not typed; `is_made` knows the migrations, too."""


def lineage(number: int) -> list[Chapter]:
    """The chapters that stage `number` consists of, the first one first; empty for 0.

    Raises `Trouble` when one of them is still to come.
    """
    found = []
    while number:
        current = chapter(number)
        if not current.has_stage:
            raise Trouble(f"Chapter {number} is still to come.")
        found.insert(0, current)
        number = current.builds_on
    return found


def stage_files(number: int) -> dict[str, Path]:
    """The files of stage `number`: path in the project (with /) → where the text is stored.

    Stage 0 is empty. Raises `Trouble` when a `chapter.toml` names a file that is not there.
    """
    files: dict[str, Path] = {}
    for current in lineage(number):
        where = current.toml.relative_to(ROOT).as_posix()
        for name in current.removes:
            if files.pop(name, None) is None:
                raise Trouble(f"{where} removes {name}, which is not there before.")
        files |= drafts(current)
        for name in current.finishes:
            files[name] = ROOT / name
            if not files[name].is_file():
                raise Trouble(f"{where} finishes {name}, which is not at the top level.")
    return dict(sorted(files.items()))


def drafts(of: Chapter) -> dict[str, Path]:
    """The files in a chapter's `code/` folder: path in the project → where it is stored."""
    folder = of.folder / "code"
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def stage_before(number: int) -> int:
    """The number of the stage that stage `number` builds on; 0 for the empty folder."""
    return chapter(number).builds_on


def given_files(number: int) -> dict[str, Path]:
    """What chapter `number` lays in the learner's folder: path → where the text is stored.

    Raises `Trouble` when its `chapter.toml` gives a file that its stage does not have.
    """
    files, gives = stage_files(number), chapter(number).gives
    for name in gives:
        if name not in files:
            where = chapter(number).toml.relative_to(ROOT).as_posix()
            raise Trouble(f"{where} gives {name}, which stage {number} does not have.")
    return {name: files[name] for name in gives}


def write_files(files: dict[str, Path], folder: Path) -> None:
    """Write files, as `stage_files` gives them, into a folder; what is there is overwritten."""
    for name, source in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def write_stage(number: int, folder: Path) -> None:
    """Write stage `number` into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_files(stage_files(number), folder)


def build(number: int, folder: Path) -> Path:
    """Write stage `number` into a new or empty folder outside the repository; return its path.

    Raises `Trouble` when the folder has content, is a file, or lies in the repository.
    """
    folder = outside(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Trouble(f"{folder} is not empty. Name a new folder: nothing is overwritten.")
    stage_files(number)  # its troubles come before anything is written
    write_stage(number, folder)
    return folder


def outside(folder: Path) -> Path:
    """The folder with its links resolved; raises `Trouble` when it is, or holds, the repository."""
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(ROOT):
        raise Trouble(
            f"{folder} lies in the course's own folder, whose settings and Pipfile would win over "
            f"those of your project. Name a folder beside it, such as {ROOT.parent / 'my-chat'}."
        )
    if ROOT.is_relative_to(folder):
        raise Trouble(f"{folder} holds the course itself. Name a folder beside it.")
    return folder


def text_that_counts(name: str, path: Path | None) -> list[str]:
    """The lines of a file without blank ones; those of a Pipfile in an order of ours.

    Pipenv writes packages in an order of its own.
    """
    lines = [line for line in read_text(path) if line.strip()]
    if name != "Pipfile":
        return lines
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("["):
            sections.append([])
        sections[-1].append(line)
    return [line for section in sections for line in sorted(section, key=pipfile_order)]


def pipfile_order(line: str) -> tuple[bool, str]:
    """Where a line of a Pipfile stands in its section: the heading first, then by name."""
    return not line.startswith("["), line.strip("\"'").lower()


def read_text(path: Path | None) -> list[str]:
    """The lines of a file, whatever its encoding; none when there is no such file."""
    if path is None or not path.is_file():
        return []
    return path.read_bytes().decode("utf-8", "replace").splitlines()


def changed_files(before: dict[str, Path], after: dict[str, Path]) -> list[str]:
    """The files that two lots of files don't have alike, by their paths in the project."""

    def content(path: Path | None) -> bytes | None:
        return path.read_bytes() if path and path.is_file() else None

    names = sorted(before.keys() | after.keys())
    return [name for name in names if content(before.get(name)) != content(after.get(name))]


def file_diff(
    name: str,
    before: Path | None,
    after: Path | None,
    labels: tuple[str, str] = ("before", "after"),
    read: Callable[[Path | None], list[str]] = lambda path: read_text(path),
) -> str:
    """A unified diff between two versions of a file; None is a file that is not there.

    `labels` say in its first two lines whose the versions are; `read` gives the lines to compare.
    """
    lines = difflib.unified_diff(
        read(before),
        read(after),
        f"{labels[0]}/{name}" if before else "/dev/null",
        f"{labels[1]}/{name}" if after else "/dev/null",
        lineterm="",
    )
    return "\n".join(lines)


def stage_diff(
    number: int, only: str | None = None, workspace: Path | None = None
) -> Iterator[tuple[str, str]]:
    """What changes up to stage `number`: pairs of a file's path and its unified diff.

    The beginning is the stage before, or the files in `workspace`; files there that no stage knows
    are left out. Given files and lock files come with a word in place of a diff, unless one is
    asked for with `only`. Raises `Trouble` when no stage has the file `only`.
    """
    after = stage_files(number)
    before = stage_files(stage_before(number))
    labels = (f"stage {stage_before(number)}", f"stage {number}")
    if workspace:
        labels = ("yours", labels[1])
        names = before.keys() | after.keys()
        before = {name: workspace / name for name in names if (workspace / name).is_file()}
    if only is not None and only not in before | after:
        raise Trouble(f"There is no file {only} at stage {number} or before it.")
    for name in changed_files(before, after):
        if only is None and name in chapter(number).gives:
            yield name, "given"
        elif only is None and name == "Pipfile.lock":
            yield name, "made"
        elif only in (None, name):
            there = before.get(name), after.get(name)
            if not workspace or text_that_counts(name, there[0]) != text_that_counts(
                name, there[1]
            ):
                yield name, file_diff(name, *there, labels)


def is_made(name: str, number: int) -> bool:
    """Whether a command writes the file, so that nobody types it in chapter `number`."""
    return (
        name in MADE
        or "/migrations/" in name
        or name.endswith("/__init__.py")
        or (name == "config/asgi.py" and number == 1)
    )


def typed_lines(number: int) -> dict[str, int]:
    """How many lines the learner adds to each file in chapter `number`; blank ones don't count.

    Given files and those that a command makes are left out, and files without a new line.
    """
    after, before = stage_files(number), stage_files(stage_before(number))
    typed = {}
    for name in changed_files(before, after):
        if name in chapter(number).gives or is_made(name, number):
            continue
        old, new = (
            [line for line in read_text(files.get(name)) if line.strip()]
            for files in (before, after)
        )
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        if added := len(new) - sum(block.size for block in matcher.get_matching_blocks()):
            typed[name] = added
    return typed
