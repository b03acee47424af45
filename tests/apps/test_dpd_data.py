import json
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from tiny_pa import band_limited, mild_amplifier, write_capture

from bittrue.apps.dpd.captures import checks, data
from bittrue.errors import BadInput


def installed():
    try:
        return data.names()
    except BadInput:
        return []


needs_wheel = pytest.mark.skipif(not installed(), reason=f"no amplifier data; {data.INSTALL}")


def test_a_folder_of_six_tables(capture_folder):
    capture = data.load(capture_folder)
    assert capture.name == "tiny_pa"
    assert {split: len(x) for split, x in capture.inputs.items()} == {"train": 2400, "val": 800, "test": 800}
    first = np.loadtxt(capture_folder / "test_output.csv", delimiter=",", skiprows=1)
    assert np.array_equal(data.to_iq(capture.outputs["test"]), first)
    assert capture.channel.nperseg == 400 and capture.channel.sample_rate == 800e6


def test_one_table_is_split_by_its_ratios(tmp_path):
    table = np.random.default_rng(0).uniform(-1, 1, (1000, 4))
    np.savetxt(tmp_path / "data.csv", table, delimiter=",", header="I_in,Q_in,I_out,Q_out", comments="", fmt="%.17g")
    spec = {"input_signal_fs": 80e6, "bw_main_ch": 2e6, "n_sub_ch": 1, "nperseg": 256, "dataset_format": "single_csv"}
    (tmp_path / "spec.json").write_text(json.dumps(spec | {"split_ratios": {"train": 0.5, "val": 0.3, "test": 0.2}}))
    capture = data.load(tmp_path)
    assert np.array_equal(data.to_iq(capture.inputs["val"]), table[500:800, :2])
    assert np.array_equal(data.to_iq(capture.outputs["test"]), table[800:, 2:])


def test_history_is_what_came_right_before(capture_folder):
    capture = data.load(capture_folder)
    whole = np.concatenate([capture.inputs[split] for split in data.SPLITS])
    assert np.array_equal(capture.history("test", 1000), whole[2200:3200])
    assert np.array_equal(capture.history("val", 5), whole[2395:2400])
    assert len(capture.history("train", 5)) == 0 and len(capture.history("val", 9999)) == 2400


def test_gain_and_peak_are_those_of_the_train_split(capture_folder):
    capture = data.load(capture_folder)
    assert capture.peak == abs(capture.inputs["train"]).max()
    assert capture.gain == pytest.approx(abs(capture.outputs["train"]).max() / capture.peak)


def test_the_digest_sees_every_sample(capture_folder):
    before = data.load(capture_folder).digest
    assert data.load(capture_folder).digest == before
    path = capture_folder / "val_output.csv"
    lines = path.read_text().splitlines()
    lines[7] = "0.25,0.125"
    path.write_text("\n".join(lines))
    assert data.load(capture_folder).digest != before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("val_input.csv", None, "cannot read"),
        ("val_input.csv", "", "header"),
        ("val_input.csv", "A,B\n1,2\n", "header"),
        ("val_input.csv", "I,Q\n1,2\n", "inputs and 800 outputs"),
        ("val_input.csv", "I,Q\n" + "nan,0\n" * 800, "NaN"),
        ("val_input.csv", "I,Q\n" + "0,0,0\n" * 800, "columns"),
        ("val_input.csv", "I,Q\n1,x\n", "not a table"),
        ("train_input.csv", "I,Q\n" + "0,0\n" * 2400, "all zero"),
        ("spec.json", "{", "not JSON"),
        ("spec.json", "[]", "object"),
        ("spec.json", '{"input_signal_fs": 8e8, "bw_main_ch": 2e8, "nperseg": 400}', "n_sub_ch"),
        ("spec.json", '{"input_signal_fs": 8e8, "bw_main_ch": 6e8, "n_sub_ch": 1, "nperseg": 400}', "do not fit"),
        ("spec.json", '{"input_signal_fs": 8e8, "bw_main_ch": 200, "n_sub_ch": 1, "nperseg": 400}', "in Hz"),
        ("spec.json", '{"nperseg": 1, "nperseg": 2}', "twice"),
        ("spec.json", '{"input_signal_fs": NaN}', "NaN"),
    ],
)
def test_a_spoilt_folder_is_refused(capture_folder, name, content, message):
    path = capture_folder / name
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match=message):
        data.load(capture_folder)


