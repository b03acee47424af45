"""Inputs aimed at a net's first layer: its largest accumulators, and words that lie half an LSB between two others."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Format, isqrt, requantise
from bittrue.ref.evaluate import evaluate
from bittrue.ref.samples import envelope
from bittrue.spec import ComplexFIR, Conv, Dense, MemoryTaps, Net, TensorType, Weighted
from bittrue.spec.net import INPUT

Codes = npt.NDArray[np.int64]
NEURONS = 256
"""Neurons of a layer that get inputs of their own."""
DIRECTED = 1 << 22
"""Most elements of a kind of directed vectors, roughly: of wide inputs and behind long delays there are fewer."""
TERMS = 1 << 18
"""Longest sum for which ties are constructed, and most terms of all such sums."""
SCORES = 1 << 26
"""Most scores of candidates, over delays and neurons."""
GRID = 32
"""Steps of the grid of samples, from lo to hi with zero in the middle."""
FOUND = 32
"""Ties that are taken of one rounding."""
DRAWS, KEPT = 64, 8
"""Attempts to construct a tie of one neuron, and how many ties of it are taken."""


def worst_cases(net: Net, name: str = INPUT) -> Codes:
    """Streams ``(N, *shape)`` of an input that bring first-layer accumulators to their largest and smallest value.

    For a `Dense` on the input these are lo and hi by the sign of each weight, for a convolution the same in one
    window, the rest being lo. Behind delays (`ComplexFIR`, `MemoryTaps` into `Dense`) every delay gets that sample of a
    grid over the I/Q plane that adds most, which is the largest value but for the spacing of the grid. Empty for other
    first layers.
    """
    given = net.inputs[name]
    fmt, found = given.format, [np.zeros((0, *given.shape), np.int64)]
    line = [min(k * (1 << fmt.bits) // GRID + fmt.lo, fmt.hi) for k in range(GRID + 1)]
    candidates = np.array(list(product(line, repeat=2)))
    for node in net.nodes:
        if isinstance(node.layer, Conv) and node.inputs == (name,):
            weight = node.layer.weight[: _some(given.elements)]
            for ends in ((fmt.hi, fmt.lo), (fmt.lo, fmt.hi)):
                found.append(framed(node.layer, given, np.where(weight >= 0, *ends)))
    for layer, taps in _first_matrices(net, name):
        if isinstance(layer, ComplexFIR):
            scores = _fir_scores(layer, fmt, candidates)
        elif taps:
            scores = _feature_scores(taps, layer, given, candidates)
        else:
            weight = layer.weight[: _some(given.elements)]
            found += [np.where(weight >= 0, fmt.hi, fmt.lo), np.where(weight >= 0, fmt.lo, fmt.hi)]
            continue
        depth = max(scores) + 1
        for pick in (np.argmax, np.argmin):
            stream = np.zeros((scores[depth - 1].shape[1], depth, 2), np.int64)
            for delay, score in scores.items():
                stream[:, depth - 1 - delay] = candidates[pick(score, axis=0)]
            found.append(stream.reshape(-1, 2))
    return np.concatenate(found)


def _some(elements: int, most: int = NEURONS) -> int:
    """How many vectors of so many elements are made, ``most`` at most."""
    return max(1, min(most, DIRECTED // elements))


def _first_matrices(net: Net, name: str) -> Iterable[tuple[Dense | ComplexFIR, MemoryTaps | None]]:
    """Layers that weigh the input, and those that weigh the `MemoryTaps` of it."""
    features = {n.name: n.layer for n in net.nodes if isinstance(n.layer, MemoryTaps) and n.inputs == (name,)}
    for node in net.nodes:
        if isinstance(node.layer, Dense | ComplexFIR) and node.inputs == (name,):
            yield node.layer, None
        elif isinstance(node.layer, Dense) and node.inputs[0] in features:
            yield node.layer, features[node.inputs[0]]


def _feature_scores(taps: MemoryTaps, layer: Dense, given: TensorType, iq: Codes) -> dict[int, Codes]:
    """What candidate ``c`` at delay ``t`` adds to the accumulator of neuron ``o``: ``scores[t][c, o]``."""
    alone = MemoryTaps((0,), taps.powers, taps.output)
    features = evaluate(alone, [given], iq)
    delays = len({delay for delay, _ in taps.features})
    weight = layer.weight[: min(_some(taps.memory + 1), max(1, SCORES // (len(iq) * delays)))]
    scores: dict[int, Codes] = {}
    for column, (delay, part) in enumerate(taps.features):
        found = np.outer(features[:, alone.features.index((0, part))], weight[:, column])
        scores[delay] = scores.get(delay, 0) + found
    return scores


def basis(iq: Codes, power: int, frac: int, layer: ComplexFIR) -> Codes:
    """Basis words ``(N, 2)`` of `ComplexFIR`: ``x * |x|**power`` of ``iq`` codes with ``frac`` fractional bits."""
    if power == 0:
        return requantise(iq, frac - layer.basis.frac, layer.basis)
    return requantise(iq * envelope(iq, power, frac, layer.basis)[:, None], frac, layer.basis)


def _fir_scores(layer: ComplexFIR, given: Format, iq: Codes) -> dict[int, Codes]:
    """What candidate ``c`` at delay ``t`` adds to the real and the imaginary part: ``scores[t][c, (re, im)]``."""
    scores: dict[int, Codes] = {}
    row = iter(layer.weight)
    for term in layer.terms:
        b = basis(iq, term.power, given.frac, layer)
        for tap, (h_re, h_im) in zip(term.taps, row, strict=False):
            part = np.stack([h_re * b[:, 0] - h_im * b[:, 1], h_re * b[:, 1] + h_im * b[:, 0]], axis=1)
            scores[tap] = scores.get(tap, 0) + part
    return scores


def ties(net: Net, rng: np.random.Generator, name: str = INPUT) -> Codes:
    """Samples ``(N, *shape)`` of an input for which a rounding of the first layer lies half an LSB between two words.

    Searched among all samples on the I axis, the Q axis and the diagonal for layers that take I/Q, constructed from
    the weights for `Dense` and for one window of a convolution. Empty where the first layer rounds nothing away or no
    such sample was found.
    """
    given = net.inputs[name]
    found = [np.zeros((0, *given.shape), np.int64)]
    for node in net.nodes:
        if node.inputs != (name,):
            continue
        if isinstance(node.layer, Weighted):
            layer = node.layer
            rows = layer.weight.reshape(len(layer.weight), -1)
            shift = layer.shift(given.format)
            few = min(_some(given.elements * KEPT), max(1, TERMS // rows.shape[1]))
            for neuron, (row, bias) in enumerate(zip(rows[:few], layer.bias, strict=False)):
                samples = _row_ties(row, int(bias), shift, given.format, rng)
                if isinstance(layer, Conv) and len(samples):
                    windows = samples.reshape(len(samples), *layer.weight.shape[1:])
                    samples = framed(layer, given, windows, np.full(len(samples), neuron))
                found.append(samples)
        elif isinstance(node.layer, MemoryTaps | ComplexFIR):
            found.append(_iq_ties(node.layer, given.format, rng))
    return np.concatenate(found)


def is_tie(acc: Codes, shift: int) -> npt.NDArray[np.bool_]:
    """Whether ``acc * 2**-shift`` lies exactly half way between two integers."""
    if not 0 < shift < 63:
        return np.zeros(acc.shape, np.bool_)
    return np.asarray(acc & ((1 << shift) - 1) == 1 << (shift - 1))


def _any(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(mask.any(axis=1))


def _iq_ties(layer: MemoryTaps | ComplexFIR, given: Format, rng: np.random.Generator) -> Codes:
    line = np.arange(given.lo, given.hi + 1)
    none = np.zeros_like(line)
    iq = np.concatenate([np.stack(pair, axis=1) for pair in ((line, none), (none, line), (line, line))])
    squared = (iq**2).sum(axis=1)
    exact = {p: squared ** (p // 2) * (isqrt(squared) if p % 2 else 1) for p in (1, 2, 3, 4)}
    if isinstance(layer, MemoryTaps):
        powers, target, tied = layer.powers, layer.output, []
    else:
        powers, target = tuple(term.power for term in layer.terms if term.power), layer.basis
        shift = layer.shift
        tied = [is_tie(part, shift) for part in _fir_scores(layer, given, iq)[layer.memory].T]
        tied += [_any(is_tie(iq * envelope(iq, p, given.frac, target)[:, None], given.frac)) for p in powers]
    tied += [is_tie(exact[p], p * given.frac - target.frac) for p in powers]
    tied.append(_any(is_tie(iq, given.frac - target.frac)))
    memory = layer.memory if isinstance(layer, ComplexFIR) else 0
    few = _some((memory + 1) * len(tied), FOUND)
    chosen = [rng.permutation(np.flatnonzero(mask))[:few] for mask in tied]
    stream = np.zeros((sum(map(len, chosen)), memory + 1, 2), np.int64)  # zeros between: a sum of one sample only
    stream[:, 0] = iq[np.concatenate(chosen)]
    return stream.reshape(-1, 2)


def _row_ties(weight: Codes, bias: int, shift: int, given: Format, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Random samples in which one element is solved for: ``w[j] * x[j] = half - the rest (mod 2**shift)``."""
    row, found = [int(w) for w in weight], np.zeros((0, len(weight)), np.int64)
    usable = [k for k, weight in enumerate(row) if weight]
    if shift <= 0 or not usable or len(row) > TERMS:
        return found
    column = min(usable, key=lambda k: row[k] & -row[k])
    even = (row[column] & -row[column]).bit_length() - 1
    modulus = 1 << max(shift - even, 0)
    inverse = pow(row[column] >> even, -1, modulus)
    samples = rng.integers(given.lo, given.hi, (DRAWS, len(row)), endpoint=True)
    for sample in samples:
        rest = bias + sum(w * int(x) for k, (w, x) in enumerate(zip(row, sample, strict=True)) if k != column)
        wanted = ((1 << shift >> 1) - rest) % (1 << shift)
        solution = (wanted >> even) * inverse % modulus
        solution -= modulus if solution > given.hi else 0
        sample[column] = solution if given.lo <= solution <= given.hi else 0
    hit = is_tie(samples @ weight + bias, shift)
    return samples[hit][:KEPT]


