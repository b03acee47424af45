"""Layout of OFDM-GAN's dictionary, the older one: the model's keys at the top, and a ``model_type``."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bittrue.errors import BadInput, shown
from bittrue.kit.schema import nearest

TYPES = ("wavegan", "pskgan", "stftgan")
MOVED = ("weight_init", "kernel_size", "model_levels", "num_channels", "phase_shuffle")
"""Keys that the later layout has in ``model_specs``."""
OVERLAP = 0.75
"""Share of ``nperseg`` that two windows have in common there, fixed."""
OLD = ("model_type", "stride", "progressive_kernels")


def is_one(table: Any) -> bool:
    """Whether a dictionary has keys that only this layout has."""
    return isinstance(table, dict) and "model_specs" not in table and any(key in table for key in OLD)


def translated(table: Mapping[str, Any]) -> dict[str, Any]:
    """The dictionary in the present layout, with what its ``model_type`` sets.

    ========  =========================================================================================
    wavegan   ``wavegan`` and its overrides
    pskgan    ``scale_factor`` 4, 5 levels, kernel ``receptive_field_type``, global_min_max, ``pad_signal``
    stftgan   ``stft``, ``pad_signal``, ``fft_shift``, windows that overlap by 75 %, standard kernels
    ========  =========================================================================================

    Without ``pad_signal`` no signal of the public sets fits a PSK-GAN of that scale, and the origin raises.

    Raises `BadInput` for another ``model_type``.
    """
    result = deepcopy(dict(table))
    specs: dict[str, Any] = {key: result.pop(key) for key in MOVED if key in result}
    kind = result.pop("model_type", "stftgan")
    if kind not in TYPES:
        near = nearest(kind, TYPES) if isinstance(kind, str) else ""
        raise BadInput(f"model_type is {shown(kind)}; choose {' or '.join(TYPES)}{near}")
    if "stride" in result:
        specs["scale_factor"] = result.pop("stride")
    specs["receptive_field_type"] = "kernel" if result.pop("progressive_kernels", False) is True else "standard"
    data = result.setdefault("dataloader_specs", {}).setdefault("dataset_specs", {})
    if isinstance(data.get("data_set"), str):
        data["data_set"] = data["data_set"].lstrip("/")
    if data.get("num_samples") == 0:
        data["num_samples"] = None
    if kind == "wavegan":
        specs["wavegan"] = True
    elif kind == "pskgan":
        specs |= {"scale_factor": 4, "model_levels": 5, "receptive_field_type": "kernel"}
        data |= {"data_scaler": "global_min_max", "stft": False, "pad_signal": True}
    else:
        specs["receptive_field_type"] = "standard"
        data |= {"stft": True, "pad_signal": True, "fft_shift": True, "noverlap": OVERLAP}
    return {**result, "model_specs": specs}
