"""Finds the cause of what went wrong, from what the reader's project printed.

`cause(output, folder)` goes through the functions in `CAUSES`: each knows one kind of fault by
what has happened, an error or a note of notes.py, and finds the reader's own line for it.
`suspects(folder)` looks at the files alone, for when something has gone wrong and nothing was
printed that tells.
"""

import ast
import difflib
import io
import json
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from tutorial.checking.places import (
    FRAME,
    FUNCTION,
    LED_TO,
    blamed,
    chains,
    definition,
    enclosing,
    functions,
    in_words,
    is_given,
    last_traceback,
    line_of_page,
    sources,
    tree,
    trees,
)

CALLED_BY_CHANNELS = {
    "connect": "connect(self)",
    "disconnect": "disconnect(self, code)",
    "receive": "receive(self, text_data=None, bytes_data=None)",
    "receive_json": "receive_json(self, content)",
    "websocket_connect": "websocket_connect(self, message)",
    "websocket_receive": "websocket_receive(self, message)",
    "websocket_disconnect": "websocket_disconnect(self, message)",
}
"""The methods of a consumer that Channels calls by themselves, and how they begin."""

FILTERED = re.compile(r"^(?:\w+\.)*(\w+)(?:: (.*))?$", re.M)


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong: a traceback with those that led to it, and what was printed then.

    `folder` is the project that it is about.
    """

    output: str
    folder: Path

    @cached_property
    def trace(self) -> str:
        """Its last traceback; all of it without one."""
        return last_traceback(self.output)

    @cached_property
    def notes(self) -> list[dict]:
        """What the process has noted of the error and of those that led to it, that one first."""
        found = re.findall(r"^COURSE: note (\{.*\})$", self.output, re.M)
        return [json.loads(line) for line in reversed(found)]

    def note(self, *keys: str) -> dict:
        """The last note that has all these keys, with a value for the first; or an empty one."""
        return next((n for n in self.notes if n.get(keys[0]) and set(keys) <= set(n)), {})

    @cached_property
    def own(self) -> tuple[str, int] | None:
        """The reader's own line that is blamed: file and line."""
        return blamed(self.output, self.folder)

    @cached_property
    def last_frame(self) -> str:
        """The file in which the last traceback ends, with /."""
        found = FRAME.findall(self.trace)
        return Path(found[-1][0]).as_posix() if found else ""

    @property
    def place(self) -> str:
        """That line in words; "your project" without one."""
        return in_words(*self.own) if self.own else "your project"

    @cached_property
    def last_line(self) -> str:
        """What the error says, `Name: message`, with what follows; all of it without a traceback.

        Errors that led to it are left out: somebody may have caught them on purpose.
        """
        lines = self.trace.splitlines()
        if not self.trace.startswith("Traceback ("):
            return self.trace
        ends = (n for n, line in enumerate(lines[1:], 1) if not line.startswith((" ", "COURSE:")))
        return "\n".join(lines[next(ends, 0) :])

    def error(self, pattern: str) -> re.Match | None:
        """Where this pattern, `Name: message`, is found in what the error says."""
        return re.search(rf"^(?:[\w.]+\.)?(?:{pattern})", self.last_line, re.M)


def cause(output: str, folder: Path) -> str | None:
    """The sentence for the cause that an output tells of, or None."""
    if said := never_awaited(output, folder):
        return said
    for part in chains(output):
        trouble = Trouble(part, folder)
        for look in CAUSES:
            if said := look(trouble):
                return said[:1].upper() + said[1:] if said.startswith("your project") else said
    return None


# Two names that have become one


