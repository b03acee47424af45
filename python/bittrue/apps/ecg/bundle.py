"""The files of a trained ECG net: the integer net, what it came from, what it answers, what it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from bittrue.apps.ecg import card, trained_net
from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.datasets import Material
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.training_result import Trained
from bittrue.check import known_answers
from bittrue.kit.card import FILE as CARD
from bittrue.spec import store

FLOAT, CHECKPOINT = "float.safetensors", "checkpoint.npz"
KNOWN = (16, 12, 12, 8, 8)
"""Beats of each class in the known answers, at most."""


def contents(plan: Recipe, beats: Material, trained: Trained) -> dict[str, bytes | str]:
    """The files of a trained net's folder by name.

    net.json and weights.safetensors (the integer net), kat.safetensors (edges of the format and beats that were
    trained on, with the answers), float.safetensors (the float net before folding), checkpoint.npz (the float net
    after quantisation-aware training, in ai8x form: quantised, it is the integer net), recipe.toml, CARD.md.
    """
    from bittrue.qat.ai8x.saving import npz_bytes

    net, state = trained.net, trained.fitted.floating.state_dict()
    known = np.concatenate([corners(net.input.shape), some(beats.learnt)])
    own: dict[str, bytes | str] = {
        known_answers.FILE: known_answers.content(net, known),
        FLOAT: safetensors.numpy.save({name: value.numpy() for name, value in state.items()}),
        CHECKPOINT: npz_bytes(trained.fitted.quantised),
        trained_net.RECIPE: plan.text,
        CARD: card.text(plan, beats, trained),
    }
    return store.contents(net) | own


def corners(shape: tuple[int, ...], seed: int = 0) -> npt.NDArray[np.int8]:
    """Eight frames ``(8, channels, length)``: both ends, zero, ends in turn, an impulse, a ramp, noise twice."""
    length = shape[-1]
    ramp = np.arange(length) * 255 // max(1, length - 1) - 128
    rows = [
        np.full(length, -128),
        np.full(length, 127),
        np.zeros(length),
        np.where(np.arange(length) % 2, 127, -128),
        np.where(np.arange(length) == length // 2, 127, 0),
        ramp,
    ]
    plain = np.stack([np.broadcast_to(row, shape) for row in rows])
    noise = np.random.default_rng(seed).integers(-128, 127, (2, *shape), endpoint=True)
    return np.concatenate([plain, noise]).astype(np.int8)


def some(beats: Beats) -> npt.NDArray[np.int8]:
    """Beats of every class, evenly taken: `KNOWN` of each, or all where there are fewer."""
    chosen = []
    for label, most in enumerate(KNOWN):
        (own,) = np.nonzero(beats.y == label)
        count = min(most, len(own))
        chosen.append(own[np.arange(count) * len(own) // max(1, count)])
    return np.asarray(beats.x[np.concatenate(chosen)])
