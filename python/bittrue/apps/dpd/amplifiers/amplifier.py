"""Models of one amplifier under one contract: judges for every result, and teachers where a training needs a gradient.

| name | what it is | fitted by |
|---|---|---|
| ``arena`` | the frozen TRes-GRU of OpenDPD's DPD Arena | its authors, on samples 0 to 25,306 of the capture |
| ``twin`` | a generalised memory polynomial (`amplifiers.pa`) | us, ridge least squares on the train split |
| ``recurrent`` | a GRU beside a linear filter (`amplifiers.recurrent`) | us, ``bittrue train pa`` |

All three limit the drive to ``|u| <= peak`` with its phase kept, as a transmitter does. What comes out of them is
simulated: none of it is an RF measurement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bittrue.apps.dpd.amplifiers import arena, pa
from bittrue.apps.dpd.amplifiers.pa import power
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.closed_loop import output
from bittrue.apps.dpd.metrics import Complex, nmse
from bittrue.apps.dpd.recipe import Teaching
from bittrue.errors import BadInput
from bittrue.kit.optional import needed

if TYPE_CHECKING:
    import torch

NAMES = ("arena", "twin", "recurrent")


@dataclass(frozen=True, eq=False)
class Model:
    """An amplifier model.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    title : str
        For headings: what it is, in a few words.
    kind : str
        Structure and fit, for `describe`.
    capture : Capture
        The amplifier that it stands for.
    run : callable
        Drive ``(N,)`` to output ``(N,)``, complex, zero history before the first sample.
    build : callable
        Makes what `module` returns.
    """

    name: str
    title: str
    kind: str
    capture: Capture
    run: Callable[[Complex], Complex]
    build: Callable[[], torch.nn.Module]

    def __call__(self, u: Complex) -> Complex:
        """Simulated output ``(N,)`` for a drive ``(N,)``, both complex."""
        return self.run(u)

    @cached_property
    def error(self) -> float:
        """Error against the measured output of the test split, which no model was fitted to, relative to it, in dB.

        Of all samples together: where all segments are alike that is the NMSE of `describe`, their mean in dB, in which
        a few spoilt ones hardly show.
        """
        measured = self.capture.outputs["test"]
        error = output(self.capture, self.run) - measured
        return float(10 * np.log10(power(error) / power(measured) + 1e-30))

    @property
    def describe(self) -> str:
        """One line for a card: structure, fit, and the error against the measured output of the test split."""
        error = nmse(output(self.capture, self.run), self.capture.outputs["test"], self.capture.channel)
        return f"{self.title}: {self.kind}; NMSE {error:.2f} dB against the measured test split of {self.capture.name}"

    def module(self) -> torch.nn.Module:
        """The same function as a frozen, differentiable module: float ``(B, N, 2)`` to ``(B, N, 2)``.

        Every row starts from zero history. Raises `BadInput` where PyTorch is missing.
        """
        with needed(f"a gradient through {self.title} needs", "torch"):
            return self.build()


def load(name: str, capture: Capture) -> Model:
    """An amplifier model of a capture by its name, one of `NAMES`.

    Raises
    ------
    BadInput
        For an unknown name, and where the model cannot be had: the Arena knows one capture and needs the ``opendpd``
        wheel and PyTorch, a recurrent model must have been trained on this capture (``bittrue train pa``).
    """
    makers = {"arena": _arena, "twin": _twin, "recurrent": _recurrent}
    if name not in makers:
        raise BadInput(f"unknown amplifier model {name!r}; choose {', '.join(NAMES)}")
    return makers[name](capture)


def teacher(plan: Teaching, capture: Capture) -> Model:
    """The amplifier model that a recipe's ``[data]`` names, if it is good enough to be learnt from.

    Raises `BadInput` as `load` does, and where its error on the test split is above ``plan.worst_nmse``: what a net
    learns through a model that does not follow the amplifier is worth nothing, however good its own figures look.
    """
    model = load(plan.amplifier, capture)
    if not model.error <= plan.worst_nmse:
        raise BadInput(
            f"{model.title} of {capture.name} has an NMSE of {model.error:.1f} dB over the measured test split, and "
            f"{plan.worst_nmse:g} dB is the worst that is learnt from; record the amplifier again (bittrue align looks "
            f"for what is wrong), or set data.worst_nmse in the recipe"
        )
    return model


def others(name: str, capture: Capture) -> tuple[list[Model], dict[str, str]]:
    """The judges that were not trained on: every model but ``name``, and for those that cannot be had the reason."""
    models: list[Model] = []
    reasons: dict[str, str] = {}
    for other in NAMES:
        if other == name:
            continue
        try:
            models.append(load(other, capture))
        except BadInput as error:
            reasons[other] = str(error)
    return models, reasons


def _twin(capture: Capture) -> Model:
    twin = pa.fit(capture)

    def build() -> torch.nn.Module:
        from bittrue.apps.dpd.amplifiers.modules import Limited, Polynomial

        return Limited(Polynomial(twin.structure, twin.coefficients), twin.peak)

    kind = f"{len(twin.coefficients)} complex coefficients by ridge least squares on the train split"
    return Model("twin", "the GMP twin", kind, capture, twin, build)


def _arena(capture: Capture) -> Model:
    condition = arena.condition(capture)
    run = arena.drive(condition)

    def build() -> torch.nn.Module:
        from bittrue.apps.dpd.amplifiers.modules import Limited, Single

        return Limited(Single(condition.teacher), float(condition.peak))

    size = sum(parameter.numel() for parameter in condition.teacher.parameters())
    kind = f"TRes-GRU of {size:,} parameters, trained by the OpenDPD authors on the Arena's train split"
    return Model("arena", "the DPD Arena's frozen amplifier", kind, capture, run, build)


def _recurrent(capture: Capture) -> Model:
    with needed("the recurrent amplifier model needs", "torch"):
        from bittrue.apps.dpd.amplifiers import recurrent
    folder = recurrent.find(capture)
    network = recurrent.load(folder)
    size = sum(parameter.numel() for parameter in network.parameters())
    kind = f"GRU of {size:,} parameters beside a linear filter, trained on the train split ({folder.name})"
    return Model("recurrent", "the recurrent model", kind, capture, recurrent.drive(network), lambda: network.frozen())
