"""Thermal banks: the drift by its formula, one recipe for three banks of one net, and the diagonal that wins."""

import re

import numpy as np
import pytest
from tiny_pa import mild_amplifier

from bittrue import ref, spec
from bittrue.apps.dpd import float_net, kat, recipe
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.metrics import measure
from bittrue.apps.dpd.thermal.drift import Drift, Rates
from bittrue.apps.dpd.thermal.thermal import BANKS, Drifted, drifted
from bittrue.emit.banks import bank_roms, check_alike
from bittrue.errors import BadInput
from bittrue.parent import quantise
from bittrue.spec.store import content_hash

RECIPE = """
name = "banked"
capture = "{capture}"
[net]
taps = [0, 1]
powers = [1, 2]
hidden = [6]
leaky_shift = 2
[formats]
input = "Q1.15"
features = "Q1.15"
hidden = "Q4.12"
output = "Q1.15"
[train]
seed = 3
batch = 512
method = "levenberg"
float_epochs = {epochs}
qat_epochs = 8
float_rate = 2e-2
qat_rate = 1e-3
ilc_iterations = 6
validate_every = 2
[thermal]
epochs = {own}
rate = 5e-3
"""


def text(capture, epochs=100, own=20):
    return RECIPE.format(capture=capture, epochs=epochs, own=own)


def plan(capture, epochs=100, own=20):
    return recipe.parse(text(capture, epochs, own).encode(), "banked")


class Model:
    """An amplifier under the contract of `bittrue.apps.dpd.amplifiers.amplifier`, without a fit."""

    title = "the tiny amplifier"

    def __call__(self, u):
        return mild_amplifier(u)

    def module(self):
        import torch

        return torch.nn.Identity()


# ---- the drift ------------------------------------------------------------------------------------------------------


def test_the_drift_by_its_formula():
    drift = Drift(20.0, gain_db=-1.0, phase=30.0, peak_db=-0.5, peak_phase=10.0, memory=0.1)
    y = np.array([0.5 + 0.5j, -2.0j, 1.0])
    k = 10 ** (-0.5 / 20) * np.exp(1j * np.pi / 18) - 1
    z = [v * (1 + k * abs(v) ** 2 / 4) for v in y]
    g = 10 ** (-1 / 20) * np.exp(1j * np.pi / 6)
    expected = [g * 0.9 * z[0], g * (0.9 * z[1] + 0.1 * z[0]), g * (0.9 * z[2] + 0.1 * z[1])]
    assert np.allclose(drift(y, 2.0), expected, rtol=1e-14)


def test_at_the_peak_gain_and_phase_are_what_they_are_called():
    drift = Drift(1.0, gain_db=-0.9, phase=-6.0, peak_db=-0.48, peak_phase=3.0)
    small, peak = drift(np.array([1e-6 + 0j]), 1.0)[0] / 1e-6, drift(np.array([1.0 + 0j]), 1.0)[0]
    assert 20 * np.log10(abs(small)) == pytest.approx(-0.9) and np.angle(small, deg=True) == pytest.approx(-6.0)
    assert 20 * np.log10(abs(peak)) == pytest.approx(-1.38) and np.angle(peak, deg=True) == pytest.approx(-3.0)


def test_a_drift_grows_with_the_distance_and_none_is_none():
    assert Drift.at(0.0) == Drift()
    cold, hot = Drift.at(-65.0), Drift.at(60.0)
    assert cold.gain_db == pytest.approx(0.975) and hot.gain_db == pytest.approx(-0.9)
    assert hot.peak_db < 0 < cold.peak_db
    assert Drift.at(10.0, Rates(gain_db=-0.03)).gain_db == pytest.approx(-0.3)
    model, u = Model(), np.exp(1j * np.arange(5))
    assert np.array_equal(Drifted(model, Drift(), 1.0)(u), model(u))


@pytest.mark.parametrize("kelvin", [-65.0, 0.0, 60.0])
def test_numpy_and_torch_drift_alike_and_take_gradients(kelvin):
    torch = pytest.importorskip("torch")
    y = np.random.default_rng(0).uniform(-1, 1, (2, 50, 2))
    found = Drifted(Model(), Drift.at(kelvin), 1.3).module()(torch.from_numpy(y)).numpy()
    for row, expected in zip(found, y, strict=True):
        wanted = Drift.at(kelvin)(data.to_complex(expected), 1.3) if kelvin else data.to_complex(expected)
        assert np.allclose(data.to_complex(row), wanted, rtol=1e-13)
    u = torch.from_numpy(y).requires_grad_()
    Drifted(Model(), Drift.at(kelvin), 1.3).module()(u).square().sum().backward()
    assert torch.isfinite(u.grad).all() and u.grad.abs().min() > 0


