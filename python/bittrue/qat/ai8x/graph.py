"""The graph of a model's layers, found by running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bittrue.errors import BadInput, shown
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.starting import layers_of
from bittrue.spec.net import INPUT

JOINS = (torch.cat, torch.concat, torch.concatenate)


@dataclass(frozen=True)
class Link:
    """A layer in its place.

    Parameters
    ----------
    name : str
        In the model.
    layer : Ai8xLayer
    sources : tuple of str
        Names of the layers whose results it takes, `bittrue.spec.net.INPUT` for the input. A layer that takes one
        tensor and has several sources takes their channels, one after the other.
    shape : tuple of int, optional
        The axes behind the channels as which it reads its data, where the model has given them another shape.
    """

    name: str
    layer: Ai8xLayer
    sources: tuple[str, ...]
    shape: tuple[int, ...] | None = None


def links_of(model: nn.Module, shape: Sequence[int]) -> tuple[list[Link], tuple[str, ...]]:
    """The layers of a model in the order of its forward pass, and the names of those whose results it returns.

    The model is run once on data of ``shape``, ``(channels, length)`` or ``(channels, rows, columns)``. Between layers
    only what leaves the numbers where they are may stand: concatenation of channels, flattening, dropout, nothing.

    Raises `BadInput`, naming the layer, where the model computes something else, runs a layer twice, or does not take
    such data.
    """
    data, layers = torch.zeros(1, *shape), layers_of(model)
    trace = _Trace(data)
    hooks = [
        layer.register_forward_hook(lambda module, given, result, name=name: trace.enter(name, module, given, result))
        for name, layer in layers.items()
    ]
    training = model.training
    try:
        with torch.no_grad(), trace:
            result = model.eval()(data)
    except BadInput:
        raise
    except RuntimeError as error:
        raise BadInput(
            f"the model does not take frames of shape {tuple(shape)}: {' '.join(str(error).split())}"
        ) from None
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return trace.links, trace.outputs(result)


@dataclass(frozen=True)
class _Known:
    """A tensor, PyTorch's count of what was written to it, and the layers that it is made of."""

    tensor: Tensor
    version: int
    sources: tuple[str, ...]

    def holds(self, tensor: Tensor) -> bool:
        """Whether ``tensor`` is this one, perhaps seen in another shape, and nothing was written to it since."""
        whole = tensor.data_ptr() == self.tensor.data_ptr() and tensor.numel() == self.tensor.numel()
        return whole and tensor.is_contiguous() and self.tensor._version == self.version


class _Trace(TorchFunctionMode):
    """Remembers the result of every layer and of every concatenation, and which layers they are made of."""

    def __init__(self, data: Tensor) -> None:
        super().__init__()
        self.links: list[Link] = []
        # all tensors are kept, so that none takes the memory of another
        self._known: list[_Known] = []
        self._note(data, (INPUT,))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in JOINS:
            self._join(result, *args, **kwargs)
        return result

    def _join(self, result: Tensor, tensors: Sequence[Tensor], dim: int = 0, **others: Any) -> None:
        sources = [self._sources(tensor) for tensor in tensors]
        if others.get("axis", dim) in (1, 1 - result.ndim) and all(sources):
            self._note(result, tuple(name for names in sources if names for name in names))

    def _note(self, tensor: Tensor, sources: tuple[str, ...]) -> None:
        self._known.append(_Known(tensor, tensor._version, sources))

    def _sources(self, tensor: Tensor) -> tuple[str, ...] | None:
        """What a tensor is made of, if it is known."""
        return next((known.sources for known in self._known if known.holds(tensor)), None)

    def enter(self, name: str, layer: Ai8xLayer, given: tuple[Any, ...], result: Tensor) -> None:
        """Note a layer that has just been run."""
        where = f"after {self.links[-1].name}" if self.links else "before the first layer"
        sources = [self._sources(tensor) for tensor in given]
        if not all(sources) or (len(sources) > 1 and any(names and len(names) > 1 for names in sources)):
            raise BadInput(
                f"{where} the model computes something that the chip has not; {name} must take the input, results of "
                f"layers, or their concatenation by torch.cat, flattened at most"
            )
        if any(link.layer is layer for link in self.links):
            raise BadInput(f"the model runs layer {name} twice; give it a second layer")
        seen = any(
            tensor.shape != known.tensor.shape for tensor in given for known in self._known if known.holds(tensor)
        )
        shape = tuple(given[0].shape[2:]) if seen else None
        self.links.append(Link(name, layer, tuple(n for names in sources if names for n in names), shape))
        self._note(result, (name,))

    def outputs(self, result: object) -> tuple[str, ...]:
        """The layers whose results the model returns, in the order of evaluation."""
        found = list(result.values()) if isinstance(result, Mapping) else result
        tensors = list(found) if isinstance(found, list | tuple) else [found]
        names = [self._sources(tensor) if isinstance(tensor, Tensor) else None for tensor in tensors]
        if not names or not all(part and len(part) == 1 and part != (INPUT,) for part in names):
            raise BadInput("the model computes something after its last layer; return the results of layers")
        wanted = {name for part in names if part for name in part}
        if len(wanted) < len(names):
            raise BadInput(f"the model returns {shown(names)}; return the result of every layer once")
        return tuple(link.name for link in self.links if link.name in wanted)
