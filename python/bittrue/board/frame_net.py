"""A net of frames in the FPGA, as a function."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.board import registers as reg
from bittrue.board.driver import Driver
from bittrue.board.errors import BoardError
from bittrue.board.samples import Codes, Values, as_frames, check_codes, quantise
from bittrue.board.weights import Weights

CHUNK_BYTES = 1 << 20
"""Size of the larger buffer where the caller asks for no other."""


class FrameNet(Driver):
    """The net of an overlay that takes or gives frames; `bittrue.board.open` makes it.

    Every call takes a batch of frames, of any number: it goes through the hardware in transfers that the DMA and the
    memory for it can hold. Frames know nothing of one another. A frame that the hardware drops, because it is short or
    long, ends the call in a `BoardError`, and the next call works.

    Attributes
    ----------
    clipped : int
        Frames of which `run` had to clamp elements to the input's range since the last `reset`.
    """

    unit = "frames"
    _weights: Weights | None = None

    def run(self, frames: npt.ArrayLike) -> Values:
        """Results ``(N, *output shape)`` of frames: quantised to the input's format, half up and saturating, run, and
        scaled back.

        Parameters
        ----------
        frames : real array (N, *input shape), or one frame (*input shape)
            Floating point, in units of the format's full scale. What is beyond is clamped and counted in `clipped`.
            Integers are codes, and those go to `run_codes`.

        Raises
        ------
        BoardError
            For frames of another shape or kind, masked or not finite, and where a transfer fails (`run_codes`).
        """
        given = self.manifest.input
        values = as_frames(frames, given, self.manifest.net)
        codes, clipped = quantise(values.reshape(len(values), -1), given, "frame")
        with self._use():
            out = np.ldexp(self._run_all(codes.reshape(values.shape)).astype(np.float64), -self.manifest.output.frac)
            self.clipped += clipped
        return np.asarray(out)

    def run_codes(self, codes: npt.ArrayLike) -> Codes:
        """Output codes ``(N, *output shape)`` for input codes ``(N, *input shape)``, or for one frame.

        Raises
        ------
        BoardError
            For codes of another shape or beyond the format, an error of the DMA, a transfer that ends early, frames
            that were dropped, no progress within the timeout, or a closed overlay. Hardware and DMA are reset before it
            is raised.
        """
        given = check_codes(codes, self.manifest.input)
        with self._use():
            return self._run_all(given)

    def dropped(self) -> dict[str, int]:
        """Frames since the last reset that TLAST ended too soon (``short``) or not in time (``long``)."""
        with self._use():
            return self._dropped()

    def _dropped(self) -> dict[str, int]:
        return {"short": int(self._shell.read(reg.SHORT_FRAMES)), "long": int(self._shell.read(reg.LONG_FRAMES))}

    def _usual_chunk(self) -> int:
        return max(1, CHUNK_BYTES // max(self.manifest.input.bytes, self.manifest.output.bytes))

    def _allocate(self) -> None:
        """The weights where they stream, and both buffers, for as many frames as the memory for DMA holds, up to a
        chunk."""
        if self.manifest.weights:
            self._weights = Weights(self._shell, self.manifest, self._timeout)
        while True:
            try:
                super()._allocate()
                return
            except BoardError:
                super()._free()
                if self._chunk == 1:
                    raise
                self._chunk = -(-self._chunk // 2)

    def _begin(self) -> None:
        super()._begin()
        self._shell.packets()  # the DMA gives TLAST at the end of a transfer, and that has several frames
        if self._weights:
            self._weights.start()

    def _free(self) -> None:
        super()._free()
        if self._weights:
            self._weights.free()
            self._weights = None

    def _moved(self) -> tuple[int, int]:
        if self._weights:
            self._weights.check()
        return super()._moved()

    def _run(self, codes: Codes) -> Codes:
        try:
            made = super()._run(codes)
        except BoardError as error:
            if self._told():
                error.args = (f"{error}; it {self._told()}",)
            if self._weights and self._weights.told():
                error.args = (f"{error}; {self._weights.told()}",)
            raise
        if self._told():
            raise BoardError(f"the core {self._told()}: another program uses the hardware, too; end one of them")
        return made

    def _told(self) -> str:
        """What was dropped, as a phrase; nothing where nothing was."""
        dropped = self._dropped()
        return f"dropped {dropped['short']} short and {dropped['long']} long frames" if any(dropped.values()) else ""
