"""The demo: the project, or a stage of it, under `runserver` until Ctrl-C.

The finished project gets two users and a room; an earlier stage gets what it has of them.
"""

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tutorial.course.chapters import PROJECT, chapter
from tutorial.course.project import make_env_file, settings_variables
from tutorial.course.stages import write_stage
from tutorial.environment import ROOT, WINDOWS, Trouble, plain_environment

ROOM = "welcome"
USERS = {"alice": "in-the-rabbit-hole", "bob": "under-the-tea-table"}
"""The demo's users and their passwords, which are no secret."""

PAGES_FROM, USERS_FROM, ROOMS_FROM = 2, 7, 8
"""The first stages that have /chat/<room>/, that know who speaks, that keep rooms."""

DEFAULT_PORT = 8000
STARTING = 30.0  # seconds that the server may take until its first answer
STOPPING = 3.0  # seconds that it may take to end before it is killed


def run_stage_demo(stage: int, port: int | None, browser: bool, lan: bool) -> int:
    """Serve the project as of a stage, in a folder that lives as long as the demo.

    The parameters, what comes back and `Trouble` are as with `run_demo`.
    """
    if stage == PROJECT:
        return run_demo(port, browser, lan)
    prefix = f"stage-{stage}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        write_stage(stage, folder)
        print(f"This is stage {stage}, {chapter(stage).title}, in a folder for this demo only.")
        return run_demo(port, browser, lan, folder, stage)


def run_demo(
    port: int | None, browser: bool, lan: bool, project: Path = ROOT, stage: int = PROJECT
) -> int:
    """Serve `project`, which is as of `stage`, until Ctrl-C or SIGTERM, then return 0.

    `port`: None for 8000 or the next free one, 0 for any. `browser`: open the first link. `lan`:
    let other machines in. Raises `Trouble` when the port is in use, when the project does not
    start and when the server ends by itself.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    host, address = ("0.0.0.0", own_address()) if lan else ("127.0.0.1", None)
    port = choose_port(port, host)
    hosts = (address,) if address else ()
    variables = plain_environment() | settings_variables(project, hosts)
    try:
        if make_env_file(project):
            print("Made .env from .env.example, with a secret key of its own.", flush=True)
        database = project / "db.sqlite3"
        first_time = not database.exists() or database.stat().st_size == 0
        if first_time:
            print(f"Making the database db.sqlite3{contents(stage)}.", flush=True)
        users = USERS if stage >= USERS_FROM else {}
        seed = start_seed(project, variables, ROOM if stage >= ROOMS_FROM else None, users)
        if first_time:
            fits = finish_seed(seed)
        with server(project, variables, f"{host}:{port}") as process:
            if not first_time:  # both at once: it saves a second
                fits = finish_seed(seed)
            wait_for_answer(process, port)
            links = [link(host, port, stage) for host in ("127.0.0.1", address or "localhost")]
            announce(links, fits, address, lan)
            if browser:
                open_browser(links[0])
            raise Trouble(f"The server has ended by itself (exit code {process.wait()}).")
    except KeyboardInterrupt:
        print("\nThe demo has ended.", flush=True)
        return 0


def link(host: str, port: int, stage: int = PROJECT) -> str:
    """The address at which somebody comes to the demo's room, logging in where a stage asks."""
    page = f"/chat/{quote(ROOM)}/" if stage >= PAGES_FROM else "/"
    way_in = "/accounts/login/?next=" if stage >= USERS_FROM else ""
    return f"http://{host}:{port}{way_in}{page}"


def contents(stage: int) -> str:
    """What a new database gets at a stage, in words."""
    if stage >= ROOMS_FROM:
        return ", two users and a room"
    return " and two users" if stage >= USERS_FROM else ""


def choose_port(wanted: int | None, host: str) -> int:
    """The port to serve on: the wanted one, any for 0, 8000 or the next free one for None.

    Raises `Trouble` when the wanted port, or each of a hundred, is in use.
    """
    if wanted == 0:
        with socket.create_server((host, 0)) as probe:
            return probe.getsockname()[1]
    if wanted is not None:
        if not is_free(wanted, host):
            raise Trouble(
                f"Port {wanted} is in use or not allowed here. Choose another one with --port, "
                "or leave --port out to get a free one."
            )
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + 100):
        if is_free(port, host):
            if port != DEFAULT_PORT:
                print(f"Port {DEFAULT_PORT} is in use, so the demo takes {port}.", flush=True)
            return port
    raise Trouble(f"The ports from {DEFAULT_PORT} on are all in use. Choose one with --port.")


