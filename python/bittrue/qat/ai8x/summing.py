"""How ai8x trains a weighted sum: pool, sum, batch norm, clamp, activation, with a shift that the weights give."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from bittrue.errors import BadInput
from bittrue.num.batch_norm import EPS, FACTOR
from bittrue.num.quantile import output_shift, weight_codes
from bittrue.qat.ai8x.layer import Ai8xLayer, within
from bittrue.qat.ai8x.policy import LayerPolicy
from bittrue.qat.conv import Sum
from bittrue.qat.pool import pooled
from bittrue.qat.quantise import Grid, nearest_single, quantise
from bittrue.qat.sums import float32_holds
from bittrue.spec import Abs, Activation, Layer, Linear, ReLU
from bittrue.spec.stages import DATA, Operation, Pool, Stage

ACTIVATIONS: dict[str | None, Activation] = {None: Linear(), "ReLU": ReLU(), "Abs": Abs()}
MOMENTUM = 0.05
"""Of the batch norm's running statistics, as in ai8x-training."""


class Summing(Ai8xLayer, Sum):
    """A `bittrue.qat.conv.Sum` by the policy of ai8x-training.

    Before quantisation: ``y = activation(clamp(bn(op(pool(x))) / 4, -1, 127/128))``, without ``/ 4`` where there is no
    batch norm and without the clamp where ``wide``. With quantisation, in integers (values are ``code / 128``)::

        s   = output_shift(w, b)                      bittrue.num.quantile, anew in every forward pass
        acc = sum(W * x) + 128 * B                    W, B = weight_codes(w, s), weight_codes(b, s)
        y   = activation(clamp(floor(acc * 2**(s + 8 - bits) / 128 + 1/2)))
        y   = acc, as the value acc * 2**-(6 + bits), where wide

    In ``eval()`` this is exact: the sums are done in a float type that holds them. Training takes PyTorch's own layer,
    in the type of its values.

    Attributes
    ----------
    weight_bits, bias_bits, output_shift, shift_quantile, adjust_output_shift : Tensor (1,)
        As ai8x checkpoints name them; ``weight_bits`` is 0 until `quantise`.
    """

    operation: ClassVar[Operation]
    """What the chip calls it."""
    buffers_at_start: ClassVar[dict[str, Any]] = {
        "output_shift": [0.0],
        "weight_bits": [0],
        "bias_bits": [0],
        **Ai8xLayer.buffers_at_start,
        "adjust_output_shift": [False],
        "shift_quantile": [1.0],
    }

    weight_bits: Tensor
    bias_bits: Tensor
    output_shift: Tensor
    shift_quantile: Tensor
    adjust_output_shift: Tensor

    def __init__(
        self,
        op: nn.Module,
        shape: tuple[int, ...],
        *,
        pool: Pool | None = None,
        batchnorm: Literal["Affine", "NoAffine"] | None = None,
        activation: Literal["ReLU", "Abs"] | None = None,
        wide: bool = False,
        **numbers: Any,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise BadInput(f"unknown activation {activation!r}; choose ReLU, Abs or None")
        if batchnorm not in (None, "Affine", "NoAffine"):
            raise BadInput(f"unknown batchnorm {batchnorm!r}; choose Affine, NoAffine or None")
        if wide and activation:
            raise BadInput(f"a wide layer has no activation; leave {activation} out")
        common: dict[str, Any] = {"wide": wide, "activation": ACTIVATIONS[activation], "pool": pool}
        stage = Stage("layer", self.operation, np.zeros(shape, np.int64), **common, **numbers)
        super().__init__(stage.layer(), stage)
        self.pooling = pool.layer(self.rank) if pool else None
        self.op = op
        if batchnorm:
            kind = (nn.BatchNorm1d, nn.BatchNorm2d)[self.rank - 1]
            self.bn = kind(shape[0], EPS, MOMENTUM, affine=batchnorm == "Affine")

    def quantise(self, policy: LayerPolicy) -> None:
        if self.bn is not None:
            raise BadInput("batch norm must be folded before quantisation starts; call bittrue.qat.ai8x.fold first")
        super().quantise(policy)
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

    @torch.no_grad()
    def shift(self) -> int:
        """``s`` of the present parameters, `bittrue.num.quantile.output_shift`; 0 before quantisation."""
        if not self.quantised:
            return 0
        parts = [part.abs() for part in (self.weight, self.bias) if part is not None]
        quantile, bits = float(self.shift_quantile), int(self.weight_bits)
        if quantile == 1.0:
            return output_shift(np.array([float(part.max()) for part in parts]), None, 1.0, bits)
        flat = torch.cat([part.flatten() for part in parts]).to("cpu", torch.float32)
        return output_shift(flat.numpy(), None, quantile, bits)

    @property
    def grid(self) -> Grid:
        """Where the last forward pass rounded weight and bias to."""
        bits = int(self.weight_bits)
        half = 1 << (bits - 1)
        return Grid(bits - 1 - int(self.output_shift), -half, half - 1)

    def kernels(self, weight: Tensor) -> Tensor:
        """A tensor in the shape of ``op.weight`` as ``(O, ...)``: what each output sums; doing it twice goes back."""
        return weight

    # ---- the policy: what `Sum` asks for ----------------------------------------------------------------------------

    @property
    def exact(self) -> bool:
        return not self.training and self.quantised

    def rounded(self) -> tuple[Tensor, Tensor | None]:
        if not self.quantised:
            return self.weight, self.bias
        self.output_shift.fill_(self.shift())
        grid, bias = self.grid, self.bias
        weight = quantise(self.weight, grid, nearest_single)
        return weight, None if bias is None else quantise(bias, grid, nearest_single)

    def carrier(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> torch.dtype:
        if not self.exact:
            return x.dtype
        return torch.float32 if float32_holds(self.kernels(weight), self.grid.frac, DATA, bias) else torch.float64

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if self.exact:
            return super().total(x, self.kernels(weight), bias).contiguous()
        given = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
        y: Tensor = functional_call(self.op, given, (x,))  # type: ignore[arg-type]
        return y

    def result(self, values: Tensor) -> Tensor:
        """On the grid ``1/128`` where quantised, else within its ends; ``wide``, as it is, without the shift."""
        if self.quantised:
            return values * 2.0 ** -int(self.output_shift) if self.wide else super().result(values)
        if self.bn is not None:
            values = self.bn(values) * FACTOR
        return values if self.wide else within(values)

    def finish(self, acc: Tensor) -> Tensor:
        """The activation comes behind the clamp: the words of `Sum`, the gradient of ai8x-training."""
        y = self.result(acc)
        if isinstance(self.activation, ReLU):
            return y.relu()
        return within(y.abs()) if isinstance(self.activation, Abs) else y

    def forward(self, x: Tensor) -> Tensor:
        """Values ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, I)`` to values; on the grid ``1/128`` where quantised."""
        if self.pooling is not None:
            x = pooled(self.pooling, x, DATA.frac if self.quantised else None)
        y = super().forward(x)
        return y if self.wide else y.to(x.dtype)

    # ---- export -----------------------------------------------------------------------------------------------------

    def to_stage(self, name: str, **moves: Any) -> Stage:
        if not self.quantised:
            raise BadInput(f"layer {name} is not quantised; call bittrue.qat.ai8x.initiate_qat and train on")
        parts = [self.kernels(self.weight), *([] if self.bias is None else [self.bias])]
        if not all(bool(torch.isfinite(part).all()) for part in parts):
            raise BadInput(f"layer {name} holds NaN or infinity; restart training at a lower rate")
        bits, shift = int(self.weight_bits), self.shift()
        weight, *bias = (weight_codes(part.detach().cpu().numpy(), shift, bits) for part in parts)
        moves |= {"weight": weight, "bias": bias[0] if bias else None, "bits": bits, "output_shift": shift}
        return super().to_stage(name, **moves)

    def to_layer(self) -> Layer:
        return self.to_stage("layer").layer()
