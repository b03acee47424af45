"""Nets on disk: what is saved is loaded, one net has one hash, and anything else is refused in one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from big_evaluator import digest, read_safetensors
from hypothesis import HealthCheck, given, settings
from strategies import full_range, nets

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import LAYERS, Dense, LeakyReLU, Linear, MemoryTaps, Net, Node, ReLU, TensorType, load, save
from bittrue.spec.store import content_hash, contents

FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
Q = Format.parse
ADD_HASH = "sha256:4f1765111336aec6f45e2c8285c9922416b57bd15bf68f3081c9bc3006a56b65"
"""Of ``Add.example()``. It changes only with the file format's version: old nets must keep their hashes."""

TAPS_HASH = "sha256:4499b53222015971c77f6051477a108a367f05c91501be32a629b945d29894b7"
"""Of a MemoryTaps net as it was before the layer got ``iq_taps``."""


def example(layer: str = "Dense") -> Net:
    return LAYERS[layer].example()


def refused(folder: Path, match: str | None = None) -> None:
    with pytest.raises(BadInput, match=match) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def tamper(folder: Path, change=lambda document: None, tensors=None, net: Net | None = None) -> None:
    """A folder with a changed description or other tensors, and the hash that fits them."""
    save(net or example(), folder)
    document = json.loads((folder / "net.json").read_text())
    change(document)
    if tensors is not None:
        (folder / "weights.safetensors").write_bytes(safetensors.numpy.save(tensors))
    stored = read_safetensors((folder / "weights.safetensors").read_bytes())
    document["hash"] = digest(document, stored)
    (folder / "net.json").write_text(json.dumps(document))


def arrays(net: Net) -> dict[str, np.ndarray]:
    layer = net.nodes[0].layer
    return {"fc.weight": layer.weight.copy(), "fc.bias": layer.bias.copy()}


# ---- what is saved is loaded ----------------------------------------------------------------------------------------


def assert_round_trip(net: Net, folder: Path) -> None:
    save(net, folder)
    found = load(folder)
    assert content_hash(found) == content_hash(net)
    assert (found.name, found.input, found.types) == (net.name, net.input, net.types)
    codes = full_range(net, 20, seed=1)
    assert np.array_equal(ref.run(found, codes), ref.run(net, codes))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"net.json", "weights.safetensors"}
    save(found, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before  # the same bytes again
    assert json.loads(before["net.json"])["hash"] == content_hash(net)


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_examples(layer, tmp_path):
    assert_round_trip(example(layer), tmp_path / "new" / "folder")


@FOLDER
@given(nets())
def test_random_nets(tmp_path, net):
    assert_round_trip(net, tmp_path)


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(1), LeakyReLU(15)])
def test_activations(activation, tmp_path):
    layer = Dense(np.array([[1, 2]]), np.array([3]), Q("Q1.7"), Q("Q1.7"), activation)
    save(Net("a", TensorType((2,), Q("Q1.7")), (Node("fc", layer, ("input",)),)), tmp_path)
    assert load(tmp_path).nodes[0].layer.activation == activation


