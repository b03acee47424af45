"""From a float checkpoint and an ai8x description, drawn at random, to firmware that ran: every integer is judged.

The judge is `tests/unit/ai8x_evaluator.py`, plain loops over the description. -1/+1 weights do not come out of
rounding, so networks with them start from a quantised checkpoint.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
pytest.importorskip("unicorn", reason="unicorn is not installed")

import yaml
from ai8x_evaluator import evaluate
from ai8x_files import float_state
from drawn_networks import Draw, signs

from bittrue import ref, spec
from bittrue.cli import main
from bittrue.targets.max78002.checkpoint import read_checkpoint
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.quantise import quantise
from bittrue_firmware.compiling import COMPILER

SEEDS = (0, 4, 6, 9, 14, 19)
MORE = range(20, 80)


def frames_of(shape, seed):
    rng = np.random.default_rng(seed)
    ends = np.full(shape, -128), np.full(shape, 127)
    return np.stack([rng.integers(-128, 128, shape), *ends, rng.integers(-2, 3, shape)])


def judged(layers, state, frame):
    """What the last layer gives for a frame, flat; layers of zeros have one bit, as the vendor's tool has it."""
    names = iter([key.removesuffix(".op.weight") for key in state if key.endswith(".op.weight")])
    rows = []
    for layer in layers:
        row = layer | {"operation": layer["operation"].lower()}
        if row["operation"] not in ("none", "passthrough") and not state[f"{next(names)}.op.weight"].any():
            row.setdefault("quantization", 1)
        rows.append(row)
    return np.ravel(evaluate(rows, state, frame)[-1])


def conv(size, **more):
    return {"operation": "Conv1d", "kernel_size": size, "pad": 0, "activate": "ReLU", "processors": 1, **more}


def linear(**more):
    return {"operation": "MLP", "activate": "ReLU", "processors": 0xFF00, **more}


HALF = {"max_pool": 2, "pool_stride": 2}
USUAL = {
    "an autoencoder of 256 channels": (
        (256, 3),
        [conv(1), conv(3), linear(pad=0), linear(), linear(), linear(), linear(activate="None")],
        [(128, 256, 1), (64, 128, 3), (32, 64), (16, 32), (32, 16), (96, 32), (768, 96)],
    ),
    "keywords from 128 channels": (
        (128, 128),
        [conv(1), conv(3), conv(3, **HALF), conv(3, avg_pool=2, pool_stride=2), conv(3, **HALF),
         linear(flatten=True, output_width=32, activate=None)],
        [(100, 128, 1), (96, 100, 3), (64, 96, 3), (48, 64, 3), (100, 48, 3), (21, 100 * 12)],
    ),
}  # fmt: skip
"""The shapes of the vendor's own one-dimensional networks."""


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
@pytest.mark.parametrize("device", ["MAX78002", pytest.param("MAX78000", marks=pytest.mark.heavy)])
@pytest.mark.parametrize("name", USUAL)
def test_networks_like_the_vendors_go_the_whole_way(name, device, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shape, layers, weights = USUAL[name]
    state = {}
    for index, one in enumerate(weights):
        state |= float_state(f"part{index}", one, 8, index)
    if weights[-1][0] > 512:  # bias bytes of a quadrant of the MAX78000
        del state[f"part{len(weights) - 1}.op.bias"]
    Path("n.yaml").write_text(yaml.safe_dump({"arch": "usual", "dataset": "none", "layers": layers}, sort_keys=False))
    np.savez("float.npz", **state)
    integers = quantise(read_checkpoint("float.npz")).state
    call = ["import-ai8x", "n.yaml", "float.npz", "--device", device, "--length", str(shape[1]), "-o", "net"]
    assert main(call) == 0, capsys.readouterr().err
    frames = frames_of(shape, 3)
    np.save("x.npy", frames)
    result = ref.run(spec.load("net"), frames[:1])[0]
    if shape[1] < 10:  # the judge's loops are slow
        assert np.array_equal(judged(layers, integers, frames[0]), result.ravel())
    generate = ["max78002", "generate", "net", "--sample", "x.npy", "--device", device, "-o", "p"]
    assert main(generate) == 0, capsys.readouterr().err
    assert main(["max78002", "verify", "p", "--frames", "x.npy"]) == 0, capsys.readouterr()


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.heavy) for seed in MORE)])
def test_a_drawn_network_goes_the_whole_way(seed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    drawn = Draw(seed)
    layers, state, network = drawn.layers, drawn.state, {"arch": "drawn", "dataset": "none"}
    if not state:
        pytest.skip("a net without weights was drawn, and is refused")
    Path("n.yaml").write_text(yaml.safe_dump(network | {"layers": layers}, sort_keys=False))
    np.savez("float.npz", **state)
    integers = quantise(read_checkpoint("float.npz"), read_network("n.yaml").bits).state
    checkpoint = "float.npz"
    if drawn.signs and not drawn.small:
        layers, integers = signs(layers, integers, seed)
        Path("n.yaml").write_text(yaml.safe_dump(network | {"layers": layers}, sort_keys=False))
        checkpoint = "q.npz"
        np.savez(checkpoint, **integers)
    device = ["--device", drawn.device]
    call = ["import-ai8x", "n.yaml", checkpoint, *device, "--length", str(drawn.shape[1]), "-o", "net"]
    assert main(call) == 0, capsys.readouterr().err
    frames, net = frames_of(drawn.shape, seed), spec.load("net")
    results = ref.run(net, frames)
    for frame, result in zip(frames[: 2 if drawn.shape[0] < 64 else 1], results, strict=False):
        assert np.array_equal(judged(layers, integers, frame), result.ravel())
    np.save("x.npy", frames)
    assert main(["max78002", "generate", "net", "--sample", "x.npy", *device, "-o", "p"]) == 0, capsys.readouterr().err
    assert main(["max78002", "verify", "p", "--frames", "x.npy"]) == 0, capsys.readouterr()
    assert "PASS: 4 frames" in capsys.readouterr().out
