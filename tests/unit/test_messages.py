"""Numbers and lists of names in messages."""

import math

import pytest

from bittrue.errors import NAMES, BadInput, amount, listed
from bittrue.kit.bounds import Within


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 << 24, "16,777,216"),
        (float(1 << 32), "4,294,967,296"),
        (-3.0, "-3"),
        (0.0, "0"),
        (0.985, "0.985"),
        (1e-3, "0.001"),
        (200e6 + 0.25, "200,000,000.2"),
        (1e300, "1e+300"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_a_whole_number_has_all_its_digits(value, text):
    assert amount(value) == text


def test_limits_of_recipes_are_whole_numbers():
    with pytest.raises(BadInput, match=r"steps is 0; it must be 1 to 16,777,216$"):
        Within(1, 1 << 24).check("steps", 0)
    with pytest.raises(BadInput, match=r"rate is -1; it must be at least 0\.5$"):
        Within(0.5).check("rate", -1)


def test_a_long_list_of_names_is_cut_between_names():
    assert listed(["a", "b"]) == "a, b" and listed([]) == "" and listed(iter((1, 2))) == "1, 2"
    names = [f"layer{k}" for k in range(100)]
    found = listed(names)
    kept, _, more = found.rpartition(" and ")
    assert len(kept) <= NAMES < len(f"{kept}, layer{kept.count(',') + 1}")
    assert kept.split(", ") == names[: kept.count(",") + 1] and more == f"{100 - kept.count(',') - 1} more"
    assert len(listed(["x" * 1000, "y"])) < NAMES + 20
