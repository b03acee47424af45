"""Keys of a layer that say what it computes."""

from __future__ import annotations

from typing import Literal

from bittrue.spec import Abs, Activation, Linear, ReLU
from bittrue.spec.stages import Join, Operation, Pool
from bittrue.targets.max78002.devices import KERNEL, SIDES
from bittrue.targets.max78002.keys import Keys

OPERATIONS: dict[str, tuple[Operation, Join | None]] = {
    "conv1d": ("conv1d", None),
    "conv2d": ("conv2d", None),
    "convtranspose2d": ("convtranspose2d", None),
    "linear": ("linear", None),
    "mlp": ("linear", None),
    "fc": ("linear", None),
    "none": ("none", None),
    "passthrough": ("none", None),
    "add": ("none", "add"),
    "sub": ("none", "sub"),
    "or": ("none", "or"),
    "bitwiseor": ("none", "or"),
    "bitwise_or": ("none", "or"),
    "xor": ("none", "xor"),
    "bitwisexor": ("none", "xor"),
    "bitwise_xor": ("none", "xor"),
}
ELTWISE: dict[str, Join] = {"add": "add", "sub": "sub", "or": "or", "xor": "xor"}
ACTIVATIONS: dict[str, Activation] = {"relu": ReLU(), "abs": Abs(), "none": Linear()}
ALIASES = ("operation", "op", "operator", "convolution")
SQUARES = {"conv2d": SIDES, "convtranspose2d": SIDES[1:]}
"""Sides of kernels of two dimensions. The longest kernel of one dimension is also its default."""


def operation(keys: Keys) -> tuple[Operation, Join | None]:
    """What a layer is, and the element-wise operation before it or that it is."""
    aliases = [key for key in ALIASES if keys.has(key)]
    if len(aliases) > 1:
        raise keys.bad(aliases[1], f"{aliases[0]} says the same; keep one of them")
    advice = f"it is not supported; known are {', '.join(OPERATIONS)}"
    found, join = OPERATIONS[keys.word(aliases[0], "none", OPERATIONS, advice)] if aliases else ("conv2d", None)
    if keys.has("eltwise"):
        if join is not None:
            raise keys.bad("eltwise", f"the operation {join} is element-wise already; keep one of them")
        join = ELTWISE[keys.word("eltwise", "add", ELTWISE, f"choose {', '.join(ELTWISE)}")]
    if join is not None and found == "conv1d":
        raise keys.bad(
            "eltwise", "the vendor's tool has none in front of conv1d; give it a layer of its own, operation: add"
        )
    return found, join


def kernel(keys: Keys, found: Operation) -> int:
    """Weights along an axis: text such as ``3x3`` in two dimensions, a number in one."""
    sides = SQUARES.get(found)
    if sides is None:
        return keys.whole("kernel_size", KERNEL if found == "conv1d" else 1, 1, KERNEL) if found != "linear" else 1
    words = {f"{side}x{side}": side for side in sides}
    return words[keys.word("kernel_size", "3x3", words, f"a {found} has {' or '.join(words)}")]


def pool(keys: Keys, found: Operation) -> Pool | None:
    """The pooling: its window, stride and dilation."""
    if keys.has("max_pool") and keys.has("avg_pool"):
        raise keys.bad("avg_pool", "max_pool is there too; keep one of them")
    kind: Literal["max", "avg"] = "avg" if keys.has("avg_pool") else "max"
    pooled = keys.has(f"{kind}_pool")
    size = keys.pair(f"{kind}_pool", 1, 1)
    stride, dilation = keys.pair("pool_stride", 1, 1), keys.pair("pool_dilation", 1, 1)
    axes = 1 if found == "conv1d" else 2
    for places, apart in list(zip(size, dilation, strict=True))[:axes]:
        if apart > 1 and places != 2 and not (axes == 2 and places == 1 and size[0] > 1):
            raise keys.bad(
                "pool_dilation", f"it works with windows of 2, not of {places}; the vendor's tool reads outside", apart
            )
    if not pooled and max(stride[:axes]) == 1:
        return None
    if found == "conv1d":
        return Pool(kind, size[0], stride[0], dilation[0])
    return Pool(kind, size, stride, dilation)


def activation(keys: Keys) -> Activation:
    """ReLU, Abs or none."""
    if keys.has("activate") and keys.has("activation"):
        raise keys.bad("activation", "activate says the same; keep one of them")
    key = "activation" if keys.has("activation") else "activate"
    return ACTIVATIONS[keys.word(key, "none", ACTIVATIONS, "choose ReLU, Abs or None")]


def quantization(keys: Keys) -> int | None:
    """Bits of the weights, -1 for -1 and +1."""
    value = keys.take("quantization")
    if isinstance(value, str) and value.lower() in ("bin", "binary"):
        return -1
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value not in (8, 4, 2, 1)):
        raise keys.bad("quantization", "choose 8, 4, 2, 1 or binary", value)
    return value


def pool_first(keys: Keys, join: Join | None, pooled: Pool | None, operands: int) -> bool:
    """Whether pooling comes before the element-wise operation."""
    first = keys.flag("pool_first", True)
    if not first and (join is None or pooled is None):
        raise keys.bad(
            "pool_first", "pooling comes first unless there are both it and an element-wise operation", first
        )
    if not first and operands > 2:
        raise keys.bad("pool_first", f"with {operands} operands pooling comes first; two may be added before", first)
    return first
