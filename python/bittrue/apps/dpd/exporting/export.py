"""Export of float parameters: the integer net, its weight ROMs, and what clamping and rounding cost."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bittrue.apps.dpd.exporting.quantisation import Trial, trial
from bittrue.apps.dpd.exporting.rescaling import What, rescaled
from bittrue.apps.dpd.exporting.source import Source, read
from bittrue.apps.dpd.metrics import Metrics
from bittrue.apps.dpd.thermal.thermal import BANKS
from bittrue.emit.banks import bank_roms
from bittrue.emit.folder import check_owner
from bittrue.emit.rom import roms
from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.num import Format
from bittrue.parent import Parameters, fitted, misfits, quantise, with_weight_format
from bittrue.spec import Net
from bittrue.spec.store import JSON_FILE, content_hash, contents


@dataclass(frozen=True)
class Options:
    """How to export.

    Parameters
    ----------
    clamp : bool
        Accept weights that do not fit their format: they saturate.
    rescale : str, optional
        ``"hidden"`` or ``"all"``: the pass of `bittrue.apps.dpd.exporting.rescaling`.
    weight_format : str, optional
        ``Qm.n`` for all weights, or ``"fit"``: for each layer the finest one of its word length that holds its weights.
        Those of the source if not given.
    interval : int, optional
        Order the words of the ROMs as the lanes of hardware with this interval hold them.
    """

    clamp: bool = False
    rescale: What | None = None
    weight_format: str | None = None
    interval: int | None = None

    @property
    def fixed(self) -> bool:
        """Whether one format was chosen that the rescale pass has to keep."""
        return self.weight_format not in (None, "fit")


@dataclass(frozen=True, eq=False)
class Exported:
    """What `export` wrote: the nets by bank (one named ``""`` where there are no banks), paths, and remarks."""

    nets: Mapping[str, Net]
    paths: Sequence[Path]
    remarks: Sequence[str]


def export(source: str | os.PathLike[str], output: str | os.PathLike[str], options: Options = Options()) -> Exported:
    """Write the integer net and its ROM files, all or none.

    Parameters
    ----------
    source : path
        As `bittrue.apps.dpd.exporting.source.read` takes it, or a folder of thermal banks: ``cold``, ``normal``,
        ``hot``.
    output : path
        Folder, made if need be: net.json, weights.safetensors, the files of `bittrue.emit.rom`; for banks those of
        each in a folder of its own, and the files of `bittrue.emit.banks`.
    options : Options

    Raises
    ------
    BadInput
        Where weights do not fit their format and that was not accepted: the sentence says what it would cost. Also
        for what cannot be read or written, for a folder that holds another net, and for banks that are not one network.
    """
    folder = Path(source)
    if folder.is_dir() and not (folder / JSON_FILE).is_file() and all((folder / bank).is_dir() for bank in BANKS):
        if options.rescale or options.weight_format:
            raise BadInput(f"{folder} holds thermal banks, which share their formats; export each bank to change them")
        nets = {bank: convert(read(folder / bank), options)[0] for bank in BANKS}
        files = dict(bank_roms(nets, options.interval))
        own: dict[str, bytes | str] = {
            f"{b}/{name}": data for b, net in nets.items() for name, data in contents(net).items()
        }
        return Exported(nets, _write(output, own | files, nets), [f"{len(nets)} banks: {', '.join(nets)}"])
    net, remarks = convert(read(source), options)
    nets = {"": net}
    return Exported(nets, _write(output, contents(net) | roms(net, options.interval), nets), remarks)


def convert(source: Source, options: Options) -> tuple[Net, list[str]]:
    """The integer net of a source, and remarks on how it came about. Raises `BadInput` as `export` does."""
    net, own, remarks = source.net, source.parameters, [source.title]
    if source.exact and options.rescale is None and options.weight_format is None:
        return net, remarks
    if options.weight_format == "fit":
        net = fitted(net, own)
    elif options.weight_format is not None:
        net = with_weight_format(net, Format.parse(options.weight_format), own)
    if options.rescale is not None:
        signals = trial(net, source.capture)
        after = rescaled(net, own, signals, options.rescale, options.fixed)
        remarks += rescale_remarks(net, after.net, own, after.changed, signals)
        net, own = after.net, after.parameters
    found = misfits(net, own)
    if found:
        cost = clamp_cost(net, own, trial(net, source.capture))
        what = "; ".join(map(str, found))
        if not options.clamp:
            raise BadInput(
                f"{what}; clamping them would leave {cost}; accept that with --clamp, or choose --weight-format fit"
                + _advice(net, own, options, source.capture)
            )
        remarks.append(f"clamped, {what}; this leaves {cost}")
    return quantise(net, own), remarks


def clamp_cost(net: Net, parameters: Parameters, signals: Trial) -> str:
    """What the output loses where weights saturate, against formats of the same word lengths that hold them."""
    best = fitted(net, parameters)
    clamped, fits = signals.error(net, parameters), signals.error(best, parameters)
    text = f"the output {clamped:.1f} dB from the float net, {fits:.1f} dB with weights that fit ({signals.title})"
    before, after = signals.closed_loop(best), signals.closed_loop(net)
    return (
        text if before is None or after is None else f"{text}, and simulated through the twin {_change(before, after)}"
    )


def rescale_remarks(
    before: Net, after: Net, own: Parameters, changed: Mapping[str, tuple[Format, Format]], signals: Trial
) -> list[str]:
    """What the rescale pass did and what it was worth. ``own`` are the parameters before; the function is the same."""
    first, second = signals.error(before, own), signals.error(after, own)
    lines = [
        f"rescaled: the output is {second:.1f} dB from the float net, {first:.1f} dB before, a gain of "
        f"{first - second:.1f} dB ({signals.title})"
    ]
    lines += [f"rescaled: {name} {old} -> {new}" for name, (old, new) in changed.items()]
    one, two = signals.closed_loop(before), signals.closed_loop(after)
    if one is not None and two is not None:
        lines.append(f"simulated through the twin: {_change(one, two)}")
        if (f := signals.closed_loop(before, own)) is not None:
            lines.append(f"the float net there: NMSE {f.nmse:.2f}, EVM {f.evm:.2f}, ACLR {f.aclr:.2f} dB")
    return lines


def _advice(net: Net, own: Parameters, options: Options, capture: str) -> str:
    """The rescale pass as one more way out, where it is one."""
    if options.rescale is not None:
        return ""
    try:
        after = rescaled(net, own, trial(net, capture), fixed=options.fixed)
    except BadInput:
        return ""
    return "" if misfits(after.net, after.parameters) else ", or add --rescale, after which all fit"


def _change(before: Metrics, after: Metrics) -> str:
    pairs = (("NMSE", before.nmse, after.nmse), ("EVM", before.evm, after.evm), ("ACLR", before.aclr, after.aclr))
    return ", ".join(f"{name} {one:.2f} -> {two:.2f}" for name, one, two in pairs) + " dB"


def _write(output: str | os.PathLike[str], files: Mapping[str, bytes | str], nets: Mapping[str, Net]) -> list[Path]:
    """Write the files of nets by the name of their folder below ``output``; another net's are never replaced."""
    folder = Path(output)
    for place, net in nets.items():
        check_owner(folder / place, [Path(name).name for name in files if Path(name).parent == Path(place)], net.name)
    try:
        for parent in sorted({(folder / name).parent for name in files}):
            parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make a folder in {folder}: {error.strerror or error}; choose another") from None
    write_together(folder, files)
    return [folder / name for name in files]


def summary(net: Net) -> list[str]:
    """Lines that say what a net is: its hash, and the formats of its tensors and weights."""
    several = len(net.inputs) > 1
    lines = [f"{net.name} {content_hash(net)}"]
    lines += [f"input {name} {given}" if several else f"input {given}" for name, given in net.inputs.items()]
    for node in net.nodes:
        weights = getattr(node.layer, "weight_format", None)
        lines.append(f"{node.name} {net.types[node.name]}" + (f", weights {weights}" if weights else ""))
    return lines
