import dataclasses
import json
import shutil

import numpy as np
import pytest
from tiny_pa import band_limited

from bittrue.apps.dpd.amplifiers import amplifier, identify_plan, probe
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.metrics import nmse
from bittrue.errors import BadInput

torch = pytest.importorskip("torch", reason="the recurrent model needs PyTorch")

from bittrue.apps.dpd.amplifiers import identify, recurrent  # noqa: E402
from bittrue.apps.dpd.closed_loop import output  # noqa: E402
from bittrue.folder_lock import locked  # noqa: E402
from bittrue.kit.training import checkpoint  # noqa: E402

PLAN = """
name = "pa-tiny"
capture = "{capture}"
hidden = 6
gains = 2
taps = 4
updates = {updates}
batch = 16
warm = 8
window = 24
rate = 2e-2
validate_every = 10
"""


def tiny(folder, updates=40):
    path = folder.parent / "pa-tiny.toml"
    path.write_text(PLAN.format(capture=folder, updates=updates))
    return identify_plan.plan(str(path))


def quiet(*_):
    return None


def network(seed=0):
    torch.manual_seed(seed)
    made = recurrent.Recurrent(5, 3, 4, 1.0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn_like(parameter) / 4)
    return made


def by_formula(net, x):
    """The formula of the module's docstring, sample by sample, in NumPy and float64."""
    p = {name: tensor.double().numpy() for name, tensor in net.state_dict().items()}
    h, state, result = data.to_complex(p["filter"]), np.zeros(5), []

    def at(n):
        return x[n] if n >= 0 else 0

    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    for n in range(len(x)):
        a = abs(x[n])
        turned = [at(n - m) * np.conj(x[n]) for m in range(1, recurrent.LAGS + 1)]
        f = np.array([a, a**2, a**3, *(part for z in turned for part in (z.real, z.imag))])
        f = (f - p["mean"]) / p["deviation"]
        ri, zi, ni = np.split(p["gru.weight_ih_l0"] @ f + p["gru.bias_ih_l0"], 3)
        rh, zh, nh = np.split(p["gru.weight_hh_l0"] @ state + p["gru.bias_hh_l0"], 3)
        r, z = sigmoid(ri + rh), sigmoid(zi + zh)
        state = (1 - z) * np.tanh(ni + r * nh) + z * state
        g = data.to_complex((p["output.weight"] @ state + p["output.bias"]).reshape(-1, 2))
        result.append(sum(h[m] * at(n - m) for m in range(len(h))) + sum(g[k] * at(n - k) for k in range(len(g))))
    return np.array(result)


def test_the_output_is_the_formula():
    net, x = network(), 0.9 * band_limited(200, 0)
    x[50] = 0
    assert np.allclose(recurrent.drive(net)(x), by_formula(net, x), atol=2e-6)


def test_a_common_phase_goes_through():
    net, x = network(1), band_limited(300, 1)
    assert np.allclose(recurrent.drive(net)(x * 1j), 1j * recurrent.drive(net)(x), atol=2e-6)


