"""Reading records: the lead by its name, the classes, and one sentence for every damaged file."""

import sys

import numpy as np
import pytest

pytest.importorskip("wfdb", reason="wfdb is not installed")

import wfdb
from ecg_files import write_record

from bittrue.apps.ecg.beats import database, records, split
from bittrue.apps.ecg.beats.classes import CLASS, CLASSES, FLUTTER
from bittrue.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    write_record(tmp_path, "100")
    return tmp_path


def edited(path, change):
    path.write_bytes(change(path.read_bytes()))


def test_a_record_comes_back_as_it_was_written(tmp_path):
    made = write_record(tmp_path, "7")
    read = records.read(tmp_path, "7")
    assert read.rate == 360 and (read.positions == made.positions).all() and (read.labels == made.labels).all()
    assert (read.signal == made.signal // 5 * 5).all() and {0, 1, 2} <= set(read.labels)


def test_the_lead_is_chosen_by_its_name(tmp_path):
    made = write_record(tmp_path, "114", leads=("V5", "MLII"))
    assert (records.read(tmp_path, "114").signal == made.signal // 5 * 5).all()
    assert (records.read(tmp_path, "114", lead="V5").signal == (1000 - 1024) * 5).all()


def test_microvolts_are_rounded_half_up(tmp_path):
    codes = np.array([[0], [1], [2], [-1]])
    wfdb.wrsamp(
        "r", fs=360, units=["mV"], sig_name=["MLII"], d_signal=codes, fmt=["16"], adc_gain=[400.0], baseline=[1],
        write_dir=str(tmp_path),
    )  # fmt: skip
    wfdb.wrann("r", "atr", np.array([1]), symbol=["N"], write_dir=str(tmp_path))
    assert records.read(tmp_path, "r").signal.tolist() == [-2, 0, 3, -5]


def test_symbols_and_classes():
    assert {CLASSES[CLASS[symbol]] for symbol in "NLRej"} == {"N"} and CLASSES[CLASS["a"]] == "S"
    assert [CLASSES[CLASS[symbol]] for symbol in "JSVEFQf/"] == list("SSVVFQQQ")
    assert [CLASSES[CLASS[symbol]] for symbol in "Bnr?"] == list("NSVQ")
    assert not {"+", "~", "|", "!", "[", "]", "x"} & CLASS.keys()
    codes = wfdb.io.annotation
    beats = {label.symbol for label in codes.ann_labels if codes.is_qrs[label.label_store]}
    assert beats - CLASS.keys() == {FLUTTER} and CLASS.keys() <= beats


def test_no_beat_of_wfdb_is_dropped_without_a_word(tmp_path):
    write_record(tmp_path, "1")
    symbols = [*"NLRBejAaJSnVErF/fQ?", *"!+~|"]
    at = np.arange(len(symbols)) * 100 + 50
    wfdb.wrann("1", "atr", at, symbol=symbols, write_dir=str(tmp_path))
    read = records.read(tmp_path, "1")
    assert "".join(read.symbols) == "NLRBejAaJSnVErF/fQ?" and (read.positions == at[:19]).all()
    assert "".join(CLASSES[label] for label in read.labels) == "NNNNNNSSSSSVVVFQQQQ"
    assert read.remarks == ("1.atr: ventricular flutter waves (!) are no beats: 1 left out",)


def test_annotations_of_ones_own_are_named(tmp_path):
    write_record(tmp_path, "1")
    own = [(45, "y", "my own")]
    wfdb.wrann("1", "atr", np.array([90, 400]), symbol=["N", "y"], custom_labels=own, write_dir=str(tmp_path))
    assert records.read(tmp_path, "1").remarks == ("1.atr: annotations 'y' are unknown: 1 left out",)


def test_what_is_no_beat_is_left_out(tmp_path):
    write_record(tmp_path, "1")
    wfdb.wrann("1", "atr", np.array([50, 90, 200, 400]), symbol=["+", "N", "~", "V"], write_dir=str(tmp_path))
    read = records.read(tmp_path, "1")
    assert read.positions.tolist() == [90, 400] and read.labels.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("100.dat", lambda data: data[:-1000], r"100.dat is cut off: [\d,]+ of [\d,]+ bytes"),
        ("100.dat", lambda data: data[:-1] + bytes([data[-1] ^ 1]), "does not have the checksum of its header"),
        ("100.atr", lambda data: data[:-2], "100.atr is cut off"),
        ("100.atr", lambda data: data[:-1], "100.atr is cut off"),
        ("100.atr", lambda data: b"", "100.atr is cut off"),
        ("100.atr", lambda data: b"\0\0", "holds no beat"),
        ("100.atr", lambda data: data[:-2] * 2 + b"\0\0", "do not ascend"),
        ("100.hea", lambda data: b"junk", "100.hea is not a WFDB header"),
        ("100.hea", lambda data: b"", "100.hea is not a WFDB header"),
        ("100.hea", lambda data: data.replace(b"/mV", b"/mmHg"), "'mmHg'; known are V, mV"),
        ("100.atr", lambda data: b"\0N" + data[2:-2] + b"\0\1", "AHA's format; convert it with ahaconvert"),
        ("100.hea", lambda data: data.replace(b"MLII", b"MLIX"), "no lead MLII, only MLIX and V5"),
    ],
)
def test_a_damaged_file_is_named(folder, name, change, message):
    edited(folder / name, change)
    with pytest.raises(BadInput, match=message) as caught:
        records.read(folder, "100")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".hea", ".dat", ".atr"])
def test_a_missing_file_is_named(folder, suffix):
    (folder / f"100{suffix}").unlink()
    with pytest.raises(BadInput, match=rf"record 100 has no file .*100\{suffix}"):
        records.read(folder, "100")


def test_a_record_without_the_lead(tmp_path):
    write_record(tmp_path, "102", leads=("V5", "V2"))
    with pytest.raises(BadInput, match="record 102 has no lead MLII, only V5 and V2; leave the record out"):
        records.read(tmp_path, "102")


def test_without_wfdb_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(BadInput, match=r"reading ECG records needs wfdb; install bittrue's extra ecg: "):
        records.read(folder, "100")


def test_where_the_records_lie(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(database.VARIABLE, str(folder))
    assert database.locate() == folder
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadInput, match="holds no WFDB record"):
        database.locate(empty)
    with pytest.raises(BadInput, match="BITTRUE_MITDB"):
        database.locate(tmp_path / "nowhere")


def test_no_patient_is_in_two_parts():
    assert len(split.DS1) == len(split.DS2) == 22
    assert len({*split.DS1, *split.DS2, *split.PACED}) == 48
    for fold in range(len(split.FOLDS)):
        train, held = split.parts(fold)
        assert not {*train} & {*held} and {*train, *held} == {*split.DS1}
    assert split.parts(None) == (split.DS1, ())
    with pytest.raises(BadInput, match="fold is 4; choose 0 to 3"):
        split.parts(4)


@pytest.mark.skipif(not database.BESIDE.is_dir(), reason="the MIT-BIH records are not beside the checkout")
def test_mit_bih_has_the_published_numbers_of_beats():
    found = {
        name: np.bincount(records.read(database.BESIDE, name).labels, minlength=5) for name in ("114", "208", "232")
    }
    assert {name: counts.tolist() for name, counts in found.items()} == {
        "114": [1820, 12, 43, 4, 0],
        "208": [1586, 2, 992, 373, 2],
        "232": [398, 1382, 0, 0, 0],
    }
    for paced in ("102", "104"):
        with pytest.raises(BadInput, match="no lead MLII"):
            records.read(database.BESIDE, paced)
