"""The HDMI output at its pins: timing, TMDS words and pictures, under Verilator with stand-ins for the serialisers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from bittrue.cosim.streams import HardwareFault
from bittrue_rtl.hdmi.out import verilog
from bittrue_rtl.hdmi.raster import HD, Mode, Span
from bittrue_sim.hdmi.decode import CONTROL, TABLE, decoded, pictures
from bittrue_sim.hdmi.monitor import Monitor

SMALL = Mode(Span(4, 3, 16, 5), Span(2, 3, 8, 2))
LONG = Mode(Span(2, 2, 3000, 2), Span(1, 1, 2, 1))
"""Long enough for every sum of ones less zeros that there is."""
TOKENS = {0: "0010101011", 1: "1101010100", 2: "0010101010", 3: "1101010101"}
"""Section 3.3.3 of DVI 1.0, q[0] at the left, by C1 C0."""


def frame(mode: Mode, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (mode.down.active, mode.across.active, 3), dtype=np.uint8)


@pytest.fixture
def small() -> Iterator[Monitor]:
    monitor = Monitor(verilog(SMALL), SMALL)
    yield monitor
    monitor.close()


def encoded(byte: int, count: int) -> tuple[str, int]:
    """Figure 3-5 of DVI 1.0 box by box: the word, q[0] at the left, and the new count of ones less zeros."""
    d = [byte >> k & 1 for k in range(8)]
    q_m = [d[0]]
    if sum(d) > 4 or (sum(d) == 4 and d[0] == 0):
        for k in range(1, 8):
            q_m.append(1 - (q_m[k - 1] ^ d[k]))
        q_m.append(0)
    else:
        for k in range(1, 8):
            q_m.append(q_m[k - 1] ^ d[k])
        q_m.append(1)
    ones = sum(q_m[:8])
    zeros = 8 - ones
    if count == 0 or ones == zeros:
        inverts = not q_m[8]
        count += zeros - ones if q_m[8] == 0 else ones - zeros
        tail = [q_m[8], 1 - q_m[8]]
    elif (count > 0 and ones > zeros) or (count < 0 and zeros > ones):
        inverts = True
        count += 2 * q_m[8] + zeros - ones
        tail = [q_m[8], 1]
    else:
        inverts = False
        count += -2 * (1 - q_m[8]) + ones - zeros
        tail = [q_m[8], 0]
    return "".join(str(bit ^ inverts) for bit in q_m[:8]) + "".join(map(str, tail)), count


def checked_channel(words: np.ndarray) -> set[int]:
    """Hold a channel's words against `encoded` and `TOKENS`; returns the counts that were met."""
    count, met = 0, set()
    for word, value in zip(words.tolist(), decoded(words).tolist(), strict=True):
        text = f"{word:010b}"[::-1]
        if value >= CONTROL:
            assert text == TOKENS[value - CONTROL]
            count = 0
            continue
        expected, count = encoded(value, count)
        assert text == expected
        assert sum(a != b for a, b in itertools.pairwise(text)) <= 5
        met.add(count)
    return met


def test_words_are_those_of_the_standard_and_come_back_as_bytes():
    for count in range(-10, 11, 2):
        for byte in range(256):
            word = int(encoded(byte, count)[0][::-1], 2)
            assert TABLE[word] == byte
    for value, text in TOKENS.items():
        assert TABLE[int(text[::-1], 2)] == CONTROL + value


def test_every_word_on_the_pins_is_that_of_the_standard():
    monitor, met = Monitor(verilog(LONG), LONG), set()
    for seed in range(2):
        words = monitor.send(frame(LONG, seed))
        for channel in range(3):
            met |= checked_channel(words[:, channel])
    reach, fresh = {0}, {0}
    while fresh:
        fresh = {encoded(byte, count)[1] for count in fresh for byte in range(256)} - reach
        reach |= fresh
    assert met == reach and min(reach) >= -16 and max(reach) < 16


def test_frames_come_out_as_they_went_in(small):
    for seed in range(5):
        sent = frame(SMALL, seed)
        found = small.show(sent)
        assert small.taken == sent.shape[0] * sent.shape[1]
        assert not found or np.array_equal(found[-1], sent)
    assert found


def test_without_frames_it_is_black_and_the_syncs_go_on(small):
    found = small.show(None, 3.2)
    assert len(found) >= 2 and not any(picture.any() for picture in found)
    assert all(picture.shape == (8, 16, 3) for picture in found)


