"""The last layer by least squares: it is linear, so the spectra of all values are quadratic forms of its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator

from bittrue.apps.noise.hardware import latents
from bittrue.apps.noise.hardware.quantised import QuantisedTwin
from bittrue.apps.noise.hardware.recipe import BINS, FITTED, LastLayer, Recipe
from bittrue.apps.noise.hardware_net import ArchitectureSpec
from bittrue.apps.noise.measures import spectrum
from bittrue.apps.noise.processes import draw
from bittrue.errors import BadInput
from bittrue.kit.training.surgeon import Surgeon
from bittrue.num import Format, fit_format

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Step = Callable[[str, int, int], None]

FIT_SEED = 1 << 41
"""Of the noise that the spectra are of; beyond the seeds of training and of its looks."""
AT_ONCE = 32
"""Signals that go through the net at once."""
SMEARED = spectrum.HALF_BANDWIDTH
"""Frequencies from 0 on into which the tapers smear an offset."""
ITERATIONS, TRIES, GAIN = 30, 6, 1e-9
"""Steps, tries a step, and the share of the cost that a step must bring."""


@dataclass(frozen=True, eq=False)
class Spectra:
    """What the last layer is given, by value of the parameter: V values, C channels, F frequencies from 0 to Nyquist.

    Parameters
    ----------
    given : complex128 (V, F, C, C)
        ``mean over signals and tapers of X_i conj(X_j)``, X the transforms of the channels without their means.
    means : float64 (V, C)
        Of the channels.
    wanted : float64 (V, F)
        Mean density of the process without its mean.
    level : float64 (V,)
        Means of the process.
    """

    given: Complex
    means: Real
    wanted: Real
    level: Real


class Fit:
    """Weights ``w`` of C channels by ``taps``, of which all values' densities are known.

    With ``W_c(f) = sum over k of w_ck exp(2 pi i f k)`` the density of a value's signal is
    ``D(f) = sum over i, j of W_i G_ij conj(W_j)``, and one bias has to do for the means of all values, which leaves
    the offsets ``e = sum over c of W_c(0) (means_c - mean of means_c) - (level - mean of level)``. What is made small
    is, with r = ln(D / wanted) and N = `FITTED`::

        sum over values v of weight_v (sum over f of r_v(f)^2 + `SMEARED` N e_v^2 / wanted_v(0)) / F + ridge sum of w^2

    There is no chance in it but that of `Spectra`, which are of far more signals than a step of training has.

    Parameters
    ----------
    spectra : Spectra
    plan : LastLayer
    """

    def __init__(self, spectra: Spectra, plan: LastLayer) -> None:
        self.spectra, self.plan = spectra, plan
        values, bins, self.channels, _ = spectra.given.shape
        self.scale = np.sqrt(np.array(plan.weights or [1.0] * values) / bins)[:, None]
        self.turns = np.exp(1j * np.pi * np.outer(np.linspace(0, 1, bins), np.arange(plan.taps)))
        loudness = np.sqrt(SMEARED * FITTED / spectra.wanted[:, :SMEARED].mean(1))
        self.offset_scale = self.scale[:, 0] * loudness
        self.apart = spectra.means - spectra.means.mean(0)

    def densities(self, w: Real) -> tuple[Real, Complex]:
        """Densities ``(V, F)`` of the signals, and ``sum over j of G_ij conj(W_j)``, ``(V, F, C)``."""
        response = self.turns @ w.reshape(self.channels, -1).T
        inner = np.einsum("vfij,fj->vfi", self.spectra.given, response.conj())
        return np.einsum("fi,vfi->vf", response, inner).real, inner

    def ratios(self, w: Real) -> Real:
        """``ln(D / wanted)``, ``(V, F)``."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.densities(w)[0] / self.spectra.wanted))

    def residuals(self, w: Real) -> Real:
        """Whose squares are summed: of all densities, then of all offsets, ``(V * F + V,)``."""
        offsets = self.apart @ w.reshape(self.channels, -1).sum(1) - (self.spectra.level - self.spectra.level.mean())
        return np.concatenate([(self.scale * self.ratios(w)).ravel(), self.offset_scale * offsets])

    def cost(self, w: Real) -> float:
        """What is made small."""
        return float(np.square(self.residuals(w)).sum() + self.plan.ridge * w @ w)

    def jacobian(self, w: Real) -> Real:
        """Derivatives of all residuals: ``(V * F + V, C * taps)``."""
        density, inner = self.densities(w)
        rows = (2 * self.scale / density)[..., None, None] * (inner[..., None] * self.turns[:, None, :]).real
        offsets = np.repeat(self.offset_scale[:, None] * self.apart, self.plan.taps, axis=1)
        return np.concatenate([rows.reshape(density.size, -1), offsets])

    def equations(self, w: Real) -> tuple[Real, Real]:
        """``J^T J + ridge`` and ``-(J^T r + ridge w)``: half the second derivatives by Gauss and Newton, half the
        steepest descent."""
        jacobian = self.jacobian(w)
        descent = -(jacobian.T @ self.residuals(w) + self.plan.ridge * w)
        return jacobian.T @ jacobian + self.plan.ridge * np.eye(len(w)), descent

    def best(self, w: Real, step: Step) -> Real:
        """The weights to which damped Gauss-Newton steps come from ``w``, each scaled by its own second derivative.

        Raises `BadInput` where signals have no power at a frequency.
        """
        damping, cost = 1e-3, self.cost(w)
        if not np.isfinite(cost):
            raise BadInput(
                "the trained net has no power at some frequency, where no last layer can make any; train it longer, or "
                "leave [last_layer] out"
            )
        for done in range(ITERATIONS):
            step("fitting the last layer", done, ITERATIONS)
            normal, gradient = self.equations(w)
            diagonal = normal.diagonal()
            for _ in range(TRIES):
                d = np.linalg.solve(normal + np.diag(damping * (diagonal + 1e-3 * diagonal.mean())), gradient)
                reached = self.cost(w + d)
                if reached < cost * (1 - GAIN):
                    w, cost, damping = w + d, reached, damping * 0.4
                    break
                damping *= 4
            else:
                break
        return w

    def rounded(self, w: Real, fmt: Format) -> Real:
        """The weights on the grid of a format: one by one, those that the error depends on most first, and the others
        make up for each (`Surgeon`)."""
        surgeon = Surgeon(w, self.equations(w)[0])
        for place in np.argsort(surgeon.inverse.diagonal(), kind="stable"):
            surgeon.fix([place], fmt.decode(fmt.encode(surgeon.weights[[place]])))
        return surgeon.weights


