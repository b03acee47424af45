"""Run legs on the same vectors and compare every tensor, bit for bit, with the reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.check.explain import Operands, explain
from bittrue.check.legs import Leg
from bittrue.check.vectors import Block, blocks, length
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.limits import take
from bittrue.num import Format
from bittrue.spec import Net
from bittrue.spec.store import content_hash

Codes = npt.NDArray[np.int64]
Progress = Callable[[str, str, int], None]
"""Called with the leg, the kind of vectors and the number of samples that were just compared."""


@dataclass(frozen=True)
class Divergence:
    """The first word that a leg gets wrong: of the first block with one, the first node in the order of the net.

    All earlier nodes agree in that block, so the operands are those of both sides.

    Parameters
    ----------
    kind, block : str, int
        Kind of vectors, and which block of them, counted over all kinds.
    node, layer : str
    sample : int
        In its block, whose stream starts from reset.
    channel : tuple of int
    format : Format
        Of the words.
    expected, found : int
        The word of the reference, and of the leg.
    operands : Operands
        What the word is made of, in the reference.
    """

    kind: str
    block: int
    node: str
    layer: str
    sample: int
    channel: tuple[int, ...]
    format: Format
    expected: int
    found: int
    operands: Operands


@dataclass
class LegVerdict:
    """What the comparison of one leg found.

    Parameters
    ----------
    leg : str
    samples, words : int
        Compared so far.
    mismatches : dict of int
        Words that differ, by node.
    divergence : Divergence or None
        The first of them.
    fault : str
        Why the leg gave no comparable result, or empty.
    seconds : float
        Time the leg took.
    """

    leg: str
    mismatches: dict[str, int]
    samples: int = 0
    words: int = 0
    divergence: Divergence | None = None
    fault: str = ""
    seconds: float = 0.0

    @property
    def equal(self) -> bool:
        """Every word of every tensor was compared and agrees."""
        return self.words > 0 and not self.fault and not any(self.mismatches.values())


@dataclass
class Verdict:
    """The result of `check`: ``legs`` in the order given, ``kinds`` with their samples, ``skipped`` with the reason.

    ``unreached`` has the delay of every node whose longest delay no vector was long enough for: that tap only ever saw
    the zeros before the first sample.
    """

    net: Net
    hash: str
    samples: int
    seed: int
    legs: list[LegVerdict]
    kinds: dict[str, int] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    unreached: Mapping[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Every leg agrees with the reference."""
        return bool(self.legs) and all(leg.equal for leg in self.legs)

    def __str__(self) -> str:
        """One line that says what was found (`bittrue.check.report.summary`)."""
        from bittrue.check.report import summary  # it needs rich, and this module

        return summary(self)


def check(
    net: Net,
    legs: Mapping[str, Leg],
    samples: int,
    seed: int,
    real: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
    progress: Progress | None = None,
    every: bool = False,
) -> Verdict:
    """Compare the legs with `bittrue.ref` on `bittrue.check.blocks`, all tensors, exactly.

    Parameters
    ----------
    net : Net
    legs : dict of Leg
        ``ref`` among them is ignored: it is what the others are compared with.
    samples, seed, real, every
        As of `bittrue.check.blocks`.
    progress : function, optional

    Raises
    ------
    BadInput
        Where nothing is left to compare with the reference, or for arguments that `bittrue.check.blocks` refuses.
    """
    compared = [leg for leg in legs.values() if leg.name != "ref"]
    if not compared:
        raise BadInput("there is no leg besides ref, which is what others are compared with; give torch, c or rtl")
    take(8 * net.elements * 16, f"a check of net {net.name}, which compares blocks of samples,")
    verdicts = [LegVerdict(leg.name, {node.name: 0 for node in net.nodes}) for leg in compared]
    result = Verdict(net, content_hash(net), samples, seed, verdicts)
    longest = 0
    for number, (kind, codes) in enumerate(blocks(net, samples, seed, real, every)):
        expected = ref.taps(net, codes)
        for leg, verdict in zip(compared, verdicts, strict=True):
            if not verdict.fault:
                _compare(net, leg, verdict, codes, expected, (kind, number))
            if progress:
                progress(leg.name, kind, length(codes))
        result.kinds[kind] = result.kinds.get(kind, 0) + length(codes)
        longest = max(longest, length(codes))
    result.samples = sum(result.kinds.values())
    result.unreached = {node.name: node.layer.memory for node in net.nodes if node.layer.memory >= longest}
    return result


def _compare(
    net: Net, leg: Leg, verdict: LegVerdict, codes: Block, expected: Mapping[str, Codes], block: tuple[str, int]
) -> None:
    """Run one leg on one block and add what differs to its verdict."""
    start = time.perf_counter()
    try:
        found = leg.taps(codes)
    except HardwareFault as error:
        verdict.fault = f"{block[0]} vectors: {error}"
        return
    finally:
        verdict.seconds += time.perf_counter() - start
    for name, words in expected.items():
        given = found.get(name)
        if given is None or given.shape != words.shape or given.dtype.kind != "i":
            what = "no tensor" if given is None else f"a tensor {given.shape} of {given.dtype}"
            verdict.fault = f"{block[0]} vectors: {what} for node {name}, not {words.shape} integers"
            return
    verdict.samples += length(codes)
    for name, words in expected.items():
        verdict.words += words.size
        wrong = found[name] != words
        if not wrong.any():
            continue
        verdict.mismatches[name] += int(wrong.sum())
        if verdict.divergence is None:
            where = tuple(int(k) for k in np.argwhere(wrong)[0])
            verdict.divergence = _divergence(net, codes, expected, name, where, int(found[name][where]), block)


def _divergence(
    net: Net,
    codes: Block,
    expected: Mapping[str, Codes],
    name: str,
    where: tuple[int, ...],
    found: int,
    block: tuple[str, int],
) -> Divergence:
    layer = next(node.layer for node in net.nodes if node.name == name)
    return Divergence(
        kind=block[0],
        block=block[1],
        node=name,
        layer=type(layer).__name__,
        sample=where[0],
        channel=where[1:],
        format=net.types[name].format,
        expected=int(expected[name][where]),
        found=found,
        operands=explain(net, codes, expected, name, where),
    )
