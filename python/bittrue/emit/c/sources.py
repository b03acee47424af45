"""Header and source file of a net."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bittrue.emit.c import frames, memory  # noqa: F401  (register their layers)
from bittrue.emit.c.helpers import helpers
from bittrue.emit.c.layers import fragment
from bittrue.emit.c.site import Fragment, Site, size_macro
from bittrue.emit.c.text import comment, element_type, fill, shape
from bittrue.emit.folder import write_folder
from bittrue.errors import BadInput
from bittrue.limits import take
from bittrue.lower.ports import module_name
from bittrue.num import Interval
from bittrue.ranges import ranges
from bittrue.spec import Net
from bittrue.spec.net import INPUT
from bittrue.spec.store import content_hash

_TEXT = 200
"""Bytes that a number takes while its text is made: the number, its digits, the line and the file they stand in."""


def sources(net: Net) -> dict[str, str]:
    """``{"<module>.h": text, "<module>.c": text}``, the same text for the same net on every machine.

    The C computes what `bittrue.ref` computes, bit for bit, in integers only. Its parts are:

    - ``<module>_state``: ``tap_<node>``, the latest output of every node as the smallest ``intN_t`` that holds its
      codes, and the delay lines;
    - ``<module>_init(state)``: clears it (history zero);
    - ``<module>_step(state, in, out)``: one sample; ``<module>_run(state, n, in, out)``: ``n`` of them;
    - ``<module>_run_taps(state, n, in, out, taps)``: also writes every node's tensor to the caller's arrays.

    Accumulators are int32_t where `bittrue.ranges` proves that no sum leaves it, else int64_t.

    Raises `BadInput` for a layer without a C leg, an accumulator beyond 63 bits, a net named like a C header, or one of
    so many weights that their text takes more memory than a command may.
    """
    numbers = sum(array.size for node in net.nodes for array in vars(node.layer).values() if hasattr(array, "size"))
    take(_TEXT * numbers, f"the C text of net {net.name}")
    module = module_name(net)
    if module in ("stdint", "stddef", "string"):
        raise BadInput(f"net {net.name}: its header {module}.h would hide the one of the C library; rename the net")
    public = {f"{module}_{name}" for name in ("state", "taps", "init", "step", "run", "run_taps", "state_size")}
    for node in net.nodes:
        private = {f"{kind}_{node.name}" for kind in ("node", "weight", "bias", "values", "delay", "term")}
        if clash := public & private:
            raise BadInput(
                f"net {net.name}: node {node.name} would also be {clash.pop()} in C; rename the net or the node"
            )
    fragments = _fragments(net, module)
    return {f"{module}.h": _header(net, module, fragments), f"{module}.c": _source(net, module, fragments)}


def write_sources(net: Net, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the files of `sources` into ``folder``, all or none, and return their paths."""
    return write_folder(folder, sources(net), net.name)


def _fragments(net: Net, module: str) -> dict[str, Fragment]:
    known = ranges(net)
    reach = {name: found.output for name, found in known.items()}
    reach[INPUT] = (Interval.of(net.input.format),) * net.input.shape[0]
    result = {}
    for node in net.nodes:
        site = Site(
            prefix=module.upper(),
            node=node.name,
            sources=node.inputs,
            types=net.input_types(node),
            output=net.types[node.name],
            given=tuple(reach[source] for source in node.inputs),
            range=known[node.name],
        )
        result[node.name] = fragment(node.layer, site)
    return result


_HEADER = """
$about
#ifndef $guard
#define $guard

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Words in one sample, and their fractional bits: a code c stands for c * 2^-frac. */
$ends

/* Words in every tensor and sizes of the delay lines and constant arrays. */
$macros

typedef struct {
    /* The latest tensors: what the last step took and what every node made of it. */
    $taps

    $kinds
    $lines
} ${module}_state;

/* Where ${module}_run_taps writes the tensors, n * size words each; NULL for one not wanted. */
typedef struct {
    $pointers
} ${module}_taps;

/* Clear the state: all history is zero. */
void ${module}_init(${module}_state *state);

/* One sample: in[] holds codes of the input format (one outside saturates), out[] takes codes of the
 * output format. */
void ${module}_step(${module}_state *state, const $x in[$size_x],
    $y out[$size_y]);

/* n samples, one after the other in in[] and out[]. */
void ${module}_run(${module}_state *state, size_t n, const $x *in, $y *out);

/* The same, and every node's tensor for every sample. */
void ${module}_run_taps(${module}_state *state, size_t n, const $x *in, $y *out,
    const ${module}_taps *taps);

/* sizeof(${module}_state), for callers in other languages. */
size_t ${module}_state_size(void);

#ifdef __cplusplus
}
#endif

#endif
"""


