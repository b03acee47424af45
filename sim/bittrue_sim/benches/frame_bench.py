"""The cocotb benches of a shell of frames, one test a scenario; `bittrue_sim.shell_cosimulate` writes their job."""

from __future__ import annotations

from typing import Any

import numpy as np
from cocotbext.axi import AxiStreamFrame

from bittrue import ref
from bittrue.lower.registers import HASH_WORDS, hash_words
from bittrue.lower.stream_shell import shell_latency
from bittrue.spec import Net
from bittrue.spec.store import content_hash
from bittrue_sim.benches.shell_bench import (
    PACKETS,
    RESET,
    ROUGH,
    STATUS,
    changed,
    check_hash,
    other_codes,
    reset_values,
    rig,
    scenario,
)
from bittrue_sim.benches.shell_rig import Rig
from bittrue_sim.swaps import follow

__all__ = ["reset_values"]


def words(shell: Rig) -> tuple[int, int]:
    """Words of a frame on either stream."""
    return shell.layouts[0].transfers, shell.layouts[1].transfers


def send_words(shell: Rig, count: int) -> None:
    """Queue so many words of frames, with TLAST on the last one."""
    given = words(shell)[0]
    data = shell.bytes_of(shell.draw(-(-count // given)))
    size = len(data) // (-(-count // given) * given)
    shell.source.send_nowait(AxiStreamFrame(data[: count * size]))


@scenario
async def frames(dut: Any) -> None:
    """Frames with stalls everywhere: right words, TLAST with the last one of each, right counts."""
    shell = await rig(dut)
    given, made = words(shell)
    x = shell.draw(shell.samples)
    shell.send(x[:1])
    await shell.received(made)
    clocks = shell.went[0].clock - shell.came[-1].clock
    assert clocks == await shell.field("DELAY", "clocks") == shell_latency(shell.net, shell.interval), clocks
    shell.stall(ROUGH, bus=0.3)
    shell.send(x[1:])
    while len(shell.went) < len(x) * made // 2:
        assert await shell.read("SAMPLES_IN") <= len(x) * given
    await shell.received(len(x) * made)
    shell.check(x)
    assert shell.lasts() == [(k + 1) * made - 1 for k in range(len(x))], shell.lasts()
    for name, count in (("SAMPLES_IN", len(x) * given), ("SAMPLES_OUT", len(x) * made)):
        await shell.expect(name, count)
    for name in ("SHORT_FRAMES", "LONG_FRAMES"):
        await shell.expect(name, 0)
    await shell.expect("STATUS", STATUS.encode(busy=1))


@scenario
async def full_speed_of_frames(dut: Any) -> None:
    """Without stalls a frame leaves every ``interval`` clocks: nothing of the shell is slower than the net."""
    shell = await rig(dut)
    made, x = words(shell)[1], shell.draw(20)
    shell.send(x)
    await shell.received(20 * made)
    shell.check(x)
    ends = [moved.clock for moved in shell.went if moved.last]
    assert ends[-1] - ends[8] == 11 * shell.interval, f"11 frames take {ends[-1] - ends[8]} clocks"


@scenario
async def dropped_frames(dut: Any) -> None:
    """Short and long frames between whole ones: those come out and no other, and the counts tell of the rest."""
    shell = await rig(dut)
    shell.stall(ROUGH, bus=0.3)
    given, made = words(shell)
    x = shell.draw(shell.samples)
    short = long = 0
    for frame in x:
        shell.send(frame[np.newaxis])
        kind = int(shell.rng.integers(4))
        if kind == 0 and given > 1:
            send_words(shell, int(shell.rng.integers(1, given)))
            short += 1
        elif kind == 1:
            send_words(shell, given + int(shell.rng.integers(1, 2 * given + 1)))
            long += 1
    await shell.received(len(x) * made)
    shell.check(x)
    assert shell.lasts() == [(k + 1) * made - 1 for k in range(len(x))], shell.lasts()
    await shell.expect("SHORT_FRAMES", short)
    await shell.expect("LONG_FRAMES", long)
    await shell.write("CONTROL", RESET)
    for name in ("SHORT_FRAMES", "LONG_FRAMES"):
        await shell.expect(name, 0)


@scenario
async def packets(dut: Any) -> None:
    """With ``CONTROL.packets`` TLAST ends several frames; what is left over is a short one, and its TLAST is lost."""
    shell = await rig(dut)
    await shell.write("CONTROL", PACKETS)
    shell.stall(ROUGH)
    given, made = words(shell)
    x, ends, short, start = shell.draw(shell.samples), [], 0, 0
    while start < len(x):
        count = min(len(x) - start, int(shell.rng.integers(1, 5)))
        rest = int(shell.rng.integers(given)) if shell.rng.integers(3) == 0 else 0
        data = shell.bytes_of(x[start : start + count])
        shell.source.send_nowait(AxiStreamFrame(data + data[: rest * len(data) // (count * given)]))
        start += count
        short += bool(rest)
        if not rest:
            ends.append(start * made - 1)
    await shell.received(len(x) * made)
    shell.check(x)
    assert shell.lasts() == ends, shell.lasts()
    await shell.expect("SHORT_FRAMES", short)
    await shell.expect("LONG_FRAMES", 0)


@scenario
async def reset_in_mid_frame(dut: Any) -> None:
    """A reset drops what is inside; the rest of a frame that it cut is a short one, and those after it are whole."""
    shell = await rig(dut)
    given, made = words(shell)
    x = shell.draw(12)
    shell.send(x)
    await shell.received_some(2 * made)
    while len(shell.came) % given in (0, given - 1) and given > 2:
        await shell.clocks(1)
    shell.source.pause = True
    await shell.clocks(4)
    taken = len(shell.came)
    assert taken < len(x) * given, "the shell took all before the reset"
    shell.flushing = True
    await shell.write("CONTROL", RESET)
    shell.flushing = False
    shell.went.clear()
    for name in ("SAMPLES_IN", "SAMPLES_OUT", "SHORT_FRAMES", "LONG_FRAMES", "SATURATED"):
        await shell.expect(name, 0)
    shell.source.pause = False
    whole = len(x) - -(-taken // given)
    await shell.received(whole * made)
    shell.check(x[len(x) - whole :])
    await shell.expect("SHORT_FRAMES", int(taken % given != 0))
    await shell.hard_reset(x[:3])
    await shell.received(3 * made)
    shell.check(x[:3])


@scenario
async def banks_of_frames(dut: Any) -> None:
    """The bank that is not used is loaded again and again under traffic, and swapped in: a frame is one net's."""
    shell = await rig(dut)
    made = words(shell)[1]
    shell.stall(ROUGH)
    x, nets = shell.draw(6 * shell.samples), [shell.nets[0]]
    changes: list[tuple[int, int]] = []
    shell.send(x)
    for turn in range(1, 4):
        nets.append(other_codes(shell.net, turn))
        await load_anew(shell, nets[-1], turn % 2)
        changes.append(await changed(shell, "BANK", turn % 2))
        await shell.received_some(len(shell.went) + made)
    await shell.received(len(x) * made)
    ends, begins = words(shell)[0] - 1, [moved.clock for moved in shell.went[::made]]
    earliest = np.searchsorted([done for _, done in changes], [moved.clock for moved in shell.came[ends :: ends + 1]])
    latest = np.searchsorted([start for start, _ in changes], begins)
    used = follow(
        shell.outputs(), range(len(nets)), {k: ref.run(net, x) for k, net in enumerate(nets)}, earliest, latest
    )
    assert len(set(used.tolist())) > 2, f"only nets {set(used.tolist())} were used"
    await shell.restore()


async def load_anew(shell: Rig, net: Net, bank: int) -> None:
    """Load a net when its bank is free, and write its hash."""
    while await shell.field("STATUS", "busy") >> bank & 1:
        await shell.clocks(shell.interval)
    await shell.write("LOAD_CRC", 0)
    await shell.expect("LOAD_CRC", await shell.load(net, bank))
    await check_hash(shell, bank, [0] * HASH_WORDS)
    for k, word in enumerate(hash_words(content_hash(net))):
        await shell.write("BANK_HASH", word, HASH_WORDS * bank + k)
    await check_hash(shell, bank, list(hash_words(content_hash(net))))
    assert await shell.field("STATUS", "refused") == 0
