"""Verilated hardware with AXI streams, called like a function: batches of samples in, codes and clock counts out."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.cosim import verilator
from bittrue.cosim.module_ports import Port, check_ports, expected_ports
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, HardwareFault, Stream
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources

WRAPPER = "bittrue_bench"
BATCH = 100_000
"""Clocks between two looks at the keyboard."""
PATIENCE = 20_000
"""Clocks without a transfer after which a module counts as stuck, unless told otherwise."""
_FAULTS = {
    1: "took back tvalid while tready was low",
    2: "changed tdata while tvalid was high and tready was low",
    3: "gave more words than the bench fed samples",
    5: "gave fewer words than the bench fed samples",
    6: "belongs to a module whose master broke a rule of its memory port",
}
_STUCK = 4


@dataclass(frozen=True)
class Trace:
    """What a simulation gave.

    Parameters
    ----------
    outputs, taps : dict of codes (N, *shape)
        By stream name; taps are empty for a module without probes.
    sent, received : dict of int64 arrays (N,)
        By stream name, the clocks of a sample's first transfer in and of its last one out, counted from the end of the
        reset.
    cycles : int
        Clocks from the end of the reset until the bench had seen that nothing follows.
    latency : int
        Clocks from the first accepted input transfer to the first offered output transfer.
    """

    outputs: dict[str, Codes]
    taps: dict[str, Codes]
    sent: dict[str, npt.NDArray[np.int64]]
    received: dict[str, npt.NDArray[np.int64]]
    cycles: int
    latency: int

    @property
    def cycles_per_sample(self) -> float:
        """Mean clocks between two outputs in the second half of the run, where the pipeline is full; 0 for one."""
        clocks = next(iter(self.received.values()))
        half = clocks[len(clocks) // 2 :]
        return float(half[-1] - half[0]) / max(len(half) - 1, 1)


class _Setup(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int64) for name in ("seed", "samples", "patience", "stall_in", "stall_out", "burst")),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("stamps", ctypes.POINTER(ctypes.c_void_p)),
    )


class Simulation:
    """A module with clock ``clk``, synchronous reset ``rst`` and AXI streams, compiled by Verilator.

    Parameters
    ----------
    sources : Sources
    module : str
        Name of the module in it.
    inputs, outputs, taps : sequences of Stream
        All the module's ports besides clk, rst and ``more``. Of a tap, tvalid is high for one clock a tensor.
    more : mapping of name to port, optional
        What else the module has; a subclass drives it.

    Raises
    ------
    BadInput
        Where Verilator or a C++ compiler is missing.
    HardwareFault
        Where the ports of the text are not those of the streams, an undriven output among them.
    """

    def __init__(
        self,
        sources: Sources,
        module: str,
        inputs: Sequence[Stream],
        outputs: Sequence[Stream],
        taps: Sequence[Stream] = (),
        more: Mapping[str, Port] | None = None,
    ) -> None:
        if not inputs or not outputs:
            raise BadInput(f"module {module} is simulated without an input or an output stream; give one of each")
        self.inputs, self.outputs, self.taps = tuple(inputs), tuple(outputs), tuple(taps)
        check_ports(sources.verilog, module, {**expected_ports(inputs, outputs, taps), **(more or {})})
        harness = Path(__file__).with_name("harness.cpp").read_text(encoding="utf-8")
        wrapped = sources.extended(_wrapper(module, self.inputs, self.outputs, self.taps, more or {}))
        library = verilator.build(
            wrapped, WRAPPER, {"ports.h": self._header(), "harness.cpp": harness, **self._files()}
        )
        self._library = ctypes.CDLL(str(library))
        self._library.bittrue_open.restype = ctypes.c_void_p

    def run(
        self,
        codes: Mapping[str, npt.ArrayLike] | npt.ArrayLike,
        stalls: Stalls | None = None,
        *,
        patience: int = PATIENCE,
        reset_after: int | None = None,
    ) -> Trace:
        """Feed samples ``(N, *shape)`` after a reset and collect as many of every output and tap.

        Parameters
        ----------
        codes : codes, or a mapping of input name to codes where there are several inputs
        stalls : Stalls, optional
            Without, the source always offers and the sink is always ready. Its seed also draws what undriven bits and
            tdata without tvalid hold.
        patience : int
            Clocks without a transfer after which the module counts as stuck.
        reset_after : int, optional
            Feed that many clocks, forget what came, reset again, and only then run: the result must not differ.

        Raises
        ------
        BadInput
            For codes that do not fit the inputs.
        HardwareFault
            For a broken stream rule, a module that is stuck, words too many or too few, or a container that holds no
            code of its format.
        """
        stalls = stalls or Stalls()
        given = codes if isinstance(codes, Mapping) else {self.inputs[0].name: codes}
        if set(given) != {stream.name for stream in self.inputs}:
            raise BadInput(f"codes are given for {sorted(given)}; the inputs are {[s.name for s in self.inputs]}")
        words = [_padded(stream, stream.pack(given[stream.name])) for stream in self.inputs]
        counts = [len(array) // stream.transfers for array, stream in zip(words, self.inputs, strict=True)]
        samples = counts[0]
        if any(count != samples for count in counts):
            raise BadInput(f"the inputs get {counts} samples; give each the same number")
        results = (*self.outputs, *self.taps)
        words += [np.zeros((samples * stream.transfers, 4 * _words(stream)), np.uint8) for stream in results]
        stamps = [np.zeros(samples * stream.transfers, np.int64) for stream in (*self.inputs, *self.outputs)]
        report = self._simulate(samples, words, stamps, stalls, patience, reset_after)
        self._judge(report, samples, patience)
        found = {
            stream.name: stream.unpack(array[:, : stream.bits // 8])
            for stream, array in zip(results, words[len(self.inputs) :], strict=True)
        }
        clocks = {
            s.name: stamp.reshape(samples, -1) for s, stamp in zip((*self.inputs, *self.outputs), stamps, strict=True)
        }
        return Trace(
            outputs={stream.name: found[stream.name] for stream in self.outputs},
            taps={stream.name: found[stream.name] for stream in self.taps},
            sent={stream.name: clocks[stream.name][:, 0] for stream in self.inputs},
            received={stream.name: clocks[stream.name][:, -1] for stream in self.outputs},
            cycles=report[0],
            latency=report[4] - report[3],
        )

    def _simulate(
        self,
        samples: int,
        words: Sequence[npt.NDArray[np.uint8]],
        stamps: Sequence[npt.NDArray[np.int64]],
        stalls: Stalls,
        patience: int,
        reset_after: int | None,
    ) -> list[int]:
        probability = [int(p * (1 << 32)) for p in (stalls.idle, stalls.backpressure)]
        pointers = [(ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays)) for arrays in (words, stamps)]
        setup = _Setup(stalls.seed, samples, patience, *probability, stalls.burst, *pointers)
        bench = ctypes.c_void_p(self._library.bittrue_open(ctypes.byref(setup)))
        self._opened(bench)
        report = (ctypes.c_int64 * (5 + len(words)))()
        try:
            if reset_after is not None:
                self._library.bittrue_run(bench, ctypes.c_int64(reset_after))
                self._library.bittrue_reset(bench, 1)
            while self._library.bittrue_run(bench, ctypes.c_int64(BATCH)):
                pass
            self._library.bittrue_report(bench, report)
            self._over(bench)
        finally:
            self._library.bittrue_close(bench)
        return list(report)

    def _files(self) -> dict[str, str]:
        """What the harness needs besides."""
        return {}

    def _opened(self, bench: ctypes.c_void_p) -> None:
        """Called before the first clock of a run, and `_over` behind the last one."""

    def _over(self, bench: ctypes.c_void_p) -> None:
        pass

    def _judge(self, report: Sequence[int], samples: int, patience: int) -> None:
        clock, fault, where, _, _, *moved = report
        if not fault:
            return
        streams = (*self.inputs, *self.outputs, *self.taps)
        counts = ", ".join(
            f"{stream.name} {count}" + (f" of {samples * stream.transfers} beats" if stream.transfers > 1 else "")
            for stream, count in zip(streams, moved, strict=True)
        )
        if fault == _STUCK:
            what = f"nothing moved for {patience} clocks"
        else:
            what = f"stream {streams[where].name} {_FAULTS[fault]}"
        raise HardwareFault(f"clock {clock}: {what}; moved so far, of {samples}: {counts}")

    def _header(self) -> str:
        """C++: how many streams of each kind, how wide, and where Verilator keeps their ports."""
        names = [*_named("in", self.inputs), *_named("out", self.outputs), *_named("tap", self.taps)]
        widths = [_words(stream) for _, stream in names]
        ready = [f"&top.{name}_ready" if not name.startswith("tap") else "nullptr" for name, _ in names]
        return (
            f"constexpr int INPUTS = {len(self.inputs)}, OUTPUTS = {len(self.outputs)}, TAPS = {len(self.taps)};\n"
            f"constexpr int WORDS[] = {{{', '.join(map(str, widths))}}}, MOST_WORDS = {max(widths)};\n"
            f"constexpr int TRANSFERS[] = {{{', '.join(str(stream.transfers) for _, stream in names)}}};\n"
            f"constexpr bool ENDLESS[] = {{{', '.join(str(int(stream.endless)) for _, stream in names)}}};\n"
            f"struct Ports {{\n    EData* data[{len(names)}];\n    CData *valid[{len(names)}], *ready[{len(names)}];\n"
            f"    explicit Ports(Vtop& top)\n"
            f"        : data{{{', '.join(f'top.{name}_data.data()' for name, _ in names)}}},\n"
            f"          valid{{{', '.join(f'&top.{name}_valid' for name, _ in names)}}},\n"
            f"          ready{{{', '.join(ready)}}} {{}}\n}};\n"
        )


def _words(stream: Stream) -> int:
    """32-bit words of a stream's port on the wrapper: at least 3, because Verilator keeps narrower ones as scalars."""
    return max(3, -(-stream.bits // 32))


def _padded(stream: Stream, words: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    wide = np.zeros((len(words), 4 * _words(stream)), np.uint8)
    wide[:, : words.shape[1]] = words
    return wide


def _named(kind: str, streams: Sequence[Stream]) -> list[tuple[str, Stream]]:
    return [(f"{kind}{k}", stream) for k, stream in enumerate(streams)]


def _wrapper(
    module: str,
    inputs: Sequence[Stream],
    outputs: Sequence[Stream],
    taps: Sequence[Stream],
    more: Mapping[str, Port],
) -> str:
    """Verilog around the module: every tdata as 32-bit words, names that Verilator does not change in C++."""
    ports, wires, pins = ["input clk", "input rst"], [], [".clk(clk)", ".rst(rst)"]
    kinds = ("in", inputs), ("out", outputs), ("tap", taps)
    for name, stream in (pair for kind, streams in kinds for pair in _named(kind, streams)):
        there, back = ("input", "output") if name.startswith("in") else ("output", "input")
        width = 32 * _words(stream)
        ports += [f"{there} [{width - 1}:0] {name}_data", f"{there} {name}_valid"]
        pins += [f".{stream.name}_tdata({name}_data[{stream.bits - 1}:0])", f".{stream.name}_tvalid({name}_valid)"]
        if not name.startswith("tap"):
            ports.append(f"{back} {name}_ready")
            pins.append(f".{stream.name}_tready({name}_ready)")
        if there == "output" and width > stream.bits:
            wires.append(f"  assign {name}_data[{width - 1}:{stream.bits}] = 0;\n")
    for name, (direction, bits) in more.items():
        ports.append(f"{direction} [{bits - 1}:0] {name}" if bits > 1 else f"{direction} {name}")
        pins.append(f".{name}({name})")
    # an escaped name: modules may be called like a Verilog keyword
    return f"module {WRAPPER}({', '.join(ports)});\n{''.join(wires)}  \\{module} dut ({', '.join(pins)});\nendmodule\n"
