"""Texts made from the chapters: the README's map and TROUBLESHOOTING.md."""

import re
from pathlib import Path

from tutorial.course.chapters import COURSE
from tutorial.course.mistakes import mistakes, troubles
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
    """All that goes wrong: messages with cause and cure, then what can be seen without one."""
    parts = [
        "# When something goes wrong",
        "Look for the message that you see; names and numbers in it may be others. In your folder, "
        "`python3 -m tutorial check` looks for what is listed below the chapters, and says where "
        "yours is. `python3 -m tutorial explain -- python manage.py runserver` runs a command and "
        "answers from this page.",
        "## Anywhere",
        *(several_causes(entry) for entry in troubles()),
    ]
    for chapter in COURSE:
        if chapter.exists and (entries := mistakes(chapter)):
            link = chapter.readme.relative_to(TROUBLESHOOTING.parent).as_posix()
            parts.append(f"## Chapter {chapter.number}: [{chapter.title}]({link})")
            parts += [trouble(entry) for entry in entries if is_message(entry)]
            if seen := [entry for entry in entries if not is_message(entry)]:
                parts.append("Without a message:")
                parts.append("\n".join(sight(entry) for entry in seen))
    return "\n\n".join(parts) + "\n"


def is_message(entry: dict) -> bool:
    """Whether a mistake shows a message: in the server's terminal, or when a command is run."""
    return not entry.get("elsewhere") or "command" in entry


def trouble(entry: dict) -> str:
    """One mistake as a paragraph of Markdown."""
    symptom, cause, cure = (entry[part].strip() for part in ("symptom", "cause", "cure"))
    where = f"\n\n(`{entry['command']}` says it.)" if "command" in entry else ""
    return f"```\n{symptom}\n```{where}\n\n{cause} **Cure:** {cure}"


def sight(entry: dict) -> str:
    """A mistake that shows in what a person sees, as an item of a list."""
    symptom, cause, cure = (entry[part].strip() for part in ("symptom", "cause", "cure"))
    return f"- *{symptom.rstrip('.')}.* {cause} **Cure:** {cure}"


def several_causes(entry: dict) -> str:
    """A message with all its causes, as Markdown."""
    causes = [f"- {each['cause']} **Cure:** {each['cure']}" for each in entry["causes"]]
    return f"```\n{entry['symptom']}\n```\n\n" + "\n".join(causes)


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
