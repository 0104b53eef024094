"""The report: self-contained, complete, the same for the same results, and honest about what is absent."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import re
from itertools import pairwise

import numpy as np
import pytest
from folders import ANGLE, BOTH, RSA, TABLE, Page, aggregate, folder, row, subjects, tables
from made_up import MadeUp, contrasts, geometry, results_of

from repalign.data import ResultsDir, ScoreTable
from repalign.errors import FileError, StorageError, TooFewError
from repalign.report import render, write_report
from repalign.report.downloads import PLAIN

SECTIONS = {
    "general": "What these numbers generalise to",
    "scores": "Scores",
    "profiles": "Layer profiles",
    "rdms": "RDMs",
    "map": "Map of models and targets",
    "pairs": "Models with one another",
    "differences": "Differences between models",
    "missing": "Not computed",
    "recipes": "Recipes",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Results with something in every section."""
    made = MadeUp(pairs=True, failures=1, missing=7)
    return results_of(made, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def page(whole):
    return render(whole, "All of it")


def section(text: str, key: str) -> str:
    return text.partition(f'<section id="{key}"')[2].partition("</section>")[0]


def test_every_section_is_there_in_order_and_linked(page):
    found = re.findall(r'<section id="(\w+)" aria-labelledby="(\w+)-name">\n<h2 id="\w+-name">([^<]+)', page)
    assert {key: name for key, _, name in found} == SECTIONS
    assert [key for key, _, _ in found] == list(SECTIONS)
    assert re.findall(r'<li><a href="#(\w+)">', page) == list(SECTIONS)


def test_what_is_absent_has_no_section(tmp_path):
    text = render(folder(tmp_path))
    assert re.findall(r'<section id="(\w+)"', text) == ["general", "scores", "recipes"]


def test_headings_descend_one_level_at_a_time_and_ids_are_unique(page):
    levels = Page(page).levels
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = Page(page).ids
    assert len(ids) == len(set(ids))


def test_equal_results_give_equal_bytes_whatever_the_users_own_style(tmp_path, whole, page):
    import matplotlib as mpl

    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30, "svg.fonttype": "path"}):
        assert render(whole, "All of it") == page
    assert render(folder(tmp_path, TABLE[:-1])) != render(folder(tmp_path / "b", TABLE))


def test_the_page_loads_nothing_from_elsewhere(page):
    for link in Page(page).links:
        assert link.startswith(("data:", "#")), link[:80]
    assert not {"link", "iframe", "object", "embed", "base", "form"} & set(Page(page).tags)
    assert not re.search(r"@import|url\((?!#)", page)


def test_only_the_script_that_was_written_may_run(page):
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert f"script-src 'sha256-{digest}'" in policy.replace("&#39;", "'")
    assert policy.startswith("default-src")
    assert len(script.encode()) < 6_000
    assert not re.search(r"\son\w+=", re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL))


def test_every_row_is_on_the_page_with_its_numbers(tmp_path):
    rows = [*TABLE[:-1], aggregate("b", 0.2718, p=None, ceiling_upper=None, n_subjects=None)]
    first, *lines = tables(render(folder(tmp_path, ScoreTable(rows))))[0]
    counted = ["noise ceiling", "p", "subjects"]
    people = ["subject s0", "subject s1", "subject s2"]
    assert first == ["model · layer", "score", "95 % interval", *counted, *people]
    assert lines == [
        [
            "a · conv1",
            "0.500",
            "0.400 to 0.600",
            "0.700 to 0.800",
            "0.004",
            "3",
            "0.410",
            "0.520",
            "0.630",
        ],
        ["b · conv1", "0.272", "0.172 to 0.372", "0.700 to –", "–", "–", "0.410", "0.520", "0.630"],
    ]


def test_what_all_rows_share_is_said_once(tmp_path):
    text = render(folder(tmp_path, ScoreTable([aggregate(m, p=None) for m in "abc"])))
    assert tables(text)[0][0] == ["model · layer", "score", "95 % interval"]
    said = re.findall(r'<p class="notes">(.*?)</p>', text)[0]
    assert said == f"Every row: noise ceiling 0.700 to 0.800; no p; stimuli 92; subjects 3; {BOTH}."


