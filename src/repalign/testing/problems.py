"""The check-suite of problems of training; only a check itself needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repalign.models.torch_env import require

if TYPE_CHECKING:
    from repalign.training.problem import Problem


def check_problem(problem: Problem, *, same_start: bool = False) -> list[str]:
    """Check a problem before it is trained.

    Its spec is plain JSON. Ids are unique, and nothing that is trained upon is validated or probed. Targets
    are finite, and outputs fit them. The network of a seed is the same every time, another than that of
    another seed, and shares no trained weight with any before it. In the mode in which it is trained, every
    weight that requires a gradient gets one that is not 0. Inputs are of the rows that are asked for, in any
    order. A change of images reaches the network: grey images give other outputs, alike for all stimuli,
    and a change that changes nothing gives the outputs of clean images.

    Args:
        problem: What is to be trained upon what.
        same_start: Whether all seeds are to begin from the same weights, as where published weights are
            trained whole.

    Returns:
        What is wrong, in words; empty when all is well.

    Raises:
        UnavailableError: torch is not installed.

    Example:
        >>> from repalign.testing import check_problem
        >>> from repalign.training import read_study
        >>> from repalign.training.running import made
        >>> check_problem(made(read_study("digits").problem_spec, {}))  # doctest: +SKIP
        []
    """
    require("models")
    from repalign.testing.problem_laws import faults

    return faults(problem, same_start=same_start)
