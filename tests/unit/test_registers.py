"""One declaration of the shell's registers, and everything that is made from it."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from strategies import tdnn

from bittrue.board import registers as board
from bittrue.emit.registers import MODULE, PAGE, c_header, markdown, python_module
from bittrue.errors import BadInput
from bittrue.lower.registers import ACCESS, ADDRESS_BITS, BY_NAME, MAGIC, REGISTERS, hash_words
from bittrue.lower.stream_shell import bank_count, built_words, shell_latency, shell_ports, stream_bits
from bittrue.num import Format
from bittrue.spec import TensorType
from bittrue.spec.store import content_hash

ROOT = Path(__file__).resolve().parents[2]
ORDER = ["ID", "VERSION", *(f"HASH{k}" for k in range(8)), "FORMAT_IN", "FORMAT_OUT", "SHAPE", "DELAY", "CONTROL"]
ORDER += [
    "BANK",
    "STATUS",
    "SAMPLES_IN",
    "SAMPLES_OUT",
    "STALLS",
    "SATURATED",
    "LOAD_ADDRESS",
    "LOAD_HIGH",
    "LOAD_DATA",
]
ORDER += ["LOAD_COUNT", "LOAD_CRC", "FRAME_IN", "FRAME_OUT", "SHORT_FRAMES", "LONG_FRAMES", "LATENCY", "INTERVAL"]
ORDER += [f"WEIGHTS_{name}" for name in ("BYTES", "ADDRESS", "STATUS", "BEATS", "STARVED")]
SOURCES = ["SEED_LOW", "SEED_HIGH", "START", "GAIN", "COUNT", "PACKET", "SOURCE", "FRAME"]


def test_registers_stand_where_drivers_in_the_field_expect_them():
    assert [register.name for register in REGISTERS] == [*ORDER, *SOURCES, "PARAMETER", "BANK_HASH"]
    assert [BY_NAME[name].offset for name in ORDER] == [4 * k for k in range(len(ORDER))]
    assert [BY_NAME[name].offset for name in SOURCES] == [0xC0 + 4 * k for k in range(len(SOURCES))]
    assert (BY_NAME["PARAMETER"].offset, BY_NAME["PARAMETER"].words) == (0x100, 16)
    assert (BY_NAME["BANK_HASH"].offset, BY_NAME["BANK_HASH"].words) == (0x200, 128)
    assert MAGIC.to_bytes(4, "big") == b"BTRU"


def test_registers_and_fields_do_not_overlap():
    taken: set[int] = set()
    for register in REGISTERS:
        own = {register.offset + 4 * k for k in range(register.words)}
        assert not own & taken and not register.offset % 4 and max(own) < 1 << ADDRESS_BITS
        taken |= own
        bits = 0
        for field in register.fields:
            assert field.access in ACCESS and not bits & field.mask and field.mask < 1 << 32
            assert field.mask > bits, "fields stand from the lowest bit up"
            bits |= field.mask


def test_fields_decode_what_they_encode():
    word = BY_NAME["FORMAT_IN"].encode(bits=16, frac=-3, elements=2)
    assert word == 0x0002_FD10
    assert BY_NAME["FORMAT_IN"].decode(word) == {"bits": 16, "frac": -3, "elements": 2}


def test_the_committed_page_and_the_drivers_map_are_those_of_the_declaration():
    again = "run: python -m bittrue.emit.registers ."
    assert (ROOT / PAGE).read_text(encoding="utf-8") == markdown(), again
    assert (ROOT / MODULE).read_text(encoding="utf-8") == python_module(), again


def test_the_drivers_map_holds_every_offset_and_field():
    for register in REGISTERS:
        assert getattr(board, register.name) == register.offset
        for field in register.fields:
            if field.bits < 32:
                assert board.FIELDS[register.name][field.name] == (field.low, field.bits, field.signed)
    assert board.ID_VALUE == MAGIC


def test_the_page_names_every_register_and_field():
    text = markdown()
    for register in REGISTERS:
        assert f"| {register.name} |" in text
        for field in register.fields:
            assert f"| {field.name} | {field.access} |" in text
    assert all(line.count("|") >= 3 for line in text.splitlines() if line.startswith("|"))


def test_the_header_compiles_and_has_the_same_numbers(tmp_path):
    lines = [f'_Static_assert(BITTRUE_{r.name} == {r.offset}, "offset");' for r in REGISTERS]
    for register in REGISTERS:
        for field in register.fields:
            if field.bits < 32:
                name = f"BITTRUE_{register.name}_{field.name.upper()}"
                lines.append(f'_Static_assert({name}_MASK == {field.mask}u && {name}_SHIFT == {field.low}, "field");')
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    (tmp_path / "registers.h").write_text(c_header(), encoding="utf-8")
    (tmp_path / "use.c").write_text('#include "registers.h"\n#include "registers.h"\n' + "\n".join(lines) + "\n")
    command = [compiler, "-std=c11", "-Wall", "-Werror", "-pedantic", "-fsyntax-only", "use.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"^.{121}", "\n".join(c_header().splitlines()[:8]), re.MULTILINE)


def test_words_that_hardware_is_built_with():
    net, other = tdnn("wide", 1), tdnn("wide", 2)
    words = built_words(net, 16, [net, other, other])
    digest = content_hash(net).removeprefix("sha256:")
    assert "".join(f"{words[f'HASH{k}'][0]:08x}" for k in range(8)) == digest
    assert BY_NAME["SHAPE"].decode(words["SHAPE"][0]) == {"interval": 16, "banks": 4}
    assert BY_NAME["DELAY"].decode(words["DELAY"][0]) == {"samples": 0, "clocks": shell_latency(net, 16)}
    assert words["LATENCY"] == (shell_latency(net, 16),)
    assert BY_NAME["FORMAT_OUT"].decode(words["FORMAT_OUT"][0]) == {"bits": 16, "frac": 15, "elements": 2}
    rows = [hash_words(content_hash(n)) for n in (net, other, other, net)]  # the bank that is not given is a copy
    assert words["BANK_HASH"] == tuple(word for row in rows for word in row)
    assert built_words(net, 16, [])["SHAPE"] == (BY_NAME["SHAPE"].encode(interval=16, banks=1),)


@pytest.mark.parametrize("given, banks", [(0, 1), (1, 2), (2, 2), (3, 4), (5, 8), (16, 16)])
def test_banks_are_a_power_of_two(given, banks):
    assert bank_count(given) == banks


def test_too_many_banks_and_too_wide_samples_are_refused():
    with pytest.raises(BadInput, match="17 banks are given; a shell has at most 16"):
        bank_count(17)
    with pytest.raises(BadInput, match="takes 1040 bits of a stream"):
        stream_bits(TensorType((65,), Format(16, 15)))


@pytest.mark.parametrize(
    "bits, elements, width", [(8, 1, 8), (3, 1, 8), (9, 1, 16), (16, 2, 32), (16, 3, 64), (12, 5, 128), (32, 32, 1024)]
)
def test_streams_are_a_power_of_two_wide(bits, elements, width):
    assert stream_bits(TensorType((elements,), Format(bits, 0))) == width


def test_ports_of_a_shell():
    ports = shell_ports(tdnn("wide", 1))
    assert len(ports) == 2 + 19 + 10
    assert ports["s_axi_ctrl_awaddr"] == ("input", 12) and ports["s_axi_ctrl_rdata"] == ("output", 32)
    assert ports["s_axis_tkeep"] == ("input", 4) and ports["m_axis_tready"] == ("input", 1)


# ---- the parts behind the registers ---------------------------------------------------------------------------------


@pytest.fixture
def rtl() -> ModuleType:
    return pytest.importorskip("amaranth.sim", reason="amaranth is not installed")


def simulate(rtl: Any, component: Any, bench: Any) -> None:
    simulator = rtl.Simulator(component)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()


def test_hashes_are_zero_from_a_load_until_they_are_written_byte_by_byte(rtl):
    from bittrue_rtl.bank_hashes import BankHashes

    start = list(range(0x01020304, 0x01020304 + 16))
    hashes = BankHashes(start, 7)

    async def read(ctx: Any) -> list[int]:
        found = []
        for k in range(20):
            ctx.set(hashes.address, k)
            await ctx.tick()
            found.append(ctx.get(hashes.value))
        return found

    async def write(ctx: Any, index: int, data: int, strobes: int) -> None:
        for port, value in ((hashes.index, index), (hashes.data, data), (hashes.bytes, strobes), (hashes.written, 1)):
            ctx.set(port, value)
        await ctx.tick()
        ctx.set(hashes.written, 0)
        await ctx.tick().repeat(2)

    async def bench(ctx: Any) -> None:
        assert await read(ctx) == [*start, 0, 0, 0, 0]
        await write(ctx, 1, 0xAABBCCDD, 0b0101)
        start[1] = (start[1] & 0xFF00FF00) | 0x00BB00DD
        ctx.set(hashes.bank, 1)
        ctx.set(hashes.clear, 1)
        await ctx.tick()
        ctx.set(hashes.clear, 0)
        start[8:] = [0] * 8
        assert await read(ctx) == [*start, 0, 0, 0, 0]
        await write(ctx, 9, 0x11223344, 0b1000)  # nothing old shows in the other bytes
        await write(ctx, 17, 0x11223344, 0b1111)  # no such bank
        start[9] = 0x11000000
        assert await read(ctx) == [*start, 0, 0, 0, 0]

    simulate(rtl, hashes, bench)


def test_the_sum_of_loaded_words_is_that_of_zlib_and_leaves_out_refused_ones(rtl):
    from bittrue_rtl.loader import SUM, Loader

    loader, rng = Loader(10, 2, 40), np.random.default_rng(4)
    busy = 0b0100

    async def bench(ctx: Any) -> None:
        ctx.set(loader.busy, busy)
        crc = count = 0
        for k in range(60):
            if k == 30:
                ctx.set(loader.restart, 1)
                await ctx.tick()
                ctx.set(loader.restart, 0)
                crc = count = 0
            address = int(rng.integers(1 << 10)) | (1 << int(rng.integers(10, 32)) if k % 7 == 0 else 0)
            low, high = (int(word) for word in rng.integers(1 << 32, size=2))
            for port, value in ((loader.address, address), (loader.low, low), (loader.high, high)):
                ctx.set(port, value)
            await ctx.tick().repeat(2)
            ctx.set(loader.written, 1)
            await ctx.tick()
            ctx.set(loader.written, 0)
            refused = bool(address >> 10) or (address >> 8) == 2
            assert ctx.get(loader.refused) == refused and ctx.get(loader.load.valid) == (not refused)
            assert ctx.get(loader.touched) == (not address >> 10)
            if not refused:
                assert ctx.get(loader.load.address) == address
                assert ctx.get(loader.load.data) == (low | high << 32) & ((1 << 40) - 1)
                crc, count = zlib.crc32(np.array([address, low, high], "<u4").tobytes(), crc), count + 1
            await ctx.tick().repeat(SUM)
            assert (ctx.get(loader.crc), ctx.get(loader.count)) == (crc, count)

    simulate(rtl, loader, bench)


def test_a_bank_is_busy_while_it_is_selected_or_samples_with_it_are_inside(rtl):
    from bittrue_rtl.bank_use import BankUse

    use, rng = BankUse(4, 8), np.random.default_rng(1)

    async def bench(ctx: Any) -> None:
        inside: list[int] = []
        select, quiet = 0, [0] * 4  # clocks for which a bank has not been used
        for _ in range(3000):
            select = int(rng.integers(4)) if rng.random() < 0.1 else select
            enter, leave = bool(rng.random() < 0.4 and len(inside) < 8), bool(inside and rng.random() < 0.4)
            pairs = ((use.select, select), (use.enter, enter), (use.enter_bank, select), (use.leave, leave))
            for port, value in (*pairs, (use.leave_bank, inside[0] if inside else 0)):
                ctx.set(port, value)
            used = {select, *inside}
            inside = inside[leave:] + [select] * enter
            quiet = [0 if bank in used else quiet[bank] + 1 for bank in range(4)]
            await ctx.tick()
            for bank in range(4):
                found = ctx.get(use.busy[bank])
                assert found or bank not in used, f"bank {bank} is free although it is used"
                assert not found or quiet[bank] < 4, f"bank {bank} stays busy"

    simulate(rtl, use, bench)
