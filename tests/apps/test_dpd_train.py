import dataclasses
import re

import numpy as np
import pytest

from bittrue import ref, spec
from bittrue.apps.dpd import float_net, kat, recipe
from bittrue.apps.dpd.captures import data
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.store import content_hash

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from bittrue.apps.dpd.amplifiers import identify, identify_plan  # noqa: E402
from bittrue.apps.dpd.polynomials import polynomial_plan, polynomial_train  # noqa: E402
from bittrue.apps.dpd.topology import skeleton  # noqa: E402
from bittrue.apps.dpd.train import train  # noqa: E402
from bittrue.apps.dpd.training import trainer as fit  # noqa: E402
from bittrue.apps.dpd.training.beginning import initial  # noqa: E402
from bittrue.apps.dpd.training.equalise import equalise  # noqa: E402
from bittrue.folder_lock import locked  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402

SMALL = """
name = "small"
capture = "{capture}"
[net]
taps = [0, 1]
powers = [1, 2]
hidden = [4, 3]
leaky_shift = 2
fir_taps = [{fir}]
[formats]
input = "Q1.15"
features = "Q1.15"
hidden = "{hidden}"
output = "Q1.15"
weight = "{weight}"
equalise = {equalise}
[train]
seed = 3
batch = 256
float_epochs = 6
qat_epochs = 4
float_rate = 1e-2
qat_rate = 1e-3
validate_every = 2
"""


def small(folder, weight="fit", equalise="false", hidden="Q4.12", fir=""):
    text = SMALL.format(capture=folder, weight=weight, equalise=equalise, hidden=hidden, fir=fir)
    return recipe.parse(text.encode(), "small")


class Killed(Exception):
    pass


def killer(stage, epoch):
    def report(now, done, epochs, error):
        if (now, done) == (stage, epoch):
            raise Killed

    return report


def quiet(*_):
    return None


KINDS = [{}, {"weight": "Q1.15", "equalise": "true", "hidden": "Q8.8"}, {"fir": "5, 2"}]


