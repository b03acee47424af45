"""Samples to words of the stream and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.errors import BoardError
from bittrue.board.manifest import SampleFormat
from bittrue.errors import amount

Codes = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def as_array(given: Any, what: str) -> npt.NDArray[Any]:
    """``given`` as an array; `BoardError` for what is none, and for masked elements: they have no value."""
    parts = given if isinstance(given, list | tuple) else (given,)
    if any(np.ma.is_masked(part) for part in parts):
        raise BoardError(f"{what} hold masked elements, which have no value; fill them, for example with .filled(0)")
    try:
        return np.asarray(given)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BoardError(f"{what} are no array of numbers ({str(error)[:160]}); give a NumPy array") from None


def as_values(iq: Any, given: SampleFormat, made: SampleFormat, net: str) -> tuple[Values, bool]:
    """Samples of floating point as ``(N, elements)``, and whether they were complex.

    Raises
    ------
    BoardError
        For integers and booleans, which are codes or flags and nothing in units of full scale; for values that are
        codes all the same: whole numbers, some beyond twice full scale; for numbers that float64 does not hold, and
        another shape.
    """
    array = as_array(iq, "samples")
    codes = _check_floats(array, "samples", "predistort", given)
    pairs = given.elements == made.elements == 2
    is_complex = array.dtype.kind == "c"
    fits = array.ndim == 1 and pairs if is_complex else array.ndim == 2 and array.shape[1] == given.elements
    if array.dtype.kind not in "fc" or not np.can_cast(array.dtype, np.complex128) or not fits:
        shapes = "complex (N,) or real" if pairs else "real"
        raise BoardError(
            f"samples are an array {array.shape} of {array.dtype}; net {net} takes {shapes} (N, {given.elements}), of "
            f"64 bits a number at most"
        )
    values = np.stack([array.real, array.imag], axis=1) if is_complex else array
    values = values.astype(np.float64)
    most = float(np.abs(values).max(initial=0))
    if np.isfinite(most) and most > 2.0 ** (given.bits - given.frac) and (values == np.floor(values)).all():
        raise BoardError(
            f"samples are whole numbers up to {amount(most)}, so codes, and predistort takes units of full scale, here "
            f"{amount(2.0 ** (given.bits - 1 - given.frac))}; {codes}"
        )
    return values, is_complex


def _check_floats(array: npt.NDArray[Any], what: str, call: str, given: SampleFormat) -> str:
    """Raise `BoardError` for integers and booleans; the advice that ends its sentence."""
    codes = f"give codes to run_codes, or scale them: x * 2.0**{-given.frac}"
    if array.dtype.kind in "biu":
        raise BoardError(f"{what} are {array.dtype}, and {call} takes floats in units of full scale; {codes}")
    return codes


def as_frames(frames: Any, given: SampleFormat, net: str) -> Values:
    """Frames of floating point as float64 ``(N, *shape)``.

    Raises `BoardError` for integers and booleans, numbers that float64 does not hold, and another shape.
    """
    array = as_array(frames, "frames")
    _check_floats(array, "frames", "run", given)
    array = array[np.newaxis] if array.shape == given.shape else array
    if array.dtype.kind != "f" or not np.can_cast(array.dtype, np.float64) or array.shape[1:] != given.shape:
        shape = ", ".join(map(str, ("N", *given.shape)))
        raise BoardError(
            f"frames are an array {array.shape} of {array.dtype}; net {net} takes real ({shape}), of 64 bits a number "
            f"at most"
        )
    return array.astype(np.float64)


def quantise(values: npt.NDArray[np.float64], fmt: SampleFormat, what: str = "sample") -> tuple[Codes, int]:
    """Codes ``clamp(floor(v * 2**frac + 1/2), lo, hi)`` of values, and the number of rows that were clamped.

    Parameters
    ----------
    values : float64 array (N, elements)
    what : str
        What a row is called.

    Raises
    ------
    BoardError
        For NaN or infinity.
    """
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise BoardError(f"{what} {int(np.argmin(finite))} is not finite; clean the data before sending it")
    scaled = np.clip(np.ldexp(values, fmt.frac), float(fmt.lo) - 1.0, float(fmt.hi) + 1.0)
    floor = np.floor(scaled)
    codes = floor.astype(np.int64) + (scaled - floor >= 0.5)
    clipped = int(((codes < fmt.lo) | (codes > fmt.hi)).any(axis=1).sum())
    return np.asarray(np.clip(codes, fmt.lo, fmt.hi)), clipped


def check_codes(codes: Any, fmt: SampleFormat) -> Codes:
    """The codes as int64 ``(N, *shape)``, of one frame too; `BoardError` for another shape, kind, or a code outside the
    format."""
    array = as_array(codes, "codes")
    if fmt.frame and array.shape == fmt.shape:
        array = array[np.newaxis]
    if array.ndim != 1 + len(fmt.shape) or array.shape[1:] != fmt.shape or array.dtype.kind not in "iu":
        shape = ", ".join(map(str, ("N", *fmt.shape)))
        raise BoardError(f"codes are an array {array.shape} of {array.dtype}; the net takes integers ({shape})")
    if array.size and (int(array.min()) < fmt.lo or int(array.max()) > fmt.hi):
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


def pack(codes: Codes, fmt: SampleFormat, words: npt.NDArray[np.signedinteger]) -> None:
    """Fill ``words (N * words of a frame, containers)`` with codes ``(N, *shape)``; containers beyond hold zero."""
    words[:] = 0
    words[:, : fmt.elements] = fmt.frame.beats(codes) if fmt.frame else codes


def unpacked(words: npt.NDArray[np.signedinteger], fmt: SampleFormat) -> Codes:
    """Codes ``(N, *shape)`` of words ``(N * words of a frame, containers)``; `BoardError` for a container that holds no
    code."""
    codes = np.array(words[:, : fmt.elements], dtype=np.int64)
    if fmt.frame:
        codes = fmt.frame.elements(codes)
    wrong = ((codes < fmt.lo) | (codes > fmt.hi)).any(axis=1)
    if wrong.any():
        sample = int(np.argmax(wrong))
        what = "frame" if fmt.frame else "sample"
        raise BoardError(
            f"output {what} {sample} of a transfer is {codes[sample].tolist()}, outside {fmt.lo} to {fmt.hi}; "
            f"the buffer was not filled by this net"
        )
    return codes.reshape(-1, *fmt.shape)
