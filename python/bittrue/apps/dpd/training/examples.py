"""Examples to learn from: a signal, the ideal drive of an amplifier model for it, and which rows are for what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.amplifiers import arena, ilc
from bittrue.apps.dpd.cache import remembered
from bittrue.apps.dpd.captures import augment, data
from bittrue.apps.dpd.captures.data import Capture, to_iq
from bittrue.apps.dpd.captures.surrogate import surrogates
from bittrue.apps.dpd.metrics import Complex, Real
from bittrue.apps.dpd.polynomials.polynomial_plan import AnyRecipe
from bittrue.apps.dpd.recipe import Recipe
from bittrue.errors import BadInput

PROBE = 256
"""Samples by whose output an amplifier model is recognised."""


@dataclass(frozen=True, eq=False)
class Examples:
    """What is regressed: ``x -> u``, float64 I/Q ``(N, 2)``.

    Rows before ``trained`` are trained on, those from ``valid`` (or ``trained``) validate; both without ``skip`` rows
    on either side of a place in ``starts``, where one signal ends and the next begins. Where signals that validate meet
    nothing is left out: all of it went through the amplifier as one signal.
    """

    x: Real
    u: Real
    skip: int
    trained: int
    valid: int | None = None
    starts: tuple[int, ...] = (0,)

    @property
    def digest(self) -> str:
        """SHA-256 of everything in here."""
        text = f"{self.skip} {self.trained} {self.x.shape}"
        if self.valid is not None or self.starts != (0,):
            text += f" {self.valid} {self.starts}"
        return hashlib.sha256(text.encode() + self.x.tobytes() + self.u.tobytes()).hexdigest()

    def ahead(self, delay: int) -> Real:
        """``x[n + delay]``, what a net that answers ``delay`` samples late is fed so that row ``n`` is about ``n``."""
        return np.concatenate([self.x[delay:], np.zeros((delay, 2))])

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The rows to train on, ascending."""
        kept = np.ones(len(self.x), bool)
        for start in self.starts:
            kept[max(0, start - self.skip if start else 0) : start + self.skip] = False
        return np.flatnonzero(kept[: self.trained])

    @property
    def validation(self) -> slice:
        """The rows to validate on: consecutive."""
        return slice(self.trained if self.valid is None else self.valid, len(self.x))

    @property
    def pieces(self) -> list[npt.NDArray[np.int64]]:
        """`rows` cut where they are not consecutive."""
        rows = self.rows
        return np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)

    def frames(self, length: int, hop: int, offset: int = 0) -> npt.NDArray[np.int64]:
        """First rows of the frames of ``length`` consecutive rows to train on, one every ``hop`` from ``offset`` on.

        Raises `BadInput` where there is none.
        """
        firsts = [piece[offset : max(0, len(piece) - length + 1) : hop] for piece in self.pieces]
        found: npt.NDArray[np.int64] = np.concatenate(firsts)
        if not len(found):
            raise BadInput(f"no training signal has {length + offset} samples in a row; choose shorter sequences")
        return found


def teaching(recipe: AnyRecipe) -> Capture:
    """The capture a recipe trains and validates on: the Arena's splits where the Arena's amplifier teaches."""
    capture = data.load(recipe.capture)
    if recipe.data.amplifier != "arena" or capture.origin:
        return capture
    if capture.published not in arena.CONDITIONS:
        raise BadInput(f"data.amplifier is arena, and the Arena has none for {capture.name}; choose twin or recurrent")
    return arena.signals()


def examples(recipe: Recipe, capture: Capture, amplifier: Callable[[Complex], Complex]) -> Examples:
    """The train split, its surrogates and altered copies, then the validation split and the surrogates that are held
    for it, all with their ideal drives.

    Iterative learning control sees all of it as one long signal; its result is kept in the build folder.
    """
    train, val = capture.inputs["train"], capture.inputs["val"]
    bandwidth = capture.channel.bandwidth / capture.channel.sample_rate
    parts = [train]
    plan = recipe.data
    random = surrogates(train, plan.surrogates + plan.held, plan.surrogate_seed, bandwidth)
    random, held = np.split(random, [plan.surrogates * len(train)])
    parts += np.split(random, plan.surrogates) if plan.surrogates else []
    if recipe.augment is not None:
        parts += augment.copies(recipe.augment, train, recipe.train.seed, capture.peak)
    before = capture.history("val", recipe.train.skip) if len(parts) > 1 else capture.guards.get("val", train[:0])
    x = np.concatenate([*parts, before, val, held])
    ends = np.cumsum([len(part) for part in parts])
    starts = (0, *(int(end) for end in ends)) if len(parts) > 1 else (0,)
    drive = ideal_drive(recipe, capture, amplifier, x)
    valid = len(x) - len(val) - len(held) if len(before) else None
    return Examples(to_iq(x), to_iq(drive), recipe.train.skip, int(ends[-1]), valid, starts)


def ideal_drive(recipe: Recipe, capture: Capture, amplifier: Callable[[Complex], Complex], x: Complex) -> Complex:
    """The ideal drive of the recipe for a signal ``(N,)``, computed once."""
    iterations = recipe.train.ilc_iterations
    seen = amplifier(x[:PROBE])
    mark = hashlib.sha256(to_iq(x).tobytes() + to_iq(seen).tobytes()).hexdigest()
    key = f"drive-1 {mark} {capture.gain!r} {capture.peak!r} {iterations}"

    def compute() -> Complex:
        return ilc.ideal_input(amplifier, x, capture.gain, capture.peak, iterations).drive

    return remembered("drive", key, compute)
