"""What make sim prints: every leg in the table, honest exit codes, the picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from bittrue.apps.dpd import verdict
from bittrue.apps.dpd.captures import data
from bittrue.check import executions, legs
from bittrue.cli import main
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.spec import load, save

NET = Path(__file__).parents[2] / "weights" / "tdnn-wide"
SMALL = [str(NET), "--samples", "300", "--bench-samples", "8", "--interval", "32"]


@pytest.fixture(autouse=True)
def build_folder():
    """Compiled models are kept where they always are: they are many and found by their content."""


@pytest.fixture(autouse=True)
def needs_data():
    try:
        data.load()
    except BadInput as error:
        pytest.skip(str(error))


def test_all_legs_and_both_simulators_agree_and_the_picture_is_there(tmp_path, capsys):
    assert main(["sim", *SMALL, "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for leg in ("ref (NumPy)", "c", "rtl (Verilator library)", *executions.BENCHES):
        (row,) = [line for line in printed.splitlines() if line.startswith(f"│ {leg} ")]
        if "skipped" not in row:
            assert row.split("│")[3].strip() == "0"
    assert "EQUAL" in printed
    assert "simulated through a PA model, not an RF measurement" in " ".join(printed.split())
    assert (tmp_path / "tdnn-wide.png").read_bytes().startswith(b"\x89PNG")


def test_the_float_and_integer_rows_are_measured_not_quoted(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(executions, "BENCHES", {})
    monkeypatch.setattr(verdict.closed_loop, "integer", lambda net, run=None: lambda x: 0.5 * x)
    main(["sim", *SMALL, "-o", str(tmp_path)])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│ tdnn-wide, ")]
    assert len(rows) == 2
    assert float(rows[1].split("│")[2]) > float(rows[0].split("│")[2]) + 10  # half the drive is far from the goal


def test_a_leg_with_one_wrong_bit_ends_with_exit_code_1_and_its_name(capsys, tmp_path, monkeypatch):
    maker = legs.LEGS["c"]

    def wrong(net, options):
        leg = maker(net, options)

        def taps(codes):
            found = leg.taps(codes)
            found[net.nodes[0].name][-1] ^= 1
            return found

        return legs.Leg("c", leg.run, taps)

    monkeypatch.setitem(legs.LEGS, "c", wrong)
    monkeypatch.setattr(executions, "BENCHES", {})
    assert main(["sim", *SMALL, "-o", str(tmp_path)]) == 1
    assert "DIFFERENT: c" in capsys.readouterr().out


def test_a_failing_bench_ends_with_exit_code_1_and_its_reason(capsys, tmp_path, monkeypatch):
    def broken(*_):
        raise HardwareFault("tap_fc1, sample 3, channel 2: 1 is not 0")

    monkeypatch.setattr("bittrue_sim.cosimulate.cosimulate", broken)
    assert main(["sim", *SMALL, "-o", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "DIFFERENT: cocotb, Verilator" in printed
    assert "tap_fc1, sample 3, channel 2: 1 is not 0" in printed


def test_a_net_that_is_no_predistorter_is_compared_only(tmp_path, capsys, monkeypatch):
    from bittrue.spec import Conv1d

    monkeypatch.setattr(executions, "BENCHES", {"cocotb, Verilator": executions.BENCHES["cocotb, Verilator"]})
    save(Conv1d.example(), tmp_path / "net")
    assert main(["sim", str(tmp_path / "net"), "--samples", "60", "--bench-samples", "8"]) == 0
    printed = capsys.readouterr().out
    assert "conv1d, initiation interval 16" in printed and "EQUAL" in printed and "amplifier" not in printed


def test_a_net_without_float_parent_is_judged_without_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(executions, "BENCHES", {})
    save(load(NET), tmp_path / "net")
    assert main(["sim", str(tmp_path / "net"), *SMALL[1:], "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "tdnn-wide, integer" in printed and "tdnn-wide, float" not in printed


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bittrue.cli.sim.leg_rows", None)
    (tmp_path / "file").touch()
    assert main(["sim", *SMALL, "-o", str(tmp_path / "file")]) == 2
    assert "cannot write in folder" in capsys.readouterr().err
