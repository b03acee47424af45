"""Geometry of the nets: kernels, dilations and paddings of every level and axis, so that sizes come out exactly."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.apps.noise.gan.configuration import ModelSpecs
from bittrue.errors import BadInput

LEAST_KERNEL = 4
"""Shortest kernel of ``receptive_field_type`` kernel."""
DILATED_KERNEL = 8
"""Kernel of ``receptive_field_type`` dilation, whatever ``kernel_size`` says."""
LEAST_CHANNELS = 32


@dataclass(frozen=True)
class Step:
    """One axis of one level: ``large = scale * small + odd`` samples, seen from the generator.

    Parameters
    ----------
    kernel, dilation, scale : int
    odd : int
        1 where the larger side has one sample more, which is on the outermost level of an odd axis.
    """

    kernel: int
    dilation: int
    scale: int
    odd: int = 0

    @property
    def extent(self) -> int:
        """Samples from the first to the last tap."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padding(self) -> int:
        """On both sides, of the convolution and of its transpose: ``ceil((extent - scale - odd) / 2)``."""
        return max(0, (self.extent - self.scale - self.odd + 1) // 2)

    @property
    def output_padding(self) -> int:
        """Of the transposed convolution: ``2 * padding - (extent - scale - odd)``."""
        return 2 * self.padding - (self.extent - self.scale - self.odd)


def channels(specs: ModelSpecs, outer: int) -> tuple[int, ...]:
    """Channels from the generator's first level to its output: ``max(max_channels / 2^l, 32)``, then ``outer``.

    Where ``max_channels`` is below 32 all levels have it.
    """
    least = min(LEAST_CHANNELS, specs.max_channels)
    return (*(max(specs.max_channels >> level, least) for level in range(specs.model_levels)), outer)


def taps(specs: ModelSpecs, level: int) -> tuple[int, int]:
    """Kernel and dilation of the generator's level, counted from the latent vector; the critic mirrors them.

    ========  =====================================================
    standard  ``kernel_size``, 1
    kernel    ``max(4, kernel_size // scale^(levels - 1 - l))``, 1
    dilation  8, ``2^l``
    ========  =====================================================
    """
    if specs.receptive_field_type == "kernel":
        return max(LEAST_KERNEL, specs.kernel_size // specs.scale_factor ** (specs.model_levels - 1 - level)), 1
    if specs.receptive_field_type == "dilation":
        return DILATED_KERNEL, 1 << level
    return specs.kernel_size, 1


def steps(specs: ModelSpecs, sizes: tuple[int, ...]) -> list[tuple[Step, ...]]:
    """The steps of every level, one an axis, for outputs of ``sizes`` samples.

    Raises `BadInput` where a kernel is shorter than the scale: the samples between its taps would stay zero.
    """
    made = []
    for level in range(specs.model_levels):
        kernel, dilation = taps(specs, level)
        if kernel < specs.scale_factor:
            raise BadInput(
                f"kernel_size gives level {level} {kernel} taps and scale_factor is {specs.scale_factor}: samples "
                f"between would be reached by none; take at least as many taps"
            )
        last = level == specs.model_levels - 1
        made.append(tuple(Step(kernel, dilation, specs.scale_factor, size % 2 if last else 0) for size in sizes))
    return made


def base(specs: ModelSpecs, sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Samples of every axis before the first level: ``(size - size mod 2) / scale^levels``; None where none fit.

    An axis is even, or one sample longer than even, as the bins of a one-sided spectrum are.
    """
    whole = specs.scale_factor**specs.model_levels
    found = [(size - size % 2) // whole for size in sizes if size >= whole and (size - size % 2) % whole == 0]
    return tuple(found) if len(found) == len(sizes) else None
