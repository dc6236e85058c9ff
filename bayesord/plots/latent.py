"""The latent variable, and the cutpoints that make categories of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from bayesord.checks import check_known_names, check_number
from bayesord.modelling.covariate_grid import grid, held, label
from bayesord.modelling.covariates import as_asked, covariate_levels, moments
from bayesord.plots.colours import category_colours
from bayesord.plots.parts import (
    bare,
    category_legend,
    few,
    legend_height,
    mean_offset,
    new_axes,
    plain,
    said,
    wrapped,
)

__all__ = ["plot_latent"]

_MOST_ROWS = 12
_POINTS = 401
_TAIL = 0.005  # of the latent distribution that is left out on either side
_STRIP = -0.3  # where the cutpoints have their intervals
_HEIGHT = 0.86  # of the highest density, where the next one begins at 1


def plot_latent(
    fit,
    by=None,
    *,
    new=None,
    ax=None,
    prob: float = 0.9,
    offset=None,
    new_groups: str = "error",
    group_effects: bool = True,
):
    """Density of the latent answer eta + e, e ~ F, for some rows, cut into categories: P(y <= k) = F(c_k - eta).

    Densities are means over the posterior draws. Dashed lines are the cutpoints, with their intervals below.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    by : str or list of str, optional
        The covariates to vary: factors take all their levels, numbers their mean and one standard deviation below and
        above it. By default the factors, or the only covariate. The others are held at their first level or mean.
    new : DataFrame or array, optional
        At most 12 rows to show instead, as for `fit.category_probs`; where they differ in more than four covariates and
        `by` is not given they go by their index.
    ax : matplotlib.axes.Axes, optional
    prob : float
        Probability of the equal-tailed intervals.
    offset, new_groups, group_effects
        For `new`, as for `fit.category_probs`; without it an offset is at its mean and all group effects are 0.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For unknown names, and more than 12 rows.

    Notes
    -----
    Only differences between the latent answer and the cutpoints are known to the data. So that their common origin, which
    can be far away, does not blur them, every draw is moved along: eta at the mean of the covariates is held at its
    posterior mean. The lines are therefore the posterior means of the cutpoints, and the intervals those of their
    distance from the centre of the data.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> ax = plot_latent(fit, "temp")
    >>> [text.get_text() for text in ax.get_yticklabels()], ax.get_xlabel().splitlines()[1]
    (['cold', 'warm', 'cutpoints'], 'at contact = no; whiskers: 90 % intervals')
    """
    check_number("prob", prob, above=0, below=1)
    by, rows, at = _rows(fit, by, new)
    if new is None:
        offset = mean_offset(fit.design, len(rows), offset)
    how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects and new is not None}
    draws = fit.predictive_draws(as_asked(fit.design, rows), **how)
    centre = draws.beta @ fit.design.mean
    moved = (centre.mean() - centre)[:, None]
    eta, cutpoints = draws.eta() + moved, draws.cutpoints + moved
    x = _range(fit.link, eta, cutpoints.mean(axis=0))
    densities = np.array([fit.link.pdf(x[:, None] - column).mean(axis=1) for column in eta.T])
    ax = ax or new_axes(6.4, 1.3 + 0.75 * len(rows) + legend_height(fit.design.categories))
    _ridges(ax, x, densities, cutpoints.mean(axis=0))
    known = len(cutpoints) > 1
    if known:
        _whiskers(
            ax, cutpoints.mean(axis=0), np.quantile(cutpoints, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
        )
    names = [
        wrapped(", ".join(label(value) for value in row), 24) for row in rows[by].itertuples(index=False)
    ]
    if not by:
        names = [""] if len(rows) == 1 else [wrapped(label(name), 24) for name in rows.index]
    marks = [*np.arange(len(rows))[::-1], *([_STRIP] if known else [])]
    ax.set_yticks(marks, [*names, "cutpoints"][: len(marks)])
    ax.set_ylabel(plain(", ".join(by)) or ("row" if len(rows) > 1 else ""))
    without = "group effects 0" if fit.design.groups and not how["group_effects"] else ""
    notes = said(at, f"whiskers: {100 * prob:g} % intervals" if known else "", without)
    ax.set_xlabel(f"latent answer\n{notes}".strip())
    category_legend(ax, fit.design.response, fit.design.categories)
    return ax


def _rows(fit, by, new) -> tuple[list[str], pd.DataFrame, str]:
    """The covariates that name the rows, the rows, and what the others are held at."""
    levels = covariate_levels(fit.design)
    if new is not None:
        frame = isinstance(new, pd.DataFrame)
        rows = new if frame else pd.DataFrame(np.asarray(new), columns=list(fit.design.predictors))
        by = [by] if isinstance(by, str) else list(by or [])
        check_known_names("by", by, [str(column) for column in rows.columns])
        by = by or few([name for name in rows.columns if rows[name].nunique() > 1])
    else:
        told = covariate_levels(fit.design, slopes=False)  # group effects are 0 here
        factors = [name for name, known in told.items() if known]
        by = [by] if isinstance(by, str) else list(by or factors or (told if len(told) == 1 else []))
        check_known_names("by", by, list(levels))
        rows = grid(fit, {name: ... if levels[name] else _three(fit.design, name) for name in by})
    if len(rows) > _MOST_ROWS:
        raise ValueError(
            f"{len(rows):,} densities cannot be read; at most {_MOST_ROWS}. Choose fewer: by= or new=."
        )
    fixed = "" if new is not None else held(rows[[name for name in rows.columns if name not in by]])
    return by, rows, f"at {fixed}" if fixed else ""


def _three(design, name: str) -> list[float]:
    """A number's mean, and one standard deviation below and above."""
    mean, sd = moments(design, name)
    return [mean - sd, mean, mean + sd]


