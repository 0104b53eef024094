"""The report as people open it: in a browser, on a wide screen, on a telephone, without scripts, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from folders import BOTH
from made_up import MadeUp, results_of

from repalign.data import Score, ScoreTable
from repalign.report import write_report

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("background-networking", "component-update", "gpu", "quic", "sync")
FLAGS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
LONG = "source/a-name-that-is-far-longer-than-any-column-of-a-telephone-and-has-no-spaces-" + "x" * 80
WIDTHS = (1280, 390)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """A page with something in every section, and with names that are too long."""
    made = MadeUp(models=(LONG, "timm/b.made", "timm/c.made"), pairs=True, failures=1, missing=7)
    results = results_of(made, tmp_path_factory.mktemp("results"))
    more = {"region": LONG, "measure": "mine", "reason": f"{BOTH}; {LONG}", "n_stimuli": 92}
    row = Score(model=LONG, layer=LONG, target=LONG, value=0.3, ci_low=0.1, ci_high=0.5, **more)
    results.write_spec({**results.spec(), "units": {**results.spec()["units"], "more": "more"}})
    ScoreTable([row]).to_parquet(results.scores_dir / "more.parquet")
    (results.failures_dir / "more.json").write_text(f'{{"message": "{LONG}", "hint": "{LONG}"}}')
    return write_report(results, title="Made-up models and regions")


@contextmanager
def opened(report: Path, width: int = 1280, **more: Any) -> Iterator[tuple[Any, list[str]]]:
    """The page in a browser, and what it complained of or asked for from elsewhere."""
    api = pytest.importorskip("playwright.sync_api")
    complaints: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 900}, **more)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _elsewhere(request.url, complaints))
        page.goto(report.as_uri())
        try:
            yield page, complaints
        finally:
            browser.close()


def _elsewhere(url: str, complaints: list[str]) -> None:
    if not url.startswith(("file:", "data:")):
        complaints.append(url)


def open_all(page: Any) -> None:
    """Open whatever can be opened."""
    for details in page.query_selector_all("details"):
        details.evaluate("each => { each.open = true }")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_opens_without_errors_and_without_sideways_scrolling(report, width):
    with opened(report, width) as (page, complaints):
        closed = page.evaluate("document.documentElement.scrollWidth")
        open_all(page)
        needed = page.evaluate("document.documentElement.scrollWidth")
        shown = [each.bounding_box()["width"] for each in page.query_selector_all(".drawn > svg")]
        wide = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, svg')"
            f" && e.getBoundingClientRect().right > {width} + 1).length"
        )
    assert complaints == []
    assert max(closed, needed) <= width
    assert wide == 0
    assert shown
    assert all(200 < each <= width for each in shown)


@pytest.mark.parametrize("width", WIDTHS)
def test_text_is_large_enough_to_be_read(report, width):
    sizes = "[...document.querySelectorAll('main *:not(svg *)')].filter(e => e.childNodes.length)"
    with opened(report, width) as (page, _):
        open_all(page)
        least = page.evaluate(f"Math.min(...{sizes}.map(e => parseFloat(getComputedStyle(e).fontSize)))")
        drawn = page.evaluate(
            "[...document.querySelectorAll('.drawn text')].map(e => e.getBoundingClientRect().height)"
        )
    assert least >= 12
    assert min(drawn) >= 7


def test_everything_is_there_without_scripts(report):
    with opened(report, java_script_enabled=False) as (page, complaints):
        sections = page.query_selector_all("main section")
        assert len(sections) == 9
        assert all(section.bounding_box()["height"] > 50 for section in sections)
        assert all(picture.is_visible() for picture in page.query_selector_all(".map img, .scale img"))
        assert page.query_selector("thead button") is None  # nothing that only a script could do
        link = page.query_selector("a[download='scores.csv']")
        with page.expect_download() as waiting:
            link.click()
        assert Path(waiting.value.path()).read_text().startswith("model,layer,target")
    assert complaints == []


def test_a_click_on_a_heading_sorts_the_table(report):
    def column(number: int) -> list[str]:
        return page.evaluate(f"[...table.tBodies[0].rows].map(row => row.cells[{number}].textContent.trim())")

    with opened(report) as (page, complaints):
        open_all(page)
        page.evaluate(
            "window.table = [...document.querySelectorAll('#scores table')].find("
            "t => t.textContent.includes('–') && t.rows.length > 5)"
        )
        button = "table.tHead.rows[0].cells[1].querySelector('button').click()"
        before = column(1)
        page.evaluate(button)
        once, said = column(1), page.evaluate("table.tHead.rows[0].cells[1].getAttribute('aria-sort')")
        page.evaluate(button)
        twice = column(1)
        page.evaluate("table.tHead.rows[0].cells[0].querySelector('button').click()")
        names, states = column(0), page.evaluate("table.querySelectorAll('[aria-sort]').length")
    there = [float(cell) for cell in before if cell != "–"]
    assert 0 < len(there) < len(before)
    assert [float(cell) for cell in once[: len(there)]] == sorted(there, reverse=True)
    assert said == "descending"
    assert [float(cell) for cell in twice[: len(there)]] == sorted(there)
    assert once[-1] == twice[-1] == "–"
    assert names == sorted(names, key=str.lower)
    assert states == 1
    assert complaints == []


def test_pointing_at_a_cell_shows_its_stimuli_and_its_rank_in_every_heatmap(report):
    with opened(report) as (page, complaints):
        box = page.query_selector(".rdms .map")
        box.scroll_into_view_if_needed()
        page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        place = box.bounding_box()
        cell = place["width"] / 24
        page.mouse.move(place["x"] + 4.5 * cell, place["y"] + 2.5 * cell)
        tip = page.inner_text(".tip")
        ranks = page.evaluate("[...document.querySelectorAll('.geometry .rank')].map(e => e.textContent)")
        pictures = len(page.query_selector_all(".tip svg use"))
        page.mouse.move(1, 1)
        hidden = page.is_hidden(".tip")
        box.focus()
        page.keyboard.press("ArrowRight")
        by_key = page.inner_text(".tip")
        page.keyboard.press("Escape")
    assert "made-002" in tip
    assert "made-004" in tip
    assert pictures == 2
    assert len(ranks) == 5
    assert all(0 <= float(rank.removeprefix("rank ")) <= 1 for rank in ranks)
    assert hidden
    assert "made-005" in by_key
    assert complaints == []


def test_the_rank_that_is_shown_is_the_rank_of_the_pair(report):
    from repalign.data import ResultsDir

    results = ResultsDir(report.parent)
    arrays, header = next(view for view in results.views() if view[1]["view"] == "geometry")
    n, i, j = header["n"], 3, 17
    pair = i * n - i * (i + 1) // 2 + j - i - 1
    with opened(report) as (page, _):
        page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        box = page.query_selector(".rdms .map")
        box.scroll_into_view_if_needed()
        place = box.bounding_box()
        cell = place["width"] / n
        page.mouse.move(place["x"] + (j + 0.5) * cell, place["y"] + (i + 0.5) * cell)
        shown = page.evaluate("[...document.querySelectorAll('.geometry .rank')].map(e => e.textContent)")
    expected = arrays["ranks"][:, pair].tolist()
    assert [float(each.removeprefix("rank ")) for each in shown] == pytest.approx(expected, abs=0.02)


def test_pointing_at_ranks_in_steps_says_how_near_they_are(tmp_path):
    made = MadeUp(models=2, targets=1, stimuli=101, thumbs=False)
    with opened(write_report(results_of(made, tmp_path))) as (page, complaints):
        page.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
        box = page.query_selector(".rdms .map")
        box.scroll_into_view_if_needed()
        place = box.bounding_box()
        page.mouse.move(place["x"] + 0.6 * place["width"], place["y"] + 0.2 * place["height"])
        tip = page.inner_text(".tip")
        shown = page.evaluate("[...document.querySelectorAll('.geometry .rank')].map(e => e.textContent)")
    assert len(shown) == 3
    assert all(re.fullmatch(r"rank [01]\.\d\d ± 0\.01", each) for each in shown)
    assert tip.endswith("± 0.01")
    assert complaints == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_keeps_people_with_disabilities_out(report, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with opened(report, width) as (page, _):
        open_all(page)
        found = axe.Axe().run(page).response["violations"]
    grave = [
        (each["id"], each["impact"], each["nodes"][0]["html"][:200], len(each["nodes"]))
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert grave == []


def test_the_printed_page_holds_every_figure_uncut(report):
    """What must not break over pages is no taller than one."""
    with opened(report) as (page, _):
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 688, "height": 971})  # A4 less its margins, at 96 dpi
        tall = page.evaluate(
            "[...document.querySelectorAll('figure')].map(e => e.getBoundingClientRect().height)"
        )
        needed = page.evaluate("document.documentElement.scrollWidth")
        ink = page.evaluate("getComputedStyle(document.querySelector('figcaption')).color")
        pdf = page.pdf(format="A4")
    assert max(tall) < 971
    assert needed <= 688
    assert ink == "rgb(0, 0, 0)"
    assert pdf.startswith(b"%PDF")


@pytest.mark.parametrize("width", [1280, 390])
def test_thumbnails_stand_at_the_rows_of_their_stimuli(report, width):
    with opened(report, width) as (page, _):
        heatmap = page.query_selector(".axes .map").bounding_box()
        strip = page.query_selector_all(".strip.left svg")
        boxes = [each.bounding_box() for each in strip]
    assert len(boxes) == 24
    cell = heatmap["height"] / 24
    for row, box in enumerate(boxes):
        middle = box["y"] + box["height"] / 2
        assert abs(middle - heatmap["y"] - (row + 0.5) * cell) < 1.5
