"""The report as people open it: in a browser, on a wide screen and on a telephone."""

from __future__ import annotations

from pathlib import Path

import pytest

from repalign.data import Score, ScoreTable
from repalign.report import render

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("background-networking", "component-update", "gpu", "quic", "sync")
FLAGS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
LONG = "source/a-name-that-is-far-longer-than-any-column-of-a-telephone-and-has-no-spaces-" + "x" * 80

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
]


def table():
    common = {"target": "kriegeskorte92/human-it", "region": "IT", "measure": "rsa-correlation-spearman"}
    common |= {"n_stimuli": 92, "reason": "interval over subjects and stimuli; " * 3}
    return ScoreTable(
        Score(model=model, layer="conv1", value=0.3, ci_low=0.1, ci_high=0.5, ceiling_lower=0.4, **common)
        for model in ("builtin/rgb", LONG)
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_opens_without_errors_and_without_sideways_scrolling(tmp_path, width):
    api = pytest.importorskip("playwright.sync_api")
    page_file = tmp_path / "report.html"
    failure = {"message": LONG, "hint": LONG, "spec": {"model": LONG}}
    page_file.write_text(render(table(), {"u": failure}, LONG))
    complaints: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: complaints.extend([request.url] * (not request.url.startswith("file:"))),
        )
        page.goto(page_file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        needed = page.evaluate("document.documentElement.scrollWidth")
        shown = [
            box["width"] for figure in page.query_selector_all("figure") if (box := figure.bounding_box())
        ]
        browser.close()
    assert complaints == []
    assert needed <= width
    assert shown
    assert all(200 < each <= width for each in shown)
