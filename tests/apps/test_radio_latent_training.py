"""Training of autoencoder and denoiser: the law of the twin, losses, resumption to the bit, folders, recipes."""

from __future__ import annotations

import hashlib
import re
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")
pytest.importorskip("PIL", reason="Pillow is not installed: pip install -e '.[radio]'")

from radio_folder import made  # noqa: E402

from bittrue import ref  # noqa: E402
from bittrue.apps.radio.data import layout  # noqa: E402
from bittrue.apps.radio.data.maps import RadioMaps, View  # noqa: E402
from bittrue.apps.radio.hardware import card  # noqa: E402
from bittrue.apps.radio.hardware.blocks import drawn  # noqa: E402
from bittrue.apps.radio.hardware.examples import Examples  # noqa: E402
from bittrue.apps.radio.hardware.judging import real  # noqa: E402
from bittrue.apps.radio.hardware.train import CITIES, train  # noqa: E402
from bittrue.apps.radio.hardware.twin import Twin, twin_of  # noqa: E402
from bittrue.apps.radio.latent import drawing  # noqa: E402
from bittrue.apps.radio.latent.autoencoder_recipe import AUTOENCODERS  # noqa: E402
from bittrue.apps.radio.latent.autoencoder_stage import AutoencoderStage  # noqa: E402
from bittrue.apps.radio.latent.autoencoder_task import AutoencoderTask  # noqa: E402
from bittrue.apps.radio.latent.diffusion_folder import read  # noqa: E402
from bittrue.apps.radio.latent.diffusion_recipe import DIFFUSIONS  # noqa: E402
from bittrue.apps.radio.latent.diffusion_stage import DiffusionStage  # noqa: E402
from bittrue.apps.radio.latent.diffusion_task import DiffusionTask  # noqa: E402
from bittrue.apps.radio.latent.interval import calibrated, coverage  # noqa: E402
from bittrue.apps.radio.latent.latents import Latents  # noqa: E402
from bittrue.apps.radio.latent.pictures import Pictures, parted  # noqa: E402
from bittrue.apps.radio.latent.similarity import ssim  # noqa: E402
from bittrue.apps.radio.ssim import ssim as reference_ssim  # noqa: E402
from bittrue.check import known_answers  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training.net_folder import STATE  # noqa: E402
from bittrue.kit.training.quantising_stage import FLOAT  # noqa: E402
from bittrue.spec import load  # noqa: E402

CITY = """
[cities]
maps = 2
transmitters = 2
seed = 5
held = 1
"""
STEPS = """
[train]
steps = 4
batch = 2
rate = 0.01
look_every = 2

[quantise]
steps = 3
batch = 2
rate = 0.0005
look_every = 2
"""
VAE = f"""name = "tiny-vae"
{CITY}
[autoencoder]
values = 3
encoder = [2, 2, 3]
decoder = [3, 2, 2]
depth = 1

[loss]
crop = 64
{STEPS}"""
LDM = f"""name = "tiny-ldm"
{CITY}
[latents]
autoencoder = "tiny-vae"

[denoiser]
steps = 2
channels = [4, 3]
bias_bits = 8
{STEPS}"""
KINDS = {"tiny-vae": (AutoencoderTask, VAE), "tiny-ldm": (DiffusionTask, LDM)}


def recipe(name, *changes):
    """A tiny recipe with text changed, ``(old, new)`` each."""
    kind, text = KINDS[name]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return kind.recipes.parse(text.encode(), "the recipe")


def task(name):
    return KINDS[name][0](recipe(name))


def silent(doing, done, total):
    pass


@pytest.fixture(autouse=True, scope="module")
def nowhere():
    """No real maps; few samples, so that measuring is quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(layout.VARIABLE, "/nowhere")
        patch.setattr(drawing, "SAMPLES", 3)
        patch.setattr(drawing, "MOST", 1)
        yield


@pytest.fixture(scope="module")
def cities():
    return RadioMaps(made(), View(split="all"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Both trained, one after the other, in one folder."""
    folder = tmp_path_factory.mktemp("latent")
    return {name: train(task(name), folder / name) for name in KINDS}, folder


