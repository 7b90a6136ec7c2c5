"""Takes Python files apart into statements, by their syntax."""

import ast
import re

from tutorial.checking.comparing.units import Taken, Unit

TOKEN = re.compile(
    r"""[rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|\d+\.\d+|[\w·]+|[-+*/=!<>&|:]{2,3}|\S"""
)


def take_python(name: str, text: str, renames: dict[str, dict[str, str]]) -> Taken:
    """Take a module apart by its syntax."""
    package = name.split("/")[:-1]
    plain = Plain(package, renames)
    tree = plain.visit(ast.parse(text))
    statements = Statements(text.splitlines())
    statements.body(tree.body, "", 0, ordered=False)
    return Taken([unit for unit in statements.units if not unit.is_trace], plain.bound)


class Plain(ast.NodeTransformer):
    """Makes two ways of writing the same alike, and notes the names that functions bind."""

    def __init__(self, package: list[str], renames: dict[str, dict[str, str]]):
        self.package, self.renames = package, renames
        self.path: list[str] = []
        self.bound: dict[str, set[str]] = {}

    def visit_ClassDef(self, node):
        self.path.append(node.name)
        self.generic_visit(node)
        self.path.pop()
        return node

    def visit_FunctionDef(self, node):
        self.path.append(node.name)
        self.generic_visit(node)
        scope = ".".join(self.path)
        self.path.pop()
        node.returns = None
        parameters = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
        self.bound[scope] = parameters | bound_names(node)
        rename(node, self.renames.get(scope, {}))
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_ImportFrom(self, node):
        if node.level:
            above = self.package[: len(self.package) - node.level + 1]
            node.module = ".".join([*above, *([node.module] if node.module else [])])
            node.level = 0
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        node.keywords.sort(key=lambda keyword: (keyword.arg is None, keyword.arg))
        return node

    def visit_Dict(self, node):
        self.generic_visit(node)
        if None not in node.keys:
            pairs = sorted(zip(node.keys, node.values, strict=True), key=in_order)
            node.keys, node.values = [key for key, _ in pairs], [value for _, value in pairs]
        return node

    def visit_ListComp(self, node):
        """Give the variables of a comprehension (or a lambda) names of our own."""
        self.generic_visit(node)
        inner = [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.arg)]
        names = {getattr(n, "id", None) or n.arg for n in inner if binds(n)}
        ours = sum(name.startswith("·") for name in names)
        new = {}
        for n in inner:
            old = getattr(n, "id", None) or n.arg
            if binds(n) and not old.startswith("·"):
                new.setdefault(old, f"·{ours + len(new)}")
        for n in inner:
            if isinstance(n, ast.Name):
                n.id = new.get(n.id, n.id)
            else:
                n.arg = new.get(n.arg, n.arg)
        return node

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_Lambda = visit_ListComp


def in_order(pair) -> str:
    """Where a key with its value stands among those of a dict."""
    return ast.unparse(pair[0])


def binds(node: ast.Name | ast.arg) -> bool:
    """Whether a name is given a value here."""
    return isinstance(node, ast.arg) or isinstance(node.ctx, ast.Store)


def bound_names(function: ast.AST) -> set[str]:
    """The names that a function's body binds."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
    return {name for name in found if not name.startswith("·")}


def rename(function: ast.AST, names: dict[str, str]) -> None:
    """Rename a function's own names, but not its parameters, which others may call by name."""
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    names = {old: new for old, new in names.items() if new not in used}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            node.name = names.get(node.name, node.name)


