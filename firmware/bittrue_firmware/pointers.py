"""Where a layer writes, from the pointer registers, and the steps that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from bittrue_firmware.chip import LANES, Chip
from bittrue_firmware.fields import Fields
from bittrue_firmware.geometry import Geometry


def is_reset(fields: Fields) -> bool:
    """Whether a pass-through moves one pixel of one processor, before a layer that averages on the MAX78002.

    The vendor's tool puts it in one quadrant alone, behind layers in which operands meet; it counts as a layer.
    """
    return (
        fields["ENA"].bit_count() == 1
        and fields["RCNT"] == fields["CCNT"] == 1 << 16
        and fields["STRIDE"] == 1 << 4
        and fields["LCTL2"] == 0
    )


def skip_of(chip: Chip, fields: Fields) -> int:
    """Words that are skipped from one that is written to the next, or, without a sum, the words between."""
    return fields.part("LCTL2", 4, 11) if chip.clears else fields.part("LCTL2", 4, 7)


def gap_of(chip: Chip, fields: Fields, kind: str, passes_out: int, wide: bool) -> int:
    """Words of others between two words that the layer writes: other operands' places, of a layer that follows."""
    gap = skip_of(chip, fields) if kind == "pass" else (skip_of(chip, fields) + 1) // passes_out - 1
    fields.need(not (gap and wide), "LCTL2", f"a gap of {gap} words between results of 32 bits is not modelled")
    return gap


def is_folded(chip: Chip, fields: Fields, kind: str, shape: Geometry) -> bool:
    """Whether operands of several passes are taken as one pass over as many more rows: on the MAX78000, CHOFFS says so.

    That part has two operands in two passes, and no other numbers of both.
    """
    many = shape.operands.count > 1 < shape.passes
    two = shape.operands.count == shape.passes == 2
    fields.need(chip.clears or not many or two, "LCTL2", f"a {chip.name} takes operands in one pass, or two in two")
    alone = kind == "pass" and shape.operands.count > 1 == shape.passes
    return not chip.clears and alone and fields["CHOFFS"] > 0


def check_pointers(
    chip: Chip,
    fields: Fields,
    kind: str,
    shape: Geometry,
    enabled: Mapping[int, int],
    wide: bool,
    passes_out: int,
    gap: int,
) -> bool:
    """Raise `FirmwareFault` unless the steps of the write pointer are the layer's; whether its passes are folded."""
    size, folded = 1 << chip.pointer_shift, is_folded(chip, fields, kind, shape)
    if kind == "pass":
        several = shape.operands.count > 1 and (folded or shape.passes > 1)
        many = several or sum(mask.bit_count() for mask in enabled.values()) > LANES
        if not (is_reset(fields) and fields["TOFFS"] in (0, 1, size)):  # as of the layer that it stands before
            fields.equal("TOFFS", size if many else size // 4, "from a time slot of four processors to the next")
        fields.equal("MOFFS", 0, "a pass-through does not use it")
    else:
        fields.equal("TOFFS", int(shape.linear and kind == "conv"), "1 for a linear layer, else 0")
        fields.equal("MOFFS", size, "from a data memory to the next")
    step = (LANES if wide else 1) * (gap + 1)
    fields.equal("CHOFFS", step * int(folded or passes_out > 1), "words from a pass of the output to the next")
    return folded


def write_places(
    chip: Chip, quadrants: Mapping[int, Fields], kind: str, master: int, enabled: Mapping[int, int]
) -> dict[int, tuple[int, int]]:
    """Data memory and word of the first result of each quadrant that writes."""
    found = {}
    if kind == "pass":
        start = quadrants[min(enabled)]["WPTR"] % (1 << chip.pointer_shift)
        for quadrant, other in quadrants.items():
            word = other["WPTR"] % (1 << chip.pointer_shift) if quadrant in enabled else other["WPTR"]
            unused = quadrant not in enabled and word == 0
            other.need(word == start or unused, "WPTR", f"results start at word {start}, in every quadrant")
    for quadrant in {master} if kind == "conv" else enabled.keys():
        instance, word = divmod(quadrants[quadrant]["WPTR"], 1 << chip.pointer_shift)
        found[quadrant] = instance, word
    if kind == "depthwise":
        first, mask = min(enabled.items())
        own = (16 * first + (mask & -mask).bit_length() - 1) // LANES
        wrong = found[first][0] != own
        quadrants[first].need(not wrong, "WPTR", f"the first processor's data memory is {own}, where its results go")
    return found
