"""repalign report: where the page lies, how to open it, and its figures as files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from text_for_tests import commands, part_after, said

from repalign.cli import reporting

SCORE = ("score", "builtin/rgb", "builtin/grey", "--benchmark", "ekman1954/similarity", "--draws", 20)


@pytest.fixture
def results(run, place):
    """A folder of results with a blank in its name."""
    run(*SCORE, "--permutations", 20, "--out", "my results")
    return place / "my results"


def test_it_says_where_the_page_is_and_how_to_open_it(run, results):
    ran = run("report", "my results")
    assert ran.code == 0
    assert part_after(ran.out, "Done")[0].startswith("1 page, in ")
    assert part_after(ran.out, "Results") == ["my results/report.html"]
    following = part_after(ran.out, "Next")
    assert (results / "report.html").resolve().as_uri() in following
    (command,) = commands(following)
    assert shlex.split(command) == ["repalign", "report", "my results", "--figures", "my results/figures"]


def test_figures_are_written_in_the_formats_that_were_asked_for(run, results, place):
    ran = run("report", "my results", "--figures", "figures", "--format", "svg", "--format", "png")
    assert ran.code == 0, ran.err
    written = sorted(path for path in (place / "figures").iterdir())
    assert {path.suffix for path in written} == {".svg", ".png"}
    assert f"1 page, {len(written)} files of figures, in " in said(ran.out)
    assert part_after(ran.out, "Results") == ["my results/report.html", "figures"]
    assert commands(part_after(ran.out, "Next")) == []  # they are written


def test_json_names_the_page_and_the_figures_only_where_they_were_asked_for(run, results, place):
    assert run("report", "my results", "--json").json == {"report": "my results/report.html"}
    found = run("report", "my results", "--figures", "figures", "--json").json
    assert set(found) == {"report", "figures"}
    written = {path.resolve() for path in (place / "figures").iterdir()}
    assert {Path(name).resolve() for name in found["figures"]} == written
    assert {name.rpartition(".")[2] for name in found["figures"]} == set(reporting.FORMATS)


def test_an_unknown_format_is_refused_before_anything_is_written(run, results, place):
    ran = run("report", "my results", "--figures", "figures", "--format", "jpg", "--json")
    assert (ran.code, ran.error()["kind"]) == (1, "input")
    assert "png, svg, pdf" in ran.error()["hint"]
    assert not (place / "figures").exists()
    assert not (results / "report.html").exists()


def test_a_format_without_figures_is_a_matter_of_usage(run, results):
    ran = run("report", "my results", "--format", "png", "--json")
    assert (ran.code, ran.error()["kind"]) == (2, "usage")
    assert "--figures DIR" in ran.error()["message"]


def test_results_without_views_can_be_asked_for(run, place):
    with_views = run(*SCORE, "--permutations", 20, "--out", "with")
    without = run(*SCORE, "--permutations", 20, "--out", "without", "--no-views")
    assert (with_views.code, without.code) == (0, 0)
    assert (place / "with" / "arrays").is_dir()
    assert not (place / "without" / "arrays").exists()
    parquets = [sorted(p.name for p in (place / name / "scores").iterdir()) for name in ("with", "without")]
    assert parquets[0] == parquets[1]


def test_a_view_that_fails_is_said_and_costs_no_scores(run, place, monkeypatch):
    def broken(*_, **__):
        raise ValueError("a bug in a view")

    monkeypatch.setattr("repalign.benchmarks.views.tested.differences_unit", broken)
    ran = run(*SCORE, "--permutations", 20, "--out", "o")
    assert ran.code == 0
    assert "the report will lack a figure: " in said(ran.out)
    assert "a bug in a view" in said(ran.out)
    assert "2 scores: 2 computed, 0 found done before, 0 failed" in said(ran.out)
