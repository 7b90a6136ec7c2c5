"""The proofs that take hours: `python3 -m tutorial proofs NAME [N]`, for maintainers.

A proof goes through many cases of a chapter, such as its mutants, and writes down each result at
once, in `.venv/proofs/NAME-NN.jsonl`: stopped at any time, it goes on there. A result counts as
long as it rests on the same things: the stage's files and the chapter's own `test_chapter.py`.
After a change in `tutorial/checking/`, which all chapters share, begin afresh with `--again`.
What came out is kept in a dated table, `tutorial/author/proofs.md`.

`outgrown` computes which steps a later chapter takes back; `headings` goes through the texts and
checks after each section. `mutants` proves that green means right: each fault in a typed line makes
`check` red, or stands in the chapter's `unseen.toml` with the reason why nobody can see it.
"""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from tutorial.author.headings import wrong_after_sections
from tutorial.author.mutants import KINDS, Mutant, mutants
from tutorial.author.outgrown import keep, later_stages, steps_outgrown
from tutorial.checking import differs
from tutorial.checking.run import AS_FAR_AS_SEEN, RIGHT, WRONG, checks_file, run_checks
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.outgrown import FILE
from tutorial.course.project import make_env_file
from tutorial.course.stages import changed_files, lineage, stage_files, write_stage
from tutorial.course.unseen import Unseen, unseen
from tutorial.environment import VENV, Trouble
from tutorial.reader.workspace import prepare_database

PLACE = VENV / "proofs"  # a set-up leaves it alone
TABLE = Path(__file__).with_name("proofs.md")
ENOUGH = 0.9
"""Of a chapter's mutants, so many have to be red."""

OUTCOMES = {WRONG: "red", RIGHT: "green", AS_FAR_AS_SEEN: "unseen"}
"""What a run comes to; `unseen` is no answer: something could not be looked at."""


@dataclass(frozen=True)
class Options:
    """What a proof is asked for."""

    kinds: tuple[str, ...] = ()
    """Those that are asked for; all without one."""
    every: int = 1
    """1 for all cases, 10 for every tenth."""
    jobs: int = 1
    """How many run at a time."""
    again: bool = False
    """Whether earlier results are thrown away first."""


def run_proof(name: str, number: int | None, options: Options) -> int:
    """Run a proof for one chapter or for all; return 0 when all of it holds, otherwise 1.

    Raises `Trouble` when there is no such proof or chapter.
    """
    if name not in PROOFS:
        raise Trouble(f"There is no proof “{name}”. Known: {', '.join(PROOFS)}.")
    if number is None:
        numbers = [of.number for of in COURSE if of.has_stage and checks_file(of).is_file()]
    else:
        numbers = [chapter(number).number]
    return 0 if PROOFS[name](numbers, options) else 1


# Running


def prove_mutants(numbers: list[int], options: Options) -> bool:
    """Run the mutants of these chapters and write the table; return whether all of it holds."""
    if unknown := set(options.kinds) - set(KINDS):
        raise Trouble(f"No kind of mutant: {', '.join(unknown)}. Known: {', '.join(KINDS)}.")
    held = []
    for number in numbers:
        file, key = PLACE / f"mutants-{number:02}.jsonl", rests_on(number)
        if options.again:
            file.unlink(missing_ok=True)
        wanted = mutants(number, options.kinds or KINDS)[:: options.every]
        print(f"Chapter {number}: {len(wanted)} mutants", flush=True)
        with ready_folder(number) as stage:
            need_green(number, stage)
            run = partial(run_mutant, number=number, stage=stage)
            for mutant, result in take_up(wanted, file, key, run, options.jobs):
                if rests_on(number) != key:
                    raise Trouble(f"Chapter {number} has changed meanwhile. Call it again.")
                if result["outcome"] != "red":
                    print(f"  {result['outcome']:6} {mutant.id}  {mutant.text}", flush=True)
            found = judge(number, read_results(file, key), partial(is_told, stage=stage))
        write_table(TABLE, found)
        for line in found.in_words():
            print(line, flush=True)
        held.append(found.holds)
    return all(held)


def need_green(number: int, stage: Path) -> None:
    """Raise `Trouble` unless the checks pass on the stage itself, with nothing left unseen."""
    report = run_checks(number, stage, compare=False)
    if report.code != RIGHT:
        why = [report.problem, *report.unseen.values()]
        raise Trouble(
            f"Nothing can be proved: the checks of chapter {number} do not pass on its own stage, "
            "or can't see all of it here.\n" + "\n".join(filter(None, why))
        )


