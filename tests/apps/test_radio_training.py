"""Training of both published stages: formulas, what is really trained, killed runs, guards, and the command line."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch")

from radio_published_small import FIRST, SECOND, cities, small, trained_by, trained_step, trainer, written  # noqa: E402

from bittrue.apps.radio import train_cond_ldm  # noqa: E402
from bittrue.apps.radio.configuration import load  # noqa: E402
from bittrue.apps.radio.data import png  # noqa: E402
from bittrue.apps.radio.data.maps import RadioMaps, View  # noqa: E402
from bittrue.apps.radio.diffusion import process  # noqa: E402
from bittrue.apps.radio.diffusion.sampler import sample, steps  # noqa: E402
from bittrue.apps.radio.models.autoencoder import AutoencoderKL, Posterior  # noqa: E402
from bittrue.apps.radio.published import perceptual, run_folder, sampling  # noqa: E402
from bittrue.apps.radio.published.batches import Batches, brought, side_of  # noqa: E402
from bittrue.apps.radio.published.first_stage_loss import FirstStageLoss  # noqa: E402
from bittrue.apps.radio.published.late_average import LateAverage  # noqa: E402
from bittrue.apps.radio.published.run import train  # noqa: E402
from bittrue.cli import main  # noqa: E402
from bittrue.errors import BadInput  # noqa: E402


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A trained first stage."""
    folder = tmp_path_factory.mktemp("radio") / "vae"
    train(small(FIRST, folder))
    return folder


def test_the_process_and_its_loss_are_the_published_ones():
    z0, n, t = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4), torch.tensor([0.25, 0.81])
    z = process.noised(z0, t, n)
    assert torch.allclose(z[1], 0.19 * z0[1] + 0.9 * n[1], atol=1e-6)
    assert process.loss(-z0, n, z0, n, t, True, True).item() == 0
    found = process.loss(-z0 + 0.5, n - 0.1, z0, n, t, True, True).item()
    parts = [0.5 * (2 * math.exp(1 - s) * (0.25 + 0.5) + math.exp(math.sqrt(s)) * (0.01 + 0.1)) for s in (0.25, 0.81)]
    assert found == pytest.approx(sum(parts) / 2, rel=1e-5)
    assert process.loss(-z0 + 0.5, n, z0, n, t, False, False).item() == pytest.approx(0.125, rel=1e-5)


@pytest.mark.parametrize("count", [1, 5])
def test_the_sampler_is_exact_with_a_net_that_knows(count):
    torch.manual_seed(3)
    z0, asked, spreads = torch.randn(2, 3, 64, 64), [], []

    def net(z, t, cond):
        asked.append(t[0].item())
        s = t.view(-1, 1, 1, 1)
        noise = (z - (1 - s) * z0) / s.sqrt()
        spreads.append((noise.std().item(), (noise * z0).mean().item()))
        return -z0, noise

    before = torch.random.get_rng_state()
    each = [torch.Generator().manual_seed(k) for k in (1, 2)]
    found = sample(net, torch.zeros(2, 3, 16, 16), (3, 64, 64), count, 1e-4, each)
    assert torch.equal(before, torch.random.get_rng_state())
    assert len(asked) == count + 1 and asked[0] == 1 and asked[-1] == pytest.approx(1e-4, rel=1e-3)
    assert sum(steps(count, 1e-4)) == pytest.approx(1)
    assert (found - z0).abs().max() < 1e-3
    for spread, shared in spreads:  # at every time what stands there is a noised z0, its noise unit normal
        assert spread == pytest.approx(1, abs=0.02) and abs(shared) < 0.03


def test_a_sample_depends_on_its_own_generator_alone():
    def net(z, t, cond):
        return -0.5 * z, 0.5 * z

    def drawn(*seeds):
        each = [torch.Generator().manual_seed(seed) for seed in seeds]
        return sample(net, torch.zeros(len(seeds), 3, 8, 8), (3, 2, 2), 3, 1e-4, each)

    assert torch.equal(drawn(1, 2)[1], drawn(2)[0]) and not torch.equal(drawn(1)[0], drawn(2)[0])