def test_many_subjects_have_a_table_of_their_own(tmp_path):
    values = tuple(i / 100 for i in range(12))
    text = render(folder(tmp_path, ScoreTable([*subjects("a", values), aggregate("a")])))
    whole, single = tables(text)[:2]
    assert whole[1][0] == single[1][0] == "a · conv1"
    assert single[0] == ["model · layer", *(f"s{i}" for i in range(12))]  # s2 before s10
    assert single[1][1:] == [f"{value:.3f}" for value in values]


def test_tables_of_many_subjects_give_way_where_all_would_be_too_much(tmp_path, monkeypatch):
    values = tuple(i / 100 for i in range(12))
    results = folder(tmp_path, ScoreTable([*subjects("a", values), aggregate("a")]))
    assert "Each subject" in render(results)
    monkeypatch.setattr("repalign.report.sections.MOST_SINGLE", 11)
    text = section(render(results), "scores")
    assert "Each subject" not in text
    assert "The scores of 12 single subjects are in <code>scores.csv</code> at the head of this page." in text
    monkeypatch.setattr("repalign.report.sections.MOST_SINGLE", 0)
    few = folder(tmp_path / "few")
    assert "single subjects are" not in render(few)
    assert tables(render(few))[0][0][-3:] == ["subject s0", "subject s1", "subject s2"]  # they stand beside


def test_subjects_stand_beside_their_own_aggregate(tmp_path):
    """Two settings of one model bear one label, and are told apart by their spec."""
    rows = []
    for spec, values in (("x", (0.1, 0.2)), ("y", (0.3, 0.4))):
        rows += subjects("a", values, spec_digest=spec)
        rows.append(aggregate("a", sum(values) / 2, spec_digest=spec))
    _, *lines = tables(render(folder(tmp_path, ScoreTable(rows))))[0]
    assert [(line[1], *line[-2:]) for line in lines] == [
        ("0.350", "0.300", "0.400"),
        ("0.150", "0.100", "0.200"),
    ]


def test_what_is_absent_is_absent_with_its_reason(tmp_path):
    bare = row("bare", reason="one average: no ceiling")
    none = row("none", None, reason="the pattern is constant")
    full = aggregate("full", 0.1, reason=None)
    text = render(folder(tmp_path, ScoreTable([bare, none, full])))
    cells = {line[0]: line[1:] for line in tables(text)[0][1:]}
    assert cells["bare"] == ["0.500", "–", "–", "–", "–", "1"]
    assert cells["none"] == ["–"] * 5 + ["2"]
    assert cells["full · conv1"][-1] == ""
    notes = re.findall(r'<ol class="notes">\s*<li>(.*)\n<li>(.*)\n', text)
    assert notes[0] == ("one average: no ceiling", "the pattern is constant")
    assert "the pattern is constant" in section(text, "missing")
    assert not re.search(r"\b(nan|NaN|None)\b", Page(text).text)


def test_a_reason_that_all_rows_share_is_said_once(tmp_path):
    text = render(folder(tmp_path, ScoreTable([aggregate(m, reason="said of all") for m in "abc"])))
    assert section(text, "scores").count("said of all") == 1


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a\"b'c&d", "$x_1^$ $\\frac{", "]]>--><b>", "{{ 7*7123 }}", "名前"]
)
def test_names_are_text_and_never_markup_or_formulas(tmp_path, name):
    failure = {"kind": "input", "message": name, "hint": name, "spec": {"model": name}}
    given = aggregate(name, layer=name, target=name, region=name, reason=name)
    recipe = {"model": name, "benchmark": name, "measure": name, "how": {"layers": [name]}}
    arrays, header = geometry(MadeUp(models=(name, f"{name}2", "c"), targets=(name,), stimuli=12))
    header |= {"ids": [f"{name}{i}" for i in range(12)], "groups": [name] * 6 + ["b"] * 6, "stimuli": name}
    header |= {"texts": [name] * 12, "ordered_by": name, "note": name}
    header["left_out"] = [{"name": name, "reason": name}]
    compared = contrasts(MadeUp(models=(name, f"{name}2", "c"), targets=(name,)), name)
    results = folder(
        tmp_path,
        ScoreTable([*subjects(name), given]),
        views=((arrays, header), compared),
        failures={"f": failure},
        recipes={"u1": recipe},
    )
    text = render(results, name)
    own = {"script": 1, "b": 0}
    quiet = render(folder(tmp_path / "quiet"))
    own = {tag: Page(text).tags.count(tag) - Page(quiet).tags.count(tag) for tag in ("script", "title")}
    assert own["script"] == 0
    assert "alert(1)" not in "".join(re.findall(r"<script>.*?</script>", text, flags=re.DOTALL))
    assert "49861" not in Page(text).text
    assert Page(text).text.count(name) > 20


