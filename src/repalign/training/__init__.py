"""Training: runs exact to the bit, perturbations, sweeps, and what published runs say.

:mod:`repalign.training.trainer` and :mod:`repalign.training.problem` need torch and are imported by name, so
that reading published runs loads none.
"""

from repalign.training.perturbations import PERTURBATIONS
from repalign.training.published import Dynamics, RunSet, TrainingRun, analyse, read_folder
from repalign.training.run_spec import Optimiser, Perturbation, RunSpec
from repalign.training.running import run_sweep
from repalign.training.study import TrainingStudy, read_study
from repalign.training.study_dynamics import StudyDynamics, study_dynamics
from repalign.training.sweep import Planned, Sweep, Windows, epochs_to_train, expand

__all__ = [
    "PERTURBATIONS",
    "Dynamics",
    "Optimiser",
    "Perturbation",
    "Planned",
    "RunSet",
    "RunSpec",
    "StudyDynamics",
    "Sweep",
    "TrainingRun",
    "TrainingStudy",
    "Windows",
    "analyse",
    "epochs_to_train",
    "expand",
    "read_folder",
    "read_study",
    "run_sweep",
    "study_dynamics",
]