@pytest.mark.parametrize("kind", KINDS, ids=["fit", "compat", "fir"])
def test_a_killed_run_ends_in_the_same_net(capture_folder, tmp_path, kind):
    plan = small(capture_folder, **kind)
    whole = train(plan, tmp_path / "whole", report=quiet)
    for stage, epoch in (
        ("float", 2),
        ("float", 5),
        ("qat", 3),
    ):
        with pytest.raises(Killed):
            train(plan, tmp_path / "cut", seconds=0.0, report=killer(stage, epoch))
    seen = []
    resumed = train(plan, tmp_path / "cut", report=lambda *done: seen.append(done[:2]))
    assert seen == [("qat", 4)]
    assert content_hash(resumed.net) == content_hash(whole.net)
    for name in ("CARD.md", "float.safetensors", "kat.safetensors", "weights.safetensors"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_run_without_a_recent_checkpoint_repeats_the_lost_epochs(capture_folder, tmp_path):
    plan = small(capture_folder)
    whole = train(plan, tmp_path / "whole", report=quiet)
    with pytest.raises(Killed):
        train(plan, tmp_path / "cut", seconds=1e9, report=killer("qat", 2))
    seen = []
    resumed = train(plan, tmp_path / "cut", report=lambda *done: seen.append(done[:2]))
    assert seen == [("qat", k) for k in (1, 2, 3, 4)]
    assert content_hash(resumed.net) == content_hash(whole.net)


def test_the_folder_is_complete(capture_folder, tmp_path):
    text = small(capture_folder).text.replace("qat_rate = 1e-3", "qat_rate = 0.0")  # the net is the rounded parent
    plan = recipe.parse(text.encode(), "small")
    result = train(plan, tmp_path / "net", report=quiet)
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == [
        "CARD.md",
        "checkpoint",
        "float.safetensors",
        "kat.safetensors",
        "logs",
        "net.json",
        "recipe.toml",
        "weights.safetensors",
    ]
    net = spec.load(tmp_path / "net")
    assert content_hash(net) == content_hash(result.net)
    x, y = kat.read(tmp_path / "net" / kat.FILE)
    assert len(x) == 320 and np.array_equal(ref.run(net, x), y)
    parent = float_net.load(tmp_path / "net" / float_net.FILE, net)
    values = data.to_iq(data.load(capture_folder).inputs["test"])
    rounded = net.output.format.decode(ref.run(net, net.input.format.encode(values)))
    assert abs(float_net.run(net, parent, values) - rounded).max() < 2e-3
    assert recipe.load(tmp_path / "net" / "recipe.toml") == plan
    rows = {row.name: row.metrics.nmse for row in result.judges[0].rows}
    card = (tmp_path / "net" / "CARD.md").read_text()
    for expected in (
        content_hash(net),
        "seed | 3",
        "not an RF measurement",
        f"{rows['none']:.2f}",
        "`bittrue train dpd --recipe recipe.toml --output .` in the folder of this card",
        "| data | tiny_pa, a capture of the user's own: 2,400 train",
    ):
        assert expected in card
    assert "Apache" not in card and "of opendpd" not in card
    assert "Not simulated through" in card and "the Arena has no amplifier for tiny_pa." in card


def test_training_makes_the_amplifier_more_linear(capture_folder, tmp_path):
    text = small(capture_folder).text.replace("float_epochs = 6", "float_epochs = 40").replace("256", "64")
    seen = []
    plan = recipe.parse(text.encode(), "small")
    result = train(plan, tmp_path / "net", report=lambda stage, done, epochs, error: seen.append(error))
    assert seen[:40] == sorted(seen[:40], reverse=True) and seen[-1] < -26
    rows = {row.name: row.metrics.nmse for row in result.judges[0].rows}
    assert rows["ideal for the GMP twin (ILC)"] < rows["**small, integer**"] < rows["none"] - 4


def test_another_recipe_does_not_go_on_from_this_checkpoint(capture_folder, tmp_path):
    plan = small(capture_folder)
    with pytest.raises(Killed):
        train(plan, tmp_path / "net", seconds=0.0, report=killer("float", 2))
    other = dataclasses.replace(plan, text=plan.text.replace("seed = 3", "seed = 4"))
    with pytest.raises(BadInput, match="another recipe"):
        train(other, tmp_path / "net", report=quiet)
    path = capture_folder / "val_input.csv"
    path.write_text(path.read_text().replace("0.1", "0.2", 1))
    with pytest.raises(BadInput, match="another capture"):
        train(plan, tmp_path / "net", report=quiet)
    assert not (tmp_path / "net" / "net.json").exists()


def test_a_checkpoint_that_cannot_be_read_is_refused(capture_folder, tmp_path):
    path = tmp_path / "net" / "checkpoint" / "state.pt"
    path.parent.mkdir(parents=True)
    for content in (b"", b"junk" * 100):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="remove it"):
            train(small(capture_folder), tmp_path / "net", report=quiet)
    torch.save({"version": 99}, path)
    with pytest.raises(BadInput, match="version 1"):
        train(small(capture_folder), tmp_path / "net", report=quiet)


def test_an_output_that_is_a_file_is_refused(capture_folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="another output folder"):
        train(small(capture_folder), tmp_path / "file", report=quiet)


