"""What in a reader's files can't be meant so: for when something has gone wrong, and nothing was
printed that tells.
"""

import ast
import difflib
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from tutorial.checking.causes.coroutines import CALLED_BY_CHANNELS
from tutorial.checking.places import (
    FUNCTION,
    enclosing,
    in_words,
    tree,
    trees,
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
                around = enclosing(folder, file, node.lineno)
                said = f"{place}: “{short}” stands there, and nothing is done with it."
                if around is None:
                    return said
                return f"{said} Is a return missing in front of it, in {around[1].name}()?"
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


def misspelt_attribute(folder: Path) -> str | None:
    """An attribute of a view or a consumer that nobody reads, and whose name is nearly another."""
    for file, module in trees(folder):
        text = ast.unparse(module)
        for kind in ast.walk(module):
            bases = " ".join(map(ast.unparse, getattr(kind, "bases", ())))
            known = [name for end, names in ATTRIBUTES.items() if end in bases for name in names]
            for node in kind.body if known else ():
                name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
                near = difflib.get_close_matches(name, known, 1, 0.75)
                if near and name not in known and not re.search(rf"\.{name}\b", text):
                    return (
                        f"{in_words(file, node.lineno)}: nobody reads {name} of {kind.name}. Is "
                        f"{near[0]} meant?"
                    )
    return None


ATTRIBUTES = {
    "View": (
        *("template_name", "form_class", "success_url", "model", "extra_context", "queryset"),
        *("context_object_name", "pk_url_kwarg", "slug_field", "paginate_by", "fields"),
    ),
    "Consumer": ("groups", "channel_layer_alias"),
}
"""What classes may set that Django and Channels read, by how their bases' names end."""


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
    misspelt_attribute,
    misspelt_setting,
    half_a_call,
    not_raised,
    empty_assertion,
    defined_twice,
    never_reached,
]
