"""Run a program for the board, unchanged, on the simulated one: ``python -m bittrue_sim.virtual_board``."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from bittrue.errors import BadInput
from bittrue_sim.virtual_board import FAULTS, install


def main(arguments: list[str] | None = None) -> None:
    """Install the board and run the program."""
    parser = argparse.ArgumentParser(prog="python -m bittrue_sim.virtual_board", description=__doc__)
    parser.add_argument("folder", help="what `bittrue overlay NET -o FOLDER --simulated` wrote")
    parser.add_argument("--fault", choices=FAULTS, help="happens once")
    parser.add_argument("program", help="the Python file to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of the program")
    given = parser.parse_args(arguments)
    try:
        board = install(given.folder)
        if not Path(given.program).is_file():
            raise BadInput(f"{given.program} is not a file; give the program to run")
    except BadInput as error:
        sys.exit(f"error: {error}")
    if given.fault:
        board.faults.inject(given.fault)
    sys.argv = [given.program, *given.arguments]
    sys.path.insert(0, str(Path(given.program).absolute().parent))
    runpy.run_path(given.program, run_name="__main__")


if __name__ == "__main__":
    main()
