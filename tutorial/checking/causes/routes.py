"""The ASGI application, and the routes that lead to consumers and views."""

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from tutorial.checking.causes.files import misspelt_settings
from tutorial.checking.causes.names import no_module, no_name
from tutorial.checking.causes.trouble import Trouble
from tutorial.checking.places import (
    LED_TO,
    in_words,
    is_given,
    line_of_page,
    tree,
    trees,
)


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
    if not trouble.last_frame.endswith("channels/routing.py"):
        return None
    if found := trouble.error(r"TypeError: '(\w+)' object is not iterable"):
        return (
            f"{trouble.place} gives URLRouter a {found[1]} where the list of routes belongs. "
            "URLRouter(websocket_urlpatterns) stands innermost, all else around it."
        )
    if found := trouble.error(r"AttributeError: '(list|tuple|str|function)' object has no attr"):
        file, line = assigned(trouble.folder, "urlpatterns") or trouble.own or ("", None)
        return (
            f"URLRouter is given {article(found[1])} where a route is wanted: look at "
            f"{in_words(file, line)}. Its elements are made by path() or re_path()."
        )
    return None


def no_application_but(trouble: Trouble) -> str | None:
    """Something else stands where an application is wanted that can be called."""
    found = trouble.error(r"TypeError: '(list|tuple|dict|str|NoneType)' object is not callable")
    if not found:
        return None
    module = tree(trouble.folder, "config/asgi.py")
    for node in module.body if module else ():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            return (
                f"config/asgi.py, line {node.end_lineno} ends with a comma, and that makes a tuple "
                "of the application. Take the comma out."
            )
    path = Path(trouble.last_frame)
    inside = path.is_relative_to(trouble.folder)
    given = inside and is_given(trouble.folder, path.relative_to(trouble.folder).as_posix())
    if not given and not re.search(r"/(?:channels|daphne|staticfiles)/", trouble.last_frame):
        return None
    file, line = assigned(trouble.folder, "application") or ("config/asgi.py", None)
    return (
        f"{in_words(file, line)}: {article(found[1])} stands where an application is wanted that "
        "can be called. Routes become one by URLRouter(…), a consumer by .as_asgi()."
    )


def article(kind: str) -> str:
    """A type in words."""
    return {"str": "a text", "function": "a function", "NoneType": "None"}.get(kind, f"a {kind}")


def no_view(trouble: Trouble) -> str | None:
    """A route is not given an address first, and then a view."""
    if not trouble.error(r"TypeError: view must be a (?:callable|.*View)") or not trouble.own:
        return None
    file, line = trouble.own
    for name, call, first in all_routes(trouble.folder):
        if name != file or not call.lineno <= line <= call.end_lineno:
            continue
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            return f"{trouble.place}: the address comes first in a route, then what answers there."
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            text = ast.unparse(call.args[1])
            return f"{trouble.place}: {text} is a text. include({text}) leads to a module's list."
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
    for file, call, first in all_routes(folder):
        if isinstance(first, ast.Constant):
            yield file, call, str(first.value)


def all_routes(folder: Path) -> Iterator[tuple[str, ast.Call, ast.expr]]:
    """The calls of path() and re_path() in the reader's files, with their first argument."""
    for file, module in trees(folder):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and node.args:
                if ast.unparse(node.func).rpartition(".")[2] in ("path", "re_path"):
                    yield file, node, node.args[0]


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
