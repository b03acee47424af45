import numpy as np
import pytest

from bittrue.apps.dpd.amplifiers import arena
from bittrue.apps.dpd.amplifiers.pa import limit
from bittrue.apps.dpd.captures import data
from bittrue.errors import BadInput


@pytest.fixture(scope="module")
def judge():
    try:
        return arena._condition(arena.CONDITION)
    except BadInput as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def splits():
    try:
        return arena.signals()
    except BadInput as error:
        pytest.skip(str(error))


def test_the_baseline_is_that_of_the_arena(judge):
    """Linear, no predistortion: EVM -19.875, worse side -28.742; published from a GPU, hence the last digits."""
    ours, theirs = arena.protocol(None), judge.baseline_metrics()["pa"]
    assert ours.evm_db == theirs["evm_db"] and ours.nmse_db == theirs["nmse_db"]
    assert (ours.aclr_left_db, ours.aclr_right_db) == (theirs["aclr_l_db"], theirs["aclr_r_db"])
    published = arena._json(arena.RESULTS)["rows"][0]["cases"][0]["judges"][0]
    assert ours.evm_db == pytest.approx(published["baseline_evm_db"], abs=1e-4)
    assert ours.worse_aclr_db == pytest.approx(published["baseline_aclr_r_db"], abs=1e-4)
    assert ours.power_error_db == pytest.approx(published["baseline_power_error_db"], abs=1e-4)
    assert ours.qualified and ours.limited == 0


def test_a_drive_beyond_the_peak_is_limited_and_off_power(judge):
    loud = arena.protocol(lambda x: 1.5 * x)
    assert loud.limited > 0 and not loud.qualified and loud.power_error_db > 3
    ours = arena.protocol(lambda x: limit(1.5 * x, judge.peak))
    assert ours.evm_db == pytest.approx(loud.evm_db, abs=1e-4) and ours.limited < loud.limited


def test_a_predistorter_that_loses_samples_is_refused(judge):
    for wrong in (lambda x: x[1:], lambda x: x * np.nan):
        with pytest.raises(BadInput, match="every sample needs a drive"):
            arena.protocol(wrong)


def test_all_published_results_are_read():
    try:
        rows = arena.references()
    except BadInput as error:
        pytest.skip(str(error))
    assert len(rows) == 83 and len({row.entry for row in rows}) == 23
    best = {budget: min((r for r in rows if r.budget == budget), key=lambda r: r.aclr_db) for budget in (500, 2000)}
    assert (best[500].entry, best[2000].entry) == ("tres_gru", "deltagru")
    stated = {(row["backbone"], p["budget"]): p for row in arena._json(arena.RESULTS)["rows"] for p in row["budgets"]}
    for row in rows:
        theirs = stated[row.entry, row.budget]
        assert row.parameters == theirs["parameters"] <= row.budget and len(row.seeds) in (1, 3)
        for ours, key in ((row.evm_db, "evm_db"), (row.aclr_db, "aclr_db"), (row.nmse_db, "nmse_db")):
            assert ours == pytest.approx(theirs["metrics"][key], abs=1e-9)


def test_the_splits_of_the_arena_lie_in_the_capture_where_the_table_says(splits):
    capture = data.load(arena.CAPTURE)
    for end in ("inputs", "outputs"):
        whole = np.concatenate([getattr(capture, end)[split] for split in data.SPLITS])
        for split, first, count in (("train", 0, 25307), ("val", 25507, 6327), ("test", 32034, 66270)):
            ours = getattr(splits, end)[split]
            assert len(ours) == count and abs(ours - whole[first : first + count]).max() < 1e-7
    seen = 58980 - 32034  # of the Arena's test input, by the wheel's train split
    assert seen == 26946 and abs(splits.inputs["test"][:seen] - capture.inputs["train"][32034:]).max() < 1e-7


def test_the_guards_between_the_splits_are_history(splits):
    capture = data.load(arena.CAPTURE)
    whole = np.concatenate([capture.inputs[split] for split in data.SPLITS])
    assert abs(splits.history("test", 512) - whole[32034 - 512 : 32034]).max() < 1e-7
    assert abs(splits.history("val", 300) - whole[25507 - 300 : 25507]).max() < 1e-7
    assert len(splits.history("train", 5)) == 0


def test_gain_and_peak_are_those_of_the_condition(splits, judge):
    assert splits.gain == pytest.approx(judge.gain, abs=1e-7) and splits.peak == pytest.approx(judge.peak, abs=1e-7)
    assert data.load("arena").digest == splits.digest
    assert not isinstance(arena.amplifier(splits), str)
