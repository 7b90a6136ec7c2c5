"""What the browser's console says of a page, with the reader's own file and line."""

import difflib
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from tutorial.checking.places import in_words, is_given, line_of_page


@dataclass(frozen=True)
class Said:
    """An error in a page: the browser's words, the script's address, and the line; from 1 on."""

    words: str
    url: str
    line: int | None


class Console:
    """Listens to a page's console from its beginning; `said` has its errors."""

    def __init__(self, page):
        self.page, self.said = page, []
        self.session = page.context.new_cdp_session(page)
        self.session.on("Runtime.exceptionThrown", self.note_exception)
        self.session.on("Log.entryAdded", self.note_entry)
        self.session.send("Runtime.enable")
        self.session.send("Log.enable")

    def note_exception(self, event: dict) -> None:
        """Note an exception that no script has caught."""
        details = event["exceptionDetails"]
        thrown = details.get("exception", {})
        words = thrown.get("description") or str(thrown.get("value", details.get("text", "")))
        frames = details.get("stackTrace", {}).get("callFrames", [])
        places = [(frame["url"], frame["lineNumber"] + 1) for frame in frames]
        if details.get("url"):
            places.insert(0, (details["url"], details["lineNumber"] + 1))
        places = [place for place in places if place[0].startswith("http")] or [("", None)]
        self.said += [Said(words.splitlines()[0], *place) for place in places[:8]]

    def note_entry(self, event: dict) -> None:
        """Note what could not be loaded."""
        entry = event["entry"]
        words = entry.get("text", "")
        if entry.get("level") == "error" and not words.startswith("WebSocket connection to"):
            self.said.append(Said(words, entry.get("url", ""), None))

    def verdict(self, folder: Path) -> str | None:
        """The sentence for the first error that lies in a script, or None."""
        errors = [error for error in self.said if error.line]
        own = [
            e for e in errors if (file := script_file(folder, e.url)) and not is_given(folder, file)
        ]
        for error in own or errors:
            return self.explain(error, folder, given=not own)
        for error in self.said:
            if "/static/" in error.url and "404" in error.words:
                return not_found(error, folder)
            if "module script" in error.words:
                return f"The page's script is not loaded. The browser says: {error.words}"
        return None

    def broken(self, folder: Path) -> str | None:
        """The sentence for a script of the reader's that can't run as it is written, or None."""
        for error in self.said:
            file = script_file(folder, error.url) if error.line else None
            if file and BROKEN.search(error.words) and not is_given(folder, file):
                return self.explain(error, folder, given=False)
        return None

    def explain(self, error: Said, folder: Path, given: bool) -> str:
        """The sentence for an error in a script; `given`: the script is right as it is."""
        file = script_file(folder, error.url)
        path = urllib.parse.urlsplit(error.url).path
        place = in_words(file, error.line) if file else f"A script in the page {path}"
        if found := re.search(r'module specifier "([^"]+)"', error.words):
            place = imported_in(folder, found[1]) or place
        if given and file:
            place = f"{Path(file).name}, which is given, does not get on with your page"
        said = f"{place}: the browser says “{error.words}”."
        text = (folder / file).read_text("utf-8", "replace") if file else ""
        more = self.advice(error, text, folder)
        return f"{said} {more}".strip()

    def advice(self, error: Said, text: str, folder: Path) -> str:
        """What to do about an error; nothing where the browser's words say it all."""
        words = error.words
        lines = text.splitlines()
        line = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
        if "CONNECTING" in words:
            return (
                "It sends before the connection is open. Send when somebody has written something, "
                "or in socket.onopen."
            )
        if "CLOSING or CLOSED" in words:
            return (
                "It sends on a line that is closed. Ask before whether socket.readyState is "
                "WebSocket.OPEN."
            )
        if found := re.search(r"of (?:null|undefined) \((?:reading|setting) '(\w+)'\)", words):
            return self.absent(line, text, found[1], folder)
        if "import statement outside a module" in words or "'export'" in words:
            where = line_of_page(folder, Path(urllib.parse.urlsplit(error.url).path).name)
            return f'Its <script> needs type="module"{where and f" ({where})"}.'
        if found := re.search(r"Identifier '(\w+)' has already been declared", words):
            if self.loaded(error.url) > 1:
                return "The page loads this script twice: look at its <script> tags."
            return f"{found[1]} is declared twice there."
        if "module specifier" in words or "dynamically imported module" in words:
            return 'A file beside it is named with ./ in front: "./log.js".'
        if found := re.search(r"(\w+) is not defined", words):
            near = nearest(found[1], re.findall(r"[A-Za-z_$][\w$]*", text) + self.names("window"))
            return f"Did you mean {near}?" if near else ""
        if found := re.search(r"\.(\w+) is not a function", words):
            near = nearest(found[1], self.names(*OBJECTS))
            return f"Did you mean {near}?" if near else ""
        if found := re.search(r"module '([^']+)' does not provide an export named '(\w+)'", words):
            module = script_file(folder, urllib.parse.urljoin(error.url, found[1]))
            exported = (folder / module).read_text("utf-8", "replace") if module else ""
            near = nearest(found[2], re.findall(r"export [\w ]*?(\w+)(?= =|\()", exported))
            return f"Did you mean {near}?" if near else ""
        if "is not valid JSON" in words:
            return "What it reads there is no JSON: look at what the server sends."
        return ""

    def absent(self, line: str, text: str, used: str, folder: Path) -> str:
        """What to do about an element that a script has not found in the page."""
        ids = re.findall(r"""(?:byId|getElementById)\(\s*["'`]([\w-]+)""", line)
        ids += re.findall(r"""querySelector\(\s*["'`]#([\w-]+)""", line)
        for name in re.findall(rf"(\w+)\??\.{used}\b", line):
            ids += re.findall(rf"""\b{name} = \w*\.?\w+\(\s*["'`]#?([\w-]+)""", text)
        for wanted in ids:
            there = self.ids()
            if wanted not in there:
                near = nearest(wanted, there)
                has = f" It has {near}." if near else ""
                return f"The page has no element with the id {wanted}.{has}"
            where = line_of_page(folder, "<script")
            return (
                f"The script runs before the page has its element {wanted}: the <script> needs "
                f"defer{where and f' ({where})'}."
            )
        return "The page does not have the element that the script looks for there."

    def ids(self) -> list[str]:
        """The ids of the page's elements."""
        return self.page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")

    def loaded(self, url: str) -> int:
        """How many <script> elements of the page load this address."""
        return self.page.evaluate(
            "(url) => [...document.scripts].filter((s) => s.src === url).length", url
        )

    def names(self, *objects: str) -> list[str]:
        """The names of what these objects have in the browser."""
        return self.page.evaluate(
            """(objects) => objects.flatMap((name) => {
              const found = [];
              let object = globalThis[name]?.prototype ?? globalThis[name];
              for (; object; object = Object.getPrototypeOf(object)) {
                found.push(...Object.getOwnPropertyNames(object));
              }
              return found;
            })""",
            list(objects),
        )

    def listeners(self, folder: Path) -> str | None:
        """The sentence for two listeners that handle the same event of a form, or None."""
        count = self.page.evaluate("document.forms.length")
        for number in range(count):
            found = self.session.send(
                "Runtime.evaluate", {"expression": f"document.forms[{number}]"}
            )["result"]
            listening = self.session.send(
                "DOMDebugger.getEventListeners", {"objectId": found["objectId"]}
            )["listeners"]
            lines = sorted(one["lineNumber"] + 1 for one in listening if one["type"] == "submit")
            if len(lines) > 1:
                return twice(self.scripts(folder), lines)
        return None

    def scripts(self, folder: Path) -> list[str]:
        """The reader's scripts that the page loads, as files of the folder."""
        urls = self.page.evaluate("[...document.scripts].map((s) => s.src)")
        files = [script_file(folder, url) for url in urls]
        return [file for file in files if file and not is_given(folder, file)]


