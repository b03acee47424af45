"""rtl/vivado/out_of_context.tcl against the mock: the clock of a net alone."""

from __future__ import annotations

import shutil

import pytest
from mock_vivado import SCRIPT, Ran, changed, run

from bittrue.targets.pynq_z1.clock import CLOCK_MHZ
from bittrue.targets.pynq_z1.design import PART

ALONE = SCRIPT.with_name("out_of_context.tcl")
VERILOG = """module small(input clk, input rst, output reg o);
  reg [7:0] words [0:1];
  initial $readmemh("small.rom.words.mem", words);
endmodule
"""


@pytest.fixture
def verilog(tmp_path):
    """What ``bittrue verilog`` writes of a small net."""
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh is missing: install the Debian package tcl")
    place = tmp_path / "rtl"
    place.mkdir()
    (place / "small.v").write_text(VERILOG)
    (place / "small.rom.words.mem").write_text("0a\n0b\n")
    return place / "small.v"


def alone(verilog, *more: str, script=ALONE, **settings: str) -> Ran:
    return run(verilog.parent, script, arguments=(str(verilog), *more), **settings)


@pytest.mark.parametrize(("more", "period"), [((), 1000 / CLOCK_MHZ), (("250",), 4.0), (("142.86",), 7.0)])
def test_it_says_the_slack_at_a_clock(verilog, more, period):
    ran = alone(verilog, *more)
    assert ran.code == 0, ran.output
    assert f"worst slack at {(more or ('200',))[0]} MHz: 0.1 ns" in ran.output
    assert ran.record == {"top": "small", "periods": {"clk": period}}
    made = {path.name for path in (verilog.parent / "small_ooc").iterdir()}
    assert made == {"small.xdc", "timing_summary.rpt", "utilization.rpt"}


@pytest.mark.parametrize(
    ("more", "settings", "message"),
    [
        ((), {"WNS": "-0.25"}, "the clock of 200 MHz is missed by 0.25 ns; see"),
        ((), {"WNS": ""}, "no path is constrained"),
        ((), {"FAIL": "place_design"}, "place_design failed"),
        (("fast",), {}, "'fast' is no frequency in MHz"),
        (("0",), {}, "'0' is no frequency in MHz"),
        (("1", "2"), {}, "give MODULE.v as bittrue verilog printed it"),
    ],
)
def test_what_is_missed_ends_with_1(verilog, more, settings, message):
    ran = alone(verilog, *more, **settings)
    assert ran.code == 1
    assert "ERROR: " in ran.output and message in ran.output
    assert not ran.record


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("        read_mem $path\n", "", "reads small.rom.words.mem, which is no memory file"),
        ("constraints clk $mhz", "constraints clock $mhz", "the clock clock is no input of small"),
        ("read_xdc -mode out_of_context $constraints", "set x 1", "no clock is constrained"),
        (" -part xc7z020clg400-1 -mode", " -part xc7z010clg400-1 -mode", "the part is xc7z020clg400-1"),
        ("    place_design\n", "", "place_design comes first"),
        ("    report_timing_summary", "    report_utilization", "there is no report of the timing"),
    ],
)
def test_the_mock_rejects_what_is_wrong(verilog, old, new, message):
    script = changed(verilog.parent, ALONE.name, old, new).with_name(ALONE.name)
    ran = alone(verilog, script=script)
    assert ran.code == 1
    assert message in ran.output, ran.output


def test_it_is_for_the_board():
    text = ALONE.read_text(encoding="utf-8")
    assert text.count(PART) == text.count("xc7z") == 2
    assert f"[concat $argv {CLOCK_MHZ:g}]" in text and f"MHZ is {CLOCK_MHZ:g} where" in text
