"""Weights to begin with of a net of impulsive noise: bursts that gates let through, pulses, a background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from bittrue.apps.noise.hardware.burst_filters import (
    HEIGHT,
    KNOTS,
    LONGEST,
    Background,
    amplitude_slopes,
    background,
    gaussian,
    linear,
    smooth,
    state_filter,
)
from bittrue.apps.noise.hardware_net import FACTOR, ArchitectureSpec, Weights, drawn_weights
from bittrue.apps.noise.processes.bursty import BurstyBernoulliGaussian
from bittrue.apps.noise.processes.fgn_and_bursts import FGNAndBursts
from bittrue.apps.noise.processes.shot import Shot
from bittrue.errors import BadInput
from bittrue.num import Format

PULSE = 1.04
"""By how much pulses are larger inside than in the signal: 3.97 is the end of Q3.5."""
WIDER = 1.014
"""By how much pulses are made wider: rounding takes their skirts away."""
RISE = 5.0
"""Standard deviation, in samples, of the Gaussian that interpolates pulses."""
ABOVE = 0.5
"""What stands for the threshold of a burst where its noise is kept."""
BEND, SWITCH = 1.9, 12.0
"""Slopes of a burst's state: where its noise is kept, and at the sample rate."""
LEAST = ((2, 1), (2, 1), (8, 3), (10, 2))
"""Channels that the structure takes of every level, and of its noise."""
Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What the three kinds of noise are: bursts on white noise, pulses, bursts on fractional Gaussian noise."""

    bursts: BurstyBernoulliGaussian
    share: float
    shot: Shot
    rate: float
    fractional: FGNAndBursts
    hurst: float


def weights(spec: ArchitectureSpec, plan: Plan, seed: int) -> Weights:
    """Weights ``(outputs, inputs, size)`` and biases of a net of four levels, with a parameter of three values.

    ========== =======================================================================================================
    bursts     normal noise of such an autocorrelation that its excursions beyond a threshold have that of the bursts,
               at a quarter of the sample rate; interpolated and made a step, 0 or 3.97. ``max(+-n + step - 3.97, 0)``
               are the two parts of an impulse n within a burst, and 0 outside of it
    pulses     normal noise through a line of four bends, that is 0 or a sum of exponential amplitudes; a Gaussian at a
               quarter of the sample rate, and another one that interpolates
    background fractional Gaussian noise as a sum of white noise of four rates, each interpolated; the slowest through a
               filter; their powers by non-negative least squares of the density
    kinds      3.97 less for every part that a value of the parameter does not have: the parameter and its opposite
               through ReLU
    ========== =======================================================================================================

    Channels beyond these have `drawn_weights` and begin with nothing that listens to them. Source of the
    autocorrelation behind a threshold: Sheppard's formula, as in Kedem, Proc. IEEE 74(11), 1986.

    Raises `BadInput` for an architecture or processes of another form.
    """
    _check(spec, plan)
    found = {name: (weight, bias) for name, (weight, bias) in drawn_weights(spec, seed).items()}
    steps = background(spec, plan.hurst)
    _slow(spec, found, steps)
    _quarter(spec, found, plan, steps)
    _raised(spec, found, steps)
    _fast(spec, found, steps)
    _signal(found, plan)
    return found


def _check(spec: ArchitectureSpec, plan: Plan) -> None:
    kernels = [len(level.kernels) for level in spec.levels]
    sizes = [size for level in spec.levels for size in (*level.kernels, level.upsampling or 1)]
    room = kernels == [1, 1, 2, 3] and all(
        level.channels >= channels and level.noise >= noise
        for level, (channels, noise) in zip(spec.levels, LEAST, strict=True)
    )
    if not room or spec.levels[3].kernels[1] != 1 or any(size % 2 == 0 or size > LONGEST for size in sizes):
        raise BadInput(
            f"{spec.name} begins with gates of bursts; give it four levels with one, one, two and three kernels of odd "
            f"sizes, {LONGEST} at most, of which the last but one is 1, at least 2, 2, 8 and 10 channels, and noise of "
            f"1, 1, 3 and 2"
        )
    if spec.setting is None or spec.setting.high - spec.setting.low != 2:
        raise BadInput(f"{spec.name} begins with gates of bursts; give its parameter a range of three whole numbers")
    same = plan.fractional.p == plan.share and plan.fractional.burst == plan.bursts.burst
    if not same or plan.fractional.impulse != plan.bursts.impulse:
        raise BadInput(f"{spec.name} begins with gates of bursts; both sets of bursts must have the same ones")
    if (plan.shot.pulse, plan.shot.amplitude) != ("gaussian", "exponential"):
        raise BadInput(
            f"{spec.name} begins with gates of bursts; its pulses must be Gaussian of exponential amplitudes"
        )


def _cleared(found: Weights, name: str, rows: int) -> tuple[Real, Real]:
    """Weights and biases of a layer, those of its first ``rows`` results 0."""
    weight, bias = found[name]
    weight[:rows], bias[:rows] = 0.0, 0.0
    return weight, bias


def _slow(spec: ArchitectureSpec, found: Weights, steps: Background) -> None:
    """The two slow levels: the background's two parts in the channels 0 and 1."""
    first = _cleared(found, "conv0_0", 2)[0]
    first[0, 0], first[1, 0] = steps.deviations[0] * steps.slowest, -steps.deviations[0] * steps.slowest
    for number in (1, 2):
        up = _cleared(found, f"up{number}", 2)[0]
        _both(up, (0, 1), linear(spec.levels[number].upsampling))
    next_level = spec.levels[1]
    weight = _cleared(found, "conv1_0", 2)[0]
    middle = next_level.kernels[0] // 2
    taps = np.zeros(next_level.kernels[0])
    taps[middle] = HEIGHT
    _both(weight, (0, 1), taps)
    for row, sign in ((0, 1.0), (1, -1.0)):
        weight[row, next_level.channels, middle] = sign * steps.deviations[1]


