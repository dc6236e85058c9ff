"""Priors in words, for readers who do not know the names of the functions that make them."""

from __future__ import annotations

from bayesord.checks import name_list
from bayesord.modelling import prior_kinds as P
from bayesord.modelling.design import Design
from bayesord.modelling.priors import Priors, coefficient_blocks

__all__ = ["describe_prior", "describe_priors"]


def describe_priors(priors: Priors, design: Design) -> list[tuple[str, str]]:
    """What each part of a model was assumed to be: (the part, the prior in words).

    Examples
    --------
    >>> import bayesord as bo
    >>> priors = bo.Priors(beta=bo.priors.normal(0, 2.5))
    >>> mode = bo.fit("rating ~ temp", bo.datasets.load_wine(), priors=priors, method="mode")
    >>> describe_priors(mode.priors, mode.design)[1]
    ('coefficients', 'Normal, mean 0 and standard deviation 2.5')
    """
    said = [("cutpoints", describe_prior(priors.cutpoints, "cutpoints"))]
    blocks = coefficient_blocks(design, priors)
    for prior, indices in blocks:
        names = name_list([design.predictors[j] for j in indices])
        what = "coefficients" if len(blocks) == 1 else f"coefficients of {names}"
        said.append((what, describe_prior(prior, "beta")))
    for group, (sd, corr) in zip(design.groups, priors.by_group(design.groups), strict=True):
        said.append((f"standard deviations over {group.name}", describe_prior(sd, "group_sd")))
        if group.n_terms > 1:
            said.append((f"correlations over {group.name}", describe_prior(corr, "group_corr")))
    return said


def describe_prior(prior: P.Prior, role: str) -> str:
    """One prior in words; `role` is "cutpoints", "beta", "group_sd" or "group_corr"."""
    match prior:
        case P.Dirichlet(alpha):
            same = alpha if isinstance(alpha, tuple) else f"{alpha:g} for each"
            return f"category probabilities at the centre of the covariates ~ Dirichlet({same})"
        case P.R2D2(concentration=c):
            return f"{_explained(prior)}, shared out by Dirichlet({c:g} for each)"
        case P.R2():
            return f"{_explained(prior)}, spread evenly"
        case P.Horseshoe():
            return (
                f"regularised horseshoe, most of them near 0: global scale {prior.global_scale:g}, slab Student t of "
                f"scale {prior.slab_scale:g} and {prior.slab_df:g} degrees of freedom; standardised columns"
            )
        case P.Flat():
            return "flat: none"
        case P.LKJ(eta):
            return f"LKJ({eta:g})" + (": every correlation matrix alike" if eta == 1 else "")
    ordered = ", independent and put in order" if role == "cutpoints" else ""
    per_sd = ", scale divided by the column's standard deviation" if prior.autoscale else ""
    return _density(prior) + ordered + per_sd


def _explained(prior: P.R2) -> str:
    a, b = prior.beta_shape
    return f"share of the latent variance explained, R² ~ Beta({a:g}, {b:g})"


def _density(prior: P.Prior) -> str:
    match prior:
        case P.Normal():
            return f"Normal, mean {prior.location:g} and standard deviation {prior.scale:g}"
        case P.StudentT():
            return f"Student t, {prior.nu:g} degrees of freedom, centre {prior.location:g}, scale {prior.scale:g}"
        case P.Laplace():
            return f"Laplace, centre 0, scale {prior.scale:g}"
        case P.HalfNormal():
            return f"half-normal of scale {prior.scale:g}"
        case P.HalfStudentT():
            return f"half-Student-t, {prior.nu:g} degrees of freedom, scale {prior.scale:g}"
        case P.Exponential():
            return f"exponential of mean {prior.scale:g}"
    raise AssertionError(f"no words for {prior}")
