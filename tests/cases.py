"""Small models that several tests share."""

from dataclasses import replace

import numpy as np

import bayesord as bo
from bayesord.modelling.design import from_arrays
from bayesord.modelling.groups import GroupTerm

# Every prior that there is, alone or mixed by name.
PRIORS = {
    "default": bo.Priors(),
    "normal, student_t cutpoints": bo.Priors(
        cutpoints=bo.priors.student_t(3, 0, 2.5), beta=bo.priors.normal(0.3, 2.5)
    ),
    "mixed by name": bo.Priors(
        cutpoints=bo.priors.dirichlet((1, 2, 0.5, 3)),
        beta={"x1": bo.priors.laplace(0.7, autoscale=True), "x2": bo.priors.student_t(4, 0.1, 1)},
    ),
    "student_t autoscaled": bo.Priors(
        cutpoints=bo.priors.normal(0, 3), beta=bo.priors.student_t(4, 0.2, 1.5, autoscale=True)
    ),
    "flat": bo.Priors(cutpoints=bo.priors.flat(), beta=bo.priors.flat()),
    "r2d2": bo.Priors(beta=bo.priors.r2d2(concentration=0.5)),
    "horseshoe": bo.Priors(beta=bo.priors.horseshoe(0.5)),
}


def small_design(rng, n=60, K=4, *, weights=False, offset=False):
    """Three columns on different scales and places, K categories 0..K-1."""
    X = rng.normal(size=(n, 3)) * [1.0, 3.0, 0.2] + [0.0, 5.0, -1.0]
    y = np.concatenate([np.arange(K), rng.integers(0, K, n - K)])
    return from_arrays(
        X,
        y,
        sample_weight=rng.integers(1, 4, n) if weights else None,
        offset=rng.normal(size=n) if offset else None,
    )


def grouped_design(rng, n=80, K=4, *, terms=(2, 1), groups=(6, 5, 4)):
    """Two columns and group terms `judge`, `item`, `site` with as many effects each as `terms` says."""
    X = rng.normal(size=(n, 2)) * [1.0, 3.0]
    found = []
    for name, q, J in zip(("judge", "item", "site"), terms, groups, strict=False):
        Z = np.column_stack([np.ones(n), X, rng.normal(size=n)])[:, :q]
        index = np.concatenate([np.arange(J), rng.integers(0, J, n - J)])
        labels = tuple(f"{name}{j}" for j in range(J))
        found.append(GroupTerm(name, ("Intercept", "x0", "x1")[:q], labels, rng.permutation(index), Z))
    y = np.concatenate([np.arange(K), rng.integers(0, K, n - K)])
    return replace(from_arrays(X, y), groups=tuple(found))
