"""Training of radio nets: the law of the twin, resumption to the bit, the folder, recipes, refusals."""

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
from bittrue.apps.radio.hardware.architecture import drawn_weights  # noqa: E402
from bittrue.apps.radio.hardware.examples import Examples, turned  # noqa: E402
from bittrue.apps.radio.hardware.inputs import Inputs, unfolded  # noqa: E402
from bittrue.apps.radio.hardware.judging import real  # noqa: E402
from bittrue.apps.radio.hardware.map_task import MapTask  # noqa: E402
from bittrue.apps.radio.hardware.recipe import RECIPES  # noqa: E402
from bittrue.apps.radio.hardware.stage import Stage  # noqa: E402
from bittrue.apps.radio.hardware.train import CITIES, train  # noqa: E402
from bittrue.apps.radio.hardware.twin import Twin, twin_of  # noqa: E402
from bittrue.check import known_answers  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402
from bittrue.kit.training.net_folder import STATE  # noqa: E402
from bittrue.kit.training.quantising_stage import FLOAT  # noqa: E402
from bittrue.kit.training.two_stages import VERSION  # noqa: E402
from bittrue.spec import load  # noqa: E402

TEXT = """name = "tiny"

[cities]
maps = 2
transmitters = 2
seed = 5
held = 1

[architecture]
levels = [{ channels = 4 }, { channels = 3 }, { channels = 4, convolutions = 2 }]

[train]
steps = 7
batch = 2
rate = 0.01
look_every = 3

[quantise]
steps = 4
batch = 2
rate = 0.0005
look_every = 3
"""


def recipe(*changes):
    """The tiny recipe with text changed, ``(old, new)`` each."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return RECIPES.parse(text.encode(), "the recipe")


def twin_of_recipe(made, seed=0, **how):
    """The twin that a recipe begins with."""
    return Twin(made.spec.graph, drawn_weights(made.spec, seed), **how)


def silent(doing, done, total):
    pass


@pytest.fixture(scope="module")
def examples():
    return Examples(RadioMaps(made(), View(split="all")), silent)


@pytest.fixture(autouse=True, scope="module")
def nowhere():
    """No real maps: what is measured on them has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(layout.VARIABLE, "/nowhere")
        yield


# ---- the twin -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("louder", [1.0, 8.0])
@pytest.mark.parametrize("bits", [3, 8])
def test_the_rounded_twin_is_the_reference(examples, louder, bits):
    twin = twin_of_recipe(recipe(), 7, normed=False, rounded=True)
    object.__setattr__(twin.graph, "weight_bits", bits)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(louder).add_(0.05 * torch.randn(parameter.shape, generator=random))
    codes, _, _ = examples.batch([0, 1], [0, 5])
    codes[1] = np.random.default_rng(0).integers(-128, 128, codes[1].shape)
    found = twin(torch.from_numpy(codes).float() / 128).detach().double().numpy() * 128
    wanted = ref.run(twin.net(), codes.astype(np.int64))
    assert (found == wanted).all() and len(np.unique(wanted)) > 10
    if louder > 1:
        assert {-128, 127} & set(np.unique(wanted).tolist())  # results were at the ends of their format


