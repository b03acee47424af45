"""How large an input frame or image is: ai8x descriptions need not say it, but linear layers fix it, or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bittrue.errors import BadInput
from bittrue.spec.stages import Stage
from bittrue.targets.max78002.described import Description
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.fitting import Shape
from bittrue.targets.max78002.tracing import Trace


class _Kind(NamedTuple):
    """Frames, or images: how sentences call them, and what is taken where nothing says otherwise."""

    many: str
    unit: str
    any: str
    sought: str
    option: str
    also: str
    default: Shape


_KINDS = {
    1: _Kind("frames", " samples", "length", "length of input frames", "--length", "", (128,)),
    2: _Kind("images", "", "size", "square input image", "--size", ", or give rows and columns with --size", (64, 64)),
}


def input_size(
    description: Description, stages: Sequence[Stage], device: Device, channels: int, asked: Shape | None
) -> tuple[Shape, str]:
    """Length, or rows and columns, of an input of ``channels`` channels, and a remark where there was a choice.

    ``asked`` counts most (one number in front of two-dimensional layers is a square), then ``in_dim`` of the first
    layer. Otherwise a size must fit every linear layer. Of several lengths that do, it is the one with the most factors
    of two, as pooling drops what is left over; of several squares, the smallest of those of which pooling drops least;
    before both come sizes of which linear layers without flattening take one sample. Without linear layers frames have
    128 samples and images 64 x 64, where these fit.

    Raises `BadInput` where no size fits.
    """
    trace, rank = Trace(description.executed, stages), _rank(description)
    wanted = _wanted(description, rank, asked)
    if wanted:
        if trace.lost((channels, *wanted)) is None:
            kind = _KINDS[len(wanted)]
            others = _range(_all(rank, device, channels, trace)) or "correct kernels, pooling and flatten"
            raise BadInput(
                f"{kind.many} of {_text(wanted)}{kind.unit} do not fit the layers of {description.path}: "
                f"{trace.reason((channels, *wanted))}; {others}"
            )
        return wanted, ""
    kind = _KINDS[rank]
    free = not any(layer.operation == "linear" for layer in description.executed)
    if free and trace.lost((channels, *kind.default)) is not None:
        taken = f"{_text(kind.default)}{kind.unit} were taken, and {kind.option} chooses"
        return kind.default, f"{kind.many} of any {kind.any} fit; {taken}"
    found = _all(rank, device, channels, trace) or _all(rank, device, channels, trace.without_claims())
    if not found:
        raise BadInput(
            f"no {kind.sought} up to {device.length} fits the layers of {description.path} (of "
            f"{_text(kind.default)}, {trace.reason((channels, *kind.default))}); correct kernels, pooling and "
            f"flatten{kind.also}"
        )
    best = max(found, key=lambda size: (-found[size] if rank > 1 else size[0] & -size[0], -size[0]))
    many = len(found) > 1
    return best, f"{_range(found)}; {_text(best)} was taken, and {kind.option} chooses" if many else ""


def _rank(description: Description) -> int:
    """Axes of the input behind its channels: those of the first layer that says it of data as they came in."""
    for position, layer in enumerate(description.executed):
        if layer.rank and not (position and layer.size):
            return layer.rank
        if layer.size or (layer.operation == "linear" and layer.flatten):
            break
    return 1


def _wanted(description: Description, rank: int, asked: Shape | None) -> Shape | None:
    """The size that was asked for, or that ``in_dim`` of the first layer says."""
    said = description.executed[0].size
    if asked:
        return asked * rank if len(asked) < rank else asked
    return said if said is None or rank > 1 else said[:1]


def _all(rank: int, device: Device, channels: int, trace: Trace) -> dict[Shape, int]:
    """Every length, or square, that fits, and what pooling drops of it."""
    squares = [(length,) * rank for length in range(1, device.length + 1)]
    found = {square: lost for square in squares if (lost := trace.lost((channels, *square))) is not None}
    least = min((lost.apart for lost in found.values()), default=0)
    return {square: lost.dropped for square, lost in found.items() if lost.apart == least}


def _text(size: Shape) -> str:
    return "x".join(map(str, size))


def _range(found: dict[Shape, int]) -> str:
    if not found:
        return ""
    first, last = min(found), max(found)
    kind = _KINDS[len(first)]
    some = "" if len(found) == last[0] - first[0] + 1 else "some "
    return f"{some}{kind.many} of {_text(first)}{f' to {_text(last)}' if first != last else ''}{kind.unit} fit"
