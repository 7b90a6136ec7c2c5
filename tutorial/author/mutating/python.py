"""Faults in Python."""

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator

from tutorial.author.mutating.plain import Edit
from tutorial.course.source import span_of

QUIET = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    tokenize.ENDMARKER,
}
"""Tokens that do nothing by themselves."""

DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
ASSIGNMENTS = ast.Assign | ast.AnnAssign | ast.AugAssign
IMPORTS = ast.Import | ast.ImportFrom
OWN = {"chat", "config", "tests"}
"""The project's packages."""


def parses(text: str) -> bool:
    """Whether Python can read the text."""
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def line(lines: list[str]) -> Iterator[Edit]:
    """Each line gone that is more than blank, a comment or a part of a docstring."""
    text = "\n".join(lines) + "\n"
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    busy = {
        number
        for token in tokens
        if token.type not in QUIET
        for number in range(token.start[0], token.end[0] + 1)
    }
    for number in sorted(busy - lines_of_docstrings(ast.parse(text))):
        yield number, number + 1, []


def docstrings(tree: ast.Module) -> Iterator[ast.Expr]:
    """Strings that stand as statements: docstrings, and those below an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield node


def lines_of_docstrings(tree: ast.Module) -> set[int]:
    """The lines that docstrings take."""
    return {n for node in docstrings(tree) for n in range(node.lineno, node.end_lineno + 1)}


def word(lines: list[str]) -> Iterator[Edit]:
    """Each `return`, `not` and `await` gone; where nothing is left of a line, it says `pass`."""
    text = "\n".join(lines) + "\n"
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.string in ("return", "not", "await"):
            number, column = token.start
            old = lines[number - 1]
            rest = old[token.end[1] :].lstrip()
            if token.string == "return" and (not rest or rest.startswith("#")):
                rest = f"pass  {rest}".rstrip()
            yield number, number + 1, [old[:column] + rest]


def swap(lines: list[str]) -> Iterator[Edit]:
    """Neighbouring statements of one body that have changed places, where that can matter."""
    tree = ast.parse("\n".join(lines) + "\n")
    skipped = set(map(id, docstrings(tree)))
    bodies = [
        body
        for node in ast.walk(tree)
        for part in ("body", "orelse", "finalbody")
        if isinstance(body := getattr(node, part, None), list)
    ]
    pairs = (pair for body in bodies for pair in itertools.pairwise(body))
    for first, second in sorted(pairs, key=lambda pair: pair[0].lineno):
        if id(first) in skipped or not matters(first, second):
            continue
        (a, b), (c, d) = span_of(first, lines), span_of(second, lines)
        if a < b <= c < d:
            yield a + 1, d + 1, [*lines[c:d], *lines[b:c], *lines[a:b]]


def matters(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether it can make a difference that two statements change places."""
    pair = (first, second)
    (bound, used), (bound_too, used_too) = names(first), names(second)
    if meet(bound, bound_too | used_too) or meet(bound_too, used):
        return True
    if any(isinstance(node, DEFINITIONS) for node in pair):
        return False  # a function does nothing until it is called
    if all(isinstance(node, IMPORTS) for node in pair) or any(map(is_foreign, pair)):
        return False
    if all(map(only_assigns, pair)):
        return False
    return bool(used & used_too) or any(map(calls, pair))


def is_foreign(node: ast.stmt) -> bool:
    """Whether a statement imports from a package: that hangs on nothing in the project."""
    if isinstance(node, ast.ImportFrom):
        return not node.level and node.module.split(".")[0] not in OWN
    return isinstance(node, ast.Import)


def only_assigns(node: ast.stmt) -> bool:
    """Whether a statement does nothing but give names to things."""
    if isinstance(node, ast.If):
        return all(map(only_assigns, [*node.body, *node.orelse]))
    return isinstance(node, ASSIGNMENTS | ast.ClassDef)


def meet(bound: set[str], used: set[str]) -> bool:
    """Whether a name that is bound, or a part of what it stands for, is used: a and a.b."""
    return any(
        one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
        for one in bound
        for other in used
    )


