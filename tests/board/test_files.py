"""The files of an overlay: what is missing, damaged or of another build is refused before or after the download."""

from __future__ import annotations

import json
import shutil

import pytest
from small_banks import NETS, small_net

import bittrue.board
from bittrue.board import BoardError
from bittrue.board.manifest import read_manifest
from bittrue.targets.pynq_z1.build import write_overlay
from bittrue.targets.pynq_z1.manifest import Manifest


@pytest.fixture
def copy(folder, tmp_path, board):
    """A copy of the overlay that a test may damage."""
    shutil.copytree(folder, tmp_path / "copy")
    board.folder = tmp_path / "copy"
    return tmp_path / "copy" / "overlay" / "small_net.bit"


def rewrite(path, **changes):
    """Change top-level entries of the manifest; those that are None go."""
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))


def test_the_manifest_says_what_its_writer_meant(bit):
    written, found = Manifest.read(bit.with_suffix(".json")), read_manifest(bit.with_suffix(".json"))
    for name in ("net", "hash", "interval", "clock_mhz", "delay", "latency", "bank_count", "nodes", "files"):
        assert getattr(found, name) == getattr(written, name)
    for side in ("input", "output"):
        assert vars(getattr(found, side)) == vars(getattr(written, side))
    assert found.load == vars(written.load)
    assert found.names == (*NETS, "3")


def test_a_path_may_be_relative(board, bit, monkeypatch):
    monkeypatch.chdir(bit.parent)
    bittrue.board.open(bit.name).close()


def test_an_overlay_that_is_loaded_need_not_be_loaded_again(board, bit):
    bittrue.board.open(bit).close()
    core = board.core
    bittrue.board.open(bit, download=False).close()
    assert board.core is core


@pytest.mark.parametrize("suffix", [".bit", ".hwh", ".json", ".npz"])
def test_a_missing_file_is_named(copy, suffix):
    copy.with_suffix(suffix).unlink()
    with pytest.raises(BoardError, match=rf"small_net\{suffix} is missing; .*copy"):
        bittrue.board.open(copy)


@pytest.mark.parametrize("suffix", [".bit", ".hwh", ".npz"])
def test_a_file_of_another_build_is_named(copy, suffix):
    path = copy.with_suffix(suffix)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(
        BoardError, match=rf"small_net\{suffix} is not of this overlay: its SHA-256 begins with \w{{12}}, "
    ):
        bittrue.board.open(copy)


def test_a_file_without_a_hash_in_the_manifest_is_taken(copy):
    document = json.loads(copy.with_suffix(".json").read_text())
    rewrite(copy.with_suffix(".json"), files=document["files"] | {"bit": None, "hwh": None})
    copy.write_bytes(b"another build of the same")
    bittrue.board.open(copy).close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "zip"}, "not the manifest of an overlay"),
        ({"version": 2}, "has version 2, this driver reads 1"),
        ({"interval": None}, "has no interval; write the overlay again"),
        ({"banks": "cold"}, "banks is 'cold', not a list of 1 to 4 objects"),
        ({"input": {"bits": 16}}, r"has no input\.container_bits"),
        ({"vlnv": "other:ip:net:1.0"}, "the overlay's cell is a other:ip:net:1.0"),
        ({"cells": {"ip": "core", "dma": "dma"}}, "the overlay has no cell core"),
        (
            {"cells": {"ip": "dma", "dma": "dma"}},
            r"small_net\.hwh has no cell of type bittrue:bittrue:net_shell:1\.0 as dma",
        ),
        ({"cells": {"ip": "net", "dma": "net"}}, "the overlay's DMA lacks a channel"),
        ({"interval": 9}, "SHAPE.interval of the hardware is 8, small_net.json says 9"),
        ({"load": None}, "has no load; write the overlay again"),
        (
            {"bank_count": 1, "load": None, "banks": [{"name": "cold", "hash": f"sha256:{'1' * 64}"}]},
            "SHAPE.banks of the hardware is 4, small_net.json says 1",
        ),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(copy, changes, message):
    rewrite(copy.with_suffix(".json"), **changes)
    with pytest.raises(BoardError, match=message):
        bittrue.board.open(copy)


def test_a_damaged_manifest_is_refused(copy):
    copy.with_suffix(".json").write_text("{")
    with pytest.raises(BoardError, match=r"manifest .*small_net\.json is not JSON"):
        bittrue.board.open(copy)


def test_a_damaged_bank_file_is_refused(copy):
    document = json.loads(copy.with_suffix(".json").read_text())
    rewrite(copy.with_suffix(".json"), files=document["files"] | {"npz": None})
    copy.with_suffix(".npz").write_bytes(b"PK not a zip")
    with bittrue.board.open(copy) as dpd, pytest.raises(BoardError, match=r"small_net\.npz is damaged"):
        dpd.manifest.bank_words("hot")


def test_another_file_than_a_bitstream_is_refused(copy):
    with pytest.raises(BoardError, match=r"is no \.bit file"):
        bittrue.board.open(copy.with_suffix(".hwh"))


def test_the_hardware_of_another_net_is_refused_by_its_hash(copy, tmp_path):
    """All files are one build's, but the FPGA holds another's: here by the Verilog, on a board by the bit file."""
    other = write_overlay({"cold": small_net(50)}, tmp_path / "other", interval=8, clock_mhz=100.0, simulated=True)
    shutil.copytree(other.folder / "rtl", copy.parent.parent / "rtl", dirs_exist_ok=True)
    with pytest.raises(BoardError, match="the hardware was built for net sha256:"):
        bittrue.board.open(copy)


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [(0, 0xDEADBEEF, "the cell answers with ID 0xdeadbeef"), (4, 0x20000, "register map 2, this driver knows 1")],
)
def test_a_cell_that_is_no_shell_of_this_version_is_refused(board, bit, monkeypatch, offset, value, message):
    from bittrue.board.net_shell import NetShell

    read = NetShell.read
    monkeypatch.setattr(NetShell, "read", lambda self, at=0: value if at == offset else read(self, at))
    with pytest.raises(BoardError, match=message):
        bittrue.board.open(bit)
