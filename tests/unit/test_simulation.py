"""The benches themselves, on hand-written hardware with one fault each: every fault must be found, by its name."""

import itertools

import numpy as np
import pytest

from bittrue.cosim.module_ports import check_ports, declared_ports, expected_ports
from bittrue.cosim.simulation import Simulation
from bittrue.cosim.stalls import MATRIX, Stalls
from bittrue.cosim.streams import HardwareFault, Stream
from bittrue.cosim.verilator import find
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources
from bittrue.num import Format
from bittrue.spec import TensorType
from bittrue_sim import runner
from bittrue_sim.cosimulate import compare

INTERVAL = 8
PAIR = TensorType((2,), Format.parse("Q1.11"))
SOURCE, SINK, TAP = Stream("s_axis", PAIR), Stream("m_axis", PAIR), Stream("tap_a__b", PAIR)
MODULE = "table"  # a keyword of Verilog, as the net of the Table example is called
VERILOG = r"""
module \table (clk, rst, s_axis_tdata, s_axis_tvalid, s_axis_tready, m_axis_tdata, m_axis_tvalid, m_axis_tready,
               tap_a__b_tdata, tap_a__b_tvalid);
  input clk; wire clk;
  input rst;
  input [31:0] s_axis_tdata; input s_axis_tvalid; output s_axis_tready;
  output [31:0] m_axis_tdata; output m_axis_tvalid; input m_axis_tready;
  output [31:0] tap_a__b_tdata; output tap_a__b_tvalid;
  reg [31:0] data; reg valid; reg [2:0] count; reg [9:0] taken; reg [4:0] quiet;
  wire take = s_axis_tvalid && s_axis_tready;
  assign s_axis_tready = (count == 0) && (!valid || m_axis_tready);
  assign m_axis_tdata = data;
  assign m_axis_tvalid = valid;
  assign tap_a__b_tdata = data;
  assign tap_a__b_tvalid = valid && m_axis_tready;
  always @(posedge clk)
    if (rst) begin
      count <= 0; valid <= 0; taken <= 0; quiet <= 0;
    end else begin
      if (count != 0) count <= count - 1;
      if (m_axis_tready) valid <= 0;
      quiet <= take || valid ? 0 : quiet + 1;
      if (take) begin
        data <= s_axis_tdata; valid <= 1; count <= 7; taken <= taken + 1;
      end
    end
endmodule
"""
STALLED = Stalls(seed=5, idle=0.3, backpressure=0.5, burst=3)
FAULTS = {
    "flipped bit": ("data <= s_axis_tdata;", "data <= s_axis_tdata ^ (taken == 20 ? 32'h10000 : 0);", "differ"),
    "tvalid withdrawn": ("m_axis_tvalid = valid;", "m_axis_tvalid = valid && count != 5;", "took back|fell"),
    "tdata changed": ("m_axis_tdata = data;", "m_axis_tdata = data ^ (count == 5);", "changed"),
    "word doubled": ("count <= 7;", "count <= 7; end else if (count == 3) begin valid <= 1;", "more words|differ"),
    "word lost": ("valid <= 1;", "valid <= taken != 20;", "nothing moved|differ"),
    "word too many": ("if (take)", "if (quiet == 30) valid <= 1; if (take)", "more words|one too many"),
    "stuck": ("s_axis_tready =", "s_axis_tready = (taken < 20) &&", "nothing moved for .*s_axis 20"),
    "tap missing": ("valid && m_axis_tready;", "valid && m_axis_tready && taken != 20;", "fewer words|a__b: sample"),
    "sign not extended": ("data <= s_axis_tdata;", "data <= s_axis_tdata & 32'h0fff0fff;", "sign-extended|differ"),
    "never assigned": ("data <= s_axis_tdata;", "data[30:0] <= s_axis_tdata;", "sign-extended|differ|X"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def verilator():
    try:
        return find()
    except BadInput as error:
        pytest.skip(str(error))


def codes(n: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).integers(PAIR.format.lo, PAIR.format.hi, (n, 2), endpoint=True)
    values[0] = PAIR.format.lo, PAIR.format.hi
    return values


def simulation(verilog: str = VERILOG) -> Simulation:
    return Simulation(Sources(verilog), MODULE, [SOURCE], [SINK], [TAP])


@pytest.mark.parametrize("stalls", MATRIX.values(), ids=MATRIX)
@pytest.mark.parametrize("reset_after", [None, 0, 100])
def test_sound_hardware_passes_whatever_stalls_and_after_a_reset_in_mid_stream(stalls, reset_after):
    x = codes(200)
    trace = simulation().run(x, stalls, reset_after=reset_after)
    assert np.array_equal(trace.outputs["m_axis"], x)
    assert np.array_equal(trace.taps["tap_a__b"], x)


def test_clocks_are_counted():
    trace = simulation().run(codes(50))
    assert np.array_equal(trace.sent["s_axis"], INTERVAL * np.arange(50))
    assert np.array_equal(trace.received["m_axis"], trace.sent["s_axis"] + 1)
    assert (trace.latency, trace.cycles_per_sample) == (1, INTERVAL)


def test_stalls_stall_and_are_repeatable():
    slow = [simulation().run(codes(300), Stalls(seed, 0.9, 0.9, 9)).received["m_axis"] for seed in (1, 1, 2)]
    assert np.array_equal(slow[0], slow[1])
    assert not np.array_equal(slow[0], slow[2])
    assert slow[0][-1] > 2 * 300 * INTERVAL


def test_stall_patterns_stall_as_often_and_as_long_as_asked():
    def pattern(probability: float, burst: int, stream: str = "a") -> list[bool]:
        return list(itertools.islice(Stalls(3, burst=burst).pattern(probability, stream), 20_000))

    assert all(pattern(0.0, 5))
    assert 0.28 < pattern(0.3, 1).count(False) / 20_000 < 0.32
    assert 0.65 < pattern(0.7, 9).count(False) / 20_000 < 0.75
    assert pattern(0.5, 9) == pattern(0.5, 9) != pattern(0.5, 9, "b")
    turns = [sum(a != b for a, b in itertools.pairwise(pattern(0.5, burst))) for burst in (1, 9)]
    assert 4.5 < turns[0] / turns[1] < 5.5  # a decision of burst 9 holds for 5 clocks in the mean


@pytest.mark.parametrize("name", FAULTS)
def test_the_library_finds_every_fault(name):
    old, new, reason = FAULTS[name]
    assert VERILOG.count(old) >= 1
    x = codes(40)
    with pytest.raises(HardwareFault, match=reason):
        trace = simulation(VERILOG.replace(old, new)).run(x, STALLED, patience=500)
        if not (np.array_equal(trace.outputs["m_axis"], x) and np.array_equal(trace.taps["tap_a__b"], x)):
            raise HardwareFault("differ")


@pytest.mark.parametrize("name", FAULTS)
def test_the_cocotb_bench_finds_every_fault(name):
    run_cocotb("icarus", *FAULTS[name])


def test_the_cocotb_bench_under_verilator_gives_the_reason_of_a_fault():
    run_cocotb("verilator", *FAULTS["flipped bit"][:2], r"sample 20, lane 1 is 0x\w{4} \(-?\d+\), expected 0x\w{4} \(")


def run_cocotb(simulator: str, old: str, new: str, reason: str) -> None:
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    x = codes(40)
    reason = reason.replace("differ", "sample .*expected")
    with pytest.raises(HardwareFault, match=reason):
        compare(
            Sources(VERILOG.replace(old, new)), MODULE, simulator, {SOURCE: x}, {SINK: x, TAP: x}, STALLED, patience=500
        )


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
@pytest.mark.parametrize("stalls", [None, STALLED])
def test_sound_hardware_passes_the_cocotb_bench(simulator, stalls):
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    x = codes(60)
    result = compare(Sources(VERILOG), MODULE, simulator, {SOURCE: x}, {SINK: x, TAP: x}, stalls)
    assert (result.samples, result.words, result.mismatches) == (60, 120, 0)
    if stalls is None:
        assert result.cycles in (59 * INTERVAL + 1, 59 * INTERVAL + 2)


def test_one_sample_is_no_bench():
    with pytest.raises(BadInput, match="bench of 1 samples"):
        compare(Sources(VERILOG), MODULE, "icarus", {SOURCE: codes(1)}, {SINK: codes(1), TAP: codes(1)})


def test_two_inputs_may_come_at_different_times():
    text = """
    module join2(input clk, input rst, input [31:0] a_tdata, input a_tvalid, output a_tready,
                 input [31:0] b_tdata, input b_tvalid, output b_tready,
                 output [63:0] m_axis_tdata, output m_axis_tvalid, input m_axis_tready);
      assign m_axis_tvalid = a_tvalid && b_tvalid;
      assign a_tready = m_axis_tvalid && m_axis_tready;
      assign b_tready = a_tready;
      assign m_axis_tdata = {b_tdata, a_tdata};
    endmodule
    """
    both = Stream("m_axis", TensorType((4,), PAIR.format))
    joined = Simulation(Sources(text), "join2", [Stream("a", PAIR), Stream("b", PAIR)], [both])
    a, b = codes(100, 1), codes(100, 2)
    trace = joined.run({"a": a, "b": b}, Stalls(idle=0.5))
    assert np.array_equal(trace.outputs["m_axis"], np.concatenate([a, b], axis=1))
    with pytest.raises(BadInput, match=r"inputs get \[100, 99\] samples"):
        joined.run({"a": a, "b": b[1:]})
    with pytest.raises(BadInput, match="codes are given for"):
        joined.run(a)


def test_ports_are_read_from_every_style_of_declaration():
    text = "(* top *) module m(input wire [3:0] a, output reg signed [7:0] b, // input c\n output c); endmodule"
    assert declared_ports(text, "m") == {"a": ("input", 4), "b": ("output", 8), "c": ("output", 1)}
    text = "module mm(x); input x; endmodule module m(c); always @(*) begin end (* attr *) output [0:1] c; endmodule"
    assert declared_ports(text, "m") == {"c": ("output", 2)}
    with pytest.raises(BadInput, match="no module top"):
        declared_ports(text, "top")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "output m_axis_tvalid",
            "input m_axis_tvalid",
            "m_axis_tvalid is input of 1 bits, output of 1 expected; .*nothing drives",
        ),
        ("output [31:0] m_axis_tdata", "output [30:0] m_axis_tdata", "m_axis_tdata is output of 31 bits"),
        ("input rst;", "", "no port rst"),
        ("input rst;", "input rst; input enable;", "port enable that no stream"),
    ],
)
def test_ports_that_break_the_contract_are_refused_before_a_simulation(old, new, reason):
    expected = expected_ports([SOURCE], [SINK], [TAP])
    check_ports(VERILOG, MODULE, expected)
    with pytest.raises(HardwareFault, match=reason):
        check_ports(VERILOG.replace(old, new), MODULE, expected)


