"""When quantisation-aware training starts, and with how many bits a layer: the policies of ai8x-training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bittrue.errors import BadInput, listed, shown
from bittrue.num.quantile import checked_bits

_KEYS = ("start_epoch", "weight_bits", "bias_bits", "shift_quantile", "overrides")
_OVERRIDES = ("weight_bits", "bias_bits", "shift_quantile")


@dataclass(frozen=True)
class LayerPolicy:
    """Bits of a layer's weights and bias, and the quantile of their magnitudes that gives its shift."""

    weight_bits: int = 8
    shift_quantile: float = 1.0

    def __post_init__(self) -> None:
        checked_bits(self.weight_bits)
        if isinstance(self.shift_quantile, bool) or not isinstance(self.shift_quantile, int | float):
            raise BadInput(f"shift_quantile is {shown(self.shift_quantile)}; give a number from 0 to 1, such as 0.985")
        if not 0.0 < self.shift_quantile <= 1.0:
            raise BadInput(
                f"shift_quantile is {shown(self.shift_quantile)}; choose more than 0, up to 1, such as 0.985"
            )


@dataclass(frozen=True)
class Policy:
    """A policy.

    Parameters
    ----------
    start_epoch : int
        Epoch before which `bittrue.qat.ai8x.start_qat` does nothing.
    layer : LayerPolicy
        For every layer that ``overrides`` does not name.
    overrides : mapping of str to LayerPolicy
    """

    start_epoch: int = 0
    layer: LayerPolicy = field(default_factory=LayerPolicy)
    overrides: Mapping[str, LayerPolicy] = field(default_factory=dict)

    @classmethod
    def of(cls, policy: Policy | Mapping[str, Any]) -> Policy:
        """A policy from ai8x-training's mapping: start_epoch, weight_bits, shift_quantile, overrides.

        ``bias_bits`` may be there and must equal ``weight_bits``, because the chip's bias has the weight's bits.
        Raises `BadInput` for an unknown key or a wrong value.
        """
        if isinstance(policy, Policy):
            return policy
        _check_keys(policy, _KEYS, "the policy")
        start, overrides = policy.get("start_epoch", 0), policy.get("overrides") or {}
        if isinstance(start, bool) or not isinstance(start, int) or start < 0:
            raise BadInput(f"start_epoch is {shown(start)}; give a whole number of 0 or more")
        if not isinstance(overrides, Mapping):
            raise BadInput(f"overrides is {shown(overrides)}; give a mapping of layer names")
        common = {key: policy[key] for key in ("weight_bits", "shift_quantile") if key in policy}
        _check_bias(policy, "the policy")
        layers = {}
        for name, own in overrides.items():
            if not isinstance(own, Mapping):
                raise BadInput(f"the override of {name} is {shown(own)}; give a mapping, such as weight_bits: 4")
            _check_keys(own, _OVERRIDES, f"the override of {name}")
            _check_bias(common | dict(own), f"the override of {name}")
            own = {key: value for key, value in own.items() if key != "bias_bits"}
            layers[str(name)] = LayerPolicy(**(common | own))
        return cls(start, LayerPolicy(**common), layers)


def _check_keys(given: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    if not isinstance(given, Mapping):
        raise BadInput(f"{what} is {shown(given)}; give a mapping of {listed(known)}")
    unknown = [key for key in given if key not in known]
    if unknown:
        raise BadInput(f"{what} has unknown key {shown(unknown[0])}; known are {listed(known)}")


def _check_bias(given: Mapping[str, Any], what: str) -> None:
    if "bias_bits" in given and given["bias_bits"] != given.get("weight_bits", 8):
        raise BadInput(
            f"{what} wants {shown(given['bias_bits'])} bits of bias and {shown(given.get('weight_bits', 8))} of "
            f"weights; the two are always the same on the chip, so leave bias_bits out"
        )
