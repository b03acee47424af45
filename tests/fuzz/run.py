"""Feed damaged files to every reader: ``python tests/fuzz/run.py --count 1000 --seed 1 [--only NAME]``.

A reader may take a file or refuse it with `BadInput` (on the board with `BoardError`); any other exception, a killed
process, a gigabyte or a second too much is a fault. Inputs that make one are kept in ``build/fuzz``.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from itertools import groupby
from pathlib import Path
from time import process_time

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from damage import damaged  # noqa: E402
from target import TARGETS, Target  # noqa: E402

from bittrue.board.errors import BoardError  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402

for file in sorted(HERE.glob("readers_of_*.py")):
    import_module(file.stem)  # it registers its readers

KEPT = HERE.parent.parent / "build" / "fuzz"
MEMORY = 6 << 30
"""Address space of a process, PyTorch's libraries included."""
SECONDS = 10.0
"""Processor time after which one small file took too long."""


def main() -> int:
    """Run the readers, those of one file in one process, and print a line each; 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="damaged files a reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=tuple(TARGETS), help="this reader; may be repeated")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.only or list(TARGETS)
    if given.inside:
        seeds = {name: TARGETS[name].seeds() for name in names}  # libraries are loaded before memory is bounded
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        return max(_feed(TARGETS[name], seeds[name], given.count, given.seed) for name in names)
    faults = 0
    for _, group in groupby(names, lambda name: TARGETS[name].read.__module__):
        only = [word for name in group for word in ("--only", name)]
        command = [sys.executable, __file__, "--inside", *only, "--count", str(given.count), "--seed", str(given.seed)]
        done = subprocess.run(command, check=False).returncode
        if done not in (0, 1):
            last = ", ".join(sorted(str(path) for path in KEPT.glob("*.last")))
            print(f"the process of {', '.join(only[1::2])} ended with {done}; its last input: {last}")
        faults += done != 0
    print(f"{len(names)} readers, {len(names) * given.count} damaged files, {faults or 'no'} processes with faults")
    return int(faults > 0)


def _feed(target: Target, seeds: list[bytes], count: int, seed: int) -> int:
    """Give one reader its damaged files, in this process."""
    KEPT.mkdir(parents=True, exist_ok=True)
    draw = random.Random(f"{target.name} {seed}")
    taken = refused = faults = 0
    last = KEPT / f"{target.name}.last"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for good in seeds:
            target.read(good, Path(folder))  # the file itself must be taken
        for number in range(count):
            data = damaged(draw.choice(seeds), draw)
            last.write_bytes(data)
            start = process_time()
            try:
                target.read(data, Path(folder))
                taken += 1
            except (BadInput, BoardError) as error:
                refused += 1
                problem = "" if len(str(error)) < 2000 and str(error).strip() else "no sentence, or an endless one"
            except BaseException:
                problem = traceback.format_exc(limit=-3)
            else:
                problem = ""
            if process_time() - start > SECONDS:
                problem += f"took {process_time() - start:.0f} s"
            if problem:
                faults += 1
                (KEPT / f"{target.name}-{seed}-{number}").write_bytes(data)
                print(f"{target.name} {number}: {problem}")
    last.unlink(missing_ok=True)
    print(f"{target.name}: {count} damaged files, {refused} refused, {taken} taken, {faults} faults")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
