"""Printed files of two nets in one folder never replace each other without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bittrue.cli import main
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType, save

Q = Format.parse("Q1.7")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, weight in (("My-Net", 5), ("my_net", 99), ("other", 3)):
        layer = Dense(np.full((2, 2), weight), [0, 0], Q, Q)
        save(Net(name, TensorType((2,), Q), (Node("fc", layer, ("input",)),)), name)
    return tmp_path


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path("out").iterdir()}


@pytest.mark.parametrize(
    ("command", "second"), [("c", "my_net"), ("verilog", "my_net"), ("rom", "my_net"), ("rom", "other")]
)
def test_a_second_net_is_refused(folder, capsys, command, second):
    assert main([command, "My-Net", "-o", "out"]) == 0
    before = contents()
    capsys.readouterr()
    assert main([command, second, "-o", "out"]) == 2
    assert f"is of net My-Net, and net {second} would replace it; choose another folder" in capsys.readouterr().err
    assert contents() == before
    assert main([command, "My-Net", "-o", "out"]) == 0 and contents() == before


def test_other_names_lie_side_by_side(folder):
    for command in ("c", "verilog"):
        for net in ("my_net", "other"):
            assert main([command, net, "-o", "out"]) == 0
    kinds = ("c", "h", "v", "sha256")
    assert {path.name for path in contents()} == {f"{net}.{kind}" for net in ("my_net", "other") for kind in kinds}


def test_net_json_of_another_net_is_never_replaced(folder, capsys):
    assert main(["export", "--checkpoint", "My-Net", "-o", "out"]) == 0
    before = contents()
    for second in ("my_net", "other"):
        assert main(["export", "--checkpoint", second, "-o", "out"]) == 2
        assert f"is of net My-Net, and net {second} would replace it; choose another folder" in capsys.readouterr().err
        assert contents() == before
    assert main(["export", "--checkpoint", "My-Net", "-o", "out"]) == 0 and contents() == before
