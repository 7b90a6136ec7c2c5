"""Finds the reader's own line for what has been shown to be wrong: pure functions on a folder.

Files that the course has given, and that are still as they were given, are nobody's error.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from tutorial.course.chapters import COURSE
from tutorial.course.stages import given_files

FRAME = re.compile(r'File "([^"]+)", line (\d+)')
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def texts_given() -> dict[str, set[bytes]]:
    """The files that chapters lay in a reader's folder: path → the texts that they were given."""
    found: dict[str, set[bytes]] = {}
    for of in COURSE:
        if of.has_stage:
            for name, source in given_files(of.number).items():
                found.setdefault(name, set()).add(lines_of(source.read_bytes()))
    return found


def lines_of(content: bytes) -> bytes:
    """A text with the same line ends everywhere."""
    return content.replace(b"\r\n", b"\n").strip()


def is_given(folder: Path, name: str) -> bool:
    """Whether a file of the folder is one that the course has given, as it was given."""
    texts = texts_given().get(name)
    try:
        return bool(texts) and lines_of((folder / name).read_bytes()) in texts
    except OSError:
        return False


def places(output: str, folder: Path) -> list[tuple[str, int]]:
    """The lines of the folder's files that a traceback (or a dump of threads) goes through."""
    found = []
    for name, line in FRAME.findall(output):
        if Path(name).is_relative_to(folder):
            found.append((Path(name).relative_to(folder).as_posix(), int(line)))
    return found


def own_places(output: str, folder: Path) -> list[tuple[str, int]]:
    """As `places`, without the files that were given and without manage.py."""
    found = places(output, folder)
    return [place for place in found if place[0] != "manage.py" and not is_given(folder, place[0])]


def last_traceback(output: str) -> str:
    """The last traceback in an output, chained ones included; all of it without one."""
    start = output.rfind("Traceback (")
    return output[start:] if start >= 0 else output


def chains(output: str) -> list[str]:
    """The tracebacks in an output, each with those that led to it; all of it without one."""
    first, *more = re.split(r"(?=^Traceback \(most recent call last\):$)", output, flags=re.M)
    found: list[str] = []
    for number, part in enumerate(more):
        if number and LED_TO.search(more[number - 1]):
            found[-1] += part
        else:
            found.append(part)
    return found or [first]


LED_TO = re.compile(r"^(?:During handling of the above|The above exception was the)", re.M)


def blamed(output: str, folder: Path) -> tuple[str, int] | None:
    """The reader's own line that an output blames, as file and line; None: it names none."""
    if "most recent call first" in output:  # a dump of threads
        return next(iter(own_places(output, folder)), None)
    found = own_places(last_traceback(output), folder) or own_places(output, folder)
    return found[-1] if found else None


def place_of(output: str, folder: Path) -> str | None:
    """The reader's own line that an output blames, in words; None: it names none."""
    place = blamed(output, folder)
    return in_words(*place) if place else None


def in_words(file: str, line: int | None) -> str:
    """A place in words."""
    return f"{file}, line {line}" if line else file


def sources(folder: Path) -> Iterator[tuple[str, str]]:
    """The reader's own Python files: path and text; what can't be read is left out."""
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder).as_posix()
        if name == "manage.py" or "migrations/" in name or is_given(folder, name):
            continue
        try:
            yield name, file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue


def trees(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    """The syntax trees of the reader's own Python files."""
    for name, text in sources(folder):
        try:
            yield name, ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue


def tree(folder: Path, name: str) -> ast.Module | None:
    """The syntax tree of one file, whoever wrote it; None when it can't be read."""
    try:
        return ast.parse((folder / name).read_text("utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def functions(module: ast.Module) -> Iterator[tuple[str, Function]]:
    """All functions of a module with their qualified names."""

    def look(body: list, before: str) -> Iterator[tuple[str, Function]]:
        for node in body:
            if isinstance(node, FUNCTION):
                yield before + node.name, node
                yield from look(node.body, f"{before}{node.name}.<locals>.")
            elif isinstance(node, ast.ClassDef):
                yield from look(node.body, f"{before}{node.name}.")
            else:
                yield from look(list(ast.iter_child_nodes(node)), before)

    return look(module.body, "")


def definition(folder: Path, name: str) -> tuple[str, Function] | None:
    """The reader's function of this qualified name, such as `ChatConsumer.receive`: file, node."""
    for file, module in trees(folder):
        for found, node in functions(module):
            if found == name:
                return file, node
    return None


def enclosing(folder: Path, file: str, line: int) -> tuple[str, Function] | None:
    """The innermost function that a line of a file stands in: its qualified name and node."""
    module = tree(folder, file)
    if module is None:
        return None
    around = [
        (name, node) for name, node in functions(module) if node.lineno <= line <= node.end_lineno
    ]
    return max(around, key=lambda pair: pair[1].lineno, default=None)


def where(folder: Path, file: str, function: str = "", text: str = "") -> str:
    """The line of a file in words: the first one with this text, in functions of this name.

    Without the text it is the function's `def`; without such a line, the file alone.
    """
    module = tree(folder, file)
    if module is None:
        return file
    lines = (folder / file).read_text("utf-8").splitlines()
    spans = [
        (node.lineno, node.end_lineno)
        for name, node in functions(module)
        if name.rpartition(".")[2] == function
    ] or ([] if function else [(1, len(lines))])
    for first, last in spans:
        for number in range(first, last + 1):
            if text in lines[number - 1]:
                return in_words(file, number)
    return file


def line_with(folder: Path, text: str) -> str | None:
    """The reader's line that has a string with this text, in words."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and node.value == text:
                return in_words(file, node.lineno)
    return None


def line_of_page(folder: Path, text: str, kinds: tuple[str, ...] = ("*.html", "*.js")) -> str:
    """The first line of the reader's templates and scripts with this text, in words; or nothing.

    `kinds`: which files.
    """
    for file in sorted(file for kind in kinds for file in folder.rglob(kind)):
        name = file.relative_to(folder).as_posix()
        if is_given(folder, name):
            continue
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
            if text in line:
                return in_words(name, number)
    return ""
