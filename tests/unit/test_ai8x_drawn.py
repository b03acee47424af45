"""Drawn networks of images, frames and branches: they import as the judge computes, or are refused in a sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from ai8x_evaluator import evaluate
from ai8x_files import imported, layer_state
from hypothesis import given, settings
from hypothesis import strategies as st

from bittrue import ref
from bittrue.errors import BadInput

SEEN: list[bool] = []


@st.composite
def networks(draw):
    """Layers, the shapes of their weights, and a shape of the input; shapes mostly join."""
    channels = [draw(st.integers(1, 3))]
    shape = (channels[0], draw(st.integers(1, 9)), draw(st.integers(1, 6)))
    layers, weights = [], []
    for index in range(draw(st.integers(1, 5))):
        sources = draw(st.lists(st.integers(-1, index - 1), min_size=1, max_size=3))
        kind = draw(st.sampled_from(["conv2d", "conv2d", "convtranspose2d", "conv1d", "none", "add", "xor", "mlp"]))
        layer = {"operation": kind, "in_sequences": sources if kind != "conv1d" else sources[:1]}
        given = [channels[source + 1] for source in layer["in_sequences"]]
        eltwise = kind in ("add", "xor") or (kind == "conv2d" and len(sources) > 1 and draw(st.booleans()))
        if eltwise:
            layer |= {"operands": len(sources)} | ({"eltwise": "sub"} if kind == "conv2d" else {})
        total = given[0] if eltwise else sum(given)
        if draw(st.booleans()):
            pool = draw(st.sampled_from(["max_pool", "avg_pool"]))
            layer |= {pool: draw(st.sampled_from([1, 2, [2, 1], 3])), "pool_stride": draw(st.integers(1, 2))}
            if eltwise and len(sources) == 2 and draw(st.booleans()):
                layer["pool_first"] = False
        outputs = total
        if kind in ("conv2d", "convtranspose2d", "conv1d", "mlp"):
            outputs = draw(st.integers(1, 3))
            side = 3 if kind == "convtranspose2d" else draw(st.sampled_from([1, 3]))
            layer |= {"activate": draw(st.sampled_from(["ReLU", "Abs", "None"]))}
            if kind != "mlp":
                pad = draw(st.integers(0, 1)) if side > 1 else 0
                layer |= {"kernel_size": side if kind == "conv1d" else f"{side}x{side}", "pad": pad}
            sides = {"conv1d": (side,), "mlp": ()}.get(kind, (side, side))
            weights.append((kind, (total, outputs, *sides) if kind == "convtranspose2d" else (outputs, total, *sides)))
        channels.append(outputs)
        layers.append(layer)
    return layers, weights, shape


@settings(max_examples=150, deadline=None)
@given(networks(), st.integers(0, 1000))
def drawn(network, seed):
    layers, weights, shape = network
    state = {}
    for index, (kind, weight) in enumerate(weights):
        found = layer_state(f"l{index}", weight, 8, -3, seed + index)
        if kind == "convtranspose2d":
            found[f"l{index}.op.bias"] = np.arange(weight[1]) * 128
        state |= found
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = imported(Path(folder), layers, state, size=shape[1:])
        except BadInput as error:
            assert "\n" not in str(error) and len(str(error)) < 900
            SEEN.append(False)
            return
    SEEN.append(True)
    x = np.random.default_rng(seed).integers(-128, 128, shape)
    taps = ref.taps(done.net, x[None])
    for stage, wanted in zip(done.stages, evaluate(layers, state, x), strict=True):
        assert np.array_equal(taps[stage.name].ravel(), wanted.ravel()), stage.name


def test_drawn_networks_are_what_the_judge_computes_or_are_refused():
    SEEN.clear()
    drawn()
    assert SEEN.count(True) > 20 and SEEN.count(False) > 5
