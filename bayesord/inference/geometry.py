"""Coordinates in which the posterior looks like a standard normal: mode, whitening, transport.

**Fixed prior scales.** Newton's method with the expected information reaches the mode; with L L' the inverse
information there, a = mode + L z is near N(0, I).

**A learned scale τ** (the prior on R²). The joint mode does not exist: the density grows without bound as τ and the
coefficients go to zero together, and neither b nor b/τ is a good coordinate for all τ. But at a given τ the
likelihood is close to a Gaussian in the coefficients, with information H once the rest `a` is profiled out:

    H = I_bb - I_ba I_aa^-1 I_ab = V diag(h) V',       r = V'(H b + ∇ log-likelihood(b))
    b | τ  is near  V N( r/(h + 1/τ²), 1/(h + 1/τ²) )

so z = (V'b - r/(h + 1/τ²)) √(h + 1/τ²) is near N(0, I) *for every τ*, and x = (z_a, z, z_u) is what is sampled.
X is rotated by V once, so that the map is diagonal while sampling. Whitening is the case without shared
coefficients: one code serves both. A wrong mode or information costs speed, never correctness: the map is fixed
before sampling and its Jacobian is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from scipy.special import betaln, gammaln, log_expit

from bayesord.inference.density import FREE_KINDS, DirectDensity
from bayesord.inference.rows import Rows, prepare_rows
from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.cutpoints import steps_from_cutpoints
from bayesord.modelling.design import Design

__all__ = ["Layout", "find_mode", "has_direct_density", "lay_out", "place_posterior"]

_CHUNK = 65536  # rows of (n, K) tables held at a time


def has_direct_density(design: Design, priors: P.Priors) -> bool:
    """Whether `lay_out` knows these priors: fixed scales, and at most one prior on R²."""
    kinds = [type(prior) for prior, _ in P.coefficient_blocks(design, priors)]
    return not {P.R2D2, P.Horseshoe} & set(kinds) and kinds.count(P.R2) <= 1


@dataclass(frozen=True)
class Layout:
    """A model in the coordinates of the kernels: steps, free coefficients, shared coefficients (see `density`).

    Coefficients are divided by `unit` (free: 1/sd; shared: their prior scale at τ = 1), rows standardised to match.
    """

    link: Link
    rows: Rows
    order: np.ndarray  # (p,) columns of X: free first, then shared
    unit: np.ndarray  # (p,) in that order
    n_free: int
    cutpoint_prior: tuple[str, np.ndarray]
    free_kinds: np.ndarray
    free_numbers: np.ndarray  # (f, 3) location, scale, nu in standardised units
    r2_shape: tuple[float, float]
    constant: float  # makes the density that of the pm.Model

    @property
    def n_shared(self) -> int:
        return len(self.order) - self.n_free

    @property
    def n_steps(self) -> int:
        return self.rows.n_categories - 1

    def density(self, tau: float = 1.0) -> DirectDensity:
        """The density of (steps, coefficients) themselves, the shared ones held at Normal(0, τ²)."""
        held = np.column_stack([np.zeros(self.n_shared), np.full(self.n_shared, tau), np.ones(self.n_shared)])
        dim = self.n_steps + len(self.order)
        return DirectDensity(
            link=self.link.code,
            X=self.rows.X,
            weight=self.rows.weight,
            offset=self.rows.offset,
            starts=self.rows.starts,
            cutpoint_prior=self.cutpoint_prior,
            free_prior=(
                np.concatenate([self.free_kinds, np.full(self.n_shared, FREE_KINDS["normal"])]),
                np.concatenate([self.free_numbers, held]),
            ),
            centre=np.zeros(dim),
            factor=np.eye(dim),
        )

    def start(self) -> np.ndarray:
        """(steps, coefficients): cutpoints at the smoothed empirical quantiles, coefficients zero."""
        counts = np.add.reduceat(np.append(self.rows.weight, 0.0), self.rows.starts[:-1])
        counts = np.where(np.diff(self.rows.starts) > 0, counts, 0.0) + 0.5
        below = np.cumsum(counts)[:-1] / counts.sum()
        return np.concatenate([steps_from_cutpoints(self.link.quantile(below)), np.zeros(len(self.order))])


def lay_out(design: Design, link: Link, priors: P.Priors) -> Layout:
    """Sort the coefficients by the kind of their prior and bring priors and rows to standardised units."""
    K = len(design.categories)
    free, shared, shape, constant = [], [], (1.0, 1.0), 0.0
    kinds, numbers = np.zeros(len(design.predictors), np.int64), np.zeros((len(design.predictors), 3))
    unit = 1.0 / design.sd
    for prior, indices in P.coefficient_blocks(design, priors):
        if isinstance(prior, P.R2):
            shared, shape = indices.tolist(), prior.beta_shape
            unit[indices] = P.unit_scales(design, link, len(indices))[indices]
            constant -= betaln(*shape) + 0.5 * len(indices) * np.log(2 * np.pi)
            continue
        free += indices.tolist()
        kinds[indices] = FREE_KINDS[prior.call]
        location, scale, nu = (
            getattr(prior, name, default)
            for name, default in [("location", 0.0), ("scale", 1.0), ("nu", 1.0)]
        )
        scales = scale / (design.sd[indices] if getattr(prior, "autoscale", False) else np.ones(len(indices)))
        numbers[indices] = np.column_stack([np.full_like(scales, location), scales, np.full_like(scales, nu)])
        constant += len(indices) * _log_normaliser(prior.call, nu)
        if prior.call != "flat":
            constant -= np.log(scales).sum()
    free.sort()
    order = np.array(free + shared, dtype=np.int64)
    constant += np.log(unit[free]).sum()
    numbers[:, :2] /= unit[:, None]
    cut_kind, cut_numbers, cut_constant = _cutpoint_prior(priors.cutpoints, K)
    return Layout(
        link=link,
        rows=prepare_rows(design, order, unit[order]),
        order=order,
        unit=unit[order],
        n_free=len(free),
        cutpoint_prior=(cut_kind, cut_numbers),
        free_kinds=kinds[free],
        free_numbers=numbers[free],
        r2_shape=shape,
        constant=constant + cut_constant,
    )


def _log_normaliser(kind: str, nu: float) -> float:
    """Log of the constant that `density` leaves out, at scale 1."""
    if kind == "normal":
        return -0.5 * np.log(2 * np.pi)
    if kind == "student_t":
        return gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
    return -np.log(2.0) if kind == "laplace" else 0.0


def _cutpoint_prior(prior: P.Prior, K: int) -> tuple[str, np.ndarray, float]:
    if isinstance(prior, P.Dirichlet):
        alpha = prior.alphas(K)
        return "dirichlet", alpha, gammaln(alpha.sum()) - gammaln(alpha).sum()
    if isinstance(prior, P.Flat):
        return "flat", np.zeros(3), 0.0
    nu = getattr(prior, "nu", np.inf)
    constant = (K - 1) * (_log_normaliser(prior.call, nu) - np.log(prior.scale)) + gammaln(K)
    return prior.call, np.array([nu, prior.location, prior.scale]), constant


# -- the mode ---------------------------------------------------------------------------------------------------


def find_mode(
    layout: Layout,
    tau: float = 1.0,
    *,
    start: np.ndarray | None = None,
    jacobian: bool = True,
    steps: int = 100,
    tolerance: float = 1e-10,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Newton's method with the expected information, the shared coefficients held at Normal(0, τ²).

    Parameters
    ----------
    jacobian : bool
        Whether the density is that of the steps (for sampling) or of the cutpoints themselves.
    steps : int
        At most so many iterations.
    tolerance : float
        Stop when the squared length of the Newton step, in standard errors, is below this.

    Returns
    -------
    mode : (K-1+p,) array
    information : (K-1+p, K-1+p) array
        Expected information of the likelihood at the mode plus curvature of the priors.
    converged : bool
    """
    density = layout.density(tau)
    gaps = np.zeros(density.n_dim)
    gaps[1 : layout.n_steps] = 0.0 if jacobian else 1.0

    def objective(v):
        value, gradient = density(v)
        return value - gaps @ v, gradient - gaps

    v = layout.start() if start is None else start
    value, gradient = objective(v)
    information = _information(layout, v, tau)
    for _ in range(steps):
        step = linalg.solve(information, gradient, assume_a="pos")
        decrement = float(gradient @ step)
        if decrement < tolerance:
            return v, information, True
        scale = 1.0
        while scale > 1e-8:
            trial = v + scale * step
            trial_value, trial_gradient = objective(trial)
            if (
                np.isfinite(trial_value)
                and np.all(np.isfinite(trial_gradient))
                and trial_value >= value + 1e-4 * scale * decrement
            ):
                break
            scale /= 2
        else:
            # No further rise that doubles can tell: at the mode as far as they go, or nowhere near one.
            return v, information, decrement < 1e-4
        v, value, gradient = trial, trial_value, trial_gradient
        information = _information(layout, v, tau)
    return v, information, False


