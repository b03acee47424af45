"""A net as files of another language: Verilog and C."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from bittrue import limits
from bittrue.check.legs import require_generator
from bittrue.cosim.streams import net_streams
from bittrue.cost import cost, default_interval, default_source_interval
from bittrue.emit.c import write_sources
from bittrue.emit.c.source_files import write_source
from bittrue.emit.folder import write_folder
from bittrue.lower.means import chosen
from bittrue.lower.ports import module_name
from bittrue.lower.source import source_name, source_plan
from bittrue.lower.stored import SHIFT
from bittrue.spec import Net, as_net
from bittrue.spec.source import Source
from bittrue.spec.source_store import has_source, load
from bittrue.spec.store import content_hash

LANE, ELABORATION = 100, 4096
"""Register bits of a lane, and bytes that the generator takes for a bit."""


def verilog(
    net: Net | Source | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    interval: int | None = None,
    probes: bool = False,
    dsps: int | None = None,
    luts: int | None = None,
    samples: int = 1,
) -> list[Path]:
    """Write a net as a Verilog module with AXI4-Stream ports, its memory files, and their list of SHA-256.

    Of a `Source`, and of a folder with one, also the module ``MODULE_source``, the net with its generator
    (docs/noise-source.md).

    Parameters
    ----------
    net : Net, Source, folder or name of a committed net
    folder : path
        Made if need be.
    interval : int, optional
        Clocks a sample; without, `bittrue.cost.default_interval`, of a source `bittrue.cost.default_source_interval`.
    probes : bool
        Also give every node's tensor on ports ``tap_NODE_*``.
    dsps, luts : int, optional
        Most DSP48E1 and LUTs of a pipeline, which an interval below 4 asks for: adders do what DSP48E1 do not.
    samples : int
        Samples that it takes in a clock, side by side, at an interval of 1.

    Returns
    -------
    list of Path
        The files, all written or none.

    Raises
    ------
    BadInput
        Where the generator is not installed, the hardware cannot have this net or interval, or the folder cannot be
        written or holds another net's files.
    """
    source = _source(net)
    net = source.net if source else as_net(net)  # type: ignore[arg-type]
    require_generator()
    if interval is None:
        interval = default_source_interval(source) if source else default_interval(net)
    means = chosen(interval, dsps, luts, samples).options
    price = cost(net, interval, **means)
    bits = price.stored.ff + SHIFT * price.stored.lutram + LANE * price.lanes
    limits.take(ELABORATION * bits, f"net {net.name}: generating hardware of {bits:,} bits of registers")
    import bittrue_rtl

    sources = bittrue_rtl.verilog(net, interval, probes=probes, **means)
    sources = replace(sources, verilog=_head(net, interval, samples) + sources.verilog)
    files = sources.listed_files(module_name(net))
    return write_folder(folder, files | (_source_files(source, interval) if source else {}), net.name)


def _head(net: Net, interval: int, samples: int) -> str:
    """What the file says of itself."""
    what = "A sample" if samples == 1 else f"{samples} samples, the oldest lowest,"
    pace = "clock" if interval == 1 else f"{interval} clocks"
    return (
        f"/* Net {net.name}, printed by bittrue; do not edit. Content hash:\n * {content_hash(net)}\n"
        f" * {what} every {pace}. Streams:\n{_streams(net, interval, samples)} */\n"
    )


def _source(net: Net | Source | str | os.PathLike[str]) -> Source | None:
    """The source that is given, or lies in the folder that is."""
    if isinstance(net, Net):
        return None
    if isinstance(net, Source):
        return net
    return load(net) if has_source(net) else None


def _source_files(source: Source, interval: int) -> dict[str, str]:
    """Verilog, memory files and list of a net with its generator."""
    from bittrue_rtl.source import source_verilog

    plan, net = source_plan(source, interval), source.net
    parameters = "".join(
        f" * param_{name.lower()}: {found.low} to {found.high}, {found.default} without a wish; its value is "
        f"(code + {found.offset}) * 2^{-found.frac}\n"
        for name, (found, _) in source.settings.items()
    )
    head = (
        f"/* Net {net.name} as a noise source, printed by bittrue; do not edit. Content hash:\n * {content_hash(net)}\n"
        f" * {source.samples} samples every {plan.clocks} clocks, {plan.latency} clocks or more after a restart.\n"
        f" * m_axis: {net.output}, {plan.output}\n{parameters}"
        f" * gain: {source.gain} without a wish, a code of Q4.12 */\n"
    )
    made = source_verilog(source, interval)
    return replace(made, verilog=head + made.verilog).listed_files(source_name(net))


def c(net: Net | Source | str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Write a net as integer-only C99, a header and a source, into ``folder``, made if need be; return their paths.

    Of a `Source`, and of a folder with one, also ``MODULE_source.h`` and ``.c``, which give its signal
    (docs/noise-source.md).

    Raises `BadInput` where a layer has no C leg, or the folder cannot be written or holds another net's files.
    """
    source = _source(net)
    return write_source(source, folder) if source else write_sources(as_net(net), folder)  # type: ignore[arg-type]


def _streams(net: Net, interval: int, samples: int) -> str:
    """In which order the elements of every input and output travel, a line each."""
    inputs, outputs, _ = net_streams(net, interval, probes=False, samples=samples)
    return "".join(f" * {stream.name}: {stream.tensor}, {stream.beats}\n" for stream in (*inputs, *outputs))
