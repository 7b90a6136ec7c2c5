"""Runs the tests of the project and of the course, each with its own runner."""

import subprocess
import sys

from tutorial.course.project import settings_variables
from tutorial.environment import ROOT, plain_environment


def run_tests(arguments: list[str], slow: bool) -> int:
    """Run the tests, both kinds even when the first fails; return 0 or a failure's exit code.

    `arguments` go to pytest and leave the project's own tests out. `slow` adds the long proofs.
    The project's tests need no `.env`: they get their settings from the environment.
    """
    failed = 0
    if not arguments:
        print("The project's tests, with Django's runner:", flush=True)
        variables = settings_variables(ROOT) | {"SECRET_KEY": "only-for-the-tests"}
        failed = call([sys.executable, "manage.py", "test", "--noinput"], **variables)
        print("\nThe course's tests, with pytest:", flush=True)
    pytest = [sys.executable, "-m", "pytest", "-c", "tutorial/pytest.ini", "--rootdir", "tutorial"]
    names_a_path = any((ROOT / argument.split("::")[0]).exists() for argument in arguments)
    paths = [] if names_a_path else ["tutorial/tests"]
    course_failed = call([*pytest, *(["--slow"] if slow else []), *arguments, *paths])
    if failed:
        print("The project's own tests failed: see above.", file=sys.stderr)
    return failed or course_failed


def install_browser() -> int:
    """Get a Chromium for Playwright where there is no browser yet; return the exit code.

    The packages are there by now: `environment.enter` has installed them.
    """
    from tutorial.checking import browsers

    if browsers.found():
        print("Everything is there: the packages, and a browser.")
        return 0
    return call([sys.executable, "-m", "playwright", "install", "chromium"])


def call(command: list[str], **variables: str) -> int:
    """Run a command in the repository's root; return its exit code."""
    environment = plain_environment() | variables
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
