"""The numbers of one model, laid out for the compiled density."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from bayesord.inference import record as R
from bayesord.inference.covariance import hyper_prior, term_factor
from bayesord.inference.density import c_density
from bayesord.inference.effects import place_effects
from bayesord.inference.record import CUT_KINDS, HYPER_CENTRE, HYPER_SCALE, SD_KINDS
from bayesord.likelihood.segments import address_of

__all__ = ["DirectDensity", "TermNumbers"]


@cache
def _c_call(groups: bool):
    """The compiled density as a function that Python can call."""
    pointer = ctypes.c_void_p
    signature = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, pointer, pointer, pointer, pointer)
    return signature(c_density(groups).address)


@dataclass(frozen=True)
class TermNumbers:
    """The numbers of one group term: J groups with q effects each, in the notation of `effects`.

    Parameters
    ----------
    shape : (J, q)
    index : (n,) int array
        The group of each sorted row.
    Z : (n, q) array
    sd_prior : (kind, nu, scales)
    eta : float
        Of the LKJ prior.
    info : (J, q, q) array
    pull : (J, q) array
    hyper_centre, hyper_scale : (q + q(q-1)/2,) arrays
        Of the log standard deviations and partial correlations. These four are the term's map, set by `at`.
    """

    shape: tuple[int, int]
    index: np.ndarray
    Z: np.ndarray
    sd_prior: tuple[str, float, np.ndarray]
    eta: float
    info: np.ndarray | None = None
    pull: np.ndarray | None = None
    hyper_centre: np.ndarray | None = None
    hyper_scale: np.ndarray | None = None

    def at(self, hyper, *, scale=1.0, info=0.0, pull=0.0) -> TermNumbers:
        """The same term with this map; a number stands for an array of it."""
        J, q = self.shape
        return replace(
            self,
            info=np.broadcast_to(info, (J, q, q)),
            pull=np.broadcast_to(pull, (J, q)),
            hyper_centre=np.asarray(hyper, dtype=float),
            hyper_scale=np.broadcast_to(scale, np.shape(hyper)),
        )

    def factors(self, h: np.ndarray) -> np.ndarray:
        """A (S, q, q) of draws h (S, ...) of the coordinates of the hyperparameters."""
        q = self.shape[1]
        hyper = self.hyper_centre + self.hyper_scale * h
        return np.array([term_factor(one, q) for one in hyper])

    def log_hyper_prior(self, hyper: np.ndarray) -> float:
        """Log prior of (log sd, w), up to a constant."""
        return hyper_prior(SD_KINDS[self.sd_prior[0]], self._prior_numbers, hyper, np.zeros(len(hyper)))

    @property
    def _prior_numbers(self) -> np.ndarray:
        return np.array([self.sd_prior[1], self.eta, *self.sd_prior[2]])

    def arrays(self) -> dict[int, np.ndarray]:
        """Slot -> array, as the compiled code reads them."""
        floats = {
            R.G_Z: self.Z, R.G_INFO: self.info, R.G_PULL: self.pull, R.G_SD_PRIOR: self._prior_numbers,
            R.G_HYPER_CENTRE: self.hyper_centre, R.G_HYPER_SCALE: self.hyper_scale,
        }  # fmt: skip
        arrays = {slot: np.ascontiguousarray(array, dtype=np.float64) for slot, array in floats.items()}
        return arrays | {R.G_INDEX: np.ascontiguousarray(self.index, dtype=np.int64)}


@dataclass(frozen=True)
class Placed:
    """Draws of a model: a (S, K-1+f), g (S, s), u (S,), effects (S, N_effects), A (S, q, q) of each term."""

    a: np.ndarray
    g: np.ndarray
    u: np.ndarray
    effects: np.ndarray
    factors: list[np.ndarray]


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
    terms : tuple of TermNumbers
        The group terms.
    border : (N_effects, n_a + n_shared) array
        B of `effects`: how the rest of the model moves the groups.
    mixed, mixing : (r, n_main) and (r,) arrays
        Q' and m of `density`.
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
    terms: tuple[TermNumbers, ...] = ()
    border: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    mixed: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    mixing: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self):
        n, n_free, n_shared = len(self.weight), len(self.free_prior[0]), len(self.peak)
        arrays = {
            R.X: self.X, R.WEIGHT: self.weight, R.OFFSET: np.zeros(1) if self.offset is None else self.offset,
            R.CUT_PRIOR: self.cutpoint_prior[1], R.FREE_PRIOR: self.free_prior[1], R.CENTRE: self.centre,
            R.FACTOR: self.factor, R.TILT: self.tilt, R.PEAK: self.peak, R.INFO: self.info, R.PULL: self.pull,
            R.HYPER: self.hyper, R.BORDER: self.border, R.MIXED: self.mixed, R.MIXING: self.mixing,
        }  # fmt: skip
        self._alive = {slot: np.ascontiguousarray(array, dtype=np.float64) for slot, array in arrays.items()}
        self._alive |= {
            R.STARTS: np.ascontiguousarray(self.starts, dtype=np.int64),
            R.FREE_KIND: np.ascontiguousarray(self.free_prior[0], dtype=np.int64),
            R.GROUPS: self._group_slots(),
        }
        sizes = {
            R.LINK: self.link, R.N_ROWS: n, R.N_CATEGORIES: len(self.starts) - 1, R.N_FREE: n_free,
            R.N_SHARED: n_shared, R.CUT_KIND: CUT_KINDS[self.cutpoint_prior[0]], R.HAS_OFFSET: self.offset is not None,
            R.ANCHOR: self.anchor, R.N_EFFECTS: self.n_effects, R.N_TERMS: len(self.terms),
            R.WIDEST_TERM: max((term.shape[1] for term in self.terms), default=0),
            R.N_BORDER: self.border.shape[1], R.N_MIXED: len(self.mixing), R.SEGMENT: address_of(self.link),
        }  # fmt: skip
        self.record = np.zeros(R.N_SLOTS, np.int64)
        for slot, size in sizes.items():
            self.record[slot] = size
        for slot, array in self._alive.items():
            self.record[slot] = array.ctypes.data
        self.n_main = len(self.centre) + n_shared + self.n_effects
        self.n_hyper = sum(len(term.hyper_centre) for term in self.terms)
        self.n_dim = self.n_main + (n_shared > 0) + self.n_hyper

    @property
    def n_effects(self) -> int:
        return sum(term.pull.size for term in self.terms)

    def _group_slots(self) -> np.ndarray:
        slots = np.zeros((len(self.terms), R.N_GROUP_SLOTS), np.int64)
        self._alive_terms = [term.arrays() for term in self.terms]
        first = first_hyper = 0
        for row, term, arrays in zip(slots, self.terms, self._alive_terms, strict=True):
            J, q = term.shape
            row[[R.G_TERMS, R.G_GROUPS, R.G_FIRST, R.G_FIRST_HYPER]] = q, J, first, first_hyper
            row[R.G_SD_KIND] = SD_KINDS[term.sd_prior[0]]
            for slot, array in arrays.items():
                row[slot] = array.ctypes.data
            first, first_hyper = first + J * q, first_hyper + len(term.hyper_centre)
        return slots

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density and gradient at x (n_dim,); through the C pointer, so that nothing else has to be compiled."""
        x = np.ascontiguousarray(x, dtype=np.float64)
        if x.shape != (self.n_dim,):
            raise ValueError(f"x has shape {x.shape}, expected ({self.n_dim},)")
        value, gradient = np.empty(1), np.empty(self.n_dim)
        _c_call(bool(self.terms))(
            self.n_dim, x.ctypes.data, gradient.ctypes.data, value.ctypes.data, self.record.ctypes.data
        )
        return float(value[0]), gradient

    def place(self, x: np.ndarray) -> Placed:
        """Draws x (S, n_dim) on the scale of the coefficients: the map, for whole arrays of draws."""
        n_a, n_shared = len(self.centre), len(self.peak)
        main = x[:, : self.n_main]
        if len(self.mixing):
            main = main + (main @ self.mixed.T * self.mixing) @ self.mixed
        a = self.centre + main[:, :n_a] @ self.factor.T
        g, u = np.zeros((len(x), 0)), np.zeros(len(x))
        if n_shared:
            u = self.hyper[HYPER_CENTRE] + self.hyper[HYPER_SCALE] * x[:, self.n_main]
            d = self.info + np.exp(-u)[:, None]
            g = self.pull / d + main[:, n_a : n_a + n_shared] / np.sqrt(d)
            a = a - (g - self.peak) @ self.tilt.T
        e, h = main[:, n_a + n_shared :], x[:, self.n_main + (n_shared > 0) :]
        effects, factors = np.empty(e.shape), []
        if self.terms:
            delta = np.hstack([a - self.centre, g - self.peak])
            place_effects(self.record, np.ascontiguousarray(e), np.ascontiguousarray(h), delta, effects)
            factors = [term.factors(h[:, where]) for term, where in self._hyper_slices()]
        return Placed(self._steps(a), g, u, effects, factors)

    def _hyper_slices(self):
        first = 0
        for term in self.terms:
            yield term, slice(first, first := first + len(term.hyper_centre))

    def _steps(self, a: np.ndarray) -> np.ndarray:
        """From the anchor to the first cutpoint, in the first column."""
        a[:, 0] -= np.exp(a[:, 1 : self.anchor + 1]).sum(axis=1)
        return a
