"""Sparse nets: what is zero stays zero, what adders multiply has few digits, and a killed run ends in the same net."""

import re
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from bittrue.apps.dpd import recipe  # noqa: E402
from bittrue.apps.dpd.topology import left, parameter_count, products, skeleton  # noqa: E402
from bittrue.apps.dpd.training import beginning, sparse  # noqa: E402
from bittrue.apps.dpd.training import trainer as fit  # noqa: E402
from bittrue.apps.dpd.training.examples import Examples  # noqa: E402
from bittrue.cost import cost  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402
from bittrue.kit.training.surgeon import Surgeon  # noqa: E402
from bittrue.lower.adder_search import signed_digits  # noqa: E402
from bittrue.num import Format  # noqa: E402
from bittrue.qat import Network  # noqa: E402
from bittrue.spec import ComplexFIR, Dense  # noqa: E402
from bittrue.spec.store import content_hash  # noqa: E402

RECIPE = """
name = "sparse"
capture = "APA_200MHz_b"
[net]
taps = [0, 1]
powers = [2]
hidden = [6]
activation = "tanh"
fir_taps = [4]
[formats]
input = "Q1.11"
features = "Q1.11"
preactivation = "Q3.6"
hidden = "Q1.11"
output = "Q1.11"
weight_bits = 14
[train]
seed = 2
method = "levenberg"
batch = 400
float_epochs = 8
qat = false
qat_epochs = 0
qat_rate = 1e-4
validate_every = 1
skip = 8
ema = 0.5
[sparse]
products = 30
rounds = 2
epochs = 3
"""
DIGITS = "digits = 2\nbits = 9\nfull = 8\n"


def planned(more=""):
    return recipe.parse((RECIPE + more).encode(), "sparse")


@pytest.fixture(scope="module")
def examples():
    x = np.random.default_rng(1).uniform(-0.6, 0.6, (700, 2))
    late = np.concatenate([np.zeros((1, 2)), x[:-1]])
    return Examples(x, 0.8 * x + 0.1 * late - 0.3 * x * (x**2).sum(-1, keepdims=True), skip=8, trained=600)


def trained(plan, examples, path, report=lambda *_: None):
    return fit.Trainer(plan, examples, path, 0.0, report).run()


def test_a_surgeon_knows_what_a_value_costs_and_how_the_others_make_up_for_it():
    rng = np.random.default_rng(0)
    jacobian, wanted = rng.standard_normal((60, 8)), rng.standard_normal(60)
    whole = np.linalg.lstsq(jacobian, wanted, rcond=None)[0]
    surgeon, kept, value = Surgeon(whole, jacobian.T @ jacobian), np.delete(np.arange(8), 3), 0.7
    part = np.linalg.lstsq(jacobian[:, kept], wanted - value * jacobian[:, 3], rcond=None)[0]
    forced = np.insert(part, 3, value)
    before, after = (((wanted - jacobian @ w) ** 2).sum() for w in (whole, forced))
    assert surgeon.penalties(value)[3] == pytest.approx(after - before, rel=1e-5)
    surgeon.fix([3], value)
    assert np.allclose(surgeon.weights, forced, atol=1e-5) and surgeon.weights[3] == value
    assert surgeon.penalties()[3] == np.inf and np.isfinite(surgeon.penalties()[kept]).all()
    surgeon.fix([5], 0.1, compensate=False)
    assert np.allclose(np.delete(surgeon.weights, 5), np.delete(forced, 5), atol=1e-5)


def test_codes_of_few_digits():
    found = sparse.few_digits(Format(8, 4), 2, 8).tolist()
    assert found == [code for code in range(-128, 128) if len(signed_digits(code)) <= 2]
    assert {0, 5, 96, -127} <= set(found) and 11 not in found
    assert sparse.few_digits(Format(8, 4), 1, 6).tolist() == [-128, -64, -32, -16, -8, -4, 0, 4, 8, 16, 32, 64]
    assert sparse.nearest(np.array([-9.0, 0.4, 0.6, 9.0]), np.array([-1.0, 0.0, 1.0])).tolist() == [-1, 0, 1, 1]


def test_zeros_stay_zero_in_the_integer_net_and_the_cost_falls(examples, tmp_path):
    plan = planned()
    dense = trained(replace(plan, sparse=None, text="dense"), examples, tmp_path / "dense.pt").net
    found = trained(plan, examples, tmp_path / "sparse.pt")
    assert products(dense) > 55 and 28 <= products(found.net) <= 30
    for name, value in found.parent.items():
        node, _, key = name.partition(".")
        code = getattr(layer(found.net, node), key)
        assert key == "bias" or not code[value == 0].any()
    before, after = (cost(net, 1, dsps=0).adders for net in (dense, found.net))
    assert after < 0.7 * before


