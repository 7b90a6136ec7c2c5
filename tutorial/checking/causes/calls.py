"""Calls that come to nothing: wrong methods, wrong arguments, a return that is missing."""

import ast
import re

from tutorial.checking.causes.coroutines import CALLED_BY_CHANNELS
from tutorial.checking.causes.trouble import Trouble
from tutorial.checking.places import (
    definition,
    enclosing,
    functions,
    in_words,
    line_with,
    trees,
)


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
    if trouble.own and trouble.last_frame.endswith("/" + trouble.own[0]):
        return unknown_keyword(trouble, found[1], found[2], note) or (
            f"{trouble.place} calls {name}(…), and {in_words(*place)} has {name}{takes}: the two "
            f"don't fit (it {found[2]})."
        )
    begins = CALLED_BY_CHANNELS.get(name)
    if begins is None and is_handler(trouble, found[1]):
        begins = f"{name}(self, event)"
    if begins is None:
        return unknown_keyword(trouble, found[1], found[2], note | {"takes": takes})
    if takes.strip("()").partition(",")[0].strip() not in ("self", "cls"):
        return f"{in_words(*place)}: self is missing in {name}{takes}. Write def {begins}."
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
