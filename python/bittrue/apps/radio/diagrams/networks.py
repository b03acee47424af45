"""Pictures of the nets: how they stand together, the autoencoder, the conditional U-Net."""

from __future__ import annotations

from bittrue.apps.radio.data import names
from bittrue.apps.radio.diagrams import counts
from bittrue.apps.radio.diagrams.drawing import Sheet
from bittrue.apps.radio.diagrams.subject import Subject
from bittrue.kit.figures import INK, PALETTE, RED, TEAL


def architecture(of: Subject) -> Sheet:
    """Both stages and how a map is drawn."""
    sheet = Sheet("Architecture: a radio map from buildings and a transmitter", of.source)
    dd, model, (channels, height, width) = of.stage.ddconfig, of.model, of.latent
    size = f"{dd.resolution[0]} x {dd.resolution[1]}"
    sheet.words(4, 94, ["First stage: what a map is"], 16)
    top = [
        sheet.box(6, 70, 27, 16, f"Radio map\n{dd.in_channels} x {size}\n-1 to 1", "data"),
        sheet.box(43, 70, 32, 16, f"Encoder\n{counts.encoder(of.stage):,} weights\nhalves sides {dd.levels - 1} times"),
        sheet.box(85, 70, 28, 16, f"Latent\n{channels} x {height} x {width}\nmean and variance", "latent"),
        sheet.box(
            123, 70, 32, 16, f"Decoder\n{counts.decoder(of.stage):,} weights\ndoubles sides {dd.levels - 1} times"
        ),
        sheet.box(163, 70, 25, 16, f"Map again\n{dd.out_ch} x {size}", "data"),
    ]
    sheet.chain(top)
    sheet.words(4, 61, ["Second stage: which map belongs to a city"], 16)
    third = names.data(of.given.data.name).third
    cond = sheet.box(
        6, 36, 27, 16, f"Condition\nbuildings, transmitter,\n{third}: {model.unet.cond_in_dim} channels", "data"
    )
    net = sheet.box(
        43, 36, 32, 16, f"Condition encoder\n{model.unet.cond_net}\nfeatures at {len(model.unet.dim_mults)} scales"
    )
    unet = sheet.box(
        85,
        32,
        42,
        24,
        f"Conditional U-Net\n{model.model_name}, dim {model.unet.dim}\nchannels x "
        f"{', '.join(map(str, model.unet.dim_mults))}\ntwo decoders: C and noise\ntime by Fourier features",
    )
    sheet.box(85, 10, 42, 11, f"Noise at time 1\n{channels} x {height} x {width}", "latent")
    steps = model.sampling_timesteps
    step = sheet.box(
        137,
        32,
        51,
        24,
        f"Sampler, {model.model_type}\n{steps} step{'s' if steps > 1 else ''}, {steps + 1} evaluations\n"
        f"z(t) = (1 - t) z0 + sqrt(t) n\nlatents scaled by {model.scale_factor:g}\nleast time {model.eps:g}",
        "step",
    )
    sheet.chain([cond, net, unet, step])
    sheet.arrow((106, 21), (106, 32), colour=PALETTE[1])
    sheet.arrow((139, 56), (139, 70), "", PALETTE[1])
    sheet.words(142, 63, ["latent drawn"], 11)
    sheet.arrow((162, 32), (128, 15), "again", INK, -0.25, -2.4)
    sheet.words(
        6,
        22,
        [
            f"objective {model.objective}",
            f"weighted loss: {'yes' if model.weighting_loss else 'no'}",
            f"first stage frozen, from {of.stage.ckpt_path or 'its training'}",
        ],
        12,
    )
    return sheet


def vae_architecture(of: Subject) -> Sheet:
    """Every level of encoder and decoder, and the discriminator."""
    sheet = Sheet("Autoencoder: levels, channels and sides", of.source)
    dd, (channels, height, width) = of.stage.ddconfig, of.latent
    _coder(sheet, of, 66, encoding=True)
    _coder(sheet, of, 36, encoding=False)
    sheet.words(
        80,
        59,
        [
            f"latent {channels} x {height} x {width}: {channels * height * width:,} numbers for "
            f"{dd.resolution[0] * dd.resolution[1]:,} pixels; z = mean + exp(logvar / 2) noise"
        ],
        13,
    )
    start = of.stage.lossconfig.disc_start
    sheet.box(
        4,
        8,
        60,
        18,
        f"Patch discriminator\n{counts.discriminator(of.stage):,} weights\n4x4 convolutions, 64 to 512 "
        f"channels\ntrains from step {start:,}",
        "loss",
    )
    sheet.words(
        70,
        22,
        [
            "block: norm, swish, 3x3, norm, swish, 3x3, and 1x1 where channels change",
            "norm: 32 groups; attention: one head over all pixels of the last level",
            f"dropout {dd.dropout:g}; further attention at sides: {', '.join(map(str, dd.attn_resolutions)) or 'none'}",
        ],
        13,
    )
    return sheet


