"""Checkpoints in ai8x form: what is in the file, layer by layer (docs/ai8x.md)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.targets.max78002.layer_keys import LayerKeys, layers_of
from bittrue.targets.max78002.parameters import LayerParameters
from bittrue.targets.max78002.states import npz_state, torch_state

Array = npt.NDArray[Any]

NUMPY_ENDINGS = (".npz",)
TORCH_ENDINGS = (".pth.tar", ".pth", ".pt", ".tar")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state dictionary and what goes with it.

    Parameters
    ----------
    path : str
        Where it came from, for sentences.
    state : dict of arrays
        In the order of the file, which is the order of the layers.
    arch : str
        Name of the architecture; empty where the file has none.
    epoch : int
    """

    path: str
    state: dict[str, Array]
    arch: str = ""
    epoch: int = 0

    @property
    def batch_norms(self) -> list[str]:
        """Names of layers with batch norm statistics: ``conv1`` for ``conv1.bn.running_mean``."""
        return list(dict.fromkeys(key.split(".bn.")[0] for key in self.state if ".bn." in key))

    @property
    def keys(self) -> list[LayerKeys]:
        """The layers in order, by their keys: whatever ends in ``.weight``, batch norm aside."""
        return layers_of(self.state)

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in order: ``conv1`` for ``conv1.op.weight``."""
        return [keys.name for keys in self.keys]

    def parameters(self) -> list[LayerParameters]:
        """Every layer's parameters, in order.

        Raises `BadInput` for batch norm that is not folded, a file without layers, and arrays of a wrong type, shape or
        value.
        """
        self.refuse_batch_norm()
        layers = self.keys
        if not layers:
            raise BadInput(
                f"{self.path} holds no layer: a key such as conv1.op.weight is needed, and its keys are "
                f"{', '.join(list(self.state)[:3]) or 'none'}; give the checkpoint of an ai8x model"
            )
        return [LayerParameters.of(self.state, self.path, keys) for keys in layers]

    def refuse_batch_norm(self) -> None:
        """Raise `BadInput`, saying what to do, where batch norm is not folded."""
        if norms := self.batch_norms:
            more = f" and {len(norms) - 1} more layers" if len(norms) > 1 else ""
            raise BadInput(
                f"{self.path} still has batch norm in {norms[0]}{more} (keys with '.bn.'), which the chip does not "
                f"have; fold it with: bittrue ecg verify-checkpoint {self.path} --fold -o folded.npz, then train on "
                f"with quantisation, because the folded weights differ from the trained ones"
            )

    @property
    def quantised(self) -> bool:
        """Whether every weight and bias is a whole number, as after `quantise`."""
        layers = self.keys
        flags = [self.state.get(keys.scalar("adjust_output_shift"), False) for keys in layers]
        return bool(layers) and all(map(self.whole, layers)) and not any(np.any(flag) for flag in flags)

    def whole(self, keys: LayerKeys) -> bool:
        """Whether a layer's weights and biases are whole numbers."""
        found = [self.state[key] for key in (keys.weight, keys.bias) if key in self.state]
        return all(values.dtype.kind in "biuf" and np.array_equal(values, np.floor(values)) for values in found)

    def integers(self, keys: LayerKeys) -> bool:
        """Whether a layer's weights are codes, and no float numbers that happen to be -1, 0 and 1."""
        return self.whole(keys) and bool(np.any(np.abs(self.state[keys.weight]) > 1))


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read ``.npz``, or ``.pth.tar``, ``.pth`` and ``.pt`` of ``torch.save``; no code of the file is executed.

    Raises `BadInput` for another kind of file, one that is damaged, holds objects or a name twice, or has no state.
    """
    name = str(path).lower()
    if name.endswith(NUMPY_ENDINGS):
        return Checkpoint(str(path), npz_state(path))
    if not name.endswith(TORCH_ENDINGS):
        raise BadInput(f"{path} is no known kind of checkpoint; give {', '.join((*NUMPY_ENDINGS, *TORCH_ENDINGS))}")
    return Checkpoint(str(path), *torch_state(path))


def npz_bytes(state: Mapping[str, Array]) -> bytes:
    """A ``.npz`` file of a state, in its order. Raises `BadInput` for a key that `numpy.savez` keeps to itself."""
    for key in ("file", "allow_pickle"):
        if key in state:
            raise BadInput(f"the checkpoint has the key {key!r}, which a .npz cannot hold; end the name in .pth.tar")
    buffer = io.BytesIO()
    np.savez(buffer, **dict(state))  # type: ignore[arg-type]
    return buffer.getvalue()
