"""Levenberg-Marquardt for small networks: the second-order descent that regression to -50 dB needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
import torch
from scipy.linalg.blas import dsyrk, ssyrk
from torch import Tensor

from bittrue.errors import BadInput
from bittrue.qat import Network
from bittrue.spec import ComplexFIR, Dense, LeakyReLU, ReLU

CHUNK = 4096
"""Rows whose Jacobian is held at a time."""

EASE, STIFFEN, TRIES, LEAST = 0.4, 4.0, 6, 1e-7
"""Factors on the damping after a step that helped and after one that did not, tries a step, and the least damping."""

Rows = Mapping[str, Tensor]


@dataclass(frozen=True)
class Shaping:
    """Weights over frequency for errors in consecutive rows: where the metrics listen, the error counts.

    Rows come in segments of ``len(weight)`` samples, each under a Hann window; ``weight[k]`` multiplies the squared
    error at ``fftfreq(len(weight))[k]`` of the sample rate. Bins of weight zero cost nothing.
    """

    weight: Tensor

    @classmethod
    def channels(
        cls, segment: int, bandwidth: float, adjacent: float, left: float, right: float, beyond: float
    ) -> Shaping:
        """1 inside the channel, ``left`` and ``right`` in the adjacent channels, ``beyond`` on the rest.

        ``bandwidth`` and ``adjacent`` (width of an adjacent channel) are fractions of the sample rate. Of the rest
        every 16th bin is looked at, with 16 times its weight.
        """
        frequency = torch.fft.fftfreq(segment, dtype=torch.float64)
        weight = torch.zeros(segment, dtype=torch.float64)
        weight[::16] = 16 * beyond
        half = bandwidth / 2
        weight[(frequency >= half) & (frequency <= half + adjacent)] = right
        weight[(frequency <= -half) & (frequency >= -half - adjacent)] = left
        weight[frequency.abs() < half] = 1.0
        return cls(weight)

    def apply(self, errors: Tensor) -> Tensor:
        """Errors ``(rows, 2)`` or their derivatives ``(rows, 2, n)``: ``(m,)`` or ``(m, n)``, squares to be summed."""
        segment = len(self.weight)
        if len(errors) % segment:
            raise BadInput(f"{len(errors)} rows are no whole number of segments of {segment} samples; cut them")
        kept = self.weight.nonzero()[:, 0]
        window = torch.hann_window(segment, dtype=errors.dtype)
        scale = (self.weight[kept] / segment).sqrt().to(errors.dtype)
        parts = []
        for start in range(0, len(errors), segment):
            piece = errors[start : start + segment]
            signal = torch.complex(piece[:, 0], piece[:, 1])
            shape = (-1, *[1] * (signal.ndim - 1))
            signal *= window.view(shape)
            spectrum = torch.from_numpy(scipy.fft.fft(signal.numpy(), axis=0, overwrite_x=True))
            bins = spectrum[kept] * scale.view(shape)
            parts += [bins.real, bins.imag]
        return torch.cat(parts)


def flat(errors: Tensor) -> Tensor:
    """Every error counts alike: ``(rows, 2, ...)`` as ``(2 * rows, ...)``."""
    return errors.flatten(0, 1)


class LevenbergMarquardt:
    """Damped Gauss-Newton steps on ``sum (wanted - network)**2`` over the rows of each step.

    With the Jacobian ``J`` of all outputs to all parameters and the errors ``e``, a step solves::

        (J^T J + damping * (diag(J^T J) + mean(diag(J^T J)) / 1000)) d = J^T e

    and moves the parameters by ``d`` if that lowers the sum, else it raises the damping and tries again (Levenberg
    1944; Marquardt 1963). ``J`` is exact and cheap: a row's derivative to a dense weight is the error signal at its
    neuron times its input. The normal equations are summed in float32 (SciPy's
    symmetric product and column-wise transform take half the time of PyTorch's), solved in float64.

    Parameters
    ----------
    network : Network
        In float mode (``enable_qat(False)``): dense layers and filters trained, anything differentiable between.
    damping : float
        To begin with.
    shaping : Shaping, optional
        Weighs the errors over frequency; the rows must then be whole segments of consecutive samples.

    Attributes
    ----------
    free : bool tensor, optional
        Which of all parameters a step moves; all of them without it.
    """

    free: Tensor | None = None

    def __init__(self, network: Network, damping: float = 1e-2, shaping: Shaping | None = None) -> None:
        self.network, self.damping = network, damping
        self.shape: Callable[[Tensor], Tensor] = flat if shaping is None else shaping.apply
        self.chunk = CHUNK if shaping is None else max(1, CHUNK // len(shaping.weight)) * len(shaping.weight)
        self.parameters = [p for p in network.parameters() if p.requires_grad]

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs besides the parameters."""
        return {"damping": self.damping}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.damping = float(state["damping"])

    def step(self, known: Rows, wanted: Tensor) -> float:
        """One step on these rows; the sum of squared errors after it.

        Parameters
        ----------
        known : mapping from node name to values (rows, ...)
            As `Network.precompute` returns it.
        wanted : float64 tensor (rows, 2)
        """
        normal, gradient, loss = self.equations(known, wanted)
        before = torch.nn.utils.parameters_to_vector(self.parameters).detach().clone()
        diagonal = normal.diagonal()
        for _ in range(TRIES):
            damped = normal + torch.diag(self.damping * (diagonal + 1e-3 * diagonal.mean()))
            self._assign(before + self._spread(torch.linalg.solve(damped, gradient)))
            reached = self._loss(known, wanted)
            if reached < loss:
                self.damping = max(self.damping * EASE, LEAST)
                return reached
            self.damping *= STIFFEN
        self._assign(before)
        return loss

    def _chunks(self, wanted: Tensor) -> list[slice]:
        return [slice(start, start + self.chunk) for start in range(0, len(wanted), self.chunk)]

    def _spread(self, change: Tensor) -> Tensor:
        """A change of the free parameters as one of all."""
        if self.free is None:
            return change
        whole = torch.zeros(len(self.free), dtype=change.dtype)
        whole[self.free] = change
        return whole

    def _assign(self, values: Tensor) -> None:
        torch.nn.utils.vector_to_parameters(values, self.parameters)

    @torch.no_grad()
    def _loss(self, known: Rows, wanted: Tensor) -> float:
        total = 0.0
        for rows in self._chunks(wanted):
            output = self.network.forward_from({name: value[rows] for name, value in known.items()})
            total += float(self.shape(wanted[rows] - output).square().sum())
        return total

    def equations(self, known: Rows, wanted: Tensor) -> tuple[Tensor, Tensor, float]:
        """``J^T J``, ``J^T e`` and ``e^T e`` of the free parameters, summed chunk by chunk."""
        size = sum(p.numel() for p in self.parameters) if self.free is None else int(self.free.sum())
        upper, gradient, loss = np.zeros((size, size), np.float32, "F"), torch.zeros(size, dtype=torch.float64), 0.0
        for rows in self._chunks(wanted):
            output, derivative = jacobian(self.network, {name: value[rows] for name, value in known.items()})
            errors = self.shape(wanted[rows] - output)
            shaped = self.shape(derivative if self.free is None else derivative[..., self.free])
            upper = ssyrk(1.0, shaped.numpy().T, beta=1.0, c=upper, overwrite_c=1)
            gradient += (shaped.T @ errors.float()).double()
            loss += float(errors.square().sum())
        normal = np.triu(upper) + np.triu(upper, 1).T
        return torch.from_numpy(normal).double(), gradient, loss

    def curvature(self, known: Rows) -> Tensor:
        """``J^T J`` of all parameters, summed in float64: float32 loses its smallest eigenvalues, so its inverse."""
        size = sum(p.numel() for p in self.parameters)
        upper, rows = np.zeros((size, size), np.float64, "F"), len(next(iter(known.values())))
        for start in range(0, rows, self.chunk):
            _, derivative = jacobian(self.network, {name: v[start : start + self.chunk] for name, v in known.items()})
            upper = dsyrk(1.0, self.shape(derivative).double().numpy().T, beta=1.0, c=upper, overwrite_c=1)
        return torch.from_numpy(np.triu(upper) + np.triu(upper, 1).T)


def jacobian(network: Network, known: Rows) -> tuple[Tensor, Tensor]:
    """Outputs ``(rows, 2)`` and their float32 derivatives ``(rows, 2, parameters)``, parameters in network order.

    Raises `BadInput` for a trained layer whose derivative is not written down here.
    """
    trained = [node for node in network.template.nodes if isinstance(node.layer, Dense | ComplexFIR)]
    if len(list(network.parameters())) != sum(2 if isinstance(node.layer, Dense) else 1 for node in trained):
        raise BadInput(f"net {network.template.name} trains layers besides Dense and ComplexFIR; choose method adam")
    values = network.evaluate(known, [node.name for node in network.template.nodes if node.name not in known])
    output = values[network.template.nodes[-1].name]
    places = [values[node.name] for node in trained]
    columns: list[list[Tensor]] = []
    for k in range(output.shape[-1]):
        signals = torch.autograd.grad(output[:, k].sum(), places, retain_graph=True)
        row = []
        for node, signal in zip(trained, signals, strict=True):
            if isinstance(node.layer, Dense):
                given = known[node.inputs[0]] if node.inputs[0] in known else values[node.inputs[0]]
                row += _dense(node.layer, signal, values[node.name], given)
            else:
                row.append(_filter(signal, known[f"{node.name}.basis"]))
        columns.append(row)
    stacked = torch.stack([torch.cat(row, dim=1) for row in columns], dim=1)
    return output.detach(), stacked


def _dense(layer: Dense, signal: Tensor, output: Tensor, given: Tensor) -> list[Tensor]:
    """Derivatives to weight and bias from that to the layer's output; the activation keeps the sign."""
    if isinstance(layer.activation, LeakyReLU):
        signal = torch.where(output < 0, signal * 2.0**-layer.activation.shift, signal)
    elif isinstance(layer.activation, ReLU):
        signal = torch.where(output > 0, signal, torch.zeros_like(signal))
    signal, given = signal.float(), given.detach().float()
    return [(signal[:, :, None] * given[:, None, :]).flatten(1), signal]


def _filter(signal: Tensor, basis: Tensor) -> Tensor:
    """Derivatives to ``(h_re, h_im)`` of every tap, for basis values ``(rows, taps, 2)``."""
    signal, basis = signal.float(), basis.float()
    real = signal[:, :1] * basis[..., 0] + signal[:, 1:] * basis[..., 1]
    imaginary = signal[:, 1:] * basis[..., 0] - signal[:, :1] * basis[..., 1]
    return torch.stack([real, imaginary], dim=-1).flatten(1)