def test_a_drifted_capture_has_the_gain_of_its_amplifier(capture_folder):
    capture = data.load(capture_folder)
    there, amplifier = drifted(capture, Model(), Drift.at(60.0))
    assert there.gain == pytest.approx(abs(amplifier(capture.inputs["train"])).max() / capture.peak)
    assert there.gain < capture.gain * 10 ** (-0.9 / 20)
    assert "+60 K" in there.name and "simulated" in there.name and "simulated drift" in amplifier.title
    assert there.digest != capture.digest
    same, plain = drifted(capture, Model(), Drift())
    assert same is capture and plain.title == Model.title


# ---- the recipe -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("cold = 5.0", r"thermal\.cold is 5"),
        ("hot = -1.0", r"thermal\.hot is -1"),
        ("hot = 400.0", r"at most 150"),
        ("epochs = 0", r"thermal\.epochs is 0"),
        ("rate = 0.0", r"thermal\.rate is 0"),
        ("warm = 3.0", r"unknown key thermal\.warm"),
    ],
)
def test_a_wrong_section_is_refused(section, message):
    content = text("x", 1, 1).replace("epochs = 1\nrate", "rate").replace("rate = 5e-3", section)
    with pytest.raises(BadInput, match=message):
        recipe.parse(content.encode(), "banked")


def test_banks_need_quantisation_aware_training():
    content = text("x", 1, 1).replace("[thermal]", "qat = false\n[thermal]")
    with pytest.raises(BadInput, match="thermal trains its banks quantisation-aware"):
        recipe.parse(content.encode(), "banked")


def test_the_built_in_recipe_has_banks():
    found = recipe.builtin("tdnn-thermal")
    assert found.thermal is not None and found.thermal.cold == -65 and found.thermal.hot == 60


# ---- training -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished training: its folder, its result, its plan."""
    pytest.importorskip("torch")
    from tiny_pa import write_capture

    from bittrue.apps.dpd.thermal import thermal_train

    root = tmp_path_factory.mktemp("thermal")
    patch = pytest.MonkeyPatch()
    patch.setenv("BITTRUE_BUILD", str(root / "build"))
    chosen = plan(write_capture(root / "tiny_pa"))
    stages = []
    result = thermal_train.train(chosen, root / "out", report=lambda *told: stages.append(told[:2]))
    yield root / "out", result, chosen, stages
    patch.undo()


def test_one_recipe_trains_three_banks(trained):
    folder, result, chosen, stages = trained
    assert list(result.banks) == list(BANKS)
    order = [stage for stage, epoch in stages if epoch == 1]
    assert order == ["normal: float", "normal: qat", "cold: qat", "hot: qat"]
    hashes = set()
    for name in BANKS:
        net = spec.load(folder / name)
        hashes.add(content_hash(net))
        assert content_hash(net) == content_hash(result.banks[name].net)
        x, y = kat.read(folder / name / kat.FILE)
        assert np.array_equal(ref.run(net, x), y)
        parent = float_net.load(folder / name / float_net.FILE, net)
        assert name == "normal" or content_hash(quantise(net, parent)) == content_hash(net)
        assert recipe.load(folder / name / "recipe.toml") == chosen
    assert len(hashes) == 3


def test_the_banks_differ_in_codes_alone(trained):
    folder, _, _, _ = trained
    nets = {name: spec.load(folder / name) for name in BANKS}
    check_alike(nets)
    assert {str(node.layer) for node in nets["cold"].nodes} != {str(node.layer) for node in nets["hot"].nodes}
    assert "banked_banks_w16.mem" in bank_roms(nets)


def test_every_bank_is_best_at_its_own_temperature(trained):
    _, result, _, _ = trained
    (table, *_) = result.tables
    assert table.teacher
    for figure in ("nmse", "evm"):
        values = {place: {k: getattr(m, figure) for k, m in row.items()} for place, row in table.rows.items()}
        for place, row in values.items():
            assert row[place] == min(row.values()), (figure, place, row)
            assert row[place] < min(row[bank] for bank in BANKS if bank != place) - 1.5, (figure, place, row)


def test_a_common_complex_gain_is_not_counted(capture_folder):
    pytest.importorskip("torch")
    from bittrue.apps.dpd.thermal.thermal_train import judged

    capture = data.load(capture_folder)
    one = judged(capture, lambda u: mild_amplifier(u), None)
    two = judged(capture, lambda u: 0.7 * np.exp(2j) * mild_amplifier(u), None)
    assert one.nmse == pytest.approx(two.nmse, abs=1e-9) and one.evm == pytest.approx(two.evm, abs=1e-9)
    y = 0.7 * mild_amplifier(capture.inputs["test"])
    assert measure(y, capture.gain * capture.inputs["test"], capture.channel).nmse > one.nmse + 3


