"""A source's generated C behind a Python interface: compiled once, called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bittrue.cosim.c_model import compile_library
from bittrue.emit.c.source_files import source_files
from bittrue.errors import BadInput
from bittrue.limits import take
from bittrue.lower.ports import container_bits, module_name
from bittrue.spec.source import Source


class CSource:
    """A source as compiled C.

    Raises `BadInput` where there is no C compiler, a layer has no C leg, or the state takes more memory than a command
    may.
    """

    def __init__(self, source: Source) -> None:
        self.source, module = source, module_name(source.net)
        library = compile_library(source_files(source))
        try:
            loaded = ctypes.CDLL(str(library))
        except OSError as error:
            raise BadInput(f"cannot load {library}: {error}; see BITTRUE_BUILD") from None
        size, self._run = loaded[f"{module}_source_state_size"], loaded[f"{module}_source_run"]
        size.restype, self._run.restype = ctypes.c_size_t, None
        take(size(), f"the state of net {source.net.name} in C")
        self._state = np.zeros(size() // 8 + 1, dtype=np.int64)

    def run(self, seed: int, numbers: npt.ArrayLike, settings: Mapping[str, int], gain: int) -> npt.NDArray[np.int64]:
        """Output codes ``(N, *net.output.shape)`` of frames, as `bittrue.ref.source.run_source`."""
        output = self.source.net.output
        wanted = np.asarray(numbers, np.int64)
        y = np.zeros((wanted.size, *output.shape), np.dtype(f"int{container_bits(output.format)}"))
        codes = [
            getattr(ctypes, f"c_int{container_bits(fmt)}")(settings[name])
            for name, (_, fmt) in self.source.settings.items()
        ]
        state = ctypes.c_void_p(self._state.ctypes.data)
        for start, count in consecutive(wanted):
            first, out = ctypes.c_uint64(int(wanted[start])), ctypes.c_void_p(y[start:].ctypes.data)
            self._run(state, ctypes.c_size_t(count), ctypes.c_uint64(seed), first, ctypes.c_int16(gain), *codes, out)
        return y.astype(np.int64)


def consecutive(numbers: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Where runs of consecutive numbers start, and how many there are in each."""
    starts = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), numbers.size]
    for start, end in pairwise(starts):
        yield start, end - start
