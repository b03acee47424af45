"""The model beside the reference, on images and branches: every layer, by registers that were worked out by hand."""

import numpy as np
import pytest
from hand_nets import CASES, made
from test_model import run

from bittrue import ref

NETS = pytest.mark.parametrize(("name", "chip"), CASES, ids=[f"{name}-{chip.name}" for name, chip in CASES])


@NETS
def test_every_layer_is_the_references(name, chip):
    bench = made(name, chip)
    codes = bench.codes()
    taps = ref.taps(bench.net, codes[None])
    for node, values in zip(bench.ends, run(bench.hand, codes), strict=True):
        wanted = taps[node][0]
        assert np.array_equal(values.reshape(wanted.shape), wanted), node
        assert len(np.unique(wanted)) > 2, f"{node} hardly differs, which tests nothing"
