"""Polynomials as nets: the same function, words that hold it, and the choice of terms."""

import json

import numpy as np
import pytest
from tiny_pa import band_limited

from bittrue import spec
from bittrue.apps.dpd import closed_loop, float_net
from bittrue.apps.dpd.amplifiers import amplifier, gmp, pa
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.polynomials import polynomial_plan
from bittrue.apps.dpd.polynomials.polynomial_fit import MARGIN, choose, structures
from bittrue.apps.dpd.polynomials.polynomial_net import POWERS, holding, net_of
from bittrue.apps.dpd.reporting import candidates
from bittrue.check import known_answers
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.spec.store import content_hash

MIXED = Structure(((4, 2, 0), (0, 0, 0), (1, 1, 0), (0, 3, 0), (2, 0, 0), (3, 0, 0)))


def drawn(count, seed=0):
    parts = np.random.default_rng(seed).uniform(-0.4, 0.4, (2, count))
    return parts[0] + 1j * parts[1]


def test_the_net_is_the_polynomial_whatever_the_order_of_its_terms():
    x, coefficients = 0.95 * band_limited(3000, 1), drawn(6)
    net, parent = net_of("p", MIXED, coefficients, x, abs(x).max(), 16)
    wanted = MIXED.evaluate(coefficients, x)
    assert np.allclose(closed_loop.floating(net, parent)(x), wanted, rtol=0, atol=1e-12)
    error = abs(closed_loop.integer(net)(x) - wanted)
    assert error.max() < 20 * 2**-15  # six terms of words of 16 bits
    assert [(term.power, term.taps) for term in net.nodes[0].layer.terms] == [
        (0, (0, 3)), (1, (1,)), (2, (0,)), (3, (0,)), (4, (2,)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("term", "said"), [((2, 1, 1), r"x\[n-1\] \|x\[n-2\]\|\^2 is none of a ComplexFIR"), ((5, 0, 0), r"\^5 is none")]
)
def test_terms_that_hardware_lacks_are_refused(term, said):
    with pytest.raises(BadInput, match=said):
        net_of("p", Structure(((0, 0, 0), term)), drawn(2), band_limited(2000, 1), 1.0, 16)


@pytest.mark.parametrize(
    ("largest", "fmt"), [(1.0, "Q1.15"), (1.0005, "Q1.15"), (0.2, "Q1.15"), (1.01, "Q2.14"), (4.0, "Q3.13")]
)
def test_words_hold_what_there_is(largest, fmt):
    assert str(holding(largest, 16)) == fmt


def test_a_loud_signal_gets_words_that_hold_its_fifth_power():
    x = 1.9 * band_limited(2000, 1)
    net, _ = net_of("p", MIXED, drawn(6) / 30, x, abs(x).max(), 16)
    layer = net.nodes[0].layer
    assert layer.basis.hi * layer.basis.scale > abs(x).max() ** 5 and str(net.input.format) == "Q2.14"


@pytest.mark.parametrize("budget", [10, 60, 250, 4000])
def test_structures_stay_within_the_budget_and_the_layer(budget):
    found = structures(budget)
    assert found and [len(one.terms) for one in found] == sorted(len(one.terms) for one in found)
    assert len({one.terms for one in found}) == len(found)
    for one in found:
        assert 2 * len(one.terms) <= budget and all(p in POWERS and not lag for p, _, lag in one.terms)


def test_the_smallest_within_the_margin_is_chosen_by_the_validation_split(capture_folder):
    capture = data.load(capture_folder)
    base = polynomial_plan.named("tdnn-wide")
    plan = polynomial_plan.plan_of(base, 24)
    model = amplifier.load("twin", capture)
    chosen = choose(plan, capture, model, lambda *_: None)
    best = min(error for _, error in chosen.tried)
    first = next(one for one, error in chosen.tried if error <= best + MARGIN)
    assert chosen.structure == first and len(chosen.tried) == len(structures(24))
    again = gmp.fit(first, chosen.x, chosen.drive, 1e-9)
    found = closed_loop.judge(capture, model, lambda x: first.evaluate(again, x), "val").nmse
    assert {one.terms: error for one, error in chosen.tried}[first.terms] == found


def test_the_command_writes_a_net_that_everything_takes(capture_folder, tmp_path, capsys):
    out = tmp_path / "poly"
    line = ["train", "dpd", "--capture", str(capture_folder), "--polynomial", "16", "-o"]
    assert main([*line, str(out)]) == 0
    printed = capsys.readouterr().out
    net, capture = spec.load(out), data.load(capture_folder)
    assert net.name == "polynomial-16-tiny-pa" and "polynomial-16-tiny-pa, integer" in printed
    assert known_answers.verify(net, out) == 320
    twin, parent = pa.fit(capture), float_net.load(out / float_net.FILE, net)
    plain, own = (closed_loop.judge(capture, twin, one) for one in (None, closed_loop.integer(net)))
    floats = closed_loop.judge(capture, twin, closed_loop.floating(net, parent))
    assert own.nmse < plain.nmse - 10 and abs(own.nmse - floats.nmse) < 0.5
    card = (out / "CARD.md").read_text()
    for figures in (own, floats):
        assert f"{figures.nmse:.2f} | {figures.evm:.2f}" in card
    assert "not an RF measurement" in card and "How it was chosen" in card and content_hash(net) in card
    assert f'capture = "{capture_folder.resolve()}"' in (out / "recipe.toml").read_text()
    found = candidates.candidate(out)
    assert (found.teacher, found.recipe.capture) == ("twin", str(capture_folder.resolve()))
    again = tmp_path / "again"
    capsys.readouterr()
    assert main(["train", "dpd", "--recipe", str(out / "recipe.toml"), "-o", str(again), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["folder"] == str(again) and found["hash"] == content_hash(spec.load(out))
    assert str(again / "CARD.md") in found["files"]
    for name in ("net.json", "weights.safetensors", "recipe.toml", "CARD.md", "kat.safetensors"):
        assert (again / name).read_bytes() == (out / name).read_bytes()
    assert main(["train", "dpd", "--recipe", str(out / "recipe.toml"), "--polynomial"]) == 2
    assert "is the recipe of a polynomial" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("parameters = 5", "polynomial.parameters is 5; it must be 10 to 4,000"),
        ("weight_bits = 99", "polynomial.weight_bits is 99"),
        ("taps = 5", "unknown key polynomial.taps"),
        ("[data]\nsurrogates = 1", "surrogates is for nets that are trained"),
        ("[data]\nheld = 1", "held is for nets that are trained"),
    ],
)
def test_a_wrong_recipe_of_a_polynomial_is_named(tmp_path, line, said):
    path = tmp_path / "p.toml"
    path.write_text(f'name = "p"\ncapture = "c"\n[polynomial]\n{line}\n')
    with pytest.raises(BadInput) as error:
        polynomial_plan.load(path)
    assert said in str(error.value)
