"""Switches of an ablation: one thing of a recipe at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any

from bittrue.apps.dpd.recipe import Augment, Gan, Recipe
from bittrue.errors import BadInput

GAN_EPOCHS = 20
"""Of a GAN stage that a recipe lacks."""

SURROGATES = 3
"""Random signals that a recipe lacks."""

EFFECTS = Augment(noise_db=50.0, phase=180.0, gain_db=1.0, drift_db=0.2, drift_degrees=2.0)
"""Augmentation that a recipe lacks."""


@dataclass(frozen=True)
class Switch:
    """Something that a recipe can have or lack.

    Parameters
    ----------
    key : str
        Name of folders.
    title : str
        For sentences.
    has : callable
        Whether a recipe has it; None where the question makes no sense, such as a loss of a stage that is not there.
    turned : callable
        The recipe with it (True) or without it (False).
    """

    key: str
    title: str
    has: Callable[[Recipe], bool | None]
    turned: Callable[[Recipe, bool], Recipe]


def _gan(change: Callable[[bool], dict[str, Any]]) -> Callable[[Recipe, bool], Recipe]:
    def turned(recipe: Recipe, on: bool) -> Recipe:
        return recipe if recipe.gan is None else replace(recipe, gan=replace(recipe.gan, **change(on)))

    return turned


def _within_gan(has: Callable[[Gan], bool]) -> Callable[[Recipe], bool | None]:
    return lambda recipe: has(recipe.gan) if recipe.gan is not None and recipe.gan.epochs else None


def _whole_gan(recipe: Recipe, on: bool) -> Recipe:
    return replace(recipe, gan=Gan(GAN_EPOCHS) if on else None)


def _section(name: str, absent: Any) -> Callable[[Recipe, bool], Recipe]:
    def turned(recipe: Recipe, on: bool) -> Recipe:
        changes: dict[str, Any] = {name: absent if on else None}
        return replace(recipe, **changes)

    return turned


def _training(name: str, on: Any, off: Any) -> Callable[[Recipe, bool], Recipe]:
    return lambda recipe, wanted: replace(recipe, train=replace(recipe.train, **{name: on if wanted else off}))


def _effect(*names: str) -> Switch:
    """One kind of augmentation."""

    def has(recipe: Recipe) -> bool | None:
        if recipe.augment is None or not recipe.augment.copies:
            return None
        present = [field.name for field in fields(Augment) if field.name != "copies"]
        others = [name for name in present if name not in names and getattr(recipe.augment, name) is not None]
        found = any(getattr(recipe.augment, name) is not None for name in names)
        return found if others or not found else None  # the only one: the switch "augment" takes it away

    def turned(recipe: Recipe, on: bool) -> Recipe:
        if recipe.augment is None:
            return recipe
        values: dict[str, Any] = {name: getattr(EFFECTS, name) if on else None for name in names}
        return replace(recipe, augment=replace(recipe.augment, **values))

    title = names[0].partition("_")[0]
    return Switch(f"augment-{title}", f"augmentation: {title}", has, turned)


def _adversarial(on: bool) -> dict[str, Any]:
    return {"adversarial": 1.0 if on else 0.0}


def _spectral(on: bool) -> dict[str, Any]:
    return {"spectral": 1.0 if on else 0.0}


def _surrogates(recipe: Recipe, on: bool) -> Recipe:
    return replace(recipe, data=replace(recipe.data, surrogates=SURROGATES if on else 0))


def _has_qat(recipe: Recipe) -> bool:
    stage = recipe.gan is not None and recipe.gan.qat_from is not None
    return recipe.train.qat and (recipe.train.qat_epochs > 0 or stage)


SWITCHES = (
    Switch("gan", "GAN stage", lambda r: bool(r.gan and r.gan.epochs), _whole_gan),
    Switch("adversarial", "adversarial loss", _within_gan(lambda g: g.adversarial > 0), _gan(_adversarial)),
    Switch("spectral", "spectral loss", _within_gan(lambda g: g.spectral > 0), _gan(_spectral)),
    Switch(
        "spectral-norm",
        "spectral normalisation",
        lambda r: r.gan.spectral_norm if r.gan and r.gan.epochs and r.gan.adversarial else None,
        _gan(lambda on: {"spectral_norm": on}),
    ),
    Switch("qat", "quantisation-aware training", _has_qat, _training("qat", True, False)),
    Switch("augment", "augmentation", lambda r: bool(r.augment and r.augment.copies), _section("augment", EFFECTS)),
    _effect("noise_db"),
    _effect("phase"),
    _effect("gain_db"),
    _effect("drift_db", "drift_degrees"),
    Switch("surrogates", "surrogate signals", lambda r: r.data.surrogates > 0, _surrogates),
    Switch("ema", "averaged parameters", lambda r: r.train.ema > 0, _training("ema", 0.999, 0.0)),
)


@dataclass(frozen=True)
class Variant:
    """A recipe that differs from the base in one switch: ``adds`` where it has what the base lacks."""

    switch: Switch
    adds: bool
    recipe: Recipe


def variants(base: Recipe, keys: tuple[str, ...] = ()) -> list[Variant]:
    """A variant for every switch that makes sense for a recipe, or for those of ``keys`` alone."""
    found = []
    for switch in SWITCHES:
        has = switch.has(base)
        if has is None or (keys and switch.key not in keys):
            continue
        with suppress(BadInput):  # a stage that would be left with nothing to do
            found.append(Variant(switch, not has, switch.turned(base, not has)))
    return found
