"""The report: what it is given, what it writes, and what it refuses."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is missing: make sim installs it")
pytest.importorskip("matplotlib", reason="Matplotlib is missing: make sim installs it")

from bittrue.apps.noise import dataset_writing, sets
from bittrue.apps.noise.processes import draw, named
from bittrue.apps.noise.reporting import pictures
from bittrue.apps.noise.reporting.runs import runs
from bittrue.apps.noise.reporting.targets import target
from bittrue.cli import main

h5py = pytest.importorskip("h5py", reason="h5py is missing: pip install -e '.[noise]'")


def signals(name, count=24, length=512, seed=9):
    source = named(name)
    return draw(source.process, source.law, count, length, seed)[1]


def run_folder(folder, name, generated):
    folder.mkdir(parents=True)
    with h5py.File(folder / "gen_distribution.h5", "w") as file:
        file["test"] = generated
    about = {"dataloader_specs": {"dataset_specs": {"data_set": name}}}
    (folder / "gan_train_config.json").write_text(json.dumps(about))
    return str(folder)


def report(*words, capsys, code=0):
    assert main(["report", "noise", *words]) == code
    return capsys.readouterr()


def test_runs_stand_beside_floor_and_baselines(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = sets.recipe("FGN_fixed_H30")
    dataset_writing.write(recipe, tmp_path / "Datasets", 24, 24, 512, 1, lambda *step: None)
    good = run_folder(tmp_path / "a" / "run1", "FGN/FGN_fixed_H30", signals("FGN_fixed_H30"))
    poor = run_folder(tmp_path / "b" / "run2", "FGN/FGN_fixed_H70", signals("FGN_fixed_H50"))
    said = report(good, poor, "--signals", "24", "--nearby", "0", "-o", "page.html", capsys=capsys)
    found = json.loads((tmp_path / "page.json").read_text())["targets"]
    assert [one["origin"] for one in found] == ["Datasets/FGN/FGN_fixed_H30", "drawn, seeds 1 and 2"]
    for one in found:
        assert [row["name"] for row in one["sets"]][:4] == ["floor", "AR(32)", "FIR(255)", "sampler"]
    assert all(one["sets"][0]["distances"]["geodesic"] > 0.05 for one in found), "the floor is of two sets"
    near, far = (one["sets"][-1] for one in found)
    assert abs(near["medians"]["H"] - 0.3) < 0.03 and near["distances"]["W1 of H"] < 0.03
    assert abs(far["medians"]["H"] - 0.5) < 0.03 and far["distances"]["W1 of H"] > 0.15
    assert near["excess"]["geodesic"] < far["excess"]["geodesic"]
    page = (tmp_path / "page.html").read_text()
    assert page.count("<img") == 1 + 2 * 4, "one curve, four pictures a target"
    assert "b/run2 on FGN/FGN_fixed_H70: geodesic distance" in said.out and "bittrue report noise" in page


def test_a_long_name_leaves_room_for_the_curves(tmp_path, capsys, recwarn):
    name = "FGN_FGN_fixed_H30__epochs-1__" + "__".join(f"a_setting_of_many-{k}" for k in range(8))
    folder = run_folder(tmp_path / name / "2026-01-01_00-00-00", "FGN/FGN_fixed_H30", signals("FGN_fixed_H30"))
    report(folder, "--signals", "24", "--nearby", "0", "-o", str(tmp_path / "page.html"), capsys=capsys)
    assert not [str(warning.message) for warning in recwarn if "layout" in str(warning.message)]
    assert pictures.short(f"{name}/2026-01-01_00-00-00").endswith("/2026-01-01_00-00-00")
    assert len(pictures.short(name)) == pictures.LONGEST and pictures.short("b/run2") == "b/run2"


def test_the_folder_of_all_sets_of_a_process_is_no_target(tmp_path):
    recipe = sets.recipe("BG_uniform")
    dataset_writing.write(recipe, tmp_path, 24, 24, 128, 1, lambda *step: None)
    assert target("BG", tmp_path, 16, 128).origin == "drawn, seeds 1 and 2"
    dataset_writing.write(sets.recipe("BG"), tmp_path, 24, 24, 128, 1, lambda *step: None)
    assert target("BG", tmp_path, 16).origin == str(tmp_path / sets.recipe("BG").folder)


def test_files_of_samples_with_density_and_coverage(tmp_path, capsys):
    pytest.importorskip("dtaidistance", reason="dtaidistance is missing: pip install -e '.[noise]'")
    np.save(tmp_path / "ours.npy", signals("bursty_BG", 24, 256)[:, None].astype("f4"))
    page = str(tmp_path / "page.html")
    words = ("--target", "bursty_BG", "--signals", "24", "--nearby", "12")
    said = report(str(tmp_path / "ours.npy"), *words, "-o", page, capsys=capsys)
    assert "Density and coverage" in said.out
    (one,) = json.loads((tmp_path / "page.json").read_text())["targets"]
    assert one["sets"][-1]["coverage"]["coverage"] > 0.3 and one["sets"][2]["name"] == "FIR(255)"
    assert set(one["sets"][-1]["medians"]) == {"p", "ratio"}


def test_ofdm_as_i_and_q_side_by_side(tmp_path, capsys):
    name = "mod4_iq_random_cp_long_128fft_rblocks1_subs36_evm-25"
    recipe = sets.recipe(name)
    x = next(iter(recipe.chunks(16, 960, 5, 0)))[1]
    np.save(tmp_path / "x.npy", np.stack([x.real, x.imag], axis=1))
    words = (str(tmp_path / "x.npy"), "--target", name, "--signals", "16", "--nearby", "0")
    report(*words, "-o", str(tmp_path / "page.html"), capsys=capsys)
    (one,) = json.loads((tmp_path / "page.json").read_text())["targets"]
    assert one["sets"][-1]["medians"]["EVM"] == pytest.approx(-25, abs=1)
    assert one["sets"][1]["medians"]["EVM"] > -15 and one["sets"][-1]["distances"]["W1 of CP"] < 0.02


def test_targets_are_told_to_files_in_their_order(tmp_path):
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", signals("FGN"))
    folder = run_folder(tmp_path / "run", "BG/BG_fixed_IP10", signals("BG"))
    given = [str(tmp_path / "a.npy"), folder, str(tmp_path / "b.npy")]
    found = runs(given, ["FGN", "SAS"])
    assert [run.target for run in found] == ["FGN", "BG/BG_fixed_IP10", "SAS"]
    assert [run.target for run in runs(given, ["FBM"])] == ["FBM", "BG/BG_fixed_IP10", "FBM"]


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("npy", [], "does not say what it imitates"),
        ("npy", ["--target", "FGM"], "unknown set 'FGM'"),
        ("npy", ["--target", "FGN,BG"], "--target names 2 sets for 1 files"),
        ("npy", ["--target", "CFO50"], r"holds float64 of shape \(24, 512\); give numbers \(N, 1,920\)"),
        ("nan", ["--target", "FGN"], "holds NaN or infinity"),
        ("few", ["--target", "FGN"], "too few to measure"),
        ("nearby", ["--target", "FGN", "--nearby", "5"], "of 5 targets; 11 are needed"),
        ("empty", [], "has no gen_distribution.h5"),
        ("none", [], "is no folder of a run and no .npy"),
        ("config", [], "names no set in dataloader_specs"),
        ("outside", [], "a name lies below the folder of all sets"),
        ("length", [], "holds signals of 512 samples, and those of its target have 64"),
    ],
)
def test_what_cannot_be_judged_is_refused(tmp_path, capsys, monkeypatch, kind, words, said):
    monkeypatch.chdir(tmp_path)
    x = signals("FGN")
    if kind == "nan":
        x[3, 4] = np.nan
    np.save("x.npy", x[:1] if kind == "few" else x)
    path = "x.npy"
    if kind in ("empty", "config", "outside", "length"):
        path = run_folder(tmp_path / "run", "FGN/FGN_fixed_H30", x)
    if kind == "empty":
        (tmp_path / "run" / "gen_distribution.h5").unlink()
    if kind == "config":
        (tmp_path / "run" / "gan_train_config.json").write_text('{"dataloader_specs": []}')
    if kind == "outside":
        config = (tmp_path / "run" / "gan_train_config.json").read_text()
        (tmp_path / "run" / "gan_train_config.json").write_text(config.replace("FGN/", "../FGN/"))
    if kind == "length":
        recipe = sets.recipe("FGN_fixed_H30")
        dataset_writing.write(recipe, "Datasets", 16, 16, 64, 1, lambda *step: None)
    if kind == "none":
        path = "nothing.npy"
    if kind == "nearby":
        pytest.importorskip("dtaidistance", reason="dtaidistance is missing: pip install -e '.[noise]'")
    else:
        words = [*words, "--nearby", "0"]
    error = report(path, *words, "--signals", "16", "-o", "page.html", capsys=capsys, code=2).err
    assert re.search(said, error) and not (tmp_path / "page.html").exists()
