"""What the tool's modules promise: each stands in the room of those whom it serves."""

import ast

import pytest

from tutorial.environment import ROOT

TUTORIAL = ROOT / "tutorial"
ORDER = ("cli", "author", "web", "bench", "reader", "checks", "checking", "course", "environment")
"""Who may import whom: a room imports from itself and from those behind it."""

SIDE_BY_SIDE = {"web", "bench"}

MODULES = [
    file
    for file in sorted(TUTORIAL.rglob("*.py"))
    if file.relative_to(TUTORIAL).parts[0] not in ("chapters", "tests")
]


def room_of(parts):
    """The room of a module's name without `tutorial`."""
    return parts[0] if parts and parts[0] in ORDER else None


def imported(file):
    """The rooms that a module imports from, with the line of each."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "tutorial":
                names = [f"tutorial.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("tutorial."):
                yield room_of(name.split(".")[1:]), node.lineno


@pytest.mark.parametrize("file", MODULES, ids=lambda f: f.relative_to(TUTORIAL).as_posix())
def test_imports_run_one_way(file):
    room = room_of([part.removesuffix(".py") for part in file.relative_to(TUTORIAL).parts])
    if room is None:
        assert file.name in ("__init__.py", "__main__.py"), f"{file.name} stands in no room"
        return
    for other, line in imported(file):
        assert other, f"line {line} imports from no room"
        assert ORDER.index(room) <= ORDER.index(other), f"line {line}: {room} imports {other}"
        assert room == other or not {room, other} <= SIDE_BY_SIDE, f"line {line}"
