"""Looks at a page's form as a browser does: what it would send, and how."""

import html.parser
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.checking.places import in_words, line_of_page

FIELDS = ("input", "textarea", "select")


@dataclass
class Form:
    """A form of a page: its attributes and its fields' attributes."""

    attributes: dict
    fields: list[dict] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The names under which it sends something."""
        return {one["name"] for one in self.fields if one.get("name")}


class Forms(html.parser.HTMLParser):
    """Reads a page's forms, and the fields that stand outside of all: `forms`, `outside`."""

    def __init__(self, text: str):
        super().__init__()
        self.forms, self.outside, self.open = [], Form({}), None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        """Note a form or a field."""
        found = {name: value or "" for name, value in attributes}
        if tag == "form" and self.open is None:
            self.open = Form(found)
            self.forms.append(self.open)
        elif tag in FIELDS:
            (self.open or self.outside).fields.append(found)

    def handle_endtag(self, tag: str) -> None:
        """Note a form's end."""
        if tag == "form":
            self.open = None


def not_sent(text: str, path: str, names: set[str], folder: Path) -> str | None:
    """Why the page's form would not send these fields with a POST, in a sentence; None: it would.

    `path` is for the sentence, `folder` has the templates in which the place is looked for.
    """
    page = Forms(text)
    form = max(page.forms, key=lambda one: len(one.names & names), default=None)
    if form is None:
        return f'The page at {path} has no form: <form method="post"> … </form>.'
    for name in sorted(names - form.names):
        if name in page.outside.names:
            place = line_of_page(folder, f'name="{name}"') or f"the page at {path}"
            return (
                f"{place}: the field {name} stands outside of the form, so it is not sent with it."
            )
        nameless = [one for one in form.fields if not one.get("name") and not is_button(one)]
        wrong = [one for one in form.fields if one.get("name") not in (None, "csrfmiddlewaretoken")]
        for one in nameless:
            place = line_of_page(folder, f'id="{one.get("id")}"') or f"the page at {path}"
            return (
                f"{place}: the field has no name, so a browser does not send what is typed into "
                f'it. Write name="{name}" into its tag.'
            )
        for one in wrong[:1]:
            place = line_of_page(folder, f'name="{one["name"]}"') or f"the page at {path}"
            return (
                f"{place}: the field is called {one['name']}, and what is typed into it is looked "
                f'for as {name}. Write name="{name}".'
            )
        return f"The form at {path} has no field with the name {name}."
    if form.attributes.get("method", "").lower() != "post":
        place = form_line(form, folder) or f"the page at {path}"
        return (
            f"{place}: the form is sent with GET, as no method says otherwise, and nothing is done "
            'with it. Write <form method="post">.'
        )
    return None


def is_button(attributes: dict) -> bool:
    """Whether an <input> is one that is pressed."""
    return attributes.get("type") in ("submit", "button", "reset", "image", "hidden")


def form_line(form: Form, folder: Path) -> str:
    """The line of the reader's templates where a form begins, in words; or nothing."""
    for one in form.fields:
        for file in sorted(folder.rglob("*.html")):
            lines = file.read_text("utf-8", "replace").splitlines()
            found = [n for n, line in enumerate(lines) if f'id="{one.get("id")}"' in line]
            begins = [n for n in range(found[0] + 1) if "<form" in lines[n]] if found else []
            if begins:
                return in_words(file.relative_to(folder).as_posix(), begins[-1] + 1)
    return ""
