"""Recipes: everything that decides which net comes out of training, as a TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from bittrue.apps.dpd.shelves import SHELF
from bittrue.apps.dpd.thermal.thermal_recipe import Thermal
from bittrue.errors import BadInput
from bittrue.kit.bounds import Count, Section, Seed, Weight, Whole, Within
from bittrue.kit.recipes import Kind, Recipes, check_name, with_line
from bittrue.limits import DELAY
from bittrue.num import Format

COPIES = 1000
"""Most surrogates, or altered copies, of a signal."""
LAYERS = 16
TABLE_BITS = 16
LEAST_DAMPING = 1e-5
WORST_NMSE = -20.0
"""dB of an amplifier model's error on the test split: measured captures lie at -35 and below, spoilt ones above -15."""

SEQUENCE = 4096
"""Fewest samples of a sequence whose spectrum is judged."""


PREACTIVATION = Format.parse("Q3.11")
"""tanh(4) is 0.9993, so four to either side is enough; 14 bits make a table of 16,384 entries."""


WIDEST = 1 << 12
"""Most neurons of a layer, and most taps of a filter."""


Delays = Annotated[tuple[int, ...], Within(0, DELAY)]
"""Samples back from the newest one."""


@dataclass(frozen=True)
class Topology(Section):
    """Section ``[net]``.

    Parameters
    ----------
    taps, powers : tuple of int
        Delays in samples and envelope powers of the features (`bittrue.spec.MemoryTaps`).
    hidden : tuple of int
        Neurons of the hidden layers.
    leaky_shift : int
        Their slope below zero is ``2**-leaky_shift``, where they are leaky.
    fir_taps : tuple of int
        Complex taps of a filter beside the TDNN: over ``x``, ``x|x|``, ``x|x|^2``, ... in this order; none by default.
    activation : str
        ``"leaky"``; or ``"tanh"``: a linear layer into ``formats.preactivation`` and a table behind it.
    iq_taps : tuple of int, optional
        Delays of I and Q where they differ from those of the envelope.
    delay : int
        Samples of look-ahead: all taps count back from the newest sample, and the output answers the one ``delay``
        before it.
    fir_first : tuple of int
        First tap of each filter; all 0 by default.
    echo_taps : tuple of int
        Delays, from 1 on, of a complex filter over the TDNN's own output, which is added to it; none by default.
    """

    taps: Delays
    powers: tuple[int, ...]
    hidden: Annotated[tuple[int, ...], Within(1, WIDEST)]
    leaky_shift: Annotated[int, Within(0, 62)] = 2
    fir_taps: Annotated[tuple[int, ...], Within(0, WIDEST)] = ()
    activation: Literal["leaky", "tanh"] = "leaky"
    iq_taps: Annotated[tuple[int, ...] | None, Within(0, DELAY)] = None
    delay: Annotated[int, Within(0, DELAY)] = 0
    fir_first: Delays = ()
    echo_taps: Annotated[tuple[int, ...], Within(1, DELAY)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.hidden) > LAYERS:
            raise BadInput(f"hidden has {len(self.hidden):,} layers; at most {LAYERS} are trained")
        if self.fir_first and len(self.fir_first) != len(self.fir_taps):
            raise BadInput(
                f"fir_first has {len(self.fir_first)} numbers for {len(self.fir_taps)} filters; give each one"
            )
        if self.echo_taps and not self.fir_taps:
            raise BadInput("echo_taps is given without fir_taps; an echo is added to filters of the input: give these")


@dataclass(frozen=True)
class Formats(Section):
    """Section ``[formats]``: ``Qm.n`` of every tensor.

    Parameters
    ----------
    input, features, hidden, output : Format
    weight : str
        A format for all weights, or ``"fit"``: per layer, the finest format of ``weight_bits`` bits that holds them.
    weight_bits : int
    equalise : bool
        Scale every leaky hidden neuron to its largest weights and its successors back, which changes nothing in float
        and spends the bits of narrow hidden formats better.
    preactivation : Format
        In front of a tanh: a table has an entry for each of its values.
    """

    input: Format
    features: Format
    hidden: Format
    output: Format
    weight: str = "fit"
    weight_bits: Annotated[int, Within(2, 32)] = 16
    equalise: bool = False
    preactivation: Format = PREACTIVATION

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight != "fit":
            try:
                Format.parse(self.weight)
            except BadInput as error:
                raise BadInput(f"weight: {error}") from None
        if self.preactivation.bits > TABLE_BITS:
            raise BadInput(f"preactivation is {self.preactivation}; a table takes at most {TABLE_BITS} bits")


