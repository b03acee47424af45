"""Checkpoints that hold layers under several names: what ai8x-synthesis takes is taken, or both names are said."""

import numpy as np
import pytest
from ai8x_files import CONV, describe, float_state, imported, layer_state

from bittrue import ref
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.targets.max78002.checkpoint import Checkpoint, npz_bytes, read_checkpoint
from bittrue.targets.max78002.layer_keys import LayerKeys
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.verify import verify

LAYERS = [CONV, {"operation": "mlp", "flatten": True, "output_width": 32}]
ONE = layer_state("a", (4, 2, 3), 8, -3, 1) | layer_state("b", (3, 4 * 9), 8, 0, 2)
OTHER = layer_state("a", (4, 2, 3), 8, -3, 3) | layer_state("b", (3, 4 * 9), 8, 0, 4)


def under(prefix, state, drop=()):
    return {prefix + key: value for key, value in state.items() if not key.endswith(tuple(drop))}


def outputs(folder, state, layers=LAYERS):
    done = imported(folder, layers, state, length=9)
    return ref.run(done.net, np.random.default_rng(0).integers(-128, 128, (20, 2, 9))), done.remarks


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "ema.", "model.net."])
@pytest.mark.parametrize("drop", [(), (".bias",), ("a.op.bias",), ("b.op.bias",), ("a.output_shift",)])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_first_in_the_file_are_taken_with_what_has_exactly_their_name(tmp_path, prefix, drop, swapped):
    first, second = under(prefix, ONE, drop), dict(OTHER)
    if swapped:
        first, second = under("", ONE, drop), under(prefix, OTHER)
    wanted, _ = outputs(tmp_path, under("", ONE, drop))
    found, remarks = outputs(tmp_path, first | second)
    assert np.array_equal(found, wanted)
    names = [f"{prefix}a, {prefix}b", "a, b"]
    assert len(remarks) == 1
    assert (
        f"the first in the file were taken, {names[swapped]}" in remarks[0]
        and f"and not {names[1 - swapped]}" in remarks[0]
    )


def test_the_remark_says_where_biases_are(tmp_path):
    assert (
        "a, module.b (without biases), and not a, b (with biases)"
        in outputs(tmp_path, under("module.", ONE, (".bias",)) | ONE)[1][0]
    )
    assert "b (1 of 2 with biases), and not" in outputs(tmp_path, under("module.", ONE, ("a.op.bias",)) | ONE)[1][0]


def test_weights_alone_decide_the_order(tmp_path):
    """Biases and parameters may stand anywhere, and in any order."""
    both = under("module.", ONE, (".bias",)) | OTHER
    others = {key: both[key] for key in reversed(both) if not key.endswith(".weight")}
    weights = {key: both[key] for key in both if key.endswith(".weight")}
    wanted = outputs(tmp_path, under("", ONE, (".bias",)))[0]
    for state in (others | weights, weights | others):
        assert np.array_equal(outputs(tmp_path, state)[0], wanted)


def test_all_under_one_prefix_is_plain(tmp_path):
    path = tmp_path / "c.npz"
    for prefix in ("module.", "_orig_mod."):
        path.write_bytes(npz_bytes(under(prefix, ONE)))
        assert list(read_checkpoint(path).state) == list(ONE)
    path.write_bytes(npz_bytes(under("module.", ONE) | {"b.op.bias": ONE["b.op.bias"]}))
    state = read_checkpoint(path).state
    assert list(state) == [f"module.{key}" for key in ONE] + ["b.op.bias"]
    assert np.array_equal(outputs(tmp_path, state)[0], outputs(tmp_path, ONE)[0])


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            {
                key: value
                for pair in zip(under("module.", ONE).items(), ONE.items(), strict=True)
                for key, value in pair
            },
            r"one layer twice, as module.a.op.weight and a.op.weight, and both are among the 2 that .* takes",
        ),
        (under("module.", ONE, ("b.op.weight",)), "has 1: module.a"),
        (
            float_state("module.a", (4, 2, 3)) | float_state("module.b", (3, 36)) | ONE,
            "one layer twice: module.a.op.weight with fractions and a.op.weight with integers, and the first would be",
        ),
        (
            layer_state("a", (4, 2, 3)) | float_state("b", (3, 36)),
            "integers in layer a and fractions in layer b, so part of it is quantised already",
        ),
        (
            {"w.a.weight": ONE["a.op.weight"], "w.b.weight": ONE["b.op.weight"], "w.b.output_shift": np.array([2])},
            r"has w.b.output_shift for w.b.weight, which ai8x reads as w.output_shift; rename the weight",
        ),
    ],
)
def test_what_has_no_one_meaning_is_refused(tmp_path, state, sentence):
    with pytest.raises(BadInput, match=sentence):
        imported(tmp_path, LAYERS, state, length=9)


