"""One thing that went wrong in a project, as its causes look at it."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tutorial.checking.places import FRAME, blamed, in_words, last_traceback


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
