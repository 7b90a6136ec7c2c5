"""The line that activates the course's environment in the shell that has called the tool."""

import contextlib
import os
from pathlib import Path

from tutorial.environment import VENV, WINDOWS

PROGRAMS = VENV / ("Scripts" if WINDOWS else "bin")

SHELLS = {
    "fish": 'source "{}"',
    "pwsh": '& "{}"',
    "powershell": '& "{}"',
    "cmd": '"{}"',
    "csh": 'source "{}"',
    "tcsh": 'source "{}"',
    "sh": '. "{}"',
    "dash": '. "{}"',
}
"""How a shell runs a script in itself; all others do it as bash does."""

SCRIPTS = {
    **{"fish": "activate.fish", "pwsh": "Activate.ps1", "powershell": "Activate.ps1"},
    **{"cmd": "activate.bat", "csh": "activate.csh", "tcsh": "activate.csh"},
}
"""The script for a shell; all others take `activate`."""


def calling_shell() -> str:
    """The name of the shell in which the tool was called, such as "fish"; "" when none is found."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for parent in psutil.Process().parents():
            name = parent.name().lower().removesuffix(".exe").lstrip("-")
            if name in SHELLS or name in ("bash", "zsh", "ksh"):
                return name
    if WINDOWS:
        return "powershell" if os.environ.get("PSMODULEPATH") else "cmd"
    return Path(os.environ.get("SHELL", "")).name


def activation(shell: str | None = None) -> str:
    """The line that activates `.venv` in a shell; by default in the calling one."""
    shell = calling_shell() if shell is None else shell
    script = PROGRAMS / SCRIPTS.get(shell, "activate")
    return SHELLS.get(shell, 'source "{}"').format(quoted(str(script), shell))


def quoted(path: str, shell: str) -> str:
    """A path between double quotes, with what means something there made harmless."""
    if shell in ("pwsh", "powershell"):
        return path.replace("`", "``").replace("$", "`$")
    if shell == "cmd":
        return path
    for sign in '\\$`"' if shell != "fish" else '\\$"':
        path = path.replace(sign, f"\\{sign}")
    return path


def is_active() -> bool:
    """Whether the course's environment is active in the calling shell."""
    from tutorial.environment import SHELL_VENV

    active = os.environ.get(SHELL_VENV)
    return bool(active) and Path(active).resolve() == VENV.resolve()
