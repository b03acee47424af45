"""``bittrue info``: what a net is made of and what it costs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bittrue import spec
from bittrue.applications import APPLICATIONS
from bittrue.bars import steps
from bittrue.check.legs import require_generator
from bittrue.cli import info_json, source_overlay, streaming, timing
from bittrue.cli.graph import svg
from bittrue.cli.parser import (
    Commands,
    Parser,
    add_command,
    add_interval,
    add_json,
    add_means,
    console,
    interval_of,
    means_of,
    print_json,
)
from bittrue.cost import (
    XC7Z020,
    Cost,
    Resources,
    cost,
    default_source_interval,
    macs,
    resources,
    rom_bits,
    shell_ramb18,
)
from bittrue.errors import BadInput, amount
from bittrue.files import check_target, write_whole
from bittrue.kit.page import SUFFIXES, Picture, Section, Sheet, page
from bittrue.lower.fold import EVERY_CLOCK, is_pipeline
from bittrue.lower.means import Means
from bittrue.lower.ports import module_name
from bittrue.lower.products import DSPS
from bittrue.lower.schedule import built_nodes, has_frames, least_interval
from bittrue.lower.source import source_plan
from bittrue.lower.stream_shell import built_words, end_layouts, shell_latency, stream_bits
from bittrue.ranges import Range, ranges
from bittrue.spec import Net, Weighted, source_store
from bittrue.spec.activation import to_json
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1.clock import CLOCK_MHZ

MOST = 1e12
"""Largest number of MHz or Hz that anybody means."""


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "info",
        call,
        "show a net's layers, formats, ranges and costs",
        examples=(
            "bittrue info weights/tdnn-wide --interval 16",
            "bittrue info weights/tdnn-wide --clock 125 --rate 12.5e6",
            "bittrue info weights/ecg-tiny --synth-layers",
            "bittrue info weights/tdnn-wide --timing",
            "bittrue info ecg-tiny --html ecg-tiny.html",
            "bittrue info tdnn-wide --json | jq .hardware.resources",
        ),
    )
    add_interval(command, frames=True)
    add_means(command)
    streaming.add_bram(command)
    command.add_argument(
        "--clock", type=_positive, default=CLOCK_MHZ, metavar="MHZ", help=f"clock of the net (default {CLOCK_MHZ:g})"
    )
    command.add_argument(
        "--rate",
        type=_positive,
        metavar="HZ",
        help="samples a second, or frames, to keep up with (default: of the capture in the folder's recipe.toml)",
    )
    command.add_argument("--html", metavar="FILE", help="also draw the graph of the net, on one HTML page")
    synth = command.add_mutually_exclusive_group()
    synth.add_argument("--synth", action="store_true", help="count LUTs and flip-flops too: Yosys takes minutes")
    synth.add_argument("--synth-layers", action="store_true", help="the same, layer by layer")
    add_json(command)
    command.add_argument(
        "--timing",
        action="store_true",
        help="estimate the clock, without a placement, and show the slowest paths",
    )


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, {amount(MOST)} at most")
    return number


def _learnt_at(folder: Path) -> tuple[float | None, str]:
    """Samples a second of what an application trained the net on, and how to say so; None where none knows."""
    rates = (application.rate(folder) for application in APPLICATIONS.values())
    return next((rate for rate in rates if rate), (None, ""))


def call(arguments: argparse.Namespace) -> int:
    """Print the tables; a net without an RTL leg has no hardware costs."""
    if arguments.bram is not None and source_store.has_source(arguments.net):
        source_overlay.refuse_bram()
    net = spec.load(arguments.net)
    if arguments.html:
        check_target(arguments.html, SUFFIXES)
    found = ranges(net)
    means = means_of(arguments, net)
    arguments.bram = streaming.bram_of(arguments, net)
    try:
        interval = interval_of(arguments, net)
        with steps("computing what the net costs"):
            price, reason = cost(net, interval, **means.options), ""
    except BadInput as error:
        if arguments.timing:
            raise
        interval, price, reason = 0, None, str(error)
    if arguments.html:
        write_whole(arguments.html, _page(net, found))
    if arguments.json:
        print_json(_document(arguments, net, found, price, reason))
        return 0
    out = console()
    out.print(f"{net.name}  {content_hash(net)}", markup=False)
    lag = f", output {net.delay} samples late" if net.delay else ""
    ends = ", ".join(f"{one} {_ends(net, names)}" for one, names in (("input", net.inputs), ("output", net.outputs)))
    out.print(f"{ends}, memory {net.memory} samples{lag}", markup=False)
    out.print(_layers(net, found))
    if price is None:
        out.print(_arithmetic(net))
        out.print(f"no hardware costs: {reason}", markup=False)
    else:
        _show_hardware(out, arguments, net, price, interval)
    if source_store.has_source(arguments.net):
        out.print(_signal(arguments), markup=False, soft_wrap=True)
    return 0


def _signal(arguments: argparse.Namespace) -> str:
    """What a noise source gives, or why hardware has none."""
    try:
        source = source_store.load(arguments.net)
        return source_plan(source, arguments.interval or default_source_interval(source)).described(arguments.clock)
    except BadInput as error:
        return f"no noise source: {error}"


def _show_hardware(out: Console, arguments: argparse.Namespace, net: Net, price: Cost, interval: int) -> None:
    """Print what hardware costs, how fast it is, and whether it fits."""
    out.print(_costs(net, price))
    out.print(
        f"interval {_clocks(price.interval)} a sample, latency {price.latency} clocks, "
        f"{100 * price.utilisation:.1f} % of the MAC-lane clocks are useful"
    )
    if is_pipeline(price.interval):
        out.print(_pipeline(arguments, price), markup=False, soft_wrap=True)
    rate, whose = (arguments.rate, "") if arguments.rate else _learnt_at(Path(arguments.net))
    for line in _speed(net, price, arguments.clock, rate, whose):
        out.print(line, markup=False, soft_wrap=True)
    is_source = source_store.has_source(arguments.net)
    if has_frames(net) and not is_source:
        out.print(_overlay(net, interval), markup=False, soft_wrap=True)
    used, source, parts = _used(arguments, net, interval)
    if parts:
        out.print(_use_of_layers(parts))
    out.print(_fit(used, counted=arguments.synth or arguments.synth_layers), markup=False, soft_wrap=True)
    for line in [] if is_source else streaming.told(net, interval, arguments):
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"({source})", style="dim")
    if arguments.timing:
        timing.show(out, timing.estimated(net, interval, means_of(arguments, net)))


def _used(
    arguments: argparse.Namespace, net: Net, interval: int
) -> tuple[Resources, str, dict[str, dict[str, int]] | None]:
    """What the net takes of an FPGA, how that was found, and by layer where that was asked for."""
    if arguments.synth:
        return _synthesised(net, interval, means_of(arguments, net)), "counted in Yosys's netlist", None
    if arguments.synth_layers:
        parts = _synthesised_layers(net, interval, means_of(arguments, net))
        used = _resources({name: sum(part[name] for part in parts.values()) for name in USE})
        shared = "nothing is shared across layers, so --synth may find less"
        return used, f"counted in Yosys's netlist, layer by layer: {shared}", parts
    used = resources(net, interval, **means_of(arguments, net).options)
    return used, "by formula: all LUTs and flip-flops with --synth", None


def _document(
    arguments: argparse.Namespace, net: Net, found: dict[str, Range], price: Cost | None, reason: str
) -> dict[str, object]:
    """The same for a script."""
    result = info_json.described(net, found)
    if price is None:
        return result | {"hardware": None, "no_hardware": reason}
    interval = interval_of(arguments, net)
    used, source, parts = _used(arguments, net, interval)
    result["hardware"] = info_json.hardware(price, used, source, arguments.clock)
    is_source = source_store.has_source(arguments.net)
    result["streaming"] = None if is_source else streaming.document(net, interval, arguments)
    if parts:
        result["synthesised"] = parts
    if arguments.timing:
        result["timing"] = info_json.timed(timing.estimated(net, interval, means_of(arguments, net)))
    return result


def _ends(net: Net, names: Iterable[str]) -> str:
    """Types of inputs or outputs, by name where there are several."""
    types = {name: net.types[name] for name in names}
    return ", ".join(f"{name} {given}" if len(types) > 1 else str(given) for name, given in types.items())


def _page(net: Net, found: dict[str, Range]) -> str:
    """The page with the picture of the graph, and every layer in a table."""
    columns, rows = ("node", "layer", "takes", "shape and format", "MACs", "constants, bits", "words kept"), []
    for node in net.nodes:
        output = net.types[node.name]
        numbers = (macs(node.layer, output), rom_bits(node.layer), output.elements * (1 + node.layer.memory))
        cells = (node.name, type(node.layer).__name__, ", ".join(node.inputs), str(output))
        rows.append((*cells, *(f"{number:,}" for number in numbers)))
    picture = Picture(svg(net, found).encode(), f"graph of {net.name}", "Bold: node and layer.", "svg")
    sections = (
        Section("Graph", pictures=(picture,)),
        Section("Layers", sheets=(Sheet("", columns, rows, "A sample; `bittrue info` without --html has more."),)),
    )
    lead = f"{content_hash(net)}: input {_ends(net, net.inputs)}; output {_ends(net, net.outputs)}."
    return page(net.name, lead, sections)


def _pipeline(arguments: argparse.Namespace, price: Cost) -> str:
    """How the work of a pipeline is split, and what it may take."""
    luts = price.adders + price.stored.lutram
    dsps = DSPS if arguments.dsps is None else arguments.dsps
    most = "" if arguments.luts is None else f" of {arguments.luts:,} LUTs at most"
    return (
        f"pipeline: {price.dsps} of {dsps} DSP48E1 at most; adders of {price.adders:,} bits in all weigh "
        f"without DSP48E1, about a LUT a bit, with delays and queues {luts:,}{most}"
    )


def _speed(net: Net, price: Cost, mhz: float, rate: float | None, whose: str) -> list[str]:
    """Samples or frames a second at a clock, and whether that is enough for a rate."""
    one, unit = ("sample", "S/s") if not has_frames(net) else ("frame", " frames/s")
    interval, samples = price.interval, price.samples
    lines = [f"{_short(mhz * 1e6 * samples / interval, unit)} at {mhz:g} MHz, if the clock is met"]
    if rate is None:
        return lines
    if rate * interval <= mhz * 1e6 * samples:
        return [*lines, f"meets {_short(rate, unit)}{whose}"]
    needed, least = int(mhz * 1e6 / rate), least_interval(net) if has_frames(net) else EVERY_CLOCK
    shorter = f"an interval of {_clocks(needed)}{' or fewer' * (needed > 1)} at {mhz:g} MHz" if needed >= least else ""
    faster = f"{rate * least / samples / 1e6:g} MHz at the shortest interval, {_clocks(least)} a {one}"
    return [*lines, f"cannot meet {_short(rate, unit)}{whose}: needs {shorter or faster}"]


def _overlay(net: Net, interval: int) -> str:
    """How frames travel through the shell of an overlay, or why there is none."""
    try:
        built_words(net, interval, ())
        layouts = end_layouts(net, interval)
        bits = [stream_bits(tensor, layout) for tensor, layout in zip((net.input, net.output), layouts, strict=True)]
    except BadInput as error:
        return f"no overlay: {error}"
    given, made = (f"{layout.transfers:,} words of {b} bits" for layout, b in zip(layouts, bits, strict=True))
    clocks, blocks = shell_latency(net, interval), shell_ramb18(net, interval)
    waits = f"; a frame waits in {blocks:,} RAMB18E1 more until it is whole" if blocks else ""
    return f"overlay: {given} a frame in, {made} out, {clocks:,} clocks from a frame's last word to its result{waits}"


def _clocks(count: int) -> str:
    return "1 clock" if count == 1 else f"{count} clocks"


def _short(rate: float, unit: str) -> str:
    """A rate in the unit in which it is said: 12.5 MS/s, 48,828 frames/s."""
    if unit != "S/s":
        return f"{rate:,.0f}{unit}"
    scale, prefix = next(((s, p) for s, p in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if rate >= s), (1.0, ""))
    return f"{rate / scale:.6g} {prefix}{unit}"


USE = ("LUT", "FF", "DSP48E1", "RAMB18")
"""What is counted after synthesis, a RAMB36E1 as two RAMB18."""
BETWEEN = "between layers"
"""What belongs to no layer: the register at the input, forks, queues of branches, the ports."""


def _synthesised(net: Net, interval: int, means: Means) -> Resources:
    """What Yosys makes of the net's Verilog. Raises `BadInput` where a package for it is missing."""
    require_generator()
    import bittrue_rtl
    from bittrue_sim.synth import xc7_report, xc7_use

    with steps("Yosys synthesises the net"):
        used = xc7_use(xc7_report(bittrue_rtl.verilog(net, interval, **means.options), module_name(net)))
    return _resources(used)


