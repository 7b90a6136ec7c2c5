"""The course's environment: makes `.venv`, keeps it as the two locks say, and enters it.

Only the standard library is used here, because this runs before anything is installed.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "setup.json"
LOG = VENV / "setup.log"
LOCK = VENV / "setup.lock"
ASIDE = VENV / "setup.aside"
KEPT = (LOCK, LOG, ASIDE, VENV / "proofs")
"""What no set-up takes away: its own files, and what the long proofs have found."""
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

# The project comes last: where the two should ever differ, the project is right.
PIPFILES = (ROOT / "tutorial" / "Pipfile", ROOT / "Pipfile")
NEED_DEV_PACKAGES = {"test", "screenshot", "bench", "proofs"}

# What a learner's shell may hold that would lead Python, pip or Pipenv elsewhere.
MISLEADING = re.compile(
    r"PIPENV_.*|VIRTUAL_ENV.*|PYTHON(HOME|PATH|SAFEPATH|STARTUP|EXECUTABLE|PLATLIBDIR)"
    r"|PIP_(USER|TARGET|PREFIX|ROOT|REQUIRE_VIRTUALENV|NO_DEPS|REQUIREMENT|CONSTRAINT)"
    r"|__PYVENV_LAUNCHER__"
)
SHELL_VENV = "COURSE_SHELL_VENV"
"""The variable that says, inside, which virtual environment is active in the caller's shell."""

NO_NETWORK = re.compile(
    r"name resolution|NewConnectionError|new connection|ProxyError|Network is unreachable"
    r"|timed out|ConnectionError|Max retries exceeded|No matching distribution found|getaddrinfo",
    re.IGNORECASE,
)
INSIDE = "import sys; sys.path[0] = sys.argv.pop(1); from tutorial.cli import main; main()"


class Trouble(Exception):
    """Something that a person can put right; its text is a sentence that says how."""


def enter(arguments: list[str]) -> None:
    """Make sure of the environment and run the command line in it; does not return.

    `arguments` are those of the command line. Ends the process with the command's exit code, with
    1 and a sentence when the set-up fails, and with 130 when it is interrupted.
    """
    try:
        ensure(dev=needs_dev_packages(arguments))
    except Trouble as trouble:
        sys.exit(f"\n{trouble}")
    except KeyboardInterrupt:
        say("\nInterrupted. Call the same command again to go on.")
        sys.exit(130)
    command = [str(PYTHON), "-c", INSIDE, str(ROOT), *arguments]
    environment = plain_environment() | {SHELL_VENV: os.environ.get("VIRTUAL_ENV", "")}
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        os.execve(PYTHON, command, environment)
    process = subprocess.Popen(command, env=environment)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the child has got it, too, and decides
            sys.exit(process.wait())


def needs_dev_packages(arguments: list[str]) -> bool:
    """Whether a command line needs the packages for development; one for help never does."""
    asks_for_help = {"--help", "-h"}.intersection(arguments)
    return bool(NEED_DEV_PACKAGES.intersection(arguments[:1])) and not asks_for_help


def ensure(dev: bool = False) -> bool:
    """Set the environment up unless it is as the locks say; return whether it had to be done.

    With `dev`, the packages for development are part of it. Raises `Trouble` when it fails.
    """
    if is_ready(dev):
        return False
    if VENV.is_symlink() or VENV.exists() and not VENV.is_dir():
        raise Trouble(f"{VENV} is not a folder of its own. Move it away and call again.")
    try:
        with only_one() as lock:
            if is_ready(dev):  # the other set-up has done it
                return False
            set_up(dev or bool(read_stamp().get("dev")), lock)
    except OSError as error:
        raise Trouble(f"The set-up could not write to {VENV}: {error}") from error
    return True


def is_ready(dev: bool) -> bool:
    """Whether `.venv` works, stands where it was made, and is as the locks say."""
    stamp = read_stamp()
    return stamp.get("root") == str(ROOT) and is_as_locked(stamp, dev)


def is_as_locked(stamp: dict, dev: bool) -> bool:
    """Whether `.venv` works, is as the locks say, and still holds every package put into it."""
    return (
        stamp.get("locks") == hash_of_locks()
        and stamp.get("python") == interpreter()
        and (stamp.get("dev") or not dev)
        and set(stamp["packages"]) <= installed_packages()
    )