@dataclass(frozen=True)
class Teaching(Section):
    """Section ``[data]``: the amplifier model that teaches, and on which signals.

    Parameters
    ----------
    amplifier : str
        ``"twin"``, ``"recurrent"``, or ``"arena"``: then the splits, the gain and the amplifier are the Arena's, and no
        sample of its test split is trained on.
    surrogates : int
        Random signals like the train split (`bittrue.apps.dpd.captures.surrogate`), each as long as it, trained on as
        well.
    surrogate_seed : int
    held : int
        More of them that validate, behind the validation split: the errors of a good net are those of rare peaks, of
        which a short split has few. They are drawn behind those that are trained on, so recipes with other surrogates
        validate on others.
    worst_nmse : float
        In dB, of the amplifier model against the measured test split: one that is worse does not teach.
    """

    amplifier: Literal["twin", "arena", "recurrent"] = "twin"
    surrogates: Annotated[int, Within(0, COPIES)] = 0
    surrogate_seed: Seed = 0
    held: Annotated[int, Within(0, COPIES)] = 0
    worst_nmse: float = WORST_NMSE


@dataclass(frozen=True)
class Training(Section):
    """Section ``[train]``: the supervised stage, and quantisation-aware fine-tuning.

    Parameters
    ----------
    seed : int
    batch : int
        Samples of a step.
    float_epochs, qat_epochs : int
        Passes over the training rows in each stage; the learning rate falls from its start to zero along half a cosine.
        With ``method = "levenberg"`` an epoch of the float stage is one step. No QAT stage for 0.
    qat_rate, float_rate : float
    ilc_iterations : int
    skip : int
        Samples around the beginning of a signal that are not trained on: their history is unknown.
    validate_every : int
        Epochs between looks at the validation split; the best parameters seen are kept.
    qat : bool
        False: no stage trains with the integer forward pass; the float net is rounded.
    method : str
        Of the float stage: ``"adam"``, or ``"levenberg"`` (`bittrue.apps.dpd.training.levenberg`).
    damping : float
        Of Levenberg-Marquardt at the start.
    memory, least_damping : float
        What the equations of a step count in the next one (`bittrue.apps.dpd.training.levenberg.LevenbergMarquardt`).
        With a memory the damping falls to the least one in even ratios along the float stage, and stays there.
    objective : str
        ``"ilc"``: regression of the ideal drive. ``"direct"``: error of the amplifier model's output, by gradients
        through it.
    sequence : int
        Samples of a frame of the direct objective; a step sees ``batch`` samples in such frames.
    initial : str
        First weights: ``"uniform"`` in ``+-initial_gain/sqrt(inputs)``, or ``"xavier"``.
    initial_gain : float
        Smooth activations learn faster from neurons that are bent from the start: 2 to 4 for tanh.
    ema : float
        Decay a step of the moving average of the parameters that is validated and kept; 0: the parameters themselves.
    patience : int
        Looks without a better validation error that end a stage early; 0: never.
    """

    seed: Seed
    batch: Count
    float_epochs: Whole
    qat_epochs: Whole
    qat_rate: Weight
    float_rate: Weight = 5e-3
    ilc_iterations: Count = 14
    skip: Whole = 64
    validate_every: Count = 5
    qat: bool = True
    method: Literal["adam", "levenberg"] = "adam"
    damping: float = 1e-2
    memory: Annotated[float, Within(0, 0.999)] = 0.0
    least_damping: Annotated[float, Within(1e-7)] = LEAST_DAMPING
    objective: Literal["ilc", "direct"] = "ilc"
    sequence: Count = 512
    initial: Literal["uniform", "xavier"] = "uniform"
    initial_gain: float = 1.0
    ema: Weight = 0.0
    patience: Whole = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.ema < 1:
            raise BadInput(f"ema is {self.ema}; it must be below 1, such as 0.999")
        if not self.initial_gain > 0:
            raise BadInput(f"initial_gain is {self.initial_gain}; it must be above 0")
        if not self.damping > 0:
            raise BadInput(f"damping is {self.damping}; it must be above 0, such as 1e-2")
        if not self.memory and self.least_damping != LEAST_DAMPING:
            raise BadInput("least_damping is that of steps with a memory, which is 0; set memory, or leave it out")
        if self.memory and (self.method != "levenberg" or self.least_damping > self.damping):
            raise BadInput(
                'memory needs method "levenberg" and a least_damping of at most the damping; leave it out, or set these'
            )
        if self.method == "levenberg" and self.objective == "direct":
            raise BadInput('objective is "direct", which needs method "adam"; or regress the ideal drive, "ilc"')