def _information(layout: Layout, v: np.ndarray, tau: float) -> np.ndarray:
    m = layout.n_steps
    information = _likelihood_information(layout, v)
    information[:m, :m] += _cutpoint_prior_curvature(layout, v[:m])
    precision = np.zeros(len(layout.order))
    precision[: layout.n_free] = _free_precision(layout)
    precision[layout.n_free :] = 1.0 / tau**2
    information[np.arange(m, len(v)), np.arange(m, len(v))] += precision
    # A non-concave prior or link may leave a direction without curvature; lend it a little rather than fail.
    lowest = linalg.eigvalsh(information, subset_by_index=[0, 0])[0]
    floor = 1e-10 * np.trace(information) / len(v)
    if lowest < floor:
        information[np.diag_indices_from(information)] += floor - lowest
    return information


def _free_precision(layout: Layout) -> np.ndarray:
    """Information of the location that each fixed-scale prior carries."""
    _, scale, nu = layout.free_numbers.T
    by_kind = np.array([np.zeros_like(scale), 1 / scale**2, (nu + 1) / ((nu + 3) * scale**2)])
    return by_kind[layout.free_kinds, np.arange(layout.n_free)]


def _likelihood_information(layout: Layout, v: np.ndarray) -> np.ndarray:
    """Expected information of (steps, coefficients): over rows and categories, p_k times score score'.

    With f_j the density at cutpoint j (f_0 = f_K = 0) and s_k = -(f_k - f_{k-1})/p_k the score of eta:
    I_ee = Σ p_k s_k², I_{c_j e} = f_j (s_j - s_{j+1}), I_cc is tridiagonal.
    """
    rows, link, m = layout.rows, layout.link, layout.n_steps
    cutpoints = np.cumsum(np.concatenate([v[:1], np.exp(v[1:m])]))
    I_cc, I_cb, I_bb = np.zeros((m, m)), np.zeros((m, len(layout.order))), np.zeros((len(layout.order),) * 2)
    for i in range(0, len(rows.y), _CHUNK):
        X, w = rows.X[i : i + _CHUNK], rows.weight[i : i + _CHUNK]
        eta = X @ v[m:]
        if rows.offset is not None:
            eta = eta + rows.offset[i : i + _CHUNK]
        at = cutpoints - eta[:, None]
        f = link.pdf(at)
        below = link.cdf(at)
        p = np.diff(below, axis=1, prepend=0.0, append=1.0)
        p[:, -1] = np.exp(link.log_sf(at[:, -1]))
        inverse = np.where(p > 1e-280, 1.0 / np.maximum(p, 1e-280), 0.0)
        score = -np.diff(f, axis=1, prepend=0.0, append=0.0) * inverse
        w_ee = w * (p * score**2).sum(axis=1)
        w_ce = w[:, None] * f * (score[:, :-1] - score[:, 1:])
        I_bb += X.T @ (w_ee[:, None] * X)
        I_cb += w_ce.T @ X
        I_cc += np.diag((w[:, None] * f**2 * (inverse[:, :-1] + inverse[:, 1:])).sum(axis=0))
        side = -(w[:, None] * f[:, :-1] * f[:, 1:] * inverse[:, 1:-1]).sum(axis=0)
        I_cc += np.diag(side, 1) + np.diag(side, -1)
    J = np.tril(np.ones((m, m)))  # d cutpoints / d steps
    J[:, 1:] *= np.exp(v[1:m])
    return np.block([[J.T @ I_cc @ J, J.T @ I_cb], [I_cb.T @ J, I_bb]])


