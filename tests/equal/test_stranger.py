"""docs/net-format.md is complete: an evaluator written from that page alone gives bittrue's codes."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import stranger
import strategies
from strategies import Codes

from bittrue import ref, spec
from bittrue.check import known_answers
from bittrue.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "net-format.md"
WEIGHTS = ("tdnn-compat", "tdnn-wide")
LAYERS = sorted(spec.LAYERS)


def committed(name: str) -> Path:
    folder = ROOT / "weights" / name
    if not (folder / "net.json").exists():
        pytest.skip(f"weights/{name} is not in this checkout")
    return folder


def saved_example(layer: str, folder: Path) -> Path:
    spec.save(spec.LAYERS[layer].example(), folder)
    return folder


def stimulus(net: spec.Net) -> Codes:
    return np.concatenate([strategies.full_range(net, 200, seed=1), strategies.corners(net)])


def flat(codes: Codes) -> list[tuple[int, ...]]:
    return [tuple(row) for row in codes.reshape(len(codes), -1).tolist()]


def cli_run(folder: Path, codes: Codes, scratch: Path) -> Codes:
    np.save(scratch / "x.npy", codes)
    assert not main(["run", str(folder), "-i", str(scratch / "x.npy"), "-o", str(scratch / "y.npy"), "--codes"])
    return np.asarray(np.load(scratch / "y.npy"))


def compare(folder: Path, scratch: Path) -> None:
    net = spec.load(folder)
    codes = stimulus(net)
    got = stranger.run(stranger.load(folder), flat(codes))
    assert got == flat(cli_run(folder, codes, scratch))
    assert got == flat(ref.run(net, codes))


def refuses_a_flipped_weight(folder: Path, copy: Path) -> None:
    """Flips the lowest bit of the first, the middle and the last byte of the weight file's data."""
    stranger.load(folder)
    content = (folder / "weights.safetensors").read_bytes()
    data = 8 + int.from_bytes(content[:8], "little")
    shutil.copytree(folder, copy)
    for place in (data, (data + len(content)) // 2, len(content) - 1):
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        (copy / "weights.safetensors").write_bytes(flipped)
        with pytest.raises(ValueError, match="hash"):
            stranger.load(copy)
    (copy / "weights.safetensors").write_bytes(content)
    stranger.load(copy)


def test_there_is_an_example_of_every_layer_of_the_page() -> None:
    assert sorted(stranger.LAYERS) == LAYERS


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_example(layer: str, tmp_path: Path) -> None:
    compare(saved_example(layer, tmp_path / "net"), tmp_path)


@pytest.mark.parametrize("name", WEIGHTS)
def test_committed_net(name: str, tmp_path: Path) -> None:
    compare(committed(name), tmp_path)


@pytest.mark.parametrize("name", WEIGHTS)
def test_known_answers_of_committed_net(name: str) -> None:
    folder = committed(name)
    if not (folder / "kat.safetensors").exists():
        pytest.skip(f"weights/{name} has no known answers")
    kat = stranger.read_tensors(folder / "kat.safetensors")
    assert kat["sha256"].values == stranger.answers_digest(folder / "kat.safetensors")
    rows = {key: flat(np.array(tensor.values).reshape(tensor.shape)) for key, tensor in kat.items()}
    assert stranger.run(stranger.load(folder), rows["input"]) == rows["output"]


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64])
def test_known_answers_of_every_width_have_the_digest_of_the_page(kind: type, tmp_path: Path) -> None:
    net = spec.Dense.example()
    content = known_answers.content(net, np.array([[1, -2, 3, -4, 5]] * 3, kind))
    (tmp_path / "kat.safetensors").write_bytes(content)
    digest = stranger.read_tensors(tmp_path / "kat.safetensors")["sha256"].values
    assert digest == stranger.answers_digest(tmp_path / "kat.safetensors")
    assert known_answers.verify(net, tmp_path) == 3


