from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest

from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Within
from bittrue.kit.schema import build
from bittrue.num import Format


@dataclass(frozen=True)
class Block:
    channels: int
    pool: int = 1

    def __post_init__(self):
        if self.pool < 1:
            raise BadInput(f"pool is {self.pool}; at least 1")


@dataclass(frozen=True)
class Plan:
    name: str
    rate: float = 0.5
    kind: Literal["a", "b"] = "a"
    taps: tuple[int, ...] = ()
    blocks: tuple[Block, ...] = ()
    block: Block = field(default_factory=lambda: Block(1))
    output: Format | None = None
    text: str = ""


def test_a_table_becomes_dataclasses():
    table = {"name": "n", "rate": 2, "taps": [1, 3], "blocks": [{"channels": 4}], "output": "Q1.7", "kind": "b"}
    built = build(Plan, table)
    assert built == Plan("n", 2.0, "b", (1, 3), (Block(4),), Block(1), Format.parse("Q1.7"))
    assert type(built.rate) is float


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "key name is missing"),
        ({"name": "n", "nmae": 1}, "unknown key nmae; known are name, rate, kind"),
        ({"name": 3}, "name is 3; it must be of type str"),
        ({"name": "n", "rate": float("nan")}, "rate is nan; a finite number"),
        ({"name": "n", "rate": True}, "rate is True; it must be of type float"),
        ({"name": "n", "kind": "c"}, "kind is 'c'; choose a or b"),
        ({"name": "n", "taps": 3}, "taps is 3; a list is needed"),
        ({"name": "n", "taps": [1, "x"]}, "taps[1] is 'x'; it must be of type int"),
        ({"name": "n", "block": 3}, "block is 3; a section [block] is needed"),
        ({"name": "n", "block": {"channels": 1, "pool": 0}}, "block.pool is 0; at least 1"),
        ({"name": "n", "blocks": [{"channels": 1}, 3]}, "blocks[1] is 3; a table is needed"),
        ({"name": "n", "blocks": [{"channels": 1}, {"pool": 2}]}, "key blocks[1].channels is missing"),
        ({"name": "n", "output": 3}, 'output is 3; a format such as "Q1.15"'),
        ({"name": "n", "output": "Q"}, "output: "),
        ({"name": "n", "text": "t"}, "unknown key text"),
    ],
)
def test_what_is_wrong_is_named_with_its_section(table, says):
    with pytest.raises(BadInput) as error:
        build(Plan, table, hidden=("text",))
    assert says in str(error.value)


@dataclass(frozen=True)
class Bounded(Section):
    share: Annotated[float, Within(0, 1)] = 0.5
    count: Annotated[int | None, Within(1)] = None
    sizes: Annotated[tuple[int, ...], Within(2, 4096, "the chip takes")] = ()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"share": 1.5}, "a.share is 1.5; it must be 0 to 1"),
        ({"share": -0.1}, "a.share is -0.1; it must be 0 to 1"),
        ({"count": 0}, "a.count is 0; it must be at least 1"),
        ({"sizes": [2, 4097]}, r"a.sizes is \(2, 4097\); the chip takes 2 to 4,096"),
    ],
)
def test_bounds_are_those_of_the_type(table, says):
    with pytest.raises(BadInput, match=f"^{says}$"):
        build(Bounded, table, "a.")
    with pytest.raises(BadInput):
        Bounded(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})


def test_what_lies_within_bounds_and_what_is_left_out_passes():
    assert build(Bounded, {"share": 1, "sizes": [2, 4096]}) == Bounded(1.0, None, (2, 4096))
