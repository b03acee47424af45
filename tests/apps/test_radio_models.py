"""The published networks: counts and names of parameters, shapes at both sides, attention in windows, files."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs torch")

from radio_published_small import FIRST, SECOND, small  # noqa: E402

from bittrue.apps.radio.configuration import load  # noqa: E402
from bittrue.apps.radio.diffusion.latent import LatentDiffusion  # noqa: E402
from bittrue.apps.radio.models.autoencoder import AutoencoderKL, Posterior  # noqa: E402
from bittrue.apps.radio.models.discriminator import Discriminator  # noqa: E402
from bittrue.apps.radio.models.public_files import fill, load_diffusion, load_first_stage  # noqa: E402
from bittrue.apps.radio.models.relation import Relation, sine_positions  # noqa: E402
from bittrue.apps.radio.models.swin import Swin, WindowAttention, of_torchvision  # noqa: E402
from bittrue.apps.radio.models.unet import Unet, factors  # noqa: E402
from bittrue.apps.radio.models.unet_blocks import SpectralFilter  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402

PAPER = load("radio_train_m")


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.fixture(scope="module")
def paper() -> Unet:
    with torch.device("meta"):
        return Unet(PAPER.model.unet, (64, 64))


def test_the_first_stage_has_the_published_counts():
    with torch.device("meta"):
        model = AutoencoderKL(PAPER.first_stage)
        assert count(Discriminator()) == 2_763_585
    parts = [count(part) for part in (model.encoder, model.decoder, model.quant_conv, model.post_quant_conv)]
    assert parts == [22_348_934, 32_958_465, 42, 12]


def test_the_unet_has_the_published_counts(paper):
    assert count(paper) == 224_869_496
    assert count(paper.init_conv_mask) == 87_768_224
    assert count(paper.ups) == count(paper.ups2) == 39_499_648 and count(paper.relation_layers_up) == 7_133_184
    assert paper.decouple1[2].complex_weight.shape == (512, 8, 5, 2)


@pytest.mark.parametrize("side", [256, 320])
def test_full_sizes_take_both_sides(side):
    latent = side // 4
    with torch.device("meta"):
        first, unet = AutoencoderKL(PAPER.first_stage), Unet(PAPER.model.unet, (latent, latent))
        moments = first.encoder(torch.zeros(2, 1, side, side))
        assert moments.shape == (2, 6, latent, latent)
        assert first.decode(torch.zeros(2, 3, latent, latent)).shape == (2, 1, side, side)
        found = unet(torch.zeros(1, 3, latent, latent), torch.ones(1), torch.zeros(1, 3, side, side))
    assert [part.shape for part in found] == [(1, 3, latent, latent)] * 2
    assert unet.decouple2[2].complex_weight.shape == (512, latent // 8, latent // 16 + 1, 2)


PUBLISHED = (
    "init_conv_mask.first_coonv.0.weight",
    "init_conv_mask.features.0.1.attn.relative_position_bias_table",
    "init_conv_mask.features.1.reduction.weight",
    "init_conv_mask.features.6.1.mlp.3.bias",
    "init_conv_mask.head.weight",
    "init_conv.1.weight",
    "init_conv_carK.weight",
    "projects.3.bias",
    "time_mlp.0.W",
    "time_mlp.3.weight",
    "downs.0.0.mlp.1.weight",
    "downs.0.2.fn.norm.g",
    "downs.0.2.fn.fn.to_out.1.g",
    "downs.2.3.weight",
    "relation_layers_down.1.input_conv1.1.running_mean",
    "relation_layers_down.1.attentions.0.mlp.fc2.weight",
    "mid_attn.fn.fn.to_qkv.weight",
    "decouple1.2.complex_weight",
    "ups.0.0.res_conv.weight",
    "ups2.0.3.1.weight",
    "ups2.3.3.weight",
    "relation_layers_up2.3.attentions.0.q_lin.weight",
    "final_res_block2.block2.proj.weight",
    "final_conv2.bias",
)


def test_parameters_have_the_published_names(paper):
    names = paper.state_dict().keys()
    assert [name for name in PUBLISHED if name not in names] == []
    with torch.device("meta"):
        names = AutoencoderKL(PAPER.first_stage).state_dict().keys()
    for name in (
        "encoder.down.0.downsample.conv.weight",
        "encoder.down.1.block.0.nin_shortcut.weight",
        "encoder.mid.attn_1.proj_out.bias",
        "decoder.up.2.block.2.conv2.weight",
        "decoder.up.1.upsample.conv.bias",
        "decoder.norm_out.weight",
        "post_quant_conv.weight",
    ):
        assert name in names
    assert "main.11.bias" in Discriminator().state_dict()


def test_a_posterior_knows_its_divergence():
    mean, log_variance = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.randn(2, 3, 4, 4, dtype=torch.float64)
    found = Posterior.of(torch.cat([mean, log_variance], 1))
    p, q = torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    assert torch.allclose(found.kl(), torch.distributions.kl_divergence(p, q).sum((1, 2, 3)))
    assert Posterior.of(torch.full((1, 2, 1, 1), 99.0)).log_variance.item() == 20


def seen(attention: WindowAttention, side: int, row: int, column: int) -> torch.Tensor:
    """Which tokens change where one does."""
    x = torch.randn(1, side, side, 32)
    other = x.clone()
    other[0, row, column] += 1
    with torch.no_grad():
        return (attention(x) != attention(other)).any(-1)[0]


@pytest.mark.parametrize(
    ("shift", "rows", "columns"), [(0, (7, 14), (0, 7)), (3, (3, 10), (0, 3)), (3, (10, 14), (10, 14))]
)
def test_attention_stays_in_its_window(shift, rows, columns):
    torch.manual_seed(1)
    changed = seen(WindowAttention(32, 2, shift), 14, rows[1] - 1, columns[1] - 1)
    wanted = torch.zeros(14, 14, dtype=torch.bool)
    wanted[slice(*rows), slice(*columns)] = True
    assert torch.equal(changed, wanted)


def test_a_side_of_one_window_is_not_shifted_and_others_are_padded():
    assert seen(WindowAttention(32, 2, 3), 5, 0, 0).all()


def test_weights_of_imagenet_find_their_places():
    torch.manual_seed(0)
    model = Swin(32, (2, 2), (2, 4), 0.0, 10)
    theirs = {}
    for name, value in model.state_dict().items():
        first, _, rest = name.partition(".")
        if first == "first_coonv":
            name = f"features.0.{rest}"
        elif first == "features":
            number, _, below = rest.partition(".")
            name = f"features.{int(number) + 1}.{below}"
        theirs[name] = torch.full_like(value, 2)
    fill(model, of_torchvision(theirs), "imagenet")
    assert all((value == 2).all() for value in model.state_dict().values())
    features = model.eval()(torch.randn(1, 3, 64, 64))
    assert [part.shape for part in features] == [(1, 32, 16, 16), (1, 64, 8, 8)]


def test_a_filter_multiplies_every_frequency():
    x, own = torch.randn(1, 2, 6, 10), SpectralFilter(2, 6, 10)
    own.complex_weight.data = torch.tensor([1.0, 0.0]).expand(2, 6, 6, 2).contiguous()
    assert torch.allclose(own(x), x, atol=1e-6)
    own.complex_weight.data[:, 0, 0] = 0
    assert torch.allclose(own(x).mean((2, 3)), torch.zeros(1, 2), atol=1e-6)


def test_positions_count_rows_first_and_from_one():
    found = sine_positions(3, 5, 8, torch.device("cpu"))
    assert torch.allclose(found[2, 4, 0], torch.tensor(3.0).sin()) and torch.allclose(
        found[2, 4, 5], torch.tensor(5.0).cos()
    )
    layer = Relation(4, 8, 8, (2, 2), (1, 1)).eval()
    assert layer(torch.randn(1, 4, 5, 5), torch.randn(1, 8, 7, 6)).shape == (1, 8, 7, 6)


def test_heads_say_what_is_left_with_variance_one():
    torch.manual_seed(0)
    z0, n = torch.randn(2, 200_000, dtype=torch.float64)
    for time in (1e-4, 0.01, 0.3, 0.9):
        t = torch.tensor(time, dtype=torch.float64)
        z = (1 - t) * z0 + t.sqrt() * n
        s1, o1, s2, o2 = factors(t, False)
        assert ((-z0 - s1 * z) / o1).var().item() == pytest.approx(1, rel=0.02)
        assert ((n - s2 * z) / o2).var().item() == pytest.approx(1, rel=0.02)
        s1, o1, _, _ = factors(t, True)
        if time == 1e-4:  # the published sign asks for 20,000
            assert ((-z0 - s1 * z) / o1).std().item() == pytest.approx(20_000, rel=0.02)


def test_what_the_net_cannot_be_is_refused():
    keys = PAPER.model.unet
    for changed, latent, sentence in (
        ({}, (60, 60), "levels of unet.dim_mults need multiples of 8"),
        ({"dim": 12}, (64, 64), "need a multiple of 8"),
        ({"out_mul": 2}, (64, 64), "unet.out_mul is 2"),
        ({"cond_net": "vgg"}, (64, 64), "not built here"),
        ({"cond_in_dim": 5}, (64, 64), "takes three channels"),
    ):
        with torch.device("meta"), pytest.raises(BadInput, match=sentence):
            Unet(replace(keys, **changed), latent)


def saved(tmp_path, table):
    path = tmp_path / "model-1.pt"
    torch.save(table, path)
    return path


def test_public_files_are_read_plain_and_averaged(tmp_path):
    stage = small(FIRST, tmp_path).model
    torch.manual_seed(0)
    theirs, ours = AutoencoderKL(stage), AutoencoderKL(stage)
    plain = {**theirs.state_dict(), "loss.perceptual_loss.net.slice1.0.weight": torch.zeros(3)}
    averages = {f"ema_model.{name}": value + 1 for name, value in plain.items()} | {"step": torch.tensor([9])}
    path = saved(tmp_path, {"step": 5, "model": plain, "ema": averages, "opt_ae": {"state": {}}})
    name = "decoder.conv_out.weight"
    load_first_stage(ours, path, average=False)
    assert torch.equal(ours.state_dict()[name], plain[name])
    load_first_stage(ours, path, average=True)
    assert torch.equal(ours.state_dict()[name], plain[name] + 1)
    x = torch.randn(1, 1, 32, 32)
    load_first_stage(ours, saved(tmp_path, {"model": plain}), average=True)
    assert torch.equal(ours(x)[0], theirs(x)[0])


def test_a_public_diffusion_file_is_read(tmp_path):
    configuration = small(SECOND, tmp_path)
    torch.manual_seed(0)
    theirs, ours = LatentDiffusion(configuration, 32), LatentDiffusion(configuration, 32)
    theirs.scale_factor.fill_(0.7)
    table = {**theirs.state_dict(), "betas": torch.zeros(1000), "first_stage_model.loss.logvar": torch.zeros(())}
    load_diffusion(ours, saved(tmp_path, {"model": table}))
    assert all(torch.equal(value, theirs.state_dict()[name]) for name, value in ours.state_dict().items())
    with pytest.raises(BadInput, match=r"has no model\.final_conv\.bias, which"):
        load_diffusion(
            ours, saved(tmp_path, {"model": {k: v for k, v in table.items() if k != "model.final_conv.bias"}})
        )
    load_diffusion(ours, tmp_path / "model-1.pt", ignored=("model.final_conv.",))
    with pytest.raises(BadInput, match="a checkpoint of the diffusion model and one of the first stage"):
        load_first_stage(AutoencoderKL(configuration.first_stage), tmp_path / "model-1.pt")


def test_what_does_not_fit_is_named(tmp_path):
    stage = small(FIRST, tmp_path).model
    model = AutoencoderKL(stage)
    table = dict(model.state_dict())
    table["encoder.conv_in.weight"] = torch.zeros(8, 3, 3, 3)
    with pytest.raises(BadInput, match=r"encoder.conv_in.weight of shape 8 x 3 x 3 x 3 and .* asks for 8 x 1 x 3 x 3"):
        load_first_stage(model, saved(tmp_path, {"model": table}))
    with pytest.raises(BadInput, match="holds no parameters by name"):
        load_first_stage(model, saved(tmp_path, {"step": 5}))
    with pytest.raises(BadInput, match="one of the diffusion model is needed"):
        load_diffusion(LatentDiffusion(small(SECOND, tmp_path), 32), saved(tmp_path, {"model": model.state_dict()}))
    extra = {**model.state_dict(), "encoder.down.7.block.0.conv1.bias": torch.zeros(1)}
    with pytest.raises(BadInput, match="net has not"):
        load_first_stage(model, saved(tmp_path, {"model": extra}))


class Harm:
    def __reduce__(self):
        return (print, ("harm",))


def test_a_file_that_would_execute_something_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"model-1\.pt"):
        load_first_stage(AutoencoderKL(small(FIRST, tmp_path).model), saved(tmp_path, {"model": Harm()}))