# ---- the twin -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("louder", [1.0, 6.0])
@pytest.mark.parametrize("name", list(KINDS))
def test_the_rounded_twin_is_the_reference(name, louder):
    spec = recipe(name).spec
    graph = (spec() if callable(spec) else spec).graph
    weights = {key: (louder * weight, bias + 0.05) for key, (weight, bias) in drawn(graph, 1).items()}
    twin = Twin(graph, weights, normed=False, rounded=True).eval()
    codes = np.random.default_rng(0).integers(-128, 128, (2, *graph.input.shape))
    net = twin.net()
    wanted = ref.run(net, codes)
    for one in (twin, twin_of(net)):
        with torch.no_grad():
            assert (one(torch.from_numpy(codes).float() / 128).double().numpy() * 128 == wanted).all()
    assert len(np.unique(wanted)) > 10
    if louder > 1:
        assert {-128, 127} <= set(np.unique(wanted).tolist())  # results were at both ends of their format


def test_folding_batch_norm_changes_nothing_but_rounding(cities):
    graph = recipe("tiny-vae").spec.graph
    twin = Twin(graph, drawn(graph, 3))
    x = torch.from_numpy(Pictures(cities, silent).batch([0, 1], [0, 3], [(0, 0), (0, 0)], 256)).float() / 128
    for _ in range(30):
        twin.train()(x)
    with torch.no_grad():
        plain, folded, rounded = twin.eval()(x), twin.folded(rounded=False)(x), twin.folded()(x)
    assert abs(plain - folded).max() < 1e-5 and abs(plain - rounded).max() > 1e-3


# ---- losses ---------------------------------------------------------------------------------------------------------


def test_the_similarity_of_a_loss_is_that_of_verdicts():
    rng = np.random.default_rng(0)
    a = rng.random((2, 1, 40, 33))
    b = np.clip(a + 0.1 * rng.normal(size=a.shape), 0, 1)
    found = ssim(torch.from_numpy(a).float(), torch.from_numpy(b).float())
    assert found.tolist() == pytest.approx(
        [reference_ssim(x[0], y[0], 1.0) for x, y in zip(a, b, strict=True)], abs=1e-4
    )


def test_the_loss_of_an_autoencoder_is_error_and_similarity(cities):
    """A twin that says nothing gives grey 128 everywhere."""
    own, pictures = recipe("tiny-vae"), Pictures(cities, silent)
    stage = AutoencoderStage(FLOAT, own, Twin(own.spec.graph), pictures, torch.Generator())
    stage.twin.eval()
    with torch.no_grad():
        mse, similar = stage._parts([1], [5], [(16, 32)], 64)
    truth = np.rot90(cities.scene(1).truth[:, ::-1])[16:80, 32:96] / 255
    flat = np.full((64, 64), 128 / 255)
    assert float(mse) == pytest.approx(np.square(truth - flat).mean(), rel=1e-4)
    assert float(similar) == pytest.approx(reference_ssim(truth, flat, 1.0), abs=1e-4)
    assert float(stage._total(mse, similar)) == pytest.approx(float(mse) / 5e-4 + 5 * (1 - float(similar)), rel=1e-5)


def test_a_denoiser_learns_from_cities_that_are_not_held_out(cities):
    learnt, held = parted(cities.keys, 1)
    assert [cities.keys[k] for k in learnt] == [(1, 0), (1, 1)] and [cities.keys[k][0] for k in held] == [2, 2]


