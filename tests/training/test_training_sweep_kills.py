"""Sweeps that are killed, divided and done again: the bytes at the end are those of one left alone."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from problems import made
from sweep_main import GRID, SINGLE, sweep

from repalign.data import ResultsDir, ScoreTable
from repalign.errors import InputError
from repalign.training.running import Reached, run_sweep
from repalign.training.sweep import Windows, expand
from repalign.training.trainer import train

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")

HERE = Path(__file__).parent
EPOCHS = 30
APART = ("log.txt", "environment.json")  # times, and how many threads the machine lends


@dataclass
class Sweeps:
    """Runs sweeps in other processes, one at a time."""

    process: subprocess.Popen[str]

    def begin(self, out: Path, **how) -> int:
        """Start one; the id of its process."""
        return self._asked(json.dumps({"out": str(out), **how}))

    def end(self) -> int:
        """Wait for it; 0 if it ended well, 9 if it was killed."""
        return self._asked("")

    def _asked(self, line: str) -> int:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def whole(self, out: Path, **how) -> None:
        """One that nothing disturbs."""
        self.begin(out, **how)
        assert self.end() == 0

    def killed_at(self, out: Path, epochs: int, after: float = 0.0, **how) -> bool:
        """Kill one some seconds after so many epochs lie there; whether it was still at work."""
        pid, stages, before = self.begin(out, **how), expand(sweep()), time.monotonic() + 60
        while Reached(stages, ResultsDir(out)).epochs() < epochs and time.monotonic() < before:
            time.sleep(0.01)
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        return self.end() == signal.SIGKILL


@pytest.fixture(scope="module")
def sweeps():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(HERE / "sweep_main.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        yield Sweeps(process)
        process.stdin.close()


@pytest.fixture(scope="module")
def alone(sweeps, tmp_path_factory):
    """The folder of a sweep that nothing disturbed."""
    out = tmp_path_factory.mktemp("alone")
    sweeps.whole(out)
    return out


def content(out: Path) -> dict[str, bytes]:
    """All that a sweep leaves: rows, states, snapshots, metrics, specs."""
    files = (p for p in out.rglob("*") if p.is_file() and p.name not in APART)
    return {str(p.relative_to(out)): p.read_bytes() for p in files}


def same(out: Path, other: Path) -> None:
    one, two = content(out), content(other)
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []


def at_random_instants(sweeps, out: Path, kills: int, seed: int, **how) -> list[int]:
    """Kill a sweep again and again; the epochs that lay there after each kill.

    Instants are spread over the sweep by its own progress, so that a slow machine changes nothing, and
    within an epoch by the clock.
    """
    draw = np.random.default_rng(seed)
    places = np.sort(draw.integers(0, EPOCHS, kills)).tolist()
    reached: list[int] = []
    for place in places:
        if not sweeps.killed_at(out, place, after=float(draw.uniform(0.0, 0.15)), **how):
            break
        reached.append(Reached(expand(sweep()), ResultsDir(out)).epochs())
    return reached


def test_a_sweep_killed_four_times_ends_in_the_same_bytes(sweeps, alone, tmp_path):
    reached = at_random_instants(sweeps, tmp_path, 4, seed=0)
    sweeps.whole(tmp_path)
    same(tmp_path, alone)
    assert len(set(reached)) >= 3
    assert reached == sorted(reached)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_sweep_killed_at_twenty_instants_ends_in_the_same_bytes(sweeps, alone, tmp_path, seed):
    reached = at_random_instants(sweeps, tmp_path, 20, seed)
    sweeps.whole(tmp_path)
    same(tmp_path, alone)
    assert len(set(reached)) >= 10  # spread over its length


@pytest.mark.slow
def test_two_workers_killed_with_their_master_end_in_the_same_bytes(sweeps, alone, tmp_path):
    assert sweeps.killed_at(tmp_path, 7, workers=2)
    sweeps.whole(tmp_path, workers=2)
    same(tmp_path, alone)


@pytest.mark.slow
def test_two_workers_killed_many_times_end_in_the_same_bytes(sweeps, alone, tmp_path):
    for epochs in sorted(np.random.default_rng(6).integers(1, 29, 8).tolist()):
        sweeps.killed_at(tmp_path, epochs, workers=2)
    sweeps.whole(tmp_path)
    same(tmp_path, alone)


# --- parts


@pytest.mark.slow
@pytest.mark.parametrize("order", list(itertools.permutations([(0, 3), (1, 3), (2, 3)])))
def test_parts_in_any_order_are_the_sweep(alone, tmp_path, order):
    for part in ((0, 0), *order):
        _, report = run_sweep(sweep(), tmp_path, part=part)
        assert not report.failed
        assert not report.skipped
    same(tmp_path, alone)


@pytest.mark.parametrize("order", [((0, 2), (1, 2)), ((1, 2), (0, 2))])
def test_two_parts_are_the_sweep_and_share_no_run(alone, tmp_path, order):
    done = []
    for part in ((0, 0), *order):
        _, report = run_sweep(sweep(), tmp_path, part=part)
        assert not report.failed
        done += [unit.digest for unit in report.computed]
    assert len(done) == len(set(done)) == sum(map(len, expand(sweep())))
    same(tmp_path, alone)
    _, again = run_sweep(sweep(), tmp_path)
    assert not again.computed


def test_a_part_before_the_baselines_fails_with_the_reason_and_can_be_made_up_for(alone, tmp_path):
    _, early = run_sweep(sweep(), tmp_path, part=(1, 2))
    assert early.failed
    assert all("to begin from" in each.error["message"] for each in early.failed)
    for part in ((0, 0), (1, 2), (0, 2)):
        _, report = run_sweep(sweep(), tmp_path, part=part)
        assert not report.failed
    found = {name: data for name, data in content(tmp_path).items() if not name.startswith("failures")}
    assert found == content(alone)


@pytest.mark.parametrize("part", [(2, 2), (-1, 2), (1, 0), (3, 2)])
def test_there_are_no_other_parts(tmp_path, part):
    with pytest.raises(InputError, match=f"part {part[0]} of {part[1]}"):
        run_sweep(sweep(), tmp_path, part=part)


# --- what runs share


def rows_of(run: Path, epochs) -> list:
    return [ScoreTable.from_parquet(run / "scores" / f"epoch-{epoch:04d}.parquet").rows() for epoch in epochs]


def test_what_a_longer_window_inherits_is_what_a_run_from_scratch_measures(alone, tmp_path):
    checked = 0
    for planned in (each for stage in expand(sweep()) for each in stage):
        window = planned.spec.perturbation
        if window is None or planned.start[1] < window.first:
            continue
        problem = made(planned.spec.problem, {})
        scratch = train(problem, planned.spec, tmp_path / planned.spec.digest)
        there = alone / "runs" / planned.spec.digest
        epochs = range(window.first, planned.spec.last_epoch + 1)
        found = rows_of(there, epochs)
        assert found == rows_of(scratch.folder, epochs)
        inherited = found[: planned.start[1] - window.first + 1]
        assert {row["run"] for rows in inherited for row in rows} == {planned.spec.digest}
        assert {row["window_length"] for rows in inherited for row in rows} == {window.length}
        checked += len(inherited)
    assert checked == 2 * (1 + 2)  # seeds; windows of 2 inherit an epoch, those of 3 two


def test_a_run_that_two_windows_ask_for_is_trained_once(tmp_path):
    both = Windows(kinds=("skipped_epoch", "frozen_epoch"), starts=(1, 3), follow=1, figure="types")
    asked = sweep(windows=(SINGLE, both), seeds=(0,))
    runs = [each for stage in expand(asked) for each in stage]
    assert len(runs) == 1 + 2 + 4 - 1
    (shared,) = (each for each in runs if len(each.figures) == 2)
    assert shared.spec.perturbation.kind == "skipped_epoch"
    _, report = run_sweep(asked, tmp_path)
    assert len(report.computed) == 6
    assert len(list((tmp_path / "runs").iterdir())) == 6
    for each in runs:
        log = (tmp_path / "runs" / each.spec.digest / "log.txt").read_text()
        assert log.count("00:00 epoch ") == each.epochs
        assert log.count("begins at epoch") == 1


def test_the_sweep_of_these_tests_has_shared_prefixes_and_three_chains_a_seed():
    stages = expand(sweep())
    assert [len(stage) for stage in stages] == [2, 2 * 3, 2, 2]
    assert sum(each.epochs for stage in stages for each in stage) == EPOCHS
    assert GRID.drawn_as == "lengths"
