"""RDMs side by side: heatmaps in one scale of ranks, the stimuli along the axes of the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import ResultsDir
from repalign.errors import FileError
from repalign.report.drawing import Drawing, View
from repalign.report.labels import Side, clean, count, dissimilarities, fitted, side_names, slug, with_layer
from repalign.report.ranks import DIAGONAL, PALETTE, Pixels, rank_image, shown_along
from repalign.report.style import GROUPS, INK, SMALL, SOFT, WIDE, new_figure, styled, text_width

SCALE = "rank of dissimilarity: 0 most alike, 1 least alike"


def rdm_drawing(view: View, results: ResultsDir) -> Drawing:
    """All RDMs of a view side by side in one scale, stimuli along the axes of the first.

    Args:
        view: Of geometry.
        results: Where the thumbnails lie.
    """
    header = view[1]
    n, rdms = int(header["n"]), header["rdms"]
    made = dissimilarities(header)
    by = f", {' and '.join(made)}" if made else ""
    names = ", ".join(with_layer(rdm["name"], rdm.get("layer")) for rdm in rdms)
    return Drawing(
        name=slug("rdms", header["stimuli"], *made),
        kind="rdms",
        title=f"RDMs on {header['stimuli']}{by}",
        alt=f"{len(rdms)} RDMs of {n} stimuli as heatmaps in one scale of ranks: {names}.",
        caption=_caption(header),
        draw=partial(draw_rdms, view, results),
    )


def _caption(header: Mapping[str, Any]) -> str:
    shown = header.get("note") or f"{header['n']} stimuli"
    runs = [f"{name} ({len(list(run))})" for name, run in groupby(header.get("groups") or [])]
    groups = f" Bars along the axes, from the top and the left: {', '.join(runs)}." if len(runs) > 1 else ""
    return (
        f"Ranks of dissimilarities within each RDM, in one scale; {shown}, "
        f"the same order in all, by {header.get('ordered_by') or 'id'}.{groups}"
    )


@styled()
def draw_rdms(view: View, results: ResultsDir) -> Any:
    """The figure of :func:`rdm_drawing`."""
    arrays, header = view
    rdms, n = header["rdms"], int(header["n"])
    columns = min(4, max(2, len(rdms)))
    lines = -(-len(rdms) // columns)
    left, gap, above, below = 0.62, 0.16, 0.36, 1.0
    side = (WIDE - left - 0.15 - gap * (columns - 1)) / columns
    kinds = list(dict.fromkeys(header.get("groups") or []))
    key = _key_lines(kinds)
    height = lines * (side + above) + 0.42 + below + 0.17 * len(key)
    figure = new_figure(WIDE, height)
    names = side_names([(r["name"], r.get("layer")) for r in rdms], 40)
    for i, (rdm, ranks) in enumerate(zip(rdms, arrays["ranks"], strict=True)):
        line, column = divmod(i, columns)
        x, y = left + column * (side + gap), height - 0.42 - (line + 1) * (side + above) + 0.05
        axes = figure.add_axes((x / WIDE, y / height, side / WIDE, side / height))
        _draw_one(axes, ranks, n, *_titles(rdm, names, side))
        if len(kinds) > 1:
            _mark_groups(axes, header["groups"], kinds)
        if i == 0:
            _draw_thumbs(figure, axes, header, results)
    _colour_bar(figure, height, 0.62 + 0.17 * len(key), count([n], "stimuli"))
    _group_key(figure, height, key)
    return figure


def _draw_one(axes: Any, ranks: NDArray[Any], n: int, name: str, about: str) -> None:
    axes.imshow(PALETTE[rank_image(ranks, n)], interpolation="none", extent=(0, n, n, 0))
    axes.set_axis_off()
    up: Any = {"xycoords": "axes fraction", "textcoords": "offset points", "parse_math": False}
    axes.annotate(name, (0, 1), (0, 14), size=SMALL, **up)
    axes.annotate(about, (0, 1), (0, 6), size=SMALL - 1.5, color=SOFT, **up)


def _titles(rdm: Mapping[str, Any], names: Mapping[Side, str], side: float) -> tuple[str, str]:
    """Two lines that fit above a heatmap: whose it is; target or model, region, subjects."""
    people, region = rdm.get("n_subjects"), str(rdm.get("region") or "")
    about = rdm.get("about") or (count([people], "subjects") if people else "")
    known = str(rdm["name"]).endswith(f"/{region}")
    facts = clean(", ".join(str(x) for x in (rdm["kind"], "" if known else region, about) if x))
    name = names[(rdm["name"], rdm.get("layer"))]
    return fitted(name, side, SMALL), fitted(facts, side, SMALL - 1.5)


def _mark_groups(axes: Any, groups: Sequence[str], kinds: Sequence[str]) -> None:
    """A coloured bar per run of a category, left of the heatmap and above it."""
    start, n = 0, len(groups)
    for place, (name, run) in enumerate(groupby(groups)):
        end = start + len(list(run))
        colour = _colour(kinds, name, place)
        thick, off = 0.022 * n, 0.03 * n
        for corner, size in (((-off, start), (thick, end - start)), ((start, -off), (end - start, thick))):
            _bar(axes, corner, size, colour)
        start = end
    axes.set_xlim(0, n)
    axes.set_ylim(n, 0)


def _bar(axes: Any, corner: tuple[float, float], size: tuple[float, float], colour: str) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle(corner, *size, facecolor=colour, linewidth=0, clip_on=False))


def _colour(kinds: Sequence[str], name: str, place: int) -> str:
    # More categories than colours: two greys by turns, and the caption names them in order.
    if len(kinds) > len(GROUPS):
        return (INK, "#AAAAAA")[place % 2]
    return GROUPS[kinds.index(name)]


def _key_lines(kinds: Sequence[str]) -> list[list[tuple[float, str, str]]]:
    """Lines of the key of categories: where each entry begins in inches, its name, its colour."""
    if not 1 < len(kinds) <= len(GROUPS):
        return []
    lines: list[list[tuple[float, str, str]]] = [[]]
    at = 0.62
    for name, colour in zip(kinds, GROUPS, strict=False):
        needed = 0.35 + text_width([clean(name)], SMALL)
        if lines[-1] and at + needed > WIDE:
            lines.append([])
            at = 0.62
        lines[-1].append((at, clean(name), colour))
        at += needed
    return lines


def _group_key(figure: Any, height: float, lines: Sequence[Sequence[tuple[float, str, str]]]) -> None:
    for i, line in enumerate(reversed(lines)):
        for x, name, colour in line:
            where = (0.12 + 0.17 * i) / height
            figure.text(x / WIDE, where, "■", color=colour, size=SMALL + 1, va="center")
            figure.text((x + 0.14) / WIDE, where, name, size=SMALL, va="center", parse_math=False)


def _colour_bar(figure: Any, height: float, up: float, counted: str) -> None:
    axes = figure.add_axes((0.62 / WIDE, up / height, 2.6 / WIDE, 0.11 / height))
    colours = PALETTE[:DIAGONAL][None]
    axes.imshow(colours, aspect="auto", extent=(0, 1, 0, 1), interpolation="none")
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1])
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"{SCALE}; {counted}", size=SMALL, loc="left")


def _draw_thumbs(figure: Any, axes: Any, header: Mapping[str, Any], results: ResultsDir) -> None:
    """Every so many stimuli as a thumbnail, left of a heatmap."""
    thumbs, n = header.get("thumbs") or [], int(header["n"])
    places = shown_along(n) if thumbs else []
    x, y, wide, high = axes.get_position().bounds
    side = high / max(len(places), 12) * 0.95
    across = side * figure.get_figheight() / figure.get_figwidth()
    for place in places:
        pixels = _pixels(results, thumbs[place])
        if pixels is None:
            continue
        along = (place + 0.5) / n
        for corner in (
            (x - 0.05 * wide - across, y + high * (1 - along) - side / 2),
            (x + wide * along - across / 2, y + high + 0.36 / figure.get_figheight()),
        ):
            small = figure.add_axes((*corner, across, side))
            small.imshow(pixels, interpolation="none")
            small.set_axis_off()


def _pixels(results: ResultsDir, digest: str | None) -> Pixels | None:
    from PIL import Image

    if digest is None:
        return None
    try:
        with Image.open(results.thumb(digest), formats=["PNG"]) as picture:
            return np.asarray(picture.convert("RGB"))
    except (FileError, OSError):  # a figure without a picture is better than no figure
        return None
