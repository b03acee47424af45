"""Training of the noise GANs: two steps of every kind, resumption to the bit, several processes, and refusals."""

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from noise_gan_small import DATA_SET, STFT, WAVE, signals, small, write_set

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
h5py = pytest.importorskip("h5py", reason="h5py is missing: install the extra noise")
pytest.importorskip("matplotlib", reason="Matplotlib is missing: install the extra sim")

from bittrue.apps.noise.dataset import generated, opened  # noqa: E402
from bittrue.apps.noise.gan import resuming, run_folder, saved  # noqa: E402
from bittrue.apps.noise.gan.plan import plan  # noqa: E402
from bittrue.apps.noise.gan.train import train  # noqa: E402
from bittrue.apps.noise.gan.trainer import COLUMNS, Trainer  # noqa: E402
from bittrue.apps.noise.gan.transform import FILE, Transform  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402
from bittrue.kit.training.distributed import Team  # noqa: E402

SPECS = "model_specs"
KINDS = {
    "wavegan": WAVE,
    "psk kernel": {SPECS: {"kernel_size": 32}},
    "psk dilation, batch norm": {SPECS: {"receptive_field_type": "dilation", "gen_batch_norm": True}},
    "psk standard, no tanh": {
        SPECS: {"receptive_field_type": "standard", "kernel_size": 5, "use_tanh": False, "weight_init": "xavier_normal"}
    },
    "stft": STFT,
    "stft log_mag_IF quantile": STFT
    | {
        "dataloader_specs": {
            "dataset_specs": {"data_rep": "log_mag_IF", "quantize": "channel", "stft": True, "nperseg": 32}
        }
    },
    "gaussian, five critic steps": {"latent_type": "gaussian", "D_updates": 5},
}
FILES = (run_folder.HISTORY, run_folder.GENERATED, run_folder.METRICS, FILE, run_folder.CONFIGURATION, run_folder.RUN)


@pytest.fixture
def datasets(tmp_path):
    write_set(tmp_path / "sets")
    return tmp_path / "sets"


def trained(configuration, datasets, folder, **more):
    folder.mkdir(parents=True, exist_ok=True)
    return train(configuration, datasets, folder, team=Team(), **more)


