"""The posterior mode: a point estimate with the same answers as a posterior; with flat priors, maximum likelihood.

And whether flat priors leave one, which a posterior needs too.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from bayesord.answers import Answers, Coefficients, format_table
from bayesord.inference.layout import lay_out
from bayesord.inference.log_likelihood import log_likelihood_at
from bayesord.inference.newton import Information, curvature, find_mode
from bayesord.likelihood.links import Link
from bayesord.modelling.cutpoints import cutpoint_labels, cutpoints_from_steps
from bayesord.modelling.design import Design
from bayesord.modelling.priors import Flat, HalfStudentT, Priors
from bayesord.plots.methods import PlotMethods
from bayesord.views import mode_view

__all__ = ["OrdinalMode", "check_proper", "fit_mode"]

_NO_MODE = (
    "there is no finite posterior mode: predictors separate the categories or are collinear where the prior is flat, or "
    "a category has no observations. Use a proper prior for the coefficients, e.g. bayesord.priors.normal(0, 2.5), and "
    "bayesord.priors.dirichlet(2.0) for cutpoints beside an empty category"
)
_RELATIVE_ZERO = 1e-11  # of an eigenvalue of a matrix with ones on its diagonal: rounding leaves some 1e-14
_ENDLESS = 1e3  # a standard error of thousands, in standardised units: the likelihood rises for ever


class OrdinalMode(PlotMethods, Answers):
    """The posterior mode of (beta, cutpoints): a point, with standard errors from the observed information there.

    Attributes
    ----------
    beta, cutpoints : pandas.Series
        On the user's scale.
    standard_errors : pandas.Series
        Of beta and cutpoints together, from the observed information: Gaussian approximations.
    log_likelihood : float
        Weighted, at the mode.
    """

    _kind = "mode"

    def __init__(self, design, link, priors, beta, cutpoints, standard_errors, log_likelihood):
        self.design, self.link, self.priors = design, link, priors
        self.beta, self.cutpoints = beta, cutpoints
        self.standard_errors, self.log_likelihood = standard_errors, log_likelihood

    @cached_property
    def _coefficients(self):
        return Coefficients(self.beta.to_numpy()[None], self.cutpoints.to_numpy()[None], 1)

    def summary(self) -> pd.DataFrame:
        """Estimate and standard error of every coefficient and cutpoint."""
        return pd.DataFrame({"mode": pd.concat([self.beta, self.cutpoints]), "se": self.standard_errors})

    def _repr_html_(self) -> str:
        return mode_view(self)

    def __repr__(self):
        what = self.design.formula or f"{self.design.response} ~ {len(self.design.predictors)} columns"
        head = f"{what}   [{self.link.name}; posterior mode; log-likelihood {self.log_likelihood:.4f}]"
        return "\n".join(
            [head, *(f"Note: {note}." for note in self.design.notes), format_table(self.summary())]
        )


def fit_mode(design: Design, link: Link, priors: Priors) -> OrdinalMode:
    """Maximise the density of (beta, cutpoints): no Jacobian, so that flat priors give maximum likelihood."""
    if design.groups:
        raise ValueError(
            f"method='mode' with a group term of {design.groups[0].name!r}: the standard deviation of its effects is "
            "learned, and the joint density grows without bound as it goes to zero. Use method='nuts', or add the "
            "factor as a predictor"
        )
    kinds = {prior.call: prior for prior in priors.by_coefficient(design.predictors)}
    if "laplace" in kinds:
        raise ValueError(
            "method='mode' with beta ~ laplace: its mode lies on a kink, where there are no standard errors. "
            "Use method='nuts', or priors.normal or priors.student_t"
        )
    learned = [str(prior) for call, prior in kinds.items() if call not in ("flat", "normal", "student_t")]
    if learned:
        raise ValueError(
            f"method='mode' with beta ~ {learned[0]}: a prior with a learned scale has no joint mode (its density "
            "grows without bound as the scale goes to zero). Use priors.normal(0, 2.5), priors.flat(), or method='nuts'"
        )
    layout = lay_out(design, link, priors)
    v, information, converged = find_mode(layout, jacobian=False, tolerance=1e-13, steps=200)
    if not _is_finite(information, converged):
        raise RuntimeError(_NO_MODE)
    m = layout.n_steps
    to_user = np.zeros((len(v), len(v)))  # d (beta, cutpoints) / d (steps, standardised coefficients)
    gaps = np.tril(np.ones((m, m)))
    gaps[:, 1:] *= np.exp(v[1:m])
    p = len(design.predictors)
    scale = np.zeros((p, p))
    scale[layout.order, np.arange(p)] = layout.unit
    to_user[:p, m:] = scale
    to_user[p:, :m] = gaps
    to_user[p:, m:] = design.mean @ scale
    beta = scale @ v[m:]
    cutpoints = cutpoints_from_steps(v[:m]) + design.mean @ beta + design.offset_mean
    # the Jacobian of the steps has a constant gradient, and at a mode the chain rule has no second term
    covariance = to_user @ np.linalg.solve(curvature(layout.density(), v), to_user.T)
    names = [f"beta[{name}]" for name in design.predictors] + [
        f"cutpoints[{c}]" for c in cutpoint_labels(design.categories)
    ]
    log_likelihood = log_likelihood_at(design, link, beta[None], v[None, :m])[0]
    weight = np.ones(len(design.y)) if design.weights is None else design.weights
    return OrdinalMode(
        design,
        link,
        priors,
        pd.Series(beta, index=names[:p]),
        pd.Series(cutpoints, index=names[p:]),
        pd.Series(np.sqrt(np.diag(covariance)), index=names),
        float(weight @ log_likelihood),
    )


def check_proper(design: Design, link: Link, priors: Priors) -> None:
    """Refuse what has no posterior, and priors that do not fit the model, before anything is compiled."""
    kinds = [prior.call for prior in priors.by_coefficient(design.predictors)]
    of_groups = priors.by_group(design.groups)
    if hasattr(priors.cutpoints, "alphas"):
        priors.cutpoints.alphas(len(design.categories))
    empty = [c for k, c in enumerate(design.categories) if not (design.y == k).any()]
    if isinstance(priors.cutpoints, Flat) and empty:
        raise ValueError(
            f"no observations in {empty[:5]}, and a flat prior on the cutpoints: nothing determines them. "
            "Use priors.dirichlet(1.0), or drop those categories"
        )
    if "flat" in kinds and not {"r2d2", "horseshoe"} & set(kinds) and not _has_mode(design, link, priors):
        raise ValueError(_NO_MODE)
    heavy = [
        g.name for g, (sd, _) in zip(design.groups, of_groups, strict=True) if isinstance(sd, HalfStudentT)
    ]
    if "flat" in kinds and heavy:
        raise ValueError(
            f"flat() on coefficients beside groups ({', '.join(heavy)}) whose standard deviation has a half-Student-t "
            "prior: where the effects can separate the answers that leaves no posterior. Use a proper prior for the "
            "coefficients, or priors.half_normal for group_sd"
        )


def _has_mode(design: Design, link: Link, priors: Priors) -> bool:
    """Whether flat priors leave a finite mode, any learned scale held at 1: without one there is no posterior."""
    _, information, converged = find_mode(lay_out(design, link, priors))
    return _is_finite(information, converged)


def _is_finite(information: Information, converged: bool) -> bool:
    """Whether every direction is known to some standard error: on the information as it is, before anything mends it."""
    core = information.core
    size = np.sqrt(np.diag(core))
    if not converged or not np.all(size > 0):
        return False
    values = np.linalg.eigvalsh(core / np.outer(size, size))
    return bool(values[0] > _RELATIVE_ZERO and np.max(np.diag(np.linalg.inv(core))) <= _ENDLESS**2)
