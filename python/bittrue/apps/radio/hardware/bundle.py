"""The files of a trained net of blocks: the integer net, what it came from, what it answers, what it is."""

from __future__ import annotations

import numpy as np
import safetensors.numpy

from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.check import known_answers
from bittrue.kit.card import FILE as CARD
from bittrue.kit.training.net_folder import RECIPE
from bittrue.kit.training.two_stages import History
from bittrue.spec import Net, store

FLOAT, LOOKS = "float.safetensors", "looks.csv"


def contents(recipe: str, net: Net, known: Codes, fitted: Fitted, columns: str, card: str) -> dict[str, bytes | str]:
    """The files by name: the net's, a known answer, the float net, looks, the recipe, the card."""
    state = {
        f"{name}_{part}": value
        for name, pair in fitted.floating.weights().items()
        for part, value in zip(("weight", "bias"), pair, strict=True)
    }
    return store.contents(net) | {
        known_answers.FILE: known_answers.content(net, known),
        FLOAT: safetensors.numpy.save({name: value.astype(np.float32) for name, value in state.items()}),
        LOOKS: looks_text(fitted.history, columns),
        RECIPE: recipe,
        CARD: card,
    }


def looks_text(history: History, columns: str) -> str:
    """CSV: stage, step, and what was looked at, of cities that were held out, by the averaged weights."""
    lines = [columns]
    lines += [",".join([stage, str(int(step)), *map(repr, rest)]) for stage, (step, *rest) in history]
    return "\n".join(lines) + "\n"
