"""A noise source in the FPGA: a signal that one reads."""

from __future__ import annotations

import numbers
from pathlib import Path

import numpy as np
from pynq import allocate

from bittrue.board import registers as reg
from bittrue.board.errors import BoardError
from bittrue.board.fpga import FPGA
from bittrue.board.opened import Opened
from bittrue.board.receiving import Receiving
from bittrue.board.samples import Codes, Values, unpacked, word_dtype, words_of
from bittrue.board.source_manifest import GAIN_FRAC, SourceManifest, gain_code
from bittrue.board.source_shell import SourceShell
from bittrue.errors import shown

CHUNK_BYTES = 1 << 20
"""Size of the buffer where the caller asks for no other."""
_SEEDS, _STARTS = 1 << 64, 1 << 32


class NoiseSource(Opened):
    """The source of an overlay; `bittrue.board.open` makes it.

    The signal goes on from call to call: `read` gives the samples that `bittrue.generate` gives for the same seed,
    parameters, gain and first frame. `begin` starts another one, `change` alters this one from the next frame on.

    Parameters
    ----------
    path, download, timeout, chunk
        As of `bittrue.board.open`, which also says what is raised.
    manifest : SourceManifest

    Attributes
    ----------
    manifest : SourceManifest
    """

    kind = SourceShell
    manifest: SourceManifest
    _shell: SourceShell
    _transfers: Receiving

    def __init__(
        self, path: Path, manifest: SourceManifest, download: bool, *, timeout: float, chunk: int | None = None
    ) -> None:
        super().__init__(manifest)
        self._settings = 0, manifest.gain, tuple(setting.default for setting in manifest.settings)
        self._first = self._given = 0
        self._word = manifest.output.stream_bits // 8
        with FPGA.working():
            self._load(path, download)
            self._transfers = Receiving(self._cell("dma"), timeout, self._moved, self._ask, manifest.words)
            size = self._word * manifest.words
            most = self._transfers.most_bytes // size
            if not most:
                raise BoardError(
                    f"a sample takes {size} bytes, and the DMA moves {self._transfers.most_bytes} at a time; build the "
                    f"overlay with a longer length register"
                )
            self._chunk = min(chunk or max(1, CHUNK_BYTES // size), most)
            try:
                self._allocate()
                self._begin()
            except BaseException:
                self._free()
                raise

    def _allocate(self) -> None:
        """A buffer for as many samples as the memory for DMA holds, up to a chunk."""
        fmt = self.manifest.output
        while True:
            try:
                shape = self._chunk * self.manifest.words, words_of(fmt)
                self._buffers.append(allocate(shape=shape, dtype=word_dtype(fmt), cacheable=True))
                return
            except (MemoryError, RuntimeError, OSError) as error:
                if self._chunk == 1:
                    raise BoardError(
                        f"a sample needs a buffer of {self._word * self.manifest.words} bytes, and the memory for DMA "
                        f"does not hold it ({error}); close what is open"
                    ) from error
                self._chunk = -(-self._chunk // 2)

    # -- the signal --------------------------------------------------------------------------------------------------

    def read(self, count: int) -> Values:
        """The next samples of the signal, scaled: float64 ``(count,)``; errors as of `read_codes`.

        ``(channels, count)`` for a source with several output channels.
        """
        return np.asarray(np.ldexp(self.read_codes(count).astype(np.float64), -self.manifest.output.frac))

    def read_codes(self, count: int) -> Codes:
        """The next samples of the signal as codes, int64 ``(count,)``, or ``(channels, count)``.

        Raises
        ------
        BoardError
            For a count that is none, an error of the DMA, a transfer that ends early, no progress within the timeout,
            or a closed overlay. Hardware and DMA are reset before it is raised, and the signal begins anew.
        """
        whole = _whole(count, 0, 1 << 40, "count")
        with self._use():
            parts = [self._part(min(self._chunk, whole - k)) for k in range(0, whole, self._chunk)]
        made = np.concatenate([np.zeros((self.manifest.channels, 0), np.int64), *parts], axis=1)
        return np.asarray(made[0] if self.manifest.channels == 1 else made)

    def begin(self, seed: int = 0, start: int = 0, gain: float | None = None, **parameters: float) -> None:
        """Begin another signal: that of ``seed`` from the frame ``start`` on. Counters and flags are clear.

        Parameters
        ----------
        seed : int
            0 to ``2**64 - 1``.
        start : int
            0 to ``2**32 - 1``.
        gain : float, optional
            -8 to below 8, in steps of ``2**-12``; without, the source's.
        parameters : float
            Values of the source's parameters by name, ``H=0.3``; without, their defaults.

        Raises
        ------
        BoardError
            For a value outside its range or an unknown parameter.
        """
        first = _whole(start, 0, _STARTS - 1, "start")
        settings = self._wanted(
            seed, self.manifest.gain if gain is None else gain_code(gain), parameters, self._defaults
        )
        with self._use():
            self._settings, self._first = settings, first
            self._begin()

    def change(self, *, seed: int | None = None, gain: float | None = None, **parameters: float) -> int:
        """Alter the signal from the next frame on, and leave what is not named as it is.

        Returns the number of samples, from where the signal began, after which it is the altered one: `position` at the
        border of two frames, else the next border. Raises `BoardError` as `begin`.
        """
        old_seed, old_gain, old_codes = self._settings
        settings = self._wanted(
            old_seed if seed is None else seed, old_gain if gain is None else gain_code(gain), parameters, old_codes
        )
        with self._use():
            self._settings = settings
            self._shell.settings(*settings)
            self._shell.apply()
            return -(-self._given // self.manifest.samples) * self.manifest.samples

    @property
    def position(self) -> int:
        """Samples read since the signal began."""
        return self._given

    @property
    def seed(self) -> int:
        """That of the signal, as it was asked for."""
        return self._settings[0]

    @property
    def gain(self) -> float:
        """The factor in use, as it was asked for."""
        return float(np.ldexp(float(self._settings[1]), -GAIN_FRAC))

    @property
    def parameters(self) -> dict[str, float]:
        """Values of the parameters by name, as they were asked for, on the grid of their codes."""
        names = self.manifest.settings
        return {setting.name: setting.value(code) for setting, code in zip(names, self._settings[2], strict=True)}

    def reset(self) -> None:
        """Begin the signal anew, with what it is made of now; counters and flags are clear."""
        with self._use():
            self._begin()

    # -- looking -----------------------------------------------------------------------------------------------------

    def counters(self) -> dict[str, int]:
        """Since the signal began, modulo 2**32: words out, and clocks in which the output waited."""
        with self._use():
            return {"samples_out": self._moved(), "stalls": int(self._shell.read(reg.STALLS))}

    def clamped(self) -> bool:
        """Whether the gain had to clamp a sample since the last call, or since the signal began."""
        with self._use():
            return self._shell.clamped()

    # -- inside ------------------------------------------------------------------------------------------------------

    @property
    def _defaults(self) -> tuple[int, ...]:
        return tuple(setting.default for setting in self.manifest.settings)

    def _wanted(
        self, seed: int, gain: int, parameters: dict[str, float], codes: tuple[int, ...]
    ) -> tuple[int, int, tuple[int, ...]]:
        """Seed, gain and codes of all parameters; `BoardError` for what there is not."""
        found = {self.manifest.setting(name): value for name, value in parameters.items()}
        each = zip(self.manifest.settings, codes, strict=True)
        wanted = tuple(setting.code(found[setting]) if setting in found else code for setting, code in each)
        return _whole(seed, 0, _SEEDS - 1, "seed"), gain, wanted

    def _begin(self) -> None:
        self._shell.settings(*self._settings)
        self._shell.write(reg.START, self._first)
        super()._begin()
        self._given = 0

    def _ask(self, words: int) -> None:
        self._shell.ask(words)

    def _part(self, count: int) -> Codes:
        """``(channels, count)`` codes of one transfer."""
        (sink,) = self._buffers
        words = count * self.manifest.words
        try:
            self._transfers.receive(sink, words * self._word, count)
            made: Codes = unpacked(np.asarray(sink[:words]), self.manifest.stretch(count))[0]
        except BaseException as error:
            self._recover(error)
            raise
        self._given += count
        return made

    def _moved(self) -> int:
        return int(self._shell.read(reg.SAMPLES_OUT))


def _whole(value: object, low: int, high: int, what: str) -> int:
    number = int(value) if isinstance(value, numbers.Integral) and not isinstance(value, bool) else low - 1
    if not low <= number <= high:
        raise BoardError(f"{what} is {shown(value)}; give a whole number from {low} to {high}")
    return number
