"""What the prior says of the categories, and what the posterior made of it."""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_count, check_number
from bayesord.modelling.prior_table import prior_table
from bayesord.plots.colours import category_colours
from bayesord.plots.parts import bare, longest, new_axes, plain, said, wrapped
from bayesord.predictive.averages import average_probs

__all__ = ["plot_prior_posterior"]

_LANES = {"prior": 0.2, "posterior": -0.2}  # from the middle of a category


def plot_prior_posterior(fit, *, draws: int = 4000, prob: float = 0.9, random_seed=None, ax=None):
    """Category probabilities before and after the data: averages of P(y = k) over the training rows, and what was seen.

    Prior intervals that leave out what was seen say that the prior and the data disagree; posterior intervals as wide
    as the prior's, that the data said little.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
        With proper priors.
    draws : int
        Draws from the prior.
    prob : float
        Probability of the equal-tailed intervals.
    random_seed : int, optional
        Of the draws from the prior.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For flat priors, which imply no probabilities.

    See Also
    --------
    bayesord.prior_table : the numbers of the prior, and those at the centre of the covariates.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> ax = plot_prior_posterior(fit, random_seed=1)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['prior', 'posterior', 'observed']
    """
    check_number("prob", prob, above=0, below=1)
    check_count("draws", draws)
    design = fit.design
    prior = (
        prior_table(fit, priors=fit.priors, draws=draws, prob=prob, random_seed=random_seed)["rows"]
        .to_numpy()
        .T
    )
    found = average_probs(fit.predictive_draws(), np.zeros(len(design.y), dtype=np.int64), design.weights)[
        :, 0
    ]
    posterior = np.vstack([found.mean(axis=0), np.quantile(found, [(1 - prob) / 2, (1 + prob) / 2], axis=0)])
    seen = np.bincount(design.y, design.weights, minlength=len(design.categories))
    names = [wrapped(category, 30) for category in design.categories]
    at = np.arange(len(names))
    ax = ax or new_axes(4.6 + 0.08 * longest(names), 1.4 + 0.42 * len(names))
    styles = [("prior", prior, "0.55", "white"), ("posterior", posterior, *2 * [category_colours(3)[0]])]
    for name, (mean, low, high), colour, fill in styles:
        ax.hlines(at - _LANES[name], low, high, color=colour, linewidth=2.5)
        ax.plot(mean, at - _LANES[name], "o", color=colour, markerfacecolor=fill, label=name)
    ax.plot(seen / seen.sum(), at, "|", color="black", markersize=18, markeredgewidth=1.5, label="observed")
    ax.set_yticks(at, names)
    ax.set(xlim=(0, None), ylim=(len(names) - 0.5, -0.5), ylabel=plain(design.response))
    width = ax.figure.get_figwidth() - 0.08 * longest(names)
    ax.set_xlabel(f"probability\n{said(f'averages over the rows, {100 * prob:g} % intervals', width=width)}")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", alpha=0.3)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    bare(ax, "bottom")
    return ax