def lost_comma(trouble: Trouble) -> str | None:
    """A name that Python has made of two strings, between which a comma is missing."""
    told = trouble.last_line
    for file, text in sources(trouble.folder):
        for first, second, line in neighbours(text):
            seam = re.search(r"\w+$", first), re.match(r"\w+", second)
            if all(seam) and re.search(rf"(?<!\w){seam[0][0]}{seam[1][0]}(?!\w)", told):
                where = name_of_list(ast.parse(text), line)
                return (
                    f"In {where or 'a list'} a comma is missing: {file}, line {line} ends without "
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


def name_of_list(module: ast.Module, line: int) -> str | None:
    """What the list is called that a line stands in: the name that it is assigned to."""
    found = [
        target
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and node.lineno <= line <= node.end_lineno
        for target in node.targets
    ]
    return ast.unparse(found[-1]) if found else None


# The ASGI application


def no_application(trouble: Trouble) -> str | None:
    """Nothing is called as ASGI_APPLICATION says."""
    found = trouble.error(
        r"ImproperlyConfigured: Cannot find '([^']+)' in ASGI_APPLICATION module (\S+)"
    )
    if found and ":" in found[1]:
        return None
    if not found and "COURSE: config/asgi.py has no application" not in trouble.output:
        return None
    name, module = (found[1], found[2]) if found else ("application", "config.asgi")
    file = module.replace(".", "/") + ".py"
    if not (trouble.folder / file).is_file():
        return (
            f"ASGI_APPLICATION in config/settings.py names {module}.{name}, which is a module. It "
            f"has to name what stands in it: {module}.{name}.application."
        )
    other = application_of(tree(trouble.folder, file))
    if other is None:
        return (
            f"Nothing in {file} is called {name}, which is what ASGI_APPLICATION, runserver and "
            f"daphne look for. It begins with {name} = ProtocolTypeRouter(…)."
        )
    own, line = other
    if own is None:
        return (
            f"Nothing in {file} is called {name}, which is what ASGI_APPLICATION, runserver and "
            f"daphne look for: line {line} makes the router, and gives it no name. Write {name} = "
            "in front of it."
        )
    return (
        f"Nothing in {file} is called {name}, which is what ASGI_APPLICATION, runserver and daphne "
        f"look for: line {line} calls it {own}. Write {name} there."
    )


def application_of(module: ast.Module | None) -> tuple[str | None, int] | None:
    """The name that a module gives to its ASGI application, and the line; None: to none."""
    found = None
    for node in module.body if module else []:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign) and isinstance(value, ast.Call):
            found = ast.unparse(node.targets[0]), node.lineno
        elif isinstance(value, ast.Call) and "Router" in ast.unparse(value.func):
            return None, node.lineno
        elif isinstance(node, ast.AnnAssign) and "Router" in ast.unparse(node):
            return None, node.lineno
        if found and isinstance(value, ast.Call) and "Router" in ast.unparse(value.func):
            return found
    return found


def application_not_loaded(trouble: Trouble) -> str | None:
    """ASGI_APPLICATION names a module that can't be imported: because it, or an import, fails."""
    found = trouble.error(r"ImproperlyConfigured: Cannot import ASGI_APPLICATION module '([^']+)'")
    if not found or ":" in found[1]:
        return None
    first = Trouble(LED_TO.split(trouble.output)[0], trouble.folder)
    missing = first.error(r"ModuleNotFoundError: No module named '([^']+)'")
    if missing and (found[1] + ".").startswith(missing[1] + "."):
        return (
            f"ASGI_APPLICATION in config/settings.py names the module {found[1]}, and there is "
            'none. It is "config.asgi.application".'
        )
    return no_module(first) or no_name(first)


def setting_not_set(trouble: Trouble) -> str | None:
    """A setting is missing that stands there under another name."""
    found = trouble.error(r".*?You have not set (ASGI_APPLICATION)") or trouble.error(
        r"AttributeError: '?(?:Settings|NoneType)'? object has no attribute '(\w+)'"
    )
    if not found:
        return None
    setting = "CHANNEL_LAYERS" if found[1].startswith("group_") else found[1]
    for file, name, line, meant in misspelt_settings(trouble.folder):
        if meant == setting:
            return f"{file}, line {line} sets {name}, which nothing reads. The name is {meant}."
    return None


# Routes


def route_and_bracket(trouble: Trouble) -> str | None:
    """A call stands behind the route in place of inside it, or is no call."""
    found = trouble.error(
        r"AttributeError: 'URL(?:Pattern|Resolver)' object has no attribute '(as_\w+)'"
    )
    if found:
        file, line = trouble.own or (None, None)
        kind = class_before(tree(trouble.folder, file) if file else None, line, found[1])
        return (
            f"{trouble.place}: .{found[1]}() stands behind the closing parenthesis of the route, "
            f"so the route is asked for it. It belongs inside: {kind}.{found[1]}()."
        )
    found = trouble.error(r"TypeError: (?:\w+\.)?(as_\w+)\(\) takes 1 positional argument but \d")
    if found:
        file, line = uncalled(trouble.folder, found[1]) or trouble.own or ("chat/routing.py", None)
        return (
            f"{in_words(file, line)}: {found[1]} stands there without its parentheses. It has to "
            f"be called: .{found[1]}()."
        )
    return None


