"""What a chip cannot do with images and branches, in one sentence each: the layer, the value, the limit, what to do."""

from dataclasses import replace

import numpy as np
import pytest
from stages_for_chips import conv, conv2d, joining, linear, passing

from bittrue.errors import BadInput
from bittrue.spec import ReLU
from bittrue.spec.stages import Pool, Stage, stage_net
from bittrue.targets.max78002.devices import MAX78000, MAX78002
from bittrue.targets.max78002.limits import check_stages
from bittrue.targets.max78002.plan import plan


def rng():
    return np.random.default_rng(0)


def one(outputs=2, inputs=2, side=3, **more):
    return conv2d(rng(), "a", outputs, inputs, side, **more)


def changed(stage=None, **more):
    return replace(stage or one(), **more)


def kernel(rows, columns):
    return changed(weight=np.ones((2, 2, rows, columns), np.int64))


TURNED = one(operation="convtranspose2d", padding=1)
SAME = {"join": "add", "sources": ("input",) * 3}

REFUSED = [
    (kernel(5, 5), (2, 9, 9), MAX78002, "a kernel of 5x5 does not exist; use 1x1 or 3x3"),
    (kernel(3, 1), (2, 9, 9), MAX78002, "a kernel of 3x1 does not exist; use 1x1 or 3x3"),
    (changed(TURNED, weight=np.ones((2, 2, 1, 1), np.int64), padding=0), (2, 9, 9), MAX78000, "1x1 does not exist"),
    (changed(stride=2), (2, 9, 9), MAX78002, "a stride of 2 does not exist; use 1, and pool before"),
    (changed(TURNED, stride=1, output_padding=0), (2, 9, 9), MAX78002, "a stride of 1 does not exist; use 2"),
    (changed(TURNED, output_padding=0), (2, 9, 9), MAX78002, "an output padding of 0 does not exist; use 1"),
    (changed(dilation=2), (2, 9, 9), MAX78002, "a conv2d has no dilation; use 1"),
    (changed(padding=3), (2, 9, 9), MAX78002, "padding 3 is outside 0..2 for a kernel of 3x3"),
    (changed(one(side=1), padding=1), (2, 9, 9), MAX78002, "padding 1 is outside 0..0 for a kernel of 1x1"),
    (changed(padding=(1, 0)), (2, 9, 9), MAX78002, r"padding \[1, 0\] is outside 0..2 .* the same on all sides"),
    (changed(pool=Pool("max", (17, 2), 1)), (2, 20, 20), MAX78002, r"a pooling window of 17 is outside 1\.\.16"),
    (changed(pool=Pool("max", 2, (2, 1))), (2, 9, 9), MAX78002, "a pooling stride of 2 rows and 1 columns does not"),
    (changed(pool=Pool("avg", 2, 1, 2)), (2, 9, 9), MAX78000, r"a pooling dilation of 2 is outside 1\.\.1"),
    (changed(pool=Pool("avg", 3, 1, 2)), (2, 20, 20), MAX78002, "a pooling window of 3 samples cannot be dilated"),
    (changed(one(4, 4, groups=4)), (4, 9, 9), MAX78000, "a MAX78000 has no groups; use groups 1"),
    (changed(one(4, 4, groups=2)), (4, 9, 9), MAX78002, "2 groups for 4 inputs and 4 outputs; use 1, or as many"),
    (changed(TURNED, groups=2, weight=np.ones((2, 1, 3, 3), int)), (2, 5, 5), MAX78002, "transposed is not generated"),
    (one(bits=-1), (2, 9, 9), MAX78000, "a MAX78000 has no -1/.1 weights"),
    (one(), (2, 1025, 3), MAX78000, "an image of 1025x3 is larger than the 1024 rows and columns of a MAX78000"),
    (one(padding=1), (2, 3, 1023), MAX78000, "1025 columns with padding are more than the 1024 of a MAX78000"),
    (changed(TURNED), (2, 3, 1025), MAX78002, "2052 columns with padding are more than the 2048 of a MAX78002"),
    (passing("a", "max", 2, 2), (65, 4, 4), MAX78000, "a MAX78000 pools up to 64 channels without a conv.*65"),
    (linear(rng(), "a", 2, 2 * 17 * 16), (2, 17, 16), MAX78002, "flattening 272 samples exceeds 256; pool before it"),
    (linear(rng(), "a", 2, 200 * 70), (200, 10, 7), MAX78002, "280 steps .* 256 is the limit; pool to 64 samples"),
    (joining("a", "add", *["input"] * 17), (2, 4, 4), MAX78002, "an element-wise operation of 17 operands exceeds 16"),
    (changed(pool=Pool("max", 2, 2), pool_first=False, **SAME), (2, 8, 8), MAX78002, "3 operands cannot be pooled"),
    (replace(conv(rng(), "a", 2, 2, 3), **SAME), (2, 9), MAX78002, "operation and a conv1d are two layers"),
    (one(3, 72, bias=True, **SAME), (72, 4, 4), MAX78002, "no biases behind an element-wise operation on 72"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "shape", "device", "sentence"), REFUSED)
