"""The order in which a model runs its layers, found by running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.errors import BadInput
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.starting import layers_of


@dataclass(frozen=True)
class Link:
    """A layer in its place."""

    name: str
    layer: Ai8xLayer


def chain_of(model: nn.Module, shape: tuple[int, int]) -> list[Link]:
    """The layers of a model in the order of its forward pass, for frames of ``shape`` (channels, length).

    Between layers only what leaves the numbers where they are may stand: flattening, dropout, nothing.

    Raises `BadInput`, naming the layer, where the model computes something else, has branches, runs a layer twice, or
    does not take such frames.
    """
    links: list[Link] = []
    frame = torch.zeros(1, *shape)
    tensors = [frame]

    def enter(name: str, layer: Ai8xLayer, given: tuple[Any, ...], result: Tensor) -> None:
        where = f"after {links[-1].name}" if links else "before the first layer"
        if not _same(given[0], tensors[-1]):
            raise BadInput(
                f"{where} the model computes something that the chip has not, or branches; {name} must take the result "
                f"of the layer before it, flattened at most"
            )
        if any(link.layer is layer for link in links):
            raise BadInput(f"the model runs layer {name} twice; give it a second layer")
        links.append(Link(name, layer))
        tensors.append(result)

    hooks = [
        layer.register_forward_hook(lambda module, given, result, name=name: enter(name, module, given, result))
        for name, layer in layers_of(model).items()
    ]
    training = model.training
    try:
        with torch.inference_mode():
            result = model.eval()(frame)
    except BadInput:
        raise
    except RuntimeError as error:
        raise BadInput(f"the model does not take frames of shape {shape}: {' '.join(str(error).split())}") from None
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    if not links or not _same(result, tensors[-1]):
        raise BadInput("the model computes something after its last layer; return that layer's result")
    return links


def _same(tensor: Tensor, earlier: Tensor) -> bool:
    """Whether a tensor is an earlier one, perhaps seen in another shape."""
    return tensor.data_ptr() == earlier.data_ptr() and tensor.numel() == earlier.numel() and tensor.is_contiguous()
