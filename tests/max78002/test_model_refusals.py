"""What the model refuses of images and branches, in words: registers that contradict each other, and what it lacks."""

import pytest
from hand_nets import made

from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.fault import FirmwareFault


def run(bench, changes=(), without=(), more=()):
    """Run a bench's writes with registers of layers changed in all quadrants, ``without`` some, behind ``more``."""
    hand, chip = bench.hand, bench.chip
    accelerator = Accelerator(chip, lambda quadrant: "")
    offsets = {
        chip.register_base + chip.registers.index(name) * chip.register_step + layer * chip.layer_step: change
        for layer, name, change in changes
    }
    seen = set()
    for write in [*hand.setup, *more, *hand.registers, *hand.sample(bench.codes()), *hand.start()]:
        address, size, value = write
        offset = (address - chip.base) % chip.stride
        if write in hand.registers and offset in offsets:
            seen.add(offset)
            value = offsets[offset](value)
        if write not in without:
            accelerator.write(address, size, value)
    assert seen == set(offsets)
    return accelerator


def flip(bit):
    return lambda value: value ^ 1 << bit


CASES = [
    ("branches", MAX78000, 3, "ONED", flip(17), "bit 17 says whether a convolution follows the operands"),
    ("branches", MAX78000, 5, "ONED", flip(17), "bit 17 says whether a convolution follows the operands"),
    ("branches", MAX78000, 3, "ONED", flip(13), "operands (bits 21 to 14) need bit 13"),
    ("branches", MAX78000, 3, "ONED", flip(18), "one operand (bits 21 to 18) needs no function, bit 13"),
    ("branches", MAX78000, 6, "ONED", flip(16), "bit 16 is for pooling before the operands meet, and nothing pools"),
    ("branches", MAX78000, 4, "ONED", flip(19), "pooling after the operands meet takes two of them"),
    ("branches", MAX78000, 5, "ONED", flip(8), "its bits 12 to 8 are 0 where 2 pass"),
    ("branches", MAX78000, 1, "ONED", flip(8), "its bits 12 to 8 are 1 where 1 pass"),
    ("branches", MAX78000, 5, "POST", flip(25), "its bits 25 and 24 should be 1 of operands without a convolution"),
    ("branches", MAX78000, 1, "POST", flip(25), "its bits 25 and 24 should be 3 of a pass-through"),
    ("branches", MAX78002, 3, "STRIDE", flip(4), "its bits from 4 up are no multiple of the stride 2"),
    ("branches", MAX78002, 2, "STRIDE", flip(5), "rows of 9 pixels, 3 words apart, are 3 words away, not 1"),
    ("branches", MAX78002, 3, "CCNT", flip(18), "windows of 2 columns, 2 apart, do not fill rows"),
    ("branches", MAX78002, 3, "RCNT", flip(18), "words away, not"),
    ("branches", MAX78002, 3, "RCNT", flip(0), "the last row is no multiple of the stride 2"),
    ("branches", MAX78002, 3, "PRCNT", flip(4), "the last pixel of the window is no multiple of the dilation 2"),
    ("branches", MAX78000, 3, "PRCNT", flip(4), "the model does not have what its bits 0x00000010 switch on"),
    ("transposed", MAX78002, 0, "RCNT", flip(0), "a transposed convolution (bit 28 of POST) counts each pixel twice"),
    ("transposed", MAX78000, 0, "RCNT", flip(0), "a transposed convolution (bit 28 of POST) counts each pixel twice"),
    ("images", MAX78000, 2, "POST", flip(28), "transposed convolutions (bit 28) have kernels of 3 x 3"),
    ("images", MAX78000, 1, "POST", flip(28), "pooling in front of a transposed convolution (bit 28) is not modelled"),
    ("images", MAX78002, 0, "TPTR", flip(0), "the columns' results less one"),
    ("images", MAX78002, 0, "LCTL2", flip(13), "the last output channel is no multiple of 8 bits away"),
    ("images", MAX78002, 0, "LCTL2", flip(17), "it counts 13 outputs of a pass, and there are 9"),
    ("depthwise", MAX78002, 0, "LCTL2", flip(20), "it counts 52 outputs of a pass, and there are 20"),
    ("passes", MAX78002, 0, "CHOFFS", flip(0), "words from a pass of the output to the next"),
    ("passes", MAX78002, 0, "LCTL2", flip(4), "104 outputs in 2 passes of 52 skip 1 words, not 2"),
    ("images", MAX78000, 0, "LCTL", flip(8), "without pooling, bit 8 (maximum) is set"),
    ("images", MAX78000, 4, "LCTL", flip(6), "CHW data (bit 6) are read in one pass, not flattened"),
    ("passes", MAX78002, 0, "LCTL", flip(6), "CHW data (bit 6) are read in one pass, not flattened"),
    ("chw", MAX78000, 1, "POST", flip(17), "a shift by 0 has no direction, bit 17"),
    ("chw", MAX78000, 1, "LCTL2", lambda value: value | 1 << 4, "a gap of 1 words between results of 32 bits"),
]


