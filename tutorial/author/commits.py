"""The stages as the commits of a Git repository, and back: how an early draft is changed.

`build_commits` writes one commit per stage of Part I. Change one of them and rebase the later ones
on it, so that Git carries the change on; `absorb` then reads the commits back into layers.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tutorial.course.chapters import COURSE, PROJECT
from tutorial.course.stages import drafts, outside, stage_files, write_files
from tutorial.environment import ROOT, Trouble

AUTHOR = "Django Channels, step by step"
CHAPTERS = COURSE[:PROJECT]

Tree = dict[str, "Version"]


@dataclass(frozen=True)
class Version:
    """A file's content and whether it can be executed."""

    content: bytes
    executable: bool = False


@dataclass
class Layers:
    """The course's storage of Part I: the top level, and what each chapter keeps or says."""

    top: Tree = field(default_factory=dict)
    drafts: dict[int, Tree] = field(default_factory=dict)
    finishes: dict[int, list[str]] = field(default_factory=dict)
    removes: dict[int, list[str]] = field(default_factory=dict)


def build_commits(folder: Path) -> Path:
    """Make a Git repository with one commit and one tag per stage; return its path.

    The folder has to be new or empty, and outside this repository. Raises `Trouble` otherwise.
    """
    folder = outside(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Trouble(f"{folder} is not empty. Name a new folder: nothing is overwritten.")
    stages = {current.number: stage_files(current.number) for current in CHAPTERS}
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--template=", "--initial-branch=stages")
    settings = {
        "user.name": AUTHOR,
        "user.email": "course@localhost",
        "core.autocrlf": "false",
        "core.hooksPath": os.devnull,
        "commit.gpgSign": "false",
        "tag.gpgSign": "false",
    }
    for name, value in settings.items():
        git(folder, "config", name, value)
    before: Iterable[str] = ()
    for current in CHAPTERS:
        files = stages[current.number]
        for name in set(before) - files.keys():
            (folder / name).unlink()
        write_files(files, folder)
        git(folder, "add", "--all", "--force")
        message = f"Stage {current.number}: {current.title}"
        author = f"--author={AUTHOR} <course@localhost>"
        git(folder, "commit", "--quiet", "--allow-empty", author, "-m", message)
        git(folder, "tag", f"stage-{current.number}")
        before = files
    return folder


def absorb(folder: Path, force: bool = False) -> list[str]:
    """Read the commits of `build_commits`' repository back into layers; return what was changed.

    Raises `Trouble` when the repository does not hold one commit per stage, is in the midst of
    something, or when a file that would be changed here has changes that are not committed
    (unless `force`).
    """
    after = layers_of(read_commits(folder.expanduser().resolve()))
    changes = plan(present_layers(), after)
    if not changes:
        return []
    if not force and (unsafe := uncommitted(path for path, _ in changes)):
        names = "\n".join(f"  {name}" for name in unsafe)
        raise Trouble(
            f"These files have changes that no commit holds, and they would be overwritten:\n"
            f"{names}\nCommit them first, or call again with --force."
        )
    return [apply_change(path, version) for path, version in changes]


def read_commits(folder: Path) -> list[Tree]:
    """The trees of the commits, the first stage first; raises `Trouble` when they don't fit."""
    if not (folder / ".git").exists():
        raise Trouble(f"{folder} is no Git repository. Make one: build --git DIR")
    if git(folder, "status", "--porcelain"):
        raise Trouble(f"{folder} has changes that are not committed. Commit them, then rebase.")
    if any((folder / ".git" / name).exists() for name in ("rebase-merge", "rebase-apply")):
        raise Trouble(f"A rebase is under way in {folder}. End it first: git rebase --continue")
    log = git(folder, "log", "--reverse", "--topo-order", "--format=%H %s").decode()
    commits = [line.split(" ", 1) for line in log.splitlines()]
    found = [re.match(r"Stage (\d+):", subject) for _, subject in commits]
    numbers = [int(match[1]) if match else None for match in found]
    if numbers != [current.number for current in CHAPTERS]:
        subjects = "\n".join(f"  {subject}" for _, subject in commits)
        raise Trouble(
            f"The current branch has to hold one commit per stage, “Stage 1: …” to "
            f"“Stage {PROJECT}: …”, each once and in this order. It holds:\n{subjects}\n"
            "Is it the branch “stages”, and is each correction melted into its stage's commit?"
        )
    seen: dict[str, bytes] = {}
    return [read_tree(folder, commit, seen) for commit, _ in commits]


def read_tree(folder: Path, commit: str, seen: dict[str, bytes]) -> Tree:
    """The files of one commit; `seen` keeps contents by their ids, from call to call."""
    tree = {}
    for entry in git(folder, "ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
        about, name = entry.split(b"\t", 1)
        mode, kind, identity = about.decode().split()
        if kind != "blob" or mode == "120000":
            raise Trouble(f"{os.fsdecode(name)} is a link; a stage has files only.")
        if identity not in seen:
            seen[identity] = git(folder, "cat-file", "blob", identity)
        tree[os.fsdecode(name)] = Version(seen[identity], mode == "100755")
    return tree


def layers_of(trees: list[Tree]) -> Layers:
    """Take stages apart: what is new in each goes to the chapter in which it appears.

    A version that stays to the end is final: it goes to the top level, and the chapter finishes
    it. The others are drafts.
    """
    layers = Layers(top=trees[-1])
    before: Tree = {}
    for number, tree in enumerate(trees, start=1):
        new = [name for name in sorted(tree) if tree[name] != before.get(name)]
        final = {
            name for name in new if all(tree[name] == t.get(name) for t in trees[number - 1 :])
        }
        layers.finishes[number] = [name for name in new if name in final]
        layers.drafts[number] = {name: tree[name] for name in new if name not in final}
        layers.removes[number] = sorted(before.keys() - tree.keys())
        before = tree
    return layers


def present_layers() -> Layers:
    """The layers as they are stored here."""
    layers = Layers()
    for current in CHAPTERS:
        layers.drafts[current.number] = {
            name: read_version(path) for name, path in drafts(current).items()
        }
        layers.finishes[current.number] = current.finishes
        layers.removes[current.number] = current.removes
        layers.top |= {name: read_version(ROOT / name) for name in current.finishes}
    return layers


def read_version(path: Path) -> Version:
    """A stored file as a `Version`; without content when it is missing."""
    if not path.is_file():
        return Version(b"")
    return Version(path.read_bytes(), bool(path.stat().st_mode & 0o100))


def plan(before: Layers, after: Layers) -> list[tuple[Path, Version | None]]:
    """What has to be written, or deleted (None), to get from one storage to another."""
    changes = compare(ROOT, before.top, after.top)
    for current in CHAPTERS:
        number = current.number
        code = current.folder / "code"
        changes += compare(code, before.drafts[number], after.drafts[number])
        toml = old = current.toml.read_text(encoding="utf-8")
        for key in ("finishes", "removes"):
            was, will_be = getattr(before, key)[number], getattr(after, key)[number]
            if set(was) != set(will_be):
                toml = with_list(toml, key, in_old_order(was, will_be))
        if toml != old:
            changes.append((current.toml, Version(toml.encode())))
    return changes


def compare(folder: Path, before: Tree, after: Tree) -> list[tuple[Path, Version | None]]:
    """The changes that turn the files of a folder from one tree into another."""
    names = sorted(before.keys() | after.keys())
    return [
        (folder / name, after.get(name)) for name in names if before.get(name) != after.get(name)
    ]


def in_old_order(was: list[str], will_be: list[str]) -> list[str]:
    """The new list with what was in the old one first, as it stood there."""
    return [name for name in was if name in will_be] + [n for n in will_be if n not in was]


def with_list(toml: str, key: str, names: list[str]) -> str:
    """The text of a `chapter.toml` with another list under `key`; all else stays as it is."""
    lines = "".join(f'    "{name}",\n' for name in names)
    text = f"{key} = [\n{lines}]" if names else f"{key} = []"
    pattern = re.compile(rf"^{key}\s*=\s*\[[^\]]*\]", re.MULTILINE)
    if pattern.search(toml):
        return pattern.sub(lambda _: text, toml, count=1)
    return f"{toml.rstrip()}\n\n{text}\n"


def uncommitted(paths: Iterable[Path]) -> list[str]:
    """Those of the paths in this repository whose present content no commit holds."""
    names = [path.relative_to(ROOT).as_posix() for path in paths if path.exists()]
    if not (ROOT / ".git").exists():
        return names
    status = git(ROOT, "status", "--porcelain", "-z", "--untracked-files=all", "--", *names)
    return [os.fsdecode(line[3:]) for line in status.split(b"\0") if line[2:3] == b" "]


def apply_change(path: Path, version: Version | None) -> str:
    """Write or delete one file, with folders that it empties; return a line that says so."""
    name = path.relative_to(ROOT).as_posix()
    if version is None:
        path.unlink()
        for parent in path.parents:
            if parent == ROOT or any(parent.iterdir()):
                break
            parent.rmdir()
        return f"deleted  {name}"
    verb = "changed " if path.exists() else "new     "
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(version.content)
    if version.executable != bool(path.stat().st_mode & 0o100):
        path.chmod(0o755 if version.executable else 0o644)
    return f"{verb} {name}"


def git(folder: Path, *arguments: str) -> bytes:
    """Run Git in a folder; return its output. Raises `Trouble` with what it says when it fails."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=variables, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise Trouble("This needs Git, and there is none on this machine.") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Trouble(f"git {arguments[0]} in {folder} failed: {said}")
    return done.stdout
