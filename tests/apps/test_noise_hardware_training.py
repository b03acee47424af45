"""Training of hardware nets of noise: the law of the twin, resumption to the bit, features, recipes, refusals."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from noise_tiny import TEXT

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")

from bittrue.apps.noise import training  # noqa: E402
from bittrue.apps.noise.hardware import card, judging, known_signals, latents, objective  # noqa: E402
from bittrue.apps.noise.hardware.features import features, scale_of  # noqa: E402
from bittrue.apps.noise.hardware.objective import DirectLoss  # noqa: E402
from bittrue.apps.noise.hardware.quantised import QuantisedTwin  # noqa: E402
from bittrue.apps.noise.hardware.recipe import RECIPES, Objective  # noqa: E402
from bittrue.apps.noise.hardware.running import RunningFeatures  # noqa: E402
from bittrue.apps.noise.hardware.train import train  # noqa: E402
from bittrue.apps.noise.hardware.trainer import Trainer  # noqa: E402
from bittrue.apps.noise.shelf import SHELF, is_hardware  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402
from bittrue.kit.training.net_folder import STATE  # noqa: E402
from bittrue.kit.training.two_stages import VERSION  # noqa: E402
from bittrue.readers import toml_document  # noqa: E402
from bittrue.ref.source import frames, run_source  # noqa: E402
from bittrue.spec import source_store  # noqa: E402

HARDWARE = [name for name in SHELF.names() if is_hardware(toml_document(SHELF.content(name), name))]


def recipe(*changes):
    """The tiny recipe with lines changed, ``(old, new)`` each."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return RECIPES.parse(text.encode(), "the recipe")


