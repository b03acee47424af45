"""pynq's own classes on the simulated board, as a program without bittrue's driver uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pynq import MMIO, Clocks, Device, Overlay, allocate
from pynq.lib.dma import DMA
from small_banks import NETS, samples

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec.store import content_hash
from bittrue_sim import virtual_board

ROOT = Path(__file__).resolve().parents[2]


def transfer(dma, given, made):
    dma.recvchannel.transfer(made)
    dma.sendchannel.transfer(given)
    dma.sendchannel.wait()
    dma.recvchannel.wait()


def test_an_overlay_a_dma_and_two_buffers(board, bit):
    overlay = Overlay(str(bit))
    assert overlay.is_loaded() and isinstance(overlay.dma, DMA)
    codes = samples(500)
    with allocate((500, 2), np.int16) as given, allocate((500, 2), np.int16) as made:
        given[:] = codes
        transfer(overlay.dma, given, made)
        assert overlay.dma.recvchannel.transferred == made.nbytes
        np.testing.assert_array_equal(made, ref.run(NETS["cold"], codes))


def test_registers_by_mmio(board, bit):
    overlay = Overlay(str(bit))
    mmio = MMIO(overlay.ip_dict["net"]["phys_addr"], 4096)
    assert mmio.read(0) == 0x42545255
    words = b"".join(mmio.read(8 + 4 * k).to_bytes(4, "big") for k in range(8))
    assert f"sha256:{words.hex()}" == content_hash(NETS["cold"])
    mmio.write(0x3C, 2)
    assert mmio.array[0x3C // 4] == 2


def test_a_download_starts_the_hardware_anew(board, bit):
    overlay = Overlay(str(bit))
    overlay.net.write(0x3C, 2)
    assert overlay.net.read(0x3C) == 2
    overlay.download()
    assert overlay.net.read(0x3C) == 0


def test_the_clocks_are_those_of_the_hand_off(board, bit):
    Clocks.fclk1_mhz = 50
    Overlay(str(bit))
    assert (Clocks.fclk0_mhz, Clocks.fclk1_mhz, Clocks.cpu_mhz) == (200.0, 100.0, 650.0)
    Clocks.fclk0_mhz = 50
    assert Clocks.fclk0_mhz == 50.0


@pytest.mark.parametrize("forgotten", ["flush", "invalidate"])
def test_a_forgotten_flush_or_invalidate_of_a_cached_buffer_shows(board, bit, forgotten, monkeypatch):
    overlay = Overlay(str(bit))
    codes = samples(100)
    with allocate((100, 2), np.int16, cacheable=1) as given, allocate((100, 2), np.int16, cacheable=1) as made:
        given[:] = codes
        with monkeypatch.context() as patch:
            patch.setattr(type(given), forgotten, lambda self: None)
            transfer(overlay.dma, given, made)
        assert (made != ref.run(NETS["cold"], codes)).any()
        overlay.net.write(0x38, 1)
        transfer(overlay.dma, given, made)
        np.testing.assert_array_equal(made, ref.run(NETS["cold"], codes))


def test_a_part_of_a_buffer_is_flushed_by_itself(board):
    with allocate((100,), np.int16, cacheable=1) as buffer:
        buffer[:] = 7
        buffer[10:20].flush()
        (block,) = board.memory.blocks.values()
        assert block.ddr.view(np.int16).tolist() == [0] * 10 + [7] * 10 + [0] * 80
        assert buffer[10:].physical_address == block.address + 20


def test_memory_is_given_back_and_not_endless(board):
    for _ in range(10):
        allocate((1 << 26,), np.uint8).freebuffer()
    with pytest.raises(MemoryError, match="do not fit"):
        allocate((1 << 29,), np.uint8)


def test_an_address_without_registers_is_an_error(board, bit):
    Overlay(str(bit))
    with pytest.raises(RuntimeError, match="no register answers at 0x41200000"):
        MMIO(0x4120_0000, 4).read()


def test_a_bitstream_without_its_verilog_is_refused(board, bit, tmp_path):
    board.folder = tmp_path
    with pytest.raises(BadInput, match=r"no .*small_net_shell\.v to run for small_net\.bit"):
        Overlay(str(bit))


def test_a_folder_without_an_overlay_is_refused(tmp_path):
    with pytest.raises(BadInput, match="bittrue overlay NET -o DIR --simulated"):
        virtual_board.install(tmp_path)


def test_uninstalling_leaves_pynq_without_a_device(folder):
    virtual_board.install(folder)
    virtual_board.uninstall()
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="No Devices Found"):
        if hasattr(Device, "_devices"):
            del type(Device)._devices
        _ = Device.active_device


PROGRAM = """
import sys
import bittrue.board
with bittrue.board.open(sys.argv[1]) as dpd:
    print(dpd.bank, len(dpd.predistort([0.5j] * 10)))
"""


@pytest.mark.parametrize("fault", [(), ("--fault", "stale-hash")])
def test_a_program_runs_unchanged_from_the_command_line(folder, bit, tmp_path, fault):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "bittrue_sim.virtual_board", str(folder), *fault, str(program), str(bit)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if fault:
        assert done.returncode == 1 and "BoardError: the hardware was built for net" in done.stderr
    else:
        assert (done.returncode, done.stdout) == (0, "cold 10\n"), done.stderr


def test_a_program_that_is_not_there(folder):
    command = [sys.executable, "-m", "bittrue_sim.virtual_board", str(folder), "nothing.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == "error: nothing.py is not a file; give the program to run\n"
