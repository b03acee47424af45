"""Nets that look ahead: a declared delay is taken out wherever a net is trained or judged."""

import numpy as np
import pytest

from bittrue.apps.dpd import closed_loop, recipe
from bittrue.apps.dpd.topology import skeleton
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import ComplexFIR, Net, Node, TensorType, Term

WORD = Format.parse("Q1.15")

PLAN = """
name = "ahead"
capture = "APA_200MHz_b"
[net]
delay = 2
taps = [1, 2, 3]
iq_taps = [0, 4]
powers = [1]
hidden = [3]
activation = "tanh"
fir_taps = [4, 2]
fir_first = [0, 1]
[formats]
input = "Q1.15"
features = "Q1.15"
hidden = "Q1.15"
output = "Q1.15"
[train]
seed = 1
batch = 64
float_epochs = 1
qat_epochs = 0
qat_rate = 1e-4
"""


def late(delay):
    """The net ``u[n] = x[n - delay]``, which says so."""
    weight = np.zeros((4, 2), int)
    weight[delay] = (1 << 14, 0)
    fir = ComplexFIR((Term(0, (0, 1, 2, 3)),), weight, Format.parse("Q2.14"), WORD, WORD)
    return Net("late", TensorType((2,), WORD), (Node("fir", fir, ("input",)),), delay)


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_judged_net_is_aligned_with_its_input(delay):
    codes = np.random.default_rng(delay).integers(-30000, 30000, (50, 2))
    x = (codes[:, 0] + 1j * codes[:, 1]) / 2**15
    assert np.array_equal(closed_loop.integer(late(delay))(x), x)
    assert np.array_equal(
        closed_loop.floating(late(delay), {"fir.weight": late(delay).nodes[0].layer.weight / 2**14})(x), x
    )


def test_a_recipe_declares_delay_taps_and_where_filters_begin():
    net = skeleton(recipe.parse(PLAN.encode(), "test"))
    layers = {node.name: node.layer for node in net.nodes}
    assert net.delay == 2
    assert layers["features"].iq_delays == (0, 4)
    assert layers["fir"].terms == (Term(0, (0, 1, 2, 3)), Term(1, (1, 2)))


def test_one_first_tap_a_filter_is_asked_for():
    with pytest.raises(BadInput, match="fir_first has 1 numbers for 2 filters"):
        recipe.parse(PLAN.replace("fir_first = [0, 1]", "fir_first = [0]").encode(), "test")


def test_a_delay_beyond_all_taps_is_refused():
    with pytest.raises(BadInput, match="delay of 9 samples; its outputs see 0 to 4 back"):
        skeleton(recipe.parse(PLAN.replace("delay = 2", "delay = 9").encode(), "test"))


def test_training_feeds_a_net_the_future_that_it_asks_for():
    from bittrue.apps.dpd.training.examples import Examples

    x = np.arange(12.0).reshape(6, 2)
    known = Examples(x, x, 0, 4)
    assert np.array_equal(known.ahead(0), x)
    assert np.array_equal(known.ahead(2), [*x[2:], [0, 0], [0, 0]])
