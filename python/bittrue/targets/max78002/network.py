"""ai8x network descriptions: the YAML that says what a checkpoint's weights are used for.

Only what the integers depend on is kept. Where data, kernels and biases lie (``processors``, offsets, ``data_format``)
is checked and then forgotten: the meaning of a net does not depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bittrue.errors import BadInput, shown
from bittrue.spec import Abs, Activation, Linear, ReLU
from bittrue.spec.stages import Pool
from bittrue.targets.max78002.devices import MAX78002
from bittrue.targets.max78002.keys import Keys
from bittrue.targets.max78002.placing_keys import check_order, check_placement, check_processors
from bittrue.targets.max78002.yaml_file import read_yaml

Operation = Literal["conv1d", "linear", "none"]
OPERATIONS: dict[str, Operation] = {
    "conv1d": "conv1d",
    "linear": "linear",
    "mlp": "linear",
    "fc": "linear",
    "none": "none",
    "passthrough": "none",
}
ACTIVATIONS: dict[str, Activation] = {"relu": ReLU(), "abs": Abs(), "none": Linear()}
DEFAULT_KERNEL, DEFAULT_PADDING = 9, 1
LAYERS = MAX78002.layers
"""Of the larger chip, so that what follows is bounded."""

NAME = 200
"""Longest name of a layer."""

REFUSED = {
    "eltwise": "element-wise operations are not supported; build the net as a chain",
    "operands": "element-wise operations are not supported; build the net as a chain",
    "streaming": "streaming is not supported; remove the key and load whole frames",
    "bypass": "bypassed kernels are not supported; use operation: passthrough",
    "output_pad": "transposed convolutions are not supported",
    "in_crop": "cropping is not supported; crop the data before",
    "buffer_shift": "data buffers are not supported",
    "buffer_insert": "data buffers are not supported",
    "snoop_sequence": "snooping is not supported",
    "simulated_sequence": "layers are run in their order; remove the key",
    "in_channel_skip": "skipping channels is not supported",
    "write_gap": "gaps in data memory belong to element-wise operations, which are not supported",
    "in_skip": "gaps in data memory belong to element-wise operations, which are not supported",
    "read_gap": "gaps in data memory belong to element-wise operations, which are not supported",
}
"""Keys that change what is computed, and why they are refused unless they are 0 or false."""

TEXTS = ("arch", "dataset", "bias", "weights")
TOP = (*TEXTS, "layers", "output_map", "unload")


@dataclass(frozen=True)
class Described:
    """One layer of the description.

    Parameters
    ----------
    index : int
        Its place, from 0.
    name : str
        Empty where the description has none.
    quantization : int, optional
        Bits of the weights; -1 for weights of -1 and +1; ``None`` leaves it to the checkpoint.
    output_shift : int, optional
        Overrides the checkpoint's.
    length, in_channels, out_channels : int, optional
        What the description claims of the shapes.
    weight_source : int or str, optional
        Layer whose weights are used again.
    """

    index: int
    name: str
    operation: Operation
    kernel: int
    padding: int
    dilation: int
    groups: int
    stride: int
    pool: Pool | None
    activation: Activation
    quantization: int | None
    output_shift: int | None
    wide: bool
    flatten: bool
    length: int | None
    in_channels: int | None
    out_channels: int | None
    weight_source: int | str | None

    @property
    def weighted(self) -> bool:
        """Whether the layer takes weights of its own from the checkpoint."""
        return self.operation != "none" and self.weight_source is None

    def __str__(self) -> str:
        return f"layer {self.index}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True)
class Description:
    """A network description."""

    path: str
    arch: str
    layers: tuple[Described, ...]

    @property
    def bits(self) -> list[int | None]:
        """``quantization`` of the layers with weights of their own, in order."""
        return [layer.quantization for layer in self.layers if layer.weighted]


def read_network(path: str | Path) -> Description:
    """Read a network description.

    Raises `BadInput`, naming the layer and the key, for a key twice, an unknown or unsupported one, or a value of
    a wrong kind or size.
    """
    document = read_yaml(path, "a network description")
    for key in ("data_buffer", "snoop"):
        if document.get(key):
            raise BadInput(f"{path}: {key} is not supported; remove it")
    unknown = [key for key in document if key not in (*TOP, "data_buffer", "snoop")]
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
    return Description(str(path), document.get("arch", "net"), described)


def _check_unloading(document: Mapping[str, Any], path: str) -> None:
    """How results are fetched does not matter here, but nonsense is said."""
    keys = Keys(document, path)
    if "output_map" in document:
        check_processors(keys, "output_map")
    if not isinstance(document.get("unload", []), list):
        raise keys.bad("unload", "give a list")


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
    _refuse(keys)
    check_order(keys, index, names)
    check_placement(keys)
    operation = _operation(keys)
    convolution = operation == "conv1d"
    kernel = keys.whole("kernel_size", DEFAULT_KERNEL, 1, 9) if operation != "linear" else 1
    described = Described(
        index=index,
        name=keys.text("name", ""),
        operation=operation,
        kernel=kernel if convolution else 1,
        padding=keys.whole("pad", DEFAULT_PADDING if convolution else 0, 0),
        dilation=keys.whole("dilation", 1, 1),
        groups=keys.either("conv_groups", "groups", 1, 1),
        stride=keys.whole("stride", 1, 1),
        pool=_pool(keys),
        activation=_activation(keys),
        quantization=_quantization(keys),
        output_shift=keys.optional("output_shift", -30),
        wide=keys.choice("output_width", 8, (8, 32)) == 32,
        flatten=keys.flag("flatten"),
        length=_length(keys, layers[index].get("in_dim")),
        in_channels=keys.optional("in_channels", 1),
        out_channels=keys.optional("out_channels", 1),
        weight_source=keys.reference("weight_source", keys.take("weight_source")),
    )
    _check_operation(keys, described)
    if described.wide and index != len(layers) - 1:
        raise keys.bad("output_width", "only the last layer may be 32 bits wide")
    if described.wide and described.activation != Linear():
        raise keys.bad(
            "output_width", "32 bits are the sum itself, before any activation; remove the activation, or this key"
        )
    keys.finish()
    return described


def _refuse(keys: Keys) -> None:
    for key, reason in REFUSED.items():
        value = keys.take(key)
        if value not in (None, 0, False) and not (key == "operands" and value is not True and value == 1):
            raise keys.bad(key, reason, value)
    if not keys.flag("pool_first", True):
        raise keys.bad("pool_first", "pooling comes first where there is no element-wise operation; remove the key")


def _operation(keys: Keys) -> Operation:
    aliases = [key for key in ("operation", "op", "operator", "convolution") if keys.has(key)]
    if len(aliases) > 1:
        raise keys.bad(aliases[1], f"{aliases[0]} says the same; keep one of them")
    if not aliases:
        raise keys.bad("operation", "it is missing, which means conv2d; only conv1d, linear and none are supported")
    advice = f"it is not supported; known are {', '.join(OPERATIONS)}"
    return OPERATIONS[keys.word(aliases[0], "none", OPERATIONS, advice)]


def _activation(keys: Keys) -> Activation:
    if keys.has("activate") and keys.has("activation"):
        raise keys.bad("activation", "activate says the same; keep one of them")
    key = "activation" if keys.has("activation") else "activate"
    return ACTIVATIONS[keys.word(key, "none", ACTIVATIONS, "choose ReLU, Abs or None")]


def _quantization(keys: Keys) -> int | None:
    value = keys.take("quantization")
    if isinstance(value, str) and value.lower() in ("bin", "binary"):
        return -1
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value not in (8, 4, 2, 1)):
        raise keys.bad("quantization", "choose 8, 4, 2, 1 or binary", value)
    return value


def _pool(keys: Keys) -> Pool | None:
    if keys.has("max_pool") and keys.has("avg_pool"):
        raise keys.bad("avg_pool", "max_pool is there too; keep one of them")
    kind: Literal["max", "avg"] = "avg" if keys.has("avg_pool") else "max"
    pooled = keys.has(f"{kind}_pool")
    size = keys.whole(f"{kind}_pool", 1, 1)
    stride, dilation = keys.whole("pool_stride", 1, 1), keys.whole("pool_dilation", 1, 1)
    if dilation > 1 and size != 2:
        raise keys.bad("pool_dilation", f"it works with windows of 2, not of {size}", dilation)
    return Pool(kind, size, stride, dilation) if pooled or stride > 1 else None


def _length(keys: Keys, value: Any) -> int | None:
    """Samples of the layer's input, one number or ``[samples, 1]``."""
    if isinstance(value, list) and value[1:] not in ([], [1]):
        raise keys.bad("in_dim", "it has two dimensions; only frames of one are supported", value)
    return keys.optional("in_dim", 1)


def _check_operation(keys: Keys, layer: Described) -> None:
    """What a linear layer and a pass-through do not have."""
    if layer.operation != "linear" and layer.flatten:
        raise keys.bad("flatten", "only a linear layer flattens; use operation: mlp")
    if layer.operation == "conv1d":
        return
    what = "a linear layer" if layer.operation == "linear" else "a pass-through"
    plain = {"pad": layer.padding, "dilation": layer.dilation - 1, "groups": layer.groups - 1}
    for key, value in plain.items():
        if value:
            raise keys.bad(key, f"{what} has none; remove it")
    if layer.operation == "none" and (layer.activation != Linear() or layer.wide or layer.output_shift):
        raise keys.bad("operation", "a pass-through has no activation, shift and wide output; use conv1d")
