"""What the nets of the noise GANs see: padding, spectrograms, scalers and quantiles, there and back."""

import numpy as np
import pytest
from noise_gan_small import STFT, WAVE, signals, small

pytest.importorskip("scipy", reason="SciPy is missing: install the extra noise")

from bittrue.apps.noise.gan.plan import plan
from bittrue.apps.noise.gan.quantiles import LIMIT, Quantiles
from bittrue.apps.noise.gan.scalers import Scaler
from bittrue.apps.noise.gan.transform import FILE, Transform, padded, represented
from bittrue.errors import BadInput

SCALERS = ("feature_min_max", "feature_max_abs", "global_min_max", "global_max_abs")


def dataset(**keys):
    return {"dataloader_specs": {"dataset_specs": keys}}


@pytest.mark.parametrize("data_rep", ["IQ", "log_mag_IF", "log_mag_GD", "log_mag_IQ"])
@pytest.mark.parametrize("fft_shift", [False, True])
@pytest.mark.parametrize(("is_complex", "noverlap"), [(False, 0.5), (True, 0.75)])
def test_spectrograms_come_back(data_rep, fft_shift, is_complex, noverlap):
    x = signals(5, 200, 1, is_complex)  # padded to 256
    made = plan(small(STFT, dataset(data_rep=data_rep, fft_shift=fft_shift, noverlap=noverlap)), 200, is_complex)
    transform, values = Transform.fitted(made, x)
    assert values.shape == (5, 3 if data_rep == "log_mag_IQ" else 2, *made.sizes) and np.abs(values).max() <= 1 + 1e-6
    back = transform.inverse(values)
    assert back.shape == (5, 200) and np.iscomplexobj(back) == is_complex
    assert np.abs(back - x).max() < 1e-3  # float32 logarithms and phases


def test_a_spectrogram_shows_a_tone_where_it_is():
    n = np.arange(256)
    tone = np.exp(2j * np.pi * n * 8 / 32)[None]
    for fft_shift, place in ((False, 8), (True, 24)):
        made = plan(small(STFT, dataset(fft_shift=fft_shift)), 256, True)
        power = np.square(represented(made, tone)).sum(axis=(0, 1, 3))
        assert int(np.argmax(power)) == place
        assert represented(made, tone)[0, 0, place].max() == pytest.approx(1, abs=1e-3)  # divided by the window's sum


@pytest.mark.parametrize(("data_rep", "axis"), [("log_mag_IF", 3), ("log_mag_GD", 2)])
def test_phases_are_differences_along_their_axis(data_rep, axis):
    iq = represented(plan(small(STFT), 256, True), x := signals(3, 256, 2, True))
    found = represented(plan(small(STFT, dataset(data_rep=data_rep)), 256, True), x)
    z = iq[:, 0] + 1j * iq[:, 1]
    assert np.allclose(found[:, 0], np.log10(np.abs(z)), atol=1e-4)
    phase = np.cumsum(found[:, 1], axis=axis - 1)
    assert np.abs(np.exp(1j * phase) - z / np.abs(z)).max() < 1e-3
    steps = np.diff(phase, axis=axis - 1)
    assert np.abs(steps).max() <= np.pi + 1e-4


def test_silence_has_finite_logarithms():
    made = plan(small(STFT, dataset(data_rep="log_mag_IF")), 256, False)
    values = represented(made, np.zeros((2, 256)))
    assert np.isfinite(values).all() and values[:, 0].max() == pytest.approx(-10)


def test_padding_puts_the_last_samples_in_front():
    x = np.arange(6.0)[None]
    assert padded(x, 8)[0].tolist() == [4, 5, 0, 1, 2, 3, 4, 5] and padded(x, 6) is x
    made = plan(small(WAVE), 200, False)
    transform, values = Transform.fitted(made, signals(3, 200))
    assert values.shape == (3, 1, 256)
    assert np.allclose(transform.inverse(values), signals(3, 200), atol=1e-5)