def test_a_measure_of_the_users_own_is_shown_without_a_recipe(tmp_path):
    text = Page(render(folder(tmp_path, ScoreTable([aggregate(measure="mine<2>")])))).text
    assert "mine<2>" in text
    assert "a measure of your own" in text


@pytest.mark.parametrize(("measure", "order"), [(RSA, "cab"), (ANGLE, "bac")])
def test_the_closest_comes_first_and_the_absent_last(tmp_path, measure, order):
    values = {"a": 0.4, "b": 0.1, "c": 0.9, "absent": None}
    rows = [row(f"model-{m}", v, measure=measure) for m, v in values.items()]
    text = render(folder(tmp_path, ScoreTable(rows)))
    assert [line[0].removeprefix("model-") for line in tables(text)[0][1:]] == [*order, "absent"]


def test_failures_are_listed_with_what_to_do(tmp_path):
    spec = {"model": {"model_name": "x", "source": "builtin"}, "benchmark": "d/it", "measure": RSA}
    failure = {"kind": "killed", "message": "it was killed", "hint": "Use fewer.", "spec": spec}
    view = {"message": "no RDM", "hint": "", "spec": {"view": "geometry", "benchmark": "d/it"}}
    text = render(folder(tmp_path, failures={"u": failure, "v": view}))
    said = Page(section(text, "missing")).text
    for word in ("builtin/x", "it was killed", "Use fewer.", "d/it", RSA, "RDMs and map", "no RDM"):
        assert word in said


def test_failures_of_units_that_no_longer_count_are_left_out(tmp_path):
    results = folder(tmp_path, failures={"counts": {"message": "failed now"}})
    (results.failures_dir / "old.json").write_text('{"kind": "x", "message": "once upon a time", "hint": ""}')
    text = render(results)
    assert "failed now" in text
    assert "once upon a time" not in text


def test_views_that_failed_are_told_too(tmp_path):
    results = folder(tmp_path)
    results.write_spec({"units": {"u1": "u1"}, "views": {"RDMs": "a" * 32}})
    results.failures_dir.mkdir()
    (results.failures_dir / f"{'a' * 32}.json").write_text('{"message": "no RDM can be drawn", "hint": ""}')
    assert "no RDM can be drawn" in section(render(results), "missing")


def test_the_embedded_files_are_the_table_exactly(tmp_path):
    results = folder(tmp_path)
    found = Page(render(results)).downloads
    assert list(found) == ["scores.csv", "scores.json"]
    decoded = [base64.b64decode(link.partition(",")[2]).decode() for link in found.values()]
    assert decoded == [results.scores().to_csv(), results.scores().to_json()]


def test_large_files_are_compressed_and_hold_the_same(tmp_path):
    many = ScoreTable(aggregate(f"model-{i}", 0.1 + i / 7000) for i in range(600))
    assert len(many.to_csv()) < PLAIN < len(many.to_json())
    results = folder(tmp_path, many)
    found = Page(render(results)).downloads
    assert list(found) == ["scores.csv", "scores.json.gz"]
    content = base64.b64decode(found["scores.json.gz"].partition(",")[2])
    assert gzip.decompress(content).decode() == results.scores().to_json()


def test_what_would_make_the_page_too_large_is_left_out_and_that_is_said(tmp_path, monkeypatch):
    results = folder(tmp_path)
    assert "too large" not in render(results)
    monkeypatch.setattr("repalign.report.downloads.MOST", 100)
    assert "too large" not in render(results)  # only what is compressed is large
    monkeypatch.setattr("repalign.report.downloads.PLAIN", 2_000)
    text = render(results)
    assert list(Page(text).downloads) == ["scores.csv"]
    assert "to_json(&#34;scores.json&#34;)" in text or 'to_json("scores.json")' in text


