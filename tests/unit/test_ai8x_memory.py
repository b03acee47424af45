"""What counts against the memories of a chip at an import: weights and biases that are stored, once each."""

from __future__ import annotations

import numpy as np
import pytest
from ai8x_files import imported, layer_state

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.targets.max78002.devices import MAX78000, MAX78002

DENSE = {"operation": "mlp", "processors": 1}
AGAIN = DENSE | {"weight_source": 0}


def test_weights_and_biases_that_are_used_again_are_stored_once(tmp_path):
    state = layer_state("a", (512, 512), shift=-4)
    done = imported(tmp_path, [DENSE, *[AGAIN] * 5], state, MAX78000, 1)
    weight, bias = state["a.op.weight"], state["a.op.bias"] >> 7
    y = x = np.random.default_rng(0).integers(-128, 128, 512)
    for _ in range(6):
        y = np.clip((weight @ y + 128 * bias + 1024) >> 11, -128, 127)
    assert len(np.unique(y)) > 50
    assert np.array_equal(ref.run(done.net, x.reshape(1, 512, 1)).ravel(), y)


def test_equal_weights_of_two_layers_are_stored_twice(tmp_path):
    state = layer_state("a", (512, 512)) | layer_state("b", (512, 512))
    with pytest.raises(BadInput, match="the weights take 524,288 bytes, 81,920 more than the 442,368"):
        imported(tmp_path, [DENSE, DENSE], state, MAX78000, 1)


def test_a_source_that_is_not_executed_is_stored_once_too(tmp_path):
    layers = [DENSE | {"next_sequence": 2}, DENSE, DENSE | {"weight_source": 1}, DENSE | {"weight_source": 2}, DENSE]
    state = {}
    for index in range(3):
        state |= layer_state(f"l{index}", (1024, 1024), seed=index)
    with pytest.raises(BadInput, match="the weights take 3,145,728 bytes"):
        imported(tmp_path, layers, state, MAX78002, 1)
    assert len(imported(tmp_path, layers[:4], state, MAX78002, 1).stages) == 3


def test_biases_of_zeros_are_not_stored(tmp_path):
    shapes = [(1024, 32), (32, 1024)] * 2 + [(1024, 32)]
    state = {}
    for index, shape in enumerate(shapes):
        state |= layer_state(f"l{index}", shape, seed=index)
    with pytest.raises(BadInput, match="the biases take 3,136 bytes, 1,088 more than the 2,048"):
        imported(tmp_path, [DENSE] * 5, state, MAX78000, 1)
    for index in (0, 2):
        state[f"l{index}.op.bias"][:] = 0
    assert len(imported(tmp_path, [DENSE] * 5, state, MAX78000, 1).stages) == 5