def test_timing_of_720p():
    monitor = Monitor(verilog(), HD)
    words = monitor.send(None, 2.1)
    values = decoded(words)
    assert (values[:, 1:][values[:, 1:] >= CONTROL] == CONTROL).all()  # green and red carry no control bits
    control = values[values[:, 0] >= CONTROL, 0] - CONTROL
    assert set(np.unique(control)) == {0, 1, 2, 3}
    level = np.where(values[:, 0] >= CONTROL, values[:, 0] - CONTROL, 0)
    hsync, vsync = level & 1, level >> 1
    for sync, high, period in ((hsync, 40, 1650), (vsync, 5 * 1650, 1650 * 750)):
        edges = np.diff(sync)
        up, down = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        assert set(np.diff(up)) <= {period}
        assert (down[down > up[0]][0] - up[0]) == high
    begin = np.flatnonzero(np.diff(vsync) == 1)[0]
    assert np.diff(hsync)[begin] == 1  # both begin together
    shown = np.flatnonzero(values[begin + 1 :, 0] < CONTROL)
    assert shown[0] == 25 * 1650 + 260 and shown[1279] == shown[0] + 1279 and shown[1280] == shown[0] + 1650


def test_a_picture_of_720p_comes_out_as_it_went_in():
    monitor = Monitor(verilog(), HD)
    for seed in range(2):
        sent = frame(HD, seed)
        found = monitor.show(sent)
    assert np.array_equal(found[-1], sent)


def test_a_late_stream_is_black_to_the_end_of_the_picture_and_in_step_again(small):
    small.show(frame(SMALL, 0))
    small.late(0.02)
    broken, sent = 0, [frame(SMALL, seed).reshape(-1, 3) for seed in range(1, 40)]
    for k, wanted in enumerate(sent):
        for picture in small.show(wanted.reshape(8, 16, 3)):
            flat = picture.reshape(-1, 3)
            good = max(_prefix(flat, each) for each in sent[max(0, k - 2) : k + 1])
            assert not flat[good:].any()  # one frame as far as it goes, and nothing of another
            broken += good < len(flat)
    assert 5 < broken < 39
    small.late(0.0)
    for seed in (50, 51, 52):
        found = small.show(frame(SMALL, seed))
    assert np.array_equal(found[-1], frame(SMALL, 52))


def _prefix(picture: np.ndarray, sent: np.ndarray) -> int:
    """Pixels from the beginning on in which both are the same."""
    same = (picture == sent).all(axis=1)
    return len(same) if same.all() else int(np.argmin(same))


@pytest.mark.parametrize("shape", [(8, 17), (8, 15), (7, 16), (9, 16), (1, 1)])
def test_a_frame_of_another_size_is_never_shown_for_the_right_one(small, shape):
    small.show(frame(SMALL, 0))
    rng = np.random.default_rng(5)
    other = rng.integers(1, 256, (*shape, 3), dtype=np.uint8)
    for _ in range(3):
        for picture in small.show(other, 3):
            rows = (picture != 0).any(axis=(1, 2)).sum()
            assert rows <= (8 if shape[1] == 16 else 1)
    for seed in (60, 61, 62):
        found = small.show(frame(SMALL, seed))
    assert np.array_equal(found[-1], frame(SMALL, 62))


def test_frames_with_a_line_too_few_do_not_run_into_each_other(small):
    rng, seen = np.random.default_rng(6), 0
    sent = rng.integers(1, 256, (4 * 7, 16, 3), dtype=np.uint8)
    for _ in range(4):
        for picture in small.show(sent, 8, every=7):
            assert not picture[7].any()
            assert not picture.any() or any(np.array_equal(picture[:7], sent[k : k + 7]) for k in range(0, 28, 7))
            seen += picture.any()
    assert seen > 3


def test_a_monitor_refuses_channels_and_lines_that_do_not_fit():
    words = np.full((40, 3), int(TOKENS[0][::-1], 2), np.uint16)
    words[4:8, 0] = words[24:28, 0] = int(TOKENS[2][::-1], 2)
    words[10:14] = words[15:19] = int(encoded(7, 0)[0][::-1], 2)
    (picture,) = pictures(words)
    assert picture.shape == (2, 4, 3) and (picture == 7).all()
    longer = words.copy()
    longer[19] = longer[18]
    with pytest.raises(HardwareFault, match="2 lengths"):
        pictures(longer)
    words[12, 2] = words[0, 2]
    with pytest.raises(HardwareFault, match="do not agree"):
        pictures(words)
