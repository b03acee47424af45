"""main.c, sampledata.h and sampleoutput.h: the known-answer test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.targets.max78002 import describing
from bittrue.targets.max78002.cnn_text import about, define, result_words, template
from bittrue.targets.max78002.plan import Plan
from bittrue.targets.max78002.stimulus import Words, answer_words, input_words

Codes = npt.NDArray[np.int64]

_SELECT = (
    "MXC_GCR->pclkdiv = (MXC_GCR->pclkdiv & ~(MXC_F_GCR_PCLKDIV_CNNCLKDIV | MXC_F_GCR_PCLKDIV_CNNCLKSEL))\n"
    "                   | MXC_S_GCR_PCLKDIV_CNNCLKDIV_{divider} | MXC_S_GCR_PCLKDIV_CNNCLKSEL_IPLL;"
)


def sample_data(plan: Plan, codes: Codes) -> str:
    """sampledata.h: words of data memory for the sample ``codes`` (channels, ...), an array for four processors."""
    parts = [about(plan, "The sample of the known-answer test")]
    return "\n".join([*parts, *(define(f"SAMPLE_INPUT_{w.processor}", w.content) for w in _input(plan, codes))])


def sample_output(plan: Plan, results: Sequence[Codes]) -> str:
    """sampleoutput.h: runs of words for the results (channels, ...) of the net: address, mask, number, words."""
    words: list[int] = []
    for layer, codes in zip(plan.results, results, strict=True):
        for run in answer_words(codes, layer.result, plan.memory):
            words += [run.address, run.mask, len(run.content), *run.content]
    return "\n".join([about(plan, "The known answer"), define("SAMPLE_OUTPUT", [*words, 0])])


def main_source(plan: Plan, codes: Codes) -> str:
    """main.c for the sample ``codes`` (channels, ...)."""
    given = _input(plan, codes)
    pll = plan.memory.clears
    enable = (
        "/* Load with the CNN clock at 50 MHz, PLL / 4; compute at 200 MHz. */\n"
        "cnn_enable(MXC_S_GCR_PCLKDIV_CNNCLKSEL_IPLL, MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV4);"
        if pll
        else "cnn_enable(MXC_S_GCR_PCLKDIV_CNNCLKSEL_PCLK, MXC_S_GCR_PCLKDIV_CNNCLKDIV_DIV1); /* 50 MHz */"
    )
    return template(
        "main.c",
        about=about(plan, "Known-answer test"),
        sample=f"{describing.size(plan.layers[0].given)}; four channels share a word",
        arrays="\n".join(f"static const uint32_t input_{w.processor}[] = SAMPLE_INPUT_{w.processor};" for w in given),
        loads="\n".join(
            f"memcpy32((uint32_t *)0x{w.address:08x}, input_{w.processor}, {len(w.content)});" for w in given
        ),
        results=_results(plan),
        pll_on="MXC_GCR->ipll_ctrl |= MXC_F_GCR_IPLL_CTRL_EN; /* PLL on */" if pll else "",
        pll_off="MXC_GCR->ipll_ctrl &= ~MXC_F_GCR_IPLL_CTRL_EN; /* PLL off */" if pll else "",
        enable=enable,
        fast=_SELECT.format(divider="DIV1") if pll else "",
        slow=_SELECT.format(divider="DIV4") if pll else "",
    )


def _input(plan: Plan, codes: Codes) -> list[Words]:
    return input_words(codes, plan.layers[0].given, plan.memory)


def _results(plan: Plan) -> str:
    """show_results(): with class probabilities where the result is one wide value a class."""
    if len(plan.results) > 1:
        return template("several.c", results="\n".join(_shown(plan)))
    (last,) = plan.results
    value = _value(last.result.wide)
    if not last.result.wide or last.result.length > 1:
        return template("results.c", value=value)
    shift = 8 - last.bits
    call = f"softmax_shift_q17p14_q15(values, CNN_NUM_OUTPUTS, {shift}, share);"
    return template("classes.c", softmax=call if shift else "softmax_q17p14_q15(values, CNN_NUM_OUTPUTS, share);")


def _value(wide: bool, start: int = 0) -> str:
    begin = f"(result + {start})" if start else "result"
    return f"(int){begin}[i]" if wide else f"((const int8_t *){begin})[i]"


def _shown(plan: Plan) -> list[str]:
    """Lines that print each of several results."""
    lines, start = [], 0
    for layer in plan.results:
        count = layer.result.channels * layer.result.length
        lines += [
            f'printf("Result {layer.name}:\\n");',
            f"for (uint32_t i = 0; i < {count}; i++) {{",
            f'    printf("%d%s", {_value(layer.result.wide, start)}, i % 16 == 15 || i == {count - 1} ? "\\n" : " ");',
            "}",
        ]
        start += result_words(layer.result)
    return lines
