"""Section ``[quantise]`` of a recipe: batch norm is folded, then the net is trained on as the integers it will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Share, Within
from bittrue.num.quantile import checked_bits

MOST = 1e9
Steps = Annotated[int, Within(1, MOST)]
Decay = Annotated[float, Within(0, MOST)]
Average = Annotated[float, Within(0, 0.99999)]


def _checked(weight_bits: int, shift_quantile: float) -> None:
    try:
        checked_bits(weight_bits)
    except BadInput as error:
        raise BadInput(f"weight_bits is {weight_bits}: {error}") from None
    if not 0 < shift_quantile <= 1:
        raise BadInput(f"shift_quantile is {shift_quantile:g}; choose more than 0, up to 1, such as 0.985")


@dataclass(frozen=True)
class Override:
    """What holds for one layer only: ``layer`` is ``conv.0``, ``conv.1``, ... or ``fc``."""

    layer: str
    weight_bits: int = 8
    shift_quantile: float = 1.0

    def __post_init__(self) -> None:
        _checked(self.weight_bits, self.shift_quantile)


@dataclass(frozen=True)
class Quantisation(Section):
    """Section ``[quantise]``; the beats, the loss, ``fold`` and ``select`` are those of ``[train]``.

    Parameters
    ----------
    steps : int
        Steps of quantisation-aware training; 0 folds and rounds, and trains no more.
    batch : int, optional
        Beats of a step; that of ``[train]`` if not given.
    rate, decay, warm : float
        Highest learning rate, weight decay, share of the steps that the rate rises in; then it falls to zero along half
        a cosine.
    ema : float
        Decay a step of the moving average of the parameters. Its rounding is the net.
    validate_every : int
        Steps between looks at the validation patients.
    weight_bits : int
        8, 4, 2 or 1.
    shift_quantile : float
        Quantile of a layer's magnitudes that decides on its power of two: 1 is the largest, less lets some saturate.
    overrides : tuple of Override
        Layers with other bits or another quantile.
    """

    steps: Annotated[int, Within(0, MOST)] = 100
    batch: Annotated[int | None, Within(1, MOST)] = None
    rate: Share = 3e-4
    decay: Decay = 0.0
    warm: Share = 0.1
    ema: Average = 0.97
    validate_every: Steps = 50
    weight_bits: int = 8
    shift_quantile: float = 1.0
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _checked(self.weight_bits, self.shift_quantile)
        named = [own.layer for own in self.overrides]
        for layer in named:
            if named.count(layer) > 1:
                raise BadInput(f"overrides names {layer} twice; keep one")

    def bits(self, layer: str) -> int:
        """Bits of the weights of a layer."""
        return next((own.weight_bits for own in self.overrides if own.layer == layer), self.weight_bits)

    def policy(self) -> dict[str, object]:
        """As `bittrue.qat.ai8x.initiate_qat` takes it."""
        overrides = {
            own.layer: {"weight_bits": own.weight_bits, "shift_quantile": own.shift_quantile} for own in self.overrides
        }
        return {"weight_bits": self.weight_bits, "shift_quantile": self.shift_quantile, "overrides": overrides}
