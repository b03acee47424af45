"""The losses of the second stage, against hand formulas and against the metrics that judge."""

import numpy as np
import pytest
from tiny_pa import BANDWIDTH, RATE, band_limited, mild_amplifier

from bittrue.apps.dpd.captures.data import to_iq
from bittrue.apps.dpd.metrics import Channel, measure
from bittrue.apps.dpd.searching.levels import compute_acpr, compute_evm, compute_nmse
from bittrue.errors import BadInput

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from bittrue.apps.dpd.training.discriminator import Discriminator  # noqa: E402
from bittrue.apps.dpd.training.spectral import SpectralLoss, channel_for  # noqa: E402
from bittrue.apps.dpd.training.wasserstein import WassersteinLoss  # noqa: E402

CHANNELS = {
    "one segment": (Channel(RATE, BANDWIDTH, 5, 4096), 4096),
    "padded": (Channel(RATE, BANDWIDTH, 4, 1500), 5000),
    "many": (Channel(RATE, BANDWIDTH, 1, 256), 8192),
}


def pair(samples, seed=0):
    """An amplifier's output and its goal."""
    x = band_limited(samples, seed)
    return mild_amplifier(x), 1.05 * x


def tensor(*signals):
    return torch.from_numpy(np.stack([to_iq(signal) for signal in signals]))


@pytest.mark.parametrize("name", CHANNELS)
def test_the_spectral_loss_is_what_judges(name):
    channel, samples = CHANNELS[name]
    pairs = [pair(samples, seed) for seed in (0, 1)]
    found = SpectralLoss(channel).parts(tensor(*(y for y, _ in pairs)), tensor(*(r for _, r in pairs)))
    for k, (y, r) in enumerate(pairs):
        m = measure(y, r, channel)
        for part, wanted in (("EVM", m.evm), ("ACLR", m.aclr), ("NMSE", m.nmse)):
            assert float(found[part][k]) == pytest.approx(wanted, abs=1e-6)


def test_the_spectral_loss_weighs_its_parts_and_averages_sequences():
    channel = Channel(RATE, BANDWIDTH, 5, 4096)
    y, r = zip(*(pair(4096, seed) for seed in (0, 1)), strict=True)
    judged = [measure(a, b, channel) for a, b in zip(y, r, strict=True)]
    loss = SpectralLoss(channel, evm=0.5, aclr=2.0, nmse=0.0)
    assert set(loss.parts(tensor(*y), tensor(*r))) == {"EVM", "ACLR"}
    wanted = np.mean([0.5 * m.evm + 2 * m.aclr for m in judged])
    assert float(loss(tensor(*y), tensor(*r))) == pytest.approx(wanted, abs=1e-6)


def test_descending_the_spectral_loss_lowers_every_metric():
    channel = Channel(RATE, BANDWIDTH, 5, 4096)
    y, r = pair(4096)
    before = measure(y, r, channel)
    output, goal, loss = tensor(y).requires_grad_(), tensor(r), SpectralLoss(channel)
    (gradient,) = torch.autograd.grad(loss(output, goal), output)
    step = output.detach() - 1e-3 * gradient / gradient.abs().max()
    after = measure(*(value[0, :, 0].numpy() + 1j * value[0, :, 1].numpy() for value in (step, goal)), channel)
    assert after.evm < before.evm and after.aclr < before.aclr and after.nmse < before.nmse


def test_a_perfect_output_has_a_finite_loss_and_gradient():
    channel = Channel(RATE, BANDWIDTH, 5, 4096)
    goal = tensor(pair(4096)[1])
    output = goal.clone().requires_grad_()
    loss = SpectralLoss(channel)(output, goal)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(output.grad).all()


def test_short_and_unequal_sequences_are_refused():
    channel = Channel(RATE, BANDWIDTH, 5, 256)
    with pytest.raises(BadInput, match=r"4095 samples.*at least 4,096"):
        SpectralLoss(channel)(torch.zeros(1, 4095, 2), torch.zeros(1, 4095, 2))
    with pytest.raises(BadInput, match="shapes"):
        SpectralLoss(channel)(torch.zeros(1, 4096, 2), torch.zeros(1, 5000, 2))
    with pytest.raises(BadInput, match="shapes"):
        SpectralLoss(channel)(torch.zeros(1, 4096), torch.zeros(1, 4096))


@pytest.mark.parametrize(
    ("nperseg", "samples", "wanted"), [(19662, 4096, 4096), (400, 4096, 256), (4096, 8192, 4096), (3000, 4098, 1366)]
)
def test_segments_divide_the_sequence(nperseg, samples, wanted):
    channel = channel_for(Channel(RATE, BANDWIDTH, 5, nperseg), samples)
    assert channel.nperseg == wanted and (channel.sample_rate, channel.n_sub_ch) == (RATE, 5)


