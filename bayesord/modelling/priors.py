"""Priors, as values: what may be assumed of cutpoints, coefficients and group effects before the data speak.

A prior here is a small frozen record of numbers; `build` turns it into PyMC variables and `inference` reads
the same numbers, so that there is one place where a prior is said. Scales of coefficients belong to the
*centred, unscaled* columns of X, those of group effects to the columns of their term as they are; `autoscale=True` divides a scale by the column's standard deviation.

========== ======================= ==================================================================
for        call                    density
========== ======================= ==================================================================
cutpoints  ``dirichlet(alpha)``    category probabilities at the centre of X ~ Dirichlet(alpha)
both       ``normal(m, s)``        Normal(m, s); on cutpoints: independent, on the ordered space
both       ``student_t(nu, m, s)`` Student t; on cutpoints: independent, on the ordered space
both       ``flat()``              1 (improper)
beta       ``r2(mean, precision)`` beta_j ~ Normal(0, W/(p var x_j)), W = v R²/(1 - R²), R² ~ Beta
beta       ``laplace(s)``          Laplace(0, s)
beta       ``r2d2(...)``           as r2, W shared out by a Dirichlet instead of equally
beta       ``horseshoe(...)``      regularised horseshoe
group_sd   ``half_normal(s)``      of the standard deviations of group effects; scale s
group_sd   ``half_student_t(..)``  the same with heavier tails: the default, half_student_t(3, 2.5)
group_sd   ``exponential(s)``      the same, with mean s
group_corr ``lkj(eta)``            correlations of the effects within a group: det(R)^(eta - 1)
========== ======================= ==================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from bayesord.checks import column_moments, did_you_mean
from bayesord.likelihood.links import Link
from bayesord.modelling import prior_calls, prior_kinds
from bayesord.modelling.design import Design
from bayesord.modelling.groups import GroupTerm
from bayesord.modelling.prior_calls import *  # noqa: F403
from bayesord.modelling.prior_kinds import *  # noqa: F403
from bayesord.modelling.prior_kinds import LKJ, R2, Dirichlet, HalfStudentT, Prior

__all__ = [
    "Priors",
    "check_priors",
    "coefficient_blocks",
    "group_scales",
    "unit_scales",
    *prior_calls.__all__,
]


@dataclass(frozen=True)
class Priors:
    """The priors of one model, each for all of its kind or by name.

    Parameters
    ----------
    cutpoints : prior, default ``dirichlet(1.0)``
    beta : prior, or dict of coefficient name to prior, default ``r2(mean=0.5, precision=4)``
        In a dict, coefficients that are not named keep the default.
    group_sd : prior, or dict of group name to prior, default ``half_student_t(3, 2.5)``
        Of the standard deviations of group effects.
    group_corr : prior, or dict of group name to prior, default ``lkj(1.0)``
        Of the correlations between the effects of one group term.

    Examples
    --------
    >>> import bayesord as bo
    >>> print(bo.Priors(beta={"temp[warm]": bo.priors.normal(1, 0.5)}))
    cutpoints ~ dirichlet(1.0); beta ~ r2(0.5, 4.0), beta[temp[warm]] ~ normal(1, 0.5)
    """

    cutpoints: Prior = field(default_factory=Dirichlet)
    beta: Prior | Mapping[str, Prior] = field(default_factory=R2)
    group_sd: Prior | Mapping[str, Prior] = field(default_factory=HalfStudentT)
    group_corr: Prior | Mapping[str, Prior] = field(default_factory=LKJ)

    def __post_init__(self):
        for spec in fields(self):
            given = getattr(self, spec.name)
            if isinstance(given, Mapping) and spec.name != "cutpoints":
                object.__setattr__(self, spec.name, dict(given))
                for name, prior in given.items():
                    _check_usable(prior, f"{spec.name}[{name}]", spec.name)
            else:
                _check_usable(given, spec.name, spec.name)

    def __str__(self):
        said = [f"cutpoints ~ {self.cutpoints}", _said("beta", self.beta, R2())]
        for what, given, default in [
            ("group_sd", self.group_sd, HalfStudentT()),
            ("group_corr", self.group_corr, LKJ()),
        ]:
            if given != default:
                said.append(_said(what, given, default))
        return "; ".join(said)

    def by_coefficient(self, predictors: tuple[str, ...]) -> tuple[Prior, ...]:
        """The prior of each coefficient, in order; unknown names raise with the valid ones."""
        return _by_name(self.beta, R2(), predictors, "coefficients")

    def by_group(self, groups: tuple[GroupTerm, ...]) -> tuple[tuple[Prior, LKJ], ...]:
        """The priors of standard deviations and correlations of each group term, in order."""
        names = tuple(group.name for group in groups)
        sds = _by_name(self.group_sd, HalfStudentT(), names, "group terms")
        corrs = _by_name(self.group_corr, LKJ(), names, "group terms")
        return tuple(zip(sds, corrs, strict=True))


def check_priors(priors: object, default: Priors | None = None) -> Priors:
    """Priors as given, or the default ones for None."""
    if priors is None:
        return Priors() if default is None else default
    if not isinstance(priors, Priors):
        raise TypeError(f"priors must be bayesord.Priors(...), got {type(priors).__name__}")
    return priors


def _by_name(given, default: Prior, names: tuple[str, ...], what: str) -> tuple[Prior, ...]:
    if not isinstance(given, dict):
        return (given,) * len(names)
    unknown = [name for name in given if name not in names]
    if unknown:
        hint = did_you_mean(unknown[0], names)
        raise ValueError(
            f"priors name {what} that the model does not have: {unknown}.{hint} Its {what} are {list(names)}"
        )
    return tuple(given.get(name, default) for name in names)


def _check_usable(prior: object, where: str, role: str) -> None:
    if not isinstance(prior, Prior):
        raise TypeError(
            f"the prior of {where} is {prior!r}; make it with bayesord.priors, e.g. priors.{_EXAMPLES[role]}"
        )
    if not getattr(prior, f"for_{role}"):
        kinds = [getattr(prior_kinds, name) for name in prior_kinds.__all__]
        calls = sorted(kind.call for kind in kinds if getattr(kind, f"for_{role}"))
        raise ValueError(f"{prior} is not a prior for {where}; choose one of {calls}")


_EXAMPLES = {
    "cutpoints": "dirichlet(1.0)",
    "beta": "normal(0, 2.5)",
    "group_sd": "half_normal(1.0)",
    "group_corr": "lkj(2.0)",
}


def _said(what: str, given, default: Prior) -> str:
    named = given if isinstance(given, dict) else {}
    rest = default if isinstance(given, dict) else given
    return ", ".join([f"{what} ~ {rest}", *[f"{what}[{name}] ~ {prior}" for name, prior in named.items()]])


def coefficient_blocks(design: Design, priors: Priors) -> list[tuple[Prior, np.ndarray]]:
    """The coefficients grouped by their prior, in order of first appearance: [(prior, indices), ...]."""
    blocks: dict[Prior, list[int]] = {}
    for j, prior in enumerate(priors.by_coefficient(design.predictors)):
        blocks.setdefault(prior, []).append(j)
    return [(prior, np.array(indices)) for prior, indices in blocks.items()]


def unit_scales(design: Design, link: Link, n_shared: int) -> np.ndarray:
    """(p,) s_j with beta_j ~ Normal(0, s_j √(R²/(1 - R²))) under the R² prior shared by `n_shared` coefficients."""
    return np.sqrt(link.latent_variance / n_shared) / design.sd


def group_scales(design: Design, group: GroupTerm, prior: Prior) -> np.ndarray:
    """(q,) scales of the prior of each standard deviation; see `half_student_t` for `autoscale`."""
    scales = np.full(group.n_terms, float(prior.scale))
    if prior.autoscale:
        _, sd = column_moments(group.Z, design.weights)
        unit = np.isin(group.Z, (0.0, 1.0)).all(axis=0) | (sd == 0)
        scales /= np.where(unit, 1.0, sd)
    return scales
