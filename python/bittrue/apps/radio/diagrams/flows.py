"""Pictures of what happens in which order: from data to nets, one step of training, from file to condition."""

from __future__ import annotations

import numpy as np

from bittrue.apps.radio.cities.city import city, transmitters
from bittrue.apps.radio.data import names, splits
from bittrue.apps.radio.diagrams.drawing import Sheet
from bittrue.apps.radio.diagrams.subject import Subject
from bittrue.apps.radio.propagation.dominant_path import Streets
from bittrue.apps.radio.propagation.grey import levels
from bittrue.apps.radio.propagation.law import FITTED
from bittrue.kit.figures import INK, PALETTE, RED, TEAL


def training_flow(of: Subject) -> Sheet:
    """What is trained on what, and which files go on."""
    sheet = Sheet("Training: two stages, one after the other", of.source)
    loss, first, second = of.stage.lossconfig, of.first, of.second
    faults = of.given.origin_compatible
    arithmetic = f"as published: {', '.join(faults)} (origin_compatible)" if faults else "mended (no origin_compatible)"
    a = sheet.box(4, 70, 34, 20, "Radio maps\nsplit by city\nno city in two parts", "data")
    b = sheet.box(
        50,
        70,
        44,
        20,
        f"First stage, phase 1\nto step {min(loss.disc_start, first.train_num_steps):,}\nL1 + MSE + perceptual + KL",
    )
    c = sheet.box(
        106,
        70,
        44,
        20,
        f"Phase 2\nto step {first.train_num_steps:,}\nand the discriminator, weight {loss.disc_weight:g}",
        "loss",
    )
    d = sheet.box(160, 70, 28, 20, f"model-<n>.pt\nevery {first.save_and_sample_every:,} steps", "data")
    e = sheet.box(160, 36, 28, 20, "Frozen\nencoder and decoder", "latent")
    f = sheet.box(
        106, 36, 44, 20, f"Latents\nscaled by {of.model.scale_factor:g}\n{' x '.join(map(str, of.latent))}", "latent"
    )
    words = f"{second.train_num_steps:,} steps, {of.model.objective}"
    g = sheet.box(50, 36, 44, 20, f"Diffusion model\n{words}\naverages from step {second.ema_update_after_step:,}")
    h = sheet.box(4, 36, 34, 20, f"model-<n>.pt\nevery {second.save_and_sample_every:,} steps", "data")
    sheet.chain([a, b, c, d])
    sheet.chain([d, e])
    for right, left in ((e, f), (f, g), (g, h)):
        sheet.arrow((right[0], right[1] + 10), (left[0] + left[2], left[1] + 10))
    sheet.arrow((21, 70), (60, 56), "condition", TEAL, above=1.8)
    sheet.words(
        6,
        26,
        [
            f"first stage: lr {first.lr:g} to {first.min_lr:g}, {first.gradient_accumulate_every} batches a step",
            f"diffusion: lr {second.lr:g} to {second.min_lr:g}, {second.gradient_accumulate_every} batches a step, "
            f"weight decay {second.weight_decay:g}",
            f"averaging: every {second.ema_update_every} steps",
            f"results in {first.results_folder} and {second.results_folder}",
            f"arithmetic: {arithmetic}",
        ],
        14,
        4.2,
    )
    return sheet


