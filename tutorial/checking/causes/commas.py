"""Two names that have become one, because a comma is missing between them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tutorial.checking.causes.trouble import Trouble
from tutorial.checking.places import sources, tree


def lost_comma(trouble: Trouble) -> str | None:
    """A name that Python has made of two strings, between which a comma is missing."""
    told = trouble.last_line
    for file, text in sources(trouble.folder):
        for first, second, line in neighbours(text):
            seam = re.search(r"\w+$", first), re.match(r"\w+", second)
            if all(seam) and re.search(rf"(?<!\w){seam[0][0]}{seam[1][0]}(?!\w)", told):
                module = tree(trouble.folder, file)
                if module is None or not in_a_list(module, line):
                    continue
                where = name_of_list(module, line) or "a list"
                return (
                    f"In {where} a comma is missing: {file}, line {line} ends without "
                    f'one behind "{first}", so Python makes one name of it and of the next line\'s '
                    f'"{second}".'
                )
    return None


def neighbours(text: str) -> Iterator[tuple[str, str, int]]:
    """Pairs of strings with nothing between them: their texts, and the line of the first one."""
    before = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.NL, tokenize.COMMENT):
                continue
            value = None
            if token.type == tokenize.STRING:
                try:
                    value = ast.literal_eval(token.string)
                except (SyntaxError, ValueError):  # an f-string
                    value = None
            value = value if isinstance(value, str) else None
            if before and value:
                yield before[0], value, before[1]
            before = (value, token.end[0]) if value else None
    except (tokenize.TokenError, SyntaxError):
        return


def in_a_list(module: ast.Module, line: int) -> bool:
    """Whether a string that goes on behind this line is an element of a list or a tuple."""
    return any(
        isinstance(one, ast.Constant) and one.lineno <= line <= one.end_lineno
        for node in ast.walk(module)
        if isinstance(node, ast.List | ast.Tuple | ast.Set)
        for one in node.elts
    )


def name_of_list(module: ast.Module, line: int) -> str | None:
    """What the list is called that a line stands in: the name that it is assigned to."""
    found = [
        target
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and node.lineno <= line <= node.end_lineno
        for target in node.targets
    ]
    return ast.unparse(found[-1]) if found else None
