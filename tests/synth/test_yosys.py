"""What Yosys makes of the Verilog: the DSP blocks of the cost formula, no latch; and the text is always the same."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from frame_nets import ecg_tiny
from strategies import tdnn

import bittrue_rtl
from bittrue.cost import cost, resources
from bittrue.lower import bram
from bittrue.lower.bram import BUFFER, SHALLOW, rom_blocks
from bittrue.lower.dsp import product_dsps
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import least_interval, schedule
from bittrue.lower.sources import Sources
from bittrue.lower.units import WindowUnit
from bittrue.num import Format
from bittrue.spec import ComplexFIR, Conv1d, Dense, MemoryTaps, Net, Node, TensorType, Term
from bittrue.spec.layer import LAYERS
from bittrue_rtl.mac import Lane
from bittrue_rtl.printing import printed
from bittrue_rtl.rom import Rom
from bittrue_sim.synth import LATCHES, MEMORY_LUTS, xc7_report, xc7_use

needs_yosys = pytest.mark.skipif(
    importlib.util.find_spec("pyosys") is None, reason="no pyosys: pip install -e '.[synth]'"
)


def report(net: Net, interval: int) -> dict[str, int]:
    found = xc7_report(bittrue_rtl.verilog(net, interval), module_name(net))
    assert not set(found) & set(LATCHES), "a latch: some signal keeps its value without a clock"
    assert not [kind for kind in found if kind.startswith("$")], "Yosys could not map a cell"
    return found


# ---- lanes ----------------------------------------------------------------------------------------------------------


@needs_yosys
@pytest.mark.parametrize("weight_bits, given_bits, acc_bits", [(16, 16, 36), (25, 18, 48)])
def test_a_lane_is_one_dsp_block_and_nothing_else(weight_bits: int, given_bits: int, acc_bits: int) -> None:
    lane = printed(Lane(weight_bits, given_bits, acc_bits), "lane")
    assert xc7_report(lane, "lane") == {"DSP48E1": 1}


class Lanes(wiring.Component):
    """Lanes of several widths side by side."""

    def __init__(self, widths: Sequence[tuple[int, int]]) -> None:
        self.lanes = [Lane(weight, given, 48) for weight, given in widths]
        names = ("weight", "given", "first", "carry", "acc")
        super().__init__(
            {
                f"{name}{k}": (Out if name == "acc" else In)(getattr(lane, name).shape())
                for k, lane in enumerate(self.lanes)
                for name in names
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for k, lane in enumerate(self.lanes):
            m.submodules[f"lane{k}"] = lane
            m.d.comb += getattr(self, f"acc{k}").eq(lane.acc)
            m.d.comb += [
                getattr(lane, name).eq(getattr(self, f"{name}{k}")) for name in ("weight", "given", "first", "carry")
            ]
        return m


WIDTHS = [(4, 4), (5, 4), (1, 16), (2, 6), (2, 7), (25, 18), (18, 25), (26, 16), (19, 19), (26, 19), (42, 5), (43, 4)]


@needs_yosys
@pytest.mark.parametrize("widths", [WIDTHS[:4], WIDTHS[4:8], WIDTHS[8:]], ids=["small", "around one block", "wide"])
def test_wide_and_small_products_take_the_blocks_of_the_formula(widths: list[tuple[int, int]]) -> None:
    text = printed(Lanes(widths), "lanes")
    assert xc7_report(text, "lanes").get("DSP48E1", 0) == sum(product_dsps(*pair) for pair in widths)


# ---- read-only memories ---------------------------------------------------------------------------------------------


class Roms(wiring.Component):
    """ROMs of random words side by side, each ``(words, bits, ports)``, behind registers."""

    def __init__(self, shapes: Sequence[tuple[int, int, int]]) -> None:
        rng = np.random.default_rng(3)
        self.roms = [
            Rom(bits, rng.integers(-(1 << bits - 1), 1 << bits - 1, words), ports) for words, bits, ports in shapes
        ]
        self.ports = [pair for rom in self.roms for pair in zip(rom.address, rom.data, strict=True)]
        super().__init__(
            {f"address{k}": In(address.shape()) for k, (address, _) in enumerate(self.ports)}
            | {f"data{k}": Out(data.shape()) for k, (_, data) in enumerate(self.ports)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules += self.roms
        for k, (address, data) in enumerate(self.ports):
            m.d.comb += address.eq(getattr(self, f"address{k}"))
            m.d.sync += getattr(self, f"data{k}").eq(data)
        return m


def roms(*shapes: tuple[int, int, int]) -> dict[str, int]:
    return xc7_report(printed(Roms(shapes), "roms"), "roms")


@needs_yosys
@pytest.mark.parametrize(
    "shape",
    [
        (SHALLOW, 16, 1),
        (SHALLOW + 1, 16, 2),
        (512, 36, 1),
        (512, 36, 2),
        (1024, 18, 2),
        (2048, 10, 2),
        (3000, 16, 2),  # three pieces, one of which is picked behind their registers
        (5000, 8, 1),
    ],
    ids=str,
)
def test_roms_take_the_block_rams_of_the_formula(shape: tuple[int, int, int]) -> None:
    found = roms(shape)
    assert xc7_use(found)["RAMB18"] == rom_blocks(*shape)
    if shape[0] > SHALLOW:
        words, bits, ports = shape
        pieces = -(-words // bram.shape(*shape)[0])
        which = (pieces - 1).bit_length()
        assert found["FDRE"] == ports * (bits * (pieces + 1) + 2 * which)  # those of the component, and of the memory
        picking = {"LUT5"} if pieces > 1 else set()
        assert set(found) <= {"FDRE", "RAMB18E1", "RAMB36E1"} | picking and found.get("LUT5", 0) <= bits * ports


@needs_yosys
@pytest.mark.parametrize("words", [4096, pytest.param(16_384, marks=pytest.mark.heavy)])
def test_one_copy_of_a_table_of_16_bit_words_serves_two_look_ups_a_clock(words: int) -> None:
    """Nothing picks among its block RAMs."""
    used = xc7_use(roms((words, 16, 2)))
    assert used["LUT"] == 0 and used["RAMB18"] == rom_blocks(words, 16, 2) == words // 1024


# ---- nets -----------------------------------------------------------------------------------------------------------


@needs_yosys
@pytest.mark.parametrize(
    "layer, interval",
    [
        ("Add", 4),
        ("MemoryTaps", 4),
        ("ComplexFIR", 4),
        ("Dense", 4),
        ("Dense", 16),
        ("Table", 4),
        ("Conv1d", 36),
        ("Conv1d", 300),
        ("MaxPool1d", 52),
        ("AvgPool1d", 68),
        ("Flatten", 16),
        ("Reshape", 48),
        ("Concat", 80),
        ("Constant", 40),
        ("Upsample", 36),
        ("Interleave", 36),
        ("Conv2d", 40),
        ("Conv2d", 400),
        ("ConvTranspose1d", 24),
        ("ConvTranspose2d", 216),
        ("MaxPool2d", 112),
        ("AvgPool2d", 168),
        ("Sub", 4),
        ("Mul", 4),
        ("ComplexMul", 4),
        ("BitwiseOr", 4),
        ("BitwiseXor", 8),
    ],
)
def test_every_layer_takes_the_dsp_blocks_of_its_cost(layer: str, interval: int) -> None:
    net = LAYERS[layer].example()
    assert report(net, interval).get("DSP48E1", 0) == cost(net, interval).dsps


@needs_yosys
@pytest.mark.parametrize("layer", ["Add", "MemoryTaps", "Dense", "MaxPool1d"])
def test_what_a_net_keeps_is_what_yosys_finds_at_least(layer: str) -> None:
    net = LAYERS[layer].example()
    interval = least_interval(net)
    found, kept = report(net, interval), resources(net, interval)
    assert kept.ff is not None and kept.lutram is not None
    assert 0 < kept.ff <= xc7_use(found)["FF"]
    assert 0 < kept.lutram <= sum(found.get(kind, 0) * luts for kind, luts in MEMORY_LUTS.items())


@needs_yosys
def test_a_delay_line_takes_the_flip_flops_of_its_formula() -> None:
    fmt = Format.parse("Q1.7")

    def tapped(delay: int) -> Net:
        return Net(f"tapped{delay}", TensorType((2,), fmt), (Node("t", MemoryTaps((0, delay), (), fmt), ("input",)),))

    short, long = tapped(4), tapped(40)
    more = xc7_use(report(long, 8))["FF"] - xc7_use(report(short, 8))["FF"]
    assert more == 36 * 2 * 8 == (resources(long, 8).ff or 0) - (resources(short, 8).ff or 0)


def test_every_kind_of_layer_is_synthesised() -> None:
    (mark,) = (m for m in test_every_layer_takes_the_dsp_blocks_of_its_cost.pytestmark if m.name == "parametrize")
    assert {layer for layer, _ in mark.args[1]} == set(LAYERS)


@needs_yosys
@pytest.mark.parametrize("bits", [4, 9])
def test_powers_take_the_dsp_blocks_of_the_formula(bits: int) -> None:
    """Narrow words give products of LUTs, and parts of a squared envelope that are hardly there."""
    fmt = Format(bits, bits - 1)
    fir = ComplexFIR((Term(3, (0,)), Term(4, (0,))), np.array([[fmt.lo, 1], [fmt.hi, 3]]), fmt, fmt, fmt)
    net = Net("powers", TensorType((2,), fmt), (Node("fir", fir, ("input",)),))
    assert report(net, 8).get("DSP48E1", 0) == cost(net, 8).dsps


@needs_yosys
def test_a_deep_table_goes_to_block_ram() -> None:
    net = LAYERS["Table"].example()
    assert xc7_use(report(net, 4))["RAMB18"] == cost(net, 4).ramb18 == 1


@needs_yosys
def test_deep_weight_and_bias_roms_take_the_blocks_of_the_formula() -> None:
    fmt, rng = Format(6, 5), np.random.default_rng(4)
    weight, bias = rng.integers(fmt.lo, fmt.hi, (65, 1)), rng.integers(-(1 << 9), 1 << 9, 65)
    net = Net("deep", TensorType((1,), fmt), (Node("fc", Dense(weight, bias, fmt, Format(2, 1)), ("input",)),))
    assert cost(net, 65).nodes["fc"].roms == 2
    assert xc7_use(report(net, 65))["RAMB18"] == cost(net, 65).ramb18 == 2


@needs_yosys
def test_deep_filters_and_buffers_take_the_blocks_of_the_formula() -> None:
    """Weights of a lane, biases, and columns: each in the memory of its formula."""
    fmt, rng = Format(8, 7), np.random.default_rng(5)
    weight = rng.integers(fmt.lo, fmt.hi, (3, 40, 3))
    conv = Conv1d(weight, rng.integers(-(1 << 12), 1 << 12, 3), fmt, Format(8, 2))
    net = Net("deep", TensorType((40, 12), fmt), (Node("conv", conv, ("input",)),))
    for interval, blocks, deep in ((12 * 400, 2, True), (12 * 40, 0, False)):
        unit = schedule(net, interval).steps["conv"].part(WindowUnit)
        assert unit is not None and (unit.plan.buffer.words > BUFFER) == deep
        used = xc7_use(report(net, interval))
        assert used["DSP48E1"] == cost(net, interval).dsps
        assert used["RAMB18"] == cost(net, interval).ramb18 == blocks


@needs_yosys
@pytest.mark.parametrize(
    "interval, most_dsps", [(32, 56), pytest.param(8, 205, marks=pytest.mark.heavy)], ids=["32", "8"]
)
def test_the_tdnn_fits_a_zynq_7020(interval: int, most_dsps: int) -> None:
    net = tdnn("wide", seed=0)
    used = xc7_use(report(net, interval))
    assert used["DSP48E1"] == cost(net, interval).dsps <= most_dsps
    assert used["LUT"] <= 53_200 // 4 and used["FF"] <= 106_400 // 4


@needs_yosys
@pytest.mark.heavy
def test_the_weights_of_a_heartbeat_classifier_lie_in_block_ram() -> None:
    """Six lanes, one a layer: what the formula says is what synthesis finds."""
    used, price = xc7_use(report(ecg_tiny(), 1 << 16)), cost(ecg_tiny(), 1 << 16)
    assert (used["DSP48E1"], -(-used["RAMB18"] // 2)) == (price.dsps, -(-price.ramb18 // 2)) == (6, 4)


def test_use_adds_up_what_cells_take() -> None:
    cells = {"LUT6": 2, "LUT1": 1, "RAM32M": 3, "SRLC32E": 1, "FDRE": 5, "FDSE": 1, "RAMB36E1": 1, "RAMB18E1": 1}
    assert xc7_use(cells | {"CARRY4": 9}) == {"DSP48E1": 0, "LUT": 3 + 12 + 1, "FF": 6, "RAMB18": 3}


@needs_yosys
def test_a_text_that_is_no_verilog_is_named() -> None:
    with pytest.raises(RuntimeError, match="Yosys failed on module nothing"):
        xc7_report(Sources("module something; endmodule\n"), "nothing")


# ---- the text itself ------------------------------------------------------------------------------------------------

PRINT = """
from bittrue.lower.schedule import least_interval
from bittrue.spec import LAYERS
import bittrue_rtl
for layer in LAYERS.values():
    net = layer.example()
    print(bittrue_rtl.verilog(net, 2 * least_interval(net), probes=True))
"""


def printed_by(folder: Path, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC-{seed}"}
    done = subprocess.run(
        [sys.executable, "-c", PRINT], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_text_depends_on_the_net_and_the_interval_only(tmp_path: Path) -> None:
    text = printed_by(tmp_path, "1")
    assert text == printed_by(Path(__file__).parent, "2")
    for layer in LAYERS.values():
        assert re.search(rf"module \\{{0,2}}{module_name(layer.example())} ?\(", text)
    root = Path(__file__).resolve().parents[2]
    for path in (tmp_path, root, Path.home(), Path(sys.prefix)):
        assert str(path) not in text
    assert ".py" not in text and "(* src" not in text
    assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", text)
