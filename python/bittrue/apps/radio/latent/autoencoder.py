"""The autoencoder of radio maps: a linear transform of 8 x 8 pixels, and convolutions that add to it on both sides.

The map comes folded, ``(4, 128, 128)``, as radio nets give it (`bittrue.apps.radio.hardware.inputs.folded`). Encoder:
``linear_in`` takes squares of 4 x 4 folded pixels, ``seen_in`` is the end of a chain of convolutions that halves twice;
``latent`` is their sum, ``(values, 32, 32)``. Decoder: ``linear_out`` is the transform back, ``seen_out`` the end of a
chain with transposed convolutions, ``out`` their sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.apps.radio.hardware.architecture import OUTPUT, OUTPUTS
from bittrue.apps.radio.hardware.blocks import Block, Convolution, Graph, Sum, Weights, drawn, results
from bittrue.apps.radio.hardware.inputs import HALF
from bittrue.apps.radio.latent.linear_coders import Transform
from bittrue.apps.radio.latent.process import CODE
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.num.arrays import integer
from bittrue.spec import TensorType
from bittrue.spec.net import INPUT

SQUARE = 4
"""Folded pixels that a value of the latent stands for, a side."""
SIDE = HALF // SQUARE
"""Values of the latent a side."""
LATENT = "latent"
"""The node between encoder and decoder."""
MAP = TensorType((OUTPUTS, HALF, HALF), OUTPUT)
"""What goes in and comes out: a folded map."""
WEIGHTS = 400_000
"""Most weights and biases."""
SPREAD = 4
"""Standard deviations of the transform's first value that fill the tensor format."""


@dataclass(frozen=True)
class AutoencoderSpec:
    """Sizes; results inside in ``tensor``, 8-bit weights.

    Parameters
    ----------
    values : int
        Channels of the latent.
    encoder : tuple of int
        Channels at 128, 64 and 32 pixels; two convolutions at 32, one elsewhere.
    decoder : tuple of int
        Channels at 32, 64 and 128 pixels; ``depth`` convolutions at 32 behind the first, one elsewhere.

    Raises `BadInput` for sizes that are none, and for more than `WEIGHTS`.
    """

    name: str = "radio-vae"
    values: int = 12
    encoder: tuple[int, ...] = (16, 32, 48)
    decoder: tuple[int, ...] = (64, 32, 16)
    depth: int = 2
    tensor: Format | str = "Q1.7"
    weight_bits: int = 8
    bias_bits: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensor", results(self.tensor, self.name))
        if self.tensor != CODE:
            raise BadInput(f"the tensors of {self.name} are {self.tensor}, and a latent is {CODE}; leave tensor out")
        for what in ("encoder", "decoder"):
            sizes = getattr(self, what)
            if len(sizes) != 3 or min(integer(size) or 0 for size in sizes) < 1:
                raise BadInput(f"{what} of {self.name} has channels {list(sizes)}; give three sizes of 1 or more")
        if self.graph.parameters > WEIGHTS:
            raise BadInput(
                f"{self.name} has {self.graph.parameters:,} weights and biases; at most {WEIGHTS:,} are allowed, so "
                f"give it fewer channels"
            )

    @property
    def graph(self) -> Graph:
        """Its blocks."""
        inside = Format.of(self.tensor, self.name)
        (a, b, c), (d, e, f), n = self.encoder, self.decoder, self.values
        blocks: list[Block] = [
            Convolution("linear_in", INPUT, n, OUTPUTS, inside, SQUARE, SQUARE, relu=False),
            Convolution("see0", INPUT, a, OUTPUTS, inside),
            Convolution("see1", "see0", b, a, inside, stride=2),
            Convolution("see2", "see1", c, b, inside, stride=2),
            Convolution("see3", "see2", c, c, inside),
            Convolution("seen_in", "see3", n, c, inside, relu=False),
            Sum(LATENT, ("linear_in", "seen_in"), inside),
            Convolution("linear_out", LATENT, OUTPUTS, n, OUTPUT, SQUARE, SQUARE, doubles=True, relu=False),
            Convolution("draw0", LATENT, d, n, inside),
        ]
        blocks += [Convolution(f"draw{k + 1}", f"draw{k}", d, d, inside) for k in range(self.depth)]
        blocks += [
            Convolution("up1", f"draw{self.depth}", e, d, inside, stride=2, doubles=True),
            Convolution("fine1", "up1", e, e, inside),
            Convolution("up0", "fine1", f, e, inside, stride=2, doubles=True),
            Convolution("fine0", "up0", f, f, inside),
            Convolution("seen_out", "fine0", OUTPUTS, f, OUTPUT, relu=False),
            Sum("out", ("linear_out", "seen_out"), OUTPUT),
        ]
        return Graph(self.name, MAP, tuple(blocks), self.weight_bits, self.bias_bits)


def first_weights(spec: AutoencoderSpec, seed: int, transform: Transform) -> Weights:
    """Weights to begin with: ``transform`` on the linear way, the convolutions beside it drawn and faint.

    Value k of the transform has deviation ``s_k`` over training maps. The latent holds it times
    ``0.25 / sqrt(s_0 s_k)`` of a tensor format that ends at 1: value 0 fills `SPREAD` deviations, and weaker ones are
    not blown up to as much, so that one power of two suits the weights of all.
    """
    weights = dict(drawn(spec.graph, seed, ("seen_in", "seen_out")))
    n, tensor = spec.values, Format.of(spec.tensor, spec.name)
    full = (tensor.hi + 1) * tensor.scale
    s = transform.deviations[:n]
    gain = full / SPREAD / np.sqrt(s[0] * s)
    rows = transform.rows[:n].reshape(n, OUTPUTS, SQUARE, SQUARE)
    there = rows * gain[:, None, None, None]
    weights["linear_in"] = there, -(there.reshape(n, -1) @ transform.mean)
    back = np.ascontiguousarray((rows / gain[:, None, None, None]).transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
    weights["linear_out"] = back, transform.mean.reshape(OUTPUTS, -1).mean(1)
    return weights
