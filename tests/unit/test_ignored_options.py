"""Options that would change nothing are refused, in a sentence that says where they would."""

import numpy as np
import pytest

import bittrue
from bittrue.check.legs import Options
from bittrue.cli import main
from bittrue.cosim.stalls import Stalls
from bittrue.errors import BadInput
from bittrue.lower.means import Means, chosen
from bittrue.spec import LAYERS, save


@pytest.mark.parametrize(
    ("options", "legs", "said"),
    [
        (Options(8), ["ref"], "an interval is given, and ref has no clock; leave that out, or take leg rtl"),
        (Options(stalls=Stalls(1)), ["c", "ref"], "stalls are given, and c, ref has no clock"),
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
    ],
)
def test_commands_refuse_them(tmp_path, monkeypatch, capsys, words, said):
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    monkeypatch.chdir(tmp_path)
    net = LAYERS["Dense"].example()
    save(net, "NET")
    np.save("x.npy", np.zeros((2, *net.input.shape)))
    assert main(words) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "rtl").exists() and not (tmp_path / "y.npy").exists()


def test_python_refuses_them():
    with pytest.raises(BadInput, match="an interval is given, and ref has no clock"):
        bittrue.Executor(LAYERS["Dense"].example(), interval=8)
