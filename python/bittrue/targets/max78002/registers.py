"""Registers of a layer, from its record.

Every quadrant in use gets all of them, because the quadrants step through a layer together; they differ in which
processors take part, in the bias, and in which other quadrants are summed. The values follow what ai8x-synthesis
writes for such a layer, as its published C shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.spec import Abs, ReLU
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.kernels import kernel_count, quadrant_of
from bittrue.targets.max78002.memory_map import GROUP, KERNEL_BYTES, PER_QUADRANT, MemoryMap

# LCTL
ALWAYS, POOLS, MAXIMUM, RELU, SHARED, SUMS_QUADRANT, WIDE, ROWS_OF_KERNEL, COLUMNS_OF_KERNEL, BROADCAST = (
    1 << 5, 1 << 7, 1 << 8, 1 << 9, 1 << 11, 1 << 12, 1 << 16, 1 << 22, 1 << 18, 1 << 29,
)  # fmt: skip
# POST
TRANSPOSED = 1 << 28
BIAS, SHIFT, RIGHT, FLAT_HIGH, WEIGHT_BITS, TIME_SLOTS, ONE_BY_ONE, ABSOLUTE, FLATTENS, DEPTHWISE = (
    1 << 12, 1 << 13, 1 << 17, 1 << 18, 1 << 22, 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 30,
)  # fmt: skip
BITS_CODE = {8: 0, 1: 1, 2: 2, 4: 3}
# ONED
KERNEL_1D, ENABLE_1D, FIRST_BYTE = 1 << 8, 1 << 12, 1 << 4
JOINS, FUNCTION, POOLS_FIRST, SUMS_AFTER, OPERANDS = 1 << 13, 1 << 14, 1 << 16, 1 << 17, 1 << 18
FUNCTIONS = {"sub": 0, "add": 1, "or": 2, "xor": 3}

_PADS, _PAD_COUNT, _NEXT = 1 << 15, 1 << 13, 1 << 16
_FLAT_LOW = 16
_BITS_PER_PLACE = 8
"""Places in kernel memory count bits of a weight: 8 a kernel of 8-bit weights."""


@dataclass(frozen=True)
class Setting:
    """A register of a layer: its name, and a value for each quadrant in use."""

    register: str
    values: tuple[int, ...]


def settings(layer: HardwareLayer, quadrants: Sequence[int], memory: MemoryMap) -> list[Setting]:
    """All registers of a layer that are not zero everywhere, the enable last.

    Parameters
    ----------
    layer : HardwareLayer
        With its places.
    quadrants : sequence of int
        The quadrants in use, ascending.
    memory : MemoryMap
    """
    common = _frame(layer, memory) | _pointers(layer, memory) | _control(layer, memory) | _kernels(layer, memory)
    found = {name: [value] * len(quadrants) for name, value in common.items()}
    for k, quadrant in enumerate(quadrants):
        own = _own(layer, quadrant, k == 0, memory)
        own["LCTL"] |= common["LCTL"]
        own["POST"] |= common["POST"]
        for name, value in own.items():
            found.setdefault(name, [0] * len(quadrants))[k] = value
    order = sorted(found, key=lambda name: (name == "ENA", memory.registers[name].number))
    return [Setting(name, tuple(found[name])) for name in order if any(found[name])]


def time_slots(layer: HardwareLayer) -> int:
    """Time slots of a layer that does not sum over processors: results of a data memory that take turns."""
    given = layer.given
    quadrants = [
        sum(quadrant_of(p) == quadrant for p in range(given.first, given.last + 1))
        for quadrant in range(quadrant_of(given.first), quadrant_of(given.last) + 1)
    ]
    if layer.kind == "none":
        return -(-max(quadrants) // GROUP)
    return min(max(quadrants), GROUP) * (4 if layer.result.wide else 1)


def _frame(layer: HardwareLayer, memory: MemoryMap) -> dict[str, int]:
    """How the hardware walks over the frame or image."""
    rows, columns = layer.pools
    walked = layer.rows * layer.given.passes if _emulates(layer, memory) else layer.rows, layer.columns
    pads = layer.padding, 0 if layer.kind == "conv1d" else layer.padding
    found = {name: (axis.size - 1) * axis.dilation for name, axis in (("PRCNT", rows), ("PCCNT", columns))}
    found["STRIDE"] = 0 if layer.kind == "transposed" else rows.stride - 1
    if not memory.clears:
        for name, length, padding in zip(("RCNT", "CCNT"), walked, pads, strict=True):
            found[name] = length - 1 + 2 * padding | padding << 16
        return found
    lasts = [(n - axis.span) // axis.stride * axis.stride for n, axis in zip(walked, layer.pools, strict=True)]
    left = walked[1] - lasts[1]
    found["RCNT"] = lasts[0] | _padded(pads[0]) | (left + (rows.stride - 1) * walked[1]) * layer.given.step * _NEXT
    found["CCNT"] = lasts[1] | _padded(pads[1]) | left * _NEXT
    found["PRCNT"] |= (rows.dilation - 1) << 4
    found["PCCNT"] |= (columns.dilation - 1) << 4
    found["STRIDE"] |= rows.stride * layer.given.step << 4
    return found


def _padded(padding: int) -> int:
    return _PADS | (padding - 1) * _PAD_COUNT if padding else 0


def _emulates(layer: HardwareLayer, memory: MemoryMap) -> bool:
    return layer.emulated and not memory.device.joined_passes


def _pointers(layer: HardwareLayer, memory: MemoryMap) -> dict[str, int]:
    """Where samples are read and written."""
    given, result = layer.given, layer.result
    many = given.count > GROUP or (layer.operands > 1 and given.passes > 1)
    step = memory.slot * (GROUP if many else 1) if layer.kind == "none" else 0
    return {
        "WPTR_TOFFS": 1 if layer.pointwise else step,
        "WPTR_MOFFS": 0 if layer.kind == "none" else 1 << memory.write_shift,
        "WPTR_CHOFFS": (4 if result.wide else 1) * (result.gap + 1) if result.passes > 1 else 0,
        "RPTR_BASE": layer.given.offset // 4,
    }


def _control(layer: HardwareLayer, memory: MemoryMap) -> dict[str, int]:
    """Pooling, activation, kernel size, passes, one dimension, and the common part of post processing."""
    stage, result = layer.stage, layer.result
    sums = layer.kind != "none"
    control = ALWAYS | SHARED
    control |= POOLS if layer.pooling else 0
    control |= 0 if layer.averages else MAXIMUM
    control |= RELU if isinstance(stage.activation, ReLU) else 0
    control |= WIDE if result.wide else 0
    control |= BROADCAST if layer.depthwise else 0
    if memory.clears and sums:
        control |= (layer.kernel[0] - 1) * ROWS_OF_KERNEL | (layer.kernel[1] - 1) * COLUMNS_OF_KERNEL
    flat = layer.flat * layer.given.passes - 1 if layer.flat else 0
    passes = flat % _FLAT_LOW if layer.flat else 0 if _emulates(layer, memory) else layer.given.passes - 1
    lanes = (result.last - result.first) * layer.bits if sums else 0
    skip = result.step - 1 if sums else result.gap
    shift = stage.shift if sums else 0
    post = BITS_CODE[layer.bits] * WEIGHT_BITS | abs(shift) * SHIFT | (RIGHT if shift < 0 else 0) if sums else 0
    post |= 0 if sums else TIME_SLOTS | (ONE_BY_ONE if layer.operands == 1 else 0)
    post |= TRANSPOSED if layer.kind == "transposed" else 0
    post |= ABSOLUTE if isinstance(stage.activation, Abs) else 0
    post |= DEPTHWISE | TIME_SLOTS if layer.depthwise else 0
    found = {"LCTL": control, "LCTL2": passes | skip << 4 | lanes << (12 if memory.clears else 8), "POST": post}
    if flat >= _FLAT_LOW:
        found["POST"] |= FLATTENS | flat // _FLAT_LOW * FLAT_HIGH
        found["TPTR"] = flat << 16 | 2 * flat + 1
    elif layer.kind in ("conv2d", "transposed") and layer.taps > 1:
        found["TPTR"] = layer.pools[1].windows(layer.columns) + 2 * layer.padding - layer.kernel[1]
    return found


def _kernels(layer: HardwareLayer, memory: MemoryMap) -> dict[str, int]:
    """Which kernels are used; and time slots, and the size of a kernel in one dimension."""
    if layer.kind == "none":
        slots = time_slots(layer) - 1
        passes = 1 if _emulates(layer, memory) else layer.result.passes
        found = {"ONED": slots | (KERNEL_1D if layer.operands == 1 else _joins(layer)), "OCHAN": slots}
        found |= {"MCNT2" if memory.clears else "MCNT": (passes - 1) * _BITS_PER_PLACE}
    else:
        first, byte = divmod(KERNEL_BYTES * layer.kernel_word, layer.taps)
        first *= _BITS_PER_PLACE
        last = first + (kernel_count(layer) - 1) * layer.bits
        slots = time_slots(layer) - 1 if layer.depthwise else 0
        size = layer.kernel[0] * KERNEL_1D | ENABLE_1D if layer.kind == "conv1d" else 0
        size |= (KERNEL_1D if layer.taps == 1 and layer.kind != "conv1d" else 0) | _joins(layer)
        steps = (slots + 1) * layer.given.passes if layer.depthwise else kernel_count(layer)
        found = {"ONED": slots | size | byte * FIRST_BYTE, "OCHAN": steps - 1}
        found |= {"MCNT1": last, "MCNT2": first} if memory.clears else {"MCNT": first << 16 | last}
    return found if memory.clears else {name: value for name, value in found.items() if name != "OCHAN"}


def _joins(layer: HardwareLayer) -> int:
    """The element-wise operation, in ONED."""
    if layer.operands == 1:
        return 0
    found = JOINS | FUNCTIONS[str(layer.stage.join)] * FUNCTION | (layer.operands - 1) * OPERANDS
    found |= POOLS_FIRST if layer.pooling and layer.stage.pool_first else 0
    return found | (0 if layer.kind == "none" else SUMS_AFTER)


def _own(layer: HardwareLayer, quadrant: int, first: bool, memory: MemoryMap) -> dict[str, int]:
    """What differs between quadrants; LCTL and POST are added to what is common."""
    used = layer.given.processors >> PER_QUADRANT * quadrant & (1 << PER_QUADRANT) - 1
    control = 0
    if first and layer.kind != "none" and not layer.depthwise:
        others = {quadrant_of(p) for p in range(layer.given.first, layer.given.last + 1)} | set(layer.bias)
        control = sum(SUMS_QUADRANT << other for other in others if other != quadrant)
    post = 0
    if quadrant in layer.bias:
        post = BIAS | layer.bias[quadrant] // (GROUP if layer.depthwise else 1)
    return {
        "WPTR_BASE": _write_base(layer, quadrant, memory),
        "LCTL": control,
        "POST": post,
        "ENA": used if layer.kind == "none" else used << 16 | used,
    }


def _write_base(layer: HardwareLayer, quadrant: int, memory: MemoryMap) -> int:
    """The first word written: of all processors, or of this quadrant's where data is passed through."""
    result = layer.result
    first = result.first
    if layer.kind == "none":
        first = max(first, PER_QUADRANT * quadrant)
        first = first if first <= min(result.last, PER_QUADRANT * quadrant + PER_QUADRANT - 1) else 0
    return (result.offset - result.before) // 4 | first // GROUP << memory.write_shift
