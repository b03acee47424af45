"""Header and source file of a net."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bittrue.emit.c import ends
from bittrue.emit.c.header import header, title
from bittrue.emit.c.helpers import helpers
from bittrue.emit.c.rules import fragment
from bittrue.emit.c.site import Fragment, Site, size_macro
from bittrue.emit.c.text import comment, element_type, fill, shape
from bittrue.emit.folder import write_folder
from bittrue.errors import BadInput
from bittrue.limits import take
from bittrue.lower.ports import module_name
from bittrue.num import Interval
from bittrue.ranges import ranges
from bittrue.spec import Net

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
        for name in public:
            if re.fullmatch(f"(node|weight[0-9]*|bias|values|delay|iq_delay|term)_{node.name}", name):
                raise BadInput(
                    f"net {net.name}: node {node.name} would also be {name} in C; rename the net or the node"
                )
    fragments = _fragments(net, module)
    return {f"{module}.h": header(net, fragments), f"{module}.c": _source(net, module, fragments)}


def write_sources(net: Net, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the files of `sources` into ``folder``, all or none, and return their paths."""
    return write_folder(folder, sources(net), net.name)


def _fragments(net: Net, module: str) -> dict[str, Fragment]:
    known = ranges(net)
    reach = {name: found.output for name, found in known.items()}
    reach |= {name: (Interval.of(given.format),) * given.shape[0] for name, given in net.inputs.items()}
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

void ${module}_step(${module}_state *state, $sample)
{
    $take
    $calls
    $give
}

void ${module}_run(${module}_state *state, size_t n, $samples)
{
    for (size_t t = 0; t < n; t++) {
        ${module}_step(state, $at);
    }
}

void ${module}_run_taps(${module}_state *state, size_t n, $samples,
    const ${module}_taps *taps)
{
    for (size_t t = 0; t < n; t++) {
        ${module}_step(state, $at);
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
for (size_t i = 0; i < $size; i++) {
    state->tap_$name[i] = ($t)saturate($from[i], $lo, $hi);
}
"""


def _source(net: Net, module: str, fragments: dict[str, Fragment]) -> str:
    given = ends.inputs(net)
    used = {name for part in fragments.values() for name in part.helpers}
    used |= set() if all(_full(end) for end in given) else {"saturate"}
    calls = []
    for node in net.nodes:
        arguments = ["state"] if fragments[node.name].state else []
        arguments += [f"state->tap_{tensor}" for tensor in (*node.inputs, node.name)]
        calls.append(f"node_{node.name}({', '.join(arguments)});")
    text = fill(
        _SOURCE,
        about=comment(*title(net)),
        helpers=helpers(used),
        layers="\n\n".join(_function(net, module, node.name, fragments[node.name]) for node in net.nodes),
        take="\n".join(_take(end) for end in given),
        calls="\n".join(calls),
        give="\n".join(
            f"memcpy({end.parameter}, state->tap_{end.tensor}, sizeof state->tap_{end.tensor});"
            for end in ends.outputs(net)
        ),
        copies="\n".join(fill(_COPY, node=name, size=size_macro(module.upper(), name)) for name in fragments),
        module=module,
        sample=ends.of_a_sample(net),
        samples=ends.of_many(net),
        at=ends.at(net),
    )
    return text + "\n"


def _full(end: ends.End) -> bool:
    """Whether every word of the C type is a code."""
    return end.type.format.bits in (8, 16, 32)


def _take(end: ends.End) -> str:
    """C that copies an input into the state, and saturates what is no code."""
    fmt, name = end.type.format, end.tensor
    if _full(end):
        return f"memcpy(state->tap_{name}, {end.parameter}, sizeof state->tap_{name});"
    return fill(_TAKE, size=end.size, t=element_type(fmt), lo=fmt.lo, hi=fmt.hi, name=name, **{"from": end.parameter})


def _function(net: Net, module: str, name: str, part: Fragment) -> str:
    """The constants and the function of one node."""
    node = next(node for node in net.nodes if node.name == name)
    given, made = net.input_types(node), net.types[name]
    names = ["x"] if len(given) == 1 else [f"x{k}" for k in range(len(given))]
    parameters = [f"{module}_state *state"] if part.state else []
    parameters += [f"const {element_type(t.format)} *{x}" for x, t in zip(names, given, strict=True)]
    parameters.append(f"{element_type(made.format)} *restrict y")
    what = f"{name}: {type(node.layer).__name__}"
    what += f" of {', '.join(node.inputs)}, {', '.join(map(shape, given))}" if given else ""
    return fill(
        """
        $about
        $constants

        static void node_$name($parameters)
        {
            $body
        }
        """,
        about=comment(f"{what} -> {shape(made)}", *part.about),
        constants=part.constants,
        name=name,
        parameters=", ".join(parameters),
        body=part.body,
    ).replace("*/\n\n", "*/\n")