def outputs(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_trains_two_steps_and_generates(datasets, tmp_path, kind):
    configuration = small(KINDS[kind], {"epochs": 1, "dataloader_specs": {"dataset_specs": {"num_samples": 16}}})
    result = trained(configuration, datasets, tmp_path / "run")
    assert result.history.shape == (2, len(COLUMNS)) and np.isfinite(result.history).all()
    part = generated(tmp_path / "run" / run_folder.GENERATED, 256)
    assert (part.count, part.length, part.is_complex) == (6, 256, False)
    assert not np.array_equal(part.signals()[0], part.signals()[1])
    metrics = json.loads((tmp_path / "run" / run_folder.METRICS).read_text())
    assert metrics == result.metrics and metrics["signals"] == 6
    assert metrics["generated"].keys() == metrics["floor"].keys() >= {"geodesic", "quantiles", "W1 of H"}
    assert 0.3 < metrics["medians"]["target"]["H"] < 0.7
    about = json.loads((tmp_path / "run" / run_folder.RUN).read_text())
    assert list(about["parameters"].values()) == list(result.parameters) and about["model"] == result.plan.model
    if find_spec("tensorboard"):
        assert list((tmp_path / "run" / "logs" / "gan").glob("events.*"))
    for name in (run_folder.LOSSES, run_folder.OUTPUTS, "waveform_plots/waveforms.png"):
        assert (tmp_path / "run" / name).read_bytes().startswith(b"\x89PNG")


def test_complex_signals_have_two_channels(tmp_path):
    write_set(tmp_path / "sets", is_complex=True, name="mine")
    named = {"dataloader_specs": {"dataset_specs": {"data_set": "mine"}}}
    result = trained(small({"epochs": 1}, named), tmp_path / "sets", tmp_path / "run")
    part = generated(tmp_path / "run" / run_folder.GENERATED, 256)
    assert result.plan.channels == 2 and part.is_complex


def test_both_nets_learn_and_the_generator_every_so_many_batches(datasets):
    made = plan(small({"D_updates": 3}), 256, False)
    _, values = Transform.fitted(made, signals(20, 256))
    trainer = Trainer(made, torch.from_numpy(values), 1.0, Team())
    changes = []
    for number in range(6):  # epochs of 3 batches
        before = [next(network.parameters()).clone() for network in (trainer.generator, trainer.critic)]
        trainer.advance(number)
        trainer.done += 1
        after = [next(network.parameters()) for network in (trainer.generator, trainer.critic)]
        changes.append([not torch.equal(*pair) for pair in zip(before, after, strict=True)])
    assert [generator for generator, _ in changes] == [True, False, False, True, False, False]
    assert all(critic for _, critic in changes)
    rows = np.array(trainer.rows)
    loss, loss_g, real, fake, later, penalty = rows.T
    assert np.allclose(loss, fake - real + penalty) and np.array_equal(loss_g, -later)
    assert len(set(later[:3])) == 1


def test_a_generator_learns_a_scale(tmp_path):
    """A constant signal of 0.5 and -0.5 is within reach of a few hundred steps; noise from -1 to 1 is far from it."""
    made = plan(small({"epochs": 50, "optim_params": {"D": {"lr": 0.003}, "G": {"lr": 0.003}}}), 64, False)
    x = torch.full((8, 1, 64), 0.5)
    trainer = Trainer(made, x, 1.0, Team())
    z = torch.rand(32, 100) * 2 - 1

    def away():
        with torch.no_grad():
            return float((trainer.generator(z) - 0.5).abs().mean())

    before = away()
    trainer.run(lambda last: None, lambda found: None)
    assert away() < 0.7 * before


class Stop(Exception):
    """Ends a run from within, as a kill would."""


@pytest.mark.parametrize("kind", ["wavegan", "psk dilation, batch norm", "stft"])
def test_a_stopped_run_goes_on_to_the_same_bits(datasets, tmp_path, kind):
    configuration = small(KINDS[kind])
    trained(configuration, datasets, tmp_path / "whole")

    def stops_at(number):
        def step(doing, done, total):
            if done == number and doing.startswith("epoch"):
                raise Stop

        return step

    for number in (1, 3):  # within an epoch, and at its end
        with pytest.raises(Stop):
            trained(configuration, datasets, tmp_path / "cut", step=stops_at(number), seconds=0)
    trained(configuration, datasets, tmp_path / "cut")
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def test_more_epochs_go_on_where_fewer_ended(datasets, tmp_path):
    for epochs in (1, 2):
        trained(small({"epochs": epochs}), datasets, tmp_path / "grown")
    trained(small({"epochs": 2}), datasets, tmp_path / "whole")
    assert outputs(tmp_path / "grown") == outputs(tmp_path / "whole")


def changed(path, **values):
    state = checkpoint.read(path, resuming.VERSION)
    buffer = {key: state[key] for key in state if key not in ("version", "recipe", "inputs")} | values
    checkpoint.write(path, resuming.VERSION, state["recipe"], state["inputs"], buffer)


def test_a_checkpoint_of_something_else_is_refused(datasets, tmp_path):
    trained(small(), datasets, tmp_path / "run")
    with pytest.raises(BadInput, match=r"written with model_specs.kernel_size 128, and the configuration has 64"):
        trained(small({SPECS: {"kernel_size": 64}}), datasets, tmp_path / "run")
    with pytest.raises(BadInput, match="has made 6 steps and epochs asks for 3"):
        trained(small({"epochs": 1}), datasets, tmp_path / "run")
    path = tmp_path / "run" / run_folder.CHECKPOINT
    state = checkpoint.read(path, resuming.VERSION)
    whole = path.read_bytes()
    other = {name: value[..., :-1] if value.dim() > 1 else value for name, value in state["generator"].items()}
    for values in (
        {"generator": other},
        {"step": 5},
        {"order": torch.arange(7)},
        {"critic": {}},
        {"random": state["order"]},
    ):
        changed(path, **values)
        with pytest.raises(BadInput, match=r"checkpoint.pt does not hold what its recipe describes"):
            trained(small(), datasets, tmp_path / "run")
        path.write_bytes(whole)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="is damaged or of another kind"):
        trained(small(), datasets, tmp_path / "run")
    write_set(tmp_path / "others", train=24)
    path.write_bytes(whole)
    with pytest.raises(BadInput, match="another training set"):
        trained(small(), tmp_path / "others", tmp_path / "run")


