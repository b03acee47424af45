"""Equality with the vendor's tools on recorded cases: quantisation, every accumulator, every output.

The cases are integers that ai8x-synthesis produced (`vendor_cases`).
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")

from vendor_cases import CASES, FOLDER, imported

from bittrue import ref
from bittrue.cli import main
from bittrue.spec import Linear
from bittrue.spec.stages import stage_net
from bittrue.spec.store import content_hash
from bittrue.targets.max78002.checkpoint import Checkpoint, read_checkpoint
from bittrue.targets.max78002.devices import device_of
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.stages import stages_of
from bittrue.targets.max78002.yaml_writer import network_yaml, stage_state

pytestmark = pytest.mark.skipif(not CASES, reason=f"no recorded cases in {FOLDER}; set BITTRUE_ORACLE")


def accumulators(stage, codes):
    """The accumulators of a stage: what it would put out if it were wide."""
    shape = codes.shape[1:] if codes.ndim == 3 else (codes.shape[1], 1)
    wide = replace(stage, wide=True, pool=None, activation=Linear(), sources=())
    return ref.run(stage_net("wide", shape, [wide]), codes.reshape(len(codes), *shape))


@pytest.mark.parametrize("name", CASES)
def test_quantising_gives_the_integers_of_the_vendor(name):
    ours = quantise(read_checkpoint(FOLDER / name / "float_checkpoint.npz")).state
    theirs = read_checkpoint(FOLDER / name / "quantized_checkpoint.npz").state
    assert list(ours) == list(theirs)
    for key in theirs:
        assert ours[key].dtype == theirs[key].dtype and np.array_equal(ours[key], theirs[key]), key


@pytest.mark.parametrize("name", CASES)
def test_every_accumulator_and_output_is_that_of_the_vendor(name):
    done = imported(name)
    samples = sorted((FOLDER / name).glob("sample_input_*.npy"))
    assert samples
    for path in samples:
        number = path.stem.rpartition("_")[2]
        codes = np.load(path, allow_pickle=False)[None]
        taps = ref.taps(done.net, codes)
        output = np.load(FOLDER / name / f"sample_output_{number}.npy", allow_pickle=False)
        assert np.array_equal(taps[done.net.nodes[-1].name].ravel(), output.ravel())
        with np.load(FOLDER / name / f"layers_{number}.npz", allow_pickle=False) as recorded:
            _compare(done, taps, codes, recorded)


def _compare(done, taps, codes, recorded):
    seen, given = set(), codes
    for index, stage in enumerate(done.stages):
        (sum_key,) = [key for key in recorded if key.startswith(f"L{index:02d}_") and key.endswith("_acc")]
        prefix = sum_key.removesuffix("_acc")
        pooled = taps.get(f"{stage.name}_pool", given)
        pool_key = f"L{index:02d}_pooling_out"
        if pool_key in recorded:
            assert np.array_equal(pooled.ravel(), recorded[pool_key].ravel()), pool_key
            seen.add(pool_key)
        assert np.array_equal(accumulators(stage, pooled).ravel(), recorded[sum_key].ravel()), sum_key
        assert np.array_equal(taps[stage.name].ravel(), recorded[f"{prefix}_out"].ravel()), prefix
        assert np.array_equal(pooled.ravel(), recorded[f"{prefix}_in"].ravel()), prefix
        assert np.array_equal(stage.weight.ravel(), recorded[f"{prefix}_kernel"].ravel()), prefix
        assert np.array_equal(stage.bias.ravel(), recorded[f"{prefix}_bias"].ravel()), prefix
        assert replace(stage, wide=False).shift == recorded[f"{prefix}_shift"], prefix
        seen |= {f"{prefix}_{what}" for what in ("acc", "out", "in", "kernel", "bias", "shift")}
        given = taps[stage.name]
    assert seen == set(recorded)


@pytest.mark.parametrize("name", CASES)
def test_the_float_checkpoint_gives_the_same_net(name):
    one, other = imported(name), imported(name, "float")
    for a, b in zip(one.net.nodes, other.net.nodes, strict=True):
        assert type(a.layer) is type(b.layer)
        for field in ("weight", "bias", "weight_format"):
            assert np.array_equal(getattr(a.layer, field, 0), getattr(b.layer, field, 0))


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_of_the_net_is_read_as_the_same_net(name, tmp_path):
    net = imported(name).net
    device = device_of(json.loads((FOLDER / name / "case.json").read_text())["device"])
    stages = stages_of(net, device)
    (tmp_path / "network.yaml").write_text(network_yaml(stages, net, device))
    again = Checkpoint("w.npz", stage_state(stages))
    assert content_hash(import_network(read_network(tmp_path / "network.yaml"), again, device).net) == content_hash(net)


@pytest.mark.parametrize("name", CASES[:2])
def test_the_commands_give_the_recorded_output(name, tmp_path, capsys):
    folder, device = FOLDER / name, json.loads((FOLDER / name / "case.json").read_text())["device"]
    files = [str(folder / "network.yaml"), str(folder / "quantized_checkpoint.npz")]
    assert main(["import-ai8x", *files, "--device", device, "-o", str(tmp_path / "net")]) == 0
    run = ["run", str(tmp_path / "net"), "-i", str(folder / "sample_input_1.npy"), "-o", str(tmp_path / "y.npy")]
    assert main([*run, "--codes"]) == 0
    output = np.load(folder / "sample_output_1.npy", allow_pickle=False)
    assert np.array_equal(np.load(tmp_path / "y.npy", allow_pickle=False).ravel(), output.ravel())
    assert "l0: conv1d" in capsys.readouterr().out
