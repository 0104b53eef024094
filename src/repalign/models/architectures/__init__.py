"""Network architectures of our own: code that published weights need and no library has."""

from repalign.models.architectures.registry import ARCHITECTURES, Architecture

__all__ = ["ARCHITECTURES", "Architecture"]
