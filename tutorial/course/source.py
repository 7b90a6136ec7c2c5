"""Finds a part of a file by name, and types a part of one file into another: pure functions.

Lines are numbered from 0; a span is half open, as a slice is.
"""

import ast
import difflib

Span = tuple[int, int]


def symbol_span(text: str, name: str) -> Span | None:
    """The lines of a class, function, method (`Class.method`) or assignment, or None.

    Decorators and comments directly above belong to it. Text that is not Python has no symbols.
    """
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return None
    node = None
    for part in name.split("."):
        node = next((found for found in body if part in names_of(found)), None)
        if node is None:
            return None
        body = getattr(node, "body", [])
    return span_of(node, text.splitlines())


def names_of(node: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return {target.id for target in targets if isinstance(target, ast.Name)}


def span_of(node: ast.stmt, lines: list[str]) -> Span:
    """The lines of a statement with its decorators and the comments directly above."""
    decorators = [decorator.lineno for decorator in getattr(node, "decorator_list", [])]
    first = min([node.lineno, *decorators]) - 1
    while first and lines[first - 1].strip().startswith("#"):
        first -= 1
    return first, node.end_lineno


def neighbour(text: str, name: str) -> str | None:
    """The last part of the name of what stands before a symbol in the same body, or None."""
    body = ast.parse(text).body
    *parents, last = name.split(".")
    for parent in parents:
        body = next(node for node in body if parent in names_of(node)).body
    before = None
    for node in body:
        if last in names_of(node):
            return before
        before = next(iter(names_of(node)), before)
    return None


def range_span(text: str, start: str, end: str | None) -> Span:
    """The lines from the one that is (or begins with) `start` to the next that does with `end`.

    Without `end` it is one line. Raises `ValueError` when there is none, or more than one start.
    """
    lines = text.splitlines()
    first = find_line(lines, start, 0, unique=True)
    return first, (first if end is None else find_line(lines, end, first)) + 1


def find_line(lines: list[str], wanted: str, start: int, unique: bool = False) -> int:
    """The number of the first line from `start` on that is, or else begins with, `wanted`."""
    wanted = wanted.strip()
    same = [n for n, line in enumerate(lines) if n >= start and line.strip() == wanted]
    found = same or [
        n for n, line in enumerate(lines) if n >= start and line.strip().startswith(wanted)
    ]
    if not found:
        raise ValueError(f"no line begins with {wanted!r}")
    if unique and len(found) > 1:
        raise ValueError(f"{len(found)} lines begin with {wanted!r}")
    return found[0]


def type_in(current: str, target: str, span: Span, symbol: str | None = None) -> str:
    """Type the lines `span` of `target` into `current` where they belong; return the new text.

    A symbol that `current` has is replaced as a whole, as a reader would do. Everything else goes
    where a comparison of the two texts puts it. Blank lines around it are typed, too.
    """
    new = target.splitlines(keepends=True)
    old = current.splitlines(keepends=True)
    if span == (0, len(new)):
        return target
    there = symbol_span(current, symbol) if symbol else None
    if there:
        typed = old[: there[0]] + new[slice(*span)] + old[there[1] :]
    else:
        typed = type_by_comparison(old, new, widen(span, new))
    return "".join(with_blank_lines(typed, new))


def type_by_comparison(old: list[str], new: list[str], span: Span) -> list[str]:
    """Apply those differences between `old` and `new` that lie in the lines `span` of `new`.

    Of a difference that lies there in part only that part is typed, and nothing is taken away.
    """
    first, last = span
    typed = []
    for kind, i1, i2, j1, j2 in opcodes(old, new):
        if kind == "equal":
            typed += old[i1:i2]
        elif j1 == j2:  # lines to take away: only in the midst of what is shown
            typed += [] if first < j1 < last else old[i1:i2]
        elif first <= j1 and j2 <= last:
            typed += new[j1:j2]
        elif j1 < first:
            typed += old[i1:i2] + new[first : min(j2, last)]
        else:
            typed += new[j1 : max(j1, last)] + old[i1:i2]
    return typed


def with_blank_lines(old: list[str], new: list[str]) -> list[str]:
    """`old` with the differences from `new` applied that concern blank lines only."""
    typed = []
    for kind, i1, i2, j1, j2 in opcodes(old, new):
        blank = kind != "equal" and not "".join(old[i1:i2] + new[j1:j2]).strip()
        typed += new[j1:j2] if blank else old[i1:i2]
    return typed


def opcodes(old: list[str], new: list[str]) -> list[tuple]:
    """What difflib finds, without its shortcut for long texts."""
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def widen(span: Span, lines: list[str]) -> Span:
    """The span with the blank lines around it."""
    first, last = span
    while first > 0 and not lines[first - 1].strip():
        first -= 1
    while last < len(lines) and not lines[last].strip():
        last += 1
    return first, last


def stands_in(shown: list[str], text: str) -> bool:
    """Whether these lines stand in the text, one below the other."""
    lines, size = text.splitlines(), len(shown)
    return any(lines[n : n + size] == shown for n in range(len(lines) - size + 1))