def _cutpoint_prior_curvature(layout: Layout, steps: np.ndarray) -> np.ndarray:
    """Minus the Hessian of the log prior of the steps, by differences of its gradient (the model without rows)."""
    empty = Rows(
        np.zeros((0, 0)), np.zeros(0, int), np.zeros(0), None, np.zeros(layout.rows.n_categories + 1, int)
    )
    prior = replace(
        layout,
        rows=empty,
        order=np.zeros(0, int),
        n_free=0,
        free_kinds=layout.free_kinds[:0],
        free_numbers=layout.free_numbers[:0],
    ).density()
    h = 1e-5
    rows = [(prior(steps - h * e)[1] - prior(steps + h * e)[1]) / (2 * h) for e in np.eye(len(steps))]
    return 0.5 * (np.array(rows) + np.array(rows).T)


# -- the map ----------------------------------------------------------------------------------------------------


def place_posterior(layout: Layout) -> tuple[DirectDensity, dict, bool]:
    """The density in near-normal coordinates, how to read its draws, and whether the mode was found.

    Returns
    -------
    density : DirectDensity
    rotation : (s, s) array
        Shared coefficients in `layout` units are `rotation @ g`.
    found : bool
        False where Newton did not converge: the map is then a plain rescaling, and NUTS has to adapt more.
    """
    try:
        return _transport(layout) if layout.n_shared else _whitening(layout)
    except (linalg.LinAlgError, ValueError):
        return _plain(layout)


