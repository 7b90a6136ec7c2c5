"""Texts made from the chapters: the README's map and TROUBLESHOOTING.md."""

import re
from pathlib import Path

from tutorial.course.chapters import COURSE
from tutorial.course.mistakes import mistakes
from tutorial.environment import ROOT

README = ROOT / "README.md"
TROUBLESHOOTING = ROOT / "tutorial" / "TROUBLESHOOTING.md"
MAP = re.compile(r"(?<=<!-- the map: written by `tutorial write` -->\n).*?(?=<!-- end -->)", re.S)


def chapter_map() -> str:
    """The course's chapters as a table in Markdown; the written ones are links."""
    lines = ["", "| | chapter | minutes |", "| --- | --- | --- |"]
    for chapter in COURSE:
        title, minutes = chapter.title, "to come"
        if chapter.exists:
            link = chapter.readme.relative_to(ROOT).as_posix()
            title, minutes = f"[{title}]({link})", chapter.minutes
        lines.append(f"| {chapter.number} | {title} | {minutes} |")
    return "\n".join([*lines, "", ""])


def troubleshooting() -> str:
    """All that goes wrong in the chapters: symptom, cause and cure."""
    parts = [
        "# When something goes wrong",
        "Look for the message that you see. `python3 -m tutorial check` knows all of these, too, "
        "and says where yours is.",
    ]
    for chapter in COURSE:
        if chapter.exists and (entries := mistakes(chapter)):
            link = chapter.readme.relative_to(TROUBLESHOOTING.parent).as_posix()
            parts.append(f"## Chapter {chapter.number}: [{chapter.title}]({link})")
            parts += [trouble(entry) for entry in entries]
    return "\n\n".join(parts) + "\n"


def trouble(entry: dict) -> str:
    """One mistake as a paragraph of Markdown."""
    symptom, cause, cure = (entry[part].strip() for part in ("symptom", "cause", "cure"))
    return f"```\n{symptom}\n```\n\n{cause} **Cure:** {cure}"


def texts() -> dict[Path, str]:
    """Map each file that is made from the chapters to what it has to hold."""
    readme = README.read_text("utf-8")
    return {
        README: MAP.sub(lambda _: chapter_map(), readme),
        TROUBLESHOOTING: troubleshooting(),
    }


def write() -> list[Path]:
    """Write these files anew; return those that changed."""
    changed = []
    for file, text in texts().items():
        if not file.is_file() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8", newline="\n")
            changed.append(file)
    return changed
