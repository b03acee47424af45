"""The Verilated AXI shell of a source."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bittrue.cosim.shell_bench import ShellBench, Words
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, Stream
from bittrue.cost import default_source_interval
from bittrue.lower.registers import BY_NAME
from bittrue.lower.source import SourcePlan, source_plan
from bittrue.lower.sources import Sources
from bittrue.lower.stream_shell import shell_name
from bittrue.ref.source import run_source
from bittrue.spec.source import Source


class SourceShellModel(ShellBench):
    """The shell of a source on its bench (`ShellBench`): its settings as registers, its words as codes.

    Parameters
    ----------
    source : Source
    interval : int, optional
        Clocks a frame; without, `bittrue.cost.default_source_interval`.
    stalls : Stalls, optional
        As of `ShellBench`, which also says what is raised.
    sources : Sources, optional
        Of the shell; ``bittrue_rtl.source_shell.source_shell_verilog(source, interval)`` where none is given.
    """

    def __init__(
        self,
        source: Source,
        interval: int | None = None,
        *,
        stalls: Stalls | None = None,
        sources: Sources | None = None,
    ) -> None:
        self.source = source
        self.plan: SourcePlan = source_plan(source, interval or default_source_interval(source))
        if sources is None:
            from bittrue_rtl.source_shell import source_shell_verilog

            sources = source_shell_verilog(source, self.plan.interval)
        super().__init__(sources, shell_name(source.net), stalls)
        self._sink = Stream("m_axis", source.net.output, self.plan.output)

    @property
    def frame_words(self) -> int:
        """Words of a frame."""
        return self._sink.transfers

    def settings(self, seed: int, settings: Mapping[str, int], gain: int) -> None:
        """Write the registers of seed, parameters (codes by name) and gain; `restart` or an apply makes them count."""
        self.write(BY_NAME["SEED_LOW"].offset, seed & 0xFFFF_FFFF)
        self.write(BY_NAME["SEED_HIGH"].offset, seed >> 32)
        self.write(BY_NAME["GAIN"].offset, gain & 0xFFFF)
        for k, name in enumerate(self.source.settings):
            self.write(BY_NAME["PARAMETER"].offset + 4 * k, settings[name] & 0xFFFF_FFFF)

    def restart(self, start: int = 0) -> None:
        """Begin the signal anew with a frame; it stands until words are asked for."""
        self.write(BY_NAME["START"].offset, start)
        self.write(BY_NAME["CONTROL"].offset, BY_NAME["CONTROL"].encode(reset=1))

    def apply(self) -> None:
        """From the next frame on, what the registers hold counts."""
        self.write(BY_NAME["SOURCE"].offset, BY_NAME["SOURCE"].encode(apply=1))

    def ask(self, words: int, packet: int = 0) -> None:
        """Let so many words leave."""
        self.write(BY_NAME["PACKET"].offset, packet)
        self.write(BY_NAME["COUNT"].offset, words)

    def unpack(self, data: Words) -> Codes:
        """Codes ``(N, *net.output.shape)`` of the words of whole frames; `HardwareFault` for what holds no code."""
        return self._sink.unpack(data[:, : self._sink.bits // 8])

    def expected(self, codes: npt.ArrayLike) -> Words:
        """The words of output codes, bytes that carry nothing zero."""
        data = self._sink.pack(codes)
        wide = np.zeros((len(data), self.ports.output_bits // 8), np.uint8)
        wide[:, : data.shape[1]] = data
        return wide

    def frames(self, seed: int, start: int, count: int, settings: Mapping[str, int], gain: int) -> Words:
        """The words of so many frames from ``start`` on, as the reference has them."""
        return self.expected(run_source(self.source, seed, start + np.arange(count), settings, gain))

    @property
    def mask(self) -> Words:
        """Bits of the words of a frame that `expected` tells; the others are lanes of a beat that carry nothing."""
        mask = np.full((self._sink.transfers, self.ports.output_bits // 8), 0xFF, np.uint8)
        mask[:, : self._sink.bits // 8] = self._sink.mask
        return mask
