"""Every committed classifier of heartbeats: its files belong together, and it does what its card says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bittrue import ref, spec
from bittrue.apps.ecg import bundle, inference, recipe, trained_net
from bittrue.check import known_answers
from bittrue.spec.store import content_hash

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
NETS = sorted(path.parent.name for path in WEIGHTS.glob("ecg-*/net.json"))
LIMIT = 60_000
"""Bytes of weights that ecg-tiny may have."""

every_net = pytest.mark.parametrize("name", NETS)


def card(name):
    return (WEIGHTS / name / "CARD.md").read_text()


def test_every_recipe_has_a_net():
    assert recipe.names() == NETS


@every_net
def test_the_known_answers_are_reproduced(name):
    net = spec.load(WEIGHTS / name)
    x, y = known_answers.read(WEIGHTS / name / known_answers.FILE)
    assert np.array_equal(x[:8], bundle.corners(net.input.shape)) and len(x) > 40
    assert np.array_equal(inference.scores(net, x.astype(np.int8)), y)
    assert known_answers.verify(net, WEIGHTS / name) == len(x)
    assert len(set(inference.classes(y[8:]).tolist())) >= 3  # beats of several classes, and not all called alike


@every_net
def test_one_code_of_the_weights_changes_the_known_answers(name):
    net = spec.load(WEIGHTS / name)
    x, y = known_answers.read(WEIGHTS / name / known_answers.FILE)
    node = net.nodes[0]
    weight = node.layer.weight.copy()
    weight[3, 0, 1] ^= 64
    nodes = (spec.Node(node.name, replace(node.layer, weight=weight), node.inputs), *net.nodes[1:])
    assert not np.array_equal(ref.run(spec.Net(net.name, net.input, nodes, net.delay), x), y)


@every_net
def test_the_folder_belongs_together(name):
    found = trained_net.read(WEIGHTS / name)
    net, plan = found.net, found.plan
    assert plan.text == recipe.builtin(name).text
    assert content_hash(net) in card(name) and "no medical device" in card(name) and "simulated" in card(name)
    assert f"`bittrue train ecg --recipe {name} --output weights/{name}`" in card(name)
    weights = plan.net.weights(len(plan.input.channels), plan.input.length)
    assert sum(node.layer.weight.size for node in net.nodes if hasattr(node.layer, "weight")) == weights
    assert f"{weights:,} and " in card(name) and f"{inference.work(net):,} a beat" in card(name)
    assert inference.work(net) == plan.net.macs(len(plan.input.channels), plan.input.length)
    assert name != "ecg-tiny" or weights <= LIMIT


@every_net
def test_the_checkpoint_is_the_net(name):
    """Quantised again, the checkpoint has the codes of the net; the float parent opens."""
    path = WEIGHTS / name
    if not (path / bundle.CHECKPOINT).is_file():
        assert f"{bundle.FLOAT} and {bundle.CHECKPOINT} are too large" in card(name)
        pytest.skip(f"{path / bundle.CHECKPOINT} is not kept with the code; train {name} to have it")
    from bittrue.targets.max78002.checkpoint import read_checkpoint
    from bittrue.targets.max78002.quantise import quantise

    net, state = spec.load(path), quantise(read_checkpoint(path / bundle.CHECKPOINT)).state
    layers = {node.name: node.layer for node in net.nodes}
    for layer in trained_net.read(path).plan.net.names:
        own = layers[layer.replace(".", "_")]
        assert np.array_equal(state[f"{layer}.op.weight"], own.weight)
        assert np.array_equal(state[f"{layer}.op.bias"] << 7, own.bias << (own.weight_format.bits - 1))
    pytest.importorskip("torch", reason="the float parent needs PyTorch")
    from bittrue.apps.ecg import train

    assert train.reopen(path, trained_net.read(path).plan)
