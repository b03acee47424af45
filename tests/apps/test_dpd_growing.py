"""Growing: a larger net computes what the smaller one did, whatever was added; what does not fit is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from plain_recipe import TEXT  # noqa: E402

from bittrue.apps.dpd import float_net, recipe  # noqa: E402
from bittrue.apps.dpd.topology import parameter_count  # noqa: E402
from bittrue.apps.dpd.training.beginning import initial  # noqa: E402
from bittrue.apps.dpd.training.growing import grow  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.spec import ComplexFIR  # noqa: E402

SMALL = TEXT.replace("leaky_shift = 2", "delay = 2\nfir_taps = [4, 2]\nfir_first = [0, 1]")
LARGE = """
delay = 5
fir_taps = [9, 6]
fir_first = [0, 2]
iq_taps = [3, 4, 5, 6, 7, 8, 9, 10]
echo_taps = [1, 2, 4]
"""


def plan(net):
    """The plain recipe with another section [net]; segments in their order, as an echo needs them."""
    train = '[shape]\nsegment = 256\n[train]\nmethod = "levenberg"\nqat = false'
    return recipe.parse(net.replace("[train]", train).encode(), "grown")


def larger(old="", new=""):
    text = SMALL.replace("delay = 2\nfir_taps = [4, 2]\nfir_first = [0, 1]", LARGE.replace(old, new) if old else LARGE)
    text = text.replace("taps = [0, 1, 2, 3, 4, 5]", "taps = [2, 3, 4, 5, 6, 7, 8, 9]", 1)
    return text.replace("hidden = [32, 16]", "hidden = [40, 20]")


def parameters(network):
    return {name.removeprefix("node_"): value.detach().numpy() for name, value in network.state_dict().items()}


def smaller():
    """A small net's topology, and random parameters for it, filters too."""
    network = initial(plan(SMALL))
    with torch.no_grad():
        network.layers["fir"].weight.uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(3))
    return network.template, {name: value.copy() for name, value in parameters(network).items()}


def test_a_grown_net_computes_the_same():
    net, parent = smaller()
    network = initial(plan(larger()))
    grow(network, parent, net)
    x = np.random.default_rng(0).uniform(-0.7, 0.7, (300, 2))
    before = float_net.run(net, parent, x)[net.delay :]
    after = float_net.run(network.template, parameters(network), x)[network.template.delay :]
    assert np.allclose(after, before[: len(after)], atol=1e-12)
    assert parameter_count(network.template) > 1.3 * parameter_count(net)
    assert float(network.layers["fc1"].weight[32:].detach().abs().min()) > 0  # what was drawn stays
    echo = next(node.layer for node in network.template.nodes if node.name == "echo")
    assert isinstance(echo, ComplexFIR) and not network.layers["echo"].weight.any()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fir_taps = [9, 6]", "fir_taps = [6, 6]", "has a tap of power 0 of delay 1 in fir, which"),
        ("iq_taps = [3, ", "iq_taps = [", "has feature I of delay -2 in features, which"),
        ("fir_taps = [9, 6]\nfir_first = [0, 2]\n", "fir_taps = [9]\nfir_first = [0]\n", "of power 1 of delay"),
        ("delay = 5\n", "delay = 5\nleaky_shift = 5\n", "has another activation in fc1 than"),
    ],
)
def test_what_the_larger_net_lacks_is_said(old, new, words):
    assert old in LARGE
    net, parent = smaller()
    with pytest.raises(BadInput, match=words):
        grow(initial(plan(larger(old, new))), parent, net)


def test_a_net_with_an_echo_grows_into_one_that_has_it():
    network = initial(plan(larger()))
    with pytest.raises(BadInput, match="has an echo, which"):
        grow(initial(plan(larger("echo_taps = [1, 2, 4]\n", ""))), parameters(network), network.template)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("segment = 256", "segment = 32", "echo_taps reach 4 samples back, more than a 16th of shape.segment"),
        ("qat = false", "qat = true", "echo_taps needs rows in their order"),
        ("[formats]", "[formats]\nequalise = true", "formats.equalise = false"),
        ("fir_taps = [9, 6]\nfir_first = [0, 2]\n", "", "echo_taps is given without fir_taps"),
        ("echo_taps = [1, ", "echo_taps = [0, ", "echo_taps"),
    ],
)
def test_an_echo_that_cannot_be_is_refused(old, new, words):
    text = plan(larger()).text
    assert old in text
    with pytest.raises(BadInput, match=words):
        recipe.parse(text.replace(old, new).encode(), "grown")
