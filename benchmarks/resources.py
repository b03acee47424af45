"""What overlays take of an xc7z020, module by module: Yosys's netlist, as the Markdown tables of docs/resources.md.

    python benchmarks/resources.py weights/tdnn-thermal --intervals 16 32 64

Yosys takes minutes for each interval; what was counted once is kept in the build cache.
"""

from __future__ import annotations

import argparse
import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path

from bittrue import spec
from bittrue.cli import source_overlay, streaming
from bittrue.cost import XC7Z020, Resources, resources
from bittrue.lower.schedule import built_nodes, has_frames
from bittrue.lower.source import source_plan
from bittrue.lower.stream_shell import bank_count, shell_name
from bittrue.lower.streaming import StreamPlan, stream_plan
from bittrue.spec import Net, source_store
from bittrue.spec.source import Source
from bittrue.targets.pynq_z1.build import loadable
from bittrue_rtl import shell, source_shell, streamed_shell
from bittrue_sim.synth import xc7_parts, xc7_use

KINDS = {"LUT": "lut", "FF": "ff", "DSP48E1": "dsp", "RAMB18": "ramb36"}
PARTS = {"slave": "AXI4-Lite slave", "registers": "registers", "loader": "weight loader", "hashes": "bank hashes"}
REST = "streams, sidecar, forks, branch queues"
REST_OF_SOURCES = "settings, counters, choice of latents, gain, queues"
BANKS = ("cold", "normal", "hot")


def nets_of(folder: Path) -> list[Net]:
    """The net of a folder, or its thermal banks."""
    if (folder / "net.json").exists():
        return [spec.load(folder)]
    return [spec.load(folder / bank) for bank in BANKS]


def held(nets: Sequence[Net]) -> Sequence[Net]:
    """The nets that the hardware of an overlay holds in banks."""
    return loadable({str(number): net for number, net in enumerate(nets)})


def streaming_plan(nets: Sequence[Net], interval: int) -> StreamPlan | None:
    """The plan of a net without banks that does not fit; on one clock with its port."""
    plan = None if held(nets) else stream_plan(nets[0], interval)
    return plan if plan is not None and plan.layers else None


def counted(nets: Sequence[Net], interval: int) -> dict[str, dict[str, int]]:
    """Cells of every module of an overlay's shell, by its name here; the nets are its first banks."""
    net, top = nets[0], shell_name(nets[0])
    parts = {f"{top}.{part}": title for part, title in PARTS.items()}
    parts |= {f"{top}.streams.network.{name}": f"layer {name}" for name in built_nodes(net)}
    if has_frames(net):
        parts[f"{top}.streams.framer"] = "frames in front of the net"
    plan = streaming_plan(nets, interval)
    if plan is None:
        sources = shell.verilog(net, interval, held(nets))
    else:
        sources, parts[f"{top}.reader"] = streamed_shell.verilog(net, interval, plan), "reader of weights"
    reports = xc7_parts(sources, top, list(parts))
    return {parts.get(module, REST): xc7_use(report) for module, report in reports.items()}


def counted_source(source: Source, interval: int) -> dict[str, dict[str, int]]:
    """Cells of every module of a source's shell, by its name here."""
    top, plan = shell_name(source.net), source_plan(source, interval)
    parts = {f"{top}.{part}": PARTS[part] for part in ("slave", "registers")} | {f"{top}.outlet": "outlet"}
    parts |= {f"{top}.stream.generator{k}": f"generator {k}" for k in range(len(plan.engines))}
    parts |= {f"{top}.stream.latent_{name}": f"latent {name}" for name in source.latents}
    parts |= {f"{top}.stream.parameter_{name}": f"parameter {name}" for name in source.parameters}
    parts |= {f"{top}.stream.network.{name}": f"layer {name}" for name in built_nodes(source.net)}
    reports = xc7_parts(source_shell.source_shell_verilog(source, interval), top, list(parts))
    return {parts.get(module, REST_OF_SOURCES): xc7_use(report) for module, report in reports.items()}


def print_source(folder: Path, interval: int) -> None:
    """The table of a source."""
    source = source_store.load(folder)
    print(f"### {folder.name}, a source, interval {interval}\n")
    print_parts(counted_source(source, interval))
    formula = source_overlay.taken(source_plan(source, interval))
    print(f"\nBy formula: {formula.dsp} DSP48E1, {formula.ramb36} RAMB36E1.\n", flush=True)


def print_parts(parts: Mapping[str, Mapping[str, int]]) -> None:
    """Modules, their sum, and what that is of the chip."""
    used = {kind: sum(part[kind] for part in parts.values()) for kind in KINDS}
    print(f"| module | {' | '.join(KINDS)} |\n|---|{'---:|' * len(KINDS)}")
    for name, part in parts.items():
        print(f"| {name} | {' | '.join(f'{part[kind]:,}' for kind in KINDS)} |")
    print(f"| **all** | {' | '.join(f'**{used[kind]:,}**' for kind in KINDS)} |")
    there = {kind: getattr(XC7Z020, field) * (2 if kind == "RAMB18" else 1) for kind, field in KINDS.items()}
    print(f"| of an xc7z020 | {' | '.join(f'{100 * used[kind] / there[kind]:.0f} %' for kind in KINDS)} |")


def main() -> None:
    """Print a table for each net and interval, and one of the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nets", nargs="+", type=Path, metavar="NET")
    parser.add_argument("--intervals", nargs="+", type=int, default=[8, 16, 32, 64])
    chosen = parser.parse_args()
    print(f"pyosys {importlib.metadata.version('pyosys')}, synth_xilinx -family xc7, each module within its borders\n")
    for folder in chosen.nets:
        if source_store.has_source(folder):
            for interval in chosen.intervals:
                print_source(folder, interval)
            continue
        nets = nets_of(folder)
        for interval in chosen.intervals:
            parts = counted(nets, interval)
            banks = bank_count(len(held(nets)))
            print(f"### {folder.name}, {'fixed weights' if banks == 1 else f'{banks} banks'}, interval {interval}\n")
            print_parts(parts)
            plan = streaming_plan(nets, interval)
            formula: Resources = resources(nets[0], interval, banks=len(held(nets)), shell=True)
            if plan is not None:
                formula = streaming.taken(nets[0], interval, plan, shell=True)
            print(f"\nBy formula: {formula.dsp} DSP48E1, {formula.ramb36} RAMB36E1.", end="")
            print(f" Weights of {', '.join(plan.names)} from memory.\n" if plan else "\n", flush=True)


if __name__ == "__main__":
    main()
