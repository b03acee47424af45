"""Keys of a layer that say which layers it takes, and which are executed before and after it."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.errors import BadInput
from bittrue.spec.stages import Join
from bittrue.targets.max78002.described import INPUT, Described
from bittrue.targets.max78002.devices import OPERANDS
from bittrue.targets.max78002.keys import Keys


class Numbers:
    """The numbers of layers by what a description calls them: a number, a name, or ``input``."""

    def __init__(self, names: Sequence[str]) -> None:
        self._count = len(names)
        self._numbers = {name: index for index, name in enumerate(names) if name} | {"input": INPUT}

    def find(self, keys: Keys, key: str, value: object) -> int:
        """The number of a layer, -1 of the input. Raises `BadInput` for anything else."""
        given = keys.reference(key, value)
        number = self._numbers.get(given) if isinstance(given, str) else given
        if number is None or not INPUT <= number < self._count:
            raise keys.bad(key, f"there are layers 0 to {self._count - 1}, those with names, and input", value)
        return number


def sources(keys: Keys, numbers: Numbers, join: Join | None) -> tuple[int, ...] | None:
    """What a layer takes; as many as an element-wise operation has operands."""
    value = keys.take("in_sequences")
    given = value if isinstance(value, list) else [value]
    found = None if value is None else tuple(numbers.find(keys, "in_sequences", one) for one in given)
    if found == ():
        raise keys.bad("in_sequences", "name one layer or more", value)
    if keys.has("operands") and not join:
        raise keys.bad("operands", "only an element-wise operation has them; remove it")
    operands = keys.whole("operands", 2 if join else 1, 1, OPERANDS)
    if join and (operands < 2 or len(found or (0,)) != operands):
        raise keys.bad(
            "in_sequences" if found else "operands",
            f"an element-wise operation of {operands} operands takes {operands} layers; name them in in_sequences",
            value if found else operands,
        )
    return found


def following(keys: Keys, numbers: Numbers, index: int, count: int) -> int | None:
    """The layer that is executed next, -1 for none."""
    if keys.reference("sequence", keys.take("sequence", index)) != index:
        raise keys.bad("sequence", f"layers are numbered in their order; this is {index}")
    value = keys.take("next_sequence")
    if isinstance(value, str) and value.lower() == "stop":
        return INPUT
    if value is None or (value == count == index + 1 and not isinstance(value, bool)):
        return None
    return numbers.find(keys, "next_sequence", value)


def execution(path: str, layers: Sequence[Described]) -> tuple[int, ...]:
    """Numbers of the layers in the order in which they are executed, from layer 0 on.

    Raises `BadInput` where one would be executed twice, or takes a layer that is not executed before it.
    """
    order: list[int] = []
    index = 0
    while 0 <= index < len(layers):
        layer = layers[index]
        if index in order:
            raise BadInput(f"{path}: {layers[order[-1]]}: next_sequence goes back to layer {index}; go on, or stop")
        for source in layer.sources or ():
            if source != INPUT and source not in order:
                raise BadInput(
                    f"{path}: {layer}: in_sequences names layer {source}, which is not executed before; name an "
                    f"earlier one"
                )
        order.append(index)
        index = index + 1 if layer.following is None else layer.following
    return tuple(order)
