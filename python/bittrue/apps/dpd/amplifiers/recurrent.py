"""The recurrent amplifier model: a GRU that reads the envelope and sets complex gains, beside a linear filter.

With ``a = |x[n]|`` and features that a common phase of the signal leaves as they are::

    f[n] = standardise( a, a^2, a^3, x[n-1] conj(x[n]), ..., x[n-LAGS] conj(x[n]) )      complex ones as two numbers
    s[n] = GRU(f[n], s[n-1])
    y[n] = sum_{m < taps} h_m x[n-m]  +  sum_{k < gains} (W_k s[n] + b_k) x[n-k]

A gated recurrent unit is that of Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014. Its
folder holds `SPEC`, `WEIGHTS`, the recipe and CARD.md; ``bittrue train pa`` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from bittrue.apps.dpd.amplifiers.modules import Limited, Single, amplitude
from bittrue.apps.dpd.amplifiers.pa import limit
from bittrue.apps.dpd.captures.data import Capture, to_complex, to_iq
from bittrue.apps.dpd.captures.data import load as load_capture
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.places import shipped
from bittrue.readers import json_document, refusing
from bittrue.readers.tensors import tensors

LAGS = 3
FEATURES = 3 + 2 * LAGS
SPEC, WEIGHTS = "amplifier.json", "weights.safetensors"
VERSION = 1
LARGEST = 1 << 12
"""Of each size of a model."""


class Recurrent(nn.Module):
    """The network of the formula above: float ``(B, N, 2)`` to ``(B, N, 2)``, every row from zero history.

    Parameters
    ----------
    hidden, gains, taps : int
        Size of the GRU's state, complex gains that it sets, complex taps of the linear filter.
    peak : float
        For `frozen` and `drive`: the drive is limited to it.
    """

    def __init__(self, hidden: int, gains: int, taps: int, peak: float) -> None:
        super().__init__()
        self.gains, self.peak = gains, peak
        self.filter = nn.Parameter(torch.zeros(taps, 2))
        self.gru = nn.GRU(FEATURES, hidden, batch_first=True)
        self.output = nn.Linear(hidden, 2 * gains)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))

    def features(self, x: Tensor) -> Tensor:
        """Features before they are standardised: ``(B, N, FEATURES)`` of signals ``(B, N, 2)``."""
        a = amplitude(x)[..., None]
        conjugate = torch.stack([x[..., 0], -x[..., 1]], -1)
        return torch.cat([a, a**2, a**3, *(product(delayed(x, m), conjugate) for m in range(1, LAGS + 1))], -1)

    def forward(self, x: Tensor) -> Tensor:
        """Output ``(B, N, 2)`` for drives ``(B, N, 2)``."""
        standard = (self.features(x) - self.get_buffer("mean")) / self.get_buffer("deviation")
        state, _ = self.gru(standard)
        gains = self.output(state).unflatten(-1, (self.gains, 2))
        y = self.filtered(x)
        for k in range(self.gains):
            y = y + product(gains[..., k, :], delayed(x, k))
        return y

    def filtered(self, x: Tensor) -> Tensor:
        """The linear part, ``sum_m h_m x[n-m]``."""
        real, imaginary = self.filter.flip(0).T
        kernel = torch.stack([torch.stack([real, -imaginary]), torch.stack([imaginary, real])])
        padded = nn.functional.pad(x.transpose(1, 2), (len(self.filter) - 1, 0))
        return nn.functional.conv1d(padded, kernel).transpose(1, 2)

    def frozen(self) -> Limited:
        """The model as a judge or teacher: limited to the peak, without gradients of its own, computed in float32."""
        return Limited(Single(self), self.peak)


def product(a: Tensor, b: Tensor) -> Tensor:
    """Complex products of I/Q values ``(..., 2)``."""
    real = a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1]
    return torch.stack([real, a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0]], -1)


def delayed(x: Tensor, samples: int) -> Tensor:
    """``x[:, n - samples]`` of ``(B, N, 2)``, zero before the first sample."""
    return nn.functional.pad(x, (0, 0, samples, 0))[:, : x.shape[1]]


def drive(network: Recurrent) -> Callable[[Complex], Complex]:
    """The model as a function of the drive, complex ``(N,)`` to ``(N,)``, as one sequence from zero state."""

    def run(u: Complex) -> Complex:
        rows = torch.from_numpy(to_iq(limit(u, network.peak)).astype(np.float32))[None]
        with torch.no_grad():
            return to_complex(network(rows)[0].numpy())

    return run


def content(network: Recurrent, capture: Capture) -> dict[str, bytes | str]:
    """The files of a model's folder that `load` reads, by name."""
    spec = {
        "format": "bittrue-recurrent-amplifier",
        "version": VERSION,
        "hidden": network.gru.hidden_size,
        "gains": network.gains,
        "taps": len(network.filter),
        "peak": network.peak,
        "capture": capture.name,
        "digest": capture.digest,
    }
    values = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    return {SPEC: json.dumps(spec, indent=1) + "\n", WEIGHTS: safetensors.torch.save(values)}


def load(folder: Path) -> Recurrent:
    """Read a model; nothing in its files is executed. Raises `BadInput` where they do not belong together."""
    spec = _spec(folder / SPEC)
    path = folder / WEIGHTS
    values = {key: torch.from_numpy(array) for key, array in tensors(_read(path), str(path)).items()}
    with refusing(f"{path} does not belong to {SPEC} beside it: that", "train it again"):
        hidden, gains, taps = (spec[key] for key in ("hidden", "gains", "taps"))
        if not all(type(size) is int and 0 < size <= LARGEST for size in (hidden, gains, taps)):
            raise ValueError(f"sizes beyond 1 to {LARGEST:,}")
        network = Recurrent(hidden, gains, taps, float(spec["peak"]))
        network.load_state_dict(values)
    if not all(tensor.isfinite().all() for tensor in values.values()):
        raise BadInput(f"{path} holds NaN or infinity; train it again")
    return network


def find(capture: Capture) -> Path:
    """The folder of the model that was trained on a capture, in ``weights/`` here or that come with bittrue.

    Raises `BadInput`, naming the command, where there is none.
    """
    source = load_capture(capture.origin) if capture.origin else capture
    for root in (Path("weights"), shipped("weights")):
        for path in sorted(root.glob(f"*/{SPEC}")):
            if _spec(path).get("digest") == source.digest:
                return path.parent
    raise BadInput(
        f"no recurrent amplifier model was trained on {source.name}; run: bittrue train pa, with capture = "
        f'"{source.name}" in its recipe'
    )


def _read(path: Path) -> bytes:
    return read_bytes(path, "the amplifier model")


def _spec(path: Path) -> dict[str, Any]:
    spec = json_document(_read(path), str(path))
    if not isinstance(spec, dict) or spec.get("format") != "bittrue-recurrent-amplifier":
        raise BadInput(f"{path} describes no recurrent amplifier; restore the file")
    if spec.get("version") != VERSION:
        raise BadInput(f"{path} has version {shown(spec.get('version'))}; this release reads {VERSION}: train it again")
    return spec
