"""The commands that write and read QONNX models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bittrue.cli import main
from bittrue.extras import install
from bittrue.spec import load
from bittrue.spec.store import content_hash

ROOT = Path(__file__).parents[2]
TINY = ROOT / "weights" / "ecg-tiny"


def refused(capsys, *call) -> str:
    assert main([str(each) for each in call]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    return sentence


def test_without_onnx_the_commands_say_what_to_install(capsys, monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.partition(".")[0] == "onnx"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    fix = install("qonnx")
    assert fix in refused(capsys, "export-qonnx", TINY, "-o", tmp_path / "m.onnx")
    (tmp_path / "given.onnx").write_bytes(b"")
    assert fix in refused(capsys, "import-qonnx", tmp_path / "given.onnx", "-o", tmp_path / "net")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["given.onnx"]


def test_a_name_must_end_in_onnx(capsys, tmp_path):
    assert ".onnx is what this command writes" in refused(capsys, "export-qonnx", TINY, "-o", tmp_path / "m.pb")


def test_there_and_back(capsys, tmp_path):
    pytest.importorskip("onnx", reason="no onnx: pip install -e '.[qonnx]'")
    assert main(["export-qonnx", str(TINY), "-o", str(tmp_path / "m.onnx")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1:] == [
        "  takes input: float32 1x3x128, codes of Q1.7 times 2^-7",
        "  gives fc: float32 1x5, codes of Q18.14 times 2^-14",
    ]
    assert main(["import-qonnx", str(tmp_path / "m.onnx"), "-o", str(tmp_path / "net")]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].endswith("net: ecg-tiny, 3x128 Q1.7 to 5 Q18.14") and not captured.err
    assert content_hash(load(tmp_path / "net")) == content_hash(load(TINY))


def test_both_as_json(capsys, tmp_path):
    pytest.importorskip("onnx", reason="no onnx: pip install -e '.[qonnx]'")
    assert main(["export-qonnx", str(TINY), "-o", str(tmp_path / "m.onnx"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    ends = {"name": "input", "shape": [3, 128], "format": "Q1.7"}
    assert found["inputs"] == [ends | {"type": "float32"}] and found["samples"] == 1 and found["net"] == "ecg-tiny"
    assert found["files"] == [str(tmp_path / "m.onnx")]
    assert main(["import-qonnx", str(tmp_path / "m.onnx"), "-o", str(tmp_path / "net"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    net = load(TINY)
    assert found["inputs"] == [ends] and [node["name"] for node in found["nodes"]] == [node.name for node in net.nodes]
    assert all(Path(path).is_file() for path in found["files"]) and found["remarks"] == []


def test_a_model_is_not_replaced_by_another_net(capsys, tmp_path):
    pytest.importorskip("onnx", reason="no onnx: pip install -e '.[qonnx]'")
    assert main(["export-qonnx", str(TINY), "-o", str(tmp_path / "m.onnx")]) == 0
    assert main(["import-qonnx", str(tmp_path / "m.onnx"), "-o", str(tmp_path / "net")]) == 0
    assert main(["export-qonnx", str(ROOT / "weights/tdnn-wide"), "-o", str(tmp_path / "m.onnx")]) == 0
    captured = capsys.readouterr().err
    assert "carried in float64" in captured and "takes a stream of 64 samples" in captured.replace("\n", " ")
    sentence = refused(capsys, "import-qonnx", tmp_path / "m.onnx", "-o", tmp_path / "net")
    assert "is of net ecg-tiny, and net tdnn-wide would replace it" in sentence


def test_changes_are_said(capsys, tmp_path):
    pytest.importorskip("onnx", reason="no onnx: pip install -e '.[qonnx]'")
    from qonnx_graphs import brevitas_mlp

    (tmp_path / "m.onnx").write_bytes(brevitas_mlp("ROUND").SerializeToString())
    call = ["import-qonnx", tmp_path / "m.onnx", "-o", tmp_path / "net"]
    assert "or import it with --requantise" in refused(capsys, *call)
    assert not (tmp_path / "net").exists()
    assert main([*map(str, call), "--requantise"]) == 0
    captured = capsys.readouterr()
    assert "bittrue: changed: Quant 'quant5' rounds ROUND, and layers round halves up" in captured.err
    assert "  quant5: Dense of input, 5 Q1.4" in captured.out
    assert np.isin(load(tmp_path / "net").nodes[0].layer.weight, range(-8, 8)).all()
