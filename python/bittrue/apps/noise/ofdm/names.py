"""Names of OFDM sets: ``mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25`` and its relatives."""

from __future__ import annotations

import math
import re

from bittrue.apps.noise.ofdm.channels import CHANNELS
from bittrue.apps.noise.ofdm.plan import SIZES, TRAFFIC, OfdmPlan
from bittrue.errors import BadInput, shown
from bittrue.kit.schema import nearest

TYPE = "OFDM"
"""Folder of the sets."""
EXAMPLE = "mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25"
_NAME = re.compile(
    r"mod(?P<order>\d{1,4})_iq_(?P<bits>[a-z]+(?:_fixed)?)_cp_(?P<prefix>[a-z]+)_(?P<size>\d{1,5})fft"
    r"_(?:rblocks(?P<slots>\d{1,3})|symbol[67])_subs(?P<subcarriers>\d{1,5})_evm(?P<evm>-?\d{1,4})(?P<scfdma>_scfdma)?"
    r"(?:_(?P<channel>(?!CFO)[A-Z]{3,4}\d{0,4}(?:Hz)?))?(?:_CFO(?P<cfo>\d{1,6}))?"
    r"(?:_Dg(?P<gain>\d{1,2}(?:\.\d{1,12})?)_Dphi(?P<phase>\d{1,2}(?:\.\d{1,12})?))?"
)
_CHANNEL_SET = re.compile(r"(?P<size>\d{1,5})fft_(?P<channel>[A-Z]{3,4}\d{0,4}(?:Hz)?)")
_OFFSET = re.compile(r"CFO(\d{1,6})")
_IMBALANCE = re.compile(r"Dg(\d{1,2}(?:\.\d{1,12})?)_Dphi(\d{1,2}(?:\.\d{1,12})?)")


def is_one(name: str) -> bool:
    """Whether a name is meant to be one of these, rightly written or not."""
    leaf = name.rpartition("/")[2]
    short = (_CHANNEL_SET, _OFFSET, _IMBALANCE)
    return bool(re.match(r"mod_?\d", leaf)) or name.startswith(TYPE) or any(form.fullmatch(leaf) for form in short)


def parsed(name: str) -> OfdmPlan:
    """The plan that a name means, whatever folders stand in front of it.

    Short names of the public configurations are known too: ``512fft_EVA70Hz`` (two slots of fixed bits at mid traffic),
    ``CFO150`` and ``Dg0.1_Dphi0.087`` (256 points at high traffic).

    Raises `BadInput` for a name that the grammar does not have, and for values that do not exist.
    """
    leaf = name.rpartition("/")[2]
    if match := _CHANNEL_SET.fullmatch(leaf):
        size = int(match["size"])
        return OfdmPlan(
            16, size, carriers(size, "mid"), 2, -25, bits="random_fixed", channel=_channel(match["channel"])
        )
    if match := _OFFSET.fullmatch(leaf):
        return OfdmPlan(16, 256, carriers(256, "high"), cfo=int(match[1]))
    if match := _IMBALANCE.fullmatch(leaf):
        return OfdmPlan(16, 256, carriers(256, "high"), gain=float(match[1]), phase=float(match[2]))
    match = _NAME.fullmatch(leaf)
    if not match:
        more = f"_scfdma, a channel ({', '.join(CHANNELS)}), _CFO150, _Dg0.1_Dphi0.087 where wanted"
        near = nearest(leaf, public())
        raise BadInput(f"unknown OFDM set {shown(name)}; sets are called as {EXAMPLE}, then {more}{near}")
    found = match.groupdict()
    number = {key: None if found[key] is None else float(found[key]) for key in ("gain", "phase")}
    return OfdmPlan(
        int(found["order"]),
        int(found["size"]),
        int(found["subcarriers"]),
        int(found["slots"] or 1),
        int(found["evm"]),
        found["prefix"],
        found["bits"],
        found["scfdma"] is not None,
        None if found["channel"] is None else _channel(found["channel"]),
        None if found["cfo"] is None else int(found["cfo"]),
        number["gain"],
        number["phase"],
    )


def named(plan: OfdmPlan) -> str:
    """The name of a plan's set."""
    name = (
        f"mod{plan.order}_iq_{plan.bits}_cp_{plan.prefix}_{plan.size}fft_rblocks{plan.slots}_subs{plan.subcarriers}"
        f"_evm{plan.evm}"
    )
    name += "_scfdma" * plan.scfdma
    name += "" if plan.channel is None else f"_{plan.channel}"
    name += "" if plan.cfo is None else f"_CFO{plan.cfo}"
    return name if plan.gain is None else f"{name}_Dg{plan.gain:f}_Dphi{plan.phase:f}"


def folder(name: str) -> str:
    """Where a set lies below the folder of all sets: as the name says, or by what is special about it."""
    if "/" in name:
        parts = name.split("/")
        if not all(re.fullmatch(r"[A-Za-z0-9][\w.-]{0,120}", part) for part in parts):
            raise BadInput(
                f"{shown(name)} is no name of a set; give folders and a name, OFDM/allocation_sets/{EXAMPLE}"
            )
        return name
    plan = parsed(name)
    if plan.cfo is not None or plan.gain is not None:
        group = "impairment_sets"
    elif plan.channel is not None:
        group = "channel_sets"
    else:
        group = "allocation_sets" if plan.order == 16 else "mod_order_sets"
    return f"{TYPE}/{group}/{name}"


def carriers(size: int, traffic: str) -> int:
    """Subcarriers of the public sets: the even number next below ``size`` times 75, 150 or 225 512ths."""
    return math.floor(size * TRAFFIC[traffic] / 512) // 2 * 2


def public() -> list[str]:
    """Names of the public sets."""
    plans = [OfdmPlan(16, size, carriers(size, traffic)) for size in SIZES[:3] for traffic in TRAFFIC]
    plans += [OfdmPlan(order) for order in (2, 4, 8, 32, 64)]
    plans += [OfdmPlan(16, 512, 150, 2, bits="random_fixed", channel=channel) for channel in CHANNELS]
    plans += [OfdmPlan(16, 256, 112, cfo=cfo) for cfo in (50, 150, 300)]
    plans += [OfdmPlan(16, 256, 112, gain=k / 10, phase=math.radians(5 * k)) for k in (1, 2, 3)]
    return [named(plan) for plan in plans]


def _channel(text: str) -> str:
    """A channel with the unit that its name may lack."""
    return text if text in CHANNELS or f"{text}Hz" not in CHANNELS else f"{text}Hz"
