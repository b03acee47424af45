from pathlib import Path

import numpy as np
import pytest

from bittrue import ref, spec
from bittrue.apps.dpd import evaluate, float_net, kat, recipe
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.topology import skeleton
from bittrue.errors import BadInput
from bittrue.spec.store import content_hash

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
NETS = [WEIGHTS / "tdnn-wide", WEIGHTS / "tdnn-compat"]

pytestmark = pytest.mark.parametrize("folder", NETS, ids=lambda folder: folder.name)


def test_the_known_answers_are_reproduced(folder):
    net = spec.load(folder)
    x, y = kat.read(folder / kat.FILE)
    assert x.shape == y.shape == (320, 2)
    assert np.array_equal(x[:64], kat.corners(net.input.format))
    assert np.array_equal(ref.run(net, x), y)


def test_one_code_of_the_weights_changes_the_known_answers(folder):
    net = spec.load(folder)
    x, y = kat.read(folder / kat.FILE)
    node = net.nodes[1]
    weight = node.layer.weight.copy()
    weight[3, 7] ^= 64
    changed = spec.Dense(weight, node.layer.bias, node.layer.weight_format, node.layer.output, node.layer.activation)
    nodes = (net.nodes[0], spec.Node(node.name, changed, node.inputs), *net.nodes[2:])
    assert not np.array_equal(ref.run(spec.Net(net.name, net.input, nodes), x), y)


def test_the_folder_belongs_together(folder):
    net, plan = spec.load(folder), recipe.load(folder / "recipe.toml")
    assert plan == recipe.builtin(folder.name)
    planned = skeleton(plan)
    assert net.name == folder.name and net.types == planned.types and net.memory == planned.memory
    assert content_hash(net) in (folder / "CARD.md").read_text()
    assert set(float_net.load(folder / float_net.FILE, net)) == {
        f"fc{k}.{p}" for k in (1, 2, 3) for p in ("weight", "bias")
    }


def test_the_card_says_what_is_measured_again(folder):
    """The integer row is reproduced to the last printed digit, in fresh arithmetic through a fresh twin."""
    try:
        capture = data.load(recipe.load(folder / "recipe.toml").capture)
    except BadInput as error:
        pytest.skip(str(error))
    net = spec.load(folder)
    m = evaluate.judge(capture, pa.fit(capture), evaluate.integer(net))
    row = f"| **{net.name}, integer** | 1,554 | {m.nmse:.2f} | {m.evm:.2f} | {m.aclr_left:.2f} / {m.aclr_right:.2f} |"
    assert row in (folder / "CARD.md").read_text()
    floating = evaluate.floating(net, float_net.load(folder / float_net.FILE, net))
    assert m.aclr < evaluate.judge(capture, pa.fit(capture), floating).aclr + 2.0
    assert m.aclr < -45 and m.evm < -30.5
