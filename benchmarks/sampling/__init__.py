"""bayesord and its peers on the same data and priors, a fresh process each: `python -m benchmarks.sampling`."""
