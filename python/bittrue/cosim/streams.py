"""The AXI streams of a simulated module: what they carry, and how codes become words of a port and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.ports import container_bits, port_bits, transfers
from bittrue.spec import Net, TensorType

Codes = npt.NDArray[np.int64]


class HardwareFault(RuntimeError):
    """Simulated hardware broke a rule or gave other bits than expected; the message says which, where and when."""


@dataclass(frozen=True)
class Stream:
    """A stream ``<name>_tdata``, ``<name>_tvalid``, ``<name>_tready`` of tensors of one type (a tap has no tready).

    A vector is one transfer, a frame one transfer a column.
    """

    name: str
    tensor: TensorType

    @property
    def bits(self) -> int:
        """Width of tdata."""
        return port_bits(self.tensor)

    @property
    def transfers(self) -> int:
        """Transfers of a sample."""
        return transfers(self.tensor)

    def pack(self, codes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Words of the port, little-endian bytes ``(N * transfers, bits / 8)``, of codes ``(N, *shape)``.

        Raises `BadInput` for another shape or a code outside the format.
        """
        array = np.asarray(codes)
        if array.shape[1:] != self.tensor.shape or array.ndim != len(self.tensor.shape) + 1 or not len(array):
            raise BadInput(f"stream {self.name} carries tensors {self.tensor}, not an array {array.shape}; reshape it")
        checked = self.tensor.format.check(array, f"stream {self.name} sample ")
        columns = checked.swapaxes(1, 2) if len(self.tensor.shape) == 2 else checked
        flat = columns.reshape(len(array) * self.transfers, -1)
        return np.ascontiguousarray(flat.astype(self._container)).view(np.uint8)

    def unpack(self, words: npt.NDArray[np.uint8]) -> Codes:
        """Codes ``(N, *shape)`` of words as `pack` makes them.

        Raises `HardwareFault` for a container that does not hold a sign-extended code of the format.
        """
        flat = np.ascontiguousarray(words).view(self._container).astype(np.int64)
        fmt = self.tensor.format
        wrong = (flat < fmt.lo) | (flat > fmt.hi)
        if wrong.any():
            word, element = (int(i) for i in np.argwhere(wrong)[0])
            raise HardwareFault(
                f"stream {self.name}: {self.place(word)}, element {element} is {flat[word, element]} in its "
                f"{container_bits(fmt)}-bit container, which is no sign-extended code of {fmt} ({fmt.lo}..{fmt.hi})"
            )
        if len(self.tensor.shape) == 2:
            return np.ascontiguousarray(flat.reshape(-1, *self.tensor.shape[::-1]).swapaxes(1, 2))
        return flat.reshape(len(flat), *self.tensor.shape)

    def place(self, word: int) -> str:
        """Which sample, and which of its columns, is transfer ``word``."""
        sample, column = divmod(word, self.transfers)
        return f"sample {sample}" + (f", column {column}" if self.transfers > 1 else "")

    @property
    def _container(self) -> np.dtype[np.signedinteger]:
        return np.dtype(f"<i{container_bits(self.tensor.format) // 8}")


def net_streams(net: Net, probes: bool) -> tuple[Stream, Stream, tuple[Stream, ...]]:
    """Input, output and, with ``probes``, the tap of every node of the module that is generated for ``net``."""
    taps = tuple(Stream(f"tap_{node.name}", net.types[node.name]) for node in net.nodes) if probes else ()
    return Stream("s_axis", net.input), Stream("m_axis", net.output), taps
