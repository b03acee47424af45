"""From the first float step to the integer net: folded first, killed anywhere, and what is trained is the net."""

import numpy as np
import pytest
from ecg_files import SMALL

torch = pytest.importorskip("torch")

from bittrue import ref  # noqa: E402
from bittrue.apps.ecg import inference, recipe  # noqa: E402
from bittrue.apps.ecg.beats import beats, database  # noqa: E402
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise  # noqa: E402
from bittrue.apps.ecg.datasets import Material  # noqa: E402
from bittrue.apps.ecg.training import stage  # noqa: E402
from bittrue.apps.ecg.training import trainer as fit  # noqa: E402
from bittrue.apps.ecg.training.network import Network, quantised  # noqa: E402
from bittrue.apps.ecg.training.stage import FLOAT, QUANTISED, scores  # noqa: E402
from bittrue.apps.ecg.training.trainer import Trainer  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402
from bittrue.qat import ai8x  # noqa: E402

torch.set_num_threads(1)
QUANTISE = "[quantise]\nsteps = 4\nema = 0.5\nvalidate_every = 2\nrate = 0.01\n\n"
TEXT = SMALL.replace("[augment]", QUANTISE + "[augment]")
SHAPE = (3, 32)


def plan(old="", new=""):
    assert old in TEXT
    return recipe.parse(TEXT.replace(old, new, 1).encode(), "x")


def material(learnt=(1, 2), held=(3,), chosen=None):
    given = (chosen or plan()).input
    made = [
        beats.gather([synthesise(Patient(seed=seed, seconds=40)) for seed in seeds], given) for seeds in (learnt, held)
    ]
    return Material(*made, "made-up patients")


