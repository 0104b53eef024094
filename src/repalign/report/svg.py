"""Compact SVG for pages: few bytes, no ids that clash, and titles that browsers show on hovering."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_TIP = "tip:"
# Narrower than the font that is measured with, so that nothing is cut; a page may set its own.
_FONTS = "Helvetica,Arial,'Liberation Sans',sans-serif"
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
_ROUNDED = ("d", "x", "y", "width", "height", "transform", "points")


def tipped(artist: Any, *titles: str) -> None:
    """Let hovering over an artist show a title; one for each marker where it has several."""
    artist.set_gid(_TIP + json.dumps(titles))


def raw_svg(figure: Any) -> str:
    """A figure as matplotlib writes it, without date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return buffer.getvalue()


def compact(text: str, name: str, alt: str) -> str:
    """The SVG element alone: titles from :func:`tipped`, ids that only ``name`` has, short numbers.

    Args:
        text: From :func:`raw_svg`.
        name: Of the drawing; differs between figures of a page.
        alt: What the figure shows, for those who hear it.

    Returns:
        The element; equal figures give equal text.
    """
    root = ElementTree.fromstring(text)  # our own output
    root.attrib.pop("version", None)
    prefix = "f" + base64.b32encode(hashlib.sha256(name.encode()).digest())[:5].decode().lower()
    _name_anew(root, prefix)
    _tidy(root)
    attributes = {"role": "img", "aria-label": alt, "font-family": _FONTS, "stroke-linejoin": "round"}
    root.attrib.update(attributes)
    for key in ("width", "height"):
        root.set(key, _rounded(root.get(key, "")))
    ElementTree.register_namespace("", _SVG[1:-1])
    ElementTree.register_namespace("xlink", _XLINK[1:-1])
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")  # no text has a bare ">"


def _name_anew(root: Any, prefix: str) -> None:
    """Ids that are referred to become short and the figure's own; the others go."""
    used = {e.get(f"{_XLINK}href", "")[1:] for e in root.iter(f"{_SVG}use")}
    fresh: dict[str, str] = {}
    for element in root.iter():
        old = element.get("id")
        if old in used:
            element.set("id", fresh.setdefault(old, f"{prefix}-{len(fresh)}"))
        elif old is not None and not old.startswith(_TIP):
            del element.attrib["id"]
    for element in root.iter(f"{_SVG}use"):
        element.set(f"{_XLINK}href", f"#{fresh[element.get(f'{_XLINK}href')[1:]]}")


def _tidy(element: Any) -> None:
    """Drop what nothing depends on, below ``element`` first."""
    kept: list[Any] = []
    for child in list(element):
        if _needless(child):
            continue
        _tidy(child)
        _trim(child)
        _title(child)
        if child.tag == f"{_SVG}path" and child.get("style") == "fill:none" and not child.get("id"):
            continue  # the ground of axes, which is not seen
        # A group that says nothing gives way to what is in it.
        kept += list(child) if _idle(child) else [child]
    for child in kept:
        child.tail = None
    if element.tag != f"{_SVG}text":
        element.text = None if element.tag != f"{_SVG}title" else element.text
    element[:] = kept
    _share_style(element)


def _idle(element: Any) -> bool:
    titled = len(element) and element[0].tag == f"{_SVG}title"
    return element.tag == f"{_SVG}g" and not element.attrib and not titled


def _needless(element: Any) -> bool:
    # Limits of axes hold all that is drawn, so nothing has to be clipped; the style is set on the root.
    if element.tag == f"{_SVG}defs":
        return not any(child.tag == f"{_SVG}path" for child in element)
    return element.tag in (f"{_SVG}metadata", f"{_SVG}style", f"{_SVG}clipPath")


def _trim(element: Any) -> None:
    attributes = element.attrib
    attributes.pop("clip-path", None)
    if element.tag == f"{_SVG}text" and "rotate(-0 " in attributes.get("transform", ""):
        del attributes["transform"]
    for key in _ROUNDED:
        if key in attributes and element.tag != f"{_SVG}image":
            attributes[key] = _rounded(attributes[key])
    if "d" in attributes:
        attributes["d"] = _short_path(attributes["d"])
    if "style" in attributes:
        style = re.sub(r"\s*([:;,])\s*", r"\1", attributes["style"])
        style = re.sub(r"font-family:[^;]*;?|text-anchor:start;?", "", style).strip(";")
        attributes["style"] = re.sub(r"#(\w)\1(\w)\2(\w)\3\b", r"#\1\2\3", style)


def _title(element: Any) -> None:
    """Turn the id of :func:`tipped` into titles."""
    if not element.get("id", "").startswith(_TIP):
        return
    titles = json.loads(element.attrib.pop("id").removeprefix(_TIP))
    marks: Sequence[Any] = list(element.iter(f"{_SVG}use"))
    if len(titles) == 1 or len(marks) != len(titles):
        marks, titles = [element[0] if len(element) == 1 else element], ["; ".join(titles)]
    for mark, said in zip(marks, titles, strict=True):
        title = ElementTree.Element(f"{_SVG}title")
        title.text = said
        mark.insert(0, title)


def _share_style(element: Any) -> None:
    """Let markers that look alike take their look from their group."""
    styles = {child.get("style") for child in element if child.tag == f"{_SVG}use"}
    if len(styles) == 1 and len(element) > 1 and element.tag == f"{_SVG}g":
        (style,) = styles
        if style and not element.get("style") and all(c.tag == f"{_SVG}use" for c in element):
            element.set("style", style)
            for child in element:
                del child.attrib["style"]


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda found: f"{float(found.group()):.2f}".rstrip("0").rstrip("."), text).replace(
        "-0 ", "0 "
    )


def _short_path(path: str) -> str:
    """Straight pieces along an axis by H and V, no blanks that need not be."""
    pieces: list[str] = []
    at = ("", "")
    for command, rest in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        values = rest.split()
        if command == "L" and len(values) == 2:
            command, values = _line(at, (values[0], values[1]))
        at = _end(at, command, values)
        # What follows M or L without a letter is a line.
        implied = command == "L" and pieces and pieces[-1][0] in "ML "
        pieces.append((" " if implied else command) + " ".join(values))
    return "".join(pieces)


def _line(at: tuple[str, str], to: tuple[str, str]) -> tuple[str, list[str]]:
    if at[1] == to[1]:
        return "H", [to[0]]
    return ("V", [to[1]]) if at[0] == to[0] else ("L", list(to))


def _end(at: tuple[str, str], command: str, values: list[str]) -> tuple[str, str]:
    if command == "H":
        return values[0], at[1]
    if command == "V":
        return at[0], values[0]
    return (values[-2], values[-1]) if len(values) >= 2 else ("", "")
