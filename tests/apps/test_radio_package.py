"""Packages of published radio models: integers that are the model's, files that agree with each other, refusals."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
pytest.importorskip("yaml", reason="PyYAML is missing: install the extra radio")
pytest.importorskip("scipy", reason="SciPy is missing: install the extra radio")

from radio_published_small import FIRST, SECOND, small  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

from bittrue.apps.radio.published import packaging  # noqa: E402
from bittrue.apps.radio.published.run import train  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.emit.tensors import coded, tensor_files  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("radio") / "first"
    train(small(FIRST, folder))
    return folder


@pytest.mark.parametrize("bits", [8, 16])
def test_a_run_becomes_a_package(run, bits, tmp_path, capsys):
    folder = tmp_path / "package"
    assert main(["radio", "package", str(run), "--bits", str(bits), "-o", str(folder)]) == 0
    assert "MAX78002: fits by size" in capsys.readouterr().out
    document = json.loads((folder / "manifest.json").read_text())
    assert set(document["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, digest in document["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    trained = torch.load(run / "model-3.pt", weights_only=True)
    model = packaging.model_of(small(FIRST, run), run / "model-3.pt")
    assert not torch.equal(trained["model"]["decoder.conv_in.weight"], model.state_dict()["decoder.conv_in.weight"])
    codes = load_file(folder / "weights.safetensors")
    assert set(codes) == {entry["name"] for entry in document["tensors"]} == set(model.state_dict())
    for entry in document["tensors"]:
        given, found = model.state_dict()[entry["name"]].double().numpy(), codes[entry["name"]]
        assert found.itemsize * 8 == bits and list(found.shape) == entry["shape"]
        error = np.square(found * 2.0 ** -entry["frac"] - given).sum()
        assert error <= np.square(given).sum() * 10 ** (-(entry.get("decibel", 200) - 0.01) / 10)
        assert entry.get("decibel", 200) > 6 * bits - 18


def test_no_other_folder_is_replaced(run, tmp_path, capsys):
    for name, text, said in (
        ("net.json", "{}", "holds a net"),
        ("manifest.json", '{"model": "other"}', "is of 'other'"),
    ):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(text)
        assert main(["radio", "package", str(run), "-o", str(folder)]) == 2
        assert said in capsys.readouterr().err and [path.name for path in folder.iterdir()] == [name]


def test_the_files_hold_the_same_words_in_one_order():
    rng = np.random.default_rng(1)
    tensors = [coded("b.one", rng.normal(size=(3, 5)), 8), coded("a", rng.normal(size=7) * 100, 8)]
    files = tensor_files("drawn", tensors, 8)
    lines = files["weights.mem"].decode().splitlines()[1:]
    values = dict(re.findall(r"#define (\w+) \(?(-?\d+)", files["weights.h"]))
    stored = np.frombuffer(files["weights.safetensors"], np.int8)
    first = min(int(values[f"{name}_OFFSET"]) for name in ("A", "B_ONE"))
    for name, tensor in (("B_ONE", tensors[0]), ("A", tensors[1])):
        at, count = int(values[f"{name}_OFFSET"]), int(values[f"{name}_WORDS"])
        assert count == tensor.codes.size and int(values[f"{name}_FRAC"]) == tensor.frac
        assert (stored[at : at + count] == tensor.codes.ravel()).all()
        words = [int(line, 16) for line in lines[at - first : at - first + count]]
        assert words == [int(code) & 255 for code in tensor.codes.ravel()]


def test_the_scale_has_the_least_error_of_all():
    drawn = np.append(np.random.default_rng(2).uniform(-0.5, 0.5, 4000), 0.51)  # one value is worth no bit of range
    best, largest = coded("t", drawn, 8), np.abs(drawn).max()
    least = 7 - int(np.ceil(np.log2(largest)))
    errors = {
        frac: np.square(np.clip(np.floor(drawn * 2.0**frac + 0.5), -128, 127) * 2.0**-frac - drawn).sum()
        for frac in range(least - 3, least + 3)
    }
    assert best.frac == 8 and errors[8] == min(errors.values()) == pytest.approx(best.error)
    assert coded("zero", np.zeros(3), 8).decibel == np.inf
    with pytest.raises(BadInput, match="t has values that are not finite"):
        coded("t", np.array([1.0, np.nan]), 8)
    for far in (1e30, 1e200, 1e-200):
        with pytest.raises(BadInput, match=r"t has values up to .*; rescale it"):
            coded("t", drawn * far, 8)
    with pytest.raises(BadInput, match="two tensors would be A_B in C"):
        tensor_files("twice", [coded("a.b", drawn, 8), coded("a_b", drawn, 8)], 8)


def test_a_diffusion_model_names_what_has_no_integer_layer(tmp_path, monkeypatch):
    model = packaging.model_of(small(SECOND, tmp_path), None)
    found = packaging.package(model, 32, "small", 8, "Drawn.")
    text = str(found.files["FIT.md"])
    assert found.words == sum(
        value.numel() for value in model.state_dict().values() if value.dim() and value.is_floating_point()
    )
    assert re.search(r"\| Conv2d \| [\d,]+ \| [\d,]+ \| yes \|", text) and "| an evaluation of the U-Net |" in text
    assert re.search(r"\| GroupNorm \| [\d,]+ \| [\d,]+ \| no \|", text)
    assert json.loads(str(found.files["manifest.json"]))["numbers"] == {"scale_factor": pytest.approx(0.3)}
    conv = torch.nn.Conv2d(2, 3, 3, padding=1)
    assert packaging._products(lambda: conv(torch.zeros(1, 2, 8, 8))) == 2 * 3 * 9 * 64
    monkeypatch.setenv("BITTRUE_MEMORY", "0.000001")
    with pytest.raises(BadInput, match="the model and the files of"):
        packaging.package(model, 32, "small", 8, "Drawn.")


@pytest.mark.parametrize(
    ("given", "said"), [("frist_radio", "neither a folder nor a published configuration"), (".", "configuration.yaml")]
)
def test_what_is_no_model_is_refused(given, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["radio", "package", given, "-o", str(tmp_path / "x")]) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "x").exists()
