"""The site as people open it: from a folder, without a network, on a wide screen and on a telephone."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from pages import NOTEBOOKS, ROOT
from test_docs_reference import PAGE, module

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("background-networking", "component-update", "gpu", "quic", "sync")
FLAGS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
SHOWN = [
    "index",
    "tutorial",
    "how-to/own-brain-data",
    "concepts/ceilings",
    "disagreements",
    "reference/python",
    "reference/measures",
    "reference/commands",
    *(f"notebooks/{each.stem}" for each in NOTEBOOKS[:1]),
]

pytestmark = [
    pytest.mark.slow,
    # Its own closing of sockets and loops is no concern of ours.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site: a strict build, so that a warning or a dead reference fails here."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    # No proxy answers at this address: whatever asks for something from elsewhere fails.
    alone = {
        "NO_MKDOCS_2_WARNING": "1",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **alone}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout + done.stderr == ""
    return folder


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


def opened(browser, file: Path, width: int, scheme: str = "light"):
    """A page of the site and its complaints: console, errors, requests for anything outside the folder."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda r: complaints.extend([r.url] * (not r.url.startswith(("file:", "data:")))))
    page.goto(file.as_uri())
    return page, complaints


@pytest.mark.parametrize("room", PAGE)
def test_every_public_name_is_built(site, room):
    lines = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode().splitlines()
    built = {line.split()[0] for line in lines}
    for each in module(room).__all__:
        home = getattr(getattr(module(room), each), "__module__", "") or ""
        paths = {f"repalign.{room}.{each}" if room else f"repalign.{each}", f"{home}.{each}"}
        assert paths & built, each


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", SHOWN)
def test_a_page_asks_for_nothing_from_outside_and_fits(site, browser, name, width):
    page, complaints = opened(browser, site / f"{name}.html", width)
    page.wait_for_function("document.querySelector('.md-search__input') !== null")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SHOWN)
def test_a_page_has_no_serious_barrier(site, browser, name, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page, _ = opened(browser, site / f"{name}.html", 1280, scheme)
    violations = axe.run(page).response["violations"]
    serious = [v for v in violations if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"], len(v["nodes"])) for v in serious] == []
    page.close()


def test_the_search_finds_a_word_without_a_server(site, browser):
    page, complaints = opened(browser, site / "index.html", 1280)
    page.fill(".md-search__input", "ceiling")
    page.wait_for_selector(".md-search-result__item a", timeout=20_000)
    found = page.eval_on_selector_all(".md-search-result__item a", "links => links.map(a => a.href)")
    assert any("ceiling" in link for link in found)
    assert complaints == []
    page.close()
