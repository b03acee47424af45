"""Breadth by a tool: mutmut breaks the core at every operator, number and call, one at a time, and says what survives.

    python tests/mutation/breadth.py                          # all of it: hours
    python tests/mutation/breadth.py 'bittrue.num.requantise*'

It goes on where it was stopped; what has not changed is not tried again. pyproject.toml says what is broken and by which
tests it is judged. mutmut finds packages below ``src`` only, so it works on a copy, `build/breadth`. There
``python -m mutmut show NAME`` prints a survivor and ``python -m mutmut browse`` all of them. A survivor is a missing test,
code that does nothing, or the same function in other words: of the 103 mutants of num/requantise.py five survive, which
clamp and shift by 0, and by 64 bits, to the same result.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "breadth"
PACKAGES = ("python/bittrue", "rtl/bittrue_rtl", "sim/bittrue_sim", "firmware/bittrue_firmware")


def prepare() -> None:
    """Make `COPY` anew, but for what mutmut knows already."""
    COPY.mkdir(parents=True, exist_ok=True)
    for name in ("src", "tests"):
        shutil.rmtree(COPY / name, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__", ".*", "mutation")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, COPY / "src" / Path(package).name, ignore=ignore)
    shutil.copytree(ROOT / "tests", COPY / "tests", ignore=ignore)
    for name in ("weights", "docs"):
        shutil.copytree(ROOT / name, COPY / name, ignore=ignore, dirs_exist_ok=True)
    shutil.copy(ROOT / "pyproject.toml", COPY)


def report() -> str:
    """A line a module, of those of which something was tried, and the names of what survived."""
    from mutmut.stats import status_by_exit_code as ends

    lines, survivors = [], []
    for path in sorted((COPY / "mutants" / "src").rglob("*.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        counts = Counter(ends[code] for code in codes.values())
        if counts.total() > counts["not checked"]:
            module = ".".join(path.relative_to(COPY / "mutants" / "src").with_suffix("").with_suffix("").parts)
            lines.append(f"{module}: " + ", ".join(f"{number} {end}" for end, number in sorted(counts.items())))
        survivors += [name for name, code in codes.items() if ends[code] == "survived"]
    return "\n".join([*lines, *(f"  survived: {name}" for name in survivors)])


def main(names: list[str]) -> int:
    """Run mutmut on what the names match, and print what came of it."""
    prepare()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    children = ["--max-children", str(os.cpu_count() or 1)]
    code = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", *children, *names], cwd=COPY, env=environment
    ).returncode
    print(report())
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
