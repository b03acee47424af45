"""A source in C: the generator, what fills every input, frames behind the gain."""

from __future__ import annotations

import math
import os
from pathlib import Path

from bittrue.emit.c import ends
from bittrue.emit.c.header import title
from bittrue.emit.c.helpers import helpers
from bittrue.emit.c.sources import sources
from bittrue.emit.c.text import comment, element_type, fill, initialiser, shape
from bittrue.emit.folder import write_folder
from bittrue.lower.ports import module_name
from bittrue.num.draws import COLUMN_BITS, DRAW_BITS, GROUP, GROUP_BITS, INDEX_BITS, normal_table
from bittrue.num.threefry import EVERY, PARITY, ROTATIONS, ROUNDS
from bittrue.spec.source import GAIN, Latent, Parameter, Source

_HEADER = """
$about
#ifndef ${guard}_SOURCE_H
#define ${guard}_SOURCE_H

#include "$module.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Samples of the signal in a frame, of all channels together, and the gain where nobody wants another. */
#define ${guard}_SOURCE_SAMPLES $samples
#define ${guard}_SOURCE_GAIN ($gain) /* $gain_format */
$defaults

typedef struct {
    ${module}_state net;
    $inputs
} ${module}_source_state;

/* n frames from frame number first on: the same samples in any order of calls. $settings */
void ${module}_source_run(${module}_source_state *state, size_t n, uint64_t seed, uint64_t first,
    int16_t gain, $parameters$out *out);

/* sizeof(${module}_source_state), for callers in other languages. */
size_t ${module}_source_state_size(void);

#ifdef __cplusplus
}
#endif

#endif
"""

_SOURCE = """
$about
#include "${module}_source.h"

$helpers

/* $group draws of 16 bits: Threefry-2x32 with $rounds rounds of a key and a counter. */
static void draws(uint64_t key, uint64_t counter, uint16_t draw[$group])
{
    static const int rotations[$rotation_count] = {$rotations};
    uint32_t words[3];
    uint32_t x0 = (uint32_t)counter;
    uint32_t x1 = (uint32_t)(counter >> 32);
    uint32_t turn;

    words[0] = (uint32_t)key;
    words[1] = (uint32_t)(key >> 32);
    words[2] = UINT32_C($parity) ^ words[0] ^ words[1];
    for (turn = 0; turn < $rounds; turn++) {
        const int left = rotations[turn % $rotation_count];
        if (turn % $every == 0) {
            x0 += words[turn / $every % 3];
            x1 += words[(turn / $every + 1) % 3] + turn / $every;
        }
        x0 += x1;
        x1 = (x1 << left | x1 >> (32 - left)) ^ x0;
    }
    draw[0] = (uint16_t)x0;
    draw[1] = (uint16_t)(x0 >> 16);
    draw[2] = (uint16_t)x1;
    draw[3] = (uint16_t)(x1 >> 16);
}

$tables

$fillers

void ${module}_source_run(${module}_source_state *state, size_t n, uint64_t seed, uint64_t first,
    int16_t gain, $parameters$out *out)
{
    ${module}_init(&state->net);
    for (size_t t = 0; t < n; t++) {
        $out *y = out + t * ${guard}_SOURCE_SAMPLES;
        $fills
        ${module}_step(&state->net, $arguments);
        for (size_t i = 0; i < ${guard}_SOURCE_SAMPLES; i++) {
            y[i] = ($out)requantise((int64_t)gain * y[i], $gain_frac, $lo, $hi);
        }
    }
}

size_t ${module}_source_state_size(void)
{
    return sizeof(${module}_source_state);
}
"""

_FILL = """
/* $name: $about, stream $stream, $step positions a frame */
static void fill_$name($t *x, uint64_t seed, uint64_t frame)
{
    uint16_t draw[$group];

    for (uint64_t group = 0; group < $groups; group++) {
        for (uint64_t i = 0; i < $length; i++) {
            const uint64_t column = (frame * $step + i) & ((UINT64_C(1) << $column_bits) - 1);
            draws(seed, (UINT64_C($stream) << $group_bits | group) << $column_bits | column, draw);
            for (uint64_t k = 0; k < $group && $group * group + k < $channels; k++) {
                x[($group * group + k) * $length + i] = ($t)$function(draw[k]);
            }
        }
    }
}
"""

_UNIFORM = """
/* The upper $bits bits as a signed number */
static int32_t uniform_$bits(uint16_t draw)
{
    const int32_t code = draw >> $shift;
    return code < $half ? code : code - 2 * $half;
}
"""

