"""The files of a trained radio net: the integer net, what it came from, what it answers, what it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import safetensors.numpy

from bittrue.apps.radio.hardware import card, judging
from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.judging import Worth
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.check import known_answers
from bittrue.kit.card import FILE as CARD
from bittrue.spec import Net, store

RECIPE, FLOAT, LOOKS = "recipe.toml", "float.safetensors", "looks.csv"
COMPARED = 4
"""Maps on which twin and reference are compared."""


def frozen(fitted: Fitted, examples: Examples) -> Net:
    """The integer net of what was trained.

    Raises `AssertionError` where it gives another map than the twin: that is an error in bittrue.
    """
    net = fitted.quantised.net()
    judging.compared(net, fitted.quantised, examples, range(min(COMPARED, len(examples))))
    return net


def contents(
    recipe: Recipe, net: Net, examples: Examples, fitted: Fitted, worth: Sequence[Worth]
) -> dict[str, bytes | str]:
    """The files by name: the net's, a known answer, the float net, looks, the recipe, the card."""
    known, _, _ = examples.batch([len(examples) - 1], [0])
    state = {
        f"{name}_{part}": value
        for name, pair in fitted.floating.weights().items()
        for part, value in zip(("weight", "bias"), pair, strict=True)
    }
    return store.contents(net) | {
        known_answers.FILE: known_answers.content(net, known),
        FLOAT: safetensors.numpy.save({name: value.astype(np.float32) for name, value in state.items()}),
        LOOKS: looks_text(fitted),
        RECIPE: recipe.text,
        CARD: card.text(recipe, net, fitted, worth),
    }


def looks_text(fitted: Fitted) -> str:
    """CSV: stage, step, and NMSE over the streets of cities that were held out, by the averaged weights."""
    lines = ["stage,step,nmse"]
    lines += [f"{stage},{int(step)},{nmse!r}" for stage, (step, nmse) in fitted.history]
    return "\n".join(lines) + "\n"
