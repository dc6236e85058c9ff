"""A design and its priors in the coordinates of the kernels: sorted rows, standardised units, prior numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, gammaln

from bayesord.inference.direct import DirectDensity
from bayesord.inference.record import FREE_KINDS
from bayesord.inference.rows import Rows, prepare_rows
from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.cutpoints import steps_from_cutpoints
from bayesord.modelling.design import Design

__all__ = ["Layout", "has_direct_density", "lay_out"]


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
    priors: P.Priors
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

    @property
    def anchor(self) -> int:
        """The cutpoint with the most rows on the emptier of its sides: the one that the data know best."""
        below = np.cumsum(self._counts())[:-1]
        return int(np.argmax(np.minimum(below, below[-1] + self._counts()[-1] - below)))

    def _counts(self) -> np.ndarray:
        counts = np.add.reduceat(np.append(self.rows.weight, 0.0), self.rows.starts[:-1])
        return np.where(np.diff(self.rows.starts) > 0, counts, 0.0)

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
        counts = self._counts() + 0.5
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
        priors=priors,
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
