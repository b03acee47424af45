"""Every stage of training: that it learns, that it resumes exactly, and that every switch switches."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited, mild_amplifier, write_capture

from bittrue.apps.dpd import recipe
from bittrue.apps.dpd.captures.data import to_iq
from bittrue.apps.dpd.metrics import Channel
from bittrue.errors import BadInput

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from bittrue.apps.dpd.amplifiers.ilc import ideal_input  # noqa: E402
from bittrue.apps.dpd.training import trainer as fit  # noqa: E402
from bittrue.apps.dpd.training.beginning import initial  # noqa: E402
from bittrue.apps.dpd.training.sensitivity import sensitivity  # noqa: E402
from bittrue.apps.dpd.training.stage import Loop  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402
from bittrue.kit.training.averaging import copied  # noqa: E402
from bittrue.kit.training.distributed import LAUNCHED, Team  # noqa: E402
from bittrue.kit.training.log import Log  # noqa: E402
from bittrue.spec.store import content_hash  # noqa: E402

HEAD = """
name = "small"
capture = "{capture}"
[net]
taps = [0, 1]
powers = [1, 2]
hidden = [6, 4]
activation = "{activation}"
[formats]
input = "Q1.15"
features = "Q1.15"
hidden = "Q4.12"
output = "Q1.15"
[train]
seed = 3
batch = 512
float_epochs = 4
qat_epochs = 2
qat_rate = 1e-3
float_rate = 1e-2
validate_every = 1
skip = 8
initial = "xavier"
"""
GAN = """
[gan]
epochs = 4
qat_from = 2
batch = 1
rate = 1e-3
critic_steps = 2
"""
CHANNEL = Channel(RATE, BANDWIDTH, 5, 1024)
GAIN = 0.9


class MildAmplifier(torch.nn.Module):
    """`tiny_pa.mild_amplifier`, differentiable."""

    def forward(self, u):
        z = torch.complex(u[..., 0], u[..., 1])
        turn = complex(np.exp(0.3j))
        y = 1.1 * z - 0.25 * turn * z * (z * z.conj()).real
        y = y + 0.05 * torch.nn.functional.pad(z[..., :-1], (1, 0))
        return torch.view_as_real(y)


@pytest.fixture(scope="module")
def examples():
    x = band_limited(11000, 0)
    return fit.Examples(to_iq(x), to_iq(ideal_input(mild_amplifier, x, GAIN, 1.0).drive), skip=8, trained=9000)


def parsed(extra="", activation="leaky", capture="nowhere", **changes):
    text = HEAD.format(activation=activation, capture=capture)
    for key, value in changes.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
        text = "\n".join(lines) + f"\n{key} = {value}\n"
    return recipe.parse((text + extra).encode(), "small")


def trainer(plan, examples, folder, seconds=1e9, report=lambda *_: None, **more):
    loop = Loop(MildAmplifier, GAIN, CHANNEL)
    return fit.Trainer(plan, examples, folder / "state.pt", seconds, report, loop, **more)


class Killed(Exception):
    pass


KINDS = {
    "gan": parsed(GAN, ema=0.9, batch=2048),
    "gan, float net": parsed(GAN.replace("qat_from = 2\n", ""), qat="false", batch=2048),
    "levenberg": parsed(method='"levenberg"', activation="tanh"),
    "shaped": parsed("[shape]\nsegment = 256\nleft = 2.0\n", method='"levenberg"', batch=1024),
    "remembering": parsed(
        "[shape]\nsegment = 256\nsensitivity = true\n[sparse]\nparameters = 50\nrounds = 2\nepochs = 2\n",
        method='"levenberg"', activation="tanh", batch=1024, memory=0.8,
    ),
    "direct": parsed(objective='"direct"', batch=2048),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_killed_anywhere_ends_in_the_same_net(examples, tmp_path, kind):
    plan, seen = KINDS[kind], []
    whole = trainer(plan, examples, tmp_path / "whole", report=lambda *done: seen.append(done)).run()
    places = [(stage, done) for stage, done, *_ in seen]
    got = []

    def report(stage, done, epochs, error):
        got.append((stage, done, epochs, error))
        if len(got) == len(kills) + 1:
            kills.append((stage, done))
            raise Killed

    kills = []
    while True:
        try:
            cut = trainer(plan, examples, tmp_path / "cut", seconds=0.0, report=report).run()
        except Killed:
            continue
        break
    assert kills == places and got == seen  # killed after every single epoch, and none was run twice
    assert content_hash(cut.net) == content_hash(whole.net)
    assert all(np.array_equal(cut.parent[name], value) for name, value in whole.parent.items())


@pytest.mark.parametrize(
    ("plan", "stages"),
    [
        (parsed(), ["float", "qat"]),
        (parsed(qat="false"), ["float"]),
        (parsed(qat_epochs=0), ["float"]),
        (parsed(GAN), ["float", "gan", "gan-qat", "qat"]),
        (parsed(GAN, qat="false"), ["float", "gan"]),
        (parsed(GAN.replace("qat_from = 2", "qat_from = 0"), qat_epochs=0), ["float", "gan-qat"]),
        (parsed(GAN.replace("qat_from = 2", "qat_from = 9")), ["float", "gan", "qat"]),
        (parsed(GAN.replace("qat_from = 2\n", "")), ["float", "gan", "qat"]),
        (parsed(GAN.replace("epochs = 4", "epochs = 0")), ["float", "qat"]),
    ],
)
def test_the_recipe_decides_the_stages(plan, stages):
    assert fit.plan(plan) == stages


def test_the_adversarial_stage_improves_the_output(examples, tmp_path):
    plan, errors = parsed(GAN.replace("epochs = 4", "epochs = 12"), float_epochs=8, batch=512, qat_epochs=0), {}
    trainer(
        plan, examples, tmp_path, report=lambda stage, done, _, error: errors.setdefault(stage, []).append(error)
    ).run()
    assert errors["gan-qat"][-1] < errors["gan"][0] - 0.1
    assert errors["gan"] == sorted(errors["gan"], reverse=True)


def test_each_weight_switches_one_loss(examples, tmp_path):
    every = {"critic", "adversarial", "spectral", "supervised"}
    for off, gone in (
        ("", set()),
        ("adversarial = 0", {"critic", "adversarial"}),
        ("spectral = 0", {"spectral"}),
        ("supervised = 0", {"supervised"}),
    ):
        state = started(parsed(GAN + off), examples, tmp_path, "gan")
        assert set(state.epoch(0)) == every - gone


@pytest.mark.parametrize("loss", ["adversarial", "spectral", "supervised"])
def test_each_loss_alone_moves_the_generator_downhill(examples, tmp_path, loss):
    others = "".join(f"{name} = 0\n" for name in ("adversarial", "spectral", "supervised") if name != loss)
    stage = started(
        parsed(GAN.replace("rate = 1e-3", "rate = 1e-4\ncritic_rate = 0.0") + others), examples, tmp_path, "gan"
    )
    stage.critic.eval()  # no power iteration between the two looks
    batch = torch.arange(100, 100 + 8 + 4096)[None]
    first, second = (stage._generator_step(batch) for _ in range(2))
    assert set(first) == {loss} and second[loss] < first[loss]


def test_the_adversarial_stage_averages_and_clamps(examples, tmp_path):
    stage = started(parsed(GAN + "spectral = 0\nadversarial = 0\n", ema=0.5), examples, tmp_path, "gan")
    start = copied(stage.network)
    stage.epoch(0)
    for name, value in copied(stage.network).items():
        assert torch.allclose(stage.average.values[name], (start[name] + value) / 2, rtol=0, atol=1e-15)
    fixed = parsed(GAN + "spectral = 0\nadversarial = 0\n").text.replace("[train]", 'weight = "Q0.16"\n[train]')
    stage = started(recipe.parse(fixed.encode(), "small"), examples, tmp_path, "gan")
    stage.epoch(0)
    assert max(float(p.abs().max()) for name, p in copied(stage.network).items() if name.endswith("weight")) <= 0.5


def started(plan, examples, folder, name, **more):
    """The first stage of that name, at its start."""
    runner = trainer(plan, examples, folder, **more)
    return runner._stage(runner._start(name, initial(runner.recipe)))


def test_the_spectral_norm_of_the_critic_is_a_switch(examples, tmp_path):
    with_norm = started(parsed(GAN), examples, tmp_path, "gan").critic
    without = started(parsed(GAN + "spectral_norm = false"), examples, tmp_path, "gan").critic
    assert any("parametrizations" in name for name, _ in with_norm.named_parameters())
    assert not any("parametrizations" in name for name, _ in without.named_parameters())


def test_the_critic_moves_and_its_steps_are_counted(examples, tmp_path):
    stage = started(parsed(GAN), examples, tmp_path, "gan")
    before = copied(stage.critic)
    stage.epoch(0)
    assert not torch.equal(
        copied(stage.critic)["layers.0.parametrizations.weight.original"],
        before["layers.0.parametrizations.weight.original"],
    )
    steps = {int(entry["step"]) for entry in stage.critic_optimiser.state_dict()["state"].values()}
    own = {int(entry["step"]) for entry in stage.optimiser.state_dict()["state"].values()}
    assert own == {1} and steps == {2}  # the grid's offset leaves one sequence of 4,096 in 9,000 rows
    for optimiser in (stage.optimiser, stage.critic_optimiser):
        assert optimiser.defaults["betas"] == (0.0, 0.9)
    assert stage.critic_optimiser.defaults["lr"] == 1e-4


def test_quantisation_begins_at_its_epoch(examples, tmp_path):
    plan, modes = parsed(GAN), {}
    runner = trainer(plan, examples, tmp_path)
    build = runner._stage

    def watched(state):
        stage = build(state)
        modes[stage.name] = (stage.network.quantised_input, stage.first, stage.epochs)
        return stage

    runner._stage = watched
    runner.run()
    assert modes == {"float": (False, 0, 4), "gan": (False, 0, 2), "gan-qat": (True, 2, 4), "qat": (True, 0, 2)}


def test_the_critic_survives_the_switch_to_integers(examples, tmp_path):
    runner = trainer(parsed(GAN), examples, tmp_path)
    state = runner._descend(runner._start("gan", initial(runner.recipe)))
    following = runner._follow(state, "gan-qat")
    assert following["critic"] is state["critic"] and following["critic_optimiser"] is state["critic_optimiser"]
    assert "critic" not in runner._follow(state, "qat") and "parent" in following


def test_without_qat_the_net_is_the_rounded_parent(examples, tmp_path):
    fitted = trainer(parsed(qat="false"), examples, tmp_path).run()
    for name, value in fitted.parent.items():
        node, field = name.split(".")
        layer = next(n.layer for n in fitted.net.nodes if n.name == node)
        if field == "weight":
            assert abs(layer.weight_format.decode(layer.weight) - value).max() <= layer.weight_format.scale / 2


def test_the_direct_objective_lowers_the_error_of_the_output(examples, tmp_path):
    plan, errors = parsed(objective='"direct"', float_epochs=40), []
    trainer(plan, examples, tmp_path, report=lambda *done: errors.append(done[3])).run()
    assert errors[39] < -20 and errors[39] < errors[0] - 5


def test_the_direct_objective_judges_what_comes_out(examples, tmp_path):
    stage = started(parsed(objective='"direct"'), examples, tmp_path, "float")
    with torch.no_grad():
        drive = stage.network(torch.from_numpy(examples.x))[None]
        wanted = (MildAmplifier()(drive)[0] - GAIN * torch.from_numpy(examples.x))[9000:]
        relative = wanted.square().sum() / (GAIN * torch.from_numpy(examples.x[9000:])).square().sum()
    assert stage.score() == pytest.approx(10 * np.log10(float(relative)), abs=1e-9)
    frames = stage.frames()
    assert frames.shape[1] == 8 + 512 and bool((frames[:, 1:] - frames[:, :-1] == 1).all())
    assert int(frames.min()) >= 8 and int(frames.max()) < 9000 and len(frames) >= 16


def test_levenberg_beats_adam_on_few_epochs(examples, tmp_path):
    reached = {}
    for method in ("adam", "levenberg"):
        plan = parsed(method=f'"{method}"', activation="tanh", float_epochs=12, qat_epochs=0, batch=2048)
        trainer(plan, examples, tmp_path / method, report=lambda *done, m=method: reached.update({m: done[3]})).run()
    assert reached["levenberg"] < reached["adam"] - 10 and reached["levenberg"] < -35


def test_levenberg_draws_rows_or_whole_segments(examples, tmp_path):
    plain = started(parsed(method='"levenberg"'), examples, tmp_path, "float")
    assert plain.segments.shape == (9000 - 8, 1) and plain.solver.shape is not None
    shaped = started(KINDS["shaped"], examples, tmp_path, "float")
    assert shaped.segments.shape[1] == 256 and bool((shaped.segments.diff(dim=1) == 1).all())
    assert set(plain.epoch(0)) == {"regression", "damping"}


@pytest.mark.parametrize("kind", ["shaped", "remembering"])
def test_a_shaped_stage_validates_by_the_shaped_error(examples, tmp_path, kind):
    stage = started(KINDS[kind], examples, tmp_path, "float")
    for number in range(4):
        stage.epoch(number)
    with torch.no_grad():
        errors = stage.unseen_wanted - stage.network.forward_from(stage.unseen)
    firsts = [*range(0, 2000 - 256, 64), 2000 - 256]
    place = torch.cat([torch.arange(first, first + 256) for first in firsts])
    if kind == "remembering":  # as the amplifier passes them on, which turns a little and compresses
        sensed = sensitivity(MildAmplifier(), examples.u)[examples.validation].double()
        errors, wanted = (torch.einsum("nij,nj->ni", sensed, s) for s in (errors, stage.unseen_wanted))
        assert (sensed - sensed[0]).abs().max() > 0.1
    else:
        wanted = stage.unseen_wanted
    left, whole = (float(stage.shaping.apply(s[place]).square().sum()) for s in (errors, wanted))
    assert stage.score() == pytest.approx(10 * np.log10(left / whole), abs=1e-9)
    assert abs(stage.score() - super(type(stage), stage).score()) > 0.1


def test_a_validation_split_shorter_than_a_segment_is_refused(examples, tmp_path):
    plan = parsed("[shape]\nsegment = 4096\n", method='"levenberg"')
    stage = started(plan, examples, tmp_path, "float")
    with pytest.raises(BadInput, match="segment is 4096, but 2000 samples validate"):
        stage.score()


def test_a_stage_that_needs_an_amplifier_says_so(examples, tmp_path):
    for plan in (parsed(objective='"direct"'), KINDS["shaped"]):
        with pytest.raises(BadInput, match="needs an amplifier model"):
            fit.Trainer(plan, examples, tmp_path / "x", 1e9, lambda *_: None).run()


def test_a_gan_without_a_spectral_loss_needs_no_amplifier(examples, tmp_path):
    plan = parsed(GAN + "spectral = 0")
    fit.Trainer(plan, examples, tmp_path / "state.pt", 1e9, lambda *_: None).run()


def test_a_sequence_longer_than_the_signal_is_refused(examples, tmp_path):
    with pytest.raises(BadInput, match="9008 samples in a row"):
        trainer(parsed(GAN + "sequence = 9000"), examples, tmp_path).run()


def test_patience_ends_a_stage_early(examples, tmp_path):
    plan, seen = parsed(float_rate=0.0, float_epochs=50, patience=3, validate_every=2), []
    trainer(plan, examples, tmp_path, report=lambda *done: seen.append(done[:2])).run()
    assert [done for stage, done in seen if stage == "float"] == [1, 2, 3, 4, 5, 6]


def test_the_average_is_what_is_validated_and_kept(examples, tmp_path):
    stage = started(parsed(ema=0.99), examples, tmp_path, "float")
    stage.epoch(0)
    error, values = stage.validate()
    assert all(torch.equal(value, stage.average.values[name]) for name, value in values.items())
    assert not any(torch.equal(value, copied(stage.network)[name]) for name, value in values.items())
    stage.network.load_state_dict(values)
    assert stage.score() == error


def test_every_loss_is_logged(examples, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    plan, log = parsed(GAN, qat_epochs=0), Log(tmp_path / "logs")
    trainer(plan, examples, tmp_path, log=log).run()
    log.close()
    found = {}
    for stage in ("float", "gan", "gan-qat"):
        events = accumulator.EventAccumulator(str(tmp_path / "logs" / stage)).Reload()
        found[stage] = {tag: [event.step for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert found["float"] == {"regression": [1, 2, 3, 4], "validation error in dB": [1, 2, 3, 4]}
    assert set(found["gan"]) == {"critic", "adversarial", "spectral", "supervised", "validation error in dB"}
    assert found["gan-qat"]["spectral"] == [3, 4]


def test_logs_are_optional(examples, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    log = Log(tmp_path / "logs")
    log.scalars("float", 1, {"loss": 1.0})
    log.close()
    assert not (tmp_path / "logs").exists()


class FakeAccelerator:
    """One of two processes whose sums are added by the test."""

    def __init__(self, rank, other):
        self.process_index, self.num_processes, self.device, self.other = rank, 2, torch.device("cpu"), other

    def reduce(self, tensor, reduction):
        assert reduction == "mean"
        return (tensor + self.other(tensor)) / 2


def test_shares_of_a_batch_weigh_as_the_whole():
    values = torch.arange(7.0) ** 2  # the halves have different means
    shares = [Team(FakeAccelerator(rank, None)).share(values) for rank in (0, 1)]
    assert sorted(torch.cat([own for own, _ in shares]).tolist()) == values.tolist()
    assert sum(float(own.mean()) * weight for own, weight in shares) / 2 == pytest.approx(float(values.mean()))
    assert Team().share(values)[0] is values


def test_gradients_become_their_mean_and_none_counts_as_zero():
    parameters = [torch.nn.Parameter(torch.zeros(2, 3)), torch.nn.Parameter(torch.zeros(4))]
    parameters[0].grad = torch.full((2, 3), 4.0)
    Team(FakeAccelerator(0, lambda tensor: torch.arange(10.0))).average(parameters)
    assert parameters[0].grad.tolist() == [[2, 2.5, 3], [3.5, 4, 4.5]] and parameters[1].grad.tolist() == [
        3,
        3.5,
        4,
        4.5,
    ]


def test_a_lone_process_is_no_team(monkeypatch):
    for name in LAUNCHED:
        monkeypatch.delenv(name, raising=False)
    team = Team.gather()
    assert (team.rank, team.size, team.leads, team.device.type) == (0, 1, True, "cpu")


SCRIPT = """
import os, signal, sys
from bittrue.apps.dpd import recipe
from bittrue.apps.dpd.train import train
from bittrue.kit.training.distributed import Team