def _header(net: Net, module: str, fragments: dict[str, Fragment]) -> str:
    prefix, x, y = module.upper(), net.input, net.output
    macros = {size_macro(prefix, name): math.prod(tensor.shape) for name, tensor in net.types.items()}
    for part in fragments.values():
        macros |= part.macros
    ends = {f"{prefix}_INPUT_SIZE": math.prod(x.shape), f"{prefix}_INPUT_FRAC": x.format.frac}
    ends |= {f"{prefix}_OUTPUT_SIZE": math.prod(y.shape), f"{prefix}_OUTPUT_FRAC": y.format.frac}
    lines = [member for part in fragments.values() for member in part.state]
    kinds = ["delay lines"] * bool(net.memory) + ["frames between zeros"] * any(" padded_" in line for line in lines)
    kinds += ["sums"] * any(" sums_" in line for line in lines)
    about = comment(
        *_title(net),
        f"One sample in: {shape(x)}; out: {shape(y)}. Integer only: the results are the same on every machine.",
        f"Use: {module}_state s; {module}_init(&s); then {module}_step(&s, in, out) for every sample.",
    )
    text = fill(
        _HEADER,
        about=about,
        guard=f"{prefix}_H",
        ends=_defines(ends),
        macros=_defines(macros),
        taps="\n".join(
            f"{element_type(tensor.format)} tap_{name}[{size_macro(prefix, name)}]; /* {shape(tensor)} */"
            for name, tensor in net.types.items()
        ),
        kinds=f"/* {' and '.join(kinds).capitalize()} */" if lines else "",
        lines="\n".join(lines),
        pointers="\n".join(f"{element_type(net.types[name].format)} *tap_{name};" for name in fragments),
        module=module,
        x=element_type(x.format),
        y=element_type(y.format),
        size_x=f"{prefix}_INPUT_SIZE",
        size_y=f"{prefix}_OUTPUT_SIZE",
    )
    return (text if lines else text.replace("\n\n} ", "\n} ")) + "\n"


def _title(net: Net) -> tuple[str, str]:
    return f"Net {net.name}, printed by bittrue; do not edit. Content hash:", content_hash(net)


def _defines(values: dict[str, int]) -> str:
    return "\n".join(
        f"#define {name} {value}" if value >= 0 else f"#define {name} ({value})" for name, value in values.items()
    )


_SOURCE = """
$about
#include "$module.h"

#include <string.h>

$helpers

$layers

void ${module}_init(${module}_state *state)
{
    memset(state, 0, sizeof *state);
}

void ${module}_step(${module}_state *state, const $x in[$size_x],
    $y out[$size_y])
{
    $take
    $calls
    memcpy(out, state->tap_$last, sizeof state->tap_$last);
}

void ${module}_run(${module}_state *state, size_t n, const $x *in, $y *out)
{
    size_t t;

    for (t = 0; t < n; t++) {
        ${module}_step(state, in + t * $size_x, out + t * $size_y);
    }
}

void ${module}_run_taps(${module}_state *state, size_t n, const $x *in, $y *out,
    const ${module}_taps *taps)
{
    size_t t;

    for (t = 0; t < n; t++) {
        ${module}_step(state, in + t * $size_x, out + t * $size_y);
        $copies
    }
}

size_t ${module}_state_size(void)
{
    return sizeof(${module}_state);
}
"""

_COPY = """
if (taps->tap_$node != NULL) {
    memcpy(taps->tap_$node + t * $size, state->tap_$node, sizeof state->tap_$node);
}
"""

_TAKE = """
size_t i;

for (i = 0; i < $size; i++) {
    state->tap_input[i] = ($t)saturate(in[i], $lo, $hi);
}
"""


def _source(net: Net, module: str, fragments: dict[str, Fragment]) -> str:
    prefix, x = module.upper(), net.input.format
    full = x.bits in (8, 16, 32)  # then every word of the C type is a code
    used = {name for part in fragments.values() for name in part.helpers} | (set() if full else {"saturate"})
    take = "memcpy(state->tap_input, in, sizeof state->tap_input);"
    if not full:
        take = fill(_TAKE, size=f"{prefix}_INPUT_SIZE", t=element_type(x), lo=x.lo, hi=x.hi)
    calls = []
    for node in net.nodes:
        arguments = ["state"] if fragments[node.name].state else []
        arguments += [f"state->tap_{tensor}" for tensor in (*node.inputs, node.name)]
        calls.append(f"node_{node.name}({', '.join(arguments)});")
    text = fill(
        _SOURCE,
        about=comment(*_title(net)),
        helpers=helpers(used),
        layers="\n\n".join(_function(net, module, node.name, fragments[node.name]) for node in net.nodes),
        take=take,
        calls="\n".join(calls),
        last=net.last,
        copies="\n".join(fill(_COPY, node=name, size=size_macro(prefix, name)) for name in fragments),
        module=module,
        x=element_type(x),
        y=element_type(net.output.format),
        size_x=f"{prefix}_INPUT_SIZE",
        size_y=f"{prefix}_OUTPUT_SIZE",
    )
    return text + "\n"


def _function(net: Net, module: str, name: str, part: Fragment) -> str:
    """The constants and the function of one node."""
    node = next(node for node in net.nodes if node.name == name)
    given, made = net.input_types(node), net.types[name]
    names = ["x"] if len(given) == 1 else [f"x{k}" for k in range(len(given))]
    parameters = [f"{module}_state *state"] if part.state else []
    parameters += [f"const {element_type(t.format)} *{x}" for x, t in zip(names, given, strict=True)]
    parameters.append(f"{element_type(made.format)} *y")
    title = f"{name}: {type(node.layer).__name__} of {', '.join(node.inputs)}, "
    title += f"{', '.join(map(shape, given))} -> {shape(made)}"
    return fill(
        """
        $about
        $constants

        static void node_$name($parameters)
        {
            $body
        }
        """,
        about=comment(title, *part.about),
        constants=part.constants,
        name=name,
        parameters=", ".join(parameters),
        body=part.body,
    ).replace("*/\n\n", "*/\n")