def read_stamp() -> dict:
    """What the last finished set-up wrote down; empty when there was none."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def hash_of_locks() -> str:
    """One hash over both locks."""
    texts = [p.with_name("Pipfile.lock").read_bytes() for p in PIPFILES]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def interpreter() -> str | None:
    """The Python that `.venv` rests on, or None when `.venv` has none (any more)."""
    if WINDOWS:
        return str(PYTHON.relative_to(ROOT)) if PYTHON.exists() else None
    return str(PYTHON.resolve()) if PYTHON.exists() else None


def installed_packages() -> set[str]:
    """The names, as the package index writes them, of what is installed in `.venv`."""
    found = VENV.glob("Lib/site-packages/*-info" if WINDOWS else "lib/*/site-packages/*-info")
    return {re.sub(r"[-_.]+", "-", info.name.split("-")[0]).lower() for info in found}


def set_up(dev: bool, lock: int) -> None:
    """Make `.venv` where it is missing, broken or moved, and install what the locks say.

    `lock` is the open lock file: the commands hold it too, so that nobody starts beside one that
    outlives this process. Raises `Trouble` with a sentence and the end of the log.
    """
    LOG.write_text("", encoding="utf-8")
    shutil.rmtree(ASIDE, ignore_errors=True)  # of a set-up that was killed
    stamp = read_stamp()
    if stamp.get("root", str(ROOT)) != str(ROOT):
        say("The folder of the course has moved: making .venv anew.")
        renew(dev, lock, stamp)
    else:
        first = "Setting up the course in .venv. It takes about a minute, once."
        say("Bringing .venv up to date." if stamp else first)
        STAMP.unlink(missing_ok=True)
        install(dev, lock)


def renew(dev: bool, lock: int, stamp: dict) -> None:
    """Make `.venv` anew, since its scripts name the place where it was.

    Where that can't be, as without a network, the old one stays in use as long as its packages are
    those of the locks. Raises `Trouble` when they are not.
    """
    try:
        with set_aside():
            install(dev, lock)
    except Trouble as trouble:
        if not is_as_locked(stamp, dev):
            raise
        write_stamp(bool(stamp["dev"]))
        say(
            f"{trouble}\nMeanwhile the course goes on with the .venv that is there. Only the "
            "commands in it, such as daphne and pipenv, still look for the old place: once you are "
            "online, delete the folder .venv, and call any command again.\n"
        )


@contextlib.contextmanager
def set_aside() -> Iterator[None]:
    """Put what is in `.venv` aside while another one is made there; it comes back on an error."""
    ASIDE.mkdir()
    for part in changing_parts():
        part.rename(ASIDE / part.name)
    try:
        yield
    except BaseException:
        empty_venv()
        for part in list(ASIDE.iterdir()):
            part.rename(VENV / part.name)
        raise
    finally:
        shutil.rmtree(ASIDE, ignore_errors=True)


def install(dev: bool, lock: int) -> None:
    """Install what the locks say into `.venv`, made where there is none that works."""
    version, pins = locked_pipenv()
    if not works():
        make_venv(lock)
    if not run_quietly([PYTHON, "-c", f"import pipenv as p; assert p.__version__ == '{version}'"]):
        say(f"  - installing Pipenv {version}")
        constraints = VENV / "setup-constraints.txt"
        constraints.write_text("\n".join(pins), encoding="utf-8")
        pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
        run([*pip, f"pipenv=={version}", "-c", constraints], lock)
    for pipfile, whose in zip(PIPFILES, ("course", "project"), strict=True):
        say(f"  - installing the {whose}'s packages" + (" and those for its tests" if dev else ""))
        sync = [PYTHON, "-m", "pipenv", "sync", *(["--dev"] if dev else [])]
        run(sync, lock, PIPENV_PIPFILE=str(pipfile))
    write_stamp(dev)
    say("  - done\n")


def write_stamp(dev: bool) -> None:
    """Write down, in one go, that the environment is complete, and what is in it."""
    stamp = {
        "locks": hash_of_locks(),
        "python": interpreter(),
        "root": str(ROOT),
        "dev": dev,
        "packages": sorted(installed_packages()),
    }
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    draft.replace(STAMP)


def locked_pipenv() -> tuple[str, list[str]]:
    """The version of Pipenv in the course's lock, and the pins of everything else there."""
    lock = json.loads(PIPFILES[0].with_name("Pipfile.lock").read_text(encoding="utf-8"))
    pins = {name: entry["version"] for name, entry in lock["default"].items()}
    version = pins.pop("pipenv").removeprefix("==")
    return version, [name + pin for name, pin in pins.items()]