@pytest.mark.parametrize(("bias", "kind"), [(127, "I8"), (-128, "I8"), (128, "I16"), (2**31, "I64"), (-(2**31), "I32")])
def test_weights_take_the_smallest_type(bias, kind, tmp_path):
    layer = Dense(np.array([[1]]), np.array([bias]), Q("Q8.0"), Q("Q8.0"))
    save(Net("a", TensorType((1,), Q("Q8.0")), (Node("fc", layer, ("input",)),)), tmp_path)
    data = (tmp_path / "weights.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["fc.bias"]["dtype"] == kind
    assert load(tmp_path).nodes[0].layer.bias.tolist() == [bias]


def test_numpy_integers_in_a_net_are_saved(tmp_path):
    layer = LAYERS["ComplexFIR"].example().nodes[0].layer
    terms = tuple(type(t)(np.int64(t.power), np.array(t.taps)) for t in layer.terms)
    layer = type(layer)(terms, layer.weight, layer.weight_format, layer.basis, layer.output)
    net = Net(
        "complex_fir", TensorType(np.array([2]), Format(np.int64(12), np.int64(11))), (Node("fir", layer, ("input",)),)
    )
    save(net, tmp_path)
    assert content_hash(load(tmp_path)) == content_hash(example("ComplexFIR"))


# ---- one net, one hash ----------------------------------------------------------------------------------------------


def test_the_hash_of_a_known_net():
    assert content_hash(example("Add")) == ADD_HASH


def test_the_hash_of_a_net_without_an_optional_parameter(tmp_path):
    layer = MemoryTaps((0, 1, 3), (1, 2, 3, 4), Q("Q3.9"))
    net = Net("memory_taps", TensorType((2,), Q("Q1.11")), (Node("taps", layer, ("input",)),))
    assert content_hash(net) == TAPS_HASH
    save(net, tmp_path)
    assert "iq_taps" not in (tmp_path / "net.json").read_text()
    assert load(tmp_path).nodes[0].layer == layer


def test_delays_of_i_and_q_are_saved(tmp_path):
    save(example("MemoryTaps"), tmp_path)
    assert json.loads((tmp_path / "net.json").read_text())["nodes"][0]["iq_taps"] == [1, 4]
    assert load(tmp_path).nodes[0].layer == example("MemoryTaps").nodes[0].layer


def test_a_declared_delay_is_saved_and_has_a_hash_of_its_own(tmp_path):
    net = replace(example("MemoryTaps"), delay=2)
    save(net, tmp_path)
    assert load(tmp_path).delay == 2
    assert content_hash(load(tmp_path)) == content_hash(net) != content_hash(replace(net, delay=1))
    assert "delay" not in contents(example("MemoryTaps"))["net.json"]


@pytest.mark.parametrize("delay", [-1, 5, True, "1", 0.5])
def test_a_delay_beyond_the_memory_is_refused(delay):
    with pytest.raises(BadInput, match=r"declares a delay of .* samples; its outputs see 0 to 4 back"):
        replace(example("MemoryTaps"), delay=delay)


def test_the_hash_is_not_of_the_layout_of_the_files(tmp_path):
    tamper(tmp_path, tensors={k: v.astype(np.int64) for k, v in reversed(arrays(example()).items())})
    text = json.dumps(json.loads((tmp_path / "net.json").read_text()), sort_keys=True, indent=7)
    (tmp_path / "net.json").write_text(text + "\n\n")
    assert content_hash(load(tmp_path)) == content_hash(example())


def test_everything_with_a_meaning_is_in_the_hash():
    def variant(name="dense", node="fc", shape=5, given="Q1.7", fmt="Q2.6", out="Q3.5", k=2, delta=0, bias=77):
        weight = example().nodes[0].layer.weight + np.eye(3, 5, dtype=np.int64) * delta
        layer = Dense(weight[:, :shape], np.array([1 << 14, -(1 << 14) + 1, bias]), Q(fmt), Q(out), LeakyReLU(k))
        return Net(name, TensorType((shape,), Q(given)), (Node(node, layer, ("input",)),))

    changes = [{}, {"name": "d"}, {"node": "f"}, {"shape": 4}, {"given": "Q2.6"}, {"fmt": "Q3.5"}, {"out": "Q3.6"}]
    changes += [{"k": 3}, {"delta": 1}, {"bias": 78}]
    hashes = [content_hash(variant(**change)) for change in changes]
    assert hashes[0] == content_hash(example())
    assert len(set(hashes)) == len(hashes)


# ---- corrupt files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["net.json", "weights.safetensors"])
@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_any_flipped_bit_is_refused(layer, name, tmp_path):
    save(example(layer), tmp_path)
    good = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(9)
    places = np.arange(len(good)) if len(good) < 200 else rng.choice(len(good), 200, replace=False)
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1 << int(rng.integers(8))
        (tmp_path / name).write_bytes(bad)
        refused(tmp_path)


@pytest.mark.parametrize("name", ["net.json", "weights.safetensors"])
def test_any_other_byte_is_refused_or_means_the_same(name, tmp_path):
    save(example(), tmp_path)
    good, rng = (tmp_path / name).read_bytes(), np.random.default_rng(10)
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] = int(rng.integers(256))
        (tmp_path / name).write_bytes(bad)
        try:
            found = load(tmp_path)
        except BadInput:
            continue
        assert content_hash(found) == content_hash(example())  # one kind of white space for another


