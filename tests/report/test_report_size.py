"""How large a page is: small enough to be sent by mail, whatever is on it."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from made_up import MadeUp, results_of
from PIL import Image

from repalign.data import ResultsDir, ScoreTable
from repalign.report import render
from repalign.report.thumbnails import MOST_BYTES, sprite
from repalign.seeds import rng

MOST = 2_000_000


def with_real_digests(results: ResultsDir) -> None:
    """One digest per layer of a model and one per target, as real responses have; the specs all differ."""
    rows = [
        replace(
            row,
            model_digest=rng(0, row.model, row.layer or "").bytes(16).hex(),
            target_digest=rng(0, row.target).bytes(16).hex(),
        )
        for row in results.scores()
    ]
    (largest,) = [path for path in results.scores_dir.glob("*") if path.stat().st_size > 50_000]
    ScoreTable(rows).to_parquet(largest)


def with_busy_thumbnails(results: ResultsDir) -> None:
    """Pictures that no format makes small, so that the sprite takes all that it may."""
    for place, path in enumerate(sorted((results.root / "thumbs").iterdir())):
        pixels = rng(0, "busy", str(place)).integers(0, 256, size=(64, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("people", [5, 15])
def test_a_page_of_30_models_with_10_layers_on_5_regions_is_under_2_mb(tmp_path, people):
    made = MadeUp(models=30, layers=10, targets=5, subjects=people, stimuli=92)
    results = results_of(made, tmp_path)
    with_real_digests(results)
    with_busy_thumbnails(results)
    page = render(results)
    assert len(page.encode()) < MOST
    assert page.count("<svg") > 15
    assert "scores.csv.gz" in page


@pytest.mark.parametrize("noise", [False, True])
def test_thumbnails_take_no_more_than_their_share(tmp_path, noise):
    results = ResultsDir(tmp_path)
    draws = rng(0, "noise")
    pixels = [
        draws.integers(0, 256, size=(64, 48, 3)) if noise else np.full((64, 48, 3), i) for i in range(200)
    ]
    found = sprite(results, [results.write_thumb(each.astype(np.uint8)) for each in pixels])
    assert found is not None
    assert len(found.jpeg) <= MOST_BYTES
    assert len(found.uri) <= 81_000
    assert (found.side == 64) == (not noise)


def test_each_thumbnail_stands_where_its_box_says(tmp_path):
    results = ResultsDir(tmp_path)
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250)]
    thumbs = [results.write_thumb(np.full((64, 64, 3), each, dtype=np.uint8)) for each in colours]
    found = sprite(results, [*thumbs[:2], None, *thumbs[2:], "0" * 32])
    assert found is not None
    sheet = np.asarray(Image.open(io.BytesIO(found.jpeg))).astype(int)
    assert sheet.shape == (*reversed(found.size), 3)
    for place, colour in zip((0, 1, 3, 4, 5), colours, strict=True):
        x, y, width, height = map(int, re.findall(r"\d+", found.box(place)))
        middle = sheet[y + height // 2, x + width // 2]
        assert np.abs(middle - colour).max() < 12
    assert sprite(results, [None, "0" * 32]) is None
    assert sprite(results, []) is None
