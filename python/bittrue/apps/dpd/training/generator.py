"""The generator: features and a TDNN as torch modules, in float and with the integer forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from bittrue.apps.dpd.recipe import Formats, Recipe, Topology, Training
from bittrue.apps.dpd.topology import skeleton
from bittrue.num import Format
from bittrue.qat import Network
from bittrue.spec import Dense, Net

TOPOLOGY = Topology(taps=(0, 1, 2, 3, 4, 5), powers=(1, 2, 4), hidden=(32, 16))
"""30-32-16-2: 1,554 parameters."""

WORD = Format.parse("Q1.15")
FORMATS = Formats(WORD, WORD, Format.parse("Q4.12"), WORD)


def template(net: Topology = TOPOLOGY, formats: Formats = FORMATS, name: str = "generator") -> Net:
    """The net of a topology and its formats, all weights zero (`bittrue.apps.dpd.topology.skeleton`)."""
    return skeleton(Recipe(name, "", net, formats, Training(0, 1, 1, 0, 0.0)))


@torch.no_grad()
def xavier_(network: Network, generator: torch.Generator) -> None:
    """Weights of dense layers uniform in ``+-sqrt(6 / (inputs + outputs))``, biases zero (Glorot and Bengio, 2010)."""
    for node in network.template.nodes:
        if isinstance(node.layer, Dense):
            module = network.layers[node.name]
            nn.init.xavier_uniform_(module.get_parameter("weight"), generator=generator)
            module.get_parameter("bias").zero_()


class MemoryTapAssembly(nn.Module):
    """I/Q samples to features: ``(..., N, 2)`` to ``(..., N, features)``, time on the axis before the last.

    The order is that of `bittrue.spec.MemoryTaps`, newest first and interleaved a tap: ``I, Q`` of ``x[n]``; the powers
    of ``|x[n]|``, of ``|x[n-1]|``, ...; then ``I, Q`` of ``x[n-1]``, ``x[n-2]``, ... History before the first sample is
    zero.

    Parameters
    ----------
    taps, powers : sequence of int
        Delays in samples, and envelope powers.
    iq_taps : sequence of int, optional
        Delays of I and Q where they differ.
    quantise : bool
        False: differentiable float formulas. True: the integer features in Q1.15, without a gradient.
    """

    def __init__(
        self,
        taps: Sequence[int] = TOPOLOGY.taps,
        powers: Sequence[int] = TOPOLOGY.powers,
        iq_taps: Sequence[int] | None = None,
        quantise: bool = False,
    ) -> None:
        super().__init__()
        own = None if iq_taps is None else tuple(iq_taps)
        net = template(replace(TOPOLOGY, taps=tuple(taps), powers=tuple(powers), iq_taps=own, hidden=()))
        self.layer = net.nodes[0].layer
        self.features: int = net.types["features"].shape[0]
        self.network = Network(Net("features", net.input, net.nodes[:1]))
        self.network.enable_qat(quantise)

    @property
    def names(self) -> list[str]:
        """What every feature is, such as ``I[n]``, ``|x[n-2]|^4``, ``Q[n-5]``."""
        parts = getattr(self.layer, "features", ())
        times = [f"n-{tap}" if tap else "n" for tap, _ in parts]
        return [f"{p}[{t}]" if p in ("I", "Q") else f"|x[{t}]|^{p}" for t, (_, p) in zip(times, parts, strict=True)]

    def forward(self, x: Tensor) -> Tensor:
        """Features ``(..., N, features)`` of I/Q values ``(..., N, 2)``, float64."""
        features: Tensor = self.network(x)
        return features


class TDNNGenerator(nn.Module):
    """The predistorter as a float network: ``u = TDNN(MemoryTapAssembly(x))``, Xavier initialised.

    Parameters
    ----------
    net : Topology
        Taps, powers, hidden widths and activation; 30-32-16-2 by default.
    formats : Formats
        The words of the integer net that it can become; without effect in float.
    seed : int
        Of the first weights.
    """

    def __init__(self, net: Topology = TOPOLOGY, formats: Formats = FORMATS, seed: int = 0) -> None:
        super().__init__()
        self.formats = formats
        self.network = Network(template(net, formats))
        self.network.enable_qat(False)
        xavier_(self.network, torch.Generator().manual_seed(seed))

    def forward(self, x: Tensor) -> Tensor:
        """Drives ``(..., N, 2)`` of I/Q values ``(..., N, 2)``, float64; history before the first sample is zero."""
        drive: Tensor = self.network(x)
        return drive


class TDNNGeneratorQAT(TDNNGenerator):
    """The same with an integer forward pass that can be switched on.

    Once it is on, ``generator(x)`` equals, bit for bit and for every value of the parameters,
    ``net.output.format.decode(ref.run(net, net.input.format.encode(x)))`` with ``net = generator.to_net()``.
    """

    def enable_qat(self, on: bool = True) -> None:
        """Quantise input, weights and every layer, straight through for the gradient; or, ``on=False``, nothing.

        Switched on, every layer first gets the weight format that fits its weights, where the formats say ``"fit"``.
        """
        if on and self.formats.weight == "fit":
            self.network.fit_weight_formats(self.formats.weight_bits)
        self.network.enable_qat(on)

    def to_net(self) -> Net:
        """The integer net of the present parameters."""
        return self.network.to_net()
