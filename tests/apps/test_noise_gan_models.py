"""The nets of the noise GANs: published counts, sizes, initial weights, phase shuffle, and the gradient penalty."""

import itertools
import math

import pytest
from noise_gan_small import STFT, WAVE, small

torch = pytest.importorskip("torch", reason="PyTorch is missing: install the extra train")

from bittrue.apps.noise.gan import latents, phase_shuffle  # noqa: E402
from bittrue.apps.noise.gan.configuration import checked, merged  # noqa: E402
from bittrue.apps.noise.gan.critic_loss import gradient_penalty  # noqa: E402
from bittrue.apps.noise.gan.discriminator import Discriminator  # noqa: E402
from bittrue.apps.noise.gan.generator import Generator  # noqa: E402
from bittrue.apps.noise.gan.plan import plan  # noqa: E402

DATA = ("dataloader_specs", "dataset_specs")
PUBLISHED = [
    ("WaveGAN", {"model_specs": {"wavegan": True}}, 4096, False, (1, 4096), 17_824_257, 17_415_681),
    ("STFT-GAN", {"stft": True, "nperseg": 128}, 4096, False, (2, 65, 65), 17_824_896, 17_417_281),
    ("STFT-GAN, 64", {"stft": True, "nperseg": 64}, 4096, False, (2, 33, 129), 17_824_896, 17_417_281),
    ("STFT-GAN, 256", {"stft": True, "nperseg": 256}, 4096, False, (2, 129, 33), 17_824_896, 17_417_281),
    ("PSK-GAN", {}, 4096, True, (2, 4096), 20_987_904, 8_011_776),
]


def configured(table):
    data = {"dataloader_specs": {"dataset_specs": table}} if "stft" in table else table
    return checked(data)


def nets(made):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Generator(made), Discriminator(made)


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("name", "table", "length", "is_complex", "shape", "g", "d"), PUBLISHED)
def test_full_size_models_have_the_published_counts(name, table, length, is_complex, shape, g, d):
    made = plan(configured(table), length, is_complex)
    with torch.device("meta"):
        generator, critic = Generator(made), Discriminator(made)
        x = generator(torch.empty(1, 100))
        scores = critic(x)
    assert (count(generator), count(critic)) == (g, d)
    assert x.shape == (1, *shape) and scores.shape == (1,)


KERNELS = ({"receptive_field_type": "standard", "kernel_size": k} for k in (2, 4, 5, 8, 25))
FIELDS = [*KERNELS, {"receptive_field_type": "kernel", "kernel_size": 32}, {"receptive_field_type": "dilation"}]


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_sizes_come_out_exactly(field):
    for scale, levels in itertools.product((2, 3, 4), (1, 2, 3)):
        if field.get("kernel_size", 8) < scale:
            continue
        size = 2 * scale**levels
        if size % 2:
            continue
        made = plan(small({"model_specs": field | {"scale_factor": scale, "model_levels": levels}}), size, False)
        generator, critic = nets(made)
        x = generator(torch.zeros(2, 100))
        assert x.shape == (2, 1, size) and critic(x).shape == (2,)


@pytest.mark.parametrize("field", FIELDS[1:], ids=str)
def test_spectrograms_may_have_one_bin_more_on_either_axis(field):
    for is_complex in (False, True):
        made = plan(small(STFT, {"model_specs": field | {"model_levels": 2}}), 256, is_complex)
        assert made.sizes == ((32, 17) if is_complex else (17, 17))
        generator, critic = nets(made)
        x = generator(torch.zeros(1, 100))
        assert x.shape == (1, 2, *made.sizes) and critic(x).shape == (1,)


@pytest.mark.parametrize("name", ["normal", "orthogonal", "uniform"])
@pytest.mark.parametrize("over", [STFT, WAVE], ids=["stft", "wave"])
def test_all_weights_are_drawn_by_the_name(name, over):
    for network in nets(plan(small(over, {"model_specs": {"weight_init": name}}), 256, False)):
        for key, value in network.named_parameters():
            flat = value.detach().flatten(1) if value.dim() > 1 else value.detach()
            if value.dim() < 2:
                continue
            if name == "orthogonal":
                square = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
                assert torch.allclose(square, torch.eye(len(square)), atol=1e-4), key
            elif name == "uniform":
                assert flat.min() >= 0 and flat.max() > 0.9, key
            else:
                assert 0.8 < flat.std() < 1.2, key


