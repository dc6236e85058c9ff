"""Directions in which group terms compete: the few eigenvectors of the information that the map leaves far from 1.

The map of `effects` treats each group by itself, given the steps and coefficients. Crossed terms share the rows: the
mean of one can be traded for the mean of another, and the coordinates of both move together. With T the derivative of
the map at the mode, K = T' information T would be I; here it is I but for a few directions Q with eigenvalues λ, and

    main = (I + Q diag(1/√λ - 1) Q') y

straightens those. K depends on the standard deviations of the effects (where one is 0 nothing competes), and so it is
averaged over where they may be: a direction stretched for one value only would be a narrow gorge at another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

__all__ = ["At", "competing_directions"]

_FAR = 1.5  # eigenvalues outside 1/_FAR ... _FAR are worth a direction
_MOST = 16
_DENSE = 600  # coordinates up to which all eigenvalues are computed
_SMALLEST = 1e-4


@dataclass(frozen=True, eq=False)
class At:
    """What K is made of at one value of the hyperparameters.

    Attributes
    ----------
    core : (m, m) array
        Information of the coordinates (z_a, z_g) at fixed v.
    border : (E, m) array
        Between v and them.
    joint : sparse (E, E)
        Information of v, prior included.
    half : sparse (E, E)
        dv/de = C'^-1, block diagonal.
    moved : (E, m) array
        dv/d(z_a, z_g).
    """

    core: np.ndarray
    border: np.ndarray
    joint: sparse.csc_array
    half: sparse.csc_array
    moved: np.ndarray

    def times(self, y: np.ndarray) -> np.ndarray:
        """K y, for a vector or the columns of a matrix."""
        m = len(self.core)
        z, v = y[:m], self.moved @ y[:m] + self.half @ y[m:]
        by_v = self.border @ z + self.joint @ v
        return np.concatenate([self.core @ z + self.border.T @ v + self.moved.T @ by_v, self.half.T @ by_v])


def competing_directions(points: list[At]) -> tuple[np.ndarray, np.ndarray]:
    """Q' (r, n) and 1/√λ - 1 (r,) of the average K over `points`."""
    n = len(points[0].core) + len(points[0].border)

    def product(y):
        return sum(at.times(y) for at in points) / len(points)

    if n <= _DENSE:
        K = product(np.eye(n))
        values, vectors = linalg.eigh(0.5 * (K + K.T))
    else:
        operator = sparse.linalg.LinearOperator((n, n), matvec=product, dtype=np.float64)
        v0 = np.random.default_rng(0).normal(size=n)  # a start of its own: results repeat
        values, vectors = sparse.linalg.eigsh(operator, k=_MOST, which="BE", v0=v0, tol=1e-3)
    values = np.maximum(values, _SMALLEST)
    far = np.abs(np.log(values))
    chosen = np.argsort(-far, kind="stable")[:_MOST]
    chosen = chosen[far[chosen] > np.log(_FAR)]
    return np.ascontiguousarray(vectors[:, chosen].T), 1.0 / np.sqrt(values[chosen]) - 1.0
