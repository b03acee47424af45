"""A net's Verilog against the reference, tensor by tensor, in a cocotb bench."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from bittrue import ref
from bittrue.cosim.module_ports import check_ports, expected_ports
from bittrue.cosim.rtl_model import Given
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, Stream, apart, net_streams, side_by_side
from bittrue.cost import cost
from bittrue.errors import BadInput
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.ports import container_bits, module_name
from bittrue.lower.sources import Sources
from bittrue.spec import Net
from bittrue_sim import runner

BENCH = "bittrue_sim.benches.net_bench"
JOB = "BITTRUE_BENCH_JOB"
"""Environment variable that tells the bench, inside the simulator, which folder holds its job."""
LEAST = 4
"""Samples back to back of the shortest bench."""
PATIENCE = 5_000
"""Clocks without a transfer after which a module counts as stuck, unless told otherwise."""


@dataclass(frozen=True)
class BenchResult:
    """A passed bench.

    Parameters
    ----------
    samples : int
        Samples fed.
    words : int
        Transfers compared, of the outputs and all taps together: the beats of every tensor.
    mismatches : int
        Always 0: a bench with a mismatch raises.
    cycles : int
        Clocks from the end of the reset to the last word.
    seconds : float
        Wall time of the simulation, without the build.
    """

    samples: int
    words: int
    mismatches: int
    cycles: int
    seconds: float


def cosimulate(
    net: Net,
    interval: int,
    simulator: str,
    codes: Given,
    stalls: Stalls | None = None,
    *,
    probes: bool = True,
    means: Means = PLAIN,
) -> BenchResult:
    """Run the generated Verilog of ``net`` under cocotb and compare every tensor with `bittrue.ref`.

    Parameters
    ----------
    net : Net
    interval : int
        Clocks a sample.
    simulator : str
        ``"verilator"`` or ``"icarus"``.
    codes : int64 array (N, *net.input.shape), or one by name for each of several inputs
    stalls : Stalls, optional
        Without, nothing stalls.
    probes : bool
        Compare the tensor of every node, not only the output.
    means : Means
        Of a pipeline; with several samples a clock, samples of zeros fill the last word up, and are compared too.

    Raises
    ------
    BadInput
        For codes that do not fit or fewer than four samples, or a simulator that is missing or too old.
    HardwareFault
        With the bench's reason: the first word that differs, a broken stream rule, an X, or a module that is stuck.
    """
    runner.require(simulator)
    given, k = net.check_inputs(codes), means.samples
    if k > 1:
        given = {name: apart(side_by_side(values, k), k) for name, values in given.items()}
    expected = ref.taps(net, given)
    inputs, outputs, taps = net_streams(net, interval, probes, means.samples)
    sources = _verilog(net, interval, probes, means)
    expected = {name: side_by_side(values, means.samples) for name, values in expected.items()}
    words = {stream: expected[name] for stream, name in zip(outputs, net.outputs, strict=True)}
    words |= {stream: expected[stream.name.removeprefix("tap_")] for stream in taps}
    fed = dict(zip(inputs, (side_by_side(values, means.samples) for values in given.values()), strict=True))
    patience = PATIENCE + 2 * (
        interval + cost(net, interval, **means.options).latency
    )  # few lanes move nothing while they compute
    return compare(sources, module_name(net), simulator, fed, words, stalls, patience=patience)


def compare(
    sources: Sources,
    module: str,
    simulator: str,
    inputs: Mapping[Stream, Codes],
    expected: Mapping[Stream, Codes],
    stalls: Stalls | None = None,
    *,
    patience: int = PATIENCE,
) -> BenchResult:
    """Feed a module and compare what it gives; a stream called ``tap_...`` is a tap, the others have a tready.

    Errors as of `cosimulate`.
    """
    stalls = stalls or Stalls()
    samples = min(len(codes) for codes in inputs.values())
    if samples < LEAST:
        raise BadInput(f"a bench of {samples} samples proves little: stale state shows later; give at least {LEAST}")
    outputs = [stream for stream in expected if not stream.name.startswith("tap_")]
    taps = [stream for stream in expected if stream not in outputs]
    check_ports(sources.verilog, module, expected_ports(list(inputs), outputs, taps))
    build_dir = runner.build(simulator, sources, module)
    with tempfile.TemporaryDirectory(prefix="bittrue-bench-") as folder:
        work = Path(folder)
        job = {
            "inputs": _stored(work, inputs),
            "outputs": _stored(work, {stream: expected[stream] for stream in outputs}),
            "taps": _stored(work, {stream: expected[stream] for stream in taps}),
            "stalls": asdict(stalls),
            "patience": patience,
            "four_state": simulator == "icarus",
        }
        (work / "job.json").write_text(json.dumps(job), encoding="utf-8")
        runner.run(simulator, build_dir, module, BENCH, work, {JOB: str(work)}, stalls.seed)
        report = json.loads((work / "report.json").read_text(encoding="utf-8"))
    return BenchResult(samples, report["words"], 0, report["cycles"], report["seconds"])


@lru_cache(maxsize=8)
def _verilog(net: Net, interval: int, probes: bool, means: Means) -> Sources:
    """The generated module, once for all stall patterns of a net."""
    import bittrue_rtl

    return bittrue_rtl.verilog(net, interval, probes=probes, **means.options)


def _stored(work: Path, arrays: Mapping[Stream, Codes]) -> Sequence[dict[str, object]]:
    """Write the words of every stream to ``<name>.npy``, which of their bits count, and describe it for the bench."""
    found = []
    for stream, codes in arrays.items():
        np.save(work / f"{stream.name}.npy", stream.pack(codes))
        np.save(work / f"{stream.name}_mask.npy", stream.mask)
        places = [stream.place(word).partition(", ")[2] for word in range(stream.transfers)]
        bits = container_bits(stream.tensor.format)
        about = {"name": stream.name, "bits": stream.bits, "element_bits": bits, "places": places}
        found.append(about | {"endless": stream.endless})
    return found
