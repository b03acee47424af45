"""The C of the layers with delay lines.

A delay line of ``DEPTH`` samples is an array of ``2 * DEPTH``: each sample is written twice, ``DEPTH`` apart, at a
position that runs backwards, so that the sample of ``t`` steps ago stands at ``line[pos + t]`` and no index wraps.
"""

from __future__ import annotations

from collections.abc import Iterable

from bittrue.emit.c.site import Fragment, Site, accumulator_types, hull, requantise
from bittrue.emit.c.text import element_type, fill, initialiser, unsigned_type
from bittrue.num import Interval
from bittrue.ranges import basis_interval
from bittrue.spec import ComplexFIR, MemoryTaps

_POWERS = {1: "root", 2: "square", 3: "root * square", 4: "square * square"}
"""Exact ``|x|^p`` in C; at most 2^62 for words of at most 16 bits."""

_ADVANCE = """
    const size_t pos = (state->pos_$node == 0 ? $depth : state->pos_$node) - 1;
"""

_ENVELOPES = """
    for (k = 0; k < $delays; k++) {
        const $t *past = state->line_$node[pos + delay_$node[k]];
        size_t p;

        for (p = 2; p < $parts; p++) {
            y[n++] = past[p];
        }
    }
"""


def envelope_declarations(powers: Iterable[int]) -> str:
    """C that declares ``square = I^2 + Q^2`` and ``root = isqrt(square)`` where one of the powers needs them."""
    lines = ["const int64_t square = (int64_t)x[0] * x[0] + (int64_t)x[1] * x[1];\n"] if any(powers) else []
    if any(p % 2 for p in powers):
        lines.append("const int64_t root = (int64_t)isqrt((uint32_t)square);\n")
    return "".join(lines)


def _line(site: Site, element: str, axes: str) -> tuple[str, ...]:
    depth = site.macro("DEPTH")
    return f"{element} line_{site.node}[2 * {depth}]{axes};", f"size_t pos_{site.node};"


def _helpers(powers: Iterable[int]) -> frozenset[str]:
    return frozenset({"requantise", "isqrt"} if any(p % 2 for p in powers) else {"requantise"})


def memory_taps(layer: MemoryTaps, site: Site) -> Fragment:
    """A line of features, and the delays that are taken from it."""
    frac, fmt = site.types[0].format.frac, layer.output
    depth, delays, parts = (site.macro(kind) for kind in ("DEPTH", "DELAYS", "PARTS"))
    own = layer.iq_taps is not None
    iq, iqs = (f"iq_delay_{site.node}", site.macro("IQ_DELAYS")) if own else (f"delay_{site.node}", delays)
    names = {"node": site.node, "depth": depth, "delays": delays, "parts": parts, "t": element_type(fmt)}
    names |= {"iq": iq, "iqs": iqs}
    values = [("x[0]", frac, "I"), ("x[1]", frac, "Q")]
    values += [(_POWERS[p], p * frac, "|x|" if p == 1 else f"|x|^{p}") for p in layer.powers]
    now = "\n".join(
        f"now[{k}] = {requantise(exact, scale - fmt.frac, fmt)}; /* {what} */"
        for k, (exact, scale, what) in enumerate(values)
    )
    body = fill(
        """
        $envelope
        $pos
        $t *now = state->line_$node[pos];
        size_t k;
        size_t n = 0;

        $now
        memcpy(state->line_$node[pos + $depth], now, sizeof state->line_$node[pos]);
        state->pos_$node = pos;

        y[n++] = state->line_$node[pos + $iq[0]][0];
        y[n++] = state->line_$node[pos + $iq[0]][1];
        $powers
        for (k = 1; k < $iqs; k++) {
            const $t *past = state->line_$node[pos + $iq[k]];

            y[n++] = past[0];
            y[n++] = past[1];
        }
        """,
        envelope=envelope_declarations(layer.powers),
        pos=fill(_ADVANCE, **names),
        now=now,
        powers=fill(_ENVELOPES, **names) if layer.powers else "",
        **names,
    )
    lists = {(f"delay_{site.node}", delays): layer.taps, (iq, iqs): layer.iq_delays}
    constants = "\n\n".join(
        f"static const {unsigned_type(taps[-1])} {name}[{count}] = {initialiser(taps)};"
        for (name, count), taps in lists.items()
    )
    about = (
        "I, Q of the first delay; the envelope powers of every delay; I, Q of the other delays. The line holds "
        f"{', '.join(what for *_, what in values)} of each sample, already requantised",
    )
    macros = {depth: layer.memory + 1, delays: len(layer.taps), parts: len(values)}
    macros |= {iqs: len(layer.iq_delays)}
    state = _line(site, names["t"], f"[{parts}]")
    return Fragment(about, body, macros, constants, state, _helpers(layer.powers))


