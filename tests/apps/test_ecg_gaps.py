"""Stretches without values: bridged, kept as gaps, and what that means for the beats around them."""

import numpy as np
import pytest
from ecg_signals import AT, LOWEST, annotate, heart, write

pytest.importorskip("wfdb", reason="wfdb is not installed")

from bittrue.apps.ecg.beats import beats, records, rhythm_augmentation
from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.gaps import bridged
from bittrue.cli import main
from bittrue.errors import BadInput

PLAN = Input(channels=("difference", "beat", "rhythm", "tachogram"), rate=180.0)


def test_short_stretches_are_bridged_and_long_ones_kept():
    signal = np.arange(400) * 3
    blank = np.zeros(400, bool)
    for start, end in ((0, 2), (50, 57), (100, 108), (398, 400)):
        blank[start:end] = True
    filled, gaps, remarks = bridged(np.where(blank, -15360, signal), blank, 360, "the lead")
    assert gaps.tolist() == [[0, 2], [100, 108], [398, 400]] and (filled[2:398] == signal[2:398]).all()
    assert filled[:2].tolist() == [6, 6] and filled[398:].tolist() == [1191, 1191]
    assert remarks == ("the lead has no value at 19 of 400 samples; straight lines bridge 1 stretch of at most 0.02 s",)
    blank[:] = [k % 2 for k in range(400)]
    filled, gaps, _ = bridged(np.where(blank, 0, signal), blank, 360, "the lead")
    assert gaps.tolist() == [[399, 400]] and (filled[:399] == signal[:399]).all()


@pytest.mark.parametrize("format", ["212", "16", "310"])
@pytest.mark.parametrize(("start", "end"), [(3290, 3330), (0, 310), (5500, 6000), (1400, 2300)])
def test_beats_in_a_gap_are_left_out_and_their_neighbours_stay(tmp_path, format, start, end):
    codes, _ = heart(format)
    write(tmp_path, codes, format)
    whole = beats.load(tmp_path, ["r"], PLAN)
    codes[start:end] = LOWEST[format]
    write(tmp_path, codes, format)
    found = beats.load(tmp_path, ["r"], PLAN)
    near = (start - 145 < AT) & (end + 145 > AT)
    assert set(AT[~near]) <= set(found.position) and 0 < len(AT) - len(found.y) <= near.sum()
    kept = np.isin(whole.position, found.position)
    assert (found.x[:, 2:] == whole.x[kept, 2:]).all()  # the rhythm knows of all beats
    far = ~((whole.position > start - 400) & (whole.position < end + 400))
    assert (found.x[np.isin(found.position, AT[far])] == whole.x[kept & far]).all()
    lost = len(AT) - len(found.y)
    assert f"record r: {lost} of 18 beats left out, with no value in their window" in found.remarks
    assert found.remarks[0].startswith(f"lead MLII of record r has no value at {end - start} of 6,000 samples")


def test_no_value_is_no_amplitude(tmp_path):
    codes, _ = heart()
    codes[3290:3330] = LOWEST["16"]
    write(tmp_path, codes)
    assert abs(records.read(tmp_path, "r").signal).max() < 10000


def test_a_net_of_the_rhythm_needs_no_values(tmp_path):
    codes, _ = heart()
    codes[1000:3000] = LOWEST["16"]
    write(tmp_path, codes)
    assert len(beats.load(tmp_path, ["r"], Input(channels=("rhythm",))).y) == len(AT)


def test_gaps_that_leave_nothing_are_refused(tmp_path):
    codes, _ = heart()
    codes[:] = LOWEST["16"]
    write(tmp_path, codes)
    with pytest.raises(BadInput, match="lead MLII of record r has no value at all"):
        beats.load(tmp_path, ["r"], PLAN)
    codes[:100] = 0
    write(tmp_path, codes)
    with pytest.raises(BadInput, match="no beat of record r has values in its window"):
        beats.load(tmp_path, ["r"], PLAN)


def test_rearranged_patients_are_made_of_whole_records(tmp_path):
    codes, _ = heart()
    codes[1000:3000] = LOWEST["16"]
    write(tmp_path, codes)
    with pytest.raises(BadInput, match="record r has stretches without values"):
        rhythm_augmentation.fibrillation(records.read(tmp_path, "r"))


def test_the_command_says_what_was_left_out(tmp_path, capsys):
    codes, _ = heart()
    codes[2990:3030] = LOWEST["16"]
    write(tmp_path, codes, record="128.7 {n}")
    output = str(tmp_path / "x.npy")
    annotate(tmp_path, AT, symbols="N" * 10 + "!" * 2 + "n" * 6)
    for _ in range(2):  # computed, then kept
        assert main(["ecg", "beats", "--data", str(tmp_path), "--records", "r", "-o", output]) == 0
        said = capsys.readouterr()
        assert "N 9, S 6" in said.out and "1 of 16 beats left out" in said.err and "(!) are no beats: 2" in said.err
        assert "128.7 samples a second, the net takes 180: those between are computed, with 64.35 Hz" in said.err
