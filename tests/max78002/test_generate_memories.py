"""Kernel and bias memory, decoded from the generated text by the chip's rules, give back every layer's weights."""

import math

import numpy as np
import pytest
from data_places import follow
from decode import BIASES, Chip
from nets_for_chips import RECIPES, case

pytest.importorskip("yaml", reason="PyYAML is not installed")

from bittrue.spec import Conv, Dense
from bittrue.spec.weighted import Weighted
from bittrue.targets.max78002.generate import project
from bittrue.targets.max78002.plan import plan


def chip_of(name):
    net, device, codes = case(name)
    made, files = project(net, codes, device)
    return net, made, Chip(files, device.name)


def sums(net):
    """Nodes with weights, and the shape and length of what each takes."""
    for node in net.nodes:
        if isinstance(node.layer, Weighted):
            source = net.types[node.inputs[0]].shape
            yield node.layer, source


@pytest.mark.parametrize("name", RECIPES)
def test_every_weight_is_found_exactly_once(name):
    net, made, chip = chip_of(name)
    seen, expected = {}, list(sums(net))
    assert chip.layers() == len(made.layers)
    weighted = [layer.index for layer in made.layers if layer.weight is not None]
    assert len(weighted) == len(expected)
    for index, (layer, _) in zip(weighted, expected, strict=True):
        depthwise = isinstance(layer, Conv) and layer.groups > 1
        found = (depthwise_weights if depthwise else weights)(chip, index, layer, seen, made)
        assert np.array_equal(found, layer.weight), (name, index)
    loaded = {(p, place) for p, memory in enumerate(chip.memory) for place, byte in memory.items() if byte}
    assert loaded <= {(p, place) for p, place, _ in seen}, "kernel memory holds bytes that no layer uses"


def weights(chip, index, layer, seen, made):
    """The weights of a layer, from the kernels of its processors; what fills up a last pass must be zero."""
    flat = isinstance(layer, Dense)
    outputs, processors = len(layer.weight), chip.processors(index)
    given = made.layers[index].given
    channels, samples = (given.channels, given.length) if flat else (layer.weight.shape[1], 1)
    passes = -(-channels // 64)
    steps = chip.passes(index)
    assert steps == passes * samples
    assert len(processors) * passes >= channels and processors == list(range(processors[0], processors[-1] + 1))
    size = math.prod(layer.weight.shape[2:])
    found = np.zeros((outputs, channels, samples, size), np.int64)
    for local, processor in enumerate(processors):
        kernels = chip.kernels(index, processor, seen)
        kernels = plain(kernels, size, layer, chip, index).reshape(-1, samples, passes, size)
        assert not kernels[outputs:].any()
        for number in range(passes):
            channel = number * len(processors) + local
            if channel < channels:
                found[:, channel] = kernels[:outputs, :, number]
            else:
                assert not kernels[:, :, number].any()
    return found.reshape(layer.weight.shape)


def depthwise_weights(chip, index, layer, seen, made):
    """The weights of a depthwise layer: a kernel a pass in every processor."""
    processors, size = chip.processors(index), math.prod(layer.weight.shape[2:])
    found = np.zeros((len(processors) * chip.passes(index), 1, size), np.int64)
    for local, processor in enumerate(processors):
        kernels = plain(chip.kernels(index, processor, seen), size, layer, chip, index)
        found[local :: len(processors), 0] = kernels
    assert not found[len(layer.weight) :].any()
    return found[: len(layer.weight)].reshape(layer.weight.shape)


def plain(kernels, size, layer, chip, index):
    """Kernels without what dilation put between the weights; -1 and 0 as -1 and +1 where they mean that."""
    if "| CTL_BINARY;" in chip.files["cnn.c"] and chip.span(index)[4] == 1:
        kernels = np.where(kernels, -1, 1)
    step = layer.dilation if getattr(layer, "rank", 0) == 1 and size > 1 else 1
    if kernels.shape[1] == size:
        return kernels
    if kernels.shape[1] == (size - 1) * step + 1:
        between = np.ones(kernels.shape[1], bool)
        between[::step] = False
        assert not kernels[:, between].any()
        return kernels[:, ::step]
    square = kernels.reshape(-1, 3, 3)
    assert not square[:, :, [0, 2]].any() and not square[:, : 3 - size].any()
    return square[:, 3 - size :, 1]


def test_signs_take_two_bits_where_some_kernels_are_zero():
    _, made, chip = chip_of("zeros")
    assert [chip.span(layer.index)[4] for layer in made.layers] == [1, 2, 2, 2, 4, 2]
    assert made.binary


@pytest.mark.parametrize("name", RECIPES)
def test_every_bias_is_found(name):
    net, made, chip = chip_of(name)
    index = -1
    for layer, _ in sums(net):
        index = next(k for k in range(index + 1, len(made.layers)) if made.layers[k].weight is not None)
        if isinstance(layer, Conv) and layer.groups > 1:
            processors, passes = chip.processors(index), chip.passes(index)
            found = np.zeros(len(processors) * passes, np.int64)
            for local, processor in enumerate(processors):
                found[local :: len(processors)] = chip.own_bias(index, processor, passes)
        else:
            found = chip.bias(index, len(layer.bias))
        assert np.array_equal(128 * found[: len(layer.bias)], layer.bias)
    assert all(len(content) <= BIASES[chip.device] for content in chip.biases.values())


@pytest.mark.parametrize("name", RECIPES)
def test_every_layer_finds_what_it_takes(name):
    net, device, _ = case(name)
    follow(plan(net, device))


def test_layers_spread_over_the_processors_where_they_must():
    _, made, chip = chip_of("spread")
    firsts = {layer.given.first for layer in made.layers if layer.given.count == 4}
    assert firsts > {0} and made.layers[0].given.first == 0
    assert max(max(memory, default=0) for memory in chip.memory) < 9 * 768


def test_kernels_of_a_depthwise_layer_lie_in_one_memory():
    _, made, chip = chip_of("depthwise")
    for layer in made.layers:
        if layer.depthwise:
            first, count, taps, byte, bits = chip.span(layer.index)
            words = [(first * taps + byte) // 9, ((first + (count * bits - 1) // 8 + 1) * taps + byte - 1) // 9]
            assert len({word // 1024 if word < 4096 else (word // 256, "deep") for word in words}) == 1
