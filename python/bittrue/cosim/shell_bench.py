"""A Verilated AXI shell: registers are read and written while its streams go on."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bittrue.cosim import verilator
from bittrue.cosim.shell_ports import WRAPPER, ShellPorts, words
from bittrue.cosim.shell_script import OKAY, READ, RESPONSES, RESULT, WRITE, Access, packed
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import HardwareFault
from bittrue.cosim.weight_memory import BROKEN, MemoryTiming, Regions, attach, header, report
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources

BATCH = 100_000
"""Clocks between two looks at the keyboard."""
PATIENCE = 20_000
"""Clocks without a transfer after which the shell counts as stuck."""
_COUNTS = ("clock", "sent", "received", "unsent", "waiting", "commands", "results", "stamps", "fault", "credit")
_FAULTS = {
    1: "m_axis took back tvalid while tready was low",
    2: "m_axis changed tdata or tlast while tvalid was high and tready was low",
    3: "m_axis gave a word whose tkeep is not all ones",
    4: "a tvalid, bvalid or rvalid was high in reset",
    5: "s_axi_ctrl took back bvalid while bready was low",
    6: "s_axi_ctrl raised bvalid before it had taken address and data",
    7: "s_axi_ctrl took back rvalid while rready was low",
    8: "s_axi_ctrl changed its answer while it was not taken",
    9: "s_axi_ctrl raised rvalid before it had taken an address",
    10: "s_axi_ctrl did not answer an access in 10,000 clocks, or a poll did not see its value in a million",
}
_MEMORY = 11
Words = npt.NDArray[np.uint8]
Bench = TypeVar("Bench", bound="ShellBench")


class ShellBench:
    """A shell behind a bus master, a stream source and a stream sink, compiled by Verilator on first use.

    Words queued by `send` and accesses queued by `script` move only while the clock runs: in `run`, `clock`, `read` and
    `write`. Everything that comes out is kept until `receive`.

    Parameters
    ----------
    sources : Sources
    module : str
        Name of the module in it.
    stalls : Stalls, optional
        As `stalls` sets them. The seed also draws what undriven bits and tdata without tvalid hold.

    Raises
    ------
    BadInput
        Where Verilator or a C++ compiler is missing.
    HardwareFault
        Where the ports of the text are not a shell's, an undriven output among them. Later, from every method that
        clocks: where the shell breaks a rule of AXI4-Lite or AXI4-Stream, answers an access with an error, or is stuck.
    """

    def __init__(self, sources: Sources, module: str, stalls: Stalls | None = None) -> None:
        self._handle: ctypes.c_void_p | None = None
        self.ports = ShellPorts.of(sources.verilog, module)
        harness = Path(__file__).with_name("shell_harness.cpp").read_text(encoding="utf-8")
        files = {
            "shell_ports.h": self.ports.header(),
            "harness.cpp": harness,
            **(header() if self.ports.weights else {}),
        }
        self._library = ctypes.CDLL(str(verilator.build(sources.extended(self.ports.wrapper()), WRAPPER, files)))
        self._library.shell_open.restype = ctypes.c_void_p
        stalls = stalls or Stalls()
        self._handle = ctypes.c_void_p(self._library.shell_open(ctypes.c_int64(stalls.seed)))
        self.stalls(stalls)
        self.reset()

    def close(self) -> None:
        """Free the simulation."""
        if self._handle is not None:
            self._library.shell_close(self._handle)
            self._handle = None

    def __enter__(self: Bench) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    # -- setting up --------------------------------------------------------------------------------------------------

    def stalls(self, stalls: Stalls, bus: float = 0.0) -> None:
        """Draw stalls from now on.

        Parameters
        ----------
        stalls : Stalls
            ``idle`` of the source, ``backpressure`` of the sink, ``burst`` of all.
        bus : float
            Probability, 0 to below 1, that a channel of the bus master waits before it offers or takes.
        """
        if not 0 <= bus < 1:
            raise BadInput(f"bus stalls are {bus}; give a probability from 0 to below 1, or nothing ever moves")
        each = [int(p * (1 << 32)) for p in (stalls.idle, stalls.backpressure, bus)]
        values = (ctypes.c_int64 * 3)(*each)
        self._call("shell_stalls", ctypes.c_int64(stalls.seed), values, ctypes.c_int64(stalls.burst))

    def reset(self, clocks: int = 4) -> None:
        """Hold ``aresetn`` low; forget everything that is queued or has come out, and count clocks from 0 again."""
        self._call("shell_reset", ctypes.c_int(clocks))
        self._judge(self._report())

    def memory(self, regions: Regions, timing: MemoryTiming | None = None, fault: str = "", beat: int = 0) -> None:
        """What lies behind the weights' port from now on, and how it answers; arrays are looked at, not copied.

        Parameters
        ----------
        regions : sequence of (int, uint8 array)
            Addresses, and the bytes from there on; elsewhere is no memory.
        timing : MemoryTiming, optional
        fault : str
            Of `bittrue.cosim.weight_memory.FAULTS`, ``beat`` beats from now, once.

        Raises
        ------
        BadInput
            For a shell whose weights are all on chip, or a fault that does not exist.
        """
        if not self.ports.weights or self._handle is None:
            raise BadInput(f"module {self.ports.module} reads no weights from memory; build it with some that stream")
        self._regions = list(regions)
        attach(self._library, self._handle, self._regions, timing or MemoryTiming(), fault, beat)

    def memory_seen(self) -> dict[str, int]:
        """``beats`` that the memory has given and ``bursts`` that it was asked for."""
        assert self._handle is not None
        return report(self._library, self._handle)

    # -- queueing ----------------------------------------------------------------------------------------------------

    def send(self, data: npt.ArrayLike, last: bool | npt.ArrayLike = True, keep: npt.ArrayLike | None = None) -> None:
        """Queue words for the input stream.

        Parameters
        ----------
        data : uint8 array (N, input_bits / 8)
            tdata, least significant byte first, as `pack` makes it.
        last : bool, or bool array (N,)
            TLAST of the last word (the others have none), or of every word.
        keep : bool array (N, input_bits / 8), optional
            TKEEP; all ones where none is given.

        Raises
        ------
        BadInput
            For arrays of another shape.
        """
        given = np.asarray(data, dtype=np.uint8)
        size = self.ports.input_bits // 8
        if given.ndim != 2 or given.shape[1] != size:
            raise BadInput(f"words are given as an array {given.shape}; the input stream takes (N, {size}) bytes")
        count = len(given)
        kept = np.ones((count, size), bool) if keep is None else np.asarray(keep, dtype=bool)
        lasts = np.zeros(count, np.uint8)
        if isinstance(last, bool | np.bool_):
            lasts[-1:] = last
        else:
            lasts[:] = np.asarray(last, dtype=bool)
        if kept.shape != given.shape:
            raise BadInput(f"tkeep is given as an array {kept.shape}; {given.shape} is expected")
        wide = _wide(given, words(self.ports.input_bits))
        strobes = _wide(np.packbits(kept, axis=1, bitorder="little"), words(size))
        self._call("shell_send", ctypes.c_int64(count), _address(wide), _address(strobes), _address(lasts))

    def script(self, accesses: Iterable[Access]) -> None:
        """Queue register accesses: the bus works them off one after another while the clock runs (`results`)."""
        rows = packed(accesses)
        self._call("shell_queue", ctypes.c_int64(len(rows)), _address(rows))

    def accept(self, count: int | None) -> None:
        """Let the sink take that many words, and none behind a TLAST; with None it takes all that come, as at first."""
        self._call("shell_accept", ctypes.c_int64(-1 if count is None else count))

    def drop(self) -> None:
        """Take back all words that are queued for the input stream, the one on offer too: a source that is reset."""
        self._call("shell_drop")

    # -- running -----------------------------------------------------------------------------------------------------

    def clock(self, clocks: int) -> None:
        """Let a number of clocks pass."""
        self._run(clocks, out=-1, into=-1, bus=False, patience=PATIENCE)

    def run(self, until: int | None = None, limit: int | None = None, *, patience: int = PATIENCE) -> None:
        """Let clocks pass until ``until`` output words wait for `receive` and the bus has worked off its accesses.

        Parameters
        ----------
        until : int, optional
            Words; where none is given, until the source has handed over all its words and the accesses are done. It
            ends, too, when the sink has taken what it was told to `accept`.
        limit : int, optional
            Most clocks; where none is given, it ends when nothing has moved for ``patience`` clocks.

        Raises
        ------
        HardwareFault
            As the class says; where the limit is reached too, with the words expected and received.
        """
        goal = (until, -1) if until is not None else (-1, 0)
        code = self._run(limit if limit is not None else 1 << 62, *goal, bus=True, patience=patience)
        if code == 1:
            return
        report = self._report()
        wanted = f"{report['waiting']} of {until} words" if until is not None else f"{report['unsent']} words unsent"
        why = f"the limit of {limit} clocks is reached" if code == 0 else f"nothing moved for {patience} clocks"
        raise HardwareFault(f"clock {report['clock']}: {why}: {wanted}, {report['commands']} accesses not done")

    def advance(self, clocks: int, until: int | None = None) -> bool:
        """Let at most so many clocks pass, as `run` does; whether it came to its end. Too few words raise nothing."""
        goal = (until, -1) if until is not None else (-1, 0)
        return self._run(clocks, *goal, bus=True, patience=clocks) == 1

    def read(self, offset: int) -> int:
        """Value of the 32-bit register at a byte offset, by a transaction of AXI4-Lite."""
        return self._access(Access(READ, offset))

    def write(self, offset: int, value: int, strobes: int = 0xF) -> None:
        """Write the 32-bit register at a byte offset; ``strobes`` are the four bits of WSTRB."""
        self._access(Access(WRITE, offset, value, strobes))

    def _access(self, access: Access) -> int:
        row, result = packed([access]), np.zeros(1, RESULT)
        code = self._call("shell_access", _address(row), _address(result))
        while code == 0:  # a script goes first
            if self._run(1 << 62, out=-1, into=-1, bus=True, patience=PATIENCE) != 1:
                raise HardwareFault(f"clock {self.cycles}: nothing moved for {PATIENCE} clocks while an access waits")
            code = self._call("shell_access", _address(row), _address(result))
        if code == 2:
            self._judge(self._report())
        response, done, value = (int(result[name][0]) for name in ("response", "done", "value"))
        if response != OKAY:
            kind = "read of" if access.op == READ else "write to"
            raise HardwareFault(f"clock {done}: the {kind} register {access.offset:#05x} ends in {RESPONSES[response]}")
        return value

    # -- looking -----------------------------------------------------------------------------------------------------

    def receive(self) -> tuple[Words, npt.NDArray[np.bool_]]:
        """All output words since the last call: tdata ``(N, output_bits / 8)`` and TLAST ``(N,)``."""
        data, last, _ = self.received_at()
        return data, last

    def received_at(self) -> tuple[Words, npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """As `receive`, and the clock of every transfer."""
        count = self._report()["waiting"]
        data = np.zeros((count, words(self.ports.output_bits)), np.uint32)
        last, clocks = np.zeros(count, np.uint8), np.zeros(count, np.int64)
        self._call("shell_receive", ctypes.c_int64(count), _address(data), _address(last), _address(clocks))
        return data.view(np.uint8)[:, : self.ports.output_bits // 8], last.astype(bool), clocks

    def sent_at(self) -> npt.NDArray[np.int64]:
        """Clock of every input word that the source has handed over since the last call."""
        count = self._report()["stamps"]
        clocks = np.zeros(count, np.int64)
        self._call("shell_sent", ctypes.c_int64(count), _address(clocks))
        return clocks

    def results(self) -> npt.NDArray[np.void]:
        """Results of the accesses of `script` that are done, in order, since the last call.

        A structured array of `bittrue.cosim.shell_script.RESULT`: ``start``, ``done``, ``sent``, ``received``,
        ``value``, ``response``.
        """
        rows = np.zeros(self._report()["results"], RESULT)
        self._call("shell_results", ctypes.c_int64(len(rows)), _address(rows))
        return rows

    @property
    def cycles(self) -> int:
        """Clocks since the reset."""
        return self._report()["clock"]

    @property
    def sent(self) -> int:
        """Input words handed over since the reset."""
        return self._report()["sent"]

    @property
    def received(self) -> int:
        """Output words taken since the reset."""
        return self._report()["received"]

    @property
    def waiting(self) -> int:
        """Output words that wait for `receive`."""
        return self._report()["waiting"]

    @property
    def accepting(self) -> int:
        """Words that the sink will still take; -1 for all."""
        return self._report()["credit"]

    @property
    def unsent(self) -> int:
        """Input words that wait for the shell."""
        return self._report()["unsent"]

    # -- the library -------------------------------------------------------------------------------------------------

    def _call(self, name: str, *arguments: object) -> int:
        if self._handle is None:
            raise BadInput("the simulated shell is closed; make a new one")
        return int(self._library[name](self._handle, *arguments))

    def _run(self, clocks: int, out: int, into: int, bus: bool, patience: int) -> int:
        code, left = 0, clocks
        while code == 0 and left > 0:
            step = min(left, max(BATCH, patience + 1))
            code = self._call(
                "shell_run",
                ctypes.c_int64(step),
                ctypes.c_int64(out),
                ctypes.c_int64(into),
                ctypes.c_int(bus),
                ctypes.c_int64(patience),
            )
            left -= step
        if code == 2:
            self._judge(self._report())
        return code

    def _report(self) -> dict[str, int]:
        report = (ctypes.c_int64 * len(_COUNTS))()
        self._call("shell_report", report)
        return dict(zip(_COUNTS, report, strict=True))

    def _judge(self, report: dict[str, int]) -> None:
        if report["fault"]:
            what = _FAULTS.get(report["fault"], "")
            if report["fault"] == _MEMORY:
                what = f"the master of the weights {BROKEN[self.memory_seen()['broken']]}"
            raise HardwareFault(f"clock {report['clock']}: {what}; {report['sent']} words in, {report['received']} out")


def _wide(data: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """Rows of bytes, padded with zeros to ``size`` words of 32 bits."""
    wide = np.zeros((len(data), 4 * size), np.uint8)
    wide[:, : data.shape[1]] = data
    return wide


def _address(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
