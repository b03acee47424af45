"""A check in shards: legs on vectors of several seeds side by side, and one verdict of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy.typing as npt

from bittrue.check.compare import LegVerdict, Verdict, check
from bittrue.check.legs import Options
from bittrue.check.net import beside_ref
from bittrue.errors import BadInput
from bittrue.kit import shards
from bittrue.kit.shards import Outcome
from bittrue.spec import Net

SAMPLES = 2_000_000
"""Most vectors of one shard, where there are more shards than workers."""
SEEDS = 1 << 63
Real = npt.ArrayLike | Mapping[str, npt.ArrayLike] | None
Told = Callable[[int, int], None]
"""Called with the number of vectors whose comparison ended, and of all."""


@dataclass(frozen=True, eq=False)
class Shard:
    """What one process compares: as `bittrue.check.check` takes it, with the names of the legs and their options."""

    net: Net
    legs: tuple[str, ...]
    options: Options
    samples: int
    seed: int
    real: Real = None
    every: bool = False


def run(shard: Shard) -> Verdict:
    """The verdict of one shard."""
    legs, _ = beside_ref(shard.net, shard.legs, shard.options)
    return check(shard.net, legs, shard.samples, shard.seed, shard.real, every=shard.every)


def cut(shard: Shard, workers: int) -> list[Shard]:
    """Shards of at most `SAMPLES` vectors, a multiple of ``workers`` in number where there are enough vectors.

    Shard k has the seed ``seed + k``, modulo 2^63; every one has the directed vectors, and the first one alone the
    caller's data.
    """
    count = max(1, -(-shard.samples // SAMPLES))
    count = min(shard.samples, -(-count // workers) * workers)
    sizes = [shard.samples // count + (number < shard.samples % count) for number in range(count)]
    parts = [replace(shard, samples=size, seed=(shard.seed + k) % SEEDS, real=None) for k, size in enumerate(sizes)]
    return [replace(parts[0], real=shard.real), *(replace(part, every=False) for part in parts[1:])]


def check_in_shards(shard: Shard, workers: int, ray: bool, told: Told) -> Verdict:
    """The verdict of a check that `cut` divides, on ``workers`` processes of this machine or as tasks on Ray.

    Numbers of vectors, words and mismatches are sums; the divergence of a leg is that of its first shard that has one;
    its seconds are those of all processes together. Raises `BadInput` as `bittrue.check.check` does.
    """
    parts, ended = cut(shard, workers), 0

    def said(number: int, what: str) -> None:
        nonlocal ended
        ended += parts[number].samples if what != shards.AGAIN else 0
        told(ended, shard.samples)

    return joined([_verdict(outcome) for outcome in shards.spread(run, parts, workers, ray, said)], shard.seed)


def joined(verdicts: Sequence[Verdict], seed: int) -> Verdict:
    """One verdict of several on the same net and legs."""
    first = verdicts[0]
    kinds: dict[str, int] = {}
    for verdict in verdicts:
        for kind, count in verdict.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    legs = [_leg([verdict.legs[number] for verdict in verdicts]) for number in range(len(first.legs))]
    unreached = {
        name: delay for name, delay in first.unreached.items() if all(name in verdict.unreached for verdict in verdicts)
    }
    samples = sum(verdict.samples for verdict in verdicts)
    return Verdict(first.net, first.hash, samples, seed, legs, kinds, first.skipped, unreached)


def _leg(parts: Sequence[LegVerdict]) -> LegVerdict:
    mismatches = {name: sum(part.mismatches[name] for part in parts) for name in parts[0].mismatches}
    return LegVerdict(
        parts[0].leg,
        mismatches,
        sum(part.samples for part in parts),
        sum(part.words for part in parts),
        next((part.divergence for part in parts if part.divergence is not None), None),
        next((part.fault for part in parts if part.fault), ""),
        sum(part.seconds for part in parts),
    )


def _verdict(outcome: Outcome) -> Verdict:
    if outcome.refused:
        raise BadInput(outcome.refused)
    verdict: Verdict = outcome.value
    return verdict