def test_another_net_is_never_replaced(tmp_path):
    other = spec.TensorType((2,), Format.parse("Q1.7"))
    spec.save(spec.Net("other", other, (spec.Node("a", spec.Add(other.format), ("input", "input")),)), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    plan, where = small("nowhere"), f"{tmp_path / 'net.json'} is of net other, and net"
    with pytest.raises(BadInput, match=re.escape(f"{where} small would replace it; choose another folder")):
        train(plan, tmp_path)
    polynomial = polynomial_plan.plan_of(plan, 20)
    with pytest.raises(BadInput, match=re.escape(f"{where} {polynomial.name} would replace it")):
        polynomial_train.train(polynomial, tmp_path)
    with pytest.raises(BadInput, match="is of a net, and the amplifier model would replace its weights"):
        identify.identify(identify_plan.plan("pa-gru"), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_equalising_keeps_the_function_and_fills_the_weights(capture_folder):
    plan = small(capture_folder, weight="Q1.15", hidden="Q8.8")
    network = initial(plan)
    network.enable_qat(False)
    x = torch.from_numpy(examples().x)
    with torch.no_grad():
        before = network(x)
        equalise(network, network.precompute(x))
        assert torch.allclose(network(x), before, rtol=0, atol=1e-12)
    largest = network.layers["fc1"].weight.detach().abs().amax(1)
    assert torch.allclose(largest, torch.full_like(largest, 1 - 2**-15))


def test_equalising_respects_the_range_of_the_outputs(capture_folder):
    plan = small(capture_folder, weight="Q4.12", hidden="Q1.7")
    network = initial(plan)
    network.enable_qat(False)
    with torch.no_grad():
        known = network.precompute(torch.from_numpy(examples().x))
        equalise(network, known)
        reached = network.evaluate(known, ("fc1", "fc2"))
    for name in ("fc1", "fc2"):
        assert torch.allclose(reached[name].abs().amax(0), torch.tensor(0.5 * 127 / 128, dtype=torch.float64))


def test_fixed_weights_stay_inside_their_format(capture_folder, tmp_path):
    plan = small(capture_folder, weight="Q1.15")
    plan = dataclasses.replace(plan, train=dataclasses.replace(plan.train, float_rate=0.5))
    trainer = fit.Trainer(plan, examples(), tmp_path / "state.pt", 1e9, quiet)
    fitted = trainer.run()
    assert all(abs(value).max() <= 1 for name, value in fitted.parent.items() if name.endswith("weight"))


def test_the_law_is_checked_before_a_net_is_written(monkeypatch):
    net = skeleton(recipe.builtin("tdnn-wide"))
    monkeypatch.setattr(fit.ref, "run", lambda net, codes: codes + 1)
    with pytest.raises(RuntimeError, match="differ"):
        fit.check_law(net, examples().x)


def test_the_first_samples_are_not_trained_on(capture_folder):
    plan = small(capture_folder)
    trainer = fit.Trainer(plan, examples(), "unused", 0.0, quiet)
    stage = trainer._stage(trainer._start("float", initial(trainer.recipe)))
    assert stage.rows.tolist() == list(range(8, 300))
    assert {len(value) for value in (*stage.known.values(), stage.wanted)} == {400}
    assert {len(value) for value in (*stage.unseen.values(), stage.unseen_wanted)} == {100}


def test_a_resumed_stage_remembers_its_best(capture_folder, tmp_path):
    trainer = fit.Trainer(small(capture_folder), examples(), tmp_path / "state.pt", 1e9, quiet)
    state = trainer._start("float", initial(trainer.recipe)) | {"epoch": 1, "best_loss": -1000.0}
    assert trainer._descend(state)["best"] is state["best"]
    assert trainer._descend(state | {"epoch": 0})["best"] is not state["best"]


def examples():
    x = np.random.default_rng(1).uniform(-0.7, 0.7, (400, 2))
    return fit.Examples(x, 0.9 * x, skip=8, trained=300)


def stored(folder, plan, **changes):
    """A checkpoint of the first stage of a recipe in a folder, changed as given."""
    trainer = fit.Trainer(plan, examples(), "unused", 0.0, quiet)
    state = trainer._start("float", initial(trainer.recipe)) | changes
    state = {key: value for key, value in state.items() if value is not None}
    checkpoint.write(folder / "checkpoint" / "state.pt", fit.VERSION, plan.text, "inputs", state)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": None},
        {"network": {"node_fc1.weight": torch.zeros(3)}},
        {"best": 3},
        {"best": {}},
        {"stage": "gan"},
        {"stage": None},
        {"epoch": "2"},
        {"best_loss": [1.0]},
        {"generator": torch.zeros(4)},
        {"stage": "done", "parent": {}},
    ],
)
def test_a_checkpoint_that_does_not_fit_is_found_before_the_data_is_read(tmp_path, changes):
    plan = small(tmp_path / "there is no such capture")
    stored(tmp_path / "net", plan, **changes)
    with pytest.raises(BadInput, match="does not hold what its recipe describes"):
        train(plan, tmp_path / "net", report=quiet)
    assert [path.name for path in (tmp_path / "net").iterdir()] == ["checkpoint"]


def test_what_is_no_checkpoint_is_found_before_the_data_is_read(tmp_path):
    plan = small(tmp_path / "there is no such capture")
    (tmp_path / "net" / "checkpoint").mkdir(parents=True)
    (tmp_path / "net" / "checkpoint" / "state.pt").write_bytes(b"junk")
    with pytest.raises(BadInput, match="damaged or of another kind"):
        train(plan, tmp_path / "net", report=quiet)
    stored(tmp_path / "good", plan)
    with pytest.raises(BadInput, match="there is no such capture"):
        train(plan, tmp_path / "good", report=quiet)


def test_a_folder_that_another_run_works_in_is_refused(capture_folder, tmp_path):
    with locked(tmp_path / "net"), pytest.raises(BadInput, match="works in"):
        train(small(capture_folder), tmp_path / "net", report=quiet)
    assert not list((tmp_path / "net").iterdir())
