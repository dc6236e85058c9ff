"""The numbers of one model, laid out for the compiled density."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayesord.inference.density import log_density
from bayesord.inference.record import (
    CENTRE,
    CUT_KINDS,
    CUT_PRIOR,
    FACTOR,
    FREE_KIND,
    FREE_PRIOR,
    HYPER,
    HYPER_CENTRE,
    HYPER_SCALE,
    INFO,
    N_SLOTS,
    OFFSET,
    PEAK,
    PULL,
    STARTS,
    TILT,
    WEIGHT,
    X,
)

__all__ = ["DirectDensity"]


@dataclass
class DirectDensity:
    """The numbers of one model, laid out for `log_density`; keeps the arrays alive while it lives.

    Parameters
    ----------
    link : int
        Code of the link.
    X : (n, p) array
        Rows sorted by category: first the columns of the free coefficients, then the shared ones (rotated).
    weight, offset : (n,) arrays
        `offset` may be None.
    starts : (K + 1,) int array
        Where each category's rows begin.
    cutpoint_prior : (kind, numbers)
        Dirichlet: alpha (K,); otherwise (nu, location, scale).
    free_prior : (kinds, numbers)
        (f,) codes and (f, 3) location, scale, nu.
    centre, factor, tilt, peak, info, pull : arrays
        The map from x, in the notation of this module: a_0, L, T, g_0, h, r.
    hyper : (5,) array
        The two shapes of R² ~ Beta, u_0, s_u, and the constant that makes the density that of the pm.Model.
    anchor : int
        Which cutpoint is the first coordinate.
    """

    link: int
    X: np.ndarray
    weight: np.ndarray
    offset: np.ndarray | None
    starts: np.ndarray
    cutpoint_prior: tuple[str, np.ndarray]
    free_prior: tuple[np.ndarray, np.ndarray]
    centre: np.ndarray
    factor: np.ndarray
    tilt: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    peak: np.ndarray = field(default_factory=lambda: np.zeros(0))
    info: np.ndarray = field(default_factory=lambda: np.zeros(0))
    pull: np.ndarray = field(default_factory=lambda: np.zeros(0))
    hyper: np.ndarray = field(default_factory=lambda: np.zeros(5))
    anchor: int = 0

    def __post_init__(self):
        n, n_free, n_shared = len(self.weight), len(self.free_prior[0]), len(self.peak)
        arrays = {
            X: self.X, WEIGHT: self.weight, OFFSET: np.zeros(1) if self.offset is None else self.offset,
            CUT_PRIOR: self.cutpoint_prior[1], FREE_PRIOR: self.free_prior[1], CENTRE: self.centre,
            FACTOR: self.factor, TILT: self.tilt, PEAK: self.peak, INFO: self.info, PULL: self.pull, HYPER: self.hyper,
        }  # fmt: skip
        self._alive = {slot: np.ascontiguousarray(array, dtype=np.float64) for slot, array in arrays.items()}
        self._alive |= {
            STARTS: np.ascontiguousarray(self.starts, dtype=np.int64),
            FREE_KIND: np.ascontiguousarray(self.free_prior[0], dtype=np.int64),
        }
        self.record = np.zeros(N_SLOTS, np.int64)
        self.record[:8] = [
            self.link, n, len(self.starts) - 1, n_free, n_shared, CUT_KINDS[self.cutpoint_prior[0]], self.offset is not None,
            self.anchor,
        ]  # fmt: skip
        for slot, array in self._alive.items():
            self.record[slot] = array.ctypes.data
        self.n_dim = len(self.starts) - 2 + n_free + n_shared + (n_shared > 0)

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density and gradient at x (n_dim,)."""
        grad = np.empty(self.n_dim)
        return log_density(self.record, np.ascontiguousarray(x, dtype=np.float64), grad), grad

    def place(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draws x (S, n_dim) -> a (S, K-1+f), g (S, s), u (S,): the map, for whole arrays of draws."""
        n_a, n_shared = len(self.centre), len(self.peak)
        a = self.centre + x[:, :n_a] @ self.factor.T
        if not n_shared:
            return self._steps(a), np.zeros((len(x), 0)), np.zeros(len(x))
        u = self.hyper[HYPER_CENTRE] + self.hyper[HYPER_SCALE] * x[:, -1]
        d = self.info + np.exp(-u)[:, None]
        g = self.pull / d + x[:, n_a : n_a + n_shared] / np.sqrt(d)
        return self._steps(a - (g - self.peak) @ self.tilt.T), g, u

    def _steps(self, a: np.ndarray) -> np.ndarray:
        """From the anchor to the first cutpoint, in the first column."""
        a[:, 0] -= np.exp(a[:, 1 : self.anchor + 1]).sum(axis=1)
        return a
