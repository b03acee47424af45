import pytest

from bittrue.apps.dpd import recipe
from bittrue.apps.dpd.topology import parameter_count, skeleton
from bittrue.errors import BadInput
from bittrue.num import Format

TEXT = recipe.builtin("wide").text


def broken(old, new):
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


@pytest.mark.parametrize("profile", ["wide", "compat"])
def test_the_built_in_recipes_describe_the_classic_net(profile):
    chosen = recipe.builtin(profile)
    net = skeleton(chosen)
    assert chosen.name == net.name == f"tdnn-{profile}"
    assert [net.types[f"fc{k}"].shape for k in (1, 2, 3)] == [(32,), (16,), (2,)]
    assert net.types["features"].shape == (30,) and parameter_count(net) == 1554 and net.memory == 5
    formats = {"wide": ("Q1.15", "Q1.15", "Q4.12", "Q1.15"), "compat": ("Q1.15", "Q8.8", "Q8.8", "Q1.15")}[profile]
    assert tuple(str(net.types[name].format) for name in ("input", "features", "fc1", "fc3")) == formats
    assert all(str(node.layer.activation) == "LeakyReLU(shift=2)" for node in net.nodes[1:3])


def test_compat_weights_are_q1_15():
    net = skeleton(recipe.builtin("compat"))
    assert {node.layer.weight_format for node in net.nodes[1:]} == {Format.parse("Q1.15")}


def test_a_recipe_file_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace("seed = 1", "seed = 9"))
    assert recipe.load(path).train.seed == 9 and recipe.load(path) != recipe.builtin("wide")


def test_a_filter_beside_the_tdnn():
    chosen = recipe.parse(broken("leaky_shift = 2", "leaky_shift = 2\nfir_taps = [40, 0, 20]"), "x")
    with pytest.raises(BadInput, match="taps"):
        skeleton(chosen)
    net = skeleton(recipe.builtin("fir"))
    assert net.nodes[-1].inputs == ("fc3", "fir") and parameter_count(net) == 1554 + 160 and net.memory == 39


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 1", "seeds = 1", "unknown key train.seeds; known are train.seed"),
        ("[net]", "[nets]", "unknown key nets"),
        ("seed = 1", "", "train.seed is missing"),
        ("seed = 1", "seed = 1.5", "train.seed is 1.5; it must be of type int"),
        ("seed = 1", "seed = true", "train.seed is True"),
        ("float_rate = 5e-3", 'float_rate = "fast"', "train.float_rate is 'fast'"),
        ("hidden = [32, 16]", "hidden = 32", "net.hidden is 32; a list"),
        ("hidden = [32, 16]", 'hidden = [32, "x"]', "net.hidden is 'x'"),
        ('hidden = "Q4.12"', 'hidden = "Q4,12"', "unknown format 'Q4,12'"),
        ('weight = "fit"', 'weight = "fits"', "unknown format 'fits'"),
        ("batch = 1024", "batch = 0", "batch is 0"),
        ('name = "tdnn-wide"', 'text = "x"', "unknown key text"),
        ("[train]", "[train", "not TOML"),
    ],
)
def test_a_wrong_recipe_is_named(old, new, message):
    with pytest.raises(BadInput) as error:
        recipe.parse(broken(old, new), "mine.toml")
    assert message in str(error.value) and str(error.value).startswith("mine.toml")


def test_a_section_that_is_a_number_is_refused():
    text = 'name = "a"\ncapture = "b"\nnet = 3\nformats = 4\ntrain = 5\n'
    with pytest.raises(BadInput, match=r"net is 3; a section \[net\]"):
        recipe.parse(text.encode(), "x")


def test_missing_files_and_profiles(tmp_path):
    with pytest.raises(BadInput, match="recipe"):
        recipe.load(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="wide, compat, fir"):
        recipe.builtin("narrow")
