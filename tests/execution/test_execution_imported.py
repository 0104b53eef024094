"""Functions by their import name, and errors that say whose name was wrong."""

from __future__ import annotations

import json
import os.path

import pytest

from repalign.errors import UnitError
from repalign.execution import imported


def test_a_function_is_found_by_package_module_and_name():
    assert imported("json:dumps", "it", hint="") is json.dumps
    assert imported("os.path:join", "it", hint="") is os.path.join


@pytest.mark.parametrize(
    "name",
    ["json:nothing", "no_such_module:f", "json.no_such:f", "no colon", "json", ":f", "", ".json:f", "json:"],
)
def test_what_is_not_there_is_refused_in_the_callers_words(name):
    with pytest.raises(UnitError, match=r"^the maker of the problem cannot be imported \(.+\)") as caught:
        imported(name, "the maker of the problem", hint="Write it as package.module:function.")
    assert caught.value.hint == "Write it as package.module:function."
    assert caught.value.__cause__ is not None
