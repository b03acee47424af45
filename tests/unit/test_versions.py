"""Versions of net.json: the first that can say a net is written, both are read, and no committed net changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from big_evaluator import BigNet, digest, read_safetensors

from bittrue import ref
from bittrue.check import known_answers
from bittrue.errors import BadInput
from bittrue.spec import LAYERS, Add, Conv1d, Flatten, MaxPool2d, Mul, Net, Node, Sub, TensorType, load, save
from bittrue.spec.store import content_hash, contents

ROOT = Path(__file__).parents[2]
WEIGHTS = sorted(path.parent for path in (ROOT / "weights").rglob("net.json"))
FIRST = {"Add", "AvgPool1d", "ComplexFIR", "Conv1d", "Dense", "Flatten", "MaxPool1d", "MemoryTaps", "Table"}
Q7 = "Q1.7"


def version(net: Net, folder: Path) -> int:
    save(net, folder)
    return json.loads((folder / "net.json").read_text())["version"]


def rewritten(folder: Path, **changes) -> None:
    """Other keys of net.json (None takes one away), and the hash that fits them."""
    document = json.loads((folder / "net.json").read_text()) | changes
    document = {key: value for key, value in document.items() if value is not None}
    document["hash"] = digest(document, read_safetensors((folder / "weights.safetensors").read_bytes()))
    (folder / "net.json").write_text(json.dumps(document))


@pytest.mark.parametrize("folder", WEIGHTS, ids=lambda folder: str(folder.relative_to(ROOT / "weights")))
def test_committed_nets_are_written_as_they_stand(folder):
    document, net = json.loads((folder / "net.json").read_text()), load(folder)
    first = {type(node.layer).__name__ for node in net.nodes} <= FIRST
    assert document["version"] == (1 if first else 2) and document["hash"] == content_hash(net) == BigNet(folder).hash
    for name, data in contents(net).items():
        assert (folder / name).read_bytes() == (data.encode() if isinstance(data, str) else data)


def test_there_are_committed_nets():
    assert len(WEIGHTS) >= 3


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_layers_of_the_first_version_stay_there(layer, tmp_path):
    assert version(LAYERS[layer].example(), tmp_path) == (1 if layer in FIRST else 2)


def alone(layer, shape=(1, 5), **more) -> Net:
    return Net("n", TensorType(shape, Q7), [Node("it", layer, "input")], **more)


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (lambda: alone(Conv1d([[[1, 2]]], [0], Q7, Q7, padding=2)), 1),
        (lambda: alone(Conv1d([[[1, 2]]], [0], Q7, Q7, padding=(2, 2))), 1),
        (lambda: alone(Conv1d([[[1, 2]]], [0], Q7, Q7, padding=(2, 1))), 2),
        (lambda: alone(Flatten()), 1),
        (lambda: alone(Flatten(), (1, 5, 2)), 2),
        (lambda: alone(Flatten(), outputs=("it",)), 1),
        (lambda: alone(MaxPool2d(1, 1), (1, 5, 2)), 2),
    ],
)
def test_the_first_version_that_can_say_a_net_is_written(net, expected, tmp_path):
    assert version(net(), tmp_path) == expected
    assert content_hash(load(tmp_path)) == content_hash(net())


def ends() -> Net:
    inputs = {"left": TensorType((2,), Q7), "right": TensorType((2,), "Q2.3")}
    nodes = [Node("sum", Add("Q3.4"), ("left", "right")), Node("product", Mul("Q3.4"), ("sum", "right"))]
    return Net("ends", inputs, nodes, outputs=("sum", "product"))


def test_several_ends_come_back(tmp_path):
    save(ends(), tmp_path)
    found = load(tmp_path)
    assert (found.inputs, found.outputs, found.types) == (ends().inputs, ends().outputs, ends().types)
    document = json.loads((tmp_path / "net.json").read_text())
    assert list(document) == ["format", "version", "name", "inputs", "outputs", "nodes", "hash"]
    given = {"left": np.array([[1, -128]]), "right": np.array([[-16, 15]])}
    assert {k: v.tolist() for k, v in ref.outputs(found, given).items()} == {
        k: v.tolist() for k, v in ref.outputs(ends(), given).items()
    }


def test_several_ends_have_no_known_answers(tmp_path):
    save(ends(), tmp_path)
    assert known_answers.verify(ends(), tmp_path) is None
    (tmp_path / known_answers.FILE).write_bytes(known_answers.content(alone(Flatten()), np.zeros((2, 1, 5), int)))
    with pytest.raises(BadInput, match="is of one input and one output, and net ends has several; remove the file"):
        known_answers.verify(ends(), tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outputs": ["product", "sum"]}, "has outputs ['product', 'sum']; name nodes"),
        ({"outputs": []}, "'outputs' is []; version 2 has a list of one or more there"),
        ({"outputs": "product"}, "'outputs' is 'product'; version 2 has a list of one or more"),
        ({"outputs": None}, "version 2 has the key 'outputs', which is missing"),
        ({"inputs": None}, "version 2 has the key 'inputs', which is missing"),
        ({"input": {"shape": [2], "format": Q7}}, "a key too many"),
        ({"version": 1}, "version 1 has the key 'input', which is missing"),
        ({"version": 3}, "this bittrue reads versions 1 and 2"),
        ({"inputs": {"left": {"shape": [2], "format": Q7}}}, "version 2 has a list of one or more there"),
        ({"inputs": [{"shape": [2], "format": Q7}]}, "; give an object with name, shape and format"),
        ({"inputs": ["left", "right"]}, "an input is 'left'; give an object with name, shape and format"),
        ({"inputs": [{"name": "left", "shape": [2], "format": Q7}] * 2}, "the input 'left' is there twice; choose"),
    ],
)
def test_other_descriptions_of_several_ends_are_refused(changes, sentence, tmp_path):
    save(ends(), tmp_path)
    rewritten(tmp_path, **changes)
    with pytest.raises(BadInput) as caught:
        load(tmp_path)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_net_of_the_first_version_is_refused_under_the_second(tmp_path):
    save(alone(Flatten()), tmp_path)
    inputs = [{"name": "input", "shape": [1, 5], "format": Q7}]
    rewritten(tmp_path, version=2, input=None, inputs=inputs, outputs=["it"])
    with pytest.raises(BadInput, match="has version 2 and a net that belongs under version 1; write the folder"):
        load(tmp_path)


def test_a_net_of_the_second_version_is_refused_under_the_first(tmp_path):
    save(Net("n", TensorType((2,), Q7), [Node("it", Sub(Q7), ("input", "input"))]), tmp_path)
    rewritten(tmp_path, version=1, input={"shape": [2], "format": Q7}, inputs=None, outputs=None)
    with pytest.raises(BadInput, match="has version 1 and a net that belongs under version 2; write the folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"), [("padding", [[1, 1], 2]), ("padding", 1), ("stride", 1), ("stride", [1]), ("dilation", [1.0, 1])]
)
def test_parameters_have_one_way_to_be_written(key, value, tmp_path):
    save(LAYERS["Conv2d"].example(), tmp_path)
    nodes = json.loads((tmp_path / "net.json").read_text())["nodes"]
    nodes[0][key] = value
    rewritten(tmp_path, nodes=nodes)
    with pytest.raises(BadInput):
        load(tmp_path)
