"""CARD.md of a recurrent amplifier model: what it is, its errors, and its manners outside the excited band."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import ilc, pa, probe
from bittrue.apps.dpd.amplifiers.identify_plan import BUILTIN, Plan
from bittrue.apps.dpd.amplifiers.identify_plan import plan as recipe_of
from bittrue.apps.dpd.amplifiers.recurrent import Recurrent, drive
from bittrue.apps.dpd.captures.data import SPLITS, Capture
from bittrue.apps.dpd.metrics import Complex, Metrics, measure, nmse
from bittrue.kit.card import command, table

Amplifier = Callable[[Complex], Complex]

TEXT = """\
# {name}

A recurrent model of a power amplifier: a judge, or a teacher, for predistorters. What comes out of it is
**simulated; it is not an RF measurement.**

{facts}
## Error against the measured output

NMSE in dB (docs/dpd.md), lower is better. The update with the lowest error on val was kept.

{errors}
## Without predistortion, test split

{spectra}
{channel}.

## Outside the excited band

The capture excites the channel alone; what a model does to other frequencies is an assumption. Gain that weak noise of
a band sees under drive (`bittrue.apps.dpd.amplifiers.probe`); the training asks for the channel's gain everywhere, with
weight {flat:g}.

{gains}
## Ideal drive

Iterative learning control on the test split: {first:.1f} dB at first, {last:.1f} dB after {iterations} iterations.
The metrics of that drive, by the model that it was made for and by another:

{ideal}
## Recipe

```toml
{recipe}
```
"""


def card(plan: Plan, capture: Capture, network: Recurrent) -> str:
    """The text of CARD.md, free of dates, so that the same run gives the same file."""
    models: dict[str, Amplifier] = {f"**{plan.name}**": drive(network), "GMP twin": pa.fit(capture)}
    signal, before = closed_loop.warmed(capture, "test")
    learned = ilc.ideal_input(drive(network), signal, capture.gain, capture.peak)
    outputs = {"measured": capture.outputs["test"]}
    outputs |= {name: closed_loop.output(capture, model) for name, model in models.items()}
    ideal = {name: model(learned.drive)[before:] for name, model in models.items()}
    gains = {name: probe.small_signal_gain(model, capture) for name, model in models.items()}
    return TEXT.format(
        name=plan.name,
        facts=_facts(plan, capture, network),
        errors=table(["model", *SPLITS], _errors(capture, models)),
        spectra=table(
            ["output", "ACLR left", "right"],
            [(name, *_figures(m.aclr_left, m.aclr_right)) for name, m in _measured(capture, outputs)],
        ),
        channel=capture.channel,
        flat=plan.flat,
        gains=table(
            ["model", *probe.bands(capture)], [(name, *_figures(*row.values())) for name, row in gains.items()]
        ),
        first=learned.errors[0],
        last=learned.errors[-1],
        iterations=len(learned.errors) - 1,
        ideal=table(
            ["simulated through", "NMSE", "EVM", "ACLR left", "right"],
            [(name, *_figures(m.nmse, m.evm, m.aclr_left, m.aclr_right)) for name, m in _measured(capture, ideal)],
        ),
        recipe=plan.text.rstrip(),
    )


def _facts(plan: Plan, capture: Capture, network: Recurrent) -> str:
    size = sum(parameter.numel() for parameter in network.parameters())
    samples = ", ".join(f"{len(capture.inputs[split]):,} {split}" for split in SPLITS)
    parts = f"GRU with a state of {plan.hidden}, {plan.gains} complex gains, {plan.taps} complex taps"
    rows = [
        ("command", command("pa", plan.name, plan == recipe_of(BUILTIN))),
        ("data", f"{capture.provenance}: {samples} samples, SHA-256 `{capture.digest[:16]}...`"),
        ("seed", str(plan.seed)),
        ("parameters", f"{size:,} real: {parts}"),
    ]
    return table(["", ""], rows)


def _errors(capture: Capture, models: Mapping[str, Amplifier]) -> list[tuple[str, ...]]:
    def error(model: Amplifier, split: str) -> float:
        return nmse(closed_loop.output(capture, model, split=split), capture.outputs[split], capture.channel)

    return [(name, *_figures(*(error(model, split) for split in SPLITS))) for name, model in models.items()]


def _measured(capture: Capture, outputs: Mapping[str, Complex]) -> list[tuple[str, Metrics]]:
    channel, samples = closed_loop.whole_segments(capture.channel, len(capture.inputs["test"]))
    goal = capture.gain * capture.inputs["test"][:samples]
    return [(name, measure(y[:samples], goal, channel)) for name, y in outputs.items()]


def _figures(*values: float) -> list[str]:
    return [f"{value:.2f}" for value in values]
