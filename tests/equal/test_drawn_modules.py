"""Modules of PyTorch's put together at random, with branches: the graph is the module, the net is the network."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F

from bittrue import qat, ref
from bittrue.qat import prepare, ptq

SEEDS = (*range(12), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(12, 150)))


def step(draw: random.Random, channels: int) -> tuple[nn.Module, int]:
    """A layer that keeps lengths, and the channels behind it."""
    kind, wanted = draw.choice((nn.Conv1d, nn.Conv1d, nn.ConvTranspose1d)), draw.choice((2, 4, 6))
    size, groups = draw.choice((1, 3, 5)), draw.choice((1, 2))
    options = {"padding": size // 2, "groups": groups, "bias": draw.random() < 0.5}
    same = [
        nn.BatchNorm1d(channels), nn.ReLU(), nn.ReLU(inplace=True), nn.LeakyReLU(2.0 ** -draw.randint(1, 4)), nn.Tanh(),
        nn.Dropout(), nn.Identity(), nn.Hardswish(), nn.MaxPool1d(1), nn.AvgPool1d(3, 1, 1),
    ]  # fmt: skip
    return (kind(channels, wanted, size, **options), wanted) if draw.random() < 0.5 else (draw.choice(same), channels)


class Drawn(nn.Module):
    """Layers in a row, between them what two tensors become."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.draw = random.Random(seed)
        self.rows, self.joins, channels = nn.ModuleList(), [], 4
        for _ in range(self.draw.randint(1, 4)):
            layers, count = [], channels
            for _ in range(self.draw.randint(1, 4)):
                layer, count = step(self.draw, count)
                layers.append(layer)
            joins = ("none", "cat", "pool", "numbers") + (("add", "sub", "mul", "relu") if count == channels else ())
            join = self.draw.choice(joins)
            self.rows.append(nn.Sequential(*layers))
            self.joins.append(join)
            channels = count + channels if join == "cat" else count
        self.out = nn.Linear(channels, 3) if self.draw.random() < 0.7 else None

    def forward(self, x):
        for row, join in zip(self.rows, self.joins, strict=True):
            y = row(x.clone())
            if join == "cat":
                x = torch.cat([x, y], 1)
            elif join == "pool" and y.shape[-1] > 3:
                x = F.relu(F.max_pool1d(y, 2))
            elif join == "numbers":
                x = (y - 0.25) * torch.linspace(-1, 2, y.shape[1])[:, None]
            elif join in ("add", "sub", "mul"):
                x = getattr(torch, join)(x, y) if x.shape == y.shape else y
            elif join == "relu" and x.shape == y.shape:
                x = torch.relu(y) + y
            else:
                x = y
        return x if self.out is None else self.out(x.mean(-1))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawn_module(seed: int) -> None:
    torch.manual_seed(seed)
    module, x = Drawn(seed), torch.randn(24, 4, 16)
    with torch.no_grad():
        module.train()(x)
    bits = random.Random(seed).choice((6, 8, 12, 16))
    for network in (prepare(module.eval(), x, bits), ptq(module, x, bits, search=False)):
        net = network.to_net()
        codes = net.input.format.encode(torch.cat([x, 20 * x]).numpy())
        wanted = ref.run(net, codes)
        assert (qat.run(net, codes) == wanted).all()
        found = network(torch.cat([x, 20 * x])).detach().numpy()
        assert (found == net.output.format.decode(wanted)).all()
