"""Modules of PyTorch's that the tests of tracing put together."""

from torch import nn


class Calls(nn.Module):
    """``function(self, x)`` with layers to call."""

    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.function(self, x)
