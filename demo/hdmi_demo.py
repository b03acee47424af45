#!/usr/bin/env python3
"""Predistortion, live: a signal runs through the overlay, a model of the amplifier closes the loop, a screen shows it.

Every output code of the overlay is compared with the reference that the PC computed. The amplifier is a model, so every
figure is simulated. The script is the same on a PYNQ-Z1 and on a PC, where ``bittrue demo`` puts a simulated board
below it. Exit code 0: every code equal; 1: codes differ, or the hardware failed; 2: bad input.

    sudo -E python3 demo/hdmi_demo.py --overlay overlay/NAME.bit
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from bittrue import board
from bittrue.board.demo import bundle, endings, options, running, showing, texts
from bittrue.board.demo.closed_loop import Board, ClosedLoop
from bittrue.board.demo.frame import TOP, Painter
from bittrue.board.manifest import check_files


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    chosen = options.parse(argv)
    return endings.run(__file__, chosen, bundle, check_files, partial(show, chosen))


def show(chosen: options.Namespace, bit: Path, data: bundle.Bundle) -> int:
    """Open the overlay, stream, compare, draw, and say how it ended."""
    with board.open(bit, timeout=chosen.timeout) as net:
        said = texts.texts(data, texts.device_name(), net.manifest.clock_mhz, net.manifest.interval)
        with showing.shown(chosen.display, chosen.output, net.overlay) as sinks:
            loop = ClosedLoop(data, cast(Board, net), said)  # the net of these demo data takes samples
            settings, frames = running.plan(chosen, data, live=showing.live(sinks))
            print(f"{said.device}: {data.net}, banks {', '.join(data.names)}; frames to {showing.titles(sinks)}")
            try:
                running.run(loop, Painter(data.channel, TOP, said), sinks, settings, frames)
            except KeyboardInterrupt:
                print()
    return endings.told(sinks, running.verdict(loop), loop.count.different)


if __name__ == "__main__":
    sys.exit(main())
