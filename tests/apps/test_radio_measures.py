"""Measures against their formulas written out, baselines that find what was put in, and the rows of the real maps."""

from __future__ import annotations

import numpy as np
import pytest
from radio_folder import made, real

from bittrue.apps.radio.baselines import NAMES, Baselines
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.measures import HIGHEST, Measures, judge, mean
from bittrue.apps.radio.propagation.grey import levels
from bittrue.apps.radio.ssim import ssim
from bittrue.errors import BadInput


def noisy(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    a = random.random((24, 30))
    return a, np.clip(a + 0.2 * random.standard_normal(a.shape), 0, 1)


def by_windows(a: np.ndarray, b: np.ndarray, span: float) -> float:
    """SSIM window by window, as the paper writes it."""
    side = np.arange(-5, 6)
    weight = np.exp(-(side[:, None] ** 2 + side[None, :] ** 2) / (2 * 1.5**2))
    weight /= weight.sum()
    found = []
    for y in range(5, a.shape[0] - 5):
        for x in range(5, a.shape[1] - 5):
            p, q = (v[y - 5 : y + 6, x - 5 : x + 6] for v in (a, b))
            mp, mq = (weight * p).sum(), (weight * q).sum()
            vp, vq = (weight * (p - mp) ** 2).sum(), (weight * (q - mq) ** 2).sum()
            both = (weight * (p - mp) * (q - mq)).sum()
            c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
            found.append((2 * mp * mq + c1) * (2 * both + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return float(np.mean(found))


@pytest.mark.parametrize("span", [1.0, 255.0])
def test_ssim_is_that_of_the_paper(span):
    a, b = noisy(1)
    assert ssim(a * span, b * span, span) == pytest.approx(by_windows(a * span, b * span, span), abs=1e-9)


def test_ssim_is_that_of_scikit_image():
    # skimage.metrics.structural_similarity 0.26, gaussian_weights, sigma 1.5, no sample covariance, data_range 1
    random = np.random.default_rng(0)
    a = random.random((256, 256))
    b = np.clip(a + 0.1 * random.standard_normal(a.shape), 0, 1)
    assert ssim(a, b, 1.0) == pytest.approx(SKIMAGE, abs=1e-9)


SKIMAGE = 0.9450268363479123


def test_measures_are_their_formulas():
    truth = np.full((32, 32), 100, np.uint8)
    buildings = np.zeros((32, 32), np.uint8)
    buildings[:16], truth[:16] = 255, 0
    off = truth.copy()
    off[16:] = 151
    found = judge(truth, off, buildings)
    assert found.nmse == pytest.approx(51**2 / 100**2) and found.nmse_db == pytest.approx(20 * np.log10(0.51))
    assert found.rmse == pytest.approx(0.2 / 2**0.5)
    assert found.psnr == pytest.approx(-20 * np.log10(found.rmse))
    assert found.street_rmse == pytest.approx(0.2 * 99.16) and found.street_bias == pytest.approx(0.2 * 99.16)
    assert judge(off, truth, buildings).street_bias < 0
    assert judge(truth, truth, buildings) == Measures(0, 0, 1, HIGHEST, 0, 0)


def test_a_black_truth_gives_numbers():
    black = np.zeros((32, 32), np.uint8)
    assert judge(black, black, black).nmse == 0 and judge(black, black + 1, black).nmse == 1


def test_means_are_over_maps():
    rows = [Measures(1, 2, 3, 4, 5, 6), Measures(3, 4, 5, 6, 7, 8)]
    assert mean(rows) == Measures(2, 3, 4, 5, 6, 7)


def scene(a: float, b: float) -> Scene:
    """Free space by a line, over a street with one house."""
    buildings = np.zeros((256, 256), np.uint8)
    buildings[10:30, 10:40] = 255
    antenna = np.zeros((256, 256), np.uint8)
    antenna[128, 100] = 255
    y, x = np.indices((256, 256))
    distance = np.maximum(np.hypot(y - 128, x - 100), 1)
    truth = np.where(buildings > 0, 0, levels(a + b * np.log10(distance))).astype(np.uint8)
    return Scene(1, 0, buildings, antenna, truth, buildings, 128, 100)


def test_a_formula_finds_the_line_that_made_the_map():
    found = Baselines.fitted([scene(240, -60)])
    assert found.formula == pytest.approx((240, -60), abs=0.05) and found.maps == 1
    predicted = found.predict(scene(240, -60))
    assert tuple(predicted) == NAMES
    assert all(not levels_[10:30, 10:40].any() for levels_ in predicted.values())
    assert abs(predicted[NAMES[2]].astype(int) - scene(240, -60).truth).max() <= 1
    assert abs(predicted[NAMES[1]].astype(int) - scene(240, -60).truth).max() <= 1


def test_no_training_map_is_a_sentence():
    with pytest.raises(BadInput, match="no training map with a street"):
        Baselines.fitted([])


def test_the_propagation_model_is_what_made_the_synthetic_maps():
    maps = RadioMaps(made(), View(split="all"))
    baselines = Baselines.fitted(maps.scenes())
    for found in maps.scenes():
        predicted = baselines.predict(found)
        assert np.array_equal(predicted["propagation model"], found.truth)
        errors = [judge(found.truth, predicted[name], found.buildings).nmse for name in NAMES]
        assert errors[0] > errors[2] > errors[3] > errors[4] == 0


def rows_of(train: RadioMaps, test: RadioMaps) -> dict[str, Measures]:
    baselines = Baselines.fitted(train.scenes())
    rows: dict[str, list[Measures]] = {name: [] for name in NAMES}
    for found in test.scenes():
        for name, levels_ in baselines.predict(found).items():
            rows[name].append(judge(found.truth, levels_, found.buildings))
    return {name: mean(row) for name, row in rows.items()}


def test_on_real_cities_each_baseline_beats_the_simpler_one():
    train, test = (RadioMaps(real(), View(split=split)) for split in ("1-4", "12-14"))
    rows = rows_of(train, test)
    errors = [rows[name].nmse for name in (NAMES[0], NAMES[2], NAMES[3], NAMES[4])]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.015


@pytest.mark.heavy
def test_rows_of_real_cities_that_nothing_was_fitted_on():
    train, test = (RadioMaps(real(), View(split=split)) for split in ("0-10", "11-99"))
    assert (len(train), len(test)) == (20, 22)
    rows = rows_of(train, test)
    # as python benchmarks/radio_calibration.py prints them
    wanted = {"path-loss formula, fitted": (0.0730, 0.0921, 0.896), "propagation model": (0.0121, 0.0285, 0.947)}
    for name, row in wanted.items():
        m = rows[name]
        assert (m.nmse, m.rmse, m.ssim) == pytest.approx(row, abs=6e-4)
