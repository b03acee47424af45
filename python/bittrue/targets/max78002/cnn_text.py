"""cnn.c, cnn.h and weights.h: what an application links to use the accelerator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bittrue.emit.c.text import comment, fill
from bittrue.targets.max78002 import describing
from bittrue.targets.max78002.kernels import kernel_words
from bittrue.targets.max78002.memory_map import GROUP, KERNEL_BYTES, PER_QUADRANT
from bittrue.targets.max78002.plan import Plan
from bittrue.targets.max78002.registers import settings
from bittrue.targets.max78002.tensors import Tensor

_TEMPLATES = Path(__file__).parent / "templates"
_COLUMNS = 8
_CLEARED = 1 << 25
_CLEAR = 1 << 12 | 1 << 11 | 1 << 10 | 1 << 7
_SRAM = 0x40E


def template(name: str, **names: object) -> str:
    """The text of a template with its ``$names`` filled in."""
    return fill((_TEMPLATES / name).read_text(encoding="utf-8"), **names) + "\n"


def define(name: str, values: Sequence[int], digits: int = 8) -> str:
    """``#define NAME { 0x.., .. }`` of unsigned words of so many hexadecimal digits."""
    words = [f"0x{value:0{digits}x}" for value in values]
    lines = [", ".join(words[k : k + _COLUMNS]) for k in range(0, len(words), _COLUMNS)]
    return f"#define {name} {{ \\\n    " + ", \\\n    ".join(lines) + " \\\n}\n"


def about(plan: Plan, what: str) -> str:
    """The comment that begins a file."""
    net = plan.net
    one = "frame" if len(net.input.shape) == 2 else "image"
    given, *results = (
        f"{' x '.join(map(str, tensor.shape))} x {tensor.format}"
        for tensor in (net.input, *(net.types[name] for name in net.outputs))
    )
    return comment(
        f"{what}: net {net.name} on a {plan.memory.device.name}.",
        f"One {one} in: {given}; out: {', '.join(results)}. Written by bittrue; do not edit, generate again.",
    )


def header(plan: Plan) -> str:
    """cnn.h."""
    results = [layer.result for layer in plan.results]
    outputs = sum(result.channels * result.length for result in results)
    forms = ["a code of 32 bits each" if result.wide else "a signed byte each" for result in results]
    sizes = [describing.size(result, plural=True) for result in results]
    size, unloads = sizes[0], f"{outputs} values, {forms[0]}, channel by channel, into CNN_OUTPUT_WORDS words"
    if len(results) > 1:
        rows = [f"{layer.name}: {size}, {form}" for layer, size, form in zip(plan.results, sizes, forms, strict=True)]
        size = "".join(f"\n *   {row}" for row in rows)
        unloads = f"{outputs} values, channel by channel, each result from a new word on, into CNN_OUTPUT_WORDS words"
    return template(
        "cnn.h",
        about=about(plan, "Functions to run the accelerator"),
        results=size,
        outputs=outputs,
        words=sum(result_words(result) for result in results),
        unloads=unloads,
    )