def take_up(
    wanted: list[Mutant],
    file: Path,
    key: str,
    run: Callable[[Mutant], dict],
    jobs: int = 1,
) -> Iterator[tuple[Mutant, dict]]:
    """Run those of the mutants that `file` has no result of, and add each result to it at once.

    `key` says what the results rest on; those with another one don't count, nor do those where
    something could not be looked at.
    """
    known = read_results(file, key)
    done = {name for name, result in known.items() if result["outcome"] != "unseen"}
    missing = [mutant for mutant in wanted if mutant.id not in done]
    file.parent.mkdir(parents=True, exist_ok=True)
    pool = ThreadPoolExecutor(jobs)
    try:
        running = {pool.submit(run, mutant): mutant for mutant in missing}
        for future in as_completed(running):
            mutant = running[future]
            result = {"id": mutant.id, "key": key, "date": date.today().isoformat()}
            result |= future.result()
            with file.open("a", encoding="utf-8") as results:
                results.write(json.dumps(result, ensure_ascii=False) + "\n")
            yield mutant, result
    finally:
        pool.shutdown(cancel_futures=True)


def read_results(file: Path, key: str) -> dict[str, dict]:
    """The results in a file that rest on `key`, by their ids; a line that is cut off is none."""
    results = {}
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                result = json.loads(line)
                if result["key"] == key:
                    results[result["id"]] = result
    return results


def rests_on(number: int) -> str:
    """A hash of what a result for a chapter rests on: its stage's files and its own checks."""
    digest = hashlib.sha256(checks_file(chapter(number)).read_bytes())
    for name, path in stage_files(number).items():
        digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def ready_folder(number: int) -> Iterator[Path]:
    """The folder of a reader who has done chapter `number`: with `.env`, and a database.

    It is gone at the end.
    """
    with tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve() / "my-chat"
        write_stage(number, folder)
        if (folder / ".env.example").is_file():
            make_env_file(folder)
        prepare_database(folder, number)
        yield folder


@contextmanager
def made(mutant: Mutant, stage: Path) -> Iterator[Path]:
    """A copy of the folder `stage` with the mutant's fault in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-", ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve() / stage.name
        shutil.copytree(stage, folder)
        mutant.make(folder)
        yield folder


def run_mutant(mutant: Mutant, number: int, stage: Path) -> dict:
    """Run the checks of chapter `number` on a copy of `stage` with the fault; say what came out."""
    began = time.monotonic()
    with made(mutant, stage) as folder:
        report = run_checks(number, folder, compare=False)
    problem = report.problem or "\n".join(report.unseen.values())
    return {
        "outcome": OUTCOMES[report.code],
        "step": report.failed,
        "problem": problem[:200],
        "blamed": blamed(problem, given_at(number)),
        "seconds": round(time.monotonic() - began, 1),
    }


def given_at(number: int) -> set[str]:
    """The files of stage `number` that were laid in the reader's folder and not changed since."""
    given, before = set(), {}
    for of in lineage(number):
        after = stage_files(of.number)
        given = given - set(changed_files(before, after)) | set(of.gives)
        before = after
    return given


def blamed(problem: str, given: Iterable[str]) -> str | None:
    """The given file that an answer names as the place of the reader's error, if it does."""
    return next(
        (name for name in given if re.search(rf"{re.escape(name)}, line \d", problem)), None
    )


def is_told(number: int, mutant: Mutant, stage: Path) -> bool:
    """Whether the comparison with the text tells of the fault when all is green."""
    with made(mutant, stage) as folder:
        return differs.quiet(number, folder) is not None


# What came out


@dataclass(frozen=True)
class Found:
    """What is known of the mutants of a chapter."""

    number: int
    counts: dict[str, Counter]
    """For each kind: how many `mutants` there are; of those that have `run`: `red`, `told`,
    `silent` and `listed`."""
    not_listed: list[Mutant]
    """Those that are not red and not on the chapter's list."""
    silent: list[Mutant]
    """Those that are not red, and of which the comparison with the text does not tell."""
    blamed: list[Mutant]
    """Those of which the answer names a given file as the place of the error."""
    idle: list[Unseen]
    """Entries of the list that fit no mutant, or only red ones."""
    day: str
    """The day of the last result."""

    @property
    def holds(self) -> bool:
        """Whether enough is red, all the rest is listed and told, and no entry is idle."""
        red, run = (sum(count[what] for count in self.counts.values()) for what in ("red", "run"))
        return red >= ENOUGH * run > 0 and not (self.not_listed or self.silent or self.idle)

    def in_words(self) -> Iterator[str]:
        """Lines for whoever runs the proof."""
        red, run, all_ = (
            sum(count[what] for count in self.counts.values()) for what in ("red", "run", "mutants")
        )
        verdict = "holds" if self.holds else "does not hold"
        yield f"Chapter {self.number} {verdict}: {red} of {run} red ({all_} mutants in all)."
        for what, some in (
            ("green, and not on the list", self.not_listed),
            ("green, and not told", self.silent),
            ("a given file is blamed for it", self.blamed),
        ):
            yield from (f"  {what}: {mutant.id}  {mutant.text}" for mutant in some)
        for entry in self.idle:
            yield f"  unseen.toml: {entry.file}, {entry.text!r} fits no mutant that stays green"


