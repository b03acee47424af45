"""Sets on disk: the public layout, written whole, read within bounds, and what is damaged is refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is missing: make sim installs it")

from bittrue.apps.noise import dataset, dataset_writing, sets
from bittrue.apps.noise.dataset_hdf5 import stored
from bittrue.apps.noise.processes import drawing
from bittrue.cli import main
from bittrue.errors import BadInput

h5py = pytest.importorskip("h5py", reason="h5py is missing: pip install -e '.[noise]'")

NAMES = (
    "FGN_fixed_H30",
    "bandpass_8_bands_all",
    "shot_gaussian_exponential_fixed_ER25",
    "SAS_uniform",
    "mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25",
)


def written(root, name, train=12, test=5, length=None, seed=1, **settings):
    recipe = sets.recipe(name, {key: str(value) for key, value in settings.items()})
    said = []
    folder = dataset_writing.write(
        recipe, root, train, test, recipe.length(length), seed, lambda *step: said.append(step)
    )
    assert said[-1][1:] == (test, test)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_set_has_the_public_layout(tmp_path, name):
    folder = written(tmp_path, name, length=None if name.startswith("mod") else 512)
    for file, count in (("train.h5", 12), ("test.h5", 5)):
        with h5py.File(folder / file) as opened:
            assert list(opened) == ["train"]
            array = opened["train"][:]
        assert array.shape == (count, 961 if name.startswith("mod") else 513)
        assert array.dtype == (np.complex128 if name.startswith("mod") else np.float64)
    found = dataset.opened(folder)
    assert found.is_ofdm == name.startswith("mod") == found.train.is_complex
    scales = json.loads((folder / "scale_factors.json").read_text())
    plain = found.train.signals().view(np.float64)
    assert sorted(scales.values()) == [plain.min(), plain.max()]
    assert set(scales) == ({"max", "min"} if found.is_ofdm else {"max_0", "min_0"})
    assert (folder / "sos_coeffs.json").exists() == name.startswith("bandpass")
    keys = {"num_subcarriers", "cyclic_prefix", "cfo"} if found.is_ofdm else {"param_distrib", "signal_length"}
    assert keys <= set(found.parameters) and found.parameters["seed"] == 1


def test_an_interrupt_that_a_callback_loses_ends_the_writing(tmp_path, capsys, monkeypatch):
    def chunks(self, count, length, seed, part):
        with suppress(KeyboardInterrupt):  # as Python does for callbacks of weak references
            signal.raise_signal(signal.SIGINT)
        yield np.zeros(count), np.ones((count, length))

    monkeypatch.setattr("bittrue.apps.noise.processes.recipe.ProcessRecipe.chunks", chunks)
    assert main(["noise", "make", "FGN", "--count", "4", "--length", "64", "-o", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "bittrue: interrupted; nothing was left half written\n"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_labels_are_the_parameters(tmp_path):
    found = dataset.opened(written(tmp_path, "FDWN_fixed_H70", length=64))
    assert np.allclose(found.train.labels(), 0.2)
    found = dataset.opened(written(tmp_path, "bandpass_8_bands_all", length=512, train=64))
    assert set(found.train.labels()) <= set(range(8)) and len(set(found.train.labels())) > 4
    found = dataset.opened(written(tmp_path, "mod4_iq_random_cp_long_128fft_rblocks1_subs36_evm-25"))
    assert found.train.labels().tolist() == list(range(12))


def test_files_are_the_same_whatever_is_drawn_at_a_time(tmp_path, monkeypatch):
    for name in ("FGN_uniform", NAMES[-1]):
        one = written(tmp_path / "a", name, length=None if name.startswith("mod") else 100)
        with monkeypatch.context() as patch:
            patch.setattr(drawing, "CHUNK", 5)
            patch.setattr(drawing.chunks, "__defaults__", (0, 5))
            other = written(tmp_path / "b", name, length=None if name.startswith("mod") else 100)
        for file in sorted(path.name for path in one.iterdir()):
            assert (one / file).read_bytes() == (other / file).read_bytes(), file


def test_an_interrupted_set_leaves_nothing_and_an_old_one_stays(tmp_path):
    recipe = sets.recipe("FGN_fixed_H30")

    def interrupt(doing, done, total):
        if done and "test" in doing:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataset_writing.write(recipe, tmp_path / "new", 4, 2, 64, 1, interrupt)
    assert not (tmp_path / "new").exists()
    folder = written(tmp_path, "FGN_fixed_H30", length=64)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        dataset_writing.write(recipe, tmp_path, 4, 2, 64, 2, interrupt, overwrite=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["FGN_fixed_H30"]
    dataset_writing.write(recipe, tmp_path, 4, 2, 32, 2, lambda *_: None, overwrite=True)
    assert dataset.opened(folder).train.length == 32


def test_a_set_made_otherwise_is_not_replaced_silently(tmp_path, capsys):
    """The name of a folder does not hold all settings."""
    make = ["noise", "make", "FGN", "--set", "H=uniform", "-o", str(tmp_path), "--test-count", "2"]
    first = [*make, "--count", "6", "--length", "64"]
    assert main(first) == 0 and main(first) == 0
    (folder,) = (tmp_path / "FGN").iterdir()
    before = (folder / "train.h5").read_bytes()
    capsys.readouterr()
    others = (
        (["--count", "6", "--length", "32"], "signal_length 64, not 32"),
        (
            ["--count", "7", "--length", "64"],
            "num_train_samples 6, not 7",
        ),
    )
    for options, why in others:
        assert main([*make, *options]) == 2
        assert f"holds a set with {why}; give another -o to keep it, or --overwrite" in capsys.readouterr().err
    (folder / "noise_params.json").write_text("{}")
    assert main(first) == 2
    assert "a noise_params.json that does not say how it was made" in capsys.readouterr().err
    assert (folder / "train.h5").read_bytes() == before
    assert main([*make, "--count", "7", "--length", "64", "--overwrite"]) == 0
    assert dataset.opened(folder).train.labels().shape == (7,)


def test_what_a_killed_command_left_is_gone_at_the_next(tmp_path):
    """In a process of its own, killed in the middle of a file."""
    program = (
        "import os, sys\nfrom bittrue.apps.noise import dataset_writing, sets\n"
        "stop = lambda doing, done, total: done and os.kill(os.getpid(), 9)\n"
        "dataset_writing.write(sets.recipe('FGN_fixed_H30'), sys.argv[1], 4, 2, 64, 1, stop)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == -9
    (left,) = (tmp_path / "FGN").iterdir()
    assert left.name.startswith(".FGN_fixed_H30.draft-")
    written(tmp_path, "FGN_fixed_H30", length=64)
    assert [path.name for path in (tmp_path / "FGN").iterdir()] == ["FGN_fixed_H30"]


def test_reading_is_lazy_and_bounded(tmp_path, monkeypatch):
    folder = written(tmp_path, "FGN_fixed_H30", length=1000, train=600)
    monkeypatch.setenv("BITTRUE_MEMORY", "0.001")
    found = dataset.opened(folder)
    with pytest.raises(BadInput, match=r"600 rows of .*train\.h5 would take"):
        found.train.signals()
    assert found.train.signals(590, 10).shape == (10, 1000)
    monkeypatch.setattr(dataset, "PIECE", 1 << 17)
    assert sum(len(labels) for labels, _ in found.train.pieces()) == 600
    with pytest.raises(BadInput, match="has 600 rows; 595 to 604 were asked for"):
        found.train.signals(595, 10)


def damaged(folder, kind):
    path = folder / "train.h5"
    values = np.ones((4, 65))
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == "no HDF5":
        path.write_bytes(b"signals")
    elif kind == "missing":
        path.unlink()
    elif kind == "link":
        path.unlink()
        with h5py.File(path, "w") as file:
            file["train"] = h5py.ExternalLink("test.h5", "train")
    else:
        if kind == "NaN":
            values[2, 5] = np.nan
        key = "test" if kind == "key" else "train"
        if kind == "text":
            values = np.array([["a", "b"]], dtype="S1")
        elif kind == "integers":
            values = values.astype(int)
        elif kind == "axes":
            values = values[0]
        elif kind == "length":
            values = values[:, :9]
        elif kind == "column":
            values = values[:, :1]
        elif kind == "complex":
            values = values + 0j
        with h5py.File(path, "w") as file:
            file[key] = values


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("truncated", "cannot read the set .*train.h5: it is truncated; write it again, or restore the file"),
        ("no HDF5", "it is damaged or no HDF5"),
        ("missing", "there is no such file"),
        ("link", "refers to another file for 'train'"),
        ("NaN", "train.h5 holds NaN or infinity in row 2; write it again"),
        ("key", "has no array 'train'; it has 'test'"),
        ("text", "holds '.S1' in 'train'; it must be one of float32"),
        ("integers", "holds 'int64' in 'train'"),
        ("axes", "of shape .65,.; it must be signals by columns"),
        ("length", "signals of 8 real samples in train.h5 and of 64 real ones in test.h5"),
        ("column", "has one column"),
        ("complex", "signals of 64 complex samples in train.h5"),
    ],
)
def test_what_is_damaged_is_refused(tmp_path, kind, said):
    folder = written(tmp_path, "FGN_fixed_H30", length=64)
    damaged(folder, kind)
    with pytest.raises(BadInput, match=said):
        dataset.opened(folder).train.signals()


def test_numbers_that_are_not_in_the_file_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("train", (1 << 20, 1 << 20), "f8", chunks=(1024, 1024))
        file.create_dataset("large", (4, 1 << 26), "f8", chunks=(1, 1 << 25))
        file.create_dataset("outside", (4, 4), "f8", external=[("numbers.raw", 0, 128)])
    for key, said in (
        ("train", "more than the"),
        ("large", "packed in a way"),
        ("outside", "does not hold the numbers"),
    ):
        with pytest.raises(BadInput, match=said):
            stored(tmp_path / "a.h5", key)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("train", (1000, 1000), "f8", chunks=(10, 10))
    with pytest.raises(BadInput, match="8,000,000 bytes of numbers are claimed, 0 are there"):
        stored(tmp_path / "b.h5", "train")


def test_packed_and_single_precision_sets_are_read(tmp_path):
    values = np.random.default_rng(1).standard_normal((50, 33)).astype("f4")
    for name, options in (("a", {"compression": "gzip"}), ("b", {"compression": "lzf", "shuffle": True}), ("c", {})):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file.create_dataset("test", data=values, **options)
        part = dataset.generated(tmp_path / f"{name}.h5", 33)
        assert part.count == 50 and part.signals().dtype == np.float64
        assert np.array_equal(part.signals(), values.astype(np.float64))
        assert np.array_equal(
            dataset.generated(tmp_path / f"{name}.h5", 32).signals(), values[:, 1:].astype(np.float64)
        )
        with pytest.raises(BadInput, match="signals of 33 samples, and those of its target have 40"):
            dataset.generated(tmp_path / f"{name}.h5", 40)


def test_a_script_is_told_what_was_made(tmp_path, capsys):
    small = ["--count", "3", "--test-count", "2", "--length", "64", "-o", str(tmp_path)]
    assert main(["noise", "make", "FGN_fixed_H30", "BG_fixed_IP10", *small, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["train"], found["test"], [one["length"] for one in found["sets"]]) == (3, 2, [64, 64])
    assert len(found["files"]) == len(set(found["files"])) and all(Path(name).is_file() for name in found["files"])
    assert {Path(name).parent for name in found["files"]} == {Path(one["folder"]) for one in found["sets"]}


def test_the_command_makes_sets(tmp_path, capsys):
    small = ["--count", "8", "--length", "400", "-o", str(tmp_path / "Datasets")]
    assert main(["noise", "make", "FGN", "band3", *small, "--seed", "3"]) == 0
    assert "8 + 2 signals of 400 real samples, seed 3" in capsys.readouterr().out
    assert dataset.opened(tmp_path / "Datasets" / "bandpass" / "bandpass_8_bands_band3").test.count == 2
    assert main(["noise", "make", "bursty_BG", "--set", "p=uniform", "--set", "burst=50", *small]) == 0
    about = dataset.opened(tmp_path / "Datasets" / "bursty_BG" / "bursty_BG_uniform").parameters
    assert about["settings"]["burst"] == 50 and about["param_distrib"] == "uniform"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["FGM"], "unknown set 'FGM'; .*did you mean FGN"),
        (["FGN", "--set", "K=3"], "FGN has no parameter 'K'"),
        (["FGN", "--set", "H"], "--set is 'H'; write a name and a value"),
        (["FGN", "--count", "0"], "'0' is not a whole number from 1"),
        (["FGN", "--length", "2000000"], "'2000000' is not a whole number"),
        (["CFO50", "--length", "100"], "--length is 100; signals of .* have 1,920 samples"),
        (["CFO50", "--set", "H=0.1"], "says everything in its name; leave --set H out"),
        (["FGN", "FGN_fixed_H70"], "FGN/FGN_fixed_H70 would be made twice"),
        (["band3", "--length", "100"], "its filter takes at least"),
        (["x" * 400], "the name of a set has 400 characters"),
    ],
)
def test_the_command_refuses_what_cannot_be(tmp_path, capsys, words, said):
    import re

    assert main(["noise", "make", *words, "-o", str(tmp_path / "new")]) == 2
    assert re.search(said, capsys.readouterr().err) and not (tmp_path / "new").exists()


def test_a_full_disk_is_seen_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_writing.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(BadInput, match="left; make room"):
        written(tmp_path, "FGN_fixed_H30", length=64)


def test_a_description_that_is_none_is_refused(tmp_path):
    folder = written(tmp_path, "FGN_fixed_H30", length=64)
    (folder / "noise_params.json").write_text("[1]")
    with pytest.raises(BadInput, match="is no JSON object"):
        dataset.opened(folder)
    (folder / "noise_params.json").unlink()
    assert dataset.opened(folder).parameters == {}
    with pytest.raises(BadInput, match="there is no set of noise"):
        dataset.opened(tmp_path / "nowhere")
