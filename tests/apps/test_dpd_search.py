"""The search: trials, resumption after a kill, limits, and what it leaves behind; formats by range and sensitivity."""

import json
import math
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_net import plan as small_plan
from small_net import write_net

pytest.importorskip("optuna", reason="the search needs optuna")
pytest.importorskip("torch", reason="the search trains")

from bittrue import spec
from bittrue.apps.dpd import closed_loop, float_net, recipe
from bittrue.apps.dpd.exporting import quantisation
from bittrue.apps.dpd.metrics import Metrics
from bittrue.apps.dpd.recipe import Augment, Gan
from bittrue.apps.dpd.recipe_text import written
from bittrue.apps.dpd.reporting.candidates import candidate
from bittrue.apps.dpd.searching import formats_search, pruning, search, search_results, space, study
from bittrue.apps.dpd.searching.trial import Bench, Judged, Limits, price
from bittrue.apps.dpd.topology import parameter_count, skeleton
from bittrue.apps.dpd.training.examples import Examples
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.kit.training.surgeon import Surgeon
from bittrue.num import Format


def quiet(*_):
    return None


@pytest.fixture
def base(capture_folder):
    """What all trials have in common: the tiny amplifier, two steps of training."""
    made = small_plan(capture_folder)
    return search.Search(replace(made, train=replace(made.train, method="levenberg")), 16, 60.0)


def pretended(self, net):
    """A verdict without training, different for every net."""
    level = -20.0 - parameter_count(skeleton(net)) ** 0.5
    return Judged(level, {"twin": Metrics(level, level, level - 8, level - 9, self.capture.channel)})


def test_a_search_trains_and_ends_in_recipes_that_can_be_trained(base, tmp_path):
    found, rest = search.search(base, tmp_path / "study.db", 3, quiet)
    assert len(found) + len(rest) == 3 and found
    for one in found:
        net = skeleton(replace(base.base, net=one.net))
        assert one.parameters == parameter_count(net) <= 2000 and 0 < one.dsps <= 220
        assert one.evm < 0 and one.worse_aclr < 0 and math.isfinite(one.evm)
    paths = search_results.write(tmp_path / "front", base, found, rest, "bittrue search dpd")
    assert (tmp_path / "front" / "front.png").read_bytes()[:4] == b"\x89PNG"
    numbers = json.loads((tmp_path / "front" / "front.json").read_text())
    assert numbers["split"] == "val" and [t["evm"] for t in numbers["trials"]] == [one.evm for one in found]
    recipes = [recipe.load(path) for path in paths if path.suffix == ".toml"]
    assert [made.net for made in recipes] == [one.net for one in search.best(found)]
    assert "Simulated" in search_results.table(base, found, rest).caption


def test_trials_are_judged_on_the_validation_split(base):
    bench = Bench(base.base, 1.0)

    def halved(x):
        return 0.5 * x

    judged = bench.judge(halved)
    assert set(judged) == {"twin"}
    val, test = (closed_loop.judge(bench.capture, bench.teacher, halved, split) for split in ("val", "test"))
    assert judged["twin"] == val != test


def test_a_finished_study_is_read_and_not_run_again(base, tmp_path, monkeypatch):
    monkeypatch.setattr(Bench, "run", pretended)
    for name in ("study.db", "study.journal"):
        first, _ = search.search(base, tmp_path / name, 4, quiet)
        again, _ = search.search(
            base, tmp_path / name, 4, lambda text, done, total: pytest.fail(text) if done < 4 else None
        )
        assert again == first
        more, _ = search.search(base, tmp_path / name, 6, quiet)
        assert more[: len(first)] == first and len({one.net for one in more}) == len(more)


def killed(base, path):
    """Run in a process of its own: the second training is the end of it."""
    runs = []

    def run(self, net):
        runs.append(net)
        if len(runs) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return pretended(self, net)

    Bench.run = run
    search.search(base, path, 4, quiet)


@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_trial_that_was_killed_is_tried_again(base, tmp_path, monkeypatch):
    path = tmp_path / "study.db"
    process = multiprocessing.get_context("fork").Process(target=killed, args=(base, path))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    left = study.open_study(path, base.plan).get_trials()
    (running,) = [trial for trial in left if trial.state.name == "RUNNING"]
    monkeypatch.setattr(Bench, "run", pretended)
    _, rest = search.search(base, path, 4, quiet)
    (lost,) = [trial for trial in rest if trial.state.name == "FAIL"]
    assert lost.number == running.number
    again = [trial for trial in study.open_study(path, base.plan).get_trials() if trial.user_attrs.get(study.RETRY)]
    assert [trial.params for trial in again] == [running.params] and again[0].state.name == "COMPLETE"
    assert len(study.finished(study.open_study(path, base.plan))) == 4


def test_the_trial_of_a_living_process_is_left_alone(base, tmp_path):
    made = study.open_study(tmp_path / "study.db", base.plan)
    study.ask(made, 0)
    assert study.recover(made) == []