def test_the_first_stage_loss_is_the_published_one():
    keys = replace(load("first_radio").model.lossconfig, perceptual_weight=0.0, disc_start=5)
    torch.manual_seed(0)
    loss, last = FirstStageLoss(keys, True), torch.ones(1, requires_grad=True)
    x, y = torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32) * last
    posterior = Posterior(torch.ones(2, 3, 4, 4), torch.zeros(2, 3, 4, 4))
    total, parts = loss.autoencoder(x, y, posterior, last, 4)
    rec = ((x - y).abs() + (x - y) ** 2).sum().item() / 2
    assert parts.kl.item() == 24 and parts.adversarial.item() == 0
    assert total.item() == pytest.approx(rec * math.exp(6) - 6 * 1024 + 24e-6, rel=1e-4)
    total, parts = loss.autoencoder(x, y, posterior, last, 5)
    (of_nll,) = torch.autograd.grad(parts_nll(loss, x, y), last, retain_graph=True)
    (of_g,) = torch.autograd.grad(-loss.discriminator(y).mean(), last, retain_graph=True)
    assert parts.weight.item() == pytest.approx(
        0.5 * min(1e4, of_nll.norm().item() / (of_g.norm().item() + 1e-4)), rel=1e-3
    )
    judged, real, fake = loss.judge(x, y)
    loss.discriminator.eval()
    assert math.isfinite(judged.item()) and real.item() != fake.item()


def parts_nll(loss, x, y):
    rec = (x - y).abs() + (x - y) ** 2
    return (rec / loss.logvar.exp() + loss.logvar).sum() / len(x)


def test_the_substitute_for_lpips_is_named_and_measures():
    net, name = perceptual.perceptual(load("first_radio").model.lossconfig)
    assert name == "bittrue-random-perceptual" != "LPIPS"
    x = torch.rand(2, 1, 32, 32, requires_grad=True)
    assert net(x, x).abs().max().item() == 0
    found = net(x, torch.zeros_like(x))
    assert found.shape == (2, 1, 1, 1) and found.min().item() > 0
    found.sum().backward()
    assert x.grad.abs().sum() > 0 and not any(p.requires_grad for p in net.parameters())
    assert torch.equal(net.layers[0].weight, perceptual.Substitute().layers[0].weight)


def test_lpips_wants_both_files_and_the_right_ones(tmp_path):
    keys = load("first_radio").model.lossconfig
    with pytest.raises(BadInput, match="perceptual_heads is not"):
        replace(keys, perceptual_backbone="vgg.pth")
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
    given = replace(keys, perceptual_backbone=str(tmp_path / "vgg.pth"), perceptual_heads="heads.pth")
    with pytest.raises(BadInput, match=r"0\.weight of shape 1 and .* asks for 64 x 3 x 3 x 3"):
        perceptual.perceptual(given)


