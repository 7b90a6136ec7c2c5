"""Which of a reader's files is likely the next to edit."""

from pathlib import Path

from tutorial.checking.run import Report
from tutorial.course.stages import changed_files, stage_before, stage_files


def file_to_edit(report: Report, folder: Path) -> Path:
    """The file that is most likely the next to edit.

    The one whose line the problem blames; else where the folder differs from the text; else the
    first, in the text's order, that is as it was before the chapter; else one that the problem
    names.
    """
    problem = report.problem or ""
    number = report.chapter.number
    after, before = stage_files(number), stage_files(stage_before(number))
    typed = in_reading_order(
        [
            name
            for name in changed_files(before, after)
            if name in after and name not in report.chapter.gives
        ],
        report.chapter.readme,
    )
    own = {name: folder / name for name in typed if (folder / name).is_file()}
    begun = {name: before[name] for name in typed if name in before}
    untouched = [name for name in typed if name not in changed_files(begun, own)]
    named = [name for name in [*typed, *after] if name in problem]
    blamed = [name for name in named if f"{name}, line" in problem and name not in untouched]
    missing = [name for name in untouched if name not in before]
    modules = [name for name in missing if name.removesuffix(".py").replace("/", ".") in problem]
    differs = [report.differs.file] if report.differs and report.differs.file else []
    found = [*modules, *blamed, *differs, *untouched, *named, *typed, "manage.py"]
    return folder / found[0]


def in_reading_order(names: list[str], readme: Path) -> list[str]:
    """The files in the order in which the chapter's text shows them; the others come last."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    shown = {name: text.find(f"**{name}**") for name in names}
    return sorted(names, key=lambda name: shown[name] if shown[name] >= 0 else len(text))
