"""What kill -9 leaves behind: results that are whole, nothing else that stays, no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import repalign
from repalign.seeds import rng

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")

# argv: the folder, workers (0: in process), seconds each unit takes.
RUN = """
import sys
from pathlib import Path
from repalign.execution import InProcess, ProcessPool, Unit, run_units
out, workers, pace = Path(sys.argv[1]), int(sys.argv[2]), {"seconds": sys.argv[3]}
units = [Unit("units_for_tests:slow", {"i": i}, pace, ".txt") for i in range(30)]
executor = ProcessPool(workers) if workers else InProcess()
print("ready", flush=True)
done = run_units(units, out / "scores", failures=out / "failures", executor=executor)
print(len(done.computed), len(done.skipped), len(done.failed))
"""


def start(out: Path, workers: int, seconds: float = 0.05) -> subprocess.Popen[str]:
    paths = [str(Path(__file__).parent), str(Path(repalign.__file__).parents[1])]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(out), str(workers), str(seconds)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def states(session: int) -> str:
    """The states of a session's processes, one letter each."""
    found: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            found.append(fields[0])
    return "".join(found)


def ended(session: int, zombies: str = "ZX") -> bool:
    """Wait until all processes of a session have ended; one that nobody has reaped yet (Z) has."""
    deadline = time.monotonic() + 10
    while states(session).strip(zombies) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not states(session).strip("ZX")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def whole(out: Path) -> bool:
    finished = [p for p in (out / "scores").glob("*") if not p.name.startswith(".")]
    return all(p.read_text().count("a third of") == 3 for p in finished)


@linux
@pytest.mark.parametrize("workers", [0, 2])
def test_kill_9_at_any_instant_loses_nothing_that_was_finished(tmp_path, workers):
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "killed"
    assert start(undisturbed, 0, 0.0).communicate()[0] == "30 0 0\n"
    generator, ends = rng(0, "kill instants", str(workers)), []
    for _ in range(10):
        process = start(out, workers)
        time.sleep(generator.uniform(0, 0.3))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert ended(process.pid)
        ends.append((process.pid, process.returncode))
        assert whole(out)
    assert [code for _, code in ends].count(-signal.SIGKILL) >= 5
    for session, _ in ends:  # a pid that nobody has reaped looks alive
        ended(session, zombies="")
    process = start(out, workers)
    assert process.communicate()[0].endswith(" 0\n")
    assert contents(out) == contents(undisturbed)  # nothing half-written is left either


@linux
def test_workers_end_when_only_their_parent_is_killed(tmp_path):
    process = start(tmp_path, 2, 0.1)
    deadline = time.monotonic() + 20
    while not list((tmp_path / "scores").glob("[!.]*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        assert len(states(process.pid)) >= 3
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert ended(process.pid)
        assert whole(tmp_path)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
