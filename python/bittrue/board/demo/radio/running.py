"""The demo's options, its texts, and a frame in words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from bittrue.board.demo import options
from bittrue.board.demo.radio.bundle import RadioScenes
from bittrue.board.demo.radio.streaming import State
from bittrue.board.demo.view import Texts


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a command line; argparse prints what is wrong and exits with 2."""
    parser = argparse.ArgumentParser(
        prog="radio_demo.py",
        description="Draw the radio maps of transmitters among buildings by a net of images, and show how far they are "
        "from the truth.",
        epilog="keys: q quit",
    )
    options.add_common(parser)
    return parser.parse_args(argv)


def texts(data: RadioScenes, device: str, manifest: Any) -> Texts:
    """Title, device and notes of a demo, for an overlay's manifest."""
    clock, interval, side = manifest.clock_mhz, manifest.interval, data.side
    return Texts(
        "Radio maps, drawn in programmable logic",
        device,
        (
            f"Net {data.net}, {side} x {side} m, {clock:g} MHz and {interval:,} clocks a map: "
            f"{clock / interval * 1e6:,.1f} maps a second if the clock is met.",
            "Truth is the output of a propagation program for synthetic cities; nothing was received by an antenna.",
            "Every output code is compared with the reference, computed on a PC beforehand, as is what the net sees.",
        ),
    )


def line(number: int, state: State) -> str:
    """One frame in words."""
    own, mean = state.errors, state.mean
    return (
        f"frame {number:2d}  NMSE {own.nmse:.4f}, {mean.nmse:.4f} so far  RMSE {own.rmse:.4f}, {mean.rmse:.4f}  "
        f"streets {own.street:.1f} dB  {state.count.different:,} of {state.count.codes:,} codes differ"
    )