def framed(layer: Conv, given: TensorType, windows: Codes, filters: Codes | None = None) -> Codes:
    """Tensors ``(N, *given.shape)`` of lo in which filter ``filters[n]`` sees ``windows[n]``, near the middle.

    Where every window reaches into the padding, what would lie there is left away, as is what would lie between inputs.

    Parameters
    ----------
    windows : codes (N, channels of a group, *K)
    filters : int array (N,), optional
        Filter ``n`` for window ``n`` where it is not given.
    """
    filters = np.arange(len(windows)) if filters is None else filters
    result, channels = np.full((len(windows), *given.shape), given.format.lo, np.int64), layer.weight.shape[1]
    places, weights = [], []
    for axis, length, count in zip(layer.axes, given.shape[1:], layer.output_type(given).shape[1:], strict=True):
        at = {k: axis.at(count // 2, k) for k in range(axis.size)}
        inside = {k: where for k, where in at.items() if where is not None and 0 <= where < length}
        places.append(list(inside.values()))
        weights.append(list(inside))
    for n, o in enumerate(filters):
        first = int(o) // (len(layer.weight) // layer.groups) * channels
        group = range(first, first + channels)
        where: tuple[Any, ...] = (n, *np.ix_(group, *places))
        result[where] = windows[n][np.ix_(range(channels), *weights)]
    return result
