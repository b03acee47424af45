"""Figures of merit against counting by hand, and that they cannot flatter."""

import numpy as np
import pytest

from bittrue.apps.ecg import metrics, picture
from bittrue.apps.ecg.metrics import judge
from bittrue.errors import BadInput

LABELS = np.array([0] * 8 + [1] * 4 + [2] * 4 + [3] * 2)
ANSWERS = np.array([0, 0, 0, 0, 0, 0, 1, 2, 1, 1, 0, 2, 2, 2, 2, 0, 0, 2])


def test_the_figures_by_hand():
    found = judge(LABELS, ANSWERS)
    assert found.confusion[:4].tolist() == [[6, 1, 1, 0, 0], [1, 2, 1, 0, 0], [1, 0, 3, 0, 0], [1, 0, 1, 0, 0]]
    assert found.beats.tolist() == [8, 4, 4, 2, 0] and found.accuracy == 11 / 18
    assert found.sensitivity[:4].tolist() == [6 / 8, 2 / 4, 3 / 4, 0]
    assert found.precision[:3].tolist() == [6 / 9, 2 / 3, 3 / 6]
    f1 = [12 / (8 + 9), 4 / (4 + 3), 6 / (4 + 6)]
    assert found.f1[:3].tolist() == f1 and found.macro_f1 == pytest.approx(sum(f1) / 3, abs=1e-15)


def test_what_cannot_be_said_is_not_a_number():
    found = judge(LABELS, ANSWERS)
    assert np.isnan(found.sensitivity[4]) and np.isnan(found.precision[3]) and np.isnan(found.f1[4])
    assert found.f1[3] == 0


def test_a_class_that_is_never_found_pulls_the_mean_down():
    found = metrics.always(LABELS)
    assert found.accuracy == 8 / 18 and found.macro_f1 == pytest.approx(2 * 8 / (8 + 18) / 3)
    only_n = judge(np.zeros(5, dtype=int), np.zeros(5, dtype=int))
    assert only_n.accuracy == 1 and only_n.macro_f1 == pytest.approx(1 / 3)


def test_fusion_beats_count_against_those_they_are_taken_for():
    assert judge(LABELS, ANSWERS).precision[2] < judge(LABELS[:-2], ANSWERS[:-2]).precision[2]


def test_the_table_names_everything():
    text = metrics.table([("net", judge(LABELS, ANSWERS))])
    assert "N 8, S 4, V 4, F 2, Q 0" in text
    assert "| net | 61.1 | 75.0 / 66.7 | 50.0 / 66.7 | 75.0 / 50.0 | 0.0 / - | 0.626 |" in text
    assert text.strip().splitlines()[-1].startswith("| always N | 44.4 | 100.0 / 44.4 | 0.0 / - |")


def test_the_bootstrap_draws_patients():
    patients = np.arange(len(LABELS)) % 3
    found = metrics.spread(LABELS, ANSWERS, patients, draws=200)
    low, high = found["accuracy"]
    assert low < 11 / 18 < high and found == metrics.spread(LABELS, ANSWERS, patients, draws=200)
    alike = metrics.spread(LABELS, ANSWERS, np.zeros_like(LABELS), draws=20)
    assert alike["accuracy"] == (11 / 18, 11 / 18) and alike["S Se"] == (0.5, 0.5)


@pytest.mark.parametrize(
    ("labels", "answers", "message"),
    [
        ([0, 1], [0], r"\(1,\) answers for \(2,\) beats"),
        ([], [], "at least one"),
        ([0, 5], [0, 0], "a class is 5"),
        ([0, 1], [0, -1], "an answer is -1"),
    ],
)
def test_what_cannot_be_judged(labels, answers, message):
    with pytest.raises(BadInput, match=message):
        judge(np.array(labels, dtype=int), np.array(answers, dtype=int))


def test_the_confusion_matrix_is_drawn(tmp_path):
    picture.confusion(tmp_path / "c.png", judge(LABELS, ANSWERS), "made up")
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
