"""The initiation interval of an overlay where none is given."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from bittrue.cost import XC7Z020, default_interval, resources
from bittrue.errors import BadInput
from bittrue.lower.fold import MAX_INTERVAL
from bittrue.lower.schedule import has_frames, least_interval
from bittrue.lower.streaming import RAMB36, pace_of, stream_plan
from bittrue.spec import Net
from bittrue.targets.pynq_z1.clock import BUS


def overlay_interval(net: Net, clock_mhz: float, bram: int = RAMB36) -> int:
    """`bittrue.cost.default_interval` where the net fits; else the shortest power of two at which half of the part's
    DSP48E1 are enough and the weights that do not fit ``bram`` RAMB36E1 stream from memory. Where there is none, the
    former, and what is wrong with it shows later. Raises `BadInput` for a net without an RTL leg."""
    usual = default_interval(net)
    part = replace(XC7Z020, ramb36=bram)
    if not has_frames(net) or resources(net, usual).fits(part):
        return usual
    interval = 1 << (least_interval(net) - 1).bit_length()
    while interval <= MAX_INTERVAL:
        with suppress(BadInput):  # too short for a layer, or for the port
            if 2 * resources(net, interval).dsp <= part.dsp:
                stream_plan(net, interval, bram, pace_of(clock_mhz, BUS.mhz))
                return interval
        interval *= 2
    return usual
