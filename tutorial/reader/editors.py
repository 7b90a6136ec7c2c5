"""The settings that an editor needs in a reader's folder: `start --vscode`."""

import json
from pathlib import Path

from tutorial.environment import PYTHON

VSCODE = ".vscode/settings.json"


def vscode_settings() -> dict:
    """The three settings of VS Code that matter here, by their names in its settings file.

    The interpreter, since `.venv` in the folder is a file, which VS Code does not follow; no
    sorting of imports on save, since their order counts in config/asgi.py; no saving after each
    key, since a save has the server start again, and `watch` look.
    """
    return {
        "python.defaultInterpreterPath": str(PYTHON),
        "[python]": {"editor.codeActionsOnSave": {"source.organizeImports": "never"}},
        "files.autoSave": "off",
    }


def lay_vscode(folder: Path) -> bool:
    """Write them into a folder; return False, and write nothing, where it has settings already."""
    file = folder / VSCODE
    if file.exists():
        return False
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(vscode_settings(), indent=4, ensure_ascii=False) + "\n", "utf-8")
    return True
