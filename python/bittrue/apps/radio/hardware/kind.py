"""What makes a net a radio net: pictures folded into channels in, a folded map out; and the same weights for tiles."""

from __future__ import annotations

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Net, TensorType

INPUT = Format.parse("Q1.7")
CHANNELS = 13
"""Four of buildings, four of the distance, four of the sight, one of the way."""
OUTPUT = Format.parse("Q1.7")
"""Code -128 is black, code 127 white: grey level less 128."""
OUTPUTS = 4
"""Channels of the result: a map of twice the size, folded as the inputs are."""
SIDE = 256
"""Pixels of a side of a whole map, a metre each."""
LEAST = 16
"""Fewest pixels of a side of a tile."""


def taken(side: int = SIDE) -> TensorType:
    """What a radio net for maps of that side takes."""
    return TensorType((CHANNELS, side // 2, side // 2), INPUT)


def given(side: int = SIDE) -> TensorType:
    """What it gives."""
    return TensorType((OUTPUTS, side // 2, side // 2), OUTPUT)


def side_of(net: Net) -> int | None:
    """Pixels of a side of the maps of a radio net; None for a net that is none."""
    if len(net.inputs) != 1 or len(net.outputs) != 1 or len(net.input.shape) != 3:
        return None
    side = 2 * net.input.shape[1]
    return side if net.input == taken(side) and net.output == given(side) else None


def is_radio(net: Net) -> bool:
    """Whether a net takes the channels of `bittrue.apps.radio.hardware.inputs` and gives a whole map, folded."""
    return side_of(net) == SIDE


def resized(net: Net, side: int, name: str = "") -> Net:
    """The same weights for maps of another side: all layers of a radio net slide.

    Parameters
    ----------
    net : Net
        A radio net.
    side : int
        Pixels, `LEAST` to `SIDE`.
    name : str
        Of the result; the net's and the side where it is empty.

    Raises
    ------
    BadInput
        For another net, and a side that its levels cannot halve.
    """
    if side_of(net) is None:
        raise BadInput(f"net {net.name} is no radio net; give one that bittrue train radio made, such as radio-map")
    if not LEAST <= side <= SIDE or side % 2:
        raise BadInput(f"a tile has {side} pixels a side; give an even number from {LEAST} to {SIDE}")
    try:
        return Net(name or f"{net.name}-{side}", taken(side), net.nodes)
    except BadInput as error:
        raise BadInput(
            f"net {net.name} cannot be made for {side} pixels a side: its levels halve the map, so give a "
            f"multiple of 32 where they are five ({error})"
        ) from None
