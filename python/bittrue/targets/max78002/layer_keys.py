"""Under which keys of a checkpoint the parameters of one layer stand, as ai8x-synthesis looks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SCALARS = (
    "weight_bits",
    "bias_bits",
    "output_shift",
    "shift_quantile",
    "quantize_activation",
    "adjust_output_shift",
)
"""What the training tool keeps beside a layer's weight and bias: the parameters of quantisation-aware training."""

WRAPPERS = ("module.", "_orig_mod.")
"""What training on several GPUs, and compiling, put before every key."""

_WEIGHT = ".weight"


@dataclass(frozen=True)
class LayerKeys:
    """The keys of the layer with the weight key ``X.op.weight``, whatever stands for ``op``, or ``X.weight``.

    The bias is that of exactly the same name, ``X.op.bias`` or ``X.bias``; everything else is ``X.output_shift`` and so
    on.
    """

    weight: str

    @property
    def operation(self) -> str:
        """``X.op``, or ``X``."""
        return self.weight.removesuffix(_WEIGHT)

    @property
    def bias(self) -> str:
        """Key of the bias, which the checkpoint may lack."""
        return f"{self.operation}.bias"

    @property
    def layer(self) -> str:
        """``X``."""
        return self.operation.rpartition(".")[0] or self.operation

    @property
    def name(self) -> str:
        """What the layer is called: ``X`` for ``X.op.weight``, else the key without ``.weight``."""
        return self.layer if self.operation == f"{self.layer}.op" else self.operation

    @property
    def plain(self) -> str:
        """The name without what training put before it."""
        return plain(self.name)

    @property
    def all(self) -> tuple[str, ...]:
        """Every key that the layer may have."""
        return self.weight, self.bias, *map(self.scalar, SCALARS)

    def scalar(self, name: str) -> str:
        """Key of one of `SCALARS`."""
        return f"{self.layer}.{name}"


def layers_of(keys: Iterable[str]) -> list[LayerKeys]:
    """The layers of a checkpoint in the order of its keys: those that end in ``.weight``, batch norm aside."""
    return [LayerKeys(key) for key in keys if key.endswith(_WEIGHT) and not key.endswith(f".bn{_WEIGHT}")]


def plain(key: str) -> str:
    """A key without `WRAPPERS`."""
    for wrapper in WRAPPERS * 2:
        key = key.removeprefix(wrapper)
    return key


def same_layer(one: LayerKeys, other: LayerKeys) -> bool:
    """Whether two names are one layer's: the same without `WRAPPERS`, or one with something more before it."""
    a, b = plain(one.operation), plain(other.operation)
    return a == b or a.endswith(f".{b}") or b.endswith(f".{a}")
