"""Recipes: what they say, and that every wrong key is named."""

import pytest
from ecg_files import SMALL

from bittrue.apps.ecg import recipe
from bittrue.errors import BadInput


def broken(old, new):
    assert old in SMALL
    return SMALL.replace(old, new, 1).encode()


def test_the_built_in_recipes_are_within_the_chip():
    assert "ecg-tiny" in recipe.names()
    for name in recipe.names():
        plan = recipe.builtin(name)
        assert plan.name == name and plan.net.lengths(plan.input.length)
    tiny = recipe.builtin("ecg-tiny")
    assert tiny.net.weights(len(tiny.input.channels), tiny.input.length) <= 60_000


def test_sizes_by_hand():
    plan = recipe.parse(SMALL.encode(), "x")
    assert plan.net.lengths(32) == (32, 8, 4)
    assert plan.net.weights(3, 32) == 3 * 4 * 5 + 4 * 4 * 3 + 16 * 5
    assert plan.net.macs(3, 32) == 3 * 4 * 5 * 32 + 4 * 4 * 3 * 8 + 16 * 5


def test_a_recipe_file_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SMALL.replace("seed = 1", "seed = 9"))
    plan = recipe.load(path)
    assert plan.train.seed == 9 and plan.text == path.read_text() and plan.net.conv[1].pool == 4


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 1", "seeds = 1", "unknown key train.seeds; known are train.seed"),
        ("[train]", "[trains]", "unknown key trains"),
        ("steps = 6", "", "key train.steps is missing"),
        ("steps = 6", "steps = 6.5", "train.steps is 6.5; it must be of type int"),
        ("steps = 6", "steps = 0", "train.steps is 0"),
        ("ema = 0.5", "ema = 1.0", "train.ema is 1.0"),
        ("ema = 0.5", "ema = 0.5\noffsets = [0.0, -1.0]", "train.offsets has 2 numbers; give one for each of N, S"),
        ("ema = 0.5", "ema = nan", "x holds nan; write finite numbers"),
        ("fold = 0", "fold = 7", "train.fold is 7; choose 0 to 3"),
        ("fold = 0", "", 'train.select is "best", which needs patients'),
        ("fold = 0", 'fold = 0\nselect = "worst"', "train.select is 'worst'; choose best or last"),
        ('"beat", ', '"beats", ', r"input.channels\[0\] is 'beats'; choose beat or template"),
        ('["beat", "difference", "tachogram"]', '"beat"', "input.channels is 'beat'; a list"),
        ("before = 16", "before = 32", "input.before is 32"),
        (
            "channels = 4, kernel = 5",
            "channels = 4, kernel = 11",
            r"net.conv\[0\].kernel is 11; the accelerator takes 1",
        ),
        ("channels = 4, kernel = 5", "channels = 4, kernal = 5", r"unknown key net.conv\[0\].kernal"),
        ("channels = 4, kernel = 5", "kernel = 5", r"key net.conv\[0\].channels is missing"),
        ("kernel = 3, pool = 4", "kernel = 9, padding = 0, pool = 4", r"net.conv\[1\] has no sample left"),
        ("kernel = 3, pool = 4", "kernel = 3, pool = 17", r"net.conv\[1\].pool is 17"),
        ("pool = 2\n", "pool = 16\n", "net.pool leaves 0 samples"),
        ("channels = 4, kernel = 3", "channels = 600, kernel = 3", "net.pool leaves 4 samples of 600 channels"),
        ("amplitude = 0.2", "amplitude = -0.2", "augment.amplitude is -0.2"),
        ("seed = 1", "seed 1", "x is not TOML"),
        ('name = "small"', "", "key name is missing"),
    ],
)
def test_what_is_wrong_is_named(old, new, message):
    with pytest.raises(BadInput, match=message) as caught:
        recipe.parse(broken(old, new), "x")
    assert str(caught.value).startswith("x") and "\n" not in str(caught.value)


def test_an_unknown_recipe():
    with pytest.raises(BadInput, match="unknown recipe 'ecg-huge'; choose ecg"):
        recipe.builtin("ecg-huge")
    with pytest.raises(BadInput, match=r"cannot read the recipe nowhere\.toml"):
        recipe.load("nowhere.toml")


def test_the_reference_topology_has_its_published_size():
    plan = recipe.builtin("ecg-9layer")
    assert plan.net.weights(1, 128) == 1_226_304 and plan.net.macs(1, 128) == 12_559_616
    assert plan.net.lengths(128) == (128, 64, 64, 28, 26, 11, 3, 1, 1)
