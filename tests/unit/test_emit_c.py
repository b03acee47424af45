"""The printed C: strict, without undefined behaviour, integer only, the same text everywhere, usable as documented."""

from __future__ import annotations

import ctypes
import math
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from printed_c import STRICT, build, containers, everything, filter_program, images, present, unmet

from bittrue import ref
from bittrue.cosim import cache
from bittrue.cosim.c_model import CModel, compile_library, find_compiler
from bittrue.emit.c import sources, write_sources
from bittrue.emit.c.helpers import helpers
from bittrue.errors import BadInput
from bittrue.lower.ports import container_bits
from bittrue.num import Format
from bittrue.spec import (
    LAYERS,
    Add,
    Dense,
    Layer,
    MaxPool2d,
    Net,
    Node,
    TensorType,
    save,
)

ROOT = Path(__file__).resolve().parents[2]
COMPILERS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed"))
    for name in ("gcc", "clang")
]


@pytest.fixture(autouse=True, scope="module")
def build_folder(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITTRUE_BUILD", str(tmp_path_factory.mktemp("build")))
        yield


NETS = [*(LAYERS[name].example() for name in sorted(LAYERS)), everything(), images(), unmet(), present()]
every_net = pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)


@every_net
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_compiles_strictly(net: Net, compiler: str, level: str, tmp_path: Path) -> None:
    build(net, tmp_path, filter_program(net), *STRICT, level, compiler=compiler)


