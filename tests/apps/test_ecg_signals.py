"""Signals of every format, unit, gain, rate and shape of a record: what WFDB reads, in microvolts, or a sentence."""

import numpy as np
import pytest
from ecg_signals import AT, LOWEST, annotate, encoded, heart, write

pytest.importorskip("wfdb", reason="wfdb is not installed")

import wfdb

from bittrue.apps.ecg.beats import beats, records
from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.header import exact
from bittrue.errors import BadInput

FORMATS = ("8", "80", "310", "311", "212", "16", "61", "160", "24", "32")


def by_wfdb(folder, channel=0, name="r"):
    """Microvolts as wfdb has them; NaN where there is no value."""
    record = wfdb.rdrecord(str(folder / name), channels=[channel], smooth_frames=False)
    return np.floor(record.e_p_signal[0] * 1000 + 0.5)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_what_wfdb_reads(tmp_path, format):
    codes, _ = heart(format)
    if format != "8":
        codes[1000:1100] = LOWEST[format]
    write(tmp_path, codes, format)
    read, wanted = records.read(tmp_path, "r"), by_wfdb(tmp_path)
    there = ~np.isnan(wanted)
    assert there.sum() == (6000 if format == "8" else 5900) and (read.signal[there] == wanted[there]).all()
    assert read.gaps.tolist() == ([] if format == "8" else [[1000, 1100]])
    assert len(set(read.signal.tolist())) > 15 and (read.positions == AT).all()


@pytest.mark.parametrize("format", ["516", "524"])
def test_compressed_signals_are_read(tmp_path, format):
    codes, _ = heart()
    options = {"units": ["mV"], "sig_name": ["MLII"], "adc_gain": [100.0], "baseline": [-20]}
    wfdb.wrsamp("r", fs=360, d_signal=codes[:, None], fmt=[format], write_dir=str(tmp_path), **options)
    annotate(tmp_path, AT)
    assert (records.read(tmp_path, "r").signal == by_wfdb(tmp_path)).all()
    edited(tmp_path, "360 6000", "360")
    with pytest.raises(BadInput, match=r"says no length, and r\.dat is compressed; add the samples"):
        records.read(tmp_path, "r")


def edited(folder, old, new, name="r"):
    path = folder / f"{name}.hea"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("unit", "times"), [("mV", 1000), ("uV", 1), ("V", 10**6), ("\N{MICRO SIGN}V", 1), ("\u03bcV", 1), ("nV", 0.001)]
)
def test_units_are_microvolts(tmp_path, unit, times):
    codes, _ = heart()
    write(tmp_path, codes, signal=f"100000(-20)/{unit} 12 0 {{first}} {{sum}} 0 MLII")
    wanted = np.floor((codes + 20) * times / 100000 + 0.5)
    assert (records.read(tmp_path, "r").signal == wanted).all()


def test_a_micro_sign_of_another_encoding_is_micro(tmp_path):
    write(tmp_path, heart()[0])
    path = tmp_path / "r.hea"
    path.write_bytes(path.read_bytes().replace(b"/mV", b"/\xb5V"))
    assert abs(records.read(tmp_path, "r").signal).max() == 9


@pytest.mark.parametrize(
    ("signal", "wanted"),
    [
        ("-100(-20)/mV 12 0 0 {sum} 0 MLII", lambda codes: np.floor((codes + 20) * 1000 / -100 + 0.5)),
        ("0/mV 12 -5 0 {sum} 0 MLII", lambda codes: np.floor((codes + 5) * 5.0 + 0.5)),
        ("1e2/mV 12 -5 0 {sum} 0 MLII", lambda codes: (codes + 5) * 10),
        ("100.0/mV 12 -20", lambda codes: (codes + 20) * 10),
        ("", lambda codes: codes * 5),
    ],
)
def test_gain_and_baseline_as_the_header_leaves_them(tmp_path, signal, wanted):
    codes, _ = heart()
    write(tmp_path, codes, signal=signal)
    read = records.read(tmp_path, "r")
    assert (read.signal == wanted(codes)).all()
    assert any("no gain: 200 steps a unit" in said for said in read.remarks) == (signal[:2] in ("0/", ""))


