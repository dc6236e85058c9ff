"""The functions that make a prior: what stands in a user's script."""

from __future__ import annotations

import numpy as np

from bayesord.modelling.prior_kinds import (
    LKJ,
    R2,
    R2D2,
    Dirichlet,
    Exponential,
    Flat,
    HalfNormal,
    HalfStudentT,
    Horseshoe,
    Laplace,
    Normal,
    StudentT,
)

__all__ = [
    "dirichlet",
    "exponential",
    "flat",
    "half_normal",
    "half_student_t",
    "horseshoe",
    "laplace",
    "lkj",
    "normal",
    "r2",
    "r2d2",
    "student_t",
]


def dirichlet(alpha: float | tuple[float, ...] = 1.0) -> Dirichlet:
    """Category probabilities at the centre of X ~ Dirichlet(alpha): the default for cutpoints.

    With p_k = F(c_k) - F(c_{k-1}) the density of the cutpoints is Dirichlet(p(c); alpha) Π_k f(c_k).
    It is proper for every link and number of categories, observed or not, and alpha = 1 says nothing
    in favour of any category. `alpha` is one number, or one per category.

    Source: M. Betancourt (2019), Ordinal regression (case study), section 2.2.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.dirichlet(2))
    dirichlet(2)
    """
    several = np.iterable(alpha) and not isinstance(alpha, str)
    return Dirichlet(tuple(alpha) if several else alpha)


def normal(location: float = 0.0, scale: float = 2.5, autoscale: bool = False) -> Normal:
    """Normal(location, scale), for a coefficient or for the ordered cutpoints.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.normal(0, 2.5, autoscale=True))
    normal(0, 2.5, autoscale=True)
    """
    return Normal(location, scale, autoscale)


def student_t(
    nu: float = 3.0, location: float = 0.0, scale: float = 2.5, autoscale: bool = False
) -> StudentT:
    """Student t with `nu` degrees of freedom; `student_t(3, 0, 2.5)` on cutpoints is the default of brms.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.student_t(3, 0, 2.5))
    student_t(3, 0, 2.5)
    """
    return StudentT(nu, location, scale, autoscale)


def laplace(scale: float = 1.0, autoscale: bool = False) -> Laplace:
    """Laplace(0, scale): the prior whose mode is the lasso (Park & Casella 2008, doi:10.1198/016214508000000337).

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.laplace(0.5))
    laplace(0.5)
    """
    return Laplace(scale, autoscale)


def flat() -> Flat:
    """No prior at all (improper): with it everywhere, `fit(..., method="mode")` is maximum likelihood.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.flat())
    flat()
    """
    return Flat()


def r2(mean: float = 0.5, precision: float = 4.0) -> R2:
    """A prior on the share of latent variance explained, R² ~ Beta(mean·precision, (1 - mean)·precision).

    beta_j ~ Normal(0, W/(p var x_j)) with W = v R²/(1 - R²) and v the latent variance of the link, so the
    prior means the same for one covariate and for 768 embedding units. The default for coefficients.

    Source: Gelman, Hill & Vehtari (2020), Regression and Other Stories, section 12.7;
    Zhang et al. (2022), doi:10.1080/01621459.2020.1825449.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> priors.r2(mean=0.5, precision=4).beta_shape
    (2.0, 2.0)
    """
    return R2(mean, precision)


def r2d2(mean: float = 0.5, precision: float = 4.0, concentration: float = 1.0) -> R2D2:
    """As `r2`, but the explained variance is shared out unequally: W_j = W φ_j, φ ~ Dirichlet(concentration).

    Source: Zhang et al. (2022), doi:10.1080/01621459.2020.1825449.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.r2d2(concentration=0.5))
    r2d2(0.5, 4.0, 0.5)
    """
    return R2D2(mean, precision, concentration)


def horseshoe(global_scale: float = 1.0, slab_scale: float = 2.0, slab_df: float = 4.0) -> Horseshoe:
    """Regularised horseshoe: few coefficients away from zero, and those no wilder than the slab.

    On standardised columns beta_j = τ λ~_j z_j, λ~² = s²λ²/(s² + τ²λ²), z_j ~ Normal(0, 1),
    τ ~ HalfCauchy(global_scale), λ_j ~ HalfCauchy(1), s² ~ InverseGamma(ν/2, ν slab_scale²/2), ν = slab_df.

    Source: Piironen & Vehtari (2017), doi:10.1214/17-EJS1337SI.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.horseshoe(0.1))
    horseshoe(0.1, 2.0, 4.0)
    """
    return Horseshoe(global_scale, slab_scale, slab_df)


def half_normal(scale: float = 2.5, autoscale: bool = False) -> HalfNormal:
    """Half-normal, for the standard deviations of group effects.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.half_normal(1.0))
    half_normal(1.0)
    """
    return HalfNormal(scale, autoscale)


def half_student_t(nu: float = 3.0, scale: float = 2.5, autoscale: bool = True) -> HalfStudentT:
    """Half-Student-t, for the standard deviations of group effects: the default, on intercepts that of brms.

    With `autoscale`, the scale of a slope is divided by the standard deviation of its column (not of a column of
    zeros and ones), so that it does not depend on the unit.

    Source: Gelman (2006), doi:10.1214/06-BA117A.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.half_student_t(3, 1.0))
    half_student_t(3, 1.0, autoscale=True)
    """
    return HalfStudentT(nu, scale, autoscale)


def exponential(scale: float = 1.0, autoscale: bool = False) -> Exponential:
    """Exponential with the given *mean*, for the standard deviations of group effects.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.exponential(0.5))
    exponential(0.5)
    """
    return Exponential(scale, autoscale)


def lkj(eta: float = 1.0) -> LKJ:
    """Density of the correlations of group effects ∝ det(R)^(eta - 1): eta = 1 is uniform, more favours none.

    Source: Lewandowski, Kurowicka & Joe (2009), doi:10.1016/j.jmva.2009.04.008.

    Examples
    --------
    >>> from bayesord.modelling import priors
    >>> print(priors.lkj(2.0))
    lkj(2.0)
    """
    return LKJ(eta)