def test_the_card_has_the_table_and_says_what_is_simulated(trained):
    folder, result, _, _ = trained
    card = " ".join((folder / "CARD.md").read_text().split())
    assert "a simulated drift of its model, not a measurement" in card
    assert "a capture of the user's own, SHA-256" in card and "Apache" not in card
    for name, bank in result.banks.items():
        assert content_hash(bank.net) in card
        row = result.tables[0].rows[name]
        cells = [f"**{m.nmse:.2f}**" if drive == name else f"{m.nmse:.2f}" for drive, m in row.items()]
        assert f"| {name} amplifier | {' | '.join(cells)} |" in card
    assert "| hot | +60 | -0.90 | -6.00 | -0.48 | +3.00 | +0.0300 |" in card
    assert len(re.findall(r"\*\*-?\d+\.\d\d\*\*", card)) == 9 * len(result.tables)
    assert (folder / "thermal.png").read_bytes().startswith(b"\x89PNG")


def test_a_finished_run_only_measures_again(trained):
    from bittrue.apps.dpd.thermal import thermal_train

    folder, result, chosen, _ = trained
    before = {path.name: path.read_bytes() for path in (folder / "hot").glob("*.*")} | {
        "CARD.md": (folder / "CARD.md").read_bytes()
    }
    told = []
    again = thermal_train.train(chosen, folder, report=lambda *stage: told.append(stage))
    assert told == []
    assert content_hash(again.banks["hot"].net) == content_hash(result.banks["hot"].net)
    assert all(before[path.name] == path.read_bytes() for path in (folder / "hot").glob("*.*"))
    assert before["CARD.md"] == (folder / "CARD.md").read_bytes()


def test_the_bank_of_another_net_is_never_replaced(capture_folder, tmp_path):
    pytest.importorskip("torch")
    from bittrue.apps.dpd.thermal import thermal_train

    chosen = plan(capture_folder)
    folder = tmp_path / "out"
    (folder / "cold").mkdir(parents=True)
    (folder / "cold" / "net.json").write_text('{"format": "bittrue-net", "version": 1, "name": "other"}')
    with pytest.raises(BadInput, match=f"is of net other, and net {chosen.name} would replace it"):
        thermal_train.train(chosen, folder, report=lambda *_: None)
    assert [path.name for path in folder.rglob("*")] == ["cold", "net.json"]


def test_a_killed_run_ends_in_the_same_banks(capture_folder, tmp_path):
    pytest.importorskip("torch")
    from bittrue.apps.dpd.thermal import thermal_train

    class Killed(Exception):
        pass

    def killer(stage, epoch):
        def report(now, done, *_):
            if (now, done) == (stage, epoch):
                raise Killed

        return report

    chosen = plan(capture_folder, epochs=4, own=4)
    whole = thermal_train.train(chosen, tmp_path / "whole", report=lambda *_: None)
    for stage, epoch in (("normal: qat", 2), ("cold: qat", 3)):
        with pytest.raises(Killed):
            thermal_train.train(chosen, tmp_path / "cut", seconds=0.0, report=killer(stage, epoch))
    assert not (tmp_path / "cut" / "CARD.md").exists()
    cut = thermal_train.train(chosen, tmp_path / "cut", report=lambda *_: None)
    for name in BANKS:
        assert content_hash(cut.banks[name].net) == content_hash(whole.banks[name].net)
    other = plan(capture_folder, epochs=4, own=5)
    with pytest.raises(BadInput, match="another recipe"):
        thermal_train.train(other, tmp_path / "cut", report=lambda *_: None)


def test_a_bank_starts_with_the_formats_of_the_normal_one(capture_folder):
    """Formats come from the normal float parent, also where its trained weights would ask for others."""
    torch = pytest.importorskip("torch")
    from bittrue.apps.dpd.thermal.thermal_train import started
    from bittrue.apps.dpd.topology import skeleton
    from bittrue.apps.dpd.training import trainer
    from bittrue.qat import Network

    chosen = plan(capture_folder)
    parent = {name: torch.full_like(value, 0.3) for name, value in Network(skeleton(chosen)).state_dict().items()}
    best = {name: value / 4 for name, value in parent.items()}
    normal = {"stage": "done", "best": best, "network": best, "parent": parent}
    state = started(chosen, normal)
    formats = [
        [str(getattr(node.layer, "weight_format", "")) for node in trainer.network_of(chosen, each).to_net().nodes]
        for each in (normal, state)
    ]
    assert formats[0] == formats[1] == ["", "Q0.16", "Q0.16"]
    assert all(torch.equal(state["network"][name], best[name]) for name in best)


def test_a_recipe_without_banks_is_refused(tmp_path):
    pytest.importorskip("torch")
    from bittrue.apps.dpd.thermal import thermal_train

    with pytest.raises(BadInput, match="no section"):
        thermal_train.train(recipe.builtin("tdnn-wide"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
