"""The torch modules of layers on I/Q samples, and of tables: values ``(..., N, *shape)``."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bittrue.qat.features import delay, envelope, envelope_codes, requantise
from bittrue.qat.module import LayerModule
from bittrue.qat.quantise import Grid, StraightThrough, codes, decode
from bittrue.qat.trained import Staged
from bittrue.spec import Table, TensorType


class MemoryTapsModule(LayerModule):
    """`MemoryTaps`: int64 features without a gradient where quantised, differentiable formulas where not."""

    def forward(self, iq: Tensor) -> Tensor:
        return torch.stack([delay(part, tap) for tap, part in self._parts(iq)], dim=-1)

    def _parts(self, iq: Tensor) -> list[tuple[int, Tensor]]:
        fmt, given = self.layer.output, self.given[0].format
        parts: dict[int | str, Tensor] = {}
        if self.quantised:
            code = codes(iq.detach(), Grid.of(given))
            parts |= {p: envelope_codes(code, p, given.frac, fmt) for p in self.layer.powers}
            parts |= {c: requantise(code[..., k], given.frac - fmt.frac, fmt) for k, c in enumerate("IQ")}
            parts = {key: decode(part, fmt) for key, part in parts.items()}
        else:
            parts |= {p: envelope(iq, p) for p in self.layer.powers} | {"I": iq[..., 0], "Q": iq[..., 1]}
        return [(tap, parts[part]) for tap, part in self.layer.features]


class ComplexFIRModule(Staged):
    """`ComplexFIR`: the delayed basis signals as one long vector, times one real matrix made of the weights."""

    def grids(self) -> dict[str, Grid]:
        return {"weight": Grid.of(self.layer.weight_format)}

    def basis(self, *inputs: Tensor) -> Tensor:
        """``b_p(j)[n - t(j)]`` for I/Q values ``(..., N, 2)``: ``(..., N, taps, 2)``; no gradient where quantised."""
        (iq,), columns = inputs, []
        for term in self.layer.terms:
            b = self._signal(iq, term.power)
            columns += [delay(b[..., part], tap) for tap in term.taps for part in (0, 1)]
        stacked = torch.stack(columns, dim=-1)
        return stacked.view(*stacked.shape[:-1], -1, 2)

    def _signal(self, iq: Tensor, power: int) -> Tensor:
        if not self.quantised:
            return iq * envelope(iq, power)[..., None] if power else iq
        given, basis = self.given[0].format, self.layer.basis
        code = codes(iq.detach(), Grid.of(given))
        if power:
            scaled = code * envelope_codes(code, power, given.frac, basis)[..., None]
            return decode(requantise(scaled, given.frac, basis), basis)
        return decode(requantise(code, given.frac - basis.frac, basis), basis)

    def weigh(self, basis: Tensor) -> Tensor:
        """The filter's output ``(..., N, 2)`` from what `basis` returned."""
        h_re, h_im = self.parameter("weight").unbind(-1)
        matrix = torch.stack([torch.stack([h_re, -h_im], -1).flatten(), torch.stack([h_im, h_re], -1).flatten()])
        return self.result(nn.functional.linear(basis.flatten(-2), matrix))


class TableModule(LayerModule):
    """`Table`: exact look-up; in float, and for the gradient, straight lines between at most 4,096 of its entries."""

    values: Tensor
    knots: Tensor

    def __init__(self, layer: Table, given: Sequence[TensorType]) -> None:
        super().__init__(layer, given)
        values = torch.from_numpy(layer.output.decode(layer.values))
        self.step = max(1, len(values) >> 12)
        self.register_buffer("values", values, persistent=False)
        self.register_buffer("knots", torch.cat([values[:: self.step], values[-1:]]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.quantised:
            return self._smooth(x)
        grid = Grid.of(self.given[0].format)
        exact = self.values[codes(x.detach(), grid) - grid.lo]
        if not x.requires_grad:
            return exact
        result: Tensor = StraightThrough.apply(self._smooth(x), exact)  # type: ignore[no-untyped-call]
        return result

    def _smooth(self, x: Tensor) -> Tensor:
        fmt = self.given[0].format
        position = (x.clamp(fmt.lo * fmt.scale, fmt.hi * fmt.scale) * 2.0**fmt.frac - fmt.lo) / self.step
        left = position.detach().floor().to(torch.int64)
        start = self.knots[left]
        return start + (position - left) * (self.knots[left + 1] - start)
