"""The recipe of a polynomial predistorter, as a TOML file with a section ``[polynomial]``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from bittrue.apps.dpd.recipe import Recipe, Teaching, placed
from bittrue.apps.dpd.recipe_text import suffixed
from bittrue.apps.dpd.shelves import SHELF
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.kit.bounds import Section, Within
from bittrue.kit.recipes import check_name
from bittrue.limits import TEXT
from bittrue.readers import toml_document

MOST = 4000
"""Real parameters at most; more of them buy nothing (docs/dpd.md)."""


@dataclass(frozen=True)
class Polynomial(Section):
    """Section ``[polynomial]``.

    Parameters
    ----------
    parameters : int
        Real numbers of the polynomial at most; fewer are taken where they do as well.
    weight_bits : int
        Of a coefficient's real and imaginary part.
    """

    parameters: Annotated[int, Within(10, MOST)] = 250
    weight_bits: Annotated[int, Within(4, 24)] = 16


@dataclass(frozen=True)
class PolynomialPlan:
    """A whole recipe: ``name`` of the net, ``capture`` to fit to, and its sections. ``text`` is the file itself."""

    name: str
    capture: str
    polynomial: Polynomial
    data: Teaching = field(default_factory=Teaching)
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        for key in ("surrogates", "held"):
            if getattr(self.data, key):
                raise BadInput(f"data.{key} is for nets that are trained; a polynomial is fitted to the capture alone")


AnyRecipe = Recipe | PolynomialPlan
"""What ``bittrue train dpd`` takes, and a trained folder keeps."""


def load(path: str | os.PathLike[str]) -> AnyRecipe:
    """Read the recipe of a net or of a polynomial. Raises `BadInput`, naming the key, for anything else."""
    return _parsed(read_bytes(path, "the recipe", TEXT), str(path), Path(path))


def named(name: str) -> AnyRecipe:
    """The built-in recipe of that name, or else the recipe file there. Raises `BadInput` where it is neither."""
    return _parsed(*SHELF.find(name))


def plan_of(base: Recipe, parameters: int) -> PolynomialPlan:
    """The recipe of a polynomial for the capture of another recipe, taught by the same amplifier model."""
    text = (
        f"# A memory polynomial by least squares: bittrue train dpd --polynomial {parameters}\n"
        f"name = {json.dumps(suffixed(f'polynomial-{parameters}', base.capture))}\n"
        f"capture = {json.dumps(base.capture)}\n\n[polynomial]\nparameters = {parameters}\n\n"
        f"[data]\namplifier = {json.dumps(base.data.amplifier)}\n"
    )
    plan: PolynomialPlan = SHELF.parse(PolynomialPlan, text.encode(), "the recipe of a polynomial")
    return plan


def _parsed(content: bytes, what: str, path: Path | None) -> AnyRecipe:
    kind = PolynomialPlan if "polynomial" in toml_document(content, what) else Recipe
    plan: AnyRecipe = SHELF.parse(kind, content, what)
    return plan if path is None else placed(plan, path)
