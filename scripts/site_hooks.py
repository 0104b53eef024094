"""What the documentation site does beyond its plugins: notebooks become pages, the search has a name.

A notebook is shown as it was saved, with its outputs; nothing is executed. Its page is Markdown as all are,
has the look of the site, is searched, and needs no script of its own.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

FOLDER = "notebooks/"
IMAGES = {"image/svg+xml": "svg", "image/png": "png"}
_LINK = re.compile(r"(\]\([^)]*notebooks/[\w-]+)\.ipynb\b")
_EMPTY = re.compile(r"\n\s*\n")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# The notebook's own first heading, after which the link to the file stands.
_TITLE = re.compile(r"\A(# .*\n?)")

_DIALOG = 'data-md-component="search" role="dialog"'

Images = dict[str, bytes]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every notebook, beside the notebook itself."""
    for file in [each for each in files if each.src_uri.endswith(".ipynb")]:
        name = Path(file.src_uri).stem
        text, images = as_markdown(json.loads(Path(str(file.abs_src_path)).read_text(encoding="utf-8")), name)
        files.append(File.generated(config, f"{FOLDER}{name}.md", content=text))
        for image, content in images.items():
            files.append(File.generated(config, f"{FOLDER}{image}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to a notebook to its page."""
    if page.file.src_uri.startswith(FOLDER):
        return markdown
    return _LINK.sub(r"\1.md", markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Give the search, a dialog, the name that the theme leaves out."""
    return output.replace(_DIALOG, f'{_DIALOG} aria-label="Search"')


def as_markdown(notebook: dict[str, Any], name: str) -> tuple[str, Images]:
    """A notebook as Markdown.

    Args:
        notebook: As its file holds it (nbformat 4).
        name: Of the file, without ending; images are called after it.

    Returns:
        The text, and the images it shows by file name.
    """
    pieces: list[str] = []
    images: Images = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            pieces.append(source)
        elif cell["cell_type"] == "code" and source.strip():
            pieces.append(_fenced("python", source))
            pieces += [_shown(output, name, images) for output in cell["outputs"]]
    text = "\n\n".join(piece for piece in pieces if piece) + "\n"
    return _TITLE.sub(rf"\1\n[The notebook as a file]({name}.ipynb)\n", text, count=1), images


def _fenced(kind: str, text: str) -> str:
    return f"````{kind}\n{_ANSI.sub('', text).rstrip()}\n````"


def _shown(output: dict[str, Any], name: str, images: Images) -> str:
    """One output of a cell; an image is put among ``images``."""
    if output["output_type"] == "stream":
        return _fenced("text", "".join(output["text"]))
    if output["output_type"] == "error":
        return _fenced("text", "\n".join(output["traceback"]))
    data = {kind: "".join(parts) for kind, parts in output["data"].items() if isinstance(parts, list | str)}
    for kind, ending in IMAGES.items():
        if kind in data:
            image = f"{name}-{len(images) + 1}.{ending}"
            images[image] = base64.b64decode(data[kind]) if ending == "png" else data[kind].encode()
            alt = output.get("metadata", {}).get("alt", "Figure drawn by the code above")
            return f"![{alt}]({image})"
    if "text/html" in data and "<script" not in data["text/html"]:
        # An empty line would end the HTML for Markdown.
        return f'<div class="output">{_EMPTY.sub(chr(10), data["text/html"])}</div>'
    return data.get("text/markdown") or _fenced("text", data.get("text/plain", ""))