def judge(number: int, results: dict[str, dict], tells: Callable[[int, Mutant], bool]) -> Found:
    """What the results for a chapter's mutants come to; `tells` is asked of those not red.

    Raises `Trouble` when the chapter's list of unseen faults is not in order.
    """
    entries, every = unseen(chapter(number)), mutants(number)
    counts = {kind: Counter(mutants=0) for kind in KINDS}
    not_listed, silent, accused, fitting = [], [], [], set()
    for mutant in every:
        count, result = counts[mutant.kind], results.get(mutant.id)
        count["mutants"] += 1
        listed = [e for e in entries if e.fits(mutant.kind, mutant.file, mutant.text)]
        if result is None:
            fitting.update(listed)  # nothing is known against the entry
            continue
        count["run"] += 1
        if result["blamed"]:
            accused.append(mutant)
        if result["outcome"] == "red":
            count["red"] += 1
            continue
        fitting.update(listed)
        count["listed"] += bool(listed)
        not_listed += [] if listed else [mutant]
        told = tells(number, mutant)
        count["told" if told else "silent"] += 1
        # An order that is listed as right is no fault, and the comparison is rightly quiet.
        silent += [] if told or listed and mutant.kind == "swap" else [mutant]
    idle = [entry for entry in entries if entry not in fitting]
    day = max((results[m.id]["date"] for m in every if m.id in results), default="never")
    return Found(number, counts, not_listed, silent, accused, idle, day)


HEAD = """\
# What the long proofs have shown

Written by `python3 -m tutorial proofs`, chapter by chapter; never edited by hand.

## mutants

Of what is typed in a chapter, one line gone (`line`), a `return`, `not` or `await` gone (`word`),
two statements swapped (`swap`), a word changed that a program reads (`name`). Red: `check` sees the
fault. Of the others: listed in the chapter's `unseen.toml`; told by the comparison with the text,
or silent.

| chapter | kind | mutants | run | red | listed | told | silent | date |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
BELOW = """
Green, and on no list:

"""


def write_table(file: Path, found: Found) -> None:
    """Put what was found for a chapter into the table; the other chapters' lines stay."""
    old = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    kept = [line for line in old if (at := number_in(line)) and at != found.number]
    lines = (
        kept
        + rows(found)
        + [f"- {found.number}: `{m.id}` `{m.text.replace('`', chr(39))}`" for m in found.not_listed]
    )
    lines.sort(key=number_in)
    table = [line for line in lines if line.startswith("|")]
    greens = [line for line in lines if line.startswith("-")] or ["None."]
    text = HEAD + "\n".join(table) + "\n" + BELOW + "\n".join(greens) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def number_in(line: str) -> int | None:
    """The chapter's number with which a line of the table, or of the list below it, begins."""
    match = re.match(r"(?:\||-) (\d+)[ :]", line)
    return int(match[1]) if match else None


def rows(found: Found) -> list[str]:
    """A chapter's lines of the table: one for each kind that has mutants."""
    name = f"{found.number} {chapter(found.number).name}"
    columns = ("mutants", "run", "red", "listed", "told", "silent")
    return [
        f"| {name} | {kind} | " + " | ".join(str(count[c]) for c in columns) + f" | {found.day} |"
        for kind, count in found.counts.items()
        if count["mutants"]
    ]


def prove_outgrown(numbers: list[int], options: Options) -> bool:
    """Compute which steps of these chapters later stages have outgrown, and keep the table.

    It can't be wrong, but it can be new: returns whether it was as the table had it.
    """
    before = FILE.read_text("utf-8")
    for number in numbers:
        print(f"Chapter {number}", flush=True)
        with ExitStack() as stack:
            later = {n: stack.enter_context(ready_folder(n)) for n in later_stages(number)}
            found = steps_outgrown(number, later, tell=partial(print, flush=True))
        keep(number, found)
    return FILE.read_text("utf-8") == before


def prove_headings(numbers: list[int], options: Options) -> bool:
    """Go through these chapters' texts and check after each section; return whether all is right.

    Right is that the steps so far are ticked off, and that the next section's step is open.
    """
    wrong = 0
    for number in numbers:
        print(f"Chapter {number}", flush=True)
        for sentence in wrong_after_sections(number):
            wrong += 1
            print(f"  {sentence}", flush=True)
    return not wrong


PROOFS = {"mutants": prove_mutants, "outgrown": prove_outgrown, "headings": prove_headings}
"""Name → what runs the proof: given the chapters' numbers and the options, it says if all holds."""
