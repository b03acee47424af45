"""Test vectors of a net: what breaks arithmetic first, then the full range."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from bittrue.check.directed import DIRECTED, ties, worst_cases
from bittrue.errors import BadInput
from bittrue.spec import Net
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]

BLOCK = 1 << 16
"""Most samples of a block."""
FRAMES = 512
"""Most frames of a block where all of the caller's are taken: frames are slow, and people watch a bar."""
ELEMENTS = 1 << 22
"""Most elements that the widest tensor of a net has in a block, to bound memory."""
CHANNELS = 64
"""Channels that are exercised one by one; of a wider input, as many spread evenly."""
CORNERS = 13
"""Parts of equal length that `corners` has; the impulse is two of them."""
_RUN = 64
"""Samples of one amplitude in the small-amplitude vectors."""
BEYOND = 1024
"""Samples past the longest delay in the vectors that are there to reach it."""
LONGEST = 1 << 27
"""Most elements that all tensors of a net have in that block: as long as it is, it cannot be cut."""


Block = Codes | dict[str, Codes]
"""Codes of the one input of a net; of every input by name where there are several."""


def blocks(
    net: Net,
    samples: int,
    seed: int,
    real: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
    every: bool = False,
) -> Iterator[tuple[str, Block]]:
    """Yield ``(kind, codes)``, each a stream of its own from reset, of ``samples`` samples in all.

    The directed kinds come first and get at most half of the samples: ``corners``, ``single channels``,
    ``worst cases``, ``ties``. Where a delay is longer than the blocks that follow, a block of full-range codes reaches
    `BEYOND` it, ``delays``, if the samples left suffice. Of the rest, half goes to ``real`` where data is given, an
    eighth of what then remains to ``small`` amplitudes, and everything else to ``uniform`` codes over the full range.
    Of several inputs, all stand at corners together, every one against every other; what aims at one finds full-range
    codes at the others.

    Parameters
    ----------
    net : Net
    samples : int
        1 or more; `BLOCK` at most in one block.
    seed : int
        0 or more. The same arguments give the same vectors on every machine.
    real : codes (N, *net.input.shape), or those of every input by name, optional
        The caller's own data; its first samples are taken.
    every : bool
        All of ``real`` is taken, and comes on top of ``samples``.

    Raises
    ------
    BadInput
        For a number of samples or a seed out of range, or real data that does not fit the net's inputs.
    """
    if samples < 1 or seed < 0:
        raise BadInput(f"{samples} samples with seed {seed} are no test; give 1 sample or more and a seed of 0 or more")
    rng = np.random.default_rng(seed)
    directed = _directed(net, rng)
    total, share = sum(map(length, directed.values())), samples // 2
    if total > share:
        directed = {kind: _part(codes, 0, length(codes) * share // total) for kind, codes in directed.items()}
    left = samples - sum(map(length, directed.values()))
    delays = _delays(net, left, left if real is None or every else left - left // 2)
    left -= delays
    if real is not None:
        given = net.check_inputs(real)
        directed["real"] = given if every else _part(given, 0, left // 2)
        left -= 0 if every else length(directed["real"])
    for kind, codes in directed.items():
        for count, start in _pieces(net, length(codes), FRAMES if every and kind == "real" else BLOCK):
            yield kind, _block(net, _part(codes, start, start + count))
    if delays:
        yield "delays", _block(net, _drawn(net, delays, rng))
    for count, _ in _pieces(net, left // 8):
        yield "small", _block(net, {name: small(net, count, rng, name) for name in net.inputs})
    for count, _ in _pieces(net, left - left // 8):
        yield "uniform", _block(net, _drawn(net, count, rng))


def _directed(net: Net, rng: np.random.Generator) -> dict[str, dict[str, Codes]]:
    """The directed vectors of every input, by kind."""
    return {
        "corners": _all_corners(net),
        "single channels": _aimed(net, rng, lambda name: single_channels(net, name)),
        "worst cases": _aimed(net, rng, lambda name: worst_cases(net, name)),
        "ties": _aimed(net, rng, lambda name: ties(net, rng, name)),
    }


def length(codes: Block) -> int:
    """Samples of a block."""
    return len(next(iter(codes.values()))) if isinstance(codes, dict) else len(codes)


def zeros(net: Net, samples: int) -> Block:
    """A block of zeros."""
    return _block(net, {name: np.zeros((samples, *given.shape), np.int64) for name, given in net.inputs.items()})


def _block(net: Net, codes: dict[str, Codes]) -> Block:
    return codes if len(net.inputs) > 1 else codes[INPUT]


def _part(codes: dict[str, Codes], start: int, end: int) -> dict[str, Codes]:
    return {name: array[start:end] for name, array in codes.items()}


def _drawn(net: Net, samples: int, rng: np.random.Generator) -> dict[str, Codes]:
    return {name: uniform(net, samples, rng, name) for name in net.inputs}


def _all_corners(net: Net) -> dict[str, Codes]:
    """Corners of all inputs at once, once for every distance that their kinds of corners can have."""
    found = {name: corners(net, name) for name in net.inputs}
    turns = range(CORNERS) if len(found) > 1 else range(1)
    return {
        name: np.concatenate([np.roll(array, k * turn * len(array) // CORNERS, axis=0) for turn in turns])
        for k, (name, array) in enumerate(found.items())
    }


def _aimed(net: Net, rng: np.random.Generator, make: Callable[[str], Codes]) -> dict[str, Codes]:
    """What ``make`` aims at one input, input by input, with full-range codes at the others."""
    if len(net.inputs) == 1:
        return {INPUT: make(INPUT)}
    parts = []
    for aim in net.inputs:
        codes = make(aim)
        parts.append({name: codes if name == aim else uniform(net, len(codes), rng, name) for name in net.inputs})
    return {name: np.concatenate([part[name] for part in parts]) for name in net.inputs}


def needed(net: Net) -> int:
    """Samples with which `blocks` reaches every delay of a net; 0 for one without delays, or too wide for `LONGEST`."""
    depth = deepest(net)
    return 2 * (depth + BEYOND) if depth and (depth + BEYOND) * net.elements <= LONGEST else 0


def deepest(net: Net) -> int:
    """Longest delay that a single layer of a net has, in samples."""
    return max(node.layer.memory for node in net.nodes)


def _delays(net: Net, left: int, drawn: int) -> int:
    """Samples of the block that reaches the longest delay, of ``left``; 0 where those ``drawn`` later do."""
    depth = deepest(net)
    longest = max((count for count, _ in _pieces(net, drawn - drawn // 8)), default=0)
    if not depth or depth < longest or depth >= left or not needed(net):
        return 0
    return min(left, depth + BEYOND)


def _pieces(net: Net, samples: int, frames: int = BLOCK) -> Iterator[tuple[int, int]]:
    """``(count, start)`` of blocks that make up ``samples``; of frames, ``frames`` at most in one."""
    widest = max(tensor.elements for tensor in net.types.values())
    limit = max(1, min(BLOCK, ELEMENTS // widest))
    if any(len(given.shape) > 1 for given in net.inputs.values()):
        limit = min(limit, frames)
    for start in range(0, samples, limit):
        yield min(limit, samples - start), start


def uniform(net: Net, samples: int, rng: np.random.Generator, name: str = INPUT) -> Codes:
    """Random codes from the smallest to the largest of an input's format, ``(samples, *shape)``."""
    given = net.inputs[name]
    fmt = given.format
    return np.asarray(rng.integers(fmt.lo, fmt.hi, (samples, *given.shape), endpoint=True), dtype=np.int64)


def small(net: Net, samples: int, rng: np.random.Generator, name: str = INPUT) -> Codes:
    """Uniform codes, shifted right by 1 to ``bits - 1`` places, another number of them every 64 samples."""
    given = net.inputs[name]
    shifts = rng.integers(1, max(given.format.bits, 2), -(-samples // _RUN))
    shift = np.repeat(shifts, _RUN)[:samples].reshape((samples,) + (1,) * len(given.shape))
    return np.asarray(uniform(net, samples, rng, name) >> shift, dtype=np.int64)


def corners(net: Net, name: str = INPUT) -> Codes:
    """All lo, all hi, zero, plus and minus one, every alternation of lo and hi over time and channels, and an impulse.

    Each is held until every delay of the net has seen it (1,024 samples at most).
    """
    fmt, shape = net.inputs[name].format, net.inputs[name].shape
    hold = min(net.memory, 1022) + 2
    odd = np.arange(math.prod(shape)).reshape(shape) % 2 == 1
    late = np.arange(hold).reshape((hold,) + (1,) * len(shape)) % 2 == 1
    constant = [np.full((hold, *shape), code) for code in (fmt.lo, fmt.hi, 0, min(1, fmt.hi), -1)]
    over_time = [np.where(late, a, b) + np.zeros(shape, np.int64) for a, b in ((fmt.lo, fmt.hi), (fmt.hi, fmt.lo))]
    over_channels = [np.where(odd, a, b) + np.zeros_like(constant[0]) for a, b in ((fmt.lo, fmt.hi), (fmt.hi, fmt.lo))]
    over_both = [np.where(odd ^ late, a, b) for a, b in ((fmt.lo, fmt.hi), (fmt.hi, fmt.lo))]
    impulse = np.zeros((2 * hold, *shape), np.int64)
    impulse[hold] = fmt.lo
    parts = [*constant, *over_time, *over_channels, *over_both, impulse]
    return np.asarray(np.concatenate(parts), dtype=np.int64)


def single_channels(net: Net, name: str = INPUT) -> Codes:
    """One channel at a time, the others zero: lo, hi, -1, and a one that walks through the bits below the sign."""
    fmt, size = net.inputs[name].format, net.inputs[name].elements
    words = [fmt.lo, fmt.hi, -1, *(1 << bit for bit in range(fmt.bits - 1))]
    most = max(1, min(size, CHANNELS, DIRECTED // (size * len(words))))
    channels = sorted({k * size // most for k in range(most)})
    found = np.zeros((len(channels), len(words), size), np.int64)
    for k, channel in enumerate(channels):
        found[k, :, channel] = words
    return np.asarray(found.reshape(-1, *net.inputs[name].shape))
