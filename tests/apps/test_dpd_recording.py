import json

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited, mild_amplifier

from bittrue.apps.dpd.captures import align, checks, data, recording
from bittrue.apps.dpd.captures.checks import Recording
from bittrue.apps.dpd.captures.data import Capture
from bittrue.errors import BadInput

SPEC = {"input_signal_fs": RATE, "bw_main_ch": BANDWIDTH, "input_file": "x.npy", "output_file": "y.npy"}


@pytest.fixture(scope="module")
def pair():
    x = band_limited(8000, 0)
    return x, mild_amplifier(x)


@pytest.fixture
def load(tmp_path):
    def write_and_load(x, y, **options):
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", y)
        return Capture.from_files(tmp_path / "x.npy", tmp_path / "y.npy", RATE, BANDWIDTH, **options)

    return write_and_load


def test_a_pair_of_files_becomes_a_capture(pair, load, tmp_path):
    x, y = pair
    capture = load(x, 3j * y)
    assert {split: len(part) for split, part in capture.inputs.items()} == {"train": 4800, "val": 1600, "test": 1600}
    assert capture.name == tmp_path.name and capture.channel.n_sub_ch == 1 and capture.channel.nperseg == 256
    whole = np.concatenate([capture.outputs[split] for split in data.SPLITS])
    assert np.allclose(whole, align.normalise(x, y)[1])
    assert np.array_equal(capture.history("val", 9), capture.inputs["train"][-9:])


@pytest.mark.parametrize("kind", ["complex", "float32", "int16", "header", "bare"])
def test_every_way_of_storing_is_read(tmp_path, kind):
    wanted = np.array([1 + 2j, -3 + 4j, 5 - 6j])
    iq = data.to_iq(wanted)
    path = tmp_path / ("x.npy" if kind in ("complex", "float32", "int16") else "x.csv")
    if path.suffix == ".npy":
        np.save(path, wanted.astype(np.complex64) if kind == "complex" else iq.astype(kind))
    else:
        np.savetxt(path, iq, delimiter=",", header="I,Q" if kind == "header" else "", comments="")
        path.write_text(path.read_text().lstrip("\n"))
    assert np.array_equal(recording.read(path), wanted)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"junk", "numpy.save"),
        (b"", "numpy.save"),
        ("pickle", "numpy.save"),
        (np.zeros((4, 3)), "shape"),
        (np.zeros(4), "shape"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, message):
    path = tmp_path / "x.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, np.array([{}]) if isinstance(content, str) else content)
    with pytest.raises(BadInput, match=message):
        recording.read(path)
    table = tmp_path / "x.csv"
    table.write_text("I,Q\n1,2\n3\n")
    with pytest.raises(BadInput, match="not a CSV table"):
        recording.read(table)


def spoilt(kind, x, y):
    rng = np.random.default_rng(1)
    quantised = np.floor(y.real * 1.5 * 2**15 + 0.5)
    return {
        "lengths": (x, y[:-1]),
        "nan": (np.where(np.arange(len(x)) == 77, np.nan, x), y),
        "silent": (x, 0 * y),
        "swapped": (y, x),
        "late": (x[40:], align.delayed(y, 3.4)[40:]),
        "early": (x[40:-40], y[42:-38]),
        "clipped output": (x, np.clip(y.real, -9, 0.45) + 1j * y.imag),
        "clipped input": (x.real + 1j * np.clip(x.imag, -0.5, 9), y),
        "clipped codes": (x, np.clip(quantised, -(2**14), 9e9) + 1j * y.imag * 2**15),
        "offset": (x, y + 0.1 * abs(y).max()),
        "mirrored": (x, align.delayed(y, 5.0).conj()),
        "columns": (x.imag + 1j * x.real, y),
        "unrelated": (x, rng.standard_normal((len(x), 2)) @ [1, 1j] + y / 10),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("lengths", "the input has 8,000 samples and the output 7,999; pair them"),
        ("nan", "the input holds NaN or infinity, first at sample 77"),
        ("silent", "the output is constant"),
        ("swapped", "the files are swapped"),
        ("late", r"lags the input by 3\.4\d samples \(3 and a fraction of \+0\.4\d\); align the files: bittrue align"),
        ("early", r"lags the input by -1\.9\d samples"),
        ("clipped output", "the output is clipped: .* samples of I are stuck at 0.45"),
        ("clipped input", "the input is clipped: .* samples of Q are stuck at -0.5"),
        ("clipped codes", "the output is clipped: .* stuck at -16384"),
        ("offset", r"the output has an offset \(DC\) at -"),
        ("mirrored", "the output's spectrum is the mirror image of the input's: I and Q of one of them are exchanged"),
        ("columns", "mirror image of the input's.*; exchange the columns of that file"),
        ("unrelated", "do not belong together, or were recorded at two sample rates"),
    ],
)
def test_what_is_wrong_is_one_sentence(pair, load, kind, message):
    with pytest.raises(BadInput, match=message) as caught:
        load(*spoilt(kind, *pair))
    assert str(caught.value).count(". ") == 0


