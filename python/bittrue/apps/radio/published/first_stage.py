"""Training of the first stage: autoencoder and discriminator, both from one pass over a batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bittrue.apps.radio.configuration import FirstStageFile
from bittrue.apps.radio.models.autoencoder import AutoencoderKL
from bittrue.apps.radio.models.public_files import load_first_stage
from bittrue.apps.radio.published import draws
from bittrue.apps.radio.published.batches import Batches
from bittrue.apps.radio.published.first_stage_loss import FirstStageLoss, Parts
from bittrue.apps.radio.published.late_average import LateAverage
from bittrue.apps.radio.published.sizes import built
from bittrue.apps.radio.published.trainer import StageTrainer
from bittrue.apps.radio.ssim import ssim
from bittrue.errors import BadInput
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.loop import Losses

DECAY = 0.995
"""Of the average."""
FIGURES = ("nll", "rec", "kl", "adversarial", "weight")


class FirstStage(AutoencoderKL):
    """The autoencoder with its loss, so that a file holds ``loss.logvar`` and ``loss.discriminator`` as published."""

    def __init__(self, configuration: FirstStageFile) -> None:
        super().__init__(configuration.model)
        self.loss = FirstStageLoss(configuration.model.lossconfig, "logvar" not in configuration.origin_compatible)

    def trained(self) -> list[torch.nn.Parameter]:
        """What the first optimiser has: everything but the discriminator."""
        return [p for name, p in self.named_parameters() if not name.startswith("loss.discriminator.")]


class FirstStageTrainer(StageTrainer):
    """Each step adds up the gradients of ``gradient_accumulate_every`` batches, clips them, and makes one step of the
    autoencoder and, from ``disc_start`` on, one of the discriminator.

    Published faults (``origin_compatible``): ``passes``, one batch a step; pass 0 of ``gradient_accumulate_every``
    trains the autoencoder, pass 1 the discriminator, both losses divided by that number, so with 1 no discriminator is
    trained; ``clip``, gradients are clipped after the step, to no effect; ``logvar``, the log variance stays 0.
    """

    columns = (*FIGURES, "discriminator", "real", "fake", "norm", "norm discriminator", "logvar", "lr")

    def __init__(self, configuration: FirstStageFile, batches: Batches, held_out: Batches, team: Team) -> None:
        super().__init__(configuration, batches, held_out, team)
        self.by_passes = "passes" in configuration.origin_compatible
        if self.by_passes and self.accumulated > 2:
            raise BadInput(
                f"trainer.gradient_accumulate_every is {self.accumulated}; with passes of origin_compatible it counts "
                "the optimisers of a step, of which there are 2"
            )
        self.most = None if "clip" in configuration.origin_compatible else self.settings.max_grad_norm
        with draws.layers(configuration.seed, draws.START):
            self.network: FirstStage = built(lambda: FirstStage(configuration))
        if configuration.model.ckpt_path:
            load_first_stage(self.network, configuration.model.ckpt_path, False)
        self.network.to(self.device).train()
        self.loss = self.network.loss
        self.loss.to_device(self.device)
        decays = self.settings.weight_decay
        self.opt_ae = torch.optim.AdamW(
            [p for p in self.network.trained() if p.requires_grad], lr=self.settings.lr, weight_decay=decays
        )
        self.opt_disc = torch.optim.AdamW(
            self.loss.discriminator.parameters(), lr=self.settings.lr, weight_decay=decays
        )
        self.averaged = LateAverage(
            self.network, DECAY, self.settings.ema_update_after_step, self.settings.ema_update_every
        )

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"opt_ae": self.opt_ae, "opt_disc": self.opt_disc}

    def advance(self, number: int) -> Losses:
        lr = self.set_rate(self.opt_ae, self.opt_disc)
        self.opt_ae.zero_grad(set_to_none=True)
        self.opt_disc.zero_grad(set_to_none=True)
        step = self._passed if self.by_passes else self._accumulated
        with draws.layers(self.configuration.seed, draws.LAYERS, number, self.team.rank):
            found = step(number)
        found |= {"logvar": float(self.loss.logvar.detach()), "lr": lr}
        self.note(found)
        self.averaged.update(number + 1)
        return found

    def _accumulated(self, number: int) -> dict[str, float]:
        found = dict.fromkeys(self.columns[:-2], 0.0)
        judges = self.loss.begun(number)
        for part in range(self.accumulated):
            at = number * self.accumulated + part
            images, _, weight = self.batch(at)
            share = weight / self.accumulated
            with self.precision():
                made, parts = self._pass(images, at, number, share)
                _add(found, parts, 1 / self.accumulated)
                if judges:
                    self._judge(images, made, share, found)
        found["norm"] = self.clipped(self.network.trained(), self.most)
        self.opt_ae.step()
        if judges:
            found["norm discriminator"] = self.clipped(self.loss.discriminator.parameters(), self.most)
            self.opt_disc.step()
        return found

    def _passed(self, number: int) -> dict[str, float]:
        found = dict.fromkeys(self.columns[:-2], 0.0)
        images, _, weight = self.batch(number)
        share = weight / self.accumulated
        with self.precision():
            _, parts = self._pass(images, number, number, share)
        _add(found, parts, 1.0)
        found["norm"] = self.clipped(self.network.trained(), self.most)
        self.opt_ae.step()
        if self.accumulated == 2:
            with self.precision(), torch.no_grad():
                made, _ = self.network(images, self._noise(len(images), number))
            if self.loss.begun(number):
                with self.precision():
                    self._judge(images, made, share * self.accumulated / 2, found)
                found["norm discriminator"] = self.clipped(self.loss.discriminator.parameters(), self.most)
                self.opt_disc.step()
        return found

    def _pass(self, images: Tensor, at: int, number: int, share: float) -> tuple[Tensor, Parts]:
        """Gradients of the autoencoder by one batch; its reconstructions, and the parts of the loss."""
        made, posterior = self.network(images, self._noise(len(images), at))
        total, parts = self.loss.autoencoder(images, made, posterior, self.network.last_layer, number)
        torch.autograd.backward(share * total)
        return made.detach(), parts

    def _judge(self, images: Tensor, made: Tensor, share: float, found: dict[str, float]) -> None:
        loss, real, fake = self.loss.judge(images, made)
        torch.autograd.backward(share * loss)
        for name, value in (("discriminator", loss), ("real", real), ("fake", fake)):
            found[name] += float(value.detach()) / (1 if self.by_passes else self.accumulated)

    def _noise(self, count: int, at: int) -> Tensor:
        """For the posterior of this process' maps of a batch."""
        side = self.batches.side // self.configuration.first_stage.ddconfig.factor
        shape = (self.size, self.configuration.first_stage.embed_dim, side, side)
        own = self.own(torch.randn(shape, generator=draws.generator(self.configuration.seed, draws.POSTERIOR, at)))
        assert len(own) == count
        return own

    @torch.no_grad()
    def validated(self) -> dict[str, float]:
        """Of reconstructions from the mean: mean of ``|x - y| + (x - y)^2``, PSNR in dB, SSIM, KL a latent value."""
        total = dict.fromkeys(("validation", "psnr", "ssim", "kl"), 0.0)
        for index in self.looked_at():
            image, _ = self.held_out.plain([index])
            image = image.to(self.device)
            made, posterior = self.network(image)
            total["validation"] += float(((made - image).abs() + (made - image) ** 2).mean())
            error = float(((made.clamp(-1, 1) - image) ** 2).mean()) / 4
            total["psnr"] -= 10 * math.log10(max(error, 1e-10))
            truth, found = ((part[0, 0].clamp(-1, 1).double().cpu().numpy() + 1) / 2 for part in (image, made))
            total["ssim"] += ssim(truth, found, 1.0)
            total["kl"] += float(posterior.kl()) / posterior.mean.numel()
        return {name: value / len(self.looked_at()) for name, value in total.items()}

    @torch.no_grad()
    def preview(self) -> Tensor:
        """Map and reconstruction of four held out maps."""
        self.network.eval()
        with self.averaged.applied():
            images, _ = self.held_out.plain(self.looked_at()[:4])
            made, _ = self.network(images.to(self.device))
        self.network.train()
        return ((torch.stack([images[:, 0], made[:, 0].cpu()], dim=1) + 1) / 2).clamp(0, 1)


def _add(found: dict[str, float], parts: Parts, share: float) -> None:
    for name in FIGURES:
        found[name] += float(getattr(parts, name)) * share