def _coder(sheet: Sheet, of: Subject, bottom: float, *, encoding: bool) -> None:
    """A row of boxes, one a level: the encoder, or the decoder."""
    dd = of.stage.ddconfig
    span = 132 / dd.levels
    name, weights = ("Encoder", counts.encoder) if encoding else ("Decoder", counts.decoder)
    sheet.words(4, bottom + 23, [f"{name}: {weights(of.stage):,} weights"], 16)
    blocks, sampling = (0, "3x3, stride 2") if encoding else (1, "nearest x2, 3x3")
    boxes = []
    for k in range(dd.levels):
        level = k if encoding else dd.levels - 1 - k
        tall = 20 - 3.2 * min(level, 4)
        side = f"{dd.resolution[0] >> level} x {dd.resolution[1] >> level}"
        text = f"{dd.ch * dd.ch_mult[level]} channels\n{side}\n{dd.num_res_blocks + blocks} blocks"
        text += f"\n{sampling}" if k < dd.levels - 1 else ""
        boxes.append(sheet.box(26 + k * span, bottom + (20 - tall) / 2, span - 6, tall, text))
    begins, ends = ("Map\n3x3", "data"), ("Latent\nmiddle: block,\nattention, block", "latent")
    if not encoding:
        begins, ends = ("Latent\n1x1, 3x3, middle", "latent"), ("Map\nnorm, swish,\n3x3", "data")
    first = sheet.box(4, bottom + 4, 18, 12, *begins)
    last = sheet.box(168, bottom + 2, 20, 16, *ends)
    sheet.chain([first, *boxes, last])


def unet_architecture(of: Subject) -> Sheet:
    """Levels of the conditional U-Net with its condition and its two decoders."""
    sheet = Sheet("Conditional U-Net: one encoder, two decoders", of.source)
    unet, (channels, height, width) = of.model.unet, of.latent
    count = len(unet.dim_mults)
    step = 70 / count
    for level in range(count):
        _level(sheet, of, level, step)
    lowest = 78 - (count - 1) * step
    sheet.box(
        48,
        lowest - 10,
        140,
        7,
        f"Middle: block, attention, block at {unet.dim * unet.dim_mults[-1]} channels; then a spectral filter for each "
        f"decoder, complex weights (channels, h, w // 2 + 1)",
        "net",
        12,
    )
    sheet.arrow((68, lowest), (68, lowest - 3))
    sheet.arrow((122, lowest - 3), (122, lowest))
    sheet.arrow((168, lowest - 3), (168, lowest))
    sheet.words(
        4,
        98,
        [
            f"in: latent {channels} x {height} x {width} beside the first condition, 7x7 to {unet.dim}; time by "
            f"{unet.dim // 2} Fourier features, scale {unet.fourier_scale:g}, to {4 * unet.dim}"
        ],
        13,
    )
    sheet.arrow((122, 78 + step - 4), (122, 78 + step - 0.6), "C", RED, above=3.4)
    sheet.arrow((168, 78 + step - 4), (168, 78 + step - 0.6), "noise", RED, above=3.4)
    return sheet


def _level(sheet: Sheet, of: Subject, level: int, step: float) -> None:
    """One row: the condition, the encoder's level, the same level of both decoders."""
    unet, (_, height, width) = of.model.unet, of.latent
    dims = [unet.dim, *(unet.dim * mult for mult in unet.dim_mults)]
    y, tall, last = 78 - level * step, step - 4, level == len(unet.dim_mults) - 1
    side = f"{max(1, height >> level)} x {max(1, width >> level)}"
    down, up = (" x ".join(map(str, sizes[level])) for sizes in (unet.window_sizes1, unet.window_sizes2))
    sheet.box(4, y, 32, tall, f"Condition {level + 1}\n{unet.cond_net} features, {side}", "data", 12)
    text = f"{dims[level]} to {dims[level + 1]}, {side}\nblock, relation {down}, block, attention"
    sheet.box(48, y, 40, tall, text, "net", 12)
    sheet.arrow((36, y + tall / 2), (48, y + tall / 2))
    for x, name, kind, colour in ((102, "C", "step", TEAL), (148, "noise", "latent", PALETTE[1])):
        text = f"{name}: {dims[level + 1]} to {dims[level]}\nblock, relation {up}, block, attention"
        sheet.box(x, y, 40, tall, text, kind, 12)
        if not last:
            sheet.arrow((x + 20, y - 4), (x + 20, y), colour=colour)
    sheet.arrow((88, y + tall / 2), (102, y + tall / 2), "" if level else "skip")
    sheet.arrow((88, y + tall * 0.25), (148, y + tall * 0.25), colour="#bbbbbb")
    if not last:
        sheet.arrow((68, y), (68, y - 4), colour=INK)
