"""Weight banks of a net of frames, on the simulated board: selected, loaded and told by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_frames import INTERVAL, frames, small_frames

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError
from bittrue.board.frame_net import FrameNet
from bittrue.lower.load import LoadPlan
from bittrue.spec import Conv, Net
from bittrue.spec.store import content_hash

CODES = frames(25, seed=2)


def other(seed: int) -> Net:
    """The net with other codes."""
    rng, nodes = np.random.default_rng(seed), []
    for node in small_frames().nodes:
        layer = node.layer
        if isinstance(layer, Conv):
            weight = rng.integers(-128, 128, layer.weight.shape)
            layer = replace(layer, weight=weight, bias=rng.integers(-9000, 9000, layer.bias.shape))
        nodes.append(replace(node, layer=layer))
    return replace(small_frames(), nodes=tuple(nodes))


NETS = {"still": other(1), "moving": other(2)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bittrue.targets.pynq_z1.build import write_overlay

    place = tmp_path_factory.mktemp("banks-of-frames")
    write_overlay(NETS, place, interval=INTERVAL, clock_mhz=200.0, simulated=True)
    return place


@pytest.fixture
def net(board, bit) -> Iterator[FrameNet]:
    with bittrue.board.open(bit, timeout=2.0, chunk=10) as found:
        yield found


def same(found: np.ndarray, net: Net) -> bool:
    return np.array_equal(found, ref.run(net, CODES))


def test_a_bank_is_selected_by_name(net):
    assert isinstance(net, FrameNet) and net.manifest.names == ("still", "moving")
    assert net.bank_hashes() == {name: content_hash(bank) for name, bank in NETS.items()}
    for name in ("still", "moving", "still"):
        net.bank = name
        assert net.bank == name and same(net.run_codes(CODES), NETS[name])


def test_another_net_is_loaded_into_the_bank_that_is_not_in_use(net):
    new = other(3)
    words = LoadPlan(new, INTERVAL, 2).words(new)
    with pytest.raises(BoardError, match="bank still is in use; select another bank before loading it"):
        net.load("still", *words, content_hash(new))
    net.load("moving", *words, content_hash(new))
    assert net.bank_hashes() == {"still": content_hash(NETS["still"]), "moving": content_hash(new)}
    assert same(net.run_codes(CODES), NETS["still"])
    net.bank = "moving"
    assert same(net.run_codes(CODES), new)
    net.load("still", *net.manifest.bank_words("moving"))  # what the overlay was made with, into the other bank
    net.reset()
    net.bank = "still"
    assert same(net.run_codes(CODES), NETS["moving"])


def test_a_load_that_fails_leaves_no_hash(net, monkeypatch):
    new = other(4)
    monkeypatch.setattr(type(net._shell), "set_bank_hash", lambda *_: (_ for _ in ()).throw(BoardError("stopped")))
    with pytest.raises(BoardError, match="stopped"):
        net.load("moving", *LoadPlan(new, INTERVAL, 2).words(new), content_hash(new))
    assert net.bank_hashes()["moving"] is None and same(net.run_codes(CODES), NETS["still"])