@pytest.mark.parametrize("shape, where", [((6,), "sample 2"), ((3, 2), "sample 1, column 0")], ids=str)
@pytest.mark.parametrize("bits", [3, 8, 11, 16, 20, 32, 40, 63])
def test_words_hold_sign_extended_codes_in_the_next_container(bits, shape, where):
    """Of a vector all in one word, of a frame one column a word."""
    fmt = Format(bits, 0)
    stream = Stream("s", TensorType(shape, fmt))
    x = np.random.default_rng(bits).integers(fmt.lo, fmt.hi, (5, *shape), endpoint=True)
    x[0].ravel()[:2] = fmt.lo, fmt.hi
    words = stream.pack(x)
    element = stream.bits // shape[0]
    columns = x if len(shape) == 1 else [frame[:, n] for frame in x for n in range(shape[1])]
    for column, word in zip(columns, words, strict=True):
        number = int.from_bytes(word.tobytes(), "little")
        for k, code in enumerate(column):
            assert (number >> (k * element)) % (1 << element) == int(code) % (1 << element)
    assert np.array_equal(stream.unpack(words), x)
    if element > bits:
        words[2, element // 8 - 1] ^= 0x80  # the sign of element 0 only
        with pytest.raises(HardwareFault, match=rf"stream s: {where}, element 0 is .*no sign-extended code"):
            stream.unpack(words)


FRAME = TensorType((2, 4), PAIR.format)


def test_frames_are_as_many_transfers_as_columns():
    """The same hardware passes on columns; clocks are those of a frame's first column in and last one out."""
    frames = [Stream(stream.name, FRAME) for stream in (SOURCE, SINK, TAP)]
    x = codes(40).reshape(10, 4, 2).swapaxes(1, 2)
    bench = Simulation(Sources(VERILOG), MODULE, frames[:1], frames[1:2], frames[2:])
    trace = bench.run(x)
    assert np.array_equal(trace.outputs["m_axis"], x) and np.array_equal(trace.taps["tap_a__b"], x)
    assert np.array_equal(trace.sent["s_axis"], 4 * INTERVAL * np.arange(10))
    assert np.array_equal(trace.received["m_axis"], trace.sent["s_axis"] + 3 * INTERVAL + 1)
    assert (trace.latency, trace.cycles_per_sample) == (1, 4 * INTERVAL)
    lost = VERILOG.replace("valid <= 1;", "valid <= taken != 20;")
    with pytest.raises(HardwareFault, match="s_axis 40 of 40 beats, m_axis 39 of 40 beats"):
        Simulation(Sources(lost), MODULE, frames[:1], frames[1:2], frames[2:]).run(x)


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
def test_a_bench_names_the_column_of_a_frame(simulator):
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    source, sink, tap = (Stream(stream.name, FRAME) for stream in (SOURCE, SINK, TAP))
    x = codes(40).reshape(10, 4, 2).swapaxes(1, 2)
    assert compare(Sources(VERILOG), MODULE, simulator, {source: x}, {sink: x, tap: x}).words == 80
    flipped = VERILOG.replace("data <= s_axis_tdata;", "data <= s_axis_tdata ^ (taken == 21 ? 32'h10000 : 0);")
    with pytest.raises(HardwareFault, match="sample 5, column 1, lane 1 is"):
        compare(Sources(flipped), MODULE, simulator, {source: x}, {sink: x, tap: x})


def test_codes_and_stalls_are_checked():
    with pytest.raises(BadInput, match=r"stream s_axis sample .*is 2048, outside"):
        simulation().run(np.full((4, 2), 2048))
    with pytest.raises(BadInput, match=r"carries tensors 2 Q1\.11"):
        simulation().run(np.zeros((4, 3), np.int64))
    with pytest.raises(BadInput, match=r"Stalls.idle is 1.0"):
        Stalls(idle=1.0)
    with pytest.raises(BadInput, match=r"Stalls.burst is 0"):
        Stalls(burst=0)
