"""Coordinates in which the posterior looks like a standard normal: mode, whitening, transport.

**Fixed prior scales.** Newton's method with the expected information reaches the mode; with L L' the inverse
information there, a = mode + L z is near N(0, I).

**A learned scale τ** (the prior on R²). The joint mode does not exist: the density grows without bound as τ and the
coefficients go to zero together, and neither b nor b/τ is a good coordinate for all τ. But at a given τ the
likelihood is close to a Gaussian in the coefficients, with information H once the rest `a` is profiled out:

    H = I_bb - I_ba I_aa^-1 I_ab = V diag(h) V',       r = V'(H b + ∇ log-likelihood(b))
    b | τ  is near  V N( r/(h + 1/τ²), 1/(h + 1/τ²) )

so z = (V'b - r/(h + 1/τ²)) √(h + 1/τ²) is near N(0, I) *for every τ*, and x = (z_a, z, z_u) is what is sampled.
X is rotated by V once, so that the map is diagonal while sampling.

**Group effects** have a learned scale, or covariance, for each term: `effects` has their map, conditional on all of
(a, g), whose information is that with the effects profiled out. Where several terms compete, `mixing` straightens.

Whitening is the case without shared coefficients and groups: one code serves all. A wrong mode or information costs
speed, never correctness: the map is fixed before sampling and its Jacobian is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import linalg

from bayesord.inference.covariance import term_factor
from bayesord.inference.direct import DirectDensity
from bayesord.inference.layout import Layout
from bayesord.inference.mixing import At, competing_directions
from bayesord.inference.newton import Information, block_diagonal, find_mode
from bayesord.inference.record import FREE_KINDS
from bayesord.inference.scales import global_scale, group_hyper, start_hyper

__all__ = ["place_posterior"]

_MOST_ROUNDS = 8  # of learned scales and the mode given them
_ASIDE = 2.0  # standard deviations from the hyperparameters' centre at which competition is looked at as well
_SETTLED = 0.1  # change of a log scale, or of a correlation's coordinate


def place_posterior(layout: Layout) -> tuple[DirectDensity, np.ndarray, bool]:
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
        place, found = _find_place(layout)
        if found:
            return _density(layout, place), place.rotation, True
    except (linalg.LinAlgError, ValueError, RuntimeError):  # singular, in one of the ways that scipy says so
        pass
    place = _plain(layout)
    return _density(layout, place), place.rotation, False


@dataclass(frozen=True, eq=False)
class _Place:
    """Everything that the map is made of, in the notation of `density` and `effects`."""

    centre: np.ndarray
    factor: np.ndarray
    tilt: np.ndarray
    peak: np.ndarray
    info: np.ndarray
    pull: np.ndarray
    scale: tuple[float, float] = (0.0, 1.0)  # u_0, s_u
    rotation: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    terms: tuple = ()
    border: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    mixed: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    mixing: np.ndarray = field(default_factory=lambda: np.zeros(0))


def _anchor_jacobian(layout: Layout, v: np.ndarray) -> np.ndarray:
    """d (steps, coefficients) / d (the same with the anchor instead of the first cutpoint)."""
    D = np.eye(len(v))
    D[0, 1 : layout.anchor + 1] = -np.exp(v[1 : layout.anchor + 1])
    return D


def _anchored(layout: Layout, v: np.ndarray) -> np.ndarray:
    anchored = v.copy()
    anchored[0] += np.exp(v[1 : layout.anchor + 1]).sum()
    return anchored


def _smooth(layout: Layout) -> Layout:
    """Laplace priors as normals of the same variance: Newton's method does not settle on a kink."""
    laplace = layout.free_kinds == FREE_KINDS["laplace"]
    numbers = layout.free_numbers * np.where(laplace[:, None], [1.0, np.sqrt(2.0), 1.0], 1.0)
    return replace(
        layout, free_kinds=np.where(laplace, FREE_KINDS["normal"], layout.free_kinds), free_numbers=numbers
    )


