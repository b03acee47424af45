"""Whose beats: records by name and part, made-up patients, and the files that `bittrue ecg beats` writes of them."""

import json

import numpy as np
import pytest
from ecg_files import SMALL, write_record
from ecg_net import write_ecg

from bittrue import check, ref, spec
from bittrue.apps.ecg import patients, recipe
from bittrue.apps.ecg.beats import beats
from bittrue.apps.ecg.beats.split import DS1, DS2, FOLDS
from bittrue.check import Leg
from bittrue.cli import main
from bittrue.errors import BadInput

PLAN = recipe.parse(SMALL.encode(), "the test's recipe")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mitdb")
    for name in ("101", "106", *FOLDS[2]):
        if not (folder / f"{name}.hea").exists():
            write_record(folder, name)
    return folder


def test_parts_stand_for_their_records(records):
    assert patients.named("DS1", records).names == DS1 and patients.named("DS2", records).names == DS2
    assert patients.named("fold-2, 106", records).names == (*FOLDS[2], "106")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("DS3", "DS3 is no record of .* parts are DS1, DS2, fold-0"),
        ("101,fold-2", "record 101 is named twice"),
        ("106,,101", "nothing is no record"),
        ("../101", "no record"),
    ],
)
def test_names_that_do_not_exist_are_named(records, text, sentence):
    with pytest.raises(BadInput, match=sentence):
        patients.named(text, records)


def test_made_up_patients_are_the_same_ones_and_more():
    few, many = patients.made_up(2, seed=3, seconds=20), patients.made_up(4, seed=3, seconds=20)
    own = few.beats(PLAN.input)
    assert many.names[:2] == few.names and (many.beats(PLAN.input).x[: len(own.y)] == own.x).all()
    assert patients.made_up(2, seed=4, seconds=20).digest != few.digest != many.digest
    record = few.record(few.names[1])
    assert (own.position[own.record == 1] == record.positions).all()
    assert few.symbol(record, int(record.positions[5])) == "NSVFQ"[record.labels[5]]


def test_the_annotation_is_the_databases(records):
    people = patients.named("101", records)
    record = people.record("101")
    for position, label in zip(record.positions, record.labels, strict=True):
        assert people.symbol(record, int(position)) == "NSVFQ"[label]


def beats_command(*words):
    return main(["ecg", "beats", *map(str, words)])


def test_the_frames_are_those_that_the_net_sees(records, tmp_path, capsys):
    net = write_ecg(tmp_path / "net")
    words = ["--recipe", net, "--data", records, "--records", "fold-2"]
    assert beats_command(*words, "-o", tmp_path / "x.npy", "--labels", tmp_path / "y.npy") == 0
    x, y = np.load(tmp_path / "x.npy"), np.load(tmp_path / "y.npy")
    wanted = beats.load(records, FOLDS[2], PLAN.input)
    assert x.dtype == np.int8 and (x == wanted.x).all() and y.dtype == np.int64 and (y == wanted.y).all()
    said = capsys.readouterr().out
    assert f"{len(y):,} frames of (3, 32), int8, of fold-2 as small sees them: N {(y == 0).sum()}" in said
    assert beats_command(*words, "-o", tmp_path / "again.npy", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["frames"], found["shape"]) == (len(y), [3, 32]) and found["files"] == [str(tmp_path / "again.npy")]
    assert found["classes"]["N"] == (y == 0).sum() and sum(found["classes"].values()) == len(y)
    assert main(["run", str(net), "-i", str(tmp_path / "x.npy"), "-o", str(tmp_path / "s.npy"), "--codes"]) == 0
    assert (np.load(tmp_path / "s.npy") == ref.run(spec.load(net), wanted.x.astype(np.int64))).all()


def test_some_are_drawn_without_repetition(records, tmp_path):
    every = beats.load(records, ("101", "106"), PLAN.input)
    (tmp_path / "recipe.toml").write_text(SMALL)
    found = []
    for seed in (1, 1, 2):
        words = ["--recipe", tmp_path / "recipe.toml", "--data", records, "--records", "101,106", "--count", 20]
        assert beats_command(*words, "--seed", seed, "-o", tmp_path / "x.npy", "--labels", tmp_path / "y.npy") == 0
        x, y = np.load(tmp_path / "x.npy"), np.load(tmp_path / "y.npy")
        assert len(x) == len(y) == 20
        at = [int(np.flatnonzero((every.x == row).all(axis=(1, 2)))[0]) for row in x]
        assert at == sorted(set(at)) and (every.y[at] == y).all()
        found.append(x)
    assert (found[0] == found[1]).all() and (found[0] != found[2]).any()


