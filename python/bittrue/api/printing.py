"""A net as files of another language: Verilog and C."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from bittrue import limits
from bittrue.check.legs import require_generator
from bittrue.cosim.streams import net_streams
from bittrue.cost import cost, default_interval
from bittrue.emit.c import write_sources
from bittrue.emit.folder import write_folder
from bittrue.lower.ports import module_name
from bittrue.lower.stored import SHIFT
from bittrue.spec import Net, as_net
from bittrue.spec.store import content_hash

LANE, ELABORATION = 100, 4096
"""Register bits of a lane, and bytes that the generator takes for a bit."""


def verilog(
    net: Net | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    interval: int | None = None,
    probes: bool = False,
) -> list[Path]:
    """Write a net as a Verilog module with AXI4-Stream ports, its memory files, and their list of SHA-256.

    Parameters
    ----------
    net : Net, folder or name of a committed net
    folder : path
        Made if need be.
    interval : int, optional
        Clocks a sample; without, `bittrue.cost.default_interval`.
    probes : bool
        Also give every node's tensor on ports ``tap_NODE_*``.

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
    net = as_net(net)
    require_generator()
    interval = default_interval(net) if interval is None else interval
    price = cost(net, interval)
    bits = price.stored.ff + SHIFT * price.stored.lutram + LANE * price.lanes
    limits.take(ELABORATION * bits, f"net {net.name}: generating hardware of {bits:,} bits of registers")
    import bittrue_rtl

    head = (
        f"/* Net {net.name}, printed by bittrue; do not edit. Content hash:\n * {content_hash(net)}\n"
        f" * A sample every {price.interval} clocks. Streams:\n{_streams(net, interval)} */\n"
    )
    sources = bittrue_rtl.verilog(net, interval, probes=probes)
    sources = replace(sources, verilog=head + sources.verilog)
    return write_folder(folder, sources.listed_files(module_name(net)), net.name)


def c(net: Net | str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Write a net as integer-only C99, a header and a source, into ``folder``, made if need be; return their paths.

    Raises `BadInput` where a layer has no C leg, or the folder cannot be written or holds another net's files.
    """
    return write_sources(as_net(net), folder)


def _streams(net: Net, interval: int) -> str:
    """In which order the elements of every input and output travel, a line each."""
    inputs, outputs, _ = net_streams(net, interval, probes=False)
    return "".join(f" * {stream.name}: {stream.tensor}, {stream.beats}\n" for stream in (*inputs, *outputs))
