"""Exact ranges of every tensor and accumulator of a net, from its actual weights."""

from bittrue.ranges.net import RULES, node_range, ranges
from bittrue.ranges.range import Range
from bittrue.ranges.samples import basis_interval, envelope_interval

__all__ = ["RULES", "Range", "basis_interval", "envelope_interval", "node_range", "ranges"]
