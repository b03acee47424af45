"""The sections of a training configuration and the bounds of their values.

Keys that the published files lack and the published code needs (``unet.DPMCARK``, ``finetune.ckpt_path``) have defaults
here. Lengths are in pixels, rates without a unit, steps are optimiser steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bittrue.apps.radio.data import names
from bittrue.errors import BadInput, shown
from bittrue.kit.bounds import Section, Within

ACCUMULATED = 1 << 12
"""Most batches whose gradients make one step."""
Side = Annotated[int, Within(8, 4096)]
Channels = Annotated[int, Within(1, 4096)]
Sides = tuple[int, ...]


@dataclass(frozen=True)
class LossConfig(Section):
    """``lossconfig``: the adversarial loss from step ``disc_start`` on, with weights of KL and of the discriminator.

    Ours: ``logvar_init`` is where the learnt log variance of a pixel begins (0, and stays, with the published fault
    ``logvar``); ``perceptual_backbone`` and ``perceptual_heads`` are files of LPIPS (VGG16, and its five heads).
    """

    disc_start: Annotated[int, Within(0, 10**9)]
    kl_weight: Annotated[float, Within(0, 1e3)]
    disc_weight: Annotated[float, Within(0, 1e3)]
    disc_in_channels: Channels = 1
    perceptual_weight: Annotated[float, Within(0, 1e3)] = 1.0
    logvar_init: Annotated[float, Within(-30, 20)] = -6.0
    perceptual_backbone: str | None = None
    perceptual_heads: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.perceptual_backbone is None) != (self.perceptual_heads is None):
            given, lacks = ("backbone", "heads") if self.perceptual_backbone else ("heads", "backbone")
            raise BadInput(f"perceptual_{given} is given and perceptual_{lacks} is not; LPIPS needs both files")


@dataclass(frozen=True)
class DdConfig(Section):
    """``ddconfig``: encoder and decoder, ``ch_mult`` times ``ch`` channels a level, sides halved between two levels."""

    ch: Channels
    ch_mult: Annotated[tuple[int, ...], Within(1, 64)]
    num_res_blocks: Annotated[int, Within(1, 16)]
    z_channels: Channels
    resolution: Annotated[tuple[int, ...], Within(8, 4096)]
    double_z: bool = True
    in_channels: Channels = 1
    out_ch: Channels = 1
    attn_resolutions: tuple[int, ...] = ()
    dropout: Annotated[float, Within(0, 1)] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.ch_mult) <= 8:
            raise BadInput(f"ch_mult has {len(self.ch_mult)} levels; 1 to 8 are supported")
        _two("resolution", self.resolution)
        if not self.double_z:
            raise BadInput("double_z is False; the encoder gives mean and log variance, so it must be True")
        for side in self.resolution:
            if side % self.factor:
                raise BadInput(
                    f"resolution is {list(self.resolution)}; {self.levels - 1} halvings need multiples of {self.factor}"
                )

    @property
    def levels(self) -> int:
        """Of resolution."""
        return len(self.ch_mult)

    @property
    def factor(self) -> int:
        """By which the latent's sides are shorter."""
        return 1 << (self.levels - 1)


@dataclass(frozen=True)
class FirstStage(Section):
    """The variational autoencoder: ``model`` of its own file, ``model.first_stage`` of the diffusion model's."""

    embed_dim: Channels
    lossconfig: LossConfig
    ddconfig: DdConfig
    ckpt_path: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, value in (
            ("lossconfig.disc_in_channels", self.lossconfig.disc_in_channels),
            ("ddconfig.in_channels", self.ddconfig.in_channels),
            ("ddconfig.out_ch", self.ddconfig.out_ch),
        ):
            if value != 1:
                raise BadInput(f"{key} is {value}; radio maps have one channel, so it must be 1")


@dataclass(frozen=True)
class Unet(Section):
    """``model.unet``: the conditional U-Net. ``DPMCARK``: whether its condition holds cars and k2.

    ``backbone`` is ours: a file of ImageNet weights for Swin-B; without one it begins at random numbers.
    """

    dim: Channels
    dim_mults: Annotated[tuple[int, ...], Within(1, 64)]
    cond_net: Literal["swin", "conv", "effnet", "resnet", "vgg"]
    channels: Channels
    cond_in_dim: Channels = 3
    cond_dim: Channels = 128
    cond_dim_mults: Annotated[tuple[int, ...], Within(1, 64)] = (2, 4)
    window_sizes1: tuple[tuple[int, ...], ...] = ((8, 8), (4, 4), (2, 2), (1, 1))
    window_sizes2: tuple[tuple[int, ...], ...] = ((8, 8), (4, 4), (2, 2), (1, 1))
    fix_bb: bool = False
    without_pretrain: bool = False
    out_mul: Annotated[int, Within(1, 16)] = 1
    fourier_scale: Annotated[float, Within(0, 1e6)] = 16.0
    cond_pe: bool = False
    num_pos_feats: Channels = 128
    cond_feature_size: Annotated[tuple[int, ...], Within(1, 4096)] = (80, 80)
    input_size: Annotated[tuple[int, ...], Within(1, 4096)] = (80, 80)
    DPMCARK: bool = False
    backbone: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.dim_mults) <= 8:
            raise BadInput(f"dim_mults has {len(self.dim_mults)} levels; 1 to 8 are supported")
        for key in ("window_sizes1", "window_sizes2"):
            windows = getattr(self, key)
            if len(windows) != len(self.dim_mults):
                raise BadInput(
                    f"{key} has {len(windows)} windows for {len(self.dim_mults)} levels of dim_mults; give one a level"
                )
            for at, window in enumerate(windows):
                _two(f"{key}[{at}]", window)
                Within(1, 4096).check(f"{key}[{at}]", window)
        _two("input_size", self.input_size)
        if self.cond_in_dim != 3:
            raise BadInput(f"cond_in_dim is {self.cond_in_dim}; the net takes three channels, so it must be 3")


