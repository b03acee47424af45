"""Quantisation-aware training: the law after training, gradients, switches, export, carriers, bad input."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")

from bittrue import num, ref  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.extras import install  # noqa: E402
from bittrue.num import Format  # noqa: E402
from bittrue.qat import Network, StraightThroughQuantize, fit_weight_format  # noqa: E402
from bittrue.qat.features import isqrt, requantise  # noqa: E402
from bittrue.spec import (  # noqa: E402
    LAYERS,
    Add,
    ComplexFIR,
    Dense,
    LeakyReLU,
    MemoryTaps,
    Net,
    Node,
    ReLU,
    Table,
    TensorType,
    Term,
    load,
)
from bittrue.spec.store import content_hash  # noqa: E402

Q = Format.parse
IO, WEIGHT, HIDDEN = Q("Q1.15"), Q("Q1.15"), Q("Q4.12")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    assert torch.get_num_threads() == 1, "the library leaves the number of threads alone"
    torch.set_num_threads(before)


def dense(outputs: int, inputs: int, output: Format, activation, seed: int) -> Dense:
    rng = np.random.default_rng(seed)
    weight = rng.integers(-20_000, 20_000, (outputs, inputs))
    return Dense(weight, rng.integers(-(1 << 27), 1 << 27, outputs), WEIGHT, output, activation)


def predistorter(seed: int = 1) -> Net:
    """Every kind of layer: a small TDNN with a table, beside a nonlinear FIR."""
    taps = MemoryTaps((0, 1, 3), (1, 2, 4), IO)
    fir = ComplexFIR(
        (Term(0, (0, 1, 2, 5)), Term(2, (0, 4))),
        np.random.default_rng(seed).integers(-9000, 9000, (6, 2)),
        WEIGHT,
        Q("Q1.15"),
        Q("Q2.14"),
    )
    narrow = Q("Q4.8")
    nodes = (
        Node("taps", taps, ("input",)),
        Node("fc1", dense(8, 15, HIDDEN, LeakyReLU(2), seed), ("taps",)),
        Node("fc2", dense(5, 8, narrow, ReLU(), seed + 1), ("fc1",)),
        Node("tanh", Table.tabulate(np.tanh, narrow, IO), ("fc2",)),
        Node("fc3", dense(2, 5, HIDDEN, LeakyReLU(1), seed + 2), ("tanh",)),
        Node("fir", fir, ("input",)),
        Node("sum", Add(IO), ("fc3", "fir")),
    )
    return Net("dpd", TensorType((2,), IO), nodes)


def samples(n: int, seed: int, scale: float = 0.5, shape: tuple[int, ...] = ()) -> torch.Tensor:
    return scale * torch.randn(*shape, n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def train(network: Network, steps: int = 12, lr: float = 0.2) -> None:
    """Adam with a rate that drives many weights out of their formats."""
    x, target = samples(256, 3), samples(256, 4)
    optimiser = torch.optim.Adam(network.parameters(), lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(network(x), target).backward()
        optimiser.step()


def assert_law(network: Network, x: torch.Tensor) -> None:
    net = network.to_net()
    codes = ref.taps(net, net.input.format.encode(x.numpy()))
    with torch.no_grad():
        np.testing.assert_array_equal(network.eval()(x).numpy(), net.output.format.decode(codes[net.nodes[-1].name]))
        for name, value in network.taps(x).items():
            np.testing.assert_array_equal(value.numpy(), net.types[name].format.decode(codes[name]), err_msg=name)


def test_law_after_training_steps() -> None:
    network = Network(predistorter())
    before = content_hash(network.to_net())
    train(network)
    assert content_hash(network.to_net()) != before
    assert all(network.clamped()[name] for name in ("fc1", "fc2"))
    assert_law(network, samples(3000, 5, scale=2.0))
    assert_law(network.train(), torch.full((20, 2), 1.0, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_law_in_batches_of_sequences(dtype: torch.dtype) -> None:
    network = Network(predistorter())
    train(network, steps=2)
    x = samples(40, 6, shape=(3,)).to(dtype)
    with torch.no_grad():
        whole = network(x)
    assert whole.shape == (3, 40, 2) and whole.dtype == torch.float64
    for sequence, found in zip(x, whole, strict=True):
        expected = ref.run(network.to_net(), IO.encode(sequence.numpy()))
        np.testing.assert_array_equal(found.numpy(), IO.decode(expected))


@pytest.mark.parametrize("net", [LAYERS[name].example() for name in sorted(LAYERS)] + [predistorter()])
def test_round_trip_without_training(net: Net) -> None:
    assert content_hash(Network(net).to_net()) == content_hash(net)


def test_training_is_deterministic() -> None:
    first, second = Network(predistorter()), Network(predistorter())
    train(first)
    train(second)
    assert content_hash(first.to_net()) == content_hash(second.to_net())


def test_copies_and_state_dicts() -> None:
    network = Network(predistorter())
    train(network, steps=1)
    twin = copy.deepcopy(network)
    fresh = Network(predistorter(seed=9))
    fresh.load_state_dict(network.state_dict())
    train(network, steps=1)
    assert content_hash(twin.to_net()) == content_hash(fresh.to_net()) != content_hash(network.to_net())


# ---- gradients ------------------------------------------------------------------------------------------------------


def test_straight_through_inside_and_zero_outside() -> None:
    fmt = Q("Q1.3")
    at = torch.tensor([-1.2, -1.0626, -1.0625, -1.0, 0.0625, 0.3, 0.9374, 0.9375, 5.0], dtype=torch.float64)
    at.requires_grad_()
    value = StraightThroughQuantize.apply(at, fmt.frac, fmt.lo, fmt.hi)
    np.testing.assert_array_equal(value.detach().numpy(), [-1, -1, -1, -1, 0.125, 0.25, 0.875, 0.875, 0.875])
    value.backward(torch.arange(1.0, 10.0, dtype=torch.float64))
    np.testing.assert_array_equal(at.grad.numpy(), [0, 0, 3, 4, 5, 6, 7, 0, 0])


def test_rounding_is_that_of_num_for_every_double() -> None:
    below_half = 0.5 - 2.0**-54  # adding one half in float64 would make it 1.0
    ticks = np.array([below_half, -0.5, -0.5 - 2.0**-53, 0.5, 1.5, 2.5, -1.5, -2.5, 2.0**52 - 0.5, 1 - 2.0**-53])
    rng = np.random.default_rng(7)
    many = np.ldexp(rng.integers(-(2**53), 2**53, 20_000), rng.integers(-60, 3, 20_000))
    for values in (ticks, many):
        fmt = Format(53, 0)
        found = StraightThroughQuantize.apply(torch.from_numpy(values), fmt.frac, fmt.lo, fmt.hi)
        np.testing.assert_array_equal(found.numpy(), fmt.decode(fmt.encode(values)))


def test_integer_root_is_exact() -> None:
    roots = np.concatenate(
        [np.arange(300), (1 << 31) - np.arange(300), np.random.default_rng(21).integers(0, 1 << 31, 3000)]
    )
    values = np.concatenate([roots**2, np.maximum(roots**2 - 1, 0), np.minimum(roots**2 + 1, 1 << 62)])
    found = isqrt(torch.from_numpy(values)).tolist()
    assert found == [math.isqrt(value) for value in values.tolist()]


def test_integer_requantisation_is_that_of_num() -> None:
    rng = np.random.default_rng(22)
    for shift in (*range(-70, 70), -300, 300, 567):
        fmt = Format(int(rng.integers(1, 54)), 3)
        acc = rng.integers(-(1 << 62), 1 << 62, 200, endpoint=True) >> rng.integers(0, 63, 200)
        half = np.int64(1) << np.clip(shift - 1, 0, 61)
        acc = np.concatenate([acc, [1 << 62, -(1 << 62), 0, 1, -1, half, -half, half - 1, -half - 1, -half + 1]])
        found = requantise(torch.from_numpy(acc), shift, fmt).numpy()
        np.testing.assert_array_equal(found, num.requantise(acc, shift, fmt), err_msg=f"{shift} {fmt}")


def one_neuron(weight: int = 100, activation=LeakyReLU(2)) -> Net:  # noqa: B008
    layer = Dense([[weight]], [0], Q("Q1.7"), Q("Q1.7"), activation)
    return Net("neuron", TensorType((1,), Q("Q1.7")), (Node("values", layer, ("input",)),))


@pytest.mark.parametrize(("x", "weight", "bias", "expected"), [
    (0.5, 0.5, 0.0, (0.5, 1.0, 0.5)),  # inside
    (-0.5, 0.5, 0.0, (-0.125, 0.25, 0.125)),  # the leaky side, slope 1/4
    (0.5, 1.5, 0.0, (0.0, 1.0, 127 / 128)),  # the weight saturates
    (0.5, 0.5, 0.9, (0.0, 0.0, 0.0)),  # the output saturates
    (1.5, 0.5, 0.0, (127 / 128, 1.0, 0.0)),  # the input saturates
])  # fmt: skip
def test_gradients_of_a_neuron(x: float, weight: float, bias: float, expected: tuple[float, ...]) -> None:
    network = Network(one_neuron())
    module, given = network.layers["values"], torch.tensor([[x]], dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        module.weight.fill_(weight)
        module.bias.fill_(bias)
    network(given).sum().backward()
    assert (float(module.weight.grad), float(module.bias.grad), float(given.grad)) == expected


def test_clamp_moves_weights_back_to_where_the_gradient_is() -> None:
    network = Network(one_neuron())
    weight, before = network.layers["values"].weight, network.clamped()
    with torch.no_grad():
        weight.fill_(3.0)
    exported = content_hash(network.to_net())
    assert (before, network.clamped()) == ({"values": 0}, {"values": 1})
    network.clamp_()
    assert float(weight.detach()) == 127 / 128 and network.clamped() == {"values": 0}
    assert content_hash(network.to_net()) == exported
    network(torch.full((1, 1), 0.5, dtype=torch.float64)).sum().backward()
    assert float(weight.grad) == 0.5


def test_gradient_of_a_table_is_its_slope() -> None:
    given = Q("Q1.3")
    net = Net("t", TensorType((1,), given), (Node("t", Table(np.arange(16) ** 2, Q("Q10.0")), ("input",)),))
    network = Network(net)
    x = torch.tensor([[-1.0], [-0.75], [0.3], [0.8], [7.0]], dtype=torch.float64, requires_grad=True)
    y = network(x)
    np.testing.assert_array_equal(y.detach().numpy()[:, 0], [0, 4, 100, 196, 225])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy()[:, 0], [8, 40, 168, 232, 0])


def test_features_pass_a_gradient_in_float_only() -> None:
    network = Network(predistorter())
    x = samples(20, 8).requires_grad_()
    for on in (True, False):
        network.enable_qat(on)
        (gradient,) = torch.autograd.grad(network(x).square().sum(), x, allow_unused=True)
        assert (gradient is None) == on


def test_gradcheck_in_float_mode() -> None:
    network = Network(predistorter())
    network.enable_qat(False)
    x = samples(6, 9).requires_grad_()

    def tdnn(x: torch.Tensor) -> torch.Tensor:
        return network.evaluate({"input": x}, ["fc2"])["fc2"] + network.evaluate({"input": x}, ["fir"])["fir"].sum()

    assert torch.autograd.gradcheck(tdnn, x, eps=1e-7)


def test_zero_samples_have_a_finite_gradient() -> None:
    net = Net("e", TensorType((2,), IO), (Node("taps", MemoryTaps((0, 1), (1, 2, 3, 4), IO), ("input",)),))
    network = Network(net)
    network.enable_qat(False)
    x = torch.zeros(4, 2, dtype=torch.float64, requires_grad=True)
    network(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[2.0, 2.0]] * 3 + [[1.0, 1.0]])


# ---- switches -------------------------------------------------------------------------------------------------------


def on_grid(values: torch.Tensor, fmt: Format) -> bool:
    return bool((values == torch.from_numpy(fmt.decode(fmt.encode(values.detach().numpy())))).all())


def test_switch_of_one_layer() -> None:
    network, x = Network(predistorter()), samples(200, 10)
    network.layers["fc1"].quantised = False
    taps = network.taps(x)
    assert [name for name, t in taps.items() if not on_grid(t, network.template.types[name].format)] == ["fc1"]
    network.layers["fc1"].quantised = True
    assert_law(network, x)


def test_all_off_is_the_plain_float_network() -> None:
    network = Network(predistorter())
    with torch.no_grad():
        network.layers["fc1"].weight.mul_(1.7)
    network.enable_qat(False)
    x = 2 * samples(50, 11)
    with torch.no_grad():
        taps = network.taps(x)
    p = {f"{n}.{k}": v.detach() for n, m in network.layers.items() for k, v in m.named_parameters()}
    i, q = (torch.cat([torch.zeros(8, dtype=torch.float64), x[:, k]]) for k in (0, 1))
    amplitude = torch.linalg.vector_norm(torch.stack([i, q], -1), dim=-1)
    power = i * i + q * q
    columns = [(i, 0), (q, 0)] + [(e, t) for t in (0, 1, 3) for e in (amplitude, power, power * power)]
    columns += [(c, t) for t in (1, 3) for c in (i, q)]
    features = torch.stack([c[8 - t : 58 - t] for c, t in columns], -1)
    np.testing.assert_array_equal(taps["taps"].numpy(), features.numpy())
    acc = torch.nn.functional.linear(features, p["fc1.weight"], p["fc1.bias"])
    fc1 = torch.nn.functional.leaky_relu(acc, 0.25)
    np.testing.assert_array_equal(taps["fc1"].numpy(), fc1.numpy())
    fc2 = torch.relu(torch.nn.functional.linear(fc1, p["fc2.weight"], p["fc2.bias"]))
    np.testing.assert_array_equal(taps["fc2"].numpy(), fc2.numpy())
    np.testing.assert_array_equal(taps["sum"].numpy(), (taps["fc3"] + taps["fir"]).numpy())
    assert float(taps["fc1"].max()) > HIDDEN.hi * HIDDEN.scale, "nothing saturates in float"


def test_float_table_runs_through_its_entries() -> None:
    fmt = Q("Q1.13")
    table = Table(np.random.default_rng(12).integers(-99, 99, 1 << 14), Q("Q1.7"))
    network = Network(Net("t", TensorType((1,), fmt), (Node("t", table, ("input",)),)))
    network.enable_qat(False)
    codes = np.arange(fmt.lo, fmt.hi, 4)[:, None]  # 2^14 entries: every fourth is a knot
    np.testing.assert_array_equal(
        network(torch.from_numpy(fmt.decode(codes))).numpy(), ref.run(network.to_net(), codes) / 128
    )


# ---- shuffled training ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
def test_precomputed_rows_equal_the_sequence(on: bool) -> None:
    network, x = Network(predistorter()), samples(100, 13)
    network.enable_qat(on)
    fixed = network.precompute(x)
    assert {name: tuple(t.shape) for name, t in fixed.items()} == {"taps": (100, 15), "fir.basis": (100, 6, 2)}
    rows = torch.randperm(100, generator=torch.Generator().manual_seed(14))[:30]
    if not on:  # float sums may depend on the number of rows
        rows = torch.arange(100)
    found = network.forward_from({name: tensor[rows] for name, tensor in fixed.items()})
    np.testing.assert_array_equal(found.detach().numpy(), network(x).detach().numpy()[rows])
    found.sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_forward_from_evaluates_downstream_only() -> None:
    network, x = Network(predistorter()), samples(30, 15)
    taps = network.taps(x)
    found = network.forward_from({"fc3": taps["fc3"], "fir": taps["fir"]})
    np.testing.assert_array_equal(found.detach().numpy(), taps["sum"].detach().numpy())
    with pytest.raises(BadInput, match="needs 'input' besides fc1; pass it too"):
        network.forward_from({"fc1": taps["fc1"]})
    with pytest.raises(BadInput, match=r"no tensor 'fc9'; known are taps, fc1"):
        network.forward_from({"fc9": taps["fc1"]})


def test_precompute_refuses_memory_behind_trained_layers() -> None:
    net = predistorter()
    taps = Node("late", MemoryTaps((0, 2), (1,), IO), ("sum",))
    network = Network(Net("late", net.input, (*net.nodes, taps)))
    with pytest.raises(BadInput, match="node late looks back at a trained tensor"):
        network.precompute(samples(9, 16))


# ---- weight formats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weights", "bits", "expected"), [
    ([0.3, -0.9], 16, "Q1.15"), ([1.0], 16, "Q2.14"), ([-1.0], 16, "Q1.15"), ([-0.5, 0.4], 8, "Q0.8"),
    ([0.998], 8, "Q2.6"), ([0.99], 8, "Q1.7"), ([0.0], 8, "Q1.7"), ([1e-3], 12, "Q-8.20"), ([700.0], 8, "Q11.-3"),
])  # fmt: skip
def test_fit_weight_format(weights: list[float], bits: int, expected: str) -> None:
    assert str(fit_weight_format(weights, bits)) == expected


def test_fitted_format_is_the_finest_without_saturation() -> None:
    rng = np.random.default_rng(17)
    for _ in range(300):
        bits = int(rng.integers(2, 20))
        weights = rng.normal(size=4) * 2.0 ** rng.integers(-20, 20)
        fmt = fit_weight_format(torch.from_numpy(weights), bits)
        wide = Format(bits + 3, fmt.frac)
        np.testing.assert_array_equal(fmt.encode(weights), wide.encode(weights))
        finer = Format(bits, fmt.frac + 1)
        assert (finer.encode(weights) != Format(bits + 3, fmt.frac + 1).encode(weights)).any()


def test_fit_weight_formats_ends_saturation_and_keeps_the_law() -> None:
    network = Network(predistorter())
    train(network)
    assert network.clamped()["fc1"]
    network.fit_weight_formats()
    assert network.clamped() == {"fc1": 0, "fc2": 0, "fc3": 0, "fir": 0}
    assert network.layers["fc1"].layer.weight_format.bits == 16
    assert_law(network, samples(500, 18))
    narrow = Network(one_neuron())
    narrow.fit_weight_formats()
    assert str(narrow.layers["values"].layer.weight_format) == "Q1.7"
    network.fit_weight_formats(bits=9)
    assert {network.layers[name].layer.weight_format.bits for name in ("fc1", "fir")} == {9}
    assert_law(network, samples(500, 19))


def test_fit_that_float64_cannot_carry_changes_nothing() -> None:
    network = Network(predistorter())
    before = content_hash(network.to_net())
    with pytest.raises(BadInput, match="a partial sum can reach"):
        network.fit_weight_formats(bits=50)
    assert content_hash(network.to_net()) == before


# ---- bad input ------------------------------------------------------------------------------------------------------


def test_trainable_networks_are_safe_for_any_weights() -> None:
    weights = Format(40, 39)
    layer = Dense([[5, -3]], [7], weights, Q("Q1.15"))
    net = Net("wide", TensorType((2,), IO), (Node("fc", layer, ("input",)),))
    with pytest.raises(BadInput, match=r"net wide, node fc: a partial sum can reach \d+, beyond the 2\^53"):
        Network(net)
    frozen = Network(net, trainable=False)
    assert not any(p.requires_grad for p in frozen.parameters())
    assert_law(frozen, samples(50, 20))


@pytest.mark.parametrize(("x", "message"), [
    (torch.zeros(2, dtype=torch.float64), r"takes values of shape \(..., N, 2\), not \(2,\)"),
    (torch.zeros(5, 3, dtype=torch.float64), r"not \(5, 3\)"),
    (torch.zeros(0, 2, dtype=torch.float64), r"not \(0, 2\)"),
    (torch.zeros(5, 2, dtype=torch.int64), "takes float values, not torch.int64; decode codes first"),
    (torch.full((5, 2), torch.nan), "is fed NaN or infinity; clean the data"),
])  # fmt: skip
def test_bad_values_are_refused(x: torch.Tensor, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Network(predistorter())(x)


def test_exploded_parameters_are_refused() -> None:
    network = Network(one_neuron())
    with torch.no_grad():
        network.layers["values"].weight.fill_(torch.nan)
    with pytest.raises(BadInput, match=r"net neuron: parameter values.weight holds NaN or infinity"):
        network.to_net()
    with pytest.raises(BadInput, match="NaN or infinity"):
        network.fit_weight_formats()
    with pytest.raises(BadInput, match="weights of 1 bits cannot be fitted"):
        fit_weight_format([1.0], 1)


def test_tensors_beyond_float64_are_refused() -> None:
    net = Net("long", TensorType((2,), IO), (Node("taps", MemoryTaps((0,), (4,), Format(54, 50)), ("input",)),))
    with pytest.raises(BadInput, match="net long: tensor taps has 54 bits; float64 carries 53"):
        Network(net)


def test_without_torch_the_core_works_and_the_leg_says_what_is_missing() -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import bittrue.spec, bittrue.ref, bittrue.ranges\n"
        "try:\n    import bittrue.qat\nexcept ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"bittrue.qat needs PyTorch, which is not installed; {install('train')}"


def test_the_example_of_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "qat.md").read_text()
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    assert content_hash(load("compressor")) == content_hash(names["net"])
    x, target = names["x"], names["target"]
    error, untreated = names["network"](x).detach() - target, x - target
    assert error.square().sum() < 0.1 * untreated.square().sum(), "it learns"