@dataclass(frozen=True)
class Shape(Section):
    """Section ``[shape]``: weights over frequency for the errors of Levenberg-Marquardt.

    The channel itself has weight 1. Every key as in `bittrue.apps.dpd.training.levenberg.Shaping.channels`; with
    ``sensitivity`` errors count as the amplifier passes them on (`bittrue.apps.dpd.training.sensitivity`).
    """

    segment: Annotated[int, Within(16)] = 512
    left: Weight = 1.0
    right: Weight = 1.0
    beyond: Weight = 1.0
    sensitivity: bool = False


@dataclass(frozen=True)
class Sparse(Section):
    """Section ``[sparse]``: stages behind the float one for a net of which every product has hardware of its own.

    Parameters
    ----------
    products : int
        Multiplications a sample that are left: a dense weight that is not zero makes one, a part of a complex tap two.
        0 where ``parameters`` says what is left.
    parameters : int
        Instead: real numbers that are left, weights that are not zero and all biases.
    rounds, epochs : int
        Rounds of `bittrue.apps.dpd.training.sparse.Round`, and steps of Levenberg-Marquardt in each.
    digits : int
        Most signed digits of a weight that adders multiply; 0: as many as its format gives.
    bits : int
        Bits of the word of such a weight.
    full : int
        Products whose weights keep all their digits: those for which there are DSP48E1.
    start : str
        Folder or name of a net whose float parent training begins with. With ``train.float_epochs`` of 0 the rounds
        begin with it; with more, the float stage does. A net with a smaller section ``[net]`` is grown into the
        recipe's (`bittrue.apps.dpd.training.growing`).
    """

    products: Whole = 0
    parameters: Whole = 0
    rounds: Annotated[int, Within(1, 100)] = 5
    epochs: Count = 10
    digits: Annotated[int, Within(0, 16)] = 0
    bits: Annotated[int, Within(2, 32)] = 12
    full: Whole = 0
    start: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.products) == bool(self.parameters):
            raise BadInput(
                f"products is {self.products:,} and parameters {self.parameters:,}; give one of them, above 0, to say "
                f"what is left"
            )


Size = Annotated[float | None, Within(0)]
"""How much of an effect there is; none where it is not given."""


@dataclass(frozen=True)
class Augment(Section):
    """Section ``[augment]``: altered copies of the train split, each with its own ideal drive.

    The transforms are those of `bittrue.apps.dpd.captures.augment`; one that is not named is left out.

    Parameters
    ----------
    copies : int
        How many, each as long as the train split.
    noise_db : float, optional
        White noise that far below the signal's power.
    phase : float, optional
        Rotation of the whole signal by up to that many degrees either way.
    gain_db : float, optional
        Gain of the whole signal, up to that far up or down.
    drift_db, drift_degrees : float, optional
        Gain and phase that wander by up to that much in the course of the signal, as a warming transmitter's do.
    """

    copies: Annotated[int, Within(0, COPIES)] = 1
    noise_db: Size = None
    phase: Size = None
    gain_db: Size = None
    drift_db: Size = None
    drift_degrees: Size = None


