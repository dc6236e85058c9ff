"""Which answers are to be expected behind each label, and which came."""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_number, check_random_seed
from bayesord.plots.parts import bare, longest, new_axes, plain, said, wrapped
from bayesord.plots.replicates import answers_of, copies_of, probs_by_draw
from bayesord.predictive.draws import Draws

__all__ = ["plot_confusion"]

_ANSWERS = 4_000_000  # replicated in all; at least 100 and at most 2,000 data sets
_MAP, _DARKEST = "Blues", 0.6  # black remains readable on it


def plot_confusion(
    fit,
    new=None,
    y=None,
    *,
    decision="qwk",
    yhat=None,
    category_values=None,
    prob: float = 0.9,
    random_seed=None,
    offset=None,
    new_groups: str = "error",
    group_effects: bool = True,
    ax=None,
):
    """Answers against labels: expected counts, the intervals of the counts that new answers give, observed counts.

    In each cell: the posterior mean of Σ_i P(y_i = k) over the rows with that label; below it the interval of the number
    of replicated answers, from parameters and chance together; then the count that was observed, with ▲ where it is above
    the interval and ▼ where it is below.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    new : DataFrame or array, optional
        The training rows, with their weights, by default.
    y : (n,) answers in the categories of the fit, optional
        Those of the training rows by default. They have been seen by the fit: answers to new rows agree less.
    decision : str, Decision or (K, K) cost matrix
        What the labels are best for: see `fit.predict`.
    yhat : (n,) labels in the categories of the fit, optional
        Labels to show instead.
    category_values : (K,) numbers, optional
        For `decision`.
    prob : float
        Probability of the equal-tailed intervals.
    random_seed : int, optional
        Of the replicated answers.
    offset, new_groups, group_effects
        As for `fit.category_probs`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For another number of answers than rows, unknown categories, frequency weights that are not whole numbers.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> ax = plot_confusion(fit, decision="mode", random_seed=1)
    >>> ax.get_xlabel().splitlines()[0], ax.get_ylabel()
    ('label (decision mode)', 'rating')
    """
    check_number("prob", prob, above=0, below=1)
    rng = np.random.default_rng(check_random_seed(random_seed))
    how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects}
    draws = fit.predictive_draws(new, **how)
    if yhat is None:
        labels = fit.codes_of(fit.predict(new, decision, category_values=category_values, **how))
    else:
        labels = _as_many(fit.codes_of(yhat), draws.n_rows, "yhat")
    answers = fit.design.y if new is None and y is None else None if y is None else fit.codes_of(y)
    weights = fit.design.weights if new is None else None
    counts = weights is None or fit.design.weights_kind == "frequency"
    K = len(fit.design.categories)
    per_row = np.ones(draws.n_rows) if weights is None else weights
    expected = _sums(labels, per_row[:, None] * draws.mean_probs())
    tails = (1 - prob) / 2, (1 + prob) / 2
    tables = _replicates(draws, labels, weights, counts, rng)
    low, high = (
        np.quantile(tables, q, axis=0, method=m) for q, m in zip(tails, ("lower", "higher"), strict=True)
    )
    observed = None
    if answers is not None:
        _as_many(answers, draws.n_rows, "y")
        observed = np.bincount(labels * K + answers, per_row, K * K).reshape(K, K)
    room = 0.08 * longest([wrapped(category) for category in fit.design.categories])
    ax = ax or new_axes(max(1.2 + 0.85 * K + room, 4), 1.4 + 0.62 * K + 0.6 * room)
    _cells(ax, expected.T, low.T, high.T, None if observed is None else observed.T)
    _dress(ax, fit.design, _what(decision, yhat), prob, observed is not None)
    return ax


def _as_many(codes: np.ndarray, n: int, name: str) -> np.ndarray:
    if codes.size != n:
        raise ValueError(f"{name} has {codes.size:,} values for {n:,} rows.")
    return codes


def _what(decision, yhat) -> str:
    if yhat is not None:
        return "label (as given)"
    name = decision if isinstance(decision, str) else getattr(decision, "name", "own costs")
    return f"label (decision {name})"


def _replicates(
    draws: Draws, labels: np.ndarray, weights, counts: bool, rng: np.random.Generator
) -> np.ndarray:
    """(R, K, K) tables [label, answer] of replicated answers; a frequency weight of w is w answers."""
    K = draws.n_categories
    copies = copies_of(weights) if weights is not None and counts else None
    tables = np.empty((int(np.clip(_ANSWERS // draws.n_rows, 100, 2000)), K, K))
    for table, probs in zip(tables, probs_by_draw(draws, len(tables)), strict=True):
        if copies is None:
            table[:] = np.bincount(labels * K + answers_of(probs, rng), weights, K * K).reshape(K, K)
        else:
            table[:] = _sums(labels, rng.multinomial(copies, probs))
    return tables


def _sums(labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(K, K) sums of the rows (n, K) with each label."""
    K = rows.shape[1]
    return np.column_stack([np.bincount(labels, column, K) for column in rows.T])


def _cells(ax, expected, low, high, observed) -> None:
    """All (K, K), [answer, label]."""
    ax.imshow(expected, cmap=_MAP, vmin=0, vmax=max(expected.max(), 1e-300) / _DARKEST, aspect="auto")
    small = {"ha": "center", "fontsize": "x-small"}
    for k, a in np.ndindex(*expected.shape):
        if not expected[:, a].any():
            continue
        up = 0.12 if observed is None else 0.27
        ax.text(a, k - up, _number(expected[k, a], 1), ha="center", va="center")
        ax.text(a, k - up + 0.28, f"{_number(low[k, a])} to {_number(high[k, a])}", va="center", **small)
        if observed is not None:
            count = observed[k, a]
            mark = " ▲" if count > high[k, a] else " ▼" if count < low[k, a] else ""
            ax.text(a, k - up + 0.54, f"{_number(count)}{mark}", va="center", weight="bold", **small)


def _number(count: float, decimals: int = 0) -> str:
    whole = count == np.round(count) and not decimals
    return f"{count:,.0f}" if whole or count >= 1000 else f"{count:,.1f}"


def _dress(ax, design, what: str, prob: float, observed: bool) -> None:
    names = [wrapped(category) for category in design.categories]
    at = np.arange(len(names))
    slant = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if longest(names) > 8 else {}
    ax.set_xticks(at, names, **slant)
    ax.set_yticks(at, names)
    ax.set_ylabel(plain(design.response))
    lines = f"expected count; its {100 * prob:g} % interval", "observed (bold)" if observed else ""
    ax.set_xlabel(f"{what}\n{said(*lines, width=ax.figure.get_figwidth() - 0.08 * longest(names))}")
    ax.set_xticks(at[:-1] + 0.5, minor=True)
    ax.set_yticks(at[:-1] + 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0)
    bare(ax)
