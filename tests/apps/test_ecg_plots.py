"""Example beats: rightly and wrongly answered ones of every class, from several records, where they are said to be."""

import numpy as np
import pytest
from ecg_files import write_record

from bittrue.apps.ecg import patients
from bittrue.apps.ecg.beats.beats import Beats, Input
from bittrue.apps.ecg.beats.records import Record

strips = pytest.importorskip("bittrue.apps.ecg.plots", reason="the pictures need matplotlib")


def made(labels, record):
    labels, record = np.array(labels), np.array(record)
    x = np.zeros((len(labels), 1, 8), dtype=np.int8)
    return Beats(x, labels, record, np.arange(len(labels)), ("a", "b", "c"))


def test_right_and_wrong_beats_of_every_class():
    beats = made([0] * 8 + [2] * 3, [0] * 6 + [1] * 2 + [2] * 3)
    answers = np.array([0, 0, 0, 0, 1, 2, 0, 0, 2, 0, 0])
    found = strips.choose(beats, answers)
    assert set(found) == {0, 2}
    right, wrong = found[0]
    assert len(right) == 2 and {beats.record[k] for k in right} == {0, 1} and all(answers[k] == 0 for k in right)
    assert sorted(wrong) == [4, 5]
    assert found[2][0] == [8] and sorted(found[2][1]) == [9, 10]
    assert found == strips.choose(beats, answers)


def test_records_take_turns():
    beats = made([1] * 40, [0] * 38 + [1, 2])
    for seed in range(5):
        right, wrong = strips.choose(beats, np.ones(40, dtype=int), each=3, seed=seed)[1]
        assert {int(beats.record[k]) for k in right} == {0, 1, 2} and wrong == []


def test_a_strip_says_where_it_is():
    record = Record("119", 360, np.zeros(10**6, dtype=np.int64), np.array([5]), np.array([2]))
    strip = strips.Strip(record, 360 * (3600 + 62) + 359, "V", 2, 0)
    assert strip.time == "1:01:02.9"
    assert strip.title == "V called N\nrecord 119, 1:01:02.9, annotated “V”"


def test_strips_are_read_from_the_record_and_drawn(tmp_path):
    for name in ("101", "106"):
        write_record(tmp_path, name)
    people, plan = patients.named("101,106", tmp_path), Input(length=32, rate=40.0, before=16)
    beats = people.beats(plan)
    answers = np.where(np.arange(len(beats.y)) % 2, beats.y, 0)
    chosen = strips.choose(beats, answers)
    shown = strips.strips(people, beats, answers, plan, chosen)
    for kind, (right, wrong) in shown.items():
        for strip in (*right, *wrong):
            at = list(strip.record.positions).index(strip.position)
            assert strip.label == kind == strip.record.labels[at]
            assert strip.symbol == "NSVFQ"[kind]
        assert all(strip.answer == kind for strip in right) and all(strip.answer == 0 != kind for strip in wrong)
    png = strips.strips_png(shown, plan)
    assert png[:4] == b"\x89PNG" and len(png) > 20_000


def test_what_is_drawn_is_millivolts_over_seconds():
    from matplotlib.figure import Figure

    signal = np.arange(4000)
    record = Record("x", 100, signal, np.array([1950, 2000, 2600]), np.array([0, 2, 1]))
    axes = Figure().subplots()
    strips.draw(axes, strips.Strip(record, 2000, "V", 2, 2), Input(length=40, rate=50.0, before=10))
    (line,) = axes.lines
    assert line.get_xdata()[0] == -1.0 and line.get_ydata()[100] == 2.0  # at the beat: sample 2000, 2000 uV
    assert [text.get_text() for text in axes.texts] == ["N", "V"]
    assert [text.get_position()[0] for text in axes.texts] == [-0.5, 0.0]
    (window,) = axes.patches
    assert (window.get_x(), window.get_x() + window.get_width()) == pytest.approx((-0.2, 0.6))
