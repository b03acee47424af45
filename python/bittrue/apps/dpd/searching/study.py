"""A search on disk: an optuna study that survives its processes, and can be shared by several of them."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
import psutil
from optuna.trial import FrozenTrial, TrialState

from bittrue.errors import BadInput

NAME = "bittrue-dpd"
JOURNALS = (".journal", ".log")
"""Endings of files that hold a journal, which also works on a network drive; others hold an SQLite data base."""

OBJECTIVES = ("evm", "worse_aclr", "parameters", "dsps")
"""All to be minimised."""

DONE = (TrialState.COMPLETE, TrialState.PRUNED)
PROCESS, REASON, RETRY = "process", "reason", "retry_of"
RETRIES = 2
"""How often a trial whose process died is started again: it may be the one that kills it."""


def open_study(path: str | os.PathLike[str], plan: dict[str, Any]) -> optuna.Study:
    """The study of a file, made if need be. ``plan`` is what all its trials have in common.

    Raises `BadInput` where the file is no study, cannot be written, or was begun with another plan.
    """
    path = Path(path)
    if not path.parent.is_dir() or path.is_dir():
        raise BadInput(f"cannot keep the study in {path}: name a file in a folder that exists")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(
                storage=_storage(path), study_name=NAME, directions=["minimize"] * len(OBJECTIVES), load_if_exists=True
            )
    except Exception as error:  # SQLAlchemy, JSON and the file system each have their own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{path} is not a study that can be used ({reason}); choose another file") from None
    begun = study.user_attrs.get("plan")
    if begun is None:
        study.set_user_attr("plan", plan)
    elif begun != plan:
        changed = ", ".join(key for key in plan if begun.get(key) != plan[key])
        raise BadInput(f"{path} was begun with another {changed}; choose another study file, or the same settings")
    return study


def _storage(path: Path) -> Any:
    if path.suffix in JOURNALS:
        from optuna.storages.journal import JournalFileBackend, JournalStorage

        return JournalStorage(JournalFileBackend(str(path)))
    return f"sqlite:///{path.resolve()}"


def ask(study: optuna.Study, seed: int) -> optuna.Trial:
    """A new trial of the study, marked as this process's.

    The sampler is seeded anew with the trial's number, so that a resumed study does not repeat its first draws.
    """
    number = len(study.get_trials(deepcopy=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = optuna.samplers.TPESampler(
            seed=seed + number, n_startup_trials=20, multivariate=True, group=True, constant_liar=True
        )
    trial = study.ask()
    trial.set_user_attr(PROCESS, process(os.getpid()))
    return trial


def recover(study: optuna.Study) -> list[int]:
    """Numbers of the trials whose process has died: marked as failed, and enqueued again up to `RETRIES` times.

    Trials of other machines are left alone.
    """
    lost = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if not dead(trial):
            continue
        with suppress(RuntimeError, ValueError):  # another process was faster
            study.tell(trial.number, state=TrialState.FAIL)
            lost.append(trial.number)
            again = int(trial.user_attrs.get(RETRY, 0)) + 1
            if again <= RETRIES and trial.params:
                study.enqueue_trial(trial.params, user_attrs={RETRY: again})
    return lost


def dead(trial: FrozenTrial) -> bool:
    """Whether the process that ran a trial on this machine is gone; one that never said its name counts as gone."""
    owner = trial.user_attrs.get(PROCESS)
    if owner is None:
        return True
    here = os.uname().nodename
    return bool(owner["machine"] == here and process(int(owner["pid"])) != owner)


def process(pid: int) -> dict[str, Any]:
    """What tells a process from every other: machine, number, and when it began; numbers are used again."""
    try:
        began = psutil.Process(pid).create_time()
    except psutil.Error:
        began = 0.0
    return {"machine": os.uname().nodename, "pid": pid, "began": began}


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """All trials that came to an end, good or too large."""
    return study.get_trials(deepcopy=False, states=DONE)
