"""What pydantic finds wrong with settings becomes one error of ours, with all of it in it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from repalign.errors import InputError, invalid


class Inner(BaseModel):
    rate: float = Field(default=1.0, gt=0)


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    epochs: int = Field(default=1, ge=1)
    inner: tuple[Inner, ...] = ()

    @model_validator(mode="after")
    def _even(self):
        if self.epochs % 2 == 0:
            raise ValueError("an even\n   number of epochs")
        return self


def said(**given):
    with pytest.raises(ValidationError) as caught:
        Settings(**given)
    return invalid("study.toml", caught.value, hint="See the manual.")


def test_each_setting_is_named_by_its_path():
    found = said(epochs=0, inner=({"rate": 1}, {"rate": -2}), epohcs=3)
    assert isinstance(found, InputError)
    assert found.hint == "See the manual."
    assert found.message == (
        "study.toml: epochs: Input should be greater than or equal to 1; "
        "inner.1.rate: Input should be greater than 0; epohcs: Extra inputs are not permitted"
    )


def test_a_rule_of_the_whole_has_no_path_and_no_preamble_and_stands_on_one_line():
    assert said(epochs=2).message == "study.toml: an even number of epochs"


@pytest.mark.parametrize(("wrong", "more"), [(6, ""), (7, "; and 1 more"), (9, "; and 3 more")])
def test_six_are_told_and_the_rest_are_counted(wrong, more):
    message = said(**{f"x{i}": 0 for i in range(wrong)}).message
    assert message.count("Extra inputs") == 6
    assert message.endswith(f"x5: Extra inputs are not permitted{more}")