def test_the_loss_of_a_denoiser_is_the_weighed_error_of_the_latent(runs, cities):
    own, latents = recipe("tiny-ldm"), Latents(runs[0]["tiny-vae"].net)
    examples = Examples(cities, silent)
    stage = DiffusionStage(FLOAT, own, Twin(own.spec(3).graph), examples, latents, torch.Generator())
    stage.twin.eval()  # says 0
    _, truth, streets = examples.batch([1], [0])
    z0 = latents.encoded(truth.astype(np.int16) - 128).numpy()
    share = streets.reshape(1, 4, 32, 4, 32, 4).mean((1, 3, 5))[:, None].clip(0.05)
    weight = stage._weights.numpy() * share
    wanted = (z0**2 * weight).sum() / (stage._variances.numpy() * weight).sum()
    with torch.no_grad():
        found = stage._losses([1], [0], torch.tensor([1, 2]), 7)
    assert found.tolist() == pytest.approx([wanted, wanted], rel=1e-4)
    assert stage._weights.mean() == pytest.approx(1) and (stage._weights > 0).all()


# ---- training -------------------------------------------------------------------------------------------------------


class Stopped(BaseException):
    pass


def content(folder):
    """Digests of a run's files by name, without the card's line about processor time."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}
    found["CARD.md"] = re.sub(rf"\| {card.CPU} .*\n".encode(), b"", found["CARD.md"])
    return {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


def test_trained_folders_are_nets_with_their_cards(runs):
    trained, folder = runs
    for name in KINDS:
        assert known_answers.verify(load(folder / name), folder / name) == 1
        text = (folder / name / "CARD.md").read_text()
        assert "no map was received" in text and "The real maps were not at hand." in text
        looks = (folder / name / "looks.csv").read_text().splitlines()
        assert [line.split(",")[:2] for line in looks[1:]] == [
            ["float", "2"], ["float", "4"], ["quantised", "0"], ["quantised", "2"], ["quantised", "3"]
        ]  # fmt: skip
    assert "principal components a square, of the synthetic maps" in (folder / "tiny-vae" / "CARD.md").read_text()
    model = read(folder / "tiny-ldm")
    assert model.steps == 2 and model.autoencoder.name == "tiny-vae"
    (worth,) = trained["tiny-ldm"].worth
    assert model.stretch == calibrated(worth.judged) and model.coverage == round(
        coverage(worth.judged, model.stretch), 4
    )
    assert f"when they are pulled {model.stretch / 16:g} times as far" in (folder / "tiny-ldm" / "CARD.md").read_text()
    assert 0 <= worth.coverage <= 1 and worth.means[drawing.ONE].nmse > 0 and worth.spread > 0


@pytest.mark.parametrize(("stage", "at"), [("float", 3), ("quantised", 1)])
@pytest.mark.parametrize("name", list(KINDS))
def test_a_killed_run_goes_on_to_the_same_bytes(runs, tmp_path, name, stage, at):
    def killed(doing, done, total):
        if doing.startswith(stage) and done == at:
            raise Stopped

    (tmp_path / name / CITIES).parent.mkdir(parents=True)
    shutil.copytree(runs[1] / name / CITIES, tmp_path / name / CITIES)
    if name == "tiny-ldm":
        shutil.copytree(runs[1] / "tiny-vae", tmp_path / "tiny-vae")
    with pytest.raises(Stopped):
        train(task(name), tmp_path / name, killed, seconds=0)
    assert (tmp_path / name / STATE).is_file() and not (tmp_path / name / "net.json").exists()
    train(task(name), tmp_path / name)
    assert content(tmp_path / name) == content(runs[1] / name)


def test_a_checkpoint_of_another_autoencoder_is_refused(runs, tmp_path):
    for name in KINDS:
        shutil.copytree(runs[1] / name, tmp_path / name)
    other = recipe("tiny-vae", ("seed = 5", "seed = 5\n"), ('"tiny-vae"', '"tiny-vae"\nseed = 2'))
    shutil.rmtree(tmp_path / "tiny-vae")
    (tmp_path / "tiny-vae" / CITIES).parent.mkdir(parents=True)
    shutil.copytree(runs[1] / "tiny-vae" / CITIES, tmp_path / "tiny-vae" / CITIES)
    train(AutoencoderTask(other), tmp_path / "tiny-vae")
    with pytest.raises(BadInput, match="other data"):
        train(task("tiny-ldm"), tmp_path / "tiny-ldm")
    with pytest.raises(BadInput, match="the latent of another tiny-vae"):
        read(tmp_path / "tiny-ldm")


@pytest.mark.parametrize("name", list(KINDS))
def test_the_command_trains(runs, tmp_path, capsys, name):
    """With the checkpoint of a finished run, it measures and writes again."""
    for one in KINDS:
        shutil.copytree(runs[1] / one, tmp_path / one)
    (tmp_path / "r.toml").write_text(KINDS[name][1])
    assert main(["train", "radio", "--recipe", str(tmp_path / "r.toml"), "-o", str(tmp_path / name)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "1 synthetic cities that were held out" in printed
    assert ("lost by rounding" if name == "tiny-vae" else "the 90 % interval") in printed
    assert content(tmp_path / name) == content(runs[1] / name)


def test_an_autoencoder_is_judged_on_real_maps_beside_coders_of_both_kinds(runs, monkeypatch):
    monkeypatch.setenv(layout.VARIABLE, str(made()))
    kind, trained = task("tiny-vae"), runs[0]["tiny-vae"]
    maps = real(recipe("tiny-vae", ("[train]", '[measure]\nsplit = "2-2"\nfitted = "1-1"\n\n[train]')).measure)
    assert maps is not None and maps.real and maps.named(1).endswith("split 2-2: 1 maps of 1 cities")
    kind.read(RadioMaps(made(), View(split="all")), silent)
    coders = [name for name in kind.judged(trained.net, trained.fitted, maps, silent).means if "principal" in name]
    assert [name.rpartition(" of ")[2] for name in coders] == ["the synthetic maps", "other real maps"]


# ---- recipes --------------------------------------------------------------------------------------------------------


def test_built_in_recipes_are_read():
    assert AUTOENCODERS.builtin("radio-vae").spec.graph.parameters == 162_704
    own = DIFFUSIONS.builtin("radio-ldm")
    assert own.latents.autoencoder == "radio-vae" and own.spec().graph.parameters == 286_116
    assert own.denoiser.steps == 6 and own.spec().graph.bias_bits == 8
    assert AUTOENCODERS.builtin("radio-vae").spec.graph.bias_bits is None


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("tiny-vae", ("crop = 64", "crop = 60"), "give a multiple of 8"),
        ("tiny-vae", ("crop = 64", "crop = 16"), "32 to 256"),
        ("tiny-vae", ("batch = 2", "batch = 1000000"), "would take"),
        ("tiny-vae", ("values = 3", "values = 0"), "1 to 64"),
        ("tiny-vae", ("values = 3", 'values = 3\ntensor = "Q8.8"'), "give a format of 8 bits at most"),
        ("tiny-vae", ("values = 3", 'values = 3\ntensor = "Q2.6"'), "are Q2.6, and a latent is Q1.7"),
        ("tiny-vae", ("crop = 64", "crop = 65"), "the recipe: loss.crop is 65"),
        ("tiny-ldm", ("steps = 2\nchannels", "steps = 300\nchannels"), "1 to 255"),
        ("tiny-ldm", ("bias_bits = 8", "bias_bits = 1"), "denoiser.bias_bits is 1"),
        ("tiny-vae", ("depth = 1", "depth = 1\nbias_bits = 33"), "autoencoder.bias_bits is 33"),
        ("tiny-ldm", ("batch = 2", "batch = 4000"), "give 4,096 at most"),
        ("tiny-ldm", ('"tiny-vae"', '"../tiny-vae"'), "a net's has a letter"),
        ("tiny-ldm", ("channels = [4, 3]", "channels = [4]"), "give two to four sizes"),
    ],
)
def test_recipes_that_do_not_fit(name, change, said):
    with pytest.raises(BadInput) as found:
        recipe(name, change)
    assert said in str(found.value)


def test_a_recipe_without_its_autoencoder_is_refused(tmp_path):
    with pytest.raises(BadInput, match="tiny-vae"):
        train(task("tiny-ldm"), tmp_path / "tiny-ldm")
