"""Nets with branches, drawn at random: stages compute the same, and every layer finds what it takes in data memory."""

import numpy as np
import pytest
from data_places import follow
from drawn_branches import Draw

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec.stages import stage_net
from bittrue.targets.max78002.plan import plan
from bittrue.targets.max78002.stages import stages_and_outputs

SEEDS = range(60)
MEANT = ("bytes of each", "must lie in other processors", "up to 64 channels", "words of others between")
"""What a drawn net may be refused for."""


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_drawn_fits_and_is_kept_as_long_as_it_is_needed(seed):
    drawn = Draw(seed)
    codes = drawn.rng.integers(-128, 128, (2, *drawn.net.input.shape))
    expected = ref.outputs(drawn.net, codes)
    try:
        stages, outputs = stages_and_outputs(drawn.net, drawn.device)
        made = plan(drawn.net, drawn.device)
    except BadInput as error:
        assert any(reason in str(error) for reason in MEANT), error
        return
    found = ref.outputs(stage_net("again", drawn.net.input.shape, stages, outputs), codes)
    for one, other in zip(found.values(), expected.values(), strict=True):
        assert np.array_equal(one, other)
    follow(made)


def test_most_of_what_is_drawn_fits():
    refused = 0
    for seed in SEEDS:
        drawn = Draw(seed)
        try:
            plan(drawn.net, drawn.device)
        except BadInput:
            refused += 1
    assert refused < len(SEEDS) / 4