class Statements:
    """Walks through a module and notes its units."""

    def __init__(self, lines: list[str]):
        self.lines, self.units = lines, []

    def add(self, scope: str, text: str, node: ast.AST, **more) -> None:
        """Note a unit; without `end` in `more` it goes to the node's end."""
        more.setdefault("end", node.end_lineno)
        self.units.append(Unit(scope, tuple(TOKEN.findall(text)), node.lineno, **more))

    def body(self, nodes: list[ast.stmt], scope: str, depth: int, ordered: bool) -> None:
        """Note the statements of a body. What is not `ordered` may stand in any order."""
        for node in nodes:
            match node:
                case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.AnnAssign():
                    continue
                case ast.Import() | ast.ImportFrom():
                    self.imports(node, scope, depth)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    self.definition(node, scope, depth)
                case ast.Match():
                    self.add(scope, head_of(node), node, depth=depth, **head_lines(node))
                    for case in node.cases:
                        self.case(case, scope, depth + 1)
                case ast.Assign() if not ordered and not depth:
                    self.assignment(node, scope)
                case ast.stmt(body=[*_]):
                    self.compound(node, scope, depth)
                case _ if ordered or depth:
                    self.add(scope, ast.unparse(node), node, depth=depth)
                case _:
                    called = "call" if isinstance(node, ast.Expr) and not scope else ""
                    self.add(scope, ast.unparse(node), node, ordered=False, sort=called)

    def imports(self, node: ast.Import | ast.ImportFrom, scope: str, depth: int) -> None:
        """Note each imported name by itself."""
        start = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            text = f"{start}import {ast.unparse(alias)}"
            name = alias.asname or alias.name
            more = {"ordered": False, "name": name, "sort": "import", "depth": depth}
            self.add(scope, text, alias, **more)

    def definition(self, node, scope: str, depth: int) -> None:
        """Note a function or a class: its head, and what stands in it."""
        inner = f"{scope}.{node.name}".strip(".")
        more = {"ordered": False, "name": node.name, "opens": inner, "sort": "head"}
        self.add(scope, head_of(node), node, depth=depth, **more, **head_lines(node))
        for decorator in node.decorator_list:
            self.add(inner, "@" + ast.unparse(decorator), decorator)
        self.body(node.body, inner, 0, ordered=not isinstance(node, ast.ClassDef))

    def compound(self, node: ast.stmt, scope: str, depth: int, word: str = "") -> None:
        """Note a statement with a body: its head, what it holds, and what follows on it."""
        text = head_of(node)
        text = text.replace("if", word, 1) if word else text
        self.add(scope, text, node, depth=depth, **head_lines(node))
        self.body(node.body, scope, depth + 1, ordered=True)
        for handler in getattr(node, "handlers", []):
            self.add(scope, head_of(handler), handler, depth=depth, **head_lines(handler))
            self.body(handler.body, scope, depth + 1, ordered=True)
        rest = getattr(node, "orelse", [])
        if len(rest) == 1 and isinstance(rest[0], ast.If) and self.begins(rest[0], "elif"):
            self.compound(rest[0], scope, depth, "elif")
        elif rest:
            self.branch("else", rest, scope, depth)
        if getattr(node, "finalbody", []):
            self.branch("finally", node.finalbody, scope, depth)

    def begins(self, node: ast.stmt, word: str) -> bool:
        """Whether a node's line begins with a word."""
        return self.lines[node.lineno - 1].lstrip().startswith(word)

    def branch(self, word: str, body: list[ast.stmt], scope: str, depth: int) -> None:
        """Note an `else` or a `finally`, which the syntax tree does not have as such."""
        line = body[0].lineno
        while line > 1 and not self.lines[line - 1].lstrip().startswith(word):
            line -= 1
        until = body[-1].end_lineno
        self.units.append(Unit(scope, (word, ":"), line, line, depth, until))
        self.body(body, scope, depth + 1, ordered=True)

    def case(self, case: ast.match_case, scope: str, depth: int) -> None:
        """Note a case of a `match`."""
        guard = f" if {ast.unparse(case.guard)}" if case.guard else ""
        text, until = f"case {ast.unparse(case.pattern)}{guard}:", case.body[-1].end_lineno
        end = max(case.body[0].lineno - 1, case.pattern.lineno)
        more = {"depth": depth, "end": end, "until": until}
        self.add(scope, text, case.pattern, **more)
        self.body(case.body, scope, depth + 1, ordered=True)

    def assignment(self, node: ast.Assign, scope: str) -> None:
        """Note an assignment of a module or a class; what a list or a dict holds, by itself."""
        targets = [ast.unparse(target) for target in node.targets]
        made = "made" if isinstance(node.value, ast.Call) and not scope else ""
        if isinstance(node.targets[0], ast.Tuple):
            self.add(scope, ast.unparse(node), node, ordered=False)
        else:
            self.value(scope, targets[0], " = ".join(targets) + " = ", node.value, node, sort=made)

    def value(self, scope: str, name: str, start: str, value: ast.expr, node: ast.AST, **more):
        """Note a value behind `start`; a list or a dict opens a scope, and its elements follow."""
        inner = f"{scope}.{name}".strip(".")
        elements = getattr(value, "elts", []) or getattr(value, "values", [])
        more |= {"name": name, "ordered": False}
        if not isinstance(value, ast.List | ast.Tuple | ast.Set | ast.Dict) or not elements:
            self.add(scope, start + ast.unparse(value), node, **more)
            return
        brackets = "{…}" if isinstance(value, ast.Dict) else "[…]"
        lines = {"end": node.lineno, "until": value.end_lineno}
        self.add(scope, start + brackets, node, opens=inner, **lines, **more)
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            for key, element in sorted(pairs, key=lambda pair: pair[1].lineno):
                text = ast.unparse(key) if key else "**"
                first, last = (key or element).lineno, element.end_lineno
                pair = ast.keyword(None, element, lineno=first, end_lineno=last)
                self.value(inner, text, f"{text}: ", element, pair)
        else:
            for element in elements:
                if isinstance(element, ast.Dict | ast.List) and element_count(element) > 1:
                    self.value(inner, "item", "", element, element)
                else:
                    self.add(inner, ast.unparse(element), element)


def element_count(value: ast.expr) -> int:
    """How many elements a list or a dict has."""
    return len(getattr(value, "elts", []) or getattr(value, "values", []))


def head_of(node) -> str:
    """The first line of a statement that has a body, without what is above it."""
    if isinstance(node, ast.Match):
        return f"match {ast.unparse(node.subject)}:"
    if isinstance(node, ast.Try | ast.TryStar):
        return "try:"
    parts = {name: getattr(node, name) for name in node._fields if hasattr(node, name)}
    parts |= {"body": [ast.Pass()]}
    parts |= {name: [] for name in ("decorator_list", "orelse") if name in parts}
    bare = ast.copy_location(type(node)(**parts), node)
    return ast.unparse(bare).strip().removesuffix("pass").strip()


def head_lines(node) -> dict[str, int]:
    """The last line of a statement's head, and the last one of all that it holds."""
    inner = node.cases[0].pattern if isinstance(node, ast.Match) else node.body[0]
    first = min([inner.lineno, *(d.lineno for d in getattr(inner, "decorator_list", []))])
    return {"end": max(first - 1, node.lineno), "until": node.end_lineno}
