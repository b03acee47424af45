"""A check in shards: the same vectors as its shards one by one, sums, the first divergence, and bad input."""

import numpy as np
import pytest

import bittrue
from bittrue.check import shards
from bittrue.check.compare import Divergence, LegVerdict, Verdict
from bittrue.check.legs import Options
from bittrue.check.net import check_net
from bittrue.cli import main

NET = "ecg-tiny"


@pytest.fixture(scope="module")
def net():
    return bittrue.load(NET)


def shard(net, samples, **more):
    return shards.Shard(net, ("c",), Options(), samples, **{"seed": 7, **more})


def test_shards_have_all_samples_and_seeds_of_their_own(net, monkeypatch):
    monkeypatch.setattr(shards, "SAMPLES", 100)
    real = np.zeros((3, 1, 128), np.int64)
    parts = shards.cut(shard(net, 451, seed=shards.SEEDS - 2, real=real, every=True), 4)
    assert [part.samples for part in parts] == [57, 57, 57, 56, 56, 56, 56, 56]
    assert [part.seed for part in parts] == [shards.SEEDS - 2, shards.SEEDS - 1, 0, 1, 2, 3, 4, 5]
    assert [part.real is real for part in parts] == [part.every for part in parts] == [True] + 7 * [False]
    assert [part.samples for part in shards.cut(shard(net, 3), 8)] == [1, 1, 1]


def verdict(net, mismatches, divergence=None, unreached=(), fault=""):
    legs = [LegVerdict("c", {"a": mismatches}, 10, 50, divergence, fault, 1.5)]
    return Verdict(net, "hash", 10, 7, legs, {"ties": 4, "uniform": 6}, {}, dict.fromkeys(unreached, 9))


def test_sums_and_the_first_divergence_are_told(net):
    first, second = (Divergence("ties", k, "a", "Dense", 0, (0,), None, 1, 2, None) for k in (0, 1))
    told = shards.joined(
        [verdict(net, 0, None, ("x", "y")), verdict(net, 2, first, ("y",)), verdict(net, 3, second, ("y", "x"))], 7
    )
    (leg,) = told.legs
    assert (leg.mismatches, leg.samples, leg.words, leg.seconds, leg.divergence) == ({"a": 5}, 30, 150, 4.5, first)
    assert (told.samples, told.kinds, told.unreached, told.equal) == (30, {"ties": 12, "uniform": 18}, {"y": 9}, False)
    assert shards.joined([verdict(net, 0), verdict(net, 0)], 7).equal
    assert not shards.joined([verdict(net, 0), verdict(net, 0, fault="it stopped")], 7).equal


def test_two_processes_compare_what_one_would(net):
    found = shards.check_in_shards(shard(net, 90), 2, False, lambda done, total: None)
    alone = [check_net(net, ["c"], 45, seed) for seed in (7, 8)]
    assert found.equal and found.samples == 90 and found.hash == alone[0].hash
    assert found.legs[0].words == sum(each.legs[0].words for each in alone)
    assert found.kinds == {kind: alone[0].kinds.get(kind, 0) + alone[1].kinds.get(kind, 0) for kind in alone[0].kinds}


def test_a_leg_that_is_missing_is_said_in_words(net):
    wrong = shards.Shard(net, ("d",), Options(), 10, 0)
    with pytest.raises(bittrue.errors.BadInput, match="d"):
        shards.check_in_shards(wrong, 1, False, lambda done, total: None)


def test_the_command_checks_in_shards(capsys):
    assert main(["check", NET, "--legs", "c", "--samples", "40", "--workers", "2"]) == 0
    assert "equal: c gave the bits of ref in" in capsys.readouterr().out
    assert main(["check", NET, "--ray"]) == 2
    assert "--ray takes --workers" in capsys.readouterr().err
