"""Problems for studies: a network, with adapters or whole, learns a target or classes. They need torch."""

from repalign.training.problem_options import NetworkOptions, ProbeOptions, ProblemOptions
from repalign.training.problems.making import learned_target
from repalign.training.problems.networks import Network, network

__all__ = ["Network", "NetworkOptions", "ProbeOptions", "ProblemOptions", "learned_target", "network"]
