"""Every leg has every layer, or a declared reason; no declaration is stale."""

from __future__ import annotations

import pytest

from bittrue.check import coverage
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import LAYERS, Conv1d, Dense, Layer


def test_every_absence_is_declared_and_none_is_stale():
    pytest.importorskip("torch")
    found = coverage.matrix()
    assert coverage.faults(found, coverage.ABSENT) == []
    assert list(found) == list(LAYERS) and all(list(legs) == list(coverage.LEGS) for legs in found.values())


def test_a_layer_that_a_leg_does_not_know_is_found():
    class Strange(Layer):
        """A kind that nobody registered."""

    assert [leg for leg in coverage.LEGS if coverage.has(leg, Strange)] == []
    assert coverage.has("ref", Conv1d) and coverage.has("Verilog", Dense)
    with pytest.raises(BadInput, match="there is no leg VHDL; known are ranges, ref, "):
        coverage.has("VHDL", Dense)


def test_undeclared_and_stale_absences_are_faults():
    found = {"Dense": {"ref": True, "C": False, "torch": None}, "Table": {"ref": True, "C": False, "torch": None}}
    assert coverage.faults(found, {"C": {"Dense": "later", "Table": "never"}}) == []
    assert coverage.faults(found, {"C": {"Dense": "later"}}) == [
        "C has no rule for Table, and nobody says why; register one, or declare the reason"
    ]
    told = coverage.faults(found, {"C": {"Dense": "a", "Table": "b"}, "ref": {"Dense": "c"}, "VHDL": {"Dense": "d"}})
    assert told == [
        "ref has Dense, which is declared absent; take the declaration away",
        "the absence of Dense from VHDL is declared, and one of them does not exist",
    ]


def test_a_leg_without_its_package_is_neither(monkeypatch):
    def missing():
        raise ImportError("no torch")

    monkeypatch.setitem(coverage.LEGS, "torch", missing)
    assert {legs["torch"] for legs in coverage.matrix().values()} == {None}


def test_the_command_prints_the_matrix_and_the_reasons(capsys):
    pytest.importorskip("torch")
    assert main(["doctor", "--layers"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[1]: line for line in out.splitlines() if line.split()[1:2] and line.split()[1] in LAYERS}
    assert set(lines) == set(LAYERS)
    assert lines["Conv1d"].count("yes") == len(coverage.LEGS) and "no" not in lines["Conv1d"].split()
    assert all(line.count("yes") == len(coverage.LEGS) and "no" not in line.split() for line in lines.values())


def test_the_command_prints_what_is_absent_and_why(capsys, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(coverage.LEGS, "Verilog", lambda: {Dense})
    reasons = {"Verilog": dict.fromkeys(LAYERS.keys() - {"Dense"}, "nobody has needed it in hardware yet")}
    monkeypatch.setattr(coverage, "ABSENT", reasons)
    assert coverage.faults(coverage.matrix(), reasons) == []
    assert main(["doctor", "--layers"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[1]: line for line in out.splitlines() if line.split()[1:2] and line.split()[1] in LAYERS}
    assert lines["Dense"].count("yes") == len(coverage.LEGS)
    assert lines["Conv2d"].count("yes") == len(coverage.LEGS) - 1 and "no" in lines["Conv2d"].split()
    reason = "nobody has needed it in hardware yet"
    assert reason in " ".join(out.split()) and all(name in out.partition(reason)[0] for name in reasons["Verilog"])
