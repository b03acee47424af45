"""Registers beside those in the C that the vendor publishes for its own networks, and what they say of ours.

The numbers are taken from Examples/MAX78002/CNN and Examples/MAX78000/CNN of Analog Devices' SDK: the keyword network
kws20_v3 on both chips, and the depthwise, pointwise and pass-through layers of a MobileNet on the MAX78002.
"""

import numpy as np
import pytest
from nets_for_chips import case

from bittrue.spec import Abs, Linear, ReLU
from bittrue.spec.stages import Pool, Stage
from bittrue.targets.max78002.devices import MAX78000, MAX78002
from bittrue.targets.max78002.hardware_layer import HardwareLayer
from bittrue.targets.max78002.hardware_layers import hardware_layers
from bittrue.targets.max78002.memory_map import MAP_78000, MAP_78002, map_of
from bittrue.targets.max78002.plan import plan
from bittrue.targets.max78002.registers import settings
from bittrue.targets.max78002.tensors import Tensor

QUADRANTS = (0, 1, 2, 3)


def stage(name, outputs, inputs, size, shift, pool=None, wide=False, operation="conv1d", padding=0):
    shape = (outputs, inputs, size) if operation == "conv1d" else (outputs, inputs)
    weight, activation = np.ones(shape, np.int64), Linear() if wide else ReLU()
    return Stage(name, operation, weight, None, 8, shift, wide, activation, pool, padding)


HALF = Pool("max", 2, 2)
KWS_78002 = [
    (stage("l0", 100, 128, 1, 1), 0),
    (stage("l1", 96, 100, 3, 2), 24),
    (stage("l2", 64, 96, 3, 2, HALF), 88),
    (stage("l3", 48, 64, 3, 2), 132),
    (stage("l4", 64, 48, 3, 2, HALF), 148),
    (stage("l5", 96, 64, 3, 1), 172),
    (stage("l6", 100, 96, 3, 3, Pool("avg", 2, 2)), 204),
    (stage("l7", 64, 100, 3, 2, HALF), 276),
    (stage("l8", 21, 192, 1, 0, wide=True, operation="linear"), 320),
]
"""Stages, and the word at which the vendor put their kernels."""

PUBLISHED_78002 = {
    0: "RCNT 2007f CCNT 10000 STRIDE 20 WPTR_BASE 800 WPTR_MOFFS 8000 WPTR_CHOFFS 1 LCTL eb20 LCTL2 198011 MCNT1 678 "
    "OCHAN cf ONED 1100 POST 2000 ENA ffffffff",
    1: "RCNT 2007f CCNT 10000 STRIDE 20 WPTR_MOFFS 8000 WPTR_CHOFFS 1 RPTR_BASE 800 LCTL 80eb20 LCTL2 178011 MCNT1 838 "
    "MCNT2 240 OCHAN bf ONED 1300 POST 4000 ENA ffffffff",
    2: "RCNT 4007c CCNT 10000 PRCNT 1 STRIDE 41 WPTR_BASE 800 WPTR_MOFFS 8000 LCTL 806ba0 LCTL2 1f8001 MCNT1 c38 "
    "MCNT2 840 OCHAN 7f ONED 1300 POST 4000 ENA ffffffff",
    3: "RCNT 1003c CCNT 10000 STRIDE 10 WPTR_MOFFS 8000 RPTR_BASE 800 LCTL 80eb20 LCTL2 178000 MCNT1 dd8 MCNT2 c60 "
    "OCHAN 2f ONED 1300 POST 4000 ENA ffffffff",
    4: "RCNT 20038 CCNT 10000 PRCNT 1 STRIDE 21 WPTR_BASE 800 WPTR_MOFFS 8000 LCTL 806ba0 LCTL2 1f8000 MCNT1 fd8 "
    "MCNT2 de0 OCHAN 3f ONED 1300 POST 4000 ENA ffffffff",
    5: "RCNT 1001a CCNT 10000 STRIDE 10 WPTR_MOFFS 8000 WPTR_CHOFFS 1 RPTR_BASE 800 LCTL 80eb20 LCTL2 178010 "
    "MCNT1 1318 MCNT2 1020 OCHAN 5f ONED 1300 POST 2000 ENA ffffffff",
    6: "RCNT 40016 CCNT 10000 PRCNT 1 STRIDE 41 WPTR_BASE 800 WPTR_MOFFS 8000 WPTR_CHOFFS 1 LCTL 806aa0 LCTL2 198011 "
    "MCNT1 1998 MCNT2 1320 OCHAN cf ONED 1300 POST 6000 ENA ffffffff",
    7: "RCNT 40008 CCNT 10000 PRCNT 1 STRIDE 41 WPTR_MOFFS 8000 RPTR_BASE 800 LCTL 80eba0 LCTL2 1f8001 MCNT1 1dd8 "
    "MCNT2 19e0 OCHAN 7f ONED 1300 POST 4000 ENA ffffffff",
    8: "RCNT 10000 CCNT 10000 STRIDE 10 WPTR_BASE 800 WPTR_TOFFS 1 WPTR_MOFFS 8000 LCTL 1e920 LCTL2 a0002 MCNT1 5bf0 "
    "MCNT2 5a00 OCHAN 3e ONED 100 ENA ffffffff",
}
"""Registers of quadrant 0. Of layer 8 the shift is left out: wide results ignore it, and we write none."""

