"""Measurements against peers, side by side and in one run: `python -m benchmarks.<name>`."""
