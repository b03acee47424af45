"""The options of the demo script."""

from __future__ import annotations

import argparse
import math
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from bittrue.board.demo.keys import HELP, LIMIT
from bittrue.errors import BadInput

__all__ = ["Namespace", "add", "add_common", "overlay_of", "parse", "words"]

PLACES = ("overlay", "build/demo/overlay", ".")
"""Folders in which an overlay is looked for, from the one that holds the script's folder and from the current one."""


def parse(argv: Sequence[str] | None = None) -> Namespace:
    """The options of a command line; argparse prints what is wrong and exits with 2."""
    parser = argparse.ArgumentParser(
        prog="hdmi_demo.py",
        description="Stream a signal through the predistorter and a model of the amplifier, and show the spectrum.",
        epilog=HELP,
    )
    add(parser)
    return parser.parse_args(argv)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that every demo has to a parser."""
    parser.add_argument("--overlay", metavar="FILE.bit", help="overlay to load (default: the only one in ./overlay)")
    parser.add_argument("--data", metavar="FILE.npz", help="demo data (default: demo.npz beside the overlay)")
    parser.add_argument(
        "--display", choices=("auto", "hdmi", "window", "none"), default="auto",
        help="where frames are shown; auto: HDMI where the overlay has it, else a window where there is a display",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the last frame (.png), or all and the last (.gif and .png)"
    )
    parser.add_argument(
        "--frames", type=count, metavar="N",
        help="frames, 0 for until q; default one tour or record, or endless on a display",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=seconds, default=5.0, metavar="S", help="seconds to wait for a transfer (default 5)"
    )


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of the predistortion demo to a parser; ``bittrue demo`` has the same."""
    add_common(parser)
    parser.add_argument("--bypass", action="store_true", help="no tour: predistortion off")
    parser.add_argument("--bank", metavar="NAME", help="no tour: this bank of weights")
    parser.add_argument(
        "--kelvin", type=within(LIMIT), metavar="K",
        help=f"no tour: amplifier K kelvin from the captured temperature, at most {LIMIT:g} either way",
    )  # fmt: skip


def words(chosen: Namespace, options: Callable[[argparse.ArgumentParser], None] = add) -> list[str]:
    """The options that ``options`` adds to a parser as a command line that is parsed into the same."""
    parser = argparse.ArgumentParser(add_help=False)
    options(parser)
    line: list[str] = []
    for action in parser._actions:
        value, name = getattr(chosen, action.dest), action.option_strings[-1]
        if value is True:
            line.append(name)
        elif value is not None and value is not False:
            line.append(f"{name}={value}")
    return line


def count(text: str) -> int:
    """A number of frames: 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def within(limit: float) -> Callable[[str], float]:
    """A type of arguments: numbers from ``-limit`` to ``limit``."""

    def convert(text: str) -> float:
        value = _number(text)
        if not -limit <= value <= limit:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {-limit:g} to {limit:g}")
        return value

    return convert


def seconds(text: str) -> float:
    """A time above 0 and at most an hour."""
    value = _number(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and at most 3600")
    return value


def overlay_of(given: str | None, script: str | Path) -> Path:
    """The overlay to load: the one given, or the only ``.bit`` in one of `PLACES`.

    Raises `BadInput` where there is none, or more than one.
    """
    if given:
        if Path(given).is_dir():
            raise BadInput(f"{given} is a folder; name the .bit file in it")
        if not Path(given).is_file():
            raise BadInput(f"there is no overlay {given}; copy the .bit, .hwh, .json and .npz of one name here")
        return Path(given)
    for base in (Path(script).resolve().parents[1], Path.cwd()):
        for place in PLACES:
            found = sorted((base / place).glob("*.bit"))
            if len(found) > 1:
                raise BadInput(f"{base / place} holds {len(found)} overlays; choose one with --overlay")
            if found:
                return found[0]
    raise BadInput("no overlay was found; name its .bit file with --overlay")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
