"""Parameters of the first stage by its configuration: encoder, decoder, patch discriminator.

Every convolution has a bias, every group norm two numbers a channel. A residual block is norm, 3x3, norm, 3x3, and a
1x1 where its channels change; the middle is block, attention of one head, block.
"""

from __future__ import annotations

from bittrue.apps.radio.configuration_keys import FirstStage


def convolution(inputs: int, outputs: int, side: int = 3) -> int:
    """Of ``side`` x ``side`` with bias."""
    return inputs * outputs * side * side + outputs


def block(inputs: int, outputs: int) -> int:
    """A residual block."""
    shortcut = convolution(inputs, outputs, 1) if inputs != outputs else 0
    return 2 * inputs + convolution(inputs, outputs) + 2 * outputs + convolution(outputs, outputs) + shortcut


def middle(channels: int) -> int:
    """Block, attention, block."""
    return 2 * block(channels, channels) + 2 * channels + 4 * convolution(channels, channels, 1)


def encoder(stage: FirstStage) -> int:
    """From picture to mean and log variance."""
    dd = stage.ddconfig
    widths = [dd.ch * mult for mult in dd.ch_mult]
    total, at = convolution(dd.in_channels, dd.ch), dd.ch
    for level, width in enumerate(widths):
        for _ in range(dd.num_res_blocks):
            total, at = total + block(at, width), width
        if level < dd.levels - 1:
            total += convolution(width, width)
    return total + middle(at) + 2 * at + convolution(at, 2 * dd.z_channels)


def decoder(stage: FirstStage) -> int:
    """From latent to picture."""
    dd = stage.ddconfig
    widths = [dd.ch * mult for mult in dd.ch_mult]
    at = widths[-1]
    total = convolution(dd.z_channels, at) + middle(at)
    for level in reversed(range(dd.levels)):
        for _ in range(dd.num_res_blocks + 1):
            total, at = total + block(at, widths[level]), widths[level]
        if level:
            total += convolution(at, at)
    return total + 2 * at + convolution(at, dd.out_ch)


def discriminator(stage: FirstStage, width: int = 64, layers: int = 3) -> int:
    """The patch discriminator: 4x4 convolutions, the inner ones with batch norm and without bias."""
    total = convolution(stage.lossconfig.disc_in_channels, width, 4)
    at = width
    for layer in range(1, layers + 1):
        to = width * min(2**layer, 8)
        total, at = total + at * to * 16 + 2 * to, to
    return total + convolution(at, 1, 4)
