#!/usr/bin/env python3
"""Heartbeats, live: the beats of a record stream through the overlay, a screen shows what the net says of them.

Every output code of the overlay is compared with the reference that the PC computed. The script is the same on a
PYNQ-Z1 and on a PC, where ``bittrue demo`` puts a simulated board below it. It is no medical device. Exit code 0: every
code equal; 1: codes differ, or the hardware failed; 2: bad input.

    sudo -E python3 demo/ecg_demo.py --overlay overlay/NAME.bit
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bittrue import board
from bittrue.board.demo import endings, options, playing, showing
from bittrue.board.demo.bundle import FILE
from bittrue.board.demo.heartbeats import bundle, running
from bittrue.board.demo.heartbeats.painter import Painter
from bittrue.board.demo.heartbeats.streaming import Streaming
from bittrue.board.demo.texts import device_name
from bittrue.board.manifest import check_files


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    chosen = running.parse(argv)

    def prepared() -> tuple[Path, bundle.Heartbeats]:
        bit = options.overlay_of(chosen.overlay, __file__)
        data = bundle.load(chosen.data or bit.with_name(FILE))
        bundle.check(data, check_files(bit))
        return bit, data

    return endings.run("ecg_demo", prepared, lambda found: show(chosen, *found))


def show(chosen: argparse.Namespace, bit: Path, data: bundle.Heartbeats) -> int:
    """Open the overlay, stream, compare, draw, and say how it ended."""
    with board.open(bit, timeout=chosen.timeout) as net:
        said = running.texts(data, device_name(), net.manifest)
        with showing.shown(chosen.display, chosen.output, net.overlay) as sinks:
            loop = Streaming(data, net)
            print(f"{said.device}: {data.net}, {data.title}; frames to {showing.titles(sinks)}")
            try:
                painter = Painter(data, said, playing.latency(net.manifest, "a beat's"))
                playing.run(loop, painter, sinks, chosen.frames, running.line)
            except KeyboardInterrupt:
                print()
    for path in showing.written(sinks):
        print(f"picture: {path}")
    print(loop.verdict())
    return 1 if loop.count.different else 0


if __name__ == "__main__":
    sys.exit(main())
