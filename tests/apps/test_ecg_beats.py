"""Beats as a net sees them: channels, causality, the cache, and the synthetic patients behind these tests."""

import numpy as np
import pytest
from ecg_files import write_record

from bittrue.apps.ecg.beats import beats, database, records, rhythm
from bittrue.apps.ecg.beats.beats import Input
from bittrue.apps.ecg.beats.records import Record
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise
from bittrue.cosim.cache import build_root
from bittrue.errors import BadInput

ALL = ("beat", "template", "difference", "tachogram", "neighbours", "speed", "rhythm", "pulses")


def test_channels_come_in_the_order_of_the_plan():
    record = synthesise(Patient(seed=3, seconds=40))
    seen = beats.see(record, Input(channels=ALL))
    assert seen.dtype == np.int8 and seen.shape == (len(record.positions), 8, 128)
    for at, name in enumerate(ALL):
        assert (beats.see(record, Input(channels=(name,)))[:, 0] == seen[:, at]).all()
    apart = seen[:, 0].astype(int) - seen[:, 1]
    assert (seen[:, 2] == np.clip(apart, -128, 127)).all() and (apart > 127).any() | (apart != 0).any()


def test_the_signal_is_scaled_and_not_clipped_away():
    record = synthesise(Patient(seed=4, seconds=120))
    seen = beats.see(record, Input(channels=("beat",)))[:, 0]
    normal = seen[record.labels == 0]
    assert 56 <= np.median(abs(normal[:, 60:69]).max(axis=1)) <= 72
    assert np.isin(seen, (-128, 127)).mean() < 0.001
    louder = Record(record.name, record.rate, 7 * record.signal, record.positions, record.labels)
    assert abs(beats.see(louder, Input(channels=("beat",)))[:, 0].astype(int) - seen).max() <= 1


def test_the_future_does_not_change_a_beat():
    record = synthesise(Patient(seed=5, seconds=60))
    plan = Input(channels=ALL[:-1], after=1)
    whole, half = beats.see(record, plan), len(record.positions) // 2
    end = int(record.positions[half] + 2 * record.rate)  # window, filter and medians look ahead less than two seconds
    kept = record.positions < end
    short = Record(record.name, record.rate, record.signal[:end], record.positions[kept], record.labels[kept])
    assert (beats.see(short, plan)[: half - 1] == whole[: half - 1]).all()


def test_the_future_does_not_change_a_packed_beat():
    record = synthesise(Patient(seed=5, seconds=60))
    plan = Input(channels=("packed",), rate=180.0)
    whole, half = beats.see(record, plan), len(record.positions) // 2
    end = int(record.positions[half] + 2 * record.rate)
    kept = record.positions < end
    short = Record(record.name, record.rate, record.signal[:end], record.positions[kept], record.labels[kept])
    assert (beats.see(short, plan)[: half - 1] == whole[: half - 1]).all()


def test_a_packed_beat_is_its_difference_and_the_rhythm():
    record = synthesise(Patient(seed=7, seconds=60))
    packed = beats.see(record, Input(channels=("packed",), rate=180.0))[:, 0]
    apart, rhythms = np.moveaxis(beats.see(record, Input(channels=("difference", "rhythm"), rate=180.0)), 1, 0)
    assert packed.shape == (len(record.positions), 128)
    assert (packed[:, :96] == apart[:, 16:112]).all() and (packed[:, 96:] == rhythms[:, ::4]).all()
    normal = rhythm.usual(record.positions, 32)
    assert (rhythms == np.repeat(rhythm.figures(record.positions, normal), 16, axis=1)).all()


def test_an_early_beat_looks_early():
    record = synthesise(Patient(seed=6, seconds=120))
    seen = beats.see(record, Input(channels=("neighbours",)))[:, 0]
    before, after = seen[:, 0].astype(int), seen[:, -1].astype(int)
    early = record.labels[10:-1] == 1
    assert early.any() and before[10:-1][early].max() < -20
    assert after[10:-1][record.labels[10:-1] == 2].min() > 20


def test_synthetic_patients_are_different_and_repeatable():
    one, again, other = (synthesise(Patient(seed=seed)) for seed in (1, 1, 2))
    assert (one.signal == again.signal).all() and (one.positions == again.positions).all()
    assert len(one.signal) == 60 * 360 and (np.diff(one.positions) > 0).all()
    assert len(one.positions) != len(other.positions) or (one.positions != other.positions).any()
    many = np.concatenate([synthesise(Patient(seed=seed, seconds=120)).labels for seed in range(5)])
    assert set(many) == {0, 1, 2, 3} and 0.6 < (many == 0).mean() < 0.95
    assert set(synthesise(Patient(seed=1, shares={})).labels) == {0}


