"""Sensitivity of an amplifier: what a small error of its drive does to what comes out."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor, nn

from bittrue.apps.dpd.cache import remembered
from bittrue.apps.dpd.captures.data import to_complex, to_iq
from bittrue.apps.dpd.metrics import Complex, Real

WINDOW, MARGIN, AT_ONCE = 1024, 256, 64
"""Samples of a window, samples before and behind it that count as well (more than an amplifier model remembers), and
windows whose derivatives are taken at once."""


def sensitivity(amplifier: nn.Module, drive: Real) -> Tensor:
    """Summed derivatives of the output to the drive, sample by sample; computed once and kept in the build folder.

    ``S[n, i, j] = sum over m of d y_i[m] / d u_j[n]``, with 0 for I and 1 for Q: an error ``e[n]`` of the drive that is
    slow beside the amplifier's memory makes the error ``S[n] e[n]`` of the output. A compressed peak passes on
    little of it.

    Parameters
    ----------
    amplifier : Module
        Float ``(B, N, 2)`` to ``(B, N, 2)``, each row from zero history.
    drive : float64 array (N, 2)

    Returns
    -------
    float32 tensor (N, 2, 2)

    Raises
    ------
    BadInput
        Where the build folder cannot be written.
    """
    u = torch.from_numpy(drive).float()
    with torch.no_grad():
        seen = amplifier(u[None, :WINDOW])
    key = f"sensitivity-1 {WINDOW} {MARGIN} " + hashlib.sha256(drive.tobytes() + seen.numpy().tobytes()).hexdigest()

    def compute() -> Complex:
        return to_complex(derivatives(amplifier, u).double().reshape(-1, 2).numpy())

    found = to_iq(remembered("sensitivity", key, compute))
    return torch.from_numpy(found.reshape(-1, 2, 2).astype(np.float32))


def derivatives(amplifier: nn.Module, u: Tensor) -> Tensor:
    """What `sensitivity` keeps, ``(N, 2, 2)``, in windows of the signal between silence."""
    count = -(-len(u) // WINDOW)
    padded = nn.functional.pad(u, (0, 0, MARGIN, count * WINDOW - len(u) + MARGIN))
    windows = padded.unfold(0, WINDOW + 2 * MARGIN, WINDOW).transpose(1, 2)
    found = []
    for some in torch.split(windows, AT_ONCE):
        given = some.clone().requires_grad_()
        y = amplifier(given)
        rows = [torch.autograd.grad(y[..., i].sum(), given, retain_graph=i == 0)[0] for i in range(2)]
        found.append(torch.stack(rows, 2)[:, MARGIN : MARGIN + WINDOW].flatten(0, 1))
    return torch.cat(found)[: len(u)]


def felt(errors: Tensor, sensed: Tensor | None) -> Tensor:
    """Errors ``(rows, 2, ...)`` of the drive as those of the output; without a sensitivity as they are."""
    if sensed is None:
        return errors
    return torch.einsum("nij,nj...->ni...", sensed.to(errors.dtype), errors)
