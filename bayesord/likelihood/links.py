"""The links: which distribution F stands behind P(y <= k) = F(c_k - eta). `LINKS` is the only list of them.

To add one: its entry here, and its row kernel in `kernels.py` under the same code. Tests, the tables in the
documentation and error messages follow from the registry.

>>> float(get_link("logit").cdf(0.0))
0.5
>>> get_link("cloglog").mirror
'loglog'
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from bayesord.checks import check_choice

__all__ = ["LINKS", "Link", "get_link"]

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
_LOG_PI = math.log(math.pi)

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Link:
    """A latent distribution F, by functions of float64 arrays of any shape that hold in both tails.

    Attributes
    ----------
    name : str
    code : int
        What the kernels know it by.
    cdf, pdf, log_cdf, log_sf, log_pdf : callable
        F, its density f, log F, log(1 - F) and log f.
    quantile : callable
        The inverse of F, for probabilities in [0, 1].
    latent_variance : float
        The variance of F; for cauchit, which has none, that of the normal distribution with its quartiles.
    mirror : str
        The link of -X where X has this one: what reversing the order of the categories calls for.
    log_concave : bool
        Whether every likelihood of this link has a single mode.
    summary, formula, doi : str
        For tables: what it means, F, and a source.
    """

    name: str
    code: int
    cdf: Function
    pdf: Function
    log_cdf: Function
    log_sf: Function
    log_pdf: Function
    quantile: Function
    latent_variance: float
    mirror: str
    log_concave: bool
    summary: str
    formula: str
    doi: str

    def __reduce__(self):
        """A link is pickled as its name: it is the same one after, and its functions need no names of their own."""
        return get_link, (self.name,)


def _log1mexp(log_t):
    """log(1 - exp(-t)) from log t."""
    with np.errstate(over="ignore", divide="ignore", under="ignore"):
        t = np.exp(log_t)
        small = np.minimum(t, 1.0)
        middle = np.log(-np.expm1(-small))
        return np.where(
            log_t < -37.0, log_t - 0.5 * small, np.where(t < math.log(2.0), middle, np.log1p(-np.exp(-t)))
        )[()]


def _exp(x):
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(x)


# -- logit -------------------------------------------------------------------------------------------------


def _logit_pdf(x):
    return special.expit(x) * special.expit(-x)


def _logit_log_pdf(x):
    size = np.abs(x)
    return -size - 2.0 * np.log1p(_exp(-size))


def _log_expit_of_negative(x):
    return special.log_expit(-np.asarray(x, dtype=float))


# -- probit ------------------------------------------------------------------------------------------------


def _probit_log_pdf(x):
    with np.errstate(over="ignore"):
        return -0.5 * np.square(x) - _HALF_LOG_2PI


def _probit_pdf(x):
    return _exp(_probit_log_pdf(x))


def _probit_log_sf(x):
    return special.log_ndtr(-np.asarray(x, dtype=float))


# -- cloglog and loglog ------------------------------------------------------------------------------------


def _cloglog_cdf(x):
    return -np.expm1(-_exp(x))


def _cloglog_log_cdf(x):
    return _log1mexp(np.asarray(x, dtype=float))


def _cloglog_log_sf(x):
    return -_exp(x)


def _cloglog_log_pdf(x):
    return x - _exp(x)


def _cloglog_pdf(x):
    return _exp(_cloglog_log_pdf(x))


def _cloglog_quantile(p):
    with np.errstate(divide="ignore"):
        return np.log(-np.log1p(-np.asarray(p, dtype=float)))


def _loglog_cdf(x):
    return _exp(-_exp(-np.asarray(x, dtype=float)))


def _loglog_pdf(x):
    return _cloglog_pdf(-np.asarray(x, dtype=float))


def _loglog_log_cdf(x):
    return -_exp(-np.asarray(x, dtype=float))


def _loglog_log_sf(x):
    return _log1mexp(-np.asarray(x, dtype=float))


def _loglog_log_pdf(x):
    return _cloglog_log_pdf(-np.asarray(x, dtype=float))


def _loglog_quantile(p):
    with np.errstate(divide="ignore"):
        return -np.log(-np.log(p))


# -- cauchit -----------------------------------------------------------------------------------------------


def _cauchit_cdf(x):
    return np.arctan2(1.0, -np.asarray(x, dtype=float)) / np.pi


def _cauchit_log_cdf(x):
    x = np.asarray(x, dtype=float)
    with np.errstate(divide="ignore"):
        return np.where(
            x > 0.0, np.log1p(-np.arctan2(1.0, x) / np.pi), np.log(np.arctan2(1.0, -x)) - _LOG_PI
        )[()]


def _cauchit_log_sf(x):
    return _cauchit_log_cdf(-np.asarray(x, dtype=float))


def _cauchit_log_pdf(x):
    return -2.0 * np.log(np.hypot(1.0, x)) - _LOG_PI


def _cauchit_pdf(x):
    return 1.0 / (np.pi * np.square(np.hypot(1.0, x)))


def _cauchit_quantile(p):
    p = np.asarray(p, dtype=float)
    with np.errstate(divide="ignore"):
        tail = 1.0 / np.tan(np.pi * np.minimum(p, 1.0 - p))
        return np.where(np.abs(p - 0.5) < 0.25, np.tan(np.pi * (p - 0.5)), np.copysign(tail, p - 0.5))[()]


LINKS: dict[str, Link] = {
    link.name: link
    for link in (
        Link(
            name="logit",
            code=0,
            cdf=special.expit,
            pdf=_logit_pdf,
            log_cdf=special.log_expit,
            log_sf=_log_expit_of_negative,
            log_pdf=_logit_log_pdf,
            quantile=special.logit,
            latent_variance=math.pi**2 / 3,
            mirror="logit",
            log_concave=True,
            summary="proportional odds: a coefficient is a log odds ratio, the same at every cutpoint",
            formula="F(x) = 1 / (1 + exp(-x))",
            doi="10.1111/j.2517-6161.1980.tb01109.x",
        ),
        Link(
            name="probit",
            code=1,
            cdf=special.ndtr,
            pdf=_probit_pdf,
            log_cdf=special.log_ndtr,
            log_sf=_probit_log_sf,
            log_pdf=_probit_log_pdf,
            quantile=special.ndtri,
            latent_variance=1.0,
            mirror="probit",
            log_concave=True,
            summary="a normal latent variable, cut: a coefficient is a shift in its standard deviations",
            formula="F(x) = Phi(x)",
            doi="10.1080/0022250X.1975.9989847",
        ),
        Link(
            name="cloglog",
            code=2,
            cdf=_cloglog_cdf,
            pdf=_cloglog_pdf,
            log_cdf=_cloglog_log_cdf,
            log_sf=_cloglog_log_sf,
            log_pdf=_cloglog_log_pdf,
            quantile=_cloglog_quantile,
            latent_variance=math.pi**2 / 6,
            mirror="loglog",
            log_concave=True,
            summary="proportional hazards in discrete time: exp(-coefficient) is a hazard ratio",
            formula="F(x) = 1 - exp(-exp(x))",
            doi="10.2307/2529588",
        ),
        Link(
            name="loglog",
            code=3,
            cdf=_loglog_cdf,
            pdf=_loglog_pdf,
            log_cdf=_loglog_log_cdf,
            log_sf=_loglog_log_sf,
            log_pdf=_loglog_log_pdf,
            quantile=_loglog_quantile,
            latent_variance=math.pi**2 / 6,
            mirror="cloglog",
            log_concave=True,
            summary="cloglog with the categories reversed: the steep side is the lower one",
            formula="F(x) = exp(-exp(-x))",
            doi="10.1111/j.2517-6161.1980.tb01109.x",
        ),
        Link(
            name="cauchit",
            code=4,
            cdf=_cauchit_cdf,
            pdf=_cauchit_pdf,
            log_cdf=_cauchit_log_cdf,
            log_sf=_cauchit_log_sf,
            log_pdf=_cauchit_log_pdf,
            quantile=_cauchit_quantile,
            latent_variance=(1.0 / 0.6744897501960817) ** 2,
            mirror="cauchit",
            log_concave=False,
            summary="heavy tails: single surprising answers pull less",
            formula="F(x) = 1/2 + arctan(x) / pi",
            doi="10.18637/jss.v032.i10",
        ),
    )
}


def get_link(link: str | Link) -> Link:
    """The registered link of that name; a `Link` is returned as it is.

    Raises ValueError, with the closest name, for a name that is not registered.

    >>> get_link("probit").latent_variance
    1.0
    >>> get_link("probitt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: link='probitt' is unknown: ... Did you mean 'probit'?
    """
    if isinstance(link, Link):
        return link
    return LINKS[check_choice("link", link, LINKS)]
