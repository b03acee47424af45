"""One lead as text, beats as text or found by a detector, and the command's options."""

import numpy as np
import pytest
from ecg_signals import AT, annotate, heart, write

pytest.importorskip("wfdb", reason="wfdb is not installed")

from bittrue.apps.ecg.beats import beats, records
from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.plain import read_csv
from bittrue.cli import main
from bittrue.errors import BadInput

PLAN = Input(channels=("difference", "rhythm"), rate=180.0)
CODES = heart()[0]
VALUES = [f"{(code + 20) / 100:.2f}" for code in CODES]
LINES = "\n".join(VALUES) + "\n"
BEATS = "sample,symbol\n" + "".join(f"{at},N\n" for at in AT)


def put(folder, text=LINES, beats_text=BEATS, encoding="utf-8"):
    (folder / "lead.csv").write_text(text, encoding=encoding)
    (folder / "at.csv").write_text(beats_text)
    return folder / "lead.csv", folder / "at.csv"


def test_text_is_what_the_record_is(tmp_path):
    path, at = put(tmp_path)
    write(tmp_path, CODES)
    own, recorded = read_csv(path, 360, beats=at), records.read(tmp_path, "r")
    assert (own.signal == recorded.signal).all() and own.symbols == recorded.symbols and own.known
    assert (beats.gather([own], PLAN).x == beats.gather([recorded], PLAN).x).all()


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("ECG\n" + LINES, "MLII"),
        ("time,MLII,V5\n" + "".join(f"{k},{value},7\n" for k, value in enumerate(VALUES)), "MLII"),
        ("time;a;b\n" + "".join(f"{k};7;{value}\n" for k, value in enumerate(VALUES)), "b"),
        ("".join(f"{k}\t{value}\n" for k, value in enumerate(VALUES)), "2"),
        ("".join(f"{k}, {value}\r\n" for k, value in enumerate(VALUES)), "column 2"),
        ("'sample #','MLII'\n" + "".join(f"{k},{value}\n" for k, value in enumerate(VALUES)), "MLII"),
        (LINES + "\n\n", "MLII"),
    ],
)
def test_tables_as_people_have_them(tmp_path, text, lead):
    path, at = put(tmp_path, text)
    assert (read_csv(path, 360, lead=lead, beats=at).signal == (CODES + 20) * 10).all()


def test_a_byte_order_mark_costs_no_sample(tmp_path):
    path, at = put(tmp_path, encoding="utf-8-sig")
    assert (read_csv(path, 360, beats=at).signal == (CODES + 20) * 10).all()


def test_cells_without_a_value_are_gaps(tmp_path):
    lines = list(VALUES)
    for k, cell in enumerate(("", "nan", "NaN", "-", "n/a", '""')):
        lines[1000 + k] = cell
    lines[2000:2100] = [""] * 100
    path, at = put(tmp_path, "\n".join(lines))
    read = read_csv(path, 360, beats=at)
    assert read.gaps.tolist() == [[2000, 2100]] and "no value at 106 of 6,000" in read.remarks[0]
    assert len(beats.gather([read], PLAN).y) == len(AT) - 1


@pytest.mark.parametrize(("units", "times"), [("mV", 1), ("uV", 1000), ("V", 0.001)])
def test_units_of_text(tmp_path, units, times):
    path, at = put(tmp_path, "".join(f"{float(value) * times:.6f}\n" for value in VALUES))
    assert (read_csv(path, 360, units, beats=at).signal == (CODES + 20) * 10).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no line of values"),
        ("ECG\n", "holds no line of values"),
        ("1\n2\nx\n", "line 3: 'x' is no number"),
        ("1\n1e999\n", "reaches .* V, which no electrocardiogram does; correct --units"),
        ("1\ninf\n", "line 2: 'inf' is no number"),
        ("1\n1_000\n", "line 2: '1_000' is no number"),
        ("1,2\n3\n", "line 2 has 1 columns, the first 2"),
        ("a,b\n1,2\n", "no lead MLII, only a and b"),
        ("5000\n1\n", "reaches 5.0 V"),
        ("nan\n\nnan\n", "no value at all"),
    ],
)
def test_text_that_is_no_lead(tmp_path, text, message):
    path, at = put(tmp_path, text)
    with pytest.raises(BadInput, match=message):
        read_csv(path, 360, beats=at)


