"""Every committed predistorter: its files belong together, and it does what its card says."""

from pathlib import Path

import numpy as np
import pytest

from bittrue import ref, spec
from bittrue.apps.dpd import closed_loop, float_net, kat, recipe
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.thermal.thermal import BANKS
from bittrue.apps.dpd.topology import left, parameter_count, skeleton
from bittrue.errors import BadInput
from bittrue.spec.store import content_hash

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
NETS = ["dpd-2000", "dpd-best", "dpd-realtime", "tdnn-compat", "tdnn-wide", *(f"tdnn-thermal/{bank}" for bank in BANKS)]
TWIN = "### Simulated through the GMP twin"

every_net = pytest.mark.parametrize("name", NETS)


def card(name: str) -> str:
    """The CARD.md of a net, or of the banks that it belongs to."""
    return (WEIGHTS / name.split("/")[0] / "CARD.md").read_text()


def test_no_net_is_forgotten():
    found = {path.parent.relative_to(WEIGHTS).as_posix() for path in WEIGHTS.glob("**/net.json")}
    assert {name for name in found if name.startswith(("dpd", "tdnn"))} == set(NETS)


@every_net
def test_the_known_answers_are_reproduced(name):
    net = spec.load(WEIGHTS / name)
    x, y = kat.read(WEIGHTS / name / kat.FILE)
    assert x.shape == y.shape == (320, 2)
    assert np.array_equal(x[:64], kat.corners(net.input.format))
    assert np.array_equal(ref.run(net, x), y)


@every_net
def test_one_code_of_the_weights_changes_the_known_answers(name):
    net = spec.load(WEIGHTS / name)
    x, y = kat.read(WEIGHTS / name / kat.FILE)
    node = net.nodes[1]
    weight = node.layer.weight.copy()
    weight[3, 7] ^= 64
    changed = spec.Dense(weight, node.layer.bias, node.layer.weight_format, node.layer.output, node.layer.activation)
    nodes = (net.nodes[0], spec.Node(node.name, changed, node.inputs), *net.nodes[2:])
    assert not np.array_equal(ref.run(spec.Net(net.name, net.input, nodes, net.delay), x), y)


@every_net
def test_the_folder_belongs_together(name):
    folder = WEIGHTS / name
    net, plan = spec.load(folder), recipe.load(folder / "recipe.toml")
    assert plan.text == recipe.builtin(name.split("/")[0]).text
    planned = skeleton(plan)
    assert net.name == name.split("/")[0] and net.types == planned.types
    assert (net.memory, net.delay) == (planned.memory, planned.delay)
    assert content_hash(net) in card(name)
    assert f"{parameter_count(net):,} real" in card(name)
    if plan.sparse and plan.sparse.parameters:
        assert left(net) <= plan.sparse.parameters and f"of which {left(net):,} are left" in card(name)
    assert float_net.load(folder / float_net.FILE, net)


@pytest.mark.parametrize("name", ["dpd-best", "tdnn-compat", "tdnn-wide"])
def test_the_card_says_what_is_measured_again(name):
    """The integer row is reproduced to the last printed digit, in fresh arithmetic through a fresh twin."""
    plan = recipe.load(WEIGHTS / name / "recipe.toml")
    try:
        capture = data.load(plan.data.amplifier if plan.data.amplifier == "arena" else plan.capture)
    except BadInput as error:
        pytest.skip(str(error))
    net = spec.load(WEIGHTS / name)
    m = closed_loop.judge(capture, pa.fit(capture), closed_loop.integer(net))
    figures = f"{m.nmse:.2f} | {m.evm:.2f} | {m.aclr_left:.2f} / {m.aclr_right:.2f}"
    rows = card(name).partition(TWIN)[2].partition("###")[0]
    assert f"| **{net.name}, integer** | {parameter_count(net):,} | {figures} |" in rows
    floating = closed_loop.floating(net, float_net.load(WEIGHTS / name / float_net.FILE, net))
    assert m.aclr < closed_loop.judge(capture, pa.fit(capture), floating).aclr + 1.3
    assert m.aclr < -44.5 and m.evm < -30.5
