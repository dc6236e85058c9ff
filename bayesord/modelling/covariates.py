"""The covariates as the user named them, before any coding: which there are, their levels, the training rows' values.

A formula's own columns are kept beside X, because a transform such as poly(age, 2) cannot be turned back. Arrays need
none: their columns are the covariates.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks import Problems, column_kind, column_moments, to_float

__all__ = [
    "as_asked",
    "covariate_levels",
    "group_columns",
    "kept_columns",
    "moments",
    "named_rows",
    "offset_column",
    "training_rows",
    "values_of",
]


def kept_columns(data: pd.DataFrame, names: list[str], levels: dict[str, tuple]) -> pd.DataFrame:
    """A copy of the columns of these names, strings and Categoricals with the levels that the formula knows."""
    kept = {}
    for name in dict.fromkeys(names):
        column = data[name]
        if column_kind(column) != "factor":
            kept[name] = column.copy()
            continue
        factor = column.astype("category").cat
        kept[name] = (
            factor.set_categories(list(levels[name])) if name in levels else factor.remove_unused_categories()
        )
    return pd.DataFrame(kept, index=data.index)


def covariate_levels(design, *, slopes: bool = True) -> dict[str, tuple]:
    """The covariates that a user named, with the levels of factors and of truth values; () for numbers.

    `slopes` counts those that only slopes by group use, which have no effect where group effects are 0.
    """
    if design.formula is None:
        return dict.fromkeys(design.predictors, ())
    encoder = design.source.encoder
    # without the data there is no value that those of slopes could be held at
    slopes = slopes and design.data is not None
    names = encoder.formula.everywhere.names if slopes else encoder.formula.names
    levels = {name: tuple(encoder.levels.get(name, ())) for name in names}
    for name, known in levels.items():
        if not known and design.data is not None and design.data[name].dtype.kind == "b":
            levels[name] = (False, True)
    return levels


def offset_column(design) -> tuple[str, ...]:
    """The name of the column that was given as offset, if any."""
    name = design.source.offset_name
    return (name,) if isinstance(name, str) else ()


def group_columns(design) -> dict[str, tuple]:
    """The columns that tell groups apart, with the labels that the training rows had."""
    return {} if design.formula is None else design.source.encoder.group_labels


def training_rows(design) -> pd.DataFrame:
    """The covariates of the training rows, and the columns that tell groups apart.

    Raises
    ------
    ValueError
        Where they were not kept.
    """
    if design.formula is None:
        return pd.DataFrame(design.X, columns=list(design.predictors), index=design.obs_id)
    if design.data is None:
        raise ValueError("the fit does not hold its training rows: pass new= with the rows to use.")
    return design.data


def values_of(design, name: str) -> np.ndarray:
    """The training rows' values of a numeric covariate, (n,).

    Raises
    ------
    ValueError
        Where a transform hides them and the training rows were not kept.
    """
    if name in design.predictors:
        return design.X[:, design.predictors.index(name)]
    if design.data is None:
        raise ValueError(
            f"the values of {name!r} are not known: they are no column of X, and the fit does not hold its training rows. "
            "Give some."
        )
    return to_float(design.data[name])


def moments(design, name: str) -> tuple[float, float]:
    """The weighted mean and standard deviation of a numeric covariate."""
    if name in design.predictors:
        j = design.predictors.index(name)
        return float(design.mean[j]), float(design.sd[j])
    mean, sd = column_moments(values_of(design, name)[:, None], design.weights)
    return float(mean[0]), float(sd[0])


def given_offset(design) -> np.ndarray | None:
    """The offset of the training rows that was given as an array, (n,), without that of the formula; None: no such one."""
    if design.source.offset_name is not True:
        return None  # none at all, or a column that the rows carry
    if design.formula is None or not design.source.encoder.formula.offsets:
        return design.offset
    coded, _ = design.source.encode(training_rows(design), Problems(), None)
    return design.offset - coded.offset


def named_rows(design, new, offset=None) -> pd.DataFrame:
    """New rows as a DataFrame with the names of the covariates; their offset is checked with them, not kept.

    Raises
    ------
    ValueError, TypeError
        For a table that is none of the model's.
    """
    if isinstance(new, pd.DataFrame) and (
        design.formula or design.source.named or set(design.predictors) <= set(new.columns)
    ):
        return new
    coded = design.rows(new, offset=offset)
    return pd.DataFrame(coded.X, columns=list(design.predictors), index=coded.obs_id)


def as_asked(design, rows: pd.DataFrame) -> pd.DataFrame | np.ndarray:
    """Rows in the form that `Design.rows` takes without a warning."""
    return rows if design.formula or design.source.named else rows[list(design.predictors)].to_numpy()