def _find_place(layout: Layout) -> tuple[_Place, bool]:
    """The mode given the learned scales, and the scales given the likelihood about it, in turns."""
    smooth = _smooth(layout)
    m, size = layout.n_steps + layout.n_free, layout.n_steps + len(layout.order)
    hyper = [start_hyper(layout.link, term) for term in layout.terms]
    widths = [np.ones(len(at)) for at in hyper]
    u, u_width, v = 0.0, 1.0, None
    for _ in range(_MOST_ROUNDS):
        v, information, found = find_mode(
            smooth, np.exp(u / 2), hyper, start=v, tolerance=1e-6, steps=30 if v is not None else 100
        )
        D = _anchor_jacobian(layout, v[:size])
        profiled = D.T @ information.profiled @ D
        a_factor = linalg.cho_factor(profiled[:m, :m], lower=True)
        tilt = linalg.cho_solve(a_factor, profiled[:m, m:])
        H = profiled[m:, m:] - profiled[m:, :m] @ tilt - np.eye(layout.n_shared) * np.exp(-u)
        h, V = linalg.eigh(0.5 * (H + H.T)) if layout.n_shared else (np.zeros(0), np.zeros((0, 0)))
        h = np.maximum(h, 0.0)
        peak = V.T @ v[m:size]
        pull = (h + np.exp(-u)) * peak
        at_mode = _groups_at_mode(layout, information, v[size:], hyper)
        place = _Place(
            _anchored(layout, v[:size])[:m], linalg.solve_triangular(np.tril(a_factor[0]), np.eye(m), lower=True).T,
            tilt @ V, peak, h, pull, rotation=V,
        )  # fmt: skip
        # the scales, given all this
        before = [u, *hyper]
        if layout.n_shared:
            u, u_width = global_scale(h, pull, layout.r2_shape)
        for t, (info, group_pull) in enumerate(at_mode):
            hyper[t], widths[t] = group_hyper(layout.terms[t], info, group_pull, hyper[t])
        moved = max(
            np.abs(now - then).max() for now, then in zip([np.atleast_1d(u), *hyper], before, strict=True)
        )
        if moved < _SETTLED:
            break
        v = _rescaled(layout, v, size, before[1:], hyper)
    terms = tuple(
        term.at(at, scale=width, info=info, pull=group_pull)
        for term, at, width, (info, group_pull) in zip(layout.terms, hyper, widths, at_mode, strict=True)
    )
    place = replace(place, scale=(u, u_width), terms=terms)
    if terms:
        border = information.border @ D
        border = np.hstack([border[:, :m], border[:, m:] @ V])
        place = replace(place, border=border)
    if len(terms) > 1:
        mixed, mixing = _mix(place, information, D, u)
        place = replace(place, mixed=mixed, mixing=mixing)
    return place, found