@hypothesis.given(strategies.nets())
@hypothesis.settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
def test_drawn_nets(net: spec.Net) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        spec.save(net, Path(scratch) / "net")
        compare(Path(scratch) / "net", Path(scratch))


@pytest.mark.parametrize("layer", [layer for layer, (_, tensors, _) in sorted(stranger.LAYERS.items()) if tensors])
def test_flipped_weight_of_example_is_refused(layer: str, tmp_path: Path) -> None:
    refuses_a_flipped_weight(saved_example(layer, tmp_path / "net"), tmp_path / "copy")


@pytest.mark.parametrize("name", WEIGHTS)
def test_flipped_weight_of_committed_net_is_refused(name: str, tmp_path: Path) -> None:
    refuses_a_flipped_weight(committed(name), tmp_path / "copy")


@pytest.mark.parametrize("layer", LAYERS)
def test_changed_format_is_refused(layer: str, tmp_path: Path) -> None:
    folder = saved_example(layer, tmp_path)
    config = json.loads((folder / "net.json").read_text())
    places = [*([config["input"]] if "input" in config else config["inputs"]), *config["nodes"]]
    node = next(node for node in reversed(places) if "output" in node or "format" in node)
    key = "output" if "output" in node else "format"
    output = stranger.parse_format(node[key])
    node[key] = f"Q{output.bits - output.frac + 1}.{output.frac}"
    (folder / "net.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="hash"):
        stranger.load(folder)


def test_nets_of_the_page(tmp_path: Path) -> None:
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    first, second, answers, answers_of_two = (json.loads(body) for kind, body in blocks if kind == "json")
    (dump,) = (body for kind, body in blocks if kind == "hexdump")
    (tmp_path / "net.json").write_text(json.dumps(first))
    (tmp_path / "weights.safetensors").write_bytes(bytes.fromhex(dump))
    net = stranger.load(tmp_path)
    assert stranger.run(net, answers["input"]) == [tuple(row) for row in answers["taps"]["fc"]]
    assert spec.load(tmp_path).name == "tiny"
    (tmp_path / "net.json").write_text(json.dumps(second))
    (tmp_path / "weights.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    given = {name: flat(np.array(codes)) for name, codes in answers_of_two["input"].items()}
    expected = {name: flat(np.array(codes)) for name, codes in answers_of_two["taps"].items()}
    assert stranger.outputs(stranger.load(tmp_path), given) == expected
    assert spec.load(tmp_path).name == "pair"


def two_ends() -> spec.Net:
    """Two inputs, of which one stands for time, three outputs and a constant: all that version 2 added but images."""
    fmt = "Q1.7"
    nodes = (
        spec.Node("taps", spec.MemoryTaps((0, 2), (1,), "Q1.7"), "iq"),
        spec.Node("half", spec.Constant([[64] * 3] * 2, fmt), ()),
        spec.Node("up", spec.Reshape((2, 3)), "taps"),
        spec.Node("scaled", spec.ComplexMul("Q2.5"), ("up", "half")),
        spec.Node("both", spec.Sub("Q3.4"), ("scaled", "frame", "half")),
    )
    inputs = {"iq": spec.TensorType((2,), fmt), "frame": spec.TensorType((2, 3), "Q2.3")}
    return spec.Net("two_ends", inputs, nodes, delay=1, outputs=("taps", "scaled", "both"))


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    net, rng = two_ends(), np.random.default_rng(4)
    spec.save(net, tmp_path)
    given = {
        name: rng.integers(t.format.lo, t.format.hi, (40, *t.shape), endpoint=True) for name, t in net.inputs.items()
    }
    expected = ref.outputs(spec.load(tmp_path), given)
    found = stranger.outputs(stranger.load(tmp_path), {name: flat(codes) for name, codes in given.items()})
    assert found == {name: flat(codes) for name, codes in expected.items()}
    assert list(found) == list(expected) == ["taps", "scaled", "both"]
