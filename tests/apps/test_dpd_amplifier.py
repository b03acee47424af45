import dataclasses

import numpy as np
import pytest
from tiny_pa import band_limited

from bittrue.apps.dpd.amplifiers import amplifier, pa
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.amplifiers.pa import limit
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.recipe import Teaching
from bittrue.errors import BadInput

SMALL = Structure.aligned(3, [0, 2]) + Structure.crossed(3, [1], reach=2)


def noise(samples, seed):
    parts = np.random.default_rng(seed).standard_normal((2, samples)) / 4
    return parts[0] + 1j * parts[1]


def through(module, u, dtype):
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        rows = module(torch.from_numpy(data.to_iq(u)).to(dtype)[None])
    return data.to_complex(rows[0].numpy())


@pytest.fixture
def twin(capture_folder, monkeypatch):
    monkeypatch.setattr(pa, "STRUCTURE", SMALL)
    monkeypatch.setattr(pa.fit, "__defaults__", (pa.Settings(), SMALL))
    return amplifier.load("twin", data.load(capture_folder))


def test_the_twin_is_the_fitted_polynomial_and_says_how_good_it_is(twin):
    u = noise(300, 0)
    assert np.array_equal(twin(u), pa.fit(twin.capture)(u))
    assert twin.name == "twin" and "15 complex coefficients" in twin.describe
    assert "NMSE -" in twin.describe and "tiny_pa" in twin.describe


def test_a_model_that_does_not_follow_the_amplifier_does_not_teach(twin, monkeypatch):
    assert amplifier.teacher(Teaching(), twin.capture).error == twin.error < -20
    spoilt = dict(twin.capture.outputs)
    spoilt["test"] = spoilt["test"] + 0.2 * noise(len(spoilt["test"]), 5)
    poor = dataclasses.replace(twin.capture, outputs=spoilt)
    with pytest.raises(BadInput, match=r"the GMP twin of tiny_pa has an NMSE of -\d+\.\d dB .* data\.worst_nmse"):
        amplifier.teacher(Teaching(), poor)
    assert amplifier.teacher(Teaching(worst_nmse=-1.0), poor).error > -20
    spoilt["test"] = twin.capture.outputs["test"].copy()
    spoilt["test"][-50:] = 0  # one segment of two, whose mean in dB would pass
    with pytest.raises(BadInput, match=r"NMSE of -1\d\.\d dB"):
        amplifier.teacher(Teaching(), dataclasses.replace(twin.capture, outputs=spoilt))
    monkeypatch.setattr(amplifier, "output", lambda capture, _: capture.outputs["test"] * np.nan)
    with pytest.raises(BadInput, match="NMSE of nan dB"):
        amplifier.teacher(Teaching(), twin.capture)


def test_the_module_of_the_twin_is_the_same_function(twin):
    torch = pytest.importorskip("torch")
    u = 2 * noise(500, 1)
    u[7] = 0
    y = twin(u)
    assert abs(u).max() > twin.capture.peak  # the limit takes part
    assert abs(through(twin.module(), u, torch.float64) - y).max() < 1e-9 * abs(y).max()
    assert abs(through(twin.module(), u, torch.float32) - y).max() < 1e-5 * abs(y).max()


def test_rows_of_a_module_do_not_know_of_each_other(twin):
    torch = pytest.importorskip("torch")
    rows = torch.from_numpy(np.stack([data.to_iq(noise(40, k)) for k in range(3)]))
    module = twin.module()
    with torch.no_grad():
        assert torch.equal(module(rows)[1], module(rows[1:2])[0])


def test_a_module_has_a_gradient_at_zero_and_for_nothing_but_its_input(twin):
    torch = pytest.importorskip("torch")
    module = twin.module()
    u = torch.zeros(2, 30, 2, dtype=torch.float64, requires_grad=True)
    (module(u) - 1).square().sum().backward()
    assert u.grad.isfinite().all() and u.grad.abs().max() > 0
    assert not any(parameter.requires_grad for parameter in module.parameters())
    rng = np.random.default_rng(2)
    v = torch.from_numpy(rng.uniform(-0.9, 0.9, (1, 6, 2))).requires_grad_()
    assert torch.autograd.gradcheck(module, (v,))


def test_an_unknown_model_lists_the_known_ones(twin):
    with pytest.raises(BadInput, match="arena, twin, recurrent"):
        amplifier.load("gmp", twin.capture)


def test_models_that_cannot_be_had_say_why(twin):
    pytest.importorskip("torch")
    with pytest.raises(BadInput, match="the Arena has no amplifier for tiny_pa"):
        amplifier.load("arena", twin.capture)
    with pytest.raises(BadInput, match="bittrue train pa"):
        amplifier.load("recurrent", twin.capture)
    models, reasons = amplifier.others("arena", twin.capture)
    assert [model.name for model in models] == ["twin"] and list(reasons) == ["recurrent"]


def test_a_missing_torch_is_one_sentence(twin):
    def absent():
        raise ImportError("No module named 'torch'", name="torch")

    with pytest.raises(BadInput, match=r"needs PyTorch, .* pip install"):
        dataclasses.replace(twin, build=absent).module()


def test_the_arena_module_is_the_arena_amplifier():
    torch = pytest.importorskip("torch")
    try:
        model = amplifier.load("arena", data.load())
    except BadInput as error:
        pytest.skip(str(error))
    u = 1.2 * band_limited(2000, 3)
    y = model(u)
    assert abs(through(model.module(), u, torch.float32) - y).max() < 1e-5 * abs(y).max()
    assert abs(through(model.module(), u, torch.float64) - y).max() < 1e-5 * abs(y).max()
    assert np.allclose(model(3 * u)[900:], model(limit(3 * u, 1.0))[900:], atol=1e-6)
