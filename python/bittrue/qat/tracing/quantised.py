"""A module of PyTorch's as a net in training."""

from __future__ import annotations

from bittrue.qat.network import Network
from bittrue.qat.tracing.choosing import Choice, chip_weights
from bittrue.qat.tracing.floating import put_parameters
from bittrue.qat.tracing.graph import Graph
from bittrue.qat.tracing.report import Report
from bittrue.qat.trained import Biased


class Quantised(Network):
    """`bittrue.qat.Network` with the float parameters of a traced module: train it on, or freeze it by ``to_net()``.

    It takes what the module takes, ``(..., N, *shape)``, and gives float64. Batch norm is in the weights and dropout is
    gone. ``eval()(x)`` is ``bittrue.ref.run`` of ``to_net()`` bit for bit, as of every `Network`.

    Attributes
    ----------
    places : dict of str
        Where every node comes from: what was called, and the line of the source.
    exponents : dict of int
        For the formats of a chip, by tensor: what the module computes is ``2**exponent`` times what this does. All 0
        otherwise.
    report : Report, optional
        What quantisation lost, where `bittrue.qat.ptq` made it.
    """

    report: Report | None = None

    def __init__(self, graph: Graph, choice: Choice, exponents: dict[str, int] | None = None) -> None:
        super().__init__(graph.net(choice.tensors, choice.weights))
        self.places = {part.name: part.place for part in graph.parts}
        self.exponents, self._on_chip = exponents or dict.fromkeys(choice.tensors, 0), exponents is not None
        for name, operation in graph.sums.items():
            module = self.layers[name]
            put_parameters(module, operation)
            if self._on_chip and isinstance(module, Biased):
                module.bias_in_weight_format = True

    def fit_weight_formats(self, bits: int | None = None) -> None:
        """As of `Network`; for the chip, formats of 8 bits that hold the biases too."""
        if not self._on_chip:
            return super().fit_weight_formats(bits)
        for module in self.trained.values():
            if isinstance(module, Biased):
                weight, bias = (getattr(module, name).detach().cpu().numpy() for name in ("weight", "bias"))
                module.reformat(chip_weights(weight, bias))
