"""Which samples the benches of ``bittrue sim`` see."""

import numpy as np

from bittrue.check.executions import some


def test_a_stream_stays_in_its_order():
    stream = np.arange(20).reshape(10, 2)
    assert np.array_equal(some(stream, 3), stream[:3])


def test_frames_are_taken_evenly_and_the_last_is_among_them():
    """Known answers begin with edges of the format and end with recorded frames: few frames are to be recorded ones."""
    frames = np.arange(64)[:, None, None] + np.zeros((1, 3, 8), np.int64)
    assert some(frames, 2)[:, 0, 0].tolist() == [63, 31]
    assert some(frames, 64)[:, 0, 0].tolist() == list(range(63, -1, -1))
    assert some(frames, 0).shape == (0, 3, 8)