@pytest.mark.heavy
def test_lpips_is_its_formula(tmp_path):
    torch.manual_seed(0)
    layers, before = {}, 3
    for place, width in zip(
        (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28), (64,) * 2 + (128,) * 2 + (256,) * 3 + (512,) * 6, strict=True
    ):
        layers[f"features.{place}.weight"] = torch.randn(width, before, 3, 3) * (2 / before / 9) ** 0.5
        layers[f"features.{place}.bias"] = torch.zeros(width)
        before = width
    torch.save({**layers, "classifier.0.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
    widths = (64, 128, 256, 512, 512)
    torch.save(
        {f"lin{k}.model.1.weight": torch.ones(1, w, 1, 1) / w for k, w in enumerate(widths)}, tmp_path / "heads.pth"
    )
    net = perceptual.Lpips(str(tmp_path / "vgg.pth"), str(tmp_path / "heads.pth"))
    x, y = torch.rand(1, 1, 32, 32), torch.rand(1, 1, 32, 32)
    assert net.taps == [4, 9, 16, 23, 30] and net(x, x).item() == 0
    assert 0 < net(x, y).item() == pytest.approx(net(y, x).item())


def test_maps_are_brought_to_the_side_that_is_trained_at(tmp_path):
    assert side_of(load("first_radio")) == 256 and side_of(load("tiny_ldm")) == 64
    with pytest.raises(BadInput, match="give a square of 32, 64, 128, or 256"):
        side_of(small(FIRST, tmp_path, ("resolution: [32, 32]", "resolution: [96, 96]")))
    one = RadioMaps(cities(), View("radio", "all"))[0]
    image, cond = brought(torch.from_numpy(one["image"]), torch.from_numpy(one["cond"]), 32)
    assert image.shape == (1, 32, 32) and cond[1].max().item() == 1 and cond[1].sum() == -1024 + 2
    assert image.mean().item() == pytest.approx(one["image"].mean(), abs=1e-5)


def test_every_map_comes_once_an_epoch_and_half_are_mirrored():
    maps = RadioMaps(cities(), View("radio", "all"))
    plain, flipped = Batches(maps, 32, 7, False), Batches(maps, 32, 7, True)
    count = len(maps)
    own, _ = plain.plain(range(count))
    for epoch in (0, 1):
        images, _ = plain.at(epoch * count, count)
        order = [int((own == image).flatten(1).all(1).nonzero()[0]) for image in images]
        assert sorted(order) == list(range(count))
    images, conds = plain.at(0, 40)
    mirrored, with_them = flipped.at(0, 40)
    turned = [
        torch.equal(a, b.flip(-1)) and torch.equal(c, d.flip(-1))
        for a, b, c, d in zip(images, mirrored, conds, with_them, strict=True)
    ]
    same = [
        torch.equal(a, b) and torch.equal(c, d) for a, b, c, d in zip(images, mirrored, conds, with_them, strict=True)
    ]
    assert all(a != b for a, b in zip(turned, same, strict=True)) and 8 < sum(turned) < 32
    assert torch.equal(flipped.at(3, 4, slice(1, None, 2))[0], flipped.at(3, 4)[0][1::2])


def test_the_average_begins_late():
    net = torch.nn.Linear(1, 1, bias=False)
    average = LateAverage(net, 0.9, 4, 2)
    values = {}
    for step in range(1, 11):
        net.weight.data.fill_(step)
        average.update(step)
        values[step] = average.values["weight"].item()
    assert [values[k] for k in (1, 2, 3, 4, 5)] == [values[1], 2, 2, 4, 4]
    first = 1 - 2 ** (-2 / 3)
    assert values[6] == pytest.approx(first * 4 + (1 - first) * 6)


def test_discriminator_and_variance_are_trained_and_gradients_clipped(tmp_path):
    moved, found, _ = trained_step(small(FIRST, tmp_path))
    assert moved["loss.discriminator.main.0.weight"] and moved["loss.logvar"] and moved["encoder.conv_in.weight"]
    assert found["discriminator"] > 0 and found["weight"] > 0 and found["norm"] > 1


def test_accumulated_batches_are_one_large_batch(tmp_path, monkeypatch):
    from bittrue.apps.radio.published.first_stage import FirstStageTrainer

    monkeypatch.setattr(FirstStageTrainer, "_noise", lambda self, count, at: torch.zeros(count, 3, 16, 16))
    norms = []
    for accumulate, size in ((2, 1), (1, 2)):
        changes = (("accumulate_every: 2", f"accumulate_every: {accumulate}"), ("batch_size: 2", f"batch_size: {size}"))
        norms.append(trainer(small(FIRST, tmp_path, *changes)).advance(0)["norm"])
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


class Killed(BaseException):
    pass


def killed(configuration, at):
    """A run that dies behind step ``at``, and goes on."""

    def step(doing, done, total):
        if doing.startswith("training") and done == at:
            raise Killed

    with pytest.raises(Killed):
        train(configuration, step)
    return train(configuration)


def same_files(a, b):
    names = sorted(path.name for path in a.iterdir() if path.is_file())
    assert names == sorted(path.name for path in b.iterdir() if path.is_file())
    for name in names:
        if name not in (run_folder.CONFIGURATION, run_folder.RUN):
            assert (a / name).read_bytes() == (b / name).read_bytes(), name
    return names


def test_a_killed_first_stage_ends_in_the_same_bytes(first, tmp_path):
    configuration = small(FIRST, tmp_path / "again")
    assert killed(configuration, 3).trainer.done == 5
    names = same_files(first, tmp_path / "again")
    assert {"checkpoint.pt", "model-1.pt", "model-3.pt", "sample-2.png", "history.csv"} <= set(names)
    assert run_folder.load(first).model.lossconfig.disc_start == 2


def test_a_killed_diffusion_ends_in_the_same_bytes_and_draws(first, tmp_path, capsys):
    change = trained_by(first / "model-3.pt")
    one, two = (small(SECOND, tmp_path / name, change) for name in ("one", "two"))
    found = train(one)
    killed(two, 3)
    same_files(tmp_path / "one", tmp_path / "two")
    scale = torch.load(tmp_path / "one" / "model-3.pt", weights_only=True)["model"]["scale_factor"]
    assert scale != 0.3 and found.trainer.whole.scale_factor == scale
    drawing = ["radio", "sample", str(tmp_path / "one"), "-o", str(tmp_path / "drawn")]
    assert main(drawing) == 0 == main(drawing)
    assert "0 maps drawn" in capsys.readouterr().out
    assert main([*drawing, "--seed", "1"]) == 2 and "drawn by other settings" in capsys.readouterr().err
    (tmp_path / "drawn" / sampling.DRAWN_BY).unlink()
    assert main(drawing) == 2 and "of unknown origin" in capsys.readouterr().err
    maps = RadioMaps(cities(), View("radio", "test"))
    for index in range(len(maps)):
        scene = maps.scene(index)
        levels = png.read(tmp_path / "drawn" / scene.name, "map")
        assert (levels[scene.buildings > 0] == 0).all() and levels.max() > 0
    assert (
        main(["report", "radio", str(tmp_path / "drawn"), "-o", str(tmp_path / "page.html"), "--data", str(cities())])
        == 0
    )
    judged = json.loads((tmp_path / "page.json").read_text())["judged"]
    assert math.isfinite(judged["drawn"]["mean"]["nmse"])


def test_a_first_stage_may_be_moved_and_not_exchanged(first, tmp_path):
    short = ("train_num_steps: 5", "train_num_steps: 1")
    one, two = tmp_path / "one.pt", tmp_path / "two.pt"
    one.write_bytes((first / "model-3.pt").read_bytes())
    train(small(SECOND, tmp_path / "run", trained_by(one), short))
    one.rename(two)
    again = small(SECOND, tmp_path / "again", trained_by(two), short)
    train(again)
    same_files(tmp_path / "run", tmp_path / "again")
    two.write_bytes((first / "model-2.pt").read_bytes())
    with pytest.raises(BadInput, match="another recipe"):
        train(again)


def test_sliding_windows_cover_the_map(first, tmp_path):
    assert (
        sampling.starts(10, 4, 3) == [0, 3, 6]
        and sampling.starts(4, 4, 9) == [0]
        and sampling.starts(9, 4, 4) == [0, 4, 5]
    )
    configuration = small(
        SECOND, tmp_path / "ldm", trained_by(first / "model-3.pt"), ("train_num_steps: 5", "train_num_steps: 1")
    )
    train(configuration)
    drawer = sampling.Drawer(configuration, tmp_path / "ldm" / "model-1.pt", 2)
    conds = torch.zeros(1, 3, 256, 256) - 1
    whole = drawer.levels(conds, [(1, 2)], 0)
    assert np.array_equal(whole[0], drawer.levels(torch.cat([conds, conds]), [(5, 5), (1, 2)], 0)[1])
    wide = torch.zeros(1, 3, 32, 48) - 1
    drawer.sampler = replace(drawer.sampler, sample_type="slide", stride=(16, 16), crop_size=(32, 32))
    parts = [drawer._whole(wide[..., left : left + 32], [(1, 2)], 0, place) for place, left in enumerate((0, 16))]
    slid = drawer._slide(wide, [(1, 2)], 0)
    assert torch.equal(slid[..., :16], parts[0][..., :16]) and torch.allclose(
        slid[..., 20], (parts[0][..., 20] + parts[1][..., 4]) / 2
    )


def test_a_plateau_and_an_empty_posterior_end_a_run(first, tmp_path):
    one = trainer(small(FIRST, tmp_path, ("log_freq: 2", "log_freq: 2, plateau_steps: 10")))
    one.best, one.best_at, one.done = 0.5, 3, 12
    assert not one.over()
    one.done = 13
    assert one.over() and "has not improved on 0.5 for 10 steps" in one.ending()
    one.best_at, one.kl = 12, 1e-9
    assert "below kl_floor" in one.ending()


def test_training_stops_with_a_sentence_where_numbers_are_not_finite(tmp_path):
    one = trainer(small(FIRST, tmp_path))
    with pytest.raises(BadInput, match="nll is nan in step 1; lower"):
        one.note({"nll": math.nan})
    next(iter(one.network.parameters())).data.fill_(math.nan)
    with pytest.raises(BadInput, match="left the finite numbers in encoder"):
        one.state()
    with pytest.raises(BadInput, match="the gradients' norm is nan in step 1"):
        one.advance(0)


def run_by(tmp_path, text, *words):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return main(["train", "radio", "--cfg", str(path), *words])


def test_the_command_trains_and_goes_on_to_nothing(first, tmp_path, capsys):
    text = written(FIRST, tmp_path / "elsewhere", ("train_num_steps: 5", "train_num_steps: 2"))
    assert run_by(tmp_path, text, "-o", str(tmp_path / "run"), "--json") == 0
    out = json.loads(capsys.readouterr().out)
    assert out["steps"] == 2 and not (tmp_path / "elsewhere").exists() and (tmp_path / "run" / "logs").is_dir()
    (tmp_path / "own.yaml").write_text(text)
    capsys.readouterr()
    assert train_cond_ldm.main(["--cfg", "radio_train"]) == 2
    assert "did you mean radio_train_m?" in capsys.readouterr().err
    assert train_cond_ldm.main(["--cfg", str(tmp_path / "own.yaml"), "-o", str(tmp_path / "run")]) == 0
    assert "bittrue-random-perceptual and not LPIPS" in capsys.readouterr().err


BAD = [
    (FIRST, [("accumulate_every: 2", "accumulate_every: 0")], "gradient_accumulate_every is 0; it must be 1 to"),
    (FIRST, [("  embed_dim: 3", "  embed_dim: 3\n  ckpt_path: nowhere.pt")], "cannot read the checkpoint nowhere.pt"),
    (FIRST, [("log_freq: 2", "log_freq: 2, resume_milestone: 3")], "model-3.pt, which is not there"),
    (SECOND, [], "the diffusion model needs a trained first stage"),
    (SECOND, [("  default_scale: false", "  perceptual_weight: 1")], "perceptual_weight is 1"),
    (SECOND, [("channels: 3, cond", "channels: 3, DPMCARK: true, cond")], "the data give 3"),
    (SECOND, [("name: radio", "name: IRT4")], "has no folder gain/IRT4"),
]


@pytest.mark.parametrize(("text", "changes", "sentence"), BAD, ids=range(len(BAD)))
def test_bad_input_is_one_sentence(text, changes, sentence, tmp_path, capsys):
    assert run_by(tmp_path, written(text, tmp_path / "run", *changes)) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert sentence in said[-1] and not (tmp_path / "run").exists()


def test_files_of_the_other_stage_or_configuration_are_refused(first, tmp_path, capsys):
    ldm = written(
        SECOND, tmp_path / "ldm", trained_by(first / "model-3.pt"), ("train_num_steps: 5", "train_num_steps: 1")
    )
    assert run_by(tmp_path, ldm) == 0
    other = written(
        FIRST, tmp_path / "x", ("  embed_dim: 3", f"  embed_dim: 3\n  ckpt_path: {tmp_path / 'ldm' / 'model-1.pt'}")
    )
    assert run_by(tmp_path, other) == 2
    assert "is a checkpoint of the diffusion model and one of the first stage" in capsys.readouterr().err
    assert run_by(tmp_path, ldm.replace("lr: 1.0e-3", "lr: 1.0e-4")) == 2
    assert "another recipe" in capsys.readouterr().err
    assert main(["radio", "sample", str(first), "-o", str(tmp_path / "d")]) == 2
    assert "a first stage, which draws no maps" in capsys.readouterr().err
    for words in (["--cfg", "first_radio", "--preset", "tiny"], ["--preset", "tinny"]):
        assert main(["train", "radio", *words]) == 2
    assert "did you mean tiny?" in capsys.readouterr().err


def test_a_folder_without_maps_is_signed_anew(tmp_path):
    sampling.sign(tmp_path, {"seed": 1})
    sampling.sign(tmp_path, {"seed": 2})
    (tmp_path / "1_2.png").write_bytes(b"")
    sampling.sign(tmp_path, {"seed": 2})
    with pytest.raises(BadInput, match="drawn by other settings"):
        sampling.sign(tmp_path, {"seed": 1})


def test_a_milestone_is_gone_on_from(first, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "model-2.pt").write_bytes((first / "model-2.pt").read_bytes())
    found = train(small(FIRST, folder, ("log_freq: 2", "log_freq: 2, resume_milestone: 2")))
    assert found.trainer.done == 5
    assert (folder / "model-3.pt").read_bytes() == (first / "model-3.pt").read_bytes()


def test_a_trained_first_stage_is_read_as_a_public_file(first):
    from bittrue.apps.radio.models.public_files import load_first_stage

    model = AutoencoderKL(run_folder.load(first).model)
    load_first_stage(model, first / "model-3.pt", average=False)
    state = torch.load(first / "model-3.pt", weights_only=True)
    assert torch.equal(model.state_dict()["quant_conv.weight"], state["model"]["quant_conv.weight"])
    load_first_stage(model, first / "model-3.pt", average=True)
    assert torch.equal(model.state_dict()["quant_conv.weight"], state["ema"]["ema_model.quant_conv.weight"])


def test_processes_share_a_batch(tmp_path):
    configuration = small(FIRST, tmp_path, ("batch_size: 2", "batch_size: 3"))
    one = trainer(configuration)
    whole, _, weight = one.batch(1)
    drawn = torch.arange(3)
    assert weight == 1 and torch.equal(one.own(drawn), drawn)
    parts = []
    for rank in (0, 1):
        one.team.rank, one.team.size = rank, 2
        images, _, weight = one.batch(1)
        assert torch.equal(images, whole[rank::2]) and torch.equal(one.own(drawn), drawn[rank::2])
        parts.append(weight * images.mean())
    assert sum(parts).item() / 2 == pytest.approx(whole.mean().item(), rel=1e-5)


def test_a_preset_trains_both_stages(tmp_path, monkeypatch, capsys):
    from bittrue.apps.radio.published import presets

    short = ("train_num_steps: 5", "train_num_steps: 1")
    own = {"tiny_vae": small(FIRST, tmp_path, short), "tiny_ldm": small(SECOND, tmp_path, short)}
    monkeypatch.setattr(presets, "load", own.__getitem__)
    assert main(["train", "radio", "--preset", "tiny", "-o", str(tmp_path), "--data", str(cities()), "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["vae"]["steps"] == out["ldm"]["steps"] == 1
    assert run_folder.load(tmp_path / "ldm").first_stage.ckpt_path == str(tmp_path / "vae" / "model-1.pt")


@pytest.mark.parametrize("text", [FIRST, SECOND], ids=["first", "second"])
def test_mixed_precision_is_optional(text, first, tmp_path):
    changes = [("log_freq: 2", "log_freq: 2, amp: true"), ("disc_start: 2", "disc_start: 0")]
    one = trainer(small(text, tmp_path, *changes, *([trained_by(first / "model-3.pt")] if text is SECOND else [])))
    assert all(math.isfinite(value) for value in one.advance(0).values())
    assert {value.dtype for value in one.network.parameters()} == {torch.float32}


def test_the_unet_alone_is_taken_from_a_file(first, tmp_path):
    begun = trained_by(first / "model-3.pt")
    short = ("train_num_steps: 5", "train_num_steps: 1")
    whole = train(small(SECOND, tmp_path / "a", begun, short)).trainer.whole
    name = "  image_size: [32, 32]"
    file = f"{name}\n  ckpt_path: {tmp_path / 'a' / 'model-1.pt'}\n  only_model: "
    for only in (True, False):
        keys = [(name, file + str(only).lower()), *([begun] if only else [])]
        found = trainer(small(SECOND, tmp_path / "b", *keys)).whole.state_dict()
        assert torch.equal(found["model.final_conv.weight"], whole.state_dict()["model.final_conv.weight"])
        assert torch.equal(found["first_stage_model.quant_conv.weight"], whole.first_stage_model.quant_conv.weight)
    with pytest.raises(BadInput, match="needs a trained first stage"):
        trainer(small(SECOND, tmp_path / "b", (name, file + "true")))
