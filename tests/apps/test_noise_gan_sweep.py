"""Sweeps of noise GANs: the table, rows side by side with equal results, killed workers, and refusals."""

import csv
import json
import os
import sys
from pathlib import Path

import pytest
from noise_gan_small import DATA_SET, SMALL, WAVE, small, write_set
from shard_work import kill_once, work

from bittrue.apps.noise.gan import sweep_table
from bittrue.apps.noise.gan.configuration import DEFAULTS, merged
from bittrue.cli import main
from bittrue.errors import BadInput
from bittrue.kit import shards

ROWS = "latent_type,wavegan,G.lr\nuniform,True,0.0002\ngaussian,True,0.0001\n"


def rows(tmp_path, content, below=SMALL):
    (tmp_path / "rows.csv").write_text(content)
    return sweep_table.load(tmp_path / "rows.csv", below)


def test_columns_are_keys_anywhere(tmp_path):
    first, second = rows(tmp_path, f"{ROWS}truncated_normal,False,1e-3,\n".replace("G.lr", "optim_params.G.lr"))[1:]
    assert first.cells == {"latent_type": "gaussian", "wavegan": "True", "optim_params.G.lr": "0.0001"}
    settings = second.configuration.settings
    assert (settings.latent_type, settings.optim_params.G.lr, settings.optim_params.D.lr) == (
        "truncated_normal",
        1e-3,
        1e-4,
    )
    assert settings.model_specs.wavegan is False and settings.epochs == 2


def test_cells_are_typed_by_their_key(tmp_path):
    content = (
        'data_set,quantize,pad_signal,D.betas,num_samples\n123,None,True,"(0.5, 0.9)",None\n7,feature,512,"[0, 0]",40\n'
    )
    first, second = (row.configuration.settings for row in rows(tmp_path, content))
    assert (first.data.data_set, first.data.quantize, first.data.pad_signal, first.data.num_samples) == (
        "123",
        "none",
        -1,
        0,
    )
    assert first.optim_params.D.betas == (0.5, 0.9)
    assert (second.data.quantize, second.data.pad_signal, second.data.num_samples) == ("feature", 512, 40)


def test_the_public_tables_load(tmp_path):
    found = rows(tmp_path, "start_gpu,wavegan,data_set\n0,False,FBM/FBM_fixed_H5\n0,True,FBM/FBM_fixed_H10", DEFAULTS)
    assert [row.configuration.settings.data.data_set for row in found] == ["FBM/FBM_fixed_H5", "FBM/FBM_fixed_H10"]
    content = (
        "data_set,model_type,nperseg\nchannel_sets/512fft_EVA5Hz,stftgan,512,\nchannel_sets/512fft_AWGN,wavegan,512"
    )
    first, second = rows(tmp_path, content, {"model_type": "stftgan", "stride": 2, "kernel_size": 4})
    assert first.configuration.settings.data.stft and first.configuration.settings.data.nperseg == 512
    assert second.configuration.settings.model_specs.wavegan


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("kernel_sise\n5", r"no key is called 'kernel_sise'; did you mean kernel_size"),
        ("lr\n0.1", r"column lr means several keys; write D.lr or G.lr"),
        ("betas\n0.1", r"write D.betas or G.betas"),
        ("epochs,epochs\n1,2", "column epochs twice"),
        ("lr,D.lr\n1,2", "means several"),
        ("G.lr,optim_params.G.lr\n1,2", "column optim_params.G.lr twice"),
        ("epochs,D_updates\n1", "line 2 has 1 cells and the head has 2"),
        ("epochs\nmany", "line 2: epochs is 'many'; it must be of type int"),
        ("epochs\n1\n\n0", "line 4: epochs is 0"),
        ("epochs", "0 rows below its head"),
        ("", "is empty"),
        ('epochs\n"1', "is not CSV"),
        ("model_specs\n5", "no key is called 'model_specs'"),
    ],
)
def test_tables_that_cannot_be_are_refused(tmp_path, content, complaint):
    with pytest.raises(BadInput, match=complaint):
        rows(tmp_path, content)


def test_shards_come_back_in_order_and_lost_ones_run_again(tmp_path):
    told = []
    given = [1, str(tmp_path / "one"), -3, 4]
    found = shards.spread(work, given, 2, told=lambda number, what: told.append((number, what)))
    assert [outcome.value for outcome in found] == [2, "second", None, 8]
    assert [outcome.refused for outcome in found] == ["", "", "-3 is negative; give more", ""]
    assert (1, shards.AGAIN) in told and (1, shards.DONE) in told and (2, shards.REFUSED) in told and len(told) == 5


def test_a_shard_that_is_always_lost_ends_in_words():
    with pytest.raises(BadInput, match="shard 0 lost its process 3 times"):
        shards.spread(work, ["always"], 1)


def test_an_error_in_a_shard_is_an_error_here():
    with pytest.raises(RuntimeError, match=r"(?s)shard 1 failed:.*ZeroDivisionError"):
        shards.spread(work, [1, 100], 2)


