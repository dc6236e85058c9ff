"""Comparisons: what changes when a covariate does and everything else stays, averaged over rows or at a grid.

Every row is predicted under both settings of the covariate, coded as the training rows were: interactions, polynomials
and slopes of groups follow by themselves.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks import check_choice, check_number
from bayesord.effects.asked import ask
from bayesord.effects.contrasts import Contrast, contrasts_of, overwritten
from bayesord.effects.predictions import axes_of, check_room
from bayesord.effects.quantities import QUANTITIES, Quantity, evaluate
from bayesord.effects.result import Axis, Effects, effects
from bayesord.effects.ways import WAYS, Way
from bayesord.modelling.covariates import as_asked
from bayesord.predictive.superiority import average_superiority

__all__ = ["comparisons"]


def comparisons(
    fit,
    variables=None,
    comparison: str = "difference",
    *,
    quantity: str | None = None,
    new=None,
    by=None,
    prob: float = 0.9,
    category_values=None,
    sample_weight=None,
    offset=None,
    new_groups: str = "error",
    group_effects: bool = True,
) -> Effects:
    """Contrasts of a covariate, all else equal: differences and ratios of probabilities or scores, odds ratios, superiority.

    In every draw each row is predicted with the covariate at its low and at its high setting; both are averaged over
    the rows, with the weights of the training rows, and then compared. (The average of differences is the difference of
    averages; a ratio is that of averages.)

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    variables : str, list of str, or dict, optional
        Covariates, or a dict from covariates to changes; all covariates by default.

        - Of a factor: ``"reference"`` (the default: every level against the first), ``"all"`` (all pairs),
          ``"sequential"`` (every level against the one before), or two levels ``(low, high)``.
        - Of a number: a step such as ``10`` added to what each row has (the default: 1; 0 to 1 where there are no other
          values), ``"sd"`` for a standard deviation, or two values ``(low, high)``.
    comparison : "difference" | "ratio" | "odds_ratio" | "hazard_ratio" | "superiority"
        Of the `quantity`: high - low, or high / low. The others need no quantity:

        - "odds_ratio" (link logit): exp(eta_high - eta_low), the ratio of the odds of y >= k at every k; over several rows
          that of the mean of eta_high - eta_low.
        - "hazard_ratio" (link cloglog): h = exp(eta_low - eta_high), P(y > k | high) = P(y > k | low)^h; above 1 where the
          high setting stops sooner, at lower categories. With link loglog h = exp(eta_high - eta_low) and
          P(y <= k | high) = P(y <= k | low)^h: the hazards of the categories read downwards.
        - "superiority": P(Y1 > Y2) + P(Y1 = Y2)/2 for two answers of the same row, Y1 under the high setting and Y2 under
          the low one; averaged over rows. 0.5 is no effect.
    quantity : "category_probs" | "cumulative" | "exceedance" | "expected_score" | "eta", optional
        P(y = k), the default; P(y <= k); P(y >= k); Σ_k t_k P(y = k); the linear predictor, in units of the latent
        distribution (standard deviations of its normal noise for probit).
    new : DataFrame or array, optional
        Rows to compare at, such as `bayesord.grid` makes: each by itself unless `by` is given. By default the training
        rows: all averaged unless `by` is given.
    by : str, list of str, or bool, optional
        Columns whose combinations of values, as they are in the rows, make the groups to average in; True: all rows
        together; False: each by itself.
    prob, category_values, sample_weight, offset, new_groups, group_effects
        As for `fit.predictions`.

    Returns
    -------
    Effects
        ``.table`` (a tidy DataFrame), ``.draws`` (a DataArray with dims chain, draw, contrast, then group or obs_id, then
        category) and ``.plot()``.

    Raises
    ------
    ValueError
        For unknown names and changes, a link that has no such ratio, and draws that would not fit 512 MB.

    Notes
    -----
    These are contrasts of the model. Whether they are effects of the covariate depends on what else was measured.

    References
    ----------
    V. Arel-Bundock, N. Greifer, A. Heiss (2024). How to interpret statistical models using marginaleffects for R and
    Python. Journal of Statistical Software 111(9). doi:10.18637/jss.v111.i09
    A. Agresti, M. Kateri (2017). Ordinal probability effect measures for group comparisons in multinomial cumulative
    link models. Biometrics 73(1), 214-219. doi:10.1111/biom.12565

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> fit.comparisons("temp", quantity="exceedance").table[["contrast", "category", "estimate"]].round(1)
          contrast category  estimate
    0  warm - cold        2       0.1
    1  warm - cold        3       0.4
    2  warm - cold        4       0.4
    3  warm - cold        5       0.2
    >>> fit.comparisons("temp", "superiority").table["estimate"].round(1).item()
    0.8
    """
    check_number("prob", prob, above=0, below=1)
    way = WAYS[check_choice("comparison", comparison, WAYS)]
    compare = way.under(fit.link.name)
    chosen = _quantity(way, quantity)
    values = fit._values(category_values)
    if way.name == "ratio" and values[0] < 0 and chosen.name == "expected_score":
        raise ValueError("a ratio of expected scores has no meaning where category_values are negative.")
    design = fit.design
    contrasts = contrasts_of(design, variables, way.sign, group_effects)
    asked = ask(fit, new, by, sample_weight, offset, new_groups, group_effects, overwritten(contrasts))
    how = {"offset": asked.offset, "new_groups": new_groups, "group_effects": group_effects}
    axes = [_axis(contrasts), *axes_of(design, asked, chosen)]
    coefficients = fit._coefficients
    check_room(len(coefficients.beta), axes)

    def draws(contrast: Contrast, setting: tuple):
        rows = contrast.rows(asked.rows, setting)
        return fit.predictive_draws(as_asked(design, rows), **how)

    if compare is None:
        found = [
            average_superiority(draws(c, c.high), draws(c, c.low), asked.cell, asked.weights)[:, :, None]
            for c in contrasts
        ]
    else:
        found = _compared(contrasts, compare, lambda *one: evaluate(draws(*one), asked, chosen, values))
    what = way.said.format(q=chosen.said.format(y=design.response), y=design.response)
    which = f"{axes[0].labels[0]}; " if len(contrasts) == 1 else ""
    return effects(
        np.stack(found, axis=1),
        axes,
        n_chains=coefficients.n_chains,
        prob=prob,
        name=way.name,
        said=f"{which}{what}{asked.said}",
        neutral=way.neutral,
    )


def _quantity(way: Way, name: str | None) -> Quantity:
    """What is compared: ways that are about eta or whole distributions leave no choice."""
    if way.of is None:
        if name is not None:
            raise ValueError(f"comparison={way.name!r} needs no quantity; leave quantity={name!r} out.")
        return QUANTITIES["eta"]
    chosen = QUANTITIES[check_choice("quantity", "category_probs" if name is None else name, QUANTITIES)]
    if way.name == "ratio" and chosen.of is None:
        raise ValueError(
            "a ratio of linear predictors has no meaning: their origin is arbitrary. Use 'difference'."
        )
    return chosen


def _axis(contrasts: list[Contrast]) -> Axis:
    labels = [f"{contrast.variable}: {contrast.text}" for contrast in contrasts]
    columns = {"variable": [c.variable for c in contrasts], "contrast": [c.text for c in contrasts]}
    return Axis("contrast", labels, pd.DataFrame(columns))


def _compared(contrasts: list[Contrast], compare, evaluated) -> list[np.ndarray]:
    """Every contrast, (S, G, Q) each; a setting that several contrasts share is evaluated once."""
    known = {}

    def at(contrast: Contrast, setting: tuple) -> np.ndarray:
        key = contrast.key(setting)
        if key not in known:
            known[key] = evaluated(contrast, setting)
        return known[key]

    return [compare(at(c, c.high), at(c, c.low)) for c in contrasts]
