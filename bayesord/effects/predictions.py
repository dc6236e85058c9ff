"""Predictions: a quantity of the model averaged over rows, in groups of them, or for each row of a grid."""

from __future__ import annotations

import pandas as pd

from bayesord.checks import check_choice, check_number
from bayesord.effects.asked import Asked, ask
from bayesord.effects.quantities import QUANTITIES, Quantity, evaluate
from bayesord.effects.result import Axis, Effects, effects, own_names
from bayesord.modelling.covariates import as_asked

__all__ = ["axes_of", "check_room", "predictions"]

_MOST_NUMBERS = 1 << 26  # draws that are kept: 512 MB


def predictions(
    fit,
    new=None,
    *,
    by=None,
    quantity: str = "category_probs",
    prob: float = 0.9,
    category_values=None,
    sample_weight=None,
    offset=None,
    new_groups: str = "error",
    group_effects: bool = True,
) -> Effects:
    """Average predictions, by groups of rows or for each row of a grid, with intervals and draws.

    In every draw the quantity is computed for each row and averaged: (Σ_i w_i q_i) / Σ_i w_i, with the weights of
    the training rows.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    new : DataFrame or array, optional
        Rows to predict for, such as `bayesord.grid` makes: each by itself unless `by` is given. By default the training
        rows: all averaged unless `by` is given.
    by : str, list of str, or bool, optional
        Columns whose combinations of values make the groups to average in; True: all rows together; False: each by itself.
    quantity : "category_probs" | "cumulative" | "exceedance" | "expected_score" | "eta"
        P(y = k); P(y <= k); P(y >= k); Σ_k t_k P(y = k); or the linear predictor.
    prob : float
        Probability of the equal-tailed intervals.
    category_values : (K,) increasing numbers, optional
        The numbers t of "expected_score": by default the categories themselves where they are numbers, else 1..K.
    sample_weight : (n,) numbers or column name, optional
        Weights of new rows in averages, for example how many people of a population each row stands for.
    offset : (n,) numbers, optional
        Of new rows, where the fit was given an offset as an array.
    new_groups, group_effects
        As for `fit.category_probs`.

    Returns
    -------
    Effects
        ``.table`` (a tidy DataFrame), ``.draws`` (a DataArray with dims chain, draw, then group or obs_id, then category)
        and ``.plot()``.

    Raises
    ------
    ValueError
        For unknown names, and where the draws would not fit 512 MB.

    References
    ----------
    V. Arel-Bundock, N. Greifer, A. Heiss (2024). How to interpret statistical models using marginaleffects for R and
    Python. Journal of Statistical Software 111(9). doi:10.18637/jss.v111.i09

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> average = fit.predictions(by="temp", quantity="expected_score")
    >>> average.table[["temp", "estimate"]].round(1)
       temp  estimate
    0  cold       2.4
    1  warm       3.5
    >>> at = fit.predictions(bo.grid(fit, temp=...))
    >>> at.draws.dims
    ('chain', 'draw', 'obs_id', 'category')
    """
    check_number("prob", prob, above=0, below=1)
    chosen = QUANTITIES[check_choice("quantity", quantity, QUANTITIES)]
    values = fit._values(category_values)
    asked = ask(fit, new, by, sample_weight, offset, new_groups, group_effects)
    how = {"offset": asked.offset, "new_groups": new_groups, "group_effects": group_effects}
    draws = fit.predictive_draws(as_asked(fit.design, asked.rows), **how)
    axes = axes_of(fit.design, asked, chosen)
    check_room(draws.n_draws, axes)
    found = evaluate(draws, asked, chosen, values)
    said = f"{chosen.said.format(y=fit.design.response)}{asked.said}"
    return effects(found, axes, n_chains=draws.n_chains, prob=prob, name=chosen.name, said=said)


def axes_of(design, asked: Asked, quantity: Quantity) -> list[Axis]:
    """The cells, and the categories that the quantity has."""
    cells = Axis(asked.dim, asked.labels, own_names(asked.cells))
    if quantity.categories is None:
        return [cells, Axis(None, [""], pd.DataFrame(index=[0]))]
    labels = list(design.categories)[quantity.categories]
    column = pd.Categorical(labels, categories=labels, ordered=True)
    return [cells, Axis("category", labels, pd.DataFrame({"category": column}))]


def check_room(n_draws: int, axes: list[Axis]) -> None:
    """Refuse answers whose draws would fill the memory."""
    count = n_draws
    for axis in axes:
        count *= len(axis.labels)
    if count > _MOST_NUMBERS:
        sizes = " x ".join(f"{len(axis.labels):,}" for axis in axes if len(axis.labels) > 1)
        raise ValueError(
            f"{sizes} numbers in {n_draws:,} draws would take {8e-9 * count:.1f} GB, and at most "
            f"{8e-9 * _MOST_NUMBERS:.1f} are kept. Average over rows with by= (by=True: all of them), give fewer rows, or take "
            "the posterior means alone from fit.predict_proba."
        )
