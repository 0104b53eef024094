"""Where units of work run."""

from repalign.execution.executors import Executor, InProcess, ProcessPool
from repalign.execution.runner import RunReport, run_units
from repalign.execution.unit import Outcome, Unit, execute

__all__ = ["Executor", "InProcess", "Outcome", "ProcessPool", "RunReport", "Unit", "execute", "run_units"]
