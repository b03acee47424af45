"""The cocotb benches of a shell, one test a scenario; `bittrue_sim.shell_cosimulate` chooses and writes their job."""

from __future__ import annotations

import dataclasses
from typing import Any

import cocotb
import numpy as np

from bittrue import ref
from bittrue.cosim.stalls import Stalls
from bittrue.lower.fold import is_pipeline
from bittrue.lower.registers import BY_NAME, HASH_WORDS, NET_REGISTERS, Register, hash_words
from bittrue.lower.stream_shell import built_words, can_bypass, shell_latency
from bittrue.ref.banks import saturated
from bittrue.spec import Net
from bittrue.spec.store import content_hash
from bittrue_sim.benches.shell_rig import Rig
from bittrue_sim.swaps import bounds, follow

ROUGH = Stalls(seed=3, idle=0.4, backpressure=0.4, burst=20)
STATUS = BY_NAME["STATUS"]
BYPASS = BY_NAME["CONTROL"].encode(bypass=1)
RESET = BY_NAME["CONTROL"].encode(reset=1)
PACKETS = BY_NAME["CONTROL"].encode(packets=1)


scenario = cocotb.test(timeout_time=3, timeout_unit="ms")
"""Decorator: 300,000 clocks are more than any scenario needs, and a simulation must end."""


async def rig(dut: Any) -> Rig:
    """A shell out of its reset."""
    found = Rig(dut)
    await found.start()
    return found


def at_reset(shell: Rig) -> dict[tuple[str, int], int]:
    """What every register holds after the first reset."""
    built = built_words(shell.net, shell.interval, shell.banks)
    words: dict[tuple[str, int], int] = {}
    for register in NET_REGISTERS:
        for k in range(register.words):
            given = built.get(register.name)
            word = given[k] if given is not None and k < len(given) else register.reset or 0
            words[register.name, k] = STATUS.encode(busy=1) if register is STATUS else word
    return words


def other_codes(net: Net, seed: int) -> Net:
    """The net with other weights and biases, of about the same size."""
    rng, nodes = np.random.default_rng(seed), []
    for node in net.nodes:
        layer = node.layer
        codes = {name: getattr(layer, name) for name in ("weight", "bias") if hasattr(layer, name)}
        drawn = {name: rng.permutation(code.ravel()).reshape(code.shape) for name, code in codes.items()}
        nodes.append(dataclasses.replace(node, layer=dataclasses.replace(layer, **drawn)))  # type: ignore[type-var]
    return dataclasses.replace(net, nodes=tuple(nodes))


# ---- registers ------------------------------------------------------------------------------------------------------


@scenario
async def reset_values(dut: Any) -> None:
    """Every register reads its reset value, and an address without a register 0."""
    shell = await rig(dut)
    words = at_reset(shell)
    for (name, k), word in words.items():
        await shell.expect(name, word, k)
    taken = {BY_NAME[name].offset + 4 * k for name, k in words}
    free = [offset for offset in range(0, 4096, 4) if offset not in taken]
    for offset in (*free[:8], *shell.rng.choice(free, 24).tolist(), free[-1]):
        await shell.master.write(offset, b"\xff\xff\xff\xff")
        found = await shell.master.read(offset, 4)
        assert found.data == bytes(4) and int(found.resp) == 0, f"address 0x{offset:03x} reads {found}"
    for (name, k), word in words.items():
        await shell.expect(name, word, k)


@scenario
async def access_kinds(dut: Any) -> None:
    """Every field may be written or not as declared, bytes on their own too; a reset brings all back but the hashes."""
    shell = await rig(dut)
    shell.stall(ROUGH, bus=0.4)
    words = at_reset(shell)
    held = dict(words)
    await shell.write("LOAD_DATA", 0)  # refused, and from now on bank 0 has no hash
    held |= {("BANK_HASH", k): 0 for k in range(HASH_WORDS)}
    for register in NET_REGISTERS:
        for k in sorted({0, 1, HASH_WORDS, 2 * HASH_WORDS - 1, register.words - 1}):
            if k < register.words:
                held[register.name, k] = await written(shell, register, k, held[register.name, k])
        await shell.write("BANK", 0)  # which stays in use
        held["BANK", 0] = 0
    await shell.write("STATUS", STATUS.encode(refused=1))  # LOAD_DATA was written, into a bank in use
    await shell.hard_reset()
    for (name, k), word in words.items():
        await shell.expect(name, held[name, k] if name == "BANK_HASH" else word, k)
    await shell.restore()


