"""``bittrue train dpd`` with a section ``[thermal]``: one net, a bank of weights for each of three temperatures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import amplifier
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.closed_loop import Filter
from bittrue.apps.dpd.float_net import Parameters
from bittrue.apps.dpd.metrics import Metrics, measure
from bittrue.apps.dpd.progress import Bars, Report
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.recipe_text import written
from bittrue.apps.dpd.thermal.drift import Drift
from bittrue.apps.dpd.thermal.thermal import BANKS, Amplifier, Drifted, drifted
from bittrue.apps.dpd.thermal.thermal_card import Table, card
from bittrue.apps.dpd.thermal.thermal_recipe import Thermal
from bittrue.apps.dpd.train import CHECKPOINT, LOGS, contents
from bittrue.apps.dpd.training import trainer
from bittrue.apps.dpd.training.examples import examples, teaching
from bittrue.apps.dpd.training.stage import Loop
from bittrue.bars import shown
from bittrue.emit.folder import check_owner
from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.folder_lock import locked
from bittrue.kit.training import checkpoint
from bittrue.kit.training.averaging import copied
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.log import Log
from bittrue.spec import Net
from bittrue.spec.alike import check_alike
from bittrue.spec.store import JSON_FILE, content_hash


@dataclass(frozen=True, eq=False)
class Bank:
    """One temperature: its drift, the amplifier and the capture there, and the net that was trained for it."""

    drift: Drift
    capture: Capture
    amplifier: Drifted
    net: Net
    parent: Parameters


@dataclass(frozen=True, eq=False)
class ThermalNets:
    """What `train` made: the banks by name, and every bank on every temperature's amplifier."""

    banks: Mapping[str, Bank]
    tables: tuple[Table, ...]


def train(
    plan: Recipe, output: str | os.PathLike[str], seconds: float = 20.0, report: Report | None = None
) -> ThermalNets:
    """Train three banks by one recipe and write their folders.

    The normal bank is trained as without the section, through the captured amplifier. Cold and hot depart from it, in
    quantisation-aware training through the drifted amplifier, and keep its formats: the three differ in codes alone,
    so hardware changes the temperature by changing the bank. A killed run goes on where it was, bank by bank.

    Parameters
    ----------
    plan : Recipe
        With its section ``thermal``.
    output : path
        Folder; in ``cold``, ``normal`` and ``hot`` the files of `bittrue.apps.dpd.train.train` without a card, beside
        them recipe.toml, CARD.md and thermal.png.
    seconds, report
        As for `bittrue.apps.dpd.train.train`; the stages are called ``"<bank>: <stage>"``.

    Raises
    ------
    BadInput
        As `bittrue.apps.dpd.train.train` does, and for a recipe without the section.
    """
    if plan.thermal is None:
        raise BadInput(f"recipe {plan.name} has no section [thermal]; add one")
    team, folder = Team.gather(), Path(output)
    for bank in BANKS:
        check_owner(folder / bank, [JSON_FILE], plan.name)
    lock = locked(folder) if team.leads else nullcontext(folder)
    with lock, shown(Bars, team.leads and report is None) as bars:
        for bank in BANKS:
            (folder / bank).mkdir(exist_ok=True)
        trainer.resumed(folder / "normal" / CHECKPOINT, plan)
        bars.say("reading the capture and the amplifier model")
        capture = teaching(plan)
        teacher = amplifier.teacher(plan.data, capture)
        run = _Run(plan, folder, seconds, report or bars.epoch, bars, team)
        normal = run.bank("normal", Drift(), capture, teacher, None)
        banks = {
            name: normal if name == "normal" else run.bank(name, drift, capture, teacher, normal)
            for name, drift in drifts(plan.thermal).items()
        }
        check_alike({name: bank.net for name, bank in banks.items()})
        if not team.leads:
            return ThermalNets(banks, ())
        tables = tuple(_tables(plan, capture, teacher, banks, bars))
        bars.finish("judging")
        _write(folder, plan, banks, tables, teacher.title)
        return ThermalNets(banks, tables)


def drifts(thermal: Thermal) -> dict[str, Drift]:
    """The drift of every bank, in the order of their select codes."""
    kelvins = {"cold": thermal.cold, "normal": 0.0, "hot": thermal.hot}
    return {name: Drift.at(kelvins[name]) for name in BANKS}


