"""Options that would change nothing are refused, in a sentence that says where they would."""

from pathlib import Path

import numpy as np
import pytest

import bittrue
from bittrue.check.legs import Options
from bittrue.cli import main, overlay, verilog
from bittrue.cosim.stalls import Stalls
from bittrue.errors import BadInput
from bittrue.lower.means import Means, chosen
from bittrue.spec import LAYERS, save
from bittrue.spec.source_store import SOURCE_FILE

RUN = ["run", "NET", "-i", "x.npy", "-o", "y.npy", "--leg", "rtl"]


@pytest.mark.parametrize(
    ("options", "legs", "said"),
    [
        (Options(8), ["ref"], "an interval is given, and ref has no clock; leave that out, or take leg rtl"),
        (Options(stalls=Stalls(1)), ["c", "ref"], "stalls are given, and c, ref has no clock"),
        (Options(dsps=1_000), ["c"], "1,000 DSP48E1 are given, and c has no clock"),
        (Options(luts=0), ["c"], "0 LUTs are given, and c has no clock"),
        (Options(samples_per_clock=2), ["c"], "2 samples a clock are given, and c has no clock"),
    ],
)
def test_what_only_hardware_has_is_refused_without_it(options, legs, said):
    with pytest.raises(BadInput, match=said):
        options.for_legs(legs)
    assert options.for_legs([*legs, "rtl"]) is options and Options().for_legs(legs) == Options()


def test_blocks_bound_a_pipeline_alone():
    assert chosen(8) == chosen(1) == Means() and chosen(1, 0).dsps == 0 and chosen(3, luts=7).luts == 7
    with pytest.raises(BadInput, match="--dsps is 10 and the interval 8 clocks: it bounds a pipeline"):
        chosen(8, 10)
    with pytest.raises(BadInput, match="--luts is 10 and the interval 8 clocks: it bounds a pipeline"):
        chosen(8, luts=10)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verilog", "NET", "-o", "rtl", "--interval", "8", "--dsps", "10"], "--dsps is 10 and the interval 8 clocks"),
        (["info", "NET", "--dsps", "10"], "--dsps is 10 and the interval 8 clocks"),
        (["run", "NET", "-i", "x.npy", "-o", "y.npy", "--interval", "8"], "an interval is given, and ref has no clock"),
        (["check", "NET", "--legs", "c", "--stalls", "3"], "stalls are given, and c has no clock"),
        (["check", "NET", "--legs", "c", "--dsps", "3"], "3 DSP48E1 are given, and c has no clock"),
        (["check", "NET", "--json", "--luts", "9"], "--luts is 9 and the interval 8 clocks: it bounds a pipeline"),
        (["check", "NET", "--samples-per-clock", "2"], "2 samples a word are for a pipeline; choose an interval below"),
        (["check", "NET", "--interval", "1", "--luts", "1"], "LUTs beside 10 DSP48E1, and 1 and 220 are the most"),
        (["info", "NET", "--samples-per-clock", "2"], "2 samples a word are for a pipeline; choose an interval"),
        (["info", "NET", "--bram", "9"], "--bram is 9 and net dense takes no frames"),
        (["overlay", "NET", "-o", "rtl", "--bram", "9"], "--bram is 9 and net dense takes no frames"),
        (["overlay", "FRAMES", "FRAMES", "-o", "rtl", "--names", "a,b", "--bram", "9"], "--bram is 9 and 2 nets are"),
        (["overlay", "SOURCE", "-o", "rtl", "--bram", "9"], "those of a noise source do not; leave it out"),
        (["info", "SOURCE", "--bram", "9"], "those of a noise source do not; leave it out"),
        (["demo-data", "FRAMES", "NET", "-o", "."], "bank net differs from bank frames in name"),
        (["demo-data", "SOURCE", "NET", "-o", "."], "SOURCE is a noise source, which has no banks; give it alone"),
        (["check", "FRAMES", "--interval", "1", "--dsps", "9"], "takes frames, and only nets of vectors and samples"),
        ([*RUN, "--interval", "2", "--samples-per-clock", "2"], "2 samples a clock take a net with a sample every"),
        ([*RUN, "--interval", "4", "--dsps", "3"], "--dsps is 3 and the interval 4 clocks: it bounds a pipeline"),
        ([*RUN, "--interval", "1", "--dsps", "65537"], "'65537' is not a whole number from 0 to 65536"),
    ],
)
def test_commands_refuse_them(tmp_path, monkeypatch, capsys, words, said):
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    monkeypatch.chdir(tmp_path)
    net = LAYERS["Dense"].example()
    save(net, "NET")
    save(LAYERS["Conv1d"].example(), "FRAMES")
    Path("SOURCE").mkdir()
    Path("SOURCE", SOURCE_FILE).touch()
    np.save("x.npy", np.zeros((2, *net.input.shape)))
    assert main(words) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "rtl").exists() and not (tmp_path / "y.npy").exists()


def test_python_refuses_them():
    with pytest.raises(BadInput, match="an interval is given, and ref has no clock"):
        bittrue.Executor(LAYERS["Dense"].example(), interval=8)
    with pytest.raises(BadInput, match="2 samples a clock are given, and ref has no clock"):
        bittrue.run(LAYERS["Dense"].example(), np.zeros((1, 3)), samples_per_clock=2)
    with pytest.raises(BadInput, match="an interval is given, and c has no clock"):
        bittrue.check(LAYERS["Dense"].example(), ["c"], 10, interval=1)
    with pytest.raises(BadInput, match="--dsps is 3 and the interval 8 clocks"):
        bittrue.check(LAYERS["Dense"].example(), samples=10, dsps=3)


@pytest.mark.parametrize("command", ["verilog", "overlay"])
@pytest.mark.parametrize("place", ["x.npy", "x.npy/deep", "/proc/nowhere"])
def test_a_folder_that_cannot_be_is_refused_before_the_work(tmp_path, monkeypatch, capsys, command, place):
    monkeypatch.chdir(tmp_path)
    save(LAYERS["Dense"].example(), "NET")
    Path("x.npy").touch()
    monkeypatch.setattr(verilog.api, "verilog", None)  # which is the work
    monkeypatch.setattr(overlay, "write_overlay", None)
    assert main([command, "NET", "-o", place]) == 2
    assert f"cannot write in folder {place}" in capsys.readouterr().err
    assert main([command, "NET", "-o", "new/folder"]) == 3 and not Path("new").exists()
