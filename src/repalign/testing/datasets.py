"""The check-suite of data sets: what every card, target and published response must keep."""

from __future__ import annotations

from repalign.data import Responses
from repalign.datasets import Dataset
from repalign.errors import RepalignError
from repalign.metrics import MEASURES


def check_dataset(data: Dataset) -> list[str]:
    """Check a data set that is on this machine.

    A complete card; files by sha256 at an address that does not move; targets whose stimuli are the
    data set's, with subjects as many as they say, a default measure that exists; published responses
    about the same stimuli.

    Args:
        data: The data set.

    Returns:
        What is wrong, in words; empty when all is well.

    Example:
        >>> from repalign.datasets import dataset
        >>> from repalign.testing import check_dataset
        >>> check_dataset(dataset("ekman1954"))
        []
    """
    return [f"{data.name}: {fault}" for fault in (*_card(data), *_targets(data), *_responses(data))]


def _card(data: Dataset) -> list[str]:
    told = ("title", "description", "licence", "citation", "subjects", "method", "biases", "intended_use")
    faults = [f"the card's {field} is empty" for field in told if not getattr(data.card, field)]
    for file in data.card.files:
        if len(file.sha256) != 64 or file.bytes <= 0:
            faults.append(f"{file.path} has no sha256 or no size")
        if not file.url.startswith("https://"):
            faults.append(f"{file.path} is not fetched over https")
    return faults


def _targets(data: Dataset) -> list[str]:
    faults: list[str] = []
    known = set(data.stimuli.ids)
    for name in data.targets:
        target = data.target(name)
        if target.name != f"{data.name}/{name}":
            faults.append(f"target {name} calls itself {target.name}")
        if not set(target.ids) <= known:
            faults.append(f"target {name} holds stimuli that the data set has not")
        told_apart = len(set(target.subjects))
        if told_apart not in (0, target.n_subjects):
            faults.append(f"target {name} says {target.n_subjects} subjects and has {told_apart}")
        if not target.subjects and not target.note:
            faults.append(f"target {name} has no subjects to tell apart and no note that says why")
        if data.default_measure(name) not in MEASURES:
            faults.append(f"target {name}: no measure is named {data.default_measure(name)!r}")
    return faults


def _responses(data: Dataset) -> list[str]:
    faults: list[str] = []
    for name in data.responses:
        try:
            responses = data.response(name)
        except RepalignError as error:
            faults.append(f"response {name}: {error.message}")
            continue
        if not set(_ids(responses)) <= set(data.stimuli.ids):
            faults.append(f"response {name} holds stimuli that the data set has not")
    return faults


def _ids(responses: Responses) -> tuple[str, ...]:
    return responses.ids or ()
