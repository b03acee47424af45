"""The driver of the HDMI output over the simulated video DMA, without pynq."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bittrue.board import BoardError
from bittrue.board.hdmi_out import BITS, SIZE, HdmiOut, hdmi_out
from bittrue_sim.virtual_board.axi_intc import AxiIntc
from bittrue_sim.virtual_board.axi_vdma import AxiVdma
from bittrue_sim.virtual_board.memory import Memory

LINES, LINE = 4, 6 * 3


class Channel:
    """What pynq's driver does to the registers of the reading channel, for frames of 4 lines of 6 pixels."""

    def __init__(self, vdma, memory):
        self.vdma, self.memory, self.frames, self.mode = vdma, memory, [None] * 3, None

    def newframe(self):
        return self.memory.allocate(LINES * LINE, cached=False)

    def _put(self, index, block):
        self.frames[index] = block
        self.vdma.write(0x5C + 4 * index, block.address)
        if not self.vdma.read(0x04) & 1:
            self.vdma.write(0x50, LINES)

    def start(self):
        self._put(0, self.newframe())
        self.vdma.write(0x54, LINE)
        self.vdma.write(0x58, LINE)
        self.vdma.write(0x00, 0x11089)
        assert not self.vdma.read(0x04) & 1, "pynq would wait for ever"
        self.vdma.write(0x50, LINES)
        self.vdma.write(0x28, 0)

    def writeframe(self, block):
        assert self.vdma.read(0x04) & 0x1000, "pynq would wait for an interrupt"
        self.vdma.write(0x04, 0x1000)
        index = (self.vdma.read(0x28) + 1) % 3
        self._put(index, block)
        self.vdma.write(0x28, index)

    def stop(self):
        self.vdma.write(0x00, 0x11080)
        assert self.vdma.read(0x04) & 1, "pynq would wait for ever"
        self.frames = [None] * 3


@pytest.fixture
def rig():
    """The driver, the video DMA, its memory, and the frames that were shown."""
    memory, shown = Memory(), []
    vdma = AxiVdma(memory, shown.append, 3, 3)
    vdma.writechannel = Channel(vdma, memory)
    return SimpleNamespace(out=HdmiOut(vdma, timeout=0.02), vdma=vdma, memory=memory, shown=shown)


def passed(rig):
    rig.vdma.write(0x04, 0x1000)
    return rig.vdma.read(0x04) & 0x1000


def mode(width=SIZE[0], height=SIZE[1], bits=BITS):
    return SimpleNamespace(width=width, height=height, bits_per_pixel=bits)


def test_a_frame_is_shown_when_it_was_written(rig):
    rig.out.start()
    for value in (1, 2, 3, 4, 5):
        block = rig.out.newframe()
        block.host[:] = value
        rig.out.writeframe(block)
        assert passed(rig)
        assert rig.shown[-1].shape == (4, 6, 3) and (rig.shown[-1] == value).all()
    rig.out.close()
    count = len(rig.shown)
    assert rig.vdma.read(0x04) & 1 and len(rig.shown) == count


def test_without_a_mode_that_it_has_it_is_refused(rig):
    rig.out.configure(mode(), SimpleNamespace(fourcc="RG24"))
    for wrong in (mode(640, 480), mode(bits=32)):
        with pytest.raises(BoardError, match="1280x720 pixels of 24 bits in RGB"):
            rig.out.configure(wrong)
    with pytest.raises(BoardError, match="in BG24"):
        rig.out.configure(mode(), SimpleNamespace(fourcc="BG24"))


@pytest.mark.parametrize("address", [0x0100_0000, 0x1FFF_FFF0])
def test_after_an_error_it_starts_again(rig, address):
    rig.out.start()
    rig.vdma.write(0x5C, address)
    rig.vdma.write(0x04, 0x1000)
    with pytest.raises(BoardError, match="reports an error"):
        rig.out.writeframe(rig.out.newframe())
    rig.out.close()
    rig.out.start()
    rig.out.writeframe(rig.out.newframe())


def test_what_never_ends_is_given_up(rig, monkeypatch):
    rig.out.start()
    monkeypatch.setattr(AxiVdma, "_frame", lambda self: None)
    rig.vdma.write(0x04, 0x1000)
    with pytest.raises(BoardError, match=r"no frame was shown for 0\.02 s"):
        rig.out.writeframe(rig.out.newframe())
    monkeypatch.setattr(AxiVdma, "read", lambda self, offset: 0x4)
    with pytest.raises(BoardError, match=r"in reset for 0\.02 s"):
        rig.out.start()


def test_frames_go_round_without_parking(rig):
    rig.out.start()
    for index, value in enumerate((7, 8, 9)):
        block = rig.memory.allocate(LINES * LINE, cached=False)
        block.host[:] = value
        rig.vdma.write(0x5C + 4 * index, block.address)
    rig.vdma.write(0x00, 0x11083)
    assert [passed(rig) and int(rig.shown[-1][0, 0, 0]) for _ in range(4)] == [7, 8, 9, 7]


def test_which_hierarchies_have_an_output(rig):
    own = {"C_INCLUDE_S2MM": "0", "C_M_AXIS_MM2S_TDATA_WIDTH": "24"}

    def hierarchy(parameters, **more):
        cells = {"axi_vdma": {"parameters": parameters}, **more}
        return SimpleNamespace(description={"ip": cells}, axi_vdma=rig.vdma)

    assert isinstance(hdmi_out(hierarchy(own)), HdmiOut)
    assert hdmi_out(SimpleNamespace(hdmi_out="pynq's")) == "pynq's"
    assert hdmi_out(hierarchy(own | {"C_INCLUDE_S2MM": "1"})) is None
    assert hdmi_out(hierarchy(own | {"C_M_AXIS_MM2S_TDATA_WIDTH": "32"})) is None
    assert hdmi_out(hierarchy(own, other={})) is None


def test_the_interrupt_controller_keeps_what_is_written():
    intc = AxiIntc()
    intc.write(0x08, 5)
    assert (intc.read(0x08), intc.read(0x00), intc.read(0x04)) == (5, 0, 0)
    assert np.zeros(1).sum() == intc.read(0x1C)
