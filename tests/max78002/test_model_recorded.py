"""The model beside the vendor's simulator: every layer of recorded networks, whose registers are worked out by hand.

The cases are read by path, from the environment variable BITTRUE_ORACLE or from ../shared/oracle beside the repository.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hand_recorded import recorded_steps
from hand_written import HandSteps
from test_model import run

from bittrue_firmware.chip import CHIPS

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(os.environ.get("BITTRUE_ORACLE", ROOT.parent / "shared" / "oracle"))
CASES = sorted(path.parent for folder in ("max7800x", "max7800x_2d") for path in (ORACLE / folder).glob("*/case.json"))
pytestmark = pytest.mark.skipif(not CASES, reason=f"no recorded cases in {ORACLE}; set BITTRUE_ORACLE")


def hand_of(case, shape):
    """The writes for a recorded network."""
    layers = yaml.safe_load((case / "network.yaml").read_text())["layers"]
    with np.load(case / "quantized_checkpoint.npz", allow_pickle=False) as found:
        steps = recorded_steps(layers, dict(found), shape)
    return HandSteps(steps, CHIPS[json.loads((case / "case.json").read_text())["device"]])


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.heavy] if case.name.startswith("origin") else [])
        for case in CASES
    ],
)
def test_every_layer_is_the_vendors(case):
    samples = sorted(case.glob("sample_input_*.npy"))
    assert samples
    for number, path in enumerate(samples):
        codes = np.load(path, allow_pickle=False)
        hand = hand_of(case, codes.shape)
        found = run(hand, codes)
        with np.load(case / f"layers_{number}.npz", allow_pickle=False) as recorded:
            for layer, values in enumerate(found):
                names = [name for name in recorded.files if name.startswith(f"L{layer:02d}_") and name.endswith("_out")]
                wanted = recorded[names[-1]]
                assert np.array_equal(values.reshape(wanted.shape), wanted), (number, names[-1])
        wanted = np.load(case / f"sample_output_{number}.npy", allow_pickle=False)
        assert np.array_equal(found[-1].reshape(wanted.shape), wanted)
