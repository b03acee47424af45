"""The clock estimate on netlists by hand: every expected figure is a sum of table values, worked out beside it."""

from __future__ import annotations

import json

import pytest
from netlists import Draft

from bittrue.errors import BadInput
from bittrue.timing import Timing, estimate
from bittrue.timing.netlist import read_netlist
from bittrue.timing.paths import Paths
from bittrue.timing.places import Place, place

CLOCK, SETUP, LUT, WIRE = 456, 60, 124, 450
"""Picoseconds of a flip-flop's clock to output and setup, of a LUT, and of a wire that one pin reads."""
FAR = WIRE + 250
"""The same to or from a block RAM or a DSP48E1."""


def slowest(draft: Draft) -> tuple[int, int]:
    """Picoseconds and levels of the slowest path."""
    path = estimate(draft.read()).paths[0]
    return path.delay, path.levels


# ---- slices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("luts", [1, 2, 4, 5])
def test_logic_between_flip_flops(luts: int) -> None:
    draft = Draft()
    bit = draft.ff("0")
    for _ in range(luts):
        bit = draft.lut(bit)
    draft.ff(bit)
    found = estimate(draft.read())
    # a LUT that only a flip-flop reads stands beside it: no last wire
    assert (found.paths[0].delay, found.paths[0].levels) == (CLOCK + luts * (WIRE + LUT) + SETUP, luts)
    assert found.breaks == (luts > 4)
    assert found.mhz == 1e6 / found.paths[0].delay


def test_a_wire_is_slower_the_more_pins_read_it() -> None:
    draft = Draft()
    q = draft.ff("0")
    o = draft.lut(q, q)
    draft.ff(o)
    draft.ff(o)
    # two pins of the LUT read q, two flip-flops o: 115 ps for a doubling, and no flip-flop beside the LUT
    assert slowest(draft) == (CLOCK + (WIRE + 115) + LUT + (WIRE + 115) + SETUP, 1)
    draft = Draft()
    q = draft.ff("0")
    for _ in range(16):
        draft.ff(q)
    assert slowest(draft) == (CLOCK + WIRE + 4 * 115 + SETUP, 0)
    draft.ff(q)  # 17 pins: 115 log2(17) = 470.06
    assert slowest(draft) == (CLOCK + WIRE + 470 + SETUP, 0)


def test_the_slower_of_two_ways_counts_and_the_deeper() -> None:
    """A shift register is slow and one level; four LUTs behind a flip-flop are deeper."""
    draft = Draft()
    slow, deep = draft.bit(), draft.ff("0")
    draft.cell("SRL16E", D="0", CE="1", CLK="0", Q=slow)
    for _ in range(4):
        deep = draft.lut(deep)
    draft.ff(draft.lut(slow, deep))
    found = estimate(draft.read())
    assert (found.paths[0].delay, found.paths[0].levels) == (CLOCK + 4 * (WIRE + LUT) + WIRE + LUT + SETUP, 5)
    draft = Draft()
    slow, deep = draft.bit(), draft.ff("0")
    draft.cell("SRL16E", D="0", CE="1", CLK="0", Q=slow)
    for _ in range(2):
        deep = draft.lut(deep)
    draft.ff(draft.lut(slow, deep))
    found = estimate(draft.read())
    # 1628 + 450 + 124 + 60 against 456 + 2 (450 + 124) + 450 + 124 + 60
    assert (found.paths[0].delay, found.paths[0].levels) == (2262, 2)
    assert found.deepest.levels == 3 and found.deepest.delay == 2238


@pytest.mark.parametrize("chains", [1, 3])
def test_a_carry_chain_is_one_level_whatever_its_length(chains: int) -> None:
    draft = Draft()
    bit, carry = draft.lut(draft.ff("0")), None
    for k in range(chains):
        pins = {"S": [bit, "0", "0", "0"], "CI": "0"} if k == 0 else {"S": ["0"] * 4, "CI": carry}
        outputs = [draft.bit() for _ in range(8)]
        draft.cell("CARRY4", CYINIT="0", DI=["0"] * 4, O=outputs[:4], CO=outputs[4:], **pins)
        carry = outputs[7]
    draft.ff(outputs[3])
    # LUT -> S0 -> CO3 of the first, CI -> CO3 of those between, CI -> O3 of the last; the flip-flop stands beside it
    within = 584 if chains == 1 else 489 + 117 + 315
    assert slowest(draft) == (CLOCK + WIRE + LUT + within + SETUP, 2)


