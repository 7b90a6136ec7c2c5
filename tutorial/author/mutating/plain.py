"""Faults in files of lines: `.env.example`, Pipfile. Only whole lines go."""

from collections.abc import Iterator

Edit = tuple[int, int, list[str]]


def line(lines: list[str]) -> Iterator[Edit]:
    """Each line gone that is neither blank nor a comment."""
    for number, text in enumerate(lines, start=1):
        if text.strip() and not text.lstrip().startswith("#"):
            yield number, number + 1, []


def word(lines: list[str]) -> Iterator[Edit]:
    """None: there are no statements here."""
    yield from ()


swap = name = word


def parses(text: str) -> bool:
    """Whether the text can be read: always."""
    return True
