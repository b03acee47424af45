"""Where kernels may lie: in one memory for depthwise layers, at the deep end, and not where others are."""

import numpy as np
import pytest
from nets_for_chips import conv

pytest.importorskip("yaml", reason="PyYAML is not installed")

from bittrue.spec.stages import stage_net
from bittrue.targets.max78002.devices import MAX78002
from bittrue.targets.max78002.hardware_layers import hardware_layers
from bittrue.targets.max78002.kernels import kernel_words, place_kernels
from bittrue.targets.max78002.memory_map import MAP_78002
from bittrue.targets.max78002.plan import plan


def planned(shape, *stages):
    return plan(stage_net("n", shape, stages), MAX78002).layers


def bank(word):
    """The memory that a word of kernel memory is in: four of 1,024 words, then four of 256."""
    return word // 1024 if word < 4096 else 4 + (word - 4096) // 256


def test_a_depthwise_layer_does_not_straddle_two_memories():
    """90 layers of 12 words: one of them would begin at word 1020."""
    rng = np.random.default_rng(0)
    stages = [conv(rng, f"l{k}", 768, 768, 9, groups=768) for k in range(90)]
    layers = place_kernels(hardware_layers(stages, (768, 800), MAP_78002), MAP_78002)
    words = sorted(layer.kernel_word for layer in layers)
    assert {kernel_words(layer) for layer in layers} == {12}
    assert words[84:87] == [1008, 1024, 1036]
    assert all(bank(word) == bank(word + 11) for word in words)


def test_a_layer_of_one_channel_lies_at_the_deep_end():
    rng = np.random.default_rng(0)
    first, second = planned((1, 30), conv(rng, "a", 64, 1, 9), conv(rng, "b", 64, 64, 9))
    assert first.kernel_word == 4096 and second.kernel_word == 0


def test_the_deep_end_is_used_up_before_the_rest():
    rng = np.random.default_rng(0)
    layers = planned((1, 90), *(conv(rng, f"l{k}", 1, 1, 9) for k in range(3)), conv(rng, "w", 960, 1, 9))
    words = sorted((layer.kernel_word, kernel_words(layer)) for layer in layers)
    assert words == [(4096, 960), (5056, 1), (5060, 1), (5064, 1)]


def test_wide_layers_go_first_and_lie_end_to_end():
    rng = np.random.default_rng(0)
    layers = planned((64, 40), conv(rng, "a", 64, 64, 9), conv(rng, "b", 64, 64, 9), conv(rng, "c", 32, 64, 9))
    assert [layer.kernel_word for layer in layers] == [0, 64, 128]