def data_pipeline(of: Subject) -> Sheet:
    """From the files of a folder to what the nets see, with a synthetic city as an example."""
    sheet = Sheet("Data: from files to what the nets see", of.source)
    data = names.data(of.given.data.name)
    town = city(0, 3)
    row, column = transmitters(town, 0, 3, 1)[0].tolist()
    truth = np.where(town.buildings, 0, levels(FITTED.levels(Streets(town.buildings).paths(row, column))))
    built = np.where(town.buildings, 255, 0)
    spot = np.zeros_like(built)
    spot[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = 255
    third = np.where(town.cars, 255, 0) if data.third == "cars" else built
    shown = (
        ("png/buildings_complete", built),
        ("png/antennas", spot),
        (f"third channel: {data.third}", third),
        (f"gain/{data.gain}", truth),
    )
    for k, (title, picture) in enumerate(shown):
        axes = sheet.plot(6 + 47 * k, 55, 38, 38)
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=13)
        axes.set_xticks([])
        axes.set_yticks([])
    a = sheet.box(6, 30, 42, 16, "Read\n8-bit grey, 256 x 256\nrefused if damaged or empty", "step")
    b = sheet.box(54, 30, 38, 16, "Scale\nx / 255 * 2 - 1\nfrom -1 to 1", "step")
    c = sheet.box(98, 30, 42, 16, "cond, 3 channels\nbuildings, transmitter,\n" + data.third, "data")
    sheet.box(146, 30, 42, 16, f"image, 1 channel\n-1 to 1\nbatches of {of.given.data.batch_size}", "data")
    sheet.chain([a, b, c])
    sheet.arrow((92, 34), (146, 34), colour="#999999", bend=0.25)
    parts = splits.PUBLISHED if of.given.data.split == "published" else splits.PARTS
    text = ", ".join(f"{part} {low} to {high}" for part, (low, high) in parts.items())
    warning = "; they overlap" if of.given.data.split == "published" else "; no city is in two"
    sheet.words(
        6,
        19,
        [
            f"data.name {of.given.data.name}: maps of gain/{data.gain}, third channel {data.third}",
            f"split by position of the city in the published order: {text}{warning}",
            "the example is synthetic city 3 of seed 0",
        ],
        14,
        4.2,
    )
    return sheet


def training_process(of: Subject) -> Sheet:
    """What one step does in each stage, and the time line of both."""
    sheet = Sheet("One step of training, and the time line", of.source)
    loss, first, second = of.stage.lossconfig, of.first, of.second
    sheet.words(4, 95, ["First stage"], 16)
    n = first.gradient_accumulate_every
    boxes = [
        sheet.box(4, 78, 30, 13, f"Batches\n{n} a step", "data", 12),
        sheet.box(41, 78, 32, 13, "Encode, draw, decode", "net", 12),
        sheet.box(80, 78, 32, 13, "Loss\nreconstruction + KL", "loss", 12),
        sheet.box(119, 78, 32, 13, "Clip, step, average", "step", 12),
        sheet.box(158, 78, 30, 13, f"Discriminator step\nfrom {loss.disc_start:,}", "loss", 12),
    ]
    sheet.chain(boxes)
    sheet.words(4, 71, ["Diffusion model"], 16)
    low, high = of.model.eps, 1
    boxes = [
        sheet.box(4, 54, 30, 13, f"Batches\n{second.gradient_accumulate_every} a step", "data", 12),
        sheet.box(41, 54, 32, 13, f"Encode, draw a time\n{low:g} to {high}", "latent", 12),
        sheet.box(80, 54, 32, 13, "z = (1 - t) z0 + sqrt(t) n\npredict C and n", "net", 12),
        sheet.box(
            119, 54, 32, 13, "Loss of C and n\nMSE + L1" if of.model.use_l1 else "Loss of C and n\nMSE", "loss", 12
        ),
        sheet.box(158, 54, 30, 13, f"Clip, step, average\nevery {second.ema_update_every}", "step", 12),
    ]
    sheet.chain(boxes)
    for y, trainer, marks, name in (
        (32, first, {loss.disc_start: "discriminator"}, "first stage"),
        (14, second, {second.ema_update_after_step: "averages"}, "diffusion model"),
    ):
        total = trainer.train_num_steps
        axes = sheet.axes
        axes.plot([20, 184], [y, y], color=INK, linewidth=3, solid_capstyle="butt")
        saves = np.arange(trainer.save_and_sample_every, total + 1, trainer.save_and_sample_every)
        for at in saves[:: max(1, len(saves) // 30)]:
            axes.plot([20 + 164 * at / total] * 2, [y - 0.8, y + 0.8], color=TEAL, linewidth=1.2)
        for at, text in {0: "0", total: f"{total:,}"}.items():
            axes.text(20 + 164 * at / total, y - 3.4, text, ha="center", fontsize=12)
        for at, text in marks.items():
            if at < total:
                axes.plot([20 + 164 * at / total] * 2, [y - 2, y + 3], color=RED, linewidth=2)
                axes.text(
                    20 + 164 * at / total, y + 4.6, f"{text} from step {at:,}", ha="center", fontsize=12, color=RED
                )
        axes.text(4, y + 6.2, f"{name}, steps", fontsize=13, color=PALETTE[4])
        kept = f"samples and checkpoint every {trainer.save_and_sample_every:,} steps"
        axes.text(184, y + 4.6, kept, ha="right", fontsize=12, color=TEAL)
    return sheet
