"""Hints for the step that is open, in three steps: where, what, and nearly the line."""

from pathlib import Path

from tutorial.checking.differs import nearest
from tutorial.checking.run import Report
from tutorial.reader.files import file_to_edit


def hints(report: Report, folder: Path) -> list[str]:
    """The three hints for the open step of a report; none when no step is open."""
    step = report.open
    if not step:
        return []
    file = file_to_edit(report, folder).relative_to(folder).as_posix()
    found = nearest(report.chapter.number, folder, step.heading)
    return [
        f"Where: read “{step.heading}” once more, and look at {file}.",
        f"What: {step.hint or step.see or report.problem}",
        f"Nearly the line: {found.sentence if found else 'your way is not the text’s. ' + LEFT}",
    ]


LEFT = "Compare what it does with what the step is to show."
"""What is left to say where a chapter is the reader's own."""
