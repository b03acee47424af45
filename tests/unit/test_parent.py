"""Float parents: codes and back, what does not fit, formats that fit, and rescaling that changes nothing."""

from itertools import pairwise

import numpy as np
import pytest

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format, fit_format, fit_with_biases, outside
from bittrue.parent import decoded, fitted, misfits, quantise, rescale, scalable, with_weight_format
from bittrue.spec import LAYERS, Dense, LeakyReLU, Linear, Net, Node, ReLU, Table, TensorType
from bittrue.spec.store import content_hash

Q = Format.parse


HIDDEN = LeakyReLU(2), ReLU()


def chain(activations=HIDDEN, hidden="Q8.8", weight="Q1.15", seed=0) -> Net:
    """5-6-4-2 with random codes of all sizes up to the format's ends."""
    rng = np.random.default_rng(seed)
    nodes, widths, last = [], (5, 6, 4, 2), "input"
    for k, (inputs, outputs) in enumerate(pairwise(widths)):
        shape, fmt = (outputs, inputs), Q(weight)
        codes = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True) >> rng.integers(0, 8, (outputs, 1))
        activation, output = (activations[k], Q(hidden)) if k < 2 else (Linear(), Q("Q1.15"))
        nodes.append(Node(f"fc{k}", Dense(codes, rng.integers(-900, 900, outputs), fmt, output, activation), (last,)))
        last = f"fc{k}"
    return Net("chain", TensorType((5,), Q("Q1.15")), tuple(nodes))


def forward(net: Net, own, x):
    """The float function of a chain of dense layers, every hidden output, in plain float64."""
    values = []
    for node in net.nodes:
        x = x @ own[f"{node.name}.weight"].T + own[f"{node.name}.bias"]
        shift = node.layer.activation.negative_shift
        x = np.where(x < 0, 0.0 if shift is None else x * 2.0**-shift, x)
        values.append(x)
    return values


@pytest.mark.parametrize("name", LAYERS)
def test_codes_survive_the_way_to_floats_and_back(name):
    net = LAYERS[name].example()
    assert content_hash(quantise(net, decoded(net))) == content_hash(net)
    assert misfits(net, decoded(net)) == ()


def test_rounding_is_half_up_and_saturates_and_is_counted():
    net = chain()
    own = decoded(net) | {"fc1.weight": np.zeros((4, 6))}
    own["fc1.weight"][0] = [0.5 + 2.0**-16, -0.5 - 2.0**-16, 1.0 - 2.0**-16, 1.0 - 2.0**-15, -1.0 - 2.0**-16, -3.0]
    found = quantise(net, own).nodes[1].layer.weight[0]
    assert list(found) == [16385, -16384, 32767, 32767, -32768, -32768]
    (misfit,) = misfits(net, own)  # -1 - 2^-16 rounds up to -1, which fits; 1 - 2^-16 rounds up to 1, which does not
    assert (misfit.node, misfit.count, misfit.size, misfit.largest) == ("fc1", 2, 24, -3.0)
    assert str(misfit) == "fc1: 2 of 24 weights do not fit Q1.15, the farthest is -3 and the limit -1"


def test_halves_round_up_at_the_end_of_a_format():
    """3.5 - 2**-51 codes still fit three bits' hi of 3; 3.5 rounds up to 4 and does not; -4.5 rounds up to -4."""
    fmt = Format(3, 0)
    assert list(outside([3.5 - 2.0**-51, 3.5, -4.5, -4.5 - 2.0**-50], fmt)) == [False, True, False, True]


def test_biases_stand_at_the_scale_of_the_accumulator():
    net = chain()
    own = decoded(net) | {"fc1.bias": np.array([2.0**-23, -(2.0**-23), 0.75, -3.0])}
    assert list(quantise(net, own).nodes[1].layer.bias) == [1, -1, 3 << 21, -3 << 23]


def test_fitted_formats_hold_every_weight_and_no_finer_one_does():
    net = chain()
    own = decoded(net)
    own["fc1.weight"] = own["fc1.weight"] * 500.0
    best = fitted(net, own)
    assert misfits(best, own) == () and misfits(net, own)
    for node in best.nodes:
        fmt, weight = node.layer.weight_format, own[f"{node.name}.weight"]
        assert fmt == fit_format(weight, 16) and outside(weight, Format(16, fmt.frac + 1)).any()
    only = fitted(net, own, ["fc1"])
    assert [str(node.layer.weight_format) for node in only.nodes if node.name != "fc1"] == ["Q1.15"] * 2
    assert {str(n.layer.weight_format) for n in with_weight_format(net, Q("Q4.12"), own).nodes} == {"Q4.12"}


@pytest.mark.parametrize("spoil", ["nan", "missing", "shape"])
def test_parameters_that_do_not_belong_are_named(spoil):
    net, own = chain(), decoded(chain())
    if spoil == "nan":
        own["fc1.bias"][2] = np.nan
    elif spoil == "missing":
        del own["fc1.bias"]
    else:
        own["fc1.bias"] = np.zeros(3)
    for function in (quantise, misfits, fitted):
        with pytest.raises(BadInput, match=r"parameter fc1\.bias"):
            function(net, own)


