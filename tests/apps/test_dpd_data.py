import json
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from bittrue.apps.dpd.captures import data
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
        "evaluate",
        "recipe",
        "amplifiers.polynomial",
        "kat",
        "picture",
        "train",
        "amplifiers.amplifier",
        "amplifiers.arena",
        "amplifiers.baselines",
        "captures.align",
        "captures.aligned",
        "captures.checks",
        "captures.recording",
        "amplifiers.probe",
    ]
    program = "import sys\nsys.modules['torch'] = None\n"
    program += "".join(f"import bittrue.apps.dpd.{module}\n" for module in modules)
    program += "assert 'opendpd' not in sys.modules and 'pandas' not in sys.modules"
    pytest.importorskip("matplotlib")
    subprocess.run([sys.executable, "-c", program], check=True)
