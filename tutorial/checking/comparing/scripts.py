"""Takes scripts apart line by line: there is no parser of JavaScript here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutorial.checking.comparing.units import Taken, Unit

TOKEN = re.compile(
    r"""(?P<comment>/\*.{0,8000}?\*/|//[^\n]*)"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
    r"""|\d+\.\d+|[\w$]+|\.\.\.|[-+*/=!<>&|?.]{2,3}|\S""",
    re.DOTALL,
)


OPENING, CLOSING = {"(", "[", "{"}, {")", "]", "}"}


@dataclass
class Token:
    """A token of a script, its line, and how many brackets are open before it."""

    text: str
    line: int
    depth: int = 0
    column: int = 0


def take_script(text: str, renames: dict[str, dict[str, str]]) -> Taken:
    """Take a script apart line by line; `renames[""]` has other names for those that it binds."""
    tokens = script_tokens(text)
    ends = closing_brackets(tokens)
    bindings = list(script_bindings(tokens, ends))
    bound = {tokens[place].text for place, _ in bindings}
    for old, new in renames.get("", {}).items():
        for place, whole in bindings:
            if tokens[place].text == old:
                rename_region(tokens[slice(*region(tokens, ends, place, whole))], old, new)
    return Taken([unit for unit in script_units(tokens) if not unit.is_trace], {"": bound})


def script_tokens(text: str) -> list[Token]:
    """The tokens of a script, without what is only style."""
    tokens, line, start, depth = [], 1, 0, 0
    for found in TOKEN.finditer(text):
        if breaks := text.count("\n", start, found.start()):
            line += breaks
            start = text.rfind("\n", start, found.start()) + 1
        if found["comment"]:
            continue
        word = found[0]
        if word[0] == "'":
            word = f'"{word[1:-1]}"'
        word = {"let": "const", "var": "const"}.get(word, word)
        depth -= word in CLOSING
        tokens.append(Token(word, line, depth, found.start() - start))
        depth += word in OPENING
    return without_style(tokens)


def without_style(tokens: list[Token]) -> list[Token]:
    """Leave out `;` at the end of a line, `,` before a closing bracket, `()` around one name."""
    kept = []
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else Token("}", 0)
        if token.text == ";" and (following.line != token.line or following.text == "}"):
            continue
        if token.text == "," and following.text in CLOSING:
            continue
        kept.append(token)
        if [token.text for token in kept[-4::2]] == ["(", ")"] and token.text == "=>":
            if kept[-3].text.isidentifier():
                kept[-4:] = [kept[-3], token]
    return kept


def closing_brackets(tokens: list[Token]) -> dict[int, int]:
    """Where each bracket is closed, by where it is opened."""
    ends, opened = {}, []
    for number, token in enumerate(tokens):
        if token.text in OPENING:
            opened.append(number)
        elif token.text in CLOSING and opened:
            ends[opened.pop()] = number
    return ends


def script_bindings(tokens: list[Token], ends: dict[int, int]) -> Iterator[tuple[int, bool]]:
    """Where a name is bound that may be called otherwise; whether for the whole block."""
    texts = [token.text for token in tokens] + ["", ""]
    for number, word in enumerate(texts[:-2]):
        following = texts[number + 1]
        if word in ("const", "function") and following.isidentifier():
            yield number + 1, True
        if word.isidentifier() and following == "=>":
            yield number, False
        end = ends.get(number, 0)
        if word == "(" and (texts[end + 1] == "=>" or is_function(texts, number, end)):
            for inner in range(number + 1, end):
                plain = tokens[inner].depth == tokens[number].depth + 1
                if plain and texts[inner].isidentifier() and texts[inner - 1] in ("(", ","):
                    yield inner, False


def is_function(texts: list[str], start: int, end: int) -> bool:
    """Whether the brackets from `start` to `end` hold a function's parameters."""
    return texts[end + 1] == "{" and texts[start - 1] not in ("if", "for", "while", "switch")


def region(tokens: list[Token], ends: dict[int, int], place: int, whole: bool) -> tuple[int, int]:
    """Where a name that is bound at `place` holds: in its block, or in its function."""
    depth, first, last = tokens[place].depth, place, place
    if whole:
        while first and tokens[first - 1].depth >= depth:
            first -= 1
    else:
        while last + 1 < len(tokens) and tokens[last].text not in ("=>", "{"):
            last += 1
        last = min(last + (tokens[last].text == "=>"), len(tokens) - 1)
        if tokens[last].text == "{":
            return place, ends.get(last, len(tokens)) + 1
        depth = tokens[last].depth
    while last < len(tokens) and tokens[last].depth >= depth:
        last += 1
    return first, last


def rename_region(tokens: list[Token], old: str, new: str) -> None:
    """Call a name otherwise in these tokens, unless the new one is used there already."""
    used = [
        token
        for number, token in enumerate(tokens)
        if number == 0 or tokens[number - 1].text not in (".", "?.")
    ]
    if any(token.text == new for token in used):
        return
    inside = re.compile(rf"(?<![\w.]){re.escape(old)}\b(?=[^{{]*\}})")
    for token in used:
        if token.text == old:
            token.text = new
        elif token.text.startswith("`"):
            token.text = inside.sub(new, token.text)


def script_units(tokens: list[Token]) -> Iterator[Unit]:
    """A unit for each line; what stands in a function with a name has the function as its scope.

    A function ends by its indentation: so one that lost a bracket does not hold the rest.
    """
    heads: list[tuple[Unit, Token]] = []
    for line in by_line(tokens):
        texts = tuple(token.text for token in line)
        closes = texts[0] == "}"
        while heads and line[0].column < heads[-1][1].column + (not closes):
            heads.pop()
        scope = heads[-1][0].opens if heads else ""
        name = opened_function(texts)
        unit = Unit(scope, texts, line[0].line, line[-1].line, name=name or assigned(texts))
        if heads:
            heads[-1][0].until = unit.line
            if closes and line[0].column == heads[-1][1].column:
                heads.pop()
        if name and texts[-1] == "{":
            unit.opens, unit.sort, unit.ordered = f"{scope}.{name}".strip("."), "head", False
            heads.append((unit, line[0]))
        yield unit


def by_line(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each line."""
    line: list[Token] = []
    for token in tokens:
        if line and token.line != line[0].line:
            yield line
            line = []
        line.append(token)
    if line:
        yield line


def opened_function(texts: tuple[str, ...]) -> str:
    """The name of the function that begins in this line, or ""."""
    found = re.match(r"(?:export )?(?:async )?function (\w+)", " ".join(texts))
    found = found or re.match(r"(?:export )?const (\w+) = (?:async )?.*=> \{$", " ".join(texts))
    return found[1] if found else ""


def assigned(texts: tuple[str, ...]) -> str:
    """The name that a line gives a value to, or ""."""
    found = re.match(r"(?:export )?const (\w+)", " ".join(texts))
    return found[1] if found else ""
