"""How a fault is put into a text, by its language: a module with the same functions for each.

`line`, `word`, `swap` and `name` take the lines of a file and give edits, in the order of the file:
`(first, last, new)`, the lines from `first` up to but without `last`, counted from 1, and what
stands there instead. `parses` says of a text whether its language can be read at all.
"""

from tutorial.author.mutating import javascript, plain, python, templates

LANGUAGES = {".py": python, ".js": javascript, ".html": templates}


def language_of(file: str):
    """The module for a file's language, by its name."""
    return next((found for end, found in LANGUAGES.items() if file.endswith(end)), plain)