def test_ray_that_is_missing_is_said_in_words(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(BadInput, match="shards on Ray need ray, which is not installed"):
        shards.spread(work, [1], 1, ray=True)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a data set, a dictionary and a table."""
    for package, extra in (("torch", "train"), ("h5py", "noise"), ("matplotlib", "sim")):
        pytest.importorskip(package, reason=f"{package} is missing: install the extra {extra}")
    write_set(tmp_path / "Datasets")
    (tmp_path / "gan.json").write_text(json.dumps(SMALL))
    (tmp_path / "rows.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


ORDER = ["train", "noise", "--config", "gan.json", "--configs", "rows.csv"]


def measured(folder):
    """Metrics files of a sweep by row and repeat, and its table."""
    (table,) = folder.glob("sweeps/*/results.csv")
    with table.open() as file:
        found = list(csv.DictReader(file))
    return {(row["row"], row["repeat"]): (folder.parent / row["folder"] / "metrics.json").read_bytes() for row in found}


def test_rows_side_by_side_measure_what_one_run_measures(place, capsys):
    from bittrue.apps.noise.gan.train import train
    from bittrue.kit.training.distributed import Team

    assert main([*ORDER, "--workers", "2"]) == 0
    assert "2 of 2 runs" in capsys.readouterr().out
    found = measured(place / "Model_Results")
    assert len(found) == 2 and found["1", "1"] != found["2", "1"]
    configuration = small(WAVE, {"latent_type": "gaussian", "optim_params": {"G": {"lr": 0.0001}}})
    (place / "alone").mkdir()
    train(configuration, "Datasets", place / "alone", team=Team())
    assert (place / "alone" / "metrics.json").read_bytes() == found["2", "1"]
    assert main(ORDER) == 0  # again: everything is there
    assert measured(place / "Model_Results") == found and len(list(place.glob("Model_Results/FGN*/*"))) == 2


def test_rows_that_cannot_be_are_named_before_any_is_trained(place, capsys):
    (place / "rows.csv").write_text("data_set,pad_signal\nFGN/FGN_fixed_H50,None\nFGN/FGN_fixed_H50,300\n")
    assert main(ORDER) == 2
    assert "row 2 (FGN/FGN_fixed_H50, 300): signals of 300 samples are no multiple of 8" in capsys.readouterr().err
    (place / "rows.csv").write_text(f"data_set,checkpoint\n{DATA_SET},here\n")
    assert main(ORDER) == 2 and "leave checkpoint" in capsys.readouterr().err
    (place / "rows.csv").write_text("data_set\nFGN/FGN_fixed_H60\n")
    assert main(ORDER) == 2 and "there is no set of noise" in capsys.readouterr().err
    assert not list(place.glob("Model_Results/FGN*"))


def in_this_process(work, given, workers, ray, told):
    """As `shards.spread`, at once."""
    return [shards._outcome(number, shards.attempted(work, shard), told) for number, shard in enumerate(given)]


def test_a_row_that_is_refused_stops_no_other(place, capsys, monkeypatch):
    monkeypatch.setattr(shards, "spread", in_this_process)
    (place / "rows.csv").write_text("epochs,weight_init\n1,kaiming_normal\n1,normal\n")
    (place / "gan.json").write_text(json.dumps(merged(SMALL, {"optim_params": {"D": {"lr": 0.0}}})))
    assert main([*ORDER, "--workers", "1"]) == 0
    capsys.readouterr()
    (folder,) = (path.parent for path in place.glob("Model_Results/FGN*weight_init-normal*/*/metrics.json"))
    (folder / "metrics.json").unlink()
    (folder / "checkpoint.pt").write_bytes(b"no checkpoint")
    assert main(ORDER) == 2
    said = capsys.readouterr()
    assert "1 of 2 runs; what they measured" in said.out and "row 2, repeat 1 was refused: the checkpoint" in said.err


SIX = "latent_type,G.lr\n" + "".join(
    f"{kind},{rate}\n" for kind in ("uniform", "gaussian") for rate in (1e-4, 2e-4, 4e-4)
)


@pytest.mark.heavy
def test_six_rows_and_two_repeats_are_equal_on_processes_and_on_ray(place):
    pytest.importorskip("ray", reason="Ray is missing: install the extra scale")
    (place / "rows.csv").write_text(SIX)
    assert main([*ORDER, "--repeats", "2", "-o", "processes"]) == 0
    assert main([*ORDER, "--repeats", "2", "-o", "on_ray", "--ray"]) == 0
    found = measured(place / "processes")
    assert len(found) == 12 and len(set(found.values())) == 12
    assert measured(place / "on_ray") == found


@pytest.mark.heavy
@pytest.mark.parametrize("ray", [False, True], ids=["processes", "ray"])
def test_the_row_of_a_killed_worker_is_run_again_to_the_same_bits(place, ray, monkeypatch):
    if ray:
        pytest.importorskip("ray", reason="Ray is missing: install the extra scale")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]))
    given = {"given": small(WAVE).given, "datasets": str(place / "Datasets"), "seconds": 0.0}
    jobs = []
    for name in ("cut", "whole"):
        (place / name).mkdir()
        (place / name / "killed").touch() if name == "whole" else None
        jobs.append((str(place / name / "killed"), given | {"folder": str(place / name)}))
    told = []
    found = shards.spread(kill_once, jobs, 2, ray, lambda number, what: told.append((number, what)))
    assert (place / "cut" / "killed").exists() and found[0].value == found[1].value
    assert ((0, shards.AGAIN) in told) != ray  # Ray tells nobody
    for name in ("metrics.json", "gen_distribution.h5", "gan_training_history.csv"):
        assert (place / "cut" / name).read_bytes() == (place / "whole" / name).read_bytes()
