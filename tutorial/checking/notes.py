"""What a reader's process notes of its errors, while it still has the objects at hand.

It runs inside the reader's project (see inside.py), so only the standard library is imported here,
and nothing of the course. `take()` has each printed traceback carry lines of its own above the
error, `COURSE: note {…}`, and has a coroutine that was never awaited leave a line, `COURSE: never
awaited {…}`: Daphne keeps Python's own warning of it to itself. `tutorial.checking.causes` reads
them. The keys:

- `near`: the name that was probably meant; `name`, `of`: what was asked for, of what; `own`:
  whether that is the reader's own class or module;
- `keys`, `names`: those that a dict has; the names that addresses have;
- `callee`, `file`, `line`, `takes`: a function that was called wrongly, where it begins, and what
  it takes;
- `none_from`: a function that has returned the None which is the trouble;
- `refused`: a name that the channel layer has refused;
- `template`, `line`: where in a template the error is.
"""

import ast
import contextlib
import difflib
import inspect
import json
import linecache
import os
import pkgutil
import re
import sys
import threading
import traceback
import warnings
from types import FrameType, TracebackType

DEEP = 12
"""How many callers of a coroutine are remembered."""


def take() -> None:
    """Take notes from now on, in all threads."""
    note_errors()
    note_coroutines()


def relative(file: str | None) -> str | None:
    """A file's path in the project, with /; None for a file that is not in it."""
    if not file:
        return None
    path, folder = os.path.abspath(file), os.getcwd() + os.sep
    return path.removeprefix(folder).replace(os.sep, "/") if path.startswith(folder) else None


def nearest(name: str, known) -> str | None:
    """The one of the known names that this one was probably meant to be."""
    known = [other for other in known if isinstance(other, str) and other != name]
    if not name.startswith("_"):
        known = [other for other in known if not other.startswith("_")]
    same = [other for other in known if other.lower() == name.lower()]
    return next(iter(same or difflib.get_close_matches(name, known, 1, 0.75)), None)


# Errors


def note_errors() -> None:
    """Have every traceback that is printed carry our notes, above its last line."""
    begin = traceback.TracebackException.__init__
    last = traceback.TracebackException.format_exception_only

    def remember(self, kind, error, trace, *more, **options):
        begin(self, kind, error, trace, *more, **options)
        self.course_notes = [] if error is None else notes(error, trace)

    def tell(self, *more, **options):
        for found in getattr(self, "course_notes", ()):
            yield f"COURSE: note {json.dumps(found)}\n"
        yield from last(self, *more, **options)

    traceback.TracebackException.__init__ = remember
    traceback.TracebackException.format_exception_only = tell
    sys.excepthook = traceback.print_exception
    threading.excepthook = print_thread_error


def print_thread_error(told) -> None:
    """Print the traceback of an error that has ended a thread."""
    if told.exc_type is not SystemExit:
        traceback.print_exception(told.exc_type, told.exc_value, told.exc_traceback)


def notes(error: BaseException, trace: TracebackType | None) -> list[dict]:
    """What can be found out about an error from its objects; never raises."""
    while trace and trace.tb_next:
        trace = trace.tb_next
    found = []
    for look in (missing, called, keyed, nothing, refused, unhandled, unreversed, in_template):
        with contextlib.suppress(Exception):
            if note := look(error, trace):
                found.append(note)
    return found