def test_scores_of_single_subjects_are_the_first_to_leave_a_file(tmp_path, monkeypatch):
    results = folder(tmp_path)
    monkeypatch.setattr("repalign.report.downloads.PLAIN", 100)
    monkeypatch.setattr("repalign.report.downloads.MOST_SCORES", 300)
    text = render(results)
    found = Page(text).downloads
    assert list(found) == ["scores.csv.gz"]
    held = gzip.decompress(base64.b64decode(found["scores.csv.gz"].partition(",")[2])).decode()
    assert held == results.scores().where(subject="all").to_csv()
    assert 'repalign.ResultsDir(FOLDER).scores().to_csv("scores.csv")' in Page(text).text
    assert "2 rows, " in text
    monkeypatch.setattr("repalign.report.downloads.MOST_SCORES", 10_000)
    assert "8 rows, " in render(results)
    assert "holds the scores of all subjects together" not in render(results)


def test_the_differences_can_be_taken_along(tmp_path):
    made = MadeUp(models=("a\rb", 'c"d,', "e"))
    results = folder(tmp_path, views=(contrasts(made, "made/region-1"), contrasts(made, "made/region-2")))
    found = Page(render(results)).downloads
    rows = json.loads(base64.b64decode(found["differences.json"].partition(",")[2]))
    assert [(r["target"], r["a"], r["b"]) for r in rows] == [
        (f"made/region-{i}", a, b)
        for i in (1, 2)
        for a, b in ((0, 1), (0, 2), (1, 2))
        for a, b in [(made.names[a], made.names[b])]
    ]
    text = base64.b64decode(found["differences.csv"].partition(",")[2]).decode()
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [float(r["value"]) for r in read] == [r["value"] for r in rows]
    assert [r["a"] for r in read] == [r["a"] for r in rows]


def test_differences_are_listed_with_both_p_and_the_correction(page, whole):
    (first, *_) = [header for _, header in whole.views() if header["view"] == "differences"]
    text = section(page, "differences")
    assert f"over {first['n_tests']} tests" in text
    assert "Holm" in text
    listed = tables(text)[0]
    assert listed[0] == ["model a", "model b", "a − b", "95 % interval", "p", "adjusted p"]
    ps = [float(line[4].replace("<0.001", "0")) for line in listed[1:]]
    assert ps == sorted(ps)
    assert len(ps) == len(first["rows"])


def test_more_pairs_than_can_be_read_are_cut_and_that_is_said(tmp_path):
    made = MadeUp(models=20)
    text = render(folder(tmp_path, views=(contrasts(made, "made/region-1"),)))
    assert "The 100 of 190 pairs with the smallest p are listed" in text
    assert len(tables(section(text, "differences"))[0]) == 101


def test_why_there_are_no_differences_is_said(tmp_path):
    header = {**contrasts(MadeUp(), "made/region-1")[1], "rows": [], "note": "no differences: too slow"}
    assert "no differences: too slow" in section(
        render(folder(tmp_path, views=(({}, header),))), "differences"
    )


def test_a_view_without_rows_says_so_even_where_it_says_little_else(tmp_path):
    note = "no differences: 41 models; at most 40 are tested in pairs"
    header = {"view": "differences", "target": "d/it", "measure": RSA, "rows": [], "note": note}
    text = section(render(folder(tmp_path, views=(({}, header),))), "differences")
    assert note in text
    assert f"d/it · {RSA}" in Page(text).text
    assert tables(text) == []


def test_differences_name_their_draws_and_seed_and_count_their_tests(tmp_path):
    spec = {"view": "differences", "how": {"draws": 1500, "seed": 7}}
    head = {**contrasts(MadeUp(), "made/region-1")[1], "n_tests": 1}
    text = section(render(folder(tmp_path, views=(({}, head),), view_specs=(spec,))), "differences")
    assert "over 1 test. Resampled in 1,500 draws with seed 7." in text
    assert "Resampled" not in section(render(folder(tmp_path / "old", views=(({}, head),))), "differences")


