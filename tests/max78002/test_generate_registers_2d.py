"""Registers of images and joined tensors beside those in the C that the vendor publishes for its own networks.

The numbers are taken from Examples/MAX78002/CNN/cifar-100-residual, and from Examples/MAX78000/CNN of the same name and
camvid_unet, of Analog Devices' SDK: all of quadrant 0.
"""

from dataclasses import replace

import numpy as np
import pytest
from nets_for_chips import case
from test_generate_registers import first_quadrant, read

from bittrue.spec import Linear, ReLU
from bittrue.spec.stages import Pool, Stage
from bittrue.targets.max78002.hardware_layers import hardware_layers
from bittrue.targets.max78002.memory_map import MAP_78000, MAP_78002
from bittrue.targets.max78002.plan import plan
from bittrue.targets.max78002.registers import settings

HALF = Pool("max", 2, 2)


def stage(outputs, inputs, side=3, shift=-1, **more):
    weight = np.ones((outputs, inputs, side, side), np.int64)
    more = {"operation": "conv2d", "padding": int(side == 3), "activation": ReLU()} | more
    return Stage("s", weight=weight, output_shift=shift, **more)


def layer(memory, one, shape, word=0, given=0, result=(0, 0), first=0):
    """The one layer of a stage, where the vendor put it: bytes, and for the result the gap and the processor too."""
    (made,) = hardware_layers([one], shape, memory)
    offset, gap = result
    made = replace(made, given=made.given.at(0, given), result=made.result.at(first, offset, gap), kernel_word=word)
    return made, memory


COPY = Stage("s", "none")
ADD = {"join": "add", "sources": ("input", "input")}
TRANSPOSED = {"operation": "convtranspose2d", "stride": 2, "output_padding": 1, "activation": Linear()}

