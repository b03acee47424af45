"""ai8x network descriptions: the YAML that says what a checkpoint's weights are used for.

Only what the integers depend on is kept. Where data, kernels and biases lie (``processors``, offsets, ``data_format``)
is checked and then forgotten: the meaning of a net does not depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bittrue.errors import BadInput
from bittrue.spec import Abs, Activation, Linear, ReLU
from bittrue.spec.stages import Pool
from bittrue.targets.max78002.keys import Keys
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

PLACEMENT = ("in_offset", "out_offset", "bias_group", "bias_quadrant", "calcx4", "readahead", "tcalc", "output")
"""Keys of a layer that say where or how fast, and not what."""

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

TOP = ("arch", "dataset", "layers", "output_map", "unload", "bias", "weights")


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

    Raises `BadInput`, naming the layer and the key, for a key twice, an unknown or unsupported one, or a wrong value.
    """
    document = read_yaml(path, "a network description")
    for key in ("data_buffer", "snoop"):
        if document.get(key):
            raise BadInput(f"{path}: {key} is not supported; remove it")
    unknown = [key for key in document if key not in (*TOP, "data_buffer", "snoop")]
    if unknown:
        raise BadInput(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(TOP)}")
    layers = document.get("layers")
    if not isinstance(layers, list) or not layers:
        raise BadInput(f"{path}: 'layers' must be a list of one or more layers, one mapping each")
    arch = document.get("arch", "net")
    if not isinstance(arch, str):
        raise BadInput(f"{path}: 'arch' is {arch!r}; it must be a name")
    names = [str(layer.get("name", "")).lower() if isinstance(layer, dict) else "" for layer in layers]
    described = tuple(_layer(str(path), layers, index, names) for index in range(len(layers)))
    return Description(str(path), arch, described)


def _layer(path: str, layers: list[Any], index: int, names: list[str]) -> Described:
    if not isinstance(layers[index], Mapping):
        raise BadInput(f"{path}: layer {index} is {layers[index]!r}; each layer is a mapping of keys")
    name = layers[index].get("name", "")
    keys = Keys(layers[index], f"{path}: layer {index}" + (f" ({name})" if name else ""))
    if name and names.count(str(name).lower()) > 1:
        raise keys.bad("name", "another layer has it too; names are unique")
    _refuse(keys)
    _check_order(keys, index, names)
    _check_placement(keys)
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
        length=keys.optional("in_dim", 1),
        in_channels=keys.optional("in_channels", 1),
        out_channels=keys.optional("out_channels", 1),
        weight_source=keys.take("weight_source"),
    )
    _check_operation(keys, described)
    if described.wide and index != len(layers) - 1:
        raise keys.bad("output_width", "only the last layer may be 32 bits wide")
    keys.finish()
    return described


def _refuse(keys: Keys) -> None:
    for key, reason in REFUSED.items():
        value = keys.take(key)
        if value not in (None, 0, False) and not (key == "operands" and value == 1):
            raise keys.bad(key, reason, value)
    if keys.take("pool_first") is False:
        raise keys.bad("pool_first", "pooling comes first where there is no element-wise operation; remove the key")


def _check_order(keys: Keys, index: int, names: list[str]) -> None:
    """Only chains: each layer takes the one before it."""
    before = (-1, "input") if index == 0 else (index - 1, names[index - 1] or None)
    last = index == len(names) - 1
    after = (-1, "stop") if last else (index + 1, names[index + 1] or None)
    sources = keys.take("in_sequences")
    given = sources if isinstance(sources, list) else [sources]
    if sources is not None and (len(given) != 1 or _lower(given[0]) not in before):
        raise keys.bad("in_sequences", "only a chain is supported, where each layer takes the one before it", sources)
    following = keys.take("next_sequence")
    if following is not None and _lower(following) not in after and not (last and following == index + 1):
        raise keys.bad("next_sequence", "only a chain is supported, where each layer feeds the next", following)
    if keys.take("sequence", index) != index:
        raise keys.bad("sequence", f"layers are numbered in their order; this is {index}")


def _check_placement(keys: Keys) -> None:
    for key in ("processors", "output_processors"):
        value = keys.take(key)
        number = value
        if isinstance(value, str):
            try:
                number = int(value.replace(".", "").replace("_", ""), 16)
            except ValueError:
                number = None
        wrong = isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 1 << 64
        if value is not None and wrong:
            raise keys.bad(key, "give a map of the 64 processors, such as 0x00000000ffffffff", value)
    layout = keys.take("data_format", "hwc")
    if _lower(layout) not in ("hwc", "little", "chw", "big"):
        raise keys.bad("data_format", "choose HWC or CHW", layout)
    for key in PLACEMENT:
        keys.take(key)


def _operation(keys: Keys) -> Operation:
    aliases = [key for key in ("operation", "op", "operator", "convolution") if keys.has(key)]
    if len(aliases) > 1:
        raise keys.bad(aliases[1], f"{aliases[0]} says the same; keep one of them")
    if not aliases:
        raise keys.bad("operation", "it is missing, which means conv2d; only conv1d, linear and none are supported")
    value = _lower(keys.take(aliases[0]))
    if value is None:
        value = "none"
    if value not in OPERATIONS:
        raise keys.bad(aliases[0], f"it is not supported; known are {', '.join(OPERATIONS)}", value)
    return OPERATIONS[value]


def _activation(keys: Keys) -> Activation:
    if keys.has("activate") and keys.has("activation"):
        raise keys.bad("activation", "activate says the same; keep one of them")
    key = "activation" if keys.has("activation") else "activate"
    value = keys.take(key)
    name = "none" if value is None else _lower(value)
    if name not in ACTIVATIONS:
        raise keys.bad(key, "choose ReLU, Abs or None", value)
    return ACTIVATIONS[name]


def _quantization(keys: Keys) -> int | None:
    value = _lower(keys.take("quantization"))
    if value in ("bin", "binary"):
        return -1
    if value is not None and (isinstance(value, bool) or value not in (8, 4, 2, 1)):
        raise keys.bad("quantization", "choose 8, 4, 2, 1 or binary", value)
    return None if value is None else int(value)


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


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
