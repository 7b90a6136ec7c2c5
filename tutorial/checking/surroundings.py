"""What surrounds a reader's project where its owner runs it: `.env`, the terminal, …"""

import os
import re
from pathlib import Path


def overruled(folder: Path) -> list[str]:
    """The names in the folder's `.env` that this terminal has with another value.

    `pipenv shell` puts the lines of `.env` into its environment when it begins, and a variable of
    the environment wins: later changes of the file are not seen from there.
    """
    try:
        text = (folder / ".env").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    lines = re.findall(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=(.*)$", text, re.MULTILINE)
    return [name for name, value in lines if os.environ.get(name, value) not in value]
