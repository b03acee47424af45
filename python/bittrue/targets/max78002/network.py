"""ai8x network descriptions: the YAML that says what a checkpoint's weights are used for.

Only what the integers depend on is kept. Where data, kernels and biases lie (``processors``, offsets, gaps,
``data_format``) and whether data stream is checked and then forgotten: the meaning of a net does not depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bittrue.errors import BadInput, shown
from bittrue.spec import Linear
from bittrue.targets.max78002 import operation_keys, order_keys
from bittrue.targets.max78002.described import Described, Description
from bittrue.targets.max78002.devices import MAX78002
from bittrue.targets.max78002.keys import Keys
from bittrue.targets.max78002.placing_keys import check_placement, check_processors
from bittrue.targets.max78002.yaml_file import read_yaml

DEFAULT_PADDING = 1
LAYERS = MAX78002.layers
"""Of the larger chip, so that what follows is bounded."""

NAME = 200
"""Longest name of a layer."""

REFUSED = {
    "bypass": "bypassed kernels are not supported; use operation: passthrough",
    "in_crop": "cropping is not supported; crop the data before",
    "buffer_shift": "data buffers are not supported; give the whole sequence as input",
    "buffer_insert": "data buffers are not supported; give the whole sequence as input",
    "snoop_sequence": "snooping is not supported",
    "simulated_sequence": "layers are run in the order in which the chip executes them; use next_sequence",
    "in_channel_skip": "skipping channels is not supported",
}
"""Keys that change what is computed, and why they are refused unless they are 0 or false."""

TEXTS = ("arch", "dataset", "bias", "weights")
TOP = (*TEXTS, "layers", "output_map", "unload")
UNSUPPORTED = {"data_buffer": "give the whole sequence as input", "snoop": "remove it"}


def read_network(path: str | Path) -> Description:
    """Read a network description.

    Raises `BadInput`, naming the layer and the key, for a key twice, an unknown or unsupported one, or a value of
    a wrong kind or size.
    """
    document = read_yaml(path, "a network description")
    for key, advice in UNSUPPORTED.items():
        if document.get(key):
            raise BadInput(f"{path}: {key} is not supported; {advice}")
    unknown = [key for key in document if key not in (*TOP, *UNSUPPORTED)]
    if unknown:
        raise BadInput(f"{path}: unknown key {shown(unknown[0])}; known are {', '.join(TOP)}")
    for key in TEXTS:
        if not isinstance(document.get(key, ""), str):
            raise BadInput(f"{path}: {key!r} is {shown(document[key])}; it must be a name")
    layers = document.get("layers")
    if not isinstance(layers, list) or not layers:
        raise BadInput(f"{path}: 'layers' must be a list of one or more layers, one mapping each")
    if len(layers) > LAYERS:
        raise BadInput(f"{path} describes {len(layers):,} layers; the chips run up to {LAYERS}, so merge or drop some")
    _check_unloading(document, str(path))
    names = [_name(layer).lower() for layer in layers]
    described = tuple(_layer(str(path), layers, index, names) for index in range(len(layers)))
    _check_padding(str(path), layers, described)
    return Description(str(path), document.get("arch", "net"), described, order_keys.execution(str(path), described))


def _check_unloading(document: Mapping[str, Any], path: str) -> None:
    """How results are fetched does not matter here, but nonsense is said."""
    keys = Keys(document, path)
    if "output_map" in document:
        check_processors(keys, "output_map")
    if not isinstance(document.get("unload", []), list):
        raise keys.bad("unload", "give a list")


def _check_padding(path: str, layers: list[Any], described: tuple[Described, ...]) -> None:
    """The vendor's tool has one default for all layers, and a one-dimensional layer changes it."""
    silent = [
        layer for layer in described if layer.operation != "linear" and layer.rank and "pad" not in layers[layer.index]
    ]
    one = next((layer for layer in silent if layer.operation == "conv1d"), None)
    two = next((layer for layer in silent if layer.operation in operation_keys.SQUARES), None)
    if one and two:
        raise BadInput(
            f"{path}: {two}: pad is missing here and in {one}, a conv1d, and then the vendor's tool pads rows only; "
            f"write pad in both"
        )


def _name(layer: Any) -> str:
    """The name of a layer, or nothing where it has none that could be shown."""
    name = layer.get("name", "") if isinstance(layer, Mapping) else ""
    return name if isinstance(name, str) and len(name) <= NAME and name.isprintable() else ""