KWS_78000 = [
    (stage("l0", 100, 128, 1, -2), 0),
    (stage("l1", 96, 100, 3, -1), 24),
    (stage("l2", 64, 96, 3, 0, HALF, padding=1), 88),
    (stage("l3", 48, 64, 3, -1), 132),
    (stage("l4", 64, 48, 3, -1, HALF, padding=1), 148),
]
PUBLISHED_78000 = {
    0: "RCNT 7f WPTR_BASE 800 WPTR_MOFFS 2000 WPTR_CHOFFS 1 LCTL eb20 LCTL2 19811 MCNT 678 ONED 1100 POST 24000 "
    "ENA ffffffff",
    1: "RCNT 7f WPTR_MOFFS 2000 WPTR_CHOFFS 1 RPTR_BASE 800 LCTL eb20 LCTL2 17811 MCNT 2400838 ONED 1300 POST 22000 "
    "ENA ffffffff",
    4: "RCNT 1003e PRCNT 1 STRIDE 1 WPTR_BASE 800 WPTR_MOFFS 2000 LCTL 6ba0 LCTL2 1f800 MCNT de00fd8 ONED 1300 "
    "POST 22000 ENA ffffffff",
}


def read(text):
    """``{register: value}`` of a line above."""
    words = text.split()
    return {name: int(value, 16) for name, value in zip(words[::2], words[1::2], strict=True)}


def first_quadrant(layer, memory):
    return {one.register: one.values[0] for one in settings(layer, QUADRANTS, memory) if one.values[0]}


def published(stages, words, memory):
    """The layers of a published network where the vendor put them: tensors at 0 and 0x2000 in turn."""
    found = []
    for layer, word in zip(hardware_layers(stages, (128, 128), memory), words, strict=True):
        tensors = [layer.given.at(0, 0), layer.result.at(0, 0x2000)]
        if layer.index % 2:
            tensors = [layer.given.at(0, 0x2000), layer.result.at(0, 0)]
        place = {"given": tensors[0], "result": tensors[1], "kernel_word": word}
        found.append(HardwareLayer(**(vars(layer) | place)))
    return found


@pytest.mark.parametrize("index", PUBLISHED_78002)
def test_the_vendors_network_on_a_max78002(index):
    stages, words = zip(*KWS_78002, strict=True)
    layer = published(stages, words, MAP_78002)[index]
    assert first_quadrant(layer, MAP_78002) == read(PUBLISHED_78002[index])


@pytest.mark.parametrize("index", PUBLISHED_78000)
def test_the_vendors_network_on_a_max78000(index):
    stages, words = zip(*KWS_78000, strict=True)
    layer = published(stages, words, MAP_78000)[index]
    assert first_quadrant(layer, MAP_78000) == read(PUBLISHED_78000[index])


def mobile(channels, groups, kernel, given, result, pool=None, shift=2, word=0, activation=None):
    """A layer of the vendor's MobileNet: frames of 32 x 32 or 16 x 16, kernels of 3 x 3 or 1 x 1."""
    weight = np.ones((channels, 1, kernel[0] * kernel[1]), np.int64)
    one = Stage("m", "conv1d", weight, None, 8, shift, False, activation or ReLU(), pool, groups=groups)
    side = 32 if given.length == 1024 else 16
    return HardwareLayer(0, one, "conv2d", given, result, weight, side, side, 1, kernel, kernel_word=word)