def layer(net, name):
    return next(node.layer for node in net.nodes if node.name == name)


def test_every_round_takes_its_share_and_learns(examples, tmp_path):
    seen = {}
    trained(
        planned(), examples, tmp_path / "state.pt", lambda stage, done, _, error: seen.update({(stage, done): error})
    )
    assert {stage for stage, _ in seen} == {"float", "sparse-1", "sparse-2"}
    assert seen["sparse-2", 3] < -30 and seen["sparse-1", 3] <= seen["sparse-1", 1]


def test_a_round_goes_on_with_what_the_stage_before_it_remembers(examples, tmp_path):
    """Its damping is the least one from the first step on, and its first step knows the rows of the stage before."""
    text = RECIPE.replace("float_epochs = 8", "memory = 0.9\ndamping = 1e-2\nleast_damping = 1e-4\nfloat_epochs = 8")
    plan, kept = recipe.parse(text.encode(), "sparse"), {}

    def report(stage, done, epochs, error):
        state = checkpoint.read(tmp_path / "state.pt", fit.VERSION)
        kept[stage, done] = state["optimiser"]["damping"], state["optimiser"]["remembered"][0].trace()

    net = trained(plan, examples, tmp_path / "state.pt", report).net
    assert 28 <= products(net) <= 30
    dampings = [kept["float", k][0] for k in range(2, 9)]
    assert all(later < earlier for earlier, later in pairwise(dampings)) and dampings[-1] < 3e-4
    assert {kept[f"sparse-{k}", done][0] for k in (1, 2) for done in (2, 3)} == {1e-4}
    assert (
        kept["sparse-1", 2][1] > 2 * kept["float", 2][1] > 0
    )  # a step alone would have as much as two of the float stage


def test_equations_that_no_checkpoint_holds_are_refused(monkeypatch):
    remembering = recipe.parse(RECIPE.replace("float_epochs = 8", "memory = 0.9\nfloat_epochs = 8").encode(), "sparse")
    size = parameter_count(skeleton(remembering))
    monkeypatch.setattr(beginning, "FILE", 2 * 8 * size**2)
    beginning.initial(remembering)
    monkeypatch.setattr(beginning, "FILE", 2 * 8 * size**2 - 2)
    with pytest.raises(
        BadInput, match=f"train.memory keeps {8 * size**2:,} bytes for the equations of {size} parameters"
    ):
        beginning.initial(remembering)
    beginning.initial(planned())


def test_weights_of_adders_have_few_digits_and_the_others_make_up_for_it(examples, tmp_path):
    found = trained(planned(DIGITS), examples, tmp_path / "digits.pt").net
    full = 0
    for node in found.nodes:
        if isinstance(node.layer, Dense | ComplexFIR):
            many = [code for code in node.layer.weight.ravel().tolist() if len(signed_digits(code)) > 2 or code % 32]
            full += len(many) * (2 if isinstance(node.layer, ComplexFIR) else 1)
    assert 1 <= full <= 8 and products(found) <= 30


@pytest.mark.parametrize(
    ("stage", "epoch"), [("float", 3), ("sparse-1", 1), ("sparse-1", 3), ("sparse-2", 2), ("digits", 1)]
)
def test_a_killed_run_ends_in_the_same_net(examples, tmp_path, stage, epoch):
    class Killed(Exception):
        pass

    def report(now, done, epochs, error):
        if (now, done) == (stage, epoch):
            raise Killed

    plan = planned(DIGITS)
    whole = trained(plan, examples, tmp_path / "whole.pt").net
    with pytest.raises(Killed):
        trained(plan, examples, tmp_path / "state.pt", report)
    assert content_hash(trained(plan, examples, tmp_path / "state.pt").net) == content_hash(whole)


def test_zeros_stay_zero_in_quantisation_aware_training(examples, tmp_path):
    text = RECIPE.replace("qat = false\nqat_epochs = 0", "qat = true\nqat_epochs = 2")
    found = trained(recipe.parse(text.encode(), "sparse"), examples, tmp_path / "qat.pt")
    assert products(found.net) <= 30
    assert any((found.parent[f"{n.name}.weight"] != 0).sum() for n in found.net.nodes if isinstance(n.layer, Dense))


