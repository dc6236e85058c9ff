"""The figures of a diagnosis: counts of the categories, and coefficients by cutpoint."""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_known_names
from bayesord.plots.colours import category_colours
from bayesord.plots.parts import bare, legend_above, legend_height, longest, new_axes, plain, said, wrapped

__all__ = ["plot_category_counts", "plot_diagnosis", "plot_parallel"]

_MOST_PREDICTORS = 8


def plot_diagnosis(diagnosis, *, predictors=None):
    """Counts of the categories with their predictive intervals, and the coefficients that each cutpoint would have.

    Parameters
    ----------
    diagnosis : Diagnosis
        What `fit.diagnose()` returns.
    predictors : list of str, optional
        As for `plot_parallel`.

    Returns
    -------
    array of one or two matplotlib.axes.Axes
        One where there is no parallel check.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> axes = plot_diagnosis(fit.diagnose())
    >>> [label.get_text().splitlines()[0] for label in axes[1].get_yticklabels()]
    ['temp[warm]', 'contact[yes]']
    """
    import matplotlib.pyplot as plt

    if diagnosis.parallel is None:
        return np.array([plot_category_counts(diagnosis)], dtype=object)
    shown = _shown(diagnosis.parallel, predictors)
    height = max(3.6, _height(diagnosis.parallel, shown, 4.6))
    _, axes = plt.subplots(
        1, 2, figsize=(10.0, height), layout="constrained", gridspec_kw={"width_ratios": [1, 1.3]}
    )
    plot_category_counts(diagnosis, ax=axes[0])
    plot_parallel(diagnosis, shown, ax=axes[1])
    return axes


def plot_category_counts(diagnosis, *, ax=None):
    """Observed counts as points on the intervals of counts that the posterior predicts.

    Parameters
    ----------
    diagnosis : Diagnosis
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = diagnosis.category_counts
    ax = ax or new_axes(5.2, 3.6)
    at = np.arange(len(table))
    colours = category_colours(len(table))
    ax.bar(at, table["mean"], 0.7, color=colours, alpha=0.35)
    ax.vlines(at, table["lower"], table["upper"], color=colours, linewidth=5)
    ax.plot(at, table["observed"], "D", markersize=5, color="black", markeredgecolor="white")
    labels = [wrapped(label, 10) for label in table.index]
    if longest(labels) * len(labels) > 44:
        slanted = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(at, [wrapped(label, 40) for label in table.index], **slanted)
    else:
        ax.set_xticks(at, labels)
    note = f"diamonds: observed; lines: {100 * diagnosis.prob:g} % posterior predictive intervals"
    ax.set_xlabel(f"{plain(diagnosis.response)}: {said(note, width=4.4)}")
    ax.set_ylabel("rows")
    ax.set_ylim(0, None)
    bare(ax, "left", "bottom")
    return ax


def plot_parallel(diagnosis, predictors=None, *, ax=None):
    """The coefficient of each predictor at each cutpoint with intervals; the vertical line is the one of the model.

    If the model is right, all points of a predictor estimate the same number.

    Parameters
    ----------
    diagnosis : Diagnosis
    predictors : list of str, optional
        Up to eight with the smallest p values by default.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For unknown names, and where the diagnosis has no parallel check.
    """
    parallel = diagnosis.parallel
    if parallel is None:
        raise ValueError("there is no parallel check: it needs predictors and at least three categories.")
    shown = _shown(parallel, predictors)
    estimates = parallel.estimates
    labels = estimates["cutpoint"].unique().tolist()
    m = len(labels)
    ax = ax or new_axes(6.4, max(2.6, _height(parallel, shown, 6.4)))
    lanes, drawn = np.linspace(-0.32, 0.32, m), []
    for label, lane, colour in zip(labels, lanes, category_colours(m), strict=True):
        rows = estimates[estimates["cutpoint"] == label].set_index("predictor").loc[shown]
        values, low, high = (rows[c] * parallel.unit[shown] for c in ("estimate", "lower", "upper"))
        at = np.arange(len(shown)) + lane
        ax.hlines(at, low, high, color=colour, linewidth=1.6)
        drawn += ax.plot(values, at, "o", color=colour, markersize=5, markeredgecolor="white")
    common = (parallel.common * parallel.unit)[shown]
    at = np.arange(len(shown))
    ax.vlines(common, at - 0.42, at + 0.42, color="black", linewidth=1)
    ax.axvline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    names = [f"{wrapped(name, 24)}\n{_said_p(parallel.tests['p'][name])}" for name in shown]
    ax.set_yticks(at, names)
    ax.set_ylim(len(shown) - 0.5, -0.5)
    left_out = len(parallel.tests) - len(shown)
    notes = said(
        f"coefficient times the standard deviation of its column; line: the model's; bars: {100 * parallel.prob:g} % "
        "intervals",
        f"{left_out} more predictors not shown" if left_out else "",
        width=5.2,
    )
    ax.set_xlabel(notes)
    ax.tick_params(axis="y", length=0)
    bare(ax, "bottom")
    legend_above(ax, "cutpoint", drawn, labels)
    return ax


def _height(parallel, shown: list[str], width: float) -> float:
    labels = parallel.estimates["cutpoint"].unique()
    return 1.1 + legend_height(labels, width) + len(shown) * (0.35 + 0.11 * len(labels))


def _shown(parallel, predictors) -> list[str]:
    names = parallel.tests.index.tolist()
    if predictors is not None:
        predictors = [predictors] if isinstance(predictors, str) else list(predictors)
        check_known_names("predictor", predictors, names)
        return predictors
    worst = parallel.tests["p"].sort_values(na_position="last").index[:_MOST_PREDICTORS]
    return [name for name in names if name in set(worst)]


def _said_p(p: float) -> str:
    if np.isnan(p):
        return "p unknown"
    return f"p = {p:.3f}" if p >= 0.001 else f"p = {p:.0e}"
