"""Studies: planned as units, resumed, the same whatever the number of workers."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

import repalign as ra
from repalign.benchmarks import plan
from repalign.errors import UnknownNameError
from repalign.execution import ProcessPool

STUDY = ra.Study(
    models=("builtin/grey", "builtin/rgb"),
    benchmarks=("ekman1954/similarity",),
    measures=("rsa-euclidean-spearman", "rsa-euclidean-rho-a"),
    draws=50,
    permutations=20,
)


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_plan_has_one_unit_per_model_benchmark_and_measure_and_is_stable():
    units = plan(STUDY)
    assert len({u.digest for u in units}) == 4
    assert [u.digest for u in units] == [u.digest for u in plan(STUDY)]


def test_whatever_decides_a_number_changes_its_unit():
    base = {u.digest for u in plan(STUDY)}
    for change in ({"seed": 1}, {"draws": 51}, {"permutations": 21}, {"subset": 12}, {"layers": "all"}):
        assert not base & {u.digest for u in plan(STUDY.model_copy(update=change))}


def test_workers_and_interruptions_do_not_change_a_byte(tmp_path):
    ra.run_study(STUDY, tmp_path / "one")
    ra.run_study(STUDY, tmp_path / "two", executor=ProcessPool(2))
    half = STUDY.model_copy(update={"models": STUDY.models[:1]})
    ra.run_study(half, tmp_path / "three")
    _, report = ra.run_study(STUDY, tmp_path / "three")
    assert len(report.skipped) == 2
    assert contents(tmp_path / "one" / "scores") == contents(tmp_path / "two" / "scores")
    assert contents(tmp_path / "one" / "scores") == contents(tmp_path / "three" / "scores")


def test_a_unit_scores_what_score_scores(tmp_path):
    results, _ = ra.run_study(STUDY, tmp_path)
    for row in results.scores():
        direct = ra.score(row.model, "ekman1954/similarity", row.measure, draws=50, permutations=20)
        assert row in list(direct)


def test_a_failure_stops_nothing_and_is_recorded(tmp_path):
    study = STUDY.model_copy(update={"measures": ("cka-linear-debiased", "rsa-euclidean-spearman")})
    results, report = ra.run_study(study, tmp_path)
    assert len(report.failed) == 2
    assert len(report.computed) == 2
    (failure, _) = results.failures().values()
    assert failure["kind"] == "unsuitable"
    assert "needs responses" in failure["message"]


def test_scoring_again_under_another_setting_replaces_the_row_that_counts(tmp_path):
    one = STUDY.model_copy(update={"models": ("builtin/rgb",), "measures": ("rsa-euclidean-spearman",)})
    ra.run_study(one, tmp_path)
    results, _ = ra.run_study(one.model_copy(update={"seed": 5}), tmp_path)
    assert len(results.units()) == 2
    assert len(results.scores()) == 1


def test_studies_in_one_folder_add_up(tmp_path):
    ra.run_study(STUDY.model_copy(update={"models": ("builtin/grey",)}), tmp_path)
    results, _ = ra.run_study(STUDY.model_copy(update={"models": ("builtin/rgb",)}), tmp_path)
    assert {r.model for r in results.scores()} == {"builtin/grey", "builtin/rgb"}


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ValidationError, match="lairs"):
        ra.Study(models=("builtin/rgb",), benchmarks=("ekman1954/similarity",), lairs="all")
    for change in ({"measures": ("rsa",)}, {"layers": "al"}, {"models": ("rgb",)}):
        with pytest.raises(UnknownNameError):
            plan(STUDY.model_copy(update=change))


def test_a_file_of_responses_is_a_model_and_its_content_its_identity(tmp_path):
    acts = ra.extract("builtin/rgb", ra.dataset("ekman1954").stimuli)
    path = acts.save(tmp_path / "acts.npz")
    study = STUDY.model_copy(update={"models": (str(path),)})
    before = [u.digest for u in plan(study)]
    results, _ = ra.run_study(study, tmp_path / "out")
    expected = ra.score("builtin/rgb", "ekman1954/similarity", "rsa-euclidean-spearman", draws=0)[-1].value
    assert results.scores().where(measure="rsa-euclidean-spearman")[0].value == expected
    ra.Assembly(np.asarray(acts.values) + 1, acts.ids, acts.units, name=acts.name).save(path)
    assert not set(before) & {u.digest for u in plan(study)}


def test_models_are_compared_pairwise_as_score_compares_them(tmp_path):
    names = ("builtin/grey", "builtin/rgb", "builtin/opponent")
    study = ra.Study(models=names, pairwise=("ekman1954/similarity",), draws=0, permutations=0)
    table = ra.run_study(study, tmp_path)[0].scores()
    assert {(r.model, r.target) for r in table} == {
        (names[0], names[1]),
        (names[0], names[2]),
        (names[1], names[2]),
    }
    stimuli = ra.dataset("ekman1954").stimuli
    for row in table:
        direct = ra.compare(ra.extract(row.model, stimuli), ra.extract(row.target, stimuli), row.measure)
        assert row.value == direct.value
        assert row.region == "pixels"


def test_a_study_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="at least one benchmark"):
        ra.Study(models=("builtin/rgb",))


def test_two_settings_of_one_model_are_two_models(tmp_path):
    triples = tuple(
        {"model_name": "random", "source": "builtin", "model_parameters": {"seed": s}} for s in (1, 2)
    )
    study = ra.Study(models=triples, benchmarks=("ekman1954/similarity",), draws=0, permutations=0)
    table = ra.run_study(study, tmp_path)[0].scores()
    assert {r.model for r in table} == {"builtin/random(seed=1)", "builtin/random(seed=2)"}
