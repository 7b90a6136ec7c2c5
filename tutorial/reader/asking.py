"""Which folder and chapter a reader means, and what is remembered of a report."""

from pathlib import Path

from tutorial.checking.run import Report
from tutorial.course.chapters import chapter
from tutorial.environment import Trouble
from tutorial.reader.workspace import find_workspace, open_workspace, record


def wanted(number: str | None, workspace: Path | None) -> tuple[Path, int]:
    """The folder to check, and the chapter: those named, else the ones that are under way.

    A folder that is named need not be one that `start` made. Raises `Trouble` when it is no
    folder, when there is no such chapter, and when nothing says which one is meant.
    """
    if number is not None and not number.isdecimal():
        raise Trouble(f"{number} is no chapter. Call it as: check 4")
    named = chapter(int(number)).number if number else None
    if workspace and not workspace.is_dir():
        raise Trouble(f"{workspace} is not a folder.")
    if workspace and named and find_workspace(workspace) is None:
        return workspace.resolve(), named
    folder, progress = open_workspace(workspace)
    return folder, named or progress.chapter


def remember(folder: Path, report: Report) -> None:
    """Write down which steps are kept, when the folder is one that `start` made."""
    if find_workspace(folder) == folder.resolve():
        record(folder, report.chapter.number, report.kept, report.green)
