"""Sparse nets: single weights become zero, a round after the other, then narrow ones few signed digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bittrue.apps.dpd.recipe import Sparse
from bittrue.apps.dpd.training.regression import Levenberg
from bittrue.kit.training.averaging import Average
from bittrue.kit.training.surgeon import Surgeon, Vector
from bittrue.lower.adder_search import signed_digits
from bittrue.num import Format
from bittrue.qat import Network
from bittrue.spec import ComplexFIR

ROUND, DIGITS = "sparse-", "digits"
"""Names of the stages: ``sparse-1``, ``sparse-2``, ..., and ``digits``."""

Places = npt.NDArray[np.int64]


def prices(network: Network) -> Places:
    """Products that every parameter makes, in network order: 1 a weight, 2 a part of a complex tap, 0 a bias.

    A complex tap multiplies I and Q by both of its parts.
    """
    found = []
    for node in network.template.nodes:
        for name, value in getattr(network, f"node_{node.name}").named_parameters():
            price = 0 if name == "bias" else 2 if isinstance(node.layer, ComplexFIR) else 1
            found.append(np.full(value.numel(), price))
    return np.concatenate(found)


def products(network: Network) -> int:
    """Products of all weights that are not zero."""
    return int(prices(network)[vector(network).numpy() != 0].sum())


def goal(asked: Sparse) -> tuple[int, str]:
    """How many products or parameters are asked for, and which of them."""
    return (asked.products, "products") if asked.products else (asked.parameters, "parameters")


def left(network: Network, asked: Sparse) -> int:
    """How many of them there are: products, or weights that are not zero and all biases."""
    if asked.products:
        return products(network)
    return int(((vector(network).numpy() != 0) | (prices(network) == 0)).sum())


def vector(network: Network) -> Tensor:
    """All parameters, in the order of the network."""
    return torch.nn.utils.parameters_to_vector(network.parameters()).detach()


def few_digits(fmt: Format, digits: int, bits: int) -> Places:
    """Codes of a weight format with so many signed digits at most, in rising order.

    They are multiples of ``2**(fmt.bits - bits)``: words of ``bits`` bits.
    """
    step = 1 << max(0, fmt.bits - bits)
    words = range(-(-fmt.lo // step) * step, fmt.hi + 1, step)
    return np.array([code for code in words if len(signed_digits(code)) <= digits], np.int64)


def nearest(values: Vector, allowed: Vector) -> Vector:
    """For every value the nearest one of a rising list."""
    right = np.clip(np.searchsorted(allowed, values), 1, len(allowed) - 1)
    below, above = allowed[right - 1], allowed[right]
    found: Vector = np.where(values - below < above - values, below, above)
    return found


class Round(Levenberg):
    """One round: the weights that are worth least become zero, and Levenberg-Marquardt moves all others.

    A weight is worth what `Surgeon` says of it, for each of its products; second derivatives and errors are those of
    a Levenberg-Marquardt step, over the rows of a step, or with a memory over all that is remembered. Rounds end in the
    recipe's ``products``, each with the same share of what it began with, or in its ``parameters``, of which every
    weight is one. What is zero stays zero: `Stage.stepped` sees to that in later stages.
    """

    def length(self) -> int:
        assert self.recipe.sparse is not None
        return self.recipe.sparse.epochs

    def damping(self, number: int) -> float:
        return self.recipe.train.least_damping

    def prepare(self, state: Mapping[str, Any]) -> None:
        super().prepare(state)
        if not state["epoch"]:
            self.cut()
            self.average = Average(self.network, self.recipe.train.ema)
        self.solver.free = vector(self.network) != 0

    def cut(self) -> None:
        """Set weights to zero, and let the others make up for them."""
        plan, surgeon = self.recipe.sparse, self.surgeon()
        assert plan is not None
        price, now, (wanted, _) = prices(self.network), left(self.network, plan), goal(plan)
        if plan.parameters:
            price = np.minimum(price, 1)
        rounds = plan.rounds - int(self.name.removeprefix(ROUND)) + 1
        end = now if now <= wanted else int(now * (wanted / now) ** (1 / rounds) + 0.5)
        while now > end:
            penalty = np.where(price > 0, surgeon.penalties() / np.maximum(price, 1), np.inf)
            place = int(penalty.argmin())
            surgeon.fix([place])
            now -= int(price[place])
        self.assign(surgeon.weights)

    def surgeon(self) -> Surgeon:
        """What the rows of a step, or of all that are remembered, say about the present parameters; those that are
        zero are fixed."""
        weights = vector(self.network).numpy()
        if self.solver.remembered is None:
            known, _, sensed = self.drawn()
            curvature = self.solver.curvature(known, sensed)
        else:
            curvature = self.solver.damped(self.solver.remembered[0])
        surgeon = Surgeon(weights, curvature.numpy())
        surgeon.fix(np.flatnonzero(weights == 0), compensate=False)
        return surgeon

    def assign(self, weights: Vector) -> None:
        """Give the network these parameters."""
        with torch.no_grad():
            torch.nn.utils.vector_to_parameters(torch.from_numpy(weights), self.network.parameters())


class Digits(Round):
    """The weights that adders multiply are rounded to few signed digits, and the others make up for it.

    The recipe's ``full`` products keep all their digits: those of the weights that would miss theirs most, for each of
    their products. All others are rounded one by one, those that the error depends on most first. Then
    Levenberg-Marquardt moves the full ones and the biases.
    """

    def cut(self) -> None:
        plan, surgeon = self.recipe.sparse, self.surgeon()
        assert plan is not None
        grids = self.grids()
        weights, price = surgeon.weights.copy(), prices(self.network)
        rounded = np.concatenate([nearest(weights[place], allowed) for place, allowed in grids])
        missed = np.where((price > 0) & (weights != 0), surgeon.penalties(rounded) / np.maximum(price, 1), -1.0)
        room = plan.full
        coarse = []
        for place in np.argsort(-missed, kind="stable").tolist():
            if missed[place] < 0:
                break
            if price[place] <= room:
                room -= int(price[place])
            else:
                coarse.append(place)
        owner = {k: allowed for place, allowed in grids for k in range(place.start, place.stop)}
        for place in sorted(coarse, key=lambda k: surgeon.inverse[k, k]):
            surgeon.fix([place], nearest(surgeon.weights[[place]], owner[place]))
        self.assign(surgeon.weights)

    def grids(self) -> list[tuple[slice, Vector]]:
        """The values of few digits of every parameter, tensor by tensor."""
        plan = self.recipe.sparse
        assert plan is not None
        found, start = [], 0
        for node in self.network.template.nodes:
            module: Any = getattr(self.network, f"node_{node.name}")
            for _, value in module.named_parameters():
                fmt = module.layer.weight_format
                allowed = np.ldexp(few_digits(fmt, plan.digits, plan.bits).astype(np.float64), -fmt.frac)
                found.append((slice(start, start := start + value.numel()), allowed))
        return found

    def prepare(self, state: Mapping[str, Any]) -> None:
        super().prepare(state)
        values, price = vector(self.network).numpy(), prices(self.network)
        fixed = np.concatenate([np.isin(values[place], allowed) for place, allowed in self.grids()])
        self.solver.free = torch.from_numpy((values != 0) & ~(fixed & (price > 0)))
