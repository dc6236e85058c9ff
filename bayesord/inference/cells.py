"""Probabilities of all categories of many rows, and the densities at their cutpoints: NumPy tables, for Fisher information.

At cutpoint k of a row, a_k = c_k - eta, f_k = f(a_k); a category has probability p_k = F(a_k) - F(a_k-1). The score of
answer y with respect to a_k is f_k/p_k at the category's upper cutpoint and -f_k/p_k+1 at its lower one, so that their
covariance is tridiagonal: f_k² (1/p_k + 1/p_k+1) on the diagonal, -f_k f_k+1 / p_k+1 beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bayesord.likelihood.links import Link

__all__ = ["Cells", "cells"]

_NOTHING = 1e-280  # a probability below this counts for nothing: its reciprocal overflows


class Cells(NamedTuple):
    """For n rows and m cutpoints: arrays (n, m), and (n, m+1) of `p` and `inverse`."""

    f: np.ndarray
    below: np.ndarray
    above: np.ndarray
    p: np.ndarray
    inverse: np.ndarray

    def scores(self, y: np.ndarray) -> np.ndarray:
        """(n, m) derivative of log P(y) with respect to a_k, for codes y."""
        n, m = self.f.shape
        g, row = np.zeros((n, m)), np.arange(n)
        upper, lower = y < m, y > 0
        at = row[upper], y[upper]
        g[at] = self.f[at] * self.inverse[at]
        at = row[lower], y[lower] - 1
        g[at] -= self.f[at] * self.inverse[row[lower], y[lower]]
        return g

    def covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, m) and (n, m-1): diagonal and off-diagonal of the covariance of `scores`."""
        diagonal = self.f**2 * (self.inverse[:, :-1] + self.inverse[:, 1:])
        return diagonal, -self.f[:, :-1] * self.f[:, 1:] * self.inverse[:, 1:-1]


def cells(link: Link, at: np.ndarray) -> Cells:
    """The tables at a_k = c_k - eta (n, m), each probability from the tail that is small."""
    with np.errstate(under="ignore"):
        f, below, above = link.pdf(at), np.exp(link.log_cdf(at)), np.exp(link.log_sf(at))
        p = np.empty((len(at), at.shape[1] + 1))
        p[:, 0], p[:, -1] = below[:, 0], above[:, -1]
        upper = below[:, :-1] > 0.5
        p[:, 1:-1] = np.where(upper, above[:, :-1] - above[:, 1:], below[:, 1:] - below[:, :-1])
        np.maximum(p, 0.0, out=p)
        inverse = np.where(p > _NOTHING, 1.0 / np.maximum(p, _NOTHING), 0.0)
    return Cells(f, below, above, p, inverse)