def test_other_bytes_and_rates_are_no_lead(tmp_path):
    path, at = put(tmp_path, encoding="utf-16")
    with pytest.raises(BadInput, match="is no UTF-8 text"):
        read_csv(path, 360, beats=at)
    for rate in (0, 49, 10**6):
        with pytest.raises(BadInput, match="samples a second; an ECG has 50 to 100,000"):
            read_csv(path, rate, beats=at)
    with pytest.raises(BadInput, match="units are 'kV'; choose mV, uV, V"):
        read_csv(path, 360, "kV", beats=at)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("300\n200\n", "line 2: '200' is no sample behind 300"),
        ("-1\n", "line 1: '-1' is no sample"),
        ("1.5\n", "is no sample"),
        ("6000\n", "below 6,000, the end of the signal"),
        ("300,!\n", "'!' is no symbol of a beat"),
        ("1,N,2\n", "has 3 columns"),
    ],
)
def test_positions_that_cannot_be(tmp_path, text, message):
    path, at = put(tmp_path, beats_text=text)
    with pytest.raises(BadInput, match=message):
        read_csv(path, 360, beats=at)


@pytest.mark.parametrize("rate", [360, 128.7, 257])
def test_the_detector_finds_the_peaks_and_no_classes(tmp_path, rate):
    codes, at = heart(rate=rate)
    write(tmp_path, codes, record=f"{rate} {{n}}", at=at)
    read = records.read(tmp_path, "r", annotator=None)
    assert read.positions.tolist() == at.tolist() and not read.known and not read.symbols
    assert not beats.gather([read], PLAN).known


def test_the_detector_finds_nothing_in_gaps_and_noise(tmp_path):
    codes = CODES.copy()
    codes[1000:1100] = -32768
    write(tmp_path, codes)
    assert not any(1000 <= at < 1100 for at in records.read(tmp_path, "r", annotator=None).positions)
    write(tmp_path, np.arange(40) * 100)
    with pytest.raises(BadInput, match="no heartbeats are found in r: 40 samples at 360 a second"):
        records.read(tmp_path, "r", annotator=None)


def command(folder, *words):
    return main(["ecg", "beats", "-o", str(folder / "x.npy"), *map(str, words)])


def test_the_command_takes_text(tmp_path, capsys):
    path, at = put(tmp_path)
    labels = ("--labels", tmp_path / "y.npy")
    assert command(tmp_path, "--csv", path, "--rate", "360", "--beats", at, *labels) == 0
    given = np.load(tmp_path / "x.npy")
    assert "18 frames of (3, 128), int8, of" in (said := capsys.readouterr().out) and "N 18, S 0" in said
    assert command(tmp_path, "--csv", path, "--rate", "360.0") == 0
    assert "classes unknown" in capsys.readouterr().out and (np.load(tmp_path / "x.npy") == given).all()
    assert command(tmp_path, "--csv", path, "--rate", "360", *labels) == 2
    assert "nobody said what these beats are" in capsys.readouterr().err


def test_the_command_takes_leads_annotators_and_detectors(tmp_path, capsys):
    write(tmp_path, CODES, signal="100(-20)/mV 12 0 {first} {sum} 0 ECG1")
    annotate(tmp_path, AT[:9], name="q")
    (tmp_path / "q.atr").rename(tmp_path / "r.qrs")
    words = ("--data", tmp_path, "--records", "r")
    assert command(tmp_path, *words) == 0 and "lead ECG1 is taken for MLII" in capsys.readouterr().err
    assert command(tmp_path, *words, "--lead", "ECG1", "--annotator", "qrs") == 0
    assert "9 frames" in capsys.readouterr().out
    assert command(tmp_path, *words, "--detect") == 0 and "classes unknown" in capsys.readouterr().out
    assert command(tmp_path, *words, "--lead", "II") == 2 and "no lead II, only ECG1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--csv", "lead.csv"), "--csv needs --rate"),
        (("--rate", "360"), "--rate belongs to --csv"),
        (("--csv", "lead.csv", "--rate", "x"), "--rate is 'x'"),
        (("--csv", "lead.csv", "--rate", "nan"), "--rate is 'nan'"),
        (("--csv", "lead.csv", "--rate", "360", "--records", "r"), "--records does not go with --csv"),
        (("--csv", "none.csv", "--rate", "360"), "cannot read the samples none.csv"),
        (("--synthetic", "--csv", "lead.csv"), "--synthetic takes no"),
        (("--data", ".", "--records", "r", "--detect", "--annotator", "atr"), "--detect finds the beats by itself"),
        (("--data", ".", "--records", "r", "--annotator", "../x"), "--annotator is '../x'"),
        (("--data", "."), "has no record of MIT-BIH's DS1; name its own with --records: r"),
        (("--data", ".", "--records", "r", "-o", "x.csv"), "end the name in it"),
    ],
)
def test_options_that_do_not_belong_together(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    put(tmp_path)
    write(tmp_path, CODES)
    assert command(tmp_path, *words) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "x.npy").exists()
