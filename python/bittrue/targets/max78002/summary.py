"""What a plan takes of the chip, in lines of text."""

from __future__ import annotations

from bittrue.targets.max78002 import describing
from bittrue.targets.max78002.devices import PROCESSORS
from bittrue.targets.max78002.kernels import kernel_words
from bittrue.targets.max78002.memory_map import KERNEL_BYTES
from bittrue.targets.max78002.plan import Plan
from bittrue.targets.max78002.regions import regions_of, tensors_of


def usage(plan: Plan) -> dict[str, int]:
    """Bytes of the chip's memories that a plan takes, and the words of the processor whose kernels fill it most."""
    fill = [0] * PROCESSORS
    for layer in plan.layers:
        for processor in range(layer.given.first, layer.given.last + 1):
            fill[processor] += kernel_words(layer)
    fullest = max(range(PROCESSORS), key=lambda p: fill[p] / plan.memory.kernel_depth(p))
    return {
        "kernel_bytes": sum(fill) * KERNEL_BYTES,
        "bias_bytes": sum(len(content) for content in plan.biases.values()),
        "data_bytes": max(end for layer in plan.layers for end in (layer.given.region[1], layer.result.region[1])),
        "fullest_processor": fullest,
        "fullest_words": fill[fullest],
    }


def summary(plan: Plan) -> list[str]:
    """A line a layer, then the fill of the memories."""
    device, used = plan.memory.device, usage(plan)
    fullest, biases = used["fullest_processor"], used["bias_bytes"]
    lines = [describing.title(layer) for layer in plan.layers]
    lines.append(
        f"kernel memory: {used['kernel_bytes']:,} of {device.weight_bytes:,} bytes; processor {fullest} is fullest "
        f"with {used['fullest_words']:,} of {plan.memory.kernel_depth(fullest):,} words"
    )
    lines.append(f"bias memory: {biases:,} of {device.bias_bytes:,} bytes in quadrants {_list(list(plan.biases))}")
    lines.append(
        f"data memory: bytes 0 to {used['data_bytes'] - 1:,} of {device.data_bytes:,}; quadrants "
        f"{_list(plan.quadrants)} run"
    )
    return lines + _kept(plan)


def _kept(plan: Plan) -> list[str]:
    """A line for all that must be there longer than from one layer to the next, or shares its place with others."""
    layers, tensors = plan.layers, tensors_of(plan.layers)
    names = ["input", *(layer.name for layer in layers)]
    lines = []
    for region in regions_of(layers, [index + 1 for index in plan.outputs]):
        end = min(region.last, len(layers) - 1)
        if end <= region.first + 1 and len(region.members) == 1:
            continue
        start = min(tensors[k].region[0] for k in region.members)
        what = " and ".join(names[k] for k in region.members)
        since = f"layer {region.first}" if region.first >= 0 else "the start"
        until = "the end" if region.last == len(layers) else f"layer {end}"
        lines.append(f"kept from {since} to {until}: {what}, bytes {start:,} to {start + region.size - 1:,}")
    return lines


def _list(numbers: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
