"""Sources: what they are made of, their files, their frames, signals out of them."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
from dataclasses import replace

import big_source
import numpy as np
import pytest
from printed_c import STRICT
from source_nets import pictures, two_rates, vectors

import bittrue
from bittrue import spec
from bittrue.check import generating
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.ref.source import frames, run_source
from bittrue.spec import source_store
from bittrue.spec.source import RESERVED, Latent, Parameter, Source, seam

SOURCES = [two_rates, pictures, vectors]


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize("first", [0, 3, 2**32 - 1])
@pytest.mark.parametrize("last", [2, 5])
def test_inputs_are_those_of_the_page(make, first, last):
    source, seed = make(), 2**63 + 17
    found = frames(source, seed, [first, first + 1, first + last], {"H": 50})
    for name, given in source.inputs.items():
        channels, *positions = source.net.types[name].shape
        flat = found[name].reshape(3, channels, -1)
        for row, frame in enumerate((first, first + 1, first + last)):
            for c in range(channels):
                for i in (0, int(np.prod(positions)) - 1):
                    if isinstance(given, Parameter):
                        assert flat[row, c, i] == 50
                        continue
                    drawn = big_source.draw(seed, given.stream, frame * given.step + i, c)
                    bits = source.net.types[name].format.bits
                    assert flat[row, c, i] == big_source.code(drawn, given.distribution, bits)


def test_frames_of_any_length_are_one_signal():
    signals = [run_source(two_rates(n), 3, np.arange(480 // n), {"H": 50}, 4096).ravel() for n in (16, 20, 48)]
    assert all((signals[0] == other).all() for other in signals)
    assert len(np.unique(signals[0])) > 200
    assert seam(two_rates()) == ""
    assert "Conv2d" in seam(pictures())


def test_what_makes_a_seam():
    source = two_rates()
    late = replace(source, inputs=source.inputs | {"fast": replace(source.inputs["fast"], step=8)})
    assert "node mixed joins tensors that move on by 8 and 16" in seam(late)
    slow = {"slow": replace(source.inputs["slow"], step=8), "fast": replace(source.inputs["fast"], step=32)}
    assert "moves on by 32" in seam(replace(source, inputs=source.inputs | slow))
    ones = np.ones((1, 1, 3), int)
    padded = spec.Conv1d(ones, [0], "Q1.7", "Q1.7", "linear", 1)
    net = spec.Net("padded", spec.TensorType((1, 8), "Q1.7"), (spec.Node("out", padded, ("input",)),))
    assert "pads" in seam(Source(net, {"input": Latent(0, "uniform", 8)}))


def test_signals_share_no_draw_and_any_of_them_is_found_again(monkeypatch):
    source = two_rates()
    rows = bittrue.generate(source, count=6, length=100, seed=5, H=0.3, codes=True)
    wanted = generating.Wanted(source, 6, 100, 5, 0, {"H": 0.3})
    assert wanted.frames == 7 and wanted.first(1) == 6 + source.apart
    last = wanted.first(3) + wanted.frames - 1
    for name, latent in source.latents.items():
        assert last * latent.step + source.net.types[name].shape[1] <= wanted.first(4) * latent.step
    alone = bittrue.generate(source, length=100, seed=5, start=wanted.first(4), H=0.3, codes=True)
    assert rows.shape == (6, 100) and (alone[0] == rows[4]).all()
    monkeypatch.setattr(generating, "TOGETHER", 1)  # a frame at a time
    assert (bittrue.generate(source, count=6, length=100, seed=5, H=0.3, codes=True) == rows).all()
    monkeypatch.setattr(generating, "TOGETHER", 20 * source.net.elements)  # two signals at a time
    assert (bittrue.generate(source, count=6, length=100, seed=5, H=0.3, codes=True) == rows).all()


def test_values_of_parameters():
    given = Parameter("H", -102, 102, 0, 8, 128)
    assert [given.code(v) for v in (0.3, 0.5, 0.501, 0.502, 0.898)] == [-51, 0, 0, 1, 102]
    assert [given.value(code) for code in (-51, 0)] == [77 / 256, 0.5]
    assert [Parameter("band", -56, 56, -56, 4, 56).code(band) for band in range(8)] == list(range(-56, 57, 16))
    for value in (0.95, 1e300, -1e300, float("nan")):
        with pytest.raises(BadInput):
            given.code(value)


def test_seed_parameter_and_gain_count():
    source = two_rates()
    one = bittrue.generate(source, length=64, codes=True)
    assert (bittrue.generate(source, length=64) == source.net.output.format.decode(one)).all()
    assert (bittrue.generate(source, length=64, seed=1, codes=True) != one).mean() > 0.9
    assert (bittrue.generate(source, length=64, H=0.8, codes=True) != one).mean() > 0.5
    half = bittrue.generate(source, length=64, gain=0.5, codes=True)
    assert (half == (one + 1) // 2).all()
    loud = bittrue.generate(source, length=640, gain=7.9, codes=True)
    assert loud.max() == 32767
    assert bittrue.generate(pictures()).shape == (1, 2, 12)


@pytest.mark.parametrize("make", SOURCES)
def test_a_folder_comes_back(make, tmp_path):
    source = make()
    source_store.save(source, tmp_path / "net")
    found = source_store.load(tmp_path / "net")
    assert (found.inputs, found.gain) == (source.inputs, source.gain)
    assert source_store.text(found) == source_store.text(source)
    assert spec.load(tmp_path / "net").name == source.net.name
    assert source_store.has_source(tmp_path / "net")


CHANGES = [
    (lambda d: d.pop("gain"), "'gain'|gain"),
    (lambda d: d.update(more=1), "more"),
    (lambda d: d.update(version=2), "version"),
    (lambda d: d.update(version=True), "version"),
    (lambda d: d.update(generator="xorshift"), "threefry2x32-13"),
    (lambda d: d.update(net="sha256:0"), "net"),
    (lambda d: d.update(output="up"), "output"),
    (lambda d: d.update(samples=17), "16 positions"),
    (lambda d: d.update(samples=16.0), "16 positions"),
    (lambda d: d.update(gain=40000), "40000"),
    (lambda d: d.update(gain=1.5), "1.5"),
    (lambda d: d.update(inputs={}), "list"),
    (lambda d: d["inputs"].pop(), "slow, level"),
    (lambda d: d["inputs"].reverse(), "order"),
    (lambda d: d["inputs"].append(d["inputs"][0]), "twice"),
    (lambda d: d["inputs"][0].update(stream=5), "stream of its own"),
    (lambda d: d["inputs"][0].update(stream=256), "256"),
    (lambda d: d["inputs"][0].update(step=0), "step"),
    (lambda d: d["inputs"][0].update(distribution="cauchy"), "cauchy"),
    (lambda d: d["inputs"][0].update(input=["slow"]), "name"),
    (lambda d: d["inputs"][1].update(low=-129), "-129"),
    (lambda d: d["inputs"][1].update(high=-103), "highest"),
    (lambda d: d["inputs"][1].update(default=-103), "default"),
    (lambda d: d["inputs"][1].update(parameter="2H"), "2H"),
    (lambda d: d["inputs"][1].update(frac=33), "fractional bits"),
    (lambda d: d["inputs"][1].update(offset=0.5), "offset"),
    (lambda d: d["inputs"][1].update(stream=1), "stream"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_another_file_is_refused(change, said, tmp_path):
    source_store.save(two_rates(), tmp_path)
    path = tmp_path / source_store.SOURCE_FILE
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(BadInput, match=said):
        source_store.load(tmp_path)


def test_a_net_is_no_source(tmp_path):
    with pytest.raises(BadInput, match=r"no source\.json"):
        source_store.load("tdnn-wide")
    with pytest.raises(BadInput, match="alone is no source"):
        bittrue.generate(two_rates().net)


def _inputs(**changed):
    return two_rates().inputs | changed


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"slow": Latent(0, "gaussian", 4)}, "fill each"),
        (_inputs(fast=Latent(0, "uniform", 16)), "stream of its own"),
        (_inputs(fast=3), "Latent or a Parameter"),
        (_inputs(slow=Parameter("h", 0, 1, 0, 7)), "case alone"),
        (_inputs(slow=Parameter("H", 0, 1, 0, 7)), "differs between inputs"),
    ],
)
def test_inputs_that_do_not_fit(inputs, said):
    with pytest.raises(BadInput, match=said):
        Source(two_rates().net, inputs)


def test_one_parameter_may_feed_several_inputs():
    parameter = Parameter("H", -102, 102, 0, 8, 128)
    source = Source(two_rates().net, _inputs(slow=parameter))
    assert list(source.settings) == ["H"]
    assert (frames(source, 0, [1], {"H": 20})["slow"] == 20).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"count": 0}, "count"),
        ({"length": -1}, "length"),
        ({"seed": 2**64}, "seed"),
        ({"seed": True}, "seed"),
        ({"start": 2**32}, "start"),
        ({"gain": 8}, "gain"),
        ({"gain": float("nan")}, "gain"),
        ({"H": 0.95}, "0.101562 to 0.898438"),
        ({"H": "x"}, "finite number"),
        ({"G": 1.0}, "it has H"),
        ({"leg": "vhdl"}, "unknown leg"),
        ({"count": 2**10, "length": 2**20}, "memory"),
        ({"count": 2**40, "length": 2**10}, "have a number"),
        ({"start": 2**32 - 2, "length": 48}, "have a number"),
    ],
)
def test_what_cannot_be_generated(settings, said):
    with pytest.raises(BadInput, match=said):
        bittrue.generate(two_rates(), **settings)


@pytest.mark.parametrize("distribution", ["uniform", "gaussian"])
def test_words_that_noise_does_not_have(distribution):
    dense = spec.Dense(np.ones((1, 1), int), [0], "Q1.7", "Q1.7", "linear")
    for fmt in ("Q1.0", "Q9.8"):
        net = spec.Net("odd", spec.TensorType((1,), fmt), (spec.Node("out", dense, ("input",)),))
        with pytest.raises(BadInput, match=f"{distribution} noise"):
            Source(net, {"input": Latent(0, distribution, 1)})


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_the_printed_c_has_no_warnings(tmp_path):
    for make in SOURCES:
        files = [str(path) for path in bittrue.c(make(), tmp_path / make.__name__) if path.suffix == ".c"]
        assert len(files) == 2
        done = subprocess.run(["gcc", *STRICT, "-fsyntax-only", *files], capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr


def test_the_commands(tmp_path, capsys):
    source_store.save(two_rates(), tmp_path / "net")
    assert main(["info", str(tmp_path / "net")]) == 0
    assert "16 samples every 54 clocks, 59.3 MS/s at 200 MHz; 1 generator for 2 latents" in capsys.readouterr().out
    call = ["noise", "generate", str(tmp_path / "net"), "--count", "3", "--length", "40", "-o", str(tmp_path / "x.npy")]
    assert main([*call, "--set", "H=0.3", "--seed", "4", "--start", "2", "--gain", "0.5", "--codes"]) == 0
    wanted = bittrue.generate(two_rates(), count=3, length=40, seed=4, start=2, gain=0.5, H=0.3, codes=True)
    assert (np.load(tmp_path / "x.npy") == wanted).all()
    assert "(3, 40), codes of Q6.10, of two-rates, seed 4, H 0.300781" in capsys.readouterr().out
    assert main(call) == 0
    assert (np.load(tmp_path / "x.npy") == bittrue.generate(two_rates(), count=3, length=40)).all()
    for more, said in (
        (["--set", "H=2"], "0.101562 to 0.898438"),
        (["--set", "G=2"], "no parameter 'G'"),
        (["--set", "H"], "NAME=VALUE"),
        (["--set", "H=0.5", "--set", "H=0.6"], "twice"),
        (["--gain", "9"], "gain"),
        (["-o", str(tmp_path / "x.txt")], ".npy"),
    ):
        assert main([*call, *more]) == 2
        assert said in capsys.readouterr().err
    assert main(["noise", "generate", "tdnn-wide", "-o", str(tmp_path / "y.npy")]) == 2
    assert "no source.json" in capsys.readouterr().err


@pytest.mark.heavy
def test_sim_of_a_source(tmp_path, capsys):
    source_store.save(two_rates(), tmp_path / "net")
    assert main(["sim", str(tmp_path / "net"), "--samples", "20", "--bench-samples", "8"]) == 0
    assert "EQUAL" in capsys.readouterr().out


def test_parameters_are_called_as_no_argument_of_generate():
    arguments = [
        one.name for one in inspect.signature(bittrue.generate).parameters.values() if one.kind != one.VAR_KEYWORD
    ]
    assert tuple(arguments) == RESERVED
    with pytest.raises(BadInput, match=r"called 'seed', which `bittrue.generate` takes itself; rename it"):
        Parameter("seed", 0, 1, 0, 0)


def test_a_gain_that_rounds_out_of_its_format_is_refused_with_the_largest():
    with pytest.raises(BadInput, match=r"the gain is 7.9999; give -8 to 7.9998"):
        bittrue.generate(vectors(), gain=7.9999)
