"""The AXI streams of a simulated module: what they carry, and how codes become words of a port and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.ports import container_bits, port_bits
from bittrue.spec import Net, TensorType

Codes = npt.NDArray[np.int64]


class HardwareFault(RuntimeError):
    """Simulated hardware broke a rule or gave other bits than expected; the message says which, where and when."""


@dataclass(frozen=True)
class Stream:
    """A stream ``<name>_tdata``, ``<name>_tvalid``, ``<name>_tready`` of tensors of one type (a tap has no tready)."""

    name: str
    tensor: TensorType

    @property
    def bits(self) -> int:
        """Width of tdata."""
        return port_bits(self.tensor)

    def pack(self, codes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Words of the port, little-endian bytes ``(N, bits / 8)``, of codes ``(N, *shape)``.

        Raises `BadInput` for another shape or a code outside the format.
        """
        array = np.asarray(codes)
        if array.shape[1:] != self.tensor.shape or array.ndim != len(self.tensor.shape) + 1 or not len(array):
            raise BadInput(f"stream {self.name} carries tensors {self.tensor}, not an array {array.shape}; reshape it")
        flat = self.tensor.format.check(array, f"stream {self.name} sample ").reshape(len(array), -1)
        return np.ascontiguousarray(flat.astype(self._container)).view(np.uint8)

    def unpack(self, words: npt.NDArray[np.uint8]) -> Codes:
        """Codes ``(N, *shape)`` of words as `pack` makes them.

        Raises `HardwareFault` for a container that does not hold a sign-extended code of the format.
        """
        flat = np.ascontiguousarray(words).view(self._container).astype(np.int64)
        fmt = self.tensor.format
        wrong = (flat < fmt.lo) | (flat > fmt.hi)
        if wrong.any():
            sample, element = (int(i) for i in np.argwhere(wrong)[0])
            raise HardwareFault(
                f"stream {self.name}: sample {sample}, element {element} is {flat[sample, element]} in its "
                f"{container_bits(fmt)}-bit container, which is no sign-extended code of {fmt} ({fmt.lo}..{fmt.hi})"
            )
        return flat.reshape(len(flat), *self.tensor.shape)

    @property
    def _container(self) -> np.dtype[np.signedinteger]:
        return np.dtype(f"<i{container_bits(self.tensor.format) // 8}")


def net_streams(net: Net, probes: bool) -> tuple[Stream, Stream, tuple[Stream, ...]]:
    """Input, output and, with ``probes``, the tap of every node of the module that is generated for ``net``."""
    taps = tuple(Stream(f"tap_{node.name}", net.types[node.name]) for node in net.nodes) if probes else ()
    return Stream("s_axis", net.input), Stream("m_axis", net.output), taps
