"""Pipelines: what nets and their matrices take, beside da4ml's Verilog; prints tables of docs/realtime.md.

    python benchmarks/realtime.py [--tables nets paces matrices]

Both are synthesised and timed by the same Yosys flow (`bittrue.timing`), minutes for all. da4ml (LGPL-3) is no
dependency: where it is not installed, its rows are left out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import bittrue_rtl
from bittrue.cost import cost
from bittrue.lower.means import Means
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.ports import module_name
from bittrue.lower.products import DSPS
from bittrue.lower.schedule import built_nodes, schedule
from bittrue.lower.sources import Sources
from bittrue.spec import Dense, MemoryTaps, Net, Node, TensorType, as_net
from bittrue.timing.netlist import Netlist
from bittrue.timing.report import estimate
from bittrue.timing.synthesis import netlist_of
from bittrue_rtl.adders import Adders, shape_of
from bittrue_rtl.pipeline import Pipeline
from bittrue_rtl.printing import printed
from bittrue_sim.synth import xc7_use

PUBLISHED = "| SparseDPD, published: Vivado on a Zynq-7010 | 64 | 73 | 2,546 | 1,528 | 26 | 170, met |"
"""Versluis, Wu and Gao, 2025: cells of its synthesis log, and the constraint that its place and route met."""


def sparse(weights: int = 64, seed: int = 1) -> Net:
    """A net as large as SparseDPD's: 12 features, 12 hidden neurons, so many weights of 14 bits that are not zero.

    Each hidden neuron has one input at least and both outputs. Weights are drawn, not trained.
    """
    rng = np.random.default_rng(seed)

    def drawn(count: int) -> Any:
        return rng.integers(1, 1 << 13, count) * rng.choice([-1, 1], count)

    first, last = np.zeros((12, 12), np.int64), drawn(24).reshape(2, 12)
    first[np.arange(12), rng.integers(0, 12, 12)] = drawn(12)
    free = np.flatnonzero(first.ravel() == 0)
    first.ravel()[rng.permutation(free)[: weights - 36]] = drawn(weights - 36)
    limit = 1 << 20
    hidden = Dense(first, rng.integers(-limit, limit, 12), "Q2.12", "Q2.12", "relu")
    output = Dense(last, rng.integers(-limit, limit, 2), "Q1.13", "Q1.13")
    nodes = [Node("features", MemoryTaps((0, 1, 2), (1, 3), "Q1.13"), "input")]
    nodes += [Node("hidden", hidden, "features"), Node("output", output, "hidden")]
    return Net("sparse", TensorType((2,), "Q1.13"), nodes)


def narrowed(name: str, bits: int) -> Net:
    """A committed net with its weights rounded to so many bits."""
    net = as_net(name)

    def narrow(layer: Any) -> Any:
        if not isinstance(layer, Dense):
            return layer
        step = 1 << layer.weight_format.bits - bits
        codes = np.clip((layer.weight + step // 2) // step * step, layer.weight_format.lo, layer.weight_format.hi)
        return replace(layer, weight=codes)

    nodes = [replace(node, layer=narrow(node.layer)) for node in net.nodes]
    return replace(net, name=f"{net.name}-{bits}", nodes=nodes)


def counts(netlist: Netlist) -> dict[str, int]:
    """LUT, FF, DSP48E1 and RAMB18 of a netlist."""
    kinds: dict[str, int] = {}
    for cell in netlist.cells:
        kinds[cell.kind] = kinds.get(cell.kind, 0) + 1
    return xc7_use(kinds)


def net_rows(cases: Mapping[str, tuple[Net, int]]) -> Iterator[str]:
    """A line a net and number of DSP48E1."""
    yield "| net | weights not zero | DSP48E1 | LUT | FF | RAMB18 | MHz, estimated | by formula: DSP48E1, adder bits |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for title, (net, dsps) in cases.items():
        netlist = netlist_of(bittrue_rtl.verilog(net, 1, dsps=dsps), module_name(net))
        use, found, price = counts(netlist), estimate(netlist, built_nodes(net)), cost(net, 1, dsps=dsps)
        figures = [price.lanes, use["DSP48E1"], use["LUT"], use["FF"], use["RAMB18"]]
        cells = " | ".join(f"{figure:,}" for figure in figures)
        yield f"| {title} | {cells} | {found.mhz:.0f} | {price.dsps}, {price.adders:,} |"
    yield PUBLISHED + " |"


def pace_rows(cases: Sequence[tuple[str, Net, int, int, bool]]) -> Iterator[str]:
    """A line a net, interval, samples a clock and kind of weights."""
    yield (
        "| net | clocks a sample | weights | DSP48E1 | LUT | FF | RAMB18 | MHz, estimated | MS/s at that | "
        "by formula: DSP48E1, adder bits, memory LUTs |"
    )
    yield "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|"
    for title, net, interval, samples, banked in cases:
        means, banks = Means(samples=samples), (net, net) if banked else ()
        sources = printed(Pipeline(net, interval, banks=banks, means=means), "pipeline")
        netlist = netlist_of(sources, "pipeline")
        use, found = counts(netlist), estimate(netlist, built_nodes(net))
        price = cost(net, interval, len(banks), **means.options)
        cells = " | ".join(f"{use[kind]:,}" for kind in ("DSP48E1", "LUT", "FF", "RAMB18"))
        pace = f"{interval}" if samples == 1 else f"1 / {samples}"
        yield (
            f"| {title} | {pace} | {'2 banks' if banked else 'fixed'} | {cells} | {found.mhz:.0f} | "
            f"{found.mhz * samples / interval:.0f} | {price.dsps}, {price.adders:,}, {price.stored.lutram:,} |"
        )


class Sums(wiring.Component):
    """Registers, the adders of a matrix, and registers."""

    def __init__(self, plan: PipelinedMatrix) -> None:
        self.plan = plan
        ends = [plan.intervals[k] for k in range(plan.graph.inputs)]
        ports: dict[str, Any] = {f"x{k}": In(shape_of(interval)) for k, interval in enumerate(ends)}
        ports |= {f"y{row}": Out(signed(plan.acc[row].bits)) for row in plan.rows()}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        given = []
        for k in range(self.plan.graph.inputs):
            port = getattr(self, f"x{k}")
            given.append(Signal(port.shape(), name=f"given{k}", reset_less=True))
            m.d.sync += given[-1].eq(port)
        adders = Adders(m, self.plan, given)
        for row, term in enumerate(self.plan.graph.outputs):
            if term is not None:
                y = adders.at(term.node, self.plan.summed(row)).shift_left(term.shift)
                m.d.comb += getattr(self, f"y{row}").eq(y)
        return m


def of_da4ml(plan: PipelinedMatrix) -> tuple[Sources, int]:
    """da4ml's pipeline for the same matrix, biases and input intervals, one adder between registers; its adders."""
    from da4ml.codegen.rtl import RTLModel
    from da4ml.trace import FixedVariable, FixedVariableArray, HWConfig, comb_trace

    config = HWConfig(1, -1, 1)
    words = [FixedVariable(float(x.lo), float(x.hi), 1.0, hwconf=config) for x in plan.given]
    given = FixedVariableArray(np.array(words), None, hwconf=config)
    logic = comb_trace(given, given @ plan.matrix.weight.T.astype(float) + plan.matrix.bias.astype(float))
    with tempfile.TemporaryDirectory() as folder:
        RTLModel(logic, "da4ml_matrix", folder, latency_cutoff=1, print_latency=False).write()
        files = sorted(Path(folder, "src").rglob("*.v"))
        used = [file for file in files if not file.name.endswith(("_wrapper.v", "lookup_table.v"))]
        text = "\n".join(file.read_text() for file in used)
    return Sources(text, {}), sum(op.opcode in (0, 1, 4) for op in logic.ops)


