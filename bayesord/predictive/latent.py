"""The latent distribution of a link about its mean."""

from __future__ import annotations

import numpy as np

from bayesord.likelihood.links import Link, get_link

__all__ = ["centred_quantile", "latent_mean"]

_LEAST = 1e-300  # a tail of zero would be infinitely far


def latent_mean(link: Link) -> float:
    """The mean of F, or its median where there is no mean (cauchit).

    Examples
    --------
    >>> from bayesord.likelihood.links import get_link
    >>> round(latent_mean(get_link("loglog")), 4)
    0.5772
    """
    return {"cloglog": -float(np.euler_gamma), "loglog": float(np.euler_gamma)}.get(link.name, 0.0)


def centred_quantile(link: Link, below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """F^-1(u) - E[F] from u = `below` and 1 - u = `above`, which keep their digits in both tails.

    Examples
    --------
    >>> from bayesord.likelihood.links import get_link
    >>> centred_quantile(get_link("probit"), np.array([0.4, 1.0]), np.array([0.6, 1e-20])).round(3)
    array([-0.253,  9.262])
    """
    low, high = np.maximum(below, _LEAST), np.maximum(above, _LEAST)
    upper = -np.asarray(get_link(link.mirror).quantile(high))
    return np.where(np.less(low, high), link.quantile(low), upper) - latent_mean(link)
