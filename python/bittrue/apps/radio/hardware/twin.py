"""The twin of a net of blocks in float32: with batch norm and without rounding, or with the integer net's bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from bittrue import ref
from bittrue.apps.radio.hardware.blocks import Block, Convolution, Graph, Half, Sum, Weights, integer_net
from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat.quantise import Grid, quantise
from bittrue.spec import Add, Conv2d, ConvTranspose2d, MaxPool2d, Net, ReLU
from bittrue.spec.net import INPUT

EXACT = 24
"""Bits of a float32 significand: sums of codes below ``2**24`` are exact in any order."""


class Twin(nn.Module):
    """What both stages of training train.

    Float (``normed``): batch norm between every convolution and its ReLU, and results end where their format does.
    Quantised (`folded`): batch norm is part of the weights; weights, biases and results are rounded onto the grids of
    `integer_net`, and a forward pass in ``eval`` is that of the reference, exactly, as long as no sum reaches ``2**24``
    (`check_exact`).

    Parameters
    ----------
    graph : Graph
    weights : Weights, optional
        With which it begins; zeros otherwise.
    normed, rounded : bool
    """

    def __init__(
        self, graph: Graph, weights: Weights | None = None, normed: bool = True, rounded: bool = False
    ) -> None:
        super().__init__()
        self.graph, self.normed, self.rounded, self.formats = graph, normed, rounded, graph.formats
        for block in graph.convolutions:
            weight, bias = (weights or {}).get(block.name) or (np.zeros(block.weight), np.zeros(block.outputs))
            self.register_parameter(f"{block.name}_weight", nn.Parameter(torch.tensor(weight, dtype=torch.float32)))
            self.register_parameter(f"{block.name}_bias", nn.Parameter(torch.tensor(bias, dtype=torch.float32)))
        hidden = [block for block in graph.convolutions if normed and block.relu]
        norms = {block.name: nn.BatchNorm2d(block.outputs) for block in hidden}
        for block in hidden:  # four deviations fill the format
            nn.init.constant_(norms[block.name].weight, (block.output.hi + 1) * block.output.scale / 4)
        self.norms = nn.ModuleDict(norms)

    def forward(self, x: Tensor) -> Tensor:
        """Values ``(N, *input)`` to values of the last block."""
        return self.run(x, self.graph.blocks)

    def run(self, x: Tensor, blocks: Sequence[Block], source: str = INPUT) -> Tensor:
        """Values of the last of ``blocks``, which follow each other in the graph, from those of ``source``."""
        found = {source: x}
        for block in blocks:
            if isinstance(block, Half):
                found[block.name] = nn.functional.max_pool2d(found[block.source], 2)
            elif isinstance(block, Sum):
                total = found[block.sources[0]] + found[block.sources[1]]
                found[block.name] = self._ended(total, block.output, False)
            else:
                found[block.name] = self._convolved(block, found[block.source])
        return found[blocks[-1].name]

    def _ended(self, y: Tensor, fmt: Format, relu: bool) -> Tensor:
        low = 0 if relu else fmt.lo
        if self.rounded:
            return quantise(y, Grid(fmt.frac, low, fmt.hi))
        return y.clamp(low * fmt.scale, fmt.hi * fmt.scale)

    def _convolved(self, block: Convolution, x: Tensor) -> Tensor:
        weight, bias = self._rounded(block)
        if block.doubles:
            kernel = weight.flip(2, 3).transpose(0, 1)  # PyTorch's is turned round, inputs first
            y = nn.functional.conv_transpose2d(x, kernel, bias, block.stride, block.padding, block.extra)
        else:
            y = nn.functional.conv2d(x, weight, bias, block.stride, block.padding)
        y = self.norms[block.name](y) if block.name in self.norms else y
        return self._ended(y, block.output, block.relu) if block.ends or self.rounded else y

    def _rounded(self, block: Convolution) -> tuple[Tensor, Tensor]:
        weight, bias = getattr(self, f"{block.name}_weight"), getattr(self, f"{block.name}_bias")
        if not self.rounded:
            return weight, bias
        fmt = self.graph.weight_format(*(part.detach().to(torch.float64).numpy() for part in (weight, bias)))
        words, most = self.graph.bias_format(fmt, self.formats[block.source]), (1 << (EXACT - 1)) - 1
        grid = Grid(words.frac, max(words.lo, -most), min(words.hi, most))
        return quantise(weight, Grid.of(fmt)), quantise(bias, grid)

    @torch.no_grad()
    def folded(self, rounded: bool = True) -> Twin:
        """The same net with batch norm in its weights, as running means have it: the float net, or rounded."""
        made = Twin(self.graph, normed=False, rounded=rounded)
        for block in self.graph.convolutions:
            weight, bias = getattr(self, f"{block.name}_weight"), getattr(self, f"{block.name}_bias")
            if block.name in self.norms:
                norm = self.norms[block.name]
                assert isinstance(norm, nn.BatchNorm2d)
                assert norm.running_mean is not None and norm.running_var is not None
                gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                weight, bias = weight * gain[:, None, None, None], norm.bias + (bias - norm.running_mean) * gain
            getattr(made, f"{block.name}_weight").copy_(weight)
            getattr(made, f"{block.name}_bias").copy_(bias)
        return made.eval()

    def weights(self) -> Weights:
        """The weights in float64, before any rounding."""
        return {
            block.name: tuple(
                getattr(self, f"{block.name}_{part}").detach().to(torch.float64).numpy() for part in ("weight", "bias")
            )  # type: ignore[misc]
            for block in self.graph.convolutions
        }

    def net(self) -> Net:
        """The integer net of the present weights, rounded. Batch norm must be folded.

        Raises `BadInput` where a sum could leave what float32 holds exactly.
        """
        assert not self.normed
        net = integer_net(self.graph, self.weights())
        check_exact(net)
        return net


def check_exact(net: Net) -> None:
    """Raise `BadInput` where a sum of a layer may reach ``2**24``."""
    for node in net.nodes:
        weight, bias = getattr(node.layer, "weight", None), getattr(node.layer, "bias", None)
        if weight is None or bias is None:
            continue
        fmt = net.types[node.inputs[0]].format
        largest = int((abs(weight).sum((1, 2, 3)) * max(fmt.hi, -fmt.lo) + abs(bias)).max())
        if largest >= 1 << EXACT:
            raise BadInput(
                f"{net.name}: sums of {node.name} reach {largest:,}, which float32 does not hold exactly; give its "
                f"level fewer channels"
            )


def twin_of(net: Net) -> Twin:
    """The rounded twin of an integer net that was made of blocks, in ``eval``; its forward pass is the reference."""
    blocks: list[Block] = []
    weights: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for node in net.nodes:
        layer, source = node.layer, node.inputs[0]
        if isinstance(layer, MaxPool2d):
            blocks.append(Half(node.name, source))
        elif isinstance(layer, Add):
            blocks.append(Sum(node.name, (source, node.inputs[1]), layer.output))
        else:
            assert isinstance(layer, Conv2d | ConvTranspose2d)
            up, (outputs, inputs, kernel, _) = isinstance(layer, ConvTranspose2d), layer.weight.shape
            relu, stride = isinstance(layer.activation, ReLU), layer.stride[0]
            blocks.append(Convolution(node.name, source, outputs, inputs, layer.output, kernel, stride, up, relu))
            frac = net.types[source].format.frac + layer.weight_format.frac
            weights[node.name] = layer.weight_format.decode(layer.weight), np.ldexp(layer.bias.astype(float), -frac)
    bits = max(node.layer.weight_format.bits for node in net.nodes if hasattr(node.layer, "weight_format"))
    check_exact(net)
    return Twin(Graph(net.name, net.input, tuple(blocks), bits), weights, normed=False, rounded=True).eval()


@torch.no_grad()
def agreed(net: Net, twin: Twin, codes: Codes) -> None:
    """Raise `AssertionError` where twin and reference differ on codes ``(N, *input)``: that is an error in bittrue."""
    scale = net.input.format.scale
    values = twin(torch.from_numpy(codes).to(torch.float32) * scale).numpy().astype(np.float64)
    if not np.array_equal(values, net.output.format.decode(ref.run(net, codes.astype(np.int64)))):
        raise AssertionError(f"{net.name}: the twin and its integer net differ; this is an error in bittrue")
