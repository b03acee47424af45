"""Keys of a layer that say where its data lie and how they come: checked, and then forgotten."""

from __future__ import annotations

from bittrue.targets.max78002.devices import MAX78002, PROCESSORS
from bittrue.targets.max78002.keys import Keys

MEMORY, QUADRANTS = 4 * MAX78002.data_bytes, 4

OFFSETS, SWITCHES = ("in_offset", "out_offset"), ("calcx4", "readahead", "tcalc", "streaming")
GAPS = ("write_gap", "in_skip", "read_gap")
"""Keys of a layer that say where or how fast, and not what: bytes and words of data memory, and true or false."""


def check_placement(keys: Keys) -> None:
    """Where data, kernels and biases lie. Raises `BadInput` for values of a wrong kind or size."""
    for key in ("processors", "output_processors"):
        check_processors(keys, key)
    keys.word("data_format", "hwc", ("hwc", "little", "chw", "big"), "choose HWC or CHW")
    for key in OFFSETS:
        keys.whole(key, 0, 0, MEMORY)
    for key in GAPS:
        keys.whole(key, 0, 0)
    for key in SWITCHES:
        keys.flag(key)
    for key in ("bias_group", "bias_quadrant"):
        groups = keys.take(key)
        listed = groups if isinstance(groups, list) else [groups]
        if groups is not None and not all(type(one) is int and 0 <= one < QUADRANTS for one in listed):
            raise keys.bad(key, f"give quadrants, 0 to {QUADRANTS - 1}", groups)


def check_processors(keys: Keys, key: str) -> None:
    """A map of processors, a number or hexadecimal text. Raises `BadInput` for anything else."""
    value = keys.take(key)
    number = value
    if isinstance(value, str):
        try:
            number = int(value.replace(".", "").replace("_", ""), 16)
        except ValueError:
            number = None
    wrong = isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 1 << PROCESSORS
    if value is not None and wrong:
        raise keys.bad(key, "give a map of the 64 processors, such as 0x00000000ffffffff", value)