@pytest.mark.parametrize("name", ["net.json", "weights.safetensors"])
def test_truncated_or_longer_files_are_refused(name, tmp_path):
    save(example(), tmp_path)
    good = (tmp_path / name).read_bytes()
    for end in range(0, len(good.rstrip()), 7):
        (tmp_path / name).write_bytes(good[:end])
        refused(tmp_path)
    (tmp_path / name).write_bytes(good + b"x")
    refused(tmp_path)


def test_files_of_two_nets_are_refused(tmp_path):
    save(example(), tmp_path)
    weights = (tmp_path / "weights.safetensors").read_bytes()
    save(example("Table"), tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(weights)
    refused(tmp_path, "was edited or is corrupt: net.json says 'sha256:.*', the content has sha256:.*; restore it")


def test_missing_files_are_named(tmp_path):
    refused(tmp_path / "none", "none is not a net folder; give a folder that holds net.json and weights.safetensors")
    save(example(), tmp_path)
    (tmp_path / "weights.safetensors").rename(tmp_path / "w")
    refused(tmp_path, r"^cannot read the weights .*No such file")
    (tmp_path / "net.json").unlink()
    refused(tmp_path, r"is not a net folder: it holds no net\.json; give a folder that bittrue train wrote$")


def test_folders_of_something_else_are_named(tmp_path):
    for name in ("hot", "cold"):
        save(example(), tmp_path / name)
    refused(tmp_path, r"is a folder of 2 nets \(cold, hot\); give one of them, such as .*/cold$")
    refused(
        tmp_path / "hot" / "net.json", r"net\.json is not a net folder; give .*/hot, the folder that holds net\.json"
    )
    (tmp_path / "rom").mkdir()
    (tmp_path / "rom" / "bank_map.json").write_text("{}")
    refused(tmp_path / "rom", r"is a folder of ROM files of banks, not a net folder")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[1]", b"null", b'"x"', b"9" * 5000])
def test_what_is_not_a_net_description_is_refused(text, tmp_path):
    save(example(), tmp_path)
    (tmp_path / "net.json").write_bytes(text)
    refused(
        tmp_path, "is not JSON|does not describe a net|is text in UTF-16|beyond 64 levels|an integer of 5,000 digits"
    )


@pytest.mark.parametrize(
    ("encoding", "match"),
    [
        ("utf-8-sig", "begins with a byte order mark; save it as UTF-8 without one"),
        ("utf-16", "is text in UTF-16 or UTF-32; save it as UTF-8"),
        ("utf-16-le", "is not JSON|is not UTF-8"),
        ("utf-16-be", "is not JSON|is not UTF-8"),
        ("utf-32", "is text in UTF-16 or UTF-32; save it as UTF-8"),
        ("utf-32-be", "is not JSON|is not UTF-8"),
        ("latin-1", None),
    ],
)
def test_other_encodings_are_refused(encoding, match, tmp_path):
    save(example(), tmp_path)
    text = (tmp_path / "net.json").read_text()
    (tmp_path / "net.json").write_bytes(text.encode(encoding))
    if match is None:
        assert load(tmp_path)  # the same bytes: all of them are ASCII
    else:
        refused(tmp_path, match)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"name": "dense",', '"name": "dense", "name": "dense",'),
        ('"activation": "leaky_relu/2"', '"activation": "relu", "activation": "leaky_relu/2"'),
        ('"shape": [', '"shape": [7], "shape": ['),
    ],
)
def test_a_key_twice_is_refused_wherever_it_stands(old, new, tmp_path):
    save(example(), tmp_path)
    text = (tmp_path / "net.json").read_text()
    assert old in text
    (tmp_path / "net.json").write_text(text.replace(old, new))
    refused(tmp_path, r"the net description .* has the key '\w+' twice in one object; leave one of them$")