def class_before(module: ast.Module | None, line: int | None, name: str) -> str:
    """What a route is given that stands, too early closed, in front of this method."""
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.Attribute) and node.attr == name and node.lineno == line:
            if isinstance(node.value, ast.Call) and len(node.value.args) > 1:
                return ast.unparse(node.value.args[1])
    return "the class"


def uncalled(folder: Path, name: str) -> tuple[str, int] | None:
    """The line of an attribute of this name that is not called: file and line."""
    for file, module in trees(folder):
        called = {id(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and node.attr == name and id(node) not in called:
                return file, node.end_lineno
    return None


def routes_are_no_list(trouble: Trouble) -> str | None:
    """What URLRouter or include() is given is no list of routes."""
    if found := trouble.error(r"TypeError: 'URL(?:Pattern|Resolver)' object is not iterable"):
        file, line = assigned(trouble.folder, "urlpatterns") or trouble.own or ("", None)
        return (
            f"{in_words(file, line)}: the routes are no list. Even a single one stands in square "
            "brackets: [re_path(…)]."
        )
    found = trouble.error(r"AttributeError: '(list|tuple|str|function)' object has no attribute")
    if found and "channels/routing.py" in trouble.trace and trouble.own:
        file, line = assigned(trouble.folder, "urlpatterns") or trouble.own
        kind = {"str": "a text", "function": "a function"}.get(found[1], f"a {found[1]}")
        return (
            f"URLRouter is given {kind} where a route is wanted: look at {in_words(file, line)}. "
            "Its elements are made by path() or re_path()."
        )
    found = trouble.error(r"TypeError: '(list|tuple|dict|str|NoneType)' object is not callable")
    name = (
        Path(trouble.last_frame).relative_to(trouble.folder).as_posix()
        if (trouble.last_frame.startswith(trouble.folder.as_posix() + "/"))
        else ""
    )
    if found and ("/channels/" in trouble.last_frame or is_given(trouble.folder, name)):
        file, line = assigned(trouble.folder, "application") or ("config/asgi.py", None)
        kind = {"str": "a text", "NoneType": "None"}.get(found[1], f"a {found[1]}")
        return (
            f"{in_words(file, line)}: {kind} stands where an application is wanted that can be "
            "called. Routes become one by URLRouter(…), a consumer by .as_asgi()."
        )
    return None


def assigned(folder: Path, name: str) -> tuple[str, int] | None:
    """Where a name that is, or ends with, this one is assigned in the reader's files.

    Of several, one in chat/ that Channels' routes may stand in.
    """
    found = []
    for file, module in trees(folder):
        for node in module.body:
            for target in getattr(node, "targets", []):
                if isinstance(target, ast.Name) and target.id.endswith(name):
                    found.append((file, node.lineno))
    return min(
        found, key=lambda pair: "rout" not in pair[0] and "asgi" not in pair[0], default=None
    )


def no_route(trouble: Trouble) -> str | None:
    """No route fits a path: because path() was given a regular expression, or a slash too many."""
    found = trouble.error(r"ValueError: No route found for path '([^']*)'")
    if not found:
        return None
    for file, call, text in routes(trouble.folder):
        if "rout" not in file:
            continue
        place = in_words(file, call.lineno)
        if ast.unparse(call.func) == "path" and re.search(r"\(\?P|\^|\$$|\\", text):
            return (
                f"{place}: path() takes no regular expression, so “{text}” fits no address. "
                "re_path() does."
            )
        if re.match(r"\^?/", text):
            return (
                f"No route fits the path {found[1]!r}: the pattern in {place} begins with a slash, "
                "and is compared with a path that has none in front."
            )
    return None


def routes(folder: Path) -> Iterator[tuple[str, ast.Call, str]]:
    """The calls of path() and re_path() in the reader's files, with their patterns."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).rpartition(".")[2] in ("path", "re_path")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield file, node, str(node.args[0].value)


def no_patterns(trouble: Trouble) -> str | None:
    """A module of addresses has no list that is called urlpatterns."""
    found = trouble.error(r"ImproperlyConfigured: The included URLconf '(?:<module ')?([\w.]+)'")
    if not found:
        return None
    file = found[1].replace(".", "/") + ".py"
    module = tree(trouble.folder, file)
    for node in module.body if module else ():
        for target in getattr(node, "targets", ()):
            name = ast.unparse(target)
            if difflib.get_close_matches(name, ["urlpatterns"], 1, 0.7) and name != "urlpatterns":
                return (
                    f"{file}, line {node.lineno} calls the list of addresses {name}, and Django "
                    "looks for urlpatterns."
                )
    place = next((line for found, line in [assigned_in(module, "urlpatterns")] if found), None)
    return (
        f"{in_words(file, place)}: Django finds no list of addresses there. It is called "
        "urlpatterns, and stands in square brackets."
    )


def assigned_in(module: ast.Module | None, name: str) -> tuple[bool, int | None]:
    """Whether a module assigns this name at its top, and in which line."""
    for node in module.body if module else ():
        if name in [ast.unparse(target) for target in getattr(node, "targets", ())]:
            return True, node.lineno
    return False, None


def half_an_application(trouble: Trouble) -> str | None:
    """A class stands in config/asgi.py where an application made of it is wanted."""
    found = trouble.error(r"TypeError: (\w+)\.__init__\(\) (?:takes|missing)[^\n]*")
    if not found or found[1] not in ("URLRouter", "ProtocolTypeRouter", "SameOriginValidator"):
        return None
    place = line_of_page(trouble.folder, f"{found[1]}", ("asgi.py",))
    for file, module in trees(trouble.folder):
        called = {id(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
        for node in ast.walk(module):
            if isinstance(node, ast.Name) and node.id == found[1] and id(node) not in called:
                place = in_words(file, node.lineno)
    given = {"URLRouter": "routes", "ProtocolTypeRouter": "{…}"}.get(found[1], "an application")
    return (
        f"{place or trouble.place}: {found[1]} is called with what it does not take, or stands "
        f"there without parentheses. It is given {given}: {found[1]}(…)."
    )


def no_protocol(trouble: Trouble) -> str | None:
    """The ProtocolTypeRouter has nobody for WebSockets under that name."""
    if not trouble.error(r"ValueError: No application configured for scope type 'websocket'"):
        return None
    near = trouble.note("near", "keys").get("near")
    if not near:
        return None
    for file, module in trees(trouble.folder):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and node.value == near:
                return (
                    f'{file}, line {node.lineno}: the ProtocolTypeRouter has "{near}", and '
                    'WebSockets ask for "websocket".'
                )
    return None


# Methods and calls


def wrong_call(trouble: Trouble) -> str | None:
    """A function was called with what it does not take."""
    found = trouble.error(
        r"TypeError: ((?:\w+\.)*(?:<locals>\.)?\w+)\(\) "
        r"((?:takes|got|missing) [^\n]+)"
    )
    if not found:
        return None
    name = found[1].rpartition(".")[2]
    note = trouble.note("callee", "takes")
    if note and note["callee"].rpartition(".")[2] == name:
        place, takes = (note["file"], note["line"]), note["takes"]
    else:
        known = definition(trouble.folder, found[1])
        place = (known[0], known[1].lineno) if known else (None, None)
        takes = f"({ast.unparse(known[1].args)})" if known else ""
    if not place[0]:
        return unknown_keyword(trouble, found[1], found[2], note)
    begins = CALLED_BY_CHANNELS.get(name)
    if begins is None and is_handler(trouble, found[1]):
        begins = f"{name}(self, event)"
    if begins is None:
        return unknown_keyword(trouble, found[1], found[2], note | {"takes": takes})
    if "channels" not in trouble.trace and trouble.own:
        return None
    calls = begins.replace("self, ", "").replace("(self)", "()")
    return (
        f"{in_words(*place)}: Channels calls {calls}, and your {name}{takes} does not take that "
        f"({found[2]}). Let it begin with def {begins}."
    )


def is_handler(trouble: Trouble, name: str) -> bool:
    """Whether Channels itself has called this method of a consumer, for an event."""
    frames = re.findall(r'File "([^"]+)", line \d+, in (\w+)', trouble.trace)
    return bool(frames) and frames[-1][1] == "dispatch" and "channels" in frames[-1][0]


def unknown_keyword(trouble: Trouble, name: str, words: str, note: dict) -> str | None:
    """A call with a keyword argument that the function does not have."""
    keyword = re.search(r"unexpected keyword argument '(\w+)'", words)
    if not keyword or not trouble.own or not note.get("near"):
        return None
    return (
        f"{trouble.place} calls {name.rpartition('.')[2]}(…) with {keyword[1]}=…, which it does "
        f"not take. Did you mean {note['near']}?"
    )


def not_awaitable(trouble: Trouble) -> str | None:
    """An ordinary method stands where Channels, or the reader, awaits a coroutine function."""
    if not trouble.error(r"TypeError: object NoneType can't be used in 'await' expression"):
        return None
    note = trouble.note("callee")
    if not note or not note.get("file"):
        return None
    name = note["callee"].rpartition(".")[2]
    return (
        f"{in_words(note['file'], note['line'])}: {name}() is an ordinary method, and is awaited. "
        f"In an AsyncWebsocketConsumer, methods that Channels calls, or that you await, begin with "
        f"async def; if the consumer is to be synchronous, its base class is WebsocketConsumer."
    )


def no_handler(trouble: Trouble) -> str | None:
    """An event has reached a consumer without a method for it."""
    found = trouble.error(r"ValueError: No handler for message type ([\w.]+)")
    note = trouble.note("near", "of")
    if not found or not note.get("file"):
        return None
    wanted = found[1].replace(".", "_")
    return (
        f"An event of the type {found[1]} wants a method {wanted}(self, event), and "
        f"{note['of']} has none. {in_words(note['file'], note['line'])} has {note['near']}: is "
        f"that the one? The method's name is the type with _ in place of each dot."
    )


def swapped_or_bad_name(trouble: Trouble) -> str | None:
    """A group's name that the layer refuses, and it can be said why."""
    value = trouble.note("refused").get("refused", "")
    if not trouble.error(r"TypeError: (?:Group|Channel) name must be") or not trouble.own:
        return None
    if "!" in value and trouble.error(r"TypeError: Group"):
        return (
            f"{trouble.place} gives the channel's name where the group's belongs. The group comes "
            "first: group_add(self.group, self.channel_name), and group_send(self.group, event)."
        )
    if re.search(r"\{\w", value):
        line = line_with(trouble.folder, value) or trouble.place
        return (
            f"The group is called “{value}”, braces and all: in {line}, an f is missing in front "
            "of the text."
        )
    return None


def line_with(folder: Path, text: str) -> str | None:
    """The reader's line that has a string with this text, in words."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and node.value == text:
                return in_words(file, node.lineno)
    return None


def no_response(trouble: Trouble) -> str | None:
    """A view has returned nothing."""
    found = trouble.error(
        r"ValueError: The view ([\w.]+?)(?:\.__call__)? didn't return an HttpResponse object\. "
        r"It returned None"
    )
    if not found:
        return None
    where, _, view = found[1].rpartition(".")
    for file, module in trees(trouble.folder):
        for name, node in functions(module) if file == f"{where.replace('.', '/')}.py" else ():
            owner, _, method = name.rpartition(".")
            answers = method in ANSWERING if owner else name == view
            if answers and not returns(node):
                return (
                    f"{file}, line {node.lineno}: {name.replace('.<locals>', '')}() returns "
                    "nothing, and Django waits for its answer. Put return in front of what it "
                    "should answer with."
                )
    return None


ANSWERING = ("get", "post", "dispatch", "form_valid", "form_invalid", "render_to_response")
"""The methods of a view whose answer is the page."""


def returns(node: ast.AST) -> bool:
    """Whether a function returns a value, or yields, somewhere."""
    return any(
        isinstance(part, ast.Return) and part.value is not None or isinstance(part, ast.Yield)
        for part in ast.walk(node)
    )


def none_returned(trouble: Trouble) -> str | None:
    """None turns up where one of the reader's own functions should have returned something."""
    note = trouble.note("none_from", "file")
    if not note or not note["file"]:
        return None
    found = definition(trouble.folder, note["none_from"])
    if not found or returns(found[1]):
        return None
    name = note["none_from"].rpartition(".")[2]
    return (
        f"{trouble.place} wants what {name}() returns, and it returns nothing: in "
        f"{in_words(note['file'], note['line'])}, a return is missing."
    )


def goes_on(trouble: Trouble) -> str | None:
    """A method has failed because it went on behind self.close(…)."""
    if not trouble.own or not trouble.error(r"(?:AttributeError|TypeError|KeyError|ValueError): "):
        return None
    file, line = trouble.own
    around = enclosing(trouble.folder, file, line)
    if around is None or "'NoneType'" not in trouble.last_line:
        return None
    for node in ast.walk(around[1]):
        if not isinstance(node, ast.If) or not node.end_lineno < line:
            continue
        last = node.body[-1]
        closes = isinstance(last, ast.Expr) and re.match(
            r"(?:await )?self\.(?:close|leave)\(", ast.unparse(last)
        )
        if closes:
            return (
                f"{file}, line {last.lineno}: {around[1].name}() goes on behind self.close(…), "
                f"which only sends the code, and fails in line {line}. Put return in front of it."
            )
    return None


# Names


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
        + (f"{has} has {near[0]}: " if has else f"Did you mean {near[0]}? ")
        + "The two have to be the same."
    )


def asked_for(folder: Path, name: str) -> str:
    """The reader's line that asks for an address of this name, in words; or nothing."""
    for quote in "'\"":
        for text in (f":{name}{quote}", f"url {quote}{name}{quote}"):
            if found := line_of_page(folder, text, ("*.html", "*.py")):
                return found
    return ""


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


# Templates


def in_template(trouble: Trouble) -> str | None:
    """An error that Django has found in a template: where, and what is missing."""
    note = trouble.note("template", "line")
    if not note or is_given(trouble.folder, note["template"]):
        return None
    place = in_words(note["template"], note["line"])
    found = trouble.error(r"TemplateSyntaxError: ([^\n]+)")
    if found and (tag := re.match(r"Invalid block tag on line \d+: '(static|get_\w+)'", found[1])):
        return (
            f"{place} uses {{% {tag[1]} … %}}, which this template has not loaded. Put "
            "{% load static %} at its beginning, below {% extends … %}."
        )
    if found and (tag := re.match(r"Unclosed tag on line \d+: '(\w+)'", found[1])):
        return f"{place}: {{% {tag[1]} … %}} is never closed. {{% end{tag[1]} %}} is missing."
    if found:
        return f"{place} can't be read as a template: {found[1]}."
    return None


CAUSES: list[Callable[[Trouble], str | None]] = [
    not_awaitable,
    lost_comma,
    no_application,
    application_not_loaded,
    setting_not_set,
    route_and_bracket,
    routes_are_no_list,
    no_route,
    no_patterns,
    half_an_application,
    no_protocol,
    wrong_call,
    no_handler,
    swapped_or_bad_name,
    no_response,
    none_returned,
    goes_on,
    no_address,
    in_template,
    no_template,
    no_variable,
    no_module,
    no_key,
    never_set,
    no_name,
]
"""In this order: the first that knows has the word."""


# What nothing printed tells


def never_awaited(output: str, folder: Path) -> str | None:
    """The sentence for the first coroutine that an output says was never awaited, or None."""
    for line in re.findall(r"^COURSE: never awaited (\{.*\})$", output, re.M):
        note = json.loads(line)
        name = note["callee"].rpartition(".")[2]
        if note["called"]:
            said = called_and_left(note, name, folder)
        else:
            said = not_for_channels(note, name)
        if said:
            return said
    return None


def called_and_left(note: dict, name: str, folder: Path) -> str | None:
    """The sentence for a coroutine that a line of the reader's has made and not awaited."""
    file, line = note["called"]
    around = enclosing(folder, file, line)
    place = in_words(file, line)
    if around and isinstance(around[1], ast.AsyncFunctionDef):
        return (
            f"{place}: {around[1].name}() calls {name}(…) without await, so it never happens: the "
            f"call alone only makes a coroutine. Write await {call_in(folder, file, line, name)}."
        )
    if note["callee"].startswith("Async") and around:
        return (
            f"{place} calls {name}(…) of an asynchronous consumer from an ordinary method, so it "
            f"never happens. Let {around[1].name} begin with async def, with await in front of the "
            "call; or, for a synchronous one, take WebsocketConsumer as the base class."
        )
    if note["file"]:
        return (
            f"{place} calls {name}(…), which begins with async def, from an ordinary function: it "
            f"never happens. In {in_words(note['file'], note['line'])}, leave async out."
        )
    layer = "self.channel_layer." if name.startswith("group_") else ""
    return (
        f"{place} calls {name}(…), which is async, so it never happens. Write "
        f"async_to_sync({layer}{name})(…): the name in the first pair of parentheses, what it is "
        "given in the second."
    )


def call_in(folder: Path, file: str, line: int, name: str) -> str:
    """A call as it stands in a line of the reader's, shortened where it is long."""
    text = (folder / file).read_text("utf-8", "replace")
    module = tree(folder, file)
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.Call) and node.lineno <= line <= node.end_lineno:
            own = ast.unparse(node.func)
            if own.rpartition(".")[2] == name:
                found = ast.get_source_segment(text, node) or ""
                return found if len(found) < 60 and "\n" not in found else f"{own}(…)"
    return f"{name}(…)"