def fitted(recipe: Recipe, trained: QuantisedTwin, step: Step) -> QuantisedTwin:
    """The rounded twin of ``recipe.spec``: that which was trained, its last layer fitted and rounded.

    The bias makes the mean over all values that of the process. All that is in front of the layer keeps its bits.

    Parameters
    ----------
    recipe : Recipe
        With ``[last_layer]``.
    trained : QuantisedTwin
        Of ``recipe.trained``, rounded, in ``eval``.
    step : callable
        Told what is being done, how much of it, of how much.
    """
    plan, spec = recipe.last_layer, recipe.spec
    assert plan is not None and isinstance(spec, ArchitectureSpec)
    spectra = measured(recipe, trained, plan, step)
    fit = Fit(spectra, plan)
    weight = trained.of("out")[0][0].detach().double().numpy()
    more = plan.taps - weight.shape[1]
    found = fit.best(np.pad(weight, ((0, 0), (more // 2, more - more // 2))).ravel(), step)
    found = fit.rounded(found, fit_format(found, spec.weight_bits)).reshape(fit.channels, -1)
    step("fitting the last layer", ITERATIONS, ITERATIONS)
    made = QuantisedTwin(spec, rounded=True)
    state = trained.state_dict() | {
        "out_weight": torch.from_numpy(found).float()[None],
        "out_bias": torch.tensor([spectra.level.mean() - found.sum(1) @ spectra.means.mean(0)]).float(),
    }
    made.load_state_dict(state)
    return made


@torch.no_grad()
def measured(recipe: Recipe, trained: QuantisedTwin, plan: LastLayer, step: Step) -> Spectra:
    """The spectra of ``plan.signals`` signals of `FITTED` samples of every value, of the process and, up to a multiple
    of `AT_ONCE`, of the net."""
    generator = Generator().manual_seed(FIT_SEED + recipe.seed)
    tapers = torch.tensor(spectrum.tapers(FITTED).copy()).float()
    line = torch.fft.rfft(tapers.double()).abs().square().mean(0)  # of a mean of 1
    batches = -(-plan.signals // AT_ONCE)
    found = []
    for number, (code, source) in enumerate(zip(recipe.codes, recipe.process.sources, strict=True)):
        near = _inputs(trained, code, generator).mean((0, 2))
        total, off = torch.zeros(BINS, len(near), len(near), dtype=torch.complex128), torch.zeros(len(near)).double()
        for k in range(batches):
            step("spectra before the last layer", number * batches + k, len(recipe.codes) * batches)
            x = _inputs(trained, code, generator) - near[:, None]
            lines = torch.fft.rfft(x[:, :, None] * tapers)
            total += torch.einsum("nikf,njkf->fij", lines, lines.conj()) / (batches * AT_ONCE * len(tapers))
            off += x.double().mean((0, 2)) / batches
        given = total - line[:, None, None] * torch.outer(off, off)
        signals = draw(source.process, source.law, plan.signals, FITTED, recipe.process.seed)[1]
        wanted = spectrum.densities(signals - signals.mean()).mean(0)
        found.append((given.numpy(), (near + off).numpy(), wanted, signals.mean()))
    return Spectra(*(np.stack(part) for part in zip(*found, strict=True)))


def _inputs(trained: QuantisedTwin, code: int | None, generator: Generator) -> torch.Tensor:
    """What the last layer is given in `AT_ONCE` signals of a value: float32 ``(AT_ONCE, C, FITTED)``."""
    x = trained.before_last(latents.drawn(trained.spec, [code], AT_ONCE, FITTED, generator), FITTED)
    return x[..., :FITTED]
