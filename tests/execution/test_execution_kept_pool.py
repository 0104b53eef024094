"""Worker processes that stay: the same from call to call, replaced when killed, ended with the block."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from repalign.errors import InputError
from repalign.execution import KeptPool, ProcessPool, Unit, run_units

# What a worker has loaded stays in it: units count here how often their process was used.
used = 0


def leave(spec, path, **locations):
    """Write which process this is, and how many units it has run."""
    global used
    used += 1
    time.sleep(spec.get("seconds", 0))
    path.write_text(f"{os.getpid()} {used}")


def die(spec, path):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(spec, path, mark):
    Path(mark).write_text(str(os.getpid()))
    time.sleep(120)


def units(call, n=4, function="leave", **spec):
    return [
        Unit(f"{__name__}:{function}", {"call": call, "i": i, **spec}, {}, ".txt", f"{function} {i}")
        for i in range(n)
    ]


def processes(executor, asked, place):
    """The ids of the processes that ran some units."""
    report = run_units(asked, place, executor=executor)
    assert not report.failed
    return {int(unit.result(place).read_text().split()[0]) for unit in asked}


def ended(pid):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_workers_stay_from_call_to_call_with_what_they_have_loaded(tmp_path):
    with KeptPool(1) as executor:
        (first,) = processes(executor, units(1), tmp_path)
        (second,) = processes(executor, units(2), tmp_path)
        counted = [unit.result(tmp_path).read_text().split()[1] for unit in units(1) + units(2)]
    assert first == second != os.getpid()
    assert counted == list("12345678")
    assert ended(first)


def test_there_are_no_more_workers_than_asked_for_whatever_a_call_needs(tmp_path):
    with KeptPool(2) as executor:
        (alone,) = processes(executor, units(1, 1), tmp_path)  # one unit needs one of them
        more = processes(executor, units(2, 6, seconds=0.2), tmp_path)
        again = processes(executor, units(3, 6, seconds=0.2), tmp_path)
    assert len({alone} | more | again) <= 2
    others = [processes(ProcessPool(1), units(call, 1), tmp_path) for call in (4, 5)]
    assert not others[0] & others[1]  # a pool of one call has workers of its own


def test_a_killed_worker_is_replaced_and_the_rest_goes_on(tmp_path):
    deadly = units(2, 1, "die")
    with KeptPool(1) as executor:
        (first,) = processes(executor, units(1), tmp_path)
        report = run_units([*units(2, 2), *deadly, *units(3, 4)], tmp_path, executor=executor)
        assert [each.unit.digest for each in report.failed] == [deadly[0].digest]
        assert (report.failed[0].error or {})["kind"] == "killed"
        assert len(report.computed) == 6
        (second,) = processes(executor, units(4), tmp_path)
        (third,) = processes(executor, units(5), tmp_path)
    assert first != second == third
    assert ended(first)
    assert ended(second)


def test_a_worker_that_dies_between_two_calls_is_replaced(tmp_path):
    with KeptPool(1) as executor:
        (first,) = processes(executor, units(1), tmp_path)
        os.kill(first, signal.SIGKILL)
        # Whoever was sent to it before its end was noticed is run alone, in a process of its own.
        assert first not in processes(executor, units(2), tmp_path)
        (second,) = processes(executor, units(3), tmp_path)
        (third,) = processes(executor, units(4), tmp_path)
    assert first != second == third


def waiting(mark):
    """Until a unit has begun; the process that runs it."""
    deadline = time.monotonic() + 60
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(mark.read_text())


def sleeper(mark):
    return Unit(f"{__name__}:sleep", {}, {"mark": str(mark)}, ".txt", "sleep")


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_exception_in_the_block_ends_the_workers_without_waiting_for_them(tmp_path, error):
    mark = tmp_path / "mark"
    begun = []

    def block():
        with KeptPool(1) as executor:
            outcomes = executor.run([*units(1, 1), sleeper(mark)], tmp_path)
            next(outcomes)
            begun.extend((waiting(mark), time.monotonic()))
            raise error

    with pytest.raises(error):
        block()
    assert time.monotonic() - begun[1] < 20
    assert ended(begun[0])
    assert not sleeper(mark).result(tmp_path).exists()


def test_ctrl_c_while_units_run_ends_the_workers(tmp_path):
    mark, found = tmp_path / "mark", []

    def interrupt():
        found.append(waiting(mark))
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), KeptPool(1) as executor:
        run_units([sleeper(mark)], tmp_path, executor=executor)
    watcher.join()
    assert time.monotonic() - begun < 60
    assert ended(found[0])


def test_a_pool_can_be_entered_again(tmp_path):
    executor = KeptPool(1)
    with executor:
        (first,) = processes(executor, units(1), tmp_path)
    with executor:
        (second,) = processes(executor, units(2), tmp_path)
    assert first != second
    assert ended(first)
    assert ended(second)


def test_nothing_starts_before_it_is_needed_and_fewer_than_one_worker_is_refused():
    with KeptPool(3) as executor:
        assert executor._held is None
    with pytest.raises(InputError, match="0 workers cannot do anything") as caught:
        KeptPool(0)
    assert caught.value.hint == "Give 1 or more."
