"""What users run on their own parts: check-suites for each registry, and data with known geometry."""

from repalign.testing.datasets import check_dataset
from repalign.testing.measures import changes, check_measure
from repalign.testing.models import check_model, noise_stimuli
from repalign.testing.perturbations import check_perturbation
from repalign.testing.problems import check_problem
from repalign.testing.synthetic import random_model, synthetic_target
from repalign.testing.toy_networks import toy_networks

__all__ = [
    "changes",
    "check_dataset",
    "check_measure",
    "check_model",
    "check_perturbation",
    "check_problem",
    "noise_stimuli",
    "random_model",
    "synthetic_target",
    "toy_networks",
]
