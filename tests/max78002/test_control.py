"""The control registers of the accelerator: every value but the right one is refused, smaller or larger."""

import pytest

from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.control import CLEAR, CLOCKS, DONE, ENABLE, FOLLOW, PACKED, SRAM, Control
from bittrue_firmware.fault import FirmwareFault

CTL, MEMORY, COUNT, TEST = 0, 4, 8, 12
LAYERS = 3


def ready(chip, master=0, others=(1, 2, 3)):
    """Control registers of a chip, set up so that ``master`` may be started last."""
    control = Control(chip)
    for quadrant in (master, *others):
        control.write(quadrant, CTL, CLOCKS)
        control.write(quadrant, MEMORY, SRAM)
        if chip.clears:
            control.write(quadrant, TEST, CLEAR[0])
            control.write(quadrant, TEST, 0)
        control.write(quadrant, COUNT, LAYERS)
    for quadrant in others:
        control.write(quadrant, CTL, CLOCKS | ENABLE | FOLLOW | master << 9)
    return control


def start(control, master=0):
    assert control.write(master, CTL, CLOCKS | ENABLE)
    return control.started()


@pytest.mark.parametrize("chip", [MAX78002, MAX78000], ids=lambda chip: chip.name)
@pytest.mark.parametrize("master", [0, 2])
def test_quadrants_that_are_set_up_alike_run(chip, master):
    control = ready(chip, master, [quadrant for quadrant in range(4) if quadrant != master])
    assert start(control, master) == ([0, 1, 2, 3], master, False)
    assert control.layers() == (0, LAYERS) and not control.done
    control.finish()
    assert control.done and all(values[0] & DONE for values in control.values)


def test_only_what_runs_is_done_and_only_what_is_packed_is():
    control = ready(MAX78002, 0, [1])
    control.write(2, CTL, CLOCKS | PACKED)
    assert start(control)[0] == [0, 1] and [control.packed(quadrant) for quadrant in range(4)] == [
        False,
        False,
        True,
        False,
    ]
    control.finish()
    assert [bool(values[0] & DONE) for values in control.values] == [True, True, False, False]


@pytest.mark.parametrize("value", [0, SRAM - 1, SRAM + 1, SRAM | 0x1000])
def test_the_memories_have_one_setting(value):
    control = ready(MAX78002)
    with pytest.raises(FirmwareFault, match=f"SRAM is 0x{value:08x}; 0x{SRAM:x} belongs there"):
        control.write(0, MEMORY, value)


@pytest.mark.parametrize("value", [0, SRAM - 1, SRAM + 1])
def test_a_quadrant_starts_with_that_setting_only(value):
    control = ready(MAX78002)
    control.values[1][1] = value
    with pytest.raises(FirmwareFault, match="quadrant 1: SRAM is"):
        start(control)


@pytest.mark.parametrize("count", [0, LAYERS - 1, LAYERS + 1, LAYERS | 1 << 8])
def test_every_quadrant_has_the_layers_of_the_first(count):
    control = ready(MAX78002)
    control.write(2, COUNT, count)
    with pytest.raises(FirmwareFault, match=f"quadrant 2: LCNT_MAX is 0x{count:08x}; quadrant 0 has 0x{LAYERS:x}"):
        start(control)


@pytest.mark.parametrize("change", [1 << 5, 1 << 30, 1 << 9, 2 << 9, 1 << 20, 1 << 1])
@pytest.mark.parametrize("in_master", [False, True])
def test_every_quadrant_follows_the_first_in_each_bit(change, in_master):
    """A bit that only a follower has makes its register larger, one that only the first has makes it smaller."""
    control = ready(MAX78002)
    if in_master:
        control.write(0, CTL, CLOCKS | ENABLE | change)
        if change in (1 << 9, 2 << 9):
            assert control.started()[1] == 0
            return  # the number of the quadrant to follow means nothing in the one that is followed
    else:
        control.write(3, CTL, control.values[3][0] | change)
        control.write(0, CTL, CLOCKS | ENABLE)
    with pytest.raises(
        FirmwareFault, match=r"quadrant \d: CTL is 0x[0-9a-f]{8}; 0x[0-9a-f]{8} belongs there, to follow"
    ):
        control.started()


def test_a_quadrant_follows_a_later_one():
    control = ready(MAX78002, 2, [0, 1, 3])
    control.write(0, CTL, CLOCKS | ENABLE | FOLLOW)
    with pytest.raises(FirmwareFault, match=r"quadrant 0: CTL .* to follow quadrant 2"):
        start(control, 2)


@pytest.mark.parametrize("value", CLEAR)
def test_clearing_is_asked_for_done_at_once_and_ended(value):
    control = Control(MAX78002)
    control.write(0, CTL, CLOCKS)
    control.write(0, TEST, 0)
    with pytest.raises(FirmwareFault, match="before it cleared them"):
        control.check_cleared(0)
    control.write(0, TEST, value)
    control.check_cleared(0)
    assert control.read(0, TEST) == value | 1 << 25
    control.write(0, TEST, 0)
    assert control.read(0, TEST) == 0
    with pytest.raises(FirmwareFault, match="the clearing of registers only"):
        control.write(0, TEST, value + 1)
    with pytest.raises(FirmwareFault, match="the clearing of registers only"):
        other = Control(MAX78000)
        other.write(0, CTL, CLOCKS)
        other.write(0, TEST, value)


def test_clearing_that_was_not_ended_is_refused():
    control = ready(MAX78002)
    control.write(3, TEST, CLEAR[1])
    with pytest.raises(FirmwareFault, match=r"quadrant 3: TEST .* clearing was not ended"):
        start(control)


@pytest.mark.parametrize(("value", "says"), [(0x80, "layers"), (0x8000, "layers"), (0x10000, "layers"), (0x203, "")])
def test_there_are_so_many_layers(value, says):
    control = ready(MAX78002)
    if says:
        with pytest.raises(FirmwareFault, match="there are 128 layers, counted from 0"):
            control.write(0, COUNT, value)
        return
    for quadrant in range(4):
        control.write(quadrant, COUNT, value)
    start(control)
    assert control.layers() == (2, 3)


def test_the_first_layer_comes_first():
    control = ready(MAX78002, others=())
    control.write(0, COUNT, 0x203)
    start(control)
    assert control.layers() == (2, 3)
    control.write(0, COUNT, 0x202)
    assert control.layers() == (2, 2)
    control.write(0, COUNT, 0x302)
    with pytest.raises(FirmwareFault, match="the first layer comes after the last"):
        control.layers()


def test_what_starts_and_what_is_refused():
    control = ready(MAX78002)
    assert not control.write(0, CTL, CLOCKS) and not control.write(0, CTL, CLOCKS | ENABLE | FOLLOW)
    assert not control.write(0, CTL, CLOCKS)
    assert control.write(0, CTL, CLOCKS | ENABLE) and not control.write(0, CTL, CLOCKS | ENABLE)
    for value, says in (
        (ENABLE, "without clocks"),
        (CLOCKS | DONE, "only the accelerator sets"),
        (1 << 4, "does not have"),
    ):
        with pytest.raises(FirmwareFault, match=says):
            ready(MAX78002).write(0, CTL, value)
    control.write(1, CTL, 0)
    with pytest.raises(FirmwareFault, match="clocks are off"):
        control.write(1, MEMORY, SRAM)
    for value in (CLOCKS | 1 << 5, CLOCKS | 1 << 30):
        with pytest.raises(FirmwareFault, match="has neither bit 5 nor bit 30"):
            ready(MAX78000).write(0, CTL, value)
