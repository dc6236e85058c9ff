"""Which loss to train a network with when its categories are ordered: `python -m benchmarks.losses --help`."""
