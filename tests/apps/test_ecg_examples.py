"""What training draws beside the recorded beats as they are: rearranged patients, and rhythm channels altered."""

import numpy as np
import pytest
from ecg_files import SMALL, write_record

torch = pytest.importorskip("torch")

from bittrue.apps.ecg import datasets, recipe  # noqa: E402
from bittrue.apps.ecg.beats.beats import Beats  # noqa: E402
from bittrue.apps.ecg.beats.split import DS1, FOLDS, REARRANGED  # noqa: E402
from bittrue.apps.ecg.beats.synthetic import Patient  # noqa: E402
from bittrue.apps.ecg.training.examples import Examples, chances, transforms  # noqa: E402


def plan(channels, augment, more=""):
    text = SMALL[: SMALL.index("[augment]")].replace('["beat", "difference", "tachogram"]', channels)
    return recipe.parse(f"{text}{more}[augment]\n{augment}\n".encode(), "x")


def changed(chosen, channels):
    (transform,) = transforms(chosen)
    x = torch.rand((64, channels, 32), generator=torch.Generator().manual_seed(0)) - 0.5
    return x, transform(x.clone(), torch.Generator().manual_seed(1))


@pytest.mark.parametrize("key", ["flip", "filter", "amplitude", "wander", "noise"])
def test_the_ecg_of_a_packed_channel_is_altered_and_its_rhythm_is_not(key):
    x, found = changed(plan('["packed"]', f"{key} = 0.9"), 1)
    assert (found[:, :, 24:] == x[:, :, 24:]).all() and (found[:, :, :24] != x[:, :, :24]).any(dim=0).all()


@pytest.mark.parametrize(("channels", "at", "start"), [('["beat", "rhythm"]', 1, 0), ('["packed"]', 0, 24)])
def test_intervals_are_stretched_and_other_figures_are_not(channels, at, start):
    x, found = changed(plan(channels, "interval = 0.3"), at + 1)
    end = start + (32 - start) // 2  # four of eight figures
    factor = (1 + found[:, at, start:end]) / (1 + x[:, at, start:end])
    assert torch.allclose(factor, factor[:, :1].expand_as(factor), atol=1e-4) and factor.std() > 0.2
    found[:, at, start:end] = x[:, at, start:end]
    assert (found == x).all()


def test_rearranged_patients_are_drawn_by_their_share():
    y, record = np.zeros(30, np.int64), np.repeat(np.arange(3), 10)
    names = ("101", "101 ectopy", "101 fibrillation")
    data = Beats(np.zeros((30, 3, 32), np.int8), y, record, np.arange(30), names)
    found = chances(data, 0.5, 0.5, {"ectopy": 0.5, "fibrillation": 0.0}).numpy()
    assert found[record == 0].sum() == pytest.approx(2 / 3) and found[record == 1].sum() == pytest.approx(1 / 3)
    chosen = plan('["beat", "difference", "tachogram"]', "ectopy = 0.5")
    assert Examples(chosen, data).chances.numpy() == pytest.approx(found)


def test_nobody_who_is_held_out_is_rearranged(monkeypatch, tmp_path):
    asked = []

    def load(folder, names, chosen, kind=""):
        asked.append((names[0], kind))
        called = (f"{names[0]} {kind}".rstrip(),)
        zero = np.zeros(1, np.int64)
        return Beats(np.zeros((1, 3, 32), np.int8), zero, zero, zero, called)

    monkeypatch.setattr(datasets.beats, "load", load)
    monkeypatch.setattr(datasets.database, "locate", lambda folder: tmp_path)  # no records are read
    found = datasets.recorded(plan('["beat", "difference", "tachogram"]', "ectopy = 0.1\nfibrillation = 0.2"))
    assert found.held.names == FOLDS[0]
    kinds = {name: {other for other, kind in asked if kind == name} for name in REARRANGED}
    for kind, names in REARRANGED.items():
        assert set(names) <= set(DS1) and kinds[kind] == set(names) - set(FOLDS[0])
    assert "207 ectopy" in found.learnt.names and "118 ectopy" not in found.learnt.names
    asked.clear()
    datasets.recorded(plan('["beat", "difference", "tachogram"]', "mixup = 0.3"))
    assert {kind for _, kind in asked} == {""}


def test_rearranged_beats_come_from_the_files(tmp_path):
    write_record(tmp_path, "118", Patient(seed=118, seconds=400, shares={"S": 0.2}))
    chosen = plan('["beat", "difference", "tachogram"]', "ectopy = 0.1\nfibrillation = 0.2")
    found = datasets.rearranged(chosen, tmp_path, ["118"])
    assert [part.names for part in found] == [("118 ectopy",), ("118 fibrillation",)]
    assert (found[0].y == 1).mean() > 0.7 and set(found[1].y) == {0}
