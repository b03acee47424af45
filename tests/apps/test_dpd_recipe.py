import numpy as np
import pytest
from plain_recipe import TEXT

from bittrue.apps.dpd import recipe, recipe_text
from bittrue.apps.dpd.amplifiers import identify_plan
from bittrue.apps.dpd.shelves import AMPLIFIERS
from bittrue.apps.dpd.topology import parameter_count, skeleton
from bittrue.errors import BadInput
from bittrue.num import Format


def broken(old, new):
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


@pytest.mark.parametrize("profile", ["wide", "compat"])
def test_the_built_in_recipes_describe_the_classic_net(profile):
    chosen = recipe.builtin(f"tdnn-{profile}")
    net = skeleton(chosen)
    assert chosen.name == net.name == f"tdnn-{profile}"
    assert [net.types[f"fc{k}"].shape for k in (1, 2, 3)] == [(32,), (16,), (2,)]
    assert net.types["features"].shape == (30,) and parameter_count(net) == 1554 and net.memory == 5
    formats = {"wide": ("Q1.15", "Q1.15", "Q4.12", "Q1.15"), "compat": ("Q1.15", "Q8.8", "Q8.8", "Q1.15")}[profile]
    assert tuple(str(net.types[name].format) for name in ("input", "features", "fc1", "fc3")) == formats
    assert all(str(node.layer.activation) == "LeakyReLU(shift=2)" for node in net.nodes[1:3])


def test_compat_weights_are_q1_15():
    net = skeleton(recipe.builtin("tdnn-compat"))
    assert {node.layer.weight_format for node in net.nodes[1:]} == {Format.parse("Q1.15")}


def test_a_recipe_file_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace("seed = 1", "seed = 9"))
    assert recipe.load(path).train.seed == 9 and recipe.load(path) != recipe.builtin("tdnn-wide")


def test_a_filter_beside_the_tdnn():
    chosen = recipe.parse(broken("leaky_shift = 2", "leaky_shift = 2\nfir_taps = [40, 0, 20]"), "x")
    with pytest.raises(BadInput, match="taps"):
        skeleton(chosen)
    net = skeleton(recipe.builtin("tdnn-fir"))
    assert net.nodes[-1].inputs == ("fc3", "fir") and parameter_count(net) == 1554 + 160 and net.memory == 39


