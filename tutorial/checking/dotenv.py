"""The `.env` of the copy that is checked, with another line in it."""

import os

from tutorial.checking.folder import Project


def set_line(project: Project, name: str, value: str | None) -> None:
    """Have `.env` say `name=value`, in place of what it says of that name; None: nothing.

    Whoever reads it meanwhile reads all of the old text or all of the new one. A folder without
    `.env` stays without.
    """
    file = project.path(".env")
    if not file.is_file():
        return
    lines = project.read(".env").splitlines()
    kept = [line for line in lines if name_of(line) != name]
    new = [f"{name}={value}"] if value is not None else []
    beside = file.with_name(".env.new")
    beside.write_text("\n".join([*kept, *new, ""]), encoding="utf-8", newline="\n")
    os.replace(beside, file)


def name_of(line: str) -> str:
    """The name that a line of `.env` gives a value, or an empty text."""
    return line.partition("=")[0].removeprefix("export ").strip() if "=" in line else ""