def test_from_one_chain_to_another_is_a_wire_and_an_inverter_stands_beside_its_chain() -> None:
    draft = Draft()
    inverted, carry, first, last = (draft.bit() for _ in range(4))
    draft.cell("INV", I=draft.ff("0"), O=inverted)
    draft.cell("CARRY4", CI="0", S=[inverted, "0", "0", "0"], O=["x", first, "x", "x"], CO=[carry])
    draft.cell("CARRY4", CI="0", S=[first, "0", "0", "0"], O=[last])
    draft.ff(last)
    # inverter, S0 -> O1 of the one, S0 -> O0 of the other
    assert slowest(draft) == (CLOCK + WIRE + LUT + 403 + WIRE + 228 + SETUP, 3)


def test_a_multiplexer_beside_its_luts_is_no_level() -> None:
    draft = Draft()
    o, q = draft.bit(), draft.ff("0")
    draft.cell("MUXF7", I0=draft.lut(q), I1="0", S="0", O=o)
    draft.ff(o)
    assert slowest(draft) == (CLOCK + WIRE + LUT + 217 + SETUP, 1)
    draft = Draft()
    o, q = draft.bit(), draft.ff("0")
    draft.cell("MUXF7", I0="0", I1="0", S=draft.lut(q), O=o)
    draft.ff(o)
    assert slowest(draft) == (CLOCK + WIRE + LUT + WIRE + 276 + SETUP, 1)  # its select comes over a wire


@pytest.mark.parametrize("pin, setup", [("CE", 205), ("R", 429)])
def test_other_pins_of_a_flip_flop(pin: str, setup: int) -> None:
    draft = Draft()
    draft.cell("FDRE", C="0", D="0", Q=draft.bit(), **{pin: draft.lut(draft.ff("0"))})
    assert slowest(draft) == (CLOCK + WIRE + LUT + WIRE + setup, 1)


def test_ports_count_as_flip_flops() -> None:
    draft = Draft()
    a, o = draft.bit(), draft.bit()
    draft.cell("LUT1", I0=a, O=o)
    draft.ports = {"a": {"direction": "input", "bits": [a]}, "y": {"direction": "output", "bits": [o]}}
    assert slowest(draft) == (CLOCK + WIRE + LUT + WIRE + SETUP, 1)


# ---- memories -------------------------------------------------------------------------------------------------------


def test_a_shift_register_is_slow_to_read() -> None:
    draft = Draft()
    q = draft.bit()
    draft.cell("SRL16E", D="0", CE="1", CLK="0", A0="1", Q=q)
    draft.ff(q)
    assert slowest(draft) == (1628 + WIRE + SETUP, 1)


def test_the_address_of_a_shift_register_is_read_like_a_lut() -> None:
    draft = Draft()
    o, q = draft.bit(), draft.ff("0")
    for _ in range(3):
        q = draft.lut(q)
    draft.cell("SRL16E", D="0", CE="1", CLK="0", A0=q, Q=o)
    draft.ff(o)
    assert slowest(draft) == (CLOCK + 3 * (WIRE + LUT) + WIRE + 124 + WIRE + SETUP, 4)


@pytest.mark.parametrize(
    "kind, read, output, address", [("RAM32M", 124, "DOB", "ADDRB"), ("RAM64X1D", 300, "DPO", "DPRA2")]
)
def test_memory_of_luts_is_read_without_a_clock(kind: str, read: int, output: str, address: str) -> None:
    draft = Draft()
    o, q = draft.bit(), draft.ff("0")
    for _ in range(3):
        q = draft.lut(q)
    draft.cell(kind, WE="0", WCLK="0", **{output: o, address: q})
    draft.ff(o)
    assert slowest(draft) == (CLOCK + 3 * (WIRE + LUT) + WIRE + read + WIRE + SETUP, 4)


@pytest.mark.parametrize("pin, setup", [("WE", 533), ("ADDRD", 500), ("DIA", 250)])
def test_memory_of_luts_is_written_with_a_clock(pin: str, setup: int) -> None:
    draft = Draft()
    draft.cell("RAM32M", WCLK="0", DOA=draft.bit(), **{pin: draft.ff("0")})
    assert slowest(draft) == (CLOCK + WIRE + setup, 0)


@pytest.mark.parametrize("luts, levels", [(0, 4), (1, 5)])
def test_a_block_ram_without_its_output_register_has_room_for_nothing_behind_it(luts: int, levels: int) -> None:
    draft = Draft()
    q = draft.bit()
    draft.cell("RAMB18E1", {"DOA_REG": "0"}, CLKARDCLK="0", DOADO=[q, draft.bit()])
    draft.ff(draft.lut(q) if luts else q)
    assert slowest(draft) == (2454 + FAR + luts * LUT + SETUP, levels)
    assert estimate(draft.read()).breaks == luts


