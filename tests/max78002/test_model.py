"""The register-level model beside the reference, driven by register writes that were worked out by hand."""

import numpy as np
import pytest
from hand_written import Hand

from bittrue import ref
from bittrue.spec import Abs, Linear, ReLU
from bittrue.spec.stages import Pool, Stage, stage_net
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.project import PlacedLayer

RANGES = {8: (-128, 128), 4: (-8, 8), 2: (-2, 2), 1: (-1, 1), -1: (0, 2)}


def conv(name, rng, outputs, inputs, size, bits=8, bias=True, **more):
    low, high = RANGES[bits]
    weight = rng.integers(low, high, (outputs, inputs, size))
    weight = 2 * weight - 1 if bits < 0 else weight
    offsets = rng.integers(-128, 128, outputs) if bias else np.zeros(outputs, np.int64)
    more = {"output_shift": -3 - (8 - abs(bits)) // 2, "activation": ReLU()} | more
    return Stage(name, "conv1d", weight, offsets, bits, **more)


def linear(name, rng, outputs, inputs, bits=8, **more):
    low, high = RANGES[bits]
    weight = rng.integers(low, high, (outputs, inputs))
    weight = 2 * weight - 1 if bits < 0 else weight
    return Stage(name, "linear", weight, rng.integers(-128, 128, outputs), bits, **more)


def pool_only(name, kind, size, stride, dilation=1):
    return Stage(name, "none", pool=Pool(kind, size, stride, dilation))


def run(hand, codes):
    """Run the writes; the outputs of all layers as (channels, length), read back from data memory."""
    accelerator = Accelerator(hand.chip, lambda quadrant: "")
    found = []

    def keep(settings, memory):
        if settings.index in hand.resets:
            return
        placed = PlacedLayer("l", "l", **hand.places[len(found)])
        instances, words, lanes = placed.places
        assert memory.known[instances, words, lanes].all()
        values = memory.bytes[instances, words, lanes].view(np.int8).astype(np.int64)
        if settings.wide:
            values = memory.bytes[instances, words].copy().view("<i4")[..., 0].astype(np.int64)
        found.append(values)

    accelerator.after_layer = keep
    for address, size, value in [*hand.setup, *hand.registers, *hand.sample(codes), *hand.start()]:
        accelerator.write(address, size, value)
    return found


def check(stages, shape, chip=MAX78002, seed=0, constant=False, **more):
    codes = np.random.default_rng(seed).integers(-128, 128, shape)
    hand = Hand(stages, shape, chip, **more)
    taps = ref.taps(stage_net("n", shape, stages), codes[None])
    for stage, values in zip(stages, run(hand, codes), strict=True):
        wanted = taps[stage.name][0]
        assert np.array_equal(values.reshape(wanted.shape), wanted), stage.name
        assert constant or len(np.unique(wanted)) > 1, f"{stage.name} is constant, which tests nothing"


CHIPS = pytest.mark.parametrize("chip", [MAX78002, MAX78000], ids=lambda chip: chip.name)


@CHIPS
@pytest.mark.parametrize("plain", [False, True], ids=["packed", "plain"])
def test_convolutions_pools_and_a_wide_linear_layer(chip, plain):
    rng = np.random.default_rng(1)
    stages = [
        conv("a", rng, 20, 1, 5, padding=2, output_shift=-1),
        conv("b", rng, 33, 20, 3, padding=1, pool=Pool("max", 2, 2), activation=Abs(), output_shift=-4),
        conv("c", rng, 12, 33, 9, pool=Pool("avg", 3, 2), activation=Linear(), output_shift=-5),
        linear("d", rng, 5, 12 * 7, wide=True),
    ]
    check(stages, (1, 64), chip, plain=plain)


@CHIPS
@pytest.mark.parametrize("bits", [4, 2, 1])
def test_weights_of_few_bits(chip, bits):
    rng = np.random.default_rng(bits)
    stages = [
        conv("a", rng, 18, 3, 4, bits, output_shift=-2),
        conv("b", rng, 7, 18, 1, bits, output_shift=-2),
        linear("c", rng, 6, 7 * 9, bits, output_shift=-2, activation=ReLU()),
        linear("d", rng, 5, 6, bits, wide=True),
    ]
    check(stages, (3, 12), chip)


def test_weights_of_one_bit_that_are_minus_and_plus_one():
    rng = np.random.default_rng(5)
    stages = [
        conv("a", rng, 18, 3, 4, -1, output_shift=-7),
        conv("b", rng, 20, 18, 3, 4, output_shift=-4),
        linear("c", rng, 5, 20 * 7, -1, output_shift=-7),
    ]
    check(stages, (3, 12))


@CHIPS
@pytest.mark.parametrize("channels", [68, 100, 130, 256])
def test_more_than_64_channels(chip, channels):
    rng = np.random.default_rng(channels)
    stages = [
        conv("a", rng, channels, 2, 3, output_shift=-2),
        conv("b", rng, channels + 3, channels, 3, 4, pool=Pool("max", 2, 2), output_shift=-3),
        linear("c", rng, 70, (channels + 3) * 3, 2, output_shift=-3),
        linear("d", rng, 67, 70, wide=True),
    ]
    check(stages, (2, 13), chip)


def test_a_wide_convolution():
    rng = np.random.default_rng(9)
    check([conv("a", rng, 9, 4, 3), conv("b", rng, 70, 9, 3, wide=True, activation=Linear())], (4, 12))


@pytest.mark.parametrize("channels", [3, 4, 16, 23, 64, 100])
def test_depthwise(channels):
    rng = np.random.default_rng(channels)
    stages = [
        conv("a", rng, channels, 4, 3, output_shift=-3),
        conv(
            "b", rng, channels, 1, 3, padding=int(channels <= 64), groups=channels, activation=Linear(), output_shift=-1
        ),
        conv("c", rng, 6, channels, 1, output_shift=-5, activation=Linear()),
        conv("d", rng, 6, 1, 5, 4, groups=6, pool=Pool("max", 2, 1), output_shift=-6, activation=Abs()),
    ]
    check(stages, (4, 20))


@pytest.mark.parametrize("channels", [3, 40, 100])
def test_a_depthwise_layer_of_32_bits(channels):
    rng = np.random.default_rng(channels)
    last = conv("b", rng, channels, 1, 3, groups=channels, wide=True, activation=Linear())
    check([conv("a", rng, channels, 2, 3, output_shift=-2), last], (2, 12))


@CHIPS
@pytest.mark.parametrize("channels", [2, 20, 64, 72])
def test_layers_that_pass_data_on(chip, channels):
    rng = np.random.default_rng(channels)
    stages = [
        conv("a", rng, channels, 4, 3, output_shift=-3, activation=Linear()),
        pool_only("b", "avg", 3, 2),
        conv("c", rng, 6, channels, 1, output_shift=-4, activation=Linear()),
        pool_only("d", "max", 2, 1),
    ]
    check(stages, (4, 20), chip)


@pytest.mark.parametrize(
    ("size", "stride", "dilation"), [(2, 1, 1), (5, 3, 1), (3, 2, 2), (2, 2, 5), (16, 1, 1), (1, 2, 1)]
)
def test_pools_of_other_shapes(size, stride, dilation):
    rng = np.random.default_rng(size)
    pool = Pool("max", size, stride, dilation)
    if size == 1:
        stages = [conv("a", rng, 6, 2, 3), conv("b", rng, 5, 6, 3)]
    else:
        stages = [conv("a", rng, 6, 2, 3), conv("b", rng, 5, 6, 3, pool=pool)]
    check(stages, (2, 30))


@pytest.mark.parametrize("dilation", [2, 3, 4])
def test_dilated_kernels_are_stretched(dilation):
    rng = np.random.default_rng(dilation)
    check([conv("a", rng, 6, 2, 3, dilation=dilation, padding=2), conv("b", rng, 5, 6, 3)], (2, 30))


@CHIPS
@pytest.mark.parametrize("shift", [-15, -9, -7, -6, 0, 1, 7])
def test_shifts_either_way(chip, shift):
    rng = np.random.default_rng(3)
    activation = Abs() if shift % 2 else Linear()
    stage = conv("a", rng, 8, 3, 3, output_shift=shift, activation=activation, bias=False)
    check(
        [conv("z", rng, 3, 3, 1, 2, output_shift=-2, activation=Linear(), bias=False), stage],
        (3, 40),
        chip,
        constant=shift < -8,
    )


@CHIPS
def test_data_with_four_samples_of_a_channel_a_word(chip):
    rng = np.random.default_rng(4)
    stages = [conv("a", rng, 6, 3, 5, padding=2), conv("b", rng, 5, 6, 3)]
    check(stages, (3, 30), chip, big=True)


@CHIPS
def test_a_frame_flattened_to_256_positions(chip):
    rng = np.random.default_rng(8)
    check([linear("a", rng, 5, 3 * 256, wide=True)], (3, 256), chip)
    check([linear("a", rng, 5, 70 * 17, 4, output_shift=-3)], (70, 17), chip)
