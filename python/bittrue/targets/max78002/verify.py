"""What a checkpoint is good for, and what has to be done with it next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.num.quantile import output_shift
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.choosing import twice
from bittrue.targets.max78002.layer_keys import SCALARS
from bittrue.targets.max78002.parameters import LayerParameters


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Parameters
    ----------
    rows : tuple of tuples
        One a layer: name, shape of the weights, bits, shift, shift quantile, largest magnitude.
    findings : tuple of (bool, str)
        Whether something is as it should be, and what it is.
    next_step : str
        What to do now.
    """

    rows: tuple[tuple[str, ...], ...]
    findings: tuple[tuple[bool, str], ...]
    next_step: str


def verify(checkpoint: Checkpoint) -> Verdict:
    """Look at every layer of a checkpoint. Raises `BadInput` for arrays that no layer can have."""
    layers = [LayerParameters.of(checkpoint.state, checkpoint.path, keys) for keys in checkpoint.keys]
    if not layers:
        checkpoint.parameters()
    norms, quantised = checkpoint.batch_norms, checkpoint.quantised
    missing = [layer.keys.scalar(key) for layer in layers for key in SCALARS if key not in layer.given]
    idle = [layer.name for layer in layers if not layer.weight_bits or not layer.quantize_activation]
    findings: tuple[tuple[bool, str], ...] = (
        (not norms, _batch_norm(norms)),
        (not missing, _missing(missing)),
        (not idle, _quantising(idle, len(layers))),
        (quantised, "weights are integers" if quantised else "weights are float numbers"),
    )
    findings += _twice(checkpoint)
    rows = tuple(_row(layer, quantised) for layer in layers)
    return Verdict(rows, findings, _next(checkpoint, bool(missing or idle)))


def _row(layer: LayerParameters, quantised: bool) -> tuple[str, ...]:
    bits = layer.weight_bits or 8
    if quantised:
        shift = f"{layer.output_shift:+.0f}"
    else:
        shift = f"{output_shift(layer.weight, layer.bias, layer.shift_quantile, bits):+d} (will be)"
    shape = "x".join(map(str, layer.weight.shape))
    return layer.name, shape, str(layer.weight_bits), shift, f"{layer.shift_quantile:g}", _largest(layer)


def _largest(layer: LayerParameters) -> str:
    return f"{float(np.abs(layer.weight).max()):.4g}"


def _twice(checkpoint: Checkpoint) -> tuple[tuple[bool, str], ...]:
    found = twice(checkpoint.keys)
    if not found:
        return ()
    first, second = found
    return ((False, f"layers stand there twice, as {first.weight} and {second.weight}; an import takes the first"),)


def _batch_norm(norms: list[str]) -> str:
    return f"batch norm is not folded in {len(norms)} layers: {', '.join(norms)}" if norms else "no batch norm is left"


def _missing(missing: list[str]) -> str:
    if not missing:
        return "the parameters of quantisation-aware training are there"
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"parameters of quantisation-aware training are missing: {missing[0]}{more}"


def _quantising(idle: list[str], count: int) -> str:
    return f"training did not quantise {', '.join(idle)}" if idle else f"training quantised all {count} layers"


def _next(checkpoint: Checkpoint, untrained: bool) -> str:
    path = checkpoint.path
    if checkpoint.batch_norms:
        return (
            f"fold it: bittrue ecg verify-checkpoint {path} --fold -o folded.npz; then train on with quantisation "
            f"(bittrue.qat.ai8x.initiate_qat), because the folded weights differ from the trained ones"
        )
    if checkpoint.quantised:
        return f"import it: bittrue import-ai8x NETWORK.yaml {path} --device MAX78002 -o NET"
    quantise = f"bittrue ecg quantize {path} -o quantised.npz"
    if untrained:
        return f"train on with quantisation (bittrue.qat.ai8x.initiate_qat), or quantise what there is: {quantise}"
    return f"quantise it: {quantise}"
