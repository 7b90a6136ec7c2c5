"""What is compared: the units that a file is taken apart into.

What is only style is gone by then: comments and docstrings, quotes, blank space, annotations, the
order of keywords, what is printed to look for a fault.
"""

import re
from dataclasses import dataclass, field

WORD = re.compile(r"[\w·]+")
TRACE = re.compile(r"(?:print|breakpoint|(?:console|logger|logging) \. \w+) \(")


@dataclass(eq=False)
class Unit:
    """What is compared as one: a simple statement, the head of another one, a line, a tag, a key.

    `tokens` is what it says. `line` to `end` are its own lines in the file, from 1; a head's
    `until` is the last line of what it holds. `depth` is how far in below its scope it stands.
    """

    scope: str
    """What it stands in: "ChatConsumer.connect"; empty at the top of a file."""
    tokens: tuple[str, ...]
    line: int
    end: int
    depth: int = 0
    until: int = 0
    ordered: bool = True
    """Whether it counts what stands above and below it."""
    name: str = ""
    """What it gives a value or a meaning to."""
    opens: str = ""
    """The scope that it opens."""
    sort: str = ""
    """"head" of a function or a class, "import", "call" and "made" (at the top of a module: a
    call, a name for what one returns), or "text" (words of a page)."""

    @property
    def key(self) -> tuple:
        """What two units have in common that are the same, in one scope."""
        return self.depth, self.tokens

    @property
    def place(self) -> tuple:
        """What two units of two versions have in common that are the same."""
        return self.scope, self.depth, self.tokens

    @property
    def words(self) -> set[str]:
        """The words in it, those in its strings included."""
        return {word for token in self.tokens for word in WORD.findall(token)}

    @property
    def is_trace(self) -> bool:
        """Whether it only prints, to look for a fault."""
        return bool(TRACE.match(" ".join(self.tokens)))


@dataclass
class Taken:
    """A file that is taken apart; `bound`: the names in each scope that may be called otherwise."""

    units: list[Unit]
    bound: dict[str, set[str]] = field(default_factory=dict)


def in_scope(scope: str, outer: str) -> bool:
    """Whether a scope is another one, or stands in it; everything stands in ""."""
    return outer in ("", scope) or scope.startswith(f"{outer}.")


def moved_scope(scope: str, old: str, new: str) -> str:
    """A scope, when the scope `old` is called `new`."""
    return new + scope[len(old) :] if scope == old or scope.startswith(f"{old}.") else scope