def _smooth(layout: Layout) -> Layout:
    """Laplace priors as normals of the same variance: Newton's method does not settle on a kink."""
    laplace = layout.free_kinds == FREE_KINDS["laplace"]
    numbers = layout.free_numbers * np.where(laplace[:, None], [1.0, np.sqrt(2.0), 1.0], 1.0)
    return replace(
        layout, free_kinds=np.where(laplace, FREE_KINDS["normal"], layout.free_kinds), free_numbers=numbers
    )


def _whitening(layout: Layout):
    mode, information, found = find_mode(_smooth(layout), tolerance=1e-6)
    chol = linalg.cholesky(information, lower=True)
    factor = linalg.solve_triangular(chol, np.eye(len(mode)), lower=True).T
    density = replace(
        layout.density(), centre=mode, factor=factor, hyper=_hyper(layout, -np.log(np.diag(chol)).sum())
    )
    return density, np.zeros((0, 0)), found


def _transport(layout: Layout):
    m = layout.n_steps + layout.n_free
    u, v = 0.0, None
    for _ in range(4):
        tau = np.exp(u / 2)
        v, information, found = find_mode(_smooth(layout), tau, start=v, tolerance=1e-6, steps=30)
        a_inverse = linalg.cho_factor(information[:m, :m], lower=True)
        tilt = linalg.cho_solve(a_inverse, information[:m, m:])
        H = information[m:, m:] - information[m:, :m] @ tilt - np.eye(layout.n_shared) / tau**2
        h, V = linalg.eigh(0.5 * (H + H.T))
        h = np.maximum(h, 0.0)
        peak = V.T @ v[m:]
        pull = (h + 1 / tau**2) * peak
        u, u_sd = _marginal_scale(h, pull, layout.r2_shape)
    chol = np.tril(a_inverse[0])
    factor = linalg.solve_triangular(chol, np.eye(m), lower=True).T
    return _shared_density(layout, v, factor, tilt @ V, peak, h, pull, (u, u_sd), V), V, found


def _shared_density(layout, v, factor, tilt, peak, info, pull, hyper, V):
    m, n_free = len(factor), layout.n_free
    return DirectDensity(
        link=layout.link.code,
        X=np.hstack([layout.rows.X[:, :n_free], layout.rows.X[:, n_free:] @ V])
        if n_free
        else layout.rows.X @ V,
        weight=layout.rows.weight,
        offset=layout.rows.offset,
        starts=layout.rows.starts,
        cutpoint_prior=layout.cutpoint_prior,
        free_prior=(layout.free_kinds, layout.free_numbers),
        centre=v[:m],
        factor=factor,
        tilt=tilt,
        peak=peak,
        info=info,
        pull=pull,
        hyper=_hyper(layout, np.linalg.slogdet(factor)[1], *hyper),
    )


def _plain(layout: Layout):
    """No usable mode: start values and rough scales; the shared coefficients as g = τ z."""
    start = layout.start()
    m, s = layout.n_steps + layout.n_free, layout.n_shared
    if not s:
        density = layout.density()
        return replace(density, centre=start, hyper=_hyper(layout, 0.0)), np.zeros((0, 0)), False
    zeros = np.zeros(s)
    return (
        _shared_density(
            layout, start, np.eye(m), np.zeros((m, s)), zeros, zeros, zeros, (0.0, 1.0), np.eye(s)
        ),
        np.eye(s),
        False,
    )


def _hyper(layout: Layout, log_det: float, centre: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.array([*layout.r2_shape, centre, scale, layout.constant + log_det + np.log(scale)])


def _marginal_scale(h: np.ndarray, pull: np.ndarray, shape: tuple[float, float]) -> tuple[float, float]:
    """Mean and standard deviation of u = log τ² under its marginal density, the likelihood taken as Gaussian."""
    u = np.linspace(-25.0, 12.0, 741)[:, None]
    d = h + np.exp(-u)
    log_density = (-0.5 * u - 0.5 * np.log(d) + 0.5 * pull**2 / d).sum(axis=1)
    log_density += shape[0] * log_expit(u[:, 0]) + shape[1] * log_expit(-u[:, 0])
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = float(weight @ u[:, 0])
    return mean, max(float(np.sqrt(weight @ (u[:, 0] - mean) ** 2)), 1e-3)
