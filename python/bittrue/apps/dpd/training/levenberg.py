"""Levenberg-Marquardt for small networks: the second-order descent that regression to -50 dB needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import scipy.fft
import torch
from scipy.linalg.blas import dsyrk, ssyrk
from torch import Tensor

from bittrue.apps.dpd.training.sensitivity import felt
from bittrue.errors import BadInput
from bittrue.qat import Network
from bittrue.spec import ComplexFIR, Dense, LeakyReLU, Node, ReLU
from bittrue.spec.net import INPUT

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
    1944; Marquardt 1963). With ``memory`` the quadratic forms of earlier steps count as well, each ``memory`` times
    what the next one does: with the parameters ``p``, ``A <- memory A + J^T J`` and
    ``b <- memory b + J^T e + J^T J p``, and ``d = (A + damping * (...))^-1 (b - A p)``, which is always taken, with a
    damping that is given. Such steps follow the rows of many, where one alone follows the chance of its own.

    ``J`` is exact and cheap: a row's derivative to a dense weight is the error signal at its neuron times its input.
    The normal equations are summed in float32 (SciPy's symmetric product and column-wise transform take half the time
    of PyTorch's), solved in float64.

    Parameters
    ----------
    network : Network
        In float mode (``enable_qat(False)``): dense layers and filters trained, anything differentiable between. A net
        with an `echo` needs ``shaping``.
    damping : float
        To begin with.
    shaping : Shaping, optional
        Weighs the errors over frequency; the rows must then be whole segments of consecutive samples.
    memory : float
        0, a step alone, to below 1.

    Where a method takes ``sensed``, ``(rows, 2, 2)`` of `bittrue.apps.dpd.training.sensitivity`, errors count as the
    amplifier passes them on.

    Attributes
    ----------
    remembered : pair of float64 tensors, optional
        ``A`` and ``b`` of all parameters; one that is free no longer must be zero.
    free : bool tensor, optional
        Which of all parameters a step moves; all of them without it.
    """

    free: Tensor | None = None
    remembered: tuple[Tensor, Tensor] | None = None

    def __init__(
        self, network: Network, damping: float = 1e-2, shaping: Shaping | None = None, memory: float = 0.0
    ) -> None:
        self.network, self.damping, self.memory = network, damping, memory
        self.shape: Callable[[Tensor], Tensor] = flat if shaping is None else shaping.apply
        self.chunk = CHUNK if shaping is None else max(1, CHUNK // len(shaping.weight)) * len(shaping.weight)
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.echo = None if echo(network) is None else Echo(network, shaping)
        if shaping is not None and self.echo is not None:
            self.chunk = len(shaping.weight)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs besides the parameters."""
        return {"damping": self.damping, "remembered": list(self.remembered or ())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken. Raises `ValueError` for a memory of another shape."""
        self.damping = float(state["damping"])
        size, found = sum(p.numel() for p in self.parameters), tuple(state.get("remembered", ()))
        if found and [value.shape for value in found] != [(size, size), (size,)]:
            raise ValueError("equations of another number of parameters")
        self.remembered = (found[0], found[1]) if found else None

    def step(self, known: Rows, wanted: Tensor, sensed: Tensor | None = None) -> float:
        """One step on these rows; the sum of squared errors after it.

        Parameters
        ----------
        known : mapping from node name to values (rows, ...)
            As `Network.precompute` returns it.
        wanted : float64 tensor (rows, 2)
        sensed : tensor (rows, 2, 2), optional
        """
        normal, gradient, loss = self.equations(known, wanted, sensed)
        before = torch.nn.utils.parameters_to_vector(self.parameters).detach().clone()
        if self.memory:
            normal, gradient = self._remember(normal, gradient, before)
            self._assign(before + self._spread(torch.linalg.solve(self.damped(normal), gradient)))
            return self._loss(known, wanted, sensed)
        for _ in range(TRIES):
            self._assign(before + self._spread(torch.linalg.solve(self.damped(normal), gradient)))
            reached = self._loss(known, wanted, sensed)
            if reached < loss:
                self.damping = max(self.damping * EASE, LEAST)
                return reached
            self.damping *= STIFFEN
        self._assign(before)
        return loss

    def damped(self, normal: Tensor) -> Tensor:
        """``normal + damping * (diag(normal) + mean(diag(normal)) / 1000)``."""
        diagonal = normal.diagonal()
        return normal + torch.diag(self.damping * (diagonal + 1e-3 * diagonal.mean()))

    def _remember(self, normal: Tensor, gradient: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Equations of this step and of those before it, of the free parameters."""
        free = torch.ones(len(before), dtype=torch.bool) if self.free is None else self.free
        own = before.double()[free]
        if self.remembered is None:
            size = len(before)
            self.remembered = torch.zeros(size, size, dtype=torch.float64), torch.zeros(size, dtype=torch.float64)
        form, right = (self.memory * value for value in self.remembered)
        places = free.nonzero()[:, 0]
        form[places[:, None], places] += normal
        right[places] += gradient + normal @ own
        self.remembered = form, right
        form = form[places[:, None], places]
        return form, right[places] - form @ own

    def _chunks(self, wanted: Tensor) -> list[slice]:
        return [slice(start, start + self.chunk) for start in range(0, len(wanted), self.chunk)]

    def _spread(self, change: Tensor) -> Tensor:
        """A change of the free parameters as one of all."""
        if self.free is None:
            return change
        whole = torch.zeros(len(self.free), dtype=change.dtype)
        whole[self.free] = change
        return whole

    def _shaped(self, derivative: Tensor, free: Tensor | None = None) -> Tensor:
        """Weighted derivatives to the free parameters, echoes and all."""
        shaped = self.shape(derivative if free is None else derivative[..., free])
        return shaped if self.echo is None else self.echo.add(shaped, free)

    def _assign(self, values: Tensor) -> None:
        torch.nn.utils.vector_to_parameters(values, self.parameters)

    @torch.no_grad()
    def _loss(self, known: Rows, wanted: Tensor, sensed: Tensor | None = None) -> float:
        total = 0.0
        for rows in self._chunks(wanted):
            output = self.network.forward_from({name: value[rows] for name, value in known.items()})
            total += float(self.shape(felt(wanted[rows] - output, _of(sensed, rows))).square().sum())
        return total

    def equations(self, known: Rows, wanted: Tensor, sensed: Tensor | None = None) -> tuple[Tensor, Tensor, float]:
        """``J^T J``, ``J^T e`` and ``e^T e`` of the free parameters, summed chunk by chunk."""
        size = sum(p.numel() for p in self.parameters) if self.free is None else int(self.free.sum())
        upper, gradient, loss = np.zeros((size, size), np.float32, "F"), torch.zeros(size, dtype=torch.float64), 0.0
        for rows in self._chunks(wanted):
            output, derivative = jacobian(self.network, {name: value[rows] for name, value in known.items()})
            errors = self.shape(felt(wanted[rows] - output, _of(sensed, rows)))
            shaped = self._shaped(felt(derivative, _of(sensed, rows)), self.free)
            upper = ssyrk(1.0, shaped.numpy().T, beta=1.0, c=upper, overwrite_c=1)
            gradient += (shaped.T @ errors.float()).double()
            loss += float(errors.square().sum())
        normal = np.triu(upper) + np.triu(upper, 1).T
        return torch.from_numpy(normal).double(), gradient, loss

    def curvature(self, known: Rows, sensed: Tensor | None = None) -> Tensor:
        """``J^T J`` of all parameters, summed in float64: float32 loses its smallest eigenvalues, so its inverse."""
        size = sum(p.numel() for p in self.parameters)
        upper, rows = np.zeros((size, size), np.float64, "F"), len(next(iter(known.values())))
        for start in range(0, rows, self.chunk):
            place = slice(start, start + self.chunk)
            _, derivative = jacobian(self.network, {name: value[place] for name, value in known.items()})
            derivative = felt(derivative, _of(sensed, place))
            upper = dsyrk(1.0, self._shaped(derivative).double().numpy().T, beta=1.0, c=upper, overwrite_c=1)
        return torch.from_numpy(np.triu(upper) + np.triu(upper, 1).T)


def _of(sensed: Tensor | None, rows: slice) -> Tensor | None:
    return None if sensed is None else sensed[rows]


class Echo:
    """What an `echo` adds to the weighted derivatives of one segment: they are multiplied by its frequency response.

    The echo of a windowed segment stands for the windowed segment of the echo, which differs by ``tap / segment``.

    Raises `BadInput` without ``shaping``: rows in any order have no echo.
    """

    def __init__(self, network: Network, shaping: Shaping | None) -> None:
        node = echo(network)
        assert node is not None and isinstance(node.layer, ComplexFIR)
        if shaping is None:
            raise BadInput(f"net {network.template.name} has an echo, which needs rows in their order; give shaping")
        self.module: Any = network.layers[node.name]
        turns = torch.fft.fftfreq(len(shaping.weight), dtype=torch.float64)[shaping.weight != 0]
        angle = -2 * np.pi * turns[:, None] * torch.tensor(node.layer.terms[0].taps)
        self.turns = torch.polar(torch.ones_like(angle), angle)
        flags = [
            torch.full((value.numel(),), isinstance(at.layer, Dense))
            for at in network.template.nodes
            for value in network.layers[at.name].parameters()
        ]
        self.heard = torch.cat(flags)

    def add(self, shaped: Tensor, free: Tensor | None = None) -> Tensor:
        """Weighted derivatives ``(2 * bins, n)`` of a segment, real parts first, with the echo of the dense layers'."""
        weight = self.module.weight.detach()
        response = (1 + self.turns @ torch.complex(weight[:, 0], weight[:, 1])).to(torch.complex64)[:, None]
        heard = self.heard if free is None else self.heard[free]
        real, imaginary = shaped.chunk(2)
        bins = torch.complex(real[:, heard], imaginary[:, heard]) * response
        shaped[:, heard] = torch.cat([bins.real, bins.imag])
        return shaped


def echo(network: Network) -> Node | None:
    """The filter over a trained tensor, if there is one: added to the tensor that it filters."""
    found = [node for node in network.template.nodes if isinstance(node.layer, ComplexFIR) and INPUT not in node.inputs]
    return found[0] if found else None


def jacobian(network: Network, known: Rows) -> tuple[Tensor, Tensor]:
    """Outputs ``(rows, 2)`` and their float32 derivatives ``(rows, 2, parameters)``, parameters in network order.

    With an `echo` the rows are consecutive samples, and the derivatives of dense layers are those without their
    echo, which `Echo` adds. Raises `BadInput` for a trained layer whose derivative is not written down here.
    """
    if (late := echo(network)) is not None:
        source, module = late.inputs[0], cast(Any, network.layers[late.name])
        with torch.no_grad():
            known = {**known, f"{late.name}.basis": module.basis(network.evaluate(known, [source])[source])}
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
