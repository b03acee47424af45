"""Packages of GANs: integers that are the net's, files that the manifest knows, verdicts, refusals."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from noise_gan_small import STFT, WAVE, small, write_set

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")
pytest.importorskip("h5py", reason="h5py is missing: install the extra noise")
pytest.importorskip("matplotlib", reason="Matplotlib is missing: install the extra sim")

from bittrue import ref, spec  # noqa: E402
from bittrue.apps.noise.gan import packaging, saved  # noqa: E402
from bittrue.apps.noise.gan.generator import Generator  # noqa: E402
from bittrue.apps.noise.gan.plan import plan  # noqa: E402
from bittrue.apps.noise.gan.train import train  # noqa: E402
from bittrue.apps.noise.gan.transform import FILE  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.kit import fitting  # noqa: E402
from bittrue.kit.training.distributed import Team  # noqa: E402
from bittrue.targets.max78002.devices import MAX78002  # noqa: E402


def test_a_run_becomes_a_package(tmp_path, capsys):
    write_set(tmp_path / "sets")
    run, folder = tmp_path / "run", tmp_path / "package"
    run.mkdir()
    train(small(STFT, {"epochs": 1}), tmp_path / "sets", run, team=Team())
    assert main(["noise", "package", str(run), "--bits", "16", "-o", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "all together" in said and "PYNQ-Z1 (xc7z020): fits" in said and "MAX78002: fits by size" in said
    document = json.loads((folder / "manifest.json").read_text())
    assert set(document["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, digest in document["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert (folder / FILE).read_bytes() == (run / FILE).read_bytes()
    found = saved.load(run)
    z = 2 * torch.rand(8, found.plan.settings.model_specs.latent_dim, generator=torch.Generator().manual_seed(1)) - 1
    with torch.no_grad():
        wanted = found.generator(z).double().numpy()
    net = spec.load(folder)
    codes = net.input.format.encode(z.double().numpy())
    values = net.output.format.decode(ref.run(net, codes))
    error = values.reshape(wanted.shape) - wanted
    assert np.sqrt((error**2).mean()) < 0.01 * wanted.std()
    text = (folder / "FIT.md").read_text()
    assert f"| {document['layers'][0]['node']} | Dense |" in text and "The generator of the run" in text


@pytest.mark.parametrize("kind", [STFT, WAVE])
def test_sizes_decide_what_fits(kind):
    made = plan(small(kind, {"model_specs": {"max_channels": 32}}), 256, False)
    generator = Generator(made).eval()
    found = packaging.package(generator, made, None, "small", 8, 4, "Drawn.")
    words = sum(parameter.numel() for parameter in generator.parameters())
    bits = packaging.weight_bits(found.net)
    assert 8 * words <= bits <= 8 * words + 32 * 1024 + 256 * 8
    assert FILE not in found.files and found.fits["PYNQ-Z1 (xc7z020)"].startswith("fits as far as formulas say")


def test_what_is_too_large_says_by_how_much(monkeypatch):
    made = plan(small(STFT, {"model_specs": {"max_channels": 32}}), 256, False)
    net = packaging.package(Generator(made).eval(), made, None, "small", 8, 4, "Drawn.").net
    monkeypatch.setattr(fitting, "RAMB36_BITS", 64)
    assert "times too many" in packaging.on_fpga(net) and packaging.on_fpga(net).startswith("does not fit")
    monkeypatch.setattr(fitting, "KERNEL_BYTES", 1000)
    assert "times too many" in packaging.on_chip(net) and packaging.on_chip(net).startswith("does not fit")
    monkeypatch.undo()
    assert MAX78002.weight_bytes == fitting.KERNEL_BYTES


@pytest.mark.parametrize(
    ("given", "said"),
    [("stft-gna", "neither a folder nor a recipe"), ("noise-fgn", "a hardware net"), (".", "run.json")],
)
def test_what_is_no_gan_is_refused(given, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["noise", "package", given, "-o", str(tmp_path / "x")]) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "x").exists()
