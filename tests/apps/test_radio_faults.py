"""Faults of the published training, one by one, and what neither sizes, weights nor states of a training may be."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="needs torch")

from radio_published_small import FIRST, SECOND, small, trained_by, trained_step, trainer  # noqa: E402

from bittrue.apps.radio.configuration import load  # noqa: E402
from bittrue.apps.radio.data.maps import View  # noqa: E402
from bittrue.apps.radio.published import sizes  # noqa: E402
from bittrue.apps.radio.published.batches import side_of  # noqa: E402
from bittrue.apps.radio.published.run import train  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402

ORIGIN = ("data: {name", "origin_compatible: true\ndata: {name")


def faulty(*names):
    """The change that brings single faults back."""
    return "data: {name", f"origin_compatible: [{', '.join(names)}]\ndata: {{name"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A first stage, trained for a step."""
    folder = tmp_path_factory.mktemp("radio") / "vae"
    train(small(FIRST, folder, ("train_num_steps: 5", "train_num_steps: 1")))
    return folder


def test_origin_compatible_has_the_published_faults(tmp_path):
    moved, found, one = trained_step(small(FIRST, tmp_path, ORIGIN, ("accumulate_every: 2", "accumulate_every: 1")))
    assert not moved["loss.discriminator.main.0.weight"] and not moved["loss.logvar"]
    assert found["logvar"] == 0 and moved["decoder.conv_out.weight"]
    moved, found, _ = trained_step(small(FIRST, tmp_path, ORIGIN))
    assert moved["loss.discriminator.main.0.weight"] and not moved["loss.logvar"]
    with pytest.raises(BadInput, match="counts the optimisers of a step"):
        trainer(small(FIRST, tmp_path, ORIGIN, ("accumulate_every: 2", "accumulate_every: 3")))
    parameters = list(one.network.trained())
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    one.clipped(parameters, None)
    assert parameters[0].grad.max().item() == 1
    one.clipped(parameters, 1.0)
    assert parameters[0].grad.max().item() < 0.1


def test_each_published_fault_of_the_first_stage_comes_alone(tmp_path):
    once = ("accumulate_every: 2", "accumulate_every: 1")
    moved, found, one = trained_step(small(FIRST, tmp_path, faulty("passes"), once))
    assert not moved["loss.discriminator.main.0.weight"] and moved["loss.logvar"] and one.most == 1
    moved, found, one = trained_step(small(FIRST, tmp_path, faulty("logvar"), once))
    assert moved["loss.discriminator.main.0.weight"] and found["logvar"] == 0 and one.most == 1
    moved, found, one = trained_step(small(FIRST, tmp_path, faulty("clip"), once))
    assert moved["loss.discriminator.main.0.weight"] and moved["loss.logvar"]
    grown = [float(p.grad.norm()) for p in one.network.trained() if p.grad is not None]
    assert math.hypot(*grown) == pytest.approx(found["norm"], rel=1e-4) and found["norm"] > 1
    one = trainer(small(FIRST, tmp_path, faulty("floor")))
    one.done = 4
    assert one.set_rate() == pytest.approx(1e-3 * 0.2**0.95) and one.most == 1
    one.done = 5
    assert one.set_rate() == pytest.approx(1e-3 * 1e-5) and trainer(small(FIRST, tmp_path)).batches.maps.view == View()
    assert trainer(small(FIRST, tmp_path, faulty("divisor"))).batches.maps.view.origin_compatible


def test_each_published_fault_of_the_diffusion_comes_alone(first, tmp_path):
    change = trained_by(first / "model-1.pt")
    skip, floor, none = (
        trainer(small(SECOND, tmp_path, change, *more)) for more in ([faulty("skip")], [faulty("floor")], [])
    )
    assert [one.network.origin_compatible for one in (skip, floor, none)] == [True, False, False]
    for one in (skip, floor, none):
        one.done = 5
    assert [one.set_rate() for one in (skip, floor, none)] == pytest.approx([1e-5, 1e-8, 1e-5])


def test_sizes_are_bounded_before_memory_is_taken(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match=r"model has 9,230,830,320,511 parameters and at most 536,870,912 are taken"):
        trainer(small(FIRST, tmp_path, ("{ch: 8", "{ch: 4096"), ("[1, 2]", "[1, 64]")))
    with pytest.raises(BadInput, match=r"a batch of 65,536 maps of 32 x 32 pixels would take 15\.0 GiB"):
        trainer(small(FIRST, tmp_path, ("batch_size: 2", "batch_size: 65536")))
    with pytest.raises(BadInput, match=r"a batch of 65,536 maps of 32 x 32 pixels would take 9\.0 GiB"):
        trainer(small(SECOND, tmp_path, ("batch_size: 2", "batch_size: 65536")))
    for name in ("first_radio", "radio_train_m"):  # the published ones pass
        found = load(name)
        sizes.check_batch(found, side_of(found), found.data.batch_size)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda v: v * math.nan,
        lambda v: v.to(torch.complex64),
        lambda v: v.to_sparse(),
        lambda v: v.to("meta"),
        lambda v: v.to(torch.float8_e4m3fn),
    ],
    ids=["nan", "complex", "sparse", "meta", "float8"],
)
def test_weights_that_are_no_finite_numbers_are_refused(spoilt, first, tmp_path):
    state = torch.load(first / "model-1.pt", weights_only=True)
    for part in (state["model"], state["ema"]):
        part.update({name: spoilt(value) for name, value in part.items() if name.endswith("quant_conv.weight")})
    torch.save(state, tmp_path / "spoilt.pt")
    with pytest.raises(BadInput, match=r"spoilt\.pt has .*quant_conv.weight with values that are no finite real"):
        trainer(small(SECOND, tmp_path, trained_by(tmp_path / "spoilt.pt")))


def later(state):
    state["step"] = 2


def other_moments(state):
    state["opt_ae"]["state"][0]["exp_avg"] = torch.zeros(1)


@pytest.mark.parametrize(("spoil", "said"), [(later, "step 2"), (other_moments, "averages of another shape in opt_ae")])
def test_a_state_that_no_training_writes_is_refused(spoil, said, first, tmp_path):
    (tmp_path / "run").mkdir()
    state = torch.load(first / "checkpoint.pt", weights_only=True)
    spoil(state)
    torch.save(state, tmp_path / "run" / "checkpoint.pt")
    with pytest.raises(BadInput, match=said):
        train(small(FIRST, tmp_path / "run", ("train_num_steps: 5", "train_num_steps: 1")))