def at_once(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's nodes that are run when it is reached: without the bodies of functions.

    `self.scope` is one node.
    """
    yield node
    if isinstance(node, DEFINITIONS):
        parts = [*getattr(node, "decorator_list", ()), *node.args.defaults, *node.args.kw_defaults]
    elif isinstance(node, ast.Attribute) and dotted(node):
        parts = []
    else:
        parts = ast.iter_child_nodes(node)
    for part in filter(None, parts):
        yield from at_once(part)


def calls(node: ast.stmt) -> bool:
    """Whether a statement calls something when it is reached."""
    return any(isinstance(part, ast.Call | ast.Await) for part in at_once(node))


def names(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement binds, and those that it uses; `self.room` counts as one."""
    bound, used = set(), set()
    for part in at_once(node):
        if isinstance(part, ast.Name | ast.Attribute):
            (used if isinstance(part.ctx, ast.Load) else bound).add(dotted(part))
        elif isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            bound.add(dotted(part.value))
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(part.name)
        elif isinstance(part, ast.alias):
            bound.add((part.asname or part.name).split(".")[0])
    if isinstance(node, ast.ClassDef):
        return {node.name}, used - bound - {""}
    return bound - {""}, used - {""}


def dotted(node: ast.expr) -> str:
    """`self.scope` as text; empty where it begins with something else than a name."""
    try:
        text = ast.unparse(node)
    except ValueError:
        return ""
    return text if all(part.isidentifier() for part in text.split(".")) else ""


def name(lines: list[str]) -> Iterator[Edit]:
    """Each word that a program reads, with an `x` more; each number, another one."""
    tree = ast.parse("\n".join(lines) + "\n")
    for number, start, end, new in sorted(set(words(tree, lines))):
        old = lines[number - 1]
        yield number, number + 1, [old[:start] + new + old[end:]]


def words(tree: ast.Module, lines: list[str]) -> Iterator[tuple[int, int, int, str]]:
    """Where such words stand: line, from column, to column; and the changed word."""
    skipped = {id(node.value) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= set(map(id, ast.walk(node))) - {id(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.keyword) and node.arg:
            start = column(lines, node.lineno, node.col_offset)
            yield node.lineno, start, start + len(node.arg), f"{node.arg}x"
        elif isinstance(node, ast.Constant) and node.lineno == node.end_lineno:
            start, end = (
                column(lines, node.lineno, offset)
                for offset in (node.col_offset, node.end_col_offset)
            )
            literal = lines[node.lineno - 1][start:end]
            if new := changed(node.value, literal):
                yield node.lineno, start, end, new
    yield from defined(tree, lines)


def column(lines: list[str], number: int, offset: int) -> int:
    """The place in a line, in characters, that `ast` counts in bytes."""
    return len(lines[number - 1].encode()[:offset].decode())


def changed(value: object, literal: str) -> str | None:
    """A literal with another value; None for one that no program reads."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return other_number(value)
    if not for_programs(value):
        return None
    return one_more(literal)


def one_more(literal: str) -> str | None:
    """A string's literal with an `x` behind its last letter or digit; None where it has none.

    Escapes and, in JavaScript, `${…}` are no letters.
    """
    bare = re.sub(r"\\.|\$\{.*?\}", lambda found: "_" * len(found[0]), literal[:-1])
    places = [found.end() for found in re.finditer(r"[^\W_]", bare)]
    return f"{literal[: places[-1]]}x{literal[places[-1] :]}" if places else None


def other_number(value: int | float) -> str:
    """A code's neighbour: 4401 → 4402. Any other number is a quantity, and ten times as large."""
    is_code = isinstance(value, int) and 100 < value < 10_000 and value % 10 and value & (value - 1)
    return repr(value + 1 if is_code or not value else value * 10)


def for_programs(value: str) -> bool:
    """Whether a string is a name, key, id, path or code: no blank, no sentence's end."""
    return bool(re.search(r"[^\W_]", value)) and not re.search(r"\s|[.!?…:]$", value)


def defined(tree: ast.Module, lines: list[str]) -> Iterator[tuple[int, int, int, str]]:
    """Names that a framework looks for: settings and the like, a class's attributes, methods."""
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for node in itertools.chain.from_iterable(bodies):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    start = column(lines, target.lineno, target.col_offset)
                    yield target.lineno, start, start + len(target.id), f"{target.id}x"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node not in tree.body:
            if not node.name.startswith("test"):
                start = lines[node.lineno - 1].index(f"def {node.name}(") + len("def ")
                yield node.lineno, start, start + len(node.name), f"{node.name}x"
