"""Work in threads: numpy lets go of the interpreter while it sorts, gathers and adds."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_MOST_THREADS = 8  # each holds work space of its own
_WORTHWHILE = 200_000  # numbers to go through; for fewer, starting threads costs more than they save


def in_threads(work: Callable[[int], None], count: int, size: int) -> None:
    """Call ``work(0) ... work(count - 1)``, in as many threads as there are cores where it is worth it.

    What the calls write does not depend on their order, so neither does the result.

    Args:
        work: One piece; it writes its own part of the output and nothing else.
        count: How many pieces there are.
        size: Numbers that one piece goes through.
    """
    threads = min(count, _cores(), _MOST_THREADS) if count * size >= _WORTHWHILE else 1
    if threads <= 1:
        for i in range(count):
            work(i)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(count)):
            pass


def _cores() -> int:
    # Where the system says which cores this process may use, the others do not count.
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else (os.cpu_count() or 1)
