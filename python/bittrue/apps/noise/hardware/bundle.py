"""The files of a trained hardware net: the integer source, what it came from, what it answers, what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy

from bittrue.apps.noise.hardware import card, known_signals
from bittrue.apps.noise.hardware.judging import Judged
from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.hardware.trainer import Fitted
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.kit.card import FILE as CARD
from bittrue.ref.source import frames, run_source
from bittrue.spec import source_store
from bittrue.spec.source import Source

RECIPE, FLOAT, LOOKS = "recipe.toml", "float.safetensors", "looks.csv"
NOTES = "NOTES.md"
"""What a person adds to the card: read where it is there, never written."""
LONGEST_NOTES = 1 << 16
COMPARED = 4
"""Frames of every value in which twin and reference are compared."""


def contents(
    recipe: Recipe, source: Source, fitted: Fitted, judged: Sequence[Judged], notes: str = ""
) -> dict[str, bytes | str]:
    """The files by name: the source's, known answers, the float net, looks, the recipe, the card with ``notes``."""
    state = fitted.floating.state_dict()
    return source_store.contents(source) | {
        known_signals.FILE: known_signals.content(source, recipe.codes),
        FLOAT: safetensors.numpy.save({name: value.numpy() for name, value in state.items()}),
        LOOKS: looks_text(fitted),
        RECIPE: recipe.text,
        CARD: card.text(recipe, source, fitted, judged, notes),
    }


def frozen(recipe: Recipe, fitted: Fitted) -> Source:
    """The integer source of what was trained.

    Raises `AssertionError` where it gives another sample than the twin: that is an error in bittrue.
    """
    import torch

    source = fitted.quantised.source()
    fmt = source.net.output.format
    for code in recipe.codes:
        settings = dict.fromkeys(source.settings, code) if code is not None else {}
        given = {
            name: torch.from_numpy(source.net.inputs[name].format.decode(codes)).to(torch.float32)
            for name, codes in frames(source, recipe.seed, range(COMPARED), settings).items()
        }
        with torch.no_grad():
            found = fitted.quantised(given).numpy().astype(np.float64)
        wanted = run_source(source, recipe.seed, range(COMPARED), settings, 1 << 12)
        if not np.array_equal(found, fmt.decode(wanted)):
            raise AssertionError(f"{recipe.name}: the twin and its integer net differ; this is an error in bittrue")
    return source


def notes(folder: Path) -> str:
    """The notes of a folder, or nothing.

    Raises `BadInput` where they cannot be read, are longer than `LONGEST_NOTES` bytes, or are no UTF-8.
    """
    path = folder / NOTES
    if not path.exists():
        return ""
    try:
        return read_bytes(path, "the notes", LONGEST_NOTES).decode()
    except UnicodeDecodeError:
        raise BadInput(f"the notes {path} are no text in UTF-8; write them so, or remove the file") from None


def looks_text(fitted: Fitted) -> str:
    """CSV: stage, step, the weighted loss of the averaged weights, and its parts without weights."""
    lines = [",".join(("stage", "step", "loss", *fitted.parts))]
    for stage, row in fitted.history:
        lines.append(",".join((stage, str(int(row[0])), *(repr(value) for value in row[1:]))))
    return "\n".join(lines) + "\n"
