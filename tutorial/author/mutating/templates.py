"""Faults in Django's templates and in HTML."""

import re
from collections.abc import Iterator

from tutorial.author.mutating.plain import Edit
from tutorial.author.mutating.python import for_programs

COMMENT = re.compile(r"<!--.*?-->|\{#.*?#\}", re.DOTALL)
TAG = re.compile(r"\{%\s*(\w+)(.*?)%\}")
VALUE = re.compile(r"\{\{(.*?)\}\}")
ATTRIBUTE = re.compile(
    r"""\s(?:id|name|for|href|src|action|method|type|aria-describedby)="([^"{}]*)["{]"""
)
PARTS = re.compile(r""""[^"]*"|'[^']*'|\|\w+|[\w.]+""")
PAIRED = {"block", "if", "for", "with", "comment", "blocktranslate", "autoescape", "spaceless"}
GRAMMAR = {
    "as",
    "in",
    "with",
    "and",
    "or",
    "not",
    "only",
    "is",
    "None",
    "True",
    "False",
    "reversed",
}


def parses(text: str) -> bool:
    """Whether each template tag that opens something has its end: HTML itself is never refused."""
    open_ones = []
    for tag in TAG.finditer(text):
        if tag[1] in PAIRED:
            open_ones.append(tag[1])
        elif tag[1].startswith("end"):
            if not open_ones or open_ones.pop() != tag[1].removeprefix("end"):
                return False
    return not open_ones


def line(lines: list[str]) -> Iterator[Edit]:
    """Each line gone that is neither blank nor a comment."""
    text = "\n".join(lines)
    bare = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text).split("\n")
    for number, left in enumerate(bare, start=1):
        if left.strip():
            yield number, number + 1, []


def word(lines: list[str]) -> Iterator[Edit]:
    """Each `not` of a template tag gone."""
    for number, text in enumerate(lines, start=1):
        for tag in TAG.finditer(text):
            for found in re.finditer(r"\bnot\s+", tag[2]):
                start = tag.start(2) + found.start()
                yield number, number + 1, [text[:start] + text[tag.start(2) + found.end() :]]


def swap(lines: list[str]) -> Iterator[Edit]:
    """None: a template has no statements."""
    yield from ()


def name(lines: list[str]) -> Iterator[Edit]:
    """Each id, name and address, and each word that Django reads, with an `x` more."""
    for number, text in enumerate(lines, start=1):
        for place in sorted(set(words(text))):
            yield number, number + 1, [f"{text[:place]}x{text[place:]}"]


def words(text: str) -> Iterator[int]:
    """The places behind such words in a line."""
    for found in ATTRIBUTE.finditer(text):
        if for_programs(found[1]):
            yield found.start(1) + end_of_word(found[1])
    inside = [(tag.start(2), tag[2]) for tag in TAG.finditer(text)]
    inside += [(value.start(1), value[1]) for value in VALUE.finditer(text)]
    for start, part in inside:
        for found in PARTS.finditer(part):
            word = found[0]
            quoted = word[0] in "\"'"
            if word[0] == "|" or word in GRAMMAR or word[0].isdigit():
                continue
            if not quoted or for_programs(word[1:-1]):
                yield start + found.start() + end_of_word(word)


def end_of_word(text: str) -> int:
    """The place behind the last letter or digit."""
    return list(re.finditer(r"[^\W_]", text))[-1].end()
