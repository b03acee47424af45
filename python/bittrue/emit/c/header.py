"""The header file of a net."""

from __future__ import annotations

from collections.abc import Mapping

from bittrue.emit.c import ends
from bittrue.emit.c.site import Fragment, size_macro
from bittrue.emit.c.text import comment, element_type, fill, shape
from bittrue.lower.ports import module_name
from bittrue.spec import Net
from bittrue.spec.store import content_hash

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

/* One sample: $holds codes of the input format (one outside saturates), $takes codes of the
 * output format. */
void ${module}_step(${module}_state *state, $sample);

/* n samples, one after the other in $arrays. */
void ${module}_run(${module}_state *state, size_t n, $samples);

/* The same, and every node's tensor for every sample. */
void ${module}_run_taps(${module}_state *state, size_t n, $samples,
    const ${module}_taps *taps);

/* sizeof(${module}_state), for callers in other languages. */
size_t ${module}_state_size(void);

#ifdef __cplusplus
}
#endif

#endif
"""


def header(net: Net, fragments: Mapping[str, Fragment]) -> str:
    """Macros, the state, and the functions of a net."""
    module = module_name(net)
    prefix = module.upper()
    macros = {size_macro(prefix, name): tensor.elements for name, tensor in net.types.items()}
    for part in fragments.values():
        macros |= part.macros
    lines = [member for part in fragments.values() for member in part.state]
    single = len(net.inputs) == len(net.outputs) == 1
    given, made = (_tensors(parts) for parts in (ends.inputs(net), ends.outputs(net)))
    arguments = ", ".join(end.parameter for end in (*ends.inputs(net), *ends.outputs(net)))
    about = comment(
        *title(net),
        f"One sample in: {given}; out: {made}. Integer only: the results are the same on every machine.",
        f"Use: {module}_state s; {module}_init(&s); then {module}_step(&s, {arguments}) for every sample.",
    )
    text = fill(
        _HEADER,
        about=about,
        guard=f"{prefix}_H",
        ends=_defines(ends.macros(net)),
        macros=_defines(macros),
        taps="\n".join(
            f"{element_type(tensor.format)} tap_{name}[{size_macro(prefix, name)}]; /* {shape(tensor)} */"
            for name, tensor in net.types.items()
        ),
        kinds=f"/* {_kinds(lines)} */" if lines else "",
        lines="\n".join(lines),
        pointers="\n".join(f"{element_type(net.types[name].format)} *tap_{name};" for name in fragments),
        module=module,
        sample=ends.of_a_sample(net),
        samples=ends.of_many(net),
        holds="in[] holds" if len(net.inputs) == 1 else "each in_* holds",
        takes="out[] takes" if len(net.outputs) == 1 else "each out_* takes",
        arrays="in[] and out[]" if single else "every array",
    )
    return (text if lines else text.replace("\n\n} ", "\n} ")) + "\n"


def title(net: Net) -> tuple[str, str]:
    """What both files begin with."""
    return f"Net {net.name}, printed by bittrue; do not edit. Content hash:", content_hash(net)


def _tensors(parts: tuple[ends.End, ...]) -> str:
    if len(parts) == 1:
        return shape(parts[0].type)
    return ", ".join(f"{part.tensor} {shape(part.type)}" for part in parts)


_KINDS = {"line": "delay lines", "padded": "frames between zeros", "rows": "gathered windows", "sums": "sums"}
"""What the state holds besides tensors, by how the names of its members begin."""


def _kinds(lines: list[str]) -> str:
    found = (what for name, what in _KINDS.items() if any(f" {name}_" in line for line in lines))
    return " and ".join(found).capitalize()


def _defines(values: Mapping[str, int]) -> str:
    return "\n".join(
        f"#define {name} {value}" if value >= 0 else f"#define {name} ({value})" for name, value in values.items()
    )