def test_a_block_ram_with_its_output_register() -> None:
    draft = Draft()
    q = draft.bit()
    draft.cell("RAMB36E1", {"DOA_REG": "1"}, CLKARDCLK="0", DOADO=[q])
    draft.ff(draft.lut(q))
    assert slowest(draft) == (882 + FAR + LUT + SETUP, 1)


def test_the_address_of_a_block_ram() -> None:
    draft = Draft()
    draft.cell("RAMB18E1", CLKARDCLK="0", ADDRARDADDR=[draft.ff("0")], DIADI=["0"], DOADO=["x"])
    assert slowest(draft) == (CLOCK + FAR + 566, 0)


# ---- DSP48E1 --------------------------------------------------------------------------------------------------------


def block(draft: Draft, *on: str, **pins: int | str) -> int:
    """A block with these registers on, and the bit of its P."""
    registers = ("AREG", "BREG", "CREG", "MREG", "PREG", "OPMODEREG", "ALUMODEREG", "CARRYINREG")
    p = draft.bit()
    draft.cell("DSP48E1", {name: str(int(name in on)) for name in registers}, P=[p], CLK="0", **pins)
    return p


@pytest.mark.parametrize(
    "pin, on, rest, levels",
    [
        ("A", ("AREG", "MREG", "PREG"), 362, 0),
        ("A", ("MREG", "PREG"), 1928, 4),
        ("A", ("PREG",), 3722, 8),
        ("B", ("BREG", "MREG", "PREG"), 450, 0),
        ("B", ("MREG", "PREG"), 1743, 4),
        ("B", ("PREG",), 3536, 8),
        ("C", ("CREG", "PREG"), 233, 0),
        ("C", ("PREG",), 1701, 4),
        ("OPMODE", ("PREG",), 2209, 4),
        ("OPMODE", ("OPMODEREG", "PREG"), 449, 0),
        ("CEP", ("PREG",), 524, 0),
    ],
)
def test_into_a_dsp_block(pin: str, on: tuple[str, ...], rest: int, levels: int) -> None:
    draft = Draft()
    block(draft, *on, **{pin: draft.ff("0")})
    (end,) = [path for path in estimate(draft.read()).paths if path.pin == pin]
    assert (end.delay, end.levels) == (CLOCK + FAR + rest, levels)


@pytest.mark.parametrize(
    "on, clock, levels",
    [
        (("AREG", "MREG", "PREG"), 434, 0),
        (("AREG", "MREG"), 2305, 4),
        (("AREG",), 4009, 8),
    ],
)
def test_out_of_a_dsp_block(on: tuple[str, ...], clock: int, levels: int) -> None:
    draft = Draft()
    draft.ff(draft.lut(block(draft, *on, A=draft.ff("0"))))
    paths = [path for path in estimate(draft.read()).paths if path.pin == "D"]
    assert (paths[0].delay, paths[0].levels) == (clock + FAR + LUT + SETUP, levels + 1)
    assert estimate(draft.read()).breaks == (levels > 0)


def test_through_a_dsp_block_without_registers() -> None:
    draft = Draft()
    draft.ff(block(draft, A=draft.ff("0")))
    assert slowest(draft) == (CLOCK + FAR + 3841 + FAR + SETUP, 8)


@pytest.mark.parametrize(
    "on, inside, levels", [(("AREG", "PREG"), 4009 - 119, 8), (("AREG", "MREG", "PREG"), 2305 - 119, 4)]
)
def test_from_register_to_register_within_a_dsp_block(on: tuple[str, ...], inside: int, levels: int) -> None:
    draft = Draft()
    block(draft, *on, A=draft.ff("0"))
    found = estimate(draft.read())
    assert (found.paths[0].delay, found.paths[0].levels) == (inside, levels)
    assert found.breaks == (levels > 4) and found.paths[0].pin.endswith("register to P")


def test_a_term_that_is_not_multiplied_passes_one_stage() -> None:
    draft = Draft()
    draft.cell("DSP48E1", {"AREG": "0", "USE_MULT": "NONE", "PREG": "1"}, A=[draft.ff("0")], P=[draft.bit()])
    assert slowest(draft) == (CLOCK + FAR + 1958, 4)


