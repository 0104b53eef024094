"""How often intervals hold the truth and tests reject what is true: ``python -m benchmarks.calibration``."""
