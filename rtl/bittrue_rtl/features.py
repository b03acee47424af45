"""From an I/Q sample to envelope powers and filter bases, and their delayed copies."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.features import HALF, SQUARED, Features, Word
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.flow import Flow
from bittrue_rtl.isqrt import IntegerSquareRoot
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.shapes import content, drive, tagged, vector


class WordDatapath:
    """A pipeline of all words of a sample as `Features` schedules it; a sample may come every clock.

    Parameters
    ----------
    features : Features
    flagged : bool
        Note which words are clamped.
    """

    def __init__(self, features: Features, *, flagged: bool = False) -> None:
        self.features, self.flagged = features, flagged
        self.clamped: dict[str, Any] = {}

    def words(self, m: Module, given: Any) -> list[Any]:
        """Every word, ``features.latency`` clocks after the sample on ``given``."""
        features = self.features
        iq = [Signal(signed(features.source.bits), name=f"iq{k}", reset_less=True) for k in range(2)]
        m.d.sync += [part.eq(given[k]) for k, part in enumerate(iq)]
        envelopes, found = self._envelopes(m, self._exact_powers(m, iq)), []
        for k, word in enumerate(features.words):
            if word.part == "E":
                signal = envelopes[word.power]
            else:
                signal = self._filter_word(m, word, iq["IQ".index(word.part)], envelopes)
            wait = features.latency - features.ready_at(word)
            found.append(delayed(m, signal, wait, f"word{k}"))
        return found

    def _exact_powers(self, m: Module, iq: list[Any]) -> dict[int, Any]:
        """``|x|^p`` before rounding, each registered at ``features.exact_at(p)``."""
        features, powers = self.features, self.features.powers
        if not powers:
            return {}
        squared = Signal(unsigned(features.power_bits), name="squared")  # with a reset it stays in the block that adds
        first = delayed(m, _multiplied(m, iq[0], iq[0], "square0"), 1, "square0")
        later = delayed(m, iq[1], 1, "later")  # the sum of a block with that of the one before it: no adder outside
        m.d.sync += squared.eq(first + _multiplied(m, later, later, "square1"))
        exact: dict[int, Any] = {2: squared}
        if 1 in powers or 3 in powers:
            m.submodules.isqrt = isqrt = IntegerSquareRoot(features.root_bits)
            m.d.comb += isqrt.value.eq(squared)
            exact[1] = isqrt.root
        if 3 in powers:
            wait = features.exact_at(1) - SQUARED
            exact[3] = _product(m, delayed(m, squared, wait, "squared"), exact[1], "cubed")
        if 4 in powers:
            exact[4] = _square(m, squared, "fourth")
        return exact

    def _envelopes(self, m: Module, exact: dict[int, Any]) -> dict[int, Any]:
        """The envelope powers in the output format."""
        found: dict[int, Any] = {}
        source, output = self.features.source, self.features.output
        for power in self.features.powers:
            shift = power * source.frac - output.frac
            found[power] = self._rounded(m, f"power{power}", exact[power], shift, len(exact[power]) + 1)
        return found

    def _filter_word(self, m: Module, word: Word, part: Any, envelopes: dict[int, Any]) -> Any:
        """``x`` or ``x * |x|^p``, I or Q."""
        features, name = self.features, f"{word.part.lower()}{word.power}"
        frac, output = features.source.frac, features.output
        if word.power == 0:
            return self._rounded(m, name, part, frac - output.frac, len(part))
        wait = features.ready_at(Word("E", word.power)) - 1
        factor = delayed(m, part, wait + 1, f"{name}_x")
        envelope = delayed(m, envelopes[word.power], 1, f"{name}_e")
        product = Signal(signed(len(part) + output.bits), name=f"{name}_product", reset_less=True)
        m.d.sync += product.eq(factor * envelope)
        return self._rounded(m, name, product, frac, len(product))

    def _rounded(self, m: Module, name: str, acc: Any, shift: int, bits: int) -> Any:
        """``acc`` in the output format."""
        rounder = Requantise(bits, shift, self.features.output, flagged=self.flagged)
        m.submodules[f"round_{name}"] = rounder
        m.d.comb += rounder.acc.eq(acc)
        if self.flagged:
            self.clamped[name] = rounder.clamped
        return rounder.y


class Words(wiring.Component):
    """All words of a sample, every ``interval`` clocks.

    Ports
    -----
    i : stream of vector(source, 2), in
    o : stream of vector(output, len(words)), out
    saturated : out
        With ``flagged``: high for a clock when words of a sample were clamped, before they are on ``o``.
    """

    def __init__(self, features: Features, interval: int, bank_bits: int = 0, *, flagged: bool = False) -> None:
        self.features, self.interval, self.bank_bits, self.flagged = features, interval, bank_bits, flagged
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(features.source, 2), bank_bits))),
                "o": Out(stream.Signature(tagged(vector(features.output, len(features.words)), bank_bits))),
            }
            | ({"saturated": Out(1)} if flagged else {})
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        features = self.features
        shape = vector(features.output, len(features.words))
        m.submodules.flow = flow = Flow(shape, self.interval, features.latency, self.bank_bits)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        m.d.comb += [flow.valid.eq(self.i.valid), self.i.ready.eq(flow.open)]
        if self.bank_bits:
            m.d.comb += flow.bank.eq(self.i.payload.bank)
        datapath = WordDatapath(features, flagged=self.flagged)
        words = datapath.words(m, content(self.i.payload))
        m.d.comb += [flow.result[k].eq(word) for k, word in enumerate(words)]
        m.d.comb += flow.done.eq(delayed(m, flow.start, features.latency - 1, "done", reset=True))
        if self.flagged:
            self._flag(m, flow, datapath.clamped)
        return m

    def _flag(self, m: Module, flow: Flow, flags: dict[str, Any]) -> None:
        """Whether any word of the sample that is done was clamped."""
        clamped = []
        for word in self.features.words:
            name = f"power{word.power}" if word.part == "E" else f"{word.part.lower()}{word.power}"
            wait = self.features.latency - self.features.ready_at(word)
            clamped.append(delayed(m, flags[name], wait, f"clamped_{name}"))
        saturated = Signal()
        m.d.sync += saturated.eq(flow.done & Cat(*clamped).any())
        m.d.comb += self.saturated.eq(saturated)


def _halves(m: Module, value: Any, name: str) -> tuple[Any, Any]:
    """Registered lower and upper half of an unsigned value."""
    low = Signal(unsigned(min(HALF, len(value))), name=f"{name}_low", reset_less=True)
    high = Signal(unsigned(max(1, len(value) - HALF)), name=f"{name}_high", reset_less=True)
    m.d.sync += [low.eq(value), high.eq(value[HALF:])]
    return low, high


def _multiplied(m: Module, left: Any, right: Any, name: str) -> Any:
    """``left * right``, which is never below zero, a clock later."""
    product = Signal(unsigned(len(left) + len(right)), name=f"{name}_product", reset_less=True)
    m.d.sync += product.eq(left * right)
    return product


def _square(m: Module, value: Any, name: str) -> Any:
    """``value**2`` four clocks later, from products of halves: ``h*h << 32 + h*l << 17 + l*l``."""
    if len(value) <= HALF + 1:
        operand = delayed(m, value, 1, f"{name}_operand")
        return delayed(m, _multiplied(m, operand, operand, name), 2, name)
    low, high = _halves(m, value, name)
    result, outer = (Signal(unsigned(2 * len(value)), name=name, reset_less=True) for name in (name, f"{name}_outer"))
    parts = [(low, low), (high, high), (low, high)]
    squares = [delayed(m, _multiplied(m, *part, f"{name}_{k}"), 1, f"{name}_{k}") for k, part in enumerate(parts)]
    m.d.comb += outer.eq(Cat(squares[:2]))
    m.d.sync += result.eq(outer + (squares[2] << (HALF + 1)))
    return result


def _product(m: Module, value: Any, factor: Any, name: str) -> Any:
    """``value * factor`` four clocks later, from products of the halves of ``value``."""
    factor = delayed(m, factor, 1, f"{name}_factor")
    if len(value) <= HALF + 1:
        return delayed(m, _multiplied(m, delayed(m, value, 1, f"{name}_operand"), factor, name), 2, name)
    result = Signal(unsigned(len(value) + len(factor)), name=name, reset_less=True)
    halves = _halves(m, value, name)
    low, high = (
        delayed(m, _multiplied(m, half, factor, f"{name}_{k}"), 1, f"{name}_{k}") for k, half in enumerate(halves)
    )
    m.d.sync += result.eq(low + (high << HALF))
    return result


class Taps(wiring.Component):
    """The delayed words that make up a layer's vector.

    The vector is read straight from the delay line, which moves only after the vector has been taken. History before
    the first sample is zero.

    Ports
    -----
    i : stream of vector(output, len(words)), in
    o : stream of vector(output, len(picks)), out
    """

    latency = 2

    def __init__(self, features: Features, bank_bits: int = 0) -> None:
        self.features, self.bank_bits = features, bank_bits
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(features.output, len(features.words)), bank_bits))),
                "o": Out(stream.Signature(tagged(vector(features.output, len(features.picks)), bank_bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        features = self.features
        is_open = Signal(init=1)
        shift = Signal(attrs=WIDE)
        valid = Signal()
        newest = Signal(self.i.payload.shape(), reset_less=True)
        m.d.sync += newest.eq(self.i.payload)
        accept = is_open & self.i.valid
        taken = valid & self.o.ready
        m.d.sync += shift.eq(accept)
        with m.If(accept):
            m.d.sync += is_open.eq(0)
        with m.Elif(taken):
            m.d.sync += is_open.eq(1)
        with m.If(shift):
            m.d.sync += valid.eq(1)
        with m.Elif(taken):
            m.d.sync += valid.eq(0)
        lines = []
        for k in range(len(features.words)):
            reach = max(delay for word, delay in features.picks if word == k)
            line = [Signal(signed(features.output.bits), name=f"word{k}_t{t}") for t in range(reach + 1)]
            with m.If(shift):
                m.d.sync += [to.eq(source) for to, source in zip(line, [content(newest)[k], *line], strict=False)]
            lines.append(line)
        m.d.comb += [self.i.ready.eq(is_open), self.o.valid.eq(valid)]
        drive(m, content(self.o.payload), (lines[k][delay] for k, delay in features.picks))
        if self.bank_bits:
            bank = Signal(self.bank_bits, reset_less=True)
            with m.If(shift):
                m.d.sync += bank.eq(newest.bank)
            m.d.comb += self.o.payload.bank.eq(bank)
        return m


class FeatureVector(wiring.Component):
    """`Words`, then `Taps`: an I/Q stream becomes a stream of feature vectors.

    Ports
    -----
    i : stream of vector(source, 2), in
    o : stream of vector(output, len(picks)), out
    saturated : out
        As that of `Words`: a delayed copy of a clamped word is not clamped again.
    """

    def __init__(self, features: Features, interval: int, bank_bits: int = 0, *, flagged: bool = False) -> None:
        self.words = Words(features, interval, bank_bits, flagged=flagged)
        self.taps, self.flagged = Taps(features, bank_bits), flagged
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(features.source, 2), bank_bits))),
                "o": Out(stream.Signature(tagged(vector(features.output, len(features.picks)), bank_bits))),
            }
            | ({"saturated": Out(1)} if flagged else {})
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.words, m.submodules.taps = self.words, self.taps
        wiring.connect(m, wiring.flipped(self.i), self.words.i)
        wiring.connect(m, self.words.o, self.taps.i)
        wiring.connect(m, self.taps.o, wiring.flipped(self.o))
        if self.flagged:
            m.d.comb += self.saturated.eq(self.words.saturated)
        return m
