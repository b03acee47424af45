"""The front end and the rhythm channels: every formula against plain Python integers, sample by sample."""

from fractions import Fraction
from itertools import pairwise
from math import floor

import numpy as np
import pytest

from bittrue.apps.ecg.beats import front_end, rhythm


def rng(seed=0):
    return np.random.default_rng(seed)


def clamp(value):
    return min(max(value, -128), 127)


def ranked(values, percent=50):
    return sorted(values)[(len(values) - 1) * percent // 100]


def test_the_low_pass_is_an_integer_filter():
    signal = rng().integers(-3000, 3000, size=200)
    taps = [int(code) for code in front_end._taps(360, 60.0)]
    half = len(taps) // 2
    assert sum(taps) == pytest.approx(1 << 15, abs=16) and taps == taps[::-1]
    padded = [int(signal[0])] * half + [int(code) for code in signal] + [int(signal[-1])] * half
    expected = [(sum(h * padded[t + i] for i, h in enumerate(taps)) + (1 << 14)) >> 15 for t in range(len(signal))]
    assert front_end.low_pass(signal, 360, 60.0).tolist() == expected


def test_the_low_pass_keeps_what_the_net_can_see_and_stops_the_rest():
    clock = np.arange(3600) / 360
    slow, fast = (np.floor(1000 * np.sin(2 * np.pi * hertz * clock)).astype(np.int64) for hertz in (10, 50))
    assert abs(front_end.low_pass(slow, 360, 60.0)[200:-200]).max() == pytest.approx(1000, rel=0.03)
    assert abs(front_end.low_pass(fast, 360, 60.0)[200:-200]).max() < 20
    assert (front_end.low_pass(fast, 360, 360.0) == fast).all()


def test_the_baseline_follows_the_drift_and_not_the_beats():
    clock = np.arange(7200) / 360
    drift = np.floor(300 * np.sin(2 * np.pi * 0.2 * clock)).astype(np.int64)
    beats = np.zeros_like(drift)
    beats[180::360] = 1500
    found = front_end.baseline(drift + beats, 360)
    assert found.shape == drift.shape and abs(found - drift)[360:-360].max() < 60


def test_the_baseline_goes_in_straight_lines():
    signal = rng(1).integers(-500, 500, size=601)
    found = front_end.baseline(signal, 360)
    knots = [int(code) for code in found[::6]]
    for at in range(600):
        here, ahead = knots[at // 6], knots[at // 6 + 1]
        assert found[at] == here + (ahead - here) * (at % 6) // 6


def test_peaks_and_their_running_median():
    signal = np.zeros(1000, dtype=np.int64)
    signal[[100, 135, 137, 500, 999]] = [50, -80, 900, 30, -7]
    assert front_end.peaks(signal, np.array([100, 500, 700, 990]), 360).tolist() == [80, 30, 1, 7]
    values = rng(2).integers(1, 100, size=(40, 3))
    for memory in (1, 4, 5, 60):
        found = front_end.running_rank(values, memory)
        for k in range(40):
            expected = [ranked(values[max(0, k - memory + 1) : k + 1, c].tolist()) for c in range(3)]
            assert found[k].tolist() == expected


def test_the_scale_rounds_half_up_and_saturates():
    values, scale = rng(3).integers(-3000, 3000, size=500), rng(4).integers(1, 2000, size=500)
    expected = [
        clamp(floor(Fraction(64 * int(v), int(s)) + Fraction(1, 2))) for v, s in zip(values, scale, strict=True)
    ]
    assert front_end.ratio(values, scale, 64).tolist() == expected
    assert {-128, 127} <= set(expected)


def test_windows_are_taken_around_the_beat():
    signal, at = np.arange(1000), np.array([3, 500, 998])
    found = front_end.windows(signal, at, 360, 50.0, before=4, length=9)
    for k, position in enumerate(at):
        where = [position + floor(Fraction((i - 4) * 360, 50) + Fraction(1, 2)) for i in range(9)]
        assert found[k].tolist() == [w if 0 <= w < 1000 else 0 for w in where]


def test_a_slow_record_is_resampled_and_not_repeated():
    signal, at = rng(9).integers(-2000, 2000, size=400), np.array([5, 200, 396])
    found = front_end.windows(signal, at, 128.7, 180.0, before=6, length=14)
    for k, position in enumerate(at):
        for i in range(14):
            offset = Fraction((i - 6) * 1287, 1800)
            taps, first = front_end.between(offset % 1), int(position) + floor(offset) - 15
            inside = [int(signal[first + j]) if 0 <= first + j < 400 else 0 for j in range(32)]
            summed = sum(int(h) * x for h, x in zip(taps, inside, strict=True))
            assert found[k, i] == floor(Fraction(summed, 1 << 15) + Fraction(1, 2))
    assert (found[:, 6] == signal[at]).all()


def test_what_is_between_two_samples():
    assert front_end.between(Fraction(0)).tolist() == [0] * 15 + [1 << 15] + [0] * 16
    for fraction in (Fraction(1, 7), Fraction(1, 2), Fraction(99, 100)):
        assert front_end.between(fraction).sum() == 1 << 15
    clock = np.arange(1280)
    for hertz in (1.0, 10.0, 30.0, 45.0):
        signal = np.floor(1000 * np.sin(2 * np.pi * hertz * clock / 128) + 0.5).astype(np.int64)
        found = front_end.windows(signal, np.array([640]), 128, 180.0, 64, 128)[0]
        wanted = 1000 * np.sin(2 * np.pi * hertz * (5 + (np.arange(128) - 64) / 180))
        assert abs(found - wanted).max() < 8


def test_a_rate_that_is_no_integer_is_used_as_it_is_written():
    signal, at = np.arange(40000), np.array([20000])
    found = front_end.windows(signal, at, 360.5, 180.0, before=5000, length=10000)[0]
    assert found.tolist() == [20000 + floor(Fraction((i - 5000) * 3605, 1800) + Fraction(1, 2)) for i in range(10000)]
    normal = np.array([200, 288, 300])
    for rate in (360, 360.5, 62.4725, 51.42857142857143):
        unit = Fraction(str(rate)) * Fraction(4, 5)
        wanted = [clamp(floor((int(m) - unit) * 128 / unit + Fraction(1, 2))) for m in normal]
        assert rhythm.speed(normal, rate, 2)[:, 0].tolist() == wanted
        place = rhythm.pulses(np.array([100, 130]), rate, 10.0, 128, 64)[0]
        assert np.flatnonzero(place).tolist() == [64, 64 + floor(30 * 128 / (unit * Fraction(25, 2)) + Fraction(1, 2))]


def test_beats_whose_window_touches_a_gap():
    at, gaps = np.arange(100, 2000, 100), np.array([[500, 600], [1000, 1001]])
    for rate, wanted, reach in ((360, 180.0, 8), (360, 360.0, 0), (90, 180.0, 16)):
        ratio = Fraction(rate) / Fraction(wanted)
        low, high = floor(-5 * ratio) - reach, floor(4 * ratio) + 1 + reach
        wanted_whole = [not any(a + low < end and a + high >= start for start, end in gaps) for a in at]
        assert front_end.whole(at, gaps, rate, wanted, 5, 10).tolist() == wanted_whole
        assert 0 < sum(wanted_whole) < len(at)


def intervals_of(positions):
    gaps = [b - a for a, b in pairwise(positions)]
    return [gaps[0], *gaps]


def test_the_tachogram_shows_the_intervals_around_a_beat():
    positions = np.cumsum(rng(5).integers(100, 600, size=30))
    own = intervals_of(positions.tolist())
    for percent in (0, 50, 80, 100):
        found = rhythm.usual(positions, 6, percent)
        assert found.tolist() == [ranked(own[max(0, k - 5) : k + 1], percent) for k in range(30)]
    found = rhythm.tachogram(positions, rhythm.usual(positions, 6), length=19, width=3, after=2)
    for k in range(30):
        usual = ranked(own[max(0, k - 5) : k + 1])
        expected = [0]  # one sample is left over in front of six blocks
        for j in range(k + 2 - 6 + 1, k + 3):
            interval = own[j] if 0 <= j < 30 else usual
            expected += [clamp(floor(Fraction(128 * (interval - usual), usual) + Fraction(1, 2)))] * 3
        assert found[k].tolist() == expected
    assert (found == 127).any() and (found < 0).any()


def test_the_neighbours_stand_on_their_sides_of_the_beat():
    positions = np.array([0, 360, 720, 900, 1440])
    found = rhythm.neighbours(positions, rhythm.usual(positions, 9), length=6, before=4)
    assert found[3].tolist() == [-64] * 4 + [64] * 2
    assert found[2].tolist() == [0] * 4 + [-64] * 2 and found[4].tolist() == [64] * 4 + [0] * 2


def test_speed_is_relative_to_75_beats_a_minute():
    positions = np.arange(5) * 360
    found = rhythm.speed(rhythm.usual(positions, 4), 360, 8)
    assert (found == 32).all() and found.shape == (5, 8)


def test_pulses_stand_where_the_beats_are():
    positions = np.cumsum(rng(6).integers(90, 700, size=40))
    found = rhythm.pulses(positions, 360, seconds=10.0, length=100, before=60)
    for k in range(40):
        expected = np.zeros(100, dtype=int)
        for other in positions:
            at = 60 + floor(Fraction(int(other - positions[k]) * 100, 3600) + Fraction(1, 2))
            if 0 <= at < 100:
                expected[at] = 127
        assert found[k].tolist() == expected.tolist()


def test_the_figures_of_the_rhythm():
    positions = np.cumsum(rng(7).integers(100, 600, size=90))
    own = intervals_of(positions.tolist())
    normal = rhythm.usual(positions, 20, 80)
    found = rhythm.figures(positions, normal)

    def code(value, scale, unit):
        return clamp(floor(Fraction(unit * value, scale) + Fraction(1, 2)))

    medians = [ranked(own[max(0, k - 31) : k + 1]) for k in range(90)]
    changes = [abs(own[k] - own[k - 1]) if k else 0 for k in range(90)]
    for k in range(90):
        m, n, near = int(normal[k]), medians[k], range(max(0, k - 31), k + 1)
        after = [own[k + 1] - m, own[k + 1] - n] if k < 89 else [0, 0]
        spread = max(ranked([abs(own[j] - medians[j]) for j in near]), n // 32, 1)
        expected = [code(own[k] - m, m, 128), code(after[0], m, 128), code(own[k] - n, n, 128), code(after[1], n, 128)]
        expected += [code(sum(changes[j] for j in near) // len(near), m, 256)]
        expected += [code(own[k] - n, spread, 16), code(after[1], spread, 16)]
        expected += [code(ranked(changes[max(0, k - 63) : k + 1], 30), m, 1024)]
        assert found[k].tolist() == expected


def test_a_rhythm_of_few_beats_has_figures_too():
    for positions in ([500], [500, 800], [500, 800, 1400]):
        at = np.array(positions)
        found = rhythm.figures(at, rhythm.usual(at, 128, 80))
        assert found.shape == (len(at), 8) and (found[0] == 0)[[0, 2, 4, 5, 7]].all()


def test_even_intervals_are_calm_and_uneven_ones_are_not():
    even, uneven = np.arange(100) * 300, np.cumsum(rng(8).integers(200, 400, size=100))
    calm, wild = (rhythm.figures(at, rhythm.usual(at, 128, 80))[-2] for at in (even, uneven))
    assert calm.tolist() == [0] * 8 and wild[4] > 30 and wild[7] > 30
