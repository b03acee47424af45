"""The unchanged demo script through the real pynq, on the simulated board: its registers and streams are the RTL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from small_banks import NETS

from bittrue.apps.dpd.demonstrating import demo_data, plant
from bittrue.cli import main

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "demo" / "hdmi_demo.py"


@pytest.fixture(scope="module")
def demo(folder, tmp_path_factory):
    """The overlay folder of the small nets, with the demo's data: two passes."""
    place = tmp_path_factory.mktemp("demo") / "small"
    shutil.copytree(folder, place)
    demo_data.write(place / "overlay", NETS, [-65.0, 0.0, 60.0], plant.stored(), count=2, seed=1)
    return place


@pytest.fixture
def run(demo, tmp_path, monkeypatch, capsys):
    """Run ``bittrue demo`` on the simulated board."""
    from bittrue_sim import virtual_board

    (bit,) = (demo / "overlay").glob("*.bit")
    monkeypatch.chdir(tmp_path)

    def go(*words):
        code = main(["demo", "--overlay", str(bit), "--display", "none", "--output", "x.png", *words])
        return code, *capsys.readouterr()

    yield go
    virtual_board.uninstall()


def test_bypass_and_every_bank_equal_the_reference_while_the_stream_goes_on(run, tmp_path):
    code, out, err = run()
    assert code == 0, err
    assert "board is simulated" in err and "Pynq-Z1, simulated: small-net, banks cold, normal, hot" in out
    assert "bypass" in out and "bank hot" in out and "bank cold" in out
    assert out.splitlines()[-1] == ("221,914 samples, 443,828 output codes compared with the reference: 0 mismatches")
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.size == (1280, 720)


@pytest.mark.parametrize("fault", ["hang", "dma-error"])
def test_a_fault_of_the_board_ends_in_1_with_one_sentence(demo, tmp_path, fault):
    (bit,) = (demo / "overlay").glob("*.bit")
    words = [sys.executable, "-m", "bittrue_sim.virtual_board", "--fault", fault, str(demo), str(SCRIPT)]
    words += ["--overlay", str(bit), "--display", "none", "--output", "x.png", "--frames", "1", "--timeout", "0.5"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("hdmi_demo: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("suffix", [".json", ".hwh"])
def test_a_file_that_is_missing_ends_in_2(run, demo, suffix):
    (path,) = (demo / "overlay").glob(f"*{suffix}")
    away = path.rename(path.with_name("away"))
    try:
        code, _, err = run("--frames", "1")
    finally:
        away.rename(path)
    assert code == 2 and f"{path.name} is missing" in err
