import numpy as np
import pytest
from tiny_pa import band_limited, mild_amplifier

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import amplifier, baselines, pa, polynomial
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.captures import data
from bittrue.errors import BadInput

SMALL = Structure.aligned(4, range(4))


@pytest.fixture
def model(capture_folder, monkeypatch):
    monkeypatch.setattr(pa.fit, "__defaults__", (pa.Settings(), SMALL + Structure.crossed(2, [1], reach=1)))
    for kind in (polynomial.MEMORY, polynomial.GENERALISED):
        monkeypatch.setitem(kind, 250, SMALL)
    return amplifier.load("twin", data.load(capture_folder))


def test_the_sizes_keep_their_budgets():
    for structures in (polynomial.MEMORY, polynomial.GENERALISED):
        assert tuple(structures) == polynomial.BUDGETS
        for budget, structure in structures.items():
            assert 0.9 * budget < 2 * len(structure.terms) <= budget
            assert len(set(structure.terms)) == len(structure.terms)


def test_iterated_indirect_learning_converges_on_a_mild_amplifier():
    x = band_limited(4000, 0)
    found = polynomial.indirect(mild_amplifier, Structure.aligned(5, range(6)), x, 0.9, 1.0)
    assert found.errors[0] > -16 and min(found.errors) < -35 and len(found.errors) == 6
    fresh = 0.9 * band_limited(4000, 9)
    u = Structure.aligned(5, range(6)).evaluate(found.coefficients, fresh)
    assert np.linalg.norm(mild_amplifier(u) - 0.9 * fresh) < 0.03 * np.linalg.norm(0.9 * fresh)


def test_the_best_iteration_is_kept_where_it_diverges():
    calls = []

    def moody(u):  # from its fourth signal on, it answers with noise
        calls.append(u)
        y = mild_amplifier(u)
        return y if len(calls) < 4 else y + 5 * np.random.default_rng(len(calls)).standard_normal(len(u))

    x = band_limited(2000, 1)
    found = polynomial.indirect(moody, SMALL, x, 0.9, 1.0, iterations=20)
    assert len(calls) == len(found.errors) == 4  # it gave up at once
    last = polynomial.indirect(mild_amplifier, SMALL, x, 0.9, 1.0, iterations=2)
    assert np.array_equal(found.coefficients, last.coefficients)


def test_learning_that_never_helps_is_refused():
    def deaf(u):
        return 0.9 * u + 1e-3 * np.random.default_rng(0).standard_normal(len(u))

    with pytest.raises(BadInput, match=r"without predistortion; raise its ridge"):
        polynomial.indirect(deaf, Structure.aligned(1, [3]), band_limited(2000, 2), 0.9, 1.0)


def test_the_drive_that_is_learned_from_is_limited():
    seen = []

    def amplifier(u):
        seen.append(abs(u).max())
        return mild_amplifier(u)

    polynomial.indirect(amplifier, SMALL, band_limited(2000, 3), 1.1, 0.8)
    assert max(seen) <= 0.8 * (1 + 1e-12)


def test_rows_of_a_table(model):
    said = []
    rows = list(baselines.rows(model, model.capture, (250,), said.append))
    assert [(row.name, row.parameters) for row in rows] == [
        ("none", 0),
        ("memory polynomial, ideal drive", 32),
        ("memory polynomial, indirect", 32),
        ("GMP, ideal drive", 32),
        ("GMP, indirect", 32),
        (baselines.CEILING, 0),
    ]
    assert said == [f"{row.name}, 250" for row in rows[1:5]]
    nmse = {row.name: closed_loop.judge(model.capture, model, row.predistort).nmse for row in rows}
    assert nmse[baselines.CEILING] < nmse["GMP, ideal drive"] - 10
    for name in ("GMP, ideal drive", "memory polynomial, indirect"):
        assert nmse[name] < nmse["none"] - 15


def test_coefficients_are_computed_once(model, monkeypatch):
    first = [
        row.predistort(np.array([0.5, 0.2j, 0])) for row in list(baselines.rows(model, model.capture, (250,)))[1:5]
    ]
    monkeypatch.setattr(polynomial, "indirect", None)
    monkeypatch.setattr(baselines.gmp, "fit", None)
    again = [
        row.predistort(np.array([0.5, 0.2j, 0])) for row in list(baselines.rows(model, model.capture, (250,)))[1:5]
    ]
    assert np.array_equal(first, again)


def test_another_amplifier_has_other_coefficients(model):
    import dataclasses

    other = dataclasses.replace(model, run=lambda u: 0.9 * model(u))
    x = model.capture.inputs["train"]
    one, two = (baselines.ceiling(m, model.capture)(x) for m in (model, other))
    assert not np.allclose(one, two)
