"""Figures on how far bayesord can be relied on: `python -m benchmarks.reliability`."""
