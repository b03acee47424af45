"""The AXI streams of a simulated module: what they carry, and how codes become words of a port and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.layout import NOTHING, Layout
from bittrue.lower.ports import container_bits, port_bits
from bittrue.lower.schedule import layouts_of
from bittrue.spec import Net, TensorType

Codes = npt.NDArray[np.int64]


class HardwareFault(RuntimeError):
    """Simulated hardware broke a rule or gave other bits than expected; the message says which, where and when."""


@dataclass(frozen=True)
class Stream:
    """A stream ``<name>_tdata``, ``<name>_tvalid``, ``<name>_tready`` of tensors of one type (a tap has no tready).

    Parameters
    ----------
    name : str
    tensor : TensorType
    layout : Layout, optional
        Without, a vector is one transfer, a frame one transfer a column.
    endless : bool
        No input leads here: the same tensor comes for ever, more often than there are samples.
    """

    name: str
    tensor: TensorType
    layout: Layout | None = None
    endless: bool = False

    @property
    def beats(self) -> Layout:
        """How the tensor travels."""
        return self.layout or Layout.whole(self.tensor.shape)

    @property
    def bits(self) -> int:
        """Width of tdata."""
        return port_bits(self.beats, self.tensor.format)

    @property
    def transfers(self) -> int:
        """Transfers of a sample."""
        return self.beats.transfers

    def pack(self, codes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Words of the port, little-endian bytes ``(N * transfers, bits / 8)``, of codes ``(N, *shape)``.

        Raises `BadInput` for another shape or a code outside the format.
        """
        array = np.asarray(codes)
        if array.shape[1:] != self.tensor.shape or array.ndim != len(self.tensor.shape) + 1 or not len(array):
            raise BadInput(f"stream {self.name} carries tensors {self.tensor}, not an array {array.shape}; reshape it")
        checked = self.tensor.format.check(array, f"stream {self.name} sample ")
        order = self.beats.order
        words = np.where(order == NOTHING, 0, checked.reshape(len(array), -1)[:, order])
        flat = words.reshape(len(array) * self.transfers, -1)
        return np.ascontiguousarray(flat.astype(self._container)).view(np.uint8)

    @property
    def mask(self) -> npt.NDArray[np.uint8]:
        """Bytes ``(transfers, bits / 8)`` of the words of a sample: ones where there is an element, else zeros, which
        stand for anything."""
        there = np.where(self.beats.order == NOTHING, 0, -1)
        return np.ascontiguousarray(there.astype(self._container)).view(np.uint8)

    def unpack(self, words: npt.NDArray[np.uint8]) -> Codes:
        """Codes ``(N, *shape)`` of words as `pack` makes them.

        Raises `HardwareFault` for a container that does not hold a sign-extended code of the format.
        """
        order, fmt = self.beats.order, self.tensor.format
        flat = np.ascontiguousarray(words).view(self._container).astype(np.int64)
        wrong = ((flat < fmt.lo) | (flat > fmt.hi)) & np.tile(order != NOTHING, (len(flat) // len(order), 1))
        if wrong.any():
            word, element = (int(i) for i in np.argwhere(wrong)[0])
            raise HardwareFault(
                f"stream {self.name}: {self.place(word)}, element {element} is {flat[word, element]} in its "
                f"{container_bits(fmt)}-bit container, which is no sign-extended code of {fmt} ({fmt.lo}..{fmt.hi})"
            )
        found = np.zeros((len(flat) // len(order), self.tensor.elements), np.int64)
        found[:, order[order != NOTHING]] = flat.reshape(len(found), *order.shape)[:, order != NOTHING]
        return found.reshape(len(found), *self.tensor.shape)

    def place(self, word: int) -> str:
        """Which sample, and which of its beats, is transfer ``word``."""
        sample, beat = divmod(word, self.transfers)
        if self.transfers == 1:
            return f"sample {sample}"
        position, part = divmod(beat, self.beats.beats)
        row, column = divmod(position, self.beats.columns)
        where = [f"row {row}, column {column}" if self.beats.columns > 1 else f"column {row}"]
        return ", ".join([f"sample {sample}", *where, *([f"beat {part}"] if self.beats.beats > 1 else [])])

    @property
    def _container(self) -> np.dtype[np.signedinteger]:
        return np.dtype(f"<i{container_bits(self.tensor.format) // 8}")


def net_streams(
    net: Net, interval: int, probes: bool, samples: int = 1, *, banked: bool = False
) -> tuple[list[Stream], list[Stream], list[Stream]]:
    """Inputs, outputs and, with ``probes``, the tap of every node of the module that is generated for ``net``.

    Where it takes several ``samples`` in a word, a stream carries vectors of so many side by side. ``banked``: the net
    has weight banks.
    """
    layouts = layouts_of(net, interval, banked)
    endless: set[str] = set()
    for node in net.nodes:
        if endless.issuperset(node.inputs):
            endless.add(node.name)

    def stream(label: str, name: str) -> Stream:
        tensor, layout = net.types[name], layouts[name]
        if samples > 1:
            several = (samples * tensor.shape[0],)
            tensor, layout = TensorType(several, tensor.format), Layout.whole(several)
        return Stream(label, tensor, layout, name in endless)

    def streams(kind: str, names: tuple[str, ...]) -> list[Stream]:
        labels = [kind] if len(names) == 1 else [f"{kind}_{name}" for name in names]
        return [stream(label, name) for label, name in zip(labels, names, strict=True)]

    taps = [stream(f"tap_{node.name}", node.name) for node in net.nodes] if probes else []
    return streams("s_axis", tuple(net.inputs)), streams("m_axis", net.outputs), taps


def side_by_side(codes: Codes, samples: int) -> Codes:
    """Vectors ``(N, elements)`` as words of so many samples, the oldest first; zeros fill the last one up."""
    if samples == 1:
        return codes
    filled = np.concatenate([codes, np.zeros((-len(codes) % samples, *codes.shape[1:]), codes.dtype)])
    return filled.reshape(len(filled) // samples, -1)


def apart(words: Codes, samples: int) -> Codes:
    """Samples of words as `side_by_side` makes them."""
    return words.reshape(len(words) * samples, -1)