def test_the_model_is_limited_frozen_and_differentiable_at_zero():
    net = network(2)
    loud = 3 * band_limited(100, 2)
    assert np.allclose(recurrent.drive(net)(loud), recurrent.drive(net)(loud / np.maximum(abs(loud), 1)), atol=1e-6)
    module = net.frozen()
    with torch.no_grad():
        rows = module(torch.from_numpy(data.to_iq(loud))[None])
    assert rows.dtype == torch.float64 and np.allclose(
        data.to_complex(rows[0].numpy()), recurrent.drive(net)(loud), atol=1e-6
    )
    u = torch.zeros(2, 20, 2, requires_grad=True)
    (module(u) - 1).square().sum().backward()
    assert u.grad.isfinite().all() and u.grad.abs().max() > 0
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_training_finds_the_amplifier_and_the_folder_can_be_loaded(capture_folder, tmp_path, monkeypatch):
    plan = tiny(capture_folder, updates=150)
    seen = []
    net = identify.identify(plan, tmp_path / "weights" / "pa-tiny", report=lambda *a: seen.append(a))
    capture = data.load(capture_folder)
    assert seen[0][:2] == (10, 150) and seen[-1][0] == 150 and seen[-1][2] <= seen[0][2]
    assert nmse(output(capture, recurrent.drive(net)), capture.outputs["test"], capture.channel) < -35
    again = recurrent.load(tmp_path / "weights" / "pa-tiny")
    x = capture.inputs["test"]
    assert np.array_equal(recurrent.drive(again)(x), recurrent.drive(net)(x))
    monkeypatch.chdir(tmp_path)
    model = amplifier.load("recurrent", capture)
    assert np.array_equal(model(x), recurrent.drive(net)(x)) and "pa-tiny" in model.describe
    card = (tmp_path / "weights" / "pa-tiny" / "CARD.md").read_text()
    for expected in (
        "simulated",
        "bittrue train pa",
        "Outside the excited band",
        capture.digest[:16],
        "GMP twin",
        "own: 2,400",
    ):
        assert expected in card
    assert "Apache" not in card and "--recipe pa-" not in card


