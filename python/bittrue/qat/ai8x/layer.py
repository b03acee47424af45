"""The layer that all others are cases of: pool, sum, batch norm, clamp, activation; quantised or not."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from bittrue.errors import BadInput
from bittrue.num.batch_norm import EPS, FACTOR
from bittrue.qat.ai8x.policy import LayerPolicy
from bittrue.qat.ai8x.rounding import average, round_weights, shift_of
from bittrue.qat.pool import largest
from bittrue.qat.quantise import StraightThroughQuantize
from bittrue.qat.sums import float32_holds
from bittrue.spec import Abs, Activation, Axis, Linear, ReLU
from bittrue.spec.stages import DATA, Operation, Pool

ACTIVATIONS: dict[str | None, Activation] = {None: Linear(), "ReLU": ReLU(), "Abs": Abs()}
MOMENTUM = 0.05
"""Of the batch norm's running statistics, as in ai8x-training."""


class Ai8xLayer(nn.Module):
    """One stage of the chip (`bittrue.spec.stages.Stage`) in training.

    Before quantisation: ``y = activation(clamp(bn(op(pool(x))) / 4, -1, 127/128))``, without ``/ 4`` where there is no
    batch norm and without the clamp where ``wide``. With quantisation, in integers (values are ``code / 128``)::

        s   = output_shift(w, b)                      bittrue.num.quantile, anew in every forward pass
        acc = sum(W * x) + 128 * B                    W, B = weight_codes(w, s), weight_codes(b, s)
        y   = activation(clamp(floor(acc * 2**(s + 8 - bits) / 128 + 1/2)))
        y   = acc, as the value acc * 2**-(6 + bits), where wide

    In ``eval()`` this is exact: the sums are done in a float type that holds them.

    Attributes
    ----------
    op : module of PyTorch's, or None
        Float parameters ``op.weight`` and ``op.bias``.
    bn : BatchNorm1d, BatchNorm2d or None
    pool, window : Pool and tuple of Axis
        What is pooled in front of the sum, and how it lies along each axis; None and nothing without a pool.
    weight_bits, bias_bits, output_shift, shift_quantile, quantize_activation, adjust_output_shift : Tensor (1,)
        As ai8x checkpoints name them; ``weight_bits`` is 0 until `quantise`.
    """

    rank: ClassVar[int] = 1
    """Axes behind the channels that a pool or a convolution walks along."""
    operation: ClassVar[Operation] = "none"
    """What the chip calls it."""

    weight_bits: Tensor
    bias_bits: Tensor
    output_shift: Tensor
    shift_quantile: Tensor
    quantize_activation: Tensor
    adjust_output_shift: Tensor

    def __init__(
        self,
        op: nn.Module | None,
        channels: int = 0,
        *,
        pool: Pool | None = None,
        batchnorm: Literal["Affine", "NoAffine"] | None = None,
        activation: Literal["ReLU", "Abs"] | None = None,
        wide: bool = False,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise BadInput(f"unknown activation {activation!r}; choose ReLU, Abs or None")
        if batchnorm not in (None, "Affine", "NoAffine"):
            raise BadInput(f"unknown batchnorm {batchnorm!r}; choose Affine, NoAffine or None")
        if wide and activation:
            raise BadInput(f"a wide layer has no activation; leave {activation} out")
        start: dict[str, Any] = {"quantize_activation": [False]}
        if op is not None:
            zeros: dict[str, Any] = {"output_shift": [0.0], "weight_bits": [0], "bias_bits": [0]}
            start = zeros | start | {"adjust_output_shift": [False], "shift_quantile": [1.0]}
        for name, value in start.items():
            self.register_buffer(name, torch.tensor(value))
        self.pool, self.activation, self.wide = pool, ACTIVATIONS[activation], wide
        layer: Any = pool.layer(self.rank) if pool else None
        self.window: tuple[Axis, ...] = layer.axes if layer else ()
        self.op = op
        kind = (nn.BatchNorm1d, nn.BatchNorm2d)[self.rank - 1]
        norm = kind(channels, EPS, MOMENTUM, affine=batchnorm == "Affine") if batchnorm else None
        self.bn: nn.BatchNorm1d | nn.BatchNorm2d | None = norm

    @property
    def quantised(self) -> bool:
        """Whether `quantise` has been called, here or before the checkpoint was saved."""
        return bool(self.quantize_activation)

    def quantise(self, policy: LayerPolicy) -> None:
        """Quantise from now on. Raises `BadInput` where batch norm is not folded."""
        if self.bn is not None:
            raise BadInput("batch norm must be folded before quantisation starts; call bittrue.qat.ai8x.fold first")
        self.quantize_activation.fill_(True)
        if self.op is not None:
            self.weight_bits.fill_(policy.weight_bits)
            self.bias_bits.fill_(policy.weight_bits)
            self.shift_quantile.fill_(policy.shift_quantile)
            self.adjust_output_shift.fill_(True)

    @property
    def weight(self) -> Tensor:
        """``op.weight``."""
        return self.op.weight  # type: ignore[union-attr, return-value]

    @property
    def bias(self) -> Tensor | None:
        """``op.bias``."""
        return self.op.bias  # type: ignore[union-attr, return-value]

    def shift(self) -> int:
        """``s`` of the present parameters; 0 before quantisation."""
        if self.op is None or not self.quantised:
            return 0
        return shift_of(self.weight, self.bias, float(self.shift_quantile), int(self.weight_bits))

    def kernels(self, weight: Tensor) -> Tensor:
        """A tensor in the shape of ``op.weight`` as ``(O, ...)``: what each output sums; doing it twice goes back."""
        return weight

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None, exact: bool) -> Tensor:
        """``op`` with these parameters; ``exact`` by sums of products alone, however fast another way is."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Values ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, I)`` to values; on the grid ``1/128`` where quantised."""
        x = self._pooled(x)
        if self.op is None:
            return x
        if self.quantised:
            return self._quantised(x)
        y = self.total(x, self.weight, self.bias, False)
        if self.bn is not None:
            y = self.bn(y) * FACTOR
        return self._activated(y if self.wide else y.clamp(DATA.lo * DATA.scale, DATA.hi * DATA.scale))

    def _quantised(self, x: Tensor) -> Tensor:
        bits, shift, bias = int(self.weight_bits), self.shift(), self.bias
        self.output_shift.fill_(shift)
        weight = round_weights(self.weight, shift, bits)
        offset = None if bias is None else round_weights(bias, shift, bits)
        kind = x.dtype
        carrier = kind
        if not self.training:
            single = float32_holds(self.kernels(weight).detach(), bits - 1 - shift, DATA, offset)
            carrier = torch.float32 if single else torch.float64
        given = None if offset is None else offset.to(carrier)
        y = self.total(x.to(carrier), weight.to(carrier), given, not self.training)
        if self.wide:
            return y * 2.0**-shift
        rounded: Tensor = StraightThroughQuantize.apply(y, DATA.frac, DATA.lo, DATA.hi)  # type: ignore[no-untyped-call]
        return self._activated(rounded.to(kind))

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool is None:
            return x
        return average(x, self.window, self.quantised) if self.pool.kind == "avg" else largest(x, self.window)

    def _activated(self, y: Tensor) -> Tensor:
        if isinstance(self.activation, ReLU):
            return y.relu()
        return y.abs().clamp(max=DATA.hi * DATA.scale) if isinstance(self.activation, Abs) else y
