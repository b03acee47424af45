import numpy as np
import pytest
import safetensors.numpy

from bittrue.apps.dpd import float_net, recipe
from bittrue.apps.dpd.topology import skeleton
from bittrue.errors import BadInput
from bittrue.spec import LAYERS, Dense, Net, Node, TensorType
from bittrue.spec.store import content_hash

WITH_FIR = recipe.parse(
    recipe.builtin("tdnn-wide").text.replace("[formats]", "fir_taps = [3, 2]\n[formats]").encode(), "fir"
)
NETS = {name: layer.example() for name, layer in LAYERS.items()} | {"tdnn_fir": skeleton(WITH_FIR)}


def dyadic(shape, seed):
    """Multiples of 1/16 below 1/2: their products and sums are exact in float64, in any order."""
    return np.random.default_rng(seed).integers(-7, 8, shape) / 16


def parameters(net):
    return {
        f"{node.name}.{key}": dyadic(value.shape, k)
        for k, node in enumerate(net.nodes)
        for key, value in vars(node.layer).items()
        if isinstance(value, np.ndarray) and type(node.layer).__name__ != "Table"
    }


def values(net):
    """Inputs whose envelope has an exact root: (3, 4) / 32 times small integers."""
    if net.input.shape != (2,):
        return dyadic((64, *net.input.shape), 9)
    rng = np.random.default_rng(9)
    pairs = rng.permuted(np.tile([3, 4], (64, 1)), axis=1) * rng.choice([-1, 1], (64, 2))
    return pairs * rng.integers(0, 7, (64, 1)) / 64


@pytest.mark.parametrize("name", NETS)
def test_numpy_and_torch_agree_without_rounding(name):
    torch = pytest.importorskip("torch")
    from bittrue.qat import Network

    net = NETS[name]
    if any(type(node.layer).__name__ not in FLOAT_LAYERS for node in net.nodes):
        pytest.skip(f"{name}: no float evaluation in the predistortion application")
    network, own, x = Network(net), parameters(net), values(net)
    network.enable_qat(False)
    network.load_state_dict({f"node_{key}": torch.from_numpy(value) for key, value in own.items()})
    with torch.no_grad():
        assert np.array_equal(float_net.run(net, own, x), network(torch.from_numpy(x)).numpy())


FLOAT_LAYERS = {"MemoryTaps", "Dense", "ComplexFIR", "Table", "Add"}


def test_the_tdnn_by_its_formula():
    net = skeleton(recipe.builtin("tdnn-wide"))
    own, x = parameters(net), values(net)
    n = 20
    z = x[:, 0] + 1j * x[:, 1]
    features = [x[n, 0], x[n, 1]]
    features += [abs(z[n - k]) ** p for k in range(6) for p in (1, 2, 4)]
    features += [part for k in range(1, 6) for part in (x[n - k, 0], x[n - k, 1])]
    h = np.array(features)
    for k in (1, 2, 3):
        h = own[f"fc{k}.weight"] @ h + own[f"fc{k}.bias"]
        h = np.where((h < 0) & (k < 3), h / 4, h)
    assert np.allclose(float_net.run(net, own, x)[n], h, rtol=1e-12)


def test_an_unknown_layer_is_refused():
    with pytest.raises(BadInput, match="no float evaluation"):
        float_net.evaluate(object(), {}, ())


def test_parameters_are_read_and_checked(tmp_path):
    net = skeleton(WITH_FIR)
    own = parameters(net)
    path = tmp_path / "float.safetensors"
    path.write_bytes(safetensors.numpy.save(own))
    found = float_net.load(path, net)
    assert set(found) == set(own) and all(np.array_equal(found[key], own[key]) for key in own)
    for spoilt, message in (
        ({key: own[key] for key in own if key != "fc2.bias"}, "fc2.bias"),
        (own | {"fc9.bias": np.zeros(3)}, "fc9.bias"),
        (own | {"fc1.bias": np.zeros(3)}, "fc1.bias"),
    ):
        path.write_bytes(safetensors.numpy.save(spoilt))
        with pytest.raises(BadInput, match=message):
            float_net.load(path, net)
    path.write_bytes(b"junk")
    with pytest.raises(BadInput, match="corrupt"):
        float_net.load(path, net)


def test_a_relu_clears_what_is_negative():
    from bittrue.num import Format
    from bittrue.spec import ReLU

    fmt = Format.parse("Q2.6")
    layer = Dense(np.array([[1], [1]]), np.zeros(2, np.int64), fmt, fmt, ReLU())
    net = Net("relu", TensorType((1,), fmt), (Node("fc", layer, ("input",)),))
    own = {"fc.weight": np.array([[1.0], [-1.0]]), "fc.bias": np.zeros(2)}
    assert np.array_equal(float_net.run(net, own, [[0.5]]), [[0.5, 0.0]])
    assert content_hash(net)