def test_made_up_beats_are_as_many_as_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BITTRUE_MITDB", str(tmp_path / "nowhere"))
    (tmp_path / "recipe.toml").write_text(SMALL)
    words = ["--recipe", tmp_path, "--synthetic", "-o", tmp_path / "x.npy"]
    assert beats_command(*words, "--count", 900) == 0
    assert np.load(tmp_path / "x.npy").shape == (900, 3, 32)
    assert "16 made-up patients, seed 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--count", "100000"], "is more than the"),
        (["--labels", "x.npy"], "name two files"),
        (["--labels", "none/y.npy"], "there is no folder none"),
        (["--recipe", "none"], "unknown recipe 'none'"),
        (["--records", "300"], "300 is no record"),
        (["--records", "103", "--data", "empty"], "holds no WFDB record"),
        (["--synthetic", "--records", "101"], "--synthetic takes no --records"),
        (["--count", "0"], "'0' is not a whole number"),
    ],
)
def test_what_cannot_be_written_is_said(records, tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BITTRUE_MITDB", str(records))
    (tmp_path / "empty").mkdir()
    assert beats_command("--records", "101", "-o", "x.npy", *words) == 2 if "--synthetic" not in words else True
    if "--synthetic" in words:
        assert beats_command("-o", "x.npy", *words) == 2
    assert sentence in capsys.readouterr().err and not list(tmp_path.glob("*.npy"))


def test_a_truncated_record_leaves_nothing(records, tmp_path, capsys):
    write_record(tmp_path, "106")
    (tmp_path / "106.dat").write_bytes((tmp_path / "106.dat").read_bytes()[:-3000])
    assert beats_command("--data", tmp_path, "--records", "106", "-o", tmp_path / "x.npy") == 2
    assert "106.dat is cut off" in capsys.readouterr().err and not (tmp_path / "x.npy").exists()


def wrong_at(net, frame):
    """A leg that gives one wrong word, for the one frame that equals ``frame``."""

    def taps(codes):
        found = {name: words.copy() for name, words in ref.taps(net, codes).items()}
        found["fc"][(np.asarray(codes) == frame).all(axis=(1, 2)), 0] += 1
        return found

    return Leg("wrong", lambda codes: taps(codes)["fc"], taps)


def test_every_frame_of_a_file_is_compared(tmp_path):
    net = spec.load(write_ecg(tmp_path / "net"))
    frames = patients.made_up(16).beats(PLAN.input).x
    assert len(frames) > 1100
    seen = []
    verdict = check.check(
        net, {"wrong": wrong_at(net, frames[-1])}, 50, 0, frames, lambda *_: seen.append(_), every=True
    )
    assert verdict.kinds["real"] == len(frames) and verdict.samples == len(frames) + 50 == sum(n for *_, n in seen)
    assert len([kind for _, kind, _ in seen if kind == "real"]) >= 3  # people see how far it is
    assert not verdict.equal and verdict.legs[0].divergence.kind == "real"
    few = check.check(net, {"wrong": wrong_at(net, frames[-1])}, 50, 0, frames)
    assert few.kinds["real"] < 50 == few.samples and few.equal


def test_check_takes_the_frames_of_a_file(tmp_path, capsys):
    net = write_ecg(tmp_path / "net")
    x = patients.made_up(2, seconds=20).beats(PLAN.input).x
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "v.npy", x.astype(np.float32) / 128)
    np.save(tmp_path / "wrong.npy", x[:, :2])
    for name in ("x.npy", "v.npy"):
        words = ["check", str(net), "--legs", "c", "--samples", "40", "--input", str(tmp_path / name)]
        assert main(words) == 0
        assert f"in all {(len(x) + 40) * 101:,} words of {len(x) + 40:,} samples" in capsys.readouterr().out
    assert main(["check", str(net), "--legs", "c", "--input", str(tmp_path / "wrong.npy")]) == 2
    assert "wrong.npy: net small takes samples of shape (N, 3, 32)" in capsys.readouterr().err