def _layer(path: str, layers: list[Any], index: int, names: list[str]) -> Described:
    if not isinstance(layers[index], Mapping):
        raise BadInput(f"{path}: layer {index} is {shown(layers[index])}; each layer is a mapping of keys")
    name = _name(layers[index])
    keys = Keys(layers[index], f"{path}: layer {index}" + (f" ({name})" if name else ""))
    if name != layers[index].get("name", ""):
        raise keys.bad("name", f"give a text of up to {NAME} letters in one line")
    if name and names.count(name.lower()) > 1:
        raise keys.bad("name", "another layer has it too; names are unique")
    if name.lower() in ("stop", "input"):
        raise keys.bad("name", "it means something else in in_sequences and next_sequence; choose another")
    for key, reason in REFUSED.items():
        value = keys.take(key)
        if value not in (None, 0, False):
            raise keys.bad(key, reason, value)
    check_placement(keys)
    described = _described(keys, index, order_keys.Numbers(names), len(layers))
    _check_operation(keys, described)
    keys.finish()
    return described


def _described(keys: Keys, index: int, numbers: order_keys.Numbers, count: int) -> Described:
    operation, join = operation_keys.operation(keys)
    sources = order_keys.sources(keys, numbers, join)
    pool = operation_keys.pool(keys, operation)
    transposed, convolution = operation == "convtranspose2d", operation not in ("linear", "none")
    again = keys.take("weight_source")
    return Described(
        index=index,
        name=keys.text("name", ""),
        operation=operation,
        kernel=operation_keys.kernel(keys, operation),
        padding=keys.whole("pad", DEFAULT_PADDING if convolution else 0, 0),
        dilation=keys.whole("dilation", 1, 1),
        groups=keys.either("conv_groups", "groups", 1, 1),
        stride=keys.whole("stride", 2 if transposed else 1, 1),
        output_padding=keys.whole("output_pad", 1 if transposed else 0, 0),
        pool=pool,
        pool_first=operation_keys.pool_first(keys, join, pool, len(sources or ())),
        sources=sources,
        join=join,
        following=order_keys.following(keys, numbers, index, count),
        activation=operation_keys.activation(keys),
        quantization=operation_keys.quantization(keys),
        output_shift=keys.optional("output_shift", -30),
        wide=keys.choice("output_width", 8, (8, 32)) == 32,
        flatten=keys.flag("flatten"),
        output=keys.flag("output"),
        size=keys.pair("in_dim", 1, 1, alone=1) if keys.has("in_dim") else None,
        in_channels=keys.optional("in_channels", 1),
        out_channels=keys.optional("out_channels", 1),
        weight_source=None if again is None else numbers.find(keys, "weight_source", again),
    )


def _check_operation(keys: Keys, layer: Described) -> None:
    """What layers of one kind do not have."""
    if layer.flatten and layer.operation != "linear" and not (layer.operation == "conv2d" and layer.kernel == 1):
        raise keys.bad("flatten", "only a linear layer flattens; use operation: mlp")
    transposed = layer.operation == "convtranspose2d"
    if layer.output_padding != transposed:
        raise keys.bad("output_pad", "a convtranspose2d has 1, and no other layer has any; remove it")
    if transposed and layer.stride != 2:
        raise keys.bad("stride", "a convtranspose2d has 2; remove it")
    if layer.operation == "conv1d" and layer.size and layer.size[1] > 1:
        raise keys.bad("in_dim", "a conv1d reads frames; give one number")
    if layer.wide and layer.activation != Linear():
        raise keys.bad(
            "output_width", "32 bits are the sum itself, before any activation; remove the activation, or this key"
        )
    if layer.operation not in ("linear", "none"):
        return
    what = "a linear layer" if layer.operation == "linear" else "a pass-through"
    plain = {"pad": layer.padding, "dilation": layer.dilation - 1, "groups": layer.groups - 1}
    for key, value in plain.items():
        if value:
            raise keys.bad(key, f"{what} has none; remove it")
    if layer.operation == "none" and (layer.activation != Linear() or (layer.wide and not layer.join)):
        raise keys.bad("operation", "a pass-through has no activation and wide output; use a convolution")
    if layer.operation == "none" and layer.output_shift:
        raise keys.bad("output_shift", "a pass-through has none; remove it")
