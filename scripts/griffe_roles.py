"""What the reference reads from docstrings beyond Griffe's own: references to other names, ``#:`` comments.

A docstring refers to another name by a role, ``:func:`extract```. Where the reference documents that name it
becomes a link, elsewhere code; a role that leads to nothing is a warning, which fails a strict build.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import griffe
from mkdocs.plugins import get_plugin_logger

_ROLE = re.compile(r":(?P<role>func|class|meth|attr|data|mod|exc):`(?P<name>[\w.]+)`")
_log = get_plugin_logger("griffe_roles")


class Roles(griffe.Extension):
    """Make links of roles and docstrings of ``#:`` comments."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **kwargs: Any) -> None:
        """Take the comment above a constant as its docstring."""
        above = _comment_above(attr)
        if attr.docstring is None and above:
            attr.docstring = griffe.Docstring(above, parent=attr)

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **kwargs: Any) -> None:
        """Link the roles once every name is known."""
        loader.resolve_aliases(implicit=True, external=False)
        _link_all(pkg)


def _comment_above(attr: griffe.Attribute) -> str:
    """The lines beginning ``#:`` that end just above an attribute, as one text."""
    if attr.lineno is None or not attr.parent or not attr.parent.is_module:
        return ""
    lines = attr.lines_collection[attr.filepath]  # pyright: ignore[reportArgumentType]
    found: list[str] = []
    for line in reversed(lines[: attr.lineno - 1]):
        if not line.startswith("#:"):
            break
        found.insert(0, line.removeprefix("#:").strip())
    return " ".join(found)


def _link_all(obj: griffe.Object) -> None:
    if obj.docstring is not None:
        # Griffe reads prompts (>>>) only under the plural.
        text = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
        obj.docstring.value = _ROLE.sub(partial(_link, obj), text)
    for member in obj.members.values():
        if not member.is_alias:
            _link_all(member)  # pyright: ignore[reportArgumentType]


def _link(obj: griffe.Object, match: re.Match[str]) -> str:
    name, shown = match["name"], match["name"].removeprefix("repalign.")
    found = _find(obj, name, is_module=match["role"] == "mod")
    if found is None:
        _log.warning("%s: %s leads nowhere", obj.path, match[0])
        return f"`{shown}`"
    return f'<autoref optional identifier="{found.canonical_path}"><code>{shown}</code></autoref>'


def _find(obj: griffe.Object, name: str, *, is_module: bool) -> griffe.Object | None:
    """What a name means where it stands: a member, a name of the module, or a full path."""
    first, *rest = name.split(".")
    try:
        found: Any = obj.modules_collection["repalign"] if first == "repalign" else _here(obj, first)
        for part in rest:
            whole = _own(found, is_module=True)
            found = (whole if part in whole.all_members else _own(found, is_module=False)).all_members[part]
        return _own(found, is_module=is_module)
    except (KeyError, griffe.NameResolutionError, griffe.AliasResolutionError):
        return None


def _here(obj: griffe.Object, name: str) -> Any:
    scope: Any = obj
    while scope is not None:
        if name in scope.all_members:
            return scope.all_members[name]
        scope = None if scope.is_module else scope.parent
    raise KeyError(name)


def _own(found: Any, *, is_module: bool) -> Any:
    """The thing itself; of a module and its own public thing of the same name, the one that is meant."""
    target = found.final_target if found.is_alias else found
    if target.is_module and not is_module and target.name in target.members:
        return _own(target.members[target.name], is_module=True)
    return target