def test_blocks_in_a_column_pass_sums_and_operands_without_a_wire() -> None:
    draft = Draft()
    a, cascade, operand = draft.ff("0"), draft.bit(), draft.bit()
    on = {"AREG": "1", "MREG": "1", "PREG": "0"}
    draft.cell("DSP48E1", on, A=[a], PCOUT=[cascade], ACOUT=[operand])
    draft.cell("DSP48E1", {**on, "PREG": "1", "A_INPUT": "CASCADE"}, ACIN=[operand], PCIN=[cascade], P=[draft.bit()])
    found = {path.pin: (path.delay, path.levels) for path in estimate(draft.read()).paths}
    assert found["PCIN"] == (2500 + 1400, 8) and found["ACIN"] == (864 + 319, 0)
    draft.cell("DSP48E1", {"CREG": "1", "PREG": "1"}, C=[cascade], P=[draft.bit()])  # over a wire instead
    found = {path.pin: (path.delay, path.levels) for path in estimate(draft.read()).paths}
    assert found["C"] == (2500 + FAR + 115 + 233, 4)


# ---- names ----------------------------------------------------------------------------------------------------------


def chain() -> Draft:
    """Two lanes of layer fc1 that end in layer fc2, one slower, and a register between layers."""
    draft = Draft()
    for lane in range(2):
        q = draft.ff("0", f"network.fc1.segment0.lane{lane}.product")
        for _ in range(5 + lane):
            q = draft.lut(q)
        end = draft.ff(q, f"network.fc2.sum{lane}")
        draft.name(f"top{lane}", [end])  # a wire's shorter name
        draft.name(f"$auto${lane}", [end], register=True, hidden=True)
    draft.ff(q, "network.held")
    return draft


def test_paths_are_named_by_layer_and_register() -> None:
    found = estimate(chain().read(), ("fc1", "fc2"))
    assert str(found.paths[0]) == "fc1 segment0 lane1 product -> fc2 sum1 D"
    assert str(found.paths[1]) == "fc1 segment0 lane1 product -> held D"
    assert [kind for kind, _ in found.paths[0].cells] == ["FDRE"] + ["LUT1"] * 6
    assert [fan_out for _, fan_out in found.paths[0].cells] == [1] * 6 + [2]
    assert len(found.paths) == 2  # the other lane ends alike
    fewer = estimate(chain().read(), ("fc1", "fc2"), most=1)
    assert fewer.paths == found.paths[:1] and fewer.layers == found.layers


def test_a_signal_that_is_called_like_a_layer_lies_in_none() -> None:
    assert place("network.fc1", ("fc1",)) == Place("between layers", "fc1")
    assert place("streams.network.fc1.held[3]", ("fc1",)) == Place("fc1", "held[3]")
    assert place("loader.sum", ("loader",)) == Place("loader", "sum")


def test_paths_are_ranked_by_what_they_are_reported_with() -> None:
    """The order and the count of levels come from arrivals, the report from the way back: both must say the same."""
    draft = chain()
    near, far = draft.lut(draft.ff("0")), draft.lut(draft.ff("0"))
    draft.ff(near)
    draft.cell("FDRE", D="0", CE=far, R="0", C="0", Q=draft.bit())
    block(draft, "PREG", A=far)
    paths = Paths(draft.read())
    assert len(paths.ends) == 6
    for end in paths.ends:
        assert paths.delay(end) == paths.slowest(end).delay and paths.levels(end) == paths.deepest(end).levels


def test_layers_have_their_slowest_path_and_what_breaks_the_rule() -> None:
    found: Timing = estimate(chain().read(), ("fc1", "fc2"))
    assert list(found.layers) == ["fc2", "between layers"]  # the slowest first; no path ends in fc1
    assert (found.layers["fc2"].ends, found.layers["fc2"].breaks, found.breaks) == (2, 2, 3)
    assert found.layers["between layers"].slowest is found.paths[1]
    assert found.cells == {"FDRE": 5, "LUT1": 11}


