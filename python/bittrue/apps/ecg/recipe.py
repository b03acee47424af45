"""Recipes: everything that decides which ECG net comes out of training, as a TOML file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.split import parts
from bittrue.apps.ecg.quantising import MOST, Average, Decay, Quantisation, Steps
from bittrue.apps.ecg.shelf import SHELF
from bittrue.apps.ecg.topology import Topology
from bittrue.errors import BadInput, listed
from bittrue.kit.bounds import Section, Share, Within
from bittrue.kit.recipes import Recipes, check_name


@dataclass(frozen=True)
class Training(Section):
    """Section ``[train]``: float training with the range and the rounding points of the integer net in mind.

    Parameters
    ----------
    seed : int
    steps : int
        Steps of AdamW; the rate rises along half a cosine over the share ``warm`` and falls to zero along another.
    batch : int
        Beats of a step, drawn with replacement.
    rate, decay, warm : float
        Highest learning rate, weight decay, share of the steps that the rate rises in.
    class_power, record_power : float
        A class is drawn with its beats to the power ``class_power``, a record within the class likewise: 1 takes them
        as they come, 0 all alike.
    smoothing : float
        Of the labels.
    offsets : tuple of float
        Five, for the classes, or none: the loss sees the scores minus these, so the trained net has them inside. A
        negative one makes a class harder to say that is drawn more often than it occurs.
    ema : float
        Decay a step of the moving average of the parameters, which is what is validated and kept.
    validate_every : int
        Steps between looks at the validation patients.
    select : str
        Which average is kept: ``"best"`` has the highest macro-F1 on the validation patients, ``"last"`` is the last.
    fold : int, optional
        Patients of DS1 that are validated on and never trained on (`bittrue.apps.ecg.beats.split.FOLDS`); without it
        all of DS1 is trained on, which needs ``select = "last"``.
    """

    seed: Annotated[int, Within(0, MOST)]
    steps: Steps
    batch: Steps = 128
    rate: Share = 4e-3
    decay: Decay = 1e-2
    warm: Share = 0.2
    class_power: Share = 0.5
    record_power: Share = 0.5
    smoothing: Annotated[float, Within(0, 0.5)] = 0.05
    offsets: tuple[float, ...] = ()
    ema: Average = 0.98
    validate_every: Steps = 100
    select: Literal["best", "last"] = "best"
    fold: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.offsets) not in (0, len(CLASSES)):
            raise BadInput(
                f"offsets has {len(self.offsets)} numbers; give one for each of {', '.join(CLASSES)}, or none"
            )
        parts(self.fold)
        if self.fold is None and self.select == "best":
            raise BadInput('select is "best", which needs patients to validate on; set fold, or select = "last"')


@dataclass(frozen=True)
class Augment(Section):
    """Section ``[augment]``: what is done to a beat before a step sees it; what is 0 is left out.

    Parameters
    ----------
    flip : float
        Probability that all ECG channels change sign, as with a swapped lead.
    filter : float
        All ECG channels through one random filter of 9 taps, the identity plus Gauss numbers times up to that much, and
        back to the largest value they had: another patient's shapes, with the same beats unlike the others.
    amplitude : float
        All ECG channels times ``exp(amplitude * gauss)``.
    wander : float
        A sine of that height, times a Gauss number, below 1.1 Hz, added to each.
    noise : float
        Standard deviation, at most, of white noise on each.
    shift : int
        Samples, at most, that the beat's window moves and the template's does not.
    interval : float
        All intervals times ``exp(interval * gauss)``, as if the usual one had been estimated wrong.
    blank : float
        Probability that an interval more than three beats ago looks like the usual one.
    speed : float
        Standard deviation of a Gauss number added to the channel of that name.
    mixup : float
        Parameter of the Beta distribution that mixes pairs of beats and their labels.
    ectopy, fibrillation : float
        Patients made of the training patients' beats (`bittrue.apps.ecg.beats.rhythm_augmentation`) are drawn that much
        as often as if they had been recorded.
    """

    flip: Share = 0.0
    filter: Annotated[float, Within(0, 2)] = 0.0
    amplitude: Annotated[float, Within(0, 2)] = 0.0
    wander: Share = 0.0
    noise: Share = 0.0
    shift: Annotated[int, Within(0, 32)] = 0
    interval: Share = 0.0
    blank: Share = 0.0
    speed: Share = 0.0
    mixup: Annotated[float, Within(0, 10)] = 0.0
    ectopy: Share = 0.0
    fibrillation: Share = 0.0

    @property
    def rearranged(self) -> dict[str, float]:
        """Share of every kind of rearranged patient, 0 for none."""
        return {"ectopy": self.ectopy, "fibrillation": self.fibrillation}


@dataclass(frozen=True)
class Recipe:
    """A whole recipe: ``name`` of the net and its sections. ``text`` is the file itself."""

    name: str
    net: Topology
    train: Training
    input: Input = field(default_factory=Input)
    augment: Augment = field(default_factory=Augment)
    quantise: Quantisation = field(default_factory=Quantisation)
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        try:
            self.net.lengths(self.input.length)
        except BadInput as error:
            raise BadInput(f"net.{error}") from None
        for own in self.quantise.overrides:
            if own.layer not in self.net.names:
                raise BadInput(f"quantise.overrides names layer {own.layer!r}; the net has {listed(self.net.names)}")


RECIPES = Recipes(SHELF, Recipe)
load, named, names, builtin, parse = RECIPES.load, RECIPES.named, RECIPES.names, RECIPES.builtin, RECIPES.parse


def reseeded(plan: Recipe, seed: int) -> Recipe:
    """The recipe with another ``train.seed``, in its text too, which is what a trained folder keeps."""
    text, count = re.subn(r"^(\s*seed\s*=\s*)[+-]?[0-9_]+", rf"\g<1>{seed}", plan.text, flags=re.MULTILINE)
    if count != 1:
        raise BadInput(f"the recipe of {plan.name} has {count} lines 'seed = NUMBER'; write the seed into it by hand")
    return parse(text.encode(), f"the recipe of {plan.name} with seed {seed}")
