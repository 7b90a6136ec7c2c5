"""Coroutines that were made and never awaited."""

import ast
import json
import re
from pathlib import Path

from tutorial.checking.places import enclosing, in_words, is_given, tree, trees

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


def never_awaited(output: str, folder: Path) -> str | None:
    """The sentence for the first coroutine that an output says was never awaited, or None."""
    for line in re.findall(r"^COURSE: never awaited (\{.*\})$", output, re.M):
        note = json.loads(line)
        name = note["callee"].rpartition(".")[2]
        if note["called"] and not is_given(folder, note["called"][0]):
            return called_and_left(note, name, folder)
        if note["file"] and not is_given(folder, note["file"]):
            return called_by_others(note, name, folder)
    return None


def called_and_left(note: dict, name: str, folder: Path) -> str:
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


def called_by_others(note: dict, name: str, folder: Path) -> str:
    """The sentence for an async function that others have called as an ordinary one."""
    place = in_words(note["file"], note["line"])
    said = f"{place}: {name}() begins with async def, and is called as an ordinary function, so "
    said += "nothing in it happens."
    owner = note["callee"].rpartition(".")[0]
    if not is_sync_consumer(folder, owner):
        return f"{said} Leave async and await out."
    begins = CALLED_BY_CHANNELS.get(name, f"{name}(self, event)")
    return f"{said} In a WebsocketConsumer, write def {begins}, without async and await."


def is_sync_consumer(folder: Path, name: str) -> bool:
    """Whether the reader's class of this name is a synchronous consumer."""
    return any(
        isinstance(node, ast.ClassDef)
        and node.name == name
        and any(re.search(r"\b(?!Async)\w*Consumer$", ast.unparse(base)) for base in node.bases)
        for _, module in trees(folder)
        for node in ast.walk(module)
    )
