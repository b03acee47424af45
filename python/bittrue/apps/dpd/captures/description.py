"""A capture's spec.json: every key by its type, and by name where it is of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bittrue import readers
from bittrue.apps.dpd.metrics import Channel
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes

FILE = "spec.json"
RATIOS = {"train": 0.6, "val": 0.2}
"""Shares of the samples that are trained on and validated with; the rest is the test split."""

FORMATS = ("split_csv", "single_csv")
LONGEST, CARRIERS = 1 << 24, 1000
"""Most samples of a segment, and most sub-channels."""


@dataclass(frozen=True)
class Description:
    """The keys of a spec.json. Every method raises `BadInput`, naming file and key, for a value of another kind."""

    path: Path
    values: Mapping[str, Any]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def number(self, key: str, what: str) -> float:
        """A number above 0."""
        value = self._there(key, what)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self._other(key, what)
        return float(value)

    def whole(self, key: str, what: str, most: int) -> int:
        """A whole number from 1 to ``most``."""
        value = self._there(key, what)
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or value != value // 1 or not 1 <= value <= most:
            raise self._other(key, f"{what} from 1 to {most:,}")
        return int(value)

    def name(self, key: str, what: str) -> str:
        """A text that is not empty."""
        value = self._there(key, what)
        if not isinstance(value, str) or not value:
            raise self._other(key, what)
        return value

    @property
    def sample_rate(self) -> float:
        """In Hz."""
        return self.number("input_signal_fs", "the sample rate as a number of Hz, such as 200e6")

    @property
    def bandwidth(self) -> float:
        """In Hz."""
        return self.number("bw_main_ch", "the bandwidth as a number of Hz, such as 40e6")

    @property
    def segment(self) -> int:
        """Samples of a segment of the metrics."""
        return self.whole("nperseg", "an even number of samples", LONGEST)

    @property
    def carriers(self) -> int:
        """Sub-channels of the bandwidth."""
        return self.whole("n_sub_ch", "a number of sub-channels", CARRIERS)

    @property
    def channel(self) -> Channel:
        """Where the signal lies and how it is measured; all four keys are needed."""
        try:
            return Channel(self.sample_rate, self.bandwidth, self.carriers, self.segment)
        except BadInput as error:
            raise BadInput(f"{self.path}: {error}" if str(self.path) not in str(error) else str(error)) from None

    @property
    def ratios(self) -> dict[str, float]:
        """Shares of ``"train"`` and ``"val"``."""
        what = 'split_ratios as {"train": 0.6, "val": 0.2, "test": 0.2}'
        value = self.values.get("split_ratios", {})
        if not isinstance(value, dict):
            raise self._other("split_ratios", what)
        for key, share in value.items():
            if key not in (*RATIOS, "test"):
                raise BadInput(f"{self.path}: split_ratios has an unknown key {shown(key)}; give {what}")
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
                raise BadInput(
                    f"{self.path}: split_ratios.{key} is {shown(share)}, not a share from 0 to 1; give {what}"
                )
        lacking = [key for key in RATIOS if key not in value]
        if "test" in value and lacking:
            raise BadInput(f"{self.path}: split_ratios lacks {lacking[0]!r}; give {what}")
        if "test" in value and abs(sum(value.values()) - 1) > 0.01:
            raise BadInput(f"{self.path}: the split_ratios sum to {sum(value.values()):g}, not to 1; give {what}")
        return {key: float(value.get(key, share)) for key, share in RATIOS.items()}

    @property
    def accepted(self) -> tuple[str, ...]:
        """Checks that may fail."""
        value = self.values.get("accept", [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self._other("accept", 'a list of checks, such as ["swapped"]')
        return tuple(value)

    def _there(self, key: str, what: str) -> Any:
        if key not in self.values:
            raise BadInput(f"{self.path} lacks a value for {key!r}; add {what}")
        return self.values[key]

    def _other(self, key: str, what: str) -> BadInput:
        return BadInput(f"{self.path}: {key} is {shown(self.values[key])}, a value of another kind; give {what}")


def read(path: Path) -> Description:
    """The description in a file. Raises `BadInput` for what is not one JSON object."""
    values = readers.json_document(read_bytes(path, "the data set's spec"), str(path))
    if not isinstance(values, dict):
        raise BadInput(f"{path} holds a {type(values).__name__}; an object with input_signal_fs and the like is needed")
    return Description(path, values)


def divided(samples: int, ratios: Mapping[str, float]) -> tuple[int, int]:
    """Where the val and the test split begin. Raises `BadInput` where a split would be empty."""
    train, val = (int(samples * ratios[split]) for split in RATIOS)
    if min(train, val, samples - train - val) < 1:
        raise BadInput(
            f"split ratios of {dict(ratios)} leave a split empty; give train and val shares of sum below 1 that leave "
            f"each of the {samples:,} samples a place"
        )
    return train, train + val