def test_sets_that_cannot_be_are_refused(datasets, tmp_path):
    path = datasets / DATA_SET / "train.h5"
    with h5py.File(path, "r+") as file:
        file["train"][3, 7] = np.nan
    with pytest.raises(BadInput, match="NaN or infinity in row 3"):
        trained(small(), datasets, tmp_path / "run")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadInput, match="truncated"):
        trained(small(), datasets, tmp_path / "run")
    path.unlink()
    with pytest.raises(BadInput, match="no such file"):
        trained(small(), datasets, tmp_path / "run")


def test_losses_that_are_no_numbers_end_the_run_in_words():
    made = plan(small(), 256, False)
    trainer = Trainer(made, torch.zeros(20, 1, 256), 1.0, Team())
    trainer.advance(0)
    trainer.state()
    with torch.no_grad():
        trainer.critic.levels[1].weight[0, 0, 0] = float("inf")
    with pytest.raises(BadInput, match="finite numbers in the critic's weights; lower lr"):  # and no file gets them
        trainer.state()
    with pytest.raises(BadInput, match=r"left the finite numbers: Loss_D is nan in epoch 1, batch 2; lower lr"):
        trainer.advance(1)
    assert len(trainer.rows) == 1


@pytest.mark.parametrize("kind", ["wavegan", "stft log_mag_IF quantile"])
def test_a_saved_generator_makes_the_set_of_its_run(datasets, tmp_path, kind):
    folder = tmp_path / "run"
    trained(small(KINDS[kind], {"epochs": 1, "seed": 3}), datasets, folder)
    found = saved.load(folder)
    kept = generated(folder / run_folder.GENERATED, 256).signals()
    assert np.array_equal(found.signals(6, 3), kept.astype(np.float32))
    assert not np.array_equal(found.signals(6, 4), kept.astype(np.float32))
    whole = (folder / run_folder.RUN).read_text()
    (folder / run_folder.RUN).write_text(whole.replace('"length": 256', '"length": "long"'))
    with pytest.raises(BadInput, match="does not say how long signals are"):
        saved.load(folder)
    (folder / run_folder.RUN).write_text(whole.replace('"length": 256', '"length": 1024'))
    with pytest.raises(BadInput, match=r"does not belong|written with sizes"):
        saved.load(folder)


class TwoProcesses:
    """Rank ``rank`` of two, which never talk: shares are looked at, nothing is averaged."""

    num_processes, device = 2, torch.device("cpu")

    def __init__(self, rank):
        self.process_index = rank


def test_gradients_of_two_processes_have_the_mean_of_one(datasets):
    """The gradient penalty included: that of all rows is the weighted mean of those of each process' rows."""
    made = plan(small(WAVE, {"dataloader_specs": {"batch_size": 5}}), 256, False)
    _, values = Transform.fitted(made, signals(5, 256))
    gradients = []
    for team in (Team(), Team(TwoProcesses(0)), Team(TwoProcesses(1))):
        trainer = Trainer(made, torch.from_numpy(values), 1.0, team)
        team.average = lambda parameters: None
        trainer._mean = lambda weight, *found: [0.0] * len(found)
        trainer.optimiser_d.step = lambda: None
        trainer.advance(0)
        networks = (trainer.critic, trainer.generator)
        gradients.append([p.grad.clone() for network in networks for p in network.parameters()])
    for one, first, second in zip(*gradients, strict=True):
        assert torch.allclose(one, (first + second) / 2, rtol=1e-3, atol=1e-5)


