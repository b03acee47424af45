"""The demo's options, its texts, keys and tour, and its main loop: frames of the signal, a picture, a line of text."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from bittrue.board.demo import options
from bittrue.board.demo.keys import Terminal
from bittrue.board.demo.noise.bundle import Noise
from bittrue.board.demo.noise.painter import Painter
from bittrue.board.demo.noise.streaming import GAINS, UNIT, Dials, State, Streaming
from bittrue.board.demo.showing import Sink
from bittrue.board.demo.view import Texts

HELP = "keys: + and - the parameter, g next gain, t tour, q quit"
STAY = 2
"""Pictures of a setting in the tour."""


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a command line; argparse prints what is wrong and exits with 2."""
    parser = argparse.ArgumentParser(
        prog="noise_demo.py",
        description="Read a noise source in programmable logic, turn its parameter and gain, and show its spectrum.",
        epilog=HELP,
    )
    options.add_common(parser)
    return parser.parse_args(argv)


def texts(data: Noise, device: str, manifest: Any) -> Texts:
    """Title, device and notes of a demo, for an overlay's manifest."""
    clock, interval = manifest.clock_mhz, manifest.interval
    return Texts(
        "Noise from programmable logic",
        device,
        (
            f"A counter-based generator, net {data.net} and a gain: {clock:g} MHz and {interval:,} clocks a frame of "
            f"{data.samples:,} samples at most. Nothing is streamed in.",
            "Every sample is compared with the reference, computed on a PC beforehand.",
            HELP,
        ),
    )


def rate(manifest: Any) -> str:
    """Samples a second at the design's clock, by formula."""
    megasamples = manifest.samples * manifest.clock_mhz / manifest.interval
    return f"{megasamples:.3g} MS/s or more if the clock is met"


def tour(data: Noise) -> list[Dials]:
    """Every gain at the middle value of the parameter, then every value with a gain of 1, `STAY` pictures each."""
    values = [Dials(k) for k in range(len(data.values))]
    middle = values[len(values) // 2]
    gains = [replace(middle, gain=k) for k in range(len(GAINS)) if k != UNIT]
    return [dials for dials in (*gains, *values) for _ in range(STAY)]


def pressed(dials: Dials, key: str, data: Noise) -> Dials:
    """The dials after a key; keys without a meaning change nothing."""
    if key == "g":
        return replace(dials, gain=(dials.gain + 1) % len(GAINS))
    turned = dials.value + {"+": 1, "-": -1}.get(key, 0)
    return replace(dials, value=min(max(turned, 0), len(data.values) - 1))


def run(
    loop: Streaming, painter: Painter, sinks: Sequence[Sink], frames: int, tell: Callable[[str], None] = print
) -> None:
    """Show pictures until there were ``frames`` of them (0: no end) or q is pressed.

    A key ends the tour: from then on the dials are what the keys make them, until t.
    """
    steps, touring, step = tour(loop.data), True, 0
    current = steps[0]
    with Terminal().listening() as terminal:
        for number in count(1):
            for key in terminal.read() + "".join(sink.keys() for sink in sinks):
                if key == "q":
                    return
                changed = pressed(current, key, loop.data)
                touring = key == "t" or (touring and changed == current)
                current = changed
            if touring:
                current = steps[step % len(steps)]
                step += 1
            state = loop.step(current)
            picture = painter.paint(state)
            for sink in sinks:
                sink.show(picture)
            tell(line(number, state, loop.data))
            if number == frames:
                return


def line(number: int, state: State, data: Noise) -> str:
    """One picture in words."""
    what = f"{data.parameter} = {data.values[state.dials.value]:.3g}" if data.parameter else data.net
    spread = float(state.together.std()) * 2.0**-data.frac
    return (
        f"frame {number:2d}  {what:12}  gain {GAINS[state.dials.gain] / 4096:5.4g}  standard deviation {spread:8.4g}  "
        f"{state.given:8,} samples  {state.count.different} of {state.count.codes:,} samples differ"
    )