def test_a_tensor_twice_is_refused(tmp_path):
    save(example(), tmp_path)
    content = (tmp_path / "weights.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].rstrip()
    entry = header[1:-1].split(b',"fc.weight"')[0]
    twice = (b"{" + entry + b"," + header[1:]).ljust(-(-(length + len(entry) + 1) // 8) * 8)
    (tmp_path / "weights.safetensors").write_bytes(len(twice).to_bytes(8, "little") + twice + content[8 + length :])
    refused(tmp_path, r"the header of the weights .* has the key 'fc\.bias' twice in one object")


# ---- well-formed files that are not nets ----------------------------------------------------------------------------


def node(key, value):
    return lambda document: document["nodes"][0].__setitem__(key, value)


def top(key, value):
    return lambda document: document.__setitem__(key, value)


def given_(key, value):
    return lambda document: document["input"].__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (top("format", "onnx"), "'format' must be 'bittrue-net'"),
        (top("version", 2), "version 2 has the key 'inputs', which is missing"),
        (top("version", 3), "has version 3; this bittrue reads versions 1 and 2"),
        (top("version", "1"), "has version '1'"),
        (top("version", None), "has version None"),
        (top("version", 1.0), "has version 1.0; this bittrue reads versions 1 and 2"),
        (top("version", True), "has version True"),
        (top("comment", "hello"), "a key too many"),
        (given_("comment", "hello"), "a key too many"),
        (given_("format", "Q01.7"), "writes it in another way"),
        (given_("format", "int8"), "unknown format 'int8'; write Qm.n"),
        (given_("format", 8), "unknown format 8"),
        (given_("shape", []), r"a tensor has shape \(\)"),
        (given_("shape", [0]), r"a tensor has shape \(0,\)"),
        (given_("shape", [4]), r"Dense weighs 5 inputs, but is fed shape \(4,\)"),
        (given_("shape", [5.0]), "give a list of whole numbers"),
        (given_("shape", ["5"]), "give a list of whole numbers"),
        (given_("shape", 5), "give a list of whole numbers"),
        (given_("shape", [True, 5]), "give a list of whole numbers"),
        (top("input", None), "malformed"),
        (top("nodes", {}), "has no layers"),
        (top("nodes", [None]), "malformed"),
        (top("nodes", 1), "malformed"),
        (top("name", 1), "net name 1: use a letter"),
        (top("name", "no spaces"), "net name 'no spaces': use a letter"),
        (node("layer", "Conv9d"), "unknown layer 'Conv9d' at node 'fc'; known are Add, "),
        (node("layer", ["Dense"]), r"unknown layer \['Dense'\]"),
        (node("name", "other"), "lacks tensor 'other.weight'"),
        (node("inputs", ["nowhere"]), "node fc takes 'nowhere', which is not an earlier node"),
        (node("inputs", ["input", "input"]), "Dense fc takes 1 input, not 2"),
        (node("inputs", [["input"]]), "node fc has inputs .* name earlier nodes"),
        (node("inputs", None), "node 'fc' has inputs None; net.json has a list of names there"),
        (node("inputs", "input"), "node 'fc' has inputs 'input'; net.json has a list of names there"),
        (node("gain", 2), "unknown key 'gain'; Dense takes weight, bias, weight_format, output, activation"),
        (node("weight", [[1]]), "writes it in another way"),
        (node("output", "Q99.0"), "a format has 1 to 63 bits, not 99"),
        (node("weight_format", "Q1.2"), r"weight\[0, 0\] is -128, outside -4..3 of Q1.2"),
        (node("activation", "tanh"), "unknown activation 'tanh'"),
        (node("activation", "leaky_relu/0"), "slope 2\\^-1 to 2\\^-15"),
        (node("activation", "leaky_relu/-2"), "unknown activation"),
        (node("activation", "leaky_relu/02"), "writes it in another way"),
        (node("activation", ["relu"]), "unknown activation"),
        (lambda document: document["nodes"][0].pop("output"), "node 'fc' lacks 'output'; see docs/net-format.md"),
        (lambda document: document["nodes"][0].pop("layer"), "malformed near 'layer'"),
        (lambda document: document.pop("name"), "malformed near 'name'"),
    ],
)
def test_descriptions_that_are_not_a_net_are_refused(change, match, tmp_path):
    tamper(tmp_path, change)
    refused(tmp_path, match)


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("taps", [0.0, 1, 3], "give a list of whole numbers"),
        ("taps", [float("inf")], "holds Infinity, which JSON does not have"),
        ("taps", [0, (1 << 20) + 1], "reaches 1048577 samples back, more than 1,048,576; shorten the delay"),
        ("taps", [0, 1 << 65], "an integer beyond 64 bits"),
        ("taps", "013", "give a list of whole numbers"),
        ("taps", [0, 3, 1], "strictly increasing"),
        ("taps", [], "strictly increasing"),
        ("taps", [-1, 0], "strictly increasing"),
        ("taps", None, "MemoryTaps.taps is None; give a list of whole numbers"),
        ("powers", [5], "envelope powers are 1, 2, 3 and 4"),
        ("powers", [1, 1], "each at most once"),
        ("powers", [True], "give a list of whole numbers"),
        ("iq_taps", [3, 1], "strictly increasing"),
        ("iq_taps", [0, 1, 3], "writes it in another way"),
        ("iq_taps", None, "writes it in another way"),
    ],
)
def test_taps_that_are_not_delays_are_refused(key, value, match, tmp_path):
    tamper(tmp_path, node(key, value), net=example("MemoryTaps"))
    refused(tmp_path, match)