@pytest.mark.parametrize("bits", [4, 8])
def test_the_rounded_twin_is_the_reference_with_biases_in_bytes(examples, bits):
    """Also where a bias decides the scale, and with inputs of another scale than the map's."""
    made = recipe(("[architecture]", f'[architecture]\nbias_bits = {bits}\ntensor = "Q3.5"'))
    twin = twin_of_recipe(made, 7, normed=False, rounded=True)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=random))
        twin.down1_0_bias[1] = 3.3
    codes, _, _ = examples.batch([0, 1], [0, 5])
    codes[1] = np.random.default_rng(0).integers(-128, 128, codes[1].shape)
    net, mirrored = twin.net(), twin_of(twin.net())
    wanted = ref.run(net, codes.astype(np.int64))
    for one in (twin, mirrored):
        found = one(torch.from_numpy(codes).float() / 128)
        assert (found.detach().double().numpy() * 128 == wanted).all() and len(np.unique(wanted)) > 10
    for node in net.nodes:
        if hasattr(node.layer, "bias"):
            words, rest = np.divmod(node.layer.bias, 1 << net.types[node.inputs[0]].format.frac)
            assert (rest == 0).all() and (abs(words) <= 1 << (bits - 1)).all() and words.any()
    layer = next(node.layer for node in net.nodes if node.name == "down1_0")
    step = layer.weight_format.scale
    assert layer.bias[1] * step / 32 == pytest.approx(3.3, abs=step / 2)  # this one is why the scale is not finer
    found.sum().backward()
    assert all((parameter.grad != 0).any() for parameter in mirrored.parameters())  # straight through


def test_folding_batch_norm_changes_nothing_but_rounding(examples):
    twin = twin_of_recipe(recipe(), 3)
    codes, _, _ = examples.batch([0, 1, 2, 3], [0, 3, 4, 6])
    x = torch.from_numpy(codes).float() / 128
    for _ in range(30):
        twin.train()(x)
    with torch.no_grad():
        plain, folded, rounded = twin.eval()(x), twin.folded(rounded=False)(x), twin.folded()(x)
    assert abs(plain - folded).max() < 1e-5 and 1e-3 < abs(plain - rounded).max() < 0.3 * plain.std() + 0.1


def test_a_net_whose_sums_float32_cannot_hold_is_refused():
    twin = twin_of_recipe(recipe(("[{ channels = 4 }", "[{ channels = 140 }")), normed=False, rounded=True)
    with torch.no_grad():
        twin.merge0_weight.fill_(1.98)
    with pytest.raises(BadInput, match=r"sums of merge0 reach .*, which float32 does not hold exactly"):
        twin.net()


# ---- examples -------------------------------------------------------------------------------------------------------


def test_a_batch_is_what_a_net_sees_of_the_map(examples):
    maps = RadioMaps(made(), View(split="all"))
    codes, truth, streets = examples.batch(range(len(maps)), [0] * len(maps))
    for index in range(len(maps)):
        scene = maps.scene(index)
        assert (codes[index] == Inputs(scene.buildings > 0).channels(scene.row, scene.column)).all()
        assert (unfolded(truth[index]) == scene.truth).all()
        assert (unfolded(streets[index]) == (scene.buildings == 0)).all()


@pytest.mark.parametrize("symmetry", range(8))
def test_a_turned_map_is_that_of_turned_streets(examples, symmetry):
    """Distance and truth turn with the streets; sight and way are computed anew, and differ at few edges."""
    scene = RadioMaps(made(), View(split="all")).scene(1)
    built = turned(scene.buildings > 0, symmetry)
    mark = np.zeros((256, 256))
    mark[scene.row, scene.column] = 1
    row, column = np.argwhere(turned(mark, symmetry))[0].tolist()
    wanted = Inputs(built).channels(row, column)
    codes, truth, _ = examples.batch([1], [symmetry])
    assert (codes[0, :8] == wanted[:8]).all() and (codes[0, 8:12] != wanted[8:12]).mean() < 0.02
    assert (unfolded(truth[0]) == turned(scene.truth, symmetry)).all()
    assert abs(codes[0, 12].astype(int) - wanted[12]).max() <= 3 or symmetry == 0


def test_the_loss_is_the_error_over_streets(examples):
    stage = Stage(FLOAT, recipe(), twin_of_recipe(recipe()), examples, torch.Generator())
    with torch.no_grad():
        for name in ("out_weight", "out_bias"):
            getattr(stage.twin, name).zero_()  # grey 128 everywhere
    maps = RadioMaps(made(), View(split="all"))
    for index in (0, 3):
        scene = maps.scene(index)
        street = scene.buildings == 0
        t = scene.truth[street].astype(float)
        wanted = ((128 - t) ** 2).sum() / (t**2).sum()
        assert stage._losses([index], [0]).item() == pytest.approx(wanted, rel=1e-5)


