"""A folder as ``bittrue train ecg`` writes it, made in a moment: a linear classifier by least squares, in integers."""

from __future__ import annotations

from functools import cache

import numpy as np
from ecg_files import SMALL

from bittrue import spec
from bittrue.apps.ecg import patients, recipe
from bittrue.num import Format
from bittrue.spec import Dense, Flatten, Net, Node, TensorType

DATA, WIDE = Format(8, 7), Format(32, 14)


@cache
def linear_net(text, seed=0):
    """Five scores, linear in a beat, fitted to made-up patients: right more often than not, and wrong at times."""
    plan = recipe.parse(text.encode(), "the test's recipe")
    beats = patients.made_up(4, seed).beats(plan.input)
    x = beats.x.reshape(len(beats.x), -1).astype(float) / 128
    wanted = np.eye(5)[beats.y]
    weight = np.linalg.solve(x.T @ x + 2.0 * np.eye(x.shape[1]), x.T @ wanted).T
    codes = np.clip(np.floor(128 * weight / abs(weight).max() + 0.5), -127, 127).astype(np.int64)
    kind = TensorType((len(plan.input.channels), plan.input.length), DATA)
    bias = np.array([15, 0, 0, -10, -4000], dtype=np.int64) * 128
    layer = Dense(codes, bias, DATA, WIDE)
    return Net(plan.name, kind, (Node("flat", Flatten(), ("input",)), Node("fc", layer, ("flat",))))


def write_ecg(folder, text=SMALL, seed=0):
    """A trained folder: the integer net and its recipe."""
    net = linear_net(text, seed)
    spec.save(net, folder)
    (folder / "recipe.toml").write_text(text)
    (folder / "CARD.md").write_text(f"# {net.name}\n\nA net.\n\n## Recipe\n\n```toml\n# not a heading\n{text}```\n")
    return folder