def test_what_is_too_large_is_not_trained(base, tmp_path, monkeypatch):
    monkeypatch.setattr(Bench, "run", lambda self, net: pytest.fail("trained"))
    found, rest = search.search(replace(base, limits=Limits(parameters=10)), tmp_path / "study.db", 3, quiet)
    assert found == [] and all("parameters, more than 10" in trial.user_attrs[study.REASON] for trial in rest)
    assert price(base.base, 16, Limits(dsps=3)).excess(Limits(dsps=3)).endswith("dsps, more than 3")
    slow, fast = (price(base.base, clocks, Limits()).dsps for clocks in (64, 4))
    assert 0 < slow < fast and price(base.base, 64, Limits(dsps=slow)).fastest > 4


def test_a_study_of_another_plan_is_refused(base, tmp_path):
    study.open_study(tmp_path / "study.db", base.plan)
    with pytest.raises(BadInput, match="another interval"):
        study.open_study(tmp_path / "study.db", replace(base, interval=8).plan)
    (tmp_path / "junk.db").write_bytes(b"no data base" * 99)
    with pytest.raises(BadInput, match="not a study"):
        study.open_study(tmp_path / "junk.db", base.plan)
    with pytest.raises(BadInput, match="in a folder that exists"):
        study.open_study(tmp_path / "none" / "study.db", base.plan)


