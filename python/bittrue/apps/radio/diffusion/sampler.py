"""The sampler of const_sde: N + 1 evaluations of the net from noise to a latent.

From t = 1 in N steps of 1 / N, the last divided into ``1 / N - eps`` and ``eps``. Each: the net says C and n of z_t,
``x_0 = z_t - C t - sqrt(t) n``, ``C := -x_0``, and ``z_(t-s) = z_t - C s - s n / sqrt(t) + sqrt(s (t - s) / t) e`` with
e unit normal. Random numbers come from a generator a map: what a map becomes does not depend on its batch, and no
generator of PyTorch is touched. (The published sampler seeds the global one with 0 in every call.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Net = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""C and n of latents, times and conditions."""


def steps(count: int, eps: float) -> list[float]:
    """The lengths of the N + 1 steps; their sum is 1."""
    return [*[1 / count] * (count - 1), 1 / count - eps, eps]


@torch.no_grad()
def sample(
    net: Net, cond: Tensor, shape: tuple[int, int, int], count: int, eps: float, generators: Sequence[torch.Generator]
) -> Tensor:
    """Latents (B, *shape) of conditions (B, 3, H, W).

    Parameters
    ----------
    count : int
        N.
    eps : float
        The least time; below 1 / N.
    generators : sequence of Generator
        On the CPU, one a map.
    """

    def drawn() -> Tensor:
        return torch.stack([torch.randn(shape, generator=one) for one in generators]).to(cond.device)

    z, now = drawn(), 1.0
    for length in steps(count, eps):
        t = torch.full((len(z),), now, device=z.device)
        signal, noise = net(z, t, cond)
        x0 = z - signal * now - now**0.5 * noise
        rest = max(0.0, now - length)
        z = z + x0 * length - length / now**0.5 * noise + (length * rest / now) ** 0.5 * drawn()
        now = rest
    return z
