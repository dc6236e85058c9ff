"""Directions in which group terms compete: the few eigenvectors of the information that the map leaves far from 1.

The map of `effects` treats each group by itself, given the steps and coefficients. Crossed terms share the rows: the
mean of one can be traded for the mean of another, and the coordinates of both move together. With T the derivative of
the map at the mode, K = T' information T would be I; here it is I but for a few directions Q with eigenvalues λ, and

    main = (I + Q diag(1/√λ - 1) Q') y

straightens those. Computed once, from sparse products; nothing is stored for the rest.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

__all__ = ["competing_directions"]

_FAR = 1.5  # eigenvalues outside 1/_FAR ... _FAR are worth a direction
_MOST = 16
_DENSE = 600  # coordinates up to which all eigenvalues are computed
_SMALLEST = 1e-4


def competing_directions(core, border, joint, solve_half, moved) -> tuple[np.ndarray, np.ndarray]:
    """Q' (r, n) and 1/√λ - 1 (r,).

    Parameters
    ----------
    core : (m, m) array
        Information of the coordinates (z_a, z_g) at fixed v.
    border : (E, m) array
        Between v and them.
    joint : sparse (E, E)
        Information of v, prior included.
    solve_half : sparse (E, E)
        dv/de = C'^-1, block diagonal.
    moved : (E, m) array
        dv/d(z_a, z_g).
    """
    m, E = len(core), len(border)

    def product(y):
        z, v = y[:m], moved @ y[:m] + solve_half @ y[m:]
        by_v = border @ z + joint @ v
        return np.concatenate([core @ z + border.T @ v + moved.T @ by_v, solve_half.T @ by_v])

    if m + E <= _DENSE:
        K = np.column_stack([product(e) for e in np.eye(m + E)])
        values, vectors = linalg.eigh(0.5 * (K + K.T))
    else:
        operator = sparse.linalg.LinearOperator((m + E, m + E), matvec=product, dtype=np.float64)
        v0 = np.random.default_rng(0).normal(size=m + E)  # a start of its own: results repeat
        values, vectors = sparse.linalg.eigsh(operator, k=_MOST, which="BE", v0=v0, tol=1e-3)
    values = np.maximum(values, _SMALLEST)
    far = np.abs(np.log(values))
    chosen = np.argsort(-far, kind="stable")[:_MOST]
    chosen = chosen[far[chosen] > np.log(_FAR)]
    return np.ascontiguousarray(vectors[:, chosen].T), 1.0 / np.sqrt(values[chosen]) - 1.0