async def written(shell: Rig, register: Register, k: int, before: int) -> int:
    """Write a register whole and byte by byte; return what it holds then."""
    exist = {
        "CONTROL": BYPASS * can_bypass(shell.net) | PACKETS * shell.framed,
        "BANK": shell.count - 1,
        "WEIGHTS_ADDRESS": 0,  # all weights of these shells are on chip
    }.get(register.name, 0xFFFFFFFF)
    if register.words > 1 and k >= HASH_WORDS * shell.count:
        exist = 0
    mask = sum(field.mask for field in register.fields if field.access in ("rw", "count")) & exist
    # a soft reset has a test of its own
    pulses = sum(field.mask for field in register.fields if field.access == "pulse")
    word = before
    for _ in range(2):
        given = int(shell.rng.integers(1 << 32)) & ~pulses
        await shell.write(register.name, given, k)
        word = (word & ~mask) | (given & mask)
        await after(shell, register, k, word)
        byte, value = int(shell.rng.integers(4)), int(shell.rng.integers(256)) & ~(pulses & 0xFF)
        await shell.master.write(register.offset + 4 * k + byte, bytes([value]))
        here = mask & (0xFF << (8 * byte))
        word = (word & ~here) | ((value << (8 * byte)) & here)
        await after(shell, register, k, word)
    return word


async def after(shell: Rig, register: Register, k: int, word: int) -> None:
    """The register reads ``word``; STATUS besides shows the bank that is selected, and is left out."""
    if register is not STATUS:
        await shell.expect(register.name, word, k)
    if register.name == "LOAD_DATA":  # that offered a word, for no bank or for one in use, and moved the address
        await shell.write("LOAD_ADDRESS", 0)
        assert await shell.field("STATUS", "refused") == 1


# ---- streams --------------------------------------------------------------------------------------------------------


@scenario
async def streams(dut: Any) -> None:
    """Transfers of any length with stalls everywhere: right words, TLAST with its sample, right counts."""
    shell = await rig(dut)
    x = shell.draw(shell.samples)
    shell.send(x[:1])
    await shell.received(1)
    clocks = shell.went[0].clock - shell.came[0].clock
    latency = shell_latency(shell.net, shell.interval, bool(shell.banks))
    assert await shell.field("DELAY", "clocks") == latency
    turn = shell.interval if is_pipeline(shell.interval) else 1  # a pipeline lets samples in in their turn only
    assert latency <= clocks < latency + turn, clocks
    shell.stall(ROUGH, bus=0.3)
    ends, start = [1], 1
    while start < len(x):
        ends.append(min(len(x), start + int(shell.rng.integers(1, 7))))
        shell.send(x[start : ends[-1]])
        start = ends[-1]
    while len(shell.went) < len(x) // 2:
        assert await shell.read("SAMPLES_IN") <= len(x)
    await shell.received(len(x))
    shell.check(x)
    assert shell.lasts() == [end - 1 for end in ends], shell.lasts()
    await shell.expect("SAMPLES_IN", len(x))
    await shell.expect("SAMPLES_OUT", len(x))
    await shell.expect("STATUS", STATUS.encode(busy=1))


@scenario
async def stall_counter(dut: Any) -> None:
    """STALLS counts the clocks in which a word waits, and nothing is lost however long."""
    shell = await rig(dut)
    latency = shell_latency(shell.net, shell.interval, bool(shell.banks))
    count = 40 + latency * is_pipeline(shell.interval)  # that holds a sample a clock, and as many behind it
    x = shell.draw(count)
    shell.sink.pause = True
    shell.send(x)
    await shell.clocks(latency + count * shell.interval)
    assert not shell.went and len(shell.came) < count, "the shell took all without giving any"
    inside = len(shell.came)
    before = await shell.read("STALLS")
    begin = shell.now()
    await shell.clocks(100)
    after = await shell.read("STALLS")
    assert abs(after - before - (shell.now() - begin)) <= 20, f"{after - before} stalls in {shell.now() - begin} clocks"
    await shell.expect("SAMPLES_IN", inside)
    await shell.expect("SAMPLES_OUT", 0)
    shell.sink.pause = False
    await shell.received(count)
    shell.check(x)
    still = await shell.read("STALLS")
    await shell.clocks(50)
    await shell.expect("STALLS", still)