def _both(weight: Real, at: tuple[int, int], taps: Real) -> None:
    """Both parts of the difference of two channels, filtered, into two results: ``at`` are the channels."""
    for row, sign in ((0, 1.0), (1, -1.0)):
        weight[row, at[0]], weight[row, at[1]] = sign * taps, -sign * taps


def _quarter(spec: ArchitectureSpec, found: Weights, plan: Plan, steps: Background) -> None:
    """A quarter of the sample rate: background in 0 and 1, the state's noise in 2 and 3, amplitudes in 4 to 7, then
    pulses in 4."""
    level = spec.levels[2]
    noise, (size, then) = level.channels, level.kernels
    weight, bias = _cleared(found, "conv2_0", 8)
    delta = np.zeros(size)
    delta[size // 2] = HEIGHT
    _both(weight, (0, 1), delta)
    weight[0, noise + 2], weight[1, noise + 2] = steps.deviations[2] * delta, -steps.deviations[2] * delta
    weight[2:4, noise] = BEND * state_filter(plan.share, plan.bursts.burst, size)
    bias[2:4] = ABOVE - BEND * stats.norm.isf(plan.share)
    for row, knot in enumerate(KNOTS, 4):
        weight[row, noise + 1], bias[row] = delta, -knot * HEIGHT
    weight, _ = _cleared(found, "conv2_1", 5)
    delta = np.zeros(then)
    delta[then // 2] = HEIGHT
    _both(weight, (0, 1), delta)
    weight[2, 2] = weight[3, 3] = delta
    width = 1 / plan.shot.theta
    inner = np.sqrt((WIDER * width) ** 2 - RISE**2) / FACTOR
    height = PULSE / HEIGHT * plan.shot.kernel().max() * width / FACTOR / inner
    changes = amplitude_slopes(plan.rate * plan.shot.theta * FACTOR)
    weight[4, 4:8] = height * changes[:, None] * gaussian(then, inner)


def _raised(spec: ArchitectureSpec, found: Weights, steps: Background) -> None:
    """To the sample rate: background in 0 and 1, three copies of the state's noise in 2 to 4, pulses in 5."""
    size = spec.levels[3].upsampling
    weight, _ = _cleared(found, "up3", 6)
    _both(weight, (0, 1), smooth(size))
    weight[2:5, 2:4] = linear(size)
    pulse = gaussian(size, RISE)
    weight[5, 4] = FACTOR * pulse / pulse.sum()


def _fast(spec: ArchitectureSpec, found: Weights, steps: Background) -> None:
    """The sample rate: impulses in 0 and 1, white noise in 2 and 3, the state in 4, the parameter's sides in 5 and 6,
    pulses in 7, the background in 8 and 9; then gates."""
    level = spec.levels[3]
    noise, setting, size = level.channels, level.channels + level.noise, level.kernels[0]
    top = Format.of(spec.tensor, spec.name)
    most = top.hi * top.scale
    assert spec.parameter is not None  # checked
    gate = most / (spec.parameter[1].high * top.scale)
    weight, bias = _cleared(found, "conv3_0", 10)
    middle = size // 2
    for row, sign in ((0, 1.0), (1, -1.0)):
        weight[row, noise, middle] = weight[2 + row, noise + 1, middle] = weight[5 + row, setting, middle] = sign
        weight[8 + row, :2, middle] = sign, -sign
        weight[8 + row, noise + 1, middle] = sign * steps.deviations[3]
    weight[4, 2:5] = SWITCH / (3 * size)
    bias[4] = most - SWITCH * 2 * ABOVE * HEIGHT**2
    weight[7, 5, middle] = 1.0
    weight, bias = _cleared(found, "conv3_1", 7)
    for row, sign in ((0, 1.0), (1, -1.0)):
        weight[row, :2, 0] = sign, -sign
        weight[row, 4:7, 0] = 1.0, gate, gate
        bias[row] = -2 * most
        weight[2 + row, 2:4, 0] = 0.5 * sign, -0.5 * sign
        weight[2 + row, 6, 0], bias[2 + row] = gate, -most
        weight[4 + row, 8:10, 0] = sign, -sign
        weight[4 + row, 5, 0], bias[4 + row] = gate, -most
    weight[6, 7, 0] = 1.0
    weight[6, 5:7, 0] = -gate


def _signal(found: Weights, plan: Plan) -> None:
    weight, bias = found["out"]
    weight[:], bias[:] = 0.0, 0.0
    middle = weight.shape[2] // 2
    parts = HEIGHT * plan.bursts.impulse, 2 * plan.bursts.thermal, plan.fractional.background
    for number, size in enumerate(parts):
        weight[0, 2 * number, middle], weight[0, 2 * number + 1, middle] = size, -size
    weight[0, 6, middle] = 1 / PULSE
