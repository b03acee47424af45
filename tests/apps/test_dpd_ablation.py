"""The ablation: one switch at a time, every seed, verdicts that respect the spread, runs that are not repeated."""

import argparse
import json
from dataclasses import asdict, replace

import pytest
from small_net import plan as small_plan

pytest.importorskip("torch", reason="the ablation trains")
pytest.importorskip("matplotlib", reason="the ablation draws")

from bittrue.apps.dpd import recipe
from bittrue.apps.dpd.ablation import ablation, ablation_results, ablation_run, switches
from bittrue.apps.dpd.ablation.ablation import Effect
from bittrue.apps.dpd.commands import ablate
from bittrue.apps.dpd.recipe import Augment, Gan
from bittrue.apps.dpd.recipe_text import written
from bittrue.apps.dpd.training import trainer
from bittrue.cli import main
from bittrue.errors import BadInput

KEYS = ("qat", "augment")


def quiet(*_):
    return None


@pytest.fixture
def base(capture_folder):
    """A recipe with a QAT stage and without augmentation."""
    return small_plan(capture_folder)


def full(base):
    """A recipe that has everything."""
    return replace(
        base,
        data=replace(base.data, surrogates=2),
        augment=Augment(noise_db=40.0, phase=10.0, gain_db=1.0, drift_db=0.1, drift_degrees=1.0),
        gan=Gan(4, qat_from=2),
        train=replace(base.train, ema=0.9),
    )


@pytest.mark.parametrize(
    ("with_", "without", "verdict"),
    [
        ((-40.0, -40.1, -40.2), (-39.0, -39.1, -39.2), "helps"),
        ((-40.0, -40.1, -40.2), (-41.0, -41.1, -41.2), "hurts"),
        ((-40.0, -40.5, -41.0), (-39.2, -39.7, -40.2), "adds nothing here"),  # beyond the spread, inside the margin
        ((-40.0, -40.1, -40.0), (-39.0, -39.1, -40.1), "adds nothing here"),  # one seed disagrees
        ((-40.0, -40.0), (-40.0, -40.0), "adds nothing here"),
    ],
)
def test_a_verdict_needs_more_than_the_spread_and_all_seeds(with_, without, verdict):
    assert Effect(with_, without).verdict == verdict


def test_an_effect_is_in_decibels_better_with_it():
    effect = Effect((-40.0, -42.0), (-39.0, -40.0))
    assert effect.differences == (1.0, 2.0) and effect.mean == 1.5
    assert effect.spread == pytest.approx(((2.0 + 0.5) / 2) ** 0.5)
    assert effect.margin == pytest.approx(4.302653 * effect.spread)  # Student's t, two degrees of freedom


def test_every_switch_of_a_full_recipe_changes_one_thing(base):
    plan = full(base)
    found = {variant.switch.key: variant for variant in switches.variants(plan)}
    assert list(found) == [switch.key for switch in switches.SWITCHES]
    assert not any(variant.adds for variant in found.values())
    changed = {
        "gan": {"gan"},
        "adversarial": {"gan.adversarial"},
        "spectral": {"gan.spectral"},
        "spectral-norm": {"gan.spectral_norm"},
        "qat": {"train.qat"},
        "augment": {"augment"},
        "augment-noise": {"augment.noise_db"},
        "augment-phase": {"augment.phase"},
        "augment-gain": {"augment.gain_db"},
        "augment-drift": {"augment.drift_db", "augment.drift_degrees"},
        "surrogates": {"data.surrogates"},
        "ema": {"train.ema"},
    }
    assert {key: set(differences(plan, variant.recipe)) for key, variant in found.items()} == changed
    for variant in found.values():
        assert written(variant.recipe) == variant.recipe
        assert variant.switch.has(variant.recipe) in (False, None)


def test_what_a_recipe_lacks_is_added(base):
    found = {variant.switch.key: variant for variant in switches.variants(base)}
    assert {key for key, variant in found.items() if variant.adds} == {"gan", "augment", "surrogates", "ema"}
    assert set(found) == {"gan", "augment", "surrogates", "ema", "qat"}
    assert all(variant.switch.has(variant.recipe) is variant.adds for variant in found.values())


