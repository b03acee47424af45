#!/usr/bin/env python3
"""Noise, live: a source in programmable logic, its parameter and gain turned by keys, spectrum and histogram shown.

Every sample is compared with the reference that the PC computed. The script is the same on a PYNQ-Z1 and on a PC, where
``bittrue demo`` puts a simulated board below it. Exit code 0: every sample equal; 1: samples differ, or the hardware
failed; 2: bad input.

    sudo -E python3 demo/noise_demo.py --overlay overlay/NAME.bit
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bittrue import board
from bittrue.board.demo import endings, showing
from bittrue.board.demo.noise import bundle, running
from bittrue.board.demo.noise.painter import Painter
from bittrue.board.demo.noise.streaming import Streaming
from bittrue.board.demo.texts import device_name
from bittrue.board.manifest import checked_files
from bittrue.board.source_manifest import read_source_manifest


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    chosen = running.parse(argv)
    manifest_of = partial(checked_files, read=read_source_manifest)
    return endings.run(__file__, chosen, bundle, manifest_of, partial(show, chosen))


def show(chosen: argparse.Namespace, bit: Path, data: bundle.Noise) -> int:
    """Open the overlay, read, compare, draw, and say how it ended."""
    with board.open(bit, timeout=chosen.timeout) as source:
        said = running.texts(data, device_name(), source.manifest)
        with showing.shown(chosen.display, chosen.output, source.overlay) as sinks:
            loop = Streaming(data, source)
            print(f"{said.device}: {data.net}; frames to {showing.titles(sinks)}\n{running.HELP}")
            once = 0 if showing.live(sinks) else len(running.tour(data))
            frames = once if chosen.frames is None else chosen.frames
            try:
                running.run(loop, Painter(data, said, running.rate(source.manifest)), sinks, frames)
            except KeyboardInterrupt:
                print()
    return endings.told(sinks, loop.verdict(), loop.count.different)


if __name__ == "__main__":
    sys.exit(main())