def is_free(port: int, host: str) -> bool:
    """Whether nobody listens on the port, at 127.0.0.1 or at localhost's other address ::1."""
    for family, local in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as client:
            client.settimeout(1)
            if client.connect_ex((local, port)) == 0:
                return False
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


def own_address() -> str | None:
    """This machine's address in its network, or None without one. Nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.connect(("10.255.255.255", 1))
        return probe.getsockname()[0]
    return None


def start_seed(
    project: Path,
    variables: dict[str, str],
    room: str | None = ROOM,
    users: dict[str, str] = USERS,
    **more,
) -> subprocess.Popen:
    """Begin to prepare the project's database; `finish_seed` waits for the end.

    `users`: name → password. None for `room` where the project keeps no rooms. `more`: see seed.py.
    """
    wanted = json.dumps({"room": room, "users": users} | more)
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("seed.py")), wanted],
        cwd=project,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )


def finish_seed(seed: subprocess.Popen) -> dict[str, bool]:
    """Wait for the database; return for each user whether the demo's password is theirs.

    Raises `Trouble` with the project's own output when it failed.
    """
    try:
        output, errors = seed.communicate()
    except BaseException:
        seed.kill()
        raise
    if seed.returncode != 0:
        raise Trouble(f"{errors.strip()}\n\nThe project does not start. The error is above.")
    return json.loads(output)


@contextlib.contextmanager
def server(project: Path, variables: dict[str, str], address: str) -> Iterator[subprocess.Popen]:
    """Run `manage.py runserver` with its output on ours, and end it with all its children."""
    own_group = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        if WINDOWS
        else {"start_new_session": True}
    )
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", address],
        cwd=project,
        env=variables,
        stdin=subprocess.DEVNULL,
        **own_group,
    )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen) -> None:
    """End the server and its autoreloader's child, kindly first; takes 5 s at most.

    A second Ctrl-C meanwhile changes nothing.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if WINDOWS:
        kill_tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(kill_tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        process.wait()
        return
    for number, patience in ((signal.SIGINT, STOPPING), (signal.SIGKILL, 1.0)):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            process.poll()
            with contextlib.suppress(PermissionError):  # macOS: only zombies are left
                try:
                    os.killpg(process.pid, number)
                except ProcessLookupError:
                    return
            number = 0 if number == signal.SIGINT else number
            time.sleep(0.02)


def wait_for_answer(process: subprocess.Popen, port: int) -> None:
    """Wait until the server answers; raises `Trouble` when it ends or takes too long."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Trouble(f"The server has ended at once (exit code {process.returncode}).")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STARTING)
            connection.request("HEAD", "/")
            connection.getresponse()
            connection.close()
            return
        time.sleep(0.03)
    raise Trouble(f"The server did not answer within {STARTING:.0f} seconds. Its output is above.")


def announce(links: list[str], fits: dict[str, bool], address: str | None, lan: bool) -> None:
    """Print the two links, a name and password with each where there are users, and what to do.

    `fits`: for each user, whether the demo's password is theirs; empty when there are no users.
    """
    lines = ["", "The chat is running. Open both links, in one browser or in two:", ""]
    for url, name in itertools.zip_longest(links, fits):
        lines += [f"  {url}"]
        if name:
            password = USERS[name] if fits[name] else "(not the demo's: it has been changed)"
            lines += [f"      name: {name}   password: {password}"]
        lines += [""]
    if lan:
        way_in = " and log in with these passwords" if fits else ""
        lines += [
            f"CAUTION: every machine in your network can reach this server{way_in}.",
            "It is a development server: use it only in a network that you trust.",
            *([] if address else ["This machine's address in the network could not be found."]),
            "",
        ]
    print("\n".join([*lines, "Press Ctrl-C to end."]), flush=True)


def open_browser(url: str) -> None:
    """Open a link in the person's browser; where there is none, nothing happens."""
    graphical = WINDOWS or sys.platform == "darwin"
    if graphical or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(url)