def test_options_of_the_generator_do_what_they_say():
    made = plan(small({"model_specs": {"gen_batch_norm": True, "use_tanh": False}}), 256, False)
    generator, critic = nets(made)
    norms = [m for m in generator.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    assert len(norms) == 2 and not [m for m in critic.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    assert not any(type(m).__name__ == "ScaledTanh" for m in generator.modules())
    assert generator(50 * torch.randn(4, 100)).min() < 0  # no ReLU at the end
    tanh, _ = nets(plan(small(), 256, False))
    assert tanh(1000 * torch.randn(4, 100)).abs().max() <= 1
    scaled = Generator(plan(small(), 256, False), 5.0)
    assert 1 < scaled(1000 * torch.randn(4, 100)).abs().max() <= 5


def naive_shuffle(row, shift):
    length = len(row)
    places = [abs(n - shift) for n in range(length)]
    return [row[2 * (length - 1) - p if p > length - 1 else p] for p in places]


def test_phase_shuffle_moves_and_reflects():
    x = torch.arange(30.0).view(5, 1, 6)
    shifts = torch.tensor([-2, -1, 0, 1, 2])
    moved = phase_shuffle.shuffled(x, shifts)
    assert moved[4, 0].tolist() == [26, 25, 24, 25, 26, 27] and moved[0, 0].tolist() == [2, 3, 4, 5, 4, 3]
    for row in range(5):
        assert moved[row, 0].tolist() == naive_shuffle(x[row, 0].tolist(), int(shifts[row]))
    drawn = phase_shuffle.drawn(3, 2000, torch.Generator().manual_seed(0))
    assert set(drawn.flatten().tolist()) == {-2, -1, 0, 1, 2}


def test_only_layers_of_more_than_four_samples_are_shuffled():
    made = plan(small(WAVE, {"model_specs": {"model_levels": 3}}), 256, False)
    _, critic = nets(made)
    assert critic.shuffled == (0, 1)  # of 64, 16 and 4 samples
    x = torch.randn(4, 1, 256)
    none, some = torch.zeros(4, 2, dtype=torch.int64), torch.tensor([[0, 0], [2, 0], [0, -2], [1, 1]])
    assert torch.equal(critic(x), critic(x, none))
    assert (critic(x) != critic(x, some)).tolist() == [False, True, True, True]


def test_the_penalty_is_that_of_a_linear_critic():
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    real, fake, mix = torch.randn(7, 2), torch.randn(7, 2), torch.rand(7)
    penalty = gradient_penalty(lambda x: x @ weights, real, fake, mix)
    assert penalty.item() == pytest.approx((5 - 1) ** 2)
    penalty.backward()
    assert weights.grad.tolist() == pytest.approx([2 * 4 * 0.6, 2 * 4 * 0.8])


def test_the_penalty_is_looked_at_between_the_two():
    seen = []
    real, fake = torch.ones(3, 1, 4), torch.zeros(3, 1, 4)
    gradient_penalty(lambda x: seen.append(x) or x.square().sum((1, 2)), real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert seen[0][:, 0, 0].tolist() == [0.0, 0.25, 1.0]


LAWS = [("uniform", 1 / math.sqrt(3)), ("gaussian", 1.0), ("truncated_normal", 0.5396)]


@pytest.mark.parametrize(("kind", "deviation"), LAWS)
def test_latent_vectors_have_their_law(kind, deviation):
    z = latents.drawn(kind, 400, 100, torch.Generator().manual_seed(0))
    assert z.shape == (400, 100) and z.dtype == torch.float32
    assert abs(z.mean()) < 0.02 and z.std().item() == pytest.approx(deviation, rel=0.02)
    assert (z.abs().max() <= 1) == (kind != "gaussian")


def test_tables_merge_level_by_level():
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}) == {"a": {"b": 1, "c": 3}}