def test_the_command_searches(capture_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Bench, "run", pretended)
    (tmp_path / "base.toml").write_text(small_plan(capture_folder).text)
    words = ["search", "dpd", "--recipe", str(tmp_path / "base.toml"), "--study", str(tmp_path / "s.db")]
    assert main([*words, "--trials", "3", "--interval", "16"]) == 0
    assert "Pareto front" in capsys.readouterr().out and (tmp_path / "s-front" / "front.json").is_file()
    assert main([*words, "--trials", "3", "--interval", "16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["trials"]) == 3 and str(tmp_path / "s-front" / "front.json") in found["files"]
    assert main([*words, "--trials", "3", "--interval", "8"]) == 2
    assert "another interval" in capsys.readouterr().err


@pytest.mark.parametrize("name", recipe.names())
def test_a_recipe_survives_being_written(name):
    plan = recipe.builtin(name)
    gan = None if plan.sparse else Gan(3)
    full = replace(plan, augment=Augment(phase=10.0), gan=gan, net=replace(plan.net, iq_taps=(0, 3)))
    for one in (plan, full):
        made = written(one, "a remark\nof two lines")
        assert made == one and recipe.parse(made.text.encode(), "again") == one
        assert made.text.startswith("# a remark\n# of two lines\n")


def test_a_topology_is_told_in_one_line():
    net = recipe.builtin("tdnn-fir").net
    assert space.describe(net) == "|x|^1,2,4 of 6, IQ of 6, 32-16 leaky, fir 40+20+20"
    assert space.delays(3, 2) == (0, 2, 4)


@pytest.mark.parametrize("activation", ["leaky", "tanh"])
def test_formats_lose_bits_until_the_budget_is_used(capture_folder, tmp_path, activation):
    found = candidate(write_net(tmp_path / "net", capture_folder, activation=activation))
    signals = quantisation.trial(found.net, str(capture_folder))
    chosen = formats_search.choose(found.net, found.parent, signals, -45.0, quiet)
    first, ranged, last = chosen.errors
    assert ranged <= first and ranged <= last <= -45.0
    assert signals.error(chosen.net, found.parent, seen=True) == last
    assert sum(fmt.bits for fmt in chosen.after.values()) < sum(fmt.bits for fmt in chosen.before.values()) - 10
    assert min(chosen.sensitivity.values()) > -45.0
    assert chosen.net.input == found.net.input and chosen.net.output == found.net.output
    for (node, part), fmt in chosen.after.items():
        layer = next(n.layer for n in chosen.net.nodes if n.name == node)
        assert getattr(layer, {"output": "output", "weights": "weight_format", "basis": "basis"}[part]) == fmt
    with pytest.raises(BadInput, match="raise the budget"):
        formats_search.choose(found.net, found.parent, signals, -200.0, quiet)


def test_the_same_formats_give_the_same_net(capture_folder, tmp_path):
    found = candidate(write_net(tmp_path / "net", capture_folder, activation="tanh"))
    formats = formats_search.formats_of(found.net)
    same = formats_search.reformatted(found.net, formats)
    assert formats_search.formats_of(same) == formats
    tables = [node.layer.values for net in (found.net, same) for node in net.nodes if node.name == "tanh1"]
    assert np.array_equal(*tables)
    assert formats_search.shorter(Format.parse("Q2.14")) == Format.parse("Q2.13")


def test_the_command_writes_a_net_with_shorter_words(capture_folder, tmp_path, capsys):
    net = write_net(tmp_path / "net", capture_folder)
    words = ["search", "dpd", "--formats", str(net), "--budget", "45", "-o", str(tmp_path / "short")]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["budget_db"] == -45 and found["errors_db"]["by_sensitivity"] <= -45
    assert {row["what"] for row in found["formats"]} >= {"features output", "fc1 weights"}
    assert str(tmp_path / "short" / "net.json") in found["files"]
    short = spec.load(tmp_path / "short")
    assert short.types["features"].format.bits < spec.load(net).types["features"].format.bits
    assert candidate(tmp_path / "short").parent is not None
    (net / "float.safetensors").unlink()
    assert main(words) == 2
    assert "has no float.safetensors" in capsys.readouterr().err


def test_the_price_of_a_part_is_the_least_squares_truth_where_all_is_linear():
    rng = np.random.default_rng(0)
    jacobian, wanted, gone = rng.standard_normal((60, 8)), rng.standard_normal(60), np.array([1, 4, 5])
    kept = np.setdiff1d(np.arange(8), gone)
    whole, part = (np.linalg.lstsq(jacobian[:, k], wanted, rcond=None)[0] for k in (np.arange(8), kept))
    errors = [float(((wanted - jacobian[:, k] @ w) ** 2).sum()) for k, w in ((np.arange(8), whole), (kept, part))]
    surgeon = Surgeon(whole, jacobian.T @ jacobian)
    assert surgeon.penalty(gone) == pytest.approx(errors[1] - errors[0], rel=1e-5)
    surgeon.fix(gone)
    assert np.allclose(surgeon.weights[kept], part, rtol=1e-4, atol=1e-6) and not surgeon.weights[gone].any()
    expected = np.linalg.inv(jacobian[:, kept].T @ jacobian[:, kept])
    assert np.allclose(surgeon.inverse[np.ix_(kept, kept)], expected, rtol=1e-4, atol=1e-9)


def test_what_does_nothing_is_pruned_first(capture_folder, tmp_path):
    found = candidate(write_net(tmp_path / "net", capture_folder))
    x = np.random.default_rng(2).uniform(-0.6, 0.6, (900, 2))
    known = Examples(x, float_net.run(found.net, found.parent, x), 8, 800)
    idle = dict(found.parent)
    idle["fc2.weight"] = idle["fc2.weight"].copy()
    idle["fc2.weight"][:, 2] = 0.0
    smaller, steps = pruning.prune(found.recipe, idle, known, parameter_count(found.net) - 1, quiet)
    assert [step.name for step in steps] == ["neuron 1.2"] and smaller.net.hidden == (3,)
    idle = dict(found.parent) | {"fc1.weight": found.parent["fc1.weight"].copy()}
    features = next(node.layer for node in found.net.nodes if node.name == "features").features
    idle["fc1.weight"][:, [tap == 1 and isinstance(kind, int) for tap, kind in features]] = 0.0
    smaller, steps = pruning.prune(found.recipe, idle, known, parameter_count(found.net) - 1, quiet)
    assert [step.name for step in steps] == ["envelope 1"]
    assert (smaller.net.taps, smaller.net.iq_taps) == ((0,), (0, 1))


def test_pruning_ends_in_a_smaller_recipe_that_is_a_net(capture_folder, tmp_path, capsys):
    folder = write_net(tmp_path / "net", capture_folder)
    before = parameter_count(spec.load(folder))
    words = ["search", "dpd", "--prune", str(folder), "--parameters", str(before - 20), "-o", str(tmp_path / "p.toml")]
    assert main(words) == 0
    assert "predicted error" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"][-1]["parameters"] <= before - 20 and found["files"] == [str(tmp_path / "p.toml")]
    made = recipe.load(tmp_path / "p.toml")
    assert parameter_count(skeleton(made)) <= before - 20 and made.train == small_plan(capture_folder).train
    assert main([*words[:5], "1"]) == 2
    assert "cannot shrink" in capsys.readouterr().err
    assert main([*words[:-1], str(tmp_path / "p.csv")]) == 2
    assert ".toml is what this command writes" in capsys.readouterr().err


def test_a_prediction_below_nothing_is_shown(capture_folder, tmp_path, monkeypatch):
    found = candidate(write_net(tmp_path / "net", capture_folder))
    x = np.random.default_rng(2).uniform(-0.6, 0.6, (900, 2))
    known = Examples(x, float_net.run(found.net, found.parent, x), 8, 800)
    monkeypatch.setattr(Surgeon, "penalty", lambda *_: -1e9)
    _, steps = pruning.prune(found.recipe, found.parent, known, parameter_count(found.net) - 1, quiet)
    assert steps[0].error == pytest.approx(-200)


def test_a_net_with_an_echo_is_refused_before_the_work(capsys):
    folder = Path(__file__).parents[2] / "weights" / "dpd-2000"
    assert main(["search", "dpd", "--prune", str(folder), "--parameters", "1000"]) == 2
    assert "holds a net with an echo, which this search does not know" in " ".join(capsys.readouterr().err.split())
