"""The figure of a comparison."""

from __future__ import annotations

import numpy as np

from bayesord.plots import category_colours
from bayesord.plots.parts import longest, plain, wrapped

__all__ = ["plot_comparison"]

DEFAULT = ("qwk", "rps", "log_score")
MARKERS = "osD^vP*X<>"
SPREAD = 0.6  # of the height of a method's lane that its decisions share
FENCE = 4.0
"""Values that are this many times as far from the median as the best are off the scale."""


def plot_comparison(comparison, metrics=None, *, axes=None):
    """Every method and decision, with bars of one standard error; the best method on top.

    Parameters
    ----------
    comparison : Comparison
    metrics : str or sequence of str, optional
        One panel each; "qwk", "rps" and "log_score" by default, as far as there are any.
    axes : sequence of matplotlib.axes.Axes, optional

    Returns
    -------
    array of matplotlib.axes.Axes
    """
    names = [metric.name for metric in comparison.metrics]
    if metrics is None:
        metrics = [name for name in DEFAULT if name in names] or names[:3]
    chosen = [comparison._metric(name) for name in ([metrics] if isinstance(metrics, str) else metrics)]
    table = comparison.table
    methods = _best_first(table, chosen[0])
    own = axes is None
    if own:
        import matplotlib.pyplot as plt

        lane = 0.18 + 0.035 * table["decision"].nunique()
        room = max(1.6, 0.08 * longest(wrapped(method, 36) for method in methods))
        size = (room + 3.2 * len(chosen), 1.4 + lane * len(methods))
        figure, grid = plt.subplots(
            1, len(chosen), figsize=size, sharey=True, squeeze=False, layout="constrained"
        )
        figure.get_layout_engine().set(wspace=0.06)  # the outer numbers of neighbours must not touch
        axes = grid[0]
    axes = np.atleast_1d(np.asarray(axes, dtype=object))
    if len(axes) != len(chosen):
        raise ValueError(f"axes has {len(axes)} panels for {len(chosen)} metrics.")
    decisions = list(dict.fromkeys(table["decision"]))
    for ax, metric in zip(axes, chosen, strict=True):
        if metric.needs == "labels":
            _by_decision(ax, table, metric, methods, decisions)
        else:
            _by_method(ax, table, metric, methods)
        _dress(ax, metric, methods)
    axes[0].set_yticks(range(len(methods)), [wrapped(method, 36) for method in methods])
    by_decision = [ax for ax, metric in zip(axes, chosen, strict=True) if metric.needs == "labels"]
    if by_decision:
        handles, labels = by_decision[0].get_legend_handles_labels()
        how = {"title": "label best for; bars: one standard error", "frameon": False, "fontsize": "small"}
        if own:
            axes[0].figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), **how)
        else:
            by_decision[0].legend(handles, labels, **how)
    return axes


def _best_first(table, metric) -> list[str]:
    """Methods by their best value of the metric; those without one last."""
    values = table.groupby("method", sort=False)[metric.name].agg(
        "max" if metric.better == "higher" else "min"
    )
    values = values.replace([np.inf, -np.inf], np.nan)
    order = values.sort_values(ascending=metric.better == "lower", na_position="last", kind="stable")
    return list(order.index)


def _by_decision(ax, table, metric, methods, decisions) -> None:
    lanes = np.linspace(-SPREAD / 2, SPREAD / 2, len(decisions)) if len(decisions) > 1 else [0.0]
    for number, (decision, colour) in enumerate(
        zip(decisions, category_colours(len(decisions) + 1), strict=False)
    ):
        rows = table[table["decision"] == decision]
        at = np.array([methods.index(method) for method in rows["method"]]) + lanes[number]
        _points(
            ax,
            rows,
            metric,
            at,
            _limit(table, metric),
            colour=colour,
            marker=MARKERS[number % len(MARKERS)],
            label=plain(decision),
        )


def _by_method(ax, table, metric, methods) -> None:
    rows = table.drop_duplicates("method")
    at = np.array([methods.index(method) for method in rows["method"]])
    _points(
        ax, rows, metric, at, _limit(table, metric), colour=category_colours(3)[0], marker="o", label=None
    )


def _points(ax, rows, metric, at, limit, *, colour, marker, label) -> None:
    values, errors = rows[metric.name].to_numpy(), rows[f"{metric.name}_se"].to_numpy()
    errors = np.where(np.isfinite(errors), errors, 0.0)
    worse = values < limit if metric.better == "higher" else values > limit
    drawn = np.isfinite(values) & ~worse
    ax.errorbar(
        values[drawn],
        at[drawn],
        xerr=errors[drawn],
        fmt=marker,
        color=colour,
        ecolor=(colour, 0.5),
        markersize=4,
        elinewidth=1,
        label=label,
    )
    edge, side = (0.01, "left") if metric.better == "higher" else (0.99, "right")
    for place, value in zip(at[worse], values[worse], strict=True):
        number = "∞" if np.isinf(value) else f"{abs(value):.2g}"
        text = f"◂ {'−' if value < 0 else ''}{number}" if side == "left" else f"{number} ▸"
        how = {"xycoords": ("axes fraction", "data"), "fontsize": 7, "va": "center", "ha": side}
        ax.annotate(text, (edge, place), color=colour, annotation_clip=False, **how)


def _limit(table, metric) -> float:
    """Beyond it a value is written at the edge: a few very bad ones would press the others together."""
    values = table[metric.name].to_numpy()
    values = values[np.isfinite(values)]
    sign = -1 if metric.better == "higher" else 1
    if values.size == 0:
        return sign * np.inf
    best, middle = (values * sign).min() * sign, np.median(values)
    return middle + sign * max(FENCE * abs(middle - best), np.finfo(float).tiny)


def _dress(ax, metric, methods) -> None:
    arrow = "→ better" if metric.better == "higher" else "better ←"
    ax.set_xlabel(f"{metric.name.replace('_', ' ')} ({arrow})")
    ax.set_ylim(len(methods) - 0.5, -0.5)
    for i in range(0, len(methods), 2):  # bands, to follow a method through all panels
        ax.axhspan(i - 0.5, i + 0.5, color="black", alpha=0.04, linewidth=0, zorder=0)
    ax.grid(axis="x", alpha=0.3)
    ax.locator_params(axis="x", nbins=4)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