BROKEN = re.compile(r"^(?:SyntaxError|ReferenceError)|CONNECTING|is not a function|of null \(")
"""What no right script is ever told, whatever happens around it."""

OBJECTS = ("HTMLElement", "HTMLInputElement", "WebSocket", "Document", "JSON", "Event", "Array")
"""What scripts of this project call methods of."""


def nearest(name: str, known: list[str]) -> str | None:
    """The one of the known names that this one was probably meant to be."""
    found = difflib.get_close_matches(name, sorted({one for one in known if one != name}), 1, 0.75)
    return found[0] if found else None


def twice(files: list[str], lines: list[int]) -> str:
    """The sentence for two listeners, in lines of one of these files."""
    told = " and ".join(map(str, lines))
    file = files[0] if files else "the page's script"
    return (
        f"{file}, lines {told}: two listeners handle the form's submit, so what is sent is handled "
        "twice. Take the one out that is no longer wanted."
    )


def script_file(folder: Path, url: str) -> str | None:
    """The file of a script's address, as a path in the folder, or None."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    if not path.startswith("/static/"):
        return None
    name = path.removeprefix("/static/")
    for file in (folder / "static" / name, *folder.glob(f"*/static/{name}")):
        if file.is_file():
            return file.relative_to(folder).as_posix()
    return None


def imported_in(folder: Path, name: str) -> str:
    """The reader's line that imports a module by this name, in words; or nothing."""
    return line_of_page(folder, f'"{name}"') or line_of_page(folder, f"'{name}'")


def not_found(error: Said, folder: Path) -> str:
    """The sentence for a file that a page asks for and does not get."""
    path = urllib.parse.urlsplit(error.url).path
    name = Path(path).name
    where = line_of_page(folder, name)
    said = f"The page asks for {path}{where and f' ({where})'}, and the answer is 404."
    known = {file.name for file in folder.glob("*/static/**/*") if file.is_file()}
    near = next((one for one in known if one == f"{name}.js"), None) or nearest(name, list(known))
    if near:
        near = near if where.partition(",")[0].endswith(".html") else f"./{near}"
        return f"{said} There is {near} in that folder: is that the one?"
    return f"{said} Such files lie in the folder static/ of an app, as in chat/static/chat/."
