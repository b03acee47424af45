"""What ``bittrue info --json`` prints: the figures of its tables, with whole names (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bittrue.cost import XC7Z020, Cost, Resources, macs, rom_bits
from bittrue.ranges import Range
from bittrue.spec import Net, TensorType, Weighted
from bittrue.spec.activation import to_json
from bittrue.spec.store import content_hash
from bittrue.timing.report import Timing


def described(net: Net, found: Mapping[str, Range]) -> dict[str, Any]:
    """Name, hash, ends, and of every node its layer, types, range of codes, accumulator, MACs and constants."""
    return {
        "net": net.name,
        "hash": content_hash(net),
        "inputs": {name: _type(net.types[name]) for name in net.inputs},
        "outputs": {name: _type(net.types[name]) for name in net.outputs},
        "memory": net.memory,
        "delay": net.delay,
        "macs": sum(macs(node.layer, net.types[node.name]) for node in net.nodes),
        "rom_bits": sum(rom_bits(node.layer) for node in net.nodes),
        "nodes": [_node(net, name, found[name]) for name in found],
    }


def hardware(price: Cost, used: Resources, counted: str, clock_mhz: float) -> dict[str, Any]:
    """What hardware of the net costs: clocks, blocks of an xc7z020 (null where not known), and by node."""
    return {
        "interval": price.interval,
        "latency": price.latency,
        "utilisation": price.utilisation,
        "clock_mhz": clock_mhz,
        "samples_per_second": clock_mhz * 1e6 * price.samples / price.interval,
        "resources": vars(used),
        "resources_are": counted,
        "fits_xc7z020": used.fits(XC7Z020),
        "nodes": {name: vars(node) for name, node in price.nodes.items()},
    }


def timed(found: Timing) -> dict[str, Any]:
    """The estimated clock, and the slowest path into every layer."""
    layers = {
        name: {"ns": layer.slowest.delay / 1000, "ends": layer.ends, "breaks": layer.breaks}
        for name, layer in found.layers.items()
    }
    slowest = [{"path": str(path), "ns": path.delay / 1000, "levels": path.levels} for path in found.paths]
    return {"mhz": found.mhz, "layers": layers, "slowest": slowest}


def _node(net: Net, name: str, reach: Range) -> dict[str, Any]:
    node = next(node for node in net.nodes if node.name == name)
    layer = node.layer
    return {
        "name": name,
        "layer": type(layer).__name__,
        "inputs": list(node.inputs),
        **_type(net.types[name]),
        "weight_format": _text(getattr(layer, "weight_format", None)),
        "activation": to_json(layer.activation) if isinstance(layer, Weighted) else None,
        "codes": _ends(reach.output),
        "accumulator_bits": reach.acc_bits or None,
        "macs": macs(layer, net.types[name]),
        "rom_bits": rom_bits(layer),
    }


def _type(tensor: TensorType) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "format": str(tensor.format)}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _ends(reach: Iterable[Any]) -> list[int]:
    intervals = list(reach)
    return [min(one.lo for one in intervals), max(one.hi for one in intervals)]
