"""The driver on the simulated board, where the net is a pipeline: a sample every clock, two, or banks."""

from __future__ import annotations

import numpy as np
import pytest
from small_banks import NETS, samples

import bittrue.board
from bittrue import ref
from bittrue.board import BoardError
from bittrue.board.manifest import read_manifest
from bittrue.lower.means import Means
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1.build import write_overlay
from bittrue_sim import virtual_board

pytestmark = pytest.mark.heavy


def opened(tmp_path, nets, clock_mhz=125.0, **options):
    write_overlay(nets, tmp_path, clock_mhz=clock_mhz, simulated=True, **options)
    (bit,) = (tmp_path / "overlay").glob("*.bit")
    virtual_board.install(tmp_path)
    return bit


def test_two_samples_a_clock_equal_the_reference(tmp_path):
    net = NETS["cold"]
    bit = opened(tmp_path, {"cold": net}, interval=1, means=Means(40, samples=2), clock_mhz=100.0)
    manifest = read_manifest(bit.with_suffix(".json"))
    assert (manifest.samples, manifest.input.elements, manifest.load) == (2, 4, None)
    codes = samples(5000)
    with bittrue.board.open(bit, chunk=600) as dpd:
        parts = [dpd.run_codes(part) for part in np.split(codes, [2, 800, 1402])]
        np.testing.assert_array_equal(np.concatenate(parts), ref.run(net, codes))
        assert dpd.counters()["samples_in"] == 2500  # words
        with pytest.raises(BoardError, match="3 samples are given, and the hardware takes 2 in a clock"):
            dpd.run_codes(codes[:3])
        dpd.reset()
        values = net.input.format.decode(codes[:100])
        found = dpd.predistort(values[:, 0] + 1j * values[:, 1])
        np.testing.assert_array_equal(
            np.stack([found.real, found.imag], 1), net.output.format.decode(parts_of(net, codes))
        )
    virtual_board.uninstall()


def parts_of(net, codes):
    return ref.run(net, codes[:100])


@pytest.mark.parametrize("interval", [1, 2])
def test_banks_of_a_pipeline_are_swapped_and_loaded(tmp_path, interval):
    bit = opened(tmp_path, NETS, interval=interval)
    assert read_manifest(bit.with_suffix(".json")).samples == (2 if interval == 1 else 1)  # the DMA has 100 MHz
    codes = samples(900)
    with bittrue.board.open(bit, chunk=300) as dpd:
        dpd.bank = "hot"
        np.testing.assert_array_equal(dpd.run_codes(codes), ref.run(NETS["hot"], codes))
        dpd.load("cold", *dpd.manifest.bank_words("normal"))
        dpd.bank = "cold"
        dpd.reset()
        np.testing.assert_array_equal(dpd.run_codes(codes), ref.run(NETS["normal"], codes))
        assert dpd.bank_hashes()["cold"] == content_hash(NETS["normal"])
    virtual_board.uninstall()
