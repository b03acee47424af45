"""Work for shards that other processes find by its name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bittrue.errors import BadInput


def work(shard):
    """Twice a number; a path is a file, whose first reader is killed."""
    if isinstance(shard, str):
        if shard == "always" or not Path(shard).exists():
            if shard != "always":
                Path(shard).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return "second"
    if shard < 0:
        raise BadInput(f"{shard} is negative; give more")
    return 2 * shard if shard < 100 else 1 // 0


def kill_once(shard):
    """Trains a row; the first worker that comes to its second batch is killed there."""
    from bittrue.apps.noise.gan import sweep_row, train

    mark, given = shard
    run_once = train.train

    def step(doing, done, total):
        if done == 2 and doing.startswith("epoch") and not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    sweep_row.train = lambda *values, **more: run_once(*values, **more, step=step)
    return sweep_row.run(sweep_row.Work(**given))
