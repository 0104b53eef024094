"""Make the picture of the README: parts of the demo's real report, side by side.

    repalign demo --offline --out repalign-demo
    python scripts/picture.py repalign-demo/report.html docs/assets/report.webp

Needs Debian's Chromium and Playwright.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
QUIET = ("background-networking", "component-update", "gpu", "quic", "sync")
FLAGS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
# The section, and which of its figures: scores of colours, their RDMs, their map.
PARTS = (
    "#scores .panel:has-text('ekman1954') figure",
    "#rdms .geometry:has-text('ekman1954') .rdms",
    "#map figure:has-text('14 stimuli')",
)
WIDTH, GAP = 1800, 36


def shots(page_file: Path) -> list[bytes]:
    """Pictures of the parts, as PNG."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, device_scale_factor=1.5)
        page.goto(page_file.resolve().as_uri())
        found = [page.locator(part).first.screenshot() for part in PARTS]
        browser.close()
    return found


def joined(pictures: list[bytes]) -> bytes:
    """The same side by side, at one scale, on white."""
    from PIL import Image

    opened = [Image.open(io.BytesIO(each)).convert("RGB") for each in pictures]
    size = sum(p.width for p in opened) + GAP * (len(opened) + 1), max(p.height for p in opened) + 2 * GAP
    whole = Image.new("RGB", size, "white")
    left = GAP
    for picture in opened:
        whole.paste(picture, (left, GAP))
        left += picture.width + GAP
    out = io.BytesIO()
    whole.resize((WIDTH, round(size[1] * WIDTH / size[0])), Image.Resampling.LANCZOS).save(
        out, "WEBP", quality=88, method=6
    )
    return out.getvalue()


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.write_bytes(joined(shots(source)))
