"""The Verilated AXI shell of a net."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.cosim.shell_bench import ShellBench, Words
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, apart, net_streams, side_by_side
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.ports import module_name
from bittrue.lower.sources import Sources
from bittrue.spec import Net


class ShellModel(ShellBench):
    """The shell of a net on its bench (`ShellBench`), and codes as words of its streams.

    Parameters
    ----------
    net : Net
    interval : int
        Clocks a sample, as the generator takes it.
    banks : sequence of Net
        Nets alike but for their codes, in the order of their numbers.
    stalls : Stalls, optional
        As of `ShellBench`, which also says what is raised.
    sources : Sources, optional
        Of the shell; ``bittrue_rtl.shell.verilog(net, interval, banks, means)`` where none is given.
    means : Means
        Of a pipeline; of several samples a clock, words have so many, and codes must fill them.
    """

    def __init__(
        self,
        net: Net,
        interval: int = 8,
        banks: Sequence[Net] = (),
        *,
        stalls: Stalls | None = None,
        sources: Sources | None = None,
        means: Means = PLAIN,
    ) -> None:
        if sources is None:
            from bittrue_rtl.shell import verilog

            sources = verilog(net, interval, banks, means)
        super().__init__(sources, f"{module_name(net)}_shell", stalls)
        self.net, self.interval, self.samples = net, interval, means.held
        ((self._source,), (self._sink,), _) = net_streams(net, interval, False, means.held, banked=bool(banks))

    def pack(self, codes: npt.ArrayLike) -> Words:
        """Input words ``(N * words of a frame, input_bits / 8)`` of codes ``(N, *net.input.shape)``; bytes above the
        elements are zero."""
        return _widened(self._source.pack(side_by_side(np.asarray(codes), self.samples)), self.ports.input_bits)

    @property
    def frame_words(self) -> tuple[int, int]:
        """Words of a frame on either stream; 1 where every word is a sample."""
        return self._source.transfers, self._sink.transfers

    def ends(self, samples: int) -> npt.NDArray[np.bool_]:
        """TLAST of the words of so many samples or frames: on the last one of each."""
        words = self._source.transfers
        return np.asarray(np.arange(samples * words) % words == words - 1)

    def unpack(self, data: Words) -> Codes:
        """Codes ``(N, *net.output.shape)`` of output words; `HardwareFault` for a container that holds no code."""
        return self._apart(self._sink.unpack(data[:, : self._sink.bits // 8]))

    def expected(self, codes: npt.ArrayLike) -> Words:
        """The output words of output codes: what `unpack` takes, bytes that carry nothing zero."""
        return _widened(self._sink.pack(side_by_side(np.asarray(codes), self.samples)), self.ports.output_bits)

    @property
    def mask(self) -> Words:
        """Bits of the words of a result that `expected` tells; the others are lanes of a beat that carry nothing."""
        mask = np.full((self._sink.transfers, self.ports.output_bits // 8), 0xFF, np.uint8)
        mask[:, : self._sink.bits // 8] = self._sink.mask
        return mask

    def given(self, data: Words) -> Codes:
        """Input codes of words as `pack` makes them."""
        return self._apart(self._source.unpack(data[:, : self._source.bits // 8]))

    def _apart(self, codes: Codes) -> Codes:
        return codes if self.samples == 1 else apart(codes, self.samples)


def _widened(data: Words, bits: int) -> Words:
    """Words of a port that is wider than what they carry; the bytes above are zero."""
    wide = np.zeros((len(data), bits // 8), np.uint8)
    wide[:, : data.shape[1]] = data
    return wide