def differences(a, b):
    """Dotted names of the fields in which two recipes differ."""
    for section, value in asdict(a).items():
        other = asdict(b)[section]
        if section == "text" or value == other:
            continue
        if isinstance(value, dict) and isinstance(other, dict):
            yield from (f"{section}.{key}" for key in value if value[key] != other[key])
        else:
            yield section


def test_runs_are_made_once_and_the_results_say_what_they_say(base, tmp_path, monkeypatch):
    found = ablation.ablate(base, (1, 2), tmp_path, quiet, KEYS)
    assert sorted(path.parent.parent.name for path in tmp_path.rglob("result.json")) == sorted(
        2 * ["base", "with-augment", "without-qat"]
    )
    monkeypatch.setattr(trainer.Trainer, "run", lambda self: pytest.fail("trained again"))
    assert ablation.ablate(base, (1, 2), tmp_path, quiet, KEYS) == found
    (qat, augment) = found.switches
    assert (qat.variant.adds, augment.variant.adds) == (False, True)
    stored = json.loads((tmp_path / "with-augment" / "seed-2" / "result.json").read_text())
    effect = augment.effects["twin", "evm"]
    assert effect.with_[1] == stored["integer"]["twin"]["evm"]
    assert effect.without == qat.effects["twin", "evm"].with_ == tuple(r.integer["twin"]["evm"] for r in found.results)
    assert len(set(effect.with_)) == 2, "every seed gives another net"
    (said,) = [s for s in ablation_results.sentences(found) if s.startswith("Augmentation")]
    assert f"EVM {effect.mean:+.2f} dB" in said and f"(spread {effect.spread:.2f} dB): {effect.verdict}" in said
    ablation_results.write(tmp_path, found, "bittrue ablate dpd")
    text = (tmp_path / "ablation.html").read_text()
    assert said in text and "<script" not in text and "RF measurement" in text
    assert (tmp_path / "ablation.png").read_bytes()[:4] == b"\x89PNG"
    other = replace(base, train=replace(base.train, float_rate=0.5))
    with pytest.raises(BadInput, match="another recipe"):
        ablation.ablate(other, (1, 2), tmp_path, quiet, KEYS)


def test_a_killed_run_goes_on(base, tmp_path):
    plan = written(base)

    def stop(stage, done, epochs, error):
        if (stage, done) == ("float", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ablation_run.run(plan, tmp_path / "run", stop, seconds=0.0)
    seen = []
    resumed = ablation_run.run(plan, tmp_path / "run", lambda *now: seen.append(now[:2]))
    assert seen == [("float", 2), ("qat", 1)]
    assert resumed == ablation_run.run(plan, tmp_path / "whole", quiet)


def test_bad_input_is_refused(base, tmp_path, capsys):
    with pytest.raises(BadInput, match="no spread"):
        ablation.ablate(base, (1, 1), tmp_path, quiet)
    with pytest.raises(BadInput, match="no switch magic"):
        ablation.ablate(base, (1, 2), tmp_path, quiet, ("magic", "qat"))
    assert main(["ablate", "dpd", "--recipe", "tdnn-wide", "--seeds", "1,x"]) == 2
    assert "different whole numbers" in capsys.readouterr().err


def test_the_command_prints_and_writes(base, tmp_path, capsys):
    (tmp_path / "base.toml").write_text(base.text)
    words = ["ablate", "dpd", "--recipe", str(tmp_path / "base.toml"), "--seeds", "1,2", "--switches", "qat"]
    assert main([*words, "--float-epochs", "1", "-o", str(tmp_path / "out")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Quantisation-aware training, by the twin model (trained through): EVM" in printed
    numbers = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert main([*words, "--float-epochs", "1", "-o", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert str(tmp_path / "out" / "ablation.json") in found.pop("files") and found == numbers
    assert "--float-epochs 1" in numbers["command"] and "float_epochs = 1" in numbers["base"][0]["recipe"]


def test_fewer_epochs_keep_the_integer_share_of_the_gan():
    chosen = argparse.Namespace(float_epochs=250, qat_epochs=None, gan_epochs=8)
    reduced = ablate.reduced(recipe.builtin("tdnn-gan"), chosen)
    assert (reduced.train.float_epochs, reduced.gan.epochs, reduced.gan.qat_from) == (250, 8, 6)
    assert trainer.plan(reduced)[-1] == "gan-qat"
