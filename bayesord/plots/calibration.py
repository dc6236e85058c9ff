"""Calibration of P(y <= k) at every cutpoint, drawn by ArviZ."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesord.checks import check_number, check_random_seed
from bayesord.plots.parts import wrapped
from bayesord.plots.replicates import answers_of, copies_of, probs_by_draw

__all__ = ["plot_calibration"]

_ANSWERS = 10_000_000  # replicated in all; at least 100 and at most 1,000 data sets
_MOST_ROWS = 20_000
_MOST_MARKERS = 30
_DIGITS = 12  # of probabilities that are the same


def plot_calibration(
    fit,
    new=None,
    y=None,
    *,
    prob: float = 0.9,
    random_seed=None,
    offset=None,
    new_groups: str = "error",
    group_effects: bool = True,
):
    """How often answers up to each category came, against the probability P(y <= k) that the posterior gave them.

    One panel for every cutpoint: `arviz.plot_ppc_pava` for the indicator of y <= k. The line is isotonic regression (pool
    adjacent violators) of the indicators on the probabilities; the band holds the lines of replicated answers, one data
    set each with the given probability at every point. A line outside the band says that the probabilities are off.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    new : DataFrame or array, optional
        The training rows by default; they have been seen by the fit, so that too good a line is no surprise there.
    y : (n,) answers in the categories of the fit
        Needed with `new`.
    prob : float
        Probability of the band.
    random_seed : int, optional
        Of the replicated answers, and of the choice of 20,000 rows where there are more.
    offset, new_groups, group_effects
        As for `fit.category_probs`.

    Returns
    -------
    array of matplotlib.axes.Axes, shape (K-1,)

    Raises
    ------
    ValueError
        Without the answers of new rows, for another number of them than rows, and for training rows with importance
        weights.

    Notes
    -----
    Rows with equal probabilities are pooled first, so that their order decides nothing.
    Source: Dimitriadis, Gneiting & Jordan (2021), doi:10.1073/pnas.2016191118.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> axes = plot_calibration(fit, random_seed=1)
    >>> [ax.get_title() for ax in axes]
    ['rating ≤ 1', 'rating ≤ 2', 'rating ≤ 3', 'rating ≤ 4']
    """
    import arviz as az

    check_number("prob", prob, above=0, below=1)
    rng = np.random.default_rng(check_random_seed(random_seed))
    draws = fit.predictive_draws(new, offset=offset, new_groups=new_groups, group_effects=group_effects)
    answers, chosen = _answers(fit, new, y, draws.n_rows, rng)
    size = int(np.clip(_ANSWERS // len(chosen), 100, 1000))
    replicates = np.array(
        [answers_of(probs[chosen], rng) for probs in probs_by_draw(draws, size)], dtype=np.int16
    )
    below = draws.mean_probs()[chosen].cumsum(axis=1)
    names = [str(k) for k in range(draws.n_categories - 1)]  # a DataTree does not take every name
    predicted, observed = {}, {}
    for k, name in enumerate(names):
        indicators, seen = replicates <= k, answers[chosen] <= k
        groups = np.unique(below[:, k].round(_DIGITS), return_inverse=True)[1]
        pooled = _means_within(groups, indicators)
        # Means over few replicates would shuffle the rows: each is moved to its exact probability
        predicted[name] = (("chain", "draw", "row"), (pooled + below[:, k] - pooled.mean(axis=0))[None])
        observed[name] = ("row", _means_within(groups, seen[None])[0])
    tree = {"posterior_predictive": xr.Dataset(predicted), "observed_data": xr.Dataset(observed)}
    columns = min(len(names), 4)
    few = {} if len(np.unique(below.round(_DIGITS), axis=0)) <= _MOST_MARKERS else False
    plots = az.plot_ppc_pava(
        xr.DataTree.from_dict(tree),
        ci_prob=prob,
        backend="matplotlib",
        col_wrap=columns,
        visuals={"title": False, "xlabel": False, "ylabel": False, "markers": few},
        figure_kwargs={
            "figsize": (0.6 + 2.5 * columns, 0.5 + 2.5 * -(-len(names) // columns)),
            "layout": "constrained",
        },
    )
    axes = np.array([plots.get_target(name, {}) for name in names], dtype=object)
    axes[0].figure.supxlabel("probability")
    axes[0].figure.supylabel("observed share")
    for ax, category in zip(axes, fit.design.categories[:-1], strict=True):
        ax.set_title(wrapped(f"{fit.design.response} ≤ {category}", 26), fontsize="medium")
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    return axes


def _answers(fit, new, y, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n,) answers, and the rows to show: each as often as its weight says, and not too many."""
    design, chosen = fit.design, np.arange(n)
    if new is not None and y is None:
        raise ValueError("calibration needs the answers of the new rows: pass y=.")
    answers = design.y if y is None else fit.codes_of(y)
    if answers.size != n:
        raise ValueError(f"y has {answers.size:,} answers for {n:,} rows.")
    if new is None and design.weights is not None:
        if design.weights_kind != "frequency":
            raise ValueError("rows with importance weights have no frequencies: pass new= and y=.")
        chosen = np.repeat(chosen, copies_of(design.weights))
    if len(chosen) > _MOST_ROWS:
        chosen = rng.choice(chosen, _MOST_ROWS, replace=False)
    return answers, chosen


def _means_within(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(R, n) values with those of the same group (n,) replaced by their mean."""
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return (np.add.reduceat(values[:, order].astype(float), starts, axis=1) / counts)[:, groups]
