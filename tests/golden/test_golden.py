"""The committed known answers hold, and nothing but ``make.py --force`` changes them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from bittrue import ref
from bittrue.spec import LAYERS, Constant, Transposed
from bittrue.spec.store import content_hash

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("golden_make", HERE / "make.py")
golden = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(golden)


def test_every_layer_has_its_file():
    assert {path.name for path in HERE.glob("*.json")} == {golden.name_of(layer) for layer in LAYERS}


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_known_answers(layer):
    known = json.loads((HERE / golden.name_of(layer)).read_text())
    net = LAYERS[layer].example()
    assert content_hash(net) == known["net"]
    assert len(known["input"]) > 50 and set(known["taps"]) == {node.name for node in net.nodes}
    assert {name: codes.tolist() for name, codes in ref.taps(net, known["input"]).items()} == known["taps"]
    assert ref.run(net, known["input"]).tolist() == known["taps"][net.nodes[-1].name]
    assert golden.answers(layer, known["input"]) == known  # the big integers agree


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_the_answers_show_something(layer):
    known, net = json.loads((HERE / golden.name_of(layer)).read_text()), LAYERS[layer].example()
    still = {node.name for node in net.nodes if isinstance(node.layer, Constant)}
    for node in net.nodes:
        codes = known["taps"][node.name]
        if still.intersection((node.name, *node.inputs)):
            continue
        for channel in zip(*codes, strict=True):
            assert len(set(golden.flat(list(channel)))) > 5
        for element in zip(*map(golden.flat, codes), strict=True):
            apart = isinstance(node.layer, Transposed) and len(set(element)) == 1  # it may meet no input
            assert len(set(element)) > 2 or apart


def test_nothing_is_written_without_force(tmp_path, capsys):
    for path in HERE.glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text())
    assert golden.make(tmp_path, force=False) == 0
    assert capsys.readouterr().out.count("unchanged") == len(LAYERS)

    edited = json.loads((HERE / golden.name_of("Dense")).read_text())
    edited["taps"]["fc"][3][1] += 1
    (tmp_path / golden.name_of("Dense")).write_text(json.dumps(edited))
    (tmp_path / golden.name_of("Add")).unlink()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert golden.make(tmp_path, force=False) == 1
    out = capsys.readouterr().out
    assert "Dense.json: fc: 1 samples differ, the first at 3: " in out and "Add.json: is new" in out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    assert golden.make(tmp_path, force=True) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in HERE.glob("*.json")
    }
