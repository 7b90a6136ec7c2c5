"""Takes templates apart into tags, their own code and words; and lists of names with values."""

import html
import re
from collections.abc import Iterator

from tutorial.checking.comparing.units import Unit

CODE = r"\{%(?:(?!%\}).){0,400}%\}|\{\{(?:(?!\}\}).){0,400}\}\}"
PART = re.compile(
    r"(?P<comment>\{#[^\n]{0,400}?#\}|<!--.{0,4000}?-->|\{%\s*comment\b.{0,4000}?endcomment\s*%\})"
    rf"|(?P<code>{CODE})"
    rf"""|(?P<tag><[!/\w](?:"[^"]*"|'[^']*'|{CODE}|[^<>"'{{]|\{{(?![%{{]))*(?:>|(?=<)|\Z))""",
    re.DOTALL,
)
ATTRIBUTE = re.compile(
    rf"""(?P<code>{CODE})|(?P<name>[^\s=>"'/{{]+)"""
    r"""(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s>]+))?""",
    re.DOTALL,
)
FOR_PEOPLE = {"alt", "aria-label", "label", "placeholder", "title"}
"""Attributes of a tag whose values people read: they are quoted “so”."""


def page_units(text: str) -> Iterator[Unit]:
    """The tags, the code and the words of a template."""
    last = 0
    for found in [*PART.finditer(text), None]:
        words = text[last : found.start() if found else len(text)]
        if words.strip():
            start = last + len(words) - len(words.lstrip())
            tokens = html.unescape(words).split()
            yield page_unit(text, start, last + len(words.rstrip()), tokens, "text")
        if found and not found["comment"]:
            tokens = code_tokens(found[0]) if found["code"] else tag_tokens(found[0])
            end = found.start() + len(found[0].rstrip())
            yield page_unit(text, found.start(), end, tokens)
        last = found.end() if found else last


def page_unit(text: str, start: int, end: int, tokens: list[str], sort: str = "") -> Unit:
    """The unit of what stands in a page from `start` to `end`."""
    first = text.count("\n", 0, start) + 1
    return Unit("", tuple(tokens), first, first + text.count("\n", start, end), sort=sort)


def code_tokens(code: str) -> list[str]:
    """The tokens of a template's own code."""
    return re.findall(r'"[^"]*"|\{%|%\}|\{\{|\}\}|[\w.:-]+|\S', code.replace("'", '"'))


def tag_tokens(tag: str) -> list[str]:
    """The tokens of a tag: its attributes in the order of their names, then what is in an `if`."""
    name, rest, end = re.match(r"<([!/\w-]+)(.*?)/?(>?)$", tag.strip(), re.DOTALL).groups()
    plain, coded, inside = [], [], 0
    for found in ATTRIBUTE.finditer(rest):
        if found["code"]:
            words = code_tokens(found["code"])
            inside += (words[1] in ("if", "for", "with")) - words[1].startswith("end")
            coded += words
            continue
        attribute = found["name"].lower()
        value = " ".join((found["value"] or "").strip("\"'").replace("'", '"').split())
        value = f"“{value}”" if attribute in FOR_PEOPLE else f'"{value}"'
        words = [attribute, *(["=", value] if found["value"] else [])]
        if inside:
            coded += words
        else:
            plain.append(words)
    return ["<", name.lower(), *(word for words in sorted(plain) for word in words), *coded, *end]


# Names with values


def key_units(text: str) -> Iterator[Unit]:
    """The names that a file gives values to; a line [section] is the scope of what follows."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            name = line.partition("=")[0].strip().strip("\"'")
            yield Unit(section, (name,), number, number, ordered=False, name=name)
