"""Category probabilities by condition or along a covariate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from bayesord.checks import check_known_names, check_number, name_list
from bayesord.modelling.covariate_grid import grid, held, label, positions_by
from bayesord.modelling.covariates import as_asked, covariate_levels, named_rows
from bayesord.plots.colours import category_colours
from bayesord.plots.parts import (
    category_legend,
    few,
    legend_height,
    mean_offset,
    new_axes,
    plain,
    said,
    wrapped,
)
from bayesord.predictive.averages import average_probs

__all__ = ["plot_category_probs"]

_MOST_BARS = 40
_WHISKERS = 8  # along an area, for each border
_SHOWN_SHARE = 0.055  # a narrower segment has no room for its number


def plot_category_probs(
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
    """Category probabilities by condition (stacked bars) or along a numeric covariate (stacked areas).

    Segments are posterior means of P(y = k); the whiskers on the borders between them are intervals of
    P(y <= k).

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    by : str or list of str, optional
        The covariates that tell conditions apart: one numeric covariate, or factors. By default all factors,
        or the only covariate. Other factors are at their first level and other numbers at their mean: the
        axis says so.
    new : DataFrame or array, optional
        Rows to plot instead, as for `fit.category_probs`; rows that agree in `by` are averaged, and without `by` in
        models of more than four covariates each has a bar with its index. Without `new` a model with group terms is
        shown at the population level, all group effects 0.
    ax : matplotlib.axes.Axes, optional
    prob : float
        Probability of the equal-tailed intervals.
    offset, new_groups, group_effects
        For `new`, as for `fit.category_probs`; without it an offset is at its mean.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For unknown names and more than 40 conditions.

    Examples
    --------
    >>> import bayesord as bo
    >>> wine = bo.datasets.load_wine()
    >>> fit = bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)
    >>> ax = plot_category_probs(fit)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['cold, no', 'cold, yes', 'warm, no', 'warm, yes']
    """
    check_number("prob", prob, above=0, below=1)
    by, rows, held = _rows_to_plot(fit, by, new, offset)
    levels = covariate_levels(fit.design)
    if by:
        names, groups = zip(*positions_by(rows, by, levels).items(), strict=True)
    else:
        names, groups = [(name,) for name in rows.index], [[i] for i in range(len(rows))]
    along = len(by) == 1 and not levels.get(by[0]) and len(groups) > 2 and is_numeric_dtype(rows[by[0]])
    if not along and len(groups) > _MOST_BARS:
        raise ValueError(
            f"by={by or None} makes {len(groups)} bars; at most {_MOST_BARS} can be read. Choose fewer."
        )
    if new is None:
        offset = mean_offset(fit.design, len(rows), offset)
    how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects and new is not None}
    below = _share_below(fit, rows, groups, how)
    height = 3.5 if along else 0.9 + 0.45 * len(groups)
    ax = ax or new_axes(6.4, height + legend_height(fit.design.categories))
    ends = _interval(below, prob)
    (_areas if along else _bars)(ax, below.mean(axis=0), ends, list(names), by)
    without = "group effects 0" if fit.design.groups and not how["group_effects"] else ""
    whiskers = "" if ends is None else f"whiskers: {100 * prob:g} % intervals of P(y ≤ k)"
    notes = said(f"at {held}" if held else "", without, whiskers)
    ax.set_xlabel(f"{ax.get_xlabel()}\n{notes}".strip())
    category_legend(ax, fit.design.response, fit.design.categories)
    return ax


# -- which rows ----------------------------------------------------------------------------------------------


def _rows_to_plot(fit, by, new, offset) -> tuple[list[str], pd.DataFrame, str]:
    """(names, rows, what the other covariates are held at)."""
    design = fit.design
    by = [by] if isinstance(by, str) else None if by is None else list(by)
    levels = covariate_levels(design)
    if new is not None:
        rows = named_rows(design, new, offset)
        by = by or few([name for name in levels if name in rows.columns])
        check_known_names("by", by, [str(column) for column in rows.columns])
        return by, rows, ""
    told = covariate_levels(design, slopes=False)  # group effects are 0 here
    if not told:
        raise ValueError("the model has no covariates: there is nothing to plot its probabilities by.")
    by = by or [name for name, values in told.items() if values]
    if not by and len(told) > 1:
        raise ValueError(
            f"the model has {len(told)} numeric covariates: say along which to plot, for example by={next(iter(told))!r}. "
            f"Known: {name_list(list(told), 20)}."
        )
    by = by or list(told)
    check_known_names("by", by, list(levels))
    numbers = [name for name in by if not levels[name]]
    if numbers and len(by) > 1:
        raise ValueError(f"by={by} has the number {numbers[0]!r} among others: name one number, or factors.")
    rows = grid(fit, dict.fromkeys(by, ...))
    if len(by) == len(levels) and not numbers:
        rows = rows[_occurring(design, rows)]
    return by, rows, held(rows[[name for name in rows.columns if name not in by]])


def _occurring(design, rows: pd.DataFrame) -> np.ndarray:
    """Which of all combinations of levels the training rows have."""
    seen = {row.tobytes() for row in np.unique(design.X, axis=0)}
    asked = design.rows(rows, offset=mean_offset(design, len(rows)), group_effects=False)
    return np.array([row.tobytes() in seen for row in asked.X])


def _share_below(fit, rows: pd.DataFrame, groups: list[np.ndarray], how: dict) -> np.ndarray:
    """(S, groups, K+1) cumulative probabilities 0, P(y <= k), 1, averaged over the rows of each group."""
    group_of = np.empty(len(rows), dtype=np.int64)
    for number, index in enumerate(groups):
        group_of[index] = number
    probs = average_probs(fit.predictive_draws(as_asked(fit.design, rows), **how), group_of)
    return np.concatenate([np.zeros((*probs.shape[:2], 1)), probs], axis=2).cumsum(axis=2)


# -- drawing ----------------------------------------------------------------------------------------------


def _interval(below: np.ndarray, prob: float) -> np.ndarray | None:
    """(2, groups, K-1) ends of the intervals of P(y <= k); None for a single draw."""
    if len(below) == 1:
        return None
    return np.quantile(below[:, :, 1:-1], [(1 - prob) / 2, (1 + prob) / 2], axis=0)


def _bars(ax, mean, ends, groups, by) -> None:
    """`mean` (groups, K+1) of the cumulative probabilities, `ends` (2, groups, K-1) or None."""
    K, at = mean.shape[1] - 1, np.arange(len(groups))
    for k, colour in enumerate(category_colours(K)):
        share = mean[:, k + 1] - mean[:, k]
        ax.barh(at, share, left=mean[:, k], height=0.8, color=colour, edgecolor="white", linewidth=0.5)
        ink = "white" if colour[:3] @ [0.299, 0.587, 0.114] < 0.5 else "black"
        for y, (left, width) in enumerate(zip(mean[:, k], share, strict=True)):
            if width >= _SHOWN_SHARE:
                ax.text(left + width / 2, y, f"{100 * width:.0f}", color=ink, ha="center", va="center")
    if ends is not None:
        # Neighbouring borders have whiskers at different heights, so that they do not run into each other
        heights = 0.33 * np.where(np.arange(K - 1) % 2, 1, -1)
        for k, height in enumerate(heights):
            for width, colour in ((2.4, "white"), (1, "black")):
                ax.hlines(at + height, ends[0, :, k], ends[1, :, k], color=colour, linewidth=width)
    ax.set_yticks(at, [wrapped(", ".join(label(value) for value in key), 24) for key in groups])
    ax.set_ylabel(plain(", ".join(by)) or "row")
    ax.set(xlim=(0, 1), ylim=(len(groups) - 0.5, -0.5))
    ax.set_xlabel("probability in %")
    ax.set_xticks(np.linspace(0, 1, 6), ["0", "20", "40", "60", "80", "100"])
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _areas(ax, mean, ends, groups, by) -> None:
    K = mean.shape[1] - 1
    x = np.array([key[0] for key in groups], dtype=float)
    for k, colour in enumerate(category_colours(K)):
        ax.fill_between(x, mean[:, k], mean[:, k + 1], color=colour, linewidth=0)
    for k in range(K - 1):
        ax.plot(x, mean[:, k + 1], color="white", linewidth=1.5)
        if ends is not None:
            # Neighbouring borders have whiskers at different places, so that they do not run into each other
            at = np.linspace(0, len(x) - 1, 2 * _WHISKERS + 1)[1 + k % 2 : -1 : 2].round().astype(int)
            for width, colour in ((2.4, "white"), (1, "black")):
                ax.vlines(x[at], ends[0, at, k], ends[1, at, k], color=colour, linewidth=width)
    ax.set(xlim=(x[0], x[-1]), ylim=(0, 1), xlabel=plain(by[0]), ylabel="probability")
    ax.spines[["top", "right"]].set_visible(False)