def not_for_channels(note: dict, name: str) -> str:
    """The sentence for an async method that a library has called as an ordinary one."""
    begins = CALLED_BY_CHANNELS.get(name, f"{name}(self, event)")
    return (
        f"{in_words(note['file'], note['line'])}: {name}() begins with async def, and is called as "
        "an ordinary function, so nothing in it happens. In a WebsocketConsumer, write "
        f"def {begins}, without async and await."
    )


def suspects(folder: Path) -> str | None:
    """What in the reader's files can't be meant so, for when something has gone wrong; or None."""
    for look in SUSPECTS:
        if said := look(folder):
            return said
    return None


def uncalled_statement(folder: Path) -> str | None:
    """A statement that does nothing: a method without its parentheses, a value, a comparison."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if not isinstance(node, ast.Expr):
                continue
            text = ast.unparse(node.value)
            place = in_words(file, node.lineno)
            if isinstance(node.value, ast.Attribute):
                return f"{place}: {text} stands there without parentheses, so it is not called."
            if isinstance(node.value, ast.Compare):
                return f"{place}: “{text}” only compares. A single = sets."
            if isinstance(node.value, VALUES) and not does_something(node.value):
                short = text if len(text) < 40 else f"{text[:40]}…"
                return (
                    f"{place}: “{short}” stands there, and nothing is done with it. Is a return "
                    "missing in front of it?"
                )
    return None


VALUES = (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.Name, ast.JoinedStr, ast.BinOp, ast.BoolOp)
"""Expressions that are of no use by themselves."""


def does_something(node: ast.expr) -> bool:
    """Whether working an expression out may have an effect."""
    if isinstance(node, ast.Dict):
        return False
    return any(isinstance(part, ast.Call | ast.Await | ast.NamedExpr) for part in ast.walk(node))


def misspelt_method(folder: Path) -> str | None:
    """A consumer's method that nobody calls, and whose name is nearly one that Channels calls."""
    for file, module in trees(folder):
        for kind in ast.walk(module):
            if not isinstance(kind, ast.ClassDef) or not any(
                "Consumer" in ast.unparse(base) for base in kind.bases
            ):
                continue
            own = {node.name: node for node in kind.body if isinstance(node, FUNCTION)}
            text = ast.unparse(module)
            for name, node in own.items():
                near = difflib.get_close_matches(name, CALLED_BY_CHANNELS, 1, 0.8)
                if near and near[0] not in own and name not in CALLED_BY_CHANNELS:
                    if not re.search(rf"\.{name}\b", text):
                        return (
                            f"{in_words(file, node.lineno)}: nobody calls a method {name}(). "
                            f"Channels calls {near[0]}(), and {kind.name} has none: is that meant?"
                        )
    return None