def _groups_at_mode(
    layout, information: Information, v: np.ndarray, hyper
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each term the information (J, q, q) and pull (J, q) of its groups: r = H û + ∇ log-likelihood(û)."""
    found, first = [], 0
    for term, at in zip(layout.terms, hyper, strict=True):
        J, q = term.shape
        A = term_factor(at, q)
        rows = first + np.arange(J)[:, None] * q + np.arange(q)
        info = np.empty((J, q, q))
        for a in range(q):
            for b in range(q):
                info[:, a, b] = information.effects[rows[:, a], rows[:, b]]
        own = v[first : first + J * q].reshape(J, q)
        # at the mode the likelihood's gradient in u balances the prior's: A'^-1 v
        balance = linalg.solve_triangular(A, own.T, lower=True, trans="T").T
        found.append((info, np.einsum("jab,jb->ja", info, own @ A.T) + balance))
        first += J * q
    return found


def _rescaled(layout, v: np.ndarray, size: int, before, hyper) -> np.ndarray:
    """The same effects u = A v, with v for the new A."""
    parts, first = [v[:size]], size
    for term, old, new in zip(layout.terms, before, hyper, strict=True):
        J, q = term.shape
        u = v[first : first + J * q].reshape(J, q) @ term_factor(old, q).T
        parts.append(linalg.solve_triangular(term_factor(new, q), u.T, lower=True).T.ravel())
        first += J * q
    return np.concatenate(parts)


def _mix(place: _Place, information: Information, D: np.ndarray, u: float):
    """The competing directions of the map of `place`, about its hyperparameters."""
    m, V = len(place.centre), place.rotation
    s = len(V)
    T = np.zeros((m + s, m + s))  # d (a, g) / d (z_a, z_g), and from there to (steps, coefficients)
    T[:m, :m] = place.factor
    T[m:, m:] = np.diag(1 / np.sqrt(place.info + np.exp(-u)))
    T[:m, m:] = -place.tilt / np.sqrt(place.info + np.exp(-u))
    to_user = D @ linalg.block_diag(np.eye(m), V) @ T
    core, border = to_user.T @ information.core @ to_user, place.border @ T

    def at(hypers) -> At:
        factors, halves, solved = [], [], []
        for term, hyper in zip(place.terms, hypers, strict=True):
            J, q = term.shape
            A = term_factor(hyper, q)
            C = np.linalg.cholesky(np.eye(q) + A.T @ term.info @ A)
            inverse = np.linalg.inv(C)
            factors.append(np.broadcast_to(A, (J, q, q)))
            halves.append(np.swapaxes(inverse, 1, 2))
            solved.append(np.swapaxes(inverse, 1, 2) @ inverse @ A.T)
        A = block_diagonal(factors)
        joint = replace(information, A=A).of_v
        return At(core, A.T @ border, joint, block_diagonal(halves), -block_diagonal(solved) @ border)

    centres = [term.hyper_centre for term in place.terms]
    points = [at(centres)]
    for t, term in enumerate(place.terms):
        for k, width in enumerate(term.hyper_scale):
            for side in (-_ASIDE, _ASIDE):
                moved = centres[t] + side * width * (np.arange(len(centres[t])) == k)
                points.append(at([*centres[:t], moved, *centres[t + 1 :]]))
    return competing_directions(points)


def _plain(layout: Layout) -> _Place:
    """No usable mode: start values and rough scales; the shared coefficients as g = τ z, effects as u = A v."""
    m, s = layout.n_steps + layout.n_free, layout.n_shared
    zeros = np.zeros(s)
    terms = tuple(term.at(start_hyper(layout.link, term)) for term in layout.terms)
    start = _anchored(layout, layout.start())[:m]
    return _Place(start, np.eye(m), np.zeros((m, s)), zeros, zeros, zeros, rotation=np.eye(s), terms=terms)


def _density(layout: Layout, place: _Place) -> DirectDensity:
    X, n_free = layout.rows.X, layout.n_free
    if layout.n_shared:
        rotated = X[:, n_free:] @ place.rotation
        X = np.hstack([X[:, :n_free], rotated]) if n_free else rotated
    constant = layout.constant + np.log(np.abs(np.diag(place.factor))).sum() + np.log(place.scale[1])
    constant += sum(np.log(term.hyper_scale).sum() for term in place.terms) + np.log1p(place.mixing).sum()
    return DirectDensity(
        link=layout.link.code,
        X=X,
        weight=layout.rows.weight,
        offset=layout.rows.offset,
        starts=layout.rows.starts,
        cutpoint_prior=layout.cutpoint_prior,
        free_prior=(layout.free_kinds, layout.free_numbers),
        centre=place.centre,
        factor=place.factor,
        tilt=place.tilt,
        peak=place.peak,
        info=place.info,
        pull=place.pull,
        hyper=np.array([*layout.r2_shape, *place.scale, constant]),
        anchor=layout.anchor,
        terms=place.terms,
        border=place.border,
        mixed=place.mixed,
        mixing=place.mixing,
    )