def test_the_vendors_depthwise_layers():
    tensors = Tensor(24, 1024, offset=0x4000), Tensor(24, 1024)
    found = settings(mobile(24, 24, (3, 3), *tensors, word=24), QUADRANTS, MAP_78002)
    values = {one.register: one.values for one in found}
    assert values.pop("ENA") == (0xFFFFFFFF, 0x00FF00FF, 0, 0)
    expected = "RCNT 1801f CCNT 1801f STRIDE 10 WPTR_MOFFS 8000 RPTR_BASE 1000 LCTL 20880b20 LCTL2 b8000 MCNT1 c0 "
    expected += "MCNT2 c0 OCHAN 3 ONED 3 TPTR 1f POST 41004000"
    assert {name: one[0] for name, one in values.items()} == read(expected)
    assert all(len(set(one)) == 1 for one in values.values())
    two = Tensor(120, 256), Tensor(120, 256, offset=0x2000)
    found = settings(mobile(120, 120, (3, 3), *two, shift=1, word=56), QUADRANTS, MAP_78002)
    values = {one.register: one.values[0] for one in found}
    expected = "RCNT 2800f CCNT 1800f STRIDE 20 WPTR_BASE 800 WPTR_MOFFS 8000 WPTR_CHOFFS 1 LCTL 20880b20 LCTL2 1d8011 "
    expected += "MCNT1 1c8 MCNT2 1c0 OCHAN 7 ONED 3 TPTR f POST 41002000 ENA ffffffff"
    assert values == read(expected)


def test_the_vendors_pass_through():
    """20 channels at processors 0 to 19; the vendor leaves a word between results, so 1 << 4 in LCTL2 is not ours."""
    layer = HardwareLayer(
        0, Stage("p", "none"), "none", Tensor(20, 16, offset=0x4000), Tensor(20, 16, offset=4), rows=16
    )
    values = {one.register: one.values for one in settings(layer, QUADRANTS, MAP_78002)}
    assert values["WPTR_BASE"] == (1, 0x20001, 1, 1) and values["ENA"] == (0xFFFF, 0xF, 0, 0)
    common = {name: one[0] for name, one in values.items() if name not in ("WPTR_BASE", "ENA", "CCNT")}
    assert common == read("RCNT 1000f STRIDE 10 WPTR_TOFFS 8000 RPTR_BASE 1000 LCTL 920 OCHAN 3 ONED 103 POST 3000000")


def test_other_modes_of_the_registers():
    net, device, _ = case("passes")
    layers = plan(net, device).layers
    memory = map_of(device)
    values = [first_quadrant(layer, memory) for layer in layers]
    assert [one.get("POST", 0) >> 22 & 3 for one in values] == [0, 3, 2, 1, 3, 0]
    assert [one.get("POST", 0) >> 26 & 1 for one in values] == [isinstance(x.stage.activation, Abs) for x in layers]
    assert [one["LCTL"] >> 16 & 1 for one in values] == [0, 0, 0, 0, 0, 1]
    assert values[4]["LCTL2"] & 15 == 15 and "TPTR" not in values[4]  # 4 samples in 4 passes, the most without it


def test_long_flattening_is_split_over_two_registers():
    net, device, _ = case("flat")
    first = first_quadrant(plan(net, device).layers[0], map_of(device))
    assert first["TPTR"] == 36 << 16 | 73 and first["LCTL2"] & 15 == 36 & 15
    assert first["POST"] >> 18 & 15 == 36 >> 4 and first["POST"] >> 27 & 1


@pytest.mark.parametrize("device", [MAX78000, MAX78002])
@pytest.mark.parametrize("shift", [-15, -1, 0, 1, 15])
def test_shifts(device, shift):
    memory = map_of(device)
    (layer,) = hardware_layers([stage("s", 3, 2, 1, shift)], (2, 4), memory)
    post = first_quadrant(layer, memory).get("POST", 0)
    assert (post >> 13 & 15) * (-1 if post >> 17 & 1 else 1) == shift