def misspelt_setting(folder: Path) -> str | None:
    """A setting that nothing reads, and whose name is nearly one that something reads."""
    for file, name, line, meant in misspelt_settings(folder):
        return f"{file}, line {line} sets {name}, which nothing reads. Is {meant} meant?"
    return None


def misspelt_settings(folder: Path) -> Iterator[tuple[str, str, int, str]]:
    """The settings that nothing reads: file, name, line, and the name that was probably meant."""
    from django.conf import global_settings

    known = {name for name in dir(global_settings) if name.isupper()} | OTHER_SETTINGS
    file = "config/settings.py"
    module = tree(folder, file)
    if module is None:
        return
    names = [
        (target, node)
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper()
    ]
    set_here = {target.id for target, _ in names}
    read = {
        node.attr
        for _, other in trees(folder)
        for node in ast.walk(other)
        if isinstance(node, ast.Attribute)
    }
    for target, node in names:
        if target.id in known or target.id in read:
            continue
        near = difflib.get_close_matches(target.id, known - set_here, 1, 0.85)
        if near:
            yield file, target.id, node.lineno, near[0]


OTHER_SETTINGS = {
    "ASGI_APPLICATION",
    "CHANNEL_LAYERS",
    "DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE",
    "DAPHNE_WEBSOCKET_MAX_FRAME_SIZE",
    "CHAT_MESSAGES_PER_MINUTE",
}
"""The settings that are not Django's."""