def _range(link, eta: np.ndarray, cutpoints: np.ndarray) -> np.ndarray:
    """Points over the bulk of all densities and the cutpoints that are not far from it."""
    widest = 5 * np.sqrt(link.latent_variance)  # the tails of cauchit have no end
    below, above = np.clip(link.quantile(np.array([_TAIL, 1 - _TAIL])), -widest, widest)
    low, high = np.quantile(eta, _TAIL) + below, np.quantile(eta, 1 - _TAIL) + above
    reach = 0.5 * (high - low)
    near = cutpoints[(cutpoints > low - reach) & (cutpoints < high + reach)]
    if near.size:
        low, high = min(low, near[0] - 0.02 * reach), max(high, near[-1] + 0.02 * reach)
    return np.linspace(low, high, _POINTS)


def _ridges(ax, x: np.ndarray, densities: np.ndarray, cutpoints: np.ndarray) -> None:
    colours = category_colours(len(cutpoints) + 1)
    borders = np.concatenate([[x[0]], np.clip(cutpoints, x[0], x[-1]), [x[-1]]])
    tall = _HEIGHT * densities / densities.max()
    for place, density in enumerate(tall[::-1]):
        for (left, right), colour in zip(pairwise(borders), colours, strict=True):
            inside = np.concatenate([[left], x[(x > left) & (x < right)], [right]])
            ax.fill_between(inside, place, place + np.interp(inside, x, density), color=colour, linewidth=0)
        ax.plot(x, place + density, color="black", linewidth=0.8)
        ax.axhline(place, color="black", linewidth=0.5)
    for cutpoint in cutpoints:
        ax.axvline(cutpoint, color="black", linewidth=1, linestyle="--")
    ax.set(xlim=(x[0], x[-1]), ylim=(0, len(tall) - 1 + 1.05 * _HEIGHT))
    ax.tick_params(axis="y", length=0)
    bare(ax, "bottom")


def _whiskers(ax, cutpoints: np.ndarray, ends: np.ndarray) -> None:
    """Intervals below the densities; neighbours at different heights, so that they do not run into each other."""
    heights = _STRIP * np.where(np.arange(len(cutpoints)) % 2, 1.3, 0.7)
    ax.hlines(heights, *ends, color="black", linewidth=1.5)
    ax.plot(cutpoints, heights, "o", color="black", markersize=4)
    ax.set_ylim(bottom=1.8 * _STRIP)
