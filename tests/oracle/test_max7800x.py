"""Equality with the vendor's tools on recorded cases: quantisation, every accumulator, every output.

The cases are integers that ai8x-synthesis produced (`vendor_cases`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")

from vendor_cases import CASES, FOLDER, IMAGE_CASES, device, folder_of, imported, samples

from bittrue import ref
from bittrue.check import legs
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec import Linear
from bittrue.spec.stages import stage_net
from bittrue.spec.store import content_hash
from bittrue.targets.max78002.checkpoint import Checkpoint, read_checkpoint
from bittrue.targets.max78002.generate import project
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.stages import stages_of
from bittrue.targets.max78002.yaml_writer import network_yaml, stage_state

ALL = CASES + IMAGE_CASES
TRAINED = [name for name in ALL if (folder_of(name) / "float_checkpoint.npz").exists()]
pytestmark = pytest.mark.skipif(not CASES or not IMAGE_CASES, reason=f"no cases beside {FOLDER}; set BITTRUE_ORACLE")


@pytest.mark.parametrize("name", TRAINED)
def test_quantising_gives_the_integers_of_the_vendor(name):
    ours = quantise(read_checkpoint(folder_of(name) / "float_checkpoint.npz")).state
    theirs = read_checkpoint(folder_of(name) / "quantized_checkpoint.npz").state
    assert list(ours) == list(theirs)
    for key in theirs:
        assert ours[key].dtype == theirs[key].dtype and np.array_equal(ours[key], theirs[key]), key


@pytest.mark.parametrize("name", ALL)
def test_every_accumulator_and_output_is_that_of_the_vendor(name):
    done = imported(name)
    for number, sample in samples(name).items():
        taps = ref.taps(done.net, sample[None])
        with np.load(folder_of(name) / f"layers_{number}.npz", allow_pickle=False) as recorded:
            assert _compared(done, taps | {"input": sample[None]}, recorded) == set(recorded)


@pytest.mark.parametrize("leg", ["ref", "torch", "c"])
@pytest.mark.parametrize("name", ALL)
def test_every_leg_puts_out_what_the_vendor_does(name, leg):
    net = imported(name).net
    given = samples(name)
    try:
        taps = legs.make(leg, net).taps(np.stack(list(given.values())))
    except BadInput as error:
        if "not installed" not in str(error):
            raise
        pytest.skip(str(error))
    expected = ref.taps(net, np.stack(list(given.values())))
    assert set(taps) == set(expected)
    for node, words in expected.items():
        assert np.array_equal(taps[node], words), node
    for place, number in enumerate(given):
        output = np.load(folder_of(name) / f"sample_output_{number}.npy", allow_pickle=False)
        assert np.array_equal(taps[net.outputs[-1]][place].ravel(), output.ravel())


def _compared(done, taps, recorded):
    """The recorded arrays that were found equal to what the net has there."""
    seen: set[str] = set()
    nodes = {node.name: node for node in done.net.nodes}

    def same(key, *arrays):
        if key in recorded:
            assert np.array_equal(np.concatenate([array.ravel() for array in arrays]), recorded[key].ravel()), key
            seen.add(key)

    for index, stage in enumerate(done.stages):
        prefix, last = f"L{index:02d}", nodes[stage.name]
        summed = next(
            (key.removesuffix("_acc") for key in recorded if key.startswith(f"{prefix}_") and "acc" in key), ""
        )
        summed = summed or next(key[: -len("_out")] for key in recorded if _is_sum(key, prefix, stage))
        pools = [taps[f"{stage.name}_pool{i}"] for i in ("", "_0", "_1") if f"{stage.name}_pool{i}" in taps]
        same(f"{prefix}_in", *(taps[source] for source in stage.sources))
        unpooled = [taps[source] for source in ([stage.name] if stage.weight is None else last.inputs)]
        same(f"{prefix}_pooling_out", *(pools or unpooled))
        same(f"{prefix}_eltwise_out", taps.get(f"{stage.name}_{stage.join}", taps[stage.name]))
        same(f"{summed}_out", taps[stage.name])
        if stage.weight is not None:
            (given,) = (taps[source] for source in last.inputs)
            before = taps[nodes[last.inputs[0]].inputs[0]] if last.inputs[0].endswith("_flatten") else given
            same(f"{summed}_in", before)
            same(f"{summed}_acc", _accumulators(stage, given))
            same(f"{summed}_kernel", stage.weight)
            same(f"{summed}_bias", stage.bias if stage.bias is not None else np.array([]))
            same(f"{summed}_shift", np.array(replace(stage, wide=False).shift))
    return seen


def _is_sum(key, prefix, stage):
    """Whether a recorded array is what a layer puts out."""
    what = key.removeprefix(f"{prefix}_").removesuffix("_out")
    return key.startswith(f"{prefix}_") and key.endswith("_out") and what not in ("pooling", "eltwise")


def _accumulators(stage, codes):
    """The accumulators of a stage: what it would put out if it were wide."""
    alone = {"sources": (), "join": None, "pool": None, "shape": None}
    return ref.run(stage_net("wide", codes.shape[1:], [replace(stage, wide=True, activation=Linear(), **alone)]), codes)


@pytest.mark.parametrize("name", TRAINED)
def test_the_float_checkpoint_gives_the_same_net(name):
    one, other = imported(name), imported(name, "float")
    for a, b in zip(one.net.nodes, other.net.nodes, strict=True):
        assert type(a.layer) is type(b.layer)
        for field in ("weight", "bias", "weight_format"):
            assert np.array_equal(getattr(a.layer, field, 0), getattr(b.layer, field, 0))


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_of_the_net_is_read_as_the_same_net(name, tmp_path):
    net = imported(name).net
    stages = stages_of(net, device(name))
    (tmp_path / "network.yaml").write_text(network_yaml(stages, net, device(name)))
    again = Checkpoint("w.npz", stage_state(stages))
    back = import_network(read_network(tmp_path / "network.yaml"), again, device(name)).net
    assert content_hash(back) == content_hash(net)


@pytest.mark.parametrize("name", IMAGE_CASES)
def test_what_is_written_of_images_and_branches_is_read_as_what_computes_the_same(name, tmp_path):
    net, given = imported(name).net, samples(name)
    plan, files = project(net, given["0"], device(name))
    (tmp_path / "network.yaml").write_text(str(files["network.yaml"]))
    again = Checkpoint("w.npz", stage_state([layer.stage for layer in plan.layers]))
    back = import_network(read_network(tmp_path / "network.yaml"), again, device(name))
    assert back.net.outputs == net.outputs and back.net.inputs == net.inputs and not back.remarks
    codes = np.stack(list(given.values()))
    found = ref.outputs(back.net, codes)
    assert all(np.array_equal(found[output], words) for output, words in ref.outputs(net, codes).items())


@pytest.mark.parametrize("name", [*CASES[:2], "published_mnist_extrasmall", "transposed2d", "conv1d_to_2d"])
def test_the_commands_give_the_recorded_output(name, tmp_path, capsys):
    folder = folder_of(name)
    files = [str(folder / "network.yaml"), str(folder / "quantized_checkpoint.npz")]
    size = "x".join(map(str, samples(name)["1"].shape[1:]))
    importing = ["import-ai8x", *files, "--device", device(name).name, "--size", size, "-o", str(tmp_path / "net")]
    assert main(importing) == 0
    run = ["run", str(tmp_path / "net"), "-i", str(folder / "sample_input_1.npy"), "-o", str(tmp_path / "y.npy")]
    assert main([*run, "--codes"]) == 0
    output = np.load(folder / "sample_output_1.npy", allow_pickle=False)
    assert np.array_equal(np.load(tmp_path / "y.npy", allow_pickle=False).ravel(), output.ravel())
    assert ": conv" in capsys.readouterr().out
