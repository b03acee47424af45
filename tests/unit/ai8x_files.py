"""Small networks in ai8x form for the tests: a description and the state of a checkpoint."""

from __future__ import annotations

import numpy as np
import yaml

from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.devices import MAX78002
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network

CONV = {"operation": "conv1d", "kernel_size": 3, "pad": 1, "activate": "ReLU", "processors": 1}


def layer_state(name, shape, bits=8, shift=0, seed=0, binary=False):
    """The arrays of one quantised layer, weights and biases over the full range."""
    rng = np.random.default_rng(seed)
    half = 1 << (bits - 1)
    weight = rng.integers(-half, half, shape)
    if binary:
        weight = rng.choice([-1, 1], shape)
    one = {"output_shift": shift, "weight_bits": bits, "bias_bits": bits, "quantize_activation": 1}
    state = {f"{name}.{key}": np.array([value]) for key, value in one.items()}
    state[f"{name}.adjust_output_shift"] = np.array([0])
    state[f"{name}.shift_quantile"] = np.array([1.0], np.float32)
    state[f"{name}.op.weight"] = weight
    state[f"{name}.op.bias"] = rng.integers(-half, half, shape[0]) << (bits - 1)
    return state


def float_state(name, shape, bits=8, seed=0, quantile=1.0, norm=False):
    """The arrays of one layer in training; with ``norm``, batch norm is beside it."""
    rng = np.random.default_rng(seed)
    state = {
        f"{name}.output_shift": np.array([0.0], np.float32),
        f"{name}.weight_bits": np.array([bits]),
        f"{name}.bias_bits": np.array([bits]),
        f"{name}.quantize_activation": np.array([True]),
        f"{name}.adjust_output_shift": np.array([True]),
        f"{name}.shift_quantile": np.array([quantile], np.float32),
        f"{name}.op.weight": rng.normal(0, 0.2, shape).astype(np.float32),
        f"{name}.op.bias": rng.normal(0, 0.2, shape[0]).astype(np.float32),
    }
    if norm:
        state[f"{name}.bn.weight"] = rng.uniform(0.5, 2, shape[0]).astype(np.float32)
        state[f"{name}.bn.bias"] = rng.normal(0, 1, shape[0]).astype(np.float32)
        state[f"{name}.bn.running_mean"] = rng.normal(0, 1, shape[0]).astype(np.float32)
        state[f"{name}.bn.running_var"] = rng.uniform(0.1, 2, shape[0]).astype(np.float32)
        state[f"{name}.bn.num_batches_tracked"] = np.array(7)
    return state


def describe(folder, layers, **top):
    """Write a description; its path."""
    path = folder / "network.yaml"
    path.write_text(yaml.safe_dump({"arch": "small", "dataset": "none", "layers": layers} | top, sort_keys=False))
    return path


def imported(folder, layers, state, device=MAX78002, size=None, length=None):
    """`import_network` of a description and a state."""
    return import_network(read_network(describe(folder, layers)), Checkpoint("q.npz", state), device, size or length)
