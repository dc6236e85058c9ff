"""The figure: every method's distance to the Bayesian head, on every table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.losses.summary import headline
from benchmarks.losses.verdict import REFERENCE

__all__ = ["draw"]

PANELS = (
    ("qwk", "QWK, decision qwk, minus the head's", (-0.16, 0.04)),
    ("rps", "RPS minus the head's (right: worse)", (-0.03, 0.16)),
    ("log_score", "log score minus the head's", (-0.5, 0.1)),
)
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00")


def draw(tables: dict[str, pd.DataFrame]):
    """A panel for each score, a lane for each method: a point for each table, a bar at their mean.

    Parameters
    ----------
    tables : dict of str to DataFrame
        As from `scoring.table`, of the tables that have a Bayesian head.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    gaps = {score: _gaps(tables, score) for score, *_ in PANELS}
    methods = list(gaps["qwk"].mean(axis=1).sort_values().index)
    figure = Figure(figsize=(11, 1.4 + 0.17 * len(methods)), layout="constrained")
    axes = figure.subplots(1, len(PANELS), sharey=True)
    for ax, (score, title, limits) in zip(axes, PANELS, strict=True):
        table = gaps[score].reindex(methods)
        for colour, name in zip(COLOURS, table.columns, strict=False):
            ax.scatter(
                table[name].clip(*limits), range(len(methods)), s=12, color=colour, label=name, zorder=3
            )
        ax.scatter(
            table.mean(axis=1).clip(*limits),
            range(len(methods)),
            s=60,
            marker="|",
            color="black",
            label="mean",
        )
        ax.axvline(0, color="0.4", lw=0.8)
        ax.set(xlim=limits, xlabel=title)
        ax.grid(axis="y", color="0.93", zorder=0)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(range(len(methods)), methods, fontsize=7)
    axes[0].set_ylim(-0.7, len(methods) - 0.3)
    axes[-1].legend(loc="lower right", fontsize=7, frameon=False)
    figure.suptitle("Points at the edge of a panel lie beyond it", fontsize=8, x=0.99, ha="right")
    return figure


def _gaps(tables, score: str) -> pd.DataFrame:
    """Methods by tables: the mean of a score less that of the head."""
    found = {}
    for name, table in tables.items():
        mean = table.groupby(["method", "decision"], sort=False)[score].mean()
        found[name] = headline(mean) - mean[REFERENCE]
    return pd.DataFrame(found).astype(np.float64)
