"""``bittrue overlay`` of a net that is a noise source."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from bittrue.cli.parser import remark
from bittrue.cost import XC7Z020, Resources, cost, default_source_interval, resources
from bittrue.errors import BadInput
from bittrue.files import made_folder
from bittrue.lower.source import SourcePlan, source_plan
from bittrue.spec import source_store
from bittrue.targets.pynq_z1.build import OverlayFolder
from bittrue.targets.pynq_z1.source_build import write_source_overlay
from bittrue.targets.pynq_z1.source_manifest import SourceManifest


@dataclass(frozen=True)
class Said:
    """A written overlay, and what the command says of it: with ``--json``, and without."""

    written: OverlayFolder
    numbers: Mapping[str, object]
    lines: Sequence[str]


def asked(nets: Sequence[str]) -> bool:
    """Whether the folders given are a source. Raises `BadInput` for a source among others: it has no banks."""
    sources = [net for net in nets if source_store.has_source(net)]
    if sources and len(nets) > 1:
        raise BadInput(
            f"{len(nets)} nets are given, and {sources[0]} is a noise source, which has no banks; give it alone"
        )
    return bool(sources)


def refuse_bram() -> NoReturn:
    """Raise `BadInput`: a source has no use for the option."""
    raise BadInput(
        "--bram says which weights of a net stream from memory, and those of a noise source do not; leave it out"
    )


def write(arguments: argparse.Namespace) -> Said:
    """Write the overlay of the one source given."""
    if arguments.names is not None:
        raise BadInput("--names names the banks of a net, and a noise source has none; leave it out")
    if arguments.fixed or arguments.samples_per_clock > 1 or arguments.dsps is not None or arguments.luts is not None:
        raise BadInput(
            "--fixed, --dsps, --luts and --samples-per-clock are for a pipeline, and a noise source is none; leave "
            "them out"
        )
    if arguments.bram is not None:
        refuse_bram()
    source = source_store.load(arguments.nets[0])
    interval = arguments.interval or default_source_interval(source)
    with made_folder(arguments.output):  # refused before the work, not after it
        written = write_source_overlay(
            source,
            arguments.output,
            interval=interval,
            clock_mhz=arguments.clock,
            simulated=arguments.simulated,
            hdmi=arguments.hdmi,
        )
    mhz, plan = SourceManifest.read(written.manifest).clock_mhz, source_plan(source, interval)
    used = taken(plan)
    warn(used)
    numbers = {
        "net": source.net.name,
        "clock_mhz": mhz,
        "interval": interval,
        "samples": source.samples,
        "samples_a_second": plan.samples_a_clock * mhz * 1e6,
        "fits_xc7z020": used.fits(XC7Z020),
    }
    names = ", ".join(source.settings) or "none"
    return Said(written, numbers, (f"net {source.net.name}, a source; parameters: {names}", plan.described(mhz)))


def taken(plan: SourcePlan) -> Resources:
    """What a source takes by formula: its net, and what is around that."""
    net = resources(plan.source.net, plan.interval)
    blocks = cost(plan.source.net, plan.interval).ramb18 + plan.ramb18
    return replace(net, dsp=net.dsp + plan.dsps, ramb36=-(-blocks // 2))


def warn(used: Resources) -> None:
    """Say where a net does not fit the board's part."""
    if not used.fits(XC7Z020):
        remark(
            "by formula the net does not fit an xc7z020 at this interval; raise it (bittrue info says what it takes)"
        )
