"""Altered and random signals to train on, and which rows are for what."""

import numpy as np
import pytest
from plain_recipe import TEXT
from tiny_pa import band_limited, mild_amplifier

from bittrue.apps.dpd import recipe
from bittrue.apps.dpd.amplifiers import arena
from bittrue.apps.dpd.amplifiers.pa import power
from bittrue.apps.dpd.captures import augment, data
from bittrue.apps.dpd.captures.augment import Compose, Drift, Gain, Noise, Phase
from bittrue.apps.dpd.training.examples import Examples, examples, teaching
from bittrue.errors import BadInput


def rng(seed=0):
    return np.random.default_rng(seed)


def plan(folder, extra=""):
    text = TEXT.replace('capture = "APA_200MHz_b"', f'capture = "{folder}"').replace("seed = 1", "seed = 1\nskip = 20")
    return recipe.parse((text + extra).encode(), "x")


def test_noise_has_the_stated_power():
    x = band_limited(5000, 0)
    noise = Noise(30.0)(x, rng()) - x
    assert 10 * np.log10(power(x) / power(noise)) == pytest.approx(30, abs=0.2)
    assert abs(np.vdot(noise, x)) / len(x) < 3e-2 * power(x)


def test_phase_and_gain_are_one_factor_within_their_bounds():
    x = band_limited(500, 0)
    angles, gains = [], []
    for seed in range(200):
        turned, louder = Phase(20.0)(x, rng(seed)), Gain(3.0)(x, rng(seed))
        factors = turned / x, louder / x
        assert all(np.ptp(abs(factor)) < 1e-9 for factor in factors)
        angles.append(np.rad2deg(np.angle(factors[0][0])))
        gains.append(20 * np.log10(abs(factors[1][0])))
        assert abs(abs(factors[0][0]) - 1) < 1e-12 and abs(np.angle(factors[1][0])) < 1e-12
    assert -20 <= min(angles) < -15 and 15 < max(angles) <= 20
    assert -3 <= min(gains) < -2.5 and 2.5 < max(gains) <= 3


def test_drift_is_slow_and_bounded():
    x = np.ones(4000, complex)
    for seed in range(20):
        y = Drift(1.0, 10.0)(x, rng(seed))
        gain, angle = 20 * np.log10(abs(y)), np.rad2deg(np.angle(y))
        assert abs(gain).max() <= 1 and abs(angle).max() <= 10 and np.ptp(gain) > 0.01 and np.ptp(angle) > 0.1
        assert abs(np.diff(angle)).max() < 0.03  # 20 degrees in a third of the signal, along a half cosine
    assert np.array_equal(Drift()(x, rng()), x)


def test_transforms_compose_in_order_and_depend_on_the_generator_alone():
    x = band_limited(300, 0)
    both = Compose((Gain(2.0), Noise(40.0)))
    first = rng(3)
    assert np.array_equal(both(x, rng(3)), Noise(40.0)(Gain(2.0)(x, first), first))
    assert not np.array_equal(both(x, rng(4)), both(x, rng(3)))
    assert np.array_equal(Compose(())(x, rng()), x)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("noise_db = 40", Noise),
        ("phase = 5", Phase),
        ("gain_db = 1", Gain),
        ("drift_db = 1", Drift),
        ("drift_degrees = 2", Drift),
    ],
)
def test_each_key_switches_one_transform_on(key, kind):
    section = recipe.parse((TEXT + f"[augment]\n{key}\n").encode(), "x").augment
    (transform,) = augment.of(section).transforms
    assert isinstance(transform, kind)
    assert augment.of(recipe.parse((TEXT + "[augment]\n").encode(), "x").augment).transforms == []


def test_copies_are_limited_and_differ():
    x = band_limited(1000, 0)
    section = recipe.parse((TEXT + "[augment]\ncopies = 3\ngain_db = 6\n").encode(), "x").augment
    made = augment.copies(section, x, 1, 1.0)
    assert len(made) == 3 and all(abs(copy).max() <= 1 + 1e-12 for copy in made)
    assert not np.array_equal(made[0], made[1])
    assert np.array_equal(made[0], augment.copies(section, x, 1, 1.0)[0])
    assert not np.array_equal(made[0], augment.copies(section, x, 2, 1.0)[0])


def test_a_plain_recipe_trains_on_the_splits_as_they_are(capture_folder):
    capture = data.load(capture_folder)
    found = examples(plan(capture_folder), capture, mild_amplifier)
    both = np.concatenate([capture.inputs["train"], capture.inputs["val"]])
    assert np.array_equal(data.to_complex(found.x), both)
    assert np.array_equal(found.rows, np.arange(20, 2400)) and found.validation == slice(2400, 3200)
    reached = mild_amplifier(data.to_complex(found.u))
    loud = abs(data.to_complex(found.u)) > 0.999 * capture.peak
    assert abs(reached - capture.gain * both)[~loud].max() < 1e-4


