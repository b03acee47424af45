"""Training of the diffusion model: the U-Net with its conditioner, in the latent of a first stage that is trained."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from bittrue.apps.radio.configuration import DiffusionFile
from bittrue.apps.radio.diffusion import process
from bittrue.apps.radio.diffusion.latent import LatentDiffusion
from bittrue.apps.radio.models.public_files import fill, load_diffusion, load_first_stage, weights
from bittrue.apps.radio.models.swin import of_torchvision
from bittrue.apps.radio.published import draws
from bittrue.apps.radio.published.batches import Batches
from bittrue.apps.radio.published.late_average import LateAverage
from bittrue.apps.radio.published.sizes import built
from bittrue.apps.radio.published.trainer import StageTrainer
from bittrue.errors import BadInput
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.loop import Losses

DECAY = 0.999
"""Of the average."""


class DiffusionTrainer(StageTrainer):
    """Each step adds up the gradients of ``gradient_accumulate_every`` batches, clips them, and makes one step.

    The published fault ``skip`` changes the net's arithmetic (`bittrue.apps.radio.models.unet.Unet`), ``floor`` the
    rate.
    """

    columns = ("loss", "norm", "lr")

    def __init__(self, configuration: DiffusionFile, batches: Batches, held_out: Batches, team: Team) -> None:
        super().__init__(configuration, batches, held_out, team)
        self.keys = configuration.model
        check(configuration)
        with draws.layers(configuration.seed, draws.START):
            self.whole = built(lambda: LatentDiffusion(configuration, batches.side))
        begin(self.whole, configuration)
        if not self.keys.default_scale and not (self.keys.ckpt_path or configuration.finetune.ckpt_path):
            self._scale()
        self.whole.to(self.device).train()
        self.network = self.whole.model
        self.optimiser = torch.optim.AdamW(
            [p for p in self.network.parameters() if p.requires_grad],
            lr=self.settings.lr,
            weight_decay=self.settings.weight_decay,
        )
        self.averaged = LateAverage(
            self.network, DECAY, self.settings.ema_update_after_step, self.settings.ema_update_every
        )

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"opt": self.optimiser}

    def advance(self, number: int) -> Losses:
        lr, total = self.set_rate(self.optimiser), 0.0
        self.optimiser.zero_grad(set_to_none=True)
        with draws.layers(self.configuration.seed, draws.LAYERS, number, self.team.rank):
            for part in range(self.accumulated):
                at = number * self.accumulated + part
                images, cond, weight = self.batch(at)
                drawn = [self.own(each) for each in self._drawn(self.configuration.seed, at)]
                with self.precision():
                    loss = self._loss(images, cond, drawn)
                torch.autograd.backward(loss * weight / self.accumulated)
                total += float(loss.detach()) / self.accumulated
        norm = self.clipped(self.network.parameters(), self.settings.max_grad_norm)
        self.optimiser.step()
        found = {"loss": total, "norm": norm, "lr": lr}
        self.note(found)
        self.averaged.update(number + 1)
        return found

    def _drawn(self, seed: int, at: int) -> tuple[Tensor, Tensor, Tensor]:
        """For the whole of batch ``at``: noise of the posterior, of the process, and times."""
        shape, eps = (self.size, *self.whole.shape), self.keys.eps
        posterior = torch.randn(shape, generator=draws.generator(seed, draws.POSTERIOR, at))
        noise = torch.randn(shape, generator=draws.generator(seed, draws.NOISE, at))
        t = torch.rand(self.size, generator=draws.generator(seed, draws.TIMES, at))
        return posterior, noise, eps + (1 - eps) * t

    def _loss(self, images: Tensor, cond: Tensor, drawn: Iterable[Tensor]) -> Tensor:
        posterior, noise, t = drawn
        z0 = self.whole.encoded(images, posterior)
        signal, said = self.network(process.noised(z0, t, noise), t, cond)
        return process.loss(signal, said, z0, noise, t, self.keys.weighting_loss, self._l1)

    @property
    def _l1(self) -> bool:
        return self.keys.use_l1 or self.keys.loss_type == "l1"

    @torch.no_grad()
    def _scale(self) -> None:
        """One over the deviation of the latents of the first batch, whichever process has it."""
        images, _ = self.batches.at(0, self.size)
        z = self.whole.first_stage_model.encode(images).mean
        deviation = float(z.std())
        if not deviation > 0:
            raise BadInput(
                "latents of the first batch are all equal, so there is no scale; train the first stage longer"
            )
        self.whole.scale_factor.fill_(1 / deviation)

    @torch.no_grad()
    def validated(self) -> dict[str, float]:
        """The loss on held out maps, with the same times and noise at every look."""
        total, indices = 0.0, self.looked_at()
        for at in range(0, len(indices), self.size):
            images, cond = self.held_out.plain(indices[at : at + self.size])
            drawn = [each[: len(images)].to(self.device) for each in self._drawn(self.configuration.seed + 1, at)]
            total += float(self._loss(images.to(self.device), cond.to(self.device), drawn)) * len(images)
        return {"validation": total / len(indices)}

    @torch.no_grad()
    def preview(self) -> Tensor:
        """Buildings, map and a map drawn by the sampler, of four held out maps."""
        self.network.eval()
        with self.averaged.applied():
            images, cond = self.held_out.plain(self.looked_at()[:4])
            each = [draws.generator(self.configuration.seed, draws.SAMPLE, k) for k in range(len(images))]
            made = self.whole.maps(cond.to(self.device), each).cpu()
        self.network.train()
        return torch.stack([(cond[:, 0] + 1) / 2, (images[:, 0] + 1) / 2, made[:, 0]], dim=1)

    def weights(self) -> dict[str, object]:
        """The whole model, first stage too, as published files have it; averages are of the U-Net."""
        found = super().weights()
        found["model"] = {name: value.detach().cpu().clone() for name, value in self.whole.state_dict().items()}
        found["ema"] = {f"ema_model.model.{name}": value for name, value in self.averaged.state().items()}
        return found

    def restore(self, state: dict[str, object]) -> None:  # type: ignore[override]
        """Go on from what `state` gave."""
        model, ema = state["model"], state["ema"]
        assert isinstance(model, dict) and isinstance(ema, dict)
        self.whole.load_state_dict(model)
        inner = {name.removeprefix("model."): v for name, v in model.items() if name.startswith("model.")}
        averages = {name.removeprefix("ema_model.model."): value for name, value in ema.items()}
        super().restore({**state, "model": inner, "ema": averages})


def check(configuration: DiffusionFile) -> None:
    """Raises `BadInput` for values that training cannot follow."""
    keys = configuration.model
    if keys.perceptual_weight:
        raise BadInput(
            f"model.perceptual_weight is {keys.perceptual_weight:g}; the published training has no such loss in the "
            "latent; set it to 0"
        )
    if keys.scale_by_softsign:
        raise BadInput("model.scale_by_softsign is true, which the published model does not use; set it to false")
    if keys.model_name != "cond_unet":
        raise BadInput(f"model.model_name is {keys.model_name}; only cond_unet is trained here")
    if keys.unet.DPMCARK:
        raise BadInput("model.unet.DPMCARK takes conditions of 5 channels, and the data give 3; set it to false")
    if 1 / keys.sampling_timesteps <= keys.eps:
        raise BadInput(
            f"model.sampling_timesteps is {keys.sampling_timesteps}, whose steps are no longer than eps {keys.eps:g}; "
            "take fewer"
        )


def begin(whole: LatentDiffusion, configuration: DiffusionFile) -> None:
    """The weights that training begins with: a checkpoint of the model, else the first stage and the backbone.

    Raises `BadInput` where there is no trained first stage.
    """
    keys = configuration.model
    path = keys.ckpt_path or configuration.finetune.ckpt_path
    if path:
        kept = ("first_stage_model.", "scale_factor") if keys.only_model else ()
        load_diffusion(whole, path, False, (*keys.ignore_keys, *kept))
    if path and not keys.only_model:
        return
    if not keys.first_stage.ckpt_path:
        raise BadInput(
            "model.first_stage.ckpt_path is missing: the diffusion model needs a trained first stage; train one, and "
            "name its model-<n>.pt"
        )
    load_first_stage(whole.first_stage_model, keys.first_stage.ckpt_path)
    if keys.unet.backbone and not path:
        found = of_torchvision(weights(keys.unet.backbone, False))
        fill(whole.model.init_conv_mask, found, keys.unet.backbone)
