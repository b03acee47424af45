"""Recipes: everything that decides which net comes out of training, as a TOML file."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from typing import Any, get_args, get_origin, get_type_hints

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.num import Format

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROFILES = ("wide", "compat", "fir")


@dataclass(frozen=True)
class Topology:
    """Section ``[net]``.

    Parameters
    ----------
    taps, powers : tuple of int
        Delays in samples and envelope powers of the features (`bittrue.spec.MemoryTaps`).
    hidden : tuple of int
        Neurons of the hidden layers.
    leaky_shift : int
        Their slope below zero is ``2**-leaky_shift``.
    fir_taps : tuple of int
        Complex taps of a filter beside the TDNN: over ``x``, ``x|x|``, ``x|x|^2``, ... in this order; none by default.
    """

    taps: tuple[int, ...]
    powers: tuple[int, ...]
    hidden: tuple[int, ...]
    leaky_shift: int
    fir_taps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Formats:
    """Section ``[formats]``: ``Qm.n`` of every tensor.

    Parameters
    ----------
    input, features, hidden, output : Format
    weight : str
        A format for all weights, or ``"fit"``: per layer, the finest format of ``weight_bits`` bits that holds them.
    weight_bits : int
    equalise : bool
        Scale every hidden neuron to its largest weights and its successors back, which changes nothing in float and
        spends the bits of narrow hidden formats better.
    """

    input: Format
    features: Format
    hidden: Format
    output: Format
    weight: str = "fit"
    weight_bits: int = 16
    equalise: bool = False

    def __post_init__(self) -> None:
        if self.weight != "fit":
            Format.parse(self.weight)


@dataclass(frozen=True)
class Training:
    """Section ``[train]``.

    Parameters
    ----------
    seed : int
    batch : int
        Samples of a step.
    float_epochs, qat_epochs : int
        Passes over the train split in each stage; the learning rate falls from its start to zero along half a cosine.
    float_rate, qat_rate : float
    ilc_iterations : int
    skip : int
        Samples at the start that are not trained on: their history is unknown.
    validate_every : int
        Epochs between looks at the validation split; the best parameters seen are kept.
    """

    seed: int
    batch: int
    float_epochs: int
    qat_epochs: int
    float_rate: float
    qat_rate: float
    ilc_iterations: int = 14
    skip: int = 64
    validate_every: int = 5

    def __post_init__(self) -> None:
        for name in ("batch", "float_epochs", "qat_epochs", "validate_every", "ilc_iterations"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least 1")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe: ``name`` of the net, ``capture`` to train on, and its sections. ``text`` is the file itself."""

    name: str
    capture: str
    net: Topology
    formats: Formats
    train: Training
    text: str = field(default="", compare=False)


def load(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe file. Raises `BadInput`, naming the key, for anything that is not a recipe."""
    return parse(read_bytes(path, "the recipe"), str(path))


def builtin(profile: str) -> Recipe:
    """The recipe of a profile, one of `PROFILES`."""
    if profile not in PROFILES:
        raise BadInput(f"unknown profile {profile!r}; choose {', '.join(PROFILES)}, or give a recipe file")
    file = resources.files("bittrue.apps.dpd") / "recipes" / f"tdnn-{profile}.toml"
    return parse(file.read_bytes(), f"profile {profile}")


def parse(content: bytes, what: str) -> Recipe:
    """A recipe from the text of its file; errors name ``what``."""
    try:
        text = content.decode()
        table = tomllib.loads(text)
    except ValueError as error:
        raise BadInput(f"{what} is not TOML ({error}); correct that line") from None
    try:
        recipe: Recipe = _build(Recipe, table, "")
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None
    return replace(recipe, text=text)


def _build(kind: type[Any], table: dict[str, Any], section: str) -> Any:
    hints = {key: hint for key, hint in get_type_hints(kind).items() if key != "text"}
    for key in table:
        if key not in hints:
            raise BadInput(f"unknown key {section}{key}; known are {', '.join(section + name for name in hints)}")
    required = [f.name for f in fields(kind) if f.name not in table and f.default is f.default_factory]
    if required:
        raise BadInput(f"key {section}{required[0]} is missing; add it")
    return kind(**{key: _value(hints[key], value, f"{section}{key}") for key, value in table.items()})


def _value(hint: Any, value: Any, key: str) -> Any:
    if hint is Format:
        return Format.parse(value)
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        if not isinstance(value, dict):
            raise BadInput(f"{key} is {value!r}; a section [{key}] is needed")
        return _build(hint, value, f"{key}.")
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise BadInput(f"{key} is {value!r}; a list of whole numbers is needed")
        return tuple(_value(get_args(hint)[0], item, key) for item in value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise BadInput(f"{key} is {value!r}; it must be of type {hint.__name__}")
    return value
