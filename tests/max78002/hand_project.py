"""A project folder written by hand: the writes of `hand_written.Hand` as a C table, and a small main."""

from __future__ import annotations

import json

import numpy as np
from hand_written import Hand

from bittrue import ref, spec
from bittrue.spec.stages import stage_net
from bittrue.spec.store import content_hash
from bittrue_firmware.chip import MAX78002

MAIN = """\
#include <stdio.h>
#include "mxc.h"
#include "gcfr_regs.h"

static const uint32_t setup[][2] = {{
{setup}
}};
static const uint32_t start[][2] = {{
{start}
}};
static const uint32_t answer[][3] = {{ /* address, mask, value */
{answer}
}};
static const uint32_t quadrants[] = {{ {quadrants} }};
volatile uint32_t cnn_time;
static volatile int32_t result[{count}];

void CNN_ISR(void)
{{
    for (unsigned i = 0; i < sizeof(quadrants) / 4; i++)
        *(volatile uint32_t *)quadrants[i] &= ~((1u << 12) | 1u);
    cnn_time = 1;
}}

static void put(const uint32_t (*writes)[2], unsigned count)
{{
    for (unsigned i = 0; i < count; i++) {{
        if (writes[i][0] & 1)
            *(volatile uint8_t *)writes[i][0] = (uint8_t)writes[i][1];
        else
            *(volatile uint32_t *)writes[i][0] = writes[i][1];
    }}
}}

int main(void)
{{
    MXC_SYS_ClockEnable(MXC_SYS_PERIPH_CLOCK_CNN);
    MXC_GCFR->reg0 = 0xf; /* power */
    MXC_GCFR->reg1 = 0xf; /* memory */
    MXC_GCFR->reg2 = 0; /* isolation */
    MXC_GCFR->reg3 = 0; /* reset */
    MXC_NVIC_SetVector(CNN_IRQn, CNN_ISR);
    put(setup, sizeof(setup) / sizeof(setup[0]));
    put(start, sizeof(start) / sizeof(start[0]));
    while (cnn_time == 0)
        MXC_LP_EnterSleepMode();
    for (unsigned i = 0; i < sizeof(answer) / sizeof(answer[0]); i++) {{
        const uint32_t found = *(volatile uint32_t *)answer[i][0] & answer[i][1];
        result[i] = (int32_t)found;
        if (found != answer[i][2]) {{
            printf("Data mismatch at 0x%08x\\n*** FAIL ***\\n", (unsigned)answer[i][0]);
            for (;;)
                ;
        }}
    }}
    printf("*** PASS ***\\n");
    return 0;
}}
"""


def write_by_hand(folder, stages, shape, chip=MAX78002, seed=0):
    """Write the project of ``stages`` with a wide last layer; the net of it."""
    codes = np.random.default_rng(seed).integers(-128, 128, shape)
    net = stage_net("by-hand", shape, stages)
    write_net_by_hand(folder, net, Hand(stages, shape, chip), codes, [stage.name for stage in stages])
    return net


def write_net_by_hand(folder, net, hand, codes, nodes):
    """Write the project of a net whose hardware layers are the steps of ``hand``; ``nodes`` names their results."""
    chip, writes = hand.chip, [*hand.setup, *hand.registers, *hand.sample(codes)]
    taps = ref.taps(net, codes[None])
    answer = [row for name in net.outputs for row in _answer(hand, nodes.index(name), taps[name][0])]
    table = {
        "setup": ",\n".join(f"{{0x{a:08x}, 0x{v:08x}}}" for a, _, v in writes),
        "start": ",\n".join(f"{{0x{a:08x}, 0x{v:08x}}}" for a, _, v in hand.start()),
        "answer": ",\n".join(f"{{0x{at:08x}, 0x{mask:08x}, 0x{value:08x}}}" for at, mask, value in answer),
        "quadrants": ", ".join(f"0x{chip.base + q * chip.stride:08x}" for q in hand.quadrants),
        "count": len(answer),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.c").write_text(MAIN.format(**table))
    spec.save(net, folder / "net")
    np.save(folder / "sample.npy", codes)
    rows = [
        {"name": step.name, "node": node} | place | {"processors": hex(sum(1 << p for p in place["processors"]))}
        for step, node, place in zip(hand.steps, nodes, hand.places, strict=True)
    ]
    manifest = {"format": "bittrue-max7800x", "version": 1, "device": chip.name, "net": net.name}
    manifest |= {"hash": content_hash(net), "layers": rows}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _answer(hand, number, values):
    """Address, mask and value of each word that holds a wide result, channel by channel."""
    step = hand.steps[number]
    assert step.wide
    pixels = values.reshape(len(values), -1)
    for channel, row in enumerate(pixels):
        turn, own = divmod(channel, len(step.into))
        instance, lane = divmod(step.into[own], 4)
        for pixel, value in enumerate(row):
            word = step.write + (pixel * step.passes_out + turn) * 4 + lane
            yield hand.chip.data_address(instance, word), 0xFFFF_FFFF, int(value) & 0xFFFF_FFFF
