"""Evaluation of a trained net, its yardsticks and the plain amplifier through every amplifier model there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bittrue.apps.dpd import closed_loop, float_net
from bittrue.apps.dpd.amplifiers import arena, ilc, polynomial
from bittrue.apps.dpd.amplifiers.amplifier import NAMES, Model, load
from bittrue.apps.dpd.captures.data import Capture, to_complex
from bittrue.apps.dpd.card import Judge, ProtocolRow, Row
from bittrue.apps.dpd.closed_loop import Filter
from bittrue.apps.dpd.metrics import Complex
from bittrue.apps.dpd.topology import parameter_count
from bittrue.apps.dpd.training.examples import Examples
from bittrue.errors import BadInput
from bittrue.spec import Net

Watch = Callable[[str], None]


def all_of(
    capture: Capture, teacher: Model, known: Examples, net: Net, parent: float_net.Parameters, watch: Watch
) -> tuple[tuple[Judge, ...], tuple[ProtocolRow, ...] | str]:
    """`judged` and `by_protocol`; the polynomials are fitted to the train split and its ideal drive."""
    own = slice(known.skip, len(capture.inputs["train"]))
    found = tuple(judged(capture, teacher, net, parent, to_complex(known.x[own]), to_complex(known.u[own]), watch))
    return found, by_protocol(capture, net, parent, watch)


def judged(
    capture: Capture, teacher: Model, net: Net, parent: float_net.Parameters, x: Complex, drive: Complex, watch: Watch
) -> Iterator[Judge]:
    """What every amplifier model makes of every drive on the test split, the teacher first.

    ``x`` and ``drive`` are the samples that the polynomials are fitted to; ``watch`` is told what is being judged.
    """
    watch(f"ideal drive through {teacher.title}")
    signal, _ = closed_loop.warmed(capture, "test")
    ideal = ilc.ideal_input(teacher, signal, capture.gain, capture.peak).drive
    drives: list[tuple[str, int, Filter | None]] = [("none", 0, None)]
    drives += [(f"ideal for {teacher.title} (ILC)", 0, lambda _: ideal)]
    for name, taps in polynomial.SIZES.items():
        drives.append((name, 2 * polynomial.ORDERS * taps, polynomial.memory_polynomial(x, drive, taps)))
    count = parameter_count(net)
    drives += [(f"{net.name}, float parent", count, closed_loop.floating(net, parent))]
    drives += [(f"**{net.name}, integer**", count, closed_loop.integer(net))]
    for name in (teacher.name, *(other for other in NAMES if other != teacher.name)):
        try:
            model = teacher if name == teacher.name else load(name, capture)
        except BadInput as error:
            yield Judge(f"the {name} model", (), reason=str(error))
            continue
        watch(model.title)
        rows = [Row(title, size, closed_loop.judge(capture, model, drive)) for title, size, drive in drives]
        yield Judge(model.title, rows, model.describe)


def by_protocol(
    capture: Capture, net: Net, parent: float_net.Parameters, watch: Watch
) -> tuple[ProtocolRow, ...] | str:
    """The Arena's own judgement on its own test split, or the reason why there is none."""
    if capture.published not in arena.CONDITIONS:
        return f"the Arena has no amplifier for {capture.name}"
    count = parameter_count(net)
    drives: list[tuple[str, int, Filter | None]] = [("none (the Arena's linear baseline)", 0, None)]
    drives += [(f"{net.name}, float parent", count, closed_loop.floating(net, parent))]
    drives += [(f"**{net.name}, integer**", count, closed_loop.integer(net))]
    watch("the Arena's protocol")
    try:
        return tuple(ProtocolRow(name, size, arena.protocol(drive)) for name, size, drive in drives)
    except BadInput as error:
        return str(error)
