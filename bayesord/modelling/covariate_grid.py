"""Rows to ask a fit about: chosen values of some covariates, all combinations, the others held."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from numbers import Real

import numpy as np
import pandas as pd

from bayesord.checks import check_known_names, did_you_mean, name_list, name_rows
from bayesord.modelling.covariates import (
    covariate_levels,
    group_columns,
    moments,
    offset_column,
    values_of,
)

__all__ = ["grid", "held", "label", "positions_by"]

GRID_POINTS = 101
MOST_ROWS = 1_000_000


def grid(fit, values: Mapping | None = None, /, **covariates) -> pd.DataFrame:
    """Covariate rows over all combinations of the values given, the other covariates held.

    Factors that are not named are at their first (reference) level, numbers (and an offset that is a column) at their
    weighted mean over the training rows.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    values : dict, optional
        Values by name, for names that Python cannot write as an argument.
    **covariates
        Values of a covariate: one or several. ``...`` stands for all levels of a factor, and for 101 numbers from the
        lowest to the highest of the training rows (both of them, where there are only two). A column that tells groups
        apart, as in ``(1 | judge)``, has a place in the grid only where it is named; without it ask with
        ``group_effects=False``.

    Returns
    -------
    DataFrame
        A row for each combination, the last name varying fastest; factors are Categoricals. For arrays the columns are
        ``x0``, ``x1``, ... or the names of the DataFrame.

    Raises
    ------
    ValueError
        For unknown names and levels, and numbers that are not finite; for combinations beyond a million.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> bo.grid(fit, temp=...)
       temp contact
    0  cold      no
    1  warm      no
    """
    design = fit.design
    levels, groups = covariate_levels(design), group_columns(design)
    levels = {**dict.fromkeys(offset_column(design), ()), **levels}
    given = _given(values, covariates)
    check_known_names("covariate", given, [*levels, *(name for name in groups if name not in levels)])
    chosen = {name: _values(design, name, given[name], levels, groups) for name in given}
    for name, known in levels.items():
        if name not in chosen:
            chosen[name] = [known[0]] if known else [moments(design, name)[0]]
    names = [*levels, *(name for name in given if name not in levels)]
    count = prod(len(chosen[name]) for name in names)
    if count > MOST_ROWS:
        raise ValueError(f"the grid has {count:,} rows; at most {MOST_ROWS:,}. Give fewer values.")
    columns = zip(*product(*(chosen[name] for name in names)), strict=True)
    columns = {
        name: _column(column, levels.get(name, ())) for name, column in zip(names, columns, strict=True)
    }
    return pd.DataFrame(columns, index=range(count))


def held(rows: pd.DataFrame) -> str:
    """What rows are held at, in words: the columns that have one value in all of them."""
    fixed = [name for name in rows.columns if rows[name].nunique() == 1]
    return ", ".join(f"{name} = {label(rows[name].iloc[0])}" for name in fixed)


def label(value: object) -> str:
    """A value of a covariate as text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def positions_by(rows: pd.DataFrame, by: list[str], levels: dict[str, tuple]) -> dict[tuple, np.ndarray]:
    """Positions of the rows of each combination of the values of `by`, in the order of their levels.

    Raises
    ------
    ValueError
        For missing values, which belong nowhere.
    """
    for name in by:
        if (absent := rows[name].isna().to_numpy()).any():
            raise ValueError(
                f"by={name!r} has missing values in {name_rows(absent, rows.index)}. Drop these rows."
            )
    keys = pd.DataFrame({name: rows[name].to_numpy() for name in by})
    for name in by:
        if levels.get(name):
            keys[name] = pd.Categorical(keys[name], categories=list(levels[name]))
        elif isinstance(rows[name].dtype, pd.CategoricalDtype):
            keys[name] = pd.Categorical(keys[name], categories=rows[name].cat.categories)
    found = keys.groupby(by, sort=True, observed=True).indices
    return {key if isinstance(key, tuple) else (key,): index for key, index in found.items()}


def _given(values: Mapping | None, covariates: dict) -> dict:
    if values is not None and not isinstance(values, Mapping):
        raise TypeError(f"values must be a dict from names to values; got {type(values).__name__}.")
    values = {} if values is None else dict(values)
    if twice := [name for name in covariates if name in values]:
        raise ValueError(f"{name_list(twice)} is given twice: in the dict and by name.")
    return {**values, **covariates}


def _values(design, name: str, given: object, levels: dict[str, tuple], groups: dict[str, tuple]) -> list:
    """The values of one covariate, each once."""
    known = levels.get(name) or (groups.get(name, ()) if name not in levels else ())
    if given is Ellipsis:
        return list(known) if known else _range(values_of(design, name))
    array = isinstance(given, np.ndarray | pd.Series | pd.Index | pd.Categorical)
    listed = isinstance(given, list | tuple | range)
    values = list(dict.fromkeys(given.tolist() if array else given if listed else [given]))
    if not values:
        raise ValueError(f"no values for {name!r}: give at least one, or leave it out.")
    if name not in levels:
        return values  # groups that are new are asked about with new_groups=
    if known:
        strange = [value for value in values if value not in known]
        if strange:
            raise ValueError(
                f"{name!r} has no level {strange[0]!r}.{did_you_mean(strange[0], known)} Its levels: "
                f"{name_list(known, 20)}."
            )
        return values
    numbers = [isinstance(value, Real | np.bool_) and np.isfinite(value) for value in values]
    if not all(numbers):
        first = values[numbers.index(False)]
        raise ValueError(f"covariate {name!r} is a number, and {first!r} is not a finite one.")
    return values


def _range(column: np.ndarray) -> list:
    distinct = np.unique(column)
    return (distinct if len(distinct) <= 2 else np.linspace(distinct[0], distinct[-1], GRID_POINTS)).tolist()


def _column(values: tuple, levels: tuple):
    if levels and not isinstance(levels[0], bool):
        return pd.Categorical(values, categories=list(levels))
    return list(values)
