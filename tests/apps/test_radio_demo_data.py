"""The demo of radio maps unfolds and judges without SciPy, as a board must: by the same numbers as the application."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")

from bittrue.apps.radio.hardware import inputs
from bittrue.apps.radio.measures import judge
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT
from bittrue.board.demo.radio import bundle, streaming


def test_unfolding_is_that_of_the_nets_inputs() -> None:
    channels = np.random.default_rng(0).integers(-128, 128, (2, 4, 5, 6))
    assert np.array_equal(bundle.unfolded(channels), inputs.unfolded(channels))


def test_errors_are_those_of_every_report() -> None:
    rng = np.random.default_rng(1)
    built = rng.random((32, 32)) < 0.4
    truth, drawn = (np.where(built, 0, rng.integers(0, 256, built.shape)).astype(np.uint8) for _ in range(2))
    found, wanted = streaming.errors(truth, drawn, built, DB_PER_UNIT), judge(truth, drawn, built.astype(np.uint8))
    assert (found.nmse, found.rmse, found.street) == (wanted.nmse, wanted.rmse, wanted.street_rmse)