def complex_fir(layer: ComplexFIR, site: Site) -> Fragment:
    """A line of basis signals, and the weighted sum of the delays that are taken from it."""
    frac, basis = site.types[0].format.frac, layer.basis
    depth, terms, taps = (site.macro(kind) for kind in ("DEPTH", "TERMS", "TAPS"))
    reach = [basis_interval(part, site.given[0], t.power, frac, basis) for t in layer.terms for part in site.given[0]]
    products = Interval(int(layer.weight.min()), int(layer.weight.max())) * hull(reach)
    acc, product = accumulator_types(site.range, products, (basis.bits, layer.weight_format.bits))
    names = {"node": site.node, "depth": depth, "taps": taps, "acc": acc, "product": product, "t": element_type(basis)}
    now = "\n".join(_basis_signal(layer, k, frac) for k in range(len(layer.terms)))
    shift = layer.shift
    body = fill(
        """
        $envelope
        $pos
        $t (*now)[2] = state->line_$node[pos];
        $acc re = 0;
        $acc im = 0;
        size_t j;

        $now
        memcpy(state->line_$node[pos + $depth], now, sizeof state->line_$node[pos]);
        state->pos_$node = pos;

        for (j = 0; j < $taps; j++) {
            const $t *b = state->line_$node[pos + delay_$node[j]][term_$node[j]];

            re += ($product)weight_$node[j][0] * b[0];
            re -= ($product)weight_$node[j][1] * b[1];
            im += ($product)weight_$node[j][0] * b[1];
            im += ($product)weight_$node[j][1] * b[0];
        }
        y[0] = $re;
        y[1] = $im;
        """,
        envelope=envelope_declarations([t.power for t in layer.terms]),
        pos=fill(_ADVANCE, **names),
        now=now,
        re=requantise("re", shift, layer.output),
        im=requantise("im", shift, layer.output),
        **names,
    )
    about = (
        "y = requantise(sum_j weight[j] * b[term[j]][n - delay[j]], "
        f"{shift}) in complex arithmetic; weights {layer.weight_format}, basis signals {basis}, acc stays in "
        f"{site.range.acc_bits} bits",
    )
    macros = {depth: layer.memory + 1, terms: len(layer.terms), taps: len(layer.weight)}
    state = _line(site, names["t"], f"[{terms}][2]")
    return Fragment(about, body, macros, _fir_constants(layer, site), state, _helpers([t.power for t in layer.terms]))


def _basis_signal(layer: ComplexFIR, k: int, frac: int) -> str:
    """C that sets ``now[k]`` to the I and Q of term ``k``'s basis signal."""
    power, basis = layer.terms[k].power, layer.basis
    if power == 0:
        parts = [requantise(f"x[{part}]", frac - basis.frac, basis) for part in (0, 1)]
        return f"now[{k}][0] = {parts[0]}; /* x */\nnow[{k}][1] = {parts[1]};"
    envelope = f"requantise({_POWERS[power]}, {power * frac - basis.frac}, {basis.lo}, {basis.hi})"
    parts = [requantise(f"x[{part}] * envelope", frac, basis) for part in (0, 1)]
    return fill(
        """
        { /* x * |x|^$power */
            const int64_t envelope = $envelope;

            now[$k][0] = $i;
            now[$k][1] = $q;
        }
        """,
        power=power,
        envelope=envelope,
        k=k,
        i=parts[0],
        q=parts[1],
    )


def _fir_constants(layer: ComplexFIR, site: Site) -> str:
    taps = site.macro("TAPS")
    delays = [delay for term in layer.terms for delay in term.taps]
    term = [k for k, term in enumerate(layer.terms) for _ in term.taps]
    return "\n\n".join(
        f"static const {kind} {name}_{site.node}[{taps}]{axis} = {initialiser(values)};"
        for kind, name, axis, values in (
            (element_type(layer.weight_format), "weight", "[2]", layer.weight),
            (unsigned_type(max(delays)), "delay", "", delays),
            (unsigned_type(max(term)), "term", "", term),
        )
    )
