"""What chapter 2's checks ask of a project from inside, after migrating: prints it as JSON.

Django is silent about a block that the base template does not have, and about an attribute that
nothing has; here both are told, where nearly the same name is there.
"""

import contextlib
import difflib
import json
from pathlib import Path

from django.template import VariableDoesNotExist, engines
from django.template.base import Variable
from django.template.context import BaseContext
from django.template.loader_tags import BlockNode, ExtendsNode
from django.test import Client

HERE = Path.cwd()


def own_templates():
    """The templates in the project's folder: pairs of an engine and a name."""
    for engine in engines.all():
        for place in engine.template_dirs:
            if Path(place).is_relative_to(HERE):
                for file in sorted(Path(place).rglob("*.html")):
                    yield engine, file, file.relative_to(place).as_posix()


def dead_blocks(engine, name):
    """The blocks of a template that none of those which it extends has, so nobody shows them."""
    template = engine.get_template(name).template
    for extends in template.nodelist.get_nodes_by_type(ExtendsNode):
        known = set()
        parent = extends.parent_name.var
        while isinstance(parent, str):
            above = engine.get_template(parent).template.nodelist
            known |= {node.name for node in above.get_nodes_by_type(BlockNode)}
            parent = next((n.parent_name.var for n in above.get_nodes_by_type(ExtendsNode)), None)
        for node in extends.nodelist:
            if isinstance(node, BlockNode) and node.name not in known:
                yield node.name, sorted(known)


@contextlib.contextmanager
def noted(missed):
    """Note each attribute that a template asks for in vain, with what is there instead."""
    look_up = Variable._resolve_lookup

    def look(self, context):
        try:
            return look_up(self, context)
        except VariableDoesNotExist as error:
            bit, asked = error.params
            if not isinstance(asked, BaseContext):
                there = asked if isinstance(asked, dict) else dir(asked)
                near = difflib.get_close_matches(bit, map(str, there), n=1, cutoff=0.8)
                missed.update({(self.var, bit, one) for one in near})
            raise

    Variable._resolve_lookup = look
    try:
        yield
    finally:
        Variable._resolve_lookup = look_up


def missed_attributes(texts):
    """The attributes that the pages' templates ask for in vain: expression, name, nearest name."""
    missed, visitor = set(), Client(HTTP_HOST="127.0.0.1")
    with noted(missed):
        for path, sent in (("/chat/", None), ("/chat/", {"name": "two words"}), ("/chat/x/", None)):
            with contextlib.suppress(Exception):  # the steps look at the pages themselves
                visitor.get(path) if sent is None else visitor.post(path, sent)
    return sorted(one for one in missed if any(one[0] in text for text in texts))


blocks, texts = [], []
for engine, file, name in own_templates():
    with contextlib.suppress(Exception):
        texts.append(file.read_text("utf-8"))
        path = file.relative_to(HERE).as_posix()
        blocks += [(path, block, known) for block, known in dead_blocks(engine, name)]
print(json.dumps({"blocks": blocks, "attributes": missed_attributes(texts)}))