def test_the_command_trains_saves_and_goes_on(datasets, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gan.json").write_text(small(WAVE, {"epochs": 1}).text())
    order = ["train", "noise", "--config", "gan.json", "--data", "sets"]
    assert main(order) == 0
    said = capsys.readouterr()
    assert "WaveGAN, 1 x 256: generator 8,137 parameters" in said.out or "WaveGAN, 1 x 256" in said.out
    (folder,) = (tmp_path / "Model_Results").glob("FGN_FGN_fixed_H50__*wavegan-True*/*")
    assert opened(tmp_path / "sets" / DATA_SET).train.count == 20
    table = json.loads((folder / run_folder.CONFIGURATION).read_text()) | {"epochs": 2}
    (folder / run_folder.CONFIGURATION).write_text(json.dumps(table))
    assert main(["train", "noise", "--resume", str(folder), "--data", "sets"]) == 0
    assert len((folder / run_folder.HISTORY).read_text().splitlines()) == 1 + 6
    assert main([*order, "--workers", "2"]) == 2
    assert "--workers belongs to --configs" in capsys.readouterr().err
    assert main(["train", "noise", "--resume", "nowhere"]) == 2
    made = sorted((tmp_path / "Model_Results").glob("*/*"))
    assert main([*order, "--data", "elsewhere"]) == 2 and "there is no set of noise" in capsys.readouterr().err
    assert sorted((tmp_path / "Model_Results").glob("*/*")) == made  # nothing is left of it
    (tmp_path / "gan.json").write_text('{"epoch": 3}')
    assert main(order) == 2 and "did you mean epochs" in capsys.readouterr().err


SCRIPT = """
import os, signal, sys
from pathlib import Path
from noise_gan_small import small, WAVE
from bittrue.apps.noise.gan.train import train
from bittrue.kit.training.distributed import Team

def step(doing, done, total):
    if doing.startswith("epoch") and done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

team = Team.gather()
folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
train(small(WAVE), "sets", folder if team.leads else None, step, seconds=0.0, team=team)
print("process", team.rank, "of", team.size, flush=True)
"""


def run(folder, output, kill="0", launcher=()):
    (folder / "script.py").write_text(SCRIPT)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    command = [sys.executable, *launcher, "script.py", output, kill]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.heavy
def test_a_run_that_is_really_killed_ends_in_the_same_files(datasets, tmp_path):
    assert run(tmp_path, "whole").returncode == 0
    for number in ("2", "3", "5"):
        assert run(tmp_path, "cut", number).returncode == -signal.SIGKILL
    assert not (tmp_path / "cut" / run_folder.METRICS).exists()
    assert run(tmp_path, "cut").returncode == 0
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


@pytest.mark.heavy
def test_two_processes_train_what_one_trains(datasets, tmp_path):
    pytest.importorskip("accelerate", reason="accelerate is missing: install the extra train")
    launcher = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1")
    done = run(tmp_path, "two", launcher=(*launcher, "--main_process_port", "0"))
    assert done.returncode == 0, done.stderr
    assert "process 0 of 2" in done.stdout and "process 1 of 2" in done.stdout
    assert run(tmp_path, "one").returncode == 0
    states = [checkpoint.read(tmp_path / name / run_folder.CHECKPOINT, resuming.VERSION) for name in ("one", "two")]
    for name, value in states[0]["generator"].items():
        assert torch.allclose(value, states[1]["generator"][name], rtol=0, atol=1e-5), name
    assert torch.allclose(states[0]["rows"], states[1]["rows"], rtol=1e-4, atol=1e-4)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["wavegan", "stft-gan"])
def test_full_size_models_train_two_steps_and_generate(tmp_path, name):
    from bittrue.apps.noise.gan import reading
    from bittrue.apps.noise.shelf import SHELF

    write_set(tmp_path / "sets", length=4096, train=16, test=4)
    table = reading.READERS[".toml"](SHELF.content(name), name)
    table["epochs"], table["dataloader_specs"]["batch_size"] = 1, 8
    table["dataloader_specs"]["dataset_specs"]["data_set"] = DATA_SET
    result = trained(reading.configured(table, name), tmp_path / "sets", tmp_path / "run")
    assert result.history.shape == (2, len(COLUMNS)) and np.isfinite(result.history).all()
    published = {"wavegan": (17_824_257, 17_415_681), "stft-gan": (17_824_896, 17_417_281)}
    assert result.parameters == published[name]
    assert generated(tmp_path / "run" / run_folder.GENERATED, 4096).count == 4
