"""Write docs/reference/measures.md from the registered measures: ``python scripts/measure_reference.py``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from written import REFERENCE, table, write

from repalign.metrics import ALIASES, DIMENSIONALITIES, FAMILIES, GROUPS, INVARIANCES, MEASURES, Measure

PAGE = REFERENCE / "measures.md"
HEAD = """# All measures

The {count} registered measures by family, as `repalign measures ID` spells each of them out.
[Measures](../measures.md) says how an id is read and what is decided;
[Which measure, which test](../choosing.md) helps to choose.

*Closer* says which values stand for more alike sides. *Blind to* says which changes of one side's units leave
the value as it is: {blind}. *Also called* gives other names
that are accepted wherever a measure is named.

"""
OTHERS = """## With other parameters

A number or word in braces may be another. These ids are read as well, though no list holds them.

"""
ONE_SIDED = """## Of one representation

Dimensionalities are numbers about one side:
[`repalign.dimensionality`][repalign.metrics.dimensionality.dimensionality].

"""
_MARKUP = re.compile(r"([\\`*_\[\]])")


def page() -> str:
    """The whole page, in Markdown."""
    head = HEAD.format(count=len(MEASURES), blind=", ".join(INVARIANCES))
    sections = [_family(name, [MEASURES[each] for each in ids]) for name, ids in GROUPS.items()]
    return head + "\n".join(sections) + f"\n{_others()}\n{_dimensionalities()}"


def _family(name: str, members: list[Measure]) -> str:
    rows = [
        (f"[`{m.id}`](#{_anchor(m.id)})", _range(m.range), _closer(m), _blind(m.invariances)) for m in members
    ]
    listed = table(("id", "range", "closer", "blind to"), rows)
    return f"## {name[0].upper()}{name[1:]}\n\n{listed}\n" + "\n".join(_card(m) for m in members)


def _card(measure: Measure) -> str:
    return f"#### `{measure.id}` {{ #{_anchor(measure.id)} }}\n\n{plain(measure.formula)}\n\n" + "".join(
        f"- {word}: {told}\n" for word, told in _facts(measure)
    )


def _facts(measure: Measure) -> Iterator[tuple[str, str]]:
    yield "range", f"{_range(measure.range)}; {_closer(measure)} is closer"
    kinds = [
        "symmetric" if measure.symmetric else "not symmetric",
        "a metric" if measure.is_metric else "no metric",
    ]
    yield "kind", ", ".join(kinds)
    yield "blind to", _blind(measure.invariances)
    yield "needs", f"{plain(measure.needs)}; {measure.min_stimuli} stimuli or more"
    yield "source", plain(measure.source)
    others = sorted(other for other, ours in ALIASES.items() if ours == measure.id)
    if others:
        yield "also called", ", ".join(f"`{other}`" for other in others)


def _anchor(ident: str) -> str:
    return f"measure-{ident}"


def _range(ends: tuple[float | None, float | None]) -> str:
    low, high = ends
    return f"{'unbounded' if low is None else f'{low:g}'} to {'unbounded' if high is None else f'{high:g}'}"


def _closer(measure: Measure) -> str:
    return "higher" if measure.higher_is_closer else "lower"


def _blind(invariances: Iterable[str]) -> str:
    known = set(invariances)
    return ", ".join(each for each in INVARIANCES if each in known) or "nothing"


def plain(text: str) -> str:
    """Text that Markdown would read as markup, set so that it does not."""
    return _MARKUP.sub(r"\\\1", text).replace("<", "&lt;")


def _others() -> str:
    return OTHERS + "".join(
        f"- `{template}`\n" for template in sorted(family.template for family in FAMILIES)
    )


def _dimensionalities() -> str:
    found = [DIMENSIONALITIES[name] for name in DIMENSIONALITIES]
    rows = [(f"`{d.id}`", plain(d.formula), _range(d.range), d.min_stimuli, plain(d.source)) for d in found]
    return ONE_SIDED + table(("id", "formula", "range", "stimuli", "source"), rows)


if __name__ == "__main__":
    write(PAGE, page())