def report(stage, done, epochs, error):
    if f"{stage} {done}" == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

train(recipe.load(sys.argv[1]), sys.argv[2], seconds=0.0, report=report)
team = Team.gather()
print("process", team.rank, "of", team.size, flush=True)
"""


@pytest.fixture
def on_disk(tmp_path):
    """A recipe file with both stages, its capture, and a script that trains it."""
    folder = write_capture(tmp_path / "tiny", (9000, 1500, 1500))
    plan = parsed(GAN, capture=folder, batch=2048)
    (tmp_path / "plan.toml").write_text(plan.text)
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def run(folder, output, kill="", launcher=()):
    command = [sys.executable, *launcher, "script.py", "plan.toml", output, kill]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    environment["BITTRUE_BUILD"] = str(folder / "build")
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def outputs(folder):
    names = ("weights.safetensors", "float.safetensors", "kat.safetensors", "net.json", "CARD.md")
    return {name: (folder / name).read_bytes() for name in names}


@pytest.mark.heavy
def test_a_run_that_is_really_killed_ends_in_the_same_files(on_disk):
    assert run(on_disk, "whole").returncode == 0
    for place in ("float 3", "gan 1", "gan 2", "gan-qat 3"):
        done = run(on_disk, "cut", place)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert checkpoint.read(on_disk / "cut" / "checkpoint" / "state.pt", fit.VERSION)["stage"] == place.split()[0]
    assert not (on_disk / "cut" / "net.json").exists()
    assert run(on_disk, "cut").returncode == 0
    assert outputs(on_disk / "cut") == outputs(on_disk / "whole")


@pytest.mark.heavy
def test_two_processes_train_what_one_trains(on_disk):
    pytest.importorskip("accelerate")
    launcher = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1")
    launcher += ("--main_process_port", "0")
    done = run(on_disk, "two", launcher=launcher)
    assert done.returncode == 0, done.stderr
    assert "process 0 of 2" in done.stdout and "process 1 of 2" in done.stdout
    assert run(on_disk, "one").returncode == 0
    states = [checkpoint.read(on_disk / name / "checkpoint" / "state.pt", fit.VERSION) for name in ("one", "two")]
    for name, value in states[0]["parent"].items():
        assert torch.allclose(value, states[1]["parent"][name], rtol=0, atol=1e-9)
    assert len(list((on_disk / "two" / "logs" / "gan").iterdir())) == 1  # one process writes