PUBLISHED = {
    "a copy between the words of another tensor": (
        layer(MAP_78002, COPY, (20, 32, 32), result=(0x2000, 1)),
        "RCNT 1001f CCNT 1001f STRIDE 10 WPTR_BASE 800 WPTR_TOFFS 8000 LCTL 920 LCTL2 10 OCHAN 3 ONED 103 "
        "POST 3000000 ENA ffff",
    ),
    "results between the words of another tensor": (
        layer(MAP_78002, stage(20, 20, shift=-2), (20, 32, 32), result=(0x2004, 1)),
        "RCNT 1801f CCNT 1801f STRIDE 10 WPTR_BASE 801 WPTR_MOFFS 8000 LCTL 882b20 LCTL2 98010 MCNT1 98 OCHAN 13 "
        "TPTR 1f POST 24000 ENA ffffffff",
    ),
    "an addition in front of a convolution": (
        layer(MAP_78002, stage(20, 20, shift=-2, **ADD), (20, 32, 32), 20, 0x2000, first=44),
        "RCNT 2801f CCNT 1801f STRIDE 20 WPTR_BASE 58000 WPTR_MOFFS 8000 RPTR_BASE 800 LCTL 882b20 LCTL2 98000 "
        "MCNT1 138 MCNT2 a0 OCHAN 13 ONED 66000 TPTR 1f POST 24000 ENA ffffffff",
    ),
    "pooling behind an addition": (
        layer(MAP_78002, stage(96, 48, pool=HALF, pool_first=False, **ADD), (48, 8, 8), 160, 0x2000),
        "RCNT 148006 CCNT 28006 PRCNT 1 PCCNT 1 STRIDE 41 WPTR_MOFFS 8000 WPTR_CHOFFS 1 RPTR_BASE 800 LCTL 886ba0 "
        "LCTL2 178010 MCNT1 7f8 MCNT2 500 OCHAN 5f ONED 66000 TPTR 3 POST 22000 ENA ffffffff",
    ),
    "a kernel of 1x1 behind pooling, from 2 passes to 8": (
        layer(MAP_78002, stage(512, 96, 1, pool=HALF), (96, 4, 4), 256, 0, (0x2000, 0)),
        "RCNT c0002 CCNT 20002 PRCNT 1 PCCNT 1 STRIDE 41 WPTR_BASE 800 WPTR_TOFFS 1 WPTR_MOFFS 8000 WPTR_CHOFFS 1 "
        "LCTL 6ba0 LCTL2 1f8071 MCNT1 67f8 MCNT2 4800 OCHAN 3ff ONED 100 POST 22000 ENA ffffffff",
    ),
    "a kernel of 1x1, from 8 passes to 2": (
        layer(MAP_78002, stage(128, 512, 1), (512, 2, 2), 372, 0x2000),
        "RCNT 80001 CCNT 10001 STRIDE 80 WPTR_TOFFS 1 WPTR_MOFFS 8000 WPTR_CHOFFS 1 RPTR_BASE 800 LCTL eb20 "
        "LCTL2 1f8017 MCNT1 8898 MCNT2 68a0 OCHAN 3ff ONED 100 POST 22000 ENA ffffffff",
    ),
    "padding and pooling of several passes": (
        layer(MAP_78002, stage(128, 128, pool=HALF), (128, 2, 2), 488, 0, (0x2000, 0)),
        "RCNT 88000 CCNT 28000 PRCNT 1 PCCNT 1 STRIDE 41 WPTR_BASE 800 WPTR_MOFFS 8000 WPTR_CHOFFS 1 LCTL 88eba0 "
        "LCTL2 1f8011 MCNT1 1738 MCNT2 f40 OCHAN ff POST 22000 ENA ffffffff",
    ),
    "a copy on a MAX78000": (
        layer(MAP_78000, COPY, (20, 32, 32), result=(0x2000, 1)),
        "RCNT 1f CCNT 1f WPTR_BASE 800 WPTR_TOFFS 2000 LCTL 920 LCTL2 10 ONED 103 POST 3000000 ENA ffff",
    ),
    "a gap on a MAX78000": (
        layer(MAP_78000, stage(20, 20, shift=-2), (20, 32, 32), result=(0x2004, 1)),
        "RCNT 10021 CCNT 10021 WPTR_BASE 801 WPTR_MOFFS 2000 LCTL 2b20 LCTL2 9810 MCNT 98 TPTR 1f POST 24000 "
        "ENA ffffffff",
    ),
    "a transposed convolution of 2 passes, half of what is joined": (
        layer(MAP_78000, stage(56, 112, **TRANSPOSED), (112, 6, 6), 204, 0x6000, (0x4000, 1)),
        "RCNT 1000d CCNT 1000d WPTR_BASE 1000 WPTR_MOFFS 2000 RPTR_BASE 1800 LCTL e920 LCTL2 1b811 MCNT 66009d8 "
        "TPTR b POST 10022000 ENA ffffffff",
    ),
    "112 channels that were joined": (
        layer(MAP_78000, stage(56, 112), (112, 12, 12), 316, 0x4000, (0x2000, 0)),
        "RCNT 1000d CCNT 1000d WPTR_BASE 800 WPTR_MOFFS 2000 RPTR_BASE 1000 LCTL eb20 LCTL2 1b801 MCNT 9e00d58 TPTR b "
        "POST 22000 ENA ffffffff",
    ),
    "a transposed convolution of 1 pass": (
        layer(MAP_78000, stage(28, 56, **TRANSPOSED), (56, 12, 12), 428, 0x2000),
        "RCNT 10019 CCNT 10019 WPTR_MOFFS 2000 RPTR_BASE 800 LCTL e920 LCTL2 d800 MCNT d600e38 TPTR 17 POST 10022000 "
        "ENA ffffffff",
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_vendors_registers(name):
    placed, published = PUBLISHED[name]
    assert first_quadrant(*placed) == read(published)


def test_reading_over_the_words_of_another_tensor():
    """As of `read_gap`: the words from a sample to the next, in both registers that count them."""
    made, _ = layer(MAP_78002, stage(20, 20), (20, 32, 32))
    made = replace(made, given=made.given.at(0, 0, 1))
    found = first_quadrant(made, MAP_78002)
    assert found["RCNT"] >> 16 == 2 and found["STRIDE"] >> 4 == 2 and found["LCTL2"] & 15 == 0


@pytest.mark.parametrize(("join", "code"), [("sub", 0), ("add", 1), ("or", 2), ("xor", 3)])
def test_element_wise_operations_of_their_own(join, code):
    one = Stage("s", "none", join=join, sources=("input",) * 3, pool=Pool("avg", (2, 3), 2))
    found = first_quadrant(*layer(MAP_78002, one, (20, 8, 9)))
    assert found["ONED"] == 3 | 1 << 13 | code << 14 | 1 << 16 | 2 << 18
    assert found["POST"] == 1 << 24 and found["LCTL"] == 0x8A0
    assert (found["PRCNT"], found["PCCNT"], found["STRIDE"]) == (1, 2, 1 | 6 << 4)
    assert found["RCNT"] == 6 | (3 + 9) * 3 << 16 and found["CCNT"] == 6 | 3 << 16


def test_several_passes_of_an_element_wise_operation():
    """A MAX78000 walks over as many more rows in one pass; a MAX78002 has passes. Two by two are passes on both."""
    one = Stage("s", "none", join="add", sources=("input",) * 3)
    found = first_quadrant(*layer(MAP_78000, one, (72, 8, 9)))
    assert (found["RCNT"], found["CCNT"], found.get("LCTL2", 0), found.get("MCNT", 0)) == (15, 8, 0, 0)
    assert found["WPTR_TOFFS"] == 4 * 2048
    found = first_quadrant(*layer(MAP_78002, one, (72, 8, 9)))
    assert (found["RCNT"] & 0xFFF, found["LCTL2"], found["MCNT2"]) == (7, 1, 8)
    pair = replace(one, sources=("input",) * 2)
    found = first_quadrant(*layer(MAP_78000, pair, (72, 8, 9)))
    assert (found["RCNT"], found["LCTL2"], found["MCNT"]) == (7, 1, 8)


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_transposed_convolution_is_padded_by_what_is_left(padding):
    """The chip pads the image with zeros between by 2 less what PyTorch calls padding."""
    one = stage(8, 4, **TRANSPOSED, padding=padding)
    small, memory = layer(MAP_78000, one, (4, 5, 6))
    found = first_quadrant(small, memory)
    left = 2 - padding
    assert found["RCNT"] == 9 + 2 * left | left << 16 and found["CCNT"] == 11 + 2 * left | left << 16
    assert found["TPTR"] == 12 + 2 * left - 3 and small.result.rows == 2 * 5 + 2 - 2 * padding
    found = first_quadrant(*layer(MAP_78002, one, (4, 5, 6)))
    pads = 1 << 15 | left - 1 << 13 if left else 0
    assert found["RCNT"] == 9 | pads | 1 << 16 and found["CCNT"] == 11 | pads | 1 << 16
    assert found["POST"] >> 28 & 1 and found["STRIDE"] == 1 << 4


def test_an_average_next_to_an_element_wise_operation_is_reset():
    """On a MAX78002 a layer of one sample, in the first processor of what is averaged."""
    net, device, _ = case("averaged")
    layers = plan(net, device).layers
    assert [one.name for one in layers if not one.node] == ["d_reset", "g_reset"]
    for reset, average in ((one, layers[one.index + 1]) for one in layers if not one.node):
        assert layers[reset.index - 1].operands > 1 and average.averages
        values = {one.register: one.values for one in settings(reset, (0, 1), MAP_78002)}
        assert values.pop("ENA") == (1, 0)
        found = {name: value[0] for name, value in values.items() if name not in ("WPTR_BASE", "RPTR_BASE")}
        assert found == read("RCNT 10000 CCNT 10000 STRIDE 10 WPTR_TOFFS 2000 LCTL 920 ONED 100 POST 3000000")
        assert reset.given.offset == average.given.offset
    net, device, _ = case("averaged_78000")
    assert all(one.node for one in plan(net, device).layers)
