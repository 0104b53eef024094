"""Small folders of results for tests of the page, and a reader of what a page holds."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from repalign.data import ResultsDir, Score, ScoreTable

RSA, ANGLE = "rsa-correlation-spearman", "procrustes-angular-distance"
BOTH = "interval generalises to other subjects and other stimuli"


def row(model: str = "m", value: float | None = 0.5, **more: Any) -> Score:
    """A score without inference."""
    common = {"target": "d/it", "region": "IT", "measure": RSA, "n_stimuli": 92, "code_version": "0.1+abc"}
    return Score(**{**common, "model": model, "value": value, **more})


def aggregate(model: str = "m", value: float = 0.5, **more: Any) -> Score:
    """A score with all that may be inferred."""
    inferred = {"ci_low": value - 0.1, "ci_high": value + 0.1, "p": 0.004, "n_subjects": 3, "reason": BOTH}
    ceiling = {"ceiling_lower": 0.7, "ceiling_upper": 0.8}
    return row(model, value, **{**inferred, **ceiling, "layer": "conv1", **more})


def subjects(model: str = "m", values: tuple[float, ...] = (0.41, 0.52, 0.63), **more: Any) -> list[Score]:
    """The scores of single subjects behind an aggregate."""
    return [row(model, v, layer="conv1", subject=f"s{i}", **more) for i, v in enumerate(values)]


TABLE = ScoreTable([*subjects("a"), aggregate("a"), *subjects("b"), aggregate("b", 0.2718)])


def folder(
    root: Path,
    table: ScoreTable = TABLE,
    *,
    views: tuple[Any, ...] = (),
    failures: dict[str, dict[str, Any]] | None = None,
    recipes: dict[str, dict[str, Any]] | None = None,
    units: tuple[str, ...] = ("u1",),
    view_specs: tuple[dict[str, Any], ...] = (),
) -> ResultsDir:
    """A folder of results with one file of scores, whose unit has a recipe unless some are given."""
    results = ResultsDir(root / "results")
    table.to_parquet(results.scores_dir / "u1.parquet")
    listed = {name: name for name in (*units, *(failures or {}), *(recipes or {}))}
    shown = {f"view {i}": results.write_arrays(*view) for i, view in enumerate(views)}
    known = {name: {"benchmark": "d/it"} for name in units} if recipes is None else recipes
    spec = {"study": {}, "units": listed, "recipes": known, "views": shown}
    made = {
        label: {"digest": digest, "spec": each}
        for (label, digest), each in zip(shown.items(), view_specs, strict=False)
    }
    results.write_spec({**spec, **({"view_recipes": made} if made else {})})
    for name, failure in (failures or {}).items():
        results.failures_dir.mkdir(exist_ok=True)
        (results.failures_dir / f"{name}.json").write_text(json.dumps(failure))
    return results


class Page(HTMLParser):
    """What a page refers to, its tags and headings, and its text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.downloads: dict[str, str] = {}
        self.text = ""
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep tag, id and links."""
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self._within = tag
        self.links += [given[n] for n in ("src", "href", "xlink:href", "action") if n in given]
        self.ids += [given["id"]] if "id" in given else []
        if "download" in given:
            self.downloads[given["download"]] = given["href"]

    def handle_endtag(self, tag: str) -> None:
        """Behind an element stands text of the one around it."""
        self._within = ""

    def handle_data(self, data: str) -> None:
        """Keep what people read."""
        if self._within not in ("style", "script"):
            self.text += data

    @property
    def levels(self) -> list[int]:
        """Levels of the headings in their order."""
        return [int(tag[1]) for tag in self.tags if re.fullmatch(r"h[1-6]", tag)]


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each table: heading and rows, as texts."""
    found = re.findall(r"<table[^>]*>(.*?)</table>", text, flags=re.DOTALL)
    return [[_cells(line) for line in re.findall(r"<tr>(.*?)\n", table)] for table in found]


def _cells(line: str) -> list[str]:
    import html

    return [html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>([^<]*)", line)]
