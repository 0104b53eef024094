"""Killed at any instant, an extraction goes on and ends with the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from extraction_models import STIMULI, Counting, contents

from repalign.models import extract

MAIN = Path(__file__).with_name("extraction_main.py")


def started(store: Path, seconds: float = 0.02) -> subprocess.Popen[str]:
    """The extraction in a process of its own, after it has said what it will do."""
    command = [sys.executable, "-u", str(MAIN), str(store), str(seconds)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline().strip()
    return process


def ended(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    process.stdout.close()
    process.wait()


def killed(store: Path, after: float, how: signal.Signals = signal.SIGKILL) -> None:
    process = started(store)
    time.sleep(after)
    process.send_signal(how)
    ended(process)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    place = tmp_path_factory.mktemp("whole")
    extract(Counting(), STIMULI, batch_size=4, store=place)
    return contents(place)


def check_resumes(place: Path, whole: dict[str, bytes], instants: list[float]) -> int:
    """Kill at these instants, finish, compare; the number of batches that the last run had to show."""
    for instant in instants:
        killed(place, instant)
        assert not {p.name for p in place.iterdir() if "." not in p.name} - {n.split("/")[0] for n in whole}
    last = Counting()
    extract(last, STIMULI, batch_size=4, store=place)
    assert contents(place) == whole
    return len(last.shown)


@pytest.mark.parametrize("seed", range(5))
def test_two_kills_do_not_change_a_byte(tmp_path, whole, seed):
    instants = np.random.default_rng(seed).uniform(0, 0.2, 2).tolist()
    check_resumes(tmp_path, whole, instants)


def test_a_kill_after_completion_leaves_no_lock_behind(tmp_path, whole):
    extract(Counting(), STIMULI, batch_size=4, store=tmp_path)
    for entry in [*tmp_path.iterdir()]:
        entry.with_name(f"{entry.name}.lock").touch()  # as a process killed at its last step leaves it
    extract(Counting(), STIMULI, batch_size=4, store=tmp_path)
    assert contents(tmp_path) == whole


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_kill_at_any_instant_does_not_change_a_byte(tmp_path, whole, seed):
    check_resumes(tmp_path, whole, [float(np.random.default_rng(100 + seed).uniform(0, 0.6))])


def safe_rows(place: Path) -> int:
    with suppress(FileNotFoundError):  # finished in this instant
        return min((int(p.read_text()) for p in place.glob("*.partial/rows")), default=0)
    return 0


def test_a_kill_costs_no_more_than_what_was_in_flight(tmp_path, whole):
    process = started(tmp_path, seconds=0.05)
    while safe_rows(tmp_path) < 24:  # until half of it is safe
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    ended(process)
    last = Counting()
    extract(last, STIMULI, batch_size=4, store=tmp_path)
    assert len(last.shown) <= 1 + 7
    assert contents(tmp_path) == whole


def test_an_interruption_from_the_keyboard_keeps_every_batch(tmp_path, whole):
    killed(tmp_path, 0.15, signal.SIGINT)
    rows = {int(p.read_text()) for p in tmp_path.glob("*.partial/rows")}
    assert len(rows) == 1
    assert rows.pop() % 4 == 0
    assert not list(tmp_path.glob("*.lock"))
    extract(Counting(), STIMULI, batch_size=4, store=tmp_path)
    assert contents(tmp_path) == whole


def test_two_processes_at_once_do_not_corrupt(tmp_path, whole):
    first = started(tmp_path, 0.25)  # longer than a process takes to start
    second = started(tmp_path, 0.25)
    for process in (first, second):
        assert process.stdout is not None
        assert "done" in process.stdout.read()
        ended(process)
        assert process.returncode == 0
    assert contents(tmp_path) == whole


def test_whoever_waits_goes_on_when_the_other_is_killed(tmp_path, whole):
    first, second = started(tmp_path, 0.25), started(tmp_path, 0.01)
    first.kill()
    ended(first)
    assert second.stdout is not None
    assert "done" in second.stdout.read()
    ended(second)
    assert contents(tmp_path) == whole