def works() -> bool:
    """Whether `.venv` has a Python that is new enough, runs and has pip."""
    code = "import sys, pip; assert sys.version_info >= (3, 11) and sys.prefix != sys.base_prefix"
    return PYTHON.exists() and run_quietly([PYTHON, "-c", code])


def make_venv(lock: int) -> None:
    """Make `.venv`; what an interrupted set-up left of it is removed first."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Trouble(how_to_get_venv()) from None
    empty_venv()
    say("  - making .venv")
    base = getattr(sys, "_base_executable", None) or sys.executable
    run([base, "-m", "venv", VENV], lock)
    (VENV / ".gitignore").write_text("*\n", encoding="utf-8")


def changing_parts() -> list[Path]:
    """What is in `.venv`, but for what no set-up takes away."""
    return [part for part in VENV.iterdir() if part not in KEPT]


def empty_venv() -> None:
    """Remove from `.venv` what a set-up makes."""
    for part in changing_parts():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()


def how_to_get_venv() -> str:
    """A sentence on getting Python's `venv` module on this kind of machine."""
    missing = "This Python comes without its venv module. "
    if shutil.which("apt-get"):
        package = f"python3.{sys.version_info.minor}-venv"
        return missing + f"Install it and call again: sudo apt install {package}"
    if sys.platform.startswith("linux"):
        return missing + "Install your system's package for it (python3-venv) and call again."
    return missing + "Install Python anew from the Python project's site and call again."


def run(command: list, lock: int, **variables: str) -> None:
    """Run one step of the set-up with its output in the log; raises `Trouble` when it fails."""
    start = LOG.stat().st_size
    with LOG.open("ab") as log:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=plain_environment() | setup_variables() | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
            pass_fds=() if WINDOWS else (lock,),
        )
    if done.returncode == 0:
        return
    output = LOG.read_bytes()[start:].decode("utf-8", "replace")
    if NO_NETWORK.search(output):
        raise Trouble(
            "The packages could not be downloaded: there seems to be no network here, or no way "
            "to the package index.\nNothing is lost. Call the same command again when you are "
            f"online. (The details are in {LOG.relative_to(ROOT)}.)"
        )
    tail = "\n".join("    " + line for line in output.splitlines()[-12:])
    raise Trouble(
        f"This step failed. The end of {LOG.relative_to(ROOT)} says:\n{tail}\n"
        "Nothing is lost. Put right what it says and call the same command again."
    )


def run_quietly(command: list) -> bool:
    """Whether the command ends well; its output is dropped."""
    command = [str(part) for part in command]
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    try:
        done = subprocess.run(command, env=plain_environment(), check=False, **streams)
        return done.returncode == 0
    except OSError:
        return False


def plain_environment() -> dict[str, str]:
    """The environment without what would lead Python, pip or Pipenv away from `.venv`."""
    return {k: v for k, v in os.environ.items() if not MISLEADING.fullmatch(k)}


def setup_variables() -> dict[str, str]:
    """What Pipenv needs to know to install into `.venv` and nowhere else."""
    return {
        "VIRTUAL_ENV": str(VENV),
        "PIPENV_VERBOSITY": "-1",
        "PIPENV_DONT_LOAD_ENV": "1",
        "PIPENV_NOSPIN": "1",
        "PIPENV_YES": "1",
        "PIP_RETRIES": os.environ.get("PIP_RETRIES", "2"),
        "PYTHONUTF8": "1",
    }


@contextlib.contextmanager
def only_one() -> Iterator[int]:
    """Hold the lock of the set-up, waiting for another one; gives the open file's number.

    The operating system lets go of it when the process ends, however it ends.
    """
    VENV.mkdir(exist_ok=True)
    with LOCK.open("a+b") as file:
        if not try_lock(file.fileno()):
            say("Another set-up is at work in this folder. Waiting for it to end.")
            while not try_lock(file.fileno()):
                time.sleep(0.2)
        yield file.fileno()


def try_lock(descriptor: int) -> bool:
    """Try to lock an open file for this process; return whether it is locked now."""
    try:
        if WINDOWS:
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def say(line: str) -> None:
    """Tell the person; on stderr, so that `list --json` stays readable for programs."""
    print(line, file=sys.stderr, flush=True)
