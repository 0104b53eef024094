"""The house: imports one way, no cycle, small files and functions, no hidden randomness."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "repalign"
# A room imports only from rooms of an earlier line, and never from another on its own line.
LINES = [
    ("version",),
    ("errors", "seeds"),
    ("maths",),
    ("data",),
    ("execution",),
    ("models", "datasets"),
    ("metrics",),
    ("benchmarks",),
    ("training", "challenges"),
    ("report",),
    ("testing",),
    ("cli",),
    ("__main__",),
]
RANK = {room: rank for rank, rooms in enumerate(LINES) for room in rooms}
FILES = sorted(SOURCE.rglob("*.py"))
# The package's own __init__ names everything, lazily.
ROOMED = [f for f in FILES if f != SOURCE / "__init__.py"]


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(f): f for f in FILES}


def imported(path: Path) -> set[str]:
    """Modules of ours that a file imports anywhere, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            base = node.module or ""
            found |= {f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else base for a in node.names}
    return {name for name in found if name.split(".")[0] == "repalign"}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("path", ROOMED, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_imports_only_from_rooms_above_it(path):
    own = room(module_name(path))
    for target in imported(path):
        other = room(target)
        assert other, f"{path.name} imports the package itself, whose __init__ stands above nobody"
        assert other == own or RANK[other] < RANK[own], f"{own} must not import from {other}"


def test_every_room_has_its_place():
    rooms = {
        p.name.removesuffix(".py") for p in SOURCE.iterdir() if p.name not in ("__init__.py", "py.typed")
    }
    assert rooms - {"__pycache__"} <= set(RANK)


def test_no_import_cycle_among_modules():
    edges = {name: imported(path) - {name} for name, path in MODULES.items() if name != "repalign"}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for other in edges.get(name, ()):
                visit(other, (*trail, name))
            done.add(name)

    for name in edges:
        visit(name, ())


def functions() -> list[tuple[str, int]]:
    """Every function with its length in lines, docstring left out."""
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                if ast.get_docstring(node) is not None:
                    length -= node.body[0].end_lineno - node.body[0].lineno + 1
                found.append((f"{path.relative_to(SOURCE)}:{node.name}", length))
    return found


def test_functions_stay_short():
    lengths = functions()
    assert [f for f in lengths if f[1] > 60] == []
    assert sum(length >= 30 for _, length in lengths) <= 0.1 * len(lengths)


def test_files_stay_small():
    lengths = sorted(len(f.read_text(encoding="utf-8").splitlines()) for f in FILES)
    assert lengths[-1] <= 500
    assert lengths[len(lengths) // 2] < 150


def test_a_package_init_hands_names_on_and_defines_nothing():
    for path in SOURCE.glob("*/__init__.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            names = isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
            assert text or names or isinstance(node, ast.ImportFrom), f"{path}: line {node.lineno}"


def test_no_global_random_state_and_no_unpickling():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                inner = node.value
                drawn = isinstance(inner.value, ast.Name) and inner.value.id in ("np", "numpy")
                if drawn and inner.attr == "random":
                    assert node.attr in ("Generator", "default_rng"), f"{path.name}: np.random.{node.attr}"
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant)
                assert node.value.value is False, path.name
            if isinstance(node, ast.Import):
                assert "pickle" not in {a.name for a in node.names}, path.name
