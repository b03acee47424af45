"""From the registers of a layer to its settings; what contradicts itself, or is not modelled, is refused.

The meaning of the fields is that of ai8x-synthesis' back end for both parts. Fields that must agree (a stride stands in
three registers of the MAX78002) are compared, so that a wrong one is found even where it would not change the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bittrue_firmware.chip import LANES, PROCESSORS, Chip
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.fields import Fields
from bittrue_firmware.geometry import Geometry, geometry
from bittrue_firmware.pointers import check_pointers, gap_of, is_reset, skip_of, write_places
from bittrue_firmware.settings import LayerSettings

_BITS = (8, 1, 2, 4)
"""Bits of a weight by the two-bit code in POST."""

_PRIVATE = {"ENA": 0xFFFF_FFFF, "LCTL": 0xF000, "POST": 0x1FFF}
"""Bits that may differ between quadrants, which run in step: processors, sources, bias."""


def decode(
    chip: Chip, layer: int, registers: Mapping[int, Mapping[str, int]], master: int, binary: bool
) -> LayerSettings:
    """The settings of a layer.

    Parameters
    ----------
    chip : Chip
    layer : int
    registers : mapping of int to mapping of str to int
        Values by register, by started quadrant.
    master : int
        The quadrant that sums and writes.
    binary : bool
        Whether one-bit weights are -1 and +1.

    Raises
    ------
    FirmwareFault
        Naming the register, its value and what belongs there.
    """
    quadrants = {quadrant: Fields(layer, quadrant, values) for quadrant, values in registers.items()}
    fields = quadrants[master]
    kind = _kind(fields)
    if chip.clears and kind == "pass" and is_reset(fields):
        quadrants = {q: other for q, other in quadrants.items() if q == master or any(other.values.values())}
    _check_equal(fields, quadrants, kind)
    enabled = _enabled(quadrants, kind)
    shape = geometry(chip, fields, kind)
    bits = 8 if kind == "pass" else _BITS[fields.part("POST", 22, 23)]
    first, kernels = _kernels(chip, fields, kind, bits, shape)
    positions, passes_out, slots = _outputs(chip, fields, kind, bits, shape, enabled, kernels)
    wide, activation, shift = _post(fields, kind, bits)
    gap = gap_of(chip, fields, kind, passes_out, wide)
    step = (LANES if wide else 1) * (gap + 1)
    settings = LayerSettings(
        **vars(shape),
        index=layer,
        kind=kind,
        enabled=enabled,
        read=fields["RPTR"],
        big=fields.bit("LCTL", 6),
        average=not fields.bit("LCTL", 8),
        first_byte=first * shape.kernel_rows * shape.kernel_columns + fields.part("ONED", 4, 7),
        bits=bits,
        kernels=kernels,
        binary=binary and bits == 1,
        bias=_bias(fields, quadrants, kind, enabled),
        positions=positions,
        shift=shift,
        wide=wide,
        activation=activation,
        write=write_places(chip, quadrants, kind, master, enabled),
        pixel_step=passes_out * step,
        pass_step=step,
        folded=check_pointers(chip, fields, kind, shape, enabled, wide, passes_out, gap),
    )
    _check_slots(fields, slots)
    fields.need(settings.output_rows > 0 < settings.output_columns, "RCNT", "the frame is shorter than the kernel")
    return settings


def _kind(fields: Fields) -> Literal["conv", "depthwise", "pass"]:
    fields.only("POST", 0x5FFF_FFFF)
    mode = fields.part("POST", 24, 25), fields.bit("POST", 30)
    kinds: dict[tuple[int, bool], Literal["conv", "depthwise", "pass"]]
    kinds = {(0, False): "conv", (1, True): "depthwise", (1, False): "pass", (3, False): "pass"}
    if mode not in kinds:
        fields.refuse(
            "POST", "bits 30, 25, 24 are 0-0-0 (sum), 1-0-1 (depthwise), 0-1-1 (pass-through) or 0-0-1 (operands)"
        )
    return kinds[mode]


def _check_equal(fields: Fields, quadrants: Mapping[int, Fields], kind: str) -> None:
    names = set().union(*(other.values for other in quadrants.values()))
    for name in sorted(names - ({"WPTR"} if kind == "pass" else set())):
        mask = ~_PRIVATE.get(name, 0)
        for other in quadrants.values():
            if (other[name] ^ fields[name]) & mask:
                other.refuse(
                    name, f"quadrant {fields.quadrant} has 0x{fields[name]:08x}, and the quadrants run in step"
                )


def _enabled(quadrants: Mapping[int, Fields], kind: str) -> dict[int, int]:
    found = {}
    for quadrant, fields in quadrants.items():
        processors, masks = fields.part("ENA", 0, 15), fields.part("ENA", 16, 31)
        wanted = 0 if kind == "pass" else processors
        fields.need(masks == wanted, "ENA", f"its upper half, the kernel memories in use, should be 0x{wanted:04x}")
        if processors:
            found[quadrant] = processors
    if not found:
        raise FirmwareFault(f"layer {next(iter(quadrants.values())).layer}: ENA enables no processor in any quadrant")
    return found


def _kernels(chip: Chip, fields: Fields, kind: str, bits: int, shape: Geometry) -> tuple[int, int]:
    """The first kernel, in units of its bytes, and how many there are."""
    if chip.clears:
        start, last, register = fields["MCNT2"], fields["MCNT1"], "MCNT1"
    else:
        start, last, register = fields.part("MCNT", 16, 31), fields.part("MCNT", 0, 15), "MCNT"
    if kind == "pass":
        name = "MCNT2" if chip.clears else "MCNT"
        fields.equal(name, (shape.passes - 1) * 8, "eight for every pass but the first")
        return 0, 0
    fields.need(start % 8 == 0, "MCNT2" if chip.clears else "MCNT", "kernels start at a byte, a multiple of 8")
    fields.need(
        last >= start and (last - start) % bits == 0, register, f"the last kernel of {bits}-bit weights is not there"
    )
    return start // 8, (last - start) // bits + 1


def _outputs(
    chip: Chip, fields: Fields, kind: str, bits: int, shape: Geometry, enabled: Mapping[int, int], kernels: int
) -> tuple[int, int, int]:
    """Output channels of a pass, passes of the output, and time slots less one."""
    fullest = max(mask.bit_count() for mask in enabled.values())
    span = fields.part("LCTL2", 12, 31) if chip.clears else fields.part("LCTL2", 8, 31)
    skip = skip_of(chip, fields)
    if kind == "pass":
        slots, passes_out, outputs = (fullest - 1) // LANES, shape.passes, (fullest - 1) // LANES
        fields.need(span == 0, "LCTL2", "a pass-through counts no output channels there")
        positions = sum(mask.bit_count() for mask in enabled.values())
    else:
        fields.need(span % bits == 0, "LCTL2", f"the last output channel is no multiple of {bits} bits away")
        positions = span // bits + 1
        fields.need(
            kind == "depthwise" or kernels % shape.passes == 0,
            "LCTL2",
            f"{kernels} kernels are no multiple of {shape.passes} passes",
        )
        count = kernels // shape.passes if kind == "conv" else positions * shape.passes
        passes_out = -(-count // positions)
        wanted = _span(enabled) if kind == "depthwise" else count if passes_out == 1 else positions
        fields.need(positions == wanted, "LCTL2", f"it counts {positions} outputs of a pass, and there are {wanted}")
        fields.need(
            (skip + 1) % passes_out == 0,
            "LCTL2",
            f"{count} outputs in {passes_out} passes of {positions} skip {passes_out - 1} words, not {skip}",
        )
        slots = min(fullest, LANES) * (LANES if fields.bit("LCTL", 16) else 1) - 1 if kind == "depthwise" else 0
        outputs = kernels - 1 if kind == "conv" else (slots + 1) * shape.passes - 1
        if kind == "depthwise":
            fields.need(kernels == shape.passes, "MCNT1", f"each processor has {shape.passes} kernels, one a pass")
    if chip.clears:
        fields.equal("OCHAN", outputs, "the number of outputs less one")
    return positions, passes_out, slots


def _span(enabled: Mapping[int, int]) -> int:
    """Processors from the first one of a data memory to the last in use."""
    processors = [PROCESSORS * q + i for q, mask in enabled.items() for i in range(PROCESSORS) if mask >> i & 1]
    return max(processors) + 1 - min(processors) // LANES * LANES


def _check_slots(fields: Fields, slots: int) -> None:
    fields.need(fields.part("ONED", 0, 3) == slots, "ONED", f"its bits 3 to 0, time slots less one, should be {slots}")


def _post(fields: Fields, kind: str, bits: int) -> tuple[bool, Literal["none", "relu", "abs"], int]:
    magnitude = fields.part("POST", 13, 16)
    shift = -magnitude if fields.bit("POST", 17) else magnitude
    fields.need(magnitude > 0 or not fields.bit("POST", 17), "POST", "a shift by 0 has no direction, bit 17")
    relu, absolute, wide = fields.bit("LCTL", 9), fields.bit("POST", 26), fields.bit("LCTL", 16)
    fields.need(not (relu and absolute), "POST", "Abs (bit 26) and ReLU (bit 9 of LCTL) exclude each other")
    if kind == "pass":
        plain = not fields["POST"] & ~(3 << 24) and not relu
        fields.need(plain, "POST", "a pass-through has no shift, bias or activation")
    if wide:
        fields.need(kind != "pass", "LCTL", "pass-through is modelled with 8 bits only")
        fields.need(not relu and not absolute, "LCTL", "a result of 32 bits has no activation")
        fields.need(shift in (0, 8 - bits), "POST", f"a result of 32 bits has no shift but {8 - bits} for its weights")
    return wide, "relu" if relu else "abs" if absolute else "none", 0 if wide else shift


def _bias(fields: Fields, quadrants: Mapping[int, Fields], kind: str, enabled: Mapping[int, int]) -> dict[int, int]:
    found = {}
    for quadrant, other in quadrants.items():
        offset = other.part("POST", 0, 11)
        other.need(other.bit("POST", 12) or not offset, "POST", "a bias offset stands there, but bit 12 is not set")
        if other.bit("POST", 12):
            found[quadrant] = offset * (4 if kind == "depthwise" else 1)
    used = {quadrant for quadrant in enabled if quadrant != fields.quadrant}
    if kind == "depthwise":
        fields.need(not found or found.keys() == enabled.keys(), "POST", "bias is on in some quadrants only (bit 12)")
        used = set()
    else:
        fields.need(len(found) <= int(kind == "conv"), "POST", "bias (bit 12) is on in too many quadrants")
        used |= found.keys() - {fields.quadrant}
    sources = 0 if kind == "pass" else sum(1 << quadrant for quadrant in used)
    fields.need(
        fields.part("LCTL", 12, 15) == sources, "LCTL", f"its bits 15 to 12, the other sources, should be 0x{sources:x}"
    )
    for quadrant, other in quadrants.items():
        other.need(quadrant == fields.quadrant or not other.part("LCTL", 12, 15), "LCTL", "only the first has sources")
    return found
