"""How long an input frame is: ai8x descriptions need not say it, but linear layers fix it, or nearly."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.errors import BadInput
from bittrue.spec import Axis
from bittrue.spec.stages import Stage
from bittrue.targets.max78002.devices import Device
from bittrue.targets.max78002.network import Description

DEFAULT = 128
"""Samples where nothing says otherwise: the frame of the public ECG networks."""


def input_length(
    description: Description, stages: Sequence[Stage], device: Device, channels: int, asked: int | None
) -> tuple[int, str]:
    """Samples of an input frame of ``channels`` channels, and a remark where there was a choice.

    ``asked`` counts most, then ``in_dim`` of the first layer. Otherwise a length must fit every linear layer; of
    several that do, the one with the most factors of two, as pooling drops what is left over. Without linear layers
    it is 128.

    Raises `BadInput` where no length fits.
    """
    wanted = asked or description.layers[0].length
    if wanted:
        if not _fits(stages, channels, wanted):
            raise BadInput(
                f"frames of {wanted} samples do not fit the layers of {description.path}; "
                f"{_range(_all(stages, channels, device)) or 'no length fits, so correct kernels, pooling and flatten'}"
            )
        return wanted, ""
    found = _all(stages, channels, device)
    if not found:
        raise BadInput(
            f"no length of input frames up to {device.length} fits the layers of {description.path}; correct kernels, "
            f"pooling and flatten"
        )
    free = not any(stage.operation == "linear" for stage in stages)
    if free and DEFAULT in found:
        return DEFAULT, f"frames of any length fit; {DEFAULT} samples were taken, and --length chooses"
    best = max(found, key=lambda length: (length & -length, -length))
    return best, f"{_range(found)}; {best} was taken, and --length chooses" if len(found) > 1 else ""


def _all(stages: Sequence[Stage], channels: int, device: Device) -> list[int]:
    return [length for length in range(1, device.length + 1) if _fits(stages, channels, length)]


def _range(found: list[int]) -> str:
    if not found:
        return ""
    many = f" to {found[-1]}" if found[1:] else ""
    return f"frames of {found[0]}{many} samples fit"


def _fits(stages: Sequence[Stage], channels: int, length: int) -> bool:
    """Whether frames of ``channels x length`` come through all stages, and are as long as linear layers take them."""
    for stage in stages:
        try:
            if stage.pool:
                length = Axis(stage.pool.size, stage.pool.stride, stage.pool.dilation).windows(length)
            if stage.operation == "conv1d" and stage.weight is not None:
                length = Axis(stage.weight.shape[2], stage.stride, stage.dilation, *[stage.padding] * 2).windows(length)
        except BadInput:
            return False
        if stage.operation == "linear" and stage.weight is not None:
            if channels * length != stage.weight.shape[1]:
                return False
            length = 1
        if stage.weight is not None:
            channels = len(stage.weight)
    return True
