import numpy as np
import pytest
from tiny_pa import band_limited

from bittrue.apps.dpd.amplifiers import gmp, pa
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.metrics import Channel
from bittrue.errors import BadInput

CHANNEL = Channel(800e6, 200e6, 5, 400)
SMALL = Structure.aligned(3, [0, 2]) + Structure.crossed(2, [1], reach=2)


def noise(samples, seed):
    parts = np.random.default_rng(seed).standard_normal((2, samples)) / 4
    return parts[0] + 1j * parts[1]


def by_formula(structure, coefficients, u):
    def at(n):
        return u[n] if 0 <= n < len(u) else 0

    return [
        sum(c * at(n - m) * abs(at(n - m - k)) ** p for c, (p, m, k) in zip(coefficients, structure.terms, strict=True))
        for n in range(len(u))
    ]


def test_the_structure_of_terms():
    assert Structure.aligned(2, [0, 3]).terms == ((0, 0, 0), (0, 1, 0), (3, 0, 0), (3, 1, 0))
    assert Structure.crossed(2, [1], reach=1).terms == ((1, 0, 1), (1, 1, -1), (1, 1, 1))
    assert SMALL.memory == 3 and len(pa.STRUCTURE.terms) == 234


def test_a_polynomial_that_looks_ahead_is_refused():
    for terms in (((0, -1, 0),), ((1, 0, -1),), ()):
        with pytest.raises(BadInput, match="m >= 0"):
            Structure(terms)


def test_the_output_is_the_formula(monkeypatch):
    monkeypatch.setattr(gmp, "BLOCK", 16)
    u, coefficients = noise(50, 0), noise(len(SMALL.terms), 1)
    assert np.allclose(SMALL.evaluate(coefficients, u), by_formula(SMALL, coefficients, u), rtol=1e-12)


def test_a_synthetic_amplifier_is_recovered(monkeypatch):
    monkeypatch.setattr(gmp, "BLOCK", 256)
    u, coefficients = noise(2000, 2), noise(len(SMALL.terms), 3)
    y = SMALL.evaluate(coefficients, u)
    found = pa.solve(u, y, CHANNEL, pa.Settings(ridge=1e-14, flat=1e-16), SMALL)
    assert np.allclose(found, coefficients, atol=1e-9)
    assert np.allclose(gmp.fit(SMALL, u, y, 1e-14), coefficients, atol=1e-9)


def test_what_comes_before_the_capture_does_not_matter():
    u, coefficients = noise(2000, 2), noise(len(SMALL.terms), 3)
    y = SMALL.evaluate(coefficients, u)[500:]
    assert np.allclose(gmp.fit(SMALL, u[500:], y, 1e-14), coefficients, atol=1e-9)


def test_the_drive_is_limited_with_its_phase_kept():
    twin = pa.Twin(Structure.aligned(1, [0]), np.array([2.0 + 0j]), 0.5)
    assert np.allclose(twin(np.array([0.25j, 3 - 4j, 0])), [0.5j, 0.6 - 0.8j, 0])


def test_the_prior_keeps_the_unexcited_band_flat():
    u = band_limited(6000, 4)
    y = u - 0.2 * u * abs(u) ** 2 + 0.02 * noise(6000, 5)
    structure = Structure.aligned(12, [0, 1, 2])

    def outside(settings):
        return pa.Twin(structure, pa.solve(u, y, CHANNEL, settings, structure), 1.0).tap_gain(CHANNEL)[1]

    assert 0.8 < outside(pa.Settings()) < 1.2
    assert outside(pa.Settings(flat=1e-16, ridge=1e-9)) > 2


def test_a_capture_that_is_too_short_is_refused():
    u = noise(20, 5)
    with pytest.raises(BadInput, match="capture more"):
        pa.solve(u, u, CHANNEL, pa.Settings(), SMALL)


def test_the_twin_is_computed_once(capture_folder, monkeypatch, tmp_path):
    capture = data.load(capture_folder)
    first = pa.fit(capture, structure=SMALL)
    calls = []
    monkeypatch.setattr(pa, "solve", lambda *a: calls.append(a) or np.zeros(len(SMALL.terms), complex))
    assert np.array_equal(pa.fit(capture, structure=SMALL).coefficients, first.coefficients) and not calls
    pa.fit(capture, pa.Settings(ridge=1e-3), SMALL)
    assert len(calls) == 1
    for path in (tmp_path / "build" / "dpd").iterdir():
        path.write_bytes(b"damaged")
    pa.fit(capture, structure=SMALL)
    assert len(calls) == 2


def test_the_twin_of_the_default_capture():
    try:
        capture = data.load()
    except BadInput as error:
        pytest.skip(str(error))
    from bittrue.apps.dpd.closed_loop import output
    from bittrue.apps.dpd.metrics import nmse

    twin = pa.fit(capture)
    assert nmse(output(capture, twin), capture.outputs["test"], capture.channel) < -37.8
    inside, outside = twin.tap_gain(capture.channel)
    assert 1.1 < inside < 1.4 and outside < 1.4
