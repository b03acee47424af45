"""Plan of a run: which model the flags choose, what they set besides, and the shapes that the data gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bittrue.apps.noise.gan import geometry
from bittrue.apps.noise.gan.configuration import DEFAULTS, NEXT_POWER, Configuration, Settings, leaves
from bittrue.errors import BadInput
from bittrue.limits import take

WAVEGAN, PSKGAN, STFTGAN = "WaveGAN", "PSK-GAN", "STFT-GAN"
SPECS: tuple[str, ...] = ("model_specs",)
DATA: tuple[str, ...] = ("dataloader_specs", "dataset_specs")

WAVEGAN_SETS: dict[tuple[str, ...], Any] = {
    ("D_updates",): 5,
    ("latent_type",): "uniform",
    (*SPECS, "num_channels"): 1,
    (*SPECS, "scale_factor"): 4,
    (*SPECS, "kernel_size"): 25,
    (*SPECS, "gan_bias"): True,
    (*SPECS, "receptive_field_type"): "standard",
    (*SPECS, "phase_shuffle"): True,
    (*DATA, "transform_type"): None,
    (*DATA, "nperseg"): None,
    (*DATA, "noverlap"): None,
    (*DATA, "pad_signal"): True,
    ("optim_params", "D", "betas"): [0.5, 0.9],
    ("optim_params", "G", "betas"): [0.5, 0.9],
}
"""What ``wavegan`` sets, whatever was given; signals that are complex keep two channels."""

STFT_SETS: dict[tuple[str, ...], Any] = {
    (*SPECS, "kernel_size"): 5,
    (*SPECS, "receptive_field_type"): "standard",
    (*SPECS, "phase_shuffle"): False,
}
"""What an STFT-GAN takes in the place of the document's defaults, which are those of a net on waveforms."""

COPIES = 16
"""Float32 values that a training holds at once for every value that a batch has at the levels of critic and generator:
the critic's of real, generated and mixed ones, the last differentiated twice, and the generator's. With it, 1.53
and 1.56 GiB stand for WaveGAN and STFT-GAN at batch 128, whose processes peaked at 1.83 and 1.73 GiB."""


@dataclass(frozen=True)
class Plan:
    """A run on signals of one shape.

    Parameters
    ----------
    model : str
        `WAVEGAN`, `PSKGAN` or `STFTGAN`.
    configuration : Configuration
        With what the model sets; its whole dictionary has the same plan again.
    changed : tuple of str
        Keys whose given values the model's replaced.
    length, padded : int
        Samples of a signal, and of what the nets see of it.
    is_complex : bool
        Of the signals.
    sizes : tuple of int
        Samples, or frequencies and times.
    """

    model: str
    configuration: Configuration
    changed: tuple[str, ...]
    length: int
    padded: int
    is_complex: bool
    sizes: tuple[int, ...]

    @property
    def settings(self) -> Settings:
        """The dictionary with types."""
        return self.configuration.settings

    @property
    def channels(self) -> int:
        """Of what the nets see."""
        return self.settings.model_specs.num_channels

    @property
    def base(self) -> tuple[int, ...]:
        """Samples of every axis before the first level. Raises `BadInput` where none fit."""
        found = geometry.base(self.settings.model_specs, self.sizes)
        if found is None:
            raise BadInput(_misfit(self))
        return found

    @property
    def quantized(self) -> bool:
        """Whether the nets see normal quantiles."""
        return self.settings.data.quantize != "none"

    def levels(self) -> list[tuple[geometry.Step, ...]]:
        """As `geometry.steps`."""
        return geometry.steps(self.settings.model_specs, self.sizes)


def model_of(configuration: Configuration) -> str:
    """The model that the flags choose.

    ``wavegan`` first; then ``stft``, or where that key is missing, as in NoiseGAN's document, ``transform_type`` stft
    with an ``nperseg``; else a net on waveforms.
    """
    settings = configuration.settings
    if settings.model_specs.wavegan:
        return WAVEGAN
    unsaid = not configuration.says(*DATA, "stft") and settings.data.transform_type == "stft"
    return STFTGAN if settings.data.stft or (unsaid and settings.data.nperseg) else PSKGAN


def plan(configuration: Configuration, length: int, is_complex: bool) -> Plan:
    """What a configuration is on signals of ``length`` samples.

    Raises `BadInput` where no net of it has that shape, with what would fit, and where it would take too much memory.
    """
    model = model_of(configuration)
    sets = dict(WAVEGAN_SETS) if model == WAVEGAN else {}
    sets[(*SPECS, "num_channels")] = _channels(configuration, model, is_complex)
    if model == STFTGAN:
        said, default = leaves(configuration.table), leaves(DEFAULTS)
        sets |= {path: value for path, value in STFT_SETS.items() if said[path] == default[path]}
        sets |= {(*DATA, "stft"): True}
    if configuration.settings.data.quantize != "none":
        sets |= {(*SPECS, "use_tanh"): True, (*DATA, "data_scaler"): None}
    given = leaves(configuration.given)
    changed = tuple(path[-1] for path, value in sets.items() if path in given and given[path] != value)
    replaced = configuration.replaced(sets)
    data = replaced.settings.data
    padded = _padded(data.pad_signal, length, model)
    sizes = _spectrum(replaced.settings, padded, is_complex) if model == STFTGAN else (padded,)
    made = Plan(model, replaced, changed, length, padded, is_complex, sizes)
    _ = made.base, made.levels()
    take(memory(made), f"training this {model} with batches of {made.settings.dataloader_specs.batch_size}")
    return made


