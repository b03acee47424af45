import struct

import numpy as np
import pytest
from tiny_pa import mild_amplifier

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.captures import data
from bittrue.errors import BadInput

picture = pytest.importorskip("bittrue.apps.dpd.picture", reason="the pictures need matplotlib")


def test_the_picture_is_a_png(capture_folder, tmp_path):
    capture = data.load(capture_folder)
    path = tmp_path / "dpd.png"
    picture.draw(path, capture, mild_amplifier, lambda x: 0.9 * x, "a smaller drive")
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) >= (1200, 500)


def test_a_folder_that_is_missing_is_refused(capture_folder, tmp_path):
    capture = data.load(capture_folder)
    with pytest.raises(BadInput, match="cannot write"):
        picture.draw(tmp_path / "none" / "dpd.png", capture, mild_amplifier, lambda x: x, "nothing")


def test_segments_overlap_by_half():
    assert np.array_equal(picture.overlapped(np.arange(8), 4), [0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7])


def test_the_loop_is_closed_with_history(capture_folder):
    capture = data.load(capture_folder)
    y = closed_loop.output(capture, mild_amplifier)
    before = np.concatenate([capture.history("test", 512), capture.inputs["test"]])
    assert np.array_equal(y, mild_amplifier(before)[512:]) and len(y) == 800
    assert closed_loop.judge(capture, lambda u: capture.gain * u).nmse == -np.inf