# ---- the twin -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 5, 8])
@pytest.mark.parametrize("louder", [1.0, 6.0])
def test_the_rounded_twin_is_the_reference(bits, louder):
    spec = replace(recipe().spec, weight_bits=bits)
    twin = QuantisedTwin(spec, 7, rounded=True)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(louder).add_(0.01 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    source = twin.source()
    codes = frames(source, 3, range(50), {"H": 77})
    given = {
        name: torch.from_numpy(source.net.inputs[name].format.decode(code)).float() for name, code in codes.items()
    }
    found = twin(given).detach().double().numpy()
    fmt = source.net.output.format
    wanted = run_source(source, 3, range(50), {"H": 77}, 4096)
    assert (found == fmt.decode(wanted)).all()
    assert len(np.unique(wanted)) > 10
    if louder > 1 and bits == 8:
        assert {fmt.lo, fmt.hi} & set(np.unique(wanted).tolist())  # results were at the ends of their format


def test_the_float_twin_learns_within_the_formats():
    spec = recipe().spec
    twin = QuantisedTwin(spec, 7)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(50)
    assert twin.inner(torch.tensor([-1.0, 2.0, 9.0])).tolist() == [0.0, 2.0, 127 / 32]
    given = latents.drawn(spec, (0, 50), 2, 128, torch.Generator().manual_seed(0))
    signals = twin(given, 128).detach()
    assert signals.shape == (4, 1, 128) and float(signals.max()) == 8 - 2**-12 and float(signals.min()) == -8


def test_an_architecture_that_float32_cannot_hold_is_refused():
    with pytest.raises(BadInput, match="float32 does not hold exactly"):
        QuantisedTwin(replace(recipe().spec, tensor="Q4.12", weight_bits=16))


def test_noise_of_training_has_the_law_of_the_source():
    spec = recipe().spec
    given = latents.drawn(spec, (-100, 100), 3, 4096, torch.Generator().manual_seed(0))
    source = QuantisedTwin(spec).source()
    drawn = frames(source, 1, range(200), {"H": 0})["noise2"]
    values, wanted = (32 * given["noise2"]).numpy(), drawn
    assert set(np.unique(values)) <= set(range(-117, 118)) and abs(values.std() - wanted.std()) < 0.5
    assert (given["setting0"][:3] * 32 == -100).all() and (given["setting0"][3:] * 32 == 100).all()


# ---- the loss -------------------------------------------------------------------------------------------------------


def test_features_are_what_they_say():
    plan = Objective(windows=(8, 16, 64), lags=(1, 3), steps=(2,), dilations=(1, 4), quantiles=5)
    random = torch.Generator().manual_seed(0)
    x = 3 + 2 * torch.randn(200, 512, generator=random, dtype=torch.float64)
    scale = scale_of(x, plan)
    assert scale.mean == pytest.approx(3, abs=0.02) and scale.power == pytest.approx(4, rel=0.02)
    found = {name: values.numpy() for name, values in features(x, scale, plan).items()}
    assert abs(found["spectrum"] - np.log(4)).max() < 0.15  # white: density is variance
    expected = np.arcsinh(np.quantile(x.numpy() - scale.mean, [0.1, 0.3, 0.5, 0.7, 0.9]) / scale.spread)
    assert abs(found["samples"] - expected).max() < 1e-3
    assert abs(found["magnitude"]).max() < 0.02
    # white noise: the second difference of sums m apart is a sum of 2 m samples
    assert found["variations"] == pytest.approx(np.log([2 * 4, 8 * 4]), abs=0.05)
    bursts = x.clone()
    bursts[:, ::4] = 3 + 4 * (bursts[:, ::4] - 3)
    again = {name: values.numpy() for name, values in features(bursts, scale, plan).items()}
    assert again["octaves"].max() > found["octaves"].max() + 0.5


def test_a_net_that_ignores_its_noise_is_told():
    plan = Objective(windows=(8, 16, 64), likeness=1.0)
    random = torch.Generator().manual_seed(0)
    x = torch.randn(6, 4096, generator=random)
    scale = scale_of(x, plan)
    apart = features(x, scale, plan)["likeness"]
    alike = features(x[:1] * torch.tensor([[1.0], [2.0], [-1.0]]), replace(scale, mean=0.0), plan)["likeness"]
    assert apart.item() == pytest.approx(np.log(1 / 4096), abs=1.0) and alike.item() == pytest.approx(0, abs=1e-4)
    assert judging.likeness(x.numpy()) == pytest.approx(1 / 64, rel=0.5)
    same = judging.likeness(np.repeat(x[:1].numpy() - x[:1].numpy().mean(), 4, 0) * np.array([[1], [2], [-1], [-2]]))
    assert same == pytest.approx(1, abs=1e-6)
    with pytest.raises(BadInput, match=r"compares two signals and train\.batch is 1"):
        recipe(("[objective]", "[objective]\nlikeness = 1.0"), ("steps = 12", "steps = 12\nbatch = 1"))


def test_the_loss_knows_its_process():
    own = recipe()
    targets = objective.targets(own, own.train, lambda doing, done, total: None)
    loss = DirectLoss(own.objective, targets)
    signals = [
        source.process.signal(h, 4096, np.random.default_rng(5))
        for source, h in zip(own.process.sources, (0.3, 0.7), strict=True)
    ]
    right = torch.from_numpy(np.stack(signals)).float().requires_grad_()
    wrong = right.detach().flip(0)
    near, far = (loss.total(loss.parts(loss.features(x))) for x in (right, wrong))
    assert float(near.detach()) < 0.2 * float(far)
    near.backward()
    assert right.grad.isfinite().all() and right.grad.abs().max() > 0


def test_running_means_have_the_gradient_of_the_batch():
    running = RunningFeatures(0.75)
    drawn = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mean = drawn[0]
    for number, values in enumerate(drawn, 1):
        mean = mean + max(0.25, 1 / number) * (values - mean)
        given = values.clone().requires_grad_()
        (mixed,) = running.mixed([{"spectrum": given}])
        assert torch.allclose(mixed["spectrum"], mean, atol=1e-12)
        mixed["spectrum"].square().sum().backward()
        assert torch.allclose(given.grad, 2 * mean, atol=1e-12)
    assert mean.square().sum() < drawn.square().sum(1).mean()
    again = RunningFeatures(0.75)
    again.restore(running.state(), [{"spectrum": mean}])
    (one,), (other,) = running.mixed([{"spectrum": drawn[0]}]), again.mixed([{"spectrum": drawn[0]}])
    assert torch.equal(one["spectrum"], other["spectrum"])
    alone = [{"spectrum": drawn[1]}]
    assert RunningFeatures(0.0).mixed(alone) is alone
    for state in (
        {"count": 1, "means": [{"spectrum": mean[:2]}]},
        {"count": 1, "means": []},
        {"count": 0.5, "means": []},
    ):
        with pytest.raises(ValueError, match="running mean"):
            again.restore(state, [{"spectrum": mean}])


def test_a_stage_weighs_spectra_by_its_factor():
    weighed = recipe(("rate = 0.005", "rate = 0.005\nspectrum = 3.0"))
    own = Trainer(weighed, None, None, lambda doing, done, total: None)
    assert own.stage.loss.plan.spectrum == 1.0
    own._quantise(own.stage.best)
    assert own.stage.loss.plan == replace(own.recipe.objective, spectrum=3.0)


# ---- training -------------------------------------------------------------------------------------------------------


class Stopped(BaseException):
    pass


def content(folder):
    """The files of a run by name, without the card's line about processor time."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}
    found["CARD.md"] = re.sub(rf"\| {card.CPU} .*\n".encode(), b"", found["CARD.md"])
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("noise") / "tiny"
    return train(recipe(), folder), folder


def test_a_trained_folder_is_a_source(trained):
    result, folder = trained
    source = source_store.load(folder)
    assert known_signals.verify(folder) == 2 * 2 * 64
    assert (
        run_source(source, 1, range(3), {"H": 9}, 4096) == run_source(result.source, 1, range(3), {"H": 9}, 4096)
    ).all()
    text = (folder / "CARD.md").read_text()
    assert "| FGN_fixed_H70 |" in text and "net, worst" in text and "simulated" in text
    looks = (folder / "looks.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in looks[1:]] == [
        ["float", "5"], ["float", "10"], ["float", "12"], ["quantised", "0"], ["quantised", "4"], ["quantised", "6"]
    ]  # fmt: skip
    assert float(looks[3].split(",")[2]) < float(looks[1].split(",")[2])


@pytest.mark.parametrize(("stage", "at"), [("float", 7), ("quantised", 3)])
def test_a_killed_run_goes_on_to_the_same_bytes(trained, tmp_path, stage, at):
    def killed(doing, done, total):
        if doing.startswith(stage) and done == at:
            raise Stopped

    with pytest.raises(Stopped):
        train(recipe(), tmp_path / "tiny", killed, seconds=0)
    assert (tmp_path / "tiny" / STATE).is_file() and not (tmp_path / "tiny" / "net.json").exists()
    train(recipe(), tmp_path / "tiny")
    assert content(tmp_path / "tiny") == content(trained[1])


def test_notes_of_a_person_stay_in_the_card(trained, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(trained[1], folder)
    (folder / "NOTES.md").write_bytes(b"\xff")
    with pytest.raises(BadInput, match="no text in UTF-8"):
        train(recipe(), folder)
    (folder / "NOTES.md").write_text("## What is missed\n\nMuch.\n")
    train(recipe(), folder)
    card_text = (folder / "CARD.md").read_text()
    assert "\n\n## What is missed\n\nMuch.\n\n## What was executed\n" in card_text
    assert card_text.replace("## What is missed\n\nMuch.\n\n", "") == (trained[1] / "CARD.md").read_text()
    assert (folder / "NOTES.md").read_text() == "## What is missed\n\nMuch.\n"
    (folder / "NOTES.md").write_text("long " * (1 << 14))
    with pytest.raises(BadInput, match="more than 65,536 bytes"):
        train(recipe(), folder)


def test_a_checkpoint_of_another_recipe_is_refused(trained):
    with pytest.raises(BadInput, match="written with another recipe"):
        train(recipe(("steps = 12", "steps = 13")), trained[1])


def test_known_signals_that_were_edited_are_refused(trained, tmp_path):
    import safetensors.numpy

    result, folder = trained
    for path in folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    stored = safetensors.numpy.load(known_signals.content(result.source, (1, 2)))
    stored["signals"][1, 5] += 1
    (tmp_path / known_signals.FILE).write_bytes(safetensors.numpy.save(stored))
    with pytest.raises(BadInput, match="was edited"):
        known_signals.verify(tmp_path)
    other = QuantisedTwin(recipe().spec, 99, rounded=True).source()
    (tmp_path / known_signals.FILE).write_bytes(known_signals.content(other, (1, 2)))
    with pytest.raises(BadInput, match="belongs to another net"):
        known_signals.verify(tmp_path)


def test_the_command_trains_and_goes_on(tmp_path, capsys):
    path = tmp_path / "tiny.toml"
    path.write_text(TEXT)
    assert main(["train", "noise", "--recipe", str(path), "-o", str(tmp_path / "run")]) == 0
    assert "beyond" in capsys.readouterr().out
    before = content(tmp_path / "run")
    assert main(["train", "noise", "--resume", str(tmp_path / "run")]) == 0
    assert content(tmp_path / "run") == before
    capsys.readouterr()
    assert main(["train", "noise", "--recipe", str(path), "--data", "x"]) == 2
    assert "--data belongs to the dictionary of a GAN" in capsys.readouterr().err
    assert main(["train", "noise", "--resume", str(tmp_path / "run"), "-o", "x"]) == 2
    assert "leave --output out" in capsys.readouterr().err


# ---- recipes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HARDWARE)
def test_built_in_recipes_are_of_the_size_that_hardware_takes(name):
    built = RECIPES.builtin(name)
    if built.spectrogram:
        pytest.skip("a net of two dimensions: tests/apps/test_noise_spectrogram.py")
    assert built.name == name and 10_000 < built.spec.parameters < 70_000 and 3_000 < built.spec.macs < 7_000
    assert len(built.process.sources) == len(built.codes) == len(set(built.codes))
    QuantisedTwin(built.spec)


def test_the_table_chooses_what_is_trained(monkeypatch):
    called = []
    for kind in (False, True):
        monkeypatch.setitem(training.RUNS, kind, lambda arguments, kind=kind: called.append(kind) or [])
    for name in SHELF.names():
        main(["train", "noise", "--recipe", name])
    assert called == [name in HARDWARE for name in SHELF.names()] and True in called and False in called


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("signals = 8", "signals = 8\nnois = 1"), "unknown key process.nois"),
        (("FGN_fixed_H70", "FGN_fixed_H777"), "H of FGN is 7.77"),
        (("FGN_fixed_H70", "FGN_uniform"), "FGN_uniform, whose parameter varies"),
        (("values = [0.3, 0.7]", "values = [0.3]"), "give each set a value of its own"),
        (("values = [0.3, 0.7]", "values = [0.3, 0.95]"), "parameter H is 0.95"),
        (("windows = [8, 16, 64]", "windows = [8, 16, 60]"), "three powers of 2"),
        (("steps = 12\nsamples = 128", "steps = 12\nsamples = 120"), "train.samples is 120"),
        (("steps = 12\nsamples = 128", "steps = 12\nsamples = 64"), "at least 128"),
        (("steps = 12", "steps = 12\nbatch = 1000000"), "would take"),
        (("signals = 8", "signals = 2\nseed = -1"), "process.seed is -1"),
        (("kernels = [3], upsampling = 0", "kernels = [3], upsampling = 5"), "no upsampling"),
        (("lags = [1, 4]", "lags = [0, 4]"), "objective.lags is"),
        (('name = "tiny"', 'name = "../tiny"'), "a net's has a letter"),
    ],
)  # fmt: skip
def test_recipes_that_do_not_fit(change, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        recipe(change)


@pytest.mark.parametrize(
    "broken",
    [
        {"stage": "polished"},
        {"floats": None},
        {"twin": {}},
        {"best": {"out_weight": torch.zeros(1)}},
        {"average": {"out_weight": torch.zeros(1)}},
        {"optimiser": {"state": {}, "param_groups": []}},
        {"generator": torch.zeros(3, dtype=torch.uint8)},
        {"history": 7},
        {"cpu": "long"},
        {"step": "far"},
        {"step": 99},
        {"step": -1},
    ],
)  # fmt: skip
def test_checkpoints_that_do_not_fit_are_refused(trained, tmp_path, broken):
    found = checkpoint.read(trained[1] / STATE, VERSION)
    for key, value in broken.items():
        assert key in found
        found[key] = value
    about = {key: found.pop(key) for key in ("version", "recipe", "inputs")}
    checkpoint.write(tmp_path / STATE, about["version"], about["recipe"], about["inputs"], found)
    with pytest.raises(BadInput, match="does not hold what its recipe describes"):
        train(recipe(), tmp_path)


def test_a_truncated_checkpoint_is_refused(trained, tmp_path):
    (tmp_path / STATE).parent.mkdir()
    (tmp_path / STATE).write_bytes((trained[1] / STATE).read_bytes()[:-100])
    with pytest.raises(BadInput, match="the checkpoint"):
        train(recipe(), tmp_path)