def test_a_knowing_user_is_let_pass(pair, load):
    x, y = pair
    assert load(y, x, accept=["swapped"]).name
    with pytest.raises(BadInput, match="no check 'swaped'"):
        load(y, x, accept=["swaped"])


def test_a_converter_of_few_bits_is_not_taken_for_clipped(pair):
    codes = np.floor(pair[1].real * 60 + 0.5)
    assert np.unique(codes).size < 128 and checks.stuck(codes) == 0
    assert checks.stuck(np.clip(codes, -9e9, 30)) > 8
    coarse = np.repeat([0.0, 1.0, 2.0, 3.0], [90, 60, 25, 10])
    assert checks.stuck(coarse) == 0 and checks.stuck(np.repeat([0.0, 1.0, 2.0], [20, 10, 31])) == 31
    assert checks.stuck(pair[0].real) == 0 and checks.stuck(np.zeros(99)) == 0


def test_a_wrong_rate_or_bandwidth_is_named(pair, tmp_path):
    for name, signal in zip(("x.npy", "y.npy"), pair, strict=True):
        np.save(tmp_path / name, signal)
    names = tmp_path / "x.npy", tmp_path / "y.npy"
    for rate, bandwidth, message in (
        (RATE, BANDWIDTH / 2, "power lie outside 100 MHz"),
        (RATE / 1e6, BANDWIDTH, "below the sample rate"),
        (0, BANDWIDTH, "the sample rate is 0 Hz"),
        (RATE, -1, "the bandwidth is -1 Hz"),
    ):
        with pytest.raises(BadInput, match=message):
            Capture.from_files(*names, rate, bandwidth)
    with pytest.raises(BadInput, match="leave a split empty"):
        Capture.from_files(*names, RATE, BANDWIDTH, ratios={"train": 0.9, "val": 0.1})


def test_a_short_recording_is_refused(pair, load):
    with pytest.raises(BadInput, match="record 4,096 at least"):
        load(pair[0][:4000], pair[1][:4000])


def test_a_folder_names_its_files(pair, tmp_path):
    for name, signal in zip(("x.npy", "y.npy"), pair, strict=True):
        np.save(tmp_path / name, signal)
    (tmp_path / "spec.json").write_text(
        json.dumps(SPEC | {"n_sub_ch": 5, "nperseg": 400, "split_ratios": {"train": 0.5}})
    )
    capture = data.load(tmp_path)
    assert len(capture.inputs["train"]) == 4000 and capture.channel.nperseg == 400
    for spec, message in (
        ({key: value for key, value in SPEC.items() if key != "bw_main_ch"}, "lacks a value for 'bw_main_ch'"),
        (SPEC | {"bw_main_ch": "wide"}, "another kind"),
        (SPEC | {"output_file": "z.npy"}, "cannot read the recording"),
        (SPEC | {"output_file": "x.npy", "input_file": "y.npy"}, "swapped"),
    ):
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        with pytest.raises(BadInput, match=message):
            data.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "samples", "sub_channels", "segment", "gain"),
    [
        ("APA_200MHz", (58980, 19662, 19662), 5, 19662, 1.0),
        ("APA_200MHz_b", (58980, 19662, 19662), 5, 19662, 1.0),
        ("DPA_160MHz", (294912, 98304, 98304), 4, 16384, 2.29554),
        ("DPA_200MHz", (23040, 7680, 7680), 10, 2560, 2.52081),
    ],
)
def test_the_data_sets_come_through_one_loader_and_pass_every_check(name, samples, sub_channels, segment, gain):
    try:
        capture = data.load(name)
    except BadInput as error:
        pytest.skip(str(error))
    assert tuple(len(capture.inputs[split]) for split in data.SPLITS) == samples
    assert (capture.channel.n_sub_ch, capture.channel.nperseg) == (sub_channels, segment)
    assert capture.gain == pytest.approx(gain, rel=1e-5) and capture.peak == pytest.approx(1, abs=1e-8)
    x, y = (np.concatenate([part[split] for split in data.SPLITS]) for part in (capture.inputs, capture.outputs))
    found = checks.refuse(Recording(x, y, capture.channel.sample_rate, capture.channel.bandwidth))
    assert abs(found.delay) < 0.1 and found.correlation > 0.99