@pytest.mark.parametrize(
    ("record", "rate", "said"), [("360", 360, ""), ("", 250, "no sampling rate: 250"), ("128.7 {n}", 128.7, "")]
)
def test_what_a_first_line_leaves_out(tmp_path, record, rate, said):
    write(tmp_path, heart()[0], "212", record=record)
    read = records.read(tmp_path, "r")
    assert read.rate == rate and len(read.signal) == 6000 and said in " ".join(read.remarks)
    assert exact(128.7).denominator == 10


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("0 {n}", "r.hea says 0 samples a second"),
        ("0.0 {n}", "r.hea says 0 samples a second"),
        ("0.5 {n}", "has 0.5 samples a second; an ECG has 50 to 100,000"),
        ("100001 {n}", "has 100,001 samples a second"),
        ("-360 {n}", "first line is 'r 1 -360 6000'"),
        ("360,5 {n}", "not a WFDB header"),
        ("3.6e2 {n}", "not a WFDB header"),
        ("nan {n}", "not a WFDB header"),
        ("360 1000000000000", "r.dat is cut off: 12,000 of 2,000,000,000,000 bytes"),
        ("360 6001", "r.dat is cut off"),
        ("360 0", "the record has 0 samples"),
    ],
)
def test_first_lines_that_cannot_be(tmp_path, record, message):
    write(tmp_path, heart()[0], record=record)
    with pytest.raises(BadInput, match=message):
        records.read(tmp_path, "r")


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ("nan/mV", "its line of a signal is"),
        ("100/mmHg 12 0 0 {sum} 0 MLII", "'mmHg'; known are V, mV"),
        ("1e999/mV", "1e999 steps a unit"),
        ("1e-9/mV 12 0 0 {sum} 0 MLII", r"reaches [\d,.]+ V, .* correct gain, baseline or unit"),
        ("100(-20)/mV 12 0 0 {sum} 0 V5\nr.dat 16 1", "says 1 signals and has 2 lines of them"),
        ("100(-20)/mV 12 0 {first} 7 0 MLII", "does not have the checksum"),
    ],
)
def test_signal_lines_that_cannot_be(tmp_path, signal, message):
    write(tmp_path, heart()[0], signal=signal)
    with pytest.raises(BadInput, match=message):
        records.read(tmp_path, "r")


def test_a_checksum_of_0_that_is_none_is_said(tmp_path):
    write(tmp_path, heart()[0], signal="100(-20)/mV 12 0 0 0 0 MLII")
    assert any("has checksum 0" in said for said in records.read(tmp_path, "r").remarks)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ("r 1000000 360 6000", "1,000,000 signals; 1 to 1,000"),
        ("r/999999999 1 360 6000", "999,999,999 segments; 1 to 100"),
    ],
)
def test_a_million_signals_are_refused_before_they_are_read(tmp_path, first, message):
    write(tmp_path, heart()[0])
    edited(tmp_path, "r 1 360 6000", first)
    with pytest.raises(BadInput, match=message):
        records.read(tmp_path, "r")


