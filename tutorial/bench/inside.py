"""What runs in a process of the benchmark: `python -I inside.py FOLDER KIND CORES [ARGUMENT …]`.

FOLDER is the project's. KIND is `daphne` or `uvicorn` with its own arguments, or `prepare`, which
migrates the project and makes what a client needs. CORES are the cores that it may use, separated
by commas; empty for all. When standard input ends, the process ends, too: so it never outlives who
started it, however that ended.
"""

import json
import os
import runpy
import sys
import threading


def main() -> None:
    """Do what the command line says."""
    folder, kind, cores, *arguments = sys.argv[1:]
    if cores:
        import psutil

        psutil.Process().cpu_affinity([int(core) for core in cores.split(",")])
    threading.Thread(target=end_with_stdin, daemon=True).start()
    os.chdir(folder)
    sys.path.insert(0, folder)
    if kind == "prepare":
        prepare(**json.loads(arguments[0]))
    else:
        sys.argv = [kind, *arguments]
        runpy.run_module(kind, run_name="__main__", alter_sys=True)


def end_with_stdin() -> None:
    """End the process when its standard input ends; nothing is ever written there."""
    while os.read(0, 1):
        pass
    os._exit(1)


def prepare(user: str | None, room: str | None) -> None:
    """Migrate; make the user, logged in, and the room; print `session=` and its key.

    None for what the stage does not know of. A first message has a large id, so that all later
    ones have as many digits.
    """
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    if user:
        from django.contrib.auth import get_user_model
        from django.test import Client

        alice, client = get_user_model().objects.create_user(username=user), Client()
        client.force_login(alice)
        print(f"session={client.cookies['sessionid'].value}")
    if room:
        from chat.models import Message, Room

        Message.objects.create(
            pk=100_000, room=Room.objects.create(name=room), user=alice, text="first"
        )
    connections.close_all()


if __name__ == "__main__":
    main()