# ---- training -------------------------------------------------------------------------------------------------------


class Stopped(BaseException):
    pass


def content(folder):
    """Digests of a run's files by name, without the card's line about processor time."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}
    found["CARD.md"] = re.sub(rf"\| {card.CPU} .*\n".encode(), b"", found["CARD.md"])
    return {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("radio") / "tiny"
    return train(MapTask(recipe()), folder), folder


def test_a_trained_folder_is_a_net_with_its_card(trained):
    result, folder = trained
    net = load(folder)
    assert known_answers.verify(net, folder) == 1
    text = (folder / "CARD.md").read_text()
    assert "| integer net |" in text and "propagation model" in text and "no map was received" in text
    assert "The real maps were not at hand." in text
    looks = (folder / "looks.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in looks[1:]] == [
        ["float", "3"], ["float", "6"], ["float", "7"], ["quantised", "0"], ["quantised", "3"], ["quantised", "4"]
    ]  # fmt: skip
    assert float(looks[3].split(",")[2]) < float(looks[1].split(",")[2])
    assert len(result.worth) == 1 and len(result.worth[0].keys) == 2


@pytest.mark.parametrize(("stage", "at"), [("float", 4), ("quantised", 2)])
def test_a_killed_run_goes_on_to_the_same_bytes(trained, tmp_path, stage, at):
    def killed(doing, done, total):
        if doing.startswith(stage) and done == at:
            raise Stopped

    with pytest.raises(Stopped):
        train(MapTask(recipe()), tmp_path / "tiny", killed, seconds=0)
    assert (tmp_path / "tiny" / STATE).is_file() and not (tmp_path / "tiny" / "net.json").exists()
    train(MapTask(recipe()), tmp_path / "tiny")
    assert content(tmp_path / "tiny") == content(trained[1])


def test_a_checkpoint_of_another_recipe_or_of_other_maps_is_refused(trained, tmp_path):
    with pytest.raises(BadInput, match="written with another recipe"):
        train(MapTask(recipe(("steps = 7", "steps = 8"))), trained[1])
    shutil.copytree(trained[1], tmp_path / "tiny")
    gain = tmp_path / "tiny" / CITIES / "gain" / "DPM"
    shutil.copy(gain / "1_0.png", gain / "1_1.png")
    with pytest.raises(BadInput, match="other data"):
        train(MapTask(recipe()), tmp_path / "tiny")


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
    (tmp_path / "tiny" / STATE).parent.mkdir(parents=True)
    (tmp_path / "tiny" / CITIES).symlink_to((trained[1] / CITIES).resolve())
    checkpoint.write(tmp_path / "tiny" / STATE, about["version"], about["recipe"], about["inputs"], found)
    with pytest.raises(BadInput, match=r"the checkpoint .* does not hold what its recipe describes"):
        train(MapTask(recipe()), tmp_path / "tiny")


def test_the_command_trains(trained, tmp_path, capsys):
    """With the checkpoint of a finished run, it measures and writes again."""
    shutil.copytree(trained[1], tmp_path / "run")
    (tmp_path / "tiny.toml").write_text(TEXT)
    assert main(["train", "radio", "--recipe", str(tmp_path / "tiny.toml"), "-o", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert "1 synthetic cities that were held out: 2 maps" in printed and "worst city 2" in printed
    assert content(tmp_path / "run") == content(trained[1])


def test_real_maps_are_judged_where_they_are(trained, monkeypatch):
    monkeypatch.setenv(layout.VARIABLE, str(made()))
    own = recipe(("[train]", '[measure]\nsplit = "2-2"\nfitted = "1-1"\n\n[train]'))
    task, maps = MapTask(own), real(own.measure)
    assert maps is not None
    worth = task.judged(trained[0].net, trained[0].fitted, maps, silent)
    assert worth.keys == ((2, 0), (2, 1)) and worth.worst[0] == 2
    assert list(worth.means)[-3:] == ["float net", "integer net, nothing rounded", "integer net"]
    assert worth.loss == pytest.approx(
        worth.means["integer net"].nmse / worth.means["integer net, nothing rounded"].nmse - 1
    )
    line = task.sentence(worth)
    assert f"NMSE of the integer net {worth.means['integer net'].nmse:.4f}" in line and "propagation model" in line


def test_a_float_map_may_leave_the_format_and_a_rounded_one_not(examples):
    """The loss would have no gradient where a map is too light or too dark."""
    codes, _, _ = examples.batch([0], [0])
    x = torch.from_numpy(codes).float() / 128
    for rounded in (False, True):
        twin = twin_of_recipe(recipe(), 3, normed=False, rounded=rounded).eval()
        with torch.no_grad():
            twin.out_bias.fill_(1.75)
            twin.out_weight.zero_()
            assert twin(x).unique().tolist() == [1 - 2**-7 if rounded else 1.75]


# ---- recipes --------------------------------------------------------------------------------------------------------


def test_the_built_in_recipe_is_of_the_size_that_was_asked_for():
    spec = RECIPES.builtin("radio-map").spec
    assert spec.name == "radio-map" and 150_000 < spec.graph.parameters <= 400_000 and len(spec.levels) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("held = 1", "held = 2"), "cities.held is 2 of 2 cities"),
        (("[architecture]", '[architecture]\ntensor = "Q8.8"'), "tiny are Q8.8; give a format of 8 bits at most"),
        (("[architecture]", "[architecture]\nbias_bits = 9"), "architecture.bias_bits is 9; it must be 2 to 8"),
        (("[architecture]", '[architecture]\nbias_bits = 8\ntensor = "Q9.-1"'), "leave bias_bits out"),
        (("maps = 2", "maps = 100000"), "would take"),
        (("{ channels = 3 }", "{ channels = 300 }"), "at most 400,000 are allowed"),
        (("{ channels = 3 }", "{ channels = 0 }"), "give sizes of 1 or more"),
        (("batch = 2", "batch = 1000000"), "would take"),
        (("seed = 5", "seed = 5\nsed = 1"), "unknown key cities.sed"),
        (("[train]", '[measure]\nsplit = "tset"\n\n[train]'), "split 'tset' is unknown"),
        (('name = "tiny"', 'name = "../tiny"'), "a net's has a letter"),
    ],
)  # fmt: skip
def test_recipes_that_do_not_fit(change, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        recipe(change)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--recipe", "other", "--cfg", "first_radio"], "--recipe is for a net of integers"),
        (["--recipe", "other", "--preset", "tiny"], "--recipe is for a net of integers"),
        (["--data", "cities"], "--data belongs to --cfg and --preset"),
    ],
)
def test_options_of_the_other_kind_of_training_are_refused(tmp_path, capsys, words, said):
    assert main(["train", "radio", "-o", str(tmp_path / "net"), *words]) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "net").exists()


def test_real_maps_that_lack_cities_are_refused_before_the_training(tmp_path, capsys, monkeypatch):
    """A folder of the data set is found, and none of its maps is of the recipe's splits."""
    for name in ("gain", "png/buildings_complete", "png/antennas"):
        (tmp_path / "real" / name).mkdir(parents=True)
    monkeypatch.setenv("BITTRUE_RADIOMAPSEER", str(tmp_path / "real"))
    assert main(["train", "radio", "-o", str(tmp_path / "net")]) == 2
    assert "real" in capsys.readouterr().err and not (tmp_path / "net" / "checkpoint" / "state.pt").exists()
