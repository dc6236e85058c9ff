"""The simulated data, one case a size, and the priors that bayesord and its peers are both given.

The columns of X are centred, so that a prior on the cutpoints means the same to packages that centre X and to
those that do not. Priors: "default" is bayesord's own; "normal" is Normal(0, 2.5) on each coefficient and
Normal(0, 5) on each cutpoint, ordered; "r2" has bayesord's R² ~ Beta(2, 2) on the coefficients, and the same
cutpoints as "normal"; "groups" is "normal" with half-normal(2.5) on the standard deviations of group effects.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["CASES", "COEFFICIENT_SCALE", "CUTPOINT_SCALE", "GROUP_SCALE", "Case", "get_case"]

COEFFICIENT_SCALE, CUTPOINT_SCALE, GROUP_SCALE = 2.5, 5.0, 2.5


@dataclass(frozen=True)
class Case:
    """One size. `priors` names the posteriors in which bayesord and the peers are compared."""

    name: str
    summary: str
    make_X: Callable[[np.random.Generator], np.ndarray]
    signal: float = 0.5
    priors: tuple[str, ...] = ("normal",)
    groups: tuple[tuple[int, float], ...] = ()  # of each crossed grouping factor: levels, sd of their effects

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """X (n, p) centred, y (n,) codes 0..4, groups (n, T) codes.

        Coefficients ~ Normal(0, signal²), categories about equally often.
        """
        rng = np.random.default_rng(20261122)
        X = self.make_X(rng)
        X = X - X.mean(axis=0)
        latent = X @ rng.normal(0.0, self.signal, X.shape[1]) + rng.logistic(size=len(X))
        groups = np.zeros((len(X), len(self.groups)), np.int64)
        for t, (levels, sd) in enumerate(self.groups):
            groups[:, t] = rng.permutation(np.arange(len(X)) % levels)  # all levels, about equally often
            latent += rng.normal(0.0, sd, levels)[groups[:, t]]
        y = np.searchsorted(np.quantile(latent, [0.15, 0.4, 0.65, 0.85]), latent).astype(np.int64)
        return X, y, groups


def _independent(n: int, p: int) -> Callable:
    return lambda rng: rng.standard_normal((n, p))


def _neighbours(n: int, p: int, correlation: float = 0.7) -> Callable:
    """Columns like those of an embedding or a series: each correlated with the next."""

    def make(rng):
        X = rng.standard_normal((n, p))
        for j in range(1, p):
            X[:, j] = correlation * X[:, j - 1] + np.sqrt(1 - correlation**2) * X[:, j]
        return X

    return make


def _factors(n: int, levels: tuple[int, ...]) -> Callable:
    """Indicators of all but the first level of each factor: few distinct rows, each many times."""

    def make(rng):
        codes = [rng.integers(0, k, n) for k in levels]
        indicators = [c[:, None] == np.arange(1, k) for c, k in zip(codes, levels, strict=True)]
        return np.hstack(indicators).astype(float)

    return make


CASES = {
    case.name: case
    for case in [
        Case("1000x5", "independent columns", _independent(1_000, 5)),
        Case("10000x20", "independent columns", _independent(10_000, 20)),
        Case("100000x20", "independent columns", _independent(100_000, 20)),
        Case("2000x128", "neighbours correlated .7, coefficients ~ .1", _neighbours(2_000, 128), 0.1, ("normal", "r2")),
        Case("5000x64", "neighbours correlated .7, coefficients ~ .02", _neighbours(5_000, 64), 0.02, ("normal", "r2")),
        Case("crossed", "2,000 rows, 3 columns, 200 and 50 crossed groups", _independent(2_000, 3), 0.5, ("groups",),
             groups=((200, 1.0), (50, 0.7))),
        Case("factors", "100,000 rows of 4 factors with 3, 4, 5 and 3 levels", _factors(100_000, (3, 4, 5, 3))),
    ]
}  # fmt: skip


def get_case(name: str) -> Case:
    """A case of `CASES`, or independent columns of any size written as ``300x4``."""
    if name in CASES:
        return CASES[name]
    if not re.fullmatch(r"\d+x\d+", name):
        raise ValueError(f"no size {name!r}: one of {list(CASES)}, or rows x columns as in 300x4")
    n, p = map(int, name.split("x"))
    return Case(name, "independent columns", _independent(n, p))