def test_a_missing_wheel_is_one_sentence_with_the_command(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(data.metadata, "distribution", absent)
    with pytest.raises(BadInput, match=r"pip install --no-deps opendpd==2\.4\.2"):
        data.load()


@needs_wheel
def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(BadInput, match="APA_200MHz_b"):
        data.load("APA_300MHz")


@needs_wheel
def test_the_default_capture():
    capture = data.load()
    assert {split: len(x) for split, x in capture.inputs.items()} == {"train": 58980, "val": 19662, "test": 19662}
    assert capture.gain == pytest.approx(1.0) and capture.peak == pytest.approx(1.0)
    assert (capture.channel.n_sub_ch, capture.channel.bandwidth) == (5, 200e6)
    whole = np.concatenate([capture.inputs[split] for split in data.SPLITS])
    spectrum = abs(np.fft.fft(whole)) ** 2
    outside = abs(np.fft.fftfreq(len(whole), 1 / capture.channel.sample_rate)) > 105e6
    assert spectrum[outside].sum() < 1e-20 * spectrum.sum()  # no seam between the splits: they are consecutive


def test_everything_but_training_works_without_torch():
    modules = [
        "captures.data",
        "metrics",
        "amplifiers.pa",
        "amplifiers.ilc",
        "float_net",
        "closed_loop",
        "recipe",
        "amplifiers.polynomial",
        "kat",
        "picture",
        "train",
        "amplifiers.amplifier",
        "amplifiers.arena",
        "amplifiers.baselines",
        "captures.align",
        "captures.capture_writer",
        "captures.checks",
        "captures.recording",
        "amplifiers.probe",
    ]
    program = "import sys\nsys.modules['torch'] = None\n"
    program += "".join(f"import bittrue.apps.dpd.{module}\n" for module in modules)
    program += "assert 'opendpd' not in sys.modules and 'pandas' not in sys.modules"
    pytest.importorskip("matplotlib")
    subprocess.run([sys.executable, "-c", program], check=True)


GOOD = {"input_signal_fs": 800e6, "bw_main_ch": 200e6, "n_sub_ch": 1, "nperseg": 64}
KINDS = [
    ("input_signal_fs", ["200 MHz", True, None, [], -1, 0]),
    ("bw_main_ch", ["wide", {}, False, 0]),
    ("n_sub_ch", ["two", 1.5, 0, True, 10**9]),
    ("nperseg", ["auto", None, 2.5, -64, 10**12, 63]),
    ("accept", ["swapped", 1, [1], [["swapped"]]]),
]
RATIOS = [
    ({"train": 0.8, "test": 0.2}, "lacks 'val'"),
    ({"train": "60%", "val": "20%"}, "split_ratios.train is '60%'"),
    ([0.6, 0.2, 0.2], "split_ratios is"),
    ({"train": 60, "val": 20}, "not a share"),
    ({"train": True, "val": 0.2}, "not a share"),
    ({"train": 0.6, "valid": 0.2}, "unknown key 'valid'"),
    ({"train": 0.6, "val": 0.3, "test": 0.3}, "sum to 1.2"),
    ({"train": 0.9, "val": 0.1}, "leave a split empty"),
    ("60/20/20", "split_ratios is"),
]
LAYOUTS = [
    {"dataset_format": "single_csv", "csv_filename": "data.csv"},
    {"input_file": "x.npy", "output_file": "y.npy"},
]


def described(folder, keys):
    (folder / "spec.json").write_text(json.dumps(keys))
    return folder


@pytest.fixture(scope="module")
def both_layouts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layouts")
    x = band_limited(6000, 0)
    y = mild_amplifier(x)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    table = np.stack([y.imag, x.real, y.real, x.imag], 1)
    np.savetxt(folder / "data.csv", table, delimiter=",", header="Q_out,I_in,I_out,Q_in", comments="", fmt="%.17g")
    return folder


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_key_of_another_kind_is_named(both_layouts, layout):
    assert len(data.load(described(both_layouts, GOOD | layout)).inputs["train"]) == 3600
    for key, values in KINDS:
        for value in values:
            with pytest.raises(BadInput, match="give an even number of samples" if value == 63 else key):
                data.load(described(both_layouts, GOOD | layout | {key: value}))
    for ratios, words in RATIOS:
        with pytest.raises(BadInput, match=words):
            data.load(described(both_layouts, GOOD | layout | {"split_ratios": ratios}))
    for key in layout:
        with pytest.raises(BadInput, match=key):
            data.load(described(both_layouts, GOOD | layout | {key: 7}))


def test_columns_in_any_order_are_the_same_capture(both_layouts):
    capture = data.load(described(both_layouts, GOOD | LAYOUTS[0]))
    assert np.array_equal(np.concatenate(list(capture.inputs.values())), np.load(both_layouts / "x.npy"))
    assert np.array_equal(np.concatenate(list(capture.outputs.values())), np.load(both_layouts / "y.npy"))


@pytest.mark.parametrize("layout", [*LAYOUTS, {}])
def test_a_folder_whose_record_is_not_steady_is_refused(tmp_path, layout):
    x = band_limited(6000, 0)
    y = mild_amplifier(x) * np.exp(2j * np.pi * np.arange(6000) / 6000)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    rows = np.concatenate([data.to_iq(x), data.to_iq(y)], 1)
    np.savetxt(tmp_path / "data.csv", rows, delimiter=",", header="I_in,Q_in,I_out,Q_out", comments="")
    for split, part in zip(data.SPLITS, np.split(rows, [3600, 4800]), strict=True):
        for end, columns in (("input", part[:, :2]), ("output", part[:, 2:])):
            np.savetxt(tmp_path / f"{split}_{end}.csv", columns, delimiter=",", header="I,Q", comments="")
    with pytest.raises(
        BadInput, match=r"frequency offset of \+133,.* Hz .*bittrue align INPUT OUTPUT -o DIR --correct"
    ):
        data.load(described(tmp_path, GOOD | layout))
    data.load(described(tmp_path, GOOD | layout | {"accept": ["unsteady", "unrelated", "unaligned"]}))


@needs_wheel
@pytest.mark.parametrize("name", installed())
def test_the_data_sets_are_steady(name):
    checks.steady(data.load(name))


@needs_wheel
def test_only_what_the_wheel_brought_is_called_its_own(tmp_path, monkeypatch):
    assert "opendpd 2.4.2 (Apache-2.0)" in data.load("DPA_200MHz").provenance
    assert data.load("DPA_200MHz").published == "DPA_200MHz" and data.load("arena").published == "APA_200MHz_b"
    monkeypatch.chdir(tmp_path)
    write_capture(tmp_path / "APA_200MHz_b")
    capture = data.load("APA_200MHz_b")
    assert len(capture.inputs["train"]) == 2400 and capture.published == ""
    assert capture.provenance == "APA_200MHz_b, a capture of the user's own"