_GAUSSIAN = """
/* Magnitudes of the normal distribution, the middles of equally likely parts; the sign is bit 15. */
static const int16_t normal_$bits[$entries] = $values;

static int32_t gaussian_$bits(uint16_t draw)
{
    const int32_t code = normal_$bits[draw >> $shift & $mask];
    return draw >> 15 ? -code : code;
}
"""


def source_files(source: Source) -> dict[str, str]:
    """The files of `bittrue.emit.c.sources` and ``<module>_source.h`` and ``.c``.

    ``<module>_source_run(state, n, seed, first, gain, ..., out)`` writes the codes of ``n`` frames from frame ``first``
    on: those of `bittrue.ref.source.run_source`. Parameters are codes; nothing but the arguments changes a result.
    Errors as of `bittrue.emit.c.sources`.
    """
    module = module_name(source.net)
    return sources(source.net) | {
        f"{module}_source.h": _filled(source, _HEADER) + "\n",
        f"{module}_source.c": _filled(source, _SOURCE) + "\n",
    }


def write_source(source: Source, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the files of `source_files` into ``folder``, all or none, and return their paths."""
    return write_folder(folder, source_files(source), source.net.name)


def _filled(source: Source, template: str) -> str:
    net, module = source.net, module_name(source.net)
    fmt = net.output.format
    given = {end.tensor: end for end in ends.inputs(net)}
    settings, macro = source.settings, f"{module.upper()}_SOURCE_DEFAULT"
    return fill(
        template,
        about=comment(*title(net)),
        module=module,
        guard=module.upper(),
        samples=net.output.elements,
        gain=source.gain,
        gain_format=GAIN,
        gain_frac=GAIN.frac,
        lo=fmt.lo,
        hi=fmt.hi,
        out=element_type(fmt),
        defaults="\n".join(
            f"#define {macro}_{name.upper()} ({found.default}) /* {_meaning(found)} */"
            for name, (found, _) in settings.items()
        ),
        inputs="\n".join(
            f"{element_type(net.types[name].format)} in_{name}[{given[name].size}]; /* {shape(net.types[name])} */"
            for name in net.inputs
        ),
        settings="Parameters are codes." if settings else "",
        parameters="".join(f"{element_type(fmt)} parameter_{name}, " for name, (_, fmt) in settings.items()),
        helpers=helpers({"requantise"}),
        group=GROUP,
        rounds=ROUNDS,
        every=EVERY,
        parity=f"0x{PARITY:08X}",
        rotations=", ".join(map(str, ROTATIONS)),
        rotation_count=len(ROTATIONS),
        tables="\n\n".join(_tables(source)),
        fillers="\n\n".join(_filler(source, name, latent) for name, latent in source.latents.items()),
        fills="\n".join(_fill(source, name) for name in net.inputs),
        arguments=", ".join([*(f"state->in_{name}" for name in net.inputs), "y"]),
    )


def _meaning(given: Parameter) -> str:
    return f"{given.low} to {given.high}, code + {given.offset} in 2^{-given.frac}"


def _tables(source: Source) -> list[str]:
    """A function for every distribution and number of bits in use."""
    used = {(latent.distribution, source.net.types[name].format.bits) for name, latent in source.latents.items()}
    found = []
    for distribution, bits in sorted(used):
        if distribution == "uniform":
            found.append(fill(_UNIFORM, bits=bits, shift=DRAW_BITS - bits, half=1 << (bits - 1)))
        else:
            entries = 1 << INDEX_BITS
            numbers = {"entries": entries, "mask": entries - 1, "shift": DRAW_BITS - 1 - INDEX_BITS}
            found.append(fill(_GAUSSIAN, bits=bits, values=initialiser(normal_table(bits)), **numbers))
    return found


def _filler(source: Source, name: str, latent: Latent) -> str:
    tensor = source.net.types[name]
    return fill(
        _FILL,
        name=name,
        about=f"{latent.distribution} noise, {shape(tensor)}",
        stream=latent.stream,
        step=latent.step,
        t=element_type(tensor.format),
        group=GROUP,
        groups=-(-tensor.shape[0] // GROUP),
        group_bits=GROUP_BITS,
        column_bits=COLUMN_BITS,
        channels=tensor.shape[0],
        length=math.prod(tensor.shape[1:]),
        function=f"{latent.distribution}_{tensor.format.bits}",
    )


def _fill(source: Source, name: str) -> str:
    given = source.inputs[name]
    if isinstance(given, Latent):
        return f"fill_{name}(state->in_{name}, seed, first + t);"
    count = source.net.types[name].elements
    return f"for (size_t i = 0; i < {count}; i++) {{\n    state->in_{name}[i] = parameter_{given.name};\n}}"