def test_an_odd_sequence_has_no_segments():
    with pytest.raises(BadInput, match="even number"):
        channel_for(Channel(RATE, BANDWIDTH, 5, 400), 4097)


def points(seed, samples=50):
    return torch.rand(samples, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) - 0.5


class Quadratic:
    """``D(x, u) = a * |u|^2 / 2 + 3 * x_I``: its gradient to ``u`` is ``a * u``."""

    def __init__(self, a):
        self.a = torch.tensor(a, dtype=torch.float64, requires_grad=True)

    def __call__(self, x, u):
        return self.a * u.square().sum(-1) / 2 + 3 * x[..., 0]


def test_the_gradient_penalty_follows_its_formula_and_has_two_sides():
    x, u, v, mix = points(0), points(1), points(2), torch.rand(50, 1, dtype=torch.float64)
    between = mix * u + (1 - mix) * v
    for slope in (0.1, 1.0, 40.0):  # steep and flat critics both pay
        critic = Quadratic(slope)
        penalty = WassersteinLoss().gradient_penalty(critic, x, u, v, mix)
        norms = slope * torch.linalg.vector_norm(between, dim=-1)
        assert float(penalty.detach()) == pytest.approx(float((norms - 1).square().mean().detach()), rel=1e-12)
        assert float(penalty.detach()) > 0
        (gradient,) = torch.autograd.grad(penalty, critic.a)  # the penalty trains the critic
        size = torch.linalg.vector_norm(between, dim=-1)
        assert float(gradient) == pytest.approx(float((2 * (norms - 1) * size).mean()), rel=1e-9)


def test_the_penalty_looks_at_the_drive_alone():
    class Conditional(Quadratic):
        def __call__(self, x, u):
            return 100 * x.sum(-1) + u[..., 0]

    assert (
        float(WassersteinLoss().gradient_penalty(Conditional(1.0), points(0), points(1), points(2), torch.rand(50, 1)))
        < 1e-24
    )


def test_the_losses_follow_their_formulas():
    x, u, v, mix = points(0), points(1), points(2), torch.rand(50, 1, dtype=torch.float64)
    critic, loss = Discriminator(seed=1).eval(), WassersteinLoss()
    assert loss.penalty == 10
    wanted = critic(x, v).mean() - critic(x, u).mean() + 10 * loss.gradient_penalty(critic, x, u, v, mix)
    assert float(loss.critic(critic, x, u, v, mix)) == pytest.approx(float(wanted), rel=1e-12)
    plain = WassersteinLoss(0.0).critic(critic, x, u, v, mix)
    assert float(plain) == pytest.approx(float(critic(x, v).mean() - critic(x, u).mean()), rel=1e-12)
    assert float(loss.generator(critic, x, v)) == pytest.approx(-float(critic(x, v).mean()), rel=1e-12)


def test_a_critic_learns_to_tell_and_points_the_generator_the_way():
    x, u, offset = points(0, 200), points(0, 200) * 0.5, torch.full((2,), 0.4, dtype=torch.float64)
    critic, loss, rng = Discriminator(seed=2), WassersteinLoss(), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.0, 0.9))
    for _ in range(40):
        optimiser.zero_grad()
        mix = torch.rand(200, 1, generator=rng, dtype=torch.float64)
        loss.critic(critic, x, u, u + offset, mix).backward()
        optimiser.step()
    offset.requires_grad_()
    verdict = loss.generator(critic, x, u + offset)
    (gradient,) = torch.autograd.grad(verdict, offset)
    assert -float(verdict.detach()) < float(critic(x, u).mean().detach()) - 0.2
    assert float(gradient @ offset.detach()) > 0.5 * 0.4 * 2**0.5  # downhill is back, at a slope of nearly one


def test_levels_in_decibel_and_per_cent():
    channel = Channel(RATE, BANDWIDTH, 5, 400)
    y, r = pair(4000)
    m = measure(y, r, channel)
    assert compute_evm(y, r, channel) == (m.evm, pytest.approx(100 * 10 ** (m.evm / 20)))
    assert compute_nmse(y, r, channel) == (m.nmse, pytest.approx(100 * 10 ** (m.nmse / 10)))
    left, right = compute_acpr(y, channel)
    assert (left.db, right.db) == (m.aclr_left, m.aclr_right)
    assert left.percent == pytest.approx(100 * 10 ** (m.aclr_left / 10))
    assert compute_evm(1.1 * r, r, channel).percent == pytest.approx(10) and compute_nmse(
        1.1 * r, r, channel
    ).percent == pytest.approx(1)
