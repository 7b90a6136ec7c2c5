"""Names that are not there, but nearly: of modules, attributes, keys, addresses, templates."""

import ast
import difflib
import functools
import re
from pathlib import Path

from tutorial.checking.causes.files import misspelt_method
from tutorial.checking.causes.trouble import Trouble
from tutorial.checking.places import (
    FUNCTION,
    in_words,
    is_given,
    line_of_page,
    line_with,
    trees,
)
from tutorial.course.chapters import CHAPTERS
from tutorial.environment import ROOT


def no_name(trouble: Trouble) -> str | None:
    """A name that is not there, but nearly."""
    note = next((n for n in trouble.notes if n.get("near") and n.get("name")), {})
    found = trouble.error(r"(?:AttributeError|NameError|UnboundLocalError|ImportError): [^\n]*")
    name, near = note.get("name"), note.get("near")
    if not note or not found or "keys" in note or name not in found[0]:
        return None
    of = note.get("of")
    if found[0].partition(":")[0].endswith("AttributeError"):
        # What the reader's own class sets elsewhere is not misspelt: it is not set yet.
        if note.get("own") and sets(trouble.folder, name):
            return None
        return f"{trouble.place} asks for {name}, which {of} does not have. Did you mean {near}?"
    if "ImportError" in found[0]:
        return f"{trouble.place} imports {name} from {of}, which has none. Did you mean {near}?"
    return f"{trouble.place} uses the name {name}, which is not defined there. Did you mean {near}?"


def no_address(trouble: Trouble) -> str | None:
    """The name of an address that is not there, but nearly."""
    found = trouble.error(r"NoReverseMatch: (?:Reverse for )?'([^']+)' (?:not found|is not a reg)")
    known = trouble.note("names").get("names", [])
    name = found[1].rpartition(":")[2] if found else ""
    near = difflib.get_close_matches(name, known, 3, 0.7)
    # Of several, the one that no page asks for.
    near.sort(key=lambda one: bool(asked_for(trouble.folder, one)))
    if not near:
        return None
    asked = asked_for(trouble.folder, name) or trouble.place
    has = line_with(trouble.folder, near[0])
    return (
        f"No address is called {name}, which {asked} asks for. "
        + (f"{has} has {near[0]}. " if has else f"Did you mean {near[0]}? ")
        + "The two have to be the same."
    )


def asked_for(folder: Path, name: str) -> str:
    """The reader's line that asks for an address of this name, in words; or nothing."""
    for quote in "'\"":
        for text in (f":{name}{quote}", f"url {quote}{name}{quote}"):
            if found := line_of_page(folder, text, ("*.html", "*.py")):
                return found
    return ""


def not_imported(trouble: Trouble) -> str | None:
    """A name that is used and not imported, and that the course's project imports somewhere."""
    found = trouble.error(r"NameError: name '(\w+)' is not defined")
    line = imports().get(found[1]) if found else None
    if not line or not trouble.own:
        return None
    return f"{trouble.place} uses {found[1]}, which is not imported there: {line}"


