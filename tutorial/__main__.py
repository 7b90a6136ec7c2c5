"""`python3 -m tutorial`: makes sure of the environment, then hands on to the command line.

This file also has to be understood by old Pythons, so that they can say what is missing.
"""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(
            "The course needs Python 3.11 or newer, and this is Python {}.{}. Install a newer one, "
            "or call it by its name: python3.11 -m tutorial".format(*sys.version_info)
        )
    from tutorial import environment

    environment.enter(sys.argv[1:])
