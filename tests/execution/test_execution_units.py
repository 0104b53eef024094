"""Units of work: named by what decides their result, run once, and none in the way of another."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from units_for_tests import write

from repalign.errors import InputError, UnitError
from repalign.execution import InProcess, Outcome, ProcessPool, Unit, run_units

HERE, POOL = InProcess(), ProcessPool(2)


def unit(function: str = "write", i: int = 0, **locations: str) -> Unit:
    return Unit(f"units_for_tests:{function}", {"i": i, "seed": 1}, locations, ".txt", f"{function} {i}")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_digest_depends_on_function_and_spec_and_on_nothing_else():
    base = Unit("a:f", {"x": 1, "y": [2, {"p": 3, "q": 4}]})
    same = Unit("a:f", {"y": [2, {"q": 4, "p": 3}], "x": 1}, {"images": "/elsewhere"}, label="other")
    assert base.digest == same.digest
    others = [Unit("a:g", base.spec), Unit("a:f", {"x": 2, "y": base.spec["y"]}), Unit("a:f", {"x": 1})]
    assert len({base.digest, *(u.digest for u in others)}) == 4


def test_a_spec_that_json_cannot_hold_is_refused():
    with pytest.raises(InputError, match="spec"):
        _ = Unit("a:f", {"x": float("nan")}).digest


def test_what_exists_is_skipped_and_equal_units_run_once(tmp_path):
    calls = tmp_path / "calls"
    units = [unit("counted", i, calls=str(calls)) for i in (0, 1, 1, 2)]
    first = run_units(units[:3], tmp_path / "out")
    assert (len(first.computed), len(first.skipped)) == (2, 0)
    second = run_units(units, tmp_path / "out")
    assert [u.spec["i"] for u in second.computed] == [2]
    assert [u.spec["i"] for u in second.skipped] == [0, 1]
    assert calls.read_text().split() == ["0", "1", "2"]


@pytest.mark.parametrize("workers", [1, 2])
def test_where_units_run_does_not_change_a_byte(tmp_path, workers):
    units = [unit(i=i) for i in range(5)]
    run_units(units, tmp_path / "here" / "scores", failures=tmp_path / "here" / "failures")
    pool = ProcessPool(workers)
    report = run_units(
        units, tmp_path / "pool" / "scores", failures=tmp_path / "pool" / "failures", executor=pool
    )
    assert {u.digest for u in report.computed} == {u.digest for u in units}
    assert contents(tmp_path / "here") == contents(tmp_path / "pool")
    expected = tmp_path / "expected"
    write(dict(units[3].spec), expected)
    assert units[3].result(tmp_path / "pool" / "scores").read_bytes() == expected.read_bytes()


FAULTS = {
    "refuses": ("too-few", "3 stimuli"),
    "buggy": ("unexpected", "ZeroDivisionError: a bug"),
    "leaves": ("unexpected", "SystemExit"),
    "lacks_a_file": ("unexpected", "no-such-input"),
    "writes_nothing": ("unit", "without writing"),
    "no_such_function": ("unit", "no_such_function"),
}
DEADLY = {"exits": ("killed", "killed"), "killed": ("killed", "killed")}


@pytest.mark.parametrize(("executor", "faults"), [(HERE, FAULTS), (POOL, {**FAULTS, **DEADLY})])
def test_a_unit_that_fails_is_reported_and_the_others_finish(tmp_path, executor, faults):
    bad = [unit(name) for name in faults]
    good = [unit(i=i) for i in range(4)]
    mixed = [u for pair in zip(bad, good, strict=False) for u in pair] + bad[4:]
    report = run_units(mixed, tmp_path / "scores", failures=tmp_path / "failures", executor=executor)
    assert {u.digest for u in report.computed} == {u.digest for u in good}
    found = {o.unit.label.split()[0]: o.error or {} for o in report.failed}
    for name, (kind, word) in faults.items():
        assert found[name]["kind"] == kind
        assert word in found[name]["message"]
        assert found[name]["hint"]
    assert {p.name for p in (tmp_path / "scores").iterdir()} == {f"{u.digest}.txt" for u in good}
    assert {p.stem for p in (tmp_path / "failures").iterdir()} == {u.digest for u in bad}


def test_only_bugs_carry_a_trace_and_the_record_says_what_was_asked(tmp_path):
    units = [unit("refuses"), unit("buggy")]
    run_units(units, tmp_path / "scores", failures=tmp_path / "failures")
    refused, bug = (json.loads((tmp_path / "failures" / f"{u.digest}.json").read_text()) for u in units)
    assert "trace" not in refused
    assert "units_for_tests.py" in bug["trace"]
    assert refused["spec"] == dict(units[0].spec)
    assert refused["function"] == "units_for_tests:refuses"


@pytest.mark.parametrize("executor", [HERE, ProcessPool(1)])
def test_a_record_of_failure_goes_when_the_unit_succeeds(tmp_path, executor):
    flag, failures = tmp_path / "flag", tmp_path / "failures"
    late = unit("refuses_once", flag=str(flag))
    assert run_units([late], tmp_path / "scores", failures=failures, executor=executor).failed
    assert len(list(failures.iterdir())) == 1
    flag.touch()
    assert run_units([late], tmp_path / "scores", failures=failures, executor=executor).computed == (late,)
    assert list(failures.iterdir()) == []


@pytest.mark.parametrize("function", ["json:nothing", "no_such_module:f", "no colon", ":f"])
def test_an_unknown_import_name_is_the_units_error_and_says_what_to_install(function):
    with pytest.raises(UnitError, match="cannot be imported") as caught:
        Unit(function, {}).load()
    assert "Install" in caught.value.hint


@pytest.mark.parametrize("executor", [HERE, ProcessPool(1)])
def test_numerical_libraries_have_one_thread_inside_a_unit(tmp_path, executor):
    run_units([unit("threads")], tmp_path, executor=executor)
    numbers = json.loads(unit("threads").result(tmp_path).read_text())
    assert numbers
    assert set(numbers) == {1}


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot be blocked here")
def test_ctrl_c_is_for_the_parent_and_workers_do_not_see_it(tmp_path):
    report = run_units([unit("interrupted")], tmp_path, executor=ProcessPool(1))
    assert report.failed == ()
    with pytest.raises(KeyboardInterrupt):
        run_units([unit("interrupted", 1)], tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [f"{unit('interrupted').digest}.txt"]


def test_progress_counts_every_unit_to_do(tmp_path):
    seen: list[tuple[str, int, int]] = []

    def on_done(outcome: Outcome, done: int, total: int) -> None:
        seen.append((outcome.unit.label, done, total))

    run_units([unit(i=0)], tmp_path)
    run_units([unit(i=0), unit("buggy"), unit(i=2)], tmp_path, on_done=on_done)
    assert seen == [("buggy 0", 1, 2), ("write 2", 2, 2)]


def test_a_pool_without_workers_is_refused():
    with pytest.raises(InputError, match="0 workers"):
        ProcessPool(0)


def test_a_result_folder_that_cannot_be_made_is_a_storage_error_of_each_unit(tmp_path):
    (tmp_path / "file").touch()
    report = run_units([unit(i=0), unit(i=1)], tmp_path / "file" / "scores")
    assert [(o.error or {})["kind"] for o in report.failed] == ["storage", "storage"]