def missing(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of a name that is not there: the one that was probably meant."""
    if isinstance(error, AttributeError) and error.name:
        kind = error.obj if isinstance(error.obj, type) else type(error.obj)
        module = error.obj.__name__ if inspect.ismodule(error.obj) else kind.__module__
        file = getattr(sys.modules.get(module), "__file__", None)
        of = module if inspect.ismodule(error.obj) else kind.__name__
        known = dir(error.obj.__self__ if isinstance(error.obj, super) else error.obj)
        near = nearest(error.name, known)
        if isinstance(error.obj, dict) and error.name in error.obj:
            near = f'["{error.name}"]'
        return {"name": error.name, "of": of, "near": near, "own": relative(file) is not None}
    if isinstance(error, NameError) and getattr(error, "name", None) and trace:
        near = nearest(error.name, names_in(trace.tb_frame))
        if "self" in trace.tb_frame.f_locals and hasattr(
            trace.tb_frame.f_locals["self"], error.name
        ):
            near = f"self.{error.name}"
        return {"name": error.name, "near": near}
    if isinstance(error, ModuleNotFoundError) and error.name:
        return {"name": error.name, "near": nearest_module(error.name)}
    found = re.match(r"cannot import name '([^']+)' from '([^']+)'", str(error))
    if isinstance(error, ImportError) and found:
        module = sys.modules.get(found[2])
        submodules = [part.name for part in pkgutil.iter_modules(getattr(module, "__path__", []))]
        return {
            "name": found[1],
            "of": found[2],
            "near": nearest(found[1], [*dir(module), *submodules]),
            "own": relative(getattr(module, "__file__", None)) is not None,
        }
    return None


def names_in(frame: FrameType) -> list[str]:
    """The names that code in this frame can use."""
    return [*frame.f_locals, *frame.f_globals, *frame.f_builtins]


def nearest_module(name: str) -> str | None:
    """The module that was probably meant by this dotted name."""
    package, _, last = name.rpartition(".")
    if package:
        with contextlib.suppress(ImportError):
            __import__(package)
        places = getattr(sys.modules.get(package), "__path__", None)
        if places is None:
            return None
        near = nearest(last, [part.name for part in pkgutil.iter_modules(places)])
        return near and f"{package}.{near}"
    top = [part.name for part in pkgutil.iter_modules()]
    return nearest(last, [*top, *sys.stdlib_module_names])


def called(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of a call that a function does not take: where that function is, and what it takes."""
    if not isinstance(error, TypeError) or trace is None:
        return None
    words = str(error)
    if "'await' expression" in words:
        return handler_of(trace.tb_frame) or callee(trace, ast.Call)
    if not re.search(r"\w\(\) (?:takes|got|missing)", words):
        return None
    found = callee(trace, ast.Call)
    keyword = re.search(r"unexpected keyword argument '(\w+)'", words)
    if found and keyword:
        found["near"] = nearest(keyword[1], found["parameters"])
    return found


def callee(trace: TracebackType, kind: type) -> dict | None:
    """The function that the line of a traceback calls, as a note."""
    node = node_at(trace, kind)
    function = value_of(node.func, trace.tb_frame) if node else None
    if function is None or not hasattr(inspect.unwrap(function), "__code__"):
        function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__"):
        return None
    function = inspect.unwrap(getattr(function, "__func__", function))
    return described(function)


def described(function) -> dict:
    """Where a function is and what it takes, as a note."""
    code = function.__code__
    parameters = inspect.signature(function)
    return {
        "callee": function.__qualname__,
        "file": relative(code.co_filename),
        "line": code.co_firstlineno,
        "takes": str(parameters),
        "parameters": list(parameters.parameters),
    }


def handler_of(frame: FrameType) -> dict | None:
    """The consumer's method for the event that a frame handles, as a note."""
    consumer = frame.f_locals.get("self")
    for value in frame.f_locals.values():
        if isinstance(value, dict) and isinstance(value.get("type"), str):
            method = getattr(type(consumer), value["type"].replace(".", "_"), None)
            if method and relative(inspect.unwrap(method).__code__.co_filename):
                return described(inspect.unwrap(method))
    return None


def keyed(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of a key that a dict does not have: those that it has."""
    if not (isinstance(error, KeyError) and error.args and isinstance(error.args[0], str)):
        return None
    node = node_at(trace, ast.Subscript) if trace else None
    found = value_of(node.value, trace.tb_frame) if node else None
    if not hasattr(found, "keys"):
        return None
    keys = [key for key in found.keys() if isinstance(key, str)]
    return {
        "name": error.args[0],
        "of": ast.unparse(node.value),
        "keys": keys[:20],
        "near": nearest(error.args[0], keys),
    }


def nothing(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of a None that is used as if it were something: the function that has returned it."""
    if "NoneType" not in str(error) or trace is None:
        return None
    for kind in (ast.Attribute, ast.Subscript, ast.Starred, ast.Tuple):
        node = node_at(trace, kind)
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call):
            function = value_of(call.func, trace.tb_frame)
            function = inspect.unwrap(getattr(function, "__func__", function))
            if hasattr(function, "__code__"):
                note = described(function)
                return {"none_from": note["callee"], "file": note["file"], "line": note["line"]}
    return None


def refused(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of a name that the channel layer refuses: the name."""
    if not re.match(r"(Group|Channel) name must be", str(error)) or trace is None:
        return None
    return {"refused": str(trace.tb_frame.f_locals.get("name"))}


def unhandled(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of an event or a connection that nobody takes: who is there."""
    if not isinstance(error, ValueError) or trace is None:
        return None
    own = trace.tb_frame.f_locals.get("self")
    if found := re.match(r"No handler for message type ([\w.]+)", str(error)):
        methods = {
            name: value
            for name, value in inspect.getmembers(type(own), inspect.isfunction)
            if relative(inspect.unwrap(value).__code__.co_filename)
        }
        near = nearest(found[1].replace(".", "_"), methods)
        more = described(inspect.unwrap(methods[near])) if near else {}
        return {"name": found[1], "of": type(own).__name__, "near": near} | more
    if str(error).startswith("No application configured for scope type"):
        keys = [str(key) for key in own.application_mapping]
        return {"keys": keys, "near": nearest("websocket", keys)}
    return None


def unreversed(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of an address's name that is not there: those that there are."""
    found = re.match(r"Reverse for '([^']+)' not found|'([^']+)' is not a registered", str(error))
    if type(error).__name__ != "NoReverseMatch" or not found:
        return None
    from django.urls import get_resolver

    resolver = get_resolver()
    spaces = {space: pair[1] for space, pair in resolver.namespace_dict.items()}
    if found[2]:
        return {"names": list(spaces)}
    keys = [key for way in [resolver, *spaces.values()] for key in way.reverse_dict]
    return {"names": [key for key in keys if isinstance(key, str)]}


def in_template(error: BaseException, trace: TracebackType | None) -> dict | None:
    """Of an error that Django has found in a template: the template and the line."""
    found = getattr(error, "template_debug", None)
    if not found:
        return None
    name = relative(found.get("name")) or os.path.basename(found.get("name") or "")
    return {"template": name, "line": found.get("line"), "at": (found.get("during") or "").strip()}


def node_at(trace: TracebackType, kind: type) -> ast.AST | None:
    """The expression of this kind at which a traceback's frame was."""
    code = trace.tb_frame.f_code
    positions = list(code.co_positions())[trace.tb_lasti // 2]
    source = "".join(linecache.getlines(code.co_filename))
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kind)]
    around = [
        node
        for node in nodes
        if (node.lineno, node.col_offset) >= (positions[0], positions[2])
        and (node.end_lineno, node.end_col_offset) <= (positions[1], positions[3])
    ]
    return max(around, key=lambda node: node.end_col_offset - node.col_offset, default=None)


def value_of(node: ast.expr, frame: FrameType):
    """What an expression of names, attributes and keys stands for; None for any other.

    Nothing is called again, but what reads JSON.
    """
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
            if node.id in names:
                return names[node.id]
        return None
    if isinstance(node, ast.Attribute):
        return getattr(value_of(node.value, frame), node.attr, None)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return value_of(node.value, frame)[node.slice.value]
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        if value_of(node.func, frame) is json.loads:
            return json.loads(value_of(node.args[0], frame))
    return None


# Coroutines


def note_coroutines() -> None:
    """Have a coroutine that was never awaited leave a line, with the caller's file and line."""
    told = set()
    remember_callers()
    run = threading.Thread.run

    def run_and_remember(self):
        remember_callers()
        run(self)

    threading.Thread.run = run_and_remember

    def tell(coroutine):
        with contextlib.suppress(Exception):
            found = never_awaited(coroutine)
            if found and (line := json.dumps(found)) not in told and not sys.is_finalizing():
                told.add(line)
                print(f"\nCOURSE: never awaited {line}", file=sys.__stderr__, flush=True)
        words = f"coroutine '{coroutine.__qualname__}' was never awaited"
        warnings.warn(words, RuntimeWarning, stacklevel=2, source=coroutine)

    warnings._warn_unawaited_coroutine = tell


def remember_callers() -> None:
    """Have this thread's coroutines know where they were made."""
    sys.set_coroutine_origin_tracking_depth(DEEP)


def never_awaited(coroutine) -> dict | None:
    """Who called a coroutine function, and where it begins; None when neither is the reader's."""
    code = coroutine.cr_code
    caller = (coroutine.cr_origin or [(None, None, None)])[0]
    called_in, defined = relative(caller[0]), relative(code.co_filename)
    if not (called_in or defined):
        return None
    return {
        "callee": coroutine.__qualname__,
        "file": defined,
        "line": code.co_firstlineno if defined else None,
        "called": [called_in, caller[1]] if called_in else None,
    }
