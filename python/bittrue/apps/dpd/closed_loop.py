"""The closed loop: predistorter, transmitter limit, amplifier model, metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.apps.dpd import float_net
from bittrue.apps.dpd.captures.data import Capture, to_complex, to_iq
from bittrue.apps.dpd.metrics import Channel, Complex, Metrics, measure
from bittrue.spec import Net

HISTORY = 512
"""Samples of the input before a split that run through the loop first, so that no start-up transient is measured."""

Filter = Callable[[Complex], Complex]
Codes = npt.NDArray[np.int64]


def integer(net: Net, run: Callable[[Net, Codes], Codes] = ref.run) -> Filter:
    """The net as a predistorter of complex signals, executed on codes by the leg ``run``."""

    def predistort(x: Complex) -> Complex:
        return to_complex(net.output.format.decode(run(net, net.input.format.encode(to_iq(x)))))

    return aligned(predistort, net.delay)


def floating(net: Net, parameters: float_net.Parameters) -> Filter:
    """The net's float parent as a predistorter."""
    return aligned(lambda x: to_complex(float_net.run(net, parameters, to_iq(x))), net.delay)


def aligned(predistort: Filter, delay: int) -> Filter:
    """The same predistorter without its declared delay: it is fed ``delay`` zeros more, and its first outputs go."""
    return lambda x: predistort(np.concatenate([x, np.zeros(delay)]))[delay:]


def warmed(capture: Capture, split: str) -> tuple[Complex, int]:
    """A split's input with what came before it, and how many samples that are (at most `HISTORY`)."""
    before = capture.history(split, HISTORY)
    return np.concatenate([before, capture.inputs[split]]), len(before)


def output(capture: Capture, amplifier: Filter, predistort: Filter | None = None, split: str = "test") -> Complex:
    """What the amplifier model puts out for a split, ``(N,)``; ``predistort=None`` drives it with the plain input."""
    x, before = warmed(capture, split)
    u = x if predistort is None else predistort(x)
    return amplifier(u)[before:]


def judge(capture: Capture, amplifier: Filter, predistort: Filter | None = None, split: str = "test") -> Metrics:
    """Metrics of `output` against ``capture.gain * input``: simulated through a model, not an RF measurement.

    They are taken on `whole_segments` of the split, from its first sample on.
    """
    y = output(capture, amplifier, predistort, split)
    channel, samples = whole_segments(capture.channel, len(y))
    return measure(y[:samples], capture.gain * capture.inputs[split][:samples], channel)


def whole_segments(channel: Channel, samples: int) -> tuple[Channel, int]:
    """As many whole segments as ``samples`` hold, or one shorter segment: the channel, and how many samples that are.

    The metrics pad a last piece with zeros, and the edge that this cuts into a signal leaks into the adjacent channels.
    """
    if samples < channel.nperseg:
        channel = replace(channel, nperseg=samples // 2 * 2)
    return channel, samples // channel.nperseg * channel.nperseg
