"""Shards of work side by side: on processes of this machine, or on Ray; the same results either way.

A shard is a plain value that `work`, a function of a module, takes; its result is a plain value too. Results come in
the order of the shards, whoever computed them and when. Where a process is killed, its shard is run again.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context
from typing import Any

from bittrue.errors import BadInput
from bittrue.kit.optional import needed

Work = Callable[[Any], Any]
"""A function that another process finds by its module and name."""
Told = Callable[[int, str], None]
"""Called with the number of a shard and what became of it: `DONE`, `REFUSED` or `AGAIN`."""
DONE, REFUSED, AGAIN = "done", "refused", "its process was lost; it runs again"
TRIES = 3
"""Times that a shard is run whose process is lost."""


@dataclass(frozen=True)
class Outcome:
    """Of one shard: its ``value``, or the sentence of the `BadInput` that it raised."""

    value: Any = None
    refused: str = ""


def spread(
    work: Work, shards: Sequence[Any], workers: int, ray: bool = False, told: Told | None = None
) -> list[Outcome]:
    """The outcomes of all shards, on ``workers`` processes, or on Ray.

    Raises `BadInput` where a shard loses its process `TRIES` times, or Ray is missing; any other error of a shard is
    raised here, as a `RuntimeError` with its text.
    """
    said = told or (lambda number, what: None)
    return _on_ray(work, shards, workers, said) if ray else _on_processes(work, shards, workers, said)


def attempted(work: Work, shard: Any) -> tuple[str, Any]:
    """What one shard gives: `DONE` and a value, `REFUSED` and a sentence, or ``failed`` and a traceback."""
    try:
        return DONE, work(shard)
    except BadInput as error:
        return REFUSED, str(error)
    except Exception:
        return "failed", traceback.format_exc()


def _outcome(number: int, found: tuple[str, Any], told: Told) -> Outcome:
    what, value = found
    if what == "failed":
        raise RuntimeError(f"shard {number} failed:\n{value}")
    told(number, what)
    return Outcome(value) if what == DONE else Outcome(refused=value)


def _sent(work: Work, shard: Any, pipe: Any) -> None:
    """The body of a worker process."""
    pipe.send(attempted(work, shard))
    pipe.close()


def _on_processes(work: Work, shards: Sequence[Any], workers: int, told: Told) -> list[Outcome]:
    """A new process a shard, so that a lost one takes nothing else with it."""
    context = get_context("spawn")
    waiting, lost = list(range(len(shards))), [0] * len(shards)
    running: dict[Any, tuple[int, Any]] = {}
    outcomes: dict[int, Outcome] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                number = waiting.pop(0)
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_sent, args=(work, shards[number], there), daemon=True)
                process.start()
                there.close()  # so that the end of the process is the end of the pipe
                running[here] = number, process
            ready: list[Any] = connection.wait(list(running))
            for pipe in ready:
                number, process = running.pop(pipe)
                try:
                    found = pipe.recv()
                except EOFError:
                    lost[number] += 1
                    if lost[number] == TRIES:
                        raise BadInput(_lost(number)) from None
                    told(number, AGAIN)
                    waiting.insert(0, number)
                else:
                    outcomes[number] = _outcome(number, found, told)
                finally:
                    pipe.close()
                    process.join()
    finally:
        for _, process in running.values():
            process.kill()
            process.join()
    return [outcomes[number] for number in range(len(shards))]


def _on_ray(work: Work, shards: Sequence[Any], workers: int, told: Told) -> list[Outcome]:
    """Tasks of one CPU each; Ray runs one again whose process is lost.

    ``RAY_ADDRESS`` names a cluster; without it, Ray is started here with ``workers`` CPUs and stopped again.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    with needed("shards on Ray need", "ray", extra="scale"):
        import ray
        from ray.exceptions import WorkerCrashedError
    ours = not ray.is_initialized()
    if ours:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        if not os.environ.get("RAY_ADDRESS"):
            options |= {"num_cpus": workers, "include_dashboard": False}
        ray.init(**options)
    try:
        task = ray.remote(num_cpus=1, max_retries=TRIES - 1)(attempted)
        pending = {task.remote(work, shard): number for number, shard in enumerate(shards)}
        outcomes: dict[int, Outcome] = {}
        while pending:
            (ready, *_), _ = ray.wait(list(pending), num_returns=1)
            number = pending.pop(ready)
            try:
                outcomes[number] = _outcome(number, ray.get(ready), told)
            except WorkerCrashedError:
                raise BadInput(_lost(number)) from None
    finally:
        if ours:
            ray.shutdown()
    return [outcomes[number] for number in range(len(shards))]


def _lost(number: int) -> str:
    return (
        f"shard {number} lost its process {TRIES} times, perhaps for want of memory; take fewer workers or less a shard"
    )
