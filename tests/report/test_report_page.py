"""The report: self-contained, complete, the same for the same table, and honest about what is absent."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from repalign.data import ResultsDir, Score, ScoreTable
from repalign.errors import FileError, StorageError, TooFewError
from repalign.report import render, write_report
from repalign.report.figures import BAND, bars_svg, describe_ceiling, panels

RSA, ANGLE = "rsa-correlation-spearman", "procrustes-angular-distance"


def row(model="m", value=0.5, **more):
    common = {"target": "d/it", "region": "IT", "measure": RSA, "n_stimuli": 92, "code_version": "0.1+abc"}
    return Score(**{**common, "model": model, "value": value, **more})


def aggregate(model="m", value=0.5, **more):
    inferred = {"ci_low": value - 0.1, "ci_high": value + 0.1, "p": 0.004, "n_subjects": 3}
    ceiling = {"ceiling_lower": 0.7, "ceiling_upper": 0.8}
    return row(model, value, **{**inferred, **ceiling, "layer": "conv1", **more})


def subjects(model="m", values=(0.41, 0.52, 0.63), **more):
    return [row(model, v, layer="conv1", subject=f"s{i}", **more) for i, v in enumerate(values)]


TABLE = ScoreTable([*subjects("a"), aggregate("a"), *subjects("b"), aggregate("b", 0.2718)])


class Page(HTMLParser):
    """What a page refers to, and its text by tag."""

    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "xlink:href", "action")]

    def handle_data(self, data):
        self.text += data


def band(table):
    return [BAND.lower() in bars_svg(panel) for panel in panels(table)]


def test_equal_tables_give_equal_bytes_whatever_the_users_own_style():
    import matplotlib as mpl

    first = render(TABLE, {}, "t")
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30, "svg.fonttype": "path"}):
        assert render(ScoreTable([replace(r) for r in TABLE]), {}, "t") == first
    assert render(TABLE[:-1], {}, "t") != first


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script():
    page = Page(render(TABLE, {}, "t"))
    assert all(link.startswith(("data:", "#")) for link in page.links)
    assert not {"script", "link", "iframe", "img", "object"} & set(page.tags)
    assert not re.search(r"@import|url\((?!#)", render(TABLE, {}, "t"))


def test_every_row_is_on_the_page_with_its_numbers():
    text = Page(render(TABLE, {}, "t")).text
    for number in ("0.500", "0.272", "0.400 … 0.600", "0.700 … 0.800", "0.004", "92 / 3"):
        assert number in text
    for scored in TABLE.where(subject="all"):
        assert text.count(f"{scored.model} · conv1") >= 3  # a bar, a row, its digests
    for s in range(3):
        assert text.count(f"conv1, s{s}: 0.{(41, 52, 63)[s]}0") == 2


def test_what_is_absent_is_absent_with_its_reason():
    bare = row("bare", reason="one average: no ceiling")
    none = row("none", None, reason="the pattern is constant", n_stimuli=None)
    page = render(ScoreTable([bare, none]), {}, "t")
    cells = re.findall(r'<td class="n" data-name="(\w+)[^"]*">([^<]*)</td>', page)
    assert dict(cells[:5]) == {
        "value": "0.500",
        "interval": "–",
        "ceiling": "–",
        "p": "–",
        "stimuli": "92 / –",
    }
    assert {text for _, text in cells[5:]} == {"–", "– / –"}
    assert "the pattern is constant" in page
    assert "one average: no ceiling" in page
    assert not re.search(r"\b(nan|NaN|None)\b", Page(page).text)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a\"b'c&d", "$x_1^$ $\\frac{", "]]>--><b>", "名前"]
)
def test_names_are_text_and_never_markup_or_formulas(name):
    failure = {"kind": "input", "message": name, "hint": name, "spec": {"model": name}}
    given = aggregate(name, layer=name, target=name, region=name, reason=name)
    page = render(ScoreTable([*subjects(name), given]), {"d": failure}, name)
    assert not {"script", "b"} & set(Page(page).tags)
    assert name in Page(page).text


def test_a_measure_of_the_users_own_is_shown_without_a_recipe():
    page = Page(render(ScoreTable([aggregate(measure="mine<2>")]), {}, "t"))
    assert "mine<2>" in page.text


def test_the_ceiling_is_drawn_only_where_it_belongs_to_every_bar():
    other = aggregate("b", ceiling_lower=0.6)
    assert band(TABLE) == [True]
    assert band(ScoreTable([aggregate("a"), other])) == [False]
    assert band(ScoreTable([row("a"), row("b")])) == [False]
    assert band(ScoreTable([aggregate("a"), aggregate("b", target="d/v4"), other])) == [False, True]


@pytest.mark.parametrize(
    ("ceiling", "words"),
    [((0.7, 0.8), "0.700 to 0.800"), ((0.7, None), "lower noise ceiling 0.700"), ((None, None), "No noise")],
)
def test_the_ceiling_is_said_in_words(ceiling, words):
    lower, upper = ceiling
    table = ScoreTable([aggregate(ceiling_lower=lower, ceiling_upper=upper)])
    assert words in describe_ceiling(panels(table)[0])
    assert words in render(table, {}, "t")


@pytest.mark.parametrize(("measure", "order"), [(RSA, "cab"), (ANGLE, "bac")])
def test_the_closest_comes_first_in_figure_and_table_and_the_absent_last(measure, order):
    values = {"a": 0.4, "b": 0.1, "c": 0.9, "absent": None}
    rows = [row(f"model-{m}", v, measure=measure) for m, v in values.items()]
    page = Page(render(ScoreTable(rows), {}, "t")).text
    for start in (page.index("Scores by target"), page.index("All scores")):
        found = re.findall(r"model-(absent|[abc])", page[start:])
        assert "".join(found[:3]) == order
    assert found[3] == "absent"


def test_failures_are_listed_with_what_to_do():
    spec = {"model": {"model_name": "x", "source": "builtin"}, "benchmark": "d/it", "measure": RSA}
    failure = {"kind": "killed", "message": "it was killed", "hint": "Use fewer.", "spec": spec}
    text = Page(render(TABLE, {"u": failure}, "t")).text
    assert "Not computed" in text
    for word in ("it was killed", "Use fewer.", "d/it", RSA):
        assert word in text
    assert "Not computed" not in render(TABLE, {}, "t")


def test_the_embedded_files_are_the_table_exactly():
    links = [link for link in Page(render(TABLE, {}, "t")).links if link.startswith("data:")]
    decoded = [base64.b64decode(link.partition(",")[2]).decode() for link in links]
    assert decoded == [TABLE.to_csv(), TABLE.to_json()]


def test_rows_without_an_aggregate_do_not_break_the_page():
    text = Page(render(ScoreTable(subjects("alone")), {}, "t")).text
    assert text.count("alone") == 3


def test_long_names_leave_room_for_the_bars():
    long = "geirhos-edges/resnet50-trained-on-SIN-and-IN-then-finetuned-on-IN"
    page = render(ScoreTable([aggregate(long), aggregate("m")]), {}, "t")  # matplotlib warns if there is none
    assert long in Page(page).text


def test_a_page_of_30_models_with_3_layers_on_2_targets_is_under_2_mb():
    digests = {"model_digest": "a" * 32, "target_digest": "b" * 32, "spec_digest": "c" * 32}
    rows = []
    for target in ("kriegeskorte92/human-it", "kriegeskorte92/behaviour"):
        for i in range(90):
            more = {"target": target, "reason": "interval over subjects and stimuli", **digests}
            rows += [
                row(f"source/some-model-{i // 3}", 0.1 * s, layer=f"layer{i % 3}", subject=f"s{s}", **more)
                for s in range(4)
            ]
            rows.append(aggregate(f"source/some-model-{i // 3}", layer=f"layer{i % 3}", **more))
    page = render(ScoreTable(rows), {}, "t")
    assert len(page.encode()) < 2_000_000
    assert page.count("<svg") == 2


def folder(tmp_path, table=TABLE, units=("u1",)):
    results = ResultsDir(tmp_path / "results")
    table.to_parquet(results.scores_dir / "u1.parquet")
    results.write_spec({"study": {}, "units": {name: name for name in units}})
    return results


def test_the_page_of_a_folder_is_the_page_of_its_table(tmp_path):
    results = folder(tmp_path)
    written = write_report(results)
    assert written == results.root / "report.html"
    assert written.read_text("utf-8") == render(TABLE.sorted(), {}, "Representational alignment")
    assert write_report(str(results.root), tmp_path / "a.html", title="T").read_text("utf-8").count("<h1>T<")


def test_failures_of_units_that_no_longer_count_are_left_out(tmp_path):
    results = folder(tmp_path, units=("u1", "u2"))
    results.failures_dir.mkdir()
    for unit in ("u2", "of-an-older-version"):
        (results.failures_dir / f"{unit}.json").write_text(
            f'{{"kind": "x", "message": "failed {unit}", "hint": ""}}'
        )
    text = write_report(results).read_text("utf-8")
    assert "failed u2" in text
    assert "older" not in text


def test_what_holds_no_results_is_refused(tmp_path):
    with pytest.raises(FileError, match="holds no results"):
        write_report(tmp_path)
    (tmp_path / "scores").mkdir()
    with pytest.raises(TooFewError, match="no scores yet"):
        write_report(tmp_path)
    with pytest.raises(StorageError, match="is a folder"):
        write_report(folder(tmp_path), tmp_path)


def test_bars_of_different_models_never_carry_one_label():
    from repalign.report.figures import bar_labels

    def row(model, layer="fc"):
        return Score(model=model, layer=layer, target="digits/held-out", measure="m", value=0.5)

    long = [row(f"checkpoint/a-network-of-a-long-name-seed{s}(weights={s}1234567)") for s in (0, 1)]
    assert bar_labels([row("builtin/random(seed=1)"), row("builtin/rgb")]) == [
        "builtin/random · fc",
        "builtin/rgb · fc",
    ]
    assert len(set(bar_labels([row("builtin/random(seed=1)"), row("builtin/random(seed=2)")]))) == 2
    assert len(set(bar_labels(long))) == 2
