"""The loss of the first stage: reconstruction and perception with a learnt variance, KL, an adversarial part.

With N pixels, B maps: ``rec = |x - y| + (x - y)^2 + p LPIPS(x, y)`` a pixel, ``nll = sum (rec / exp(s) + s) / B``,
``L = nll + k KL / B + w f (-mean D(y))``, ``w = d clamp(|grad nll| / (|grad g| + 1e-4), 0, 1e4)`` at the decoder's last
layer, f 0 before ``disc_start`` and 1 from it on. The discriminator's: ``f / 2 (mean relu(1 - D(x)) + mean relu(1 +
D(y)))``. (Esser et al., CVPR 2021, equations 5 to 7; Rombach et al., CVPR 2022.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bittrue.apps.radio.configuration_keys import LossConfig
from bittrue.apps.radio.models.autoencoder import Posterior
from bittrue.apps.radio.models.discriminator import Discriminator
from bittrue.apps.radio.published.perceptual import perceptual

LARGEST_WEIGHT = 1e4


@dataclass(frozen=True, eq=False)
class Parts:
    """What a loss is made of: means over maps, but ``weight``; each a tensor of one number."""

    nll: Tensor
    rec: Tensor
    kl: Tensor
    adversarial: Tensor
    weight: Tensor


class FirstStageLoss(nn.Module):
    """``logvar`` and ``discriminator``, as published files name them; the perceptual net is not stored.

    Parameters
    ----------
    keys : LossConfig
    learns : bool
        Whether the log variance begins at ``logvar_init`` and is trained; else it is 0 (as published).
    """

    def __init__(self, keys: LossConfig, learns: bool) -> None:
        super().__init__()
        self.keys = keys
        self.logvar = nn.Parameter(torch.tensor(keys.logvar_init if learns else 0.0), requires_grad=learns)
        self.discriminator = Discriminator(keys.disc_in_channels)
        counted = self.logvar.is_meta  # sizes alone, for which no file need be read
        net, self.perceptual_name = (None, "none") if counted else perceptual(keys)
        self.perception = [net]  # in a list: no part of the state

    def to_device(self, device: torch.device) -> None:
        """Move the perceptual net."""
        self.perception = [None if net is None else net.to(device) for net in self.perception]

    def begun(self, step: int) -> bool:
        """Whether the discriminator counts in step number ``step``."""
        return step >= self.keys.disc_start

    def autoencoder(self, x: Tensor, y: Tensor, posterior: Posterior, last: Tensor, step: int) -> tuple[Tensor, Parts]:
        """The loss of maps ``x`` reconstructed as ``y``; ``last`` is the decoder's last weight."""
        rec = (x - y).abs() + (x - y) ** 2
        if self.perception[0] is not None:
            rec = rec + self.keys.perceptual_weight * self.perception[0](x, y)
        nll = (rec / self.logvar.exp() + self.logvar).sum() / len(x)
        kl = posterior.kl().mean()
        adversarial, weight = torch.zeros_like(nll), torch.zeros_like(nll)
        if self.begun(step):
            self.discriminator.requires_grad_(False)
            adversarial = -self.discriminator(y).mean()
            self.discriminator.requires_grad_(True)
            weight = self.keys.disc_weight * _ratio(nll, adversarial, last)
        total = nll + self.keys.kl_weight * kl + weight * adversarial
        return total, Parts(nll.detach(), rec.detach().mean(), kl.detach(), adversarial.detach(), weight)

    def judge(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The discriminator's loss, and its mean scores of maps and of reconstructions."""
        real, fake = self.discriminator(x.detach()), self.discriminator(y.detach())
        loss = 0.5 * ((1 - real).relu().mean() + (1 + fake).relu().mean())
        return loss, real.detach().mean(), fake.detach().mean()


def _ratio(nll: Tensor, adversarial: Tensor, last: Tensor) -> Tensor:
    """How much larger the one gradient is at the last layer, at most `LARGEST_WEIGHT`."""
    (of_nll,) = torch.autograd.grad(nll, last, retain_graph=True)
    (of_adversarial,) = torch.autograd.grad(adversarial, last, retain_graph=True)
    ratio: Tensor = of_nll.norm() / (of_adversarial.norm() + 1e-4)
    return ratio.clamp(0, LARGEST_WEIGHT).detach()
