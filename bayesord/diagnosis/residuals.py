"""Residuals of ordered answers: continuous, with a known distribution if the model is right."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from bayesord.checks import check_choice, check_random_seed
from bayesord.likelihood.links import get_link
from bayesord.predictive.latent import centred_quantile
from bayesord.predictive.threads import spans

__all__ = ["residuals"]

_KINDS = ("quantile", "surrogate")
_ROWS = 1 << 16


def residuals(fit, kind: str = "quantile", *, loo: bool = False, random_seed=None) -> pd.Series:
    """Randomised residuals of the training rows, one for each.

    An answer y leaves u = P(answer < y) + V P(answer = y), with V uniform on (0, 1), which is uniform if the model is
    right. A residual is u on a scale on which it is easy to look at:

        quantile   r = Φ^-1(u),             standard normal under every link
        surrogate  r = F^-1(u) - E[F],      distributed as the link's F, less its mean

    A surrogate residual is a draw of the latent answer given y, less what is expected of it: eta + E[F].

    Parameters
    ----------
    kind : "quantile" | "surrogate"
        Dunn & Smyth's or Liu & Zhang's; they are increasing functions of each other. Cauchit has no mean: its
        surrogate residuals are centred at its median, 0.
    loo : bool
        False: the probabilities of one posterior draw, the same for all rows, drawn at random with the residuals. With
        that draw and not the posterior mean, residuals are independent and have exactly the distribution above, in data
        sets of any size, if the parameters come from the prior; posterior means have seen the answer and make residuals
        a little too small. A posterior mode has one draw, itself.
        True: each row's probabilities without it, by importance sampling (PSIS, as in `fit.qwk()`): free of the draw's
        chance, but residuals are slightly dependent. Not for a posterior mode.
    random_seed : int, optional
        Of V and of the draw. Other seeds give other residuals: a pattern that comes and goes is none.

    Returns
    -------
    Series of n floats, indexed as the training rows
        One for each row, also where its weight stands for several. Group effects are part of eta.

    Raises
    ------
    ValueError
        For an unknown kind, and `loo` where there are no draws.

    Warns
    -----
    UserWarning
        With `loo`, of rows whose Pareto k is high.

    References
    ----------
    P. K. Dunn, G. K. Smyth (1996). Randomized quantile residuals. Journal of Computational and Graphical Statistics 5.
    doi:10.1080/10618600.1996.10474708. D. Liu, H. Zhang (2018). Residuals and diagnostics for ordinal regression models: a
    surrogate approach. Journal of the American Statistical Association 113. doi:10.1080/01621459.2017.1292915. One draw of
    the posterior: V. E. Johnson (2004), doi:10.1214/009053604000000616.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> r = fit.residuals(random_seed=1)
    >>> r.index.equals(fit.design.obs_id), bool(r.between(-4, 4).all())
    (True, True)
    """
    check_choice("kind", kind, _KINDS)
    rng = np.random.default_rng(check_random_seed(random_seed))
    below, own, above = _loo_probs(fit) if loo else _probs(fit, rng)
    v = (rng.integers(2**53, size=len(below)) + 0.5) / 2.0**53
    scale = get_link("probit") if kind == "quantile" else fit.link
    values = centred_quantile(scale, below + v * own, above + (1.0 - v) * own)
    return pd.Series(values, index=fit.design.obs_id, name="residual")


def _probs(fit, rng) -> np.ndarray:
    """(3, n): P(answer < y), P(answer = y) and P(answer > y) of every row, under one draw."""
    draws = fit.predictive_draws()
    chosen = int(rng.integers(draws.n_draws))
    parts = np.empty((3, draws.n_rows))
    for start, stop in spans(draws.n_rows, _ROWS):
        p = draws.block((chosen, chosen + 1), (start, stop))[0]
        parts[:, start:stop] = _around(p, fit.design.y[start:stop])
    return parts


def _loo_probs(fit) -> np.ndarray:
    """The same, of the posterior without the row."""
    if not hasattr(fit, "idata"):
        raise ValueError("loo=True needs posterior draws; a posterior mode has none. Fit with method='nuts'.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # they speak of labels
        found = fit.qwk(loo=True)
    if found.n_high_k:
        warnings.warn(
            f"Pareto k is above {found.k_threshold:.2f} in {found.n_high_k:,} rows: their leave-one-out residuals are "
            "unreliable. Use loo=False.",
            UserWarning,
            stacklevel=3,
        )
    return _around(found.probs, fit.design.y)


def _around(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(3, n): probabilities (n, K) before category y, in it and after it, summed without cancellation."""
    k, own = np.arange(p.shape[1]), y[:, None]
    return np.array([np.where(side, p, 0.0).sum(axis=1) for side in (k < own, k == own, k > own)])