def test_a_spec_is_told_of_its_own_view_and_not_of_one_that_failed(tmp_path):
    first, second = (contrasts(MadeUp(), f"made/region-{i}") for i in (1, 2))
    specs = ({"how": {"draws": 10, "seed": 1}}, {"how": {"draws": 20, "seed": 2}})
    results = folder(tmp_path, views=(first, second), view_specs=specs)
    text = section(render(results), "differences")
    assert re.findall(r"Resampled in (\d+) draws", text) == ["10", "20"]
    (results.arrays_dir / f"{results.view_recipes()['view 0']['digest']}.npz").unlink()
    text = section(render(results), "differences")
    assert re.findall(r"Resampled in (\d+) draws", text) == ["20"]
    partial = folder(tmp_path / "partial", views=(first, second), view_specs=specs[:1])
    assert "Resampled" not in render(partial)  # whose it is cannot be told


def test_rows_without_an_aggregate_do_not_break_the_page(tmp_path):
    text = render(folder(tmp_path, ScoreTable(subjects("alone"))))
    assert tables(text)[0][1] == ["alone · conv1", "0.410", "0.520", "0.630"]


def test_folders_that_say_nothing_of_recipes_and_views_give_a_page(tmp_path):
    results = ResultsDir(tmp_path / "old")
    TABLE.to_parquet(results.scores_dir / "u1.parquet")
    without = render(results)
    results.write_spec({"study": {}, "units": {}})
    assert render(results) == without
    assert "0.500" in without


@pytest.mark.parametrize(("units", "said"), [(1, "1 unit was made by"), (2, "2 units were made by")])
def test_units_of_older_versions_are_counted_where_no_view_shows_them(tmp_path, units, said):
    results = folder(tmp_path, units=("u1", "u2", "u3"), recipes={"u3": {"benchmark": "d/it"}})
    for name in ("u3", "u2")[:units]:
        TABLE.to_parquet(results.scores_dir / f"{name}.parquet")
    text = Page(section(render(results), "missing")).text
    assert f"{said} an older version" in text
    assert "in the RDMs, the map and the differences." in text
    assert "missing" not in re.findall(r'<section id="(\w+)"', render(folder(tmp_path / "new")))


def test_a_page_says_how_much_there_is(page):
    facts = re.findall(r"<dt>(\w+)</dt><dd>([\d,]+)</dd>", page)
    assert dict(facts) == {"models": "3", "targets": "2", "stimuli": "24", "scores": "15"}


def test_stimuli_of_one_set_are_counted_once_in_whatever_order_its_views_come(tmp_path):
    def seen(*n_all: int) -> str:
        views = []
        for n in n_all:
            arrays, header = geometry(MadeUp(stimuli=12))
            views.append((arrays, {**header, "n_all": n, "note": f"12 of {n} stimuli"}))
        text = render(folder(tmp_path / "-".join(map(str, n_all)), views=tuple(views)))
        return dict(re.findall(r"<dt>(\w+)</dt><dd>([\d,]+)</dd>", text))["stimuli"]

    assert seen(100, 30) == seen(30, 100) == "100"


@pytest.mark.parametrize(
    ("measure", "said"),
    [(RSA, True), ("encoding-ridge-lambda1-5fold-pearson-median", False)],
)
def test_who_is_a_target_of_whom_is_said_only_of_measures_that_work_both_ways(tmp_path, measure, said):
    pair = row("timm/a", target="timm/b", region=None, measure=measure)
    text = section(render(folder(tmp_path, ScoreTable([pair]))), "pairs")
    assert ("neither is a target of the other" in text) == said


def test_which_layer_stands_for_a_model_is_what_the_view_says(tmp_path):
    arrays, header = geometry(MadeUp(stimuli=12))
    header |= {"note": "12 of 40 stimuli, drawn with seed 3", "n_all": 40}
    said = {**header, "stands_by": "The last layer that was asked for stands for it."}
    page = render(folder(tmp_path, views=((arrays, said),)))
    text = section(page, "rdms")
    assert "The last layer that was asked for stands for it." in text
    assert "12 of 40 stimuli, drawn with seed 3" in text
    assert "12 of 40 stimuli, drawn with seed 3" in section(page, "map")
    assert "default layers" not in text
    text = section(render(folder(tmp_path / "old", views=((arrays, header),))), "rdms")
    assert "stands for" not in text