@dataclass(frozen=True, eq=False)
class _Run:
    """What the three trainings have in common."""

    plan: Recipe
    folder: Path
    seconds: float
    report: Report
    bars: Bars
    team: Team

    def bank(self, name: str, drift: Drift, capture: Capture, teacher: Amplifier, normal: Bank | None) -> Bank:
        """Train one bank, from ``normal`` where there is one."""
        there, hot = drifted(capture, teacher, drift)
        plan, path = self.plan, self.folder / name / CHECKPOINT
        bar, calls = f"{name}: ideal drive for {hot.title}", plan.train.ilc_iterations + 3
        known = examples(plan, there, self.bars.watched(hot, bar, calls))
        self.bars.finish(bar)
        if normal is not None:
            plan = departing(plan, name, normal)
            if not path.is_file() and self.team.leads:
                state = started(plan, checkpoint.read(self.folder / "normal" / CHECKPOINT, trainer.VERSION))
                checkpoint.write(path, trainer.VERSION, plan.text, known.digest, state)
            self.team.wait()
        loop = Loop(hot.module, there.gain, there.channel)
        log = Log(self.folder / name / LOGS if self.team.leads else None)
        try:
            fitted = trainer.Trainer(plan, known, path, self.seconds, self._told(name), loop, self.team, log).run()
        finally:
            log.close()
        parent = fitted.parent if normal is None else _shadow(path)
        return Bank(drift, there, hot, fitted.net, parent)

    def _told(self, name: str) -> Report:
        return lambda stage, done, epochs, error: self.report(f"{name}: {stage}", done, epochs, error)


def departing(plan: Recipe, name: str, normal: Bank) -> Recipe:
    """The recipe by which a bank departs from the normal one: the last stage, as the section wants it."""
    section = plan.thermal or Thermal()
    train = replace(plan.train, qat_epochs=section.epochs, qat_rate=section.rate)
    remark = f"bank {name} of {plan.name}, from the normal bank {content_hash(normal.net)}"
    return written(replace(plan, thermal=None, train=train), remark)


def started(plan: Recipe, normal: Mapping[str, Any]) -> dict[str, Any]:
    """The state in which a bank's training starts: the last stage, with the normal bank's parameters.

    ``parent`` is the normal bank's as well: it is what weight formats are chosen from, so all banks have the same.
    """
    network = trainer.network_of(plan, dict(normal))
    generator = torch.Generator().manual_seed(plan.train.seed + len("qat"))
    values = copied(network)
    start = {"stage": "qat", "epoch": 0, "best_loss": float("inf"), "stale": 0, "optimiser": {}}
    return start | {"network": values, "best": values, "parent": normal["parent"], "generator": generator.get_state()}


def _shadow(path: Path) -> Parameters:
    """The float parameters behind a bank's codes."""
    best = checkpoint.read(path, trainer.VERSION)["best"]
    return {name.removeprefix("node_"): value.numpy() for name, value in best.items()}


def _tables(
    plan: Recipe, capture: Capture, teacher: amplifier.Model, banks: Mapping[str, Bank], bars: Bars
) -> Iterator[Table]:
    """Every bank on every temperature's amplifier: through the teacher, then through the other models there are."""
    others, _ = amplifier.others(teacher.name, capture)
    for model in (teacher, *others):
        rows: dict[str, dict[str, Metrics]] = {}
        for place, drift in drifts(plan.thermal or Thermal()).items():
            bars.note(f"{model.title}, {place}")
            there, found = drifted(capture, model, drift)
            drives: dict[str, Filter | None] = {"no predistortion": None}
            drives |= {name: closed_loop.integer(bank.net) for name, bank in banks.items()}
            rows[place] = {name: judged(there, found, drive) for name, drive in drives.items()}
        yield Table(model.title, model.name == teacher.name, rows)


def judged(capture: Capture, amplifier: Filter, predistort: Filter | None) -> Metrics:
    """Metrics on the test split after one common complex gain, the least-squares one, has been removed.

    A gain control and the receiver's equaliser remove it too; what is left is distortion, and a bank for another
    temperature is not blamed for gain and phase.
    """
    y = closed_loop.output(capture, amplifier, predistort)
    channel, samples = closed_loop.whole_segments(capture.channel, len(y))
    y, reference = y[:samples], capture.gain * capture.inputs["test"][:samples]
    factor = np.vdot(reference, y) / np.vdot(reference, reference)
    return measure(y / factor, reference, channel)


def _write(folder: Path, plan: Recipe, banks: Mapping[str, Bank], tables: tuple[Table, ...], teacher: str) -> None:
    from bittrue.apps.dpd.thermal import thermal_picture

    capture = banks["normal"].capture
    files: dict[str, bytes | str] = {}
    for name, bank in banks.items():
        own = contents(plan, capture, bank.net, bank.parent)
        files |= {f"{name}/{file}": content for file, content in own.items()}
    drifts_of = {name: bank.drift for name, bank in banks.items()}
    nets = {name: bank.net for name, bank in banks.items()}
    files["CARD.md"] = card(plan, capture, teacher, drifts_of, nets, tables)
    files["recipe.toml"] = plan.text
    places = {name: (bank.capture, bank.amplifier) for name, bank in banks.items()}
    drives = {name: closed_loop.integer(bank.net) for name, bank in banks.items()}
    files["thermal.png"] = thermal_picture.drawn(places, drives, plan.name)
    write_together(folder, files, renew=True)
