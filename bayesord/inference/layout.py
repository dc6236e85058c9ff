"""A design and its priors in the coordinates of the kernels: sorted rows, standardised units, prior numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.special import betaln, gammaln

from bayesord.inference.direct import DirectDensity, TermNumbers
from bayesord.inference.record import FREE_KINDS
from bayesord.inference.rows import Rows, prepare_rows
from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.cutpoints import steps_from_cutpoints
from bayesord.modelling.design import Design

__all__ = ["Layout", "has_direct_density", "lay_out", "start_steps"]


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
    terms: tuple[TermNumbers, ...] = ()  # the group terms, without their maps

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

    @cached_property
    def group_matrix(self) -> sparse.csr_array:
        """(n, E): Z of all group terms, such that eta has `group_matrix @ u`."""
        parts = []
        for term in self.terms:
            n, (J, q) = len(term.Z), term.shape
            columns = (term.index[:, None] * q + np.arange(q)).ravel()
            starts = np.arange(0, n * q + 1, q)
            parts.append(sparse.csr_array((term.Z.ravel(), columns, starts), shape=(n, J * q)))
        return sparse.hstack(parts, format="csr")

    def _counts(self) -> np.ndarray:
        counts = np.add.reduceat(np.append(self.rows.weight, 0.0), self.rows.starts[:-1])
        return np.where(np.diff(self.rows.starts) > 0, counts, 0.0)

    def density(self, tau: float = 1.0, hyper: Sequence[np.ndarray] = ()) -> DirectDensity:
        """The density of (steps, coefficients) themselves, the shared ones held at Normal(0, τ²).

        Group effects are u = A v with A from `hyper` (log sd, partial correlations of each term); coordinates v
        follow the coefficients, and the differences from `hyper` come last.
        """
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
            terms=tuple(term.at(at) for term, at in zip(self.terms, hyper, strict=False)),
        )

    def start(self) -> np.ndarray:
        """(steps, coefficients): cutpoints at the smoothed empirical quantiles, coefficients zero."""
        return np.concatenate([start_steps(self.link, self._counts()), np.zeros(len(self.order))])


def start_steps(link: Link, counts: np.ndarray) -> np.ndarray:
    """Steps of cutpoints at the smoothed empirical quantiles, from the counts (K,) of the categories."""
    counts = counts + 0.5
    return steps_from_cutpoints(link.quantile(np.cumsum(counts)[:-1] / counts.sum()))


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
    rows, terms = prepare_rows(design, order, unit[order]), []
    for group, (sd, corr), own in zip(
        design.groups, priors.by_group(design.groups), rows.groups, strict=True
    ):
        sd_prior = (sd.call, getattr(sd, "nu", 1.0), P.group_scales(design, group, sd))
        terms.append(TermNumbers((group.n_groups, group.n_terms), *own, sd_prior, corr.eta))
        constant += _group_constant(terms[-1])
    return Layout(
        link=link,
        priors=priors,
        rows=rows,
        order=order,
        unit=unit[order],
        n_free=len(free),
        cutpoint_prior=(cut_kind, cut_numbers),
        free_kinds=kinds[free],
        free_numbers=numbers[free],
        r2_shape=shape,
        constant=constant + cut_constant,
        terms=tuple(terms),
    )


def _group_constant(term: TermNumbers) -> float:
    """Log of the constants of the effects' normal density, of the standard deviations' prior and of LKJ's."""
    kind, nu, scales = term.sd_prior
    J, q = term.shape
    constant = -0.5 * J * q * np.log(2 * np.pi) - np.log(scales).sum()
    if kind != "exponential":
        constant += q * (np.log(2) + _log_normaliser(kind.removeprefix("half_"), nu))
    power = np.array([term.eta + 0.5 * (q - 2 - j) for i in range(q) for j in range(i)])
    return float(constant - ((2 * power - 1) * np.log(2) + betaln(power, power)).sum())


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
