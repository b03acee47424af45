"""Samples to words of the stream and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.board.errors import BoardError
from bittrue.board.manifest import SampleFormat

Codes = npt.NDArray[np.int64]


def quantise(values: npt.NDArray[np.float64], fmt: SampleFormat) -> tuple[Codes, int]:
    """Codes ``clamp(floor(v * 2**frac + 1/2), lo, hi)`` of values, and the number of samples that were clamped.

    Parameters
    ----------
    values : float64 array (N, elements)

    Raises
    ------
    BoardError
        For NaN or infinity.
    """
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise BoardError(f"sample {int(np.argmin(finite))} is not finite; clean the data before sending it")
    scaled = np.clip(np.ldexp(values, fmt.frac), float(fmt.lo) - 1.0, float(fmt.hi) + 1.0)
    floor = np.floor(scaled)
    codes = floor.astype(np.int64) + (scaled - floor >= 0.5)
    clipped = int(((codes < fmt.lo) | (codes > fmt.hi)).any(axis=1).sum())
    return np.asarray(np.clip(codes, fmt.lo, fmt.hi)), clipped


def check_codes(codes: npt.ArrayLike, fmt: SampleFormat) -> Codes:
    """The codes as int64 ``(N, elements)``; `BoardError` for another shape, kind, or a code outside the format."""
    array = np.asarray(codes)
    if array.ndim != 2 or array.shape[1] != fmt.elements or not np.issubdtype(array.dtype, np.integer):
        raise BoardError(
            f"codes are an array {array.shape} of {array.dtype}; the net takes integers (N, {fmt.elements})"
        )
    if array.size and (array.min() < fmt.lo or array.max() > fmt.hi):
        raise BoardError(
            f"codes reach from {array.min()} to {array.max()}; {fmt.bits} bits hold {fmt.lo} to {fmt.hi}, so clamp them"
        )
    return array.astype(np.int64)


def word_dtype(fmt: SampleFormat) -> np.dtype[np.signedinteger]:
    """Type of one container, little-endian."""
    return np.dtype(f"<i{fmt.container_bits // 8}")


def words_of(fmt: SampleFormat) -> int:
    """Containers in one word of the stream; those behind the sample are not used."""
    return fmt.stream_bits // fmt.container_bits


def unpacked(words: npt.NDArray[np.signedinteger], fmt: SampleFormat) -> Codes:
    """Codes ``(N, elements)`` of words ``(N, containers)``; `BoardError` for a container that holds no code."""
    codes = np.array(words[:, : fmt.elements], dtype=np.int64)
    wrong = ((codes < fmt.lo) | (codes > fmt.hi)).any(axis=1)
    if wrong.any():
        sample = int(np.argmax(wrong))
        raise BoardError(
            f"output sample {sample} of a transfer is {codes[sample].tolist()}, outside {fmt.lo} to {fmt.hi}; "
            f"the buffer was not filled by this net"
        )
    return codes