@dataclass(frozen=True)
class Gan(Section):
    """Section ``[gan]``: the second stage, a conditional Wasserstein GAN whose generator is the net.

    Parameters
    ----------
    epochs : int
        Passes over the training sequences; 0 leaves the stage out.
    rate, critic_rate : float
        Of Adam with betas (0, 0.9).
    batch, sequence : int
        Sequences of a step and samples of a sequence, at least 4,096.
    critic_steps : int
        Steps of the critic before each of the generator.
    adversarial, spectral, supervised : float
        Weights of the generator's losses: the critic's verdict; `SpectralLoss` of the amplifier model's output in dB;
        error of the ideal drive in dB. A loss of weight 0 is not computed; without ``adversarial`` there is no critic.
    penalty : float
        Weight of the gradient penalty.
    spectral_norm : bool
        Spectral normalisation of every layer of the critic.
    qat_from : int, optional
        Epoch from which the generator has the integer forward pass.
    """

    epochs: Whole
    rate: Weight = 1e-4
    critic_rate: Weight = 1e-4
    batch: Count = 2
    sequence: Annotated[int, Within(SEQUENCE)] = SEQUENCE
    critic_steps: Count = 5
    adversarial: Weight = 1.0
    spectral: Weight = 1.0
    supervised: Weight = 1.0
    penalty: Weight = 10.0
    spectral_norm: bool = True
    qat_from: Annotated[int | None, Within(0)] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sequence % 2:
            raise BadInput(f"sequence is {self.sequence}; an even number of samples is needed")
        if not self.adversarial + self.spectral + self.supervised > 0:
            raise BadInput("adversarial, spectral and supervised are all 0; give one of them a weight")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe: ``name`` of the net, ``capture`` to train on, and its sections. ``text`` is the file itself."""

    name: str
    capture: str
    net: Topology
    formats: Formats
    train: Training
    data: Teaching = field(default_factory=Teaching)
    shape: Shape | None = None
    augment: Augment | None = None
    gan: Gan | None = None
    sparse: Sparse | None = None
    thermal: Thermal | None = None
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.shape is not None and self.train.method != "levenberg":
            raise BadInput('shape needs train.method = "levenberg"; remove the section, or choose that method')
        if self.sparse is not None:
            self._check_sparse()
        if self.net.echo_taps:
            self._check_echo()
        if self.data.held and self.gan is not None:
            raise BadInput(
                "data.held does not go with [gan], which validates by the ACLR of one signal; remove one of them"
            )
        if not self.train.float_epochs and not (self.sparse and self.sparse.start):
            raise BadInput("float_epochs is 0; it must be at least 1, or sparse.start name a net to begin with")
        if self.thermal is not None and not self.train.qat:
            raise BadInput("thermal trains its banks quantisation-aware; set train.qat = true, or remove the section")

    def _check_sparse(self) -> None:
        assert self.sparse is not None
        if self.train.method != "levenberg":
            raise BadInput('sparse needs train.method = "levenberg"; remove the section, or choose that method')
        for section in ("gan", "thermal"):
            if getattr(self, section) is not None:
                raise BadInput(f"sparse does not go with {section}, whose stages fill zeros again; remove one of them")
        biases = sum(self.net.hidden) + 2
        if 0 < self.sparse.parameters < biases:
            raise BadInput(
                f"sparse.parameters is {self.sparse.parameters:,}, and the {biases:,} biases stay; give no fewer"
            )

    def _check_echo(self) -> None:
        if self.shape is None or self.train.qat or self.gan is not None or self.formats.equalise:
            raise BadInput(
                "echo_taps needs rows in their order: a section [shape], train.qat = false, formats.equalise = false "
                "and no [gan]; add and set these, or leave echo_taps out"
            )
        if max(self.net.echo_taps) > self.shape.segment // 16:
            raise BadInput(
                f"echo_taps reach {max(self.net.echo_taps):,} samples back, more than a 16th of shape.segment "
                f"({self.shape.segment:,}), whose window hides where they begin; choose longer segments"
            )


def placed(plan: Kind, path: Path) -> Kind:
    """The recipe of a file, whose capture is the folder of that name beside the file, or else where the command runs.

    Its text names that folder from the root on, so that it means the same wherever it is stored. A data set of the
    ``opendpd`` wheel stays a name.
    """
    for folder in (path.parent / plan.capture, Path(plan.capture)):
        if (folder / "spec.json").is_file() and not Path(plan.capture).is_absolute():
            return with_line(plan, "capture", str(folder.resolve()))
    return plan


RECIPES = Recipes(SHELF, Recipe, placed)
load, named, names, builtin, parse = RECIPES.load, RECIPES.named, RECIPES.names, RECIPES.builtin, RECIPES.parse
