"""Patients made of a patient's own beats: the rhythm is another, the shapes and classes are the patient's."""

import numpy as np
import pytest

from bittrue.apps.ecg.beats import front_end, rhythm, rhythm_augmentation
from bittrue.apps.ecg.beats.records import Record
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise
from bittrue.errors import BadInput


def patient(**shares):
    return synthesise(Patient(seed=11, seconds=600, shares=shares or {"S": 0.1, "V": 0.05, "F": 0.02}, noise=0.0))


def clean(record):
    return record.signal - front_end.baseline(record.signal, record.rate)


@pytest.mark.parametrize("kind", list(rhythm_augmentation.KINDS))
def test_the_same_record_gives_the_same_patient(kind):
    record = patient()
    one, again = (rhythm_augmentation.KINDS[kind](record) for _ in range(2))
    assert (one.signal == again.signal).all() and (one.positions == again.positions).all()
    assert one.name == f"{record.name} {kind}" and one.rate == record.rate
    assert one.signal.dtype == one.positions.dtype == np.int64
    assert one.positions[0] > 0 and one.positions[-1] < len(one.signal) and len(one.labels) == len(one.positions)
    assert np.diff(one.positions).min() >= int(0.3 * record.rate)
    renamed = Record("other", record.rate, record.signal, record.positions, record.labels)
    assert len(rhythm_augmentation.KINDS[kind](renamed).signal) != len(one.signal)


def test_the_beats_stay_what_they_are():
    record = patient()
    made, own = rhythm_augmentation.ectopy(record), clean(record)
    shapes = {label: own[record.positions[record.labels == label][:, None] + np.arange(20)] for label in (0, 1)}
    for at, label in zip(made.positions, made.labels, strict=True):
        qrs = made.signal[at : at + 20]
        assert (shapes[label] == qrs).all(axis=1).any()


def test_most_beats_of_sustained_ectopy_are_early():
    made = rhythm_augmentation.ectopy(patient())
    assert len(made.labels) >= 500 and set(made.labels) == {0, 1} and 0.7 < (made.labels == 1).mean() < 0.9
    own = rhythm.intervals(made.positions)[1:]
    early, late = own[made.labels[1:] == 1], own[made.labels[1:] == 0]
    assert np.quantile(early, 0.95) < np.quantile(late, 0.05)
    assert 0.55 < np.median(early) / np.median(rhythm.intervals(patient().positions)) < 0.9
    steps = made.labels[1:]
    assert abs(np.diff(own)[(steps[1:] == 1) & (steps[:-1] == 1)]).mean() < 0.04 * own.mean()


def test_ectopy_needs_early_beats():
    with pytest.raises(BadInput, match="has 0 early S beats; at least 20 are needed"):
        rhythm_augmentation.ectopy(patient(V=0.1))


def test_fibrillation_is_irregular_and_has_no_p_wave():
    record = patient()
    made = rhythm_augmentation.fibrillation(record)
    assert set(made.labels) == {0, 2} and len(made.labels) == 400
    spread = np.std(rhythm.intervals(made.positions)[made.labels == 0]) / np.mean(rhythm.intervals(made.positions))
    assert 0.1 < spread < 0.4
    before = np.arange(-int(0.25 * record.rate), -int(0.08 * record.rate))

    def p_wave(source, signal):
        mean = signal[source.positions[source.labels == 0][5:-5, None] + before].mean(axis=0)
        straight = np.linspace(mean[0], mean[-1], len(mean))
        return abs(mean - straight).max()

    assert p_wave(made, made.signal) < 0.25 * p_wave(record, clean(record))


def test_joints_are_smooth():
    record = patient()
    steps = np.abs(np.diff(clean(record))).max()
    for kind in rhythm_augmentation.KINDS.values():
        assert np.abs(np.diff(kind(record).signal)).max() <= 1.2 * steps