def same(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def looks(stage):
    return [(look.step, look.loss, look.verdict.confusion.tolist()) for look in stage.history]


def killed(path, name, stop, seconds=0.0):
    """A run that dies before step ``stop`` of a stage, with a checkpoint after every step."""
    trainer = Trainer(plan(), material(), path, seconds=seconds)

    def arm(stage, own):
        def advance(number):
            if stage.name == name and number == stop:
                raise KeyboardInterrupt
            return own(number)

        stage.advance = advance

    arm(trainer.stage, trainer.stage.advance)
    begin = trainer._quantise

    def quantise(floats):
        begin(floats)
        arm(trainer.stage, trainer.stage.advance)

    trainer._quantise = quantise
    with pytest.raises(KeyboardInterrupt):
        trainer.run()


@pytest.fixture(scope="module")
def whole():
    """A run that nobody killed: its looks of the quantised stage, and what it gave."""
    trainer = Trainer(plan(), material())
    fitted = trainer.run()
    return looks(trainer.stage), fitted


@pytest.mark.parametrize(
    ("name", "stop", "begins"),
    [
        (FLOAT, 1, (FLOAT, 1)),
        (FLOAT, 3, (FLOAT, 3)),
        (FLOAT, 5, (FLOAT, 5)),
        (QUANTISED, 0, (FLOAT, 6)),
        (QUANTISED, 1, (QUANTISED, 1)),
        (QUANTISED, 3, (QUANTISED, 3)),
    ],
)
def test_a_killed_run_ends_in_the_same_net(tmp_path, whole, name, stop, begins):
    killed(tmp_path / "state.pt", name, stop)
    resumed = Trainer(plan(), material(), tmp_path / "state.pt")
    assert (resumed.stage.name, resumed.stage.done) == begins
    fitted = resumed.run()
    assert same(fitted.floating, whole[1].floating) and same(fitted.quantised, whole[1].quantised)
    assert looks(resumed.stage) == whole[0]


def test_a_stage_that_ends_is_kept_however_young_the_last_checkpoint(tmp_path):
    killed(tmp_path / "state.pt", QUANTISED, 0, seconds=1e9)
    assert Trainer(plan(), material(), tmp_path / "state.pt").stage.done == 6


def test_a_finished_run_is_not_trained_again(tmp_path):
    first = Trainer(plan(), material(), tmp_path / "state.pt").run()
    again = Trainer(plan(), material(), tmp_path / "state.pt")
    assert (again.stage.name, again.stage.done) == (QUANTISED, 4)
    again.stage.advance = None
    found = again.run()
    assert same(found.quantised, first.quantised) and same(found.floating, first.floating)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    killed(tmp_path / "state.pt", QUANTISED, 1)
    with pytest.raises(BadInput, match="written with another recipe"):
        Trainer(plan("seed = 1", "seed = 2"), material(), tmp_path / "state.pt")
    with pytest.raises(BadInput, match="other data"):
        Trainer(plan(), material((1, 4)), tmp_path / "state.pt")
    (tmp_path / "state.pt").write_bytes(b"no checkpoint")
    with pytest.raises(BadInput, match="is damaged or of another kind"):
        fit.check(tmp_path / "state.pt", plan())


@pytest.mark.parametrize("stage", [FLOAT, QUANTISED])
def test_a_checkpoint_that_does_not_fit_is_found_without_the_beats(tmp_path, stage):
    path = tmp_path / "state.pt"
    killed(path, stage, 1)
    fit.check(path, plan())
    state = checkpoint.read(path, fit.VERSION)
    for key in ("network", "average", "best", "generator", "stage"):
        for wrong in (None, 3, {"fc.op.weight": torch.zeros(2)}):
            own = {name: value for name, value in state.items() if name not in ("version", "recipe", "inputs")}
            checkpoint.write(path, fit.VERSION, state["recipe"], state["inputs"], own | {key: wrong})
            with pytest.raises(BadInput, match="does not hold what its recipe describes"):
                fit.check(path, plan())


def test_batch_norm_is_folded_before_anything_is_quantised(monkeypatch):
    trainer = Trainer(plan(), material())
    trainer.stage.train(lambda _: None)
    trainer._quantise(trainer.stage.kept())
    network = trainer.stage.network
    assert all(layer.bn is None and layer.quantised for layer in ai8x.layers_of(network).values())
    assert not any(".bn." in name for name in network.state_dict())
    trained = {id(p) for group in trainer.stage.optimiser.param_groups for p in group["params"]}
    assert trained == {id(p) for p in network.parameters()}  # and not those of the float network
    # folded parameters are the float ones times batch norm, a quarter of it
    floats, stage = trainer._floating(), network.conv[0]
    norm = floats.conv[0].bn
    scale = 0.25 * norm.weight / torch.sqrt(norm.running_var + norm.eps)
    assert torch.allclose(stage.weight, floats.conv[0].weight * scale[:, None, None], rtol=1e-5)


def test_the_quantised_stage_trains():
    trainer = Trainer(plan("fold = 0", 'fold = 0\nselect = "last"'), material())
    fitted = trainer.run()
    rounded = quantised(copy(fitted.floating))
    assert not torch.equal(rounded.conv[0].weight, fitted.quantised.conv[0].weight)
    assert [look.step for look in trainer.stage.history] == [0, 2, 4]


def test_the_net_is_what_the_float_stage_kept():
    """Without a quantised step the net is the folded float average, not the parameters of the last step."""
    fitted = Trainer(plan("steps = 4", "steps = 0"), material()).run()
    rounded = quantised(copy(fitted.floating))
    assert same(rounded, fitted.quantised)
    trainer = Trainer(plan(), material())
    trainer.stage.train(lambda _: None)
    assert all(torch.equal(value, trainer.stage.kept()[name]) for name, value in fitted.floating.state_dict().items())


def test_the_random_numbers_go_on():
    trainer = Trainer(plan(), material())
    trainer.stage.train(lambda _: None)
    state = trainer.stage.generator.get_state()
    trainer._quantise(trainer.stage.kept())
    assert torch.equal(trainer.stage.generator.get_state(), state)


def test_training_that_does_not_help_is_not_kept(monkeypatch):
    scored = iter([0.5, 0.4, 0.3, 0.9, 0.2, 0.1])
    trainer = Trainer(plan(), material())
    monkeypatch.setattr(stage, "judge", lambda *_: Score(next(scored)))
    fitted = trainer.run()
    rounded = quantised(copy(fitted.floating))
    assert trainer.stage.best_score == 0.9 and torch.equal(rounded.conv[0].weight, fitted.quantised.conv[0].weight)


class Score:
    """A verdict with this macro-F1."""

    def __init__(self, macro_f1):
        self.macro_f1, self.confusion = macro_f1, np.zeros((5, 5), np.int64)


def copy(network):
    other = Network(network.recipe)
    other.load_state_dict(network.state_dict())
    return other.eval()


def equal_on(network, x):
    """Whether the averaged network's scores on int8 beats are the net's, all of them to the last bit."""
    net = ai8x.to_net(network, tuple(x.shape[1:]), "net")
    codes = ref.run(net, x.astype(np.int64))
    assert np.array_equal(inference.scores(net, x), codes)
    expected = torch.from_numpy(net.output.format.decode(codes))
    given = beats.Beats(x, np.zeros(len(x), int), np.zeros(len(x), int), np.arange(len(x)), ("x",))
    return torch.equal(scores(network, given).double(), expected)


@pytest.mark.parametrize(
    "change",
    [
        ("", ""),
        ("pool = 2\n", "pool = 2\naverage = true\n"),
        ("kernel = 3, pool = 4", "kernel = 3, pool = 4, average = true"),
        ("[quantise]", "[quantise]\nweight_bits = 4\nshift_quantile = 0.98"),
        ("[quantise]", '[quantise]\noverrides = [{ layer = "conv.1", weight_bits = 2 }]'),
        ("steps = 4", "steps = 0"),
        ("[augment]", "[augment]\nmixup = 0.4"),
    ],
)
def test_what_is_trained_is_the_net(change):
    chosen = plan(*change)
    trainer = Trainer(chosen, material())
    fitted = trainer.run()
    noise = np.random.default_rng(5).integers(-128, 127, (200, *SHAPE), endpoint=True).astype(np.int8)
    assert equal_on(fitted.quantised, np.concatenate([material().held.x, noise]))


def test_the_net_is_the_average_and_its_shift_that_of_the_average():
    """The parameters go beyond a power of two in the last step, and the average does not."""
    trainer = Trainer(plan("fold = 0", 'fold = 0\nselect = "last"'), material())
    trainer.stage.train(lambda _: None)
    trainer._quantise(trainer.stage.kept())
    stage = trainer.stage
    while stage.done < 3:
        stage.advance(stage.done)
        stage.done += 1
    with torch.no_grad():
        weight = stage.network.conv[0].weight
        weight.mul_(76 / weight.abs().max())
    fitted = trainer.run()
    layer = fitted.quantised.conv[0]
    assert torch.equal(layer.weight, stage.average.values["conv.0.op.weight"])
    assert equal_on(fitted.quantised, material().held.x)
    net = ai8x.to_net(fitted.quantised, SHAPE, "net")
    assert (layer.shift(), stage.network.conv[0].shift()) == (6, 7)
    assert layer.output_shift == 6 and net.nodes[0].layer.weight_format.frac == 1


def test_bits_and_quantiles_are_those_of_the_recipe():
    text = '[quantise]\nweight_bits = 4\nshift_quantile = 0.98\noverrides = [{ layer = "fc" }]'
    chosen = plan("[quantise]", text)
    network = quantised(Network(chosen))
    found = {name: (int(own.weight_bits), float(own.shift_quantile)) for name, own in layers(network)}
    assert found == {"conv.0": (4, pytest.approx(0.98)), "conv.1": (4, pytest.approx(0.98)), "fc": (8, 1.0)}
    assert chosen.net.names == tuple(found) and [chosen.quantise.bits(name) for name in found] == [4, 4, 8]


def layers(network):
    return [(name, own) for name, own in ai8x.layers_of(network).items() if own.op is not None]


def test_the_loss_has_the_same_units_before_and_after():
    """The wide layer leaves its power of two away; without it the quantised loss would be of another temperature."""
    torch.manual_seed(1)
    network = Network(plan()).eval()
    with torch.no_grad():
        network.fc.weight.mul_(40)
    x = torch.from_numpy(material().held.x[:50]).float() / 128
    before = network.logits(x)
    assert torch.equal(before, network(x))
    after = quantised(network).eval().logits(x)
    assert network.fc.shift() == 4 and 0.7 < after.norm() / before.norm() < 1.4
    assert torch.equal(after, network(x) * 2.0 ** network.fc.shift())


@pytest.mark.heavy
def test_what_is_trained_is_the_net_on_real_beats():
    try:
        database.locate()
    except BadInput as error:
        pytest.skip(str(error))
    chosen = recipe.builtin("ecg-tiny")
    given = beats.load(None, ["106", "223"], chosen.input)
    text = chosen.text.replace("steps = 300", "steps = 20")
    chosen = recipe.parse(text.encode(), "x")
    fitted = Trainer(chosen, Material(given, None, "two records")).run()
    assert len(given.x) > 4000 and equal_on(fitted.quantised, given.x)


def test_threads_do_not_change_the_net():
    """Sums over threads have another order; a recipe has one result on a machine, whatever the caller had set."""
    before, seen = torch.get_num_threads(), []
    trainer = Trainer(plan(), material(), report=lambda *_: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        trainer.run()
        assert set(seen) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
