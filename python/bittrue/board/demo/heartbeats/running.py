"""The demo's options, its texts, and a frame in words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from bittrue.board.demo import options
from bittrue.board.demo.heartbeats.bundle import Heartbeats
from bittrue.board.demo.heartbeats.streaming import State
from bittrue.board.demo.view import Texts


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a command line; argparse prints what is wrong and exits with 2."""
    parser = argparse.ArgumentParser(
        prog="ecg_demo.py",
        description="Stream the heartbeats of a record through a net of frames, and show what it says of them.",
        epilog="keys: q quit",
    )
    options.add_common(parser)
    return parser.parse_args(argv)


def texts(data: Heartbeats, device: str, manifest: Any) -> Texts:
    """Title, device and notes of a demo, for an overlay's manifest."""
    clock, interval = manifest.clock_mhz, manifest.interval
    return Texts(
        "Heartbeats, named in programmable logic",
        device,
        (
            "Classes of ANSI/AAMI EC57: N normal, S supraventricular, V ventricular, F fusion, Q unknown. It is no "
            "medical device.",
            f"Net {data.net}, {clock:g} MHz and {interval} clocks a beat: {clock / interval * 1e6:,.0f} beats a second "
            f"if the clock is met.",
            "Every output code is compared with the reference, computed on a PC beforehand; a class in brackets is the "
            "annotated one.",
        ),
    )


def line(number: int, state: State) -> str:
    """One frame in words."""
    right, known = state.right
    return (
        f"frame {number:2d}  {state.last:6,} beats  {right:,} of {known:,} as annotated  "
        f"{state.count.different} of {state.count.codes:,} codes differ"
    )