def test_ranks_in_steps_are_as_near_to_the_pairs_own_as_is_said(tmp_path):
    from PIL import Image

    from repalign.report.figures import PALETTE

    ranks_of = {tuple(colour): i / 254 for i, colour in enumerate(PALETTE[:255].tolist())}
    for n, models, expected in ((24, 3, 0.0), (101, 3, 0.01), (40, 70, 0.01), (92, 30, 0.02)):
        arrays, header = geometry(MadeUp(stimuli=n, models=models, thumbs=False))
        results = folder(tmp_path / f"{n}-{models}", views=((arrays, header),))
        text = section(render(results), "rdms")
        assert ("in steps of" in text) == ("data-precision" in text) == (expected > 0)
        if expected:
            assert f'data-precision="± {expected}"' in text
            assert f"in steps of {2 * expected}." in text
        picture = re.findall(r'<div class="map"><img src="data:image/png;base64,([^"]*)"', text)[0]
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))
        upper = shown[np.triu_indices(n, 1)].tolist()
        found = np.array([ranks_of[tuple(colour)] for colour in upper])
        off = np.abs(found - arrays["ranks"][0]).max()
        assert expected - 0.006 < off < expected + 0.006  # some neighbours on the scale share a colour


def test_where_the_page_is_written(tmp_path):
    results = folder(tmp_path)
    written = write_report(results)
    assert written == results.root / "report.html"
    assert written.read_text("utf-8") == render(results)
    assert write_report(str(results.root), tmp_path / "a.html", title="T").read_text("utf-8").count("<h1>T<")


def test_what_holds_no_results_is_refused(tmp_path):
    with pytest.raises(FileError, match="holds no results"):
        write_report(tmp_path)
    (tmp_path / "scores").mkdir()
    with pytest.raises(TooFewError, match="no scores yet"):
        write_report(tmp_path)
    with pytest.raises(StorageError, match="is a folder"):
        write_report(folder(tmp_path), tmp_path)


def test_heatmaps_are_pictures_of_the_ranks(page, whole):
    from PIL import Image

    from repalign.report.figures import PALETTE

    (arrays, header) = next(view for view in whole.views() if view[1]["view"] == "geometry")
    pictures = re.findall(r'<div class="map"><img src="data:image/png;base64,([^"]*)" alt="([^"]*)"', page)
    assert len(pictures) == len(header["rdms"])
    assert all(str(each["name"]) in alt for each, (_, alt) in zip(header["rdms"], pictures, strict=True))
    n = header["n"]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[0][0]))).convert("RGB"))
    assert shown.shape == (n, n, 3)
    expected = PALETTE[np.round(arrays["ranks"][0] * 254).astype(int)].astype(int)
    assert np.abs(shown[np.triu_indices(n, 1)].astype(int) - expected).max() <= 6
    (scale,) = re.findall(r'class="scale">.*?base64,([^"]*)"', page)
    bar = np.asarray(Image.open(io.BytesIO(base64.b64decode(scale))).convert("RGB"))
    assert np.array_equal(bar[0], PALETTE[:255])


def test_stimuli_are_shown_in_the_order_of_the_rdms(page, whole):
    (_, header) = next(view for view in whole.views() if view[1]["view"] == "geometry")
    gallery = page.partition('<details class="gallery">')[2].partition("</details>")[0]
    assert re.findall(r"<span>([^<]*)</span>", gallery) == header["ids"]
    assert re.findall(r"</span><br>([^<]*)<", gallery) == header["groups"]
    strip = page.partition('<div class="strip">')[2].partition("</div>")[0]
    shown = re.findall(r"<title>([^<]*)</title>", strip)
    assert shown == header["ids"]  # 24 stimuli: all of them
    assert page.count("data:image/jpeg") == 1


def test_a_stimulus_without_a_picture_is_named(tmp_path):
    made = MadeUp(thumbs=False, groups=False)
    arrays, header = geometry(made)
    header["thumbs"] = [None, "0" * 32, *[None] * 22]
    text = render(folder(tmp_path, views=((arrays, header),)))
    assert "data:image/jpeg" not in text
    assert text.count("<span>made-0") == 24


def test_a_stopped_study_says_what_was_not_begun(tmp_path):
    results = folder(tmp_path, units=("u1", "m on d/it by x (default)"))
    text = render(results)
    assert "1 of 2 units, not begun or stopped" in text
    assert "m on d/it by x (default)" in text
    assert "goes on from there" in text
    assert "not begun" not in render(folder(tmp_path / "whole"))