# ---- rescaling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activations", [(LeakyReLU(2), ReLU()), (Linear(), LeakyReLU(5))])
def test_rescaling_by_powers_of_two_changes_no_bit_of_the_float_function(activations):
    net = chain(activations)
    own, x = decoded(net), np.random.default_rng(1).uniform(-1, 1, (200, 5))
    hidden = forward(net, own, x)
    reached = {name: abs(values).max(0) for name, values in zip(("fc0", "fc1"), hidden, strict=False)}
    after = rescale(net, own, reached, dict.fromkeys(reached, 8.0))
    assert np.array_equal(forward(net, after, x)[-1], hidden[-1])
    for name, inner in zip(("fc0", "fc1"), hidden, strict=False):
        factors = (
            forward(net, after, x)[int(name[-1])][:, inner.any(0)]
            / np.where(inner == 0, np.nan, inner)[:, inner.any(0)]
        )
        factor = np.nanmax(factors, axis=0)
        assert np.array_equal(np.exp2(np.log2(factor).astype(int)), factor) and factor.max() > 1
    assert np.array_equal(after["fc2.bias"], own["fc2.bias"])
    for name in ("fc0", "fc1"):  # full, but not beyond: no factor could be doubled
        weight, output = abs(after[f"{name}.weight"]).max(1), abs(forward(net, after, x)[int(name[-1])]).max(0)
        limit = 0.5 * 32767 / 256
        assert (weight <= 8.0).all() and (output <= limit).all()
        assert ((weight > 4.0) | (output > limit / 2)).all()


def test_rescaling_lowers_what_narrow_words_cost():
    net = chain()
    own, x = decoded(net), np.random.default_rng(1).uniform(-1, 1, (4000, 5))
    wanted = forward(net, own, net.input.format.decode(net.input.format.encode(x)))
    reached = {name: abs(values).max(0) for name, values in zip(("fc0", "fc1"), wanted, strict=False)}

    def cost(before, parameters):
        y = before.output.format.decode(ref.run(before, before.input.format.encode(x)))
        return 10 * np.log10(((y - np.clip(wanted[-1], -1, 1 - 2**-15)) ** 2).mean())

    scaled = rescale(net, own, reached, dict.fromkeys(reached, 16.0))
    assert cost(fitted(net, scaled), scaled) < cost(net, own) - 12


def test_rescaling_shrinks_neurons_whose_weights_do_not_fit():
    net = chain()
    own = decoded(net)
    own["fc0.weight"][3] *= 5 / abs(own["fc0.weight"][3]).max()
    reached = {"fc0": np.full(6, 1e-3), "fc1": np.full(4, 1e-3)}
    assert [m.node for m in misfits(net, own)] == ["fc0"]
    after = rescale(net, own, reached)
    assert "fc0" not in [m.node for m in misfits(net, after)]
    assert np.array_equal(after["fc0.weight"][3], own["fc0.weight"][3] / 8)


def test_dead_neurons_stay_finite():
    net = chain()
    own = decoded(net)
    own["fc0.weight"][1] = 0.0
    after = rescale(net, own, {"fc0": np.zeros(6), "fc1": np.zeros(4)})
    assert all(np.isfinite(value).all() for value in after.values())
    assert not after["fc0.weight"][1].any()


def test_only_layers_that_commute_are_scaled():
    net = chain()
    assert [(node.name, [f.name for f in following]) for node, following in scalable(net)] == [
        ("fc0", ["fc1"]),
        ("fc1", ["fc2"]),
    ]
    first, second, third = net.nodes
    table = Node("tanh", Table.tabulate(np.tanh, Q("Q4.4"), Q("Q1.7")), ("fc0",))
    squeezed = Dense(first.layer.weight, first.layer.bias, Q("Q1.15"), Q("Q4.4"))
    tanh = Net(
        "tanh", net.input, (Node("fc0", squeezed, ("input",)), table, Node("fc1", second.layer, ("tanh",)), third)
    )
    assert [node.name for node, _ in scalable(tanh)] == ["fc1"]


@pytest.mark.parametrize("bias_bits", [4, 8])
@pytest.mark.parametrize("louder", [0.0, 0.01, 1.0, 30.0])
def test_a_format_that_biases_share_is_the_finest_that_holds_both(louder, bias_bits):
    rng = np.random.default_rng(3)
    for _ in range(20):
        weight, bias = rng.normal(0, 0.3, (5, 7)), louder * rng.normal(0, 0.3, 5)
        fmt = fit_with_biases(weight, 6, bias, bias_bits)
        assert fmt.bits == 6 and not outside(weight, fmt).any() and not outside(bias, Format(bias_bits, fmt.frac)).any()
        finer = fmt.frac + 1
        assert outside(weight, Format(6, finer)).any() or outside(bias, Format(bias_bits, finer)).any()
    assert fit_with_biases(weight, 8, np.zeros(5), 8) == fit_format(weight, 8)
    assert fit_with_biases(np.zeros(3), 8, np.zeros(5), 8) == Format(8, 7)
    assert fit_with_biases(np.zeros(3), 8, [0.3], 8) == fit_format([0.3], 8)