def test_synthetic_beats_differ_as_the_classes_do():
    record = synthesise(Patient(seed=8, seconds=600, noise=0.0, wander=0.0))
    seen = beats.see(record, Input(channels=("beat",)))[:, 0].astype(float)
    shape = {kind: seen[record.labels == kind][5:].mean(axis=0) for kind in range(4)}
    width = {kind: (abs(shape[kind][54:74]) > 0.5 * abs(shape[kind][54:74]).max()).sum() for kind in shape}
    assert width[2] >= 2 * width[0] and width[1] <= width[0] + 1 and width[0] <= width[3] <= width[2]
    assert shape[0][75:85].max() > 8 and shape[2][75:90].min() < -8  # T


def test_beats_of_a_folder_are_kept(tmp_path, monkeypatch):
    for name in ("100", "101"):
        write_record(tmp_path, name)
    plan = Input(channels=("beat", "tachogram"), length=64, before=32)
    first = beats.load(tmp_path, ("100", "101"), plan)
    assert first.names == ("100", "101") and set(first.record) == {0, 1}
    assert (first.x == beats.gather([records.read(tmp_path, n) for n in ("100", "101")], plan).x).all()
    (kept,) = (build_root() / "ecg").iterdir()
    monkeypatch.setattr(beats, "gather", None)  # must not be asked again
    again = beats.load(tmp_path, ("100", "101"), plan)
    assert (again.x == first.x).all() and (again.y == first.y).all() and (again.position == first.position).all()
    monkeypatch.undo()
    monkeypatch.setenv("BITTRUE_BUILD", str(kept.parent.parent))
    kept.write_bytes(kept.read_bytes()[:-200])
    assert (beats.load(tmp_path, ("100", "101"), plan).x == first.x).all()


def test_other_files_are_other_beats(tmp_path):
    write_record(tmp_path, "100")
    plan = Input(channels=("beat",), length=64, before=32)
    first = beats.load(tmp_path, ("100",), plan)
    write_record(tmp_path, "100", Patient(seed=9, seconds=30))
    assert (
        len(beats.load(tmp_path, ("100",), plan).y) != len(first.y)
        or (beats.load(tmp_path, ("100",), plan).x != first.x).any()
    )


def test_some_records_of_many(tmp_path):
    for name in ("100", "101"):
        write_record(tmp_path, name)
    both = beats.load(tmp_path, ("100", "101"), Input(length=64, before=32))
    one = both.of("101")
    assert set(one.record) == {1} and 0 < len(one.y) == len(one.x) == len(one.position) < len(both.y)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"channels": ()}, "name at least one"),
        ({"channels": ("beat", "beat")}, "each once"),
        ({"length": 4}, "length is 4; it must be at least 8"),
        ({"before": 128}, "before is 128; it must be below length"),
        ({"rate": 5.0}, "rate is 5.0"),
        ({"template": 0}, "template is 0"),
        ({"channels": ("tachogram",), "width": 65}, "width is 65; at most 64"),
        ({"percent": 101}, "percent is 101; it must be 0 to 100"),
        ({"channels": ("rhythm",), "length": 100}, "length is 100; channel rhythm needs a multiple of 8"),
        ({"channels": ("packed",), "length": 72}, "length is 72; channel packed needs a multiple of 32"),
        ({"channels": ("packed", "beat")}, "packed holds all that it needs, name it alone"),
        ({"seconds": 0.0}, "seconds is 0.0"),
    ],
)
def test_an_input_that_cannot_be(keys, message):
    with pytest.raises(BadInput, match=message):
        Input(**keys)


def test_no_record_at_all(tmp_path):
    with pytest.raises(BadInput, match="no record is named"):
        beats.load(tmp_path, (), Input())


@pytest.mark.heavy
@pytest.mark.skipif(not database.BESIDE.is_dir(), reason="the MIT-BIH records are not beside the checkout")
def test_hardly_a_sample_of_mit_bih_saturates():
    seen = beats.load(None, ("106", "114", "208"), Input())
    assert np.isin(seen.x, (-128, 127)).mean() < 0.005


def test_rearranged_patients_are_kept_apart(tmp_path):
    write_record(tmp_path, "100")
    plan = Input(channels=("beat",), length=64, before=32)
    own, other = beats.load(tmp_path, ("100",), plan), beats.load(tmp_path, ("100",), plan, "fibrillation")
    assert own.names == ("100",) and other.names == ("100 fibrillation",)
    assert set(other.y) <= {0, 2} and {1, 3} & set(own.y)
    again = beats.load(tmp_path, ("100",), plan, "fibrillation")
    assert again.names == other.names and (again.x == other.x).all()


def test_other_plans_are_other_beats(tmp_path):
    write_record(tmp_path, "100")
    found = [beats.load(tmp_path, ("100",), Input(length=64, before=before)).x for before in (20, 32)]
    assert (found[0] != found[1]).any()
