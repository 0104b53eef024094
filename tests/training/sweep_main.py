"""Sweeps in processes of their own, for tests that kill them: this one has loaded all, and forks for each.

A line on standard input is a sweep to run: JSON with what :func:`go` takes. The answer is a line with the
process's id; to the next line, when that process has ended, a line with its status.
"""

import json
import os
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from problems import problem

from repalign.execution import KeptPool
from repalign.training.running import run_sweep
from repalign.training.sweep import Sweep, Windows

GRID = Windows(kinds=("target_noise",), starts=(2,), lengths=(1, 2, 3), follow=1)
SINGLE = Windows(kinds=("image_noise", "skipped_epoch"), starts=(1,), follow=1)


def sweep(windows=(GRID, SINGLE), seeds=(0, 1)) -> Sweep:
    """12 runs, 30 epochs."""
    made = {**problem().spec, "maker": "problems:made"}
    base = {"problem": made, "epochs": 5, "batch_size": 25, "patience": None}
    return Sweep(baseline=base, seeds=seeds, windows=windows)


def go(out: str, workers: int = 0, part: list[int] | None = None) -> None:
    """Run it."""
    how = {"part": tuple(part) if part is not None else None}
    if not workers:
        _, report = run_sweep(sweep(), out, **how)
    else:
        with KeptPool(workers) as executor:
            _, report = run_sweep(sweep(), out, executor=executor, **how)
    assert not report.failed, report.failed[0].error


def serve() -> None:
    """Answer until standard input ends."""
    torch.set_num_threads(1)
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            try:
                go(**json.loads(line))
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        answer(pid)
        sys.stdin.readline()  # nobody else gets its id before it is waited for
        answer(os.waitpid(pid, 0)[1])


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
