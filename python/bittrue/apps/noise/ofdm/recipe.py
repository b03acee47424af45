"""Recipe of a set of OFDM signals, as the writer of sets takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import bittrue
from bittrue.apps.noise.ofdm import modem, names
from bittrue.apps.noise.ofdm.plan import OfdmPlan
from bittrue.apps.noise.processes import drawing
from bittrue.errors import BadInput, shown

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class OfdmRecipe:
    """A set of OFDM signals: `bittrue.apps.noise.dataset_writing.Recipe`. Column 0 holds the number of the signal."""

    plan: OfdmPlan
    folder: str

    is_complex = True

    def length(self, wanted: int | None) -> int:
        """What the name says. Raises `BadInput` where another length is wanted, and beyond the limits."""
        if wanted not in (None, self.plan.length):
            raise BadInput(
                f"--length is {wanted:,}; signals of {self.folder} have {self.plan.length:,} samples: leave it out"
            )
        drawing.check(1, self.plan.length)
        return self.plan.length

    def chunks(self, count: int, length: int, seed: int, part: int) -> Iterator[tuple[Array, Array]]:
        """Numbers float64 ``(n,)`` and signals complex128 ``(n, length)``; each takes its own generator."""
        for first in range(0, count, drawing.CHUNK):
            numbers = np.arange(first, min(first + drawing.CHUNK, count))
            signals = np.empty((len(numbers), length), dtype=np.complex128)
            for row, number in enumerate(numbers):
                signals[row] = modem.signal(self.plan, drawing.generator(seed, part, int(number)))
            yield numbers.astype(np.float64), signals

    def scales(self, low: float, high: float) -> Mapping[str, float]:
        """As the public layout calls them."""
        return {"max": high, "min": low}

    def documents(self, train: int, test: int, length: int, seed: int) -> Mapping[str, Any]:
        """ofdm_cls.json: the public keys, then sizes, seeds and who wrote it."""
        plan = self.plan
        about = {
            "num_subcarriers": plan.subcarriers,
            "num_OFDM_symbols": plan.symbols,
            "symbol_length": plan.size,
            "scfdma": plan.scfdma,
            "cyclic_prefix": list(plan.prefixes),
            "mod_order": plan.order,
            "EVM": plan.evm,
            "bitstream_type": plan.bits,
            "channel3gpp": plan.channel,
            "num_frames": plan.slots,
            "normalize": True,
            "cfo": plan.cfo,
            "delta_G": plan.gain,
            "delta_phi": plan.phase,
            "num_train_samples": train,
            "num_test_samples": test,
            "signal_length": length,
            "seed": seed,
            "bits_seed": modem.FIXED_SEED if plan.bits == "random_fixed" else None,
            "written_by": f"bittrue {bittrue.__version__}",
        }
        return {"ofdm_cls.json": about}


def recipe(name: str) -> OfdmRecipe:
    """The recipe that a name means. Raises `BadInput` as `bittrue.apps.noise.ofdm.names.parsed` does."""
    return OfdmRecipe(names.parsed(name), names.folder(name))


def described(about: Mapping[str, Any]) -> OfdmPlan:
    """The plan of an existing set, from its ofdm_cls.json.

    Raises `BadInput` for a key that is missing or a value that does not exist.
    """
    try:
        prefix = {6: "long", 7: "short"}.get(about["num_OFDM_symbols"], "")
        plan = OfdmPlan(
            order=about["mod_order"],
            size=about["symbol_length"],
            subcarriers=about["num_subcarriers"],
            slots=about["num_frames"],
            evm=about["EVM"],
            prefix=prefix,
            bits=about["bitstream_type"],
            scfdma=about["scfdma"],
            channel=about["channel3gpp"],
            cfo=about.get("cfo"),
            gain=about.get("delta_G"),
            phase=about.get("delta_phi"),
        )
    except KeyError as error:
        raise BadInput(f"ofdm_cls.json has no {error.args[0]}; restore it") from None
    except TypeError:
        raise BadInput("ofdm_cls.json holds a value of another kind; restore it") from None
    if list(plan.prefixes) != about.get("cyclic_prefix"):
        found = shown(about.get("cyclic_prefix"))
        raise BadInput(f"cyclic_prefix of ofdm_cls.json is {found}; at {plan.size} points it is {list(plan.prefixes)}")
    return plan
