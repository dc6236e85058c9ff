"""Priors, as values: what may be assumed of cutpoints and coefficients before the data speak.

A prior here is a small frozen record of numbers; `build` turns it into PyMC variables and `inference` reads
the same numbers, so that there is one place where a prior is said. All scales belong to the *centred,
unscaled* columns of X; `autoscale=True` divides a scale by the column's standard deviation.

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
========== ======================= ==================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from bayesord.checks import did_you_mean
from bayesord.likelihood.links import Link
from bayesord.modelling.design import Design

__all__ = [
    "Priors",
    "coefficient_blocks",
    "dirichlet",
    "flat",
    "horseshoe",
    "laplace",
    "normal",
    "r2",
    "r2d2",
    "student_t",
    "unit_scales",
]


@dataclass(frozen=True)
class Prior:
    """Base of all priors. `_positive` names the fields that must be finite and above zero."""

    _positive = ()
    for_cutpoints = False
    for_beta = False

    def __post_init__(self):
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, bool):
                continue
            try:
                array = np.asarray(value, dtype=float)
            except (TypeError, ValueError):
                raise TypeError(f"prior {self.call}: {spec.name} must be a number, got {value!r}") from None
            if array.ndim > (spec.name == "alpha"):
                raise ValueError(f"prior {self.call}: {spec.name} must be one number, got {value!r}")
            if not np.all(np.isfinite(array)):
                raise ValueError(f"prior {self}: {spec.name} must be finite, got {value!r}")
            if spec.name in self._positive and not np.all(array > 0):
                raise ValueError(f"prior {self}: {spec.name} must be positive, got {value!r}")

    def __str__(self):
        said = ", ".join(
            f"{getattr(self, f.name)!r}" if not isinstance(getattr(self, f.name), bool) else f"{f.name}=True"
            for f in fields(self)
            if getattr(self, f.name) is not False
        )
        return f"{self.call}({said})"


@dataclass(frozen=True)
class Dirichlet(Prior):
    alpha: float | tuple[float, ...] = 1.0
    _positive = ("alpha",)
    for_cutpoints = True
    call = "dirichlet"

    def alphas(self, n_categories: int) -> np.ndarray:
        """(K,) concentrations; a single number is repeated."""
        alpha = np.asarray(self.alpha, dtype=float)
        if alpha.ndim and alpha.shape != (n_categories,):
            raise ValueError(
                f"prior {self}: alpha has {alpha.size} values for {n_categories} categories; "
                "give one number, or one for each category in order"
            )
        return np.broadcast_to(alpha, (n_categories,)).copy()


@dataclass(frozen=True)
class Normal(Prior):
    location: float = 0.0
    scale: float = 2.5
    autoscale: bool = False
    _positive = ("scale",)
    for_cutpoints = for_beta = True
    call = "normal"


@dataclass(frozen=True)
class StudentT(Prior):
    nu: float = 3.0
    location: float = 0.0
    scale: float = 2.5
    autoscale: bool = False
    _positive = ("nu", "scale")
    for_cutpoints = for_beta = True
    call = "student_t"


@dataclass(frozen=True)
class Laplace(Prior):
    scale: float = 1.0
    autoscale: bool = False
    _positive = ("scale",)
    for_beta = True
    call = "laplace"


@dataclass(frozen=True)
class Flat(Prior):
    for_cutpoints = for_beta = True
    call = "flat"


@dataclass(frozen=True)
class R2(Prior):
    mean: float = 0.5
    precision: float = 4.0
    _positive = ("mean", "precision")
    for_beta = True
    call = "r2"

    def __post_init__(self):
        super().__post_init__()
        if self.mean >= 1:
            raise ValueError(f"prior {self}: mean is that of R², so it must lie between 0 and 1")

    @property
    def beta_shape(self) -> tuple[float, float]:
        """The two shapes of R² ~ Beta(a, b)."""
        return self.mean * self.precision, (1 - self.mean) * self.precision


@dataclass(frozen=True)
class R2D2(R2):
    concentration: float = 1.0
    _positive = ("mean", "precision", "concentration")
    call = "r2d2"


@dataclass(frozen=True)
class Horseshoe(Prior):
    global_scale: float = 1.0
    slab_scale: float = 2.0
    slab_df: float = 4.0
    _positive = ("global_scale", "slab_scale", "slab_df")
    for_beta = True
    call = "horseshoe"


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
    return Dirichlet(tuple(alpha) if np.ndim(alpha) else alpha)


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


@dataclass(frozen=True)
class Priors:
    """The priors of one model: `cutpoints`, and `beta` for all coefficients or by name.

    Parameters
    ----------
    cutpoints : prior, default ``dirichlet(1.0)``
    beta : prior, or dict of coefficient name to prior, default ``r2(mean=0.5, precision=4)``
        In a dict, coefficients that are not named keep the default.

    Examples
    --------
    >>> import bayesord as bo
    >>> print(bo.Priors(beta={"temp[warm]": bo.priors.normal(1, 0.5)}))
    cutpoints ~ dirichlet(1.0); beta ~ r2(0.5, 4.0), beta[temp[warm]] ~ normal(1, 0.5)
    """

    cutpoints: Prior = field(default_factory=Dirichlet)
    beta: Prior | Mapping[str, Prior] = field(default_factory=R2)

    def __post_init__(self):
        named = self.beta if isinstance(self.beta, Mapping) else {"beta": self.beta}
        for where, prior, usable in [
            ("cutpoints", self.cutpoints, "for_cutpoints"),
            *[
                (f"beta[{name}]" if named is self.beta else name, prior, "for_beta")
                for name, prior in named.items()
            ],
        ]:
            if not isinstance(prior, Prior):
                raise TypeError(
                    f"the prior of {where} is {prior!r}; make it with bayesord.priors, e.g. priors.normal(0, 2.5)"
                )
            if not getattr(prior, usable):
                raise ValueError(f"{prior} is not a prior for {where}; choose one of {_calls(usable)}")
        if named is self.beta:
            object.__setattr__(self, "beta", dict(named))

    def __str__(self):
        named = self.beta if isinstance(self.beta, dict) else {}
        rest = R2() if named else self.beta
        parts = [f"beta ~ {rest}", *[f"beta[{name}] ~ {prior}" for name, prior in named.items()]]
        return f"cutpoints ~ {self.cutpoints}; " + ", ".join(parts)

    def by_coefficient(self, predictors: tuple[str, ...]) -> tuple[Prior, ...]:
        """The prior of each coefficient, in order; unknown names raise with the valid ones."""
        if not isinstance(self.beta, dict):
            return (self.beta,) * len(predictors)
        unknown = [name for name in self.beta if name not in predictors]
        if unknown:
            hint = did_you_mean(unknown[0], predictors)
            raise ValueError(
                f"priors name coefficients that the model does not have: {unknown}.{hint} "
                f"Its coefficients are {list(predictors)}"
            )
        return tuple(self.beta.get(name, R2()) for name in predictors)


def _calls(usable: str) -> list[str]:
    return [
        kind.call
        for kind in (Dirichlet, Normal, StudentT, Laplace, Flat, R2, R2D2, Horseshoe)
        if getattr(kind, usable)
    ]


def coefficient_blocks(design: Design, priors: Priors) -> list[tuple[Prior, np.ndarray]]:
    """The coefficients grouped by their prior, in order of first appearance: [(prior, indices), ...]."""
    blocks: dict[Prior, list[int]] = {}
    for j, prior in enumerate(priors.by_coefficient(design.predictors)):
        blocks.setdefault(prior, []).append(j)
    return [(prior, np.array(indices)) for prior, indices in blocks.items()]


def unit_scales(design: Design, link: Link, n_shared: int) -> np.ndarray:
    """(p,) s_j with beta_j ~ Normal(0, s_j √(R²/(1 - R²))) under the R² prior shared by `n_shared` coefficients."""
    return np.sqrt(link.latent_variance / n_shared) / design.sd
