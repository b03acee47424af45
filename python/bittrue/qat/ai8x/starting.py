"""How a float model becomes a quantised one: batch norm first, then the bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from bittrue.errors import BadInput, listed
from bittrue.num.batch_norm import fold_batch_norm
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.policy import Policy
from bittrue.qat.ai8x.summing import Summing


def layers_of(model: nn.Module) -> dict[str, Ai8xLayer]:
    """The layers of a model by name, in the order in which they were declared.

    Raises `BadInput` for a model without one.
    """
    found = {name or "layer": module for name, module in model.named_modules() if isinstance(module, Ai8xLayer)}
    if not found:
        raise BadInput(f"{type(model).__name__} has no layer of bittrue.qat.ai8x; build it of Conv1d and Linear there")
    return found


@torch.no_grad()
def fold(model: nn.Module) -> list[str]:
    """Fold every batch norm into its convolution (`bittrue.num.batch_norm`), in place; names of the layers.

    The model computes the same as before in ``eval()``, up to float rounding. Parameters are gone afterwards and
    biases may be new, so make the optimiser anew.
    """
    folded = []
    for name, layer in layers_of(model).items():
        norm = layer.bn
        if not isinstance(layer, Summing) or norm is None:
            continue
        rows = (layer.kernels(layer.weight), layer.bias, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        arrays: list[Any] = [None if row is None else row.detach().cpu().numpy() for row in rows]
        w, b, mean, variance, gamma, beta = arrays
        try:
            new = fold_batch_norm(w, b, mean, variance, gamma, beta, norm.eps)
        except BadInput as error:
            raise BadInput(f"layer {name}: {error}") from None
        weight, bias = (torch.from_numpy(part).to(layer.weight) for part in new)
        layer.weight.copy_(layer.kernels(weight))
        if layer.bias is None:
            layer.op.register_parameter("bias", nn.Parameter(bias))  # type: ignore[union-attr]
        else:
            layer.bias.copy_(bias)
        layer.bn = None
        folded.append(name)
    return folded


def initiate_qat(model: nn.Module, policy: Policy | Mapping[str, Any]) -> None:
    """Quantise every layer from now on; batch norm is folded first.

    Training that quantises weights with batch norm still beside them is training of other weights than the chip will
    have. Make the optimiser anew afterwards.

    Parameters
    ----------
    model : Module
        Of layers of this package.
    policy : Policy or mapping
        ``{"weight_bits": 8, "shift_quantile": 0.985, "overrides": {"fc": {"weight_bits": 4}}}``; ``start_epoch`` is for
        `start_qat`.

    Raises
    ------
    BadInput
        For an unknown key, a wrong value, or an override of a layer that does not exist; the model is unchanged then.
    """
    chosen, layers = Policy.of(policy), layers_of(model)
    unknown = [name for name in chosen.overrides if name not in layers]
    if unknown:
        raise BadInput(f"the policy overrides layer {unknown[0]!r}; the model has {listed(layers)}")
    fold(model)
    for name, layer in layers.items():
        layer.quantise(chosen.overrides.get(name, chosen.layer))


def start_qat(model: nn.Module, policy: Policy | Mapping[str, Any], epoch: int) -> bool:
    """Call `initiate_qat` once ``epoch`` has reached the policy's ``start_epoch``; whether it was called now.

    Call it at the beginning of every epoch; where it returns True, make the optimiser anew.
    """
    chosen = Policy.of(policy)
    if epoch < chosen.start_epoch or all(layer.quantised for layer in layers_of(model).values()):
        return False
    initiate_qat(model, chosen)
    return True
