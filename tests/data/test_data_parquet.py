"""Ctrl-C during a query is Ctrl-C, and an error of another kind stays what it is."""

from __future__ import annotations

import pytest

from repalign.data.parquet import stopping


def test_an_interrupted_query_is_an_interrupt():
    with pytest.raises(KeyboardInterrupt), stopping():
        raise RuntimeError("Query interrupted")


def test_other_errors_stay():
    with pytest.raises(RuntimeError, match="something else"), stopping():
        raise RuntimeError("something else")
