"""Why public implementations give another number, as far as it was found out.

Each entry: implementation, a regular expression of the table's names, the cause.
"""

from __future__ import annotations

CAUSES: tuple[tuple[str, str, str], ...] = ()
NOT_OURS: tuple[tuple[str, str], ...] = ()
