"""The generated Verilog of a net, called like a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy.typing as npt

from bittrue.cosim.simulation import PATIENCE, Simulation, Trace
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, HardwareFault, apart, net_streams, side_by_side
from bittrue.cost import cost, default_interval
from bittrue.lower.means import Means
from bittrue.lower.ports import module_name
from bittrue.lower.products import DSPS
from bittrue.spec import Net

Given = npt.ArrayLike | Mapping[str, npt.ArrayLike]


class RtlModel:
    """The RTL leg: ``bittrue_rtl.verilog(net, interval)``, compiled by Verilator on first use.

    Parameters
    ----------
    net : Net
    interval : int, optional
        Clocks a sample, as the generator takes it; without, `bittrue.cost.default_interval`.
    dsps, luts, samples
        The `bittrue.lower.means.Means` of a pipeline, as the generator takes them.
    """

    def __init__(
        self,
        net: Net,
        interval: int | None = None,
        dsps: int = DSPS,
        luts: int | None = None,
        samples: int = 1,
    ) -> None:
        self.net, self.interval, self.dsps, self.samples = net, interval or default_interval(net), dsps, samples
        self._means = Means(dsps, luts, samples).options

    def run(self, codes: Given, stalls: Stalls | None = None) -> Codes:
        """Output codes ``(N, *net.output.shape)`` of input codes ``(N, *net.input.shape)``, history zero at start.

        The input may be given by its name, as legs for nets with several take them.

        Raises `BadInput` for codes that do not fit or a net with several outputs, and `HardwareFault` where the
        hardware breaks a stream rule.
        """
        _ = self.net.last
        return self.trace(codes, stalls).outputs["m_axis"]

    def outputs(self, codes: Given, stalls: Stalls | None = None) -> dict[str, Codes]:
        """Codes of every output by its node's name; errors as in `run`."""
        return self._outputs(self.trace(codes, stalls))

    def taps(self, codes: Given, stalls: Stalls | None = None) -> dict[str, Codes]:
        """Codes of every tensor of the net by its node's name, from the module with probes; errors as in `run`.

        Raises `HardwareFault` too where an output's tap is not what its port gave.
        """
        found = self.trace(codes, stalls, probes=True)
        taps = {name.removeprefix("tap_"): values for name, values in found.taps.items()}
        for name, values in self._outputs(found).items():
            if (taps[name] != values).any():
                raise HardwareFault(f"net {self.net.name}: the tap of node {name} differs from its output port")
        return taps

    def _outputs(self, found: Trace) -> dict[str, Codes]:
        return dict(zip(self.net.outputs, found.outputs.values(), strict=True))

    def trace(
        self, codes: Given, stalls: Stalls | None = None, probes: bool = False, reset_after: int | None = None
    ) -> Trace:
        """Everything a simulation tells (`Trace`); parameters as of `Simulation.run`.

        With several samples a clock, clocks are those of words, and the last word is filled up with zeros.
        """
        simulation = self._with_probes if probes else self._plain
        given = self.net.check_inputs(codes)
        count = len(next(iter(given.values())))
        words = [side_by_side(values, self.samples) for values in given.values()]
        fed = dict(zip((stream.name for stream in simulation.inputs), words, strict=True))
        found = simulation.run(fed, stalls, patience=self._patience, reset_after=reset_after)
        if self.samples == 1:
            return found
        outputs, taps = (
            {name: apart(values, self.samples)[:count] for name, values in tensors.items()}
            for tensors in (found.outputs, found.taps)
        )
        return replace(found, outputs=outputs, taps=taps)

    @cached_property
    def _patience(self) -> int:
        """A net of few lanes moves nothing at its ports for as long as it computes."""
        return PATIENCE + 2 * (self.interval + cost(self.net, self.interval, **self._means).latency)

    @cached_property
    def _plain(self) -> Simulation:
        return self._simulation(probes=False)

    @cached_property
    def _with_probes(self) -> Simulation:
        return self._simulation(probes=True)

    def _simulation(self, probes: bool) -> Simulation:
        import bittrue_rtl

        inputs, outputs, taps = net_streams(self.net, self.interval, probes, self.samples)
        sources = bittrue_rtl.verilog(self.net, self.interval, probes=probes, **self._means)
        return Simulation(sources, module_name(self.net), inputs, outputs, taps)
