"""Frames through pynq's own driver, the simulated board and the Verilated HDMI output to a monitor's picture."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image
from pynq import Device, Overlay, allocate
from pynq.lib.video import PIXEL_BGR, PIXEL_RGB, VideoMode
from pynq.lib.video.dma import AxiVDMA
from small_banks import NETS

from bittrue.apps.dpd.demonstrating import demo_data, plant
from bittrue.board import BoardError
from bittrue.board.demo.frame import Painter
from bittrue.board.hdmi_out import HdmiOut, hdmi_out
from bittrue.cli import main
from bittrue.targets.pynq_z1.build import write_overlay
from bittrue_sim import virtual_board

HD = VideoMode(1280, 720, 24)
pytestmark = pytest.mark.filterwarnings("ignore:Interrupt mm2s_introut not created")


@pytest.fixture(scope="module")
def hdmi_folder(tmp_path_factory):
    """Overlay folder of the small nets with HDMI."""
    place = tmp_path_factory.mktemp("hdmi")
    write_overlay(NETS, place, interval=8, clock_mhz=200.0, simulated=True, hdmi=True)
    return place


@pytest.fixture
def board(hdmi_folder):
    """The simulated board; at the end of each test, no buffer may be left."""
    device = virtual_board.install(hdmi_folder)
    yield device
    left = dict(device.memory.blocks)
    virtual_board.uninstall()
    assert not left, "buffers were not freed"


@pytest.fixture
def overlay(board, hdmi_folder):
    (bit,) = (hdmi_folder / "overlay").glob("*.bit")
    return Overlay(str(bit))


def frame(seed):
    return np.random.default_rng(seed).integers(0, 256, (720, 1280, 3), dtype=np.uint8)


def passed(overlay):
    """Let a frame pass from its beginning on."""
    overlay.video.axi_vdma.write(0x04, 0x1000)
    return overlay.video.axi_vdma.read(0x04) & 0x1000


def test_pynq_finds_the_hierarchy_its_driver_and_the_interrupt(overlay):
    assert set(overlay.hierarchy_dict) == {"video"} and set(overlay.hierarchy_dict["video"]["ip"]) == {"axi_vdma"}
    assert overlay.ip_dict["video/axi_vdma"]["phys_addr"] == 0x4300_0000
    pin = overlay.interrupt_pins["video/axi_vdma/mm2s_introut"]
    assert (pin["controller"], pin["index"]) == ("interrupt_controller", 0)
    assert overlay.interrupt_controllers["interrupt_controller"]["raw_irq"] == 61
    vdma = overlay.video.axi_vdma
    assert type(vdma) is AxiVDMA and vdma.framecount == 3 and not hasattr(vdma, "readchannel")
    assert isinstance(hdmi_out(overlay.video), HdmiOut)


def test_frames_come_to_the_pins_as_they_were_drawn(board, overlay):
    out = hdmi_out(overlay.video)
    out.configure(HD, PIXEL_RGB)
    out.start()
    drawn = out.newframe()
    assert drawn.shape == (720, 1280, 3)
    drawn[:] = frame(0)
    out.writeframe(drawn)
    del drawn
    assert passed(overlay) and np.array_equal(board.screen.picture, frame(0))
    out.close()
    assert not overlay.video.axi_vdma.writechannel.running


@pytest.mark.heavy
def test_the_net_and_the_screen_do_not_disturb_each_other(board, hdmi_folder):
    import bittrue.board

    (bit,) = (hdmi_folder / "overlay").glob("*.bit")
    with bittrue.board.open(bit) as dpd:
        out = hdmi_out(dpd.overlay.video)
        out.configure(HD)
        out.start()
        plain = dpd.run_codes(np.ones((50, 2), np.int64))
        drawn = out.newframe()
        drawn[:] = 7
        out.writeframe(drawn)
        del drawn
        dpd.reset()
        assert np.array_equal(dpd.run_codes(np.ones((50, 2), np.int64)), plain)
        out.close()


@pytest.mark.parametrize("mode", [VideoMode(1920, 1080, 24), VideoMode(1280, 720, 32)])
def test_another_mode_is_refused(overlay, mode):
    with pytest.raises(BoardError, match=r"shows 1280x720 pixels of 24 bits in RGB.*use VideoMode\(1280, 720, 24\)"):
        hdmi_out(overlay.video).configure(mode, PIXEL_RGB)


def test_another_order_of_colours_is_refused(overlay):
    with pytest.raises(BoardError, match="in BG24"):
        hdmi_out(overlay.video).configure(HD, PIXEL_BGR)


@pytest.mark.heavy
def test_a_frame_that_is_no_buffer_ends_in_one_error(board, overlay):
    vdma, out = overlay.video.axi_vdma, hdmi_out(overlay.video)
    out.configure(HD)
    out.start()
    vdma.write(0x5C, 0x0100_0000)
    vdma.write(0x04, 0x1000)
    with pytest.raises(BoardError, match="the video DMA reports an error"):
        out.writeframe(out.newframe())
    out.close()
    out.start()
    drawn = out.newframe()
    out.writeframe(drawn)
    del drawn
    out.close()


@pytest.mark.heavy
def test_without_a_pixel_clock_it_says_so_and_stops(board, overlay, monkeypatch):
    out = hdmi_out(overlay.video, timeout=0.05)
    out.configure(HD)
    out.start()
    overlay.video.axi_vdma.write(0x04, 0x1000)
    monkeypatch.setattr("bittrue_sim.virtual_board.axi_vdma.AxiVdma._frame", lambda self: None)
    with pytest.raises(BoardError, match=r"no frame was shown for 0\.05 s"):
        out.writeframe(out.newframe())
    out.close()


@pytest.mark.heavy
def test_a_frame_that_was_not_flushed_shows(board, overlay, monkeypatch):
    out = hdmi_out(overlay.video)
    out.configure(HD)
    out.start()
    drawn = out.newframe()
    drawn[:] = 9
    with monkeypatch.context() as patch:
        patch.setattr(type(drawn), "flush", lambda self: None)
        out.writeframe(drawn)
    del drawn
    assert passed(overlay) and (board.screen.picture != 9).any()
    out.close()


def test_an_overlay_without_hdmi_has_no_output(folder, bit):
    board = virtual_board.install(folder)
    overlay = Overlay(str(bit))
    assert board.screen is None and not overlay.hierarchy_dict
    virtual_board.uninstall()


def test_no_more_than_that_interrupt_is_warned_of(overlay):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with allocate((4,), np.uint8):
            _ = overlay.video.axi_vdma
    assert [str(warning.message) for warning in said if "mm2s_introut" not in str(warning.message)] == []


def test_the_demo_puts_its_frames_on_the_screen(hdmi_folder, tmp_path, monkeypatch, capsys):
    demo_data.write(hdmi_folder / "overlay", NETS, [-65.0, 0.0, 60.0], plant.stored(), count=2, seed=1)
    (bit,) = (hdmi_folder / "overlay").glob("*.bit")
    monkeypatch.chdir(tmp_path)
    painted, paint = [], Painter.paint

    def kept(self, view):
        painted.append(np.asarray(paint(self, view)))
        return Image.fromarray(painted[-1])

    monkeypatch.setattr(Painter, "paint", kept)
    words = ["demo", "--overlay", str(bit), "--display", "hdmi", "--output", "x.png", "--frames", "3", "--bypass"]
    assert main(words) == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert "frames to file x.png, HDMI, 1280x720" in out and out.splitlines()[-1].endswith("0 mismatches")
    screen = Device.active_device.screen
    virtual_board.uninstall()
    assert screen.frames >= 3 and screen.picture is not None
    with Image.open("x.png") as last:
        assert np.array_equal(np.asarray(last), painted[-1])
    assert any(np.array_equal(screen.picture, each) for each in painted)