def test_other_files_formats_and_frames(tmp_path):
    """Two files of one record, one of them with several samples a frame, a lag and bytes in front."""
    slow, fast = heart("212", rate=180.0)[0], heart(rate=360.0)[0]
    (tmp_path / "a.dat").write_bytes(encoded(slow, "212"))
    (tmp_path / "b_1.bin").write_bytes(b"12345678" + encoded(fast, "16"))
    sums = [int(codes.sum()) % 65536 for codes in (slow, fast)]
    (tmp_path / "r.hea").write_text(
        "# made by hand\n"
        f"r 2 180 {len(slow)}\na.dat 212 100(-20)/mV 12 0 0 {sums[0]} 0 V1\n"
        f"b_1.bin 16x2:10+8 100(-20)/mV 12 0 0 {sums[1]} 0 MLII\n"
    )
    annotate(tmp_path, AT[1:] // 2)
    read = records.read(tmp_path, "r")
    assert read.rate == 360 and (read.positions == AT[1:]).all()
    assert (read.signal[:-20] == (fast[20:] + 20) * 10).all() and read.gaps.tolist() == [[5980, 6000]]
    assert (records.read(tmp_path, "r", "V1").signal == (slow + 20) * 10).all()


@pytest.mark.parametrize("resolution", [1000, 180, 90.5])
def test_annotations_count_in_their_own_time(tmp_path, resolution):
    write(tmp_path, heart()[0])
    ticks = np.floor(AT * resolution / 360 + 0.5).astype(int)
    annotate(tmp_path, ticks, fs=resolution)
    wanted = [int(exact(int(tick)) * 360 / exact(resolution) + exact(0.5)) for tick in ticks]
    assert records.read(tmp_path, "r").positions.tolist() == wanted


def test_segments_are_laid_one_after_the_other(tmp_path):
    codes, _ = heart()
    for name, part in {"s1": codes[:2000], "s2": codes[2500:]}.items():
        write(tmp_path, part, name=name, at=[1])
    (tmp_path / "r.hea").write_text("r/3 1 360 6000\ns1 2000\n~ 500\ns2 3500\n")
    annotate(tmp_path, AT)
    read = records.read(tmp_path, "r")
    assert read.gaps.tolist() == [[2000, 2500]] and (read.positions == AT).all()
    assert (np.delete(read.signal, np.arange(2000, 2500)) == np.delete((codes + 20) * 10, np.arange(2000, 2500))).all()
    seen = beats.gather([read], Input(channels=("beat",), rate=180.0))
    assert 2100 not in seen.position and 1 < len(seen.y) < len(AT)
    for text, message in {
        "r/2 1 360 5000\ns1 2000\ns2 3500\n": "are not its 5,000 frames",
        "r/2 1 250\ns1 2000\ns2 3500\n": "s1.hea does not fit",
        "r/2 1 360\ns1 2000\ns3 3500\n": "has no file .*s3.hea",
        "r/1 1 360\n~ 3500\n": "gaps and nothing else",
        "r/2 1 360\ns1 2000\n~ 999999999999\n": "GiB of memory",
        "r/1 1 360\nr 2000\n": "does not fit",
    }.items():
        (tmp_path / "r.hea").write_text(text)
        with pytest.raises(BadInput, match=message):
            records.read(tmp_path, "r")


def leads(folder, *names):
    """A record whose k-th lead is 10 k microvolts more than its first."""
    codes = heart()[0]
    signals = np.stack([codes + k for k in range(len(names))], axis=1)
    (folder / "r.dat").write_bytes(encoded(signals.reshape(-1), "16"))
    lines = [f"r.dat 16 100(-20)/mV 12 0 0 {int(signals[:, k].sum()) % 65536} 0 {name}" for k, name in enumerate(names)]
    (folder / "r.hea").write_text("\n".join((f"r {len(names)} 360 6000", *lines)) + "\n")
    annotate(folder, AT)


@pytest.mark.parametrize(
    ("names", "lead", "taken"),
    [
        (("I", "II", "V1"), "MLII", 1),
        (("V5", "MLII", "II"), "MLII", 1),
        (("ECG",), "MLII", 0),
        (("ECG1", "ECG2"), "ECG2", 1),
        (("ECG", "ECG"), "ECG 2", 1),
        (("", ""), "signal 2", 1),
        (("ECG", "Lead with blanks"), "Lead with blanks", 1),
        (("ECG1", "ECG2"), "2", 1),
    ],
)
def test_a_lead_is_chosen_and_said(tmp_path, names, lead, taken):
    leads(tmp_path, *names)
    read = records.read(tmp_path, "r", lead)
    assert read.signal[0] - 10 * taken == 0
    assert ("lead" in " ".join(read.remarks)) == (lead not in (*names, "ECG 2", "signal 2"))


@pytest.mark.parametrize(
    ("names", "lead", "said"),
    [
        (("ECG1", "ECG2"), "MLII", "no lead MLII, only ECG1 and ECG2"),
        (("ECG", "ECG"), "ECG", "no lead ECG, only ECG 1 and ECG 2"),
        (("I", "II"), "3", "no lead 3, only I and II"),
    ],
)
def test_a_lead_that_is_not_there_is_not_guessed(tmp_path, names, lead, said):
    leads(tmp_path, *names)
    with pytest.raises(BadInput, match=said):
        records.read(tmp_path, "r", lead)


def test_a_record_in_a_folder_of_the_data(tmp_path):
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    write(tmp_path / "sub" / "deep", heart()[0])
    assert len(beats.load(tmp_path, ["sub/deep/r"], Input(channels=("beat",))).y) == len(AT)
    for name in (
        "../sub/deep/r",
        "/etc/passwd",
        "sub/../sub/deep/r",
        "",
        "a" * 300,
        "x\0y",
        "sub//deep/r",
        "*",
        "r.edf",
    ):
        with pytest.raises(BadInput):
            records.read(tmp_path, name)
