"""What all pages share: look, script, the policy that lets them load nothing, templates."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any


def framed(template: str, title: str, content: Mapping[str, Any]) -> str:
    """A page as text; equal contents give equal pages.

    Args:
        template: Its file; it extends ``base.html.j2``.
        title: Heading.
        content: What the template names.
    """
    script = _asset("page.js")
    shared = {"title": title, "style": _asset("page.css"), "script": script, "script_hash": _hash(script)}
    return _template(template).render(**shared, **content)


def _asset(name: str) -> str:
    return resources.files("repalign.report").joinpath(name).read_text("utf-8")


def _hash(script: str) -> str:
    """By which the browser knows the one script that may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _folding(name: str) -> Any:
    """A long name that may go on in the next line behind a separator, rather than anywhere."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(?<=\w[/_.])(?=\w)|(?<=\w)(?=\()", "<wbr>", str(escape(name))))


def _template(name: str) -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    load: Callable[[str], str] = _asset
    environment = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["folding"] = _folding
    return environment.get_template(name)
