"""Everything that Vivado and the board need of a noise source, in one folder.

The folder is that of `bittrue.targets.pynq_z1.build`, without bank words: a source's weights are fixed.
"""

from __future__ import annotations

import os
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.lower.source import source_plan
from bittrue.lower.source_shell import source_words
from bittrue.lower.sources import Sources
from bittrue.spec.source import Source
from bittrue.targets.pynq_z1.build import OverlayFolder, check_free, write_folder
from bittrue.targets.pynq_z1.clock import fclk
from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.source_manifest import SourceManifest


def write_source_overlay(
    source: Source,
    folder: str | os.PathLike[str],
    *,
    interval: int,
    clock_mhz: float,
    simulated: bool = False,
    hdmi: bool = False,
) -> OverlayFolder:
    """Write the folder, all of it or nothing.

    Parameters
    ----------
    source : Source
    interval : int
        Clocks a frame.
    folder, clock_mhz, simulated, hdmi
        As of `bittrue.targets.pynq_z1.build.write_overlay`.

    Raises
    ------
    BadInput
        For a source or an interval that hardware cannot have, a frequency out of range, a folder that holds the overlay
        of another net or cannot be written.
    """
    try:
        plan = source_plan(source, interval)
        source_words(plan)
        design = Design.of_source(plan, fclk(clock_mhz), hdmi)
    except BadInput as error:
        raise BadInput(f"net {source.net.name} cannot become an overlay: {error}") from None
    written = OverlayFolder(Path(folder), design.stem)
    check_free(written, source.net.name)
    manifest = SourceManifest.of(plan, design.clock.mhz)
    return write_folder(written, design, manifest, _sources(source, interval), {}, simulated)


def _sources(source: Source, interval: int) -> Sources:
    """The shell's Verilog and memory files; `BadInput` where none can be generated here."""
    from bittrue.check.legs import require_generator

    require_generator()
    from bittrue_rtl.source_shell import source_shell_verilog

    return source_shell_verilog(source, interval)