def _synthesised_layers(net: Net, interval: int, means: Means) -> dict[str, dict[str, int]]:
    """``USE`` of every node and of what lies between them. Raises `BadInput` where a package for it is missing."""
    require_generator()
    import bittrue_rtl
    from bittrue_sim.synth import xc7_parts, xc7_use

    if means.samples > 1:
        raise BadInput("--synth-layers counts the layers of one sample a clock; take --synth for several")
    top = module_name(net)
    modules = {f"{top}.network.{name}": name for name in built_nodes(net)}
    with steps("Yosys synthesises the net, layer by layer"):
        reports = xc7_parts(bittrue_rtl.verilog(net, interval, **means.options), top, list(modules))
    return {modules.get(module, BETWEEN): xc7_use(report) for module, report in reports.items()}


def _resources(used: dict[str, int]) -> Resources:
    return Resources(used["DSP48E1"], -(-used["RAMB18"] // 2), used["LUT"], used["FF"])


def _use_of_layers(parts: dict[str, dict[str, int]]) -> Table:
    table = Table(show_footer=True)
    table.add_column("node", "net")
    for name in USE:
        table.add_column(name, f"{sum(part[name] for part in parts.values()):,}", justify="right")
    for name, part in parts.items():
        table.add_row(name, *(f"{part[kind]:,}" for kind in USE))
    return table


def _fit(used: Resources, *, counted: bool) -> str:
    """One line: whether the net fits an xc7z020, and how much of what it takes; ``counted``, not by formula."""
    names = {"dsp": "DSP48E1", "ramb36": "RAMB36E1", "lut": "LUTs", "ff": "flip-flops", "lutram": "LUTs as memory"}
    bounds = () if counted else ("lut", "ff", "lutram")
    parts = [
        f"{'at least ' * (name in bounds)}{taken:,} of {there:,} {names[name]} ({100 * taken / there:.0f} %)"
        for name, (taken, there) in used.of(XC7Z020).items()
    ]
    known = "" if counted else " as far as known"
    return f"xc7z020: {'fits' + known if used.fits(XC7Z020) else 'does not fit'}: {', '.join(parts)}"


def _layers(net: Net, found: dict[str, Range]) -> Table:
    table = Table()
    for name in ("node", "layer", "inputs", "tensor", "weights"):
        table.add_column(name, overflow="fold")
    for name in ("range of codes", "accumulator"):
        table.add_column(name, justify="right")
    for node in net.nodes:
        reach, layer = found[node.name], node.layer
        kind = type(layer).__name__ + (f", {to_json(layer.activation)}" if isinstance(layer, Weighted) else "")
        codes = f"{min(i.lo for i in reach.output)}..{max(i.hi for i in reach.output)}"
        acc = f"{reach.acc_bits} bits" if reach.acc else ""
        weights = str(getattr(layer, "weight_format", ""))
        table.add_row(node.name, kind, ", ".join(node.inputs), str(net.types[node.name]), weights, codes, acc)
    return table


def _arithmetic(net: Net) -> Table:
    """What a net costs wherever it runs."""
    rows = [(node.name, macs(node.layer, net.types[node.name]), rom_bits(node.layer)) for node in net.nodes]
    table = Table(show_footer=True)
    table.add_column("node", "net")
    for title, total in (("MACs a sample", sum(row[1] for row in rows)), ("ROM bits", sum(row[2] for row in rows))):
        table.add_column(title, f"{total:,}", justify="right")
    for name, *figures in rows:
        table.add_row(name, *(f"{n:,}" for n in figures))
    return table


def _costs(net: Net, price: Cost) -> Table:
    table = Table(show_footer=True)
    columns = [(name, price.nodes[name]) for name in (node.name for node in net.nodes)]
    table.add_column("node", "net")
    for title, total in (
        ("MACs a sample", price.macs),
        ("ROM bits", price.rom_bits),
        ("MAC lanes", price.lanes),
        ("DSP48E1", price.dsps),
        ("ROMs", sum(node.roms for node in price.nodes.values())),
        ("RAMB18E1", price.ramb18),
        ("latency, clocks", price.latency),
    ):
        table.add_column(title, f"{total:,}", justify="right")
    for name, node in columns:
        figures = (node.macs, node.rom_bits, node.lanes, node.dsps, node.roms, node.ramb18, node.latency)
        table.add_row(name, *(f"{n:,}" for n in figures))
    return table
