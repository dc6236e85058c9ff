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

from dataclasses import replace

import numpy as np
from scipy import linalg
from scipy.special import log_expit

from bayesord.inference.direct import DirectDensity
from bayesord.inference.layout import Layout
from bayesord.inference.newton import find_mode
from bayesord.inference.record import FREE_KINDS

__all__ = ["place_posterior"]


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
        placed = _transport(layout) if layout.n_shared else _whitening(layout)
        return placed if placed[-1] else _plain(layout)
    except (linalg.LinAlgError, ValueError):
        return _plain(layout)


def _anchor(layout: Layout, v: np.ndarray, information: np.ndarray | None = None):
    """A point, and the information at a mode, with the anchor instead of the first cutpoint (see `density`)."""
    gaps = np.exp(v[1 : layout.anchor + 1])
    anchored = v.copy()
    anchored[0] += gaps.sum()
    if information is not None:
        D = np.eye(len(v))  # d (steps, coefficients) / d (anchored)
        D[0, 1 : layout.anchor + 1] = -gaps
        information = D.T @ information @ D
    return anchored, information


def _smooth(layout: Layout) -> Layout:
    """Laplace priors as normals of the same variance: Newton's method does not settle on a kink."""
    laplace = layout.free_kinds == FREE_KINDS["laplace"]
    numbers = layout.free_numbers * np.where(laplace[:, None], [1.0, np.sqrt(2.0), 1.0], 1.0)
    return replace(
        layout, free_kinds=np.where(laplace, FREE_KINDS["normal"], layout.free_kinds), free_numbers=numbers
    )


def _whitening(layout: Layout):
    mode, information, found = find_mode(_smooth(layout), tolerance=1e-6)
    mode, information = _anchor(layout, mode, information)
    chol = linalg.cholesky(information, lower=True)
    factor = linalg.solve_triangular(chol, np.eye(len(mode)), lower=True).T
    density = replace(
        layout.density(),
        centre=mode,
        factor=factor,
        anchor=layout.anchor,
        hyper=_hyper(layout, -np.log(np.diag(chol)).sum()),
    )
    return density, np.zeros((0, 0)), found


def _transport(layout: Layout):
    m = layout.n_steps + layout.n_free
    u, v = 0.0, None
    for _ in range(4):
        tau = np.exp(u / 2)
        v, information, found = find_mode(_smooth(layout), tau, start=v, tolerance=1e-6, steps=30)
        anchored, information = _anchor(layout, v, information)
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
    return _shared_density(layout, anchored, factor, tilt @ V, peak, h, pull, (u, u_sd), V), V, found


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
        anchor=layout.anchor,
    )


def _plain(layout: Layout):
    """No usable mode: start values and rough scales; the shared coefficients as g = τ z."""
    start = _anchor(layout, layout.start())[0]
    m, s = layout.n_steps + layout.n_free, layout.n_shared
    if not s:
        density = layout.density()
        return (
            replace(density, centre=start, anchor=layout.anchor, hyper=_hyper(layout, 0.0)),
            np.zeros((0, 0)),
            False,
        )
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