def matrix_rows(nets: Sequence[Net]) -> Iterator[str]:
    """Two lines a matrix: bittrue's adders, and da4ml's."""
    yield "| matrix | by | adders | LUT | FF | MHz, estimated |"
    yield "|---|---|---:|---:|---:|---:|"
    for net in nets:
        for name, step in schedule(net, 1, dsps=0).steps.items():
            plan: PipelinedMatrix | None = getattr(step.units[-1], "product", None)
            if plan is None:
                continue
            cases = [("bittrue", lambda plan=plan: (printed(Sums(plan), "sums"), len(plan.graph.adders)), "sums")]
            if importlib.util.find_spec("da4ml"):
                cases.append(("da4ml", lambda plan=plan: of_da4ml(plan), "da4ml_matrix"))
            for maker, make, top in cases:
                sources, adders = make()
                netlist = netlist_of(sources, top)
                use, found = counts(netlist), estimate(netlist, ())
                shape = " x ".join(map(str, plan.matrix.weight.shape))
                yield (
                    f"| {net.name} {name}, {shape} | {maker} | {adders:,} | {use['LUT']:,} | {use['FF']:,} | "
                    f"{found.mhz:.0f} |"
                )


TABLES = ["nets", "paces", "matrices"]


def main(arguments: Sequence[str]) -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    tables = parser.parse_args(arguments).tables
    small, narrow = sparse(), narrowed("tdnn-compat", 8)
    if "nets" in tables:
        cases = {
            "12-12-2, 64 weights of 14 bits": (small, DSPS),
            "the same, 30 DSP48E1 at most": (small, 30),
            "the same, none for weights": (small, 0),
            "tdnn-compat, weights of 8 bits": (narrow, DSPS),
        }
        print("\n".join(net_rows(cases)), flush=True)
    if "paces" in tables:
        paces = [(1, 1, False), (2, 1, False), (3, 1, False), (1, 2, False), (1, 1, True), (2, 1, True), (3, 1, True)]
        cases = [("12-12-2, 64 weights of 14 bits", small, *pace) for pace in paces]
        for line in pace_rows(cases):
            print(line, flush=True)
    if "matrices" in tables:
        for line in matrix_rows([small, narrow]):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