def memory(made: Plan) -> int:
    """Bytes that a training takes, about: parameters, gradients and Adam's averages of both nets, and a batch."""
    specs = made.settings.model_specs
    counts = geometry.channels(specs, made.channels)
    weights = 2 * (specs.latent_dim + 1) * counts[0] * math.prod(made.base)
    values, sizes = 0, made.base
    for level, axes in enumerate(made.levels()):
        weights += 2 * counts[level] * counts[level + 1] * math.prod(axis.kernel for axis in axes)
        sizes = tuple(size * axis.scale + axis.odd for size, axis in zip(sizes, axes, strict=True))
        values += counts[level + 1] * math.prod(sizes)
    values += counts[0] * math.prod(made.base)
    return 16 * weights + 4 * COPIES * values * made.settings.dataloader_specs.batch_size


def _channels(configuration: Configuration, model: str, is_complex: bool) -> int:
    settings, path = configuration.settings, (*SPECS, "num_channels")
    if model == STFTGAN:
        return 3 if settings.data.data_rep == "log_mag_IQ" else 2
    wanted, found = (2, "complex") if is_complex else (1, "real")
    asked = settings.model_specs.num_channels
    if model == PSKGAN and configuration.says(*path) and asked != wanted:
        raise BadInput(f"num_channels is {asked} and the signals are {found}; set num_channels to {wanted}")
    return wanted


def _padded(pad_signal: int, length: int, model: str) -> int:
    """``pad_signal`` says to what length; an STFT-GAN always takes the next power of 2 where it says nothing."""
    if pad_signal == NEXT_POWER or (pad_signal == 0 and model == STFTGAN):
        return 1 << (length - 1).bit_length()
    if pad_signal and pad_signal < length:
        raise BadInput(f"pad_signal is {pad_signal} and the signals have {length:,} samples; give at least that")
    if pad_signal > 2 * length:
        raise BadInput(f"pad_signal is {pad_signal}; signals of {length:,} samples can be padded to {2 * length:,}")
    return pad_signal or length


def spectrum_sizes(nperseg: int, hop: int, padded: int, is_complex: bool) -> tuple[int, int]:
    """Frequencies (all, or the non-negative ones of real signals) and times: ``padded / hop + 1``."""
    return (nperseg if is_complex else nperseg // 2 + 1), padded // hop + 1


def hop_of(settings: Settings) -> int:
    """Samples from one window to the next: ``nperseg - floor(nperseg * noverlap)``."""
    return settings.data.nperseg - int(settings.data.nperseg * settings.data.noverlap)


def _spectrum(settings: Settings, padded: int, is_complex: bool) -> tuple[int, int]:
    nperseg = settings.data.nperseg
    fits = _fitting(settings, padded, is_complex)
    if not 2 <= nperseg <= padded or nperseg % 2 or padded % hop_of(settings):
        raise BadInput(f"nperseg is {nperseg}, which cuts signals of {padded:,} samples into no windows; {fits}")
    if hop_of(settings) == nperseg:
        raise BadInput(f"noverlap is {settings.data.noverlap:g}: Hann windows are zero at their ends; take 0.5 or 0.75")
    if geometry.base(settings.model_specs, sizes := spectrum_sizes(nperseg, hop_of(settings), padded, is_complex)):
        return sizes
    whole = settings.model_specs.scale_factor**settings.model_specs.model_levels
    raise BadInput(
        f"nperseg is {nperseg}: spectra of {sizes[0]} x {sizes[1]} are no multiple of {whole} (scale_factor "
        f"{settings.model_specs.scale_factor}, model_levels {settings.model_specs.model_levels}), or one more; {fits}"
    )


def _fitting(settings: Settings, padded: int, is_complex: bool) -> str:
    good = []
    for power in range(1, padded.bit_length()):
        nperseg = 1 << power
        hop = nperseg - int(nperseg * settings.data.noverlap)
        sizes = spectrum_sizes(nperseg, hop, padded, is_complex)
        if padded % hop == 0 and geometry.base(settings.model_specs, sizes):
            good.append(str(nperseg))
    overlap = f"noverlap {settings.data.noverlap:g}"
    return f"with {overlap} take {' or '.join(good)}" if good else f"none does with {overlap}: take fewer model_levels"


def _misfit(made: Plan) -> str:
    specs = made.settings.model_specs
    whole = specs.scale_factor**specs.model_levels
    return (
        f"signals of {made.padded:,} samples are no multiple of {whole} (scale_factor {specs.scale_factor}, "
        f"model_levels {specs.model_levels}); pad them with pad_signal, to {-(-made.padded // whole) * whole:,} for "
        f"example, or take fewer model_levels"
    )