@pytest.mark.parametrize("compiler", COMPILERS)
@every_net
def test_no_undefined_behaviour_for_any_word(net: Net, compiler: str, tmp_path: Path) -> None:
    """Sanitised, over all words of the C type: those that are no code saturate into the input's format."""
    flags = ("-g", "-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all", "-ftrapv")
    program = build(net, tmp_path, filter_program(net), *STRICT, *flags, compiler=compiler)
    words = containers(net, 2000 if net.memory else 300, seed=2)
    done = subprocess.run([program], input=words.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = np.frombuffer(done.stdout, f"int{container_bits(net.output.format)}").reshape(-1, *net.output.shape)
    fmt = net.input.format
    np.testing.assert_array_equal(found, ref.run(net, np.clip(words.astype(np.int64), fmt.lo, fmt.hi)))


@pytest.mark.skipif(not shutil.which("g++"), reason="g++ is not installed")
def test_header_serves_cpp(tmp_path: Path) -> None:
    net = everything()
    write_sources(net, tmp_path)
    (tmp_path / "user.cpp").write_text('#include "every_thing.h"\nevery_thing_state s;\n')
    command = ["g++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "user.cpp"]
    subprocess.run(command, cwd=tmp_path, check=True)


RUN_TAPS = """
#include "every_thing.h"

#include <string.h>

static every_thing_state a, b;
static int16_t in[100 * EVERY_THING_INPUT_SIZE];
static int16_t run[100 * EVERY_THING_OUTPUT_SIZE], out[sizeof run / sizeof run[0]], last[sizeof run / sizeof run[0]];
static int8_t tanh[100 * EVERY_THING_SIZE_TANH];

int main(void)
{
    every_thing_taps taps = {NULL, NULL, NULL, NULL, NULL, NULL};
    size_t n;

    for (n = 0; n < sizeof in / sizeof in[0]; n++) {
        in[n] = (int16_t)((int32_t)(n * 7919 % 8192) - 4096);
    }
    every_thing_init(&a);
    every_thing_init(&b);
    every_thing_run(&a, 100, in, run);
    taps.tap_tanh = tanh;
    taps.tap_sum = last;
    every_thing_run_taps(&b, 50, in, out, &taps);
    if (memcmp(tanh + 49 * EVERY_THING_SIZE_TANH, b.tap_tanh, sizeof b.tap_tanh) != 0) {
        return 1;
    }
    taps.tap_sum = last + 50 * EVERY_THING_OUTPUT_SIZE;
    every_thing_run_taps(&b, 50, in + 50 * EVERY_THING_INPUT_SIZE, out + 50 * EVERY_THING_OUTPUT_SIZE, &taps);
    if (memcmp(run, out, sizeof run) != 0) {
        return 2;
    }
    if (memcmp(run, last, sizeof run) != 0) {
        return 3;
    }
    return memcmp(&a, &b, sizeof a) != 0 || sizeof a != every_thing_state_size() ? 4 : 0;
}
"""


def test_run_taps_continues_and_skips_what_is_not_wanted(tmp_path: Path) -> None:
    program = build(everything(), tmp_path, RUN_TAPS, "-std=c99", "-Wall", "-Werror", "-fno-builtin")
    assert subprocess.run([program]).returncode == 0


FORKED = """
#include "forked.h"

#include <stdio.h>

static forked_state state;
static int16_t tap[FORKED_SIZE_SUM];

/* Of every line of stdin, samples of both inputs; writes all outputs of a step, and of a run with one tap. */
int main(void)
{
    int16_t left[FORKED_SIZE_LEFT];
    int8_t right[FORKED_SIZE_RIGHT];
    int16_t sum[FORKED_SIZE_SUM];
    int8_t small[FORKED_SIZE_SMALL];
    forked_taps taps = {NULL, NULL};

    taps.tap_sum = tap;
    forked_init(&state);
    while (fread(left, sizeof left, 1, stdin) == 1 && fread(right, sizeof right, 1, stdin) == 1) {
        forked_step(&state, left, right, sum, small);
        fwrite(sum, sizeof sum, 1, stdout);
        fwrite(small, sizeof small, 1, stdout);
        forked_run(&state, 1, left, right, sum, small);
        forked_run_taps(&state, 1, left, right, sum, small, &taps);
        fwrite(tap, sizeof tap, 1, stdout);
    }
    return FORKED_FRAC_LEFT - 11 + FORKED_FRAC_SUM - 9;
}
"""


def test_several_inputs_and_outputs_are_pointers_in_the_order_of_the_net(tmp_path: Path) -> None:
    inputs = {"left": TensorType((1, 2, 3), Format(13, 11)), "right": TensorType((1, 2, 3), Format(8, 6))}
    nodes = (Node("sum", Add(Format(12, 9)), ("left", "right")), Node("small", MaxPool2d(2, 1), "right"))
    net = Net("forked", inputs, nodes, outputs=("sum", "small"))
    program = build(net, tmp_path, FORKED, *STRICT, "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
    rng = np.random.default_rng(3)
    left, right = rng.integers(-(1 << 15), 1 << 15, (40, 1, 2, 3)), rng.integers(-128, 128, (40, 1, 2, 3))
    words = b"".join(a.astype("int16").tobytes() + b.astype("int8").tobytes() for a, b in zip(left, right, strict=True))
    done = subprocess.run([program], input=words, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    expected = ref.outputs(net, {"left": np.clip(left, -4096, 4095), "right": right})
    for n, line in enumerate(np.frombuffer(done.stdout, "int8").reshape(40, 12 + 2 + 12)):
        for part in (line[:12], line[14:]):
            assert part.view("int16").tolist() == expected["sum"][n].reshape(-1).tolist()
        assert line[12:14].tolist() == expected["small"][n].reshape(-1).tolist()


def test_the_header_calls_inputs_and_outputs_as_the_functions_do() -> None:
    nodes = [Node("large", MaxPool2d(2, 1), "input"), Node("small", MaxPool2d(2, 1), "large")]
    net = Net("one-in", TensorType((1, 3, 3), Format(8, 6)), nodes, outputs=("large", "small"))
    text = sources(net)["one_in.h"]
    assert "One sample: in[] holds codes" in text and "each out_* takes codes" in text
    assert "const int8_t in[ONE_IN_INPUT_SIZE]" in text and "int8_t out_large[ONE_IN_SIZE_LARGE]" in text


@every_net
def test_only_portable_integer_c(net: Net) -> None:
    files = sources(net)
    for text in files.values():
        assert not re.search(r"/\*\s*\*/", text), "an empty comment"
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        assert not re.search(r"\b(float|double|math\.h|long|unsigned|char)\b", code)
        assert set(re.findall(r"#include (\S+)", code)) <= {
            "<stddef.h>",
            "<stdint.h>",
            "<string.h>",
            *(f'"{n}"' for n in files),
        }
        if "shift_right" in code:  # compilers shift the sign in where C does not say, so only the text can tell
            assert code.count("return value < 0 ? ~(~value >> shift) : value >> shift;") == code.count(">> shift;")
        for helper in ("shift_right", "shift_right32", "isqrt"):
            code = re.sub(rf"static inline \w+ {helper}\(.*?\n}}\n", "", code, flags=re.S)
        assert ">>" not in code, "a right shift outside the helpers"
        assert code.count("requantise(int64_t") <= 1
        assert code.count("requantise32(int32_t") <= 1


@every_net
def test_text_depends_on_nothing_but_the_net(net: Net) -> None:
    texts = sources(net)
    assert texts == sources(net)
    for text in texts.values():
        assert str(ROOT) not in text
        assert max(map(len, text.splitlines())) <= 120
        assert all(line == line.rstrip() for line in text.splitlines())


def test_text_is_the_same_in_another_process(tmp_path: Path) -> None:
    program = (
        "import sys; from bittrue.emit.c import sources; from bittrue.spec import load; "
        "sys.stdout.write(''.join(sources(load(sys.argv[1])).values()))"
    )
    save(everything(), tmp_path)
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "".join(sources(everything()).values())


def one_weight(weight: int, bias: int) -> Net:
    layer = Dense(np.array([[weight]]), np.array([bias]), Format(17, 0), Format(8, 0))
    return Net("edge", TensorType((1,), Format(16, 0)), (Node("fc", layer, ("input",)),))


@pytest.mark.parametrize(
    ("weight", "bias", "accumulator"),
    [
        (65535, 98302, 32),  # sums up to 2^31 - 1
        (65535, 98303, 64),
        (65535, -32768, 32),  # down to -2^31
        (65535, -32769, 64),
        (-65536, 0, 64),  # up to 2^31
        (-65536, -1, 64),  # up to 2^31 - 1, but the product alone reaches 2^31
        (32767, (1 << 31) - 1, 64),
    ],
)
def test_int32_only_where_nothing_leaves_it(weight: int, bias: int, accumulator: int) -> None:
    net = one_weight(weight, bias)
    assert f"int{accumulator}_t acc = bias_fc[o]" in sources(net)["edge.c"]
    fmt = net.input.format
    codes = np.array([[fmt.lo], [fmt.hi], [0], [-1]])
    np.testing.assert_array_equal(CModel(net).run(codes), ref.run(net, codes))


def test_requantise_is_its_formula() -> None:
    """Against rational numbers, at ties, at both ends, for every shift that two formats can ask for."""
    text = f"#include <stdint.h>\n{helpers({'requantise'})}\n"
    text += "int64_t f(int64_t acc, int shift, int64_t lo, int64_t hi);\n"
    text += "int64_t f(int64_t acc, int shift, int64_t lo, int64_t hi) { return requantise(acc, shift, lo, hi); }\n"
    function = ctypes.CDLL(str(compile_library({"f.c": text}))).f
    function.restype = ctypes.c_int64
    function.argtypes = [ctypes.c_int64, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    rng = np.random.default_rng(4)
    for shift in range(-189, 253):
        k = min(max(shift, 1), 61)
        accs = {0, 1, -1, (1 << 62), -(1 << 62), (1 << 62) - 1, *(int(a) for a in rng.integers(-(1 << 62), 1 << 62, 4))}
        accs |= {(m << k) + (1 << k - 1) + d for m in (-2, -1, 0, 1) for d in (-1, 0, 1) if k < 60}
        for bits in (1, 8, 63):
            fmt = Format(bits, 0)
            for acc in accs:
                expected = math.floor(Fraction(acc) / Fraction(2) ** shift + Fraction(1, 2))
                assert function(acc, shift, fmt.lo, fmt.hi) == min(max(expected, fmt.lo), fmt.hi), (acc, shift, bits)


def test_requantise_in_32_bits_is_its_formula() -> None:
    text = f"#include <stdint.h>\n{helpers({'requantise32'})}\n"
    text += "int32_t f(int32_t acc, int shift, int32_t lo, int32_t hi);\n"
    text += "int32_t f(int32_t acc, int shift, int32_t lo, int32_t hi) { return requantise32(acc, shift, lo, hi); }\n"
    function = ctypes.CDLL(str(compile_library({"f.c": text}))).f
    function.restype = ctypes.c_int32
    function.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.c_int32, ctypes.c_int32]
    rng = np.random.default_rng(4)
    for shift in range(1, 32):
        accs = {0, 1, -1, (1 << 31) - 1, -(1 << 31), *(int(a) for a in rng.integers(-(1 << 31), 1 << 31, 20))}
        accs |= {(m << shift) + (1 << shift - 1) + d for m in (-2, -1, 0, 1) for d in (-1, 0, 1) if shift < 30}
        for bits in (1, 8, 32):
            fmt = Format(bits, 0)
            for acc in accs:
                expected = math.floor(Fraction(acc) / Fraction(2) ** shift + Fraction(1, 2))
                assert function(acc, shift, fmt.lo, fmt.hi) == min(max(expected, fmt.lo), fmt.hi), (acc, shift, bits)


def test_square_root_is_exact() -> None:
    text = f"#include <stdint.h>\n{helpers({'isqrt'})}\n"
    text += "uint32_t f(uint32_t v);\nuint32_t f(uint32_t v) { return isqrt(v); }\n"
    function = ctypes.CDLL(str(compile_library({"f.c": text}))).f
    function.restype, function.argtypes = ctypes.c_uint32, [ctypes.c_uint32]
    around = (n * n + d for n in range(46342) for d in (-1, 0, 1))
    for value in (v for v in around if 0 <= v <= 1 << 31):
        assert function(value) == math.isqrt(value)
    assert function(1 << 31) == 46340


def test_documented_program_runs(tmp_path: Path) -> None:
    """The C program and the name of every function and type of docs/c.md."""
    page = (ROOT / "docs" / "c.md").read_text()
    (program,) = re.findall(r"```c\n(#include.*?)```", page, flags=re.S)
    net = everything()
    net = Net("tdnn", net.input, net.nodes)
    main = build(net, tmp_path, program, *STRICT)
    words = np.random.default_rng(5).integers(-4096, 4096, (30, 2))
    text = "".join(f"{i} {q}\n" for i, q in words)
    done = subprocess.run([main], input=text, capture_output=True, text=True, check=True)
    found = np.array([line.split() for line in done.stdout.splitlines()], dtype=np.int64)
    np.testing.assert_array_equal(found, ref.run(net, words))
    for name in re.findall(r"\btdnn_\w+", page):
        assert re.search(rf"\b{name}\b", sources(net)["tdnn.h"]), name


def test_layer_without_c_leg_is_named() -> None:
    class Mystery(Layer):
        def output_type(self, *inputs: TensorType) -> TensorType:
            return inputs[0]

        @classmethod
        def example(cls) -> Net:
            raise NotImplementedError

    from bittrue.emit.c.rules import fragment

    with pytest.raises(BadInput, match="the C leg has no rule for layer Mystery"):
        fragment(Mystery(), None)


@pytest.mark.parametrize(("net", "node"), [("stdint", "fc"), ("string", "fc"), ("node", "init"), ("Weight", "run")])
def test_names_that_c_has_taken_are_refused(net: str, node: str) -> None:
    example = one_weight(1, 0)
    with pytest.raises(BadInput, match="rename"):
        sources(Net(net, example.input, (Node(node, example.nodes[0].layer, ("input",)),)))


@pytest.mark.parametrize("name", ["int", "a", "tap", "unix", "state-1"])
def test_other_names_compile(name: str) -> None:
    example = one_weight(1, 0)
    node = "for" if name == "int" else "state"
    codes = np.array([[5], [-7]])
    net = Net(name, example.input, (Node(node, example.nodes[0].layer, ("input",)),))
    np.testing.assert_array_equal(CModel(net).run(codes), codes)


def test_compiler_is_found_or_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -m32")
    with pytest.raises(BadInput, match="CC=no-such-compiler is not on the path"):
        find_compiler()
    monkeypatch.setenv("CC", f"{sys.executable} -m something")
    assert find_compiler() == [sys.executable, "-m", "something"]
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="no C compiler found"):
        CModel(one_weight(1, 0))


def test_failed_compilation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path))
    with pytest.raises(BadInput, match=r"cannot compile f\.c: .*error"):
        compile_library({"f.c": "int f(void) { return undeclared; }\n"})
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_library_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path))
    first = compile_library(sources(one_weight(1, 0)))
    stamp = first.stat().st_mtime_ns
    assert compile_library(sources(one_weight(1, 0))) == first
    assert first.stat().st_mtime_ns == stamp
    assert compile_library(sources(one_weight(2, 0))) != first
    assert [p.name for p in (tmp_path / "c").iterdir() if p.name.startswith(".")] == []


def test_the_first_to_publish_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path))
    final = cache.cache_dir("kind", "key")
    assert final == tmp_path / "kind" / "key"
    folders = [cache.staging_dir(final) for _ in range(2)]
    for folder, text in zip(folders, ("first", "second"), strict=True):
        (folder / "file").write_text(text)
        assert cache.publish(folder, final) == final
        assert not folder.exists()
    assert (final / "file").read_text() == "first"


def test_build_folder_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path / "file"))
    with pytest.raises(BadInput, match="set BITTRUE_BUILD to a folder"):
        CModel(one_weight(1, 0))
