#!/usr/bin/env python3
"""Radio maps, live: buildings and a transmitter stream through the overlay, a screen shows the map that the net draws.

Every output code of the overlay is compared with the reference that the PC computed. The script is the same on a
PYNQ-Z1 and on a PC, where ``bittrue demo`` puts a simulated board below it. Exit code 0: every code equal; 1: codes
differ, or the hardware failed; 2: bad input.

    sudo -E python3 demo/radio_demo.py --overlay overlay/NAME.bit
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bittrue.board.demo import endings, playing
from bittrue.board.demo.radio import bundle, running
from bittrue.board.demo.radio.painter import Painter
from bittrue.board.demo.radio.streaming import Streaming
from bittrue.board.manifest import check_files


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    chosen = running.parse(argv)
    return endings.run(__file__, chosen, bundle, check_files, partial(show, chosen))


def show(chosen: argparse.Namespace, bit: Path, data: bundle.RadioScenes) -> int:
    """Play the data on the overlay, and say how it ended."""
    return playing.show(
        chosen,
        bit,
        data,
        running,
        lambda net: Streaming(data, net, net.manifest.output.lo),
        lambda said, manifest: Painter(data, said, playing.latency(manifest, "a scene's")),
    )


if __name__ == "__main__":
    sys.exit(main())