def test_a_block_is_named_after_its_bus_and_a_nameless_cell_after_what_is_left_of_its_own() -> None:
    draft = Draft()
    bits = [draft.bit(), draft.bit()]
    draft.cell("DSP48E1", {"PREG": "1"}, P=bits)
    draft.name("network.fc1.lane0.p", bits, register=True)
    draft.cell("RAMB36E1", name="network.fc1.table", ADDRARDADDR=[bits[0]], DOADO=[read := draft.bit()])
    draft.name("$abc$7.A", [read], hidden=True)
    draft.cell("RAMB18E1", name=r"$\network.fc1.rom15.words$rdreg[0]$d", ADDRARDADDR=[bits[1]])
    inner, path, other = estimate(draft.read(), ("fc1",)).paths
    assert str(inner) == "fc1 lane0 p -> fc1 lane0 p M register to P"
    assert {str(path), str(other)} == {f"fc1 lane0 p -> fc1 {name} ADDRARDADDR" for name in ("rom15 words", "table")}


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, complaint",
    [
        (b"module top; endmodule", "the netlist is not JSON"),
        (b"[1, 2]", "the netlist has no modules"),
        (b'{"modules": 7}', "the netlist has no modules"),
        (b'{"modules": {"other": {}}}', "the netlist has no module 'top', only ['other']"),
        (b'{"modules": {"top": {}}}', "module top is no netlist"),
        (b'{"modules": {"top": {"cells": 3, "ports": {}, "netnames": {}}}}', "module top is no netlist"),
        (b'{"modules": {"top": {"cells": {"a": {"type": "LUT1"}}, "ports": {}, "netnames": {}}}}', "is no netlist"),
        (b'{"modules": {"top": {"cells": {}, "ports": {"a": {"direction": "up", "bits": []}}}}}', "is no netlist"),
        (b'{"modules": {"top": {"cells": {}, "ports": {"a": {"direction": "input", "bits": [[]]}}}}}', "is no netlist"),
    ],
)
def test_what_is_no_netlist_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_netlist(data, "top")
    assert complaint in str(refused.value) and "\n" not in str(refused.value)


def refusal(draft: Draft) -> str:
    with pytest.raises(BadInput) as refused:
        estimate(draft.read())
    return str(refused.value)


def test_cells_that_the_table_does_not_have_are_refused() -> None:
    draft = Draft()
    draft.cell("LDCE", name="latch", D="0", Q=draft.bit())
    assert refusal(draft).startswith("cell latch is of kind LDCE, which the delay table does not have; it has LUT1, ")
    draft = Draft()
    draft.cell("DSP48E1", name="lane", D=[draft.ff("0")], P=[draft.bit()])
    assert "cell lane (DSP48E1) uses pin D, which the delay table does not have" in refusal(draft)
    draft = Draft()
    draft.cell("DSP48E1", {"USE_DPORT": "TRUE"}, "lane", P=[draft.bit()])
    assert "cell lane (DSP48E1) uses its pre-adder" in refusal(draft)
    draft = Draft()
    draft.cell("DSP48E1", {"PREG": "two"}, "lane", P=[draft.bit()])
    assert "cell lane (DSP48E1) has PREG = 'two'; write binary digits" in refusal(draft)
    draft = Draft()
    draft.cell("RAMB36E1", name="rom", CASCADEINA=draft.ff("0"))
    assert "cell rom (RAMB36E1) uses pin CASCADEINA, which the delay table does not have" in refusal(draft)
    draft = Draft()
    draft.cell("MUXF7", name="mux", O=draft.bit())
    assert "cell mux is no MUXF7: it lacks 'I0'" in refusal(draft)


def test_a_circle_of_logic_is_refused() -> None:
    draft = Draft()
    first, second = draft.bit(), draft.bit()
    draft.cell("LUT2", I0=second, I1=draft.ff("0"), O=first)
    draft.cell("LUT1", I0=first, O=second)
    draft.ff(draft.lut(second))  # behind the circle, not in it
    draft.name("a", [first])
    draft.name("b", [second])
    assert refusal(draft) in (
        f"signal {name} of top depends on itself without a register between; break it" for name in "ab"
    )


def test_two_drivers_of_a_bit_are_refused() -> None:
    draft = Draft()
    q = draft.ff("0", "held")
    draft.cell("LUT1", I0="1", O=q)
    assert "signal held of top is driven by two cells" in refusal(draft)


def test_a_netlist_without_a_path_is_refused() -> None:
    assert "top has no path from a register to a register" in refusal(Draft())


def test_constants_and_undriven_bits_have_settled() -> None:
    draft = Draft()
    draft.ff(draft.lut("0", draft.bit()))
    draft.ff(draft.lut(draft.ff("0"), draft.lut("1")))
    assert slowest(draft) == (CLOCK + WIRE + LUT + SETUP, 1)


def test_notes_of_yosys_are_no_cells() -> None:
    draft = Draft()
    draft.ff(draft.ff("0"))
    document = draft.document()
    document["modules"]["top"]["cells"]["fc1"] = {"type": "$scopeinfo"}
    assert read_netlist(json.dumps(document).encode(), "top").kinds() == {"FDRE": 2}
