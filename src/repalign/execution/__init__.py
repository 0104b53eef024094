"""Where units of work run."""

from repalign.execution.executors import Executor, InProcess, KeptPool, ProcessPool
from repalign.execution.runner import RunReport, run_units
from repalign.execution.unit import Outcome, Unit, execute, imported

__all__ = [
    "Executor",
    "InProcess",
    "KeptPool",
    "Outcome",
    "ProcessPool",
    "RunReport",
    "Unit",
    "execute",
    "imported",
    "run_units",
]
