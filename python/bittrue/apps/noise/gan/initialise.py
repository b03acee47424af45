"""Initial weights of all layers, by the names that the configuration knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn import init

NAMED: dict[str, Callable[..., Any]] = {
    "uniform": init.uniform_,
    "normal": init.normal_,
    "xavier_uniform": init.xavier_uniform_,
    "xavier_normal": init.xavier_normal_,
    "kaiming_uniform": init.kaiming_uniform_,
    "kaiming_normal": init.kaiming_normal_,
    "orthogonal": init.orthogonal_,
}
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)


def initialise(network: nn.Module, name: str) -> None:
    """Draw the weights of every linear layer and convolution; biases keep PyTorch's.

    In the origin the two-dimensional convolutions are left out.
    """
    for module in network.modules():
        if isinstance(module, WEIGHTED):
            NAMED[name](module.weight)
