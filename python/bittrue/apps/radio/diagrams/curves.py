"""Pictures of numbers over time: the learning rates, the parts of the losses."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from bittrue.apps.radio.configuration import DIFFUSION, FIRST_STAGE
from bittrue.apps.radio.diagrams.drawing import Sheet
from bittrue.apps.radio.diagrams.subject import Subject
from bittrue.apps.radio.schedule import POWER, rate
from bittrue.kit.figures import PALETTE, RED, TEAL


def learning_rate(of: Subject) -> Sheet:
    """Both stages, by the mended floor and by the published one."""
    sheet = Sheet("Learning rate", of.source)
    for k, (name, trainer) in enumerate(((FIRST_STAGE, of.first), (DIFFUSION, of.second))):
        axes = sheet.plot(14 + 92 * k, 26, 78, 62)
        steps = np.linspace(0, trainer.train_num_steps, 1001)
        mended = [rate(int(at), trainer, name) for at in steps]
        published = [rate(int(at), trainer, name, True) for at in steps]
        axes.plot(steps, published, color=RED, linewidth=1.8, linestyle="--", label="published arithmetic")
        axes.plot(steps, mended, color=TEAL, linewidth=2.6, label="mended: never below min_lr")
        axes.set_yscale("log")
        axes.set_ylim(trainer.min_lr / 300 if trainer.min_lr else trainer.lr / 1e4, trainer.lr * 1.6)
        axes.set_title(f"{name}: lr {trainer.lr:g}, min_lr {trainer.min_lr:g}, power {POWER[name]}", fontsize=15)
        _dressed(axes, "optimiser steps", "learning rate")
        axes.legend(fontsize=12, loc="lower left")
    floor = of.second.lr * of.second.min_lr
    sheet.words(
        14,
        14,
        [
            "mended: max(lr (1 - i / N)^p, min_lr);  published: lr max((1 - i / N)^p, min_lr)",
            f"the published floor of the diffusion model is lr times min_lr = {floor:.2g}: min_lr is used as a factor",
        ],
        14,
        4,
    )
    return sheet


def loss_components(of: Subject) -> Sheet:
    """What the losses are made of and how their weights change."""
    sheet = Sheet("Losses: their parts and weights", of.source)
    loss = of.stage.lossconfig
    _first_weights(sheet.plot(14, 28, 78, 40), of)
    _second_weights(sheet.plot(106, 28, 78, 40), of)
    both = "MSE + L1" if of.model.use_l1 else "MSE"
    most = 1e4 * loss.disc_weight
    sheet.words(
        6,
        92,
        [
            "first stage:  (|x - y| + (x - y)^2 + perceptual) / exp(logvar) + logvar, summed over pixels",
            f"              + {loss.kl_weight:g} KL + w f (-D(y)),  w = {loss.disc_weight:g} |grad rec| / |grad adv|"
            f", at most {most:g};  f = 1 from step {loss.disc_start:,}",
            "discriminator:  f (relu(1 - D(x)) + relu(1 + D(y))) / 2",
            f"diffusion:  (w1 ({both}) of C + w2 ({both}) of noise) / 2,  C = -z0, z(t) = z0 + C t + sqrt(t) n",
        ],
        14,
        4.4,
    )
    rows = (
        ("reconstruction", 1.0),
        ("KL", loss.kl_weight),
        ("adversarial", loss.disc_weight),
        ("perceptual", loss.perceptual_weight),
    )
    sheet.words(14, 15, ["weights in the file:  " + ",   ".join(f"{name} {value:g}" for name, value in rows)], 14)
    return sheet


def _first_weights(axes: Axes, of: Subject) -> None:
    """Weights of the first stage's parts over the steps."""
    loss = of.stage.lossconfig
    steps = np.linspace(0, of.first.train_num_steps, 1001)
    on = np.where(steps < loss.disc_start, 0.0, 1.0)
    axes.plot(steps, on, color=RED, linewidth=2.6, label="adversarial, on or off")
    for value, colour, style, name in (
        (1.0, TEAL, "--", "L1, MSE"),
        (loss.perceptual_weight, PALETTE[1], ":", "perceptual"),
        (loss.kl_weight, PALETTE[3], "-", "KL"),
    ):
        level = np.full_like(steps, min(value, 1.2))
        axes.plot(steps, level, color=colour, linestyle=style, linewidth=2.4, label=f"{name}: {value:g}")
    axes.set_ylim(-0.08, 1.3)
    axes.set_title(FIRST_STAGE, fontsize=15)
    axes.legend(fontsize=12, loc="center left")
    _dressed(axes, "optimiser steps", "weight")


def _second_weights(axes: Axes, of: Subject) -> None:
    """Weights of C and of the noise over the time of the diffusion."""
    t = np.linspace(of.model.eps, 1, 400)
    names, curves = ("C: 1", "noise: 1"), (np.ones_like(t), np.ones_like(t))
    if of.model.weighting_loss:
        names, curves = ("C: 2 exp(1 - t)", "noise: exp(sqrt t)"), (2 * np.exp(1 - t), np.exp(np.sqrt(t)))
    for name, curve, colour in zip(names, curves, (TEAL, PALETTE[1]), strict=True):
        axes.plot(t, curve, color=colour, linewidth=2.6, label=name)
    axes.set_ylim(0, 6)
    axes.set_title(f"{DIFFUSION}, weighting_loss {str(of.model.weighting_loss).lower()}", fontsize=15)
    axes.legend(fontsize=12)
    _dressed(axes, "time t", "weight")


def _dressed(axes: Axes, below: str, beside: str) -> None:
    axes.set_xlabel(below, fontsize=13)
    axes.set_ylabel(beside, fontsize=13)
    axes.tick_params(labelsize=12)
    axes.grid(alpha=0.3)
