"""What ``bittrue`` itself offers: one function a task, imported when it is first used."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import bittrue
from bittrue import ref, spec
from bittrue.check.legs import Leg
from bittrue.cost import default_interval
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Add, Dense, Flatten, Mul, Net, Node, TensorType

ROOT = Path(__file__).parents[2]
Q7 = Format.parse("Q1.7")


def small() -> Net:
    weight = np.array([[64, -64], [3, 127]])
    return Net("small", TensorType((2,), Q7), (Node("fc", Dense(weight, np.array([64, -5]), Q7, Q7), ("input",)),))


def ends() -> Net:
    inputs = {"left": TensorType((2,), "Q1.7"), "right": TensorType((2,), "Q2.3")}
    nodes = [Node("sum", Add("Q3.4"), ("left", "right")), Node("product", Mul("Q3.4"), ("sum", "right"))]
    return Net("ends", inputs, nodes, outputs=("sum", "product"))


@pytest.fixture
def x():
    return np.random.default_rng(0).uniform(-0.9, 0.9, (20, 2))


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_bittrue_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import bittrue; print(*sorted(set(sys.modules) - before))"
    names = python(code).split()
    assert "bittrue" in names and not [name for name in names if name.partition(".")[0] in ("numpy", "torch", "rich")]
    began = time.perf_counter()
    python("import bittrue")
    whole = time.perf_counter() - began
    began = time.perf_counter()
    python("pass")
    assert whole - (time.perf_counter() - began) < 0.2


@pytest.mark.parametrize(
    "first", ["import bittrue; bittrue.check", "from bittrue import check", "from bittrue import cost, load"]
)
def test_any_name_may_come_first(first):
    code = f"{first}; import bittrue; from bittrue import check, cost; import bittrue.check as again\n"
    code += "net = bittrue.load('tdnn-wide'); print(bittrue.check is check is again, check.make.__name__,"
    code += "check.check.__name__, bittrue.cost(net).macs == cost.cost(net).macs, 'torch' in __import__('sys').modules)"
    assert python(code).split() == ["True", "make", "check", "True", "False"]


def test_names_are_listed_and_no_others_are_there():
    assert set(bittrue.__all__) <= set(dir(bittrue))
    assert all(getattr(bittrue, name) for name in bittrue.__all__ if name != "ptq")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = bittrue.nothing
    assert list(inspect.signature(bittrue.check).parameters)[:4] == ["net", "legs", "samples", "seed"]
    assert (ROOT / "python" / "bittrue" / "py.typed").is_file()


def test_modules_of_pytorch_are_taken_where_it_is_installed():
    pytest.importorskip("torch", reason="torch is not installed")
    code = "import bittrue; print('torch' in __import__('sys').modules, bittrue.ptq is bittrue.qat.ptq)"
    assert python(code).split() == ["False", "True"]


@pytest.mark.parametrize("name", ["ptq", "qat"])
def test_without_pytorch_they_say_what_to_install(name):
    code = "import sys; sys.modules['torch'] = None\nimport bittrue\n"
    code += f"try: bittrue.{name}\nexcept ImportError as error: print(error)"
    assert "bittrue.qat needs PyTorch, which is not installed; " in python(code)


def test_the_page_names_all():
    page = (ROOT / "docs" / "python.md").read_text()
    assert [name for name in bittrue.__all__ if f"`bittrue.{name}" not in page] == []


def test_run_takes_values_and_gives_values(x):
    net = small()
    expected = net.output.format.decode(ref.run(net, Q7.encode(x)))
    found = bittrue.run(net, x)
    assert found.dtype == np.float64 and (found == expected).all() and expected.any()
    assert (bittrue.run(net, x.tolist()) == expected).all()
    assert (bittrue.run(net, {"input": x}) == expected).all()


def test_run_with_codes_converts_nothing(x):
    codes = Q7.encode(x)
    found = bittrue.run(small(), codes.astype(np.int8), codes=True)
    assert found.dtype == np.int64 and (found == ref.run(small(), codes)).all()


def test_one_frame_alone_gives_one_result():
    net = Net("frames", TensorType((1, 4), Q7), [Node("flat", Flatten(), "input")])
    assert bittrue.run(net, np.full((1, 4), 0.5)).tolist() == [0.5] * 4
    assert bittrue.run(net, np.full((1, 1, 4), 0.5)).tolist() == [[0.5] * 4]


def test_several_inputs_and_outputs_go_by_name():
    given = {"left": np.array([[0.5, -1.0]]), "right": np.array([[-2.0, 1.875]])}
    found = bittrue.run(ends(), given)
    assert found["sum"].tolist() == [[-1.5, 0.875]] and list(found) == ["sum", "product"]
    assert list(bittrue.Executor(ends()).taps(given)) == ["sum", "product"]


def test_an_executor_is_any_leg(x, monkeypatch):
    def double(net, options):
        assert options.interval == 16
        return Leg("rtl", lambda codes: 2 * codes["input"], lambda codes: {"fc": 3 * codes["input"]})

    monkeypatch.setattr("bittrue.check.legs.LEGS", {"rtl": double})
    executor = bittrue.Executor(small(), "rtl", interval=16)
    codes = np.array([[1, 2]])
    assert executor(codes, codes=True).tolist() == [[2, 4]] and executor.taps(codes, codes=True)["fc"].tolist() == [
        [3, 6]
    ]
    assert executor([[0.25, 0.5]]).tolist() == [[0.5, 1.0]] and repr(executor) == "Executor('small', leg='rtl')"
    with pytest.raises(BadInput, match="unknown leg 'verilog'; known are rtl"):
        bittrue.Executor(small(), "verilog")


@pytest.mark.parametrize(
    ("given", "codes", "sentence"),
    [
        ([[1, 2]], False, "x holds int64 numbers and float64, 32 or 16 values are needed; say codes=True"),
        ([[1j, 2]], False, "x holds complex128 numbers .*; give I and Q as the last axis"),
        ([[0.1, 0.2]], True, "holds float64 numbers; integer codes of Q1.7 are needed"),
        ([[np.nan, 0.2]], False, "x: sample .* is nan"),
        ([[0.1, 0.2, 0.3]], False, r"takes samples of shape \(N, 2\), not \(1, 3\)"),
        ({"inptu": [[0.1, 0.2]]}, False, "takes inputs input, not 'inptu'"),
        ([[128, 0]], True, r"sample \[0, 0\] is 128, outside -128..127"),
        (np.ma.masked_array([[0.1, 0.2]], [[0, 1]]), False, "mask"),
    ],
)
def test_samples_that_do_not_fit_are_refused(given, codes, sentence):
    with pytest.raises(BadInput, match=sentence):
        bittrue.run(small(), given, codes=codes)
    with pytest.raises(BadInput, match="net ends takes inputs left, right"):
        bittrue.run(ends(), given, codes=codes)


def test_what_saturates_is_said(caplog):
    assert bittrue.run(small(), [[5.0, 0.5]]).shape == (1, 2)
    assert caplog.messages == ["1 of 2 values in x lie outside Q1.7 and saturate"]


def test_check_compares_legs_and_says_what_was_skipped(monkeypatch):
    def wrong(net, options):
        return Leg("bad", lambda codes: ref.run(net, codes), lambda codes: {"fc": ref.taps(net, codes)["fc"] + 1})

    def missing(net, options):
        raise BadInput("no compiler here")

    legs = {"ref": lambda net, options: Leg("ref", lambda c: ref.run(net, c), lambda c: ref.taps(net, c))}
    monkeypatch.setattr("bittrue.check.legs.LEGS", legs | {"bad": wrong, "c": missing})
    verdict = bittrue.check(small(), samples=50, inputs=np.ones((200, 2), int))
    assert str(verdict) == "NOT EQUAL: bad differs from ref"
    assert not verdict.equal and verdict.skipped == {"c": "no compiler here"} and verdict.kinds["real"] == 200
    with pytest.raises(BadInput, match="no compiler here"):
        bittrue.check(small(), ["ref", "c"], 50)
    monkeypatch.setattr("bittrue.check.legs.LEGS", legs | {"c": missing})
    with pytest.raises(BadInput, match="no leg can run here beside ref: no compiler here"):
        bittrue.check(small(), samples=50)


def test_cost_takes_the_usual_interval():
    assert bittrue.cost(small()) == bittrue.cost(small(), default_interval(small()))
    assert bittrue.cost(small(), 64).interval == 64


def test_c_and_verilog_write_files(tmp_path):
    spec.save(small(), tmp_path / "net")
    assert [path.name for path in bittrue.c(tmp_path / "net", tmp_path / "c")] == ["small.h", "small.c"]
    try:
        written = bittrue.verilog(small(), tmp_path / "rtl", interval=8, probes=True)
    except BadInput as error:
        pytest.skip(str(error))
    text = next(path for path in written if path.suffix == ".v").read_text()
    assert all(path.is_file() for path in written) and "A sample every 8 clocks" in text and "tap_fc" in text