@pytest.mark.parametrize(
    ("terms", "match"),
    [
        ([{"power": 0, "taps": [0], "gain": 1}], r"has 1 taps and weights of shape \(10, 2\)"),
        ([{"power": 0}], "malformed"),
        ([{"power": 0.5, "taps": [0]}], "whole numbers"),
        ([[0, [0]]], "malformed"),
        ([], "has 0 taps"),
        ("terms", "malformed"),
    ],
)
def test_terms_that_are_not_filters_are_refused(terms, match, tmp_path):
    tamper(tmp_path, node("terms", terms), net=example("ComplexFIR"))
    refused(tmp_path, match)


def test_a_term_with_a_key_too_many_is_refused(tmp_path):
    tamper(tmp_path, lambda d: d["nodes"][0]["terms"][0].__setitem__("gain", 1), net=example("ComplexFIR"))
    refused(tmp_path, "a key too many")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.pop("fc.bias"), "weights.safetensors lacks tensor 'fc.bias'; restore the file"),
        (lambda t: t.update({"fc.extra": np.zeros(1, np.int8)}), "holds 'fc.extra', which no layer of net.json has"),
        (lambda t: t.update({"fc.output": np.zeros(1, np.int8)}), "a key too many"),
        (lambda t: t.update({"fc.bias": np.zeros(2, np.int64)}), "3 rows of weights and 2 biases"),
        (lambda t: t.update({"fc.bias": np.zeros((3, 1), np.int64)}), r"bias has shape \(3, 1\)"),
        (lambda t: t.update({"fc.weight": np.zeros((3, 4), np.int64)}), r"weighs 4 inputs, but is fed shape \(5,\)"),
        (lambda t: t.update({"fc.weight": np.zeros((0, 5), np.int64)}), r"weight has shape \(0, 5\)"),
        (lambda t: t.update({"fc.weight": np.full((3, 5), 128, np.int16)}), r"weight\[0, 0\] is 128, outside"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(change, match, tmp_path):
    tensors = arrays(example())
    change(tensors)
    tamper(tmp_path, tensors=tensors)
    refused(tmp_path, match)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16, np.bool_, np.uint8, np.uint64])
def test_tensors_of_another_type_are_refused(kind, tmp_path):
    save(example(), tmp_path)
    tensors = arrays(example()) | {"fc.bias": np.ones(3, kind)}
    (tmp_path / "weights.safetensors").write_bytes(safetensors.numpy.save(tensors))
    refused(tmp_path, "tensor fc.bias in weights.safetensors has type .*; weights are int8, 16, 32 or 64 codes")


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "F8_E5M2", "C64"])
def test_tensors_of_a_type_that_numpy_lacks_are_refused(kind, tmp_path):
    save(example(), tmp_path)
    width = {"BF16": 2, "C64": 8}.get(kind, 1)
    header = json.dumps({"fc.bias": {"dtype": kind, "shape": [3], "data_offsets": [0, 3 * width]}}).encode()
    data = len(header).to_bytes(8, "little") + header + bytes(3 * width)
    (tmp_path / "weights.safetensors").write_bytes(data)
    refused(tmp_path, "is corrupt|has type|is damaged")


# ---- saving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [1, 2])
def test_a_failed_save_keeps_the_old_net(call, tmp_path, monkeypatch):
    save(example(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    count, real = iter(range(1, 100)), Path.replace

    def replace(self, target):
        if next(count) == call:
            raise OSError(5, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(BadInput, match=r"cannot write in .*: Input/output error; create the folder or choose another"):
        save(example("Table"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert content_hash(load(tmp_path)) == content_hash(example())


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "net").write_text("x")
    with pytest.raises(BadInput, match=r"cannot make .*net: File exists; choose another folder"):
        save(example(), tmp_path / "net")