@scenario
async def full_speed(dut: Any) -> None:
    """Without stalls a sample leaves every ``interval`` clocks: nothing of the shell is slower than the net."""
    shell = await rig(dut)
    x = shell.draw(60)
    shell.send(x)
    await shell.received(60)
    shell.check(x)
    clocks = shell.went[-1].clock - shell.went[20].clock
    assert clocks == 39 * shell.interval, f"39 samples take {clocks} clocks at interval {shell.interval}"


@scenario
async def malformed_transfers(dut: Any) -> None:
    """A word with zeros in TKEEP raises the flag and counts as any other; so do transfers of one word."""
    shell = await rig(dut)
    size, x = len(shell.bytes_of(shell.draw(1))), shell.draw(12)
    shell.send(x[:2])
    await shell.received(2)
    assert await shell.field("STATUS", "malformed") == 0
    for k, hole in enumerate((0, size - 1, size // 2)):
        keep = [1] * (2 * size)
        keep[size + hole] = 0
        shell.send(x[2 + 2 * k : 4 + 2 * k], keep)
        await shell.received(4 + 2 * k)
        assert await shell.field("STATUS", "malformed") == 1, f"byte {hole} is missing and not noticed"
        await shell.write("STATUS", STATUS.encode(refused=1))
        assert await shell.field("STATUS", "malformed") == 1, "writing another flag cleared it"
        await shell.write("STATUS", STATUS.encode(malformed=1))
        assert await shell.field("STATUS", "malformed") == 0, "writing 1 did not clear the flag"
    for k in range(8, 12):
        shell.send(x[k : k + 1])
    await shell.received(12)
    shell.check(x)
    assert shell.lasts() == [1, 3, 5, 7, 8, 9, 10, 11], shell.lasts()
    more = shell.draw(40)
    shell.send(more)
    while len(shell.went) < 30:  # words leave although no TLAST has come
        await shell.clocks(shell.interval)
    assert shell.lasts()[-1] == 11
    await shell.received(52)
    shell.check(np.concatenate([x, more]))


@scenario
async def reset_in_mid_stream(dut: Any) -> None:
    """A soft reset drops what is inside, clears history, counters and flags, and nothing else; ``aresetn`` all."""
    shell = await rig(dut)
    await shell.write("BANK", 1)
    await shell.write("LOAD_ADDRESS", 1)
    await shell.write("LOAD_HIGH", 77)
    x = shell.draw(shell.samples)
    shell.send(x, [0] + [1] * (len(shell.bytes_of(x)) - 1))
    await shell.received_some(5)
    shell.source.pause = True
    await shell.clocks(2)
    shell.sink.pause = True
    await shell.clocks(2)
    taken = len(shell.came)
    await shell.expect("SAMPLES_IN", taken)
    assert len(shell.went) < taken < len(x) and await shell.field("STATUS", "malformed") == 1
    shell.flushing = True
    await shell.write("CONTROL", RESET)
    shell.flushing = False
    shell.went.clear()
    for name in ("SAMPLES_IN", "SAMPLES_OUT", "STALLS", "SATURATED", "CONTROL"):
        await shell.expect(name, 0)
    await shell.expect("STATUS", STATUS.encode(busy=2))
    for name, word in (("BANK", 1), ("LOAD_ADDRESS", 1), ("LOAD_HIGH", 77)):
        await shell.expect(name, word)
    shell.sink.pause = shell.source.pause = False
    await shell.received(len(x) - taken)
    shell.check(x[taken:], shell.nets[1])

    shell.forget()
    shell.send(x)
    await shell.received_some(3)
    await shell.hard_reset()
    for (name, k), word in at_reset(shell).items():
        await shell.expect(name, word, k)
    await shell.hard_reset(x[:20])
    await shell.received(20)
    shell.check(x[:20])


@scenario
async def bypass(dut: Any) -> None:
    """While bypassed, samples leave as they came, with all their bits; every other one is the net's."""
    shell = await rig(dut)
    await shell.write("CONTROL", BYPASS)
    if not can_bypass(shell.net):
        await shell.expect("CONTROL", 0)
        return
    raw = shell.rng.bytes(10 * len(shell.bytes_of(shell.draw(1))))  # bits beyond the words as well
    shell.source.send_nowait(raw)
    await shell.received(10)
    size = len(raw) // 10
    assert b"".join(moved.word.to_bytes(size, "little") for moved in shell.went) == raw
    await shell.write("CONTROL", RESET)  # and leaves bypass
    shell.forget()
    shell.stall(ROUGH)
    x = shell.draw(4 * shell.samples)
    shell.send(x)
    changes: list[tuple[int, int]] = []
    while len(shell.went) < len(x) - 10:
        changes.append(await changed(shell, "CONTROL", BYPASS * (len(changes) + 1 & 1)))
        await shell.clocks(int(shell.rng.integers(4 * shell.interval)))
    await shell.received(len(x))
    used = explained(shell, ["net", *(("bypassed", "net")[k & 1] for k in range(len(changes)))], changes,
                     {"net": ref.run(shell.net, x), "bypassed": x})  # fmt: skip
    assert len(set(used.tolist())) > 4, "bypass was hardly used"


# ---- banks ----------------------------------------------------------------------------------------------------------


@scenario
async def bank_swaps(dut: Any) -> None:
    """Banks are swapped while samples go through: each is one net's, in the order of the swaps."""
    shell = await rig(dut)
    shell.stall(ROUGH)
    x = shell.draw(4 * shell.samples)
    shell.send(x)
    changes: list[tuple[int, int]] = []
    banks = [0]
    while len(shell.went) < len(x) - 10:
        banks.append(int(shell.rng.integers(len(shell.nets))))
        changes.append(await changed(shell, "BANK", banks[-1]))
        await shell.clocks(int(shell.rng.integers(4 * shell.interval)))
    await shell.received(len(x))
    used = explained(shell, banks, changes, {k: ref.run(net, x) for k, net in enumerate(shell.nets)})
    assert len(set(used.tolist())) > 4, "banks were hardly used"


@scenario
async def load_while_streaming(dut: Any) -> None:
    """A bank that is not used is loaded again and again under traffic, and swapped in: no sample sees half a net."""
    shell = await rig(dut)
    shell.stall(ROUGH)
    nets: dict[object, Net] = {0: shell.nets[0]}
    changes: list[tuple[int, int]] = []
    setups: list[Any] = [0]
    traffic = shell.traffic()
    for turn in range(1, 4):
        bank, net = turn % 2, other_codes(shell.net, turn)
        while await shell.field("STATUS", "busy") >> bank & 1:
            await shell.clocks(shell.interval)
        await shell.write("LOAD_CRC", 0)
        crc = await shell.load(net, bank)
        await shell.expect("LOAD_CRC", crc)
        await shell.expect("LOAD_COUNT", len(shell.plan.words(net)[0]))
        assert await shell.field("STATUS", "refused") == 0
        await check_hash(shell, bank, [0] * HASH_WORDS)
        for k, word in enumerate(hash_words(content_hash(net))):
            await shell.write("BANK_HASH", word, HASH_WORDS * bank + k)
        await check_hash(shell, bank, list(hash_words(content_hash(net))))
        changes.append(await changed(shell, "BANK", bank))
        nets[turn] = net
        setups.append(turn)
        await shell.received_some(len(shell.went) + shell.samples // 2)
    x = await traffic.stop()
    used = explained(shell, setups, changes, {k: ref.run(net, x) for k, net in nets.items()})
    assert set(used.tolist()) == set(range(len(setups))), "a net was never used"
    await shell.restore()


async def check_hash(shell: Rig, bank: int, words: list[int]) -> None:
    """The bank's row of the hash window."""
    for k, word in enumerate(words):
        await shell.expect("BANK_HASH", word, HASH_WORDS * bank + k)


@scenario
async def refused_loads(dut: Any) -> None:
    """Words for the bank in use, for one with samples inside, and for no bank at all are refused and not counted."""
    shell = await rig(dut)
    x, base = shell.draw(20), 1 << (shell.plan.lane_bits + shell.plan.word_bits)

    async def refused(address: int) -> bool:
        await shell.write("STATUS", STATUS.encode(refused=1))
        await shell.write("LOAD_ADDRESS", address)
        await shell.write("LOAD_DATA", 1)
        await shell.expect("LOAD_ADDRESS", (address + 1) & 0xFFFFFFFF)
        return bool(await shell.field("STATUS", "refused"))

    await shell.write("LOAD_CRC", 0)
    assert await refused(0), "a word for the bank in use was stored"
    await check_hash(shell, 0, [0] * HASH_WORDS)
    await check_hash(shell, 1, list(hash_words(content_hash(shell.nets[1]))))
    for bit in (shell.plan.address_bits, 31):
        assert await refused(base | 1 << bit), f"address bit {bit} was ignored"
    await check_hash(shell, 1, list(hash_words(content_hash(shell.nets[1]))))
    shell.sink.pause = True
    shell.send(x[:8])  # more than wait behind the net
    await shell.clocks(12 * shell.interval)
    assert len(shell.came) == 8
    await shell.write("BANK", 1)
    assert await shell.field("STATUS", "busy") == 3
    assert await refused(1), "a word for a bank with samples inside was stored"
    shell.send(x[8:])
    shell.sink.pause = False
    await shell.received(20)
    await shell.expect("LOAD_COUNT", 0)
    await shell.expect("LOAD_CRC", 0)
    both = [ref.run(net, x) for net in shell.nets[:2]]
    assert (shell.outputs() == np.concatenate([both[0][:8], both[1][8:]])).all(), "a refused word has changed a net"
    assert await shell.field("STATUS", "active") == 1
    assert not await refused(0), "a word for a bank that is free was refused"
    await shell.expect("LOAD_COUNT", 1)
    await shell.restore()


@scenario
async def saturation_flags(dut: Any) -> None:
    """A node's flag is set by the first sample that it clamps, and by nothing else; writing 1 clears it."""
    shell = await rig(dut)
    fmt, shape = shell.net.input.format, shell.net.input.shape
    seen = 0
    for k in range(shell.samples // 4):
        x = shell.draw(4) >> int(shell.rng.integers(fmt.bits))
        shell.send(x)
        await shell.received(4 * (k + 1))
        found = saturated([shell.net], x, [0] * len(x))
        wanted = sum(1 << n for n, node in enumerate(shell.net.nodes) if found[node.name].any())
        await shell.expect("SATURATED", wanted)
        await shell.write("SATURATED", 0xFFFFFFFF ^ wanted)
        await shell.expect("SATURATED", wanted)
        seen |= wanted
        await shell.write("CONTROL", RESET)  # forgets the history, so that each group stands for itself
        await shell.expect("SATURATED", 0)
    x = np.full((8, *shape), fmt.lo)
    shell.send(x)
    await shell.received(4 * (shell.samples // 4) + 8)
    wanted = await shell.read("SATURATED")
    assert wanted and seen | wanted, "nothing ever saturated"
    for n in range(len(shell.net.nodes)):
        await shell.write("SATURATED", 1 << n)
        wanted &= ~(1 << n)
        await shell.expect("SATURATED", wanted)


async def changed(shell: Rig, name: str, value: int) -> tuple[int, int]:
    """Write a register under traffic; the clocks between which it took effect."""
    begin = shell.now()
    await shell.write(name, value)
    return begin, shell.now()


def explained(shell: Rig, setups: list[Any], changes: list[tuple[int, int]], expected: dict[Any, Any]) -> Any:
    """`follow`, with bounds from the clocks in which words moved and writes were under way."""
    begins, ends = zip(*changes, strict=True)
    clocks = [[moved.clock for moved in way] for way in (shell.came, shell.went)]
    return follow(shell.outputs(), setups, expected, *bounds(begins, ends, *clocks))