WRONG = [
    ("seed = 1", "seeds = 1", "unknown key train.seeds; known are train.seed"),
    ("[net]", "[nets]", "unknown key nets"),
    ("seed = 1", "", "train.seed is missing"),
    ("seed = 1", "seed = 1.5", "train.seed is 1.5; it must be of type int"),
    ("seed = 1", "seed = true", "train.seed is True"),
    ("float_rate = 5e-3", 'float_rate = "fast"', "train.float_rate is 'fast'"),
    ("hidden = [32, 16]", "hidden = 32", "net.hidden is 32; a list"),
    ("hidden = [32, 16]", 'hidden = [32, "x"]', "net.hidden[1] is 'x'"),
    ('hidden = "Q4.12"', 'hidden = "Q4,12"', "unknown format 'Q4,12'"),
    ('weight = "fit"', 'weight = "fits"', "unknown format 'fits'"),
    ("batch = 1024", "batch = 0", "batch is 0"),
    ('name = "plain"', 'text = "x"', "unknown key text"),
    ("[train]", "[train", "not TOML"),
    ("batch = 1024", "batch = 0", "train.batch is 0; it must be at least 1"),
    ("float_rate = 5e-3", "float_rate = nan", "mine.toml holds nan; write finite numbers"),
    ("qat_rate = 2e-4", "qat_rate = -1.0", "train.qat_rate is -1.0"),
    ("seed = 1", "seed = 1\nema = 1.0", "train.ema is 1.0; it must be below 1"),
    ("seed = 1", 'seed = 1\nmethod = "newton"', "train.method is 'newton'; choose adam or levenberg"),
    ("seed = 1", 'seed = 1\nobjective = "none"', "train.objective is 'none'; choose ilc or direct"),
    (
        "seed = 1",
        'seed = 1\nmethod = "levenberg"\nobjective = "direct"',
        'train.objective is "direct", which needs',
    ),
    ("seed = 1", "seed = 1\ndamping = 0.0", "train.damping is 0.0"),
    ("seed = 1", "seed = 1\nmemory = 0.9", 'train.memory needs method "levenberg"'),
    ("seed = 1", 'seed = 1\nmethod = "levenberg"\nmemory = 1.0', "train.memory is 1.0; it must be 0 to 0.999"),
    (
        "seed = 1",
        'seed = 1\nmethod = "levenberg"\nmemory = 0.9\nleast_damping = 0.5',
        "and a least_damping of at most the damping",
    ),
    ("seed = 1", "seed = 1\nleast_damping = 1e-4", "train.least_damping is that of steps with a memory, which is 0"),
    ("[train]", "[data]\nheld = -1\n[train]", "data.held is -1"),
    ("[train]", "[data]\nheld = 2\n[gan]\nepochs = 5\n[train]", "data.held does not go with [gan]"),
    (
        "hidden = [32, 16]",
        'hidden = [32, 16]\nactivation = "relu"',
        "net.activation is 'relu'; choose leaky or tanh",
    ),
    ("hidden = [32, 16]", "hidden = [32, 16]\niq_taps = 4", "net.iq_taps is 4; a list"),
    ('hidden = "Q4.12"', "hidden = 4", 'formats.hidden is 4; a format such as "Q1.15"'),
    ('hidden = "Q4.12"', 'hidden = "Q4,12"', "formats.hidden: unknown format"),
    ('weight = "fit"', 'weight = "fits"', "formats.weight: unknown format"),
    (
        "[train]",
        '[data]\namplifier = "mine"\n[train]',
        "data.amplifier is 'mine'; choose twin or arena or recurrent",
    ),
    ("[train]", "[data]\nsurrogates = -1\n[train]", "data.surrogates is -1"),
    ("[train]", "[augment]\nnoise = 3\n[train]", "unknown key augment.noise; known are augment.copies"),
    ("[train]", '[augment]\nphase = "full"\n[train]', "augment.phase is 'full'; it must be of type float"),
    ("[train]", "[shape]\n[train]", 'shape needs train.method = "levenberg"'),
    ("[train]", "[gan]\n[train]", "key gan.epochs is missing"),
    ("[train]", "[gan]\nepochs = 5\nlambda = 10\n[train]", "unknown key gan.lambda"),
    ("[train]", "[gan]\nepochs = 5\nsequence = 2048\n[train]", "gan.sequence is 2048; it must be at least 4,096"),
    ("[train]", "[gan]\nepochs = 5\nsequence = 4097\n[train]", "gan.sequence is 4097; an even number"),
    ("[train]", "[gan]\nepochs = 5\nspectral_norm = 1\n[train]", "gan.spectral_norm is 1; it must be of type bool"),
    ("[train]", "[gan]\nepochs = 5\ncritic_steps = 0\n[train]", "gan.critic_steps is 0"),
    (
        "[train]",
        "[gan]\nepochs = 5\nadversarial = 0\nspectral = 0\nsupervised = 0\n[train]",
        "gan.adversarial, spectral and supervised are all 0",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_a_wrong_recipe_is_named(old, new, message):
    with pytest.raises(BadInput) as error:
        recipe.parse(broken(old, new), "mine.toml")
    assert message in str(error.value) and str(error.value).startswith("mine.toml")


def test_tanh_layers_are_a_linear_layer_and_a_table():
    text = broken("hidden = [32, 16]", 'hidden = [20, 10]\nactivation = "tanh"\niq_taps = [0, 3]')
    net = skeleton(recipe.parse(text, "x"))
    assert [(node.name, *node.inputs) for node in net.nodes] == [
        ("features", "input"),
        ("fc1", "features"),
        ("tanh1", "fc1"),
        ("fc2", "tanh1"),
        ("tanh2", "fc2"),
        ("fc3", "tanh2"),
    ]
    assert net.types["features"].shape == (2 * 2 + 6 * 3,)
    assert parameter_count(net) == 23 * 20 + 21 * 10 + 11 * 2
    assert {str(net.types[name].format) for name in ("fc1", "fc2")} == {"Q3.11"}
    table = net.nodes[2].layer
    given = net.types["fc1"].format
    wanted = table.output.encode(np.tanh(given.decode(np.arange(given.lo, given.hi + 1))))
    assert np.array_equal(table.values, wanted) and str(table.output) == "Q4.12"


def test_every_built_in_recipe_is_one():
    assert {"tdnn-compat", "tdnn-fir", "tdnn-gan", "tdnn-wide"} <= set(recipe.names())
    for name in recipe.names():
        chosen = recipe.builtin(name)
        assert chosen.name == name and skeleton(chosen).name == name


def test_the_defaults_are_those_of_the_wasserstein_paper():
    gan = recipe.parse((TEXT + "[gan]\nepochs = 3\n").encode(), "x").gan
    assert (gan.critic_steps, gan.penalty, gan.rate, gan.critic_rate) == (5, 10.0, 1e-4, 1e-4)
    assert gan.spectral_norm and gan.sequence == 4096 and gan.qat_from is None


def test_a_section_that_is_a_number_is_refused():
    text = 'name = "a"\ncapture = "b"\nnet = 3\nformats = 4\ntrain = 5\n'
    with pytest.raises(BadInput, match=r"net is 3; a section \[net\]"):
        recipe.parse(text.encode(), "x")


def test_missing_files_and_profiles(tmp_path):
    with pytest.raises(BadInput, match="recipe"):
        recipe.load(tmp_path / "none.toml")
    with pytest.raises(BadInput, match=r"unknown recipe 'narrow'; choose .*tdnn-compat"):
        recipe.named("narrow")


def test_a_capture_beside_the_recipe_is_found_wherever_the_command_runs(capture_folder, tmp_path, monkeypatch):
    path = tmp_path / "mine.toml"
    path.write_text("# mine\n" + TEXT.replace("APA_200MHz_b", "tiny_pa") + '# capture = "x"\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for plan in (recipe.load(path), recipe.named(str(path))):
        assert plan.capture == str(capture_folder.resolve())
        assert plan.text == path.read_text().replace('"tiny_pa"', f'"{capture_folder.resolve()}"')
        assert recipe.parse(plan.text.encode(), "x") == plan  # wherever it is stored, it means the same
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "elsewhere" / "mine.toml"
    other.write_text(path.read_text())
    assert recipe.load(other).capture == str(capture_folder.resolve())  # beside it is none: where the command runs
    path.write_text(TEXT)
    assert recipe.load(path).text == TEXT  # a data set stays a name


def test_a_recipe_goes_to_another_capture_under_a_name_of_both(capture_folder, monkeypatch, tmp_path):
    base = recipe.builtin("tdnn-wide")
    made = recipe_text.retargeted(base, str(capture_folder))
    assert made.name == "tdnn-wide-tiny-pa" and made.capture == str(capture_folder.resolve())
    assert base.data.amplifier == "arena" and made.data.amplifier == "twin"  # the Arena has none of it
    assert (made.net, made.formats, made.train) == (base.net, base.formats, base.train)
    assert recipe.parse(made.text.encode(), "x") == made and "--capture" in made.text.splitlines()[0]
    assert recipe_text.suffixed("a" * 50, "/x/my amplifier (2).v3/") == "a" * 30 + "-my-amplifier-2-v3"
    with pytest.raises(BadInput, match=r"no folder with a spec\.json"):
        recipe_text.retargeted(base, str(tmp_path / "none"))


def test_an_amplifiers_recipe_goes_to_another_capture_too(capture_folder):
    made = identify_plan.retargeted(identify_plan.plan("pa-gru"), str(capture_folder))
    assert (made.name, made.capture) == ("pa-gru-tiny-pa", str(capture_folder.resolve()))
    built = AMPLIFIERS.parse(identify_plan.Plan, made.text.encode(), "x")
    assert built == made


STRANGE = ["0", "-1", "1e308", str(2**62), '"x"', "[]", "[-1]", "{}", "true", "[99999999]", "[0, 0]", '"Q63.0"', "1.5"]


def test_a_recipe_of_strange_values_ends_in_a_sentence():
    text = recipe_text.written(recipe.parse((TEXT + "[gan]\nepochs = 3\n[augment]\n").encode(), "x")).text
    lines = text.splitlines()
    for at, line in enumerate(lines):
        for value in STRANGE if " = " in line else ():
            changed = [*lines[:at], f"{line.partition(' = ')[0]} = {value}", *lines[at + 1 :]]
            try:
                skeleton(recipe.parse("\n".join(changed).encode(), "x"))
            except BadInput as error:
                assert str(error)
