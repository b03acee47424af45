"""Recipe of a hardware net of noise: architecture, parameter, sets to imitate, weights of the loss, steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated

from bittrue.apps.noise.hardware_net import ArchitectureSpec, Level, Setting
from bittrue.apps.noise.processes import Fixed, Source, named
from bittrue.apps.noise.shelf import SHELF
from bittrue.apps.noise.spectrogram_net import Doubling, SpectrogramSpec
from bittrue.errors import BadInput, shown
from bittrue.kit.bounds import Count, Section, Seed, Share, Weight, Within
from bittrue.kit.recipes import Recipes, check_name
from bittrue.limits import take

LARGEST_FRAME = 1 << 20
FITTED = 4096
"""Samples of a signal of which ``[last_layer]`` takes the spectrum."""
BINS = FITTED // 2 + 1
DRAWN, FILTER_BANK, BURST_GATES = "drawn", "filter bank", "burst gates"
BEGINNINGS = (DRAWN, FILTER_BANK, BURST_GATES)
ELEMENTS_A_SAMPLE = 200
"""Float32 values that a step keeps for each sample, about: all tensors of the default architecture and of the loss."""


@dataclass(frozen=True)
class Architecture(Section):
    """What `bittrue.apps.noise.hardware_net.ArchitectureSpec` takes; the first level has ``upsampling = 0``."""

    levels: tuple[Level, ...] = ArchitectureSpec().levels
    samples: Annotated[int, Within(1, LARGEST_FRAME)] = 1024
    distribution: str = "gaussian"
    tensor: str = "Q3.5"
    output: str = "Q4.12"
    weight_bits: Annotated[int, Within(2, 8)] = 8


@dataclass(frozen=True)
class Spectrogram(Section):
    """What `bittrue.apps.noise.spectrogram_net.SpectrogramSpec` takes: a net of two dimensions."""

    levels: tuple[Doubling, ...] = SpectrogramSpec().levels
    latent: Annotated[int, Within(1, 1024)] = 64
    base: Annotated[int, Within(1, 64)] = 4
    distribution: str = "gaussian"


@dataclass(frozen=True)
class ProcessPlan(Section):
    """Which set a value of the parameter imitates, ``values[k]`` ``sets[k]``, and how many signals its targets are of.

    Without ``[parameter]`` there is one set and no value.
    """

    sets: tuple[str, ...]
    values: tuple[float, ...] = ()
    signals: Annotated[int, Within(2, 1 << 20)] = 512
    seed: Seed = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.sets:
            raise BadInput("sets is empty; name one set or more, such as FGN_fixed_H70")

    @property
    def sources(self) -> tuple[Source, ...]:
        """The processes. Raises `BadInput` for an unknown set, and for one whose parameter varies."""
        found = tuple(named(name) for name in self.sets)
        for name, source in zip(self.sets, found, strict=True):
            if not isinstance(source.law, Fixed):
                raise BadInput(f"process.sets has {name}, whose parameter varies; name sets of fixed values")
        return found


@dataclass(frozen=True)
class Objective(Section):
    """Weights of the parts of the direct loss, and what they look at (`bittrue.apps.noise.hardware.features`).

    Parameters
    ----------
    spectrum, samples, increments, octaves, magnitude, likeness, variations : float
        Weights; 0 leaves a part out.
    windows : tuple of int
        Three window sizes of the spectrum, powers of 2 that grow.
    least_db : float
        Densities so far below the largest count as this much.
    quantiles : int
        Of samples and increments.
    lags, steps, dilations : tuple of int
        Of the correlation of magnitudes; of increments; of the variations.
    """

    spectrum: Weight = 1.0
    samples: Weight = 1.0
    increments: Weight = 1.0
    octaves: Weight = 0.1
    magnitude: Weight = 1.0
    likeness: Weight = 0.0
    variations: Weight = 1.0
    windows: tuple[int, ...] = (64, 512, 4096)
    least_db: Annotated[float, Within(-120, 0)] = -50.0
    quantiles: Annotated[int, Within(3, 4095)] = 127
    lags: Annotated[tuple[int, ...], Within(1)] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
    steps: Annotated[tuple[int, ...], Within(1)] = (1, 4, 16)
    dilations: Annotated[tuple[int, ...], Within(1)] = (1, 2, 3, 4, 5, 8, 16, 32)

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = self.windows
        plain = all(size >= 8 and size & (size - 1) == 0 for size in sizes)
        if len(sizes) != 3 or not plain or not sizes[0] < sizes[1] < sizes[2]:
            raise BadInput(f"windows are {shown(list(sizes))}; give three powers of 2 from 8 on, the shortest first")
        if not (self.lags and self.steps and self.dilations):
            raise BadInput("lags, steps or dilations are empty; give one number or more to each")

    @property
    def longest(self) -> int:
        """Samples of a frame that all parts take."""
        return 2 * max(*self.windows, *self.lags, *self.steps, *self.dilations)


@dataclass(frozen=True)
class StagePlan(Section):
    """One stage of training: ``batch`` frames of ``samples`` for every value of the parameter, a step.

    ``memory`` is that of the running means of features (`bittrue.apps.noise.hardware.running`); 0 takes a batch alone.
    ``spectrum`` multiplies the objective's weight of that part in this stage.
    """

    steps: Count = 4000
    batch: Count = 2
    samples: Annotated[int, Within(16, LARGEST_FRAME)] = 8192
    rate: Annotated[float, Within(1e-9, 1)] = 0.002
    warm: Share = 0.05
    ema: Annotated[float, Within(0, 0.99999)] = 0.995
    clip: Annotated[float, Within(1e-9, 1e9)] = 1.0
    memory: Annotated[float, Within(0, 0.999)] = 0.0
    spectrum: Weight = 1.0
    look_every: Count = 100
    look_batches: Count = 8


@dataclass(frozen=True)
class LastLayer(Section):
    """The last layer anew behind both stages (`bittrue.apps.noise.hardware.last_layer`).

    Parameters
    ----------
    taps : int
        Size of its kernel then, at least that of the architecture, with which the stages train.
    signals : int
        Of every value, of net and process, of which the spectra are.
    weights : tuple of float
        What the squared error of each value counts; empty: all 1.
    ridge : float
        Penalty of the sum of squared weights.
    """

    taps: Annotated[int, Within(1, 1024)] = 129
    signals: Annotated[int, Within(16, 1 << 16)] = 2048
    weights: Annotated[tuple[float, ...], Within(0)] = ()
    ridge: Weight = 5e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights and not any(self.weights):
            raise BadInput("weights are all 0; give one of them more, or leave them out")


@dataclass(frozen=True)
class MeasurePlan(Section):
    """What the card is of: so many signals of so many samples of each value, for seeds 1, 2, ..."""

    signals: Annotated[int, Within(2, 1 << 16)] = 1024
    orders: Annotated[tuple[int, ...], Within(1, 512)] = (8, 32)
    length: Annotated[int, Within(64, 1 << 16)] = 4096
    seeds: Annotated[int, Within(1, 16)] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if 32 not in self.orders:
            raise BadInput(
                f"measure.orders has no 32 in {shown(list(self.orders))}; add it: the card compares with AR(32)"
            )


@dataclass(frozen=True)
class Recipe(Section):
    """A whole recipe; ``text`` is its file. ``beginning`` is one of `BEGINNINGS`."""

    name: str
    process: ProcessPlan
    architecture: Architecture | None = None
    spectrogram: Spectrogram | None = None
    parameter: Setting | None = None
    beginning: str = DRAWN
    objective: Objective = field(default_factory=Objective)
    train: StagePlan = field(default_factory=StagePlan)
    quantise: StagePlan = field(default_factory=lambda: StagePlan(steps=1000, rate=0.0005))
    last_layer: LastLayer | None = None
    measure: MeasurePlan = field(default_factory=MeasurePlan)
    seed: Seed = 1
    text: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.name)
        if (self.architecture is None) == (self.spectrogram is None):
            raise BadInput("a recipe has [architecture] or, of two dimensions, [spectrogram]; give one of them")
        if self.spectrogram and self.parameter:
            raise BadInput("a net of two dimensions has no parameter; leave [parameter] out, and name one set")
        if self.beginning not in BEGINNINGS:
            raise BadInput(f"beginning is {shown(self.beginning)}; give one of {', '.join(map(repr, BEGINNINGS))}")
        wanted, sets = self.process.values, self.process.sets
        if self.parameter is None and (wanted or len(sets) > 1):
            raise BadInput("process.values need a [parameter] that has them; add it, or leave one set and no values")
        if self.parameter is not None and (len(wanted) != len(sets) or len(set(wanted)) < len(wanted)):
            raise BadInput(
                f"process has {len(sets)} sets and the values {shown(list(wanted))}; give each set a value of its own"
            )
        _ = self.process.sources
        if self.last_layer:
            self._check_last_layer(self.last_layer)
        slowest = self.spec.grain
        for name, plan in (("train", self.train), ("quantise", self.quantise)):
            if plan.samples % slowest or plan.samples < self.objective.longest:
                raise BadInput(
                    f"{name}.samples is {plan.samples}; give a multiple of {slowest}, for the net's slowest "
                    f"level or its image, at least {self.objective.longest} for the windows and lags of the objective"
                )
            samples = plan.samples * plan.batch * len(sets)
            take(4 * ELEMENTS_A_SAMPLE * samples, f"a step of {samples:,} samples ({name}.batch)")
            if self.objective.likeness and plan.batch < 2:
                raise BadInput(f"objective.likeness compares two signals and {name}.batch is 1; give 2 or more")
            if self.process.signals < plan.batch:
                raise BadInput(f"process.signals is {self.process.signals}; {name}.batch needs {plan.batch} or more")
        _ = self.codes

    def _check_last_layer(self, plan: LastLayer) -> None:
        trained = self.trained
        if not isinstance(trained, ArchitectureSpec):
            raise BadInput("a net of two dimensions keeps its last layer; leave [last_layer] out")
        if plan.weights and len(plan.weights) != len(self.process.sets):
            raise BadInput(
                f"last_layer.weights are {len(plan.weights)} for {len(self.process.sets)} process.sets; give each one"
            )
        if plan.taps < trained.levels[-1].kernels[-1]:
            raise BadInput(
                f"last_layer.taps is {plan.taps}; give at least the {trained.levels[-1].kernels[-1]} that are trained"
            )
        if FITTED % trained.grain:
            raise BadInput(
                f"[last_layer] takes signals of {FITTED:,} samples, and of {len(trained.levels)} levels the slowest "
                f"has one in {trained.grain:,}; give fewer levels, or leave the section out"
            )
        channels, unknowns = trained.layers["out"][1], trained.layers["out"][1] * plan.taps
        values = BINS * len(self.process.sets)
        take(16 * values * channels**2 + 32 * values * unknowns + 48 * unknowns**2, "the fit of [last_layer]")

    @property
    def spec(self) -> ArchitectureSpec | SpectrogramSpec:
        """The architecture of the integer net: that which is `trained`, with the last layer of ``[last_layer]``."""
        found = self.trained
        if self.last_layer is None or not isinstance(found, ArchitectureSpec):
            return found
        *before, last = found.levels
        longer = replace(last, kernels=(*last.kernels[:-1], self.last_layer.taps))
        return replace(found, levels=(*before, longer))

    @property
    def trained(self) -> ArchitectureSpec | SpectrogramSpec:
        """The architecture that both stages train. Raises `BadInput` where its numbers do not fit together."""
        if image := self.spectrogram:
            return SpectrogramSpec(self.name, image.latent, image.base, image.levels, image.distribution)
        own = self.architecture or Architecture()
        return ArchitectureSpec(
            self.name,
            own.levels,
            own.samples,
            own.distribution,
            self.parameter,
            own.tensor,
            own.output,
            own.weight_bits,
        )

    @property
    def codes(self) -> tuple[int | None, ...]:
        """Codes of the values, one for each set; None without a parameter. Raises `BadInput` out of the range."""
        found = self.spec.parameter
        return tuple(found[1].code(value) for value in self.process.values) if found else (None,)


RECIPES = Recipes(SHELF, Recipe)
