"""The clock estimate on Verilog that Yosys maps: paths whose cells are known, and their sums worked out by hand."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pytest

from bittrue.cli import main
from bittrue.lower.sources import Sources
from bittrue.spec import load, save
from bittrue.spec.layer import LAYERS
from bittrue.timing import Timing, estimate, netlist_of
from bittrue.timing.designs import net_timing, shell_timing

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)

CLOCK, SETUP, LUT, WIRE, FAR = 456, 60, 124, 450, 700
"""As in tests/unit/test_timing.py, in picoseconds."""

PRODUCT = (
    "reg signed [15:0] a, b; reg signed [31:0] m, p; always @(posedge clk) begin a <= x; b <= y; %s end assign z = p;"
)
WORDS = (
    "reg [15:0] words [0:1023]; reg [15:0] q, r; always @(posedge clk) begin if (y[0]) words[y[10:1]] <= x; "
    "q <= words[x[9:0]]; %s end assign z = r;"
)
REGISTERS = ["AREG", "BREG", "CREG", "PREG", "ACASCREG", "BCASCREG"]
FUSED = (
    "wire [47:0] p; assign z = p[31:0]; DSP48E1 #(.MREG(0), "
    + ", ".join(f".{name}(1)" for name in REGISTERS)
    + ", .OPMODEREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .INMODEREG(0), .ADREG(0), .DREG(0)) block ("
    + ".CLK(clk), .A({{14{x[15]}}, x}), .B({{2{y[15]}}, y}), .OPMODE(7'b0000101), .ALUMODE(4'b0), .INMODE(5'b0), "
    + ".CEA1(1'b0), .CEA2(1'b1), .CEB1(1'b0), .CEB2(1'b1), .CEC(1'b0), .CEP(1'b1), .RSTA(1'b0), .RSTB(1'b0), "
    + ".RSTC(1'b0), .RSTP(1'b0), .CARRYIN(1'b0), .CARRYINSEL(3'b0), .P(p));"
)

ROOT = Path(__file__).resolve().parents[2]


def gates(count: int) -> str:
    """LUTs in a row between registers, as primitives: Yosys does not map those again."""
    wires = " ".join(f"wire w{k};" for k in range(count + 1))
    row = " ".join(f"LUT2 #(.INIT(4'h6)) g{k} (.I0(w{k}), .I1(b), .O(w{k + 1}));" for k in range(count))
    registers = f"reg a, b, c; always @(posedge clk) begin a <= x[0]; b <= y[0]; c <= w{count}; end"
    return f"{wires} {registers} assign w0 = a; {row} assign z = c;"


SMALL = {
    "gate": "reg a, b, c; always @(posedge clk) begin a <= x[0]; b <= y[0]; c <= a & b; end assign z = c;",
    "four": gates(4),
    "five": gates(5),
    "adder": "reg [15:0] a, b, s; always @(posedge clk) begin a <= x; b <= y; s <= a + b; end assign z = s;",
    "counter": "reg [31:0] n; initial n = 0; always @(posedge clk) n <= n + 1; assign z = n;",
    "registered": PRODUCT % "m <= a * b; p <= m;",
    "unregistered": PRODUCT % "m <= a * b; p <= p ^ m;",
    "fused": FUSED,
    "read": WORDS % "r <= q;",
    "used": WORDS % "r <= r ^ q;",
    "fetched": (
        "reg signed [15:0] words [0:1023]; reg signed [15:0] q, a, b; reg signed [31:0] m, p; "
        "always @(posedge clk) begin if (y[0]) words[y[10:1]] <= x; "
        "q <= words[x[9:0]]; a <= q; b <= y; m <= a * b; p <= m; end assign z = p;"
    ),
    "delay": "reg [15:0] d; reg q; always @(posedge clk) begin d <= {d[14:0], x[0]}; q <= d[15]; end assign z = q;",
}
"""Bodies of modules that take words x and y, of 16 bits each, and give z."""


@cache
def small() -> Timing:
    """All of them in one module, each as a layer."""
    ports = "input clk, input signed [15:0] x, input signed [15:0] y, output [31:0] z"
    text = "".join(f"module {name}_({ports}); {body} endmodule\n" for name, body in SMALL.items())
    ends = [f"input [15:0] {name}_first, input [15:0] {name}_second, output [31:0] {name}_result" for name in SMALL]
    made = "\n".join(f"{name}_ {name} (clk, {name}_first, {name}_second, {name}_result);" for name in SMALL)
    return estimate(
        netlist_of(Sources(f"{text}module small(input clk, {', '.join(ends)});\n{made}\nendmodule\n"), "small"), SMALL
    )


@pytest.mark.parametrize(
    "name, delay, levels, breaks",
    [
        ("gate", CLOCK + WIRE + LUT + SETUP, 1, 0),
        # b goes to every LUT: 115 log2(4) = 230 and 115 log2(5) = 267.02 more on the first wire
        ("four", CLOCK + 230 + 4 * (WIRE + LUT) + SETUP, 4, 0),
        ("five", CLOCK + 267 + 5 * (WIRE + LUT) + SETUP, 5, 1),
        # one operand goes to a LUT and to the chain: 115. S1 -> CO3, CI -> CO3 twice, CI -> O1
        ("adder", CLOCK + WIRE + 115 + LUT + 513 + 2 * 117 + 323 + SETUP, 2, 0),
        # bit 0 goes to its inverter and out: 115. S0 -> CO3, CI -> CO3 six times, CI -> O1
        ("counter", CLOCK + WIRE + 115 + LUT + 489 + 6 * 117 + 323 + SETUP, 2, 0),
        ("registered", 2305 - 119, 4, 0),  # M to P, within the block
        ("unregistered", 2305 + FAR + LUT + SETUP, 5, 32),  # M, adder, a wire, a LUT; of 32 bits
        ("fused", 4009 - 119, 8, 2),  # A to P, within the block; and B to P
        ("read", 2454 + FAR + SETUP, 4, 0),
        ("used", 2454 + FAR + LUT + SETUP, 5, 16),
        ("fetched", 2454 + FAR + 449 + 362, 4, 0),  # the sign goes to 15 bits of A: 115 log2(15) = 449.29
        ("delay", 1628 + WIRE + SETUP, 1, 0),
    ],
)
def test_paths_of_known_cells(name: str, delay: int, levels: int, breaks: int) -> None:
    found = small().layers[name]
    assert (found.slowest.delay, found.slowest.levels, found.breaks) == (delay, levels, breaks)


def test_the_cells_are_those_that_the_sums_are_of() -> None:
    assert {kind: small().cells[kind] for kind in ("CARRY4", "DSP48E1", "RAMB18E1", "SRL16E")} == {
        "CARRY4": 4 + 8,
        "DSP48E1": 4,
        "RAMB18E1": 3,
        "SRL16E": 1,
    }
    first, second = (str(path) for path in small().paths[:2])
    assert (first, second) == ("fetched q -> fetched p A", "fused p -> fused p A register to P")
    assert small().breaks == 1 + 32 + 2 + 16


def test_paths_of_a_net_are_named_by_layer() -> None:
    found = net_timing(LAYERS["Add"].example(), 4)
    assert set(found.layers) == {"left", "right", "sum", "between layers"}
    assert all("$abc" not in str(path) and "$auto" not in str(path) for path in found.paths)
    assert any("left matrix segment0 lane0 " in str(path) for path in found.paths)


def test_paths_of_a_shell_are_named_by_part() -> None:
    net = LAYERS["Table"].example()
    assert {net.last, "slave", "registers", "loader", "hashes", "streams"} <= set(shell_timing(net, 4, [net]).layers)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "name, interval", [("tdnn-wide", 8), ("tdnn-wide", 64), ("ecg-tiny", 2048), ("ecg-tiny", 65_536)]
)
def test_committed_nets_keep_the_design_rule(name: str, interval: int) -> None:
    found = net_timing(load(ROOT / "weights" / name), interval)
    assert found.breaks == 0 and found.mhz >= 250


def test_info_prints_the_estimate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = LAYERS["Add"].example()
    save(net, tmp_path)
    assert main(["info", str(tmp_path), "--interval", "4", "--timing"]) == 0
    printed, found = capsys.readouterr().out, net_timing(net, 4)
    assert f"estimated clock {found.mhz:.0f} MHz on speed grade -1: {found.paths[0].delay / 1000:.2f} ns" in printed
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    left = found.layers["left"]
    figures = [
        f"{1e6 / left.slowest.delay:.0f}",
        f"{left.slowest.delay / 1000:.2f}",
        f"{left.ends:,}",
        f"{left.breaks:,}",
    ]
    assert ["left", *figures] in rows
