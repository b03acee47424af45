"""The nets that a search may try: delays, envelope powers, hidden layers, and a filter beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bittrue.apps.dpd.recipe import Topology

if TYPE_CHECKING:
    import optuna

POWERS = ("1", "2", "1 2", "1 3", "1 2 3", "1 2 4")


def suggest(trial: optuna.Trial) -> Topology:
    """A topology drawn by a trial.

    ========================= ==================================================================================
    ``envelope_taps, _step``  envelope delays ``0, s, 2s, ...``: a step above 1 is a dilated window
    ``powers``                of the envelope
    ``iq_taps, iq_step``      the same for I and Q
    ``activation``            ``leaky`` or ``tanh``
    ``layers, units_1, ...``  one or two hidden layers
    ``direct``                a filter beside the net; its tap 0 is a wire with a gain, which makes the residual form
                              ``u = h * x + f(x)`` in which the net has only the correction to learn
    ``linear_taps``           taps of that filter over ``x``
    ``bent``                  how many powers of the envelope weigh ``x`` in more filters: the parallel Hammerstein form
    ``taps_1, taps_2``        taps of these
    ``delay``                 look-ahead, as far as the present sample is still seen
    ========================= ==================================================================================
    """
    envelope = trial.suggest_int("envelope_taps", 2, 12), trial.suggest_int("envelope_step", 1, 3)
    powers = trial.suggest_categorical("powers", POWERS)
    signal = trial.suggest_int("iq_taps", 1, 10), trial.suggest_int("iq_step", 1, 3)
    activation = trial.suggest_categorical("activation", ("leaky", "tanh"))
    layers = trial.suggest_int("layers", 1, 2)
    units = [trial.suggest_int(f"units_{k + 1}", 4, 32) for k in range(layers)]
    filters: tuple[int, ...] = ()
    if trial.suggest_categorical("direct", (True, False)):
        bent = trial.suggest_int("bent", 0, 2)
        linear = trial.suggest_int("linear_taps", 1, 48, log=True)
        filters = linear, *(trial.suggest_int(f"taps_{k + 1}", 1, 24, log=True) for k in range(bent))
    taps, iq_taps = delays(*envelope), delays(*signal)
    reach = max(iq_taps[-1], filters[0] - 1 if filters else 0)
    return Topology(
        taps,
        tuple(int(power) for power in powers.split()),
        tuple(units),
        fir_taps=filters,
        activation="tanh" if activation == "tanh" else "leaky",
        iq_taps=None if iq_taps == taps else iq_taps,
        delay=min(trial.suggest_int("delay", 0, 8), reach),
    )


def delays(count: int, step: int) -> tuple[int, ...]:
    """``0, step, 2 * step, ...``."""
    return tuple(range(0, count * step, step))


def describe(net: Topology) -> str:
    """A topology in one short line, such as ``|x|^1,2 of 6 / 2, IQ of 4, 16-8 tanh, fir 20+5``."""

    def window(taps: tuple[int, ...]) -> str:
        step = taps[1] - taps[0] if len(taps) > 1 else 1
        return f"{len(taps)}" + (f" / {step}" if step > 1 else "")

    parts = [f"|x|^{','.join(map(str, net.powers))} of {window(net.taps)}", f"IQ of {window(net.iq_taps or net.taps)}"]
    parts.append(f"{'-'.join(map(str, net.hidden))} {net.activation}")
    if net.fir_taps:
        parts.append(f"fir {'+'.join(map(str, net.fir_taps))}")
    if net.delay:
        parts.append(f"delay {net.delay}")
    return ", ".join(parts)