@dataclass(frozen=True)
class Diffusion(Section):
    """``model`` of the diffusion model's file. ``scale_factor`` multiplies latents; ``eps`` is the least time."""

    model_type: Literal["const_sde"]
    model_name: Literal["cond_unet", "cond_unet_8bit"]
    image_size: Annotated[tuple[int, ...], Within(8, 4096)]
    first_stage: FirstStage
    unet: Unet
    objective: Literal["pred_KC"] = "pred_KC"
    input_keys: tuple[str, ...] = ("image", "cond")
    ignore_keys: tuple[str, ...] = ()
    only_model: bool = False
    timesteps: Annotated[int, Within(1, 10**6)] = 1000
    train_sample: int = -1
    sampling_timesteps: Annotated[int, Within(1, 10**4)] = 1
    loss_type: Literal["l1", "l2"] = "l2"
    start_dist: Literal["normal"] = "normal"
    perceptual_weight: Annotated[float, Within(0, 1e3)] = 0.0
    scale_factor: Annotated[float, Within(1e-6, 1e6)] = 0.3
    scale_by_std: bool = True
    default_scale: bool = True
    scale_by_softsign: bool = False
    eps: Annotated[float, Within(1e-9, 0.5)] = 1e-4
    weighting_loss: bool = True
    use_disloss: bool = True
    use_l1: bool = True
    ckpt_path: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _two("image_size", self.image_size)
        if self.unet.channels != self.first_stage.embed_dim:
            raise BadInput(
                f"unet.channels is {self.unet.channels} and first_stage.embed_dim {self.first_stage.embed_dim}; the "
                "U-Net works on the latent, so they must be equal"
            )


@dataclass(frozen=True)
class DataSection(Section):
    """``data``: which maps. ``folder`` and ``split`` are ours: where they lie, and whether parts may overlap.

    ``augment_horizontal_flip``: half of the maps are trained on mirrored, left to right, with their conditions.
    """

    name: str
    batch_size: Annotated[int, Within(1, 1 << 16)]
    folder: str | None = None
    split: Literal["maps", "published"] = "maps"
    num_workers: Annotated[int, Within(0, 256)] = 0
    augment_horizontal_flip: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            names.data(self.name)
        except BadInput as error:
            raise BadInput(f"name: {error}") from None


@dataclass(frozen=True)
class Trainer(Section):
    """``trainer``. ``min_lr`` is the least rate; with the published fault ``floor`` the least factor of the rate.

    Ours: ``max_grad_norm`` clips gradients before a step; a run ends where validation has not improved for
    ``plateau_steps`` steps, or KL is below ``kl_floor`` nats a latent value; ``validation_maps`` are looked at every
    ``save_and_sample_every`` steps; ``checkpoint_seconds`` lie between two files a killed run goes on from.
    """

    gradient_accumulate_every: Annotated[int, Within(1, ACCUMULATED)]
    lr: Annotated[float, Within(1e-12, 10)]
    min_lr: Annotated[float, Within(0, 10)]
    train_num_steps: Annotated[int, Within(1, 10**9)]
    save_and_sample_every: Annotated[int, Within(1, 10**9)]
    results_folder: str
    log_freq: Annotated[int, Within(1, 10**9)] = 100
    amp: bool = False
    fp16: bool = False
    enable_resume: bool = True
    resume_milestone: Annotated[int, Within(0, 10**9)] = 0
    test_before: bool = False
    ema_update_after_step: Annotated[int, Within(0, 10**9)] = 10_000
    ema_update_every: Annotated[int, Within(1, 10**6)] = 10
    weight_decay: Annotated[float, Within(0, 10)] = 1e-4
    max_grad_norm: Annotated[float, Within(1e-6, 1e9)] = 1.0
    plateau_steps: Annotated[int, Within(1, 10**9)] = 10_000
    kl_floor: Annotated[float, Within(0, 1)] = 1e-8
    validation_maps: Annotated[int, Within(1, 10**5)] = 64
    checkpoint_seconds: Annotated[float, Within(0, 10**6)] = 600.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_lr > self.lr:
            raise BadInput(f"min_lr is {self.min_lr:g} and lr {self.lr:g}; the least rate must not be above the first")


@dataclass(frozen=True)
class Finetune(Section):
    """``finetune``: a checkpoint to begin with."""

    ckpt_path: str | None = None


@dataclass(frozen=True)
class Sampler(Section):
    """``sampler``: how maps are drawn from a trained model."""

    sample_type: Literal["slide", "whole"] = "whole"
    stride: Annotated[tuple[int, ...], Within(1, 4096)] = (256, 256)
    crop_size: Annotated[tuple[int, ...], Within(8, 4096)] = (256, 256)
    batch_size: Annotated[int, Within(1, 1 << 16)] = 1
    sample_num: Annotated[int, Within(1, 10**6)] = 300
    use_ema: bool = False
    save_folder: str | None = None
    ckpt_path: str | None = None
    use_fp16: bool = False
    use_timer: bool = False
    warm_up_steps: Annotated[int, Within(0, 10**6)] = 0
    inference_stop_idx: Annotated[int, Within(0, 10**9)] = 0


def _two(key: str, value: Sides) -> None:
    if len(value) != 2:
        raise BadInput(f"{key} is {shown(list(value))}; two sides are needed, height and width")