@pytest.mark.parametrize(
    ("more", "names"),
    [
        (layer_state("c", (4, 2, 3)), "c"),
        (ONE | layer_state("c", (4, 2, 3)), "c"),
        ({"n.weight": np.ones(4)}, "n"),
        (layer_state("head.a", (4, 2, 3)), "head.a"),
    ],
)
def test_layers_beyond_the_description_are_left(tmp_path, more, names):
    found, remarks = outputs(tmp_path, ONE | more)
    assert np.array_equal(found, outputs(tmp_path, ONE)[0])
    assert len(remarks) == 1
    assert "holds more layers than the 2 described; as in ai8x-synthesis the first in the file" in remarks[0]
    assert "were taken, a, b (with biases), and not " in remarks[0] and f"not {names}" in remarks[0]


def test_integers_that_stand_before_the_floats_are_taken(tmp_path):
    floats = float_state("x.a", (4, 2, 3)) | float_state("x.b", (3, 36))
    assert np.array_equal(outputs(tmp_path, ONE | floats)[0], outputs(tmp_path, ONE)[0])


def test_a_part_that_stands_twice_under_a_known_prefix_is_a_copy(tmp_path):
    some = {key: value for key, value in under("module.", OTHER).items() if ".b." in key}
    assert np.array_equal(outputs(tmp_path, ONE | some)[0], outputs(tmp_path, ONE)[0])


def test_both_forms_of_names_are_layers(tmp_path):
    """``X.weight`` has its bias and its shift at ``X``; another word than op is as good."""
    flat = {key.replace(".op.", "."): value for key, value in ONE.items()}
    odd = {key.replace(".op.", ".conv."): value for key, value in ONE.items()}
    mixed = under("", {key: flat[key] for key in flat if key.startswith("a.")}) | {
        k: v for k, v in ONE.items() if k[0] == "b"
    }
    wanted = outputs(tmp_path, ONE)[0]
    for state in (flat, odd, mixed):
        assert np.array_equal(outputs(tmp_path, state)[0], wanted)


@pytest.mark.parametrize(
    ("weight", "name", "bias", "shift"),
    [
        ("conv1.op.weight", "conv1", "conv1.op.bias", "conv1.output_shift"),
        ("module.a.b.op.weight", "module.a.b", "module.a.b.op.bias", "module.a.b.output_shift"),
        ("fc.weight", "fc", "fc.bias", "fc.output_shift"),
        ("net.fc.weight", "net.fc", "net.fc.bias", "net.output_shift"),
    ],
)
def test_where_the_vendor_looks(weight, name, bias, shift):
    keys = LayerKeys(weight)
    assert (keys.name, keys.bias, keys.scalar("output_shift")) == (name, bias, shift)


def test_quantising_takes_every_layer_by_its_own_name(tmp_path):
    one = float_state("a", (4, 2, 3)) | float_state("b", (3, 36), 8, 1)
    other = float_state("a", (4, 2, 3), 8, 5) | float_state("b", (3, 36), 8, 6)
    both = under("module.", one, ("a.op.bias",)) | other
    done = quantise(Checkpoint("c.npz", both)).state
    for prefix, state in (("module.", under("", one, ("a.op.bias",))), ("", other)):
        alone = quantise(Checkpoint("c.npz", state)).state
        assert all(np.array_equal(done[prefix + key], value) for key, value in alone.items())
    assert list(done) == list(both)
    with pytest.raises(BadInput, match=r"w.0.weight and w.1.weight share the parameters w\.\*"):
        quantise(Checkpoint("c", {"w.0.weight": one["a.op.weight"], "w.1.weight": one["a.op.weight"]}))


def test_a_verdict_and_the_commands_say_it(tmp_path, capsys):
    both = under("module.", ONE, (".bias",)) | ONE
    (good, sentence) = verify(Checkpoint("c.npz", both)).findings[-1]
    assert not good and "twice, as module.a.op.weight and a.op.weight; an import takes the first" in sentence
    assert len(verify(Checkpoint("c.npz", ONE)).findings) == 4
    (tmp_path / "c.npz").write_bytes(npz_bytes(both))
    command = [
        "import-ai8x",
        describe(tmp_path, LAYERS),
        tmp_path / "c.npz",
        "--device",
        "MAX78002",
        "-o",
        tmp_path / "n",
    ]
    assert main([str(word) for word in command]) == 0
    assert "holds layers twice; as in ai8x-synthesis the first in the file were taken" in capsys.readouterr().err


@pytest.mark.parametrize("value", [1e30, -1e30, 1 << 40])
def test_numbers_that_are_no_codes(tmp_path, value):
    weight = ONE["a.op.weight"].astype(float)
    weight[0, 0, 0] = value
    with pytest.raises(BadInput, match=r"a.op.weight holds .*; the chip has codes of 8 bits"):
        imported(tmp_path, LAYERS, ONE | {"a.op.weight": weight}, length=9)
    with pytest.raises(BadInput, match=r"a.op.bias needs bytes of .*; the chip has -128..127"):
        imported(tmp_path, LAYERS, ONE | {"a.op.bias": np.full(4, value)}, length=9)