@pytest.mark.parametrize("kind", SCALERS)
def test_scalers_invert_with_the_training_set(kind):
    x = np.float32(signals(50, 16))[:, None, :]
    x[:, :, 3] = 7  # a feature that never changes
    scaler = Scaler.fitted(x, kind)
    y = scaler.transform(x.copy())
    assert np.abs(y).max() == pytest.approx(1, abs=1e-6)
    assert np.allclose(scaler.inverse(y), x, atol=1e-5)
    made = scaler.inverse(0.5 * y)  # what a generator of half the range makes is not stretched to the whole one
    centre, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 2
    if kind == "global_min_max":
        assert np.allclose(made, centre + 0.5 * (x - centre), atol=1e-4)
        assert np.abs(made - centre).max() < 0.6 * half
    if kind.startswith("feature"):
        per_feature = np.abs(y).max(axis=(0, 1))
        assert np.allclose(per_feature[np.arange(16) != 3], 1, atol=1e-6)
    if kind == "feature_min_max":
        assert (scaler.inverse(np.ones_like(y))[:, :, 3] == 7).all()
    if kind.endswith("max_abs"):
        assert np.allclose(scaler.inverse(np.zeros_like(y)), 0)


@pytest.mark.parametrize("kind", ["channel", "feature"])
def test_quantiles_make_normal_values_and_come_back(kind):
    x = np.float32(np.random.default_rng(0).standard_cauchy((3000, 2, 4)))
    transform = Quantiles.fitted(x, kind)
    assert transform.quantiles.shape == (1024, 2 if kind == "channel" else 8)
    y = transform.transform(x.copy())
    assert abs(y.mean()) < 0.02 and y.std() == pytest.approx(1, abs=0.03) and np.abs(y).max() <= LIMIT
    assert transform.limit == pytest.approx(LIMIT, abs=1e-4)  # the extremes of the training set
    back = transform.inverse(y)
    middle = np.abs(x) < 10
    assert np.allclose(back[middle], x[middle], rtol=0.01, atol=0.01)
    beyond = transform.inverse(np.full((1, 2, 4), 9, np.float32))
    assert np.array_equal(
        beyond[0].ravel(), x.max(axis=(0, 2)).repeat(4) if kind == "channel" else x.max(axis=0).ravel()
    )


@pytest.mark.parametrize("kind", ["channel", "feature"])
def test_quantiles_are_those_of_scikit_learn(kind):
    preprocessing = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn, the judge, is not installed")
    x = np.float32(np.random.default_rng(1).integers(-20, 20, (2000, 1, 3)) / 4)  # with values that repeat
    columns = x.reshape(-1, 1) if kind == "channel" else x.reshape(2000, 3)
    judge = preprocessing.QuantileTransformer(n_quantiles=1024, subsample=10**9, output_distribution="normal")
    expected = judge.fit_transform(columns.astype(np.float64)).reshape(x.shape)
    found = Quantiles.fitted(x, kind).transform(x.copy())
    assert np.allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("over", [STFT, dataset(quantize="channel"), dataset(quantize="feature")], ids=str)
def test_transforms_come_back_from_their_file(tmp_path, over):
    made = plan(small(over), 256, False)
    transform, values = Transform.fitted(made, signals(30, 256))
    path = tmp_path / FILE
    path.write_bytes(transform.content())
    again = Transform.read(made, path)
    assert again.limit == transform.limit and np.array_equal(again.inverse(values), transform.inverse(values))
    longer = plan(small(over, dataset(data_scaler="feature_min_max"), {"model_specs": {"model_levels": 2}}), 512, False)
    wrong = Transform.fitted(longer, signals(30, 512))[0].content()
    if "channel" not in str(over):  # whose statistics fit any length
        (tmp_path / "other").write_bytes(wrong)
        with pytest.raises(BadInput, match="does not belong to this configuration"):
            Transform.read(made, tmp_path / "other")
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + np.float32(np.nan).tobytes())
    with pytest.raises(BadInput, match="no finite number"):
        Transform.read(made, path)
    path.write_bytes(whole[:-9])
    with pytest.raises(BadInput, match="corrupt"):
        Transform.read(made, path)


def test_quantized_nets_reach_as_far_as_the_training_set():
    made = plan(small(dataset(quantize="channel"), {"model_specs": {"use_tanh": False}}), 256, False)
    assert made.settings.model_specs.use_tanh and made.quantized
    assert Transform.fitted(made, signals(30, 256))[0].limit == pytest.approx(LIMIT, abs=1e-4)
