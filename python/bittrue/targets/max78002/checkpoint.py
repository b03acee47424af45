"""Checkpoints in ai8x form: what is in the file, layer by layer (docs/ai8x.md)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.targets.max78002.archive import read_archive

Array = npt.NDArray[Any]

SCALARS = (
    "weight_bits",
    "bias_bits",
    "output_shift",
    "shift_quantile",
    "quantize_activation",
    "adjust_output_shift",
)
"""What the training tool keeps beside a layer's weight and bias: the parameters of quantisation-aware training."""

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
    def layers(self) -> list[str]:
        """Names of the layers with a weight, in order: ``conv1`` for ``conv1.op.weight``."""
        return [key.removesuffix(".op.weight") for key in self.state if key.endswith(".op.weight")]

    def parameters(self) -> list[LayerParameters]:
        """Every layer's parameters, in order.

        Raises `BadInput` for batch norm that is not folded, a file without layers, and arrays of a wrong type, shape or
        value.
        """
        self.refuse_batch_norm()
        names = self.layers
        if not names:
            raise BadInput(
                f"{self.path} holds no layer: a key such as conv1.op.weight is needed, and its keys are "
                f"{', '.join(list(self.state)[:3]) or 'none'}; give the checkpoint of an ai8x model"
            )
        return [LayerParameters.of(self, name) for name in names]

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
        found = [self.state[key] for key in self.state if key.endswith((".op.weight", ".op.bias"))]
        flags = [self.state[key] for key in self.state if key.endswith(".adjust_output_shift")]
        whole = all(np.array_equal(values, np.floor(values)) for values in found)
        return bool(found) and whole and not any(np.any(flag) for flag in flags)


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """Parameters of one layer as the file has them.

    Parameters
    ----------
    name : str
    weight : float or integer array, 2 or 3 axes
    bias : array (O,), optional
    weight_bits : int
        0 where training has not begun to quantise.
    output_shift, shift_quantile : float
    quantize_activation, adjust_output_shift : bool
    given : frozenset of str
        Which of `SCALARS` the file has; the others are defaults.
    """

    name: str
    weight: Array
    bias: Array | None
    weight_bits: int = 8
    bias_bits: int = 8
    output_shift: float = 0.0
    shift_quantile: float = 1.0
    quantize_activation: bool = False
    adjust_output_shift: bool = False
    given: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, checkpoint: Checkpoint, name: str) -> LayerParameters:
        """The parameters of layer ``name``. Raises `BadInput` for arrays of a wrong type, shape or value."""
        state, path = checkpoint.state, checkpoint.path
        weight = _numbers(state[f"{name}.op.weight"], f"{path}: {name}.op.weight")
        if weight.ndim not in (2, 3):
            raise BadInput(
                f"{path}: {name}.op.weight has shape {weight.shape}; a 1-D net has convolutions of 3 axes and linear "
                f"layers of 2, so this is a net for images"
            )
        bias = state.get(f"{name}.op.bias")
        if bias is not None:
            bias = _numbers(bias, f"{path}: {name}.op.bias")
            if bias.shape != weight.shape[:1]:
                raise BadInput(
                    f"{path}: {name}.op.bias has shape {bias.shape} and the weight {weight.shape}; it needs one number "
                    f"a row"
                )
        scalars = {key: _scalar(state[f"{name}.{key}"], f"{path}: {name}.{key}") for key in _given(state, name)}
        for key in ("weight_bits", "bias_bits"):
            if scalars.get(key, 8) not in (0, 1, 2, 4, 8):
                raise BadInput(f"{path}: {name}.{key} is {scalars[key]:g}; the chip has 1, 2, 4 and 8 bits")
        if not 0 <= scalars.get("shift_quantile", 1) <= 1:
            raise BadInput(f"{path}: {name}.shift_quantile is {scalars['shift_quantile']:g}; choose 0 to 1")
        typed: dict[str, Any] = {
            key: value if key in ("output_shift", "shift_quantile") else int(value) for key, value in scalars.items()
        }
        return cls(name, weight, bias, **typed, given=frozenset(scalars))


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read ``.npz``, or ``.pth.tar``, ``.pth`` and ``.pt`` of ``torch.save``; no code of the file is executed.

    Raises `BadInput` for another kind of file, one that is damaged, holds objects or a name twice, or has no state.
    """
    name = str(path).lower()
    if name.endswith(NUMPY_ENDINGS):
        return Checkpoint(str(path), _read_npz(path))
    if not name.endswith(TORCH_ENDINGS):
        raise BadInput(f"{path} is no known kind of checkpoint; give {', '.join((*NUMPY_ENDINGS, *TORCH_ENDINGS))}")
    content = read_archive(path)
    document = content if isinstance(content, dict) else {}
    state = document.get("state_dict", document)
    if not isinstance(state, dict) or not any(isinstance(value, np.ndarray) for value in state.values()):
        raise BadInput(f"{path} has no state_dict with tensors; give the checkpoint that training saved")
    arch, epoch = document.get("arch", ""), document.get("epoch", 0)
    arrays = {str(key): value for key, value in state.items() if isinstance(value, np.ndarray)}
    arrays = {_plain(key): value for key, value in arrays.items()}
    return Checkpoint(str(path), arrays, arch if isinstance(arch, str) else "", epoch if isinstance(epoch, int) else 0)


def npz_bytes(state: Mapping[str, Array]) -> bytes:
    """A ``.npz`` file of a state, in its order."""
    buffer = io.BytesIO()
    np.savez(buffer, **dict(state))  # type: ignore[arg-type]
    return buffer.getvalue()


def _plain(key: str) -> str:
    """A key without what training on several GPUs puts before it."""
    return key.removeprefix("module.")


def _read_npz(path: str | Path) -> dict[str, Array]:
    data = read_bytes(path, "the checkpoint")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
        if len(set(names)) != len(names):
            raise BadInput(f"{path} holds {_twice(names)} twice; write it again")
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return {_plain(name): stored[name] for name in stored.files}
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path} is damaged or no .npz of plain arrays ({error}); write it again") from None


def _twice(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1).removesuffix(".npy")


def _given(state: Mapping[str, Array], name: str) -> list[str]:
    return [key for key in SCALARS if f"{name}.{key}" in state]


def _numbers(values: Array, what: str) -> Array:
    """``values``; `BadInput` unless they are finite real numbers, one or more."""
    if values.dtype.kind not in "iuf" or not values.size:
        raise BadInput(f"{what} holds {values.size} numbers of type {values.dtype}; real numbers are needed")
    if not np.isfinite(values).all():
        raise BadInput(f"{what} holds NaN or infinity; take an earlier checkpoint")
    return values


def _scalar(value: Array, what: str) -> float:
    if value.size != 1 or value.dtype.kind not in "biuf" or not np.isfinite(value).all():
        raise BadInput(f"{what} has shape {value.shape} and type {value.dtype}; it must be one number")
    return float(value.reshape(()))
