"""Writes ``demo.npz``, which `bittrue.board.demo.bundle` reads: signal, expected codes, amplifier model."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.apps.dpd.captures.data import to_iq
from bittrue.apps.dpd.demonstrating.plant import Plant
from bittrue.apps.dpd.demonstrating.test_signals import Passes, passes
from bittrue.apps.dpd.polynomials import polynomial_plan
from bittrue.apps.dpd.thermal.drift import Rates
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.spec import Net
from bittrue.spec.alike import check_alike
from bittrue.spec.store import content_hash

FILE = "demo.npz"
FORMAT, VERSION = "bittrue-demo", 1
Codes = npt.NDArray[np.int64]


def write(
    folder: str | os.PathLike[str],
    banks: Mapping[str, Net],
    kelvins: Sequence[float],
    plant: Plant,
    *,
    count: int,
    seed: int,
) -> Path:
    """Write ``demo.npz`` into an overlay folder.

    Parameters
    ----------
    folder : path
        Exists.
    banks : mapping of name to Net
        In the order of their numbers; predistorters, I/Q to I/Q, alike but for codes.
    kelvins : sequence of float
        The temperature of each bank, from the captured one.
    plant : Plant
    count, seed : int
        Passes, and where their randomness starts (`bittrue.apps.dpd.demonstrating.test_signals.passes`).

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    BadInput
        Where a net is no predistorter, the banks are not alike, or the file cannot be written.
    """
    check_predistorters(banks)
    net = next(iter(banks.values()))
    if len(kelvins) != len(banks):
        raise BadInput(f"{len(kelvins)} temperatures are given for {len(banks)} banks; give one a bank")
    played = passes(plant, count, seed, net.delay)
    codes = np.stack([net.input.format.encode(to_iq(signal)) for signal in played.signals])
    due = [expected(bank, codes) for bank in banks.values()]
    arrays = {
        "about": np.array(json.dumps(_about(banks, kelvins, plant, played, hot_swap(net)))),
        "codes": codes.astype(_narrow(net.input.format.bits)),
        "expected": np.stack([steady for steady, _ in due]).astype(_narrow(net.output.format.bits)),
        "start": np.stack([start for _, start in due]).astype(_narrow(net.output.format.bits)),
        "terms": plant.terms.astype(np.int16),
        "coefficients": plant.coefficients,
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    path = Path(folder) / FILE
    write_whole(path, content.getvalue())
    return path


def check_predistorters(banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` for nets that are not alike, or that are no predistorters."""
    check_alike(banks)
    net = next(iter(banks.values()))
    if net.input.shape != (2,) or net.output.shape != (2,):
        raise BadInput(
            f"net {net.name} takes {net.input} and gives {net.output}; a predistorter maps I/Q to I/Q, so name one, "
            f"such as weights/tdnn-wide"
        )


def expected(net: Net, codes: Codes) -> tuple[Codes, Codes]:
    """What a net gives for passes that follow one another over and over, and the first outputs after a reset.

    Parameters
    ----------
    net : Net
    codes : int array (P, N, 2)

    Returns
    -------
    steady : int array (P, N, 2)
        With the pass before (the last one, for the first) as history.
    start : int array (P, memory, 2)
        Of each pass with zero history; from ``memory`` on, both are the same.
    """
    memory = net.memory
    count, samples, _ = codes.shape
    if samples <= memory:
        raise BadInput(f"a pass of {samples} samples is no longer than the {memory} the net remembers; lengthen it")
    stream = np.concatenate([codes[-1, samples - memory :], *codes])
    steady = ref.run(net, stream)[memory:].reshape(count, samples, 2)
    start = np.stack([ref.run(net, one[: memory + 1])[:memory] for one in codes])
    return steady, start


def hot_swap(net: Net) -> bool:
    """Whether no layer with a memory stands behind one with weights.

    Then an output depends on one sample's weights alone, and another bank takes effect with the next sample.
    """
    weighted: dict[str, bool] = {}
    for node in net.nodes:
        behind = any(weighted.get(source, False) for source in node.inputs)
        if behind and node.layer.memory:
            return False
        weighted[node.name] = behind or any(isinstance(value, np.ndarray) for value in vars(node.layer).values())
    return True


def kelvins(folders: Sequence[str | os.PathLike[str]], names: Iterable[str]) -> list[float]:
    """The temperature of every bank by its name, as the recipe of thermal banks in or beside the folders has it; or 0.

    Raises `BadInput` where such a recipe cannot be read.
    """
    known: dict[str, float] = {}
    for folder in map(Path, folders):
        for path in (folder / "recipe.toml", folder.resolve().parent / "recipe.toml"):
            section = getattr(polynomial_plan.load(path), "thermal", None) if path.is_file() else None
            if section:
                known |= {"cold": section.cold, "hot": section.hot}
    return [known.get(name, 0.0) for name in names]


def _about(
    banks: Mapping[str, Net], kelvins: Sequence[float], plant: Plant, played: Passes, swap: bool
) -> dict[str, Any]:
    net = next(iter(banks.values()))
    return {
        "format": FORMAT,
        "version": VERSION,
        "net": net.name,
        "banks": [
            {"name": name, "hash": content_hash(bank), "kelvin": kelvin}
            for (name, bank), kelvin in zip(banks.items(), kelvins, strict=True)
        ],
        "titles": played.titles,
        "channel": asdict(plant.channel),
        "amplifier": {
            "title": plant.title,
            "peak": plant.peak,
            "top": plant.top,
            "rates": asdict(Rates()),
        },
        "warm": played.warm,
        "measured": played.measured,
        "delay": played.delay,
        "frac_in": net.input.format.frac,
        "frac_out": net.output.format.frac,
        "hot_swap": swap,
    }


def _narrow(bits: int) -> type[np.signedinteger[Any]]:
    """The smallest integer type that holds codes of a format."""
    return next(kind for width, kind in ((8, np.int8), (16, np.int16), (32, np.int32), (64, np.int64)) if bits <= width)
