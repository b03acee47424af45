"""Names of sets in the public layout, ``FGN/FGN_fixed_H70``, and the processes that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from bittrue.apps.noise.processes.alpha_stable import AlphaStable
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.apps.noise.processes.bernoulli_gaussian import BernoulliGaussian
from bittrue.apps.noise.processes.bursty import BurstyBernoulliGaussian
from bittrue.apps.noise.processes.fbm import FBM
from bittrue.apps.noise.processes.fdwn import FDWN
from bittrue.apps.noise.processes.fgn import FGN
from bittrue.apps.noise.processes.fgn_and_bursts import FGNAndBursts
from bittrue.apps.noise.processes.law import Fixed, Law
from bittrue.apps.noise.processes.process import Process
from bittrue.apps.noise.processes.shot import AMPLITUDES, PULSES, Shot
from bittrue.errors import BadInput, listed, shown
from bittrue.kit.schema import nearest

KINDS: dict[str, type[Process]] = {
    kind.TYPE: kind
    for kind in (
        FGN,
        FBM,
        FDWN,
        Bandpass,
        Shot,
        BernoulliGaussian,
        BurstyBernoulliGaussian,
        AlphaStable,
        FGNAndBursts,
    )
}
PROCESSES: dict[str, Process] = {
    **{kind.TYPE: kind() for kind in KINDS.values() if kind not in (Bandpass, Shot)},
    **{process.stem: process for process in (Bandpass(),)},
    **{process.stem: process for process in (Shot(p, a) for p in PULSES for a in AMPLITUDES)},  # type: ignore[arg-type]
}
"""Every process by what the names of its sets begin with."""


@dataclass(frozen=True)
class Source:
    """What the name of a set means: a process, and the law of its parameter.

    ``law_name`` is ``fixed`` or one of the process's `Process.laws`.
    """

    process: Process
    law: Law
    law_name: str = "fixed"

    @property
    def name(self) -> str:
        """The folder of the set below that of its type: ``FGN_fixed_H70``, ``bandpass_8_bands_band3``."""
        stem, parameter = self.process.stem, self.process.PARAMETER
        if not isinstance(self.law, Fixed):
            return f"{stem}_{self.law_name}"
        if isinstance(self.process, Bandpass):
            return f"{stem}_band{int(self.law.at)}"
        return f"{stem}_fixed_{parameter.tag}{hundredths(self.law.at)}"

    @property
    def folder(self) -> str:
        """Below the folder of all sets: ``FGN/FGN_fixed_H70``."""
        return f"{self.process.TYPE}/{self.name}"


def hundredths(value: float) -> str:
    """A hundred times a value as names have it; what is no whole number of hundredths keeps its digits: ``12.5``."""
    return f"{float(f'{100 * value:.9g}'):g}".replace("e+", "e")


def known() -> list[str]:
    """Names that `named` takes, with the published values of every parameter."""
    found = []
    for process in PROCESSES.values():
        found += [Source(process, Fixed(value)).name for value in process.PARAMETER.published]
        found += [Source(process, law, name).name for name, law in process.laws().items()]
    return found


def named(name: str, settings: Mapping[str, str] | None = None) -> Source:
    """The process and law that a name means.

    Parameters
    ----------
    name : str
        ``FGN``, ``FGN_fixed_H30``, ``FGN_uniform``, each also behind the folder of its type, ``FGN/FGN_uniform``;
        ``shot`` is the first of its kinds, ``band3`` stands for ``bandpass_8_bands_band3``.
    settings : mapping
        What ``--set`` says: the parameter as a number or the name of a law, or a setting of the process, as text.

    Raises
    ------
    BadInput
        For an unknown name, with the nearest, an unknown setting, or a value out of its bounds.
    """
    leaf = name.rpartition("/")[2]
    if match := re.fullmatch(r"band(\d{1,2})", leaf):
        leaf = f"{Bandpass().stem}_band{match[1]}"
    leaf = {"shot": Shot().stem, "bandpass": Bandpass().stem}.get(leaf, leaf)
    process = _process(leaf, name)
    source = Source(process, *_law(process, leaf.removeprefix(process.stem), name))
    kind, slash, _ = name.rpartition("/")
    if slash and kind != process.TYPE:
        raise BadInput(f"{shown(name)} is no set; {leaf} lies in {process.TYPE}: write {source.folder}")
    return _set(source, settings or {})


def _process(leaf: str, name: str) -> Process:
    """The process whose stem a name begins with, the longest one."""
    match = re.fullmatch(r"(bandpass_(\d{1,3})_bands)(_.*)?", leaf)
    if match:
        return Bandpass(int(match[2]))
    fitting = [stem for stem in PROCESSES if leaf == stem or leaf.startswith(f"{stem}_")]
    for stem in sorted(fitting, key=len, reverse=True):
        rest = leaf.removeprefix(stem)
        if not rest or rest.startswith("_fixed") or rest[1:] in PROCESSES[stem].laws():
            return PROCESSES[stem]
    raise BadInput(f"unknown set {shown(name)}; processes are {listed(PROCESSES)}{nearest(leaf, _words())}")


def _words() -> list[str]:
    return [*PROCESSES, *known(), *(f"band{k}" for k in range(8)), "shot", "bandpass"]


def _law(process: Process, rest: str, name: str) -> tuple[Law, str]:
    """The law that the end of a name means; that of the typical value where nothing follows."""
    parameter = process.PARAMETER
    if not rest:
        return Fixed(parameter.typical), "fixed"
    if rest[1:] in process.laws():
        return process.laws()[rest[1:]], rest[1:]
    tag = "_band" if isinstance(process, Bandpass) else f"_fixed_{parameter.tag}"
    match = re.fullmatch(rf"{tag}(\d{{1,8}}(\.\d{{1,12}})?)", rest)
    if not match:
        near = nearest(f"{process.stem}{rest}", known())
        raise BadInput(
            f"unknown set {shown(name)}; sets are called as {Source(process, Fixed(parameter.typical)).name}{near}"
        )
    value = float(match[1]) if isinstance(process, Bandpass) else float(match[1]) / 100
    process.check(value)
    return Fixed(value), "fixed"


def _set(source: Source, settings: Mapping[str, str]) -> Source:
    """The source with settings changed."""
    process, law, law_name = source.process, source.law, source.law_name
    names = {field.name: field for field in fields(process)}
    for key, text in settings.items():
        if key in names:
            if isinstance(process, Bandpass | Shot) and key in ("pulse", "amplitude", "bands"):
                raise BadInput(
                    f"--set {key} would change what the set is called; name another set, such as {Shot().stem}"
                )
            process = replace(process, **{key: _number(key, text)})
        elif key == process.PARAMETER.key:
            law, law_name = _parameter(process, text)
        else:
            keys = [process.PARAMETER.key, *names]
            raise BadInput(f"{process.stem} has no parameter {shown(key)}; it has {listed(keys)}{nearest(key, keys)}")
    return Source(process, law, law_name)


def _parameter(process: Process, text: str) -> tuple[Law, str]:
    if text in process.laws():
        return process.laws()[text], text
    key = process.PARAMETER.key
    try:
        value = float(text)
    except ValueError:
        words = list(process.laws())
        raise BadInput(
            f"--set {key} is {shown(text)}; give a number or one of {listed(words)}{nearest(text, words)}"
        ) from None
    process.check(value)
    return Fixed(value), "fixed"


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise BadInput(f"--set {key} is {shown(text)}; give a number")
    return value