@functools.cache
def imports() -> dict[str, str]:
    """The names that the course's project imports → the line that does it, from where it may."""
    found: dict[str, str] = {}
    for file in [*ROOT.glob("c*/*.py"), *CHAPTERS.glob("*/code/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name: f"import {alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                module = f"from {node.module} import"
                found |= {alias.name: f"{module} {alias.name}" for alias in node.names}
    return found


def never_set(trouble: Trouble) -> str | None:
    """An attribute that only a method sets which nobody calls: its name is misspelt."""
    note = trouble.note("name", "own", "of")
    if not trouble.error("AttributeError: ") or not note.get("own"):
        return None
    return misspelt_method(trouble.folder) if sets(trouble.folder, note["name"]) else None


def sets(folder: Path, name: str) -> bool:
    """Whether the reader's files set an attribute or define a method of this name."""
    for _, module in trees(folder):
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if node.attr == name:
                    return True
            elif isinstance(node, FUNCTION) and node.name == name:
                return True
    return False


def no_module(trouble: Trouble) -> str | None:
    """A module that is not there, but nearly; or that is named in a text of the settings."""
    found = trouble.error(r"ModuleNotFoundError: No module named '([^']+)'")
    if not found:
        return None
    near = next((n["near"] for n in trouble.notes if n.get("name") == found[1]), None)
    place = text_with(trouble.folder, found[1]) or (trouble.own and trouble.place)
    if not place or not near:
        return None
    return f"There is no module {found[1]}, which {place} names. Did you mean {near}?"


def text_with(folder: Path, module: str) -> str | None:
    """The reader's line whose text names a module, or something in it."""
    for file, parsed in trees(folder):
        for node in ast.walk(parsed):
            value = getattr(node, "value", None)
            if isinstance(node, ast.Constant) and isinstance(value, str):
                if value == module or value.startswith(module + "."):
                    return in_words(file, node.lineno)
    return None


def no_key(trouble: Trouble) -> str | None:
    """A key that is not there, but nearly."""
    found = trouble.error(r"KeyError: '(\w+)'")
    note = next((n for n in trouble.notes if "keys" in n and n.get("name")), {})
    if not found or not trouble.own or not note.get("near") or note["name"] != found[1]:
        return None
    return (
        f'{trouble.place} asks for "{found[1]}" in {note["of"]}, and there is "{note["near"]}". '
        "The two have to be the same."
    )


def no_variable(trouble: Trouble) -> str | None:
    """A variable of the environment that the settings ask for under another name than .env has."""
    found = trouble.error(r"ImproperlyConfigured: Set the (\w+) environment variable")
    if not found or found[1] == "SECRET_KEY":
        return None
    try:
        text = (trouble.folder / ".env").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    near = difflib.get_close_matches(found[1], re.findall(r"^(\w+)=", text, re.M), 1, 0.75)
    has = f"the line {near[0]}=…" if near else "no such line"
    return f"{trouble.place} asks for {found[1]}, and .env has {has}. They have to be the same."


def no_template(trouble: Trouble) -> str | None:
    """A template that is not there, but nearly."""
    found = trouble.error(r"TemplateDoesNotExist: (\S+)")
    if not found:
        return None
    known = [
        file.relative_to(place).as_posix()
        for place in [*trouble.folder.glob("templates"), *trouble.folder.glob("*/templates")]
        for file in place.rglob("*.html")
    ]
    near = difflib.get_close_matches(found[1], known, 1, 0.75)
    if not near or near[0] == found[1]:
        return None
    where = line_with(trouble.folder, found[1]) or line_of_page(trouble.folder, found[1])
    names = f" ({where} names it)" if where else ""
    return f"There is no {found[1]} in the folder templates/{names}. Did you mean {near[0]}?"


def in_template(trouble: Trouble) -> str | None:
    """An error that Django has found in a template: where, and what is missing."""
    note = trouble.note("template", "line")
    if not note or is_given(trouble.folder, note["template"]):
        return None
    place = in_words(note["template"], note["line"])
    found = trouble.error(r"TemplateSyntaxError: ([^\n]+)")
    if found is None:
        return None
    if tag := re.match(r"Unclosed tag on line \d+: '(\w+)'", found[1]):
        return f"{place}: {{% {tag[1]} … %}} is never closed. {{% end{tag[1]} %}} is missing."
    if tag := re.match(r"Invalid block tag on line \d+: '(\w+)'", found[1]):
        return unknown_tag(place, tag[1], found[1])
    if remainder := re.match(r"Could not parse the remainder: '[/.-][^']*' from '(.*)'", found[1]):
        return f'{place}: a text stands in quotes: "{remainder[1]}".'
    return f"{place} can't be read as a template: {found[1].rstrip('.')}."


def unknown_tag(place: str, tag: str, words: str) -> str:
    """The sentence for a tag that a template does not know at that line."""
    from django.template.defaulttags import register
    from django.template.loader_tags import register as more

    if tag in ("static", "get_static_prefix", "get_media_prefix"):
        return (
            f"{place} uses {{% {tag} … %}}, which this template has not loaded. Put "
            "{% load static %} at its beginning, below {% extends … %}."
        )
    if tag.startswith("end") and "expected" not in words:
        return (
            f"{place}: {{% {tag} %}} closes nothing. Is the tag that begins it there, written with "
            "{% and %}?"
        )
    known = [*register.tags, *more.tags, *re.findall(r"'(end\w+|else|elif|empty)'", words)]
    near = difflib.get_close_matches(tag, [one for one in known if one != tag], 1, 0.75)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{place}: there is no tag {{% {tag} %}}.{meant}"
