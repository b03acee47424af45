"""Prediction by a radio net: buildings and a transmitter in, a map of grey levels out, on any leg."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.hardware.inputs import Inputs, unfolded
from bittrue.apps.radio.hardware.kind import OUTPUT, side_of, taken
from bittrue.apps.radio.hardware.kind import is_radio as is_radio
from bittrue.check.legs import Options, make
from bittrue.errors import BadInput, shown
from bittrue.num.arrays import integer
from bittrue.spec import Net, as_net


class Predictor:
    """A radio net made ready on one leg, for maps one after the other; all legs give the same levels.

    Parameters
    ----------
    net : Net, folder or name of a committed net
    leg : str
        ``"ref"``, ``"torch"``, ``"c"`` or ``"rtl"``.
    interval : int, optional
        Clocks a map of the RTL.

    Raises
    ------
    BadInput
        Where it is no radio net, or the leg cannot run.
    """

    def __init__(self, net: Net | str | os.PathLike[str], leg: str = "ref", interval: int | None = None) -> None:
        self.net = as_net(net)
        side = side_of(self.net)
        if side is None:
            given = self.net.input if len(self.net.inputs) == 1 else "several inputs"
            raise BadInput(
                f"net {self.net.name} takes {given}, and a radio net takes {taken()}; give one that bittrue train "
                f"radio made, such as radio-map"
            )
        self.side = side
        self._leg = make(leg, self.net, Options(interval).for_legs([leg]))
        self._city: tuple[bytes, Inputs] | None = None

    def predict(self, buildings: npt.ArrayLike, transmitter: tuple[int, int]) -> Levels:
        """The map of a transmitter, uint8 (side, side): grey levels as `bittrue.apps.radio.propagation.grey` has them.

        Level ``code + 128`` of the net's output, 0 where built.

        Parameters
        ----------
        buildings : (side, side), whole numbers or bool
            Not 0 where built.
        transmitter : (row, column)
            A pixel of a street.

        Raises `BadInput` for another size, or a transmitter off the map or in a building.
        """
        inputs = self._inputs(buildings)
        codes = inputs.channels(*_place(transmitter)).astype(np.int64)
        return levels(self._leg.run(codes[None])[0], inputs.built)

    def _inputs(self, buildings: npt.ArrayLike) -> Inputs:
        array = np.asarray(buildings)
        if array.shape != (self.side, self.side) or array.dtype.kind not in "biu":
            raise BadInput(
                f"buildings are {array.dtype} of shape {array.shape}; give whole numbers or bool of "
                f"({self.side}, {self.side})"
            )
        built = array != 0
        key = built.tobytes()
        if self._city is None or self._city[0] != key:
            self._city = key, Inputs(built, self.side)
        return self._city[1]


def levels(codes: npt.NDArray[np.int64], built: npt.NDArray[np.bool_]) -> Levels:
    """The map, uint8 (side, side), of a net's result (4, side / 2, side / 2)."""
    return np.where(built, 0, unfolded(codes) - OUTPUT.lo).astype(np.uint8)


def predict(
    net: Net | str | os.PathLike[str], buildings: npt.ArrayLike, transmitter: tuple[int, int], leg: str = "ref"
) -> Levels:
    """One map: a `Predictor` of these arguments, and its `Predictor.predict`."""
    return Predictor(net, leg).predict(buildings, transmitter)


def _place(transmitter: tuple[int, int]) -> tuple[int, int]:
    found = [integer(part) for part in transmitter] if isinstance(transmitter, (tuple, list, np.ndarray)) else []
    if len(found) != 2 or None in found:
        raise BadInput(f"the transmitter is {shown(transmitter)}; give its row and its column, whole numbers")
    row, column = found
    return int(row or 0), int(column or 0)