LAYER = ("group_add", "group_discard", "group_send", "send", "new_channel")
"""The methods of a channel layer."""


def half_a_call(folder: Path) -> str | None:
    """async_to_sync is given what a call returns, in place of what is to be called."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "async_to_sync"
                and len(node.args) == 1
                and isinstance(node.args[0], ast.Call)
                and isinstance(node.args[0].func, ast.Attribute)
                and node.args[0].func.attr in LAYER
            ):
                name = ast.unparse(node.args[0].func)
                return (
                    f"{in_words(file, node.lineno)}: {name} is called before async_to_sync gets "
                    f"it, and so it never runs. Write async_to_sync({name})(…): its name in the "
                    "first pair of parentheses, what it is given in the second."
                )
    return None


def never_reached(folder: Path) -> str | None:
    """A statement behind return or raise."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
                for one, other in pairwise(body if isinstance(body, list) else []):
                    if isinstance(one, ast.Return | ast.Raise):
                        word = "return" if isinstance(one, ast.Return) else "raise"
                        return (
                            f"{in_words(file, other.lineno)}: this is never reached, as it stands "
                            f"behind the {word} of line {one.lineno}."
                        )
    return None


def defined_twice(folder: Path) -> str | None:
    """Two methods of one name in a class: the second one counts."""
    for file, module in trees(folder):
        for kind in ast.walk(module):
            seen: dict[str, int] = {}
            for node in kind.body if isinstance(kind, ast.ClassDef) else ():
                if not isinstance(node, FUNCTION) or node.decorator_list:
                    continue
                if node.name in seen:
                    return (
                        f"{in_words(file, node.lineno)}: {kind.name} has {node.name}() twice. Only "
                        f"this one counts; that of line {seen[node.name]} is never called."
                    )
                seen[node.name] = node.lineno
    return None