def test_surrogates_and_copies_come_between_the_splits_with_their_own_drives(capture_folder):
    capture = data.load(capture_folder)
    extra = "[data]\nsurrogates = 2\n[augment]\ncopies = 1\nphase = 90\n"
    found = examples(plan(capture_folder, extra), capture, mild_amplifier)
    x, u = data.to_complex(found.x), data.to_complex(found.u)
    assert found.trained == 4 * 2400 and len(x) == 4 * 2400 + 20 + 800
    assert np.array_equal(x[found.validation], capture.inputs["val"])
    assert np.array_equal(x[:2400], capture.inputs["train"]) and np.array_equal(x[9600:9620], x[2380:2400])
    rows = set(found.rows.tolist())
    for start in (2400, 4800, 7200):
        assert not rows & set(range(start - 20, start + 20)) and {start - 21, start + 20} <= rows
    assert not rows & set(range(20)) and max(rows) == 9600 - 21
    loud = abs(u) > 0.999 * capture.peak
    error = abs(mild_amplifier(u) - capture.gain * x)
    assert error[found.rows][~loud[found.rows]].max() < 1e-3
    others = x[2400:9600].reshape(3, 2400)
    assert abs(np.corrcoef(others[0], others[1])[0, 1]) < 0.2
    assert abs(np.vdot(others[2], x[:2400])) == pytest.approx(np.linalg.norm(others[2]) * np.linalg.norm(x[:2400]))


def test_frames_are_consecutive_rows_of_one_signal():
    zeros = np.zeros((100, 2))
    found = Examples(zeros, zeros, skip=5, trained=90, valid=95, starts=(0, 40, 90))
    assert [piece[[0, -1]].tolist() for piece in found.pieces] == [[5, 34], [45, 84]]
    assert found.frames(12, 12).tolist() == [5, 17, 45, 57, 69]
    assert found.frames(12, 12, offset=8).tolist() == [13, 53, 65]
    assert found.frames(12, 6, offset=0).tolist() == [5, 11, 17, 23, 45, 51, 57, 63, 69]
    with pytest.raises(BadInput, match="41 samples in a row"):
        found.frames(41, 41)


def test_the_digest_names_everything(capture_folder):
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    plain = Examples(x, x, 5, 40)
    others = [Examples(x, 2 * x, 5, 40), Examples(2 * x, x, 5, 40), Examples(x, x, 6, 40), Examples(x, x, 5, 41)]
    others += [Examples(x, x, 5, 40, 45), Examples(x, x, 5, 40, 45, (0, 20))]
    assert len({plain.digest, *(other.digest for other in others)}) == 7


@pytest.mark.parametrize("trained", [0, 2])
def test_signals_that_are_held_validate_and_the_others_stay_what_they_were(capture_folder, trained):
    capture = data.load(capture_folder)
    without, found = (
        examples(plan(capture_folder, f"[data]\nsurrogates = {trained}\nheld = {held}\n"), capture, mild_amplifier)
        for held in (0, 3)
    )
    assert np.array_equal(found.x[: len(without.x)], without.x) and np.array_equal(found.rows, without.rows)
    assert found.validation == slice(without.validation.start, len(without.x) + 3 * 2400)
    held = data.to_complex(found.x[len(without.x) :]).reshape(3, 2400)
    assert all(abs(np.corrcoef(one, data.to_complex(found.x[:2400]))[0, 1]) < 0.2 for one in held)
    error = abs(mild_amplifier(data.to_complex(found.u)) - capture.gain * data.to_complex(found.x))
    loud = abs(data.to_complex(found.u)) > 0.999 * capture.peak
    assert error[found.validation][~loud[found.validation]].max() < 1e-3


def test_the_ideal_drive_is_computed_once(capture_folder):
    capture, calls = data.load(capture_folder), []

    def counted(u):
        calls.append(len(u))
        return mild_amplifier(u)

    first = examples(plan(capture_folder), capture, counted)
    asked = len(calls)
    second = examples(plan(capture_folder), capture, counted)
    assert np.array_equal(first.u, second.u) and asked > 10 and len(calls) == asked + 1  # a probe says which amplifier
    third = examples(plan(capture_folder), capture, lambda u: 0.9 * counted(u))
    assert not np.array_equal(first.u, third.u)


def test_the_arena_teaches_on_its_own_splits(capture_folder):
    try:
        splits = arena.signals()
    except BadInput as error:
        pytest.skip(str(error))
    chosen = recipe.parse((TEXT + '[data]\namplifier = "arena"\n').encode(), "x")
    capture = teaching(chosen)
    assert capture.digest == splits.digest and len(capture.inputs["train"]) == 25307
    found = examples(chosen, capture, lambda u: 0.9 * u)
    assert found.validation.stop - found.validation.start == 6327 and found.rows[-1] == 25306
    whole = np.concatenate([data.load().inputs[split] for split in data.SPLITS])
    assert abs(data.to_complex(found.x) - whole[: len(found.x)]).max() < 1e-7  # one stretch of the capture
    assert len(found.x) == 31834 < 32034  # where the Arena's test split begins
    with pytest.raises(BadInput, match="the Arena has none for tiny_pa"):
        teaching(plan(capture_folder, '[data]\namplifier = "arena"\n'))
