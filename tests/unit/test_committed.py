"""A word may stand for a committed net, wherever a command or a function asks for a net."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import bittrue
from bittrue import committed, spec
from bittrue.cli import main, parser
from bittrue.errors import BadInput
from bittrue.spec.store import content_hash

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_committed_nets_have_names():
    assert {"tdnn-wide", "ecg-tiny", "tdnn-thermal/cold"} <= set(committed.names())
    assert all(committed.located(name) == ROOT / "weights" / name for name in committed.names())


def test_a_name_leads_to_the_net():
    for name in ("tdnn-wide", "tdnn-thermal/hot"):
        assert content_hash(bittrue.load(name)) == content_hash(spec.load(ROOT / "weights" / name))


def test_a_folder_of_that_name_goes_first(capsys):
    shutil.copytree(ROOT / "weights" / "tdnn-compat", "tdnn-wide")
    assert committed.located("tdnn-wide") == Path("tdnn-wide") and bittrue.load("tdnn-wide").name == "tdnn-compat"
    assert main(["info", "tdnn-wide"]) == 0 and capsys.readouterr().out.startswith("tdnn-compat ")


@pytest.mark.parametrize(
    "given", ["", ".", "..", "tdnn-wide/..", "../weights/tdnn-wide", "/tdnn-wide", "tdnn-wide/x", "a\0b"]
)
def test_what_is_no_name_stays_a_path(given):
    assert committed.located(given) == Path(given)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(BadInput, match=r"^tdnn-wdie is not a net folder; .*: dpd-.*ecg-tiny, .*tdnn-wide$"):
        bittrue.load("tdnn-wdie")


@pytest.mark.parametrize(
    "words",
    [
        "run NET -i x -o y", "check NET", "info NET", "verilog NET -o d", "c NET -o d", "rom NET -o d", "sim NET",
        "overlay NET -o d", "demo-data NET -o d", "export-qonnx NET -o d",
        "max78002 generate NET --sample x -o d", "report dpd NET",
    ],
)  # fmt: skip
def test_every_command_takes_a_name(words):
    arguments = parser().parse_args(words.replace("NET", "ecg-tiny").split())
    found = arguments.nets if hasattr(arguments, "nets") else [arguments.net]
    assert found == [str(ROOT / "weights" / "ecg-tiny")]


def test_an_export_takes_a_name_as_its_checkpoint(capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    assert main(["export", "--checkpoint", "tdnn-thermal/cold", "-o", "rom", "--json"]) == 0
    (net,) = json.loads(capsys.readouterr().out)["nets"]
    assert net["hash"] == content_hash(bittrue.load("tdnn-thermal/cold"))


def test_sim_has_a_name_as_its_default():
    assert parser().parse_args(["sim"]).net == str(ROOT / "weights" / "tdnn-wide")
