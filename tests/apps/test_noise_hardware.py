"""Hardware nets of noise: bookkeeping of lengths, one signal for frames of any length, training with the net's bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bittrue
from bittrue import cost, ref
from bittrue.apps.noise.hardware_net import (
    ArchitectureSpec,
    Level,
    Setting,
    drawn_weights,
    hardware_source,
    reframed,
)
from bittrue.errors import BadInput
from bittrue.ref.source import run_source
from bittrue.spec.source import seam

H = Setting("H", 0.1, 0.9, 0.5)
SMALL = ArchitectureSpec("small", (Level(4, 2, (3, 2), 0), Level(3, 1, (2,), 5), Level(3, 2, (1, 4), 6)), 32, setting=H)


@pytest.fixture(scope="module")
def source():
    return hardware_source(SMALL, drawn_weights(SMALL, 1))


def test_the_default_has_the_size_it_says():
    spec = ArchitectureSpec(setting=H)
    net = hardware_source(spec, drawn_weights(spec, 0)).net
    layers = [node.layer for node in net.nodes if hasattr(node.layer, "weight")]
    assert sum(layer.weight.size + layer.bias.size for layer in layers) == spec.parameters == 64_853
    macs = sum(cost.macs(node.layer, net.types[node.name]) for node in net.nodes)
    assert spec.macs == pytest.approx(5039, abs=1)
    assert spec.macs < macs / spec.samples < 1.06 * spec.macs
    long = replace(spec, samples=1 << 16)
    net = hardware_source(long, drawn_weights(spec, 0)).net
    macs = sum(cost.macs(node.layer, net.types[node.name]) for node in net.nodes)
    assert macs / long.samples == pytest.approx(spec.macs, rel=1e-3)


@pytest.mark.parametrize("levels", [SMALL.levels, (Level(2, 1, (1,), 0), Level(2, 3, (9,), 1), Level(1, 1, (1,), 12))])
@pytest.mark.parametrize("setting", [H, None])
def test_frames_of_any_length_are_one_signal(levels, setting):
    spec = replace(SMALL, levels=levels, setting=setting)
    weights = drawn_weights(spec, 2)
    codes = {"H": 33} if setting else {}
    signals = []
    for samples in (16, 32, 48, 96):
        source = hardware_source(replace(spec, samples=samples), weights)
        assert seam(source) == "" and source.samples == samples and source.net.output.shape == (1, samples)
        assert all(lengths.spare in range(4) for lengths in replace(spec, samples=samples).lengths)
        signals.append(run_source(source, 5, np.arange(192 // samples), codes, 4096).ravel())
    assert all((signals[0] == other).all() for other in signals)
    assert signals[0].std() > 10


def test_reframing_keeps_every_code(source):
    longer = reframed(SMALL, source, 96)
    wanted = run_source(source, 9, np.arange(6), {"H": -40}, 4096).ravel()
    assert (run_source(longer, 9, np.arange(2), {"H": -40}, 4096).ravel() == wanted).all()
    assert longer.net.output.shape == (1, 96)


def test_the_parameter_fills_its_codes():
    for low, high, fmt in ((0.1, 0.9, "Q3.5"), (0, 7, "Q3.5"), (-2.0, 2.0, "Q1.15"), (0.05, 0.06, "Q1.7")):
        spec = replace(SMALL, setting=Setting("p", low, high, low), tensor=fmt)
        _, parameter = spec.parameter
        bits = spec.tensor.bits
        assert -(1 << (bits - 1)) <= parameter.low < parameter.high < 1 << (bits - 1)
        assert parameter.high - parameter.low >= 0.49 * (1 << bits)
        assert parameter.value(parameter.code(high)) == pytest.approx(high, abs=2.0**-parameter.frac)
    assert replace(SMALL, setting=Setting("p", 3, 3, 3)).parameter[1].low == 0


def test_the_parameter_changes_the_signal(source):
    one, other = (bittrue.generate(source, length=96, H=h, codes=True) for h in (0.1, 0.9))
    assert (one != other).mean() > 0.3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"samples": 24}, "multiple of 16"),
        ({"samples": 0}, "multiple of 16"),
        ({"levels": SMALL.levels[:1]}, "two or more"),
        ({"levels": (Level(4, 2, (3,), 5), *SMALL.levels[1:])}, "no upsampling"),
        ({"levels": (SMALL.levels[0], Level(4, 2, (), 5))}, "level 1"),
        ({"levels": (SMALL.levels[0], Level(4, 2, (3,), 0))}, "level 1"),
        ({"setting": Setting("H", 0.5, 0.1, 0.3)}, "range"),
        ({"tensor": "Q3"}, "tensors of small"),
    ],
)
def test_architectures_that_do_not_fit(change, said):
    with pytest.raises(BadInput, match=said):
        replace(SMALL, **change)


def test_weights_of_another_shape():
    weights = dict(drawn_weights(SMALL, 0))
    weights["out"] = weights["up1"]
    with pytest.raises(BadInput, match="layer out has weights"):
        hardware_source(SMALL, weights)


# ---- training -------------------------------------------------------------------------------------------------------


def test_the_twin_trains_and_becomes_the_net():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from bittrue.apps.noise.hardware_twin import HardwareTwin, drawn_frames, finished

    torch.manual_seed(0)
    twin = HardwareTwin(SMALL, 3)
    x = drawn_frames(SMALL, 1, 0, 64, {"H": 20})
    target = 0.3 * torch.randn(64, 1, 32)
    optimiser = torch.optim.Adam(twin.parameters(), 1e-2)
    for _ in range(5):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(twin(x), target).backward()
        optimiser.step()
    network, source = twin.network(), twin.source()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(3):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(network(x), target.double()).backward()
        optimiser.step()
    trained = finished(source, network.eval())
    codes = ref.source.frames(trained, 1, np.arange(64), {"H": 20})
    wanted = trained.net.output.format.decode(ref.run(trained.net, codes))
    assert (network(x).detach().numpy() == wanted).all()
    assert len(np.unique(wanted)) > 100


def test_the_twin_is_the_net_without_rounding():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from bittrue.apps.noise.hardware_twin import HardwareTwin, drawn_frames

    spec = replace(SMALL, weight_bits=24)
    twin = HardwareTwin(spec, 4)
    x = drawn_frames(spec, 2, 7, 8, {"H": 0})
    network = twin.network()
    network.enable_qat(False)
    float_net = network(x).detach()
    assert torch.allclose(twin(x).detach().double(), float_net, atol=1e-5)
    longer = drawn_frames(spec, 2, 0, 1, {"H": 0}, samples=96)
    parts = drawn_frames(spec, 2, 0, 3, {"H": 0})
    assert torch.allclose(twin(longer, 96).ravel(), twin(parts).ravel(), atol=1e-5)