def test_rounds_begin_with_the_float_parent_of_a_net(examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = trained(planned(), examples, tmp_path / "first.pt")
    saved(first, RECIPE, tmp_path / "net")
    more = RECIPE.replace("float_epochs = 8", "float_epochs = 0").replace("products = 30", "products = 20")
    plan = recipe.parse(f'{more}start = "net"\n'.encode(), "more")
    assert fit.plan(plan) == ["sparse-1", "sparse-2"]
    stages = set()
    found = trained(plan, examples, tmp_path / "more.pt", lambda stage, *_: stages.add(stage))
    assert stages == {"sparse-1", "sparse-2"} and 18 <= products(found.net) <= 20
    for name, value in first.parent.items():
        assert not found.parent[name][(value == 0) & (not name.endswith("bias"))].any()
    with pytest.raises(BadInput, match="has other layers than sparse"):
        beginning.initial(recipe.parse(plan.text.replace("fir_taps = [4]", "").encode(), "more"))
    for change, words in (
        ("hidden = [6]|hidden = [5]", "has 6 neurons in fc1, and sparse 5; give it as many"),
        ("products = 20|products = 40", "40 are asked for"),
        ('"net"|"none"', "none/recipe.toml"),
    ):
        old, new = change.split("|")
        with pytest.raises(BadInput, match=words):
            beginning.initial(recipe.parse(plan.text.replace(old, new).encode(), "more"))


def test_parameters_count_weights_that_are_not_zero_and_biases(examples, tmp_path):
    plan = recipe.parse(RECIPE.replace("products = 30", "parameters = 33").encode(), "sparse")
    network = Network(skeleton(plan))
    assert sparse.left(network, plan.sparse) == 8  # biases alone
    found = trained(plan, examples, tmp_path / "sparse.pt")
    assert sum(int((v != 0).sum()) for v in found.parent.values()) == 33
    assert 31 <= left(found.net) <= 33 < parameter_count(found.net)


def test_a_larger_net_grows_from_a_smaller_one(examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = trained(planned(), examples, tmp_path / "first.pt")
    saved(first, RECIPE, tmp_path / "net")
    text = RECIPE.replace("hidden = [6]", "hidden = [9]").replace("products = 30", "parameters = 85\nstart = 'net'")
    plan = recipe.parse(text.encode(), "more")
    assert fit.plan(plan) == ["float", "sparse-1", "sparse-2"]
    seen = []
    found = trained(plan, examples, tmp_path / "more.pt", lambda stage, done, *_: seen.append((stage, done)))
    assert seen[0][0] == "float" and left(found.net) <= 85
    assert (found.parent["fc2.weight"][:, 6:] != 0).any()  # new neurons are heard


def saved(found, text, folder):
    """The folder of a net, as far as another recipe begins with it."""
    folder.mkdir()
    (folder / "recipe.toml").write_text(text)
    floats = {name: np.ascontiguousarray(value) for name, value in found.parent.items()}
    (folder / "float.safetensors").write_bytes(safetensors.numpy.save(floats))


def test_prices_are_products():
    network = Network(skeleton(planned()))
    assert sparse.prices(network).sum() == 6 * 6 + 6 * 2 + 4 * 2 * 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('method = "levenberg"|method = "adam"', "sparse needs train.method"),
        ("[sparse]|[gan]\nepochs = 1\n[sparse]", "sparse does not go with gan"),
        ("products = 30|parameters = 5", "sparse.parameters is 5, and the 8 biases stay"),
        ("products = 30|products = 0", "products is 0 and parameters 0; give one of them"),
        ("products = 30|products = 30\nparameters = 30", "products is 30 and parameters 30; give one of them"),
        ("rounds = 2|rounds = 0", "rounds is 0; it must be 1 to 100"),
        ("float_epochs = 8|float_epochs = 0", "float_epochs is 0; it must be at least 1, or sparse.start name a net"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(change, words):
    old, new = change.split("|")
    with pytest.raises(BadInput, match=words):
        recipe.parse(RECIPE.replace(old, new).encode(), "sparse")


def test_the_documented_section_shows_the_defaults():
    page = (Path(__file__).resolve().parents[2] / "docs" / "dpd-realtime.md").read_text()
    (block,) = re.findall(r"```toml\n(\[sparse\].*?)```", page, re.S)
    found = recipe.parse((RECIPE.split("[sparse]")[0] + block).encode(), "docs/dpd-realtime.md").sparse
    assert found == recipe.Sparse(products=480)
    assert {field.name for field in fields(found)} == set(re.findall(r"^(\w+) =", block, re.M))
