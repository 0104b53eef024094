"""RDMs side by side as pictures of one pixel per cell, with the stimuli that they are about."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import ResultsDir
from repalign.report.drawing import View
from repalign.report.figures import DIAGONAL, PALETTE, rank_png
from repalign.report.ranks import shown_along
from repalign.report.thumbnails import MOST_BYTES, Sprite, sprite

# Cells of a view beyond which ranks are drawn in only so many steps.
_STEPS = ((120_000, 25), (50_000, 50))
_LARGE = (100, 50)  # stimuli of one RDM beyond which any picture of it has only so many steps
MOST_GROUPS = 40  # beyond, bars along the axis are thinner than a line


@dataclass(frozen=True)
class Heatmap:
    """One RDM as a picture, and what stands below it."""

    uri: str
    name: str
    facts: str
    alt: str


@dataclass(frozen=True)
class Stimulus:
    """A stimulus in the order in which RDMs are drawn; ``box`` is where its thumbnail is in the sprite."""

    name: str
    text: str
    box: str


@dataclass(frozen=True)
class Geometry:
    """What a view of RDMs puts on the page.

    Args:
        key: Tells the views of a page apart, for ids.
        title: Which stimuli, by which dissimilarity.
        caption: How many stimuli, in which order.
        note: Which of the stimuli these are; empty where they are all.
        heatmaps: Targets first.
        stimuli: In order.
        along: Those whose thumbnails stand along the axes; empty where there are no thumbnails.
        groups: Category and number of stimuli of each run along the axis; empty where there are none.
        sprite: All thumbnails; None where there are none, or another view carries them.
        uses: The key of the view that carries the sprite.
        left_out: What is not drawn: name and reason.
        precision: How far a rank that is read off a picture may be from the pair's own; 0 where it is not
            drawn in steps.
    """

    key: str
    title: str
    caption: str
    note: str
    heatmaps: tuple[Heatmap, ...]
    stimuli: tuple[Stimulus, ...]
    along: tuple[Stimulus, ...]
    groups: tuple[tuple[str, int], ...]
    sprite: Sprite | None
    uses: str
    left_out: tuple[tuple[str, str], ...]
    precision: float


def geometries(views: Sequence[View], results: ResultsDir) -> list[Geometry]:
    """The views of RDMs; stimuli that several of them show are carried once.

    Args:
        views: All views of the folder.
        results: Where the thumbnails lie.
    """
    found = [view for view in views if view[1].get("view") == "geometry"]
    sets = {tuple(header.get("thumbs") or ()) for _, header in found} - {()}
    carried: dict[tuple[str | None, ...], tuple[str, Sprite | None]] = {}
    drawn: list[Geometry] = []
    for place, (arrays, header) in enumerate(found):
        key, thumbs = f"g{place}", tuple(header.get("thumbs") or ())
        new = thumbs not in carried
        if new:
            carried[thumbs] = (key, sprite(results, thumbs, MOST_BYTES // max(1, len(sets))))
        uses, sheet = carried[thumbs]
        drawn.append(_geometry(arrays, header, key, uses, sheet, new))
    return drawn


def _geometry(
    arrays: Mapping[str, NDArray[Any]],
    header: Mapping[str, Any],
    key: str,
    uses: str,
    sheet: Sprite | None,
    new: bool,
) -> Geometry:
    n = int(header["n"])
    stimuli = _stimuli(header, sheet)
    places = shown_along(n) if sheet else []
    runs = tuple((str(name), len(list(run))) for name, run in groupby(header.get("groups") or []))
    steps = _steps(n, len(header["rdms"]))
    return Geometry(
        key=key,
        title=_title(header),
        note=str(header.get("note") or ""),
        caption=" ".join([_caption(header), *_stands_by(header), *_in_steps(steps)]),
        heatmaps=tuple(
            _heatmap(row, rdm, header, steps)
            for row, rdm in zip(arrays["ranks"], header["rdms"], strict=True)
        ),
        stimuli=stimuli,
        along=tuple(stimuli[i] for i in places),
        groups=runs if 1 < len(runs) <= MOST_GROUPS else (),
        sprite=sheet if new else None,
        uses=uses,
        left_out=tuple((str(each["name"]), str(each["reason"])) for each in header.get("left_out") or ()),
        precision=0.5 / steps if steps else 0.0,
    )


def _title(header: Mapping[str, Any]) -> str:
    made = {str(rdm["dissimilarity"]) for rdm in header["rdms"] if rdm["kind"] == "model"}
    # RDMs that models came as are marked one by one; the others share the view's dissimilarity.
    by = sorted(name for name in made if "published" not in name)
    return f"{header['stimuli']}, models by {', '.join(by)}" if by else str(header["stimuli"])


def _stimuli(header: Mapping[str, Any], sheet: Sprite | None) -> tuple[Stimulus, ...]:
    ids, groups = header["ids"], header.get("groups") or []
    texts, thumbs = header.get("texts") or [], header.get("thumbs") or []
    found: list[Stimulus] = []
    for i, name in enumerate(ids):
        said = [str(each[i]) for each in (groups, texts) if i < len(each) and each[i]]
        has = sheet is not None and i < len(thumbs) and thumbs[i]
        found.append(
            Stimulus(str(name), ", ".join(dict.fromkeys(said)), sheet.box(i) if sheet and has else "")
        )
    return tuple(found)


def _caption(header: Mapping[str, Any]) -> str:
    n, everything = header["n"], header.get("n_all", header["n"])
    shown = header.get("note") or (f"{n} stimuli" if n == everything else f"{n} of {everything} stimuli")
    runs = [f"{name} ({len(list(run))})" for name, run in groupby(header.get("groups") or [])]
    groups = f"; grey bars along the axes: {', '.join(runs)}" if 1 < len(runs) <= MOST_GROUPS else ""
    return f"{shown}, in the same order in every picture: by {header.get('ordered_by') or 'id'}{groups}."


def _stands_by(header: Mapping[str, Any]) -> list[str]:
    """Which layer stands for a model, where models have layers and the view says it."""
    said = str(header.get("stands_by") or "")
    layered = any(rdm["kind"] == "model" and rdm.get("layer") for rdm in header["rdms"])
    return [said] if said and layered else []


def _in_steps(steps: int | None) -> list[str]:
    return [f"Ranks are drawn, and read off by pointing, in steps of {1 / steps:.2g}."] if steps else []


def _heatmap(
    ranks: NDArray[Any], rdm: Mapping[str, Any], header: Mapping[str, Any], steps: int | None
) -> Heatmap:
    name = f"{rdm['name']} · {rdm['layer']}" if rdm.get("layer") else str(rdm["name"])
    people = rdm.get("n_subjects")
    about = rdm.get("about") or (f"{people} subject{'s' * (people != 1)}" if people else "")
    facts = [rdm["kind"], rdm.get("region"), about, rdm["dissimilarity"], f"n = {header['n']} stimuli"]
    said = ", ".join(str(fact) for fact in facts if fact)
    picture = base64.b64encode(rank_png(_stepped(ranks, steps), int(header["n"]))).decode()
    return Heatmap(f"data:image/png;base64,{picture}", name, said, f"RDM of {name}: {said}")


def _steps(n: int, pictures: int) -> int | None:
    """In how many steps ranks are drawn; None where every rank has the colour of its own."""
    cells = n * (n - 1) // 2 * pictures
    many, coarse = _LARGE
    return next((steps for most, steps in _STEPS if cells > most), coarse if n > many else None)


def _stepped(ranks: NDArray[Any], steps: int | None) -> NDArray[Any]:
    """Ranks in steps where many cells are drawn: up to half the bytes, and hardly an eye sees it."""
    return ranks if steps is None else np.round(ranks * steps) / steps


def scale_uri() -> str:
    """The colours of the ranks from 0 to 1, left to right, as a picture of one row."""
    from PIL import Image

    row = Image.fromarray(np.ascontiguousarray(PALETTE[:DIAGONAL], dtype=np.uint8)[None])
    buffer = io.BytesIO()
    row.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
