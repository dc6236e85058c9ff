"""Expected quadratic weighted kappa: the score of the next answers, and what endless answers would give."""

from __future__ import annotations

import numpy as np

from bayesord.plots.colours import category_colours
from bayesord.plots.parts import bare, new_axes
from bayesord.predictive.kappa import ExpectedQWK, qwk

__all__ = ["observed_qwk", "plot_expected_qwk"]

_BINS = 45
_LANES = {"next": -0.09, "population": -0.19}  # of the intervals, in heights of the highest bar


def plot_expected_qwk(expected: ExpectedQWK, *, observed: float | None = None, seen: bool = False, ax=None):
    """The score that these rows will get, and where it would settle: histograms over the posterior draws.

    Below them the two intervals with the expected score; a line marks a score that was observed.

    Parameters
    ----------
    expected : ExpectedQWK
        From `fit.expected_qwk` or `bayesord.predictive.kappa.expected_qwk`.
    observed : float, optional
        The score of the same labels against answers that came in.
    seen : bool
        Whether these answers were fitted; the legend says so, because it flatters.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Where the score is undefined in every draw.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> ax = plot_expected_qwk(fit.expected_qwk(random_seed=1), observed=0.56)
    >>> ax.get_xlabel()
    'quadratic weighted kappa'
    """
    chance = f"{100 * expected.probability:g} %"
    dark, *_, light, _ = category_colours(5)
    kinds = [
        ("next", f"score of the next answers ({chance})", expected.draws, expected.next_score_interval, light),
        ("population", f"given endless answers ({chance})", expected.population_draws, expected.population_interval, dark),
    ]  # fmt: skip
    known = {kind: draws[np.isfinite(draws)] for kind, _, draws, _, _ in kinds}
    if not known["next"].size:
        raise ValueError("the score is undefined in every draw (0/0): score rows in which the answers vary.")
    ax = ax or new_axes(6.4, 3.4)
    edges = np.histogram_bin_edges(np.concatenate(list(known.values())), bins=_BINS)
    heights = {
        kind: np.histogram(draws, edges, density=True)[0] for kind, draws in known.items() if draws.size > 1
    }
    top = max(height.max() for height in heights.values())
    for kind, name, _, interval, colour in kinds:
        if kind in heights:
            ax.stairs(heights[kind] / top, edges, color=colour, fill=kind == "next", linewidth=1.5)
        ax.plot(interval, [_LANES[kind]] * 2, color=colour, linewidth=4, solid_capstyle="butt", label=name)
        ax.plot(expected.value, _LANES[kind], "|", color="black", markersize=9, markeredgewidth=1.5)
    ax.plot(
        [], [], "|", color="black", markersize=9, markeredgewidth=1.5, label=f"expected {expected.value:.3f}"
    )
    if observed is not None:
        name = f"observed {observed:.3f}{' (answers that were fitted)' if seen else ''}"
        ax.axvline(observed, color="black", linestyle="--", linewidth=1.2, label=name)
    ax.set(xlabel="quadratic weighted kappa", yticks=[], ylim=(1.6 * _LANES["population"], 1.05))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")
    bare(ax, "bottom")
    return ax


def observed_qwk(fit, expected: ExpectedQWK, y, category_values=None, *, training: bool) -> float | None:
    """The score of the labels of `expected` against `y`, by default the answers of the training rows."""
    if y is None and not training:
        return None
    codes = fit.design.y if y is None else fit.codes_of(y)
    weights = fit.design.weights if training else None
    K = len(fit.design.categories)
    labels = fit.codes_of(expected.labels)
    return qwk(codes, labels, n_categories=K, category_values=category_values, sample_weight=weights)