@pytest.mark.parametrize(("name", "chip", "layer", "register", "change", "says"), CASES)
def test_registers_that_contradict_each_other_are_refused(name, chip, layer, register, change, says):
    with pytest.raises(FirmwareFault) as caught:
        run(made(name, chip), [(layer, register, change)])
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "value", "says"),
    [
        (0, 0x200, "NEXT is 0x00000200; it stops (0x100) or jumps (0x80 and a layer)"),
        (0, 1, "NEXT is 0x00000001; it stops (0x100) or jumps (0x80 and a layer)"),
        (0, 0x180, "NEXT is 0x00000180; it stops (0x100) or jumps (0x80 and a layer)"),
        (1, 0x100, "layer 1: NEXT is 0x00000100; it is the last layer, and 0 belongs there"),
        (0, 0x80, "the layers never end"),
        (0, 0x81, ""),
    ],
)
def test_where_a_layer_leads(layer, value, says):
    bench = made("chw", MAX78002)
    hand, at = bench.hand, MAX78002.register_base + layer * MAX78002.layer_step
    writes = [*hand.setup, *hand.registers, (MAX78002.base + at, 4, value), *hand.sample(bench.codes()), *hand.start()]
    accelerator = Accelerator(MAX78002, lambda quadrant: "")
    if not says:
        for write in writes:
            accelerator.write(*write)
        assert [settings.index for settings in accelerator.layers] == [0, 1]
        return
    with pytest.raises(FirmwareFault) as caught:
        for write in writes:
            accelerator.write(*write)
    assert says in str(caught.value)


def test_one_window_has_no_stride():
    bench = made("images", MAX78000)
    at = MAX78000.register_base + MAX78000.registers.index("STRIDE") * MAX78000.register_step + 4 * MAX78000.layer_step
    hand = bench.hand
    more = [(MAX78000.base + q * MAX78000.stride + at, 4, 1) for q in hand.quadrants]
    accelerator = Accelerator(MAX78000, lambda quadrant: "")
    with pytest.raises(FirmwareFault, match="one window has no stride"):
        for write in [*hand.setup, *hand.registers, *more, *hand.sample(bench.codes()), *hand.start()]:
            accelerator.write(*write)


def test_pass_throughs_have_no_padding():
    bench = made("branches", MAX78002)
    pad = 1 << 15
    with pytest.raises(FirmwareFault, match="a pass-through has no padding"):
        run(bench, [(1, "RCNT", lambda value: value | pad), (1, "CCNT", lambda value: value | pad)])


def test_an_average_behind_operands_needs_a_layer_between():
    bench = made("branches", MAX78002)
    reset = bench.hand.resets
    assert reset == [4]
    run(bench)
    nothing = MAX78002.register_base + MAX78002.registers.index("NEXT") * 4 + 3 * MAX78002.layer_step
    jump = (MAX78002.base + nothing, 4, 0x80 | 5)
    hand = bench.hand
    writes = [*hand.setup, *hand.registers, jump, *hand.sample(bench.codes()), *hand.start()]
    accelerator = Accelerator(MAX78002, lambda quadrant: "")
    with pytest.raises(FirmwareFault, match="layer 5 averages directly behind layer 3, in which operands meet"):
        for write in writes:
            accelerator.write(*write)


def test_what_resets_an_average_reads_where_that_begins():
    bench = made("branches", MAX78002)
    with pytest.raises(FirmwareFault, match=r"layer 4 resets the sums of layer 5, but reads word \d+, not \d+"):
        run(bench, [(4, "RPTR", flip(3))])


def test_bytes_beside_a_result_in_its_words_are_unknown():
    """Whether the chip keeps them is not known: a result of six channels leaves two bytes of its second word so."""
    bench = made("concat", MAX78000)
    word = bench.steps[1].write
    places = [(MAX78000.data_address(3, word + n), 4, 0x0101_0101) for n in range(43)]
    known = run(bench, more=places).data.known[3, word : word + 43]
    assert known[:42, :2].all() and not known[:42, 2:].any() and known[42].all()


@pytest.mark.parametrize(("row", "column", "refused"), [(0, 0, True), (3, 0, True), (3, 3, False), (2, 3, True)])
def test_only_the_end_of_a_frame_may_be_missing(row, column, refused):
    """As of a frame of one dimension that the chip takes as rows, for a kernel of wide dilation."""
    from hand_bench import Bench

    bench = Bench(MAX78002, (1, 4, 4))
    bench.sum("a", bench.input, 3, pad=1, wide=True)
    (missing,) = [w for w in bench.hand.sample(bench.codes()) if w[0] == MAX78002.data_address(0, 4 * row + column)]
    if refused:
        with pytest.raises(FirmwareFault, match="where nothing was written"):
            run(bench, without=[missing])
    else:
        known = run(bench, without=[missing]).data.known[0, bench.steps[0].write :: 4, 0][:16]
        assert not known[[10, 11, 14, 15]].any() and known.sum() == 12


def test_a_layer_may_write_between_the_words_that_it_reads():
    """Words between are other operands' places; its own are not."""
    bench = made("branches", MAX78000)
    step = bench.steps[1]
    a = bench.steps[0].write
    at = MAX78000.registers.index("WPTR")
    assert step.read == a and at
    with pytest.raises(FirmwareFault, match=r"layer 1 writes words \d+ to \d+ of data memory 0 while it reads words"):
        run(bench, [(1, "WPTR", lambda value: value - step.write + a)])