def not_raised(folder: Path) -> str | None:
    """An exception that is made and not raised."""
    own = {
        node.name
        for _, module in trees(folder)
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        and any(re.search(r"Error$|Exception$", ast.unparse(base)) for base in node.bases)
    }
    for file, module in trees(folder):
        for node in ast.walk(module):
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
                continue
            name = ast.unparse(node.value.func).rpartition(".")[2]
            if name in own or name == "Http404" or re.match(r"[A-Z]\w*(?:Error|Exception)$", name):
                return (
                    f"{in_words(file, node.lineno)}: {name}(…) is made there and not raised. Put "
                    "raise in front of it."
                )
    return None


def empty_assertion(folder: Path) -> str | None:
    """An assertion that is true whatever happens."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple) and node.test.elts:
                return f"{in_words(file, node.lineno)}: this asserts a tuple, which is always true."
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            name, given = node.func.attr, node.args
            place = in_words(file, node.lineno)
            first = given[0] if given else None
            if name in ("assertTrue", "assertIsNotNone") and isinstance(first, ast.Attribute):
                if first.attr.startswith(("receive_", "send_")) or first.attr in WINDOW:
                    return (
                        f"{place}: {first.attr} stands there without parentheses, and a method "
                        f"is always true. Write await {ast.unparse(first)}()."
                    )
            if name in ("assertTrue", "assertFalse") and len(given) > 1:
                if not isinstance(given[1], ast.Constant | ast.JoinedStr | ast.Name):
                    return (
                        f"{place}: {name} looks at its first argument only; what stands second is "
                        "the message for a failure. To compare the two, write assertEqual."
                    )
            if name == "assertTrue" and isinstance(first, ast.Constant) and first.value:
                return f"{place}: this asserts {ast.unparse(first)}, which is always true."
            if name == "assertEqual" and len(given) > 1:
                if ast.dump(given[0]) == ast.dump(given[1]):
                    return f"{place}: this compares {ast.unparse(given[0])} with itself."
    return None


WINDOW = ("connect", "disconnect", "wait")
"""Methods of a communicator, beside those that begin with receive_ and send_."""

SUSPECTS: list[Callable[[Path], str | None]] = [
    uncalled_statement,
    misspelt_method,
    misspelt_setting,
    half_a_call,
    not_raised,
    empty_assertion,
    defined_twice,
    never_reached,
]