def test_single_layers(stage, shape, device, sentence):
    with pytest.raises(BadInput, match=f"^layer a: .*{sentence}") as caught:
        check_stages([stage], shape, device)
        plan(stage_net("net", shape, [stage]), device)
    assert "\n" not in str(caught.value)


def test_what_is_just_within_the_limits():
    for stage, shape, device in (
        (one(padding=1), (2, 3, 1022), MAX78000),
        (one(padding=2), (2, 4, 2044), MAX78002),
        (TURNED, (2, 3, 1022), MAX78002),
        (changed(pool=Pool("max", (16, 2), 3)), (2, 40, 9), MAX78002),
        (changed(pool=Pool("avg", 2, 1, 15)), (2, 20, 20), MAX78002),
        (passing("a", "max", 2, 2), (65, 4, 4), MAX78002),
        (one(3, 72, bias=True, **SAME), (72, 4, 4), MAX78000),
        (linear(rng(), "a", 2, 2 * 16 * 16), (2, 16, 16), MAX78000),
    ):
        assert plan(stage_net("net", shape, [stage]), device).layers


def refusal(shape, stages, device):
    with pytest.raises(BadInput) as caught:
        plan(stage_net("net", shape, stages), device)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_images_that_would_need_streaming():
    text = refusal((3, 91, 91), [one(2, 3)], MAX78000)
    assert text.startswith(
        "layer a: it takes 33,124 bytes of each data memory and puts out 31,684, together 32,040 more"
    )
    assert "images of about 64x64 would fit there, and larger ones need streaming, which is not generated" in text
    assert plan(stage_net("net", (3, 64, 64), [one(2, 3)]), MAX78000)


def test_branches_that_do_not_fit_together():
    stages = [
        conv2d(rng(), "a", 4, 3, padding=1),
        *(conv2d(rng(), name, 4, 4, padding=1) for name in "bcde"),
        joining("last", "add", "a", "e"),
    ]
    text = refusal((3, 48, 48), stages, MAX78000)
    assert text == (
        "layer e: while it runs, data memory must hold the result of a (9,216 bytes), the result of d (9,216 bytes) "
        "and the result of a_copy and the result of e (18,432 bytes), 4,096 bytes more than the 32,768 of each; pool "
        "earlier, use fewer channels, or take branches together earlier"
    )
    assert plan(stage_net("net", (3, 45, 45), stages), MAX78000)


def test_too_many_layers():
    stages = [conv2d(rng(), "l0", 4, 4, 1)]
    for k in range(1, 32):
        stages.append(conv2d(rng(), f"l{k}", 4, 4, 1, sources=(f"l{k - 1}",)))
    assert plan(stage_net("net", (4, 3, 3), stages), MAX78000)
    stages[-1] = joining("l31", "add", "l29", "l30")
    assert "the net has 33 layers; a MAX78000 runs 32" in refusal((4, 3, 3), stages, MAX78000)


def test_too_many_layers_with_those_that_reset_an_average():
    stages = [conv2d(rng(), "l0", 4, 4, 1, activation=ReLU())]
    for k in range(1, 126):
        stages.append(conv2d(rng(), f"l{k}", 4, 4, 1))
    more = [
        joining("sum", "add", "l124", "l125"),
        conv2d(rng(), "m", 4, 4, 1, pool=Pool("avg", 2, 1), sources=("sum",)),
    ]
    net = stage_net("net", (4, 3, 3), [*stages, *more], ("sum", "m"))
    with pytest.raises(
        BadInput, match="the net takes 129 layers with those that reset an average; a MAX78002 runs 128"
    ):
        plan(net, MAX78002)


def test_gaps_that_cannot_be_written():
    many = 6
    branches = [conv2d(rng(), f"b{k}", 192, 4, 1, bits=1, bias=False, sources=("input",)) for k in range(many)]
    stages = [*branches, joining("last", "add", *(one.name for one in branches))]
    text = refusal((4, 3, 3), stages, MAX78000)
    assert "layer b0: its result has 17 words of others between two of its own, and a MAX78000 writes up to 15" in text


def test_channels_that_two_joins_want_elsewhere():
    """What is passed through stays in its processors, so it cannot be joined behind other channels as well."""
    stages = [
        conv2d(rng(), "a", 8, 4, 1),
        Stage("b", "none", pool=Pool("max", 1, 1), sources=("a",)),
        conv2d(rng(), "c", 4, 16, 1, sources=("a", "b"), join="concat"),
    ]
    text = refusal((4, 3, 3), stages, MAX78002)
    assert text.startswith("layer c: it joins channels that must lie in other processors")
    assert "put a convolution with a kernel of 1 between" in text