def result_words(result: Tensor) -> int:
    """Words that cnn_unload() fills with a result."""
    values = result.channels * result.length
    return values if result.wide else -(-values // GROUP)


def weights(plan: Plan) -> str:
    """weights.h: the packed kernels, and the biases of every quadrant that has some."""
    rows = [f"{layer.name} {kernel_words(layer)}" for layer in plan.layers if kernel_words(layer)]
    words: list[int] = []
    for block in plan.kernels:
        packed = block.packed()
        words += [plan.memory.kernel_address(block.processor, block.word), len(packed), *packed]
    parts = [
        about(plan, "Weights and biases"),
        comment(f"Words of {KERNEL_BYTES} bytes in each processor of a layer: {', '.join(rows)}."),
        define("KERNELS", [*words, 0]),
    ]
    parts += [define(f"BIAS_{quadrant}", content, 2) for quadrant, content in plan.biases.items()]
    return "\n".join(parts)


def source(plan: Plan) -> str:
    """cnn.c."""
    memory = plan.memory
    mask = sum(1 << quadrant for quadrant in plan.quadrants)
    control = "CTL_CLOCKS | CTL_PACKED" + (" | CTL_BINARY" if plan.binary else "")
    order = sorted(memory.registers.items(), key=lambda item: item[1].number)
    numbers = [f"LREG_{name} = {register.number}, /* {register.meaning} */" for name, register in order]
    wait = (
        "if (clock_source == MXC_S_GCR_PCLKDIV_CNNCLKSEL_IPLL) {\n"
        "    while ((MXC_GCR->ipll_ctrl & MXC_F_GCR_IPLL_CTRL_RDY) == 0) { /* until the PLL is ready */\n"
        "    }\n}"
    )
    return template(
        "cnn.c",
        about=about(plan, "The accelerator's memories and registers"),
        quadrants=", ".join(map(str, plan.quadrants)),
        mask=f"0x{mask:x}u",
        device=memory.device.name,
        always_on=_hex(memory.always_on),
        quadrant=_hex(memory.quadrant),
        quadrant_step=_hex(memory.quadrant_step),
        bias=_hex(memory.bias),
        data=_hex(memory.data),
        data_step=_hex(memory.data_step),
        layers=_hex(memory.layers),
        layer_step=_hex(memory.layer_step),
        register_step=_hex(memory.register_step),
        test_register="#define CNN_TEST(q) CNN_WORD(CNN_QUADRANT(q) + 0xcu)" if memory.clears else "",
        binary_bit="#define CTL_BINARY (1u << 30) /* weights of one bit mean -1 and +1 */" if plan.binary else "",
        registers="\n".join(numbers),
        stream_mask=_hex(memory.kernel_step - 1),
        biases=_biases(plan),
        init=_init(plan),
        configure="\n\n".join(_configure(plan)),
        control=control,
        unload=_unload(plan),
        wait_for_pll=wait if memory.clears else "",
    )


def _hex(value: int) -> str:
    return f"0x{value:x}u"


def _biases(plan: Plan) -> str:
    """The bias memories and cnn_load_bias()."""
    if not plan.biases:
        return "int cnn_load_bias(void)\n{\n    return CNN_OK; /* this net has none */\n}"
    arrays = [f"static const uint8_t bias_{q}[] = BIAS_{q};" for q in plan.biases]
    calls = [f"    load_bytes({q}, bias_{q}, sizeof(bias_{q}));" for q in plan.biases]
    return "\n".join(
        [
            "/* Biases of the quadrants, a byte each. */",
            *arrays,
            "",
            "static void load_bytes(uint32_t quadrant, const uint8_t *bytes, uint32_t count)",
            "{",
            "    for (uint32_t i = 0; i < count; i++) {",
            "        CNN_WORD(CNN_BIAS(quadrant) + 4 * i) = bytes[i]; /* one byte a word */",
            "    }",
            "}",
            "",
            "int cnn_load_bias(void)",
            "{",
            *calls,
            "    return CNN_OK;",
            "}",
        ]
    )


def _init(plan: Plan) -> str:
    """The body of cnn_init()."""
    loop = "for (uint32_t i = 0; i < CNN_QUADRANTS; i++) {"
    set_up = [
        loop,
        "    CNN_CTL(quadrants[i]) = CTL_CLOCKS | CTL_PACKED; /* stopped */",
        *([] if plan.memory.clears else [f"    CNN_SRAM(quadrants[i]) = 0x{_SRAM:x};"]),
        f"    CNN_LAST_LAYER(quadrants[i]) = {len(plan.layers) - 1};",
        "}",
    ]
    if not plan.memory.clears:
        return "\n".join(["CNN_WORD(CNN_ALWAYS_ON) = 0;", *set_up])
    return "\n".join(
        [
            loop,
            "    CNN_CTL(quadrants[i]) = CTL_CLOCKS;",
            "}",
            "CNN_WORD(CNN_ALWAYS_ON) = 0;",
            loop,
            f"    CNN_SRAM(quadrants[i]) = 0x{_SRAM:x};",
            "}",
            loop,
            f"    CNN_TEST(quadrants[i]) = 0x{_CLEAR:x}; /* clear registers, memories and biases */",
            "}",
            loop,
            f"    while ((CNN_TEST(quadrants[i]) & 0x{_CLEARED:x}) == 0) {{",
            "    }",
            "    CNN_TEST(quadrants[i]) = 0;",
            "}",
            *set_up,
        ]
    )


def _configure(plan: Plan) -> list[str]:
    """The registers of every layer, under a comment that says what it does."""
    found = []
    for layer in plan.layers:
        lines = [comment(describing.title(layer), f"{describing.formula(layer)}.", describing.places(layer))]
        for setting in settings(layer, plan.quadrants, plan.memory):
            name, values = setting.register, setting.values
            if len(set(values)) == 1:
                lines.append(f"set_all({layer.index}, LREG_{name}, 0x{values[0]:08x});")
            else:
                lines += [
                    f"set_one({quadrant}, {layer.index}, LREG_{name}, 0x{value:08x});"
                    for quadrant, value in zip(plan.quadrants, values, strict=True)
                    if value
                ]
        found.append("\n".join(lines))
    return found


def _unload(plan: Plan) -> str:
    """cnn_unload()."""
    results = [layer.result for layer in plan.results]
    bytes_of = "    uint8_t *bytes = (uint8_t *)out_buf;"
    lines = [_about_results(results), "int cnn_unload(uint32_t *out_buf)", "{"]
    if len(results) == 1:
        lines += [*([] if results[0].wide else [bytes_of]), *_unloaded(results[0])]
    for layer in plan.results if len(results) > 1 else ():
        lines += [f"    {comment(f'{layer.name}')}", "    {"]
        lines += [f"    {line}" for line in ([] if layer.result.wide else [bytes_of]) + _unloaded(layer.result)]
        lines += [] if layer.result.wide else [f"        out_buf += {result_words(layer.result)};"]
        lines += ["    }"]
    return "\n".join([*lines, "    return CNN_OK;", "}"])


def _about_results(results: Sequence[Tensor]) -> str:
    parts: list[str] = []
    for result in results:
        which = "The result lies" if len(results) == 1 else f"{'A' if not parts else 'a'} result lies"
        form = "a word a value" if result.wide else "a byte of a word each"
        share = f" of which every {GROUP} share a data memory ({PER_QUADRANT} a quadrant)," if not parts else ""
        parts.append(f"{which} in processors {result.first} to {result.last},{share} {form}")
    return comment("; ".join(parts) + ".")


def _unloaded(last: Tensor) -> list[str]:
    """The lines that copy one result to ``bytes``, or to ``out_buf`` where it is wide."""
    word = f"sample * {last.passes} + pass" if last.passes > 1 else "sample"
    number = f"channel / {last.count}" if last.passes > 1 else "0"
    index = f"{last.first} + channel % {last.count}" if last.passes > 1 else f"{last.first} + channel"
    step = f"{4 * (last.gap + 1)} * ({word})"
    if last.wide:
        value = f"*out_buf++ = CNN_WORD(base + 4 * ({GROUP} * ({word}) + processor % {GROUP}));"
    else:
        value = f"*bytes++ = (uint8_t)(CNN_WORD(base + {step}) >> (8 * (processor % {GROUP})));"
    return [
        f"    for (uint32_t channel = 0; channel < {last.channels}; channel++) {{",
        *([f"        const uint32_t pass = {number};"] if last.passes > 1 else []),
        f"        const uint32_t processor = {index};",
        f"        const uint32_t base = CNN_DATA(processor) + 0x{last.offset:x};",
        f"        for (uint32_t sample = 0; sample < {last.length}; sample++) {{",
        f"            {value}",
        "        }",
        "    }",
    ]
