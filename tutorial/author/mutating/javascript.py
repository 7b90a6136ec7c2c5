"""Faults in JavaScript, found by its tokens: there is no parser for it here."""

import ast
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from tutorial.author.mutating.plain import Edit
from tutorial.author.mutating.python import for_programs, meet, one_more, other_number

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<sign>===|!==|==|!=|=>|\.\.\.|\?\.|\?\?|&&|\|\||[^\w\s])""",
    re.VERBOSE | re.DOTALL,
)
OPENING, CLOSING = "([{", ")]}"
FIXED = {"import", "export", "function", "class", "else", "case", "default"}
"""How something begins whose place does not matter, or that hangs on what stands before it."""


class Token(NamedTuple):
    """A piece of the text: its kind, its text, its line (from 1) and column."""

    kind: str
    text: str
    line: int
    column: int


def tokens(lines: list[str]) -> list[Token]:
    """What the text consists of, comments left out."""
    text, found = "\n".join(lines), []
    for match in TOKEN.finditer(text):
        if match.lastgroup != "comment":
            before = text[: match.start()]
            column = match.start() - (before.rfind("\n") + 1)
            found.append(Token(match.lastgroup, match[0], before.count("\n") + 1, column))
    return found


def parses(text: str) -> bool:
    """Whether every bracket has its other half."""
    return balanced(tokens(text.splitlines()))


def balanced(found: list[Token]) -> bool:
    """Whether every bracket among these tokens has its other half among them."""
    open_ones = []
    for token in found:
        if token.kind == "sign" and token.text in OPENING:
            open_ones.append(token.text)
        elif token.kind == "sign" and token.text in CLOSING:
            if not open_ones or open_ones.pop() != OPENING[CLOSING.index(token.text)]:
                return False
    return not open_ones


def by_line(found: list[Token]) -> dict[int, list[Token]]:
    """The tokens of each line that has any."""
    return {n: list(group) for n, group in itertools.groupby(found, lambda token: token.line)}


def line(lines: list[str]) -> Iterator[Edit]:
    """Each line gone that has more than a comment, and whose brackets are all its own.

    A line stays where the next one is its `else`.
    """
    for parts, after in itertools.pairwise([*by_line(tokens(lines)).values(), []]):
        is_if = begins_with("else", after) and not begins_with("else", parts)
        if balanced(parts) and not is_if:
            yield parts[0].line, parts[0].line + 1, []


def begins_with(word: str, parts: list[Token]) -> bool:
    """Whether the first of these tokens is the word."""
    return bool(parts) and parts[0].text == word


def word(lines: list[str]) -> Iterator[Edit]:
    """Each `return`, `!` and `await` gone."""
    for token in tokens(lines):
        old, end = lines[token.line - 1], token.column + len(token.text)
        rest = old[end:]
        if token.text in ("return", "await"):
            yield token.line, token.line + 1, [old[: token.column] + rest.lstrip()]
        elif token.text == "!":
            yield token.line, token.line + 1, [old[: token.column] + rest]
        elif token.text in ("!==", "!="):
            yield token.line, token.line + 1, [old[: token.column] + "=" + token.text[1:] + rest]


def swap(lines: list[str]) -> Iterator[Edit]:
    """Neighbouring statements of one body that have changed places, where that can matter."""
    found = []
    for body in bodies(list(by_line(tokens(lines)).values())):
        for first, second in itertools.pairwise(body):
            if first and second and matters(first, second):
                (a, b), (c, d) = first.span, second.span
                between = lines[b - 1 : c - 1]
                found.append((a, d, [*lines[c - 1 : d - 1], *between, *lines[a - 1 : b - 1]]))
    yield from sorted(found)


class Statement(NamedTuple):
    """A statement of whole lines: from line, up to but without line; its tokens."""

    span: tuple[int, int]
    tokens: list[Token]


Rows = list[list[Token]]
"""The tokens of lines."""


def bodies(rows: Rows) -> Iterator[list[Statement | None]]:
    """The statements of each body, one behind the other; None stands for what can't be moved."""
    body = []
    while rows:
        size = size_of_first(rows)
        part, rows = rows[:size], rows[size:]
        movable = part[-1][-1].text == ";" and part[0][0].kind == "word"
        if not movable or part[0][0].text in FIXED or (rows and begins_with("else", rows[0])):
            body.append(None)
        else:
            span = (part[0][0].line, part[-1][0].line + 1)
            body.append(Statement(span, list(itertools.chain.from_iterable(part))))
        yield from bodies(part[1:-1])
    yield body


def size_of_first(rows: Rows) -> int:
    """How many lines it takes until every bracket of the first one has its other half."""
    parts = []
    for size, row in enumerate(rows, start=1):
        parts += row
        if balanced(parts):
            return size
    return 1


def matters(first: Statement, second: Statement) -> bool:
    """Whether it can make a difference that two statements change places."""
    pair = [split(statement.tokens) for statement in (first, second)]
    (bound, used), (bound_too, used_too) = (
        (names(target), set() if is_function(value) else names(value)) for target, value in pair
    )
    if meet(bound, bound_too | used_too) or meet(bound_too, used):
        return True
    if any(is_function(value) for _, value in pair) or (bound and bound_too):
        return False  # a function does nothing until it is called; two independent assignments
    return bool(used & used_too) or any(token.text == "(" for _, value in pair for token in value)


def split(parts: list[Token]) -> tuple[list[Token], list[Token]]:
    """An assignment's target and value; any other statement is all value."""
    for place, token in enumerate(parts):
        if token.text == "=":
            return parts[:place], parts[place + 1 :]
        if token.kind != "word" and token.text not in ".,{}+-":
            break
    return [], parts


def is_function(value: list[Token]) -> bool:
    """Whether a value is a function, or an object that may hold some: it runs later, if at all."""
    found = [token for token in value if token.text != "async"]
    head = size_of_first([[token] for token in found]) if found else 0
    return [token.text for token in found[head : head + 1]] == ["=>"] or found[0].text == "{"


def names(parts: list[Token]) -> set[str]:
    """The names among these tokens; `log.value` is one."""
    found = []
    for before, token in itertools.pairwise([None, *parts]):
        if token.kind == "word" and before and before.text in (".", "?.") and found:
            found[-1] += f".{token.text}"
        elif token.kind == "word":
            found.append(token.text)
    return set(found) - {"const", "let", "var"}


def name(lines: list[str]) -> Iterator[Edit]:
    """Each word that a program reads, with an `x` more; each number, another one."""
    found = tokens(lines)
    around = zip([None, *found], found, [*found[1:], None], strict=False)
    for before, token, after in around:
        new = None
        if token.kind == "number":
            new = other_number(ast.literal_eval(token.text))
        elif token.kind == "string":
            new = changed(token.text)
        elif token.kind == "word" and before and after:
            property_read = before.text in (".", "?.") and after.text != "("
            key = before.text in ("{", ",") and after.text == ":"
            new = f"{token.text}x" if property_read or key else None
        if new:
            old, end = lines[token.line - 1], token.column + len(token.text)
            yield token.line, token.line + 1, [old[: token.column] + new + old[end:]]


def changed(literal: str) -> str | None:
    """A string's literal with another value; None for one that no program reads."""
    fixed = re.sub(r"\$\{.*?\}", "", literal[1:-1])
    return one_more(literal) if for_programs(fixed) else None