def test_a_killed_run_ends_in_the_same_model(capture_folder, tmp_path):
    plan = tiny(capture_folder)
    identify.identify(plan, tmp_path / "whole", report=quiet)

    class Killed(Exception):
        pass

    for place in (10, 30):

        def report(done, updates, error, place=place):
            if done == place:
                raise Killed

        with pytest.raises(Killed):
            identify.identify(plan, tmp_path / "cut", seconds=0.0, report=report)
        assert not (tmp_path / "cut" / recurrent.SPEC).exists()
    seen = []
    identify.identify(plan, tmp_path / "cut", report=lambda done, *_: seen.append(done))
    assert seen == [40]
    for name in (recurrent.SPEC, recurrent.WEIGHTS, "CARD.md", "recipe.toml"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_loss_weighs_what_the_unexcited_band_answers(capture_folder, tmp_path):
    run = identify.Identification(tiny(capture_folder), data.load(capture_folder), tmp_path / "none.pt", 1e9, quiet)
    places = torch.arange(32).repeat(4, 1) + torch.tensor([[0], [100], [200], [300]])

    def loss(flat):
        run.plan = dataclasses.replace(run.plan, flat=flat)
        with torch.no_grad():
            return float(run.loss(places))

    with torch.no_grad():
        run.network.filter.zero_()  # nothing comes out: both relative errors are known
    power = run.y[places][:, 8:].square().mean() / run.y.square().mean()
    answer = run.answer[places[:1]][:, 8:].square().mean() / run.answer.square().mean()
    assert loss(0.0) == pytest.approx(float(power), rel=1e-5)
    assert loss(2.0) - loss(0.0) == pytest.approx(2 * float(answer), rel=1e-4)


def test_the_best_parameters_are_kept(capture_folder, tmp_path):
    run = identify.Identification(tiny(capture_folder, 20), data.load(capture_folder), tmp_path / "s.pt", 1e9, quiet)
    run.best_error = -1000.0
    best = run.best["filter"].clone()
    assert torch.equal(run.train().filter, best) and run.done == 20


def test_a_checkpoint_of_another_run_is_refused(capture_folder, tmp_path):
    plan = tiny(capture_folder, updates=10)
    identify.identify(plan, tmp_path / "net", report=quiet)
    with pytest.raises(BadInput, match="another recipe"):
        identify.identify(dataclasses.replace(plan, seed=2), tmp_path / "net", report=quiet)
    (tmp_path / "net" / identify.CHECKPOINT).write_bytes(b"junk")
    with pytest.raises(BadInput, match="remove it"):
        identify.identify(plan, tmp_path / "net", report=quiet)


def test_a_bad_checkpoint_and_a_busy_folder_are_found_before_the_capture_is_read(capture_folder, tmp_path):
    plan = tiny(capture_folder, updates=10)
    identify.identify(plan, tmp_path / "net", report=quiet)
    path = tmp_path / "net" / identify.CHECKPOINT
    state = checkpoint.read(path, identify.VERSION)
    shutil.rmtree(capture_folder)
    with locked(tmp_path / "net"), pytest.raises(BadInput, match="works in"):
        identify.identify(plan, tmp_path / "net", report=quiet)
    own = {key: value for key, value in state.items() if key not in ("version", "recipe", "inputs", "best")}
    checkpoint.write(path, identify.VERSION, state["recipe"], state["inputs"], own)
    with pytest.raises(BadInput, match="does not hold what its recipe describes"):
        identify.identify(plan, tmp_path / "net", report=quiet)
    path.write_bytes(b"junk")
    with pytest.raises(BadInput, match="damaged or of another kind"):
        identify.identify(plan, tmp_path / "net", report=quiet)


def test_a_damaged_folder_is_refused(capture_folder, tmp_path):
    folder = tmp_path / "pa"
    folder.mkdir()
    good = recurrent.content(network(), data.load(capture_folder))
    spec = json.loads(good[recurrent.SPEC])
    for name, content, message in (
        (recurrent.SPEC, "{", "not JSON"),
        (recurrent.SPEC, "{}", "no recurrent amplifier"),
        (recurrent.SPEC, json.dumps(spec | {"version": 9}), "version 9"),
        (recurrent.SPEC, json.dumps(spec | {"hidden": 7}), "does not belong"),
        (recurrent.SPEC, json.dumps(spec | {"hidden": "many"}), "does not belong"),
        (recurrent.WEIGHTS, b"junk" * 9, "corrupt"),
        (recurrent.WEIGHTS, _with_nan(), "NaN"),
    ):
        for key, value in (good | {name: content}).items():
            (folder / key).write_bytes(value.encode() if isinstance(value, str) else value)
        with pytest.raises(BadInput, match=message):
            recurrent.load(folder)


def _with_nan():
    import safetensors.torch

    tensors = network().state_dict()
    tensors["filter"] = tensors["filter"] * float("nan")
    return safetensors.torch.save(tensors)


def test_recipes_are_read_and_wrong_keys_named(tmp_path):
    plan = identify_plan.plan("pa-gru")
    assert (plan.name, plan.capture) == ("pa-gru", "APA_200MHz_b")
    path = tmp_path / "r.toml"
    for text, message in (
        ('name = "a"\ncapture = "b"\nwidth = 3', "unknown key width"),
        ('name = "a"', "capture is missing"),
        ('name = "a"\ncapture = "b"\nhidden = 0', "hidden is 0"),
        ("name = ", "not TOML"),
    ):
        path.write_text(text)
        with pytest.raises(BadInput, match=message):
            identify_plan.plan(str(path))


def test_the_probe_sees_a_model_that_invents_leakage(capture_folder):
    capture = data.load(capture_folder)

    def inventive(u):  # gain 1 inside the channel, 4 outside
        spectrum = np.fft.fft(u)
        spectrum[abs(np.fft.fftfreq(len(u), 1 / capture.channel.sample_rate)) > capture.channel.bandwidth / 2] *= 4
        return np.fft.ifft(spectrum)

    gains = probe.small_signal_gain(inventive, capture)
    assert gains["inside the channel"] == pytest.approx(1) and gains["beyond"] == pytest.approx(4)
    assert list(gains) == list(probe.bands(capture))


def test_the_shipped_model_is_better_than_the_twin():
    try:
        capture = data.load()
    except BadInput as error:
        pytest.skip(str(error))
    model = amplifier.load("recurrent", capture)
    assert nmse(output(capture, model), capture.outputs["test"], capture.channel) < -39.9
    assert max(probe.small_signal_gain(model, capture).values()) < 1.25
    assert amplifier.load("recurrent", data.load("arena")).name == "recurrent"
